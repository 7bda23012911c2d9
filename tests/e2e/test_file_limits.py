#!/usr/bin/env python3
"""Files that may not grow (ulimit -f) are for both programs what a full disk is: an error that is
told and counted, and ends nothing. Of files that never end, as much is read as may be."""
import os
import resource
import signal
import subprocess

import harness
import test_save


def limited(size):
    """The beginning of a command whose files have so many bytes at most, until lift()."""
    return ["prlimit", f"--fsize={size}:"]


def lift(program):
    hard = resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


class Growth(test_save.Saving):
    def limited_host(self, size, *options):
        daemon = self.daemon(size="64x64", fps="100")
        return self.start(*limited(size), harness.PITETHER, daemon.address, *options)

    def check_saving(self, size):
        host = self.limited_host(size, "--save", self.out)
        host.wait_for("save: frame .* could not be written: File too large")
        lift(host)
        host.wait_for("works again; [0-9]+ frames were lost meanwhile")
        self.end(host)
        self.assertGreater(self.assertAccounts(host), 0)
        self.assertEqual(host.log().count("could not be written"), 1)

    def test_pictures(self):
        self.check_saving(600)

    def test_the_index(self):
        self.check_saving(5000)
        self.assertGreater(len(self.pictures()), 2)

    def test_latency(self):
        path = self.path("latency.csv")
        host = self.limited_host(8000, "--null", "--latency", path)
        host.wait_for("latency: the line of frame [0-9]+ could not be written: File too large")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())
        lost = int(host.wait_for(r"--latency: (\d+) lines of .* were lost").group(1))
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines(keepends=True)
        self.assertEqual(len(lines) - 1 + lost, self.assertSummary(host)[1])
        self.assertTrue(all(line.count(",") == 17 and line.endswith("\n") for line in lines))

    def test_latency_on_standard_output(self):
        """Of a file that is not even open for appending half lines are cut off, too."""
        with open(self.path("log"), "w+b") as log:
            host = self.start(*limited(3000), harness.PITETHER,
                              self.daemon(size="64x64", fps="100").address, "--null",
                              "--latency", "-", stdout=log)
            host.wait_for("latency: the line of frame [0-9]+ could not be written: File too large")
            lift(host)
            self.wait_until(lambda: os.path.getsize(self.path("log")) > 6000, "more lines")
            host.send(signal.SIGINT)
            self.assertEqual(host.wait(), 4, host.log())
            host.wait_for(r"--latency: \d+ lines of standard output were lost")
            log.seek(0)
            self.assertTrue(all(line.count(b",") == 17 for line in log.read().splitlines()))

    def test_standard_output(self):
        with open(self.path("film"), "wb") as film:
            host = self.start(*limited(2000), harness.PITETHER, self.daemon(size="64x64").address,
                              "--stdout", "--lossless", stdout=film)
            self.assertEqual(host.wait(), 4, host.log())
        host.wait_for("stdout: frame .* was cut off: File too large")
        self.assertSummary(host)

    def test_the_log_of_the_receiver(self):
        daemon = self.daemon(size="64x64")
        with open(self.path("log"), "wb") as log:
            code = subprocess.run([*limited(10), harness.PITETHER, daemon.address, "--null", "-n",
                                   "3"], stderr=log, timeout=harness.BOUND, check=False).returncode
        self.assertIn(code, (0, 5))
        self.assertEqual(os.path.getsize(self.path("log")), 10)

    def test_the_log_of_the_daemon(self):
        """Receivers come and go, and it ends well."""
        with open(self.path("log"), "wb") as log:
            daemon = subprocess.Popen([*limited(300), harness.PITETHERD, "--source", "pattern",
                                       "--size", "64x64", "--listen", self.socket, *harness.WHO],
                                      stderr=log)
            self.addCleanup(daemon.kill)
            for _ in range(5):
                self.run_host(self.socket, "--null", "-n", "3")
            self.assertEqual(os.path.getsize(self.path("log")), 300)
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(harness.BOUND), 0)

    def test_keys(self):
        """The file of keys is the old one then, and nothing is left of the new one."""
        keys = self.path("keys")
        command = [harness.PITETHERD, "--keys", keys, "--add-key"]
        line = subprocess.run([*command, "one"], check=True, stdout=subprocess.PIPE,
                              timeout=harness.BOUND).stdout
        self.fails(1, "can't write the keys file .*: File too large", *limited(len(line) + 10),
                   *command, "two")
        with open(self.path("line"), "w+b") as file:
            file.write(line)
            file.seek(0)
            host = self.start(*limited(10), harness.PITETHER, "--keys", self.path("own"),
                              "--import-key", "pi", stdin=file)
            self.assertEqual(host.wait(), 1, host.log())
        host.wait_for("can't write the keys file .*: File too large")
        self.assertEqual(sorted(os.listdir(self.folder)), ["keys", "line"])
        with open(keys, "rb") as file:
            self.assertEqual(file.read(), line)


class Ends(harness.Case):
    """What never ends is told by its name. (One whose end is looked for fills all memory.)"""

    def file(self, name, begin=b""):
        """A file of 1 TB, of which the beginning alone takes room."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(begin)
            file.truncate(1 << 40)
        os.chmod(path, 0o600)
        return path

    def test_configuration(self):
        for path in ("/dev/zero", self.file("conf", b"fps = 30\n")):
            self.fails(2, f"{path} is larger than 65536 bytes: that can't be a configuration file",
                       harness.PITETHERD, "-c", path)

    def test_keys(self):
        keys = self.file("keys")
        for path, why in ((keys, "is larger than 65536 bytes: that can't be a keys file"),
                          ("/dev/zero", "is not a regular file")):
            self.fails(2, f"{path} {why}", harness.PITETHERD, "--keys", path, "--list-keys")
            self.fails(2, f"{path} {why}", harness.PITETHERD, "--keys", path, "--add-key", "x")
            self.fails(2, f"{path} {why}", harness.PITETHERD, "--keys", path, "--source", "pattern",
                       "--listen", self.socket, *harness.WHO)
            self.fails(2, f"{path} {why}", harness.PITETHER, "--keys", path, "--null", "localhost")
            self.fails(2, f"{path} {why}", harness.PITETHER, "--keys", path, "--forget-key", "pi")

    def test_standard_input(self):
        with open("/dev/zero", "rb") as zero:
            host = self.start(harness.PITETHER, "--keys", self.path("keys"), "--import-key", "pi",
                              stdin=zero)
            self.assertEqual(host.wait(), 2, host.log())
        host.wait_for("standard input is longer than the line of a key")

    def test_films(self):
        os.symlink("/dev/zero", self.path("zero.y4m"))
        for path, why in ((self.path("zero.y4m"), "is not a regular file"),
                          (self.file("none.y4m"), "is not a usable Y4M file: it has no header line"),
                          (self.file("film.y4m", b"YUV4MPEG2 W64 H64 F25:1\n"), "")):
            self.fails(3, f"{path} {why}", harness.PITETHERD, "--source", path, "--listen",
                       self.socket, *harness.WHO)


if __name__ == "__main__":
    harness.main()
