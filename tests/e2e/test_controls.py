#!/usr/bin/env python3
"""Controls of the test pattern's camera, set by an independent receiver: what is answered, which frame
is the first to show it, who may, and what happens to it."""
import os
import subprocess

import control_messages as messages
import harness
from controller import Controller

SETS = 1000
LEVELS = [-0.4, -0.2, 0.0, 0.2, 0.4]
# How far the pictures of two levels are apart at least, and those of one at most: 0.2 of 128 of
# brightness, less what is black or white already; the frame number and the stopwatch change.
APART, TOGETHER = 8, 4


class Case(harness.Case):
    def controller(self, daemon, **options):
        controller = Controller(daemon.address, **options)
        self.addCleanup(controller.peer.sock.close)
        controller.wait_ready()
        return controller

    def assertDone(self, answer, **now):
        """All of it is in force, with these values."""
        self.assertEqual(answer["status"], messages.DONE, answer)
        for name, value in now.items():
            self.assertEqual(answer["controls"][name]["result"], messages.OK, answer)
            self.assertAlmostEqual(answer["controls"][name]["now"], value, 4)


class Set(Case):
    def test_list(self):
        """Each control comes with its type, unit, limits and words; what is set is in a later list."""
        daemon = self.daemon()
        controller = self.controller(daemon)
        exposure = controller.controls.named()["ExposureTime"]
        self.assertEqual((exposure["type"], exposure["unit"]), (messages.INT32, "µs"))
        self.assertLess(exposure["min"][0], exposure["max"][0])
        self.assertIsNone(exposure["set"])
        self.assertIn("ExposureTimeModeManual",
                      controller.controls.named()["ExposureTimeMode"]["words"])
        self.assertDone(controller.set("contrast=1.5"), Contrast=1.5)
        contrast = self.controller(daemon).controls.named()["Contrast"]
        self.assertEqual(contrast["set"], [1.5])

    def test_exact(self):
        """A thousand changes, and each frame in between shows the one that the answers say."""
        daemon = self.daemon(size="160x120", fps="300")
        controller = self.controller(daemon, lossless=True, keep_jpegs=True)
        firsts = []
        for i in range(SETS):
            level = LEVELS[i * 7 // 3 % len(LEVELS)]
            answer = controller.set(f"Brightness={level}")
            self.assertDone(answer, Brightness=level)
            firsts.append((answer["first"], level))
        controller.wait_frames()
        self.assertEqual(firsts, sorted(firsts, key=lambda first: first[0]))
        self.check_pictures(controller, firsts)
        controller.leave()

    def check_pictures(self, controller, firsts):
        seen = {level: [] for level in LEVELS}
        paths = {}
        for id_, jpeg in controller.jpegs.items():
            paths[id_] = self.path(f"{id_}.jpg")
            with open(paths[id_], "wb") as file:
                file.write(jpeg)
        bright = self.brightness(paths)
        at = -1
        for id_ in sorted(bright):
            while at + 1 < len(firsts) and firsts[at + 1][0] <= id_:
                at += 1
            if at >= 0:
                seen[firsts[at][1]].append((bright[id_], id_))
        groups = [(min(seen[level]), max(seen[level])) for level in LEVELS]
        for darkest, brightest in groups:
            self.assertLess(brightest[0] - darkest[0], TOGETHER, groups)
        for (_, below), (above, _) in zip(groups, groups[1:]):
            self.assertGreater(above[0] - below[0], APART, groups)

    def brightness(self, paths):
        ids, found = list(paths), {}
        for start in range(0, len(ids), 500):
            some = ids[start:start + 500]
            output = subprocess.run([harness.READ_PATTERN, "-b", *(paths[id_] for id_ in some)],
                                    check=True, timeout=harness.BOUND, stdout=subprocess.PIPE,
                                    text=True).stdout
            for id_, line in zip(some, output.splitlines()):
                found[id_] = float(line.rsplit(" ", 1)[1])
        return found

    def test_delayed(self):
        """Exposure acts some frames later than contrast: the answer is the frame that has both."""
        controller = self.controller(self.daemon(fps="100"), lossless=True)
        for i in range(20):
            exposure, contrast = 2000 + 300 * (i % 7), 1 + i % 5 / 4
            answer = controller.set(f"ExposureTime={exposure},AnalogueGain=2,Contrast={contrast}")
            self.assertEqual(answer["status"], messages.DONE, answer)
            self.assertEqual({change["result"] for change in answer["controls"].values()},
                             {messages.OK}, answer)
            controller.wait_for(lambda: max(controller.frames) >= answer["first"], "the frame")
            has = {id_: abs(values["ExposureTime"] - exposure) <= 50 and
                        abs(values["Contrast"] - contrast) < 0.001
                   for id_, values in controller.frames.items() if id_ >= answer["first"] - 1}
            if answer["first"] in has:
                self.assertTrue(has[answer["first"]], answer)
            if i > 0 and answer["first"] - 1 in has:
                self.assertFalse(has[answer["first"] - 1], answer)

    def test_manual_and_auto(self):
        """A value turns the automatic off with it, and auto gives it back."""
        controller = self.controller(self.daemon(fps="100"))
        answer = controller.set("shutter=1/200")
        self.assertEqual(answer["controls"]["ExposureTime"]["asked"], 5000)
        self.assertEqual(answer["controls"]["ExposureTimeMode"]["now"], 1)
        self.assertDone(controller.set("ExposureTime=auto"))
        self.assertEqual(controller.frames[controller.wait_frames(3)]["ExposureTimeMode"], 0)

    def test_frame_durations(self):
        """A long exposure lengthens the frame, unless users say how long a frame is; what they give
        back is as before."""
        controller = self.controller(self.daemon(fps="50"))

        def expose(us):
            controller.set(f"ExposureTime={us}")
            values = controller.frames[controller.wait_frames(4)]
            return round(values["ExposureTime"], -3), values["FrameDuration"] > 21000
        self.assertEqual(expose(60000), (60000, True))
        controller.set("FrameDurationLimits=20ms")
        self.assertEqual(expose(60000), (20000, False))
        self.assertDone(controller.set("FrameDurationLimits=auto"))
        self.assertEqual(expose(60000), (60000, True))
        self.assertEqual(expose(5000), (5000, False))

    def test_all_or_nothing(self):
        controller = self.controller(self.daemon(fps="100"))
        self.assertDone(controller.set("Contrast=1.25"))
        answer = controller.set("Contrast=2,Nonsense=3,Saturation=much")
        results = {name: change["result"] for name, change in answer["controls"].items()}
        self.assertEqual(answer["status"], messages.REJECTED)
        self.assertEqual(results, {"Contrast": messages.UNSET, "Nonsense": messages.UNKNOWN,
                                   "Saturation": messages.BAD})
        self.assertIn("Nonsense", answer["text"])
        self.assertEqual(controller.frames[controller.wait_frames(4)]["Contrast"], 1.25)

    def test_limits(self):
        """What is beyond a limit is set to it."""
        controller = self.controller(self.daemon(fps="100"))
        answer = controller.set("Contrast=99")
        contrast = answer["controls"]["Contrast"]
        self.assertEqual((answer["status"], contrast["result"]), (messages.DONE, messages.CLAMPED))
        self.assertEqual((contrast["asked"], contrast["now"]), (99, 32))
        self.assertTrue(contrast["why"])

    def test_longest(self):
        """2048 bytes, and not one more."""
        controller = self.controller(self.daemon(fps="100"))
        text = "Contrast=1.5," + "," * 4000
        self.assertIn(controller.set(text[:2048])["status"], (messages.DONE, messages.REJECTED))
        controller.send_set(text[:2049])
        with self.assertRaisesRegex(SystemExit, "ERROR"):
            controller.wait_for(lambda: False, "nothing")


class Several(Case):
    def test_others_are_told(self):
        daemon = self.daemon(fps="100")
        one, other = self.controller(daemon), self.controller(daemon)
        answer = one.set("Contrast=1.5")
        other.wait_for(lambda: other.notices, "a notice")
        self.assertEqual(other.notices[0], {**answer, "request": 0})
        self.assertEqual(one.notices, [])
        self.assertTrue(answer["by"])
        daemon.wait_for(r"set Contrast=1.5: from frame")

    def test_one_after_the_other(self):
        """Of SETs that follow one another at once, some of which act later than others, each is in force
        or replaced: nothing of that is a limit of the camera's."""
        controller = self.controller(self.daemon(fps="100"))
        results = set()
        for i in range(100):
            saturation = f"Saturation={1 + i % 7 / 10}"
            controller.send_set(saturation if i % 3 else f"{saturation},ExposureTime={5000 + 99 * i}")
            if i % 10 == 9:
                controller.wait_frames()
        controller.wait_for(lambda: len(controller.answers) == 100, "all answers")
        for answer in controller.answers.values():
            if answer["status"] == messages.DONE:
                results |= {change["result"] for change in answer["controls"].values()}
        self.assertEqual(results, {messages.OK, messages.REPLACED})

    def test_flood(self):
        """Thousands of SETs, as fast as they can be sent: each is answered, and the last one wins."""
        daemon = self.daemon(fps="100")
        one, other = self.controller(daemon), self.controller(daemon)
        for i in range(3000):
            one.send_set(f"Brightness={i % 50 / 100}")
            if i >= 60:
                one.answer_to(i - 59)
        one.wait_for(lambda: len(one.answers) == 3000, "all answers")
        statuses = {answer["status"] for answer in one.answers.values()}
        self.assertLessEqual(statuses, {messages.DONE, messages.BUSY})
        self.assertDone(one.set("Brightness=0.75"), Brightness=0.75)
        other.wait_for(lambda: other.notices and
                       "0.75" in str(other.notices[-1]["controls"]["Brightness"]["now"]), "the last")
        self.assertLess(len(other.notices), 3000)

    def test_too_many_unanswered(self):
        """A receiver that sends more than 64 SETs without reading an answer is at fault; one that
        does read is not."""
        daemon = self.daemon(fps="100")
        hasty = self.controller(daemon)
        with self.assertRaises((SystemExit, OSError)):
            for i in range(200000):
                hasty.send_set("Brightness=0.5", 1 + i)
            hasty.wait_for(lambda: False, "nothing")
        daemon.wait_for("more than 64 SETs without an answer")
        self.assertDone(self.controller(daemon).set("Brightness=0.5"), Brightness=0.5)


class Who(Case):
    def add_key(self, name, role):
        output = subprocess.run([harness.PITETHERD, "--keys", self.path("keys"), "--add-key", name,
                                 "--role", role], check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True).stdout
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write([line for line in output.splitlines() if line.startswith(name + " ")][0] + "\n")
        return path

    def test_roles(self):
        """A key may view, or control as well; the one that may not is named."""
        view, control = self.add_key("laptop", "view"), self.add_key("studio", "control")
        daemon = self.daemon("--keys", self.path("keys"), listen="127.0.0.1:0", fps="100")
        viewer = self.controller(daemon, key=view)
        master = self.controller(daemon, key=control)
        answer = viewer.set("Contrast=1.5")
        self.assertEqual(answer["status"], messages.NOT_ALLOWED)
        self.assertIn("'laptop'", answer["text"])
        self.assertIn("--role control", answer["text"])
        answer = master.set("Contrast=1.5")
        self.assertDone(answer, Contrast=1.5)
        self.assertEqual(answer["by"], "studio")
        viewer.wait_for(lambda: viewer.notices, "a notice")
        self.assertEqual(viewer.notices[0]["by"], "studio")

    def test_view_only(self):
        control = self.add_key("studio", "control")
        daemon = self.daemon("--keys", self.path("keys"), "--view-only", listen="127.0.0.1:0",
                             fps="100")
        answer = self.controller(daemon).set("Contrast=1.5")
        self.assertEqual(answer["status"], messages.NOT_ALLOWED)
        self.assertIn("--view-only", answer["text"])
        self.assertDone(self.controller(daemon, key=control).set("Contrast=1.5"), Contrast=1.5)


class Faults(Case):
    def check_survival(self, fault):
        daemon = self.daemon("--pattern-faults", fault, fps="100")
        controller = self.controller(daemon)
        self.assertDone(controller.set("ExposureTime=3000,Contrast=1.5"))
        controller.wait_for(lambda: controller.lists == 2, "CONTROLS of the second run")
        listed = controller.controls.named()
        self.assertEqual(listed["Contrast"]["set"], [1.5])
        self.assertEqual(listed["ExposureTime"]["set"], [3000])
        values = controller.frames[controller.wait_frames()]
        self.assertEqual(values["Contrast"], 1.5)
        self.assertAlmostEqual(values["ExposureTime"], 3000, delta=50)

    def test_unplugged(self):
        self.check_survival("unplug@150:500ms")

    def test_stalled(self):
        self.check_survival("stall@150")

    def test_off_and_on(self):
        """Nobody watches for a while."""
        daemon = self.daemon(fps="100")
        controller = self.controller(daemon)
        self.assertDone(controller.set("Contrast=1.5"))
        controller.leave()
        daemon.wait_for("camera off")
        later = self.controller(daemon)
        self.assertEqual(later.controls.named()["Contrast"]["set"], [1.5])
        self.assertEqual(later.frames[later.wait_frames()]["Contrast"], 1.5)

    def test_lost(self):
        """The camera goes before a frame shows the change: that is said, and it is set again."""
        controller = self.controller(self.daemon("--pattern-faults", "unplug@30:200ms", fps="30"))
        status, kept, i = messages.DONE, None, 0
        while status == messages.DONE:
            exposure, i = 2000 + i % 2 * 1000, i + 1
            status = controller.set(f"ExposureTime={exposure}")["status"]
            kept = kept if status == messages.NO_CAMERA else exposure
        self.assertIn(status, (messages.LOST, messages.NO_CAMERA))
        controller.wait_for(lambda: controller.lists == 2, "CONTROLS of the second run")
        self.assertEqual(controller.controls.named()["ExposureTime"]["set"], [kept])

    def results(self, fault, text):
        controller = self.controller(self.daemon("--pattern-faults", fault, fps="100"))
        controller.wait_frames(3)
        answer = controller.set(text)
        self.assertEqual(answer["status"], messages.DONE, answer)
        return answer, {name: change["result"] for name, change in answer["controls"].items()}

    def test_ignored(self):
        answer, results = self.results("ignore@0", "Contrast=1.5")
        self.assertEqual(results, {"Contrast": messages.IGNORED}, answer)
        self.assertEqual(answer["first"], messages.NO_FRAME)
        self.assertEqual(answer["controls"]["Contrast"]["now"], 1)

    def test_clamped_by_the_camera(self):
        answer, results = self.results("clamp@0", "ExposureTime=6000")
        self.assertEqual(results["ExposureTime"], messages.CLAMPED, answer)
        self.assertAlmostEqual(answer["controls"]["ExposureTime"]["now"], 3000, delta=50)

    def test_unreported(self):
        answer, results = self.results("unreported@0", "Contrast=1.5")
        self.assertEqual(results, {"Contrast": messages.UNREPORTED}, answer)
        self.assertIsNone(answer["controls"]["Contrast"]["now"])

    def test_unshown(self):
        """Without a word of the camera's, the frames' metadata tell."""
        answer, results = self.results("unshown@0", "ExposureTime=6000")
        self.assertEqual(results["ExposureTime"], messages.OK, answer)


if __name__ == "__main__":
    os.umask(0o077)
    harness.main()
