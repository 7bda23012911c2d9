#!/usr/bin/env python3
"""Frames from the daemon to files: over each transport, to several receivers, in each mode."""
import os
import re
import signal
import socket
import subprocess

import harness
import hostile_wire as wire
import independent_client


class Stream(harness.Case):
    def check_transport(self, listen):
        daemon = self.daemon(listen=listen)
        host = self.run_host(daemon, "--save", self.path("out"), "--frames", "20")
        self.assertConsecutive(self.check_saved(self.path("out"), 20), host)

    def test_tcp(self):
        self.check_transport("127.0.0.1:0")

    def test_ipv6(self):
        self.check_transport("[::1]:0")

    def test_unix(self):
        self.check_transport(self.socket)

    def test_sizes_that_fill_no_mcu(self):
        for size in ("64x64", "161x123", "1000x562"):
            with self.subTest(size):
                daemon = self.daemon(size=size, listen="127.0.0.1:0")
                self.run_host(daemon, "--save", self.path(size), "--frames", "5")
                self.check_saved(self.path(size), 5)

    def film(self, width, height):
        """A .y4m file of one frame, with something to see in each plane."""
        path = self.path("film.y4m")
        planes = ((width, height, 3), (width // 2, height // 2, 5), (width // 2, height // 2, 7))
        with open(path, "wb") as file:
            file.write(b"YUV4MPEG2 W%d H%d F30:1 C420jpeg XCOLORRANGE=FULL\nFRAME\n" %
                       (width, height))
            for across, down, step in planes:
                file.write(bytes((x * step + y * y // 9) % 256
                                 for y in range(down) for x in range(across)))
        return path

    def test_one_slice_and_many_give_the_same_picture(self):
        film, pictures = self.film(320, 240), []
        for slices in ("1", "15"):
            daemon = self.daemon("--slices", slices, "--threads", "3", listen="127.0.0.1:0",
                                 source=film, size=None, fps=None)
            self.run_host(daemon, "--save", self.path(slices), "--frames", "1")
            saved = self.path(slices, self.index(self.path(slices))[0]["file"])
            pictures.append(subprocess.run(["djpeg", "-rgb", saved], check=True,
                                           stdout=subprocess.PIPE).stdout)
        self.assertEqual(*pictures)

    def test_all_sinks_over_one_connection(self):
        daemon = self.daemon()
        with open(self.path("all.mjpeg"), "wb") as pipe:
            host = self.host(daemon, "--save", self.path("out"), "--stdout", "--null", "--lossless",
                             "--frames", "10", stdout=pipe)
            self.assertDone(host)
        self.check_saved(self.path("out"), 10)
        names = [row["file"] for row in self.index(self.path("out"))]
        joined = b""
        for name in names:
            with open(self.path("out", name), "rb") as file:
                joined += file.read()
        with open(self.path("all.mjpeg"), "rb") as file:
            self.assertEqual(file.read(), joined)
        self.assertEqual(len([line for line in daemon.log().splitlines() if "watches" in line]), 1)

    def test_every(self):
        host = self.run_host(self.daemon(fps="100"), "--save", self.path("out"), "--every", "3",
                             "--frames", "7")
        ids = self.check_saved(self.path("out"), 7)
        self.assertSummary(host)
        # One for each point of the grid: the frame that is due, or one that replaces it.
        self.assertEqual(len({(id_ - ids[0]) // 3 for id_ in ids}), 7, ids)

    def test_max_fps_is_kept_by_the_daemon(self):
        host = self.run_host(self.daemon(fps="60"), "--save", self.path("out"), "--max-fps", "20",
                             "--frames", "20")
        self.assertSummary(host)
        host.wait_for(r"\d+ RATE_LIMITED")
        times = [int(row["sensor_ns"]) for row in self.index(self.path("out"))]
        self.assertLessEqual((len(times) - 1) / (times[-1] - times[0]) * 1e9, 20 * 1.05)

    def test_duration(self):
        host = self.run_host(self.daemon(), "--null", "--duration", "0.5")
        self.assertGreater(self.assertSummary(host)[1], 0)

    def test_a_second_run_overwrites_nothing(self):
        for _ in range(2):
            daemon = self.daemon("--frames", "5", listen="127.0.0.1:0")
            self.run_host(daemon, "--save", self.path("out"))
            self.assertEqual(daemon.wait(), 0)
        ids = self.check_saved(self.path("out"))
        self.assertEqual(ids.count(0), 2)
        self.assertEqual([row["file"] for row in self.index(self.path("out"))],
                         [f"frame-{number:08}.jpg" for number in range(1, len(ids) + 1)])

    def test_frame_limit_of_the_daemon_reaches_everyone(self):
        daemon = self.daemon("--frames", "30")
        hosts = [self.host(daemon, "--save", self.path(str(i))) for i in range(3)]
        for i, host in enumerate(hosts):
            self.assertDone(host)
            self.assertConsecutive(self.check_saved(self.path(str(i))), host)
        self.assertEqual(daemon.wait(), 0)

    def test_eight_clients_one_of_them_stopped(self):
        daemon = self.daemon(listen="127.0.0.1:0", size="640x480")
        hosts = [self.host(daemon, "--save", self.path(str(i)), "--frames", "90")
                 for i in range(7)]
        stopped = self.host(daemon, "--null", "--live")
        daemon.wait_for("watches", 8)
        stopped.send(signal.SIGSTOP)
        for i, host in enumerate(hosts):
            self.assertDone(host)
            self.assertConsecutive(self.check_saved(self.path(str(i)), 90), host)
        stopped.send(signal.SIGCONT)
        stopped.wait_for("frames|camera")
        stopped.send(signal.SIGINT)
        self.assertEqual(stopped.wait(), 0)
        self.assertSummary(stopped)

    def test_memory_stays_flat_while_a_client_is_stopped(self):
        """The stopped one may cost a queue's worth of memory at first, and no more later."""
        if os.environ.get("SANITIZED"):
            self.skipTest("a sanitizer keeps what was freed")
        daemon = self.daemon("--queue-bytes", "1M", listen="127.0.0.1:0", fps="200")
        stopped = self.host(daemon, "--null", "--lossless")
        daemon.wait_for("watches")
        stopped.send(signal.SIGSTOP)

        def resident():
            with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.run_host(daemon, "--null", "--frames", "600")
        before = resident()
        self.run_host(daemon, "--null", "--frames", "600")
        self.assertLess(resident() - before, 1 << 20)
        stopped.send(signal.SIGCONT)
        stopped.send(signal.SIGINT)
        # Where the two runs took long, the daemon has given it up meanwhile.
        self.assertIn(stopped.wait(), (0, 3, 5))
        self.assertSummary(stopped)

    def test_lossless_with_a_slow_sink(self):
        """A reader that stops for a while: frames wait, and none is lost while the queue lasts."""
        daemon = self.daemon(size="640x480", fps="60", listen="127.0.0.1:0")
        ours, theirs = socket.socketpair()
        with ours:
            host = self.host(daemon, "--stdout", "--lossless", "--frames", "200",
                             stdout=theirs)
            theirs.close()
            watcher = self.run_host(daemon, "--null", "--frames", "150")
            self.assertSummary(watcher)
            size = 0
            while piece := ours.recv(1 << 16):
                size += len(piece)
        self.assertDone(host)
        self.assertGreater(size, 200 * 1000)

    def test_camera_runs_only_while_somebody_watches(self):
        daemon = self.daemon()
        self.assertNotIn("camera on", daemon.log())
        for i in range(1, 4):
            self.run_host(daemon, "--null", "--frames", "3")
            daemon.wait_for("camera on", i)
            daemon.wait_for("camera off", i)

    def test_always_on(self):
        daemon = self.daemon("--always-on")
        daemon.wait_for("camera on")
        self.run_host(daemon, "--null", "--frames", "3")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(daemon.log().count("camera on"), 1)

    def test_two_listeners_and_stats(self):
        daemon = self.daemon("--listen", "127.0.0.1:0", "--stats", "1")
        tcp = daemon.wait_for(r"listening on (127\S+)").group(1)
        self.run_host(daemon, "--null", "--frames", "3")
        host = self.run_host(tcp, "--null", "--frames", "60", "--stats")
        host.wait_for(r"sensor -> received +[\d.]+ +[\d.]+ +[\d.]+")
        daemon.wait_for(r"[\d.]+ fps, [\d.]+ ms and \d+ kB a frame")

    def test_the_independent_client(self):
        client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "independent_client.py")
        keys = self.path("keys")
        self.assertEqual(self.start(harness.PITETHERD, "--keys", keys, "--add-key", "it").wait(), 0)
        daemon = self.daemon("--keys", keys, listen="127.0.0.1:0")
        for number, mode in enumerate(([], ["--lossless"], [f"--key={keys}", "--lossless"])):
            folder = self.path(f"independent{number}")
            os.mkdir(folder)
            program = self.start("python3", client, daemon.address, "10", folder, *mode)
            self.assertEqual(program.wait(), 0, program.log())
            names = sorted(os.listdir(folder))
            self.assertGreaterEqual(len(names), 10)
            self.assertEqual(self.painted(folder, names),
                             [int(name.split(".")[0]) for name in names])
        # Those without a key may come from this machine, and the one with it has proved itself.
        self.assertEqual(len(re.findall(r"\(it\) watches", daemon.log())), 1)

    def test_the_independent_client_of_several_streams(self):
        """It lists them, takes each by its name, and holds the daemon to their numbers."""
        sizes = {"front": "320x240", "rear/left": "160x120", "top": "640x480"}
        config = self.path("config")
        with open(config, "w", encoding="ascii") as file:
            file.writelines(f"[{name}]\nsize = {size}\n" for name, size in sizes.items())
        daemon = self.daemon("--config", config, size=None)
        client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "independent_client.py")
        listed = subprocess.run(["python3", client, daemon.address, "--list"], check=True,
                                stdout=subprocess.PIPE, text=True, timeout=harness.BOUND).stdout
        self.assertEqual(listed.split(), list(sizes))
        programs = {}
        for name in sizes:
            folder = self.path(name.replace("/", "-"))
            os.mkdir(folder)
            programs[name] = self.start("python3", client, daemon.address, "10", folder,
                                        f"--stream={name}", "--lossless")
        for stream, program in programs.items():
            self.assertEqual(program.wait(), 0, program.log())
            folder = self.path(stream.replace("/", "-"))
            names = sorted(os.listdir(folder))
            self.assertGreaterEqual(len(names), 10)
            self.assertEqual(self.painted(folder, names),
                             [int(name.split(".")[0]) for name in names])
            with open(os.path.join(folder, names[0]), "rb") as file:
                width, height = independent_client.jpeg_size(file.read())
            self.assertEqual(f"{width}x{height}", sizes[stream])

    def test_streams_that_are_not_there(self):
        """The daemon lists those that are, to who names none of several or another one."""
        config = self.path("config")
        with open(config, "w", encoding="ascii") as file:
            file.write("[front]\n[rear]\n")
        daemon = self.daemon("--config", config)
        for name in (b"", b"rea", b"rear/left", b"x" * 32):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(harness.BOUND)
                peer.connect(daemon.address.removeprefix("unix:"))
                peer.sendall(wire.greeting(name=name))
                data = b""
                while more := peer.recv(1 << 16):
                    data += more
            kind, fields, text = wire.split(data)[-1]
            self.assertEqual((kind, *fields), (wire.ERROR, wire.NO_SUCH_STREAM), name)
            self.assertRegex(text.decode(), r"\bfront, rear$")
        for address, options in ((daemon.address, ()), (daemon.address, ("--stream", "left"))):
            host = self.host(address, "--null", *options)
            self.assertEqual(host.wait(), 3, host.log())  # and not again and again
            host.wait_for(r"error: .*\bfront, rear\b")
            self.assertNotIn("captured", host.log())  # there was no stream to sum up


if __name__ == "__main__":
    harness.main()
