"""The same pictures through GStreamer and ffmpeg: CPU, speed, and how old frames are when they are
there. Needs root, for the slow link's network namespaces. Ends with a chart of ages over link
rates, latency.svg, for which it takes link.json too, if that is there.
"""
import json
import os
import socket
import subprocess
import sys

import common
import latency_chart
import link
import netns
import pictures
import stream

SIZE = link.SIZE
FPS = link.FPS
SECONDS = common.pick(7, 3)
SKIP = link.SKIP
REPEATS = common.pick(3, 1)
UNPACED = common.pick(400, 40)  # frames
MJPEG_AGES = os.path.join(common.BUILD, "tests", "bench", "mjpeg_ages")
FEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "feed_y4m.py")

OURS, DROPPING = "pitether", "GStreamer, told to drop"
RIVALS = "GStreamer", "ffmpeg"
BLOCKING = "blocking sender, pre-encoded"


def gstreamer_reads(fifo):
    # By fdsrc, since filesrc waits for whole blocks, and so for the next frame; and by large
    # blocks, since the default of 4096 bytes would make reading dearer than encoding.
    return ["sh", "-c", 'exec "$@" <"$0"', fifo, "gst-launch-1.0", "-q", "fdsrc",
            "blocksize=1048576", "!", "y4mdec", "!"]


def gstreamer(fifo, address, port, *sink):
    # sync=false: not held to time stamps, which would delay frames.
    return [*gstreamer_reads(fifo), "jpegenc", "quality=80", "!", "multipartmux", "!",
            "tcpserversink", f"host={address}", f"port={port}", "sync=false", *sink]


def ffmpeg_reads(fifo):
    return ["ffmpeg", "-nostdin", "-v", "error", "-probesize", "32", "-analyzeduration", "0",
            "-fflags", "nobuffer", "-f", "yuv4mpegpipe", "-i", fifo, "-fps_mode", "passthrough"]


def ffmpeg(fifo, address, port, scale, threads):
    return [*ffmpeg_reads(fifo), "-c:v", "mjpeg", "-q:v", scale, "-threads", threads,
            "-flush_packets", "1", "-f", "mjpeg", f"tcp://{address}:{port}?listen=1"]


def command(name, fifo, address, port, scale, fps):
    if name == "ffmpeg":
        # With several threads it holds as many frames back: good for speed, bad for age.
        return ffmpeg(fifo, address, port, scale, 1 if fps else common.cores())
    if name == DROPPING:
        # multipartmux makes three buffers of a frame.
        return gstreamer(fifo, address, port, "recover-policy=latest", "units-soft-max=3",
                         "units-max=30")
    return gstreamer(fifo, address, port)


def closest_scale(wanted):
    """ffmpeg's -q:v whose pictures are closest to so many bytes in size, and their bytes."""
    found = []
    for scale in range(2, 8):
        data = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-i", pictures.photographs(SIZE), "-c:v", "mjpeg",
             "-q:v", str(scale), "-f", "mjpeg", "-"], capture_output=True, check=True).stdout
        found.append((abs(len(data) / link.LOOP - wanted), scale, len(data) / link.LOOP))
    return min(found)[1:]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def nowhere(*words):
    return words


def run(name, scale, fps, network=None):
    """One stream of a rival: CPU a frame, frames/s and ages in ms."""
    address, port = (netns.DEVICE, link.PORT) if network else ("127.0.0.1", free_port())
    device, host = (network.device, network.host) if network else (nowhere, nowhere)
    with common.folder() as folder:
        fifo = os.path.join(folder, "camera.y4m")
        os.mkfifo(fifo)
        with common.Program(*device(*command(name, fifo, address, port, scale, fps))) as server, \
             common.Program(sys.executable, FEED, pictures.photographs(SIZE), fifo, fps) as feeder:
            with common.Program(*host(MJPEG_AGES, address, port, SECONDS * 1000,
                                      0xffff if fps else UNPACED)) as receiver:
                receiver.wait_for("^begin")
                before = server.cpu()
                receiver.wait_for("^end")
                cpu = server.cpu() - before
                receiver.expect()
            server.end()
            feeder.wait()  # its pipe has no reader any more
    handed = {}
    for line in feeder.lines:
        number, begin, end = map(int, line.split())
        handed[number] = begin, end
    rows = [tuple(map(int, line.split()))
            for line in receiver.lines[receiver.lines.index("end") + 1:]]
    seconds = (rows[-1][1] - rows[0][1]) / 1e9
    found = {"cpu_ms": cpu / (len(rows) - 1) * 1e3, "fps": (len(rows) - 1) / seconds,
             "kilobytes": sum(size for _, _, size in rows) / len(rows) / 1e3,
             "unreadable": sum(number not in handed for number, _, _ in rows)}
    if fps:
        kept = [(handed[number], last) for number, last, _ in rows
                if number in handed and last >= rows[0][1] + SKIP * 1e9]
        # A camera would have handed the frame over in no time, so that what writing to the pipe
        # takes is not the rival's; but it is where the rival lets it wait.
        pipe = common.percentile([end - begin for begin, end in handed.values()], 5) / 1e6
        ages = [(last - begin) / 1e6 - pipe for (begin, _), last in kept]
        for percent in 50, 95, 99:
            found[f"p{percent}"] = common.percentile(ages, percent)
        found["worst"] = max(ages)
        found["pipe_ms"] = pipe
    return found


