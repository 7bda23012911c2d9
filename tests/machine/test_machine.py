#!/usr/bin/env python3
"""pitetherd at home: its package is installed in an emulated arm64 machine with systemd, where it
streams from libcamera's virtual camera to a receiver on this side.

DEBS names the folder of the packages, IMAGE the machine's (machine.py), PITETHER the receiver, and
USB_CAMERA the program of usb_camera.c.
"""
import glob
import os
import re
import signal
import subprocess
import tempfile
import time

import harness
from machine import Machine

# What ends a hang: an emulated processor takes some 20 times as long as a real one.
harness.BOUND = 300

CAMERAS = "usr/share/libcamera/pipeline/virtual"
SIZE = "640x480"
CAMERA = f"""%YAML 1.1
---
"photo":
  supported_formats:
  - width: 640
    height: 480
  frames:
    path: "/{CAMERAS}/photo.jpg"
  model: "Virtual photo"
"""
PHOTO = os.environ.get("PHOTO", "/usr/share/backgrounds/mate/nature/LadyBird.jpg")
HOST = "127.0.0.1"

# How like the photograph a frame is at least: what the codec and the camera's own scaling take away
# is far less, swapped or washed-out colours are far more.
LIKENESS_DB = 30


def read(path):
    with open(path, "rb") as file:
        return file.read()


def decode(path, width):
    """Rows of pixels, each (red, green, blue)."""
    ppm = subprocess.run(["djpeg", "-strict", path], check=True, stdout=subprocess.PIPE).stdout
    samples = ppm.split(b"\n", 3)[3]
    pixels = list(zip(samples[::3], samples[1::3], samples[2::3]))
    return [pixels[i:i + width] for i in range(0, len(pixels), width)]


