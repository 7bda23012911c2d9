#!/usr/bin/env python3
"""How the window ends: by the user, by a signal, or with its display; and what goes on then."""
import os
import signal

import harness
from window_case import WindowCase, environment_for, start_server


class WindowEnd(WindowCase):
    def setUp(self):
        super().setUp()
        self.camera = self.start_daemon()

    def saved(self):
        return len([name for name in os.listdir(self.path("out")) if name.endswith(".jpg")])

    def end_of_program(self):
        code = self.program.wait()
        self.assertRegex(self.program.log(), r"\d+ captured = \d+ received")
        return code

    def assert_goes_on(self):
        """Frames are saved, with nothing in the way of it; returns the exit code of Ctrl-C."""
        self.program.wait_for("going on without the window")
        before = self.saved()
        self.wait_for("more files", lambda: self.saved() > before + 30)
        self.program.send(signal.SIGINT)
        return self.end_of_program()

    def test_saving_goes_on_without_the_window(self):
        self.open_window(self.camera.address, "--save", "out")
        self.wait_for_picture()
        self.press("q")
        self.wait_for("no window", lambda: not self.find_window())
        # 5: this machine was too slow for the camera.
        self.assertIn(self.assert_goes_on(), (0, 5), self.program.log())

    def start_on_a_server(self, *options):
        """A window on an X server of its own."""
        server, display = start_server()
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.environment = environment_for(display)
        self.open_window(self.camera.address, *options)
        self.wait_for_picture()
        return server

    def test_saving_goes_on_without_the_x_server(self):
        self.start_on_a_server("--save", "out").kill()
        self.assertEqual(self.assert_goes_on(), 4, self.program.log())

    def test_without_its_x_server_a_window_ends_in_order(self):
        self.start_on_a_server().kill()
        self.assertEqual(self.end_of_program(), 4, self.program.log())
        self.assertIn("the display is gone", self.program.log())

    def test_a_frozen_window_sees_that_its_x_server_is_gone(self):
        server = self.start_on_a_server()
        self.freeze()
        server.kill()
        self.assertEqual(self.end_of_program(), 4, self.program.log())

    def test_a_signal_ends_it(self):
        self.open_window(self.camera.address)
        self.wait_for_picture()
        self.program.send(signal.SIGINT)
        self.assertGreaterEqual(self.program.wait(), 0, "killed by the signal")

    def test_says_so_where_there_is_no_display(self):
        self.start_window(self.camera.address, "--window",
                          environment={**self.environment, "DISPLAY": "", "SDL_VIDEODRIVER": ""})
        self.assertGreater(self.program.wait(), 0)
        self.program.wait_for("display")


if __name__ == "__main__":
    harness.main()
