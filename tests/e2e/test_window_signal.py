#!/usr/bin/env python3
"""The window while nothing new is to be seen: what it says of it, and that it sleeps then."""
import signal
import time

import harness
import wakeups
from pattern_picture import whole
from window_case import WindowCase


class WindowSignal(WindowCase):
    def setUp(self):
        super().setUp()
        self.camera = self.start_daemon()

    def test_a_lost_signal_is_to_be_seen(self):
        self.open_window(self.camera.address)
        last = self.wait_for_picture().number()
        self.camera.send(signal.SIGSTOP)
        self.wait_for_loss()
        self.wait_for("a title that says it", lambda: " - 0.0 fps" in self.title())
        self.camera.send(signal.SIGCONT)
        self.assertGreater(self.wait_for_picture().number(), last)
        self.end_daemon(self.camera)
        self.wait_for_loss("for its return")
        self.start_daemon()
        self.wait_for_picture()
        self.quit_with("q")

    def open_empty_window(self):
        self.end_daemon(self.camera)
        self.open_window(self.camera.address)
        self.wait_for("the text", lambda: self.says("can't connect to"))

    def test_an_empty_window_says_what_it_waits_for(self):
        self.open_empty_window()
        self.start_daemon()
        self.wait_for_picture()
        self.quit_with("q")

    def test_a_frozen_picture_is_no_lost_signal(self):
        self.open_window(self.camera.address)
        self.wait_for_picture()
        self.freeze()
        self.end_daemon(self.camera)
        self.wait_for("a title that says more", lambda: "the daemon was stopped" in self.title())
        end = time.monotonic() + 1.5  # the loss would be shown after 1 s
        while time.monotonic() < end:
            self.wait_for_picture()
        self.press("space")
        self.wait_for_loss()

    def test_a_slow_camera_is_no_lost_signal(self):
        self.end_daemon(self.camera)
        slow = self.start_daemon(fps="0.5")
        self.open_window(slow.address)
        first = self.wait_for_picture().number()

        def has_next():
            picture = self.screenshot()
            self.assertEqual(whole(picture).wrong_colours(), [])
            return whole(picture).number() > first + 1
        self.wait_for("two more pictures", has_next)
        self.quit_with("q")

    def assert_sleeps(self, limit):
        seen = wakeups.rate(self.program.process.pid, limit, all_threads=True)
        print(f"{self.id()}: {seen:.1f} wake-ups a second")
        self.assertLessEqual(seen, limit)

    def test_what_shows_nothing_sleeps(self):
        """After two seconds the daemon is left, and nothing wakes anybody."""
        self.open_window(self.camera.address)
        self.wait_for_picture()
        self.freeze()
        self.assert_sleeps(4)
        self.assertEqual(self.camera.log().count("client unix disconnected"), 1)
        self.unfreeze()
        self.wait_for_newer(self.wait_for_picture().number())
        self.tool("xdotool", "windowunmap", self.window)
        self.wait_for("a hidden window", lambda: not self.find_window())
        self.assert_sleeps(4)
        self.tool("xdotool", "windowmap", self.window)
        self.wait_for_newer(self.wait_for_picture().number())
        self.wait_for("the focus", self.take_focus)
        self.quit_with("q")

    def test_an_empty_window_sleeps(self):
        self.open_empty_window()
        self.assert_sleeps(8)


if __name__ == "__main__":
    harness.main()
