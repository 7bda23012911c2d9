"""What the metadata of frames cost: the test pattern reports as many values as a Pi's camera.

Its pictures are as small as they can be, so that little else is left of a frame.
"""
import common
import encode

SIZE = "16x16"
# Frames that report all, and those that leave out what can be set, which is most of it.
SOURCES = {"30 values": [], "11 values": ["--pattern-faults", "unreported@0"]}


def run(*options):
    """CPU time of daemon and receiver for a frame, in microseconds."""
    frames = common.pick(50000, 2000)
    with common.daemon("--source", "pattern", "--size", SIZE, "--unpaced", "--frames", frames,
                       *options) as daemon:
        with common.receiver(daemon.address, "--null", "--lossless", "--frames", frames) as receiver:
            receiver.expect()
            daemon.expect()
            _, received, _ = common.totals(receiver)
            return {"daemon": (daemon.cpu_total() - daemon.ready_cpu) / received * 1e6,
                    "receiver": receiver.cpu_total() / received * 1e6}


def bare():
    """libjpeg-turbo's CPU time for a picture of 1080p, in microseconds."""
    return encode.measure("1080p", ["bare:1"], common.pick(400, 50), rounds=1)["bare:1"][0][
        "cpu_ms"] * 1e3


def main():
    results = common.Results("metadata", "Metadata that travel with each frame")
    found = common.interleave(common.REPEATS, bare=bare,
                              **{name: lambda options=options: run(*options)
                                 for name, options in SOURCES.items()})
    full, some = (found[name] for name in SOURCES)
    rows = []
    for side in "daemon", "receiver":
        times = [[one[side] for one in runs] for runs in (full, some)]
        rows.append([f"{side}'s CPU for a frame, us", *map(common.spread, times),
                     common.spread(common.ratios(*times)),
                     common.spread(common.ratios(times[0], found["bare"]))])
    results.table(f"{SIZE} pattern, unpaced, lossless", ["", *SOURCES, "ratio",
                                                         "all of it, of bare libjpeg's for 1080p"],
                  rows)
    for row in rows:
        results.summary(f"{row[0].partition(',')[0]} of {SIZE} with 30 values, of bare libjpeg's "
                        "for 1080p", row[4], "0.01")
    results.save(cpu=found)


if __name__ == "__main__":
    main()
