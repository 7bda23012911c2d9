"""A live stream over a network that is slower than what it is offered: how old frames are when they
are there, and how much of the link is used, against what a perfect sender would do and against a
plain one. Needs root, for network namespaces.
"""
import csv
import glob
import os
import sys
import time

import common
import netns
import pictures

SIZE = "1080p"
FPS = 30
LOOP = len(pictures.NAMES)
RATES = (5, 20, 100)
SECONDS = common.pick(10, 3)
SKIP = common.pick(2, 1)  # s at the beginning, in which the path is still unknown
REPEATS = common.pick(3, 1)
PORT = 7484
BLOCKING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "blocking.py")


def pitether(link):
    """The rows of the frames that were received; captured and last are in ns of CLOCK_MONOTONIC.

    They are those of --save and not of --latency, whose times of the device are by the receiver's
    own notion of its clock. Here both ends are on one machine, so that the difference of its two
    clocks says it exactly, and what the receiver says of it can be held against that."""
    offset = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    with common.folder() as folder:
        frames = os.path.join(folder, "frames")
        address = f"{netns.DEVICE}:{PORT}"
        with common.Program(*link.device(
                common.PITETHERD, "--listen", address, "--insecure-plaintext", "--source",
                pictures.photographs(SIZE), "--fps", FPS)) as daemon:
            daemon.wait_for("listening on")
            with common.Program(*link.host(common.PITETHER, "--save", frames, "--live",
                                           "--duration", SECONDS, address)) as receiver:
                receiver.expect()
        with open(os.path.join(frames, "frames.csv"), encoding="ascii", newline="") as file:
            return [{"id": int(row["id"]), "bytes": int(row["bytes"]),
                     "captured": int(row["captured_ns"]) - offset,
                     "encoded": int(row["encode_end_ns"]) - offset,
                     "last": int(row["received_host_ns"]),
                     "clock_error": int(row["clock_error_ns"] or 0),
                     "clock_off": abs(int(row["clock_offset_ns"] or offset) - offset)}
                    for row in csv.DictReader(file)]


def ideal(rows, rate):
    """(captured, last byte) in ns of each frame that a sender would deliver that knows the link,
    given the same pictures: whenever the link is free, the newest frame goes, at its full rate."""
    size = {row["id"] % LOOP: row["bytes"] for row in rows}
    encoding = {row["id"] % LOOP: row["encoded"] - row["captured"] for row in rows}
    known = {row["id"]: row["captured"] for row in rows}
    first, last = rows[0]["id"], rows[-1]["id"]
    captured, before = [], first
    for number in range(first, last + 1):
        if number in known:
            before = number
        captured.append(known[before] + (number - before) * 1e9 / FPS)
    # What tbf lets through at once after a pause, which is no more than the link's due on average.
    burst = netns.BURST * netns.PAYLOAD
    tokens, free, k, delivered = burst, captured[0], 0, []
    while k < len(captured):
        start = max(free, captured[k])
        while k + 1 < len(captured) and captured[k + 1] <= start:
            k += 1
        residue = (first + k) % LOOP
        # A picture that was never delivered has an unknown size; it is passed over.
        if residue in size:
            tokens = min(burst, tokens + (start - free) / 1e9 * rate)
            sent = start + max(0, size[residue] - tokens) / rate * 1e9
            tokens = max(0, tokens - size[residue])
            free = max(sent, captured[k] + encoding[residue])
            delivered.append((captured[k], free))
        k += 1
    return delivered


def figures(frames, begin, megabits):
    """frames: (handed over, last byte, bytes), those handed over after begin."""
    frames = [frame for frame in frames if frame[0] >= begin + SKIP * 1e9]
    if len(frames) < 2:
        raise RuntimeError("next to no frames came over the link")
    ages = [(last - handed) / 1e6 for handed, last, _ in frames]
    found = {"p50": common.percentile(ages, 50), "p95": common.percentile(ages, 95)}
    seconds = (frames[-1][1] - frames[0][1]) / 1e9
    found["fps"] = (len(frames) - 1) / seconds
    found["use"] = sum(size for _, _, size in frames[1:]) / seconds / netns.goodput(megabits)
    return found


