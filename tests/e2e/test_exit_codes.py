#!/usr/bin/env python3
"""Each exit code that shared/doc/options.md has for the two programs, by each way that leads to it."""
import os
import signal
import socket
import subprocess
import threading

import harness
import hostile_daemon
import hostile_jpeg
from hostile_wire import DROPS, LIVE, LOSSLESS, message

DONE, SYSTEM, USAGE, CONNECTION, SINK, MISSING, SHORT, TIMEOUT = range(8)
CAMERA, LISTEN = 3, 4  # of pitetherd
QUEUE_FULL = 8
MODES = {LIVE: "--live", LOSSLESS: "--lossless"}
PICTURE = hostile_jpeg.baseline(64, 64)


class Relay:
    """Passes on what a daemon and its receivers say. The first connection is cut at this byte of the
    daemon's."""

    def __init__(self, test, address, cut_at):
        host, port = address.rsplit(":", 1)
        self.daemon, self.cut_at = (host, int(port)), cut_at
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.sockets = [self.server]
        test.addCleanup(self.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        for each in self.sockets:
            each.close()

    def serve(self):
        limits = [self.cut_at]
        try:
            while True:
                pair = [self.server.accept()[0], socket.create_connection(self.daemon)]
                self.sockets += pair
                limit = limits.pop() if limits else None
                threading.Thread(target=self.pump, args=(*pair, None), daemon=True).start()
                threading.Thread(target=self.pump, args=(*reversed(pair), limit),
                                 daemon=True).start()
        except OSError:
            pass

    @staticmethod
    def pump(source, target, left):
        try:
            while piece := source.recv(1 << 14 if left is None else min(left, 1 << 14)):
                target.sendall(piece)
                left = None if left is None else left - len(piece)
        except OSError:
            pass
        for each in source, target:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class ExitCodes(harness.Case):
    def ends(self, code, *command, **options):
        program = self.start(*command, **options)
        self.assertEqual(program.wait(), code, program.log())
        return program

    def host_ends(self, code, address, *options, **keywords):
        return self.ends(code, harness.PITETHER, address, *options, **keywords)

    def interrupted(self, code, host):
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), code, host.log())

    def streaming(self, *options, size="320x240"):
        """A host that has got frames."""
        daemon = self.daemon(size=size)
        host = self.host(daemon, "--save", self.path("out"), *options)
        self.wait_until(lambda: os.path.isdir(self.path("out")) and
                        len(os.listdir(self.path("out"))) > 3, "frames")
        return daemon, host

    def listen(self):
        daemon = hostile_daemon.HostileDaemon()
        self.addCleanup(daemon.close)
        return daemon

    def says(self, code, words, *options, stays=False):
        """A daemon that says the words, and whether it stays then."""
        daemon = self.listen()
        host = self.host(daemon.address, "--null", *options)
        daemon.talk([hostile_daemon.BEGIN + hostile_daemon.stream() + words], harness.BOUND,
                    stays=stays)
        self.assertEqual(host.wait(), code, host.log())
        return host

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    # Of both.

    def test_done_once_it_was_said(self):
        for program in harness.PITETHER, harness.PITETHERD:
            for option in "-h", "--help", "-V", "--version":
                self.ends(DONE, program, option)

    def test_output_that_can_not_be_written(self):
        for program in harness.PITETHER, harness.PITETHERD:
            for option in "-h", "-V":
                with open("/dev/full", "wb") as full:
                    self.ends(SYSTEM, program, option, stdout=full).wait_for(
                        "can't write to standard output: ")
                self.ends(SYSTEM, "sh", "-c", f"'{program}' {option} >&-")

    def test_bad_options(self):
        for program in harness.PITETHER, harness.PITETHERD:
            self.ends(USAGE, program, "--nonsense")
            self.ends(USAGE, program, "--frames", "many")

    # pitetherd.

    def test_daemon_done(self):
        daemon = self.daemon()
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), DONE, daemon.log())
        daemon = self.daemon("--frames", "3", "--always-on", listen="127.0.0.1:0")
        self.assertEqual(daemon.wait(), DONE, daemon.log())

    def test_daemon_usage(self):
        open_keys = self.write("keys", "", 0o644)
        twice = self.write("twice.conf", "source = pattern\n[front]\n\n[front]\n")
        done = self.ends(USAGE, harness.PITETHERD, "--config", twice)
        self.assertIn(f"{twice}:4: [front]: line 2 has a section of this name already", done.log())
        for options in (["--source", "webcam"], ["--source", "libcamera:"],
                        ["--source", "pattern", "--listen", "x:99999"],
                        ["--config", self.path("none")], ["extra"],
                        ["--source", "pattern", "--keys", self.path("none")],
                        ["--source", "pattern", "--keys", open_keys],
                        ["--keys", open_keys, "--list-keys"],
                        ["--keys", self.path("none"), "--revoke", "nobody"],
                        ["--user", "no such user", "--source", "pattern", "--listen",
                         self.socket]):
            self.ends(USAGE, harness.PITETHERD, *options)

    def test_daemon_camera(self):
        self.ends(CAMERA, harness.PITETHERD, "--source", self.path("none.y4m"))

    def test_daemon_listen(self):
        taken = self.daemon(listen="127.0.0.1:0").address
        for address in taken, "0.0.0.0:0", "unix:" + self.path("no", "folder"):
            self.ends(LISTEN, harness.PITETHERD, "--source", "pattern", "--listen", address)

    # pitether.

    def test_host_done(self):
        daemon = self.daemon("--always-on", "--frames", "100000")
        self.host_ends(DONE, daemon.address, "--null", "--frames", "3")
        self.host_ends(DONE, daemon.address, "--null", "--duration", "0.2")
        self.host_ends(DONE, daemon.address, "--null", "--frames", "3", "--timeout", "60")

    def test_host_done_with_the_source(self):
        daemon = self.daemon("--frames", "5")
        self.host_ends(DONE, daemon.address, "--null")

    def test_host_interrupted(self):
        self.interrupted(DONE, self.streaming("--live")[1])

    def test_host_interrupted_without_a_connection(self):
        for options in [], ["--frames", "5"], ["--duration", "5"]:
            host = self.host(self.socket, "--null", *options)
            host.wait_for("trying again until it works")
            self.interrupted(CONNECTION, host)

    def test_host_interrupted_when_the_connection_is_lost(self):
        daemon, host = self.streaming("--live")
        daemon.kill()
        host.wait_for("trying again until it works")
        self.interrupted(CONNECTION, host)

    def test_host_interrupted_when_the_daemon_has_ended(self):
        daemon, host = self.streaming("--live")
        daemon.send(signal.SIGTERM)
        host.wait_for("daemon was stopped")
        self.interrupted(DONE, host)

    def test_host_usage(self):
        open_keys = self.write("keys", "", 0o644)
        twice = self.write("twice.conf", "source = pattern\n[front]\n\n[front]\n")
        done = self.ends(USAGE, harness.PITETHERD, "--config", twice)
        self.assertIn(f"{twice}:4: [front]: line 2 has a section of this name already", done.log())
        for options in (["localhost", "--null", "--keys", open_keys],
                        ["localhost", "--null", "--keys", self.path("none")],
                        ["localhost", "--null", "--keys", self.folder],
                        ["localhost", "--null", "--name", "x.jpg"], ["--null"], ["a", "b", "--stdout"],
                        ["--import-key", "pi", "--keys", open_keys],
                        ["--forget-key", "pi", "--keys", self.path("none")]):
            self.ends(USAGE, harness.PITETHER, *options)
        self.ends(USAGE, "sh", "-c", f"'{harness.PITETHER}' {self.socket} --stdout >&-")

    def test_host_connection(self):
        self.host_ends(CONNECTION, self.socket, "--null", "--no-reconnect")
        daemon, host = self.streaming("--no-reconnect", "--frames", "100000")
        daemon.kill()
        self.assertEqual(host.wait(), CONNECTION, host.log())

    def test_host_connection_that_has_no_future(self):
        daemon = self.listen()
        host = self.host(daemon.address, "--null")
        daemon.talk([b"HTTP/1.1 400 Bad Request\r\n\r\n"], harness.BOUND)
        self.assertEqual(host.wait(), CONNECTION, host.log())

    def test_host_sink(self):
        daemon = self.daemon("--always-on", "--frames", "100000")
        with open("/dev/full", "wb") as full:
            self.host_ends(SINK, daemon.address, "--stdout", "--frames", "3", stdout=full)
        plain = self.write("plain", "")
        self.host_ends(SINK, daemon.address, "--save", plain, "--frames", "3")
        self.host_ends(SINK, daemon.address, "--null", "--frames", "3", "--latency",
                       self.path("no", "folder"))
        self.host_ends(SINK, daemon.address, "--null", "--frames", "3", "--latency", "/dev/full")

    def test_host_missing(self):
        for mode, option in MODES.items():
            damaged = hostile_daemon.head(0) + hostile_daemon.parts(PICTURE, 99) + \
                hostile_daemon.tail(0, PICTURE, crc=1)
            self.says(MISSING, damaged + hostile_daemon.end(1, 1, 0), option)
            dropped = message(DROPS, 0, QUEUE_FULL, 0, 3) + hostile_daemon.frame(3, PICTURE)
            self.says(MISSING if mode == LOSSLESS else DONE,
                      dropped + hostile_daemon.end(4, 1, 3), option)

    def test_host_short(self):
        self.interrupted(SHORT, self.streaming("--frames", "100000")[1])
        for option in "--frames", "--duration":
            daemon = self.daemon("--frames", "3", listen="127.0.0.1:0")
            self.host_ends(SHORT, daemon.address, "--null", "--live", option, "1000")

    def test_host_timeout(self):
        host = self.host_ends(TIMEOUT, self.socket, "--null", "--timeout", "0.2")
        host.wait_for(r"error: no frame came for 0.2 s: connecting to unix:")
        self.host_ends(TIMEOUT, self.socket, "--null", "--timeout", "0.2", "--duration", "5",
                       "--frames", "5")
        host = self.says(TIMEOUT, b"", "--timeout", "0.5", stays=True)
        host.wait_for(r"no frame came for 0.5 s: waiting for the camera")

    def test_host_timeout_of_a_camera_that_stalls(self):
        daemon = self.daemon("--pattern-faults", "stall@5:3600s")
        host = self.host_ends(TIMEOUT, daemon.address, "--null", "--timeout", "2")
        self.assertEqual(self.assertSummary(host)[1], 5)

    # What becomes of a frame that is cut in two may depend neither on TLS nor on where in it.

    def cut_in_two(self, daemon, mode, *options):
        for at in 3000, 40_000, 100_000:
            relay = Relay(self, daemon.address, at)
            host = self.host(relay.address, "--null", MODES[mode], "--frames", "40", *options)
            code = host.wait()
            host.wait_for("connecting again")
            # Within the first record of TLS that has anything of the stream, there is no stream yet,
            # and nothing of it is missing.
            begun = host.log().index("info: camera") < host.log().index("connecting again")
            self.assertTrue(begun or "--keys" in options and at == 3000, host.log())
            self.assertEqual(code, MISSING if mode == LOSSLESS and begun else DONE, host.log())

    def test_host_cut_in_two(self):
        daemon = self.daemon(listen="127.0.0.1:0", size="640x480")
        for mode in MODES:
            self.cut_in_two(daemon, mode)

    def test_host_cut_in_two_over_tls(self):
        keys, ours = self.path("keys"), self.path("ours")
        key = subprocess.run([harness.PITETHERD, "--keys", keys, "--add-key", "it"], check=True,
                             capture_output=True, timeout=harness.BOUND).stdout
        subprocess.run([harness.PITETHER, "--keys", ours, "--import-key", "127.0.0.1"], input=key,
                       check=True, capture_output=True, timeout=harness.BOUND)
        daemon = self.daemon("--keys", keys, listen="127.0.0.1:0", size="640x480")
        for mode in MODES:
            self.cut_in_two(daemon, mode, "--keys", ours)


if __name__ == "__main__":
    harness.main()
