"""What the benchmarks share: programs and their CPU time, statistics, tables, results.

A benchmark is a file NAME.py whose main() fills a Results and saves it. Times are in seconds unless
a name says otherwise. Every program is started here and ended by its process id.
"""
import datetime
import json
import math
import os
import platform
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("PITETHER_BENCH_BUILD", os.path.join(TOP, "build", "bench"))
RESULTS = os.path.join(BUILD, "results")
PITETHERD = os.path.join(BUILD, "device", "pitetherd")
PITETHER = os.path.join(BUILD, "host", "pitether")
BENCH_ENCODE = os.path.join(BUILD, "tests", "bench", "bench_encode")
READ_PATTERN = os.path.join(BUILD, "tests", "bench", "read_pattern")
MANY_CLIENTS = os.path.join(BUILD, "tests", "bench", "many_clients")

QUICK = "--quick" in sys.argv
REPEATS = 2 if QUICK else 5

# Far more than anything takes that waits for it: it ends a hang, it is no measure of speed.
BOUND = 120


def pick(full, quick):
    """The full run's value, or the smoke run's."""
    return quick if QUICK else full


def cores():
    return len(os.sched_getaffinity(0))


# ---- The machine ---------------------------------------------------------------------------------

def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _cpu_model():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        text = file.read()
    for key in "model name", "Model", "Hardware":
        found = re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE)
        if found:
            return found.group(1)
    return platform.machine()


def machine():
    """What a figure has to be read with."""
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "compiler": _output("cc", "--version").partition("\n")[0],
        "libjpeg_turbo": _output("dpkg-query", "-W", "-f", "${Version}",
                                 "libjpeg62-turbo:" + _output("dpkg", "--print-architecture")),
        "commit": _output("git", "-C", TOP, "describe", "--always", "--dirty"),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "load": round(os.getloadavg()[0], 2),
    }


def machine_line(facts):
    line = (f"{facts['cpu']}, {facts['cores']} cores; {facts['kernel']}; {facts['compiler']}; "
            f"libjpeg-turbo {facts['libjpeg_turbo']}; pitether {facts['commit']}; {facts['date']}; "
            f"load {facts['load']}")
    return line


class Others:
    """The share of the machine's CPU time that went to processes that are not ours: the reason to
    distrust a measurement. Counts what ends within the block; use it as a context manager."""

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(word) for word in file.readline().split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        ticks = os.sysconf("SC_CLK_TCK")
        own = sum(os.times()[:4])
        busy = (user + nice + system + irq + softirq + steal) / ticks
        return busy, (idle + iowait) / ticks + busy, own, steal / ticks

    def __enter__(self):
        self.before = self._read()
        return self

    def __exit__(self, *unused):
        busy, total, own, steal = (b - a for a, b in zip(self.before, self._read()))
        self.share = max(0.0, busy - own) / total if total else 0.0
        self.steal = steal / total if total else 0.0


# ---- Programs ------------------------------------------------------------------------------------

