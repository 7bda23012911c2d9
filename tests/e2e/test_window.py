#!/usr/bin/env python3
"""The window, seen through an X server's eyes: a daemon with its test pattern, the host program on
a virtual display, screenshots, keys.

PITETHERD and PITETHER name the two programs. Needs Xvfb, xdotool, xwd and djpeg; what is missing
is a failure. Python's standard library only.
"""

import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import wakeups

WIDTH, HEIGHT = 640, 480
DARK = (16, 16, 16)
BARS = [
    ("white", (255, 255, 255)),
    ("yellow", (255, 255, 0)),
    ("cyan", (0, 255, 255)),
    ("green", (0, 255, 0)),
    ("magenta", (255, 0, 255)),
    ("red", (254, 0, 0)),
    ("blue", (0, 0, 255)),
    ("black", (0, 0, 0)),
]
PATIENCE = 20  # seconds; for a loaded machine under a sanitizer
KEPT_STILL = 0.7  # seconds for which a frozen picture is watched


def wait_for(what, look, patience=PATIENCE):
    """The first true result of look(), asked again and again."""
    end = time.monotonic() + patience
    while True:
        result = look()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(0.03)


def read_font():
    """The built-in font's glyphs, by character, as rows of '.' and '#'."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../shared/base/font.c")
    with open(source, encoding="ascii") as file:
        rows = re.findall(r'^ +"([.# ]+)",$', file.read(), re.MULTILINE)
    return {chr(32 + i): [rows[i // 12 * 9 + row].split()[i % 12] for row in range(9)]
            for i in range(95)}


FONT = read_font()


def near(pixel, wanted, tolerance=8):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, wanted))


class Picture:
    """Pixels by (x, y), as (red, green, blue)."""

    def __init__(self, width, height, stride, step, order, data):
        self.width, self.height = width, height
        self._stride, self._step, self._order, self._data = stride, step, order, data

    def pixel(self, x, y):
        at = y * self._stride + x * self._step
        return tuple(self._data[at + i] for i in self._order)

    def has_line(self, text, side, top):
        """Whether this text is drawn across the middle, from the row `top` on, with font pixels of
        so many pixels: what belongs to the characters is bright, and what lies between is not."""
        left = (self.width - (len(text) * 6 - 1) * side) // 2
        for row in range(9):
            for i, character in enumerate(text):
                for column, lit in enumerate(FONT[character][row]):
                    x = left + (i * 6 + column) * side + side // 2
                    bright = min(self.pixel(x, top + row * side + side // 2)) > 200
                    if bright != (lit == "#"):
                        return False
        return True

    def says(self, text):
        return any(self.has_line(text, side, top) for side in range(1, 5)
                   if len(text) * 6 * side <= self.width
                   for top in range(self.height // 4, self.height * 3 // 4))

    @classmethod
    def from_xwd(cls, dump):
        """A window dump: a header of 25 big-endian words, the window's name, colours, pixels."""
        head = struct.unpack(">25I", dump[:100])
        header_size, version, dump_format, depth, width, height = head[:6]
        byte_order, bits, stride, colours = head[7], head[11], head[12], head[19]
        masks = head[14:17]
        if (version, dump_format, bits) != (7, 2, 32) or depth not in (24, 32):
            raise AssertionError(f"a window dump of an unknown kind: {head}")
        places = [{0xFF: 0, 0xFF00: 1, 0xFF0000: 2}[mask] for mask in masks]
        order = places if byte_order == 0 else [3 - place for place in places]
        return cls(width, height, stride, 4, order, dump[header_size + 12 * colours :])

    @classmethod
    def from_jpeg(cls, path):
        """djpeg's exit status is 2 where the data is damaged."""
        command = ["djpeg", "-nosmooth", "-ppm", path]
        run = subprocess.run(command, capture_output=True, timeout=PATIENCE)
        if run.returncode or run.stderr:
            raise AssertionError(f"{path} is no valid JPEG: {run.stderr.decode(errors='replace')}")
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", run.stdout)
        width, height = int(header[1]), int(header[2])
        return cls(width, height, width * 3, 3, (0, 1, 2), run.stdout[header.end() :])


