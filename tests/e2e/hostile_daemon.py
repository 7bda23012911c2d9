"""A daemon that says whatever it is told to, to whoever comes, and reads what the other says."""
import select
import socket

import hostile_jpeg
from hostile_wire import (BAD_NAMES, END, HEAD, HELLO, OPENING, PART, STREAM, TAIL, crc32c, entry, message,
                          streams)

EPOCH = 0x0123456789ABCDEF
JPEG = hostile_jpeg.smallest(64, 64)


def begin(epoch=EPOCH):
    return OPENING + message(HELLO, 4096, 0, epoch) + streams(entry())


BEGIN = begin()
BAD_LISTS = (
    streams(), streams(*(entry(b"s%d" % i, i) for i in range(33))),
    streams(entry(), entry(b"other")), streams(entry(), entry(number=1)),
    streams(entry(), count=2), streams(entry()[:-1]), streams(entry()[:9]), streams(count=1),
    streams(entry(model=bytes(65))), streams(entry(width=0)), streams(entry(height=15)),
    streams(entry(width=16384)), *(streams(entry(name)) for name in (b"", *BAD_NAMES)))


def stream(first=0, width=64, height=64, codec=1, tlvs=b""):
    return message(STREAM, 0, codec, width, height, 30000, first, tlvs=tlvs)


def parts(data, size):
    return b"".join(message(PART, blob=data[i:i + size]) for i in range(0, len(data), size))


def head(id_, width=64, height=64, sensor=1, tlvs=b""):
    return message(HEAD, 0, id_, sensor, sensor, width, height, tlvs=tlvs)


def tail(id_, data, status=0, length=None, crc=None, times=(1, 2, 3, 4)):
    return message(TAIL, id_, status, len(data) if length is None else length,
                   crc32c(data) if crc is None else crc, *times)


def frame(id_, data=JPEG, part=1 << 20, **size):
    return head(id_, **size) + parts(data, part) + tail(id_, data)


def end(captured, delivered, dropped, reason=2):
    return message(END, reason, captured, delivered, dropped)


class HostileDaemon:
    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.heard = 0

    def accept(self, bound):
        self.server.settimeout(bound)
        peer, _ = self.server.accept()
        peer.settimeout(bound)
        return peer

    def close(self):
        self.server.close()

    def read(self, peer):
        """False: the host has closed."""
        try:
            data = peer.recv(1 << 16)
        except ConnectionResetError:
            return False
        self.heard += len(data)
        return bool(data)

    def say(self, peer, piece, deaf=False):
        """Sends it all, reading meanwhile unless `deaf`. False: the host has hung up."""
        left = memoryview(piece)
        while left:
            readable, writable, _ = select.select([] if deaf else [peer], [peer], [],
                                                  peer.gettimeout())
            if not readable and not writable:
                raise TimeoutError("the host neither reads nor hangs up")
            if readable and not self.read(peer):
                return False
            try:
                left = left[peer.send(left[:1 << 20]) if writable else 0:]
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def talk(self, pieces, bound, stays=False, deaf=False):
        """Says the pieces, one after the other, to the next host, closes its half unless it
        `stays`, and waits until the host closes. deaf: reads nothing before all is said."""
        with self.accept(bound) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if all(self.say(peer, piece, deaf) for piece in pieces) and not stays:
                try:
                    peer.shutdown(socket.SHUT_WR)
                except OSError:
                    return
            while self.read(peer):
                pass
