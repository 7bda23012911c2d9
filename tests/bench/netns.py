"""Slow and bad networks on this machine: two network namespaces, and a link between them."""
import os
import signal
import subprocess
import sys

import common

LOSSY_PATH = os.path.join(common.BUILD, "tests", "bench", "lossy_path")

DEVICE, HOST = "10.77.0.1", "10.77.0.2"
BURST = 15 * 1024  # bytes that tbf lets through at once after a pause; "15k" to tc

# tbf counts bytes with the Ethernet header (14) but not what a real wire adds to it. Of a packet's
# 1514 bytes 1448 are TCP's payload: 20 go to IP, 20 to TCP, and 12 to its timestamps.
PAYLOAD = 1448 / 1514
LOSSY_PAYLOAD = 1448 / 1500  # a LossyLink has no Ethernet header


def goodput(megabits, payload=PAYLOAD):
    """Bytes of TCP payload that a link of this rate carries in a second."""
    return megabits * 1e6 / 8 * payload


class Link:
    """A link of a set rate. Use it as a context manager; device() and host() turn a command into
    one that runs on that side. Nothing outside of the two namespaces is touched, and they are
    removed at the end. congestion: what TCP does there, whatever this machine has been set to; by
    the route, since a namespace may not choose the kernel's own default by sysctl."""

    def __init__(self, megabits, congestion="cubic"):
        self.megabits = megabits
        self.congestion = congestion
        # The pid is in the names, so that two runs don't meet.
        self.names = [f"pitether-{side}-{os.getpid()}" for side in ("device", "host")]

    @staticmethod
    def _run(*command):
        subprocess.run(command, check=True, capture_output=True, text=True)

    def _connect(self):
        """Gives both sides an interface link0."""
        device, host = self.names
        self._run("ip", "-n", device, "link", "add", "link0", "type", "veth", "peer", "name",
                  "link0", "netns", host)

    def __enter__(self):
        # So that whoever ends this ends it in order, with the namespaces removed.
        for number in signal.SIGTERM, signal.SIGHUP:
            signal.signal(number, lambda *unused: sys.exit(1))
        try:
            for name in self.names:
                self._run("ip", "netns", "add", name)
            self._connect()
            for name, address in zip(self.names, (DEVICE, HOST)):
                self._run("ip", "-n", name, "address", "add", address + "/24", "dev", "link0")
                self._run("ip", "-n", name, "link", "set", "lo", "up")
                self._run("ip", "-n", name, "link", "set", "link0", "up")
                self._run("ip", "-n", name, "route", "replace", "10.77.0.0/24", "dev", "link0",
                          "src", address, "congctl", self.congestion)
            self._run("tc", "-n", self.names[0], "qdisc", "add", "dev", "link0", "root", "tbf",
                      "rate", f"{self.megabits}mbit", "burst", "15k", "latency", "100ms")
        except subprocess.CalledProcessError as error:
            self.__exit__()
            raise RuntimeError(" ".join(error.cmd) + ": " + error.stderr.strip()) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        # The link goes with the namespaces.
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def device(self, *command):
        # ip turns into the command, so that the process id is the command's.
        return "ip", "netns", "exec", self.names[0], *command

    def host(self, *command):
        return "ip", "netns", "exec", self.names[1], *command


class LossyLink(Link):
    """A link that also delays what passes, and loses some of it, each way; see lossy_path.c."""

    def __init__(self, megabits, congestion, delay_us, *, loss_per_1000=0, burst_us=0,
                 outage_ms=0, every_ms=0):
        super().__init__(megabits, congestion)
        self.words = delay_us, loss_per_1000, burst_us, outage_ms, every_ms
        self.path = None

    def _connect(self):
        self.path = common.Program(LOSSY_PATH, *self.names, *self.words)
        self.path.wait_for("ready")

    def __exit__(self, *unused):
        if self.path:
            self.path.__exit__()
        self.path = None
        super().__exit__()
