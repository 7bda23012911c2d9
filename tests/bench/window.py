"""What the window's panel, histogram and other instruments cost: how old a frame is when it is shown,
and the CPU of pitether, with each of them and without any.

On a virtual display, where no graphics card helps: what is drawn over the picture costs more here
than elsewhere.
"""
import contextlib
import csv
import os
import subprocess

import common
import pictures

SIZE, FPS = "720p", 30
FRAMES = common.pick(360, 90)
# Of these the keys are pressed, and caches are cold.
FIRST = common.pick(90, 45)
BOUND = 1.05
SHOWN = {"nothing": (), "panel": ("Tab",), "histogram": ("h",), "panel and histogram": ("Tab", "h"),
         "values of the frame": ("i",), "focus peaking": ("p",)}


def start_display(stack):
    """A virtual one, as programs that need it find it."""
    reader, writer = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1920x1200x24",
                               "-nolisten", "tcp", "-noreset"], pass_fds=[writer],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    stack.callback(server.wait)
    stack.callback(server.terminate)
    with os.fdopen(reader) as pipe:
        return {"DISPLAY": ":" + pipe.readline().strip(), "SDL_VIDEODRIVER": "x11"}


def press(display, keys):
    """The window is there, with a picture, once its title tells the rate."""
    def tool(*command):
        return subprocess.run(["xdotool", *command], env={**os.environ, **display}, check=True,
                              capture_output=True, text=True, timeout=common.BOUND).stdout
    window = tool("search", "--sync", "--onlyvisible", "--name", r"^pitether .* fps").split()[0]
    tool("windowfocus", "--sync", window)
    for key in keys:
        tool("key", key)


def run(display, keys):
    with common.folder() as folder:
        path = os.path.join(folder, "latency.csv")
        with common.daemon("--source", pictures.photographs(SIZE), "--fps", FPS) as daemon, \
                common.Program(common.PITETHER, daemon.address, "--window", "--live", "--frames",
                               FRAMES, "--latency", path, "--log-level", "debug",
                               environment=display) as receiver:
            renderer = receiver.wait_for(r"window: \w+, drawn by (\w+)").group(1)
            press(display, keys)
            if receiver.wait() not in (0, 5):  # 5: frames were lost, which is no matter here
                receiver.expect()
            cpu = receiver.cpu_total() / FRAMES * 1e3
        with open(path, encoding="ascii", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["shown_ns"]][FIRST:]

    def times(to, since):
        return [(int(row[to]) - int(row[since])) / 1e6 for row in rows]
    return {"renderer": renderer, "cpu_ms": cpu, "shown": len(rows),
            "age": times("shown_ns", "sensor_ns"), "window": times("shown_ns", "last_received_ns")}


def judged(ratio):
    return f"<= {BOUND}: {'held' if ratio['median'] <= BOUND else 'NOT held'}"


def report(results, found):
    plain, rows = found["nothing"], []

    def of(what, name, percent):
        return [common.percentile(one[what], percent) for one in found[name]]
    for name, runs in found.items():
        ratio = common.spread(common.ratios(of("age", name, 50), of("age", "nothing", 50)))
        rows.append([name, common.spread(of("age", name, 50)), common.spread(of("age", name, 95)),
                     common.spread(of("window", name, 50)),
                     common.spread(one["cpu_ms"] for one in runs), ratio,
                     "" if name == "nothing" else judged(ratio)])
        if name == "panel and histogram":
            results.summary(f"{SIZE}{FPS} in the window: sensor to shown, p50, with panel and "
                            "histogram, of without", ratio, str(BOUND))
    results.table(f"{SIZE}{FPS} photographs in the window, drawn by {plain[0]['renderer']}",
                  ["shown over the picture", "sensor to shown p50 ms", "p95", "received to shown p50",
                   "CPU ms a frame", "p50 of nothing's", "bound"], rows)


def main():
    results = common.Results("window", "The window's instruments, on a virtual display")
    with contextlib.ExitStack() as stack:
        display = start_display(stack)
        found = common.interleave(common.REPEATS, **{
            name: lambda keys=keys: run(display, keys) for name, keys in SHOWN.items()})
    report(results, found)
    results.save(runs=found)


if __name__ == "__main__":
    main()
