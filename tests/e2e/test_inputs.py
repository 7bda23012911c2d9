"""Several streams received by one pitether: folders, summary, exit code, and who waits for whom."""
import csv
import fcntl
import os
import re
import signal
import subprocess

import harness

F_SETPIPE_SZ = 1031
SHORT, CONNECTION, SINK = 6, 3, 4


class Inputs(harness.Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")

    def daemons(self, count, *options, **keywords):
        return [self.daemon(*options, listen=f"unix:{self.path(f'cam{i}')}", **keywords)
                for i in range(count)]

    def streams(self, names, *options, **keywords):
        """A daemon with these streams."""
        path = self.path("conf-" + names[0])
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"[{name}]\n" for name in names)
        return self.daemon("--config", path, *options, **keywords)

    def receive(self, daemons, *options, **keywords):
        return self.start(harness.PITETHER, *[daemon.address for daemon in daemons], *options,
                          **keywords)

    def totals(self, host):
        """The summary's lines by stream, and their sum, which the last line has to be: captured,
        received, dropped, damaged."""
        pattern = r"^(\S+): (\d+) captured = (\d+) received \+ (\d+) dropped.* \+ (\d+) dam"
        lines = re.findall(pattern, host.log(), re.MULTILINE)
        numbers = {label: [int(text) for text in rest] for label, *rest in lines}
        total = numbers.pop("total")
        for line in [total, *numbers.values()]:
            self.assertEqual(line[0], sum(line[1:]), host.log())
        self.assertEqual(total, [sum(column) for column in zip(*numbers.values())], host.log())
        return numbers

    def check_folders(self, host, names, count=None):
        """Each stream has its frames in its folder, and in its line of the summary."""
        totals = self.totals(host)
        self.assertEqual(sorted(totals), sorted(names))
        self.assertEqual(sorted(os.listdir(self.out)), sorted({name.split("/")[0]
                                                               for name in names}))
        for name in names:
            folder = os.path.join(self.out, name)
            ids = self.check_saved(folder, count)
            self.assertGreaterEqual(totals[name][1], len(ids))
            host.wait_for(rf"saved {len(ids)} frames .* in {re.escape(folder)}$")

    def test_frames_of_each(self):
        """--frames counts each stream for itself."""
        host = self.receive(self.daemons(3), "--save", self.out, "--frames", "40")
        self.assertDone(host)
        self.check_folders(host, ["cam0", "cam1", "cam2"], 40)

    def test_streams_of_a_daemon(self):
        """Each is received by its name, over the network and over a Unix socket."""
        names = ["front", "rear/left", "top"]
        daemon = self.streams(names, "--listen", self.socket, listen="127.0.0.1:0")
        host = self.start(harness.PITETHER, *[f"{daemon.address}/{name}" for name in names],
                          "--save", self.out, "--frames", "20")
        self.assertDone(host)
        self.check_folders(host, names, 20)
        self.run_host(self.socket, "--stream", "top", "--null", "--frames", "3")
        for address in daemon.address, self.socket:
            self.fails(CONNECTION, "error: .*front, rear/left, top", harness.PITETHER, address,
                       "--null")
            self.fails(CONNECTION, "error: .*front, rear/left, top", harness.PITETHER,
                       self.socket, "--stream", "back", "--null")

    def test_list_of_streams(self):
        daemon = self.streams(["front", "rear"], "--always-on", listen="127.0.0.1:0")
        daemon.wait_for("front: camera on")
        daemon.wait_for("rear: camera on")
        done = subprocess.run([harness.PITETHER, daemon.address, "--list-streams"], check=True,
                              timeout=harness.BOUND, stdout=subprocess.PIPE, text=True)
        rows = [re.split(r"  +", line) for line in done.stdout.splitlines()]
        self.assertEqual(rows, [["NAME", "MODEL", "SIZE", "RATE", "VIEW", "STATE"],
                                ["front", "test pattern", "320x240", "30 fps", "100 %", "running"],
                                ["rear", "test pattern", "320x240", "30 fps", "100 %", "running"]])
        self.fails(CONNECTION, "can't connect", harness.PITETHER, "unix:" + self.path("none"),
                   "--list-streams")
        self.fails(2, "is not an address", harness.PITETHER, "pi:0", "--list-streams")

    def test_streams_of_one_name(self):
        """Where streams would be called the same, the host and the port tell them apart."""
        daemons = [self.streams(["front"], listen="127.0.0.1:0"), self.daemon(listen="127.0.0.1:0"),
                   self.streams(["front"], listen="127.0.0.1:0")]
        host = self.start(harness.PITETHER, daemons[0].address + "/front", daemons[1].address,
                          daemons[2].address + "/front", "--save", self.out, "--frames", "5")
        self.assertDone(host)
        first, last = (daemons[i].address.replace(":", "-") + "-front" for i in (0, 2))
        self.check_folders(host, [first, "127.0.0.1", last], 5)

    def test_interrupted(self):
        host = self.receive(self.daemons(3), "--save", self.out)
        for i in range(3):
            self.wait_until(lambda i=i: os.path.exists(self.path("out", f"cam{i}", "frames.csv")),
                            "an index")
        host.wait_for("camera", 3)
        host.send(signal.SIGINT)
        self.assertDone(host)
        self.check_folders(host, ["cam0", "cam1", "cam2"])

    def test_one_ends_early(self):
        """The others go on, and the worst of the exit codes is the program's."""
        daemons = self.daemons(2) + [self.daemon("--frames", "5",
                                                 listen=f"unix:{self.path('brief')}")]
        host = self.receive(daemons, "--save", self.out, "--frames", "60")
        self.assertEqual(host.wait(), SHORT, host.log())
        self.check_saved(self.path("out", "cam0"), 60)
        self.check_saved(self.path("out", "cam1"), 60)
        self.check_saved(self.path("out", "brief"), 5)
        self.totals(host)

    def test_one_is_not_there(self):
        daemons = self.daemons(2)
        host = self.start(harness.PITETHER, daemons[0].address, "unix:" + self.path("none"),
                          daemons[1].address, "--save", self.out, "--frames", "30",
                          "--no-reconnect")
        self.assertEqual(host.wait(), CONNECTION, host.log())
        host.wait_for("error: none: can't connect to unix:")
        self.check_saved(self.path("out", "cam0"), 30)
        self.check_saved(self.path("out", "cam1"), 30)
        self.assertEqual(self.totals(host)["none"], [0, 0, 0, 0])

    def test_the_same_twice(self):
        self.fails(2, "pi-7484 is given twice", harness.PITETHER, "pi", "pi", "--null")

    def test_latency_of_all(self):
        """All lines in one file, each with its stream."""
        log = self.path("latency.csv")
        host = self.receive(self.daemons(2), "--null", "--frames", "50", "--latency", log)
        self.assertDone(host)
        with open(log, newline="", encoding="ascii") as file:
            rows = list(csv.DictReader(file))
        totals = self.totals(host)
        for name in "cam0", "cam1":
            ids = [int(row["id"]) for row in rows if row["stream"] == name]
            self.assertEqual(len(ids), totals[name][1])
            self.assertEqual(ids, sorted(ids))

    def test_a_minute(self):
        """Eight streams from two daemons, a minute: everything adds up."""
        names = ["a", "b", "c", "d"], ["e", "f", "g", "h"]
        addresses = []
        for four in names:
            daemon = self.streams(four, size="160x120", fps="10", listen="127.0.0.1:0")
            addresses += [f"{daemon.address}/{name}" for name in four]
        host = self.start(harness.PITETHER, *addresses, "--save", self.out, "--duration", "60")
        host.process.wait(60 + harness.BOUND)
        self.assertDone(host)
        self.check_folders(host, names[0] + names[1])
        for captured, *_ in self.totals(host).values():
            self.assertGreaterEqual(captured, 600)


