"""What attackers cost those who behave: the age of their frames under each attack, against peace.

The attacks are those of the end-to-end tests, which also see to it that nobody loses a frame. There
they share this machine's processors with the daemon, which no attacker in a network can do; here they
get what the daemon and the receivers leave (SCHED_IDLE).
"""
import json
import os
import subprocess
import sys

import common

REPEATS = common.pick(5, 1)
FRAMES = common.pick(40, 12)  # under each attack, and as many between it and the next
TESTS = os.path.join(common.TOP, "tests", "e2e")
TRANSPORTS = {"plain": ("test_hostile.py", "Hostile.test_plain"),
              "TLS": ("test_hostile_tls.py", "HostileTls.test_tls")}


def attack_all(transport):
    """One life of a daemon: [attack, mode, ages under it in ms], and {mode: ages in peace}."""
    with common.folder() as folder:
        path = os.path.join(folder, "figures.json")
        program, test = TRANSPORTS[transport]
        run = subprocess.run(
            [sys.executable, os.path.join(TESTS, program), test], check=False, timeout=600,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PITETHERD": common.PITETHERD, "PITETHER": common.PITETHER,
                 "READ_PATTERN": common.READ_PATTERN, "HOSTILE_FIGURES": path,
                 "HOSTILE_FRAMES": str(FRAMES)})
        if run.returncode:
            raise SystemExit(f"{test} failed:\n{run.stdout}")
        with open(path, encoding="ascii") as file:
            return json.load(file)


def p95(ages):
    return common.percentile(ages, 95)


def ratios(lives, mode):
    """{attack: one ratio of p95 for each life}; "all" has every frame under attack in it."""
    found = {}
    for life in lives:
        peace, under = p95(life["peace"][mode]), {"all": []}
        for attack, ages in life["attacks"]:
            under[attack] = ages[mode]
            under["all"] += ages[mode]
        for attack, ages in under.items():
            found.setdefault(attack, []).append(p95(ages) / peace)
    return found


def main():
    results = common.Results("hostile", "Age of healthy receivers' frames under attack")
    lives = {transport: [] for transport in TRANSPORTS}
    for _ in range(REPEATS):
        for transport, done in lives.items():
            done.append(attack_all(transport))
    for transport, done in lives.items():
        live, lossless = ratios(done, "live"), ratios(done, "lossless")
        rows = [[attack.replace("_", " "), common.spread(live[attack]),
                 common.spread(lossless[attack])] for attack in live]
        peace = common.spread(p95(life["peace"]["live"]) for life in done)
        results.table(f"{transport}: p95 under attack / p95 in peace, {REPEATS} lives of a daemon",
                      ["attack", "live", "lossless"], rows,
                      [f"p95 in peace, live: {common.show(peace)} ms; {FRAMES} frames or more under "
                       "each attack"])
        results.summary(f"{transport}: age p95 of a live receiver under attack / in peace",
                        common.spread(live["all"]), "1.2")
    results.save(lives=lives)


if __name__ == "__main__":
    main()
