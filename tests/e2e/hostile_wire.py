"""The protocol's pieces for peers that misuse it: messages as bytes, right or wrong at will, and
what the other side says taken apart again. That the protocol is kept is proved elsewhere, by
independent_client.py."""
import ctypes
import socket
import struct

from independent_client import (ACK, DROPS, END, ERROR, FIXED, HEAD, HELLO, OPENING, PART, PING,
                                PONG, STATUS, STREAM, STREAMS, SUBSCRIBE, TAIL, crc32c)

VERSION, TLS_REQUIRED, PROTOCOL, TOO_LARGE, TIMEOUT, TOO_MANY_CLIENTS, NO_SUCH_STREAM = range(1, 8)
LIVE, LOSSLESS = 0, 1
SET = 0x15
SO_ATTACH_FILTER = 26  # not in Python's socket module
MAX_ID = (1 << 64) - 1
LAYOUTS = {**FIXED, SUBSCRIBE: ">BIIQI", ACK: ">QQ", SET: ">I"}
# What makes a terminal do something, each way to write it: C0, DEL, C1 in one byte and in two; and
# what begins a line, turns the text around or hides in it.
ESCAPES = (b"\x1b]0;owned\x07\x1b[2J\r\n\x00\x7f\x9b31m\xc2\x9b31m\xff" +
           "\u2028\u202e\u200b\U000e0041".encode())


# What is no stream's name.
BAD_NAMES = (b"../etc", b"/a", b"a/", b"a//b", b".", b"a/.b", b"a b", b"a\n", b"a\0", b"\x1b[2J",
             "\u00fc".encode(), b"\xff", b"x" * 33)


def message(kind, *fields, tlvs=b"", blob=b"", **lies):
    """lies: `length`, `fixed` or `tlv` other than what is true."""
    body = struct.pack(LAYOUTS[kind], *fields) if fields else b""
    true = {"length": len(body) + len(tlvs) + len(blob), "fixed": len(body), "tlv": len(tlvs)}
    true.update(lies)
    header = struct.pack(">2sBBIHH", b"PT", kind, 0, true["length"], true["fixed"], true["tlv"])
    return header + body + tlvs + blob


def tlv(kind, value=b""):
    return struct.pack(">HH", kind, len(value)) + value


def hello(tlvs=b"", max_message=1 << 24, epoch=0):
    return message(HELLO, max_message, 0, epoch, tlvs=tlvs)


def subscribe(mode=LIVE, max_fps=0, queue_bytes=0, name=b"", every=0, first_due=0):
    return message(SUBSCRIBE, mode, max_fps, every, first_due, queue_bytes,
                   tlvs=tlv(1, name) if name else b"")


def entry(name=b"test", number=0, state=1, width=64, height=64, fps=30000, model=b"", view=0):
    """Of STREAMS."""
    return (struct.pack(">BBHHIH", number, state, width, height, fps, view) +
            bytes([len(name)]) + name + bytes([len(model)]) + model)


def streams(*entries, count=None):
    return message(STREAMS, len(entries) if count is None else count, blob=b"".join(entries))


def greeting(mode=LIVE, **options):
    """All that a receiver has to say before it is sent frames."""
    return OPENING + hello() + subscribe(mode, **options)


def end(captured=0, delivered=0, dropped=0, reason=0):
    return message(END, reason, captured, delivered, dropped)


def split(data):
    """The whole messages of what one side has sent: (type, fixed fields, blob)."""
    at, messages = len(OPENING), []
    assert data[:at] == OPENING[:len(data)], f"not the opening: {data[:20]!r}"
    while at + 12 <= len(data):
        magic, kind, _, length, fixed, tlvs = struct.unpack_from(">2sBBIHH", data, at)
        assert magic == b"PT" and fixed + tlvs <= length, f"not a header: {data[at:at + 12]!r}"
        body = data[at + 12:at + 12 + length]
        if len(body) < length:
            break
        messages.append((kind, struct.unpack_from(LAYOUTS[kind], body), body[fixed + tlvs:]))
        at += 12 + length
    return messages


def totals(messages):
    """What the daemon has told: (captured, delivered, dropped), and the reasons of the drops."""
    delivered = sum(kind == TAIL and fields[1] == 0 for kind, fields, _ in messages)
    drops = [fields for kind, fields, _ in messages if kind == DROPS]
    dropped = sum(fields[3] for fields in drops)
    return (delivered + dropped, delivered, dropped), {fields[1] for fields in drops}


def reset(peer):
    """Closes with a reset instead of a farewell."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def cut(peer):
    """As if the cable were cut: nothing that comes in reaches the socket any more, so that the
    kernel acknowledges nothing. (A packet filter that takes 0 bytes of each.) See can_cut()."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    peer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HP", 1, ctypes.addressof(program)))


def can_cut():
    """Some systems let nobody but root have packet filters."""
    with socket.socket() as peer:
        try:
            cut(peer)
        except PermissionError:
            return False
    return True