class StuckSinks(harness.Case):
    """A sink that takes nothing holds up no other one."""

    def unread_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        return writer

    def test_standard_output_beside_files(self):
        """The files are complete, and the frames that standard output lost are counted."""
        writer, out = self.unread_pipe(), self.path("out")
        host = self.host(self.daemon(fps="100"), "--stdout", "--lossless", "--save", out,
                         "--frames", "300", stdout=writer)
        os.close(writer)
        host.wait_for("warning: stdout: its reader is too slow")
        host.wait_for("saved 300 frames")
        self.check_saved(out, 300)
        host.wait_for("stdout: still writing what is left")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), SINK, host.log())
        written, lost = (int(number) for number in host.wait_for(
            r"wrote (\d+) frames to standard output; (\d+) were not taken").groups())
        self.assertEqual((written, lost), (0, 300))
        self.assertSummary(host)

    def test_nothing_is_held_up(self):
        """Neither is who only counts."""
        writer = self.unread_pipe()
        host = self.host(self.daemon(fps="100"), "--stdout", "--null", "--lossless", "--frames",
                         "300", stdout=writer)
        os.close(writer)
        host.wait_for("stdout: still writing what is left")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), SINK, host.log())
        self.assertGreaterEqual(self.assertSummary(host)[1], 300)

    def test_alone(self):
        """Where no other sink would be held up, nothing is lost: the stream waits."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        host = self.host(self.daemon(fps="100", size="64x64"), "--stdout", "--lossless", "--frames",
                         "150", stdout=writer)
        os.close(writer)
        host.wait_for("camera")
        with self.assertRaises(subprocess.TimeoutExpired):
            host.process.wait(2) # in which a hundred and more frames come
        with os.fdopen(reader, "rb") as file:
            data = file.read()
        self.assertDone(host)
        self.assertGreaterEqual(data.count(b"\xff\xd8\xff"), 150)
        host.wait_for("wrote 150 frames to standard output; 0 were not taken")


if __name__ == "__main__":
    harness.main()
