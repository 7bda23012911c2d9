#!/usr/bin/env python3
"""What the window shows of one stream, and what its keys do."""
import os
import re
import time

import harness
from pattern_picture import DARK, HEIGHT, WIDTH, Picture, near, whole
from window_case import WindowCase

KEPT_STILL = 0.7  # seconds for which a frozen picture is watched


class Window(WindowCase):
    def setUp(self):
        super().setUp()
        self.camera = self.start_daemon()
        self.open_window(self.camera.address)

    def test_shows_the_newest_picture_in_its_colours(self):
        self.wait_for_newer(self.wait_for_picture().number())
        title = rf"pitether {re.escape(self.camera.address)} - {WIDTH}x{HEIGHT}"
        title += r" - [1-9][0-9.]* fps - [0-9]+ ms - [0-9]+ dropped"
        self.wait_for("a full title", lambda: re.fullmatch(title, self.title()))
        self.quit_with("q")

    def test_keeps_the_aspect(self):
        self.wait_for_picture()
        self.resize(1000, 480)
        wide = self.wait_for_pattern(1000, 480, (180, 0, 640, 480)).picture
        edges = [x for x in range(1000) if not near(wide.pixel(x, 40), DARK, 6)]
        self.assertAlmostEqual(edges[0], 180, delta=1)
        self.assertAlmostEqual(edges[-1], 819, delta=1)
        self.resize(400, 800)
        high = self.wait_for_pattern(400, 800, (0, 250, 400, 300)).picture
        edges = [y for y in range(800) if not near(high.pixel(10, y), DARK, 6)]
        self.assertAlmostEqual(edges[0], 250, delta=1)
        self.assertAlmostEqual(edges[-1], 549, delta=1)
        self.quit_with("Escape")

    def test_freezes_and_saves_what_is_shown(self):
        self.wait_for_picture()
        self.freeze()
        frozen = self.shown_number()
        end = time.monotonic() + KEPT_STILL
        while time.monotonic() < end:
            self.assertEqual(self.shown_number(), frozen)
        self.press("s")
        self.press("s")
        one, other = [self.path(path) for path in self.snapshots(2)]
        self.assertNotEqual(one, other)
        with open(one, "rb") as first, open(other, "rb") as second:
            self.assertEqual(first.read(), second.read())
        saved = whole(Picture.from_jpeg(one))
        self.assertEqual((saved.width, saved.height), (WIDTH, HEIGHT))
        self.assertEqual(saved.wrong_colours(), [])
        self.assertEqual(saved.number(), frozen)
        self.unfreeze()
        self.wait_for_newer(frozen)
        self.quit_with("q")

    def test_a_click_and_a_number_change_nothing_with_one_stream(self):
        self.wait_for_picture()
        self.click(WIDTH // 2, HEIGHT // 2)
        self.press("2")
        self.press("0")
        self.press("s")  # comes after the others
        self.assertRegex(os.path.basename(self.snapshots(1)[0]), r"^pitether-\d+-\d+-frame\d+.jpg$")
        self.wait_for_picture()
        self.quit_with("Escape")


if __name__ == "__main__":
    harness.main()
