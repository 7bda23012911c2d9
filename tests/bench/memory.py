"""The daemon's memory while a fifth of its receivers are stalled, and what the others get then."""
import json
import os
import time

import common
import pictures

SIZE, FPS = "1080p", 30
CLIENTS = 32
STALLED = CLIENTS // 5
READING = CLIENTS - STALLED
LIMIT_MB = 40

SECONDS = common.pick(60, 6)
SAMPLE_SECONDS = common.pick(1, 0.2)
ALONE_SECONDS = common.pick(10, 2)

# The daemon gives up on whom it hasn't heard for 15 s, and those that stall say nothing: others
# take their places before that, so that as many are stalled all the time.
GROUPS = common.pick(5, 3)
GROUP_SECONDS = SECONDS / GROUPS - 0.1  # the next one takes a moment to come

# Over when the first to stall have been replaced for a while: only then has all that the daemon
# does been done once.
WARM_UP = SECONDS / GROUPS * 1.25


def start_daemon():
    return common.daemon("--source", pictures.photographs(SIZE), "--fps", FPS)


def start_clients(daemon, clients, stalled, seconds):
    return common.many_clients(daemon.address, clients, stalled, round(seconds * 1e3))


def result(many):
    return json.loads(many.expect().lines[-1])


def sample(daemon, begin):
    return {"seconds": time.monotonic() - begin, "clients": daemon.connections(),
            **daemon.memory()}


def watch(daemon, program, begin, samples):
    """Samples about each SAMPLE_SECONDS until the program has ended."""
    while program.code is None:
        due = begin + (len(samples) + 1) * SAMPLE_SECONDS
        try:
            program.wait(max(0, due - time.monotonic()))
        except RuntimeError:  # it goes on
            samples.append(sample(daemon, begin))


def alone():
    """The receivers that read, without those that don't."""
    with start_daemon() as daemon, start_clients(daemon, READING, 0, ALONE_SECONDS) as many:
        one = result(many)
        one["peak_rss"] = daemon.peak_rss()
    return one


def with_stalled():
    """One reading receiver comes with each group of stalled ones, the others stay throughout."""
    with start_daemon() as daemon:
        listening = daemon.memory()
        with start_clients(daemon, READING - 1, 0, SECONDS) as many:
            many.wait_for("^begin$")
            begin, samples, groups = time.monotonic(), [], []
            for _ in range(GROUPS):
                with start_clients(daemon, STALLED + 1, STALLED, GROUP_SECONDS) as group:
                    watch(daemon, group, begin, samples)
                    groups.append(result(group))
            watch(daemon, many, begin, samples)
            stay = result(many)
        peak = daemon.peak_rss()
    return {"listening": listening, "samples": samples, "stay": stay, "groups": groups,
            "peak_rss": max(peak, *(one["Rss"] for one in samples))}


def kept_pictures(samples):
    """Bytes of the pictures that the .y4m source holds, as it does with short files: they are read
    into memory of its own, so that they count as anonymous, not as the file's. 0 if it doesn't."""
    width, height = pictures.SIZES[SIZE]
    size = len(pictures.NAMES) * width * height * 3 // 2
    assert os.path.getsize(pictures.photographs(SIZE)) >= size
    return size if min(one["Anonymous"] for one in samples) >= size else 0


def slope_text(figure):
    return f"{figure['slope']:.0f} +- {figure['error']:.0f}"


