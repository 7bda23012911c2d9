#!/usr/bin/env python3
"""Every fallible call fails once, and for good, in short lives of both programs.

test_inject.py                                       a sample, drawn with INJECT_SEED
test_inject.py --full [SCENARIO [CALL]]              each call at each index
test_inject.py SCENARIO CALL INDEX ERROR [forever]   one life, with what the programs said
"""
import collections
import concurrent.futures
import os
import random
import re
import signal
import sys
import unittest

import faults
import harness
from faults import ERRORS, Fault, Scenario

FRAMES = 12
PICTURE = ("--size", "64x48", "--fps", "200")


class DaemonServes(Scenario):
    """The daemon, from its start to its frame limit, and a receiver that is well."""

    def play(self):
        self.serve("--source", "pattern", *PICTURE, "--listen", self.socket)

    def serve(self, *options):
        daemon = self.start_target(harness.PITETHERD, "--frames", FRAMES, *options)
        with daemon.condition:
            daemon.condition.wait_for(lambda: self.address(daemon) or daemon.ended, harness.BOUND)
        address = self.address(daemon)
        host = address and self.host(address.group(1), "--save", self.path("out"))
        self.wait_target()
        if host:
            self.end_host(daemon, host)

    @staticmethod
    def address(daemon):
        return re.search(r"listening on (\S+)", daemon.log())

    def end_host(self, daemon, host):
        """The daemon is gone: the host either saw its end, or looks for it in vain."""
        with host.condition:
            host.condition.wait_for(lambda: host.ended or "trying again until" in host.log(),
                                    harness.BOUND)
        if not host.ended:
            host.send(signal.SIGINT)
        self.assertIn(host.wait(), (0, 5), host.log())
        self.assertNotIn("broke the protocol", host.log())
        self.assertNotIn("totals", host.log())
        if not os.path.exists(self.path("out", "frames.csv")):
            return
        saved = len(self.check_saved(self.path("out")))
        if " captured = " in host.log():
            captured, received, _, damaged = self.assertSummary(host)
            cut = host.log().count("cut in the middle of it")
            self.assertEqual((received, damaged), (saved, cut), host.log())
        # What was taken while the host wasn't there is none of its frames.
        if "came to its end" in host.log() and "connecting again" not in host.log():
            skipped = sum(int(count) for count in
                          re.findall(r"(\d+) (?:SENSOR_GAP|NO_BUFFER)", host.log()))
            self.assertEqual(captured - skipped, FRAMES, daemon.log() + host.log())


class DaemonConfigured(DaemonServes):
    """The same with a file as its source, a configuration file, TCP, and all that is periodic."""

    def play(self):
        # Noise, whose JPEGs are too large for the sockets' buffers.
        with open(self.path("film.y4m"), "wb") as film:
            film.write(b"YUV4MPEG2 W320 H240 F200:1 C420jpeg\n")
            for frame in range(4):
                film.write(b"FRAME\n" + random.Random(frame).randbytes(320 * 240 * 3 // 2))
        with open(self.path("config"), "w", encoding="ascii") as config:
            config.write(f"source = {self.path('film.y4m')}\nlisten = 127.0.0.1:0\nstats = 1\n"
                         "bitrate = 1M\nadaptive = yes\n")
        self.serve("--config", self.path("config"))
        self.assertNotIn("no camera found", self.target.log(), "half of the file was read")

    def painted(self, folder, names):
        """No frame numbers are painted in this film."""
        return [int(row["id"]) for row in self.index(folder)]


class HostSaves(Scenario):
    """The receiver, saving; the daemon is well."""

    def play(self):
        daemon = self.daemon(*PICTURE, size=None, fps=None, listen=self.listen())
        self.start_host(daemon)
        self.wait_target()
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        self.check_host()

    def listen(self):
        return self.socket

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"),
                          "--frames", FRAMES, "--log-level", "debug")

    def check_host(self):
        log = self.target.log()
        claim = re.search(r"saved (\d+) frames .* in [^;]*(?:; (\d+) could not)?", log)
        if not claim:
            return
        saved, failed = (int(number or 0) for number in claim.groups())
        rows = self.index(self.path("out")) if saved else []
        self.assertEqual(saved, len(rows), log)
        if saved:
            self.check_folder()
        if self.target.process.returncode == 0:
            self.assertEqual((saved, failed), (FRAMES, 0), log)
        if " captured = " in log:
            self.assertGreaterEqual(self.assertSummary(self.target)[1], saved + failed, log)

    def check_folder(self):
        # Where removing fails, what was to be removed stays.
        if not self.fault or self.fault.call not in ("unlinkat", "renameat2"):
            self.check_saved(self.path("out"))


class HostPipes(HostSaves):
    """The receiver, writing to standard output, which is a file."""

    def start_host(self, daemon):
        with open(self.path("stream"), "wb") as stream:
            self.start_target(harness.PITETHER, daemon.address, "--stdout", "--frames", FRAMES,
                              stdout=stream)

    def check_host(self):
        with open(self.path("stream"), "rb") as stream:
            whole = stream.read().count(b"\xff\xd9")
        claim = re.search(r"wrote (\d+) frames to standard output; (\d+) were", self.target.log())
        self.assertEqual(int(claim.group(1)) if claim else 0, whole, self.target.log())
        if self.target.process.returncode == 0:
            self.assertEqual(whole, FRAMES)
        if " captured = " in self.target.log():
            self.assertSummary(self.target)


class HostMeasures(HostSaves):
    """The receiver, over TCP and live, with all that it can tell."""

    def listen(self):
        return "127.0.0.1:0"

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--null", "--duration", "0.06",
                          "--latency", self.path("latency"), "--stats", "--latency-report")

    def check_host(self):
        if self.target.process.returncode == 0:
            received = self.assertSummary(self.target)[1]
            with open(self.path("latency"), encoding="ascii") as table:
                self.assertEqual(len(table.readlines()), received + 1)