def over_link(name, scale, megabits):
    if name == OURS:
        return link.measure(megabits)
    with netns.Link(megabits) as network:
        return run(name, scale, FPS, network)


def ours(fps):
    """pitether over loopback, in the same words."""
    if not fps:
        one = stream.run(UNPACED, "--unpaced", mode="--lossless")
    else:
        one = stream.run(SECONDS * FPS, "--fps", FPS, mode="--live")
    rows = one["rows"]
    seconds = (rows[-1]["last_received_ns"] - rows[0]["last_received_ns"]) / 1e9
    ages = [(row["last_received_ns"] - row["captured_ns"]) / 1e6 for row in rows
            if row["captured_ns"] >= rows[0]["captured_ns"] + SKIP * 1e9 or not fps]
    return {"cpu_ms": one["daemon_cpu"] / one["received"] * 1e3, "fps": (len(rows) - 1) / seconds,
            "kilobytes": sum(row["bytes"] for row in rows) / len(rows) / 1e3, "unreadable": 0,
            "p50": common.percentile(ages, 50), "p95": common.percentile(ages, 95)}


def reading(name):
    """CPU ms a frame that a rival takes to read .y4m from a pipe, without encoding."""
    with common.folder() as folder:
        fifo = os.path.join(folder, "camera.y4m")
        os.mkfifo(fifo)
        if name == "ffmpeg":
            words = [*ffmpeg_reads(fifo), "-frames:v", UNPACED, "-f", "null", "-"]
        else:
            words = [*gstreamer_reads(fifo), "identity", f"eos-after={UNPACED + 1}", "!",
                     "fakesink"]
        with common.Program(*words) as reader, \
             common.Program(sys.executable, FEED, pictures.photographs(SIZE), fifo, 0) as feeder:
            reader.expect()
            feeder.wait()
        # Starting up is a part of it that a short run sees more of.
        return reader.cpu_total() / UNPACED * 1e3


