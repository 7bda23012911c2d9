#!/usr/bin/env python3
"""What the daemon's options and sections set a camera to, from its first frame on, and what they may not
say. The camera is the test pattern's."""
import json
import os
import re
import shlex
import subprocess

import harness
from harness import PITETHER, PITETHERD

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "doc",
                   "controls.md")
USAGE, CAMERA = 2, 3


class ControlOptions(harness.Case):
    def refused(self, pattern, *options, source="pattern"):
        """Nothing is streamed, nor listened at."""
        program = self.fails(USAGE, pattern, PITETHERD, "--source", source, "--listen", self.socket,
                             *harness.WHO, *options)
        self.assertNotIn("listening", program.log())

    def clip(self):
        path = self.path("clip.y4m")
        with open(path, "wb") as file:
            file.write(b"YUV4MPEG2 W64 H64 F20:1 C420jpeg\nFRAME\n" + bytes(64 * 64 * 3 // 2))
        return path

    def frames(self, daemon, *options, folder="frames", count=1):
        """What is reported of the first frames that a receiver gets."""
        path = self.path(folder)
        self.run_host(daemon, "--save", path, "--frames", str(count), "--settle", "0", *options)
        with open(path + "/frames.jsonl", encoding="utf-8") as file:
            return [json.loads(line)["metadata"] for line in file]

    def assertShows(self, metadata, **values):
        for name, value in values.items():
            self.assertAlmostEqual(metadata[name], value, delta=abs(value) * 0.01, msg=name)

    def test_what_a_camera_lacks_or_cannot_do(self):
        self.refused(r"^pitetherd: error: Contrst=2: no such control; did you mean Contrast.* "
                     r"\(camera: test pattern; --list-controls lists what it has\)$", "--control",
                     "Contrst=2")
        self.refused(r"shutter=99s: the range is 27 to 10000000 µs \(camera", "--shutter", "99s")
        self.refused(r"sharpness=1: the camera has no Sharpness \(camera: test pattern;",
                     "--sharpness", "1")
        self.refused(r"roi=0,0,2,2: the range is within 0,0,4056,3040, at least \d+x\d+ \(", "--roi",
                     "0,0,2,2")
        self.refused(r"metering=all: 'all' is not one of CentreWeighted, Spot, Matrix",
                     "--metering", "all")
        self.refused(r"lens-position=1: it can't be combined with what is given for AfMode",
                     "--lens-position", "1", "--autofocus-mode", "continuous")
        self.refused(r"ScalerCropMaximum=0,0,64,64: it can't be set", "--control",
                     "ScalerCropMaximum=0,0,64,64")
        self.refused(r"contrast=2: the source has no controls \(camera: clip.y4m", "--contrast",
                     "2", source=self.clip())
        self.refused(r"--mode: '12' is not WIDTH:HEIGHT", "--mode", "12")

    def test_sections_name_themselves(self):
        with open(self.path("config"), "w", encoding="utf-8") as file:
            file.write("source = pattern\n[front]\ncontrast = 2\n[rear]\nshutter = 99s\n")
        self.fails(USAGE, r"^pitetherd: error: rear: shutter=99s: the range is", PITETHERD,
                   "--config", self.path("config"), "--listen", self.socket, *harness.WHO)

    def test_a_camera_that_comes_later_is_checked_then(self):
        daemon = self.daemon("--pattern-faults", "absent@0:200ms", "--always-on", "--control",
                             "Contrst=2")
        daemon.wait_for(r"Contrst=2: no such control; did you mean Contrast")
        self.assertNotIn("camera on", daemon.log())

    def test_the_first_frame_has_it(self):
        daemon = self.daemon("--shutter", "1/100", "--gain", "2", "--awbgains", "1.8,1.5",
                             "--lens-position", "3", "--control", "AwbMode=daylight")
        first = self.frames(daemon)[0]
        self.assertShows(first, ExposureTime=10000, AnalogueGain=2, LensPosition=3)
        self.assertEqual([round(gain, 3) for gain in first["ColourGains"]], [1.8, 1.5])

    def test_options_and_set_give_the_same(self):
        """--shutter 1/100 --gain 2 --awb daylight, and the same by --set."""
        names = ("ExposureTime", "ExposureTimeMode", "AnalogueGain", "AnalogueGainMode", "AwbMode",
                 "AwbEnable", "ColourGains", "ColourTemperature")
        daemon = self.daemon("--shutter", "1/100", "--gain", "2", "--awb", "daylight")
        given = self.frames(daemon, count=30)[-1]
        daemon.send(harness.signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        later = self.daemon("--always-on")
        self.run_host(later, "--set", "shutter=1/100,gain=2,awb=daylight")
        then = self.frames(later, folder="later", count=30)[-1]
        self.assertEqual({name: then.get(name) for name in names},
                         {name: given.get(name) for name in names})
        self.assertShows(then, ExposureTime=10000, AnalogueGain=2)

    def test_sections_have_their_own(self):
        with open(self.path("config"), "w", encoding="utf-8") as file:
            file.write("source = pattern\nsize = 320x240\nshutter = 5ms\ncontrol = AnalogueGain=4\n"
                       "[front]\n[rear]\nshutter = 2ms\ncontrol = analoguegain=3\n")
        daemon = self.start(PITETHERD, "--config", self.path("config"), "--listen", "127.0.0.1:0",
                            *harness.WHO)
        address = daemon.wait_for(r"listening on ([^\s,]+)").group(1)
        front = self.frames(address + "/front", folder="front")[0]
        rear = self.frames(address + "/rear", folder="rear")[0]
        self.assertShows(front, ExposureTime=5000, AnalogueGain=4)
        self.assertShows(rear, ExposureTime=2000, AnalogueGain=3)

    def test_a_range_of_rates_has_room_for_long_exposures(self):
        daemon = self.daemon("--shutter", "100ms", fps="5-30")
        self.assertShows(self.frames(daemon, count=2)[1], ExposureTime=100000)

    def test_what_is_set_survives_a_camera_that_was_off(self):
        daemon = self.daemon("--shutter", "5ms")
        for run in range(2):
            self.assertShows(self.frames(daemon, folder=f"run-{run}")[0], ExposureTime=5000)
            daemon.wait_for("camera off", run + 1)
        self.run_host(daemon, "--set", "shutter=2ms")
        daemon.wait_for("camera off", 3)
        self.assertShows(self.frames(daemon, folder="set")[0], ExposureTime=2000)

    def test_view_only(self):
        daemon = self.daemon("--view-only")
        host = self.host(daemon, "--set", "shutter=2ms")
        self.assertEqual(host.wait(), 8, host.log())
        self.assertIn("--view-only", host.log())

    def test_the_page_on_controls(self):
        """Its commands have options that there are. What they set is what a camera takes, but for
        controls that this one lacks."""
        with open(DOC, encoding="utf-8") as file:
            commands = [shlex.split(line, comments=True) for block in
                        re.findall(r"```sh\n(.*?)```", file.read(), re.S)
                        for line in block.strip().split("\n")]
        daemon = self.daemon("--always-on")
        texts = []
        for program, *words in commands:
            words = [word for word in words if "/" not in word or "=" in word]
            if "--tuning-file" in words:
                continue
            path = {"pitether": PITETHER, "pitetherd": PITETHERD}[program]
            subprocess.run([path, *words, "--help"], stdout=subprocess.DEVNULL, check=True,
                           timeout=harness.BOUND)
            texts += [words[i + 1] for i, word in enumerate(words) if word == "--set"]
        self.assertGreater(len(texts), 5)
        for text in texts:
            host = self.host(daemon, "--set", text)
            if host.wait() != 0:
                self.assertRegex(host.log(), "the camera has no ")

    def list_controls(self, *options):
        return subprocess.run([PITETHERD, "--list-controls", "--listen", self.socket, *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=harness.BOUND, check=False)

    def test_controls_are_listed(self):
        with open(self.path("config"), "w", encoding="utf-8") as file:
            file.write(f"[front]\nsource = pattern\n[clip]\nsource = {self.clip()}\n")
        listed = self.list_controls("--config", self.path("config"))
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        self.assertRegex(listed.stdout, r"(?m)^front: test pattern$")
        self.assertRegex(listed.stdout, r"(?m)^clip: clip.y4m has no controls$")
        self.assertRegex(listed.stdout, r"(?m)^    ExposureTime +int32 +20000 +27 to 10000000 µs$")
        self.assertRegex(listed.stdout, r"(?m)^    AeMeteringMode +int32 +CentreWeighted +"
                                        r"CentreWeighted, Spot, Matrix$")
        self.assertRegex(listed.stdout, r"(?m)^    ScalerCropMaximum +rectangle .*can't be set")
        absent = self.list_controls("--source", "libcamera:no-such-camera")
        self.assertEqual(absent.returncode, CAMERA, absent.stderr)
        self.assertEqual(absent.stdout, "")
        self.assertNotIn("serving without", absent.stderr)


if __name__ == "__main__":
    harness.main()
