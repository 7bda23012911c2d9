#!/usr/bin/env python3
"""The window's panel of controls, its zoom, its focus and its instruments, at the pattern source, which
is a camera with controls; and what it does with one that has none, or that may only be viewed."""
import json
import re

import harness
from pattern_picture import HEIGHT, WIDTH, Picture, near, whole
from window_case import WindowCase

MIDDLE = (WIDTH // 2, HEIGHT // 2)
WHEEL_UP = "4"


class WindowControls(WindowCase):
    def open(self, *options):
        self.camera = self.start_camera(*options)
        self.open_window(self.camera.address)
        self.wait_for_picture()

    def start_camera(self, *options):
        return self.daemon(*options, size=f"{WIDTH}x{HEIGHT}")

    def controls(self):
        """All that can be set, as another receiver hears it from the daemon."""
        command = [harness.PITETHER, self.camera.address, "--controls", "--json"]
        run = self.tool(*command)
        self.assertEqual(run.returncode, 0, run.stderr)
        return {one["name"]: one for one in json.loads(run.stdout)["controls"]}

    def wait_until_set(self, name, is_right):
        seen = []

        def look():
            seen[:] = [self.controls()[name]["set"]]
            return is_right(seen[0])
        try:
            self.wait_for(f"{name} to be set", look)
        except AssertionError as error:
            raise AssertionError(f"{error}\nseen last: {seen}") from None

    def keys(self, *keys):
        for key in keys:
            self.press(key)

    def turn_wheel(self, x, y, clicks):
        run = self.tool("xdotool", "mousemove", "--window", self.window, str(x), str(y), "click",
                        "--repeat", str(clicks), "--delay", "30", WHEEL_UP)
        self.assertEqual(run.returncode, 0, run.stderr)

    def drag(self, *places):
        """With the button held down at the first of them."""
        for i, (x, y) in enumerate(places):
            self.tool("xdotool", "mousemove", "--window", self.window, str(x), str(y),
                      *(["mousedown", "1"] if i == 0 else []))
        self.tool("xdotool", "mouseup", "1")

    def wait_for_pixel(self, x, y, is_right, what):
        def look():
            picture = self.screenshot()
            return picture and is_right(picture.pixel(x, y))
        self.wait_for(what, look)

    def wait_for_panel(self):
        """It darkens the ramp's bright end, and says so much that much of it is bright."""
        self.wait_for_pixel(WIDTH - 3, HEIGHT * 82 // 100, lambda pixel: max(pixel) < 120, "the panel")

    def test_the_panel_sets_controls(self):
        self.open()
        self.press("Tab")
        self.wait_for_panel()
        self.keys("Down", "Right", "Right", "Right")  # the gain, by three thirds of a stop
        self.wait_until_set("AnalogueGain", lambda value: value and abs(value - 2) < 0.05)
        self.press("a")
        self.wait_until_set("AnalogueGain", lambda value: value is None)
        self.keys("Up", "Return", "1", "slash", "1", "0", "BackSpace", "0", "0", "Return")
        self.wait_until_set("ExposureTime", lambda value: value == 10000)
        self.keys("Return", "5", "Escape", "a")  # 5 is not taken
        self.wait_until_set("ExposureTime", lambda value: value is None)
        self.press("Escape")
        self.wait_for_picture()
        self.quit_with("q")

    def test_the_default_and_the_exposure(self):
        self.open()
        self.keys("E", "E", "e")
        self.wait_until_set("ExposureValue", lambda value: value and abs(value - 1 / 3) < 0.01)
        self.press("Tab")
        self.wait_for_panel()
        self.keys("Down", "Down", "BackSpace")
        self.wait_until_set("ExposureValue", lambda value: value == 0)
        self.quit_with("q")

    def test_a_click_focuses_where_the_picture_shows_it(self):
        self.open()
        self.click(WIDTH // 4, HEIGHT // 2)
        self.wait_until_set("AfMetering", lambda value: value == 1)
        crop = self.controls()["ScalerCrop"]["now"]
        left, top, width, height = map(int, re.findall(r"-?\d+", str(crop)))
        window = self.controls()["AfWindows"]["set"]
        x, y, w, h = map(int, re.findall(r"-?\d+", str(window)))
        self.assertAlmostEqual(x + w / 2, left + width / 4, delta=width / 50)
        self.assertAlmostEqual(y + h / 2, top + height / 2, delta=height / 50)
        self.quit_with("q")

    def open_turned(self, *options):
        """The window of a picture that is turned by a quarter: HEIGHT wide and WIDTH high."""
        self.camera = self.start_camera("--rotation", "90", *options)
        self.open_window(self.camera.address)

        def look():
            picture = self.screenshot()
            return picture and (picture.width, picture.height) == (HEIGHT, WIDTH)
        self.wait_for("a turned picture", look)

    def test_a_turned_picture_is_focused_where_it_shows_it(self):
        self.open_turned("--hflip")
        self.click(HEIGHT // 4, WIDTH // 8)
        self.wait_until_set("AfMetering", lambda value: value == 1)
        values = self.controls()
        left, top, width, height = map(int, re.findall(r"-?\d+", str(values["ScalerCrop"]["now"])))
        x, y, w, h = map(int, re.findall(r"-?\d+", str(values["AfWindows"]["set"])))
        self.assertAlmostEqual(x + w / 2, left + width * 7 / 8, delta=width / 50)
        self.assertAlmostEqual(y + h / 2, top + height * 3 / 4, delta=height / 50)
        self.quit_with("q")

    def test_a_turned_picture_is_zoomed_and_moved_as_it_is_shown(self):
        self.open_turned()
        yellow, white = (255, 255, 0), (255, 255, 255)
        self.turn_wheel(HEIGHT * 8 // 10, WIDTH * 3 // 16, 12)
        self.wait_for_pixel(HEIGHT // 2, WIDTH * 3 // 10, lambda pixel: near(pixel, yellow),
                            "the yellow bar alone")
        self.drag((100, 20), (100, WIDTH // 2), (100, WIDTH - 20))  # downwards
        self.wait_for_pixel(HEIGHT // 2, WIDTH // 10, lambda pixel: near(pixel, white),
                            "the white bar, which is above it")
        self.quit_with("q")

    def test_the_wheel_zooms_the_camera_and_0_resets_it(self):
        self.open()
        whole_crop = str(self.controls()["ScalerCrop"]["now"])
        self.turn_wheel(8, HEIGHT // 4, 12)  # in the white bar
        self.wait_for_pixel(MIDDLE[0], 20, lambda pixel: near(pixel, (255, 255, 255)),
                            "the white bar alone")
        self.assertNotIn("magnified", self.title())
        self.drag((WIDTH - 20, 100), (WIDTH // 2, 100), (20, 100))
        self.wait_for_pixel(MIDDLE[0], 20, lambda pixel: not near(pixel, (255, 255, 255)),
                            "what is beside it")
        self.press("0")
        self.wait_for_picture()
        self.wait_for("the whole view", lambda: str(self.controls()["ScalerCrop"]["now"]) ==
                      whole_crop)
        self.quit_with("q")

    def test_a_view_key_may_only_look(self):
        self.open("--view-only")
        self.press("Tab")
        self.wait_for_panel()
        before = self.screenshot()
        self.press("Right")

        def red_pixels(picture):
            return sum(near(picture.pixel(x, y), (255, 100, 90), 40) for y in range(HEIGHT // 2, HEIGHT)
                       for x in range(WIDTH // 2, WIDTH))
        self.wait_for("a refusal in red",
                      lambda: red_pixels(self.screenshot()) > red_pixels(before) + 20)
        self.assertIsNone(self.controls()["ExposureTime"]["set"])
        self.press("Tab")
        self.turn_wheel(8, HEIGHT // 4, 5)
        self.wait_for("a magnified view", lambda: " - magnified 2.5x" in self.title())
        self.wait_for_pixel(WIDTH // 4, 20, lambda pixel: near(pixel, (255, 255, 255)),
                            "a wider white bar")
        self.press("0")
        self.wait_for_picture()
        self.wait_for("a title without it", lambda: "magnified" not in self.title())
        self.quit_with("q")

    def test_instruments_and_the_list_of_keys(self):
        self.open()
        self.press("g")
        for x in (WIDTH // 3, 2 * WIDTH // 3):
            self.wait_for_pixel(x, HEIGHT * 92 // 100, lambda pixel: min(pixel) > 60, "a grid")
        self.press("g")
        self.wait_for_picture()
        self.press("h")
        self.wait_for("what is clipped, in red", self.has_red_histogram)
        self.press("h")
        self.wait_for_picture()
        for key, left, top in ("i", 10, 10), ("F1", 130, 118):
            self.press(key)
            self.wait_for(f"a plate by {key}", lambda: self.is_covered(left, top))
            self.press(key)
            self.wait_for_picture()
        self.press("F1")
        self.press("Escape")
        self.press("p")
        self.wait_for("marks of what is sharp", self.has_marks)
        self.press("p")
        self.wait_for_picture()
        self.freeze()
        self.press("p")
        self.wait_for("marks in the frozen picture", self.has_marks)
        self.press("p")
        self.wait_for_picture()
        self.quit_with("q")

    def test_a_small_window_shows_the_keys_on_pages(self):
        self.open()
        self.resize(320, 240)
        self.wait_for("a small window", lambda: (self.screenshot() or self).width == 320)
        for page, mark in (1, "page 2 of 2"), (2, "close"):
            self.press("F1")
            self.wait_for(f"page {page}, which leads to {mark}", lambda: self.is_covered(20, 200))
        self.press("F1")
        self.wait_for_pattern(320, 240, (0, 0, 320, 240))
        self.quit_with("q")

    def test_the_smallest_picture_has_a_window_that_can_be_used(self):
        self.camera = self.daemon(size="16x16")
        self.open_window(self.camera.address)

        def look():
            picture = self.screenshot()
            return picture and (picture.width, picture.height) == (256, 256)
        self.wait_for("a window of 256x256", look)
        for key in ("Tab", "h", "i", "p", "g", "F1", "Tab"):
            self.press(key)
        self.wait_for("the keys", lambda: self.is_covered(20, 100))
        self.quit_with("q")

    def test_the_wheel_on_the_panel_selects(self):
        self.open()
        whole_crop = str(self.controls()["ScalerCrop"]["now"])
        self.press("Tab")
        self.wait_for_panel()
        self.turn_wheel(WIDTH - 40, 40, 1)
        self.click(WIDTH - 40, 60)  # the second row or the third one, of 18 pixels
        self.press("Right")
        self.wait_for("a control that is set", lambda: self.controls()["AnalogueGain"]["set"] or
                      self.controls()["ExposureValue"]["set"])
        self.assertEqual(str(self.controls()["ScalerCrop"]["now"]), whole_crop)
        self.quit_with("q")

    def test_the_window_says_what_was_saved(self):
        self.open()
        self.assertFalse(self.has_notice())
        self.press("s")
        self.snapshots(1)
        self.wait_for("a notice", self.has_notice)
        self.press("g")  # it stays all the same
        self.wait_for_pixel(WIDTH // 3, HEIGHT * 92 // 100, lambda pixel: min(pixel) > 60, "a grid")
        self.assertTrue(self.has_notice())
        self.press("g")
        self.wait_for("its end", lambda: not self.has_notice())
        self.quit_with("q")

    def test_a_still_is_saved_beside_the_stream(self):
        self.open()
        self.press("S")
        path = self.path(self.snapshots(1)[0])
        still = Picture.from_jpeg(path)
        self.assertGreater(still.width, WIDTH)
        self.assertEqual(whole(still).wrong_colours(), [])
        self.wait_for_picture()
        self.quit_with("q")

    def is_covered(self, left, top):
        """A dark plate with texts is where the pattern has bright bars."""
        picture = self.screenshot()
        places = [(x, y) for x in range(left, left + 100, 3) for y in range(top, top + 30)]
        return picture and sum(max(picture.pixel(*place)) < 130 for place in places) > len(places) / 2

    def has_notice(self):
        """In the middle below, where the pattern has the white digits of the time."""
        picture = self.screenshot()
        return picture and not any(min(picture.pixel(x, y)) > 245
                                   for x in range(WIDTH // 2 - 40, WIDTH // 2 + 40)
                                   for y in range(HEIGHT - 26, HEIGHT - 19))

    def has_red_histogram(self):
        """In the lower left corner, where the pattern is grey and black."""
        picture = self.screenshot()
        return picture and any(near(picture.pixel(x, y), (255, 100, 90), 20)
                               for x in range(6, 200) for y in range(HEIGHT - 80, HEIGHT - 10))

    def has_marks(self):
        """Magenta ones, where the pattern has none: at the ticks of the watch, left of its middle."""
        picture = self.screenshot()
        return picture and any(red > 150 and blue > 150 and green < red - 90
                               for x in range(WIDTH // 4, WIDTH // 2)
                               for y in range(HEIGHT // 4, HEIGHT // 2)
                               for red, green, blue in [picture.pixel(x, y)])

    def test_without_a_font_the_texts_are_built_in(self):
        self.camera = self.start_camera()
        self.environment = {**self.environment, "PITETHER_FONT": "/nonexistent.ttf"}
        self.open_window(self.camera.address)
        self.wait_for_picture()
        self.press("Tab")
        self.wait_for_panel()
        self.program.wait_for(r"texts are in the built-in font, since .*PITETHER_FONT")
        self.keys("Down", "Right")
        self.wait_until_set("AnalogueGain", lambda value: value and value > 1)
        self.quit_with("q")


if __name__ == "__main__":
    harness.main()
