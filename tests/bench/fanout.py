"""Many live receivers of one stream: what each adds, and whether stalled ones hurt the others."""
import json
import re
import shutil
import signal
import subprocess

import common
import pictures

SIZE = "720p"
SOURCES = {"pattern": ["--source", "pattern", "--size", "1280x720"],
           "photo": ["--source", pictures.photographs(SIZE)]}
MILLISECONDS = common.pick(2000, 500)


def start_daemon(source):
    return common.daemon(*SOURCES[source], "--fps", "30", "--max-clients", "400")


def measure(source, clients, stalled):
    """What one daemon does for so many clients, once all of them see the stream."""
    with start_daemon(source) as daemon, \
            common.many_clients(daemon.address, clients, stalled, MILLISECONDS) as many:
        many.wait_for("^begin$")
        cpu, switches = daemon.cpu(), daemon.switches()
        many.wait_for("^end$")
        cpu, after, rss = daemon.cpu() - cpu, daemon.switches(), daemon.rss()
        one = json.loads(many.expect().lines[-1])
    frames = one["delivered"] / (clients - stalled)
    one.update({
        "source": source,
        "cpu_seconds_daemon": cpu,
        "cpu_ms_frame": cpu * 1e3 / (one["seconds"] * 30),
        "cpu_us_delivery": cpu * 1e6 / max(one["delivered"], 1),
        "rss_mb": rss / 1e6,
        "switches_frame": (sum(after) - sum(switches)) / max(frames, 1),
        "delivered_share": one["delivered"] / (one["delivered"] + one["dropped"]),
        "machine_share": (cpu + one["cpu_seconds"]) / one["seconds"] / common.cores(),
    })
    return one


def parse_perf(text):
    """Calls by name from perf-trace(1)'s summary, all threads together."""
    calls = {}
    for name, count in re.findall(r"^\s+([a-z_0-9]+)\s+(\d+)\s+\d+\s+[\d.]+\s", text, re.M):
        calls[name] = calls.get(name, 0) + int(count)
    return calls


def parse_strace(text):
    calls = {}
    for line in text.splitlines():
        words = line.split()
        # % time, seconds, usecs/call, calls, [errors,] name
        if len(words) >= 5 and re.fullmatch(r"[\d.]+", words[0]) and words[-1] != "total":
            calls[words[-1]] = calls.get(words[-1], 0) + int(words[3])
    return calls


def tracer(pid):
    """perf-trace where it works, since strace stops the daemon at each call."""
    if shutil.which("perf"):
        works = subprocess.run(["perf", "trace", "-s", "true"], capture_output=True, check=False)
        if works.returncode == 0:
            return "perf trace", ["perf", "trace", "-s", "-p", str(pid)], parse_perf
    return "strace", ["strace", "-c", "-f", "-p", str(pid)], parse_strace


def interrupt(trace):
    """Ends a tracer, which may be deaf for a moment. False: it stayed deaf, and tells nothing."""
    for _ in range(5):
        signal.pidfd_send_signal(trace.pidfd, signal.SIGINT)
        try:
            trace.wait(2)
            return True
        except RuntimeError:
            pass
    return False


def count_calls(source, clients):
    """System calls of the daemon for each frame of the camera's and each delivery; a run of its own
    that nothing else is measured in."""
    with start_daemon(source) as daemon, \
            common.many_clients(daemon.address, clients, 0, MILLISECONDS + 1000) as many:
        name, command, parse = tracer(daemon.pid)
        many.wait_for("^begin$")
        with common.Program(*command) as trace:
            many.wait_for("^end$")
            calls = parse(trace.log()) if interrupt(trace) else {}
        one = json.loads(many.expect().lines[-1])
    # The tracer takes a moment to come up, so that some deliveries are not in its counts; but each
    # delivery's ACK is read by one readv, and those are.
    deliveries = max(calls.get("readv", 0), 1)
    return {"tracer": name, "calls": calls, "clients": clients, "deliveries": deliveries,
            "a_delivery": sum(calls.values()) / deliveries,
            "a_frame": sum(calls.values()) / deliveries * clients}


