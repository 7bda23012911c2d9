#!/usr/bin/env python3
"""Pictures turned by a quarter while they are encoded: byte for byte the JPEG of a picture that ffmpeg
had turned before."""
import subprocess
import tempfile
import unittest

import harness

# What --rotation with flips before it is in ffmpeg's filters.
TURNS = {
    ("--rotation", "90"): "transpose=clock",
    ("--rotation", "270"): "transpose=cclock",
    ("--rotation", "180"): "hflip,vflip",
    ("--hflip", "--rotation", "90"): "hflip,transpose=clock",
    ("--vflip", "--rotation", "90"): "vflip,transpose=clock",
    ("--hflip", "--vflip", "--rotation", "270"): "hflip,vflip,transpose=cclock",
}


class Rotation(harness.Case):
    def film(self, name, pixels, size, filters="null"):
        """Two pictures with every kind of content, through ffmpeg's filters."""
        path = self.path(name)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30",
                        "-frames:v", "2", "-vf", f"format={pixels},{filters}", "-strict", "-1",
                        "-y", path], check=True, timeout=harness.BOUND)
        return path

    def jpegs(self, film, *options):
        """The two pictures as pitether saves them, and their sizes as STREAM says them."""
        daemon = self.daemon("--unpaced", *options, source=film, size=None, fps=None)
        folder = tempfile.mkdtemp(prefix="frames", dir=self.folder)
        host = self.host(daemon.address, "--save", folder, "--frames", "2", "--settle", "0")
        self.assertEqual(host.wait(), 0, host.log())
        files = [open(f"{folder}/frame-{i:08d}.jpg", "rb").read() for i in (1, 2)]
        size = host.wait_for(r"camera .*, (\d+x\d+), ").group(1)
        daemon.kill()
        return files, size

    def check(self, pixels, size):
        film = self.film(f"{pixels}-{size}.y4m", pixels, size)
        for number, (options, filters) in enumerate(TURNS.items()):
            with self.subTest(pixels=pixels, size=size, options=options):
                turned = self.film(f"{pixels}-{size}-{number}.y4m", pixels, size, filters)
                wanted, wanted_size = self.jpegs(turned)
                got, got_size = self.jpegs(film, *options)
                self.assertEqual(got_size, wanted_size)
                self.assertIn(got[0], wanted)
                self.assertIn(got[1], wanted)

    def test_planar(self):
        self.check("yuv420p", "320x240")

    def test_sizes_that_are_no_whole_blocks(self):
        self.check("yuv420p", "330x246")
        self.check("yuv444p", "131x77")

    def test_grey(self):
        self.check("gray", "131x77")


if __name__ == "__main__":
    unittest.main(verbosity=2)