def clock(pid):
    """CPU time of a process and all the threads it had, to the nanosecond: the kernel's own process
    clock (clock_getcpuclockid(3)), where /proc/PID/stat counts in hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)


class Program:
    """A running program, whose lines are collected. Use it as a context manager."""

    def __init__(self, *command, environment=None):
        self.lines = []
        self.condition = threading.Condition()
        self.started = time.monotonic()
        # Stderr and stdout in one: the order of lines is what tells.
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **(environment or {})})
        self.pid = self.process.pid
        self.pidfd = os.pidfd_open(self.pid)
        self.code = self.usage = self.ended = None
        self.reading = True
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self):
        for line in self.process.stdout:
            with self.condition:
                self.lines.append(line.rstrip("\n"))
                self.condition.notify_all()
        with self.condition:
            self.reading = False
            self.condition.notify_all()

    def log(self):
        with self.condition:
            return "\n".join(self.lines)

    def wait_for(self, pattern, timeout=BOUND):
        """The first line that matches, once it is there."""
        def find():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)
        with self.condition:
            self.condition.wait_for(lambda: find() or not self.reading, timeout)
            found = find()
        if not found:
            raise RuntimeError(f"no line like {pattern!r} in:\n" + self.log())
        return found

    def cpu(self):
        return clock(self.pid)

    def _proc(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="ascii", errors="replace") as file:
            return file.read()

    def memory(self):
        """Bytes in memory by proc(5)'s names of the kinds: Rss, Anonymous, Private_Dirty, ...;
        exact, where VmRSS lags by some pages for each CPU."""
        return {kind: int(size) * 1024 for kind, size in
                re.findall(r"^(\w+):\s*(\d+) kB", self._proc("smaps_rollup"), re.M)}

    def rss(self):
        return self.memory()["Rss"]

    def peak_rss(self):
        """The most there ever was, between two looks too, by the kernel's own count."""
        return int(re.search(r"^VmHWM:\s*(\d+) kB", self._proc("status"), re.M).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        """Names of the threads there are."""
        names = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                names.append(self._proc(f"task/{task}/comm").strip())
            except OSError:
                pass
        return names

    def wait_until_idle(self):
        """Until a daemon has closed its clients' sockets, and its camera is off: it tells nobody
        when, so /proc is looked at."""
        until = time.monotonic() + BOUND
        while "camera" in self.threads() or self.connections():
            if time.monotonic() > until:
                raise RuntimeError("the daemon keeps its camera on:\n" + self.log())
            time.sleep(0.01)

    def connections(self):
        """Sockets but for those that listen, of TCP over IPv4."""
        established = set()
        for line in self._proc("net/tcp").splitlines()[1:]:
            words = line.split()
            if words[3] != "0A":  # TCP_LISTEN
                established.add(words[9])
        links = (os.readlink(f"/proc/{self.pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{self.pid}/fd"))
        return sum(link.startswith("socket:[") and link[8:-1] in established for link in links)

    def switches(self):
        """Context switches of the threads there are: (voluntary, involuntary)."""
        totals = [0, 0]
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                text = self._proc(f"task/{task}/status")
            except OSError:
                continue
            for i, key in enumerate(("voluntary", "nonvoluntary")):
                totals[i] += int(re.search(rf"^{key}_ctxt_switches:\s*(\d+)", text, re.M).group(1))
        return tuple(totals)

    def wait(self, timeout=BOUND):
        """Waits for the end; returns the exit code. usage and cpu_total are known then."""
        if self.code is None:
            if not select.select([self.pidfd], [], [], timeout)[0]:
                raise RuntimeError(f"{self.process.args[0]} does not end:\n" + self.log())
            self.ended = time.monotonic()
            _, status, self.usage = os.wait4(self.pid, 0)
            self.code = self.process.returncode = os.waitstatus_to_exitcode(status)
            self.thread.join(BOUND)
        return self.code

    def cpu_total(self):
        """CPU time of the whole run; after wait()."""
        return self.usage.ru_utime + self.usage.ru_stime

    def expect(self, code=0, timeout=BOUND):
        if self.wait(timeout) != code:
            raise RuntimeError(f"{' '.join(self.process.args)} ended with {self.code}:\n"
                               + self.log())
        return self

    def end(self):
        """Asks it to end, and insists."""
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, BOUND)):
            if self.code is not None:
                break
            signal.pidfd_send_signal(self.pidfd, number)
            try:
                self.wait(patience)
            except RuntimeError:
                pass
        return self.code

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()
        os.close(self.pidfd)
        self.process.stdout.close()


def daemon(*options, listen="127.0.0.1:0"):
    """A pitetherd that listens: address says where, ready_cpu what it took to come so far."""
    program = Program(PITETHERD, "--listen", listen, *options)
    try:
        program.address = program.wait_for(r"listening on (\S+)").group(1)
    except BaseException:
        program.end()
        raise
    program.ready_cpu = program.cpu()
    return program


def receiver(address, *options):
    return Program(PITETHER, *options, address)


def many_clients(address, clients, stalled, milliseconds):
    """Live receivers that only count, in one process; see many_clients.c."""
    return Program(MANY_CLIENTS, address, clients, stalled, milliseconds)


TOTALS = re.compile(r"(\d+) captured = (\d+) received \+ (\d+) dropped")