class Area:
    """Where in a picture the test pattern lies."""

    def __init__(self, picture, left, top, width, height):
        self.picture = picture
        self.left, self.top, self.width, self.height = left, top, width, height

    def at(self, x, y):
        """x, y: 0 to 1."""
        column, row = int(self.left + x * self.width), int(self.top + y * self.height)
        return self.picture.pixel(column, row)

    def wrong_colours(self):
        """What is not as painted in the bars, above the stopwatch, and in the ramp, beside it. Only
        the ramp tells full from limited range: the bars' colours are clipped to the same."""
        wrong = []
        for i, (name, colour) in enumerate(BARS):
            pixel = self.at((i + 0.5) / len(BARS), 0.04)
            if not near(pixel, colour):
                wrong.append(f"{name} is {pixel}, not {colour}")
        for x in (0.05, 0.15, 0.85, 0.95):
            pixel, grey = self.at(x, 0.82), round(x * 255)
            if not near(pixel, (grey, grey, grey), 5):
                wrong.append(f"grey is {pixel}, not {grey}")
        return wrong

    def number(self):
        """The frame's number in a picture of WIDTH x HEIGHT: 32 cells of 8 x 8 pixels, dark grey
        and white, at the left of the lower edge."""
        number = 0
        for bit in range(32):
            cell = self.at((8 * bit + 4) / WIDTH, (HEIGHT - 4) / HEIGHT)
            number = number * 2 + (cell[0] > 151)
        return number


def whole(picture):
    return Area(picture, 0, 0, picture.width, picture.height)


