#!/usr/bin/env python3
"""Bash's programmable completion, as somebody meets it who presses Tab."""
import os
import re
import subprocess

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "..", "..", "shared", "packaging", "completion.bash")

# What readline does: splits the line at COMP_WORDBREAKS, "=" among them, and calls the function.
ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_pitether "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(harness.Case):
    def setUp(self):
        super().setUp()
        for name in "film.y4m", "film.txt":
            open(self.path(name), "w", encoding="utf-8").close()
        os.makedirs(self.path("folder", "pitether"))
        with open(self.path("folder", "pitether", "keys"), "w", encoding="utf-8") as keys:
            keys.write("# mine\npi.local view 00 11\n192.0.2.7 view 22 33\n")

    def complete(self, program, *words):
        """What the last word may become."""
        output = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", SCRIPT, program, *words], check=True,
            timeout=harness.BOUND, stdout=subprocess.PIPE, text=True, cwd=self.folder,
            env={**os.environ, "XDG_CONFIG_HOME": self.path("folder"),
                 "PATH": os.pathsep.join([os.path.dirname(os.path.realpath(harness.PITETHERD)),
                                          os.path.dirname(os.path.realpath(harness.PITETHER)),
                                          os.environ["PATH"]])}).stdout
        return sorted(output.split())

    def test_every_option(self):
        for program in harness.PITETHERD, harness.PITETHER:
            text = subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE,
                                  text=True, timeout=harness.BOUND).stdout
            options = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.M)
            self.assertGreater(len(options), 10)
            self.assertEqual(self.complete(os.path.basename(program), "-"), sorted(options))

    def test_a_part_of_an_option(self):
        self.assertEqual(self.complete("pitetherd", "--min"), ["--min-quality"])
        self.assertEqual(self.complete("pitether", "--hflip"), [])

    def test_choices(self):
        levels = ["debug", "error", "info", "warning"]
        for program in "pitetherd", "pitether":
            self.assertEqual(self.complete(program, "--log-level", ""), levels)
        self.assertEqual(self.complete("pitether", "--log-level", "w"), ["warning"])
        self.assertEqual(self.complete("pitether", "--log-level", "=", "w"), ["warning"])
        self.assertEqual(self.complete("pitether", "--log-level", "="), levels)
        self.assertEqual(self.complete("pitetherd", "--rotation", ""), ["0", "180", "270", "90"])
        self.assertEqual(self.complete("pitetherd", "--role", ""), ["control", "view"])
        self.assertEqual(self.complete("pitether", "--sync", ""), ["each", "off"])

    def test_numbers_have_none(self):
        for words in ["--quality", ""], ["--size", ""], ["--fps", ""], ["-b", ""], ["-q", ""]:
            self.assertEqual(self.complete("pitetherd", *words), [])

    def test_files_and_folders(self):
        self.assertEqual(self.complete("pitetherd", "--config", "f"),
                         ["film.txt", "film.y4m", "folder"])
        self.assertEqual(self.complete("pitether", "-o", "f"), ["folder"])
        self.assertEqual(self.complete("pitetherd", "-s", ""),
                         ["film.txt", "film.y4m", "folder", "libcamera", "pattern"])

    def test_hosts_with_keys(self):
        hosts = ["192.0.2.7", "pi.local"]
        self.assertEqual(self.complete("pitether", ""), hosts)
        self.assertEqual(self.complete("pitether", "--window", "pi"), ["pi.local"])
        self.assertEqual(self.complete("pitether", "--forget-key", ""), hosts)
        self.assertEqual(self.complete("pitetherd", ""), [])


if __name__ == "__main__":
    harness.main()
