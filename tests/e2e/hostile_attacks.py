"""What a hostile receiver does to the daemon. Each attack is a function of the test case, which
gives connect(), read(), refused() and frames(); it returns once the daemon has answered as the
protocol says, and with all its connections closed."""
import os
import select
import socket
import struct

import hostile_wire as wire
from hostile_wire import (ACK, DROPS, END, ERROR, HEAD, HELLO, MAX_ID, OPENING, PART, PING, PONG,
                          PROTOCOL, STATUS, STREAM, STREAMS, SUBSCRIBE, TAIL, TIMEOUT, TOO_LARGE,
                          VERSION, end, greeting, hello, message, subscribe, tlv)

CONNECTIONS, IDLE = 10_000, 1_000
SUPERSEDED, QUEUE_FULL = 6, 8


def other_protocols(test):
    for words in (b"GET / HTTP/1.1\r\nHost: camera\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n",
                  b"EHLO there\r\n", b"*1\r\n$4\r\nPING\r\n", b"OPTIONS rtsp://camera RTSP/1.0\r\n",
                  b"\x16\x03\x01\2\0\1\0\1\xfc\3\3", b"\x00" * 64, b"\xff" * 5000,
                  OPENING.replace(b"\r\n", b"\n"), OPENING[1:]):
        test.refused(PROTOCOL, words)
    for version in (0, 2, 255):
        test.refused(VERSION, OPENING[:7] + bytes([version]) + hello())


def garbage(test):
    for size in (1, 12, 100, 5000, 70000):
        noise = os.urandom(size).replace(b"P", b"p")
        test.refused(PROTOCOL, b"x" + noise)
        for begin in (OPENING, OPENING + hello(), greeting()):
            if size >= 12:  # less may still become a header
                test.refused(PROTOCOL, begin, noise)


def lies_about_lengths(test):
    ready = OPENING + hello()
    for lie in ({"length": 0xFFFFFFFF}, {"length": 4097}, {"length": 1 << 24}):
        test.refused(TOO_LARGE, ready, message(PING, 1, **lie))
        test.refused(TOO_LARGE, ready, message(0x90, **lie))
    test.refused(TOO_LARGE, OPENING, message(HELLO, 4096, 0, 0, blob=bytes(1024)))
    for lie in ({"fixed": 9}, {"tlv": 1}, {"fixed": 0xFFFF, "tlv": 0xFFFF}, {"fixed": 7}):
        test.refused(PROTOCOL, ready, message(PING, 1, **lie))
    for out_of_bounds in (0, 4095, (64 << 20) + 1, 0xFFFFFFFF):
        test.refused(PROTOCOL, OPENING, hello(max_message=out_of_bounds))


def zero_length_everything(test):
    ready = OPENING + hello()
    for kind in range(0x80):
        test.refused(PROTOCOL, ready, message(kind))
    test.refused(PROTOCOL, OPENING, message(HELLO))
    unknown = b"".join(message(kind) for kind in range(0x80, 0x100))
    with test.connect(ready + unknown + message(PING, 7)) as peer:
        test.read(peer, PONG)


def tlvs_to_the_limit(test):
    ready, many = OPENING + hello(), [tlv(1000 + i) for i in range(33)]
    full = b"".join(many[:31]) + tlv(999, bytes(4096 - 8 - 32 * 4))
    longest = message(PING, 1, tlvs=full), message(0xFF, tlvs=full + bytes(8))
    with test.connect(ready, b"".join(longest) * 200) as peer:
        test.read(peer, PONG)
        test.take_leave(peer)
    test.refused(PROTOCOL, ready, message(PING, 1, tlvs=b"".join(many)))
    test.refused(PROTOCOL, ready, message(PING, 1, tlvs=tlv(5) + tlv(5)))
    test.refused(PROTOCOL, ready, message(PING, 1, tlvs=tlv(5)[:3]))
    test.refused(PROTOCOL, ready, message(PING, 1, tlvs=struct.pack(">HH", 5, 1)))
    test.refused(PROTOCOL, OPENING + hello(b"".join(many)))


