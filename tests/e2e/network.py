"""A device, a host and a router between them, in network namespaces, and the programs in those."""
import os
import subprocess
import time

import harness

DEVICE, HOST = "10.77.1.1", "10.77.2.1"
DEVICE6, HOST6 = "fd77:1::1", "fd77:2::1"
FPS = 30


def clocks_offset():
    """CLOCK_BOOTTIME minus CLOCK_MONOTONIC, ns, of the try in which the least time lay between."""
    def measure():
        before = time.monotonic_ns()
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        after = time.monotonic_ns()
        return after - before, boot - (before + after) // 2
    return min(measure() for _ in range(100))[1]


class Network:
    """A device and a host, and between them a router that can be told to pass nothing on: both ends
    keep their link, and nobody tells them. The namespaces are gone with the processes that hold
    them, which end with this one."""

    def __init__(self, test):
        self.holders = {}
        for side in "device", "router", "host":
            holder = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", "echo; exec cat"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            test.addCleanup(self.release, holder)
            holder.stdout.readline()
            self.holders[side] = str(holder.pid)
            # Addresses are of use at once: nobody else is there to have the same.
            self.run(side, "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad")
        self.run("router", *(f"ip link add {side} type veth peer name eth0 netns "
                             f"{self.holders[side]}" for side in ("device", "host")))
        for side, address, address6 in (("device", DEVICE, DEVICE6), ("host", HOST, HOST6)):
            router, router6 = address.rpartition(".")[0] + ".254", address6[:-1] + "ffff"
            self.run("router", f"ip address add {router}/24 dev {side}",
                     f"ip address add {router6}/64 dev {side} nodad", f"ip link set {side} up")
            self.run(side, "ip link set lo up", f"ip address add {address}/24 dev eth0",
                     f"ip address add {address6}/64 dev eth0 nodad", "ip link set eth0 up",
                     f"ip route add default via {router}", f"ip route add default via {router6}")
        self.run("router", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
        self.restore()

    @staticmethod
    def release(holder):
        holder.stdin.close()
        holder.stdout.close()
        holder.wait(harness.BOUND)

    def at(self, side, *command):
        # nsenter turns into the command, so that the process id is the command's.
        return ("nsenter", "--target", self.holders[side], "--net", "--mount", *command)

    def run(self, side, *lines):
        subprocess.run(self.at(side, "sh", "-ec", "\n".join(lines)), check=True,
                       timeout=harness.BOUND)

    def cut(self):
        self.run("router", "echo 0 >/proc/sys/net/ipv4/ip_forward")

    def restore(self):
        self.run("router", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def slow_down(self, kilobits):
        """What the device sends queues up before the router, so that a cut strikes the queue; the
        queue is long enough to lose nothing, so that TCP never pauses by itself."""
        self.run("device", f"tc qdisc add dev eth0 root tbf rate {kilobits}kbit burst 15k "
                 "limit 125000")


class NetworkCase(harness.Case):
    """A test with a network of its own, a daemon and a host in it."""

    def setUp(self):
        super().setUp()
        self.network = Network(self)
        self.out = self.path("out")
        self.secure = True
        self.keys = self.path("keys")
        self.host_keys = "XDG_CONFIG_HOME=" + self.path("config")  # for env
        # What it prints is kept until it is known by which name the host calls.
        self.key = subprocess.run([harness.PITETHERD, "--keys", self.keys, "--add-key", "laptop"],
                                  check=True, capture_output=True, timeout=harness.BOUND).stdout

    def start_daemon(self, *options, size="320x240", fps=FPS, listen=None):
        options += ("--keys", self.keys) if self.secure else ("--insecure-plaintext",)
        daemon = self.start(*self.network.at(
            "device", harness.PITETHERD, "--source", "pattern", "--size", size, "--fps", fps,
            "--listen", listen or "0.0.0.0:7484", *harness.WHO, *options))
        daemon.wait_for("listening on")
        return daemon

    def start_host(self, address=DEVICE, wait=True):
        if self.secure:
            subprocess.run(["env", self.host_keys, harness.PITETHER, "--import-key", address],
                           input=self.key, check=True, capture_output=True, timeout=harness.BOUND)
        host = self.start(*self.network.at("host", "env", self.host_keys, harness.PITETHER, address,
                                           "--save", self.out, "--name", "{epoch}-{id}.jpg"))
        if wait:
            self.wait_for_row(lambda row: True, "a frame")
        return host

    def wait_for_row(self, condition, what):
        """Until the newest row of the index is like that: looks at the end of the file alone."""
        def found():
            try:
                with open(os.path.join(self.out, "frames.csv"), "rb") as file:
                    head = file.readline().decode().strip().split(",")
                    file.seek(max(file.tell(), file.seek(0, os.SEEK_END) - 1000))
                    lines = file.read().decode().split("\n")[:-1]
            except FileNotFoundError:
                return False
            row = lines[-1].split(",") if lines else []
            return len(row) == len(head) and condition(dict(zip(head, row)))
        self.wait_until(found, what)

    def check_clock(self):
        """Host and device have the clocks of one machine here, so that their offset is known: what
        the host says of it is true, for each frame."""
        offset = clocks_offset()
        for row in self.index(self.out):
            off = abs(int(row["clock_offset_ns"] or offset) - offset)
            self.assertLessEqual(off, int(row["clock_error_ns"] or 0) + 2000, row)
