#!/usr/bin/env python3
"""Other people's programs read our stream, and we replay theirs."""
import os
import signal
import subprocess

import harness


class Pipes(harness.Case):
    def pipe(self, *reader):
        """Frames of the test pattern through --stdout into a program; its result."""
        host = self.host(self.daemon(size="640x480", fps="60"), "--stdout", "--frames", "60",
                         stdout=subprocess.PIPE)
        result = subprocess.run(reader, stdin=host.process.stdout, timeout=harness.BOUND,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
        self.assertDone(host)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def test_ffmpeg_decodes_without_a_warning(self):
        output = self.pipe("ffmpeg", "-hide_banner", "-v", "warning", "-f", "mjpeg", "-i", "-",
                           "-f", "framemd5", "-")
        frames = [line for line in output.splitlines() if not line.startswith("#")]
        self.assertEqual(len(frames), 60, output)

    def test_gstreamer(self):
        output = self.pipe("gst-launch-1.0", "-v", "fdsrc", "!", "jpegparse", "!", "jpegdec", "!",
                           "identity", "silent=false", "!", "fakesink")
        self.assertEqual(output.count("chain   *****"), 60)

    def read_frame(self, host):
        """The next whole JPEG of the pipe."""
        picture = b""
        while not picture.endswith(b"\xff\xd9"):
            piece = os.read(host.process.stdout.fileno(), 1)
            self.assertTrue(piece, host.log())
            picture += piece
        return picture

    def check_slow_reader(self, *options):
        """A reader that takes a frame a second of 100: each was new when the one before was read.
        Those of the other receiver tell the time, so that a slow machine is slow for both."""
        period, count = 100, 5
        daemon = self.daemon(size="160x120", fps="100", listen="127.0.0.1:0")
        clock = self.path("clock" + "".join(options).replace("/", ""))
        self.host(daemon, "--save", clock)
        host = self.host(daemon, "--stdout", *options, stdout=subprocess.PIPE)

        def now():
            return int(self.index(clock)[-1]["id"])
        self.wait_until(lambda: os.path.exists(os.path.join(clock, "frames.csv")) and
                        self.index(clock), "a frame")
        names, newest = [], []
        for i in range(count):
            names.append(f"{i}.jpg")
            with open(self.path(names[-1]), "wb") as file:
                file.write(self.read_frame(host))
            newest.append(now())
            self.wait_until(lambda: now() >= newest[-1] + period, "the reader's next turn")
        host.send(signal.SIGTERM)
        ids = self.painted(self.folder, names)
        for i in range(1, count):
            self.assertGreater(ids[i], newest[i - 1] - period, (ids, newest))
        return host

    def test_a_slow_reader_gets_what_is_newest(self):
        """Without a word, --stdout is live."""
        for options in (), ("--live",):
            with self.subTest(options):
                self.check_slow_reader(*options)

    def test_a_slow_reader_beside_a_lossless_recording(self):
        host = self.check_slow_reader("--save", self.path("out"))
        host.wait_for("passed over [0-9]+ for newer ones")
        host.wait()
        self.assertConsecutive(self.check_saved(self.path("out")), host)

    def colours(self, path):
        """The colour in the middle of each eighth of a JPEG's width, as (red, green, blue)."""
        picture = subprocess.run(["djpeg", "-rgb", "-ppm", path], check=True,
                                 stdout=subprocess.PIPE).stdout
        _, size, _, pixels = picture.split(b"\n", 3)
        width, height = (int(side) for side in size.split())
        middles = (3 * (height // 2 * width + (2 * i + 1) * width // 16) for i in range(8))
        return [tuple(pixels[at:at + 3]) for at in middles]

    def test_y4m_from_ffmpeg_keeps_its_colours(self):
        """Limited and full range, each subsampling: eight bars of known colours."""
        wanted = [(255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0),
                  (128, 128, 128), (255, 255, 0), (64, 128, 192)]
        bars = ",".join(f"drawbox=x={i * 40}:w=40:h=240:t=fill:c=0x{r:02x}{g:02x}{b:02x}"
                        for i, (r, g, b) in enumerate(wanted))
        for form in ("yuv420p", "yuvj420p", "yuv422p", "yuv444p"):
            path = self.path(form + ".y4m")
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                            f"color=s=320x240:r=25:d=0.4,format=rgb24,{bars},format={form}",
                            "-strict", "-1", path], check=True)
            daemon = self.daemon("--quality", "95", source=path, size=None, fps=None,
                                 listen="127.0.0.1:0")
            self.run_host(daemon, "--save", self.path(form), "--frames", "25")
            rows = self.index(self.path(form))
            for seen, colour in zip(self.colours(self.path(form, rows[0]["file"])), wanted):
                for a, b in zip(seen, colour):
                    self.assertAlmostEqual(a, b, delta=10, msg=f"{form}: {seen} for {colour}")
            rate = 24e9 / (int(rows[24]["sensor_ns"]) - int(rows[0]["sensor_ns"]))
            self.assertAlmostEqual(rate, 25, delta=5)


if __name__ == "__main__":
    harness.main()