def attempt(failures, name, measure):
    """What it returns, or None with the reason in failures: one that does not work leaves its cells
    empty, and the others their own."""
    try:
        return measure()
    except (RuntimeError, OSError, ValueError, IndexError, ZeroDivisionError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        failures.setdefault(name, (lines or [repr(error)])[-1][:200])
        return None


def cell(runs, key):
    values = [one[key] for one in runs if one]
    return common.spread(values) if values else ""


def collect(failures, scale):
    """{(what, name): runs}, each turn measuring everything once."""
    measures = {}
    for name in (OURS, *RIVALS):
        for fps in (0, FPS):
            measures["unpaced" if not fps else "paced", name] = (
                lambda n=name, f=fps: ours(f) if n == OURS else run(n, scale, f))
    for name in RIVALS:
        measures["reading", name] = lambda n=name: {"cpu_ms": reading(n)}
    for megabits in link.RATES:
        for name in (OURS, RIVALS[0], DROPPING, RIVALS[1]):
            measures[f"{megabits} Mbit/s", name] = (
                lambda n=name, m=megabits: over_link(n, scale, m))
    found = common.interleave(REPEATS, **{
        " | ".join(key): (lambda n=key[1], m=measure: attempt(failures, n, m))
        for key, measure in measures.items()})
    return {tuple(key.split(" | ")): runs for key, runs in found.items()}


def ratio(runs, key, base, base_key=None):
    pairs = [(one[key], other[base_key or key]) for one, other in zip(runs, base) if one and other]
    return common.spread(a / b for a, b in pairs) if pairs else ""


def report_loopback(results, found, failures, scale):
    rows = []
    for name in (OURS, *RIVALS):
        fast, paced = found["unpaced", name], found["paced", name]
        rows.append([name, cell(fast, "kilobytes"), cell(fast, "fps"), cell(fast, "cpu_ms"),
                     cell(paced, "cpu_ms"), cell(found.get(("reading", name), []), "cpu_ms"),
                     cell(paced, "p50"), cell(paced, "p95")])
    unreadable = sum(one["unreadable"] for runs in found.values() for one in runs
                     if one and "unreadable" in one)
    pipe = cell([one for name in RIVALS for one in found["paced", name]], "pipe_ms")
    results.table(
        f"Loopback, {SIZE} photographs: unpaced, and at {FPS} frames/s",
        ["", "kB a frame", "unpaced frames/s", "unpaced CPU ms/frame", f"CPU ms/frame at {FPS}",
         "of that reading", "age p50 ms", "age p95 ms"], rows,
        ["pitetherd reads its loop as a file, the others' comes through a pipe: \"of that "
         "reading\" is what",
         f"this costs them (unpaced). Writing a frame into it takes {common.show(pipe)} ms, "
         "which their ages don't count.",
         "Age: from the hand-over to the last byte received. The feeder's CPU is not counted.",
         f"ffmpeg: -q:v {scale}, whose pictures come closest to ours in size; one thread at {FPS} "
         f"frames/s, {common.cores()} unpaced.",
         f"Frames whose number could not be read: {unreadable}.",
         *(f"{name} did not work every time: {why}" for name, why in failures.items())])
    for name in RIVALS:
        results.summary(f"unpaced frames/s, of {name}'s",
                        ratio(found["unpaced", OURS], "fps", found["unpaced", name]), "")
        results.summary(f"{FPS} frames/s: CPU a delivered frame, of {name}'s",
                        ratio(found["paced", OURS], "cpu_ms", found["paced", name]), "")
        results.summary(f"{FPS} frames/s, loopback: age p50, of {name}'s",
                        ratio(found["paced", OURS], "p50", found["paced", name]), "below 1")


def report_links(results, found):
    rows = []
    for megabits in link.RATES:
        for name in (OURS, RIVALS[0], DROPPING, RIVALS[1]):
            runs = found[f"{megabits} Mbit/s", name]
            rows.append([f"{megabits} Mbit/s, {name}",
                         *(cell(runs, key) for key in ("p50", "p95", "fps"))])
    results.table(f"Over a slow link, {FPS} frames/s offered",
                  ["", "age p50 ms", "age p95 ms", "frames/s"], rows,
                  ["GStreamer's sink queues without bound unless told otherwise, so that its age "
                   f"grows on a link that is too slow, here for {SECONDS} s;",
                   "told to drop: recover-policy=latest units-soft-max=3."])
    for name in (DROPPING, RIVALS[1]):
        for key in "p50", "p95":
            results.summary(f"20 Mbit/s: age {key}, of that of {name}", ratio(
                found["20 Mbit/s", OURS], key, found["20 Mbit/s", name]), "below 1")


def chart(found):
    series = {name: {megabits: cell(found[f"{megabits} Mbit/s", name], "p50")
                     for megabits in link.RATES} for name in (RIVALS[0], DROPPING, RIVALS[1])}
    own = {megabits: [one for one in found[f"{megabits} Mbit/s", OURS] if one]
           for megabits in link.RATES}
    series[OURS] = {m: cell(runs, "p50") for m, runs in own.items()}
    series["ideal"] = {m: cell([one["ideal"] for one in runs], "p50") for m, runs in own.items()}
    path = os.path.join(common.RESULTS, "link.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            runs = json.load(file)["raw"]["runs"]
        for megabits in link.RATES:
            series[OURS][megabits] = cell(runs[f"pitether {megabits}"], "p50")
            series["ideal"][megabits] = cell(
                [one["ideal"] for one in runs[f"pitether {megabits}"]], "p50")
        series[BLOCKING] = {
            megabits: cell(runs[f"blocking {megabits}"], "p50") for megabits in link.RATES}
    points = {name: {m: value["median"] for m, value in one.items() if value}
              for name, one in series.items()}
    order = [RIVALS[0], BLOCKING, RIVALS[1], DROPPING, "ideal", OURS]
    latency_chart.write(os.path.join(common.RESULTS, "latency.svg"),
                        {name: points[name] for name in order if points.get(name)}, link.RATES)


def main():
    results = common.Results("rivals", "The same pictures through GStreamer and ffmpeg")
    sizes = [row["bytes"] for row in stream.run(link.LOOP, "--unpaced", mode="--lossless")["rows"]]
    scale, _ = closest_scale(sum(sizes) / len(sizes))
    failures = {}
    found = collect(failures, scale)
    report_loopback(results, found, failures, scale)
    report_links(results, found)
    results.save(runs={" | ".join(key): runs for key, runs in found.items()}, failures=failures)
    chart(found)


if __name__ == "__main__":
    main()
