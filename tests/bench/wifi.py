"""A live stream over a network that loses packets as Wi-Fi does: how old frames are when they are
there, with BBR, which the daemon takes where it can, and with cubic; against what a perfect sender
would do, and against GStreamer. Needs root, for network namespaces.
"""
import common
import link
import netns
import rivals

MEGABITS = 40
DELAY_US = 2000  # each way
CONDITIONS = {
    "1 % of packets lost": {"loss_per_1000": 10},
    "3 % of packets lost": {"loss_per_1000": 30},
    "bursts of 6 ms, begun by one packet of 1000": {"loss_per_1000": 1, "burst_us": 6000},
    "nothing passes for 200 ms of 5 s": {"outage_ms": 200, "every_ms": 5000},
}
WORST = "3 % of packets lost"  # what the summary is about
KINDS = "bbr", "cubic"
REPEATS = common.pick(3, 1)


def network(condition, kind):
    return netns.LossyLink(MEGABITS, kind, DELAY_US, **CONDITIONS[condition])


def figures(frames):
    """frames: (handed over, last byte) in ns."""
    begin = frames[0][0] + link.SKIP * 1e9
    frames = [frame for frame in frames if frame[0] >= begin]
    if len(frames) < 2:
        raise RuntimeError("next to no frames came over the link")
    ages = [(last - handed) / 1e6 for handed, last in frames]
    return {"p50": common.percentile(ages, 50), "p99": common.percentile(ages, 99),
            "worst": max(ages),
            "fps": (len(frames) - 1) / ((frames[-1][1] - frames[0][1]) / 1e9)}


def ours(condition, kind):
    with network(condition, kind) as path:
        rows = link.pitether(path)
    found = figures([(row["captured"], row["last"]) for row in rows])
    # It loses as much of its bandwidth as gets lost, but no time over it; it knows no bursts and no
    # outage.
    passes = 1 - CONDITIONS[condition].get("loss_per_1000", 0) / 1000
    rate = netns.goodput(MEGABITS, netns.LOSSY_PAYLOAD) * passes
    found["ideal"] = figures([(handed, last + DELAY_US * 1e3)
                              for handed, last in link.ideal(rows, rate)])
    return found


def gstreamer(condition, kind):
    with network(condition, kind) as path:
        return rivals.run(rivals.DROPPING, None, link.FPS, path)


def report(results, condition, found):
    def of(name, kind):
        return found[f"{condition} | {name} {kind}"]
    best = [one and one["ideal"] for one in of("pitether", "bbr")]
    columns = "p50", "p99", "worst", "fps"
    rows = [[f"{name}, {kind}", *(rivals.cell(of(name, kind), key) for key in columns)]
            for name in ("pitether", "GStreamer") for kind in KINDS]
    rows.append(["ideal", *(rivals.cell(best, key) for key in columns)])
    results.table(f"{condition}: {MEGABITS} Mbit/s, {2 * DELAY_US / 1000:g} ms there and back, "
                  f"{link.FPS} frames/s offered",
                  ["", "age p50 ms", "age p99 ms", "worst ms", "frames/s"], rows)
    if condition != WORST:
        return
    mine = of("pitether", "bbr")
    others = (("of those with cubic", of("pitether", "cubic"), True), ("of the ideal", best, False),
              ("of GStreamer's with BBR", of("GStreamer", "bbr"), False),
              ("of GStreamer's with cubic", of("GStreamer", "cubic"), True))
    for key, what, limit in (("p99", "age p99", "below 1"), ("fps", "frames/s", "above 1")):
        for whose, other, must in others:
            results.summary(f"3 % lost, with BBR: {what}, {whose}", rivals.ratio(mine, key, other),
                            limit if must else "")


def main():
    results = common.Results("wifi", "Live over a network that loses packets, plain TCP")
    failures = {}
    found = common.interleave(REPEATS, **{
        f"{condition} | {name} {kind}": (
            lambda c=condition, n=name, k=kind, m=measure: rivals.attempt(
                failures, f"{n}, {k}", lambda: m(c, k)))
        for condition in CONDITIONS for name, measure in (("pitether", ours),
                                                          ("GStreamer", gstreamer))
        for kind in KINDS})
    for condition in CONDITIONS:
        report(results, condition, found)
    print("\n  age: from the hand-over by the source to the last byte at the receiver; packets are "
          "lost each way;\n  ideal: the newest of the same frames whenever the link is free, at "
          "the rate that is left;\n  GStreamer is told to drop: recover-policy=latest units-soft-max=3")
    for name, why in failures.items():
        print(f"  {name} did not work every time: {why}")
    results.save(runs=found, failures=failures)
    # Some may get nothing over such a network in the short time of a smoke run; not all of them.
    if not any(one for runs in found.values() for one in runs):
        raise RuntimeError("nothing worked")


if __name__ == "__main__":
    main()