def out_of_order(test):
    ready = OPENING + hello()
    for words in (subscribe(), message(PING, 1), end(), message(ACK, 0, 0), message(0x80)):
        test.refused(PROTOCOL, OPENING, words)
    for words in (hello(), message(STREAMS, 1), message(STATUS, 0, 1), subscribe() + subscribe(),
                  message(STREAM, 0, 1, 64, 64, 30000, 0), message(HEAD, 0, 0, 0, 0, 64, 64),
                  message(PART, blob=b"x"), message(TAIL, 0, 0, 0, 0, 0, 0, 0, 0),
                  message(DROPS, 0, 1, 0, 1), subscribe(mode=9),
                  subscribe(max_fps=1, every=2), end(1, 1, 0), end(0, 1, MAX_ID),
                  message(ERROR, 3, blob=bytes(257))):
        test.refused(PROTOCOL, ready, words)
    test.refused(PROTOCOL, greeting(), end(1 << 40, 0, 1 << 40))
    for texts in (tlv(1, bytes(65)), tlv(2, bytes(65))):
        test.refused(PROTOCOL, OPENING, hello(texts))
    for name in (b"other", b"x" * 32, b"pattern/0"):
        test.refused(wire.NO_SUCH_STREAM, ready, subscribe(name=name))
    for name in wire.BAD_NAMES:
        test.refused(PROTOCOL, ready, subscribe(name=name))
    with test.connect(ready + message(ACK, 5, 5) * 1000 + end() + b"and more") as peer:
        test.read(peer, END)


def texts_with_escapes(test):
    """They reach the daemon's log, as question marks. Comes first: later the log is held back."""
    said = b"said" + wire.ESCAPES
    test.connect(OPENING, hello(tlv(1, said) + tlv(2, said)), message(ERROR, 3, blob=said)).close()
    test.daemon.wait_for("reports an error: said[?]+")
    for character in "\x1b\x07\x9b\x7f\0\ufffd\u2028\u202e\u200b\U000e0041":
        test.assertNotIn(character, test.daemon.log())


def cut_at_every_byte(test):
    words = greeting() + message(PING, 1) + message(ACK, 0, 0) + end()
    for size in range(len(words) + 1):
        peer = test.connect(words[:size])
        wire.reset(peer) if size % 2 else peer.close()


def subscribe_storm(test):
    for i in range(300):
        peer = test.connect(greeting(i % 2))
        wire.reset(peer) if i % 3 else peer.close()
    peers = [test.connect(greeting(i % 2, max_fps=i, queue_bytes=i)) for i in range(60)]
    for peer in peers:
        test.read(peer, STREAM)
    for peer in peers:
        peer.close()
    test.refused(PROTOCOL, OPENING + hello(), subscribe() * 10_000)


def extreme_wishes(test):
    for options in ({"max_fps": 1}, {"max_fps": 0xFFFFFFFF}, {"every": 0xFFFFFFFF},
                    {"max_fps": 0xFFFFFFFF, "first_due": MAX_ID},
                    {"every": 2, "first_due": MAX_ID},
                    {"mode": wire.LOSSLESS, "queue_bytes": 1},
                    {"mode": wire.LOSSLESS, "queue_bytes": 0xFFFFFFFF, "max_fps": 1}):
        with test.connect(greeting(**options)) as peer:
            test.read(peer, TAIL)
            test.take_leave(peer)


def acks_of_frames_never_sent(test):
    """Far ids, the same one again and again, backwards: the stream goes on, and adds up."""
    for mode in (wire.LIVE, wire.LOSSLESS):
        with test.connect(greeting(mode)) as peer:
            last = test.read(peer, TAIL)[1][0]
            ids = [last + 1, last + 1000, MAX_ID, MAX_ID - 1, 1 << 63, 0, last, last, last, 0]
            peer.sendall(b"".join(message(ACK, id_ & MAX_ID, MAX_ID) for id_ in ids * 2000))
            test.take_leave(peer)


def never_ack(test):
    with test.connect(greeting(wire.LIVE)) as live, test.connect(greeting(wire.LOSSLESS)) as all_:
        test.frames(20)
        test.read(live, DROPS, lambda fields: fields[1] == SUPERSEDED)
        test.take_leave(live)
        test.take_leave(all_)


