#!/usr/bin/env python3
"""shared/doc/recipes.md's recipes, typed in as they stand there, but for the Pi's name and how long they take."""
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import unittest
import urllib.request

import harness

RECIPES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "doc",
                       "recipes.md")


def blocks(title):
    """The blocks of code under the bold word that begins a recipe, up to the next recipe."""
    with open(RECIPES, encoding="utf-8") as file:
        recipes = file.read()
    recipe = recipes.split(f"**{title}**")[1].split("\n\n**")[0]
    return re.findall(r"```\w+\n(.*?)```", recipe, re.S)


class Recipes(harness.Case):
    def setUp(self):
        super().setUp()
        daemon = self.daemon("--always-on")
        self.address = daemon.address

    def command(self, block, *changes):
        for old, new in changes:
            self.assertIn(old, block)
            block = block.replace(old, new)
        block = block.replace("pi.local", self.address)
        programs = os.path.dirname(os.path.realpath(harness.PITETHER))
        return ["bash", "-ec", f'cd "{self.folder}"; PATH="{programs}:$PATH"; {block}']

    def types(self, block, *changes):
        program = self.start(*self.command(block, *changes))
        self.assertIn(program.wait(), (0, 5), program.log())  # 5: too slow a machine for all frames

    def packets(self, film):
        """When each picture of the film is shown, in order."""
        output = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0",
             self.path(film)], check=True, stdout=subprocess.PIPE, text=True,
            timeout=harness.BOUND).stdout
        return sorted(float(line.strip(",")) for line in output.split())

    def record(self, block, *changes):
        """One second of it; returns the commands that follow."""
        first, film = block.strip().split("\n", 1)
        self.types(first, ("--duration 60", "--duration 1"), *changes)
        return film

    def test_film(self):
        self.types(self.record(blocks("Record a film.")[0]))
        self.assertEqual(len(self.packets("film.mp4")), len(self.index(self.path("frames"))))

    def test_film_with_true_times(self):
        even, true = blocks("Record a film.")
        self.record(even, ("--save frames", "--save frames --max-fps 7"))
        rows = self.index(self.path("frames"))
        times = [(int(row["sensor_ns"]) - int(rows[0]["sensor_ns"])) / 1e9 for row in rows]
        for block in true, true.replace("-fps_mode passthrough film.mp4", "-c copy film.mkv"):
            self.types(block)
            shown = self.packets(block.split()[-1])
            self.assertEqual(len(shown), len(times))
            for pair in zip(shown, times):
                self.assertAlmostEqual(*pair, delta=0.0011)

    def test_time_lapse(self):
        self.types(blocks("Time-lapse.")[0], ("--max-fps 0.1", "--max-fps 5 --frames 4"))
        self.assertEqual(len(self.packets("lapse.mp4")), 4)

    def test_browser(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        program = self.start(*self.command(blocks("Browser or VLC")[0], ("8090", str(port))))
        answer = []

        def asks():
            try:
                answer.append(urllib.request.urlopen(f"http://127.0.0.1:{port}/",
                                                     timeout=harness.BOUND))
            except OSError:
                self.assertIsNone(program.process.poll(), program.log())
            return answer
        self.wait_until(asks, "an answer")
        with answer[0] as stream:
            self.assertEqual(stream.headers["Content-Type"],
                             "multipart/x-mixed-replace;boundary=ffmpeg")
            said = stream.read(40_000)
        self.assertIn(b"Content-type: image/jpeg\r\n", said)
        self.assertGreaterEqual(said.count(b"\xff\xd8\xff"), 2)
        program.wait()

    @unittest.skipIf(not importlib.util.find_spec("cv2"), "python3-opencv is not installed")
    def test_opencv(self):
        code = blocks("OpenCV")[0]
        for old, new in (("pi.local", self.address), ("import cv2", "import cv2, sys"),
                         ('"pitether"', repr(os.path.realpath(harness.PITETHER))),
                         ("print(picture.shape, picture.mean())",
                          "print(*picture.shape, file=sys.stderr)")):
            self.assertIn(old, code)
            code = code.replace(old, new)
        program = self.start(sys.executable, "-c", code)
        program.wait_for(r"^240 320 3$", 3)
        program.send(signal.SIGINT)
        program.wait()


if __name__ == "__main__":
    harness.main()
