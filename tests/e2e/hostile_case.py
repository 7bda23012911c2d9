"""What tests of hostile receivers have in common: two well-behaved ones stream all along, and lose
nothing that they should have had; once an attack is over, the daemon holds no more than before."""
import csv
import json
import os
import re
import resource
import select
import signal
import socket
import statistics
import time

import harness
import hostile_wire as wire
from hostile_attacks import IDLE

# What may differ: free pieces of memory between used ones, which the C library can't give back.
MEMORY_SLACK = 3 << 20
# Latencies are told, not judged: a wedged loop shows, a busy machine does not.
WEDGED_MS = 2000
# Under each attack, and again after it.
FRAMES = int(os.environ.get("HOSTILE_FRAMES", "12"))
# tests/bench/hostile.py names a file here: the ages go there, and nobody takes a processor from those
# who are measured.
FIGURES = os.environ.get("HOSTILE_FIGURES")


def go_before_others(yes):
    """Whether what is started from now on has the processors before all else. Who may not ask for
    that goes on as everybody, and makes its attackers take what others leave."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR if yes else os.SCHED_OTHER, os.sched_param(int(yes)))
    except PermissionError:
        if not yes:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


class HostileCase(harness.Case):
    BOUND = harness.BOUND
    NETWORK = "127.1"  # the first half of the attackers' addresses

    def setUp(self):
        super().setUp()
        self.notes, self.windows, self.sources = [], [], 0
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * IDLE + 200
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"{wanted} descriptors are needed; `ulimit -Hn` says {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    # What attacks use.

    def connect(self, *words, receive=None, source=None):
        """A connection on which the words were sent. From changing addresses: the ports of a single
        one run out, as those of closed connections are not free at once."""
        host, port = self.daemon.address.rsplit(":", 1)
        self.sources += 1
        peer = socket.socket()
        peer.settimeout(self.BOUND)
        if receive:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        ours = f"{self.NETWORK}.{self.sources // 250 % 250 + 1}.{self.sources % 250 + 1}"
        peer.bind((source or ours, 0))
        peer.connect((host, int(port)))
        for piece in words:
            peer.sendall(piece)
        return peer

    def read(self, peer, kind, like=lambda fields: True):
        """Reads until such a message is there, and returns it. What a peer was sent is kept: it is
        looked at again here and in take_leave()."""
        data = self.heard.setdefault(peer, bytearray())
        while True:
            found = [message for message in wire.split(data)
                     if message[0] == kind and like(message[1])]
            if found:
                return found[-1]
            piece = peer.recv(1 << 16)
            self.assertTrue(piece, f"closed without such a message of type {kind:x}")
            data += piece

    def was_told(self, peer, kind):
        return kind in [message[0] for message in wire.split(self.heard.get(peer, b""))]

    def drain(self, peer):
        """Takes what is there."""
        data = self.heard.setdefault(peer, bytearray())
        while select.select([peer], [], [], 0)[0] and (piece := peer.recv(1 << 20)):
            data += piece

    def read_all(self, peer):
        """Reads to the end: all messages. A daemon that has sent a peer away may be gone before the
        rest of its words arrives."""
        data = self.heard.setdefault(peer, bytearray())
        try:
            while piece := peer.recv(1 << 16):
                data += piece
        except ConnectionResetError:
            pass
        return wire.split(data)

    def refused(self, code, *words):
        """The daemon answers with this error, and closes."""
        with self.connect() as peer:
            try:
                for piece in words:
                    peer.sendall(piece)
                peer.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            messages = self.read_all(peer)
        self.assertEqual([(kind, fields) for kind, fields, _ in messages[-1:]],
                         [(wire.ERROR, (code,))], b"".join(words)[:80])

    def take_leave(self, peer):
        """Says END; the daemon's totals are what it has told. Returns these, and the reasons of the
        drops."""
        peer.sendall(wire.end())
        messages = self.read_all(peer)
        self.assertEqual(messages[-1][0], wire.END, messages[-1])
        told, reasons = wire.totals(messages)
        self.assertEqual(messages[-1][1][1:], told)
        return told, reasons

    def frames(self, count):
        """Waits until the healthy lossless receiver has saved so many more."""
        before = self.saved()
        self.wait_until(lambda: self.saved() >= before + count, f"{count} more frames")

    def saved(self):
        try:
            return len(os.listdir(self.path("saved")))
        except FileNotFoundError:
            return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def memory(self):
        """Bytes that belong to the daemon alone."""
        with open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) * 1024

    def note(self, line):
        self.notes.append(line)

    # The frame around them.

    def start_all(self, listen, daemon_options=(), host_options=()):
        self.heard = {}
        if FIGURES:
            go_before_others(True)
        self.daemon = super().daemon("--max-clients", "1000", "--queue-bytes", "8M",
                                     *daemon_options, listen=listen, size="640x480")
        self.healthy = {
            "lossless": self.host(self.daemon, "--save", self.path("saved"), "--latency",
                                  self.path("lossless.csv"), *host_options),
            "live": self.host(self.daemon, "--null", "--live", "--latency", self.path("live.csv"),
                              *host_options)}
        self.daemon.wait_for("watches", 2)
        if FIGURES:
            go_before_others(False)
        self.frames(30)
        self.memory_before, self.began = self.memory(), time.monotonic_ns()
        self.frames(20)

    def withstand_all(self, attacks):
        for attack in attacks:
            with self.subTest(attack.__name__):
                self.withstand(attack)

    def finish_all(self):
        self.check_healthy()
        self.report(self.began)
        self.daemon.send(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(), 0, self.daemon.log())

    def is_back(self):
        used = os.environ.get("SANITIZED") or self.memory() <= self.memory_before + MEMORY_SLACK
        return used and self.descriptors() <= self.descriptors_before

    def withstand(self, attack):
        """Goes on attacking for the time of some frames, so that there is a latency to tell."""
        self.descriptors_before, self.heard = self.descriptors(), {}
        begin, before = time.monotonic_ns(), self.saved()
        attack(self)
        while self.saved() < before + FRAMES:
            attack(self)
        end = time.monotonic_ns()
        self.heard = {}
        try:
            self.wait_until(self.is_back, "memory and descriptors as before")
        except AssertionError:
            self.fail(f"{attack.__name__} leaves {self.memory()} bytes and {self.descriptors()} "
                      f"descriptors, not {self.memory_before} and {self.descriptors_before}")
        self.frames(FRAMES)
        self.windows.append((attack.__name__, begin, end, time.monotonic_ns(), self.memory()))
        self.assertIsNone(self.daemon.process.poll(), self.daemon.log())

    def ages(self, mode):
        """(received at, id, age in ms), by this machine's clock."""
        with open(self.path(mode + ".csv"), newline="", encoding="ascii") as file:
            return [(int(row["last_received_ns"]), int(row["id"]),
                     (int(row["last_received_ns"]) - int(row["sensor_ns"])) / 1e6)
                    for row in csv.DictReader(file) if row["sensor_ns"]]

    def report(self, began):
        """Tells what the healthy ones saw before, during and after each attack, and in all."""
        rows = {mode: self.ages(mode) for mode in self.healthy}
        print(f"\n{'attack':26} {'seconds':>7} {'kB used':>7}  p50, p95 before | during | after, "
              "ms: live; lossless")
        for name, begin, end, last, memory in self.windows:
            cells = []
            for mode in ("live", "lossless"):
                parts = [[age for at, _, age in rows[mode] if since <= at < until]
                         for since, until in ((began, begin), (begin, end), (end, last))]
                self.assertTrue(all(parts), f"{mode}: no frames around {name}")
                self.assertLess(statistics.median(parts[2]), WEDGED_MS, f"{mode} after {name}")
                cells.append(" | ".join(f"{statistics.median(part):.1f} "
                                        f"{sorted(part)[int(len(part) * 0.95)]:.1f}"
                                        for part in parts))
            print(f"{name:26} {(end - begin) / 1e9:7.1f} {memory // 1024:7}  " + "; ".join(cells))
            began = end
        peace = {mode: [age for at, _, age in seen if not
                        any(begin <= at < end for _, begin, end, *_ in self.windows)]
                 for mode, seen in rows.items()}
        attacks = [(name, {mode: [age for at, _, age in seen if begin <= at < end]
                           for mode, seen in rows.items()})
                   for name, begin, end, *_ in self.windows]
        for mode in rows:
            attacked = [age for _, ages in attacks for age in ages[mode]]
            print(f"{mode}: p50, p95 in peace " + ", under attack ".join(
                f"{statistics.median(part):.2f} {sorted(part)[int(len(part) * 0.95)]:.2f} "
                f"({len(part)} frames)" for part in (peace[mode], attacked)))
        print("\n".join(self.notes))
        if FIGURES:
            with open(FIGURES, "w", encoding="ascii") as file:
                json.dump({"peace": peace, "attacks": attacks}, file)

    def check_healthy(self):
        """Each of them accounts for each frame, and lost none to anything but a busy machine."""
        for mode, host in self.healthy.items():
            host.send(signal.SIGINT)
            self.assertDone(host)
            captured, received, dropped, damaged = self.assertSummary(host)
            self.assertEqual(damaged, 0)
            self.assertNotIn("connecting again", host.log())
            summary = host.wait_for("captured = .*").group()
            print(f"{mode}: {summary}")
            ids = [int(row[1]) for row in self.ages(mode)]
            self.assertEqual(ids, sorted(set(ids)))
            self.assertLessEqual(received - len(ids), 5)  # before the clocks were known
            self.assertLessEqual(set(re.findall(r"\d+ ([A-Z]+_?[A-Z]+)[,)]", summary)),
                                 {"SENSOR_GAP", "NO_BUFFER", "ENCODER_BUSY"} |
                                 ({"SUPERSEDED", "NOT_TAKEN"} if mode == "live" else set()))
        self.assertConsecutive(self.check_saved(self.path("saved")), self.healthy["lossless"])
