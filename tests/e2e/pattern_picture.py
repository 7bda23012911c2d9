"""Pictures of the test pattern: screenshots and JPEGs, and what is painted in them."""
import os
import re
import struct
import subprocess

import harness

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

    def has_line(self, text, side, left, top):
        """Whether this text is drawn at this place, with font pixels of so many pixels: what belongs
        to the characters is bright, and what lies between is not."""
        for row in range(9):
            for i, character in enumerate(text):
                for column, lit in enumerate(FONT[character][row]):
                    x = left + (i * 6 + column) * side + side // 2
                    bright = min(self.pixel(x, top + row * side + side // 2)) > 200
                    if bright != (lit == "#"):
                        return False
        return True

    def says(self, text, area=None):
        """Whether this text is drawn across the middle of the area, or of the whole picture."""
        left, top, width, height = area or (0, 0, self.width, self.height)
        if left + width > self.width or top + height > self.height:
            return False  # the window has not its size yet
        for side in range(1, 5):
            text_width = (len(text) * 6 - 1) * side
            if text_width > width:
                break
            x = left + (width - text_width) // 2
            if any(self.has_line(text, side, x, y)
                   for y in range(top + height // 4, top + height * 3 // 4)):
                return True
        return False

    def has_label(self, text, area, side=2):
        """Whether a label in the area's upper left corner begins with this text."""
        return self.has_line(text, side, area[0] + 3 * side, area[1] + 3 * side)

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
        run = subprocess.run(command, check=False, capture_output=True, timeout=harness.BOUND)
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

    def wrong_colours(self, labelled=False):
        """What is not as painted in the bars, above the stopwatch, and in the ramp, beside it. Only
        the ramp tells full from limited range: the bars' colours are clipped to the same. labelled:
        a label covers the bars' upper end, and those beside the stopwatch are looked at."""
        wrong = []
        for i, (name, colour) in enumerate(BARS):
            pixel = self.at((i + 0.5) / len(BARS), 0.3 if labelled else 0.04)
            if not near(pixel, colour) and not (labelled and 2 <= i <= 5):
                wrong.append(f"{name} is {pixel}, not {colour}")
        for x in (0.05, 0.15, 0.85, 0.95):
            pixel, grey = self.at(x, 0.82), round(x * 255)
            if not near(pixel, (grey, grey, grey), 5):
                wrong.append(f"grey is {pixel}, not {grey}")
        return wrong

    def number(self):
        """The frame's number in a picture that is WIDTH x HEIGHT pixels large at the camera: 32 cells
        of 8 x 8 pixels, dark grey and white, at the left of the lower edge."""
        number = 0
        for bit in range(32):
            cell = self.at((8 * bit + 4) / WIDTH, (HEIGHT - 4) / HEIGHT)
            number = number * 2 + (cell[0] > 151)
        return number


def whole(picture):
    return Area(picture, 0, 0, picture.width, picture.height)
