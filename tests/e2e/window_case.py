"""The window, seen through an X server's eyes: screenshots, keys and clicks.

Needs Xvfb, xdotool, xwd and djpeg; what is missing is a failure.
"""
import os
import re
import shutil
import signal
import subprocess

import harness
from pattern_picture import HEIGHT, WIDTH, Area, Picture, whole

TOOLS = ("Xvfb", "xdotool", "xwd", "djpeg")


def start_server():
    """An X server and its number."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1200x24"]
    # A server that starts anew whenever its last client has left refuses the next one.
    server = subprocess.Popen(command + ["-nolisten", "tcp", "-noreset"], pass_fds=[writer],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        display = pipe.readline().strip()  # ends, if the server does
    if not display:
        server.wait(harness.BOUND)
        raise AssertionError("Xvfb did not start")
    return server, display


def environment_for(display):
    environment = dict(os.environ, DISPLAY=f":{display}", SDL_VIDEODRIVER="x11")
    environment.pop("WAYLAND_DISPLAY", None)
    return environment


class WindowCase(harness.Case):
    """Tests that share an X server; each has one window at most, self.window, of self.program."""

    @classmethod
    def setUpClass(cls):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise AssertionError(f"not installed: {', '.join(missing)}")
        server, display = start_server()
        cls.addClassCleanup(server.wait, harness.BOUND)
        cls.addClassCleanup(server.terminate)
        cls.environment = environment_for(display)

    def start_daemon(self, name="socket", size=(WIDTH, HEIGHT), fps="30"):
        """Its .address is in the test's folder."""
        return self.daemon(listen="unix:" + self.path(name), size="%dx%d" % size, fps=fps)

    def end_daemon(self, daemon):
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())

    def start_window(self, *command, environment=None):
        """The program; snapshots are saved in the test's folder."""
        self.program = self.start("sh", "-c", f'cd "{self.folder}" && exec "$0" "$@"',
                                  os.path.abspath(harness.PITETHER), *command,
                                  environment=environment or self.environment)

    def open_window(self, *command):
        self.start_window(*command, "--window")
        self.window = self.wait_for("the window", self.find_window)
        # A key goes to the window that has the focus; there is no window manager to give it.
        self.wait_for("the focus", self.take_focus)

    def wait_for(self, what, look):
        """The first true result of look(), tried again and again."""
        found = []
        try:
            self.wait_until(lambda: found.append(look()) or found[-1], what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.program.log()}") from None
        return found[-1]

    def tool(self, *command):
        return subprocess.run(command, env=self.environment, check=False, capture_output=True,
                              timeout=harness.BOUND)

    def find_window(self):
        self.assertIsNone(self.program.process.poll(), self.program.log())
        search = self.tool("xdotool", "search", "--onlyvisible", "--name", "^pitether ")
        found = search.stdout.decode().split()
        return found[0] if found else None

    def take_focus(self):
        self.tool("xdotool", "windowfocus", self.window)
        return self.tool("xdotool", "getwindowfocus", "-f").stdout.decode().strip() == self.window

    def press(self, key):
        run = self.tool("xdotool", "key", key)
        self.assertEqual(run.returncode, 0, run.stderr)

    def click(self, x, y):
        run = self.tool("xdotool", "mousemove", "--window", self.window, str(x), str(y),
                        "click", "1")
        self.assertEqual(run.returncode, 0, run.stderr)

    def title(self):
        return self.tool("xdotool", "getwindowname", self.window).stdout.decode().strip()

    def screenshot(self):
        """None while the window changes its size."""
        run = self.tool("xwd", "-silent", "-id", self.window)
        return Picture.from_xwd(run.stdout) if run.returncode == 0 else None

    def wait_for_pattern(self, width, height, *areas, labelled=False):
        """The patterns in a screenshot of that size which shows one in each of these areas (left,
        top, width, height); of one area, it alone."""
        seen = ["nothing"]

        def look():
            picture = self.screenshot()
            if not picture or (picture.width, picture.height) != (width, height):
                seen[0] = picture and f"{picture.width}x{picture.height}"
                return None
            found = [Area(picture, *area) for area in areas]
            seen[0] = [wrong for area in found for wrong in area.wrong_colours(labelled)]
            return None if seen[0] else found

        try:
            found = self.wait_for(f"patterns at {areas} in {width}x{height}", look)
        except AssertionError as error:
            raise AssertionError(f"{error}\nseen last: {seen[0]}") from None
        return found if len(areas) > 1 else found[0]

    def wait_for_picture(self):
        """Of one stream, in a window of its size."""
        return self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT))

    def shown_number(self):
        picture = self.screenshot()
        return whole(picture).number() if picture else None

    def wait_for_newer(self, number):
        self.wait_for("a newer picture", lambda: (self.shown_number() or 0) > number)

    def freeze(self):
        self.press("space")
        self.wait_for("a title that says frozen", lambda: " - frozen" in self.title())

    def unfreeze(self):
        self.press("space")
        self.wait_for("a title that says nothing of it", lambda: "frozen" not in self.title())

    def resize(self, width, height):
        self.tool("xdotool", "windowmove", self.window, "0", "0")
        self.tool("xdotool", "windowsize", self.window, str(width), str(height))

    def snapshots(self, count):
        """The files that the log says were saved, in order, once there are so many."""
        self.program.wait_for(r"saved frame \d+ as", count)
        return re.findall(r"saved frame \d+ as (\S+\.jpg)", self.program.log())

    def is_dimmed(self, picture, area, *lines):
        """The picture is dimmed there, and says for how long there was no signal, and these lines."""
        grey = picture.pixel(area[0] + 8, area[1] + area[3] // 3)
        return all(abs(part - 95) <= 8 for part in grey) and \
            any(picture.says(f"no signal for {n} s", area) for n in range(1, 20)) and \
            all(picture.says(line, area) for line in lines)

    def wait_for_loss(self, *lines):
        def look():
            picture = self.screenshot()
            return picture and self.is_dimmed(picture, (0, 0, picture.width, picture.height),
                                              *lines)
        self.wait_for("a dimmed picture that says why", look)

    def says(self, *lines):
        """A screenshot that shows each of these lines."""
        picture = self.screenshot()
        return picture and all(picture.says(line) for line in lines)

    def quit_with(self, key):
        self.press(key)
        self.assertEqual(self.program.wait(), 0, self.program.log())
