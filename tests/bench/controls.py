"""What setting controls costs those who only watch, and how soon what was set is known to be in force.

The client that sets a thousand times a second gets what daemon and receiver leave of the processors
(SCHED_IDLE), as one in a network would; in peace it watches as well, and sets nothing.
"""
import csv
import json
import os
import sys

import common
import netns

SETTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "set_controls.py")
SECONDS = common.pick(8, 2)
REPEATS = common.pick(5, 1)
FPS = 30
# All pictures are brightened, so that those in peace cost as much to paint.
PATTERN = ["--source", "pattern", "--size", "1280x720", "--fps", FPS]
DELAY_MS = 20  # each way
LINK_MBIT = 100
PORT = 7484
# How many frames after the one that it is sent with a control is in force: device/camera/sensor/.
CAMERA_FRAMES = {"Brightness": 0, "ExposureTime": 2}


def setter(address, mode, control, *prefix):
    return common.Program(*prefix, sys.executable, SETTER, address, mode, SECONDS, control)


def result(program):
    return json.loads(program.expect().lines[-1])


def watch(mode):
    """The ages of a live receiver's frames in ms, while the other client does that."""
    with common.folder() as folder:
        path = os.path.join(folder, "latency.csv")
        with common.daemon(*PATTERN, "--control", "Brightness=0.1") as daemon, \
             setter(daemon.address, mode, "Brightness", "chrt", "--idle", "0") as other:
            other.wait_for("ready")
            with common.receiver(daemon.address, "--null", "--live", "--duration", SECONDS - 1,
                                 "--latency", path) as receiver:
                receiver.wait()
                done = result(other)
        with open(path, encoding="ascii", newline="") as file:
            ages = [(int(row["last_received_ns"]) - int(row["captured_ns"])) / 1e6
                    for row in csv.DictReader(file)]
    return {"ages": ages, "p50": common.percentile(ages, 50), "p95": common.percentile(ages, 95),
            "setter": done}


def steps(control):
    """Answers over a link with a delay: ms beyond the round trip, in frames."""
    with netns.LossyLink(LINK_MBIT, "cubic", DELAY_MS * 1000) as link, \
         common.Program(*link.device(common.PITETHERD, "--listen", f"{netns.DEVICE}:{PORT}",
                                     "--insecure-plaintext", "--source", "pattern", "--size",
                                     "320x240", "--fps", FPS)) as daemon:
        daemon.wait_for("listening on")
        with setter(f"{netns.DEVICE}:{PORT}", "steps", control, *link.host()) as program:
            found = result(program)
    beyond = [(ms - found["round_trip_ms"]) * FPS / 1e3 for ms in found["times_ms"]]
    return {"control": control, "round_trip_ms": found["round_trip_ms"], "beyond": beyond,
            "p50": common.percentile(beyond, 50), "p95": common.percentile(beyond, 95),
            "max": max(beyond)}


def report_flood(results, found):
    rows = []
    for name in "p50", "p95":
        peace = [one[name] for one in found["idle"]]
        flood = [one[name] for one in found["flood"]]
        rows.append([f"age, {name}", common.spread(peace), common.spread(flood),
                     common.spread(common.ratios(flood, peace))])
    sent = [one["setter"]["sent"] / SECONDS for one in found["flood"]]
    results.table(f"A live receiver beside one that sets, ms, {REPEATS} runs",
                  ["", "nothing is set", "1,000 a second", "ratio"], rows,
                  [f"{common.show(common.spread(sent))} SETs a second were sent; answers by status "
                   f"(0 done, 4 busy): {found['flood'][0]['setter']['answers']}"])
    results.summary("age p50 of a receiver while another one sets 1,000 times a second / never",
                    rows[0][3], "1.2")


def report_steps(results, found):
    rows = [[one["control"], one["round_trip_ms"], CAMERA_FRAMES[one["control"]] + 1, one["p50"],
             one["p95"], one["max"], len(one["beyond"])] for one in found]
    results.table(f"SET to CHANGED over a link of {DELAY_MS} ms each way, {FPS} fps",
                  ["", "round trip, ms", "frames: the camera's and one", "p50 beyond, frames",
                   "p95", "most", "SETs"], rows)
    for row in rows:
        results.summary(f"{row[0]}: SET to CHANGED beyond a round trip, p95, frames", row[4],
                        str(row[2]))


def main():
    results = common.Results("controls", "Setting a camera's controls")
    found = common.interleave(REPEATS, idle=lambda: watch("idle"), flood=lambda: watch("flood"))
    report_flood(results, found)
    answers = [steps(control) for control in CAMERA_FRAMES]
    report_steps(results, answers)
    results.save(flood=found, steps=answers)


if __name__ == "__main__":
    main()