class HostShows(HostSaves):
    """The receiver, with a window that nobody sees, and saving."""

    environment = {"SDL_VIDEODRIVER": "dummy"}

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"), "--window",
                          "--frames", FRAMES)


class HostReconnects(HostSaves):
    """The receiver, whose daemon is killed and comes back."""

    def play(self):
        daemon = self.daemon(*PICTURE, size=None, fps=None)
        host = self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"),
                                 "--name", "{session}-{id}.jpg", "--frames", FRAMES)
        with host.condition:
            host.condition.wait_for(lambda: host.ended or "info: camera" in host.log(),
                                    faults.PATIENCE)
        daemon.kill()
        self.daemon(*PICTURE, size=None, fps=None)
        self.wait_target()
        self.check_host()


SCENARIOS = [DaemonServes, DaemonConfigured, HostSaves, HostPipes, HostMeasures, HostShows,
             HostReconnects]

# Calls that must have been seen, or the injection is blind: the C library may have other names.
SEEN = """malloc calloc realloc open64 openat64 fopen64 fstat64 mkdir read readv pread64 write sendmsg
    renameat2 unlink socket bind listen accept4 connect setsockopt getsockopt shutdown
    getaddrinfo poll epoll_create1 epoll_ctl epoll_wait eventfd timerfd_create signalfd
    pthread_create getrandom""".split()


# What went wrong once.
REGRESSIONS = [
    (DaemonConfigured, Fault("pread64", 7, "EIO", True)),
    (DaemonConfigured, Fault("malloc", 2, "ENOMEM", False)),
    (DaemonConfigured, Fault("getsockname", 1, "ENOBUFS", False)),
]


def run_all(cases, workers):
    """Runs lives beside one another; returns what failed, as (case, text)."""
    wrong = []

    def one(case):
        result = unittest.TestResult()
        case.run(result)
        return result.failures + result.errors

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for found in pool.map(one, cases):
            for case, text in found:
                print(f"{case}\n{text}", flush=True)
                wrong.append((case, text))
    return wrong


def every_fault(counted):
    for case in counted:
        for call, count in case.made.items():
            for error in ERRORS[call].split():
                for at in range(1, count + 1):
                    yield type(case), Fault(call, at, error, False)
                    # Nobody is interrupted for ever, and waiting that never waits is no fault.
                    if error not in ("EINTR", "short") and (call, error) != ("epoll_wait", "EINVAL"):
                        yield type(case), Fault(call, at, error, True)


def sample(plan, seed):
    """For each call of each scenario each error once, at some index, and one error for good."""
    groups = collections.defaultdict(list)
    for scenario, fault in plan:
        error = None if fault.forever else fault.error
        groups[scenario, fault.call, error, fault.forever].append(fault)
    draw = random.Random(seed)
    return [(scenario, draw.choice(choices)) for (scenario, *_), choices in groups.items()]


def tell(cases):
    """A table of how the lives ended, by call."""
    codes = collections.defaultdict(collections.Counter)
    for case in cases:
        codes[case.fault.call if case.fault else "-"][case.code] += 1
    for call, counter in codes.items():
        print(f"{call:20} {sum(counter.values()):6} lives; exit codes " +
              ", ".join(f"{code}: {count}" for code, count in sorted(counter.items(), key=str)))


def main(arguments):
    seed = int(os.environ.get("INJECT_SEED", "1"))
    workers = 3 * (os.cpu_count() or 1)
    by_name = {scenario.__name__: scenario for scenario in SCENARIOS}
    if len(arguments) >= 4:
        name, call, at, error = arguments[:4]
        case = by_name[name](Fault(call, int(at), error, arguments[4:] == ["forever"]))
        wrong = run_all([case], 1)
        print(f"{case.target.log()}\nexit code {case.code}, failed {case.failed} calls")
        return bool(wrong)
    full, wanted = "--full" in arguments, [word for word in arguments if word != "--full"]
    counted = [scenario() for scenario in SCENARIOS if scenario.__name__ in wanted[:1] or not wanted]
    wrong = run_all(counted, 1)
    unseen = [call for call in SEEN if not any(case.made.get(call) for case in counted)]
    if wrong or (unseen and not wanted):
        print("without a fault something is wrong, or never called:", unseen)
        return True
    plan = [(scenario, fault) for scenario, fault in every_fault(counted)
            if fault.call in wanted[1:] or not wanted[1:]]
    if not full:
        plan = REGRESSIONS + sample(plan, seed)
    random.Random(seed).shuffle(plan)
    cases = [scenario(fault) for scenario, fault in plan]
    print(f"{len(cases)} lives, seed {seed}", flush=True)
    wrong = run_all(cases, workers)
    tell(cases)
    hit = sum(case.failed > 0 for case in cases)
    print(f"{len(cases)} lives with a fault, {hit} of them reached it, {len(wrong)} went wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