def totals(program):
    """(captured, received, dropped) of a pitether that has ended."""
    return tuple(int(word) for word in program.wait_for(TOTALS.pattern).groups())


def has_option(program, option):
    return option in subprocess.run([program, "--help"], capture_output=True, text=True,
                                    check=False).stdout


def folder():
    """A temporary folder; use it as a context manager."""
    return tempfile.TemporaryDirectory(prefix="pitether-bench-")


# ---- Statistics ----------------------------------------------------------------------------------

def spread(values):
    """Median, least and most of repeated measurements."""
    values = list(values)
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "n": len(values)}


def percentile(values, percent):
    """The nearest rank: a value that was measured, not one in between."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def slope(points):
    """Of the straight line through (x, y) points by least squares; 0 without a spread in x."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    below = sum((x - mean_x) ** 2 for x in xs)
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return above / below if below else 0.0


def scatter(points):
    """How far the points lie from that line, root mean square."""
    rise = slope(points)
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    return math.sqrt(statistics.fmean((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points))


def slope_error(points):
    """The slope's standard error, which takes the points for independent of each other."""
    mean_x = statistics.fmean(x for x, _ in points)
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return scatter(points) * math.sqrt(len(points) / (len(points) - 2) / below)


def interleave(repeats, **measures):
    """Calls each measure in turn, A B C A B C ..., so that what drifts drifts for all of them.
    Returns {name: [what each call returned]}."""
    found = {name: [] for name in measures}
    for _ in range(repeats):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def ratios(above, below):
    """One ratio for each repeat, of neighbours in time."""
    return [a / b for a, b in zip(above, below)]


def _digits(value):
    """So many behind the point that three count."""
    size = abs(value)
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 4


def show(value):
    """A figure as it stands in a table; of a spread, median (least-most)."""
    if isinstance(value, dict):
        digits = _digits(value["median"])
        low, high = f"{value['min']:.{digits}f}", f"{value['max']:.{digits}f}"
        # A dash would read as a sign.
        between = " to " if value["min"] < 0 else "-"
        return f"{value['median']:.{digits}f} ({low}{between}{high})"
    if isinstance(value, float):
        return f"{value:.{_digits(value)}f}"
    return str(value)


# ---- Results -------------------------------------------------------------------------------------

class Results:
    """Tables as they are printed, and what of them goes to NAME.json and the summary."""

    def __init__(self, name, title):
        self.name = name
        self.data = {"name": name, "title": title, "quick": QUICK, "machine": machine(),
                     "tables": [], "summary": []}
        self.others = Others().__enter__()
        print(title)
        if QUICK:
            print("(a smoke run: these figures mean nothing)")

    def table(self, title, columns, rows, notes=()):
        """Rows hold texts, numbers and spreads."""
        texts = [[show(cell) for cell in row] for row in rows]
        widths = [max(len(line[i]) for line in [columns, *texts]) for i in range(len(columns))]
        print(f"\n{title}")
        for line in [list(columns), ["-" * width for width in widths], *texts]:
            cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                     for i, (cell, width) in enumerate(zip(line, widths))]
            print("  " + "  ".join(cells).rstrip())
        for note in notes:
            print("  " + note)
        sys.stdout.flush()
        self.data["tables"].append({"title": title, "columns": list(columns), "rows": rows,
                                    "notes": list(notes)})

    def summary(self, what, value, limit=""):
        """A row of summary.md. limit: what the figure is held against."""
        self.data["summary"].append({"what": what, "value": value, "limit": limit})

    def save(self, **more):
        """Writes the file. more: raw measurements, for whoever wants to look closer."""
        self.others.__exit__()
        self.data["others_share"] = round(self.others.share, 3)
        self.data["steal_share"] = round(self.others.steal, 3)
        self.data["raw"] = more
        print(f"\n  other processes took {self.others.share:.0%} of the machine meanwhile, "
              f"other machines {self.others.steal:.0%}")
        if self.others.share > 0.1 or self.others.steal > 0.05:
            print("  that is too much to trust the figures: run it again on a quiet machine")
        os.makedirs(RESULTS, exist_ok=True)
        with open(os.path.join(RESULTS, self.name + ".json"), "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    print(machine_line(machine()))
