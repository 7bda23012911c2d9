#!/usr/bin/env python3
"""The test pattern's picture against its own metadata: for all that can be set, the pixels of the
first frame that shows it, decoded from its JPEG, are what the metadata of that frame say."""
import os

import card
import harness
import pattern_picture
from controller import Controller

WIDTH, HEIGHT = 640, 480
SCENE = HEIGHT - 8  # rows above the frame's number
TOLERANCE = 6       # of JPEG, and of rounding colours twice


class Looks(harness.Case):
    def setUp(self):
        super().setUp()
        self.controller = self.watch(self.daemon("--quality", "95", size=f"{WIDTH}x{HEIGHT}"))

    def watch(self, daemon, **options):
        controller = Controller(daemon.address, lossless=True, keep_jpegs=True, **options)
        self.addCleanup(controller.peer.sock.close)
        controller.wait_ready()
        return controller

    def frame(self, id_):
        """(card, picture) of a frame that is there, or comes; of the next one if a slow machine lost
        it."""
        self.controller.wait_for(lambda: max(self.controller.frames, default=-1) >= id_, "a frame")
        id_ = min(other for other in self.controller.frames if other >= id_)
        path = self.path("frame.jpg")
        with open(path, "wb") as file:
            file.write(self.controller.jpegs[id_])
        self.assertEqual(self.painted(self.folder, ["frame.jpg"]), [id_])
        return (card.Card(self.controller.frames[id_], WIDTH, HEIGHT),
                pattern_picture.Picture.from_jpeg(path))

    def set(self, text):
        """The first frame that shows it."""
        answer = self.controller.set(text)
        self.assertEqual({change["result"] for change in answer["controls"].values()}, {0}, answer)
        return self.frame(answer["first"])

    def check_bars(self, look, picture):
        """Each bar that is in the picture. How many are."""
        seen = 0
        for i, (name, samples) in enumerate(card.BARS.items()):
            x, y = look.place((i + 0.5) / len(card.BARS), card.BAR_HEIGHT)
            if not (0.02 < x < 0.98 and 0.02 < y < 0.98):
                continue
            pixel = picture.pixel(int(x * WIDTH), int(y * SCENE))
            wanted = look.colour(samples)
            self.assertTrue(pattern_picture.near(pixel, wanted, TOLERANCE),
                            f"{name} is {pixel}, not {wanted}: {look.metadata}")
            seen += 1
        return seen

    def test_brightness_and_colour(self):
        self.assertEqual(self.check_bars(*self.frame(0)), 8)
        for text in ("shutter=5ms,gain=1", "gain=2.5", "shutter=1ms", "shutter=33ms,gain=4",
                     "awbgains=1,3", "awbgains=3.5,0.75", "gain=1,shutter=9990us",
                     "ColourTemperature=3000", "Brightness=0.25", "Contrast=1.5", "Saturation=0.5",
                     "Brightness=-0.5,Contrast=0.75,Saturation=1.5", "awb=daylight"):
            with self.subTest(text):
                self.assertEqual(self.check_bars(*self.set(text)), 8)

    def test_automatic(self):
        """Each frame on the way there."""
        for text in ("ev=1", "AeMeteringMode=spot", "ev=-2", "shutter=2ms", "awb=incandescent"):
            first = self.controller.set(text)["first"]
            for id_ in range(first, first + 12, 3):
                self.assertEqual(self.check_bars(*self.frame(id_)), 8)

    def test_zoom(self):
        bars = [self.check_bars(*self.set(f"ScalerCrop={crop}")) for crop in
                ("0,0,4056,3040", "0,0,2028,1520", "2028,0,2028,1520", "1000,100,500,400")]
        self.assertEqual(bars, [8, 4, 4, 1])
        look, picture = self.set("roi=0.25,0.25,0.5,0.5")
        self.assertEqual(look.metadata["ScalerCrop"], (1014, 760, 2028, 1520))
        # The dark dial of the stopwatch fills the middle, and its white ring is where it should be.
        self.assertLess(max(picture.pixel(WIDTH * 7 // 16, SCENE // 4)), 60)

    def test_focus(self):
        """An edge between two bars is as wide as the lens is off, and sharp once it is focused."""
        def width_of_edge(look, picture):
            x, y = (int(share * size) for share, size in
                    zip(look.place(1 / 8, card.BAR_HEIGHT), (WIDTH, SCENE)))
            blues = [picture.pixel(column, y)[2] for column in range(x - 40, x + 40)]
            return sum(1 for blue in blues if 20 < blue < 235)  # from white to yellow
        for position in (1, 3, 5, 9):
            look, picture = self.set(f"LensPosition={position}")
            self.assertLessEqual(abs(width_of_edge(look, picture) - 2 * look.blur()),
                                 3 + look.blur() // 2, position)
            if position > 1:
                self.assertGreater(look.blur(), 2)
        first = self.controller.set("AfMode=auto,AfTrigger=start")["first"]
        self.controller.wait_for(lambda: any(values["AfState"] == 2 and id_ > first for id_, values in
                                             self.controller.frames.items()), "focus")
        look, picture = self.frame(max(self.controller.frames))
        self.assertLessEqual(width_of_edge(look, picture), 3)
        self.assertEqual(self.check_bars(look, picture), 8)


class Frames(harness.Case):
    def test_long_exposures(self):
        """They lengthen the frame, unless its limits are set, too."""
        daemon = self.daemon("--control", "ExposureTime=200000")
        controller = Controller(daemon.address, lossless=True)
        self.addCleanup(controller.peer.sock.close)
        last = controller.wait_frames(3)
        self.assertAlmostEqual(controller.frames[last]["ExposureTime"], 200000, delta=50)
        self.assertAlmostEqual(controller.frames[last]["FrameDuration"], 200000, delta=200)
        answer = controller.set("FrameDurationLimits=33333,300000,ExposureTime=5000000")
        self.assertAlmostEqual(answer["controls"]["ExposureTime"]["now"], 300000, delta=200)
        self.assertEqual(answer["controls"]["ExposureTime"]["result"], 1)  # clamped by the camera


if __name__ == "__main__":
    os.umask(0o077)
    harness.main()
