"""How old frames get where there are more than can be encoded or sent: whether they queue up.

The daemons are those of the end-to-end tests, which also see to it that each frame is accounted for:
4K at 120 fps on one thread, and one that shares its only processor with a program that takes it all.
"""
import common
from end_to_end import run_tests

TESTS = {"4K at 120 fps, 1 thread": "test_an_encoder_that_is_too_slow",
         "1000 fps, hardly a processor": "test_a_starved_daemon"}
LIMIT = 4


def main():
    results = common.Results("overload", "Age of a live receiver's frames under overload")
    found = {name: [] for name in TESTS.values()}
    for _ in range(common.pick(5, 1)):
        for line in run_tests("test_overload.py", *(f"Overload.{name}" for name in found)):
            found[line["what"]].append(line)
    rows = []
    for what, name in TESTS.items():
        ratio = common.spread(line["age"] / line["spacing"] for line in found[name])
        rows.append([what, common.spread(1000 * line["age"] for line in found[name]),
                     common.spread(1000 * line["spacing"] for line in found[name]), ratio])
        results.summary(f"{what}: age, of the time between two frames", ratio, str(LIMIT))
    results.table("Medians of a run's frames: median (least-most) of the runs",
                  ["", "age ms", "between frames ms", "ratio"], rows)
    results.save(runs=found)


if __name__ == "__main__":
    main()