def never_read(test):
    peers = [test.connect(greeting(i % 2, queue_bytes=65536 if i < 6 else 0), receive=4096)
             for i in range(8)]
    test.frames(45)
    for peer, reason in ((peers[0], SUPERSEDED), (peers[1], QUEUE_FULL)):
        test.read(peer, DROPS, lambda fields: fields[1] == reason)
        test.take_leave(peer)
    for i, peer in enumerate(peers):
        wire.reset(peer) if i % 2 else peer.close()


def ping_flood(test):
    pings = message(PING, MAX_ID) * 5000
    with test.connect(greeting()) as reads, test.connect(greeting(), receive=4096) as never_reads:
        for _ in range(40):
            never_reads.sendall(pings)
            reads.sendall(pings)
            test.drain(reads)
        test.take_leave(reads)


def farewell_without_close(test):
    """Who has said END, or was told ERROR, keeps its place for 2 s and no longer."""
    before = test.descriptors()
    peers = [test.connect(greeting(i % 2), end(), subscribe()) for i in range(20)]
    peers += [test.connect(b"nonsense" * 2) for _ in range(20)]
    test.wait_until(lambda: test.descriptors() <= before, "the end of those that stay")
    for peer in peers:
        peer.close()


def half_closed(test):
    for words in (b"", OPENING, OPENING + hello(), greeting(), greeting(wire.LOSSLESS)):
        with test.connect(words) as peer:
            peer.shutdown(socket.SHUT_WR)
            test.read_all(peer)


def slow_loris(test):
    """A byte a second at each stage at once. Who hasn't said HELLO in 5 s is sent away."""
    stages = (OPENING, hello(), subscribe(), message(PING, 1), message(ACK, 0, 0),
              message(0x90, blob=bytes(500)), end())
    peers = [test.connect(b"".join(stages[:i])) for i in range(len(stages))]
    words, before_hello = [bytearray(stage) for stage in stages], peers[:2]
    while not all(test.was_told(peer, ERROR) for peer in before_hello):
        for peer, left in zip(peers, words):
            peer.send(left[:1])
            del left[:1]
        select.select([peer for peer in before_hello if not test.was_told(peer, ERROR)], [], [], 1)
        for peer in peers:
            test.drain(peer)
    for peer in before_hello:
        test.read(peer, ERROR, lambda fields: fields[0] == TIMEOUT)
    for peer in peers:
        peer.close()


def idle_thousand(test):
    """Half of them silent, half after HELLO: the silent ones are sent away after 5 s. One more
    reads nothing, so that frames lie above all of them in memory."""
    never_reads = test.connect(greeting(wire.LOSSLESS), receive=4096)
    peers = [test.connect(OPENING + hello() if i % 2 else b"") for i in range(IDLE - 1)]
    test.note(f"{IDLE} idle: {test.memory() // 1024} kB in use, {test.descriptors()} descriptors")
    for peer in peers[::2]:
        last = test.read_all(peer)[-1]
        test.assertEqual(last[0], ERROR)
        test.assertIn(last[1][0], (TIMEOUT, wire.TOO_MANY_CLIENTS))
    for peer in peers[1:-20:2]:
        peer.sendall(message(PING, 9))
        test.read(peer, PONG)
    for peer in [*peers, never_reads]:
        peer.close()


def connect_and_close(test):
    """10,000 times, every other one with a reset. Now and then the daemon's opening is waited for,
    as the kernel's queue of connections is short."""
    for i in range(CONNECTIONS):
        peer = test.connect()
        if i % 32 == 0:
            test.assertEqual(peer.recv(len(OPENING), socket.MSG_WAITALL), OPENING)
        wire.reset(peer) if i % 2 else peer.close()


def out_of_descriptors(test):
    """More connections than the daemon may have descriptors: they wait, and the stream goes on."""
    peers = [test.connect() for _ in range(60)]
    test.daemon.wait_for("can't accept clients for now: Too many open files")
    test.frames(10)
    for peer in peers:
        peer.close()
    with test.connect(OPENING + hello()) as peer:
        test.read(peer, STREAMS)


ATTACKS = (texts_with_escapes, other_protocols, garbage, lies_about_lengths,
           zero_length_everything, tlvs_to_the_limit, out_of_order, cut_at_every_byte,
           subscribe_storm, extreme_wishes, acks_of_frames_never_sent, never_ack, never_read,
           ping_flood, farewell_without_close, half_closed, slow_loris, idle_thousand,
           connect_and_close)
