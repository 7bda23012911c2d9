#!/usr/bin/env python3
"""Daemons that lie about controls: lists and answers that are malformed, without end, or asked for by
nobody, and texts that a terminal would obey. The host ends with the right code and one clear line, or
goes on, and what it prints is fit for a terminal."""
import json
import resource
import threading

import control_wire as wire
import harness
from control_wire import BOOL, FLOAT, INT32, TEXT, control, change, changed, controls, names, value
from hostile_daemon import BEGIN, JPEG, HostileDaemon, end, frame, stream
from hostile_wire import ESCAPES, message
from independent_client import STATUS

READY = BEGIN + message(STATUS, 0, 1) + stream()
DONE, USAGE, LOST, TIMEOUT, CONTROL = 0, 2, 3, 7, 8
MEMORY_MAX = 100 << 20
EXPOSURE = control(b"ExposureTime", INT32, [1], [1000], [10], unit="\u00b5s".encode())


class HostileControls(harness.Case):
    def listen(self, daemon):
        self.addCleanup(daemon.close)
        return daemon

    def breaks(self, what, *words):
        """Words that are against the protocol."""
        daemon = self.listen(HostileDaemon())
        host = self.start(harness.PITETHER, daemon.address, "--null", "--no-reconnect")
        daemon.talk([READY, *words], harness.BOUND)
        self.assertEqual(host.wait(), LOST, host.log())
        self.assertEqual(len([line for line in host.lines if "error" in line]), 1, host.log())
        host.wait_for(f"the daemon broke the protocol: .*{what}")

    def ask(self, daemon, *options, code=DONE):
        """What the host prints."""
        self.listen(daemon)
        with open(self.path("printed"), "w+b") as printed:
            host = self.start(harness.PITETHER, daemon.address, *options, stdout=printed)
            served = threading.Thread(target=daemon.serve, args=(harness.BOUND,), daemon=True)
            served.start()
            self.assertEqual(host.wait(), code, host.log())
            served.join(harness.BOUND)
            printed.seek(0)
            return printed.read().decode(), host

    def test_lists_that_are_malformed(self):
        what = "a malformed list of controls"
        for words in (controls(EXPOSURE, first=1, total=3), controls(EXPOSURE, total=5000),
                      controls(EXPOSURE[:-1]), controls(total=3),
                      controls(control(b"", INT32)), controls(control(b"x" * 49, INT32)),
                      controls(b"\0" + EXPOSURE[1:]), controls(b"\x0a" + EXPOSURE[1:]),
                      controls(control(b"A", INT32, words=[b"w"] * 25)),
                      controls(control(b"A", INT32, words=[b"w" * 32])),
                      controls(control(b"A", FLOAT, [0] * 65)),
                      controls(control(b"A", INT32, now=[1, 2])),
                      controls(EXPOSURE, total=2) + controls(EXPOSURE, first=2, total=3),
                      controls(EXPOSURE) + controls(first=1, total=1)):
            with self.subTest(words=words[:60]):
                self.breaks(what, words)
        self.breaks("CONTROLS of another stream", controls(EXPOSURE, stream=1))

    def test_answers_that_are_malformed(self):
        for words in (changed(0, count=1), changed(0, count=49), changed(0, change(b"x" * 49)),
                      changed(0, change(b"A", why=b"y" * 97)), changed(0, change(b"A")[:-1]),
                      changed(0, change(b"A", asked=value(INT32, 1, 2))),
                      changed(0, change(b"A", asked=b"\x0a\0\0\x01"))):
            with self.subTest(words=words[:60]):
                self.breaks("a malformed CHANGED", words)

    def test_answers_that_nobody_asked_for(self):
        self.breaks("request 7, which has no answer due", changed(7, change(b"ExposureTime")))

        def twice(request, _):
            return 2 * changed(request, change(b"ExposureTime"), first=3)
        text, host = self.ask(wire.ControlDaemon(EXPOSURE, answer=twice), "--set", "ExposureTime=5",
                              "--get", "ExposureTime", code=LOST)
        self.assertEqual(text, "")

    def test_names_of_metadata(self):
        for words in (names((b"A", INT32), first=1), names(), names((b"", INT32)),
                      names((b"A", 0)), names((b"A", 10)), names((b"x" * 49, INT32)),
                      names(*((b"n%d" % i, INT32) for i in range(129))),
                      names((b"A", INT32), (b"A", INT32)), names((b"A", INT32))[:-1] + b"\xff" * 9):
            with self.subTest(words=words[:60]):
                self.breaks("a malformed METADATA", words)
        self.breaks("METADATA of another stream", names((b"A", INT32), stream=1))

    def test_floods(self):
        """Lists and notices by the thousand, each with a new name: they pass, and are forgotten."""
        many = b"".join(controls(EXPOSURE, control(b"A", BOOL)) +
                        changed(0, change(b"C%d" % i, now=value(INT32, i)), first=i)
                        for i in range(20000))
        daemon = self.listen(HostileDaemon())
        host = self.start(harness.PITETHER, daemon.address, "--null", "--no-reconnect")
        daemon.talk([READY, many, frame(0, JPEG), end(1, 1, 0)], harness.BOUND)
        self.assertEqual(host.wait(), DONE, host.log())
        self.assertLess(len(host.lines), 60)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(f"peak of resident memory: {peak / 1e6:.0f} MB")
        if not harness.os.environ.get("SANITIZED"):
            self.assertLess(peak, MEMORY_MAX)

    def test_texts_with_escapes(self):
        evil = b"x" + ESCAPES
        items = [control(evil[:40], INT32, unit=evil[:12], words=[evil[:31], b"B"], default=[0]),
                 control(b"Text", TEXT, now=tuple(evil), flags=3)]

        def answer(request, _):
            return changed(request, change(evil[:40], 3, value(TEXT, *evil), why=evil[:96]),
                           status=1, by=evil[:60], why=evil)
        for options, code in ((["--controls"], DONE), (["--controls", "--json"], DONE),
                              (["--get", "text"], DONE), (["--set", "Text=1"], CONTROL),
                              (["--save-controls", self.path("profile")], DONE)):
            daemon = wire.ControlDaemon(*items, words=names((evil[:40], TEXT)), answer=answer,
                                        frames=[b"\0" + bytes([len(evil)]) + evil])
            text, host = self.ask(daemon, *options, code=code)
            said = text + host.log()
            self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\u200b]")
            if "--json" in options:
                self.assertEqual(len(json.loads(text)["controls"]), 2)
        with open(self.path("profile"), encoding="utf-8") as file:
            self.assertNotRegex(file.read(), "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\u200b]")

    def test_no_list_at_all(self):
        """Frames alone are no answer."""
        _, host = self.ask(wire.ControlDaemon(frames=[b""] * 5), "--controls", "--timeout", "1",
                           code=TIMEOUT)
        self.assertEqual(len(host.lines), 1, host.log())

    def test_frames_instead_of_an_answer(self):
        def go_on(*_):
            return b"".join(wire.frame(1 + i) for i in range(1200))
        daemon = wire.ControlDaemon(EXPOSURE, answer=go_on)
        _, host = self.ask(daemon, "--set", "ExposureTime=5", code=TIMEOUT)
        host.wait_for("did not say what became of ExposureTime=5")

    def test_the_cause_is_told(self):
        def malformed(request, _):
            return changed(request, change(b"ExposureTime"), count=2)
        _, host = self.ask(wire.ControlDaemon(EXPOSURE, answer=malformed), "--set", "ExposureTime=5",
                           code=LOST)
        host.wait_for("no answer came, so it may have been set: .*a malformed CHANGED")

    def test_what_was_not_set_at_the_end(self):
        """With a sink the frames are taken, and the exit code says that they are not known to be
        what was asked for."""
        options = "--null", "--lossless", "-n", "6", "--set", "ExposureTime=5"

        def without_answer(*_):
            return b"".join(wire.frame(1 + i) for i in range(5))

        def without_camera(request, _):
            return changed(request, status=3, why=b"no camera") + without_answer()
        for answer, why in ((without_answer, "may have been set: receiving ended first"),
                            (without_camera, "ExposureTime=5: no camera")):
            daemon = wire.ControlDaemon(EXPOSURE, answer=answer)
            daemon.frames = 6  # with those that come in place of the answer
            _, host = self.ask(daemon, *options, code=CONTROL)
            host.wait_for(f"error: .*{why}")
        daemon = wire.ControlDaemon(frames=[b""] * 6)
        _, host = self.ask(daemon, *options, code=CONTROL)
        host.wait_for("controls were not listed, so nothing was set")

    def test_hangs_up_instead_of_an_answer(self):
        def hang_up(request, _):
            raise OSError
        daemon = self.listen(wire.ControlDaemon(EXPOSURE, answer=hang_up))
        host = self.start(harness.PITETHER, daemon.address, "--set", "ExposureTime=5")
        with self.assertRaises(OSError):
            daemon.serve(harness.BOUND)
        self.assertEqual(host.wait(), LOST, host.log())
        host.wait_for("error: ")


if __name__ == "__main__":
    harness.main()
