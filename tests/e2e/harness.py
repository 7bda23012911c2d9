"""Starts the real programs for the end-to-end tests, and ends them again.

PITETHERD, PITETHER and READ_PATTERN name the programs. Nothing here sleeps: tests wait for lines of
a log, for the end of a process, or for a file's state to change, each with a bound. Where a test does
sleep, the time is what it is about: how long a network is cut, how long a process stands still.
"""
import concurrent.futures
import csv
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

# Where ip, tc and nft are, which on Debian are in the PATH of root alone.
os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))

PITETHERD = os.environ.get("PITETHERD", "pitetherd")
PITETHER = os.environ.get("PITETHER", "pitether")
READ_PATTERN = os.environ.get("READ_PATTERN", "read_pattern")

# For a daemon that is to keep root, if it has it.
AS_IT_IS = ["--user", "root"] if os.geteuid() == 0 else []


def is_lonely_root():
    """In a user namespace with no other user, root has nobody to go on as."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return os.geteuid() == 0 and file.read().split()[2:] == ["1"]


# What --save writes beside the pictures.
INDEXES = {"frames.csv", "frames.jsonl"}


def read_object(line):
    """A line of frames.jsonl, strictly: Python's own reader takes NaN, too."""
    def refuse(word):
        raise ValueError(f"{word} is no JSON")
    return json.loads(line, parse_constant=refuse)


# For each daemon.
WHO = AS_IT_IS if is_lonely_root() else []

# Far more than anything here takes, also under sanitizers on a busy machine: it ends a hang, it is
# no measure of speed.
BOUND = 60

# What a program of tests ends with that could run none of them; CMakeLists.txt tells ctest.
SKIPPED = 77


def enter_namespaces(*kinds, setup=":"):
    """Goes on in namespaces of its own, e.g. "--net", as root or as if, once the shell's command
    `setup` has been done there. Where the system allows nobody but root to have them, no test runs."""
    if "PITETHER_IN_NAMESPACES" in os.environ:
        return
    command = ["unshare", *kinds, *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print(f"all tests ... skipped 'only root can do what {' '.join(command)} does here'")
        sys.exit(SKIPPED)
    os.environ["PITETHER_IN_NAMESPACES"] = "yes"
    os.execvp(command[0], [*command, "sh", "-c", f'{setup} && exec "$0" "$@"', sys.executable,
                           *sys.argv])


class Program:
    """A running program whose standard error is collected line by line."""

    def __init__(self, *command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                 environment=None, pass_fds=()):
        self.lines = []
        self.condition = threading.Condition()
        self.ended = False
        self.process = subprocess.Popen([str(word) for word in command], stdin=stdin,
                                        stdout=stdout, stderr=subprocess.PIPE, text=True,
                                        errors="replace", pass_fds=pass_fds,
                                        env={**os.environ, **(environment or {})})
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self):
        for line in self.process.stderr:
            with self.condition:
                self.lines.append(line.rstrip("\n"))
                self.condition.notify_all()
        with self.condition:
            self.ended = True
            self.condition.notify_all()

    def log(self):
        with self.condition:
            return "\n".join(self.lines)

    def wait_for(self, pattern, count=1):
        """Waits until `count` lines match, and returns the last match."""
        def matches():
            return [m for m in (re.search(pattern, line) for line in self.lines) if m]
        with self.condition:
            self.condition.wait_for(lambda: len(matches()) >= count or self.ended, BOUND)
            found = matches()
        if len(found) < count:
            raise AssertionError(f"no line like {pattern!r} in:\n" + self.log())
        return found[count - 1]

    def send(self, number):
        self.process.send_signal(number)

    def wait(self):
        code = self.process.wait(BOUND)
        self.thread.join(BOUND)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(BOUND)
        self.thread.join(BOUND)
        self.process.stderr.close()
        if self.process.stdout:
            self.process.stdout.close()


