#!/usr/bin/env python3
"""Several streams in one window: where each is, which is shown alone, and that none needs another."""
import os
import re
import signal

import harness
from pattern_picture import Area, Picture, whole
from window_case import WindowCase

GAP = 4
# Two of 640x480 and 320x240 side by side, as high as the larger one.
TWO = [(0, 0, 640, 480), (640 + GAP, 0, 640, 480)]
TWO_SIZE = (1280 + GAP, 480)


class WindowStreams(WindowCase):
    def setUp(self):
        super().setUp()
        self.front = self.start_daemon("front")
        self.rear = self.start_daemon("rear", size=(320, 240), fps="15")

    def open_two(self, *options):
        self.open_window(self.front.address, self.rear.address, *options)
        return self.wait_for_pattern(*TWO_SIZE, *TWO, labelled=True)

    def wait_for_one(self, size=TWO_SIZE, area=(322, 0, 640, 480)):
        """The pattern of the only stream that is shown, without a label."""
        return self.wait_for_pattern(*size, area)

    def wait_for_two(self):
        return self.wait_for_pattern(*TWO_SIZE, *TWO, labelled=True)

    def test_two_lie_side_by_side(self):
        front, _ = self.open_two()
        number = front.number()
        self.wait_for("newer pictures", lambda: self.wait_for_two()[0].number() > number)
        self.wait_for("labels", lambda: self.has_labels("1 front - ", "2 rear - "))
        rates = r"[1-9][0-9.]* fps [0-9]+ ms"
        title = rf"pitether front {rates}, rear {rates} - [0-9]+ dropped"
        self.wait_for("a full title", lambda: re.fullmatch(title, self.title()))
        self.quit_with("q")
        for stream in ("front", "rear"):
            self.assertRegex(self.program.log(), rf"{stream}: .*\d+ captured = \d+ received")

    def test_the_values_leave_the_label_readable(self):
        self.open_two()
        self.tool("xdotool", "mousemove", "--window", self.window, "200", "200")
        self.press("i")
        self.wait_for("values", lambda: max(self.screenshot().pixel(8, 60)) < 80)
        self.wait_for("labels", lambda: self.has_labels("1 front - ", "2 rear - "))
        self.quit_with("q")

    def has_labels(self, *labels):
        picture = self.screenshot()
        return picture and all(picture.has_label(label, area) for label, area in zip(labels, TWO))

    def test_three_lie_where_they_are_largest(self):
        top = self.start_daemon("top", size=(240, 320))
        self.open_window(self.front.address, self.rear.address, top.address)
        self.resize(1208, 400)
        three = [(0, 0, 533, 400), (533 + GAP, 0, 533, 400), (1066 + 2 * GAP, 0, 300, 400)]
        row = 1066 + 2 * GAP + 300
        self.resize(row, 400)
        self.wait_for_pattern(row, 400, *three[:2], labelled=True)
        self.wait_for("the third label", lambda: self.screenshot().has_label("3 top", three[2]))
        self.resize(640, 790)  # two rows; the second one, of two, is 305 pixels high
        self.wait_for_pattern(640, 790, (0, 0, 640, 480), (0, 484, 407, 305), labelled=True)
        self.quit_with("q")

    def test_numbers_and_clicks_show_one_alone(self):
        self.open_two()
        self.press("2")
        self.assertEqual(self.shown_alone(), "rear")
        self.press("2")
        self.wait_for_two()
        self.press("1")
        self.assertEqual(self.shown_alone(), "front")
        self.press("2")
        self.wait_for("the other one", lambda: self.title().startswith("pitether rear - "))
        self.press("0")
        self.wait_for_two()
        self.click(200, 200)
        self.assertEqual(self.shown_alone(), "front")
        self.click(20, 20)  # beside the picture
        self.wait_for_two()
        self.click(900, 200)
        self.assertEqual(self.shown_alone(), "rear")
        self.press("Escape")
        self.wait_for_two()
        self.press("3")  # there is none
        self.quit_with("Escape")

    def shown_alone(self):
        """The name of the stream that fills the window."""
        self.wait_for_one()
        title = self.wait_for("its title", lambda: re.match(r"pitether (\S+) - \d+x", self.title()))
        return title.group(1)

    def test_who_is_not_shown_rests(self):
        """After two seconds its daemon is left; it comes back when it is shown again."""
        self.open_two()
        self.press("1")
        self.rear.wait_for("client unix disconnected")
        self.press("0")
        self.rear.wait_for("client unix watches", 2)
        self.wait_for_two()
        self.assertEqual(self.front.log().count("watches"), 1)
        self.quit_with("q")

    def test_a_lost_stream_leaves_the_other_alone(self):
        front = self.open_two()[0].number()
        self.rear.send(signal.SIGSTOP)
        self.wait_for("the loss", lambda: self.is_lost(1))
        front = max(front, self.shown_at(0).number())
        self.wait_for("newer pictures", lambda: self.shown_at(0).number() > front)
        self.rear.send(signal.SIGCONT)
        self.wait_for_two()
        self.end_daemon(self.rear)
        self.wait_for("the reason", lambda: self.is_lost(1, "for its return"))
        self.assertEqual(self.shown_at(0).wrong_colours(labelled=True), [])
        self.assertRegex(self.title(), r"pitether front \S+ fps \S+ ms, rear: the daemon was stopped")
        self.start_daemon("rear", size=(320, 240), fps="15")
        self.wait_for_two()
        self.quit_with("q")

    def is_lost(self, index, *lines):
        picture = self.screenshot()
        return picture and self.is_dimmed(picture, TWO[index], *lines)

    def says_at(self, area, line):
        picture = self.screenshot()
        return picture and picture.width == area[0] + area[2] and picture.says(line, area)

    def shown_at(self, index):
        return Area(self.screenshot(), *TWO[index])

    def test_snapshots_of_all_and_of_one(self):
        self.open_two()
        self.freeze()
        shown = self.wait_for_two()
        self.press("s")
        front, rear = [self.path(name) for name in self.snapshots(2)]
        self.assertRegex(os.path.basename(front), r"^pitether-front-\d+-\d+-frame\d+\.jpg$")
        self.assertRegex(os.path.basename(rear), r"^pitether-rear-\d+-\d+-frame\d+\.jpg$")
        self.assertEqual(whole(Picture.from_jpeg(front)).number(), shown[0].number())
        self.assertEqual(Picture.from_jpeg(rear).width, 320)
        self.press("2")
        self.wait_for_one()
        self.press("s")
        again, first = (os.path.basename(name) for name in (self.snapshots(3)[2], rear))
        # A frame that was being decoded may come after the freeze; if none did, it is the same once more.
        if re.search(r"\d+-frame\d+", again).group() == re.search(r"\d+-frame\d+", first).group():
            self.assertEqual(again, first.replace(".jpg", "-2.jpg"))
        self.press("Escape")
        self.wait_for_two()
        self.quit_with("q")

    def test_a_window_waits_for_each_by_itself(self):
        self.end_daemon(self.rear)
        self.open_window(self.front.address, self.rear.address)
        # The place of one that was never seen has a usual aspect, 16:9, and is below the other.
        self.wait_for("the one", lambda: self.says_at((0, 484, 853, 480), "can't connect to"))
        self.start_daemon("rear", size=(320, 240), fps="15")
        self.wait_for_two()
        self.quit_with("q")


if __name__ == "__main__":
    harness.main()
