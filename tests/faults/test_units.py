#!/usr/bin/env python3
"""The calls that our own code makes in the unit tests fail, one at a time. A test may find that it
does not get what it wanted, and say so; but nothing crashes or hangs, and where all tests of a
program passed in spite of it, no descriptor is left open.

test_units.py                                a sample of the quick programs, drawn with INJECT_SEED
test_units.py --full [PROGRAM]               each call at each index (of many, about 12)
test_units.py PROGRAM CALL INDEX ERROR       one run, with what the program said

UNITS names the folder of the programs, INJECT the library of inject.c.
"""
import collections
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import zlib

from faults import ERRORS, INJECT, Fault, error_number

UNITS = os.path.abspath(os.environ["UNITS"])
# Under a fault a test that waits for what can't come any more ends itself sooner.
BOUND = 300
QUICK = 5  # seconds
WORKERS = 3 * (os.cpu_count() or 1)
INDICES = 12
SAMPLE = int(os.environ.get("INJECT_SAMPLE", "120"))
# The C library's resolver can't be interrupted: a look-up that was let go may last beyond the end.
LOOKS_UP = ("dial", "receive_end")

Run = collections.namedtuple("Run", "code output made open passed")


def our_code(program):
    """From where to where our own functions lie in the program, whose tests come before them; None
    where headers are all that it tests."""
    lines = subprocess.run(["nm", "--defined-only", "-nl", program], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    # Parts of functions that the compiler takes for cold lie before all others.
    our = re.compile(r"\w+ [tT] (?!\S*\.cold)\S+\t(?!.*/tests/unit/).*"
                     r"/(device|host|shared)/(\w+/)*\w+\.c(pp)?:\d+$")
    ours = [i for i, line in enumerate(lines) if our.match(line)]
    if not ours:
        return None
    begin, after = lines[ours[0]].split()[0], lines[ours[-1] + 1].split()[0]
    return f"{begin}-{after}"


class Program:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)[len("test_"):]
        self.within = our_code(path)
        begun = time.monotonic()
        self.whole = self.run()
        self.quick = time.monotonic() - begun < QUICK

    def run(self, fault=None):
        with tempfile.TemporaryDirectory(prefix="pitether-units-") as folder:
            report = os.path.join(folder, "report")
            environment = {**os.environ, "LD_PRELOAD": INJECT, "INJECT_REPORT": report,
                           "INJECT_WITHIN": self.within, "TMPDIR": folder}
            if fault:
                environment.update(INJECT_CALL=fault.call, INJECT_AT=str(fault.at),
                                   INJECT_ERRNO=str(error_number(fault.error)))
            try:
                ended = subprocess.run([self.path], cwd=folder, env=environment, timeout=BOUND, check=False,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, errors="replace")
                code, output = ended.returncode, ended.stdout
            except subprocess.TimeoutExpired as error:
                return Run(None, (error.stdout or b"").decode(errors="replace"), {}, [], False)
            passed = "[  PASSED  ]" in output and not re.search(r"\[  (FAILED|ERROR ) ", output)
            return Run(code, output, *self._read(report), passed)

    @staticmethod
    def _read(path):
        try:
            with open(path, encoding="ascii") as file:
                lines = [line.split(maxsplit=2) for line in file]
        except FileNotFoundError:
            return {}, []
        return ({line[1]: int(line[2]) for line in lines if line[0] == "made"},
                sorted(re.sub(r"\d+", "", line[2]) for line in lines if line[0] == "open"))

    def wrong(self, run):
        """What is wrong with a run under a fault; None if nothing is."""
        if run.code is None:
            return "hangs"
        if run.code < 0 or "failed with exception" in run.output:
            return "crashes"
        if run.passed and run.code != 0:
            return f"ends with {run.code}"
        if run.passed and run.open != self.whole.open and self.name not in LOOKS_UP:
            return f"leaves open {run.open}, not {self.whole.open}"
        return None


def faults_of(program):
    """Each with its number among those of its call."""
    for call, count in program.whole.made.items():
        step = 1 + count // INDICES
        for number, at in enumerate(range(1, count + 1, step)):
            for error in ERRORS[call].split():
                yield program, Fault(call, at, error, False), number


def place_in_draw(program, fault, number):
    """It hangs on the fault and the seed alone: another program, or another machine, on which a
    program makes a few calls more, does not draw all others anew."""
    seed = os.environ.get("INJECT_SEED", "1")
    return zlib.crc32(f"{seed} {program.name} {fault.call} {number} {fault.error}".encode())


def run_all(plan):
    """Returns how many went wrong."""
    codes, bad = collections.defaultdict(collections.Counter), 0

    def one(item):
        program, fault, _ = item
        run = program.run(fault)
        return program, fault, run, program.wrong(run)

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for program, fault, run, wrong in pool.map(one, plan):
            codes[fault.call]["passes" if run.passed else "tests fail"] += 1
            if wrong:
                bad += 1
                print(f"{program.name} {fault.call} {fault.at} {fault.error}: {wrong}\n"
                      + "\n".join(run.output.splitlines()[-40:]), flush=True)
    for call, counter in sorted(codes.items()):
        print(f"{call:20} {sum(counter.values()):6} runs; " +
              ", ".join(f"{what}: {count}" for what, count in sorted(counter.items())))
    print(f"{len(plan)} runs with a fault, {bad} went wrong")
    return bad


def main(arguments):
    full, words = "--full" in arguments, [word for word in arguments if word != "--full"]
    paths = sorted(path for path in glob.glob(os.path.join(UNITS, "test_*"))
                   if not words or os.path.basename(path) == "test_" + words[0])
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        programs = list(pool.map(Program, [path for path in paths if our_code(path)]))
    if not programs:
        print("no such program, or none with debug information:", *words)
        return True
    if len(words) == 4:
        run = programs[0].run(Fault(words[1], int(words[2]), words[3], False))
        print(run.output, programs[0].wrong(run))
        return bool(programs[0].wrong(run))
    for program in programs:
        if program.whole.code != 0 or not program.whole.made:
            print(f"{program.name} fails without a fault:\n{program.whole.output}")
            return True
    plan = [item for program in programs if full or program.quick for item in faults_of(program)]
    plan.sort(key=lambda item: place_in_draw(*item))
    print(f"{len(programs)} programs, {len(plan)} faults", flush=True)
    return run_all(plan if full else plan[:SAMPLE]) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
