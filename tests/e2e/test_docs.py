#!/usr/bin/env python3
"""README and --help say the same: each option with its value and default, and the exit codes."""
import os
import re
import subprocess
import unittest

import harness

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")


def help_of(program):
    return subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, text=True,
                          timeout=harness.BOUND).stdout


def options_in_help(text):
    """{name: (value, default)}"""
    found = {}
    for entry in re.split(r"\n(?=  (?:-\w, |    )--)", text)[1:]:
        head = re.match(r"  (?:-\w, |    )--([\w-]+)(?: (\S+))?(?=  |\n|$)", entry.split("\n\n")[0]
                        + "\n")
        flat = re.sub(r"\s+", " ", entry.split("\n\n")[0])
        default = re.search(r"\(default: (\S+)\)$", flat.strip())
        if not head:
            head = re.match(r"  (?:-\w, |    )--([\w-]+)()", entry)
        found[head.group(1)] = (head.group(2) or "", default.group(1) if default else "")
    return found


def options_in_readme(section):
    found = {}
    for line in section.splitlines():
        if not line.startswith("| `-"):
            continue
        names, default = line.split("|")[1:3]
        for name, value in re.findall(r"--([\w-]+)(?: ([^`]+))?`", names):
            found[name] = (value, default.strip().strip("`"))
    return found


class Docs(unittest.TestCase):
    def check(self, program, heading):
        with open(README, encoding="utf-8") as file:
            readme = file.read()
        section = readme.split(f"## Options of {heading}\n")[1].split("\n## ")[0]
        text = help_of(program)
        self.assertEqual(options_in_readme(section), options_in_help(text))
        codes = re.search(r"Exit codes: (.*?)\.\n", text, re.S).group(1)
        self.assertIn(re.sub(r"\s+", " ", codes), section.replace("`", ""))

    def test_pitetherd(self):
        self.check(harness.PITETHERD, "pitetherd")

    def test_pitether(self):
        self.check(harness.PITETHER, "pitether")


if __name__ == "__main__":
    harness.main()
