#!/usr/bin/env python3
"""Writes what --help says, which is made of the option tables, into the man pages and options.md,
and the window's keys, as keys.c has them, into pitether's man page and usage.md.
    document-options.py PITETHERD PITETHER          writes it between the marks in these files
    document-options.py --check PITETHERD PITETHER  writes nothing; fails if that would change a file
The files are committed as they are, so that no build, of this machine or for another one, has to
run the programs."""
import os
import re
import subprocess
import sys
import textwrap

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MADE = "made by shared/scripts/document-options.py"


class Option:
    def __init__(self, letter, name, value, text):
        self.letter, self.name, self.value = letter, name, value
        self.text = re.sub(r"\s+", " ", text).strip()
        default = re.search(r" \(default: ([^)]*)\)$", self.text)
        self.default = default.group(1) if default else ""
        self.text_alone = self.text[:default.start()] if default else self.text


class Help:
    """What a program prints with --help: groups of options under headings, and exit codes."""

    def __init__(self, program):
        text = subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, text=True,
                              timeout=60).stdout
        self.groups = []
        for heading, body in re.findall(r"^(\S.*):\n((?:  .*\n)+)", text, re.M):
            entries = re.findall(r"^  (?:(-\w), |    )(--[\w-]+)(?: (\S+))?(?:\n|  )((?:.*\n"
                                 r"(?: {20,}.*\n)*))", body, re.M)
            self.groups.append((heading, [Option(*entry) for entry in entries]))
        codes = re.sub(r"\s+", " ", re.search(r"^Exit codes: (.*\.)\n", text, re.M | re.S).group(1))
        codes, self.about_codes = re.match(r"(.*?)\.(?: (.*))?$", codes).groups()
        self.codes = re.split(r", (?=\d )", codes)


def roff(text):
    for plain, escaped in (("\\", r"\e"), ("-", r"\-"), ("'", r"\(aq"), ("~", r"\(ti"),
                           ("^", r"\(ha"), ("`", r"\(ga")):
        text = text.replace(plain, escaped)
    return text


def paragraph(text):
    lines = textwrap.wrap(roff(text), 80, break_long_words=False, break_on_hyphens=False)
    return "".join(("\\&" if line[0] == "." else "") + line + "\n" for line in lines)


def man_options(page):
    text = ""
    for heading, options in page.groups:
        text += f".SS {roff(heading)}\n"
        for option in options:
            letter = rf"\fB{roff(option.letter)}\fR, " if option.letter else ""
            value = rf" \fI{roff(option.value)}\fR" if option.value else ""
            text += f".TP\n{letter}\\fB{roff(option.name)}\\fR{value}\n{paragraph(option.text + '.')}"
    return text


def man_codes(page):
    text = ""
    for entry in page.codes:
        code, meaning = entry.split(" ", 1)
        text += f".TP\n.B {code}\n{paragraph(meaning[0].upper() + meaning[1:] + '.')}"
    return text + (f".PP\n{paragraph(page.about_codes)}" if page.about_codes else "")


def markdown(text):
    return re.sub(r"(--\w[\w-]*)", r"`\1`", text.replace("|", "\\|"))


def markdown_options(page):
    text = ""
    for heading, options in page.groups:
        text += f"\n### {heading}\n\n| option | default | |\n|---|---|---|\n"
        for option in options:
            name = (f"{option.letter}, " if option.letter else "") + option.name
            name += f" {option.value}" if option.value else ""
            default = f" `{option.default}`" if option.default else ""
            text += f"| `{name}` |{default} | {markdown(option.text_alone)} |\n"
    codes = ", ".join(page.codes) + "." + (f" {page.about_codes}" if page.about_codes else "")
    return text + f"\nExit codes: {markdown(codes)}\n"


class Keys:
    """The table of the window's keys: groups, each with names and what they do."""

    def __init__(self, path):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            source = file.read()
        names = self.strings(re.search(r"key_group_names\[.*?\{(.*?)\};", source, re.S).group(1))
        rows = re.findall(r"^    \{ [^{}]*?(KEYS_\w+), INPUT_([^{}]*?) \}", source, re.M | re.S)
        listed = [(group, self.strings(rest)) for group, rest in rows]
        order = list(dict.fromkeys(group for group, _ in listed))
        self.groups = [(name, [texts for group, texts in listed if group == key and texts])
                       for name, key in zip(names, order)]

    @staticmethod
    def strings(text):
        """The string literals, of which those that only blanks separate are one."""
        return re.findall(r'"([^"]*)"', re.sub(r'"\s+"', "", text))


def man_keys(keys):
    text = ""
    for heading, rows in keys.groups:
        text += f".SS {roff(heading)}\n"
        for name, about in rows:
            text += f".TP\n.B {roff(name)}\n{paragraph(about[0].upper() + about[1:] + '.')}"
    return text


def markdown_keys(keys):
    text = ""
    for heading, rows in keys.groups:
        text += f"\n| {heading} | |\n|---|---|\n"
        text += "".join(f"| {name} | {about} |\n" for name, about in rows)
    return text + "\n"


def between_marks(text, what, made, form):
    begin, end = form.format(f"begin: {what} ({MADE})"), form.format("end")
    before, rest = text.split(begin + "\n")
    return before + begin + "\n" + made + end + "\n" + rest.split(end + "\n", 1)[1]


def main():
    check = sys.argv[1:2] == ["--check"]
    if len(sys.argv) != 3 + check:
        sys.exit(__doc__)
    pages = {"pitetherd": Help(sys.argv[-2]), "pitether": Help(sys.argv[-1])}
    mark = {"1": ".\\\" {}", "md": "<!-- {} -->"}
    parts = [(man, what, make(pages[program])) for man, program in
             (("device/pitetherd.1", "pitetherd"), ("host/pitether.1", "pitether"))
             for what, make in (("options", man_options), ("exit codes", man_codes))]
    parts += [("shared/doc/options.md", f"options of {program}", markdown_options(page))
              for program, page in pages.items()]
    keys = Keys("host/sinks/window/keys.c")
    parts += [("host/pitether.1", "keys", man_keys(keys)),
              ("shared/doc/usage.md", "keys", markdown_keys(keys))]
    stale = []
    for path, what, made in parts:
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            old = file.read()
        new = between_marks(old, what, made, mark[path.rsplit(".", 1)[1]])
        if new == old:
            continue
        stale.append(f"{path}: the {what}")
        if not check:
            with open(os.path.join(TOP, path), "w", encoding="utf-8") as file:
                file.write(new)
    if check and stale:
        sys.exit("not what --help says: " + ", ".join(stale) +
                 "; run shared/scripts/document-options.py PITETHERD PITETHER")


main()
