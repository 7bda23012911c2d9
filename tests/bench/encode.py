"""Encoding: pitether's encoder against bare libjpeg-turbo, from memory to memory."""
import json
import subprocess

import common
import pictures

QUALITY = "80"

# What a source may hand over, and how it may have to be converted: see formats.h.
YUV_FORMATS = ("YUV420", "NV12", "YUV422", "YUYV", "YUV444", "GREY")
OTHER_FORMATS = ("RGB", "BGR", "JPEG")
CONVERSIONS = {"as it is": "", "limited range": ",limited", "BT.709": ",bt709",
               "both": ",limited,bt709", "mirrored": ",hflip",
               "turned by 90": ",vflip,transpose"}
# What a conversion may cost, of the same format without.
LIMITS = {"limited range": 1.08, "both": 1.15, "turned by 90": 1.15}


def forms(kind):
    """{format: {conversion: variant}}."""
    found = {}
    for each in YUV_FORMATS + OTHER_FORMATS:
        names = [name for name, words in CONVERSIONS.items()
                 if each in YUV_FORMATS or not words or ("flip" in words and each != "JPEG")]
        found[each] = {name: f"{kind}@{each}{CONVERSIONS[name]}" for name in names}
    return found


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


def measure_forms(results, size):
    """A table of all formats and conversions. Each format's are measured in turn with each other
    and with planar 4:2:0."""
    base, rows, raw = "pipeline:1@YUV420", [], {}
    for each, variants in forms("pipeline:1").items():
        found = raw[each] = measure(size, list(dict.fromkeys([base, *variants.values()])),
                                    common.pick(300, 50))
        plain = found[variants["as it is"]]
        for name, variant in variants.items():
            of_planar = ratio(found[variant], "cpu_ms", found[base], "cpu_ms")
            of_plain = ratio(found[variant], "cpu_ms", plain, "cpu_ms")
            rows.append([f"{each}, {name}", common.spread(column(found[variant], "cpu_ms")),
                         of_planar, of_plain])
            if each in ("YUV420", "NV12") and name in LIMITS:
                results.summary(f"{size}, {each}, {name}: CPU a frame, of the same as it is",
                                of_plain, str(LIMITS[name]))
    results.table(f"{size}, 1 thread, by what the source hands over: median (least-most)",
                  ["", "CPU ms", "of YUV420", "of as it is"], rows,
                  ["as it is: full range, BT.601, not mirrored. 4:2:2 and 4:4:4 have more to encode.",
                   "JPEG: a camera's own, passed on."])
    return raw


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
    raw["forms"] = measure_forms(results, common.pick("1080p", "480p"))
    results.save(rounds=raw)


if __name__ == "__main__":
    main()
