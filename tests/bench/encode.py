"""Encoding: pitether's encoder against bare libjpeg-turbo, from memory to memory."""
import json
import subprocess

import common
import pictures

QUALITY = "80"


def measure(size, variants, milliseconds, loops=0, rounds=common.REPEATS):
    """Runs bench_encode; {variant: [one measurement for each round]}."""
    lines = subprocess.run(
        [common.BENCH_ENCODE, pictures.photographs(size), QUALITY, str(rounds), str(milliseconds),
         str(loops), *variants], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {name: [] for name in variants}
    for line in lines.splitlines():
        one = json.loads(line)
        one["cpu_ms"] = one["cpu_ns"] / one["frames"] / 1e6
        one["wall_ms"] = one["wall_ns"] / one["frames"] / 1e6
        one["latency_ms"] = one["latency_mean_ns"] / 1e6
        found[one["variant"]].append(one)
    return found


def column(runs, key):
    return [run[key] for run in runs]


def ratio(runs, key, base, base_key, factor=1.0):
    """The spread of one figure over another, round by round."""
    return common.spread(factor * value for value in
                         common.ratios(column(runs, key), column(base, base_key)))


def thread_counts():
    """1, 2, 4, ... and all the cores."""
    cores, counts, count = common.cores(), [], 1
    while count < cores:
        counts.append(count)
        count *= 2
    return [*counts, cores]


def named(threads):
    return "1 thread" if threads == 1 else f"{threads} threads"


def main():
    results = common.Results("encode", "Encoding from memory to memory, photographs, quality 80")
    counts, rows, raw = thread_counts(), [], {}
    variants = ["bare:1"]
    for threads in counts:
        variants += [f"latency:{threads}", f"pipeline:{threads}"]
        variants += [f"bare:{threads}"] if threads > 1 else []
    for size in common.pick(["480p", "720p", "1080p", "4K"], ["480p", "1080p"]):
        found = raw[size] = measure(size, variants, common.pick(400, 50))
        bare = found["bare:1"]
        for threads in counts:
            one, many = found[f"latency:{threads}"], found[f"pipeline:{threads}"]
            cpu = ratio(many, "cpu_ms", bare, "cpu_ms")
            latency = ratio(one, "latency_ms", bare, "latency_ms", threads)
            speed = ratio(found[f"bare:{threads}"], "wall_ms", many, "wall_ms")
            scaling = ratio(found["pipeline:1"], "wall_ms", many, "wall_ms")
            rows.append([f"{size}, {named(threads)}",
                         common.spread(column(bare, "cpu_ms")),
                         common.spread(column(many, "cpu_ms")), cpu,
                         common.spread(column(one, "latency_ms")), latency,
                         common.spread(1000 / value for value in column(many, "wall_ms")), speed,
                         scaling])
            if threads in (1, counts[-1]):
                what = f"{size}, {named(threads)}: "
                results.summary(what + "CPU a frame, of bare libjpeg's", cpu, "1")
                results.summary(what + "latency, of bare libjpeg's / threads", latency, "1")
                results.summary(what + "frames/s, of as many bare libjpegs at once", speed, "1")
    results.table(
        "Median (least-most)",
        ["", "bare CPU ms", "CPU ms", "of bare", "latency ms", "of bare/threads", "frames/s",
         "of bare x threads", "of 1 thread"], rows,
        ["bare: libjpeg-turbo alone, one thread, whole pictures; bare x threads: so many at once.",
         "latency: one picture at a time; frames/s and CPU: pictures in a row."])
    results.save(rounds=raw)


if __name__ == "__main__":
    main()
