#!/usr/bin/env python3
"""What goes wrong in real life: each with one clear line, and the rest keeps running."""
import os
import shutil
import signal
import socket
import subprocess
import threading

import harness

OPENING = bytes.fromhex("89505446500d0a01")


class Faults(harness.Case):
    def connect(self, daemon):
        host, port = daemon.address.rsplit(":", 1)
        peer = socket.create_connection((host, int(port)), harness.BOUND)
        self.addCleanup(peer.close)
        return peer

    def answer(self, peer):
        data = b""
        try:
            while piece := peer.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
        return data

    def test_daemon_killed_and_restarted(self):
        daemon = self.daemon()
        host = self.host(daemon, "--save", self.path("out"), "--name", "{epoch}-{id}.jpg")
        self.wait_until(lambda: len(self.saved()) > 10, "ten frames")
        daemon.kill()
        host.wait_for("connection was cut")
        before = len(self.saved())
        daemon = self.daemon()
        self.wait_until(lambda: len(self.saved()) > before + 10, "ten frames after the restart")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        host.wait_for("daemon was stopped")
        host.send(signal.SIGINT)
        self.assertDone(host)
        self.assertSummary(host)
        self.assertEqual(len({row["epoch"] for row in self.index(self.path("out"))}), 2)
        self.check_saved(self.path("out"))

    def saved(self):
        try:
            return [name for name in os.listdir(self.path("out")) if name.endswith(".jpg")]
        except FileNotFoundError:
            return []

    def test_no_reconnect(self):
        self.fails(3, "can't connect to .*refused.*is pitetherd running",
                   harness.PITETHER, "127.0.0.1:1", "--null", "--no-reconnect")
        daemon = self.daemon()
        host = self.host(daemon, "--null", "--no-reconnect")
        host.wait_for("camera")
        daemon.kill()
        self.assertEqual(host.wait(), 3, host.log())

    def test_unknown_host(self):
        self.fails(3, "can't look up nosuch.invalid",
                   harness.PITETHER, "nosuch.invalid", "--null", "--no-reconnect")

    def test_garbage_and_half_messages_disturb_nobody(self):
        daemon = self.daemon(listen="127.0.0.1:0")
        host = self.host(daemon, "--save", self.path("out"), "--frames", "60")
        daemon.wait_for("watches")
        huge = OPENING + b"PT\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00"
        for data, wanted in ((b"GET / HTTP/1.1\r\n\r\n", b"not the pitether protocol"),
                             (OPENING[:7] + b"\x02", b"version 1"),
                             (os.urandom(4096).replace(b"\x89", b"x"), b"not the pitether"),
                             (huge, b"longer than allowed"),
                             (OPENING + b"garbage-garbage-garbage", b"malformed")):
            peer = self.connect(daemon)
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            answer = self.answer(peer)
            self.assertTrue(answer.startswith(OPENING), data[:20])
            self.assertIn(wanted, answer)
        self.connect(daemon).sendall(OPENING[:5])
        self.connect(daemon)
        self.assertDone(host)

    def test_a_client_that_says_nothing_is_sent_away(self):
        daemon = self.daemon(listen="127.0.0.1:0")
        answer = self.answer(self.connect(daemon))
        self.assertIn(b"no HELLO within 5 s", answer)

    def test_too_many_clients(self):
        daemon = self.daemon("--max-clients", "1")
        first = self.host(daemon, "--null", "--frames", "30")
        daemon.wait_for("watches")
        self.fails(3, "TOO_MANY_CLIENTS", harness.PITETHER, daemon.address, "--null",
                   "--no-reconnect")
        self.assertDone(first)

    def test_something_else_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            host = self.host(f"127.0.0.1:{server.getsockname()[1]}", "--null")
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                self.assertEqual(host.wait(), 3, host.log())
        host.wait_for("not a pitetherd: check the address")

    def test_sigterm_ends_in_order(self):
        daemon = self.daemon()
        hosts = [self.host(daemon, "--null", "--no-reconnect", mode)
                 for mode in ("--live", "--lossless")]
        daemon.wait_for("watches", 2)
        self.wait_until(lambda: all("camera" in host.log() for host in hosts), "frames")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        for host in hosts:
            self.assertEqual(host.wait(), 3, host.log())
            host.wait_for("daemon was stopped")
            self.assertSummary(host)
            self.assertNotIn("totals", host.log())

    def test_ctrl_c(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            host = self.host(self.daemon(listen="127.0.0.1:0"), "--save", self.path("out"))
            self.wait_until(lambda: len(self.saved()) > 3, "a few frames")
            host.send(number)
            self.assertDone(host)
            self.check_saved(self.path("out"))
            shutil.rmtree(self.path("out"))

    def test_ctrl_c_before_the_asked_number(self):
        host = self.host(self.daemon(), "--null", "--frames", "1000000")
        host.wait_for("camera")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 6, host.log())

    def not_taken(self, host):
        """What the end says of standard output: frames written, and not taken."""
        line = host.wait_for(r"wrote (\d+) frames to standard output.*; (\d+) were not taken")
        return [int(number) for number in line.groups()]

    def test_ctrl_c_while_nobody_reads_the_pipe(self):
        """Frames that can't be written any more are lost, and the exit code says so."""
        for options in (), ("--lossless",), ("--lossless", "--save", self.path("out")):
            with self.subTest(options):
                ours, theirs = socket.socketpair()
                with ours:
                    daemon = self.daemon(fps="200", listen="127.0.0.1:0")
                    host = self.host(daemon, "--stdout", *options, stdout=theirs)
                    theirs.close()
                    ours.recv(1)
                    self.run_host(daemon, "--null", "--frames", "100") # some fit in the socket
                    host.send(signal.SIGINT)
                    self.assertEqual(host.wait(), 4, host.log())
                self.assertGreater(self.not_taken(host)[1], 0)
                self.assertSummary(host)

    def test_ctrl_c_while_a_reader_waits_for_the_next_frame(self):
        """Who reads all that it gets is no failure, whatever was passed over before."""
        host = self.host(self.daemon(), "--stdout", stdout=subprocess.PIPE)
        reader = threading.Thread(target=host.process.stdout.buffer.read)
        reader.start()
        host.wait_for("camera")
        host.send(signal.SIGINT)
        self.assertDone(host)
        reader.join()
        self.assertEqual(self.not_taken(host)[1], 0)

    def test_full_output_and_ctrl_c(self):
        with open("/dev/full", "wb") as full:
            host = self.host(self.daemon(), "--stdout", stdout=full)
        host.wait_for("stdout: frame [0-9]+ could not be written: No space left on device")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())
        written, failed = self.not_taken(host)
        self.assertEqual(written, 0)
        self.assertGreater(failed, 0)

    def start_stalled(self, *options):
        """A run that is at its end, and waits for a reader that does not read on."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        host = self.host(self.daemon(fps="100", listen="127.0.0.1:0"), "--stdout", "--frames", "50",
                         *options, stdout=theirs)
        theirs.close()
        host.wait_for("stdout: still writing what is left; Ctrl-C ends it")
        self.assertIsNone(host.process.poll(), host.log())
        return host, ours

    def test_ctrl_c_after_the_end_while_nobody_reads_the_pipe(self):
        for number, options in ((signal.SIGINT, ["--lossless"]), (signal.SIGTERM, [])):
            folder = self.path(number.name)
            host, _ = self.start_stalled("--save", folder, *options)
            self.check_saved(folder, 50)
            host.send(number)
            self.assertEqual(host.wait(), 4, host.log())
            written, failed = self.not_taken(host)
            if options:
                self.assertEqual(written + failed, 50)
                self.assertGreater(failed, 0)
            else:
                self.assertEqual([written, failed], [0, 2])
            host.wait_for("saved 50 frames")
            self.assertSummary(host)

    def test_ctrl_c_while_a_live_pipe_is_not_read(self):
        """It gets as many frames as were asked for, so the run is not at its end."""
        ours, theirs = socket.socketpair()
        with ours:
            host = self.host(self.daemon(fps="100"), "--stdout", "--frames", "5", stdout=theirs)
            theirs.close()
            self.run_host(self.socket, "--null", "--frames", "50")
            self.assertIsNone(host.process.poll(), host.log())
            host.send(signal.SIGINT)
            self.assertEqual(host.wait(), 4, host.log())
        self.assertEqual(self.not_taken(host), [0, 2])

    def test_a_second_ctrl_c_after_the_end(self):
        """The grace period is not waited for; the summary comes all the same."""
        host, _ = self.start_stalled("--lossless")
        host.send(signal.SIGINT)
        host.send(signal.SIGTERM) # of the same, one would be pending
        self.assertEqual(host.wait(), 4, host.log())
        self.assertSummary(host)

    def test_a_reader_that_comes_late(self):
        """It is waited for, however long it does something else."""
        host, ours = self.start_stalled("--lossless")
        data = b""
        while piece := ours.recv(1 << 16):
            data += piece
        self.assertDone(host)
        self.assertEqual(data.count(b"\xff\xd9"), 50)
        self.assertEqual(self.not_taken(host), [50, 0])

    def test_pipe_closed(self):
        host = self.host(self.daemon(), "--stdout", stdout=subprocess.PIPE)
        host.process.stdout.buffer.read(20000)
        host.process.stdout.close()
        self.assertEqual(host.wait(), 4, host.log())
        host.wait_for("the reader of standard output has closed it")

    def test_pipe_closed_while_frames_are_saved(self):
        """Each sink ends alone: what was asked to be kept is, and the end says that one failed."""
        host = self.host(self.daemon(fps="100"), "--save", self.path("out"), "--stdout", "--frames",
                         "60", stdout=subprocess.PIPE)
        host.process.stdout.buffer.read(20000)
        host.process.stdout.close()
        self.assertEqual(host.wait(), 4, host.log())
        self.assertEqual(host.log().count("the reader of standard output has closed it"), 1)
        self.assertEqual(host.log().count("going on without standard output"), 1)
        host.wait_for("saved 60 frames")
        self.check_saved(self.path("out"), 60)

    def test_pipe_closed_beside_null(self):
        host = self.host(self.daemon(fps="100"), "--null", "--stdout", "--frames", "60",
                         stdout=subprocess.PIPE)
        host.process.stdout.close()
        self.assertEqual(host.wait(), 4, host.log())
        self.assertGreaterEqual(self.assertSummary(host)[1], 60)

    def test_folder_that_can_t_be_written(self):
        with open(self.path("file"), "w", encoding="ascii"):
            pass
        daemon = self.daemon()
        for folder, why in ((self.path("file"), "Not a directory"),
                            (self.path("no", "such"), "No such file"),
                            ("/proc/pitether", "No such file|denied|not permitted")):
            self.fails(4, f"can't write into .*: ({why})", harness.PITETHER, daemon.address,
                       "--save", folder)

    def test_folder_vanishes_and_comes_back(self):
        host = self.host(self.daemon(), "--save", self.path("out"))
        self.wait_until(lambda: len(self.saved()) > 3, "a few frames")
        os.rename(self.path("out"), self.path("away"))
        host.wait_for("could not be written: No such file")
        os.mkdir(self.path("out"))
        host.wait_for("works again; [0-9]+ frames were lost")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())
        self.check_saved(self.path("out"))

    def test_full_disk(self):
        """A file size limit stands in for a full disk: root may write to a full one for a while."""
        daemon = self.daemon(size="640x480")
        command = ["bash", "-c", f"ulimit -f 4; exec '{harness.PITETHER}' "
                   f"{daemon.address} --save '{self.path('out')}' --frames 5"]
        program = self.fails(4, "could not be written: File too large", *command)
        program.wait_for("5 could not be saved")
        self.assertEqual(sorted(os.listdir(self.path("out"))), sorted(harness.INDEXES))
        self.assertEqual(self.index(self.path("out")), [])

    def test_port_is_taken(self):
        daemon = self.daemon(listen="127.0.0.1:0")
        self.fails(4, "can't listen at 127.0.0.1:[0-9]+: Address already in use; another daemon",
                   harness.PITETHERD, "--source", "pattern", "--listen", daemon.address)

    def test_remote_addresses_need_a_word(self):
        self.fails(4, "others on the network could watch.*--insecure-plaintext",
                   harness.PITETHERD, "--source", "pattern", "--listen", "0.0.0.0:0")
        self.daemon("--insecure-plaintext", listen="0.0.0.0:0")

    def test_socket_left_behind(self):
        self.daemon().kill()
        daemon = self.daemon(*harness.AS_IT_IS)
        self.run_host(daemon, "--null", "--frames", "3")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertFalse(os.path.exists(self.path("socket")))

    def test_bad_options(self):
        for pattern, *command in (("'--nonsense'", harness.PITETHERD, "--nonsense"),
                                  ("quality: '101'", harness.PITETHERD, "--quality", "101"),
                                  ("size: '5x5'", harness.PITETHERD, "--size", "5x5"),
                                  ("fps needs a value", harness.PITETHERD, "--fps"),
                                  ("--source: 'webcam'", harness.PITETHERD, "--source", "webcam"),
                                  ("--source: 'libcamera:'.*give libcamera, libcamera:ID",
                                   harness.PITETHERD, "--source", "libcamera:"),
                                  ("this is not an address: x:99999; give HOST", harness.PITETHERD,
                                   "--source", "pattern", "--listen", "x:99999"),
                                  ("this is not an address: unix:", harness.PITETHERD,
                                   "--source", "pattern", "--listen", "unix:"),
                                  ("this address is too long", harness.PITETHERD, "--source",
                                   "pattern", "--listen", "unix:/" + "x" * 200),
                                  ("where is the daemon", harness.PITETHER),
                                  ("every: '0'", harness.PITETHER, "--every", "0", "x"),
                                  ("exclude one another", harness.PITETHER, "--live",
                                   "--lossless", "x"),
                                  ("is not an address", harness.PITETHER, "x:99999"),
                                  ("--name: ", harness.PITETHER, "--name", "../{id}", "x")):
            self.fails(2, pattern, *command)

    def test_output_that_can_not_be_written(self):
        for option, why in (("--help", ""), ("--version", "No space left on device")):
            with open("/dev/full", "w", encoding="ascii") as full:
                program = self.start(harness.PITETHERD, option, stdout=full)
            self.assertEqual(program.wait(), 1, program.log())
            program.wait_for("can't write to standard output: " + why)
            closed = self.start("sh", "-c", f"'{harness.PITETHERD}' {option} >&-")
            self.assertEqual(closed.wait(), 1, closed.log())

    def test_config_file(self):
        config = self.path("config")
        with open(config, "w", encoding="utf-8") as file:
            file.write("# a comment\nsource = pattern\nsize = 64x64\n\nquality=60\n"
                       f"listen = {self.socket}\nalways-on = no\n")
        daemon = self.start(harness.PITETHERD, "--config", config)
        daemon.wait_for("listening on unix:")
        self.run_host(self.socket, "--save", self.path("out"), "--frames", "2")
        self.assertEqual(self.index(self.path("out"))[0]["width"], "64")
        for line, why in (("speed = 5", "'speed' is not a key"), ("fps = fast", "'fast'"),
                          ("nonsense", "key = value"), ("config = x", "'config'")):
            with open(config, "a", encoding="utf-8") as file:
                file.write(line + "\n")
            self.fails(2, f"{config}:8: .*{why}", harness.PITETHERD, "--config", config)
            with open(config, "r+", encoding="utf-8") as file:
                lines = file.readlines()[:-1]
                file.seek(0)
                file.truncate()
                file.writelines(lines)
        self.fails(2, "can't read the configuration file", harness.PITETHERD, "--config",
                   self.path("missing"))

    def test_broken_y4m(self):
        for name, content, why in (("empty", b"", "no header line"),
                                   ("text", b"hello\n", "YUV4MPEG2"),
                                   ("deep", b"YUV4MPEG2 W64 H64 F30:1 C420p10\n", "420p10"),
                                   ("short", b"YUV4MPEG2 W64 H64 F30:1\nFRAME\n1234", "whole frame"),
                                   ("tiny", b"YUV4MPEG2 W1 H64 F30:1\nFRAME\n", "'W1'")):
            path = self.path(name + ".y4m")
            with open(path, "wb") as file:
                file.write(content)
            self.fails(3, f"{name}.y4m.*{why}", harness.PITETHERD, "--source", path,
                       "--listen", self.socket)
        self.fails(3, "can't open .*No such file", harness.PITETHERD, "--source",
                   self.path("none.y4m"))

    def test_no_sink_and_no_display(self):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
        result = subprocess.run([harness.PITETHER, "localhost"], env=environment, check=False,
                                stderr=subprocess.PIPE, text=True, timeout=harness.BOUND)
        self.assertEqual(result.returncode, 2)
        for sink in ("--save", "--stdout", "--window", "--null"):
            self.assertIn(sink, result.stderr)


if __name__ == "__main__":
    harness.main()
