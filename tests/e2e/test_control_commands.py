#!/usr/bin/env python3
"""A camera's controls from the receiver: listed, read, set alone and beside sinks, kept in a profile,
locked; and what of it is refused. The pattern's camera has them, and says of each frame what is in
force."""
import json
import os
import re
import signal
import stat
import subprocess

import harness

SYSTEM, USAGE, LOST, TIMEOUT, CONTROL = 1, 2, 3, 7, 8
AUTO = "ExposureTimeMode=auto,AnalogueGainMode=auto"


class ControlCommands(harness.Case):
    def ask(self, daemon, *options, code=0):
        """What pitether prints, and its log."""
        with open(self.path("printed"), "w+", encoding="utf-8") as printed:
            host = self.host(daemon, *options, stdout=printed)
            self.assertEqual(host.wait(), code, host.log())
            printed.seek(0)
            return printed.read(), host.log()

    def get(self, daemon, name):
        return self.ask(daemon, "--get", name)[0].strip()

    def rows(self, text):
        """Of what --set prints: the cells of each control."""
        lines = [re.split(r"  +", line) for line in text.splitlines()]
        self.assertEqual(lines[0], ["CONTROL", "ASKED", "IN FORCE", "FROM FRAME", "RESULT"])
        return {name: rest for name, *rest in lines[1:]}

    def frames(self, folder):
        """What was reported of each frame that was saved, by its id."""
        with open(os.path.join(folder, "frames.jsonl"), encoding="utf-8") as file:
            return {line["id"]: line["metadata"] for line in map(json.loads, file)}

    def assertInForceFrom(self, frames, first, name, number):
        """Exactly from this frame on, be it among those that a busy machine lost or not."""
        self.assertTrue(any(id_ >= first for id_ in frames))
        for id_, reported in frames.items():
            self.assertEqual(reported[name] == number, id_ >= first, (id_, reported[name]))

    def test_list(self):
        daemon = self.daemon("--always-on")
        table = self.ask(daemon, "--controls")[0]
        for line in table.splitlines():
            self.assertLessEqual(len(line), 100)
        self.assertRegex(table, r"(?m)^NAME +TYPE +RANGE +DEFAULT +SET +NOW$")
        self.assertRegex(table, r"(?m)^ExposureTime +int32 +\d+\.\.\d+ µs +20000 µs +- +\d+ µs$")
        self.assertRegex(table, r"(?m)^AwbMode .* Auto +- +Auto$\n +Auto, Incandescent, .*Cloudy$")
        self.assertRegex(table, r"(?m)^ScalerCropMaximum .* read only .*")
        document = json.loads(self.ask(daemon, "--controls", "--json")[0])
        self.assertEqual(document["camera"], "test pattern")
        listed = {control["name"]: control for control in document["controls"]}
        self.assertEqual(len(listed), len(re.findall(r"(?m)^[A-Z]\S+ +[a-z]", table)))
        exposure = listed["ExposureTime"]
        self.assertTrue(exposure["settable"])
        self.assertIsNone(exposure["set"])
        self.assertEqual(exposure["now"], document["metadata"]["ExposureTime"])
        self.assertTrue(exposure["min"] <= exposure["now"] <= exposure["max"])
        self.assertEqual(listed["ScalerCrop"]["max"], listed["ScalerCropMaximum"]["now"])

    def test_set_and_get(self):
        """What is printed, what others are told, and what the frames themselves say agree."""
        daemon, folder = self.daemon("--always-on"), self.path("saved")
        watcher = self.host(daemon, "--save", folder)
        watcher.wait_for("camera test pattern")
        rows = self.rows(self.ask(daemon, "--set", "exposuretime=5000,GAIN=2")[0])
        asked, now, first, result = rows["ExposureTime"]
        self.assertEqual((asked, result), ("5000 µs", "ok"))
        number = int(now.split()[0])
        self.assertLess(abs(number - 5000), 30)
        self.assertEqual(rows["AnalogueGain"], ["2", "2", first, "ok"])
        self.assertEqual(self.get(daemon, "EXPOSURETIME"), str(number))
        self.assertEqual(self.get(daemon, "frameduration"), "33333")  # which is no control
        watcher.wait_for(rf"info: \S+ set ExposureTime to {number} µs, .* from frame {first}$")
        watcher.send(harness.signal.SIGINT)
        self.assertIn(watcher.wait(), (0, 5))
        self.assertInForceFrom(self.frames(folder), int(first), "ExposureTime", number)

    def test_set_beside_sinks(self):
        daemon, folder = self.daemon("--always-on"), self.path("saved")
        host = self.host(daemon, "--save", folder, "--set", "shutter=4ms", "--set", "Contrast=99",
                         "--frames", "30")
        number, first = map(int, host.wait_for(
            r"info: ExposureTime is (3\d+) µs from frame (\d+) on").groups())
        host.wait_for(rf"warning: Contrast is 32 from frame {first} on .*clamped")
        self.assertDone(host)
        self.assertInForceFrom(self.frames(folder), first, "ExposureTime", number)

    def test_set_again_after_a_restart(self):
        daemon = self.daemon("--always-on")
        host = self.host(daemon, "--null", "--set", "Contrast=2")
        host.wait_for("Contrast is 2 from frame")
        daemon.send(harness.signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        daemon = self.daemon("--always-on")
        host.wait_for("Contrast is 2 from frame", count=2)
        self.assertEqual(self.get(daemon, "Contrast"), "2")

    def test_what_is_rejected(self):
        daemon = self.daemon("--always-on")
        text, log = self.ask(daemon, "--set", "Contrast=2,Foo=1,Brightness=much", code=CONTROL)
        rows = self.rows(text)
        self.assertRegex(rows["Foo"][3], "^unknown: ")
        self.assertRegex(rows["Brightness"][3], "^bad value: ")
        self.assertEqual(rows["Contrast"], ["2", "-", "-", "not set"])
        self.assertIn("error: ", log)
        self.assertEqual(self.get(daemon, "Contrast"), "1")
        host = self.host(daemon, "--null", "--set", "Foo=1")
        self.assertEqual(host.wait(), CONTROL, host.log())
        host.wait_for("error: Foo: unknown")
        for typed, meant in ("ExposureTme", "ExposureTime"), ("shuter", "shutter"):
            _, log = self.ask(daemon, "--get", typed, code=CONTROL)
            self.assertIn(f"did you mean {meant}?", log)
        self.assertEqual(self.get(daemon, "contrast"), "1")
        self.assertEqual(self.get(daemon, "awb"), "AwbAuto")
        self.ask(daemon, "--set", "x" * 2049, code=USAGE)
        for options in [], ["--null"]:
            _, log = self.ask(daemon, "--set", "Contrast=1\nBrightness=0", *options, code=USAGE)
            self.assertEqual(len(log.splitlines()), 1, log)
        self.ask("unix:" + self.path("nobody"), "--controls", code=LOST)

    def test_names_that_are_not_known(self):
        """Controls, and what is only reported; the latter can't be a control's value."""
        daemon = self.daemon("--always-on")
        for name, nearest in (("Brightnes", "Brightness"), ("SensorTemperatur", "SensorTemperature"),
                              ("Xyzzy", None)):
            text, log = self.ask(daemon, "--get", name, code=CONTROL)
            self.assertEqual(text, "")
            self.assertIn(f"did you mean {nearest}?" if nearest else "--controls lists what it has", log)
        _, log = self.ask(daemon, "--get", "AfTrigger", code=CONTROL)
        self.assertIn("does not report AfTrigger, and nothing is set", log)
        self.assertEqual(self.get(daemon, "SensorTemperature"), "42")

    def test_what_fails_ends_it(self):
        """Nothing is locked, shown or saved after a SET that was refused; and a file that can't be
        written does not keep the rest from being shown."""
        daemon, path = self.daemon("--always-on"), self.path("profile")
        text, log = self.ask(daemon, "--set", "Foo=1", "--lock", "--get", "Contrast", "--save-controls",
                             path, code=CONTROL)
        self.assertEqual(text, "")
        self.assertRegex(log, "error: Foo: unknown")
        self.assertFalse(os.path.exists(path))
        listed = json.loads(self.ask(daemon, "--controls", "--json")[0])["controls"]
        self.assertEqual([control["set"] for control in listed if control["set"] is not None], [])
        text, log = self.ask(daemon, "--set", "Contrast=2", "--get", "Contrast")
        self.assertEqual(text, "2\n")  # and what became of it is in the log
        self.assertRegex(log, "info: Contrast is 2 from frame")
        text, log = self.ask(daemon, "--get", "Contrast", "--save-controls", self.path("none/profile"),
                             code=SYSTEM)
        self.assertEqual(text, "2\n")
        self.assertIn("can't write " + self.path("none/profile"), log)

    def test_nothing_to_save(self):
        daemon, path = self.daemon("--always-on"), self.path("profile")
        log = self.ask(daemon, "--save-controls", path)[1]
        self.assertIn(f"nothing is set, so {path} has no control", log)

    def test_with_a_key_and_of_a_stream(self):
        """What is asked over a connection of its own goes to the same stream with the same key."""
        path = self.path("config")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"keys = {self.path('keys')}\n")
            for name, contrast in (("left", 1.5), ("right", 2.5)):
                file.write(f"[{name}]\nsource = pattern\nsize = 64x48\ncontrol = Contrast={contrast}\n")
        added = subprocess.run([harness.PITETHERD, "--keys", self.path("keys"), "--add-key", "laptop",
                                "--role", "control"], check=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
        subprocess.run([harness.PITETHER, "--import-key", "127.0.0.1", "--keys", self.path("key")],
                       check=True, input=added.stdout, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        daemon = self.start(harness.PITETHERD, "--config", path, "--listen", "127.0.0.1:0", *harness.WHO)
        daemon.address = daemon.wait_for(r"listening on ([^\s,]+)").group(1)
        key = ["--keys", self.path("key")]
        for stream, contrast in (("left", "1.5"), ("right", "2.5")):
            self.assertEqual(self.ask(daemon, *key, "--stream", stream, "--get", "Contrast")[0],
                             contrast + "\n")
        self.ask(daemon, *key, "--stream", "left", "--set", "Contrast=3")
        self.assertEqual(self.ask(daemon, *key, "--stream", "right", "--get", "Contrast")[0], "2.5\n")
        daemon.wait_for("laptop set Contrast=3: from frame")

    def test_who_may_only_view(self):
        daemon = self.daemon("--always-on", "--view-only")
        self.assertIn("ExposureTime", self.ask(daemon, "--controls")[0])
        for options in (["--set", "Contrast=2"], ["--lock"], ["--null", "--set", "Contrast=2"]):
            _, log = self.ask(daemon, *options, code=CONTROL)
            self.assertRegex(log, "error: .*view")
        self.assertEqual(self.get(daemon, "Contrast"), "1")

    def test_profile(self):
        daemon, path = self.daemon("--always-on"), self.path("profile")
        self.ask(daemon, "--set", "shutter=1/250,gain=2,awbgains=1.5,1.25,Contrast=1.5")
        number = self.get(daemon, "ExposureTime")
        self.assertRegex(self.ask(daemon, "--save-controls", path)[1], r"saved the settings of \d controls")
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertRegex(lines[0], "^# .*test pattern")
        self.assertIn("ExposureTime = 4000", lines)  # as it was asked for
        self.assertIn("ColourGains = 1.5,1.25", lines)
        self.ask(daemon, "--set", "shutter=auto,gain=auto,awb=auto,Contrast=default")
        self.assertNotEqual(self.get(daemon, "Contrast"), "1.5")
        rows = self.rows(self.ask(daemon, "--load-controls", path)[0])
        self.assertEqual({row[3] for row in rows.values()}, {"ok"})
        self.assertEqual(self.get(daemon, "ExposureTime"), number)
        self.assertEqual(self.get(daemon, "ColourGains"), "1.5,1.25")
        # First the file, then --set, then what is written is what is set by then.
        self.ask(daemon, "--load-controls", path, "--set", "Contrast=2", "--save-controls", path)
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        self.assertIn("Contrast = 2\n", lines)
        with open(path, "a", encoding="utf-8") as file:
            file.write("\nBrightness 1\n")
        self.assertRegex(self.ask(daemon, "--load-controls", path, code=USAGE)[1],
                         rf"{re.escape(path)}:{len(lines) + 2}: a line is NAME = VALUE")
        for name in "none", ".":
            for options in [], ["--null"]:
                self.ask(daemon, "--load-controls", self.path(name), *options, code=USAGE)
        self.ask(daemon, "--save-controls", self.path("no", "folder"), code=1)
        # What a link leads to is replaced, and a file takes no pipe's place.
        os.symlink(path, self.path("link"))
        self.ask(daemon, "--save-controls", self.path("link"))
        self.assertTrue(os.path.islink(self.path("link")))
        with open(path, encoding="utf-8") as file:
            self.assertIn("Contrast = 2\n", file.readlines())
        os.mkfifo(self.path("pipe"))
        self.assertIn("not a regular file",
                      self.ask(daemon, "--save-controls", self.path("pipe"), code=1)[1])
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))

    def test_a_camera_that_is_not_there(self):
        daemon = self.daemon("--pattern-faults", "absent@0:3600s")
        for command in ["--controls"], ["--set", "Contrast=2"], ["--get", "Lux"], ["--lock"]:
            _, log = self.ask(daemon, *command, "--timeout", "0.5", code=TIMEOUT)
            self.assertRegex(log, "error: no frame came for 0.5 s: no camera: .*unplugged")

    def test_a_signal_ends_them(self):
        daemon = self.daemon("--pattern-faults", "slow-start@0:3600s")
        options = (["--controls"], ["--set", "Contrast=2"], ["--still", self.path("still.jpg")])
        for number, command in enumerate(options):
            host = self.host(daemon, *command)
            daemon.wait_for("client unix (watches|asks)", number + 1)
            host.send(signal.SIGINT)
            self.assertEqual(host.wait(), -signal.SIGINT, host.log())
        self.assertFalse(os.path.exists(self.path("still.jpg")))

    def test_lock(self):
        daemon = self.daemon("--always-on")
        rows = self.rows(self.ask(daemon, "--lock")[0])
        self.assertLessEqual({"ExposureTime", "AnalogueGain", "ColourGains"}, set(rows))
        for asked, now, first, result in rows.values():
            self.assertEqual((asked, result), (now, "ok"))
            self.assertGreater(int(first), 0)
        self.assertEqual(self.get(daemon, "ExposureTimeMode"), "ExposureTimeModeManual")
        self.assertEqual(self.get(daemon, "AwbEnable"), "false")

    def test_a_source_without_controls(self):
        path = self.path("grey.y4m")
        with open(path, "wb") as file:
            file.write(b"YUV4MPEG2 W64 H64 F30:1 C420\n" + 30 * (b"FRAME\n" + bytes(6144)))
        daemon = self.daemon(source=path, size=None, fps=None)
        self.assertRegex(self.ask(daemon, "--controls")[1], "has no controls")
        daemon = self.daemon(source=path, size=None, fps=None, listen="unix:" + self.path("other"))
        self.assertRegex(self.ask(daemon, "--set", "Contrast=2", code=CONTROL)[1], "no controls")

    def test_what_does_not_go_together(self):
        for options, why in ((["--json"], "--json goes with --controls"),
                             (["--controls", "--get", "X"], "exclude one another"),
                             (["--lock", "--null"], "--null does not go with it"),
                             (["--set", "A=1", "--frames", "3"], "name a sink")):
            self.fails(USAGE, why, harness.PITETHER, "localhost", *options)


if __name__ == "__main__":
    harness.main()
