"""One stream over TCP on the loopback interface: how fast it goes, how soon a frame is there."""
import csv
import os

import common
import encode
import pictures

SIZE = "1080p"
STAGES = [("captured -> encoding begins", "captured_ns", "encode_start_ns"),
          ("encoding", "encode_start_ns", "encode_end_ns"),
          ("encoded -> last byte sent", "encode_end_ns", "last_sent_ns"),
          ("last byte sent -> received", "last_sent_ns", "last_received_ns"),
          ("captured -> last byte received", "captured_ns", "last_received_ns")]
WHOLE = STAGES[-1][0]


def bare(variant="bare:1", milliseconds=None):
    """libjpeg-turbo alone, measured now."""
    return encode.measure(SIZE, [variant], milliseconds or common.pick(400, 50),
                          rounds=1)[variant][0]


def run(frames, *options, mode):
    """A daemon and a receiver for so many frames: the receiver's table of times, and CPU times."""
    with common.folder() as folder:
        path = os.path.join(folder, "latency.csv")
        # Both know the number, so that the daemon encodes no frame that isn't received.
        with common.daemon("--source", pictures.photographs(SIZE), "--frames", frames,
                           *options) as daemon:
            with common.receiver(daemon.address, "--null", mode, "--frames", frames, "--latency",
                                 path) as receiver:
                # 5, 6: frames were lost, so that there were fewer than asked for; that is counted.
                if receiver.wait() not in (0, 5, 6):
                    receiver.expect()
                daemon.expect()
                captured, received, _ = common.totals(receiver)
                with open(path, encoding="ascii", newline="") as file:
                    rows = [{key: int(value) for key, value in row.items()
                             if value and key not in ("epoch", "stream")} for row in csv.DictReader(file)]
                return {"rows": rows, "captured": captured, "received": received,
                        "daemon_cpu": daemon.cpu_total() - daemon.ready_cpu,
                        "receiver_cpu": receiver.cpu_total()}


def fast():
    """As fast as frames can be encoded, all of them delivered."""
    one = run(common.pick(600, 60), "--unpaced", mode="--lossless")
    rows = one.pop("rows")
    seconds = (rows[-1]["last_received_ns"] - rows[0]["last_received_ns"]) / 1e9
    one["fps"] = (len(rows) - 1) / seconds
    one["daemon_ms"] = one["daemon_cpu"] / one["received"] * 1e3
    one["receiver_ms"] = one["receiver_cpu"] / one["received"] * 1e3
    one["megabytes"] = sum(row["bytes"] for row in rows) / len(rows) / 1e6
    return one


def paced():
    """As a camera gives them, the newest at once."""
    one = run(common.pick(150, 30), "--fps", "30", mode="--live")
    # The first frames are sent while the path is still unknown and caches are cold.
    rows = one.pop("rows")[5:]
    one["stages"] = {name: [(row[to] - row[since]) / 1e6 for row in rows]
                     for name, since, to in STAGES}
    one["clock_error_us"] = max(row["clock_error_ns"] for row in rows) / 1e3
    one["daemon_ms"] = one["daemon_cpu"] / one["received"] * 1e3
    return one


def report_fast(results, found):
    cores, runs, bares = common.cores(), found["fast"], found["bare"]
    share, limit, cpu = [], [], []
    for one, alone in zip(runs, bares):
        # What the receiver used was not there to encode with.
        limit.append((cores - one["receiver_ms"] * one["fps"] / 1e3) / alone["cpu_ms"] * 1e3)
        share.append(one["fps"] / limit[-1])
        cpu.append(one["daemon_ms"] / alone["cpu_ms"])
    rows = [["frames/s", common.spread(one["fps"] for one in runs)],
            ["limit: (cores - receiver's) / bare CPU a frame", common.spread(limit)],
            ["frames/s of the limit", common.spread(share)],
            ["daemon CPU ms a delivered frame", common.spread(one["daemon_ms"] for one in runs)],
            ["bare libjpeg CPU ms a frame", common.spread(one["cpu_ms"] for one in bares)],
            ["daemon of bare", common.spread(cpu)],
            ["receiver CPU ms a frame", common.spread(one["receiver_ms"] for one in runs)],
            ["MB a frame", common.spread(one["megabytes"] for one in runs)],
            ["frames lost", f"{sum(one['captured'] - one['received'] for one in runs)} of "
                            f"{sum(one['captured'] for one in runs)}"]]
    results.table(f"{SIZE} photographs, unpaced, lossless, checked and counted",
                  ["", "median (least-most)"], rows)
    results.summary(f"{SIZE} unpaced: frames/s, of (cores - receiver's) / bare CPU a frame",
                    common.spread(share), "1")
    results.summary(f"{SIZE} unpaced, lossless: frames lost",
                    sum(one["captured"] - one["received"] for one in runs), "0")
    results.summary(f"{SIZE} unpaced: daemon CPU a delivered frame, of bare libjpeg's",
                    common.spread(cpu), "1")


def report_paced(results, found):
    cores, runs = common.cores(), found["paced"]
    rows = []
    for name, _, _ in STAGES:
        stages = [one["stages"][name] for one in runs]
        rows.append([name, *(common.spread(common.percentile(stage, percent) for stage in stages)
                             for percent in (50, 95, 99))])
    against = {}
    for kind in "warm", "cold":
        base = [one["latency_ms"] / cores for one in found[kind]]
        against[kind] = [common.spread(
            common.percentile(one["stages"][WHOLE], percent) / limit
            for one, limit in zip(runs, base)) for percent in (50, 95, 99)]
        rows.append([f"bare libjpeg, {kind}, / cores", common.spread(base), "", ""])
        rows.append([f"latency of that, {kind}", *against[kind]])
    results.table(f"{SIZE} photographs at 30 frames/s, live: ms", ["", "p50", "p95", "p99"], rows,
                  ["warm: pictures in a row; cold: one each 1/30 s, as here.",
                   f"clocks agree within {max(one['clock_error_us'] for one in runs):.0f} us; "
                   f"{sum(one['captured'] - one['received'] for one in runs)} of "
                   f"{sum(one['captured'] for one in runs)} frames were dropped"])
    cpu = common.spread(common.ratios([one["daemon_ms"] for one in runs],
                                      [one["cpu_ms"] for one in found["cold"]]))
    results.table("CPU at 30 frames/s", ["", "median (least-most)"],
                  [["daemon CPU ms a delivered frame",
                    common.spread(one["daemon_ms"] for one in runs)],
                   ["of bare libjpeg's, cold", cpu]])
    for i, percent in enumerate((50, 95, 99)):
        if percent != 95:
            results.summary(f"{SIZE}30: captured to last byte received, p{percent}, of bare "
                            "libjpeg's / cores", against["warm"][i], "1")
    results.summary(f"{SIZE}30: the same, p50, of bare libjpeg's at 30 frames/s / cores",
                    against["cold"][0], "1")
    results.summary(f"{SIZE}30: daemon CPU a delivered frame, of bare libjpeg's at 30 frames/s",
                    cpu, "1")


def main():
    results = common.Results("stream", "One stream, plain TCP, loopback")
    found = common.interleave(common.REPEATS, bare=bare, fast=fast)
    report_fast(results, found)
    latency = common.interleave(
        common.REPEATS, warm=bare, paced=paced,
        cold=lambda: encode.measure(SIZE, ["paced:1"], 0, loops=common.pick(6, 2),
                                    rounds=1)["paced:1"][0])
    report_paced(results, latency)
    results.save(unpaced=found, paced=latency)


if __name__ == "__main__":
    main()
