"""What a stranger does to a daemon that demands TLS. Each attack is a function of the test case, as
in hostile_attacks.py, which here gives openssl() and its keys as well."""
import os
import select
import socket

import hostile_wire as wire
from hostile_wire import END, ERROR, OPENING, PROTOCOL, STREAMS, TAIL, TLS_REQUIRED, greeting, hello

ALERT, HANDSHAKE, DATA = 0x15, 0x16, 0x17
# What only who has a key may learn. None is so short that random bytes may hold it.
SECRETS = (OPENING, b"PT\x01\0\0\0", b"pitetherd", b"pattern", b"laptop")


def record(kind, body):
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def client_hello(test):
    """What openssl s_client says first if it has the right key."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = test.openssl(f"127.0.0.1:{server.getsockname()[1]}", *test.secret("laptop"))
        peer, _ = server.accept()
        with peer:
            said = peer.recv(5, socket.MSG_WAITALL)
            said += peer.recv(int.from_bytes(said[3:], "big"), socket.MSG_WAITALL)
        client.communicate(timeout=test.BOUND)
    return said


def say(peer, *words):
    """Says it all and closes its half, unless the daemon is faster."""
    try:
        for piece in words:
            peer.sendall(piece)
        peer.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def hear(peer):
    """All until the daemon closes."""
    said = b""
    try:
        while piece := peer.recv(1 << 16):
            said += piece
    except ConnectionResetError:
        pass
    return said


def hear_nothing(test, peer):
    """All until the daemon closes; nothing of it is worth anything to a stranger."""
    said = hear(peer)
    for secret in SECRETS:
        test.assertNotIn(secret, said)
    return said


def plain_text(test):
    for words in (greeting(), OPENING, b"GET / HTTP/1.1\r\n\r\n", b"x" + os.urandom(4000),
                  record(ALERT, b"\2\x28"), b"\x80\x2e\x01\x00\x02"):
        test.refused(TLS_REQUIRED, words)
    for words in (bytes([HANDSHAKE]) + os.urandom(4000), b"\x16\x03\x01\xff\xff" + bytes(70000),
                  b"\x16\x03\x01\0\0" * 1000, record(HANDSHAKE, b"\1\xff\xff\xff" + bytes(200)),
                  record(HANDSHAKE, b"") + greeting()):
        with test.connect() as peer:
            say(peer, words)
            test.assertNotEqual(hear_nothing(test, peer)[:1], bytes([HANDSHAKE]))


def other_versions_and_suites(test):
    laptop = test.secret("laptop")
    test.assertIn(b"ESTABLISHED", test.handshake(*laptop))
    for options in ({"version": "-tls1_2"}, {"alpn": ("-alpn", "h2")},
                    {"more": ("-ciphersuites", "TLS_AES_256_GCM_SHA384")}):
        answer = test.handshake(*laptop, **options)
        test.assertNotIn(b"ESTABLISHED", answer)
        test.assertIn(b"alert", answer)
    unnamed = test.openssl(test.daemon.address, *laptop, alpn=())
    test.assertEqual(unnamed.communicate(greeting(), timeout=test.BOUND)[0], b"")


def wrong_keys(test):
    identity, secret = test.secret("laptop")
    for wrong in ((identity, "00" * 32), (identity, secret[:-2]), ("0" * 32, secret),
                  (identity[:-1], secret), (identity + "0", secret), ("x" * 200, secret),
                  ("../" * 10, secret), test.secret("gone")):
        answer = test.handshake(*wrong)
        test.assertNotIn(b"ESTABLISHED", answer)
        test.assertIn(b"alert", answer)


def changed_client_hellos(test):
    """A bit changed anywhere, and cut anywhere: no answer but an alert. (The version in the header
    means nothing; what is changed to another protocol is told so.)"""
    said = client_hello(test)
    for at in [0, *range(3, len(said))]:
        changed = said[:at] + bytes([said[at] ^ 1 << at % 8]) + said[at + 1:]
        for words in (changed, said[:at]):
            with test.connect() as peer:
                say(peer, words)
                test.assertIn(hear(peer)[:1], (b"", bytes([ALERT]), OPENING[:1]), at)


def replayed_client_hello(test):
    """The daemon answers, but without the key its answer can't be answered."""
    said = client_hello(test)
    for more in (said, record(DATA, os.urandom(64)), record(HANDSHAKE, os.urandom(64)), greeting(),
                 b"\x14\x03\x03\0\1\1" * 100, record(ALERT, b"\2\x28"), record(ALERT, b"\1\0")):
        with test.connect() as peer:
            say(peer, said, more)
            test.assertIn(hear_nothing(test, peer)[:1], (b"", bytes([HANDSHAKE])))


def held_handshakes(test):
    """Open for 5 s and no longer; friends find room meanwhile."""
    said = client_hello(test)
    peers = [test.connect(said[:size]) for size in (0, 1, 5, 6, 50, len(said) - 1, len(said)) * 8]
    test.befriend()
    for peer in peers:
        hear_nothing(test, peer)
        peer.close()


