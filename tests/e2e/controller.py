"""A receiver that sets controls, and keeps what it is told: frames, lists, answers and notices."""
import struct
import time

import control_messages as messages
import harness
import independent_client as protocol
import watcher


class Controller:
    """Reads when it is asked to wait for something, on the caller's thread."""

    def __init__(self, address, *, key=None, lossless=False, stream="", keep_jpegs=False):
        self.peer = watcher.Peer(address, key)
        self.peer.sock.settimeout(harness.BOUND)
        self.lists, self.controls = 0, messages.Controls()
        self.names = messages.Metadata()
        self.answers, self.notices = {}, []
        self.frames = {}    # metadata of delivered frames, by id
        self.jpegs = {}     # likewise, if they are kept
        self.states = []    # STATUS's
        self.requests = 0
        self.keep_jpegs = keep_jpegs
        self.delivered = self.dropped = 0
        self.end, self.head, self.parts = None, None, []
        self.number = protocol.subscribe(self.peer, protocol.greet(self.peer), stream,
                                         ["--lossless"] if lossless else [])

    def _take(self, kind, fields, tlvs, blob):
        if kind == protocol.CONTROLS:
            self.lists += self.controls.add(*fields[1:], blob)
        elif kind == protocol.CHANGED:
            changed = messages.parse_changed(fields, tlvs, blob)
            if changed["request"] == 0:
                self.notices.append(changed)
            else:
                protocol.need(changed["request"] not in self.answers, f"answered twice: {changed}")
                self.answers[changed["request"]] = changed
        elif kind == protocol.METADATA:
            self.names.add(fields[1], blob)
        elif kind == protocol.STATUS:
            self.states.append(fields[1])
        elif kind == protocol.HEAD:
            self.head, self.parts = (fields[1], self.names.read(tlvs.get(2, b""))), []
        elif kind == protocol.PART and self.keep_jpegs:
            self.parts.append(blob)
        elif kind == protocol.TAIL and fields[1] == 0:
            self._delivered()
        elif kind == protocol.DROPS:
            self.dropped += fields[3]
        elif kind == protocol.END:
            self.end = fields

    def _delivered(self):
        id_, self.frames[self.head[0]] = self.head
        self.delivered += 1
        if self.keep_jpegs:
            self.jpegs[id_] = b"".join(self.parts)
        self.peer.send(protocol.ACK, ">QQ", id_, time.monotonic_ns())

    def wait_for(self, condition, what):
        """Reads until condition() holds."""
        until = time.monotonic() + harness.BOUND
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"never came: {what}")
            self._take(*self.peer.next())

    def wait_ready(self):
        """Until the list of controls is complete."""
        self.wait_for(lambda: self.lists > 0, "CONTROLS")

    def wait_frames(self, count=1):
        """Until so many more frames came; returns the last one's id."""
        due = self.delivered + count
        self.wait_for(lambda: self.delivered >= due, f"{count} frames")
        return max(self.frames)

    def send_set(self, text, request=None):
        """Returns its number."""
        if request is None:
            self.requests += 1
            request = self.requests
        blob = text.encode()
        self.peer.sock.sendall(struct.pack(">2sBBIHHI", b"PT", messages.SET, 0, 4 + len(blob), 4, 0,
                                           request) + blob)
        return request

    def answer_to(self, request):
        self.wait_for(lambda: request in self.answers, f"the answer to {request}")
        return self.answers[request]

    def set(self, text):
        """Sets, and returns the answer."""
        return self.answer_to(self.send_set(text))

    def leave(self):
        self.peer.send(protocol.END, ">HQQQ", 0, self.delivered + self.dropped, self.delivered,
                       self.dropped)
        self.wait_for(lambda: self.end is not None, "END")
        self.peer.sock.close()
