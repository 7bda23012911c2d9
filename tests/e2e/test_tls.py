#!/usr/bin/env python3
"""Keys and TLS between machines: who has a key gets every frame, who has none gets nothing.

Runs in a network namespace of its own, whose loopback interface has addresses that the programs
take for a network's: those of 10.84.0.0/16, and fd84::1.
"""
import os
import select
import signal
import socket
import stat
import subprocess
import threading
import time

import harness

DEVICE = "10.84.0.1"
OPENING = bytes.fromhex("89505446500d0a01")
# What gives plain text away: openings, the beginnings of HELLO, FRAME_HEAD and FRAME_TAIL, names,
# and what every JPEG file begins with.
CLEAR = (OPENING, b"PT\x01\0\0\0\0", b"PT\x20\0\0\0", b"PT\x22\0\0\0\0", b"pitetherd", b"pattern",
         b"JFIF\0\1")


class Wire:
    """Stands between a host and a daemon and writes down what passes. With flip, the bit at that
    place of what is said by that side, the host (0) or the daemon (1), is changed: once."""

    def __init__(self, case, target, flip=None, side=1):
        host, port = target.rsplit(":", 1)
        self.target, self.flip, self.side = (host, int(port)), flip, side
        self.said = [bytearray(), bytearray()]  # by the host, by the daemon
        self.server = socket.create_server((DEVICE, 0))
        self.address = f"{DEVICE}:{self.server.getsockname()[1]}"
        case.addCleanup(self.server.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                host, _ = self.server.accept()
                self._carry(host, socket.create_connection(self.target, harness.BOUND))
        except OSError:
            pass  # the test is over

    def _carry(self, *ends):
        with ends[0], ends[1]:
            open_ends = set(ends)
            while open_ends:
                for end in select.select(open_ends, [], [])[0]:
                    side = ends.index(end)
                    try:
                        data = self._note(side, end.recv(65536))
                        if data:
                            ends[1 - side].sendall(data)
                        else:
                            open_ends.remove(end)
                            ends[1 - side].shutdown(socket.SHUT_WR)
                    except OSError:
                        return

    def _note(self, side, data):
        at = len(self.said[side])
        self.said[side] += data
        if side == self.side and self.flip is not None and at <= self.flip < at + len(data):
            data = bytearray(data)
            data[self.flip - at] ^= 1
            self.flip = None
        return data


class Tls(harness.Case):
    def setUp(self):
        super().setUp()
        self.keys = self.path("keys")

    def key_of(self, name):
        return self.path(name + ".keys")

    def pair(self, name, *hosts):
        """What README's one command does; the host stores the key for each of the addresses."""
        added = subprocess.run([harness.PITETHERD, "--add-key", name, "--keys", self.keys],
                               check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=harness.BOUND)
        for host in hosts or (DEVICE,):
            subprocess.run([harness.PITETHER, "--import-key", host, "--keys", self.key_of(name)],
                           check=True, input=added.stdout, stderr=subprocess.PIPE,
                           timeout=harness.BOUND)

    def revoke(self, name):
        subprocess.run([harness.PITETHERD, "--revoke", name, "--keys", self.keys], check=True,
                       stderr=subprocess.PIPE, timeout=harness.BOUND)

    def secret(self, name):
        """Id and secret of a key, in hexadecimal digits."""
        with open(self.key_of(name), encoding="ascii") as file:
            return file.read().split()[2:4]

    def secure_daemon(self, *options, listen=DEVICE + ":0", **keywords):
        return self.daemon("--keys", self.keys, *options, listen=listen, **keywords)

    def friend(self, name, daemon, *options):
        return self.host(daemon, "--keys", self.key_of(name), *options)

    def refused(self, name, daemon, pattern):
        self.fails(3, pattern, harness.PITETHER, daemon if isinstance(daemon, str) else
                   daemon.address, "--keys", self.key_of(name), "--null", "--no-reconnect")

    def connect(self, daemon, source=None):
        host, port = daemon.address.rsplit(":", 1)
        peer = socket.create_connection((host, int(port)), harness.BOUND,
                                        (source, 0) if source else None)
        self.addCleanup(peer.close)
        return peer

    def rest_of(self, peer):
        """All that comes until the end."""
        data = b""
        try:
            while piece := peer.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
        return data

    def test_paired_by_one_pipe(self):
        command = (f"'{harness.PITETHERD}' --add-key laptop --keys '{self.keys}' | "
                   f"'{harness.PITETHER}' --import-key {DEVICE} --keys '{self.key_of('laptop')}'")
        subprocess.run(["bash", "-c", command], check=True, stderr=subprocess.DEVNULL,
                       timeout=harness.BOUND)
        for path in (self.keys, self.key_of("laptop")):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        daemon = self.secure_daemon("--log-level", "debug")
        host = self.friend("laptop", daemon, "--save", self.path("out"), "--null", "--frames", "60",
                           "--log-level", "debug")
        self.assertDone(host)
        self.assertConsecutive(self.check_saved(self.path("out"), 60), host)
        daemon.wait_for(r"client 10\.84\.0\.1:\d+ \(laptop\) watches, lossless")
        with open(f"/proc/{daemon.process.pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size +0 +0 ")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        for program in (daemon, host):
            self.assertNotIn(self.secret("laptop")[1], program.log())

    def test_over_ipv6(self):
        self.pair("laptop", "fd84::1")
        daemon = self.secure_daemon(listen="[fd84::1]:0")
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "10"))

    def test_latency_report(self):
        self.pair("laptop")
        host = self.friend("laptop", self.secure_daemon(), "--null", "--latency-report", "--frames",
                           "30")
        self.assertDone(host)
        for stage in ("encode start -> end", "last byte sent -> received", "sensor -> received"):
            host.wait_for(stage)

    def test_nothing_travels_in_clear(self):
        self.pair("laptop")
        daemon = self.secure_daemon("--insecure-plaintext")
        recordings = {}
        for name in ("laptop", "nobody"):
            wire = Wire(self, daemon.address)
            keys = ["--keys", self.key_of(name)] if name == "laptop" else []
            self.assertDone(self.host(wire.address, *keys, "--save", self.path(name), "--frames",
                                      "20"))
            recordings[name] = [bytes(said) for said in wire.said]
        rows = self.index(self.path("laptop"))
        epoch = int(rows[0]["epoch"], 16).to_bytes(8, "big")
        said = recordings["laptop"]
        self.assertGreater(len(said[1]), sum(int(row["bytes"]) for row in rows))
        for direction in said:
            self.assertEqual(direction[0], 0x16)
            for text in (*CLEAR, epoch, b"laptop"):
                self.assertNotIn(text, direction)
        # Ids are public; and without a key all of it can be seen.
        self.assertIn(self.secret("laptop")[0].encode(), said[0])
        for text in (*CLEAR, epoch):
            self.assertIn(text, b"".join(recordings["nobody"]))

    def test_a_bit_changed_on_the_way(self):
        self.pair("laptop")
        wire = Wire(self, self.secure_daemon().address, flip=100000)
        host = self.friend("laptop", wire.address, "--save", self.path("out"), "--frames", "60")
        host.wait_for("connection was cut.*connecting again")
        host.wait()
        self.check_saved(self.path("out"), 60)
        # Nothing of what was changed is taken for a frame; the connection may end within one.
        self.assertEqual(self.assertSummary(host)[3],
                         host.log().count("the connection was cut in the middle of it"))

    def test_a_handshake_damaged_on_the_way(self):
        """It is no wrong key, and the next one is good."""
        self.pair("laptop")
        daemon = self.secure_daemon()
        for side in 0, 1:
            wire = Wire(self, daemon.address, 150, side)
            host = self.friend("laptop", wire.address, "--null", "--frames", "5")
            self.assertDone(host)
            self.assertIsNone(wire.flip)
            self.assertNotIn("take the key", host.log())
        host.wait_for("what it said arrived damaged .*trying again")

    def test_revoked_while_it_watches(self):
        self.pair("laptop")
        self.pair("tablet")
        daemon = self.secure_daemon()
        stays = self.friend("tablet", daemon, "--save", self.path("out"))
        goes = self.friend("laptop", daemon, "--null", "--no-reconnect")
        daemon.wait_for("watches", 2)
        goes.wait_for("camera")
        self.revoke("laptop")
        daemon.send(signal.SIGHUP)
        self.assertEqual(goes.wait(), 3, goes.log())
        daemon.wait_for(r"\(laptop\).*its key was revoked")
        daemon.wait_for("keys reloaded: 1")
        self.refused("laptop", daemon, "does not take the key that is stored for it")
        # A new key under the old name is good from the next SIGHUP on.
        self.pair("laptop")
        self.refused("laptop", daemon, "does not take the key that is stored for it")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("keys reloaded: 2")
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5"))
        stays.send(signal.SIGINT)
        self.assertDone(stays)
        self.assertConsecutive(self.check_saved(self.path("out")), stays)
        self.assertNotIn("connection was cut", stays.log())

    def test_secrets_stay_in_memory_and_not_for_long(self):
        """Nothing logged, no argument and no core dump has one; what is revoked is wiped."""
        self.pair("laptop")
        self.pair("phone")
        daemon = self.secure_daemon("--log-level", "debug")
        host = self.friend("laptop", daemon, "--null", "--log-level", "debug")
        daemon.wait_for("watches")
        pids = [daemon.process.pid, host.process.pid, *self.children(daemon)]
        for pid in pids:
            self.assertEqual(self.core_limit(pid), ["0", "0"])
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                self.assertFalse(self.has_secret("laptop", file.read()))
        if "SANITIZED" not in os.environ and os.geteuid() == 0:
            # A process that may be dumped owns its files there; one of root's tells nothing.
            self.assertEqual(os.stat(f"/proc/{daemon.process.pid}/environ").st_uid, 0)
        self.revoke("laptop")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("its key was revoked")
        self.assertFalse(self.has_secret("laptop", (daemon.log() + host.log()).encode()))
        if "SANITIZED" in os.environ:
            return
        self.assertTrue(self.has_secret("phone", self.memory(daemon.process.pid)),
                        "it is the right memory")
        # The connection has it, too, until it has ended.
        self.wait_until(lambda: not self.has_secret("laptop", self.memory(daemon.process.pid)),
                        "an end of the secret")
        for child in self.children(daemon):
            for name in ("laptop", "phone"):
                self.assertFalse(self.has_secret(name, self.memory(child)), name)

    def has_secret(self, name, data):
        secret = self.secret(name)[1].encode()
        return secret in data or bytes.fromhex(secret.decode()) in data

    @staticmethod
    def children(program):
        with open(f"/proc/{program.process.pid}/task/{program.process.pid}/children",
                  encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    @staticmethod
    def core_limit(pid):
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            return next(line for line in file if line.startswith("Max core")).split()[4:6]

    @staticmethod
    def memory(pid):
        """All that the process could write to."""
        with open(f"/proc/{pid}/maps", encoding="ascii") as file:
            ranges = [line.split()[0].split("-") for line in file if line.split()[1][1] == "w"]
        pieces = []
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
            for begin, end in ranges:
                file.seek(int(begin, 16))
                pieces.append(file.read(int(end, 16) - int(begin, 16)))
        return b"".join(pieces)

    def test_a_broken_keys_file_changes_nothing(self):
        self.pair("laptop")
        daemon = self.secure_daemon()
        host = self.friend("laptop", daemon, "--save", self.path("out"))
        daemon.wait_for("watches")
        secret = self.secret("laptop")[1]
        with open(self.keys, "a", encoding="ascii") as file:
            file.write(f"tablet view 1234 {secret}\n")
        daemon.send(signal.SIGHUP)
        daemon.wait_for(f"{self.keys}:2: .*; the previous keys stay valid")
        os.chmod(self.keys, 0o644)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("accessible to other users.*; the previous keys stay valid")
        self.assertNotIn(secret, daemon.log())
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5"))
        host.send(signal.SIGINT)
        self.assertDone(host)
        self.assertConsecutive(self.check_saved(self.path("out")), host)

    def test_without_the_file_nobody_has_a_key(self):
        self.pair("laptop")
        daemon = self.secure_daemon()
        host = self.friend("laptop", daemon, "--null", "--no-reconnect")
        daemon.wait_for("watches")
        host.wait_for("camera")
        os.unlink(self.keys)
        daemon.send(signal.SIGHUP)
        self.assertEqual(host.wait(), 3, host.log())
        daemon.wait_for("keys reloaded: 0")
        self.refused("laptop", daemon, "does not take the key that is stored for it")
        self.fails(3, "TLS_REQUIRED", harness.PITETHER, daemon.address, "--null", "--no-reconnect")

    def test_a_host_with_a_key_speaks_no_plain_text(self):
        self.pair("laptop")
        daemon = self.daemon("--insecure-plaintext", listen=DEVICE + ":0")
        self.refused("laptop", daemon, "10.84.0.1 speaks no TLS, but a key is stored for it")
        with socket.create_server((DEVICE, 0)) as server:
            host = self.friend("laptop", f"{DEVICE}:{server.getsockname()[1]}", "--null")
            peer, _ = server.accept()
            with peer:
                said = peer.recv(65536)
                peer.sendall(OPENING)
                said += self.rest_of(peer)
        self.assertEqual(host.wait(), 3, host.log())
        self.assertEqual(said[0], 0x16)
        self.assertNotIn(OPENING, said)
        self.assertNotIn(b"pitether 0", said)

    def test_a_host_without_a_key_is_told_so(self):
        self.pair("laptop")
        daemon = self.secure_daemon()
        self.fails(3, "a key is needed here.*pitetherd --add-key NAME.*pitether --import-key HOST.*"
                   "TLS_REQUIRED", harness.PITETHER, daemon.address, "--null", "--no-reconnect")
        # Nor does it help to have one under another name; but to be told of that does.
        self.pair("tablet", "pi.local")
        self.fails(3, "TLS_REQUIRED.*; there is a key for pi.local: if it is the same machine, "
                   "call it by that name", harness.PITETHER, daemon.address, "--keys",
                   self.key_of("tablet"), "--null")
        peer = self.connect(daemon)
        peer.sendall(OPENING)
        peer.shutdown(socket.SHUT_WR)
        answer = self.rest_of(peer)
        self.assertTrue(answer.startswith(OPENING + b"PT\x02\0"), answer)
        self.assertNotIn(b"pattern", answer)

    def test_another_s_key_is_none(self):
        self.pair("laptop")
        other = self.path("other")
        os.mkdir(other)
        mine, self.keys = self.keys, self.path("other", "keys")
        self.pair("stranger")
        self.keys = mine
        daemon = self.secure_daemon()
        self.refused("stranger", daemon, "does not take the key that is stored for it")
        daemon.wait_for("was refused: it has none of the keys")

    def test_nobody_listens_to_other_machines(self):
        with socket.create_server((DEVICE, 0)) as server:
            address = f"{DEVICE}:{server.getsockname()[1]}"
        self.fails(3, f"can't connect to {address}: Connection refused: either no pitetherd runs "
                   "there, or it listens to that machine alone, .*--listen.*--add-key",
                   harness.PITETHER, address, "--null", "--no-reconnect")

    def test_without_keys_other_machines_are_kept_out(self):
        self.fails(4, f"others on the network could watch at {DEVICE}.*--add-key NAME.*"
                   "--insecure-plaintext", harness.PITETHERD, "--source", "pattern", "--listen",
                   DEVICE + ":0")

    def test_loopback_and_unix_sockets_need_no_key(self):
        self.pair("laptop", "127.0.0.1")
        daemon = self.secure_daemon("--listen", "127.0.0.1:0", "--listen", self.socket)
        local = daemon.wait_for(r"listening on (127[^\s,]+)$").group(1)
        for address in (local, self.socket):
            self.run_host(address, "--null", "--frames", "5")
        self.assertDone(self.friend("laptop", local, "--null", "--frames", "5"))
        daemon.wait_for(r"client 127\S+ \(laptop\) watches")
        self.fails(3, "TLS_REQUIRED", harness.PITETHER, daemon.address, "--null", "--no-reconnect")

    def test_insecure_plaintext_lets_both_in(self):
        self.pair("laptop")
        daemon = self.secure_daemon("--insecure-plaintext")
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5"))
        daemon.wait_for(r"\(laptop\) watches")
        self.run_host(daemon, "--null", "--frames", "5")
        self.refused_with_a_key_of_others(daemon)

    def refused_with_a_key_of_others(self, daemon):
        with open(self.key_of("laptop"), encoding="ascii") as file:
            line = file.read()
        with open(self.key_of("laptop"), "w", encoding="ascii") as file:
            last = line.rstrip()[-1]
            file.write(line.rstrip()[:-1] + ("0" if last != "0" else "1") + "\n")
        self.refused("laptop", daemon, "does not take the key that is stored for it")

    def test_silent_strangers_are_told_nothing_and_sent_away(self):
        self.pair("laptop")
        daemon = self.secure_daemon("--log-level", "debug")
        begin = time.monotonic()
        strangers = [self.connect(daemon, f"10.84.1.{i}") for i in range(1, 71)]
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5"))
        early = [peer for peer in strangers if select.select([peer], [], [], 0)[0]]
        if time.monotonic() - begin < 4:
            # Only the oldest had to give way, and to the last ones.
            self.assertIn(len(early), (6, 7))
            self.assertEqual(early, strangers[:len(early)])
        for peer in strangers:
            self.assertEqual(self.rest_of(peer), b"")
        daemon.wait_for("did not authenticate within 5 s", 60)

    def test_plain_strangers_take_nobodys_place(self):
        self.pair("laptop")
        daemon = self.secure_daemon("--max-clients", "2")
        # They are told that they need a key, and do not go.
        strangers = [self.connect(daemon, f"10.84.3.{i}") for i in range(1, 201)]
        for stranger in strangers:
            try:
                stranger.sendall(b"x")
            except OSError:
                pass  # it had to give way
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5",
                                    "--no-reconnect"))

    def test_who_comes_too_often_without_a_key(self):
        self.pair("laptop")
        daemon = self.secure_daemon("--listen", "127.0.0.1:0")
        local = daemon.wait_for(r"listening on (127[^\s,]+)$").group(1)
        friend = self.friend("laptop", daemon, "--save", self.path("out"))
        daemon.wait_for("watches")
        for _ in range(60):
            self.connect(daemon).close()
        daemon.wait_for(r"10\.84\.0\.1:\d+ connects too often without a key: refused for now")
        # From elsewhere everybody is welcome, and from there who has a key, after a while.
        elsewhere = self.connect(daemon, "10.84.2.1")
        elsewhere.sendall(b"x")
        self.assertTrue(self.rest_of(elsewhere).startswith(OPENING))
        self.assertDone(self.friend("laptop", daemon, "--null", "--frames", "5"))
        host, port = local.rsplit(":", 1)
        for _ in range(60):
            socket.create_connection((host, int(port)), harness.BOUND).close()
        self.run_host(local, "--null", "--frames", "5", "--no-reconnect")
        friend.send(signal.SIGINT)
        self.assertDone(friend)
        self.assertConsecutive(self.check_saved(self.path("out")), friend)

    def test_who_has_a_key_may_come_often(self):
        self.pair("laptop")
        daemon = self.secure_daemon()
        identity, secret = self.secret("laptop")
        for _ in range(40):
            result = subprocess.run(
                ["openssl", "s_client", "-brief", "-connect", daemon.address, "-tls1_3",
                 "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-alpn", "pitether/1",
                 "-psk_identity", identity, "-psk", secret], check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=harness.BOUND)
            self.assertIn(b"CONNECTION ESTABLISHED", result.stdout)
        self.assertNotIn("connects too often", daemon.log())


def in_own_network():
    """Goes on in a network whose loopback interface has what addresses are needed."""
    harness.enter_namespaces("--net", setup="ip link set lo up && ip address add 10.84.0.1/16 dev lo "
                                            "&& ip address add fd84::1/64 dev lo nodad")


if __name__ == "__main__":
    in_own_network()
    harness.main()