def burst_of_handshakes(test):
    """Sixty at a time: each costs the daemon a key exchange, and it owes all of them an answer."""
    said = client_hello(test)
    for _ in range(20):
        peers = [test.connect() for _ in range(60)]
        for peer in peers:
            say(peer, said)
        for peer in peers:
            test.assertEqual(hear_nothing(test, peer)[:1], bytes([HANDSHAKE]))
            peer.close()


def crowds(test):
    """From many addresses, and from one."""
    peers = [test.connect() for _ in range(300)]
    test.befriend()
    for peer in peers:
        peer.close()
    for _ in range(1000):
        test.connect(source="10.84.255.1").close()
    test.befriend()


def connect_and_close(test):
    said = client_hello(test)
    for i in range(5000):
        peer = test.connect(said[:i % len(said)])
        if i % 32 == 0:
            wire.reset(peer)
            test.refused(TLS_REQUIRED, OPENING)
        wire.reset(peer) if i % 2 else peer.close()


def hijack(test, words):
    """A handshake by who has the key, whose bytes pass through our hands: once the daemon's STREAMS
    was read, we say the words instead. They get `last`, the last record of the client's, as well.
    Returns what the daemon says to it."""
    with socket.create_server(("127.0.0.1", 0)) as server, test.connect() as daemon:
        client = test.openssl(f"127.0.0.1:{server.getsockname()[1]}", *test.secret("laptop"))
        client.stdin.write(OPENING + hello())
        client.stdin.flush()
        inner, _ = server.accept()
        heard, last = b"", b""
        with inner:
            while STREAMS not in [kind for kind, *_ in wire.split(heard)]:
                for end in select.select([inner, daemon, client.stdout], [], [], test.BOUND)[0]:
                    if end is inner:
                        last = inner.recv(1 << 16)
                        daemon.sendall(last)
                    elif end is daemon:
                        inner.sendall(daemon.recv(1 << 16))
                    else:
                        heard += os.read(client.stdout.fileno(), 1 << 16)
            daemon.sendall(words(last))
            answer = hear_nothing(test, daemon)
    client.kill()
    client.communicate()
    return answer


def words_after_the_handshake(test):
    """Garbage, a record again, plain text, a new handshake (TLS 1.3 has no renegotiation), alerts:
    whatever hasn't the key ends the connection."""
    said = client_hello(test)
    for words in (os.urandom(100), record(DATA, os.urandom(500)), record(DATA, b""), greeting(),
                  said, record(HANDSHAKE, b"\0\0\0\0"), record(ALERT, b"\1\0"),
                  b"\x17\x03\x03\xff\xff", b"\x14\x03\x03\0\1\1"):
        hijack(test, lambda last, words=words: words)
    hijack(test, lambda last: last)


def friends_that_misbehave(test):
    """Who has a key keeps the protocol, too, or is told the same errors. New keys for the connection
    (RFC 8446, 4.6.3), one after the other, are allowed; s_client makes them at a K."""
    for code, words in ((PROTOCOL, b"GET / HTTP/1.1\r\n\r\n"), (PROTOCOL, OPENING + hello() * 2),
                        (wire.TOO_LARGE, OPENING + hello() + wire.message(0xFF, length=1 << 24))):
        client = test.openssl(test.daemon.address, *test.secret("laptop"))
        heard = client.communicate(words, timeout=test.BOUND)[0]
        test.assertEqual(wire.split(heard)[-1][:2], (ERROR, (code,)))
    client = test.openssl(test.daemon.address, *test.secret("laptop"), quiet=())
    for _ in range(50):
        client.stdin.write(b"K\n")
        client.stdin.flush()
        while b"KEYUPDATE" not in (line := client.stderr.readline()):
            test.assertTrue(line, "s_client has gone")
    client.stdin.write(greeting())
    client.stdin.flush()
    heard = b""
    while b"pitetherd" not in heard:  # at the end of its input s_client would leave at once
        piece = os.read(client.stdout.fileno(), 1 << 16)
        test.assertTrue(piece, heard)
        heard += piece
    client.kill()
    client.communicate()


def a_friend_by_openssl(test):
    """Another implementation of TLS has a whole conversation, and its totals add up."""
    client = test.openssl(test.daemon.address, *test.secret("laptop"))
    client.stdin.write(greeting(wire.LOSSLESS))
    client.stdin.flush()
    heard = b""
    while [kind for kind, *_ in wire.split(heard)].count(TAIL) < 5:
        piece = os.read(client.stdout.fileno(), 1 << 16)
        test.assertTrue(piece, heard[-300:])
        heard += piece
    rest, _ = client.communicate(wire.end(), timeout=test.BOUND)
    messages = wire.split(heard + rest)
    test.assertEqual(messages[-1][0], END)
    test.assertEqual(messages[-1][1][1:], wire.totals(messages)[0])


ATTACKS = (a_friend_by_openssl, plain_text, other_versions_and_suites, wrong_keys,
           changed_client_hellos, replayed_client_hello, held_handshakes,
           burst_of_handshakes, crowds, connect_and_close, words_after_the_handshake, friends_that_misbehave)
