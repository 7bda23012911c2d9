#!/usr/bin/env python3
"""What the documents say of options, exit codes, columns, figures and the protocol is what the programs
and the sources have."""
import os
import re
import subprocess
import sys

import harness
import hostile_wire
import independent_client

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOC = os.path.join(TOP, "shared", "doc")


def help_of(program):
    return subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, text=True,
                          timeout=harness.BOUND).stdout


def section_of_man(page, heading):
    return page.split(f"\n.SH {heading}\n")[1].split("\n.SH ")[0]


def columns_in_man(page, heading):
    text = section_of_man(page, "SAVED FILES").split(f"\n.SS {heading}\n")[1].split("\n.SS ")[0]
    return [name for names in re.findall(r"^\.TP\n\.B (.*)", text, re.M) for name in names.split()]


def read_protocol(name):
    with open(os.path.join(TOP, "shared", "protocol", name), encoding="utf-8") as file:
        return file.read()


class Docs(harness.Case):
    maxDiff = None

    def test_what_is_made_of_the_option_tables_is_up_to_date(self):
        script = os.path.join(TOP, "shared", "scripts", "document-options.py")
        done = subprocess.run([sys.executable, script, "--check", harness.PITETHERD,
                               harness.PITETHER], stderr=subprocess.PIPE, text=True,
                              timeout=harness.BOUND, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_man_pages_are_of_this_version(self):
        for program, path in ((harness.PITETHERD, "device/pitetherd.1"),
                              (harness.PITETHER, "host/pitether.1")):
            with open(os.path.join(TOP, path), encoding="utf-8") as file:
                title = file.readline()
            version = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE,
                                     text=True, timeout=harness.BOUND).stdout.split()[1].rstrip(",")
            self.assertIn(f'"pitether {version}"', title)

    def test_the_chart_says_what_the_text_says(self):
        """Ages relative to pitether's, read from the drawing: its axis is logarithmic."""
        with open(os.path.join(DOC, "latency.svg"), encoding="utf-8") as file:
            chart = file.read()
        with open(os.path.join(DOC, "performance.md"), encoding="utf-8") as file:
            text = re.sub(r"\s+", " ", file.read())
        marks = [(float(y) - 4, float(value)) for y, value in
                 re.findall(r'y="([\d.]+)" text-anchor="end" fill="#808080">(\d+)<', chart)]
        (top, most), (bottom, least) = min(marks), max(marks)
        rates = re.findall(r'text-anchor="middle" fill="#808080">(\d+)<', chart)
        ages = {}
        for line in re.findall(r"<polyline.*?(?=<polyline|</svg>)", chart, re.S):
            points = re.search(r'points="([^"]+)"', line).group(1).split()
            ages[re.findall(r">([^<]+)</text>", line)[0]] = {
                rate: least * (most / least) ** ((bottom - float(point.split(",")[1])) /
                                                 (bottom - top))
                for rate, point in zip(rates, points)}
        ratios = {rate: {name: age[rate] / ages["pitether"][rate] for name, age in ages.items()}
                  for rate in ("5", "20")}
        told = []
        for by_name in ratios.values():
            self.assertAlmostEqual(by_name["ideal"], 1, delta=0.05)
            others = [ratio for name, ratio in by_name.items()
                      if name not in ("pitether", "ideal", "GStreamer")]
            told += [min(others), max(others)]
        queues = [by_name["GStreamer"] for by_name in ratios.values()]
        self.assertIn("Over 5 Mbit/s, the frames of those who drop or block are {:.1f} to {:.1f} "
                      "times as old as pitether's, over 20 Mbit/s {:.1f} to {:.1f} times; those of "
                      "GStreamer as it is, which queues, {:.0f} and {:.0f} times."
                      .format(*told, *queues), text)

    def test_each_program_knows_the_options_of_the_other(self):
        """Those lists are in host/options.c and device/options.c; a word in the wrong place is told
        where it belongs."""
        programs = {"pitether": harness.PITETHER, "pitetherd": harness.PITETHERD}
        for own, other in ("pitether", "pitetherd"), ("pitetherd", "pitether"):
            names, letters = (
                set(re.findall(pattern, help_of(programs[other]), re.M))
                - set(re.findall(pattern, help_of(programs[own]), re.M))
                for pattern in (r"^  (?:-\w, |    )(--[\w-]+)", r"^  (-\w), --"))
            self.assertTrue(names and letters)
            for option in sorted(names | letters):
                done = subprocess.run([programs[own], option], stderr=subprocess.PIPE, text=True,
                                      timeout=harness.BOUND, check=False)
                self.assertEqual(done.returncode, 2, option)
                self.assertRegex(done.stderr, rf"{option}\b.* is an option of {other}, ")

    def test_headings_say_what_a_section_may_have(self):
        """Those groups of options whose heading says so, and no others; but for name, a heading's."""
        path = self.path("conf")
        for heading, body in re.findall(r"^(\S.*):\n((?:  .*\n)+)", help_of(harness.PITETHERD), re.M):
            for name in re.findall(r"^  (?:-\w, |    )--([\w-]+)", body, re.M):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"[it]\n{name} = \n")
                done = subprocess.run([harness.PITETHERD, "--config", path], stderr=subprocess.PIPE,
                                      text=True, timeout=harness.BOUND, check=False)
                self.assertEqual(done.returncode, 2, name)
                self.assertEqual("not a key that a section may have" not in done.stderr,
                                 "in the sections" in heading and name != "name", done.stderr)

    def test_columns(self):
        """Each column is in the man page, once, and the man page has no others."""
        with open(os.path.join(TOP, "host/pitether.1"), encoding="utf-8") as file:
            page = file.read()
        self.fails(3, "can't connect", harness.PITETHER, self.socket, "--no-reconnect", "--save",
                   self.path("out"), "--latency", self.path("latency.csv"))
        for path, heading in ((self.path("out", "frames.csv"), "Columns of frames.csv"),
                              (self.path("latency.csv"),
                               r"Columns of the file of \-\-latency")):
            with open(path, encoding="ascii") as file:
                columns = file.read().rstrip("\n").split(",")
            self.assertEqual(sorted(columns_in_man(page, heading)), sorted(columns))

    def test_the_protocol(self):
        """Types with their fixed parts, reasons and errors are the sources' ones."""
        document, header = read_protocol("PROTOCOL.md"), read_protocol("wire.h")

        def enumerators(prefix):
            return {name: int(value, 0) for name, value in
                    re.findall(rf"^ +WIRE_{prefix}(\w+) = (\w+),", header, re.M)}
        rows = re.findall(r"^\| (0x\w\w) \| (\w+) \| [DR ]+ \| ([^|]+) \|", document, re.M)
        types = {name: value for name, value in enumerators("").items()
                 if re.search(rf"^    WIRE_{name} = 0x", header, re.M) and name != "FIRST_SKIPPABLE"}
        self.assertEqual({name: int(value, 0) for value, name, _ in rows}, types)
        for value, name, fixed in rows:
            letters = "".join({"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}[field]
                              for field in re.findall(r"\bu\d+", fixed))
            self.assertEqual(">" + letters, hostile_wire.LAYOUTS[int(value, 0)], name)
        def table(heading):
            rows = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", document, re.M).group(1)
            return {name: int(value) for value, name in
                    re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", rows, re.M)}
        known = enumerators("DROP_")
        del known["REASONS"]
        self.assertEqual(table("reason"), known)
        header += read_protocol("wire_controls.h")
        self.assertEqual(table(r"status \|"), enumerators("CHANGED_"))
        results = enumerators("SET_")
        del results["TEXT_MAX"]
        self.assertEqual(table(r"result \|"), results)
        errors = re.search(r"^- \*\*ERROR\*\*(.*?)\. ", document, re.M).group(1)
        self.assertEqual({name: int(value) for value, name in
                          re.findall(r"(\d+) `([A-Z_]+)`", errors)}, enumerators("ERROR_"))
        states = re.search(r"the state of the camera: (.*?);", document).group(1)
        self.assertEqual({name.upper(): int(value) for value, name in
                          re.findall(r"(\d+) (\w+)", states)},
                         {name: int(value) for name, value in
                          re.findall(r"WIRE_STREAM_([A-Z]+) = (\d)\b", header)})
        tlvs = re.findall(r"^\| (\d) \| .*, u(32|64) \|$", document, re.M)
        self.assertEqual({(hostile_wire.HEAD, int(kind)): int(bits) // 8 for kind, bits in tlvs},
                         independent_client.NUMBERS)

    def test_the_protocols_bounds(self):
        """Each number that the document names is the header's."""
        document = read_protocol("PROTOCOL.md")
        sources = read_protocol("wire.h") + read_protocol("wire_streams.h")
        for phrase, name in (
                (r"default port (\d+)", "DEFAULT_PORT"), (r"own HELLO, it MUST NOT be above (\d+)",
                                                           "BEFORE_HELLO_MAX"),
                (r"of FRAME_PART, MUST NOT be above (\d+)", "CONTROL_MAX"),
                (r"more than (\d+) TLVs", "TLVS_MAX"), (r"`count` MUST be 1 to (\d+)", "STREAMS_MAX"),
                (r"Names of streams\*\* have 1 to (\d+) bytes", "NAME_MAX"),
                (r"name of the stream: text of at most (\d+)", "NAME_MAX"),
                (r"camera's model, text of at most (\d+)", "TEXT_MAX"),
                (r"text for people, at most (\d+)", "BLOB_TEXT_MAX"),
                (r"of the pictures, (\d+) to \d+ pixels", "SIDE_MIN"),
                (r"of the pictures, \d+ to (\d+) pixels", "SIDE_MAX")):
            found = re.search(phrase, document)
            self.assertTrue(found, phrase)
            self.assertRegex(sources, rf"\bWIRE_{name}(?: =)? {found.group(1)}\b")

    def test_the_protocols_example(self):
        """The message that is shown byte by byte is one, and has the entries that it says."""
        document = read_protocol("PROTOCOL.md")
        shown = re.search(r"```\n(50 54 .*?)```", document, re.S).group(1)
        message = bytes.fromhex("".join(re.findall(r"^((?:[0-9A-F]{2} )+)", shown, re.M)))
        [(kind, (count,), blob)] = hostile_wire.split(hostile_wire.OPENING + message)
        self.assertEqual(kind, hostile_wire.STREAMS)
        self.assertEqual(independent_client.parse_streams(count, blob), {"front": 0, "top": 1})
        self.assertEqual(message, hostile_wire.streams(
            hostile_wire.entry(b"front", 0, 1, 1920, 1080, 30000, b"imx708",
                               7500),
            hostile_wire.entry(b"top", 1, 0, 0, 0, 0)))

    def test_links(self):
        """Each relative link of each document leads to a file, and to a heading of it."""
        listed = ["README.md"]
        for part in "device", "host", "shared", "tests", "cross", ".github":
            for folder, _, names in os.walk(os.path.join(TOP, part)):
                listed += [os.path.relpath(os.path.join(folder, name), TOP)
                           for name in names if name.endswith(".md")]
        for document in listed:
            path = os.path.join(TOP, document)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for target, _, heading in re.findall(r"\]\(([^)#: ]*)(#([^) ]*))?\)", text):
                to = os.path.join(os.path.dirname(path), target) if target else path
                self.assertTrue(os.path.exists(to), f"{document}: {target}")
                if heading:
                    with open(to, encoding="utf-8") as file:
                        headings = re.findall(r"^#+ (.*)", file.read(), re.M)
                    slugs = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                             for title in headings]
                    self.assertIn(heading, slugs, f"{document}: {target}#{heading}")

    def test_readme_is_short(self):
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            self.assertLess(len(file.readlines()), 120)


if __name__ == "__main__":
    harness.main()
