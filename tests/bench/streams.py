"""Several streams of one daemon: what each costs beside others, and how soon its frames are there.

Four times the same 720p30 stream, each with a live receiver: from one daemon, from four daemons at
once, which share nothing, and one of them alone. Cameras begin a quarter of a frame after one
another, since of frames that come at the same moment all but one must wait, however they are served.
"""
import contextlib
import csv
import os
import statistics
import time

import common
import pictures

SIZE, FPS, STREAMS = "720p", 30, 4
FRAMES = common.pick(300, 60)
# The first frames are sent while the path is still unknown and caches are cold.
COLD = 10
CPU_BOUND, LATENCY_BOUND = 1.05, 1.5
PERCENTS = 50, 99


def config(folder, names):
    path = os.path.join(folder, "config-" + "-".join(names))
    with open(path, "w", encoding="ascii") as file:
        file.write(f"source = {pictures.photographs(SIZE)}\nfps = {FPS}\nframes = {FRAMES}\n")
        file.writelines(f"[{name}]\n" for name in names)
    return path


def ages(path):
    """Of each frame: ms from the sensor to its last byte."""
    with open(path, encoding="ascii", newline="") as file:
        return [(int(row["last_received_ns"]) - int(row["sensor_ns"])) / 1e6
                for row in csv.DictReader(file)][COLD:]


def wait_for_turn(begin, index):
    """Until the next moment that is so many quarters of a frame after whole frames since begin."""
    time.sleep((begin - time.monotonic() + index / STREAMS / FPS) % (1 / FPS))


def sensor_times(path):
    with open(path, encoding="ascii", newline="") as file:
        return [int(row["sensor_ns"]) / 1e6 for row in csv.DictReader(file)]


def closest(paths):
    """The least time in ms between frames of two streams, by the medians of their phases."""
    interval = 1e3 / FPS
    phases = []
    for path in paths:
        times = sensor_times(path)
        offsets = [(one - times[0] + interval / 2) % interval - interval / 2 for one in times]
        phases.append((times[0] + statistics.median(offsets)) % interval)
    phases.sort()
    return min((b - a) % interval for a, b in zip(phases, phases[1:] + phases[:1]))


def run(*daemons):
    """Each of the daemons has the streams with these names. Returns what they took, all together,
    and how old the frames of each stream were."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(common.folder())
        started = [(stack.enter_context(common.daemon("--config", config(folder, names))), names)
                   for names in daemons]
        receivers, begin = {}, time.monotonic()
        for daemon, name in [(daemon, name) for daemon, names in started for name in names]:
            wait_for_turn(begin, len(receivers))
            receivers[name] = stack.enter_context(common.receiver(
                f"{daemon.address}/{name}", "--null", "--live", "--no-reconnect", "--latency",
                os.path.join(folder, name + ".csv")))
            receivers[name].wait_for("camera")
        captured = delivered = 0
        for receiver in receivers.values():
            if receiver.wait() not in (0, 5):  # 5: frames were lost; that is counted
                receiver.expect()
            totals = common.totals(receiver)
            captured, delivered = captured + totals[0], delivered + totals[1]
        for daemon, _ in started:
            daemon.expect()
        cpu = sum(daemon.cpu_total() - daemon.ready_cpu for daemon, _ in started)
        paths = [os.path.join(folder, name + ".csv") for name in receivers]
        return {"closest_ms": closest(paths), "cpu": cpu, "cpu_ms": cpu / delivered * 1e3, "captured": captured,
                "delivered": delivered,
                "ages": dict(zip(receivers, map(ages, paths)))}


def age(one, percent):
    """Of the frames of all streams together."""
    return common.percentile(sum(one["ages"].values(), []), percent)


def judged(ratio, bound):
    held = "held" if ratio["median"] <= bound else "NOT held"
    return f"<= {bound}: {held}"


def report(results, found):
    together, apart, alone = found["together"], found["apart"], found["alone"]
    cpu = common.spread(a["cpu_ms"] / b["cpu_ms"] for a, b in zip(together, apart))
    cpu_alone = common.spread(a["cpu_ms"] / b["cpu_ms"] for a, b in zip(together, alone))
    rows = [["daemon CPU ms a frame, alone", common.spread(one["cpu_ms"] for one in alone), ""],
            ["the same, 4 daemons at once", common.spread(one["cpu_ms"] for one in apart), ""],
            ["the same, 4 streams of one daemon", common.spread(one["cpu_ms"] for one in together),
             ""],
            ["of 4 daemons'", cpu, judged(cpu, CPU_BOUND)],
            ["of one's alone", cpu_alone, judged(cpu_alone, CPU_BOUND)]]
    for percent in PERCENTS:
        rows += [[f"sensor to last byte, p{percent}, ms: {what}",
                  common.spread(age(one, percent) for one in runs), ""]
                 for what, runs in (("alone", alone), ("4 daemons at once", apart),
                                    ("4 streams of one daemon", together))]
        ratio = common.spread(age(a, percent) / age(b, percent) for a, b in zip(together, alone))
        rows.append(["4 streams of one daemon, of alone", ratio, judged(ratio, LATENCY_BOUND)])
        results.summary(f"{SIZE}{FPS} beside three others: sensor to last byte, p{percent}, of the "
                        "same stream alone", ratio, str(LATENCY_BOUND))
    lost = {name: sum(one["captured"] - one["delivered"] for one in runs)
            for name, runs in found.items()}
    busy = common.spread(one["cpu"] * FPS / FRAMES / common.cores() for one in together)
    results.table(f"{STREAMS} streams of {SIZE}{FPS} photographs, a live receiver each",
                  ["", "median (min-max)", "bound"], rows,
                  [f"the daemon took {busy['median']:.0%} of the cores with {STREAMS} streams; frames "
                   f"lost: {lost['alone']} alone, {lost['together']} of one daemon's, "
                   f"{lost['apart']} of four daemons'",
                   "frames of two streams of one daemon were at least "
                   f"{min(one['closest_ms'] for one in together):.1f} ms apart"])
    results.summary(f"{STREAMS} streams of {SIZE}{FPS}: daemon CPU a frame, of {STREAMS} daemons' "
                    "with one each", cpu, str(CPU_BOUND))
    results.summary(f"{STREAMS} streams of {SIZE}{FPS}: daemon CPU a frame, of one's alone",
                    cpu_alone, str(CPU_BOUND))


def main():
    results = common.Results("streams", f"{STREAMS} streams of one daemon, plain TCP, loopback")
    names = [f"stream-{i}" for i in range(STREAMS)]
    found = common.interleave(common.REPEATS, alone=lambda: run(names[:1]),
                              together=lambda: run(names),
                              apart=lambda: run(*([name] for name in names)))
    report(results, found)
    results.save(**found)


if __name__ == "__main__":
    main()
