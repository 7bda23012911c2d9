"""A daemon's messages about controls and metadata as bytes, right or wrong at will: PROTOCOL.md,
sections 4 and 5, written down once more."""
import struct

from hostile_wire import message, tlv
from independent_client import FIXED, HEAD

CONTROLS, SET, CHANGED, METADATA = 0x14, 0x15, 0x16, 0x25
BOOL, BYTE, INT32, INT64, FLOAT, TEXT, RECTANGLE, SIZE, POINT = range(1, 10)
FORMATS = {BOOL: ">B", BYTE: ">B", INT32: ">i", INT64: ">q", FLOAT: ">f", TEXT: ">B",
           RECTANGLE: ">iiII", SIZE: ">II", POINT: ">ii"}
SETTABLE, ARRAY = 1, 2
OK, CLAMPED, IGNORED, UNKNOWN, BAD = range(5)
DONE, REJECTED, NOT_ALLOWED, NO_CAMERA, BUSY, LOST = range(6)
FIXED.update({CONTROLS: ">BHH", SET: ">I", CHANGED: ">BBIQ", METADATA: ">BB"})


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
    return fixed(CONTROLS, stream, first, len(items) if total is None else total,
                 blob=b"".join(items))


def change(name, result=OK, asked=None, now=None, why=b""):
    none = value(0)
    return text(name) + bytes([result]) + (asked or none) + (now or none) + text(why)


def changed(request, *items, status=DONE, first=0, by=b"laptop2", why=b"", count=None):
    tlvs = (tlv(1, by) if by else b"") + (tlv(2, why) if why else b"")
    return fixed(CHANGED, 0, status, request, first, tlvs=tlvs,
                 blob=bytes([len(items) if count is None else count]) + b"".join(items))


def names(*items, first=0, stream=0):
    """METADATA: (name, type) each."""
    return fixed(METADATA, stream, first,
                 blob=b"".join(bytes([type_, 0]) + text(name) for name, type_ in items))


def head(id_, metadata=b"", width=64, height=64):
    return message(HEAD, 0, id_, 1, 1, width, height, tlvs=tlv(2, metadata) if metadata else b"")


def fixed(kind, *fields, tlvs=b"", blob=b""):
    body = struct.pack(FIXED[kind], *fields)
    return (struct.pack(">2sBBIHH", b"PT", kind, 0, len(body) + len(tlvs) + len(blob), len(body),
                        len(tlvs)) + body + tlvs + blob)