class Program:
    """A child that is ended with its test; its stderr is kept to be looked at."""

    def __init__(self, test, name, command, environment, folder):
        self.log_path = os.path.join(folder, f"{name}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        test.addCleanup(self.end)

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def is_running(self):
        return self.process.poll() is None

    def end(self):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class WindowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for variable in ("PITETHERD", "PITETHER"):
            path = os.environ.get(variable, "")
            if not os.access(path, os.X_OK):
                raise AssertionError(f"{variable} must name a program, and is '{path}'")
            setattr(cls, variable.lower(), os.path.abspath(path))
        missing = [tool for tool in ("Xvfb", "xdotool", "xwd", "djpeg") if not shutil.which(tool)]
        if missing:
            raise AssertionError(f"not installed: {', '.join(missing)}")
        cls.start_display()

    @staticmethod
    def start_server():
        """An X server and its number."""
        here, there = os.pipe()
        command = ["Xvfb", "-displayfd", str(there), "-screen", "0", "1600x1200x24"]
        server = subprocess.Popen(
            # A server that starts anew whenever its last client has left refuses the next one.
            command + ["-nolisten", "tcp", "-noreset"],
            pass_fds=[there],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(there)
        with os.fdopen(here) as pipe:
            display = pipe.readline().strip()  # ends, if the server does
        if not display:
            server.wait(PATIENCE)
            raise AssertionError("Xvfb did not start")
        return server, display

    @classmethod
    def start_display(cls):
        server, display = WindowTest.start_server()

        def stop():
            server.terminate()
            server.wait(PATIENCE)

        cls.addClassCleanup(stop)
        cls.environment = dict(os.environ, DISPLAY=f":{display}", SDL_VIDEODRIVER="x11")
        cls.environment.pop("WAYLAND_DISPLAY", None)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="pitether-window-")
        self.addCleanup(shutil.rmtree, self.folder)
        socket = os.path.join(self.folder, "socket")
        self.address = f"unix:{socket}"
        self.socket = socket
        self.start_daemon()

    def start_daemon(self, fps="30"):
        command = [self.pitetherd, "--source", "pattern", "--size", f"{WIDTH}x{HEIGHT}"]
        command += ["--fps", fps, "--listen", self.address]
        self.daemon = Program(self, "pitetherd", command, self.environment, self.folder)
        self.wait_for("the daemon's socket", lambda: os.path.exists(self.socket))

    def start_host(self, environment=None, options=()):
        command = [self.pitether, self.address, "--window", *options]
        self.host = Program(self, "pitether", command, environment or self.environment, self.folder)

    def open_window(self, *options):
        self.start_host(options=options)
        self.window = self.wait_for("the window", self.find_window)
        # A key goes to the window that has the focus; there is no window manager to give it.
        self.wait_for("the focus", self.take_focus)

    def wait_for(self, what, look):
        try:
            return wait_for(what, look)
        except AssertionError as error:
            logs = [f"{program}:\n{self.log_of(program)}" for program in ("daemon", "host")]
            raise AssertionError("\n".join([str(error)] + logs)) from None

    def log_of(self, program):
        return getattr(self, program).log() if hasattr(self, program) else "(not started)"

    def tool(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, timeout=PATIENCE)

    def find_window(self):
        self.assertTrue(self.host.is_running(), self.host.log())
        search = self.tool("xdotool", "search", "--onlyvisible", "--name", "^pitether ")
        found = search.stdout.decode().split()
        return found[0] if found else None

    def take_focus(self):
        self.tool("xdotool", "windowfocus", self.window)
        return self.tool("xdotool", "getwindowfocus", "-f").stdout.decode().strip() == self.window

    def press(self, key):
        run = self.tool("xdotool", "key", key)
        self.assertEqual(run.returncode, 0, run.stderr)

    def title(self):
        return self.tool("xdotool", "getwindowname", self.window).stdout.decode().strip()

    def screenshot(self):
        """None while the window changes its size."""
        run = self.tool("xwd", "-silent", "-id", self.window)
        return Picture.from_xwd(run.stdout) if run.returncode == 0 else None

    def wait_for_pattern(self, width, height, area):
        """A screenshot of that size which shows the pattern in `area` (left, top, width, height)."""
        seen = ["nothing"]

        def look():
            picture = self.screenshot()
            if not picture or (picture.width, picture.height) != (width, height):
                seen[0] = picture and f"{picture.width}x{picture.height}"
                return None
            found = Area(picture, *area)
            seen[0] = found.wrong_colours()
            return None if seen[0] else found

        try:
            return self.wait_for(f"the pattern at {area} in {width}x{height}", look)
        except AssertionError as error:
            raise AssertionError(f"{error}\nseen last: {seen[0]}") from None

    def shown_number(self):
        picture = self.screenshot()
        return whole(picture).number() if picture else None

    def resize(self, width, height):
        self.tool("xdotool", "windowmove", self.window, "0", "0")
        self.tool("xdotool", "windowsize", self.window, str(width), str(height))

    def snapshots(self):
        """The files that the log says were saved, in order."""
        return re.findall(r"saved frame \d+ as (\S+\.jpg)", self.host.log())

    def quit_with(self, key):
        self.press(key)
        self.wait_for("the end", lambda: not self.host.is_running())
        self.assertEqual(self.host.process.returncode, 0, self.host.log())

    def test_shows_the_newest_picture_in_its_colours(self):
        self.open_window()
        first = self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT)).number()
        self.wait_for("a newer picture", lambda: (self.shown_number() or 0) > first)
        title = rf"pitether {re.escape(self.address)} - {WIDTH}x{HEIGHT}"
        title += r" - [1-9][0-9.]* fps - [0-9]+ ms - [0-9]+ dropped"
        self.wait_for("a full title", lambda: re.fullmatch(title, self.title()))
        self.quit_with("q")

    def test_keeps_the_aspect(self):
        self.open_window()
        self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT))
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
        self.open_window()
        self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT))
        self.press("space")
        self.wait_for("a title that says frozen", lambda: " - frozen" in self.title())
        frozen = self.shown_number()
        end = time.monotonic() + KEPT_STILL
        while time.monotonic() < end:
            self.assertEqual(self.shown_number(), frozen)
        self.press("s")
        self.press("s")
        self.wait_for("two snapshots", lambda: len(self.snapshots()) == 2)
        one, other = [os.path.join(self.folder, path) for path in self.snapshots()]
        self.assertNotEqual(one, other)
        with open(one, "rb") as first, open(other, "rb") as second:
            self.assertEqual(first.read(), second.read())
        saved = whole(Picture.from_jpeg(one))
        self.assertEqual((saved.width, saved.height), (WIDTH, HEIGHT))
        self.assertEqual(saved.wrong_colours(), [])
        self.assertEqual(saved.number(), frozen)
        self.press("space")
        self.wait_for("a picture after the frozen one", lambda: (self.shown_number() or 0) > frozen)
        self.wait_for("a title that says nothing of it", lambda: "frozen" not in self.title())
        self.quit_with("q")

    def says(self, *lines):
        """A screenshot that shows each of these lines."""
        picture = self.screenshot()
        return picture and all(picture.says(line) for line in lines)

    def wait_for_loss(self, *lines):
        """The picture is dimmed, and says for how long there was no signal, and these lines."""
        def look():
            picture = self.screenshot()
            return picture and near(picture.pixel(8, 8), (95, 95, 95)) and \
                any(picture.says(f"no signal for {n} s") for n in range(1, PATIENCE)) and \
                all(picture.says(line) for line in lines)
        self.wait_for("a dimmed picture that says why", look)

    def wait_for_picture(self):
        return self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT))

    def test_a_lost_signal_is_to_be_seen(self):
        self.open_window()
        last = self.wait_for_picture().number()
        self.daemon.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.daemon.process.send_signal, signal.SIGCONT)
        self.wait_for_loss()
        self.wait_for("a title that says it", lambda: " - 0.0 fps" in self.title())
        self.daemon.process.send_signal(signal.SIGCONT)
        self.assertGreater(self.wait_for_picture().number(), last)
        self.daemon.end()
        self.wait_for_loss("connecting to", self.address)
        self.start_daemon()
        self.wait_for_picture()
        self.quit_with("q")

    def test_an_empty_window_says_what_it_waits_for(self):
        self.daemon.end()
        self.open_window()
        self.wait_for("the text", lambda: self.says("connecting to", self.address))
        self.start_daemon()
        self.wait_for_picture()
        self.quit_with("q")

    def test_a_frozen_picture_is_no_lost_signal(self):
        self.open_window()
        self.wait_for_picture()
        self.press("space")
        self.wait_for("a title that says frozen", lambda: " - frozen" in self.title())
        self.daemon.end()
        self.wait_for("a title that says more", lambda: "connecting to" in self.title())
        end = time.monotonic() + 1.5  # the loss would be told after 1 s
        while time.monotonic() < end:
            self.wait_for_picture()
        self.press("space")
        self.wait_for_loss()

    def test_a_slow_camera_is_no_lost_signal(self):
        self.daemon.end()
        self.start_daemon(fps="0.5")
        self.open_window()
        first = self.wait_for_picture().number()

        def has_next():
            picture = self.screenshot()
            self.assertEqual(whole(picture).wrong_colours(), [])
            return whole(picture).number() > first + 1
        self.wait_for("two more pictures", has_next)
        self.quit_with("q")

    def assert_sleeps(self, most, all_threads=False):
        seen = wakeups.rate(self.host.process.pid, most, all_threads)
        print(f"{self.id()}: {seen:.1f} wake-ups a second")
        self.assertLessEqual(seen, most)

    def test_what_shows_nothing_sleeps(self):
        """After two seconds the daemon is left, and nothing wakes anybody."""
        self.open_window()
        self.wait_for_picture()
        self.press("space")
        self.wait_for("a title that says frozen", lambda: " - frozen" in self.title())
        self.assert_sleeps(4, all_threads=True)
        self.assertEqual(self.daemon.log().count("client unix is gone"), 1)
        self.press("space")
        self.wait_for("a title that says nothing of it", lambda: "frozen" not in self.title())
        last = self.wait_for_picture().number()
        self.wait_for("a newer picture", lambda: (self.shown_number() or 0) > last)
        self.tool("xdotool", "windowunmap", self.window)
        self.wait_for("a hidden window", lambda: not self.find_window())
        self.assert_sleeps(4, all_threads=True)
        self.tool("xdotool", "windowmap", self.window)
        last = self.wait_for_picture().number()
        self.wait_for("a newer picture", lambda: (self.shown_number() or 0) > last)
        self.wait_for("the focus", self.take_focus)
        self.quit_with("q")

    def test_an_empty_window_sleeps(self):
        self.daemon.end()
        self.open_window()
        self.wait_for("the text", lambda: self.says("connecting to", self.address))
        self.assert_sleeps(8, all_threads=True)

    def saved(self):
        folder = os.path.join(self.folder, "out")
        return len([name for name in os.listdir(folder) if name.endswith(".jpg")])

    def end_of_host(self):
        self.wait_for("the end", lambda: not self.host.is_running())
        self.assertRegex(self.host.log(), r"\d+ captured = \d+ received")
        return self.host.process.returncode

    def assert_goes_on(self):
        """Frames are saved, with nothing in the way of it; returns the exit code of Ctrl-C."""
        self.wait_for("the news", lambda: "going on without the window" in self.host.log())
        before = self.saved()
        self.wait_for("more files", lambda: self.saved() > before + 30)
        self.host.process.send_signal(signal.SIGINT)
        return self.end_of_host()

    def test_saving_goes_on_without_the_window(self):
        self.open_window("--save", "out")
        self.wait_for_picture()
        self.press("q")
        self.wait_for("no window", lambda: not self.find_window())
        # 5: this machine was too slow for the camera.
        self.assertIn(self.assert_goes_on(), (0, 5), self.host.log())

    def start_on_a_server(self, *options):
        """A window on an X server of its own."""
        server, display = self.start_server()
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.environment = dict(self.environment, DISPLAY=f":{display}")
        self.open_window(*options)
        self.wait_for_picture()
        return server

    def test_saving_goes_on_without_the_x_server(self):
        self.start_on_a_server("--save", "out").kill()
        self.assertEqual(self.assert_goes_on(), 4, self.host.log())

    def test_without_its_x_server_a_window_ends_in_order(self):
        self.start_on_a_server().kill()
        self.assertEqual(self.end_of_host(), 4, self.host.log())
        self.assertIn("the display is gone", self.host.log())

    def test_a_frozen_window_sees_that_its_x_server_is_gone(self):
        server = self.start_on_a_server()
        self.press("space")
        self.wait_for("a title that says frozen", lambda: " - frozen" in self.title())
        server.kill()
        self.assertEqual(self.end_of_host(), 4, self.host.log())

    def test_a_signal_ends_it(self):
        self.open_window()
        self.wait_for_pattern(WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT))
        self.host.process.send_signal(signal.SIGINT)
        self.wait_for("the end", lambda: not self.host.is_running())
        self.assertGreaterEqual(self.host.process.returncode, 0, "killed by the signal")

    def test_says_so_where_there_is_no_display(self):
        without = dict(self.environment)
        for variable in ("DISPLAY", "SDL_VIDEODRIVER"):
            without.pop(variable)
        self.start_host(without)
        self.wait_for("the end", lambda: not self.host.is_running())
        self.assertGreater(self.host.process.returncode, 0)
        self.assertIn("display", self.host.log())


if __name__ == "__main__":
    unittest.main()
