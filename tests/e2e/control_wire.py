"""A daemon's messages about controls and metadata as bytes, right or wrong at will: PROTOCOL.md,
sections 4 and 5, written down once more."""
import struct

from hostile_wire import SET, message, split, tlv
from hostile_daemon import BEGIN, JPEG, HostileDaemon, parts, stream, tail
from independent_client import CHANGED, CONTROLS, END, HEAD, METADATA, STATUS

BOOL, BYTE, INT32, INT64, FLOAT, TEXT, RECTANGLE, SIZE, POINT = range(1, 10)
FORMATS = {BOOL: ">B", BYTE: ">B", INT32: ">i", INT64: ">q", FLOAT: ">f", TEXT: ">B",
           RECTANGLE: ">iiII", SIZE: ">II", POINT: ">ii"}
SETTABLE, ARRAY = 1, 2
OK, CLAMPED, IGNORED, UNKNOWN, BAD = range(5)
DONE, REJECTED, NOT_ALLOWED, NO_CAMERA, BUSY, LOST = range(6)


def text(words):
    return bytes([len(words)]) + words


def elements(type_, values):
    """How many, and these; a tuple for what has parts."""
    packed = b"".join(struct.pack(FORMATS[type_], *(value if isinstance(value, tuple) else (value,)))
                      for value in values)
    return struct.pack(">H", len(values)) + packed


def value(type_, *values, flags=0):
    if not values:
        return struct.pack(">BBH", 0, 0, 0)
    return bytes([type_, flags]) + elements(type_, values)


def control(name, type_, least=(), most=(), default=(), now=(), flags=SETTABLE, size=0, unit=b"",
            words=()):
    """One of CONTROLS; words: the enumerators' names, for 0, 1, ..."""
    return (bytes([type_, flags]) + struct.pack(">H", size) + text(name) + text(unit) +
            b"".join(elements(type_, values) for values in (least, most, default, now)) +
            bytes([len(words)]) +
            b"".join(struct.pack(">i", i) + text(word) for i, word in enumerate(words)))


def controls(*items, first=0, total=None, stream=0):
    return message(CONTROLS, stream, first, len(items) if total is None else total,
                 blob=b"".join(items))


def change(name, result=OK, asked=None, now=None, why=b""):
    none = value(0)
    return text(name) + bytes([result]) + (asked or none) + (now or none) + text(why)


def changed(request, *items, status=DONE, first=0, by=b"laptop2", why=b"", count=None):
    tlvs = (tlv(1, by) if by else b"") + (tlv(2, why) if why else b"")
    return message(CHANGED, 0, status, request, first, tlvs=tlvs,
                 blob=bytes([len(items) if count is None else count]) + b"".join(items))


def names(*items, first=0, stream=0):
    """METADATA: (name, type) each."""
    return message(METADATA, stream, first,
                 blob=b"".join(bytes([type_, 0]) + text(name) for name, type_ in items))


def head(id_, metadata=b"", width=64, height=64):
    return message(HEAD, 0, id_, 1, 1, width, height, tlvs=tlv(2, metadata) if metadata else b"")


def frame(id_, metadata=b""):
    return head(id_, metadata) + parts(JPEG, 1 << 20) + tail(id_, JPEG)


class ControlDaemon(HostileDaemon):
    """Lists these controls, sends a frame, and answers each SET with what answer(request, text)
    returns, until the host ends."""

    def __init__(self, *items, words=b"", answer=None, frames=(b"",)):
        super().__init__()
        self.begin = (BEGIN + message(STATUS, 0, 1) + stream() + words +
                      (controls(*items) if items else b"") +
                      b"".join(frame(i, metadata) for i, metadata in enumerate(frames)))
        self.frames, self.answer, self.sets = len(frames), answer, []

    def serve(self, bound):
        """The next host. Ends with it."""
        with self.accept(bound) as peer:
            peer.sendall(self.begin)
            data, told = b"", 0
            while piece := peer.recv(1 << 16):
                data += piece
                messages = split(data)
                for kind, fields, blob in messages[told:]:
                    if kind == SET:
                        self.sets.append(blob.decode())
                        peer.sendall(self.answer(fields[0], blob))
                    elif kind == END:
                        peer.sendall(message(END, 2, self.frames, self.frames, 0))
                told = len(messages)
