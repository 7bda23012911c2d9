"""A receiver that counts for itself: the fate of each frame, what STATUS told, and END's totals."""
import struct
import threading
import time

import harness
import independent_client as protocol

STARTING, RUNNING, LOST = 0, 1, 2
REASONS = dict(enumerate(("DELIVERED", "SENSOR_GAP", "CAPTURE_ERROR", "NO_BUFFER", "ENCODER_BUSY",
                          "ENCODE_ERROR", "SUPERSEDED", "RATE_LIMITED", "QUEUE_FULL", "TOO_BIG",
                          "UNSENT", "MODE_SWITCH")))
OF_A_STREAM = protocol.STREAM, protocol.STATUS, protocol.HEAD, protocol.DROPS


class Peer(protocol.Peer):
    """Reads all that there is at once, so that one process can watch two hundred times."""

    buffer, at = b"", 0

    def read(self, size):
        while len(self.buffer) - self.at < size:
            more = self.sock.recv(1 << 18)
            protocol.need(more, "the connection was cut")
            self.buffer, self.at = self.buffer[self.at:] + more, 0
        self.at += size
        return self.buffer[self.at - size:self.at]

    # Where the daemon has closed, what it said before that tells why.
    def send(self, kind, layout, *fields, tlvs=b""):
        try:
            super().send(kind, layout, *fields, tlvs=tlvs)
        except (BrokenPipeError, ConnectionResetError):
            pass


class Watcher:
    """Watches on a thread of its own, from start() until END, or until the connection is cut.

    Whatever breaks a rule of the protocol's section 4 ends it with an error, which join() raises.
    Without `acks` it acknowledges only what acknowledge() is called for.
    """

    def __init__(self, address, lossless=False, acks=True, start=True, stream=""):
        self.condition = threading.Condition()
        # Under the condition.
        self.first = None       # the id from which frames are accounted for
        self.fates = []         # of each id from there on: a key of REASONS
        self.heads = {}         # of delivered frames, by id: (sensor, capture) times
        self.size = None        # of the frames, as the last STREAM says
        self.tails = {}         # likewise: (encode start, end, send start, end)
        self.statuses = []      # (state, text)
        self.pongs = []         # how many frames were delivered when each came
        self.acks = acks
        self.end = None         # (reason, captured, delivered, dropped)
        self.error = None
        self.over = False
        self.peer = Peer(address)
        self.peer.sock.settimeout(harness.BOUND)
        self.lossless = lossless
        self.stream = stream    # its name, where there are several
        self.thread = threading.Thread(target=self._run, daemon=True)
        if start:
            self.start()

    def start(self):
        self.thread.start()

    def _subscribe(self):
        return protocol.subscribe(self.peer, protocol.greet(self.peer), self.stream,
                                  ["--lossless"] if self.lossless else [])

    def _run(self):
        error = None
        try:
            self.number = self._subscribe()
            self._watch()
        except (SystemExit, OSError, struct.error) as caught:
            error = caught
        with self.condition:
            self.error, self.over = error, True
            self.condition.notify_all()
        self.peer.sock.close()

    def _watch(self):
        head, size = None, 0
        while self.end is None:
            kind, fields, _, blob = self.peer.next()
            protocol.need(kind not in OF_A_STREAM or fields[0] == self.number,
                          f"type {kind:x} of stream {fields}, not {self.number}")
            with self.condition:
                if kind == protocol.STATUS:
                    self.statuses.append((fields[1], blob.decode()))
                elif kind == protocol.STREAM:
                    self.first = fields[5] if self.first is None else self.first
                    self.size = fields[2:4]
                elif kind == protocol.HEAD:
                    protocol.need(fields[1] == self._next(), f"HEAD of {fields[1]}, out of turn")
                    head, size = fields, 0
                elif kind == protocol.PART:
                    size += len(blob)
                elif kind == protocol.TAIL and fields[1] == 0:
                    protocol.need(fields[0] == head[1] and fields[2] == size, f"TAIL {fields}")
                    self._delivered(head, fields)
                elif kind == protocol.DROPS:
                    protocol.need(fields[2] == self._next(), f"DROPS {fields}, out of turn")
                    self.fates += [fields[1]] * fields[3]
                elif kind == protocol.PONG:
                    self.pongs.append(len(self.tails))
                elif kind == protocol.END:
                    self.end = fields
                self.condition.notify_all()

    def _next(self):
        protocol.need(self.first is not None, "news of a frame before STREAM")
        return self.first + len(self.fates)

    def _delivered(self, head, tail):
        self.heads[tail[0]], self.tails[tail[0]] = head[2:4], tail[4:8]
        self.fates.append(0)
        if self.acks:
            self._ack()

    def _ack(self):
        self.peer.send(protocol.ACK, ">QQ", max(self.tails), time.monotonic_ns())

    def hold_acks(self):
        """A live stream stops with the next frame."""
        with self.condition:
            self.acks = False

    def acknowledge(self):
        """What came so far, and from now on each frame at once."""
        with self.condition:
            self.acks = True
            self._ack()

    def wait_for(self, condition, what):
        """Until condition(self) holds, which is looked at after each message."""
        with self.condition:
            self.condition.wait_for(lambda: self.over or condition(self), harness.BOUND)
            if not condition(self):
                raise AssertionError(f"never came: {what}; {self.describe()}")

    def wait_delivered(self, count):
        self.wait_for(lambda self: len(self.tails) >= count, f"{count} frames")

    def wait_lost(self, count):
        """Until STATUS has told that the camera was lost so many times."""
        self.wait_for(lambda self: self.losses() >= count, f"{count} x STATUS lost")

    def losses(self):
        return self.states().count(LOST)

    def states(self):
        """RUNNING and LOST in turn. STARTING is left out: it may be told, or be over too soon."""
        found = []
        for state, _ in self.statuses:
            if state != STARTING and found[-1:] != [state]:
                found.append(state)
        return found

    def counts(self):
        """{reason: how many}, DELIVERED being one."""
        return {REASONS[fate]: self.fates.count(fate) for fate in set(self.fates)}

    def totals(self):
        """(delivered, dropped), by its own count."""
        delivered = self.fates.count(0)
        return delivered, len(self.fates) - delivered

    def describe(self):
        return f"{self.counts()}, states {self.statuses}, END {self.end}, error {self.error}"

    def ping(self):
        """Sends PING, and waits for PONG; returns how many frames came to their end in between."""
        with self.condition:
            before, pongs = len(self.tails), len(self.pongs)
            self.peer.ping()
        self.wait_for(lambda self: len(self.pongs) > pongs, "PONG")
        return self.pongs[pongs] - before

    def leave(self):
        """Says END, and waits for the daemon's."""
        delivered, dropped = self.totals()
        self.peer.send(protocol.END, ">HQQQ", 0, delivered + dropped, delivered, dropped)
        self.join()

    def join(self):
        """Waits for END, whose totals must be what was counted here."""
        self.thread.join(harness.BOUND)
        if not self.over or self.error or self.end is None:
            raise AssertionError(self.describe())
        delivered, dropped = self.totals()
        if self.end[1:] != (delivered + dropped, delivered, dropped):
            raise AssertionError(f"END tells otherwise: {self.describe()}")
