"""How soon the stream is back once the network is, against a bare TCP connection.

The outages are those of the end-to-end tests, which also see to it that each frame is accounted for.
They mostly wait, so they run side by side.
"""
import common
from end_to_end import run_tests

CUTS = {f"cut of {seconds} s": f"Faults.test_cut_of_{seconds}_s" for seconds in (1, 5, 7, 12, 20)}
OTHERS = {"link down for 4 s": "Faults.test_link_down",
          "the daemon's address changed in a cut of 4 s": "Faults.test_daemon_moved",
          "host suspended for 30 s": "Faults.test_host_suspended",
          "daemon suspended for 30 s": "Faults.test_daemon_suspended"}
LIMIT_S = 2
TALKER = ", a talker over TCP"


def main():
    results = common.Results("outage", "How soon a stream is back, in seconds")
    tests = common.pick({**CUTS, **OTHERS}, dict([next(iter(CUTS.items()))]))
    found = {}
    for _ in range(common.pick(3, 1)):
        for line in run_tests("test_network.py", *tests.values()):
            found.setdefault(line["what"], []).append(line["seconds"])
    rows = []
    for what in tests:
        bare = found.get(what + TALKER)
        rows.append([what, common.spread(found[what]), common.spread(bare) if bare else ""])
        results.summary(f"{what}: seconds until the stream is back", common.spread(found[what]),
                        str(LIMIT_S))
    results.table("Since the network was back, median (least-most)",
                  ["", "pitether", "TCP by itself"], rows)
    results.save(seconds=found)


if __name__ == "__main__":
    main()
