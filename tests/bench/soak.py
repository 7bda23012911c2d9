"""Many frames in a row: does anything grow, does anything get lost."""
import re
import time

import common

FRAMES = common.pick(200000, 20000)
SAMPLE_SECONDS = common.pick(0.25, 0.05)


def watch(programs, ended):
    """Samples (seconds, RSS of each) until the receiver has ended."""
    samples, begin = [], time.monotonic()
    while True:
        try:
            samples.append((time.monotonic() - begin, *(program.rss() for program in programs)))
        except (OSError, KeyError):  # a process that is ending has no memory map any more
            pass
        try:
            ended.wait(SAMPLE_SECONDS)
            return samples
        except RuntimeError:
            if time.monotonic() - begin > 10 * common.BOUND:
                raise


def idle_descriptors(daemon):
    """Once the daemon has buried its clients and the camera is off."""
    daemon.wait_until_idle()
    return daemon.descriptors()


def main():
    results = common.Results("soak", f"{FRAMES} frames of 320x240, unpaced, lossless")
    with common.daemon("--source", "pattern", "--size", "320x240", "--unpaced") as daemon:
        # One receiver before, so that what the daemon opens once is open.
        with common.receiver(daemon.address, "--null", "--frames", 10) as receiver:
            receiver.expect()
        before = idle_descriptors(daemon)
        with common.receiver(daemon.address, "--null", "--lossless", "--no-reconnect", "--frames",
                             FRAMES) as receiver:
            samples = watch([daemon, receiver], receiver)
            code = receiver.wait()
            captured, received, dropped = common.totals(receiver)
            seconds = receiver.ended - receiver.started
        after = idle_descriptors(daemon)
        said = re.findall(r"client .*: delivered (\d+), dropped (\d+)", daemon.log())[-1]
        told = tuple(int(word) for word in said)
        daemon_code = daemon.end()
    # The rate is even, so that time stands for frames. The first half may fill pools and caches.
    half = [sample for sample in samples[:-1] if sample[0] >= seconds / 2]
    points = [[(sample[0] / seconds * FRAMES, sample[i]) for sample in half] for i in (1, 2)]
    fits = [common.slope(each) for each in points]
    # What goes up and down as much as this tells a slope no finer than that over the frames.
    noise = [common.scatter(each) / (FRAMES / 2) for each in points]
    rows = []
    for i, name in enumerate(("daemon", "receiver"), 1):
        rows.append([name, samples[len(samples) // 2][i] / 1e6, samples[-2][i] / 1e6,
                     max(sample[i] for sample in samples) / 1e6,
                     f"{fits[i - 1]:.1f} +- {2 * noise[i - 1]:.1f}"])
    results.table("Memory", ["", "MB half-way", "MB at the end", "MB at most",
                             "bytes a frame, second half"], rows,
                  [f"{len(samples)} samples; +-: twice their scatter about the line, over its "
                   "length"])
    # The daemon finishes the frame under way, so that it may count one more than was asked for.
    exact = (code == 0 and daemon_code == 0 and dropped == 0 and received == captured == told[0]
             and told[1] == 0 and received - FRAMES in (0, 1))
    results.table("Totals", ["", ""], [
        ["asked for", FRAMES], ["captured = received + dropped",
                                f"{captured} = {received} + {dropped}"],
        ["the daemon's: delivered, dropped", f"{told[0]}, {told[1]}"],
        ["exact", "yes" if exact else "NO"], ["frames/s", received / seconds],
        ["descriptors before, after", f"{before}, {after}"]])
    for name, fit, error in zip(("daemon", "receiver"), fits, noise):
        results.summary(f"{name}'s memory, bytes a frame over the second half",
                        f"{fit:.1f} +- {2 * error:.1f}", "0")
    results.summary("descriptors that stayed open", float(after - before), "0")
    results.summary(f"totals of {FRAMES} frames exact at both ends", "yes" if exact else "NO",
                    "yes")
    results.save(samples=samples, fps=received / seconds)
    if not exact or after != before:
        raise SystemExit("soak: totals or descriptors are not what they should be:\n"
                         + receiver.log())


if __name__ == "__main__":
    main()
