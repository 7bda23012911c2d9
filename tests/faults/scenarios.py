"""Short lives of both programs, and what must hold at their end whatever went wrong in them."""
import os
import random
import re
import signal
import socket

import faults
import harness
from faults import Scenario

FRAMES = 12
PICTURE = ("--size", "64x48", "--fps", "200")


class DaemonServes(Scenario):
    """The daemon, from its start to its frame limit, and a receiver that is well."""

    def play(self):
        self.serve("--source", "pattern", *PICTURE, "--listen", self.socket)

    def serve(self, *options):
        daemon = self.start_target(harness.PITETHERD, "--frames", FRAMES, *options)
        with daemon.condition:
            daemon.condition.wait_for(lambda: self.address(daemon) or daemon.ended, harness.BOUND)
        address = self.address(daemon)
        host = address and self.host(address.group(1), "--save", self.path("out"))
        if host and not self.lasts():
            self.wait_until(lambda: host.ended or daemon.ended or self.lasts(), "an end of either")
            if host.ended and not self.lasts() and host.wait() not in (0, 5):
                self.fail("the host gives up a daemon that goes on:\n" + daemon.log() + host.log())
        self.wait_target()
        if host:
            self.end_host(daemon, host)
        if os.geteuid() == 0 and host:
            self.assertIn("dropped root: running as user", daemon.log())

    @staticmethod
    def address(daemon):
        return re.search(r"listening on (\S+)", daemon.log())

    def end_host(self, daemon, host):
        """The daemon is gone: the host either saw its end, or looks for it in vain."""
        with host.condition:
            host.condition.wait_for(lambda: host.ended or "trying again until" in host.log(),
                                    harness.BOUND)
        if not host.ended:
            host.send(signal.SIGINT)
        # 3 is for a daemon that is lost, or refused: not all alerts that OpenSSL sends when it has
        # failed say that it has.
        self.assertIn(host.wait(), (0, 3, 5), host.log())
        self.assertNotIn("broke the protocol", host.log())
        self.assertNotIn("totals", host.log())
        if not os.path.exists(self.path("out", "frames.csv")):
            return
        saved = len(self.check_saved(self.path("out")))
        if " captured = " in host.log():
            captured, received, _, damaged = self.assertSummary(host)
            cut = host.log().count("cut in the middle of it")
            self.assertEqual((received, damaged), (saved, cut), host.log())
        # What was taken while the host wasn't there is none of its frames.
        if "source has ended" in host.log() and "connecting again" not in host.log():
            skipped = sum(int(count) for count in
                          re.findall(r"(\d+) (?:SENSOR_GAP|NO_BUFFER)", host.log()))
            self.assertEqual(captured - skipped, FRAMES, daemon.log() + host.log())


class DaemonConfigured(DaemonServes):
    """The same with a file as its source, a configuration file, TCP, a service manager, and all
    that is periodic."""

    def play(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("manager"))
        os.chmod(self.path("manager"), 0o777)
        self.environment = {"NOTIFY_SOCKET": self.path("manager")}
        # Noise, whose JPEGs are too large for the sockets' buffers.
        with open(self.path("film.y4m"), "wb") as film:
            film.write(b"YUV4MPEG2 W320 H240 F200:1 C420jpeg\n")
            for frame in range(4):
                film.write(b"FRAME\n" + random.Random(frame).randbytes(320 * 240 * 3 // 2))
        with open(self.path("config"), "w", encoding="ascii") as config:
            config.write(f"source = {self.path('film.y4m')}\nlisten = 127.0.0.1:0\nstats = 1\n"
                         "bitrate = 1M\nadaptive = yes\n")
        self.serve("--config", self.path("config"))
        self.assertNotIn("no camera found", self.target.log(), "half of the file was read")
        if not self.fault:
            self.assertIn(b"READY=1", manager.recv(1000))

    def painted(self, folder, names):
        """No frame numbers are painted in this film."""
        return [int(row["id"]) for row in self.index(folder)]


class HostSaves(Scenario):
    """The receiver, saving; the daemon is well."""

    def play(self):
        daemon = self.daemon(*PICTURE, size=None, fps=None, listen=self.listen())
        self.start_host(daemon)
        self.wait_target()
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        self.check_host()

    def listen(self):
        return self.socket

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"),
                          "--sync", "each", "--frames", FRAMES, "--log-level", "debug")

    def check_host(self):
        log = self.target.log()
        claim = re.search(r"saved (\d+) frames .* in [^;]*(?:; (\d+) could not)?", log)
        if not claim:
            return
        saved, failed = (int(number or 0) for number in claim.groups())
        rows = self.index(self.path("out")) if saved else []
        self.assertEqual(saved, len(rows), log)
        if saved:
            self.check_folder()
        if self.target.process.returncode == 0:
            self.assertEqual((saved, failed), (FRAMES, 0), log)
        if " captured = " in log:
            self.assertGreaterEqual(self.assertSummary(self.target)[1], saved + failed, log)

    def check_folder(self):
        # Where removing fails, what was to be removed stays.
        if not self.fault or self.fault.call not in ("unlinkat", "renameat2"):
            self.check_saved(self.path("out"))


class HostPipes(HostSaves):
    """The receiver, writing to standard output, which is a file."""

    def start_host(self, daemon):
        with open(self.path("stream"), "wb") as stream:
            self.start_target(harness.PITETHER, daemon.address, "--stdout", "--frames", FRAMES,
                              stdout=stream)

    def check_host(self):
        with open(self.path("stream"), "rb") as stream:
            whole = stream.read().count(b"\xff\xd9")
        claim = re.search(r"wrote (\d+) frames to standard output", self.target.log())
        self.assertEqual(int(claim.group(1)) if claim else 0, whole, self.target.log())
        if self.target.process.returncode == 0:
            self.assertEqual(whole, FRAMES)
        if " captured = " in self.target.log():
            self.assertSummary(self.target)


class HostMeasures(HostSaves):
    """The receiver, over TCP and live, with all that it can tell."""

    def listen(self):
        return "127.0.0.1:0"

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--null", "--duration", "0.06",
                          "--latency", self.path("latency"), "--stats", "--latency-report")

    def check_host(self):
        if self.target.process.returncode == 0:
            received = self.assertSummary(self.target)[1]
            with open(self.path("latency"), encoding="ascii") as table:
                self.assertEqual(len(table.readlines()), received + 1)