class Case(unittest.TestCase):
    """A test with a folder of its own, whose programs are ended with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="pitether-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.socket = "unix:" + self.path("socket")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *command, **options):
        program = Program(*command, **options)
        self.addCleanup(program.kill)
        return program

    def daemon(self, *options, listen=None, source="pattern", size="320x240", fps="30"):
        """A daemon that is ready; its .address is where it listens first."""
        program = self.start(PITETHERD, "--source", source, *(["--size", size] if size else []),
                             *(["--fps", fps] if fps else []), "--listen", listen or self.socket,
                             *WHO, *options)
        program.address = program.wait_for(r"listening on ([^\s,]+)").group(1)
        return program

    def host(self, daemon, *options, **keywords):
        address = daemon if isinstance(daemon, str) else daemon.address
        return self.start(PITETHER, address, *options, **keywords)

    def run_host(self, daemon, *options):
        program = self.host(daemon, *options)
        self.assertDone(program)
        return program

    def assertDone(self, program):
        """The host ended well. On a machine too slow for the camera's pace frames are lost before
        they are sent, and the host says so with 5: that is right, and no fault of what is tested."""
        code = program.wait()
        if code == 5:
            numbers = dict((reason, int(count)) for count, reason in
                           re.findall(r"(\d+) ([A-Z]+_[A-Z]+|SUPERSEDED)[,)]", program.log()))
            early = {"SENSOR_GAP", "NO_BUFFER", "ENCODER_BUSY"}
            self.assertLessEqual(set(numbers), early | {"RATE_LIMITED", "AFTER_END"}, program.log())
            self.assertTrue(early & set(numbers), program.log())
        else:
            self.assertEqual(code, 0, program.log())

    def assertConsecutive(self, ids, program):
        """The ids follow one another, but for frames that the summary counts as lost."""
        self.assertEqual(ids, sorted(set(ids)))
        dropped = self.assertSummary(program)[2]
        self.assertLessEqual(ids[-1] - ids[0] + 1 - len(ids), dropped)

    def fails(self, code, pattern, *command):
        """The command ends with this code, and one line of its error matches."""
        program = self.start(*command)
        self.assertEqual(program.wait(), code, program.log())
        program.wait_for(pattern)
        return program

    def index(self, folder):
        with open(os.path.join(folder, "frames.csv"), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def objects(self, folder):
        """The lines of frames.jsonl."""
        with open(os.path.join(folder, "frames.jsonl"), "rb") as file:
            return [read_object(line) for line in file]

    def painted(self, folder, names):
        """The frame numbers painted in the pictures, read by a decoder that takes no warning."""
        paths = [os.path.join(folder, name) for name in names]
        output = subprocess.run([READ_PATTERN, *paths], check=True, timeout=BOUND,
                                stdout=subprocess.PIPE, text=True).stdout
        return [int(line.rsplit(" ", 1)[1]) for line in output.splitlines()]

    def check_saved(self, folder, count=None):
        """Files and index agree, pictures are whole, and show the frames that they say."""
        rows = self.index(folder)
        names = [row["file"] for row in rows]
        files = sorted(name for name in os.listdir(folder) if name not in INDEXES)
        self.assertEqual(sorted(names), files)
        self.assertEqual([(entry["file"], entry["id"]) for entry in self.objects(folder)],
                         [(row["file"], int(row["id"])) for row in rows])
        for row in rows:
            self.assertEqual(os.path.getsize(os.path.join(folder, row["file"])), int(row["bytes"]))
        ids = [int(row["id"]) for row in rows]
        self.assertEqual(self.painted(folder, names), ids)
        if count is not None:
            self.assertEqual(len(rows), count)
        return ids

    def assertSummary(self, program):
        """The summary's totals add up; returns captured, received, dropped, damaged."""
        line = program.wait_for(r"(\d+) captured = (\d+) received \+ (\d+) dropped.* \+ (\d+) dam")
        numbers = [int(number) for number in line.groups()]
        self.assertEqual(numbers[0], sum(numbers[1:]), program.log())
        return numbers

    def wait_until(self, condition, what):
        """For what has no event to wait for, such as a size in /proc: looks again after a moment in
        which a pipe that nobody writes to is waited for."""
        reader, writer = os.pipe()
        try:
            for _ in range(BOUND * 20):
                if condition():
                    return
                select.select([reader], [], [], 0.05)
        finally:
            os.close(reader)
            os.close(writer)
        raise AssertionError("never came: " + what)


def main():
    result = unittest.main(verbosity=2, exit=False).result
    finish([result])


def finish(results):
    """Ends the program with what the tests have come to."""
    if not all(result.wasSuccessful() for result in results):
        sys.exit(1)
    run = sum(result.testsRun for result in results)
    skipped = sum(len(result.skipped) for result in results)
    sys.exit(SKIPPED if skipped >= run else 0)


def note(**figures):
    """For a benchmark that runs tests: a line of JSON in the file that FIGURES names, if it does. No
    test judges what it noted."""
    path = os.environ.get("FIGURES")
    if path:
        with open(path, "a", encoding="ascii") as file:
            file.write(json.dumps(figures) + "\n")


def main_side_by_side():
    """Runs all tests of the program at once, or those named on the command line, each on a thread
    of its own."""
    module, names = sys.modules["__main__"], sys.argv[1:]
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)

    def flatten(tests):
        return [leaf for test in tests for leaf in flatten(test)] \
            if isinstance(tests, unittest.TestSuite) else [tests]

    def run(test):
        result, begun = unittest.TestResult(), time.monotonic()
        test(result)
        what = "ok" if result.wasSuccessful() else "FAILED"
        if result.skipped:
            what = f"skipped {result.skipped[0][1]!r}"
        print(f"{test.id()} ... {what} ({time.monotonic() - begun:.0f} s)", flush=True)
        return result

    tests = flatten(suite)
    with concurrent.futures.ThreadPoolExecutor(len(tests)) as threads:
        results = list(threads.map(run, tests))
    for result in results:
        for test, why in result.failures + result.errors:
            print(f"\n{test.id()}\n{why}")
    finish(results)