def calls_row(one):
    named = sorted(one["calls"].items(), key=lambda item: -item[1])[:6]
    return [f"{one['clients']} clients", one["a_frame"], one["a_delivery"],
            ", ".join(f"{name} {count / one['deliveries']:.2f}" for name, count in named)]


def report_calls(results, calls):
    results.table("System calls of the daemon (photo)",
                  ["", "a frame", "a frame and client", "most frequent, a frame and client"],
                  [calls_row(one) for one in calls], [f"counted by {calls[0]['tracer']}"])
    results.summary(f"system calls a frame, {calls[0]['clients']} clients (photo)",
                    calls[0]["a_frame"], "")
    first, last = calls[0], calls[-1]
    if last["clients"] > first["clients"]:
        results.summary(
            f"system calls a frame for each further client, up to {last['clients']} (photo)",
            (last["a_frame"] - first["a_frame"]) / (last["clients"] - first["clients"]),
            "2: a write, and a read of its ACK")


def main():
    results = common.Results("fanout", f"Many live receivers of one stream, {SIZE}, 30 frames/s")
    counts = common.pick([1, 10, 50, 200], [1, 10])
    cases = [(source, count, 0) for source in SOURCES for count in counts]
    cases += [("photo", count, count // 5) for count in counts if count >= 10]
    found = common.interleave(common.REPEATS, **{
        f"{source} {count} {stalled}": (lambda s=source, c=count, t=stalled: measure(s, c, t))
        for source, count, stalled in cases})
    rows = []
    for source, count, stalled in cases:
        runs = found[f"{source} {count} {stalled}"]
        rows.append([f"{source}, {count} clients" + (f", {stalled} stalled" if stalled else ""),
                     *(common.spread(one[key] for one in runs) for key in
                       ("cpu_ms_frame", "cpu_us_delivery", "rss_mb", "slowest_p50_ms",
                        "slowest_p95_ms", "delivered_share", "switches_frame", "machine_share"))])
    results.table("Median (least-most)",
                  ["", "daemon CPU ms/frame", "us/delivery", "RSS MB", "slowest p50 ms",
                   "slowest p95 ms", "delivered", "switches/frame", "machine busy"], rows,
                  ["slowest: the client whose latency, captured to last byte, is the highest of "
                   "those that read;",
                   "delivered: of the frames that those should have had; machine busy: by daemon "
                   "and clients."])
    alone = common.spread(one["cpu_ms_frame"] for one in found["photo 1 0"])["median"]
    most = counts[-1]
    busiest = found[f"photo {most} 0"]
    added = common.spread((one["cpu_ms_frame"] - alone) / alone / (most - 1) for one in busiest)
    results.summary(f"each further client's daemon CPU, of a frame's with one client ({most} "
                    "clients, photo)", added, "0")
    results.summary(f"latency p95 of the slowest of {most} clients, of one client's (photo)",
                    common.spread(common.ratios(
                        [one["slowest_p95_ms"] for one in busiest],
                        [one["slowest_p95_ms"] for one in found["photo 1 0"]])), "1")
    results.summary(f"RSS with {most} clients, of that with one (photo)", common.spread(
        common.ratios([one["rss_mb"] for one in busiest],
                      [one["rss_mb"] for one in found["photo 1 0"]])), "1")
    for count in counts:
        if count >= 10:
            results.summary(
                f"{count} clients, {count // 5} stalled: latency p95 of the slowest other one, of "
                "that with none stalled (photo)", common.spread(common.ratios(
                    [one["slowest_p95_ms"] for one in found[f"photo {count} {count // 5}"]],
                    [one["slowest_p95_ms"] for one in found[f"photo {count} 0"]])), "at most 1")
    calls = [one for one in (count_calls("photo", count) for count in counts) if one["calls"]]
    if len(calls) < len(counts):
        print("\n  the tracer gave no counts of system calls in "
              f"{len(counts) - len(calls)} of {len(counts)} runs")
    if calls:
        report_calls(results, calls)
    results.save(runs=found, calls=calls)


if __name__ == "__main__":
    main()
