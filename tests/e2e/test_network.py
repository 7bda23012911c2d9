#!/usr/bin/env python3
"""The network goes and comes back, machines pause, vanish, restart and move: the stream goes on by
itself, and every frame is accounted for. Each test has a network of its own, and prints how long
the stream took to come back. They mostly wait, so they run side by side."""
import os
import re
import signal
import subprocess
import sys
import time

import harness
import network
from network import DEVICE, FPS, HOST

DEVICE_MOVED, HOST_MOVED = "10.77.1.2", "10.77.2.2"
NAME = "camera.test"  # the device's, where a test has one for it
# What a daemon takes to end a receiver that has vanished: 15 s of silence, and 2 s for a farewell.
GIVEN_UP = 17

# What TCP does by itself, for comparison.
TALKER = f"""import socket, time
peer = socket.create_server(("{DEVICE}", 9)).accept()[0]
while True:
    peer.sendall(b"x")
    time.sleep({1 / FPS})"""
LISTENER = f"""import socket, sys, time
while True:
    try:
        peer = socket.create_connection(("{DEVICE}", 9))
        break
    except ConnectionRefusedError:
        time.sleep(0.05)
while peer.recv(4096):
    print(time.monotonic_ns(), file=sys.stderr)"""


class Faults(network.NetworkCase):
    def begin(self, seconds, address=DEVICE):
        """A stream that ends by itself after so many seconds, besides some at the beginning and at
        the end."""
        self.daemon = self.start_daemon("--frames", int(FPS * (seconds + 8)))
        self.host = self.start_host(address)

    def back_after(self, what, restore):
        """Has the network come back, and waits for a frame that was captured after that. How long
        that took is for the benchmark `outage` to judge."""
        before, captured = time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        restore()
        self.wait_for_row(lambda row: int(row["captured_ns"]) >= captured, "frames again")
        seconds = min(int(row["received_host_ns"]) for row in self.index(self.out)
                      if int(row["captured_ns"]) >= captured) / 1e9 - before / 1e9
        print(f"{what}: the stream is back after {seconds:.2f} s", flush=True)
        harness.note(what=what, seconds=seconds)

    def finish(self):
        """Daemon or host come to their end; the host's account of them adds up to all ids, no frame
        came twice, and each shows what its name says. Returns how many were missed between two
        connections."""
        self.assertIn(self.host.wait(), (0, 5), self.host.log())
        captured, received, dropped, _ = self.assertSummary(self.host)
        missed = re.search(r"(\d+) missed between connections", self.host.log())
        missed = int(missed.group(1)) if missed else 0
        ids = self.check_saved(self.out)
        self.assertEqual(len(ids), received - self.not_kept())
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual(len({row["epoch"] for row in self.index(self.out)}), 1)
        self.check_clock()
        # The last ids may be losses or came too late, and no row tells of them.
        beyond = captured + missed - 1 - ids[-1]
        self.assertIn(beyond, range(dropped + self.not_kept() + 1), self.host.log())
        return missed

    def not_kept(self):
        """What was still received when the host had been told to end."""
        late = re.search(r"(\d+) received after the end", self.host.log())
        return int(late.group(1)) if late else 0

    def cut(self, seconds):
        talker = self.start(*self.network.at("device", sys.executable, "-c", TALKER))
        listener = self.start(*self.network.at("host", sys.executable, "-c", LISTENER))
        self.begin(min(seconds, GIVEN_UP))
        listener.wait_for("[0-9]", 10)
        self.network.cut()
        time.sleep(seconds)  # a cut is as long as it is
        heard = len(listener.log().split())
        back = time.monotonic_ns()
        self.back_after(f"cut of {seconds} s", self.network.restore)
        bare = (int(listener.wait_for("[0-9]+", heard + 1).group()) - back) / 1e9
        print(f"cut of {seconds} s: a talker over TCP is back after {bare:.2f} s", flush=True)
        harness.note(what=f"cut of {seconds} s, a talker over TCP", seconds=bare)
        talker.kill()
        return self.finish()

    def test_cut_of_1_s(self):
        self.cut(1)

    def test_cut_of_5_s(self):
        self.cut(5)

    def test_cut_of_7_s(self):
        """The worst that TCP makes of it: it tries again after 6 s and after 12 s. The host does not
        wait for that, but goes on over another connection."""
        self.cut(7)
        self.host.wait_for("the connection fell silent; going on over a new one")
        self.daemon.wait_for("watches", 2)

    def test_cut_of_7_s_without_keys(self):
        self.secure = False
        self.test_cut_of_7_s()

    def test_cut_with_one_place(self):
        """The daemon takes a second connection for one too many until the host has closed the first
        one."""
        self.daemon = self.start_daemon("--frames", 18 * FPS, "--max-clients", 1)
        self.host = self.start_host()
        self.network.cut()
        time.sleep(7)
        self.back_after("cut of 7 s with --max-clients 1", self.network.restore)
        self.finish()

    def test_cut_of_12_s(self):
        self.cut(12)

    def test_cut_of_20_s(self):
        """Longer than a silent connection is kept."""
        missed = self.cut(20)
        self.assertGreater(missed, 0)
        self.daemon.wait_for("nothing received for 15 s")

    def test_link_down(self):
        self.begin(4)
        self.network.run("router", "ip link set device down")
        time.sleep(4)
        self.back_after("link down for 4 s", lambda: self.network.run(
            "router", "ip link set device up"))
        self.finish()

    def test_daemon_moved(self):
        hosts = self.path("hosts")
        def name(address):
            with open(hosts, "w", encoding="ascii") as file:
                file.write(f"{address} {NAME}\n")
        name(DEVICE)
        self.network.run("host", f"mount --bind '{hosts}' /etc/hosts")
        self.begin(4, NAME)
        self.network.cut()
        time.sleep(4)
        self.network.run("device", f"ip address del {DEVICE}/24 dev eth0",
                         f"ip address add {DEVICE_MOVED}/24 dev eth0",
                         "ip route replace default via 10.77.1.254")
        name(DEVICE_MOVED)
        self.back_after("the daemon's address changed in a cut of 4 s", self.network.restore)
        self.finish()
        self.daemon.wait_for("watches", 2)

    def test_host_moved_in_the_middle_of_a_frame(self):
        """The link is so slow that nearly always a frame is under way, and what was sent to the old
        address never comes."""
        self.secure = False
        self.network.slow_down(1000)
        self.daemon = self.start_daemon("--quality", 95, size="1280x720", fps=5)
        self.host = self.start_host()
        addresses, moves = [HOST, HOST_MOVED], 0
        while "in the middle of it" not in self.host.log() and moves < 5:
            later = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + 1e9
            self.wait_for_row(lambda row, since=later: int(row["captured_ns"]) > since, "a queue")
            self.network.cut()
            time.sleep(4)
            moves += 1
            self.network.run("host", f"ip address del {addresses[0]}/24 dev eth0",
                             f"ip address add {addresses[1]}/24 dev eth0",
                             "ip route replace default via 10.77.2.254")
            addresses.reverse()
            self.back_after("the host's address changed in a cut of 4 s", self.network.restore)
        self.host.send(signal.SIGINT)
        self.assertGreater(self.finish(), 0)
        self.host.wait_for("frame [0-9]+ arrived damaged: the connection was cut in the middle")
        self.host.wait_for(r" \+ 1 damaged")
        self.daemon.wait_for("watches", moves + 1)

    def test_daemon_restarted_in_the_middle_of_a_frame(self):
        """The link is so slow that a frame is always under way."""
        self.secure = False
        self.network.slow_down(500)
        daemon = self.start_daemon(size="640x480")
        self.host = self.start_host()
        for restart in range(1, 4):
            self.wait_for_row(lambda row: int(row["id"]) > 10, "a queue")
            daemon.kill()
            self.host.wait_for("connection was cut", restart)
            daemon = self.start_daemon(size="640x480")
            self.back_after("daemon restarted, behind the old one's last 2 s on the link",
                            lambda: None)
        self.host.send(signal.SIGINT)
        self.assertEqual(self.host.wait(), 5, self.host.log())
        self.host.wait_for("frame [0-9]+ arrived damaged: the connection was cut in the middle")
        _, received, _, damaged = self.assertSummary(self.host)
        self.assertGreater(damaged, 0)
        self.assertNotIn("missed", self.host.log())
        rows = self.index(self.out)
        frames = [(row["epoch"], int(row["id"])) for row in rows]
        self.assertEqual(len(frames), received - self.not_kept())
        self.assertEqual(len(set(frames)), len(frames))
        epochs = list(dict.fromkeys(epoch for epoch, _ in frames))
        self.assertEqual(len(epochs), 4)
        # The epochs follow one another, and each has its ids in order.
        self.assertEqual(frames, sorted(frames, key=lambda x: (epochs.index(x[0]), x[1])))
        self.check_saved(self.out)

    def test_host_suspended(self):
        self.begin(GIVEN_UP)
        self.host.send(signal.SIGSTOP)
        time.sleep(30)
        self.back_after("host suspended for 30 s", lambda: self.host.send(signal.SIGCONT))
        self.assertGreater(self.finish(), 0)

    def test_daemon_suspended(self):
        self.begin(0)
        self.daemon.send(signal.SIGSTOP)
        time.sleep(30)
        self.back_after("daemon suspended for 30 s", lambda: self.daemon.send(signal.SIGCONT))
        self.finish()

    def test_daemon_pauses(self):
        """What waits at the daemon is not given up for that."""
        self.begin(0)
        self.daemon.send(signal.SIGSTOP)
        time.sleep(5)
        self.back_after("daemon suspended for 5 s", lambda: self.daemon.send(signal.SIGCONT))
        self.assertEqual(self.finish(), 0)
        self.assertEqual(self.daemon.log().count("watches"), 1)
        self.assertNotIn("silent", self.host.log())

    def test_slow_network(self):
        """Each record of TLS takes seconds, but the network never pauses: one connection does."""
        self.network.slow_down(40)
        daemon = self.start_daemon("--quality", 100, "--log-level", "debug", size="1280x720", fps=5)
        self.start_host()
        self.wait_for_row(lambda row: int(row["id"]) > 0, "a second frame")
        self.check_clock()
        callers = re.findall(fr"client {HOST}:(\d+)", daemon.log())
        self.assertEqual(len(set(callers)), 1, daemon.log())

    def test_host_vanishes(self):
        """The daemon ends its connection, and goes on."""
        daemon = self.start_daemon()
        descriptors = f"/proc/{daemon.process.pid}/fd"
        def sockets():
            links = [os.path.join(descriptors, name) for name in os.listdir(descriptors)]
            return sum(os.readlink(link).startswith("socket:") for link in links
                       if os.path.islink(link))
        before = sockets()
        self.start_host()
        self.assertEqual(sockets(), before + 1)
        self.network.cut()
        daemon.wait_for("nothing received for 15 s")
        daemon.wait_for("did not close in time: delivered [0-9]+")
        self.wait_until(lambda: sockets() == before, "a closed socket")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())


if __name__ == "__main__":
    harness.enter_namespaces("--net")  # in which there may be others
    harness.main_side_by_side()