def report_memory(results, found):
    """Prints the table; returns the rows' figures."""
    samples, kept = found["samples"], kept_pictures(found["samples"])
    # Whether a library's page that nobody wrote to is private or shared depends on what else runs:
    # Private_Clean and Pss tell of that, so they are with the raw samples only.
    kinds = {"RSS": lambda one: one["Rss"],
             "RSS but for kept pictures": lambda one: one["Rss"] - kept,
             "private (written to)": lambda one: one["Private_Dirty"],
             "private but for kept pictures": lambda one: one["Private_Dirty"] - kept,
             "kept pictures: private, anonymous": lambda one: kept,
             "of files: program, libraries": lambda one: one["Rss"] - one["Anonymous"]}
    rows, figures = [], {}
    for name, kind in kinds.items():
        values = [kind(one) for one in samples]
        points = [(one["seconds"], kind(one)) for one in samples if one["seconds"] >= WARM_UP]
        most = max(values)
        if name.startswith("RSS"):
            most = kind({"Rss": found["peak_rss"]})
        figures[name] = {"mb": most / 1e6, "slope": common.slope(points),
                         "error": common.slope_error(points)}
        rows.append([name, kind(found["listening"]) / 1e6, common.percentile(values, 50) / 1e6,
                     most / 1e6, slope_text(figures[name]), (points[-1][1] - points[0][1]) / 1e3])
    stalled = sum(one["seconds"] for one in found["groups"])
    all_there = sum(one["clients"] == CLIENTS for one in samples)
    results.table(
        f"The daemon's memory, MB of 10^6 bytes; {STALLED} of {CLIENTS} clients stalled",
        ["", "listening", "p50", "peak", "bytes/s", "kB gained"], rows,
        [f"{found['stay']['seconds']:.0f} s of streaming, {STALLED} clients stalled for "
         f"{stalled:.1f} s of them; the daemon ends whom it hasn't heard for",
         f"15 s, so that others take their places, {GROUPS - 1} times. All {CLIENTS} were "
         f"connected at {all_there} of {len(samples)} samples.",
         f"bytes/s: least-squares slope after {WARM_UP:.0f} s, +- its standard error as if samples "
         "were independent, which",
         "those beside a step are not; gained: from there to the last sample.",
         "Peak of RSS: the kernel's (VmHWM), of the daemon's whole life; all else is of the "
         "samples.",
         f"Kept pictures: the {len(pictures.NAMES)} of the .y4m file, which only this source has "
         "in memory; a camera has its own",
         "buffers instead, which are not in here. Neither are the kernel's buffers of sockets."])
    return figures


def lost(one):
    return one["dropped"] / (one["delivered"] + one["dropped"])


def report_clients(results, found, without):
    """Prints what came to the receivers that read, all in one and beside those without stalled
    ones; returns the first."""
    parts = [found["stay"], *found["groups"]]
    together = {key: sum(one[key] for one in parts) for key in ("delivered", "dropped")}
    # Seconds of all clients together.
    together["due"] = FPS * sum(one["seconds"] * (one["clients"] - one["stalled"])
                                for one in parts)
    together["least"] = min(one["least_delivered"] / one["seconds"] for one in parts)
    together["p95"] = max(one["slowest_p95_ms"] for one in parts)
    rows = [[f"{READING}, and {STALLED} stalled", together["due"], together["delivered"],
             together["dropped"], f"{lost(together):.3%}", together["least"], together["p95"]],
            [f"{READING} alone, {ALONE_SECONDS} s", FPS * without["seconds"] * READING,
             without["delivered"], without["dropped"], f"{lost(without):.3%}",
             without["least_delivered"] / without["seconds"], without["slowest_p95_ms"]]]
    results.table(
        "What the clients got that read",
        ["", "frames due", "delivered", "dropped", "dropped of all", "least frames/s",
         "slowest p95 ms"], rows,
        [f"due: {FPS} frames/s; each time that counting begins or ends may make one of "
         "difference for a client.",
         f"Peak RSS with {READING} clients alone: {without['peak_rss'] / 1e6:.1f} MB."])
    return together


def main():
    results = common.Results(
        "memory", f"{SIZE} photographs at {FPS} frames/s to {CLIENTS} live receivers, of which a "
        f"fifth, rounded down to {STALLED}, stall")
    without = alone()
    found = with_stalled()
    figures = report_memory(results, found)
    together = report_clients(results, found, without)
    what = f"{CLIENTS} clients, {STALLED} stalled: "
    for name in "RSS", "RSS but for kept pictures":
        results.summary(f"{what}peak {name}, MB", figures[name]["mb"], f"at most {LIMIT_MB}")
    for name in "RSS", "private (written to)":
        results.summary(f"{what}slope of {name}, bytes/s", slope_text(figures[name]), "0")
    results.summary(f"{what}frames that the other {READING} lost",
                    f"{together['dropped']} of {together['delivered'] + together['dropped']}",
                    f"{lost(without):.3%} without stalled ones")
    results.save(found=found, alone=without, figures=figures)


if __name__ == "__main__":
    main()