def measure(megabits):
    """One run of pitether over a link, and what would have been ideal."""
    with netns.Link(megabits) as link:
        rows = pitether(link)
    begin = rows[0]["captured"]
    found = figures([(row["captured"], row["last"], row["bytes"]) for row in rows], begin, megabits)
    found["clock_error_ms"] = max(row["clock_error"] for row in rows) / 1e6
    found["clock_untrue"] = sum(row["clock_off"] > row["clock_error"] for row in rows)
    best = figures([(handed, last, 0) for handed, last in ideal(rows, netns.goodput(megabits))],
                   begin, megabits)
    found["ideal"] = {key: best[key] for key in ("p50", "p95", "fps")}
    found["megabytes"] = sum(row["bytes"] for row in rows) / len(rows) / 1e6
    return found


def blocking(megabits, files):
    with netns.Link(megabits) as link, \
         common.Program(*link.device(sys.executable, BLOCKING, "send", netns.DEVICE, PORT, SECONDS,
                                     *files)) as sender:
        sender.wait_for("listening")
        with common.Program(*link.host(sys.executable, BLOCKING, "receive", netns.DEVICE,
                                       PORT)) as receiver:
            receiver.expect()
        sender.expect()
    frames = [tuple(int(word) for word in line.split()) for line in receiver.lines]
    return figures(frames, frames[0][0], megabits)


def save_pictures(folder):
    """The loop's JPEGs, as the daemon makes them."""
    with common.daemon("--source", pictures.photographs(SIZE), "--frames", LOOP,
                       "--unpaced") as daemon, \
         common.receiver(daemon.address, "--save", folder, "--frames", LOOP) as receiver:
        receiver.expect()
    return sorted(glob.glob(os.path.join(folder, "*.jpg")),
                  key=lambda path: int(path.rpartition("-")[2][:-4]))


def report(results, megabits, ours, plain):
    def over(*keys):
        values = ours
        for key in keys:
            values = [one[key] for one in values]
        return values
    best = over("ideal")
    ratio = {key: common.spread(common.ratios(over(key), [one[key] for one in best]))
             for key in ("p50", "p95")}
    use = common.spread(over("use"))
    plain_ratio = {key: common.spread(common.ratios([one[key] for one in plain],
                                                    [one[key] for one in best]))
                   for key in ("p50", "p95")}

    def row(name, runs, use):
        return [name, *(common.spread(one[key] for one in runs) for key in ("p50", "p95", "fps")),
                use]
    results.table(
        f"{megabits} Mbit/s: {SIZE} photographs, quality 80, {FPS} frames/s offered",
        ["", "age p50 ms", "age p95 ms", "frames/s", "link use"],
        [row("pitether", ours, use), row("ideal", best, ""),
         row("plain blocking sender", plain, common.spread(one["use"] for one in plain)),
         ["pitether / ideal", ratio["p50"], ratio["p95"], "", ""],
         ["blocking / ideal", plain_ratio["p50"], plain_ratio["p95"], "", ""]],
        [f"{common.spread(over('megabytes'))['median']:.3f} MB a delivered frame; the receiver "
         f"itself knew the device's clock within {max(over('clock_error_ms')):.2f} ms, and was "
         f"wrong about that for {sum(over('clock_untrue'))} frames"])
    if megabits == 5:
        results.summary("5 Mbit/s: error of the device's clock as stated, ms",
                        common.spread(over("clock_error_ms")), "1")
    if megabits == 20:
        results.summary("20 Mbit/s: age p50, of the ideal newest-wins sender's", ratio["p50"],
                        "1.15")
        results.summary("20 Mbit/s: age p95, of the ideal newest-wins sender's", ratio["p95"],
                        "1.25")
        results.summary("20 Mbit/s: link use, of the goodput limit", use, "0.95")
        for key in "p50", "p95":
            results.summary(f"20 Mbit/s: a plain blocking sender's age {key}, of the ideal's",
                            plain_ratio[key], "")


def main():
    results = common.Results("link", "Live over a link of limited rate, plain TCP")
    with common.folder() as folder:
        files = save_pictures(folder)
        found = common.interleave(REPEATS, **{
            f"{name} {megabits}": (lambda m=megabits, f=call: f(m)) for megabits in RATES
            for name, call in (("pitether", measure),
                               ("blocking", lambda m: blocking(m, files)))})
    for megabits in RATES:
        report(results, megabits, found[f"pitether {megabits}"], found[f"blocking {megabits}"])
    print("\n  age: from the hand-over by the source (blocking: the tick) to the last byte at the "
          "receiver;\n  ideal: the newest of the same frames whenever the link is free, at its "
          "full rate;\n  link use: of pictures' bytes alone; the limit is the link's rate less the "
          "packets' headers;\n  the blocking sender is spared the encoding; cubic for all")
    results.save(runs=found)


if __name__ == "__main__":
    main()