class HostShows(HostSaves):
    """The receiver, with a window that nobody sees, and saving."""

    environment = {"SDL_VIDEODRIVER": "dummy"}

    def without_spared(self, left):
        """SDL is not ended, see canvas_close(), and keeps the socket by which it hears of devices."""
        sockets = [what for what in left if what.startswith("socket:")]
        return [what for what in left if what not in sockets[:1]]

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"), "--window",
                          "--frames", FRAMES)


class HostReconnects(HostSaves):
    """The receiver, whose daemon is killed and comes back."""

    def play(self):
        daemon = self.daemon(*PICTURE, size=None, fps=None)
        host = self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"),
                                 "--name", "{epoch}-{id}.jpg", "--frames", FRAMES)
        with host.condition:
            host.condition.wait_for(lambda: host.ended or "info: camera" in host.log(),
                                    faults.PATIENCE)
        daemon.kill()
        self.daemon(*PICTURE, size=None, fps=None)
        self.wait_target()
        self.check_host()

# What pitetherd --add-key makes.
KEY = f"view {'1b' * 16} {'2c' * 32}\n"


class DaemonEncrypts(DaemonServes):
    """The daemon with keys, which it is told to read again, and a receiver that has one."""

    def play(self):
        for name, user in (("keys", "laptop"), ("host-keys", "127.0.0.1")):
            self.write_keys(name, f"{user} {KEY}")
        self.serve("--source", "pattern", *PICTURE, "--listen", "127.0.0.1:0",
                   "--keys", self.path("keys"))

    def host(self, daemon, *options, **keywords):
        self.tell(signal.SIGHUP)
        return super().host(daemon, *options, "--keys", self.path("host-keys"), **keywords)


class HostEncrypts(HostSaves):
    """The receiver, with a key for its daemon: without it not a frame may come."""

    def play(self):
        self.write_keys("keys", f"laptop {KEY}")
        self.write_keys("host-keys", f"127.0.0.1 {KEY}")
        super().play()

    def daemon(self, *options, **keywords):
        return super().daemon(*options, "--keys", self.path("keys"), **keywords)

    def listen(self):
        return "127.0.0.1:0"

    def start_host(self, daemon):
        self.start_target(harness.PITETHER, daemon.address, "--save", self.path("out"),
                          "--sync", "5", "--frames", FRAMES, "--keys", self.path("host-keys"))

    def check_host(self):
        super().check_host()
        if " captured = " in self.target.log() and self.assertSummary(self.target)[0] > 0:
            self.assertIn("has proved itself", self.target.log())


class DaemonAddsKey(Scenario):
    """--add-key: the file is the old one or the new one, and nobody is told of a key in vain."""

    def play(self):
        old = f"laptop {KEY}"
        os.mkdir(self.path("etc"))
        path = self.write_keys("etc/keys", old)
        with open(self.path("printed"), "wb") as printed:
            self.start_target(harness.PITETHERD, "--keys", path, "--add-key", "phone",
                              stdout=printed)
        self.wait_target()
        self.check_keys(path, old, self.read("printed"))

    def check_keys(self, path, old, line):
        now, log = self.read(path), self.target.log()
        if self.target.process.returncode == 0:
            self.assertEqual(now, old + line, log)
            self.assertNotIn(line.split()[3], log)
        elif "nor remove it again" in log:
            self.assertRegex(now[len(old):], r"^phone view \w{32} \w{64}\n$")
        else:
            self.assertEqual(now, old, log)
        if not self.fault or self.fault.call != "unlinkat":
            self.assertEqual(os.listdir(os.path.dirname(path)), ["keys"])


class HostImportsKey(DaemonAddsKey):
    """--import-key: likewise."""

    def play(self):
        old, line = f"pi.local {KEY}", f"view {'3d' * 16} {'4e' * 32}\n"
        os.mkdir(self.path("etc"))
        path = self.write_keys("etc/keys", old)
        with open(self.write_keys("line", f"phone {line}"), "rb") as given:
            self.start_target(harness.PITETHER, "--keys", path, "--import-key", "attic",
                              stdin=given)
        self.wait_target()
        self.check_keys(path, old, f"attic {line}")


SCENARIOS = [DaemonServes, DaemonConfigured, DaemonEncrypts, DaemonAddsKey, HostSaves, HostPipes,
             HostMeasures, HostShows, HostReconnects, HostEncrypts, HostImportsKey]
