#!/usr/bin/env python3
"""Every fallible call fails once, and for good, in short lives of both programs.

test_inject.py                                       a sample, drawn with INJECT_SEED
test_inject.py --full [SCENARIO [CALL]]              each call at each index (of thousands, 400)
test_inject.py SCENARIO CALL INDEX ERROR [forever]   one life, with what the programs said
"""
import collections
import concurrent.futures
import os
import random
import sys
import unittest

from faults import ERRORS, Fault
from scenarios import (SCENARIOS, DaemonAddsKey, DaemonConfigured, HostEncrypts,
                       HostShows)

# Calls that must have been seen, or the injection is blind: the C library may have other names.
SEEN = """malloc calloc realloc open64 openat64 fopen64 fstat64 mkdir read readv pread64 write
    sendmsg renameat2 unlink socket bind listen accept4 connect setsockopt getsockopt shutdown
    getaddrinfo poll epoll_create1 epoll_ctl epoll_wait eventfd timerfd_create signalfd
    pthread_create getrandom recv sendto flock fsync renameat unlinkat mmap64 fdatasync syncfs
    fdopendir readdir64""".split()

# What went wrong once.
REGRESSIONS = [
    (HostShows, Fault("calloc", 12, "ENOMEM", False)),
    (HostShows, Fault("malloc", 18, "ENOMEM", False)),
    (DaemonConfigured, Fault("pread64", 7, "EIO", True)),
    (DaemonConfigured, Fault("malloc", 2, "ENOMEM", False)),
    (DaemonConfigured, Fault("getsockname", 1, "ENOBUFS", False)),
    (DaemonAddsKey, Fault("write", 2, "ENOSPC", True)),
    (HostEncrypts, Fault("poll", 2, "ENOMEM", True)),
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


def can_last(call, error):
    """Nobody is interrupted for ever, and what is not there yet is waited for as long."""
    waits = error == "EAGAIN" and call in ("read", "readv", "recv", "write", "sendmsg")
    return error not in ("EINTR", "short") and not waits


def indices(count):
    """All of them, but of thousands, as OpenSSL's start makes them, a part beyond the first."""
    most = 200
    return [*range(1, min(count, most) + 1), *range(most + 1, count + 1, 1 + count // most)]


def every_fault(counted):
    for case in counted:
        for call, count in case.made.items():
            for error in ERRORS[call].split():
                for at in indices(count):
                    yield type(case), Fault(call, at, error, False)
                    if can_last(call, error):
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


def one_life(name, call, at, error, *forever):
    scenario = next(scenario for scenario in SCENARIOS if scenario.__name__ == name)
    case = scenario(Fault(call, int(at), error, forever == ("forever",)))
    wrong = run_all([case], 1)
    print(f"{case.target.log()}\nexit code {case.code}, failed {case.failed} calls")
    return bool(wrong)


def make_plan(counted, full, calls, seed):
    plan = [(scenario, fault) for scenario, fault in every_fault(counted)
            if not calls or fault.call in calls]
    if not full:
        plan = sample(plan, seed) + (REGRESSIONS if len(counted) == len(SCENARIOS) else [])
    random.Random(seed).shuffle(plan)
    return plan


def main(arguments):
    if len(arguments) >= 4:
        return one_life(*arguments)
    seed = int(os.environ.get("INJECT_SEED", "1"))
    full, wanted = "--full" in arguments, [word for word in arguments if word != "--full"]
    counted = [scenario() for scenario in SCENARIOS
               if not wanted or scenario.__name__ == wanted[0]]
    wrong = run_all(counted, 1)
    unseen = [call for call in SEEN if not any(case.made.get(call) for case in counted)]
    if not counted:
        print("no such scenario:", wanted[0])
        return True
    if wrong or (unseen and not wanted):
        print("without a fault something is wrong, or never called:", unseen)
        return True
    cases = [scenario(fault) for scenario, fault in make_plan(counted, full, wanted[1:], seed)]
    print(f"{len(cases)} lives, seed {seed}", flush=True)
    wrong = run_all(cases, 3 * (os.cpu_count() or 1))
    tell(cases)
    hit = sum(case.failed > 0 for case in cases)
    print(f"{len(cases)} lives with a fault, {hit} of them reached it, {len(wrong)} went wrong")
    # A life may take another turn and end before its call; most don't.
    return bool(wrong) or hit < len(cases) / 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