class MachineTest(harness.Case):
    """One machine for all tests, which are run in the order of their names' numbers."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pitether-machine-")
        cls.addClassCleanup(folder.cleanup)
        cls.pictures = [os.path.join(folder.name, name) for name in ("photo.jpg", "mirrored.jpg")]
        cls.photo = cls.pictures[0]
        fill = "scale=640:480:force_original_aspect_ratio=increase,crop=640:480"
        for path, change in zip(cls.pictures, ("", ",hflip")):
            subprocess.run(["ffmpeg", "-v", "error", "-i", PHOTO, "-q:v", "2", "-pix_fmt", "yuvj420p",
                            "-vf", fill + change, path], check=True)
        # What a USB camera may make of a picture: padded, and cut off.
        cls.given = cls.pictures + [os.path.join(folder.name, name) for name in ("padded", "cut")]
        for path, content in zip(cls.given[-2:], (bytes(9) + read(cls.photo) + bytes(999),
                                                  read(cls.photo)[:-999])):
            with open(path, "wb") as file:
                file.write(content)
        [package] = glob.glob(os.path.join(os.environ["DEBS"], "pitetherd_*_arm64.deb"))
        os.environ["XDG_CONFIG_HOME"] = folder.name  # the receiver's keys are this test's
        cls.machine, begun = Machine(folder.name), time.monotonic()
        cls.addClassCleanup(cls.machine.kill)
        cls.machine.boot({"root/pitetherd.deb": read(package),
                          f"{CAMERAS}/photo.jpg": read(cls.photo),
                          f"{CAMERAS}/virtual.yaml": CAMERA.encode()})
        booted = time.monotonic()
        cls.machine.run("apt-get install -y --no-install-recommends /root/pitetherd.deb")
        installed = time.monotonic()
        cls.machine.run("systemctl enable --now pitetherd && systemctl is-active pitetherd")
        print(f"\nbooted in {booted - begun:.0f} s, the package installed in {installed - booted:.0f}"
              f" s, the service started in {time.monotonic() - installed:.0f} s", flush=True)

    @classmethod
    def tearDownClass(cls):
        code = cls.machine.power_off()
        assert code == 0, f"the emulator ended with {code}:\n" + cls.machine.console.log()

    def run(self, result=None):
        wrong = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > wrong:
            print(self.machine.run("journalctl --no-pager -b -u 'pitetherd*' | tail -n 60"))

    def pair(self, name, options="", service="pitetherd"):
        """As README says it."""
        add = subprocess.Popen(self.machine.command(f"pitetherd --add-key {name} {options}"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        key = self.start(harness.PITETHER, "--import-key", HOST, stdin=add.stdout)
        add.stdout.close()
        self.assertEqual((add.wait(harness.BOUND), key.wait()), (0, 0), key.log())
        self.machine.run(f"systemctl reload {service}")

    def likeness(self, picture):
        """The least PSNR of red, green and blue against the photograph, in dB."""
        run = subprocess.run(["ffmpeg", "-hide_banner", "-nostats", "-i", picture, "-i", self.photo,
                              "-lavfi", "[0]format=gbrp[a];[1]format=gbrp[b];[a][b]psnr",
                              "-f", "null", "-"], check=True, stderr=subprocess.PIPE, text=True)
        found = re.search(r"PSNR r:(\S+) g:(\S+) b:(\S+)", run.stderr)
        return min(float(level) for level in found.groups())

    def rows(self, folder):
        """The index of a folder: its pictures are there, whole, and no frame comes twice."""
        rows = self.index(folder)
        for row in rows:
            path = os.path.join(folder, row["file"])
            self.assertEqual(os.path.getsize(path), int(row["bytes"]))
            subprocess.run(["djpeg", "-strict", path], check=True, stdout=subprocess.DEVNULL)
        frames = [(row["epoch"], int(row["id"])) for row in rows]
        self.assertEqual(len(set(frames)), len(frames))
        return rows

    def save(self, *options):
        return self.host(HOST, "--save", self.path("frames"), *options)

    def test_1_streams_over_tls_to_who_has_a_key(self):
        self.fails(3, "TLS|key", harness.PITETHER, HOST, "--null", "--frames", "1", "--no-reconnect")
        self.pair("laptop")
        host = self.save("--live", "--frames", "20")
        self.assertDone(host)
        self.assertIn("has proved itself; encrypted with TLS_", host.log())
        self.assertSummary(host)
        rows = self.rows(self.path("frames"))
        self.assertEqual(len(rows), 20)
        level = self.likeness(self.path("frames", rows[-1]["file"]))
        self.assertGreater(level, LIKENESS_DB)
        print(f"{len(rows)} frames of the photograph, the worst channel has {level:.0f} dB")

    def test_2_comes_back_after_a_restart_and_a_crash(self):
        host = self.save("--live", "--frames", "100000")
        for number, end in enumerate(("systemctl restart pitetherd",
                                      "systemctl kill --signal=KILL pitetherd"), 1):
            host.wait_for("camera Virtual photo", number)
            seen = self.saved()
            self.wait_until(lambda: self.saved() > seen, "a frame")
            self.machine.run(end)
        host.wait_for("camera Virtual photo", 3)
        seen = self.saved()
        self.wait_until(lambda: self.saved() > seen, "a frame after the crash")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 6, host.log())
        self.assertSummary(host)
        epochs = [row["epoch"] for row in self.rows(self.path("frames"))]
        self.assertEqual(len(set(epochs)), 3)

    def saved(self):
        return len(glob.glob(self.path("frames", "*.jpg")))

    def test_3_cuts_who_is_revoked(self):
        host = self.host(HOST, "--null")
        host.wait_for("camera Virtual photo")
        self.machine.run("pitetherd --revoke laptop && systemctl reload pitetherd")
        host.wait_for("refused|no longer|key")
        host.send(signal.SIGINT)
        host.wait()
        self.fails(3, "key", harness.PITETHER, HOST, "--null", "--frames", "1", "--no-reconnect")
        self.pair("laptop")

    def test_4_starts_with_the_first_connection(self):
        self.machine.run("systemctl disable --now pitetherd")
        self.machine.run("systemctl enable --now pitetherd.socket")
        self.machine.run("systemctl is-active pitetherd", fails=True)
        self.assertDone(self.host(HOST, "--null", "--live", "--frames", "3"))
        self.machine.run("systemctl is-active pitetherd")
        self.machine.run("systemctl disable --now pitetherd.socket pitetherd")
        self.machine.run("systemctl enable --now pitetherd")

    def test_5_has_a_service_for_each_camera(self):
        self.machine.run("systemctl stop pitetherd")
        self.machine.run("printf 'source = pattern\nsize = 320x240\nfps = 5\nlisten = 0.0.0.0\n'"
                         " >/etc/pitether/front.conf")
        self.machine.run("systemctl start pitetherd@front")
        self.assertDone(self.host(HOST, "--null", "--live", "--frames", "3"))
        self.machine.run("systemctl stop pitetherd@front && rm /etc/pitether/front.conf")
        self.machine.run("systemctl start pitetherd")

    def plug_in(self, port=0):
        """Returns the camera, whose end is to be pulled out."""
        camera = self.start(os.environ["USB_CAMERA"], self.machine.cables[port], *self.given)
        self.wait_until(self.usb_camera, "the USB camera")
        return camera

    def usb_camera(self):
        found = re.search(r"\d+: (\S+) \(USB camera\)", self.machine.run("pitetherd --list-cameras"))
        return found and found.group(1)

    def serve_usb_camera(self, size):
        """In place of the other one, until the test's end."""
        self.machine.run("systemctl stop pitetherd")
        self.addCleanup(self.machine.run, "systemctl start pitetherd")
        camera = self.plug_in()
        self.machine.run(f"printf 'source = libcamera:{self.usb_camera()}\nsize = {size}\n"
                         "listen = 0.0.0.0\n' >/etc/pitether/usb.conf")
        self.machine.run("systemctl start pitetherd@usb")
        self.addCleanup(self.machine.run,
                        "systemctl stop pitetherd@usb && rm /etc/pitether/usb.conf")
        return camera

    def test_6_streams_from_a_usb_camera_that_is_unplugged(self):
        camera = self.serve_usb_camera(SIZE)
        host = self.save("--live")
        self.wait_until(lambda: self.saved() > 5, "frames")
        camera.kill()
        host.wait_for("the camera was unplugged")
        self.plug_in()
        host.wait_for("the daemon has a camera now")
        seen = self.saved()
        self.wait_until(lambda: self.saved() > seen + 5, "frames after it was plugged in again")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 0, host.log())
        self.assertSummary(host)
        rows = self.rows(self.path("frames"))
        self.assertEqual(len({row["epoch"] for row in rows}), 1)
        # The camera's own JPEGs are passed on as they are, if they are whole.
        host.wait_for(r"\d+ CAPTURE_ERROR")
        given = [read(path) for path in self.pictures]
        for row in rows:
            self.assertIn(read(self.path("frames", row["file"])), given)

    def test_6_finds_its_usb_camera_at_another_port(self):
        """Though its id, by which it was chosen, is another one there."""
        camera = self.serve_usb_camera(SIZE)
        before = self.usb_camera()
        host = self.save("--live")
        self.wait_until(lambda: self.saved() > 5, "frames")
        camera.kill()
        host.wait_for("the camera was unplugged")
        self.plug_in(port=1)
        self.assertNotEqual(self.usb_camera(), before)
        host.wait_for("the daemon has a camera now")
        seen = self.saved()
        self.wait_until(lambda: self.saved() > seen + 5, "frames from the other port")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 0, host.log())

    def test_6_waits_for_a_camera_that_comes_late(self):
        """As at a boot without it: the service is there all the time, and says what it waits for."""
        camera = self.serve_usb_camera(SIZE)
        camera.kill()
        self.wait_until(lambda: not self.usb_camera(), "a machine without a USB camera")
        self.machine.run("systemctl restart pitetherd@usb")
        host = self.save("--live")
        host.wait_for('no camera ".*": 0 is photo')
        time.sleep(30)  # longer than systemd tries a service that ends at once
        self.assertEqual(self.machine.run("systemctl show -P NRestarts pitetherd@usb").strip(), "0")
        self.plug_in()
        host.wait_for("camera USB camera")
        self.wait_until(lambda: self.saved() > 5, "frames")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 0, host.log())

    def test_6_compresses_what_a_usb_camera_does_not(self):
        self.serve_usb_camera("320x240")
        self.assertDone(self.save("--live", "--frames", "5"))
        for row in self.rows(self.path("frames")):
            bars = decode(self.path("frames", row["file"]), 320)
            for bar, wanted in enumerate(((255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255))):
                found = bars[120][80 * bar + 40]
                self.assertLess(max(abs(a - b) for a, b in zip(found, wanted)), 8, (bar, found))

    def luma(self, bar):
        """Of a colour bar in the newest frame, as its JPEG has it."""
        folder = tempfile.mkdtemp(dir=self.folder)
        self.assertDone(self.host(HOST, "--save", folder, "--live", "--frames", "1", "--settle", "0"))
        [row] = self.rows(folder)
        pgm = subprocess.run(["djpeg", "-strict", "-grayscale", os.path.join(folder, row["file"])],
                             check=True, stdout=subprocess.PIPE).stdout
        return pgm.split(b"\n", 3)[3][320 * 120 + 80 * bar + 40]

    def test_6_is_set_from_the_laptop(self):
        """Through TLS, libcamera and uvcvideo; seen in the pixels."""
        camera = self.serve_usb_camera("320x240")
        self.fails(8, "may only view", harness.PITETHER, HOST, "--set", "Brightness=0.5")
        self.pair("desk", "--role control", "pitetherd@usb")
        listed = subprocess.run([harness.PITETHER, HOST, "--controls"], check=True, text=True,
                                stdout=subprocess.PIPE, timeout=harness.BOUND).stdout
        for name in ("Brightness", "Contrast", "Saturation", "AnalogueGain", "ExposureTime"):
            self.assertIn(name, listed)
        red = 1  # whose luma is 81 of 16 to 235, and 65 above black
        self.assertAlmostEqual(self.luma(red), 65 * 255 / 219, delta=5)
        # Half of the device's range of 64, rounded to its steps of 4; its picture adds as much.
        self.assertDone(self.host(HOST, "--set", "Brightness=0.5"))
        camera.wait_for("control 2 of 3 is 32")
        self.assertAlmostEqual(self.luma(red), (65 + 32) * 255 / 219, delta=5)
        # Half the exposure that is usual, and with it no automatic one.
        self.assertDone(self.host(HOST, "--set", "brightness=0,shutter=10ms"))
        camera.wait_for("control 2 of 1 is 1$")
        camera.wait_for("control 4 of 1 is 100")
        self.assertAlmostEqual(self.luma(red), 65 / 2 * 255 / 219, delta=5)
        self.assertDone(self.host(HOST, "--set", "ExposureTime=auto"))
        camera.wait_for("control 2 of 1 is 8")
        self.assertAlmostEqual(self.luma(red), 65 * 255 / 219, delta=5)
        # What the device refuses costs the stream nothing.
        watcher = self.host(HOST, "--null", "--live")
        watcher.wait_for("camera USB camera")
        refused = subprocess.run([harness.PITETHER, HOST, "--set", "Saturation=4"], check=False,
                                 text=True, stdout=subprocess.PIPE, timeout=harness.BOUND).stdout
        self.assertRegex(refused, "Saturation.* ignored: the camera refused it")
        self.assertAlmostEqual(self.luma(red), 65 * 255 / 219, delta=5)
        watcher.send(signal.SIGINT)
        self.assertEqual(watcher.wait(), 0, watcher.log())
        self.assertNotIn("no camera", watcher.log())

    def test_7_runs_in_a_tight_sandbox(self):
        said = self.machine.run("systemd-analyze --no-pager --threshold=20 security pitetherd")
        print(said.splitlines()[-1])
        status = self.machine.run("cat /proc/$(systemctl show -P MainPID pitetherd)/status")
        self.assertRegex(status, r"NoNewPrivs:\s+1")
        self.assertRegex(status, r"Seccomp:\s+2")
        self.assertRegex(status, r"CapEff:\s+0+\n")
        self.assertNotRegex(status, r"Uid:\s+0")

    def test_8_leaves_a_clean_journal(self):
        """No warning but of what was done to it above."""
        journal = self.machine.run("journalctl --no-pager -b -o cat -p warning -u 'pitetherd*'")
        done = ("no camera .*: 0 is photo|a JPEG that can't be used: it is cut off|lines like the next one were suppressed|"
                "was refused|a key is needed here|Main process exited|Failed with result 'signal'"
                "|the camera was unplugged|camera .* is not there: check the cable"
                "|Unable to set control|Failed to set control|the camera refused its settings")
        self.assertRegex(journal, done)
        self.assertEqual([line for line in journal.splitlines() if not re.search(done, line)], [])

    def test_9_goes_on_as_the_next_release(self):
        before = self.machine.run("systemctl show -P MainPID pitetherd")
        self.machine.run("apt-get install -y --reinstall /root/pitetherd.deb")
        self.machine.run("systemctl is-active pitetherd")
        self.assertNotEqual(self.machine.run("systemctl show -P MainPID pitetherd"), before)
        self.assertDone(self.host(HOST, "--null", "--live", "--frames", "3"))

    def test_9_leaves_without_a_trace(self):
        self.machine.run("apt-get purge -y pitetherd")
        self.machine.run("test ! -e /etc/pitether && ! systemctl cat pitetherd")
        self.machine.run("pgrep pitetherd", fails=True)


if __name__ == "__main__":
    harness.main()
