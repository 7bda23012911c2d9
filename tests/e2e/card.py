"""What the test pattern's picture is, from what the metadata of its frame say: the definitions in
device/image/tone.h and device/camera/sensor/, written down once more.

    card = card.Card(metadata, width, height)
    card.colour(card.BARS["red"])      the (red, green, blue) that a flat part of the card has now
    card.place(x, y)                   where in the picture a part of the card lies now
"""

SENSOR = (4056, 3040)
GAMMA = 2.2
# The scene: with this exposure (µs, times gains), these gains of red and blue, and this position of
# the lens, the card is what it is.
EXPOSURE, GAIN_RED, GAIN_BLUE, LENS = 9990, 2.0, 1.5, 1.0
BLUR_PER_DIOPTRE = 0.003  # radius, of the picture's width
# JFIF's Y, Cb, Cr of the bars, from left to right; each is an eighth of the width, and they take
# the upper two thirds or so.
BARS = {"white": (255, 128, 128), "yellow": (226, 0, 149), "cyan": (179, 171, 0),
        "green": (150, 44, 21), "magenta": (105, 212, 235), "red": (76, 85, 255),
        "blue": (29, 255, 107), "black": (0, 128, 128)}
BAR_HEIGHT = 0.08  # where a bar is looked at: above the stopwatch, whatever the picture's shape


def cut(number):
    return min(255.0, max(0.0, number))


def to_rgb(luma, blue, red):
    """As a decoder does it (ITU-T T.871, 7)."""
    blue, red = blue - 128, red - 128
    return tuple(cut(part) for part in (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red,
                                        luma + 1.772 * blue))


def default_crop(width, height, area=(0, 0, *SENSOR)):
    """The largest part of the sensor with the picture's shape, in the middle: what shows all of the
    card."""
    crop = [area[2], area[3]]
    if width * area[3] > height * area[2]:
        crop[1] = area[2] * height // width & ~1
    else:
        crop[0] = area[3] * width // height & ~1
    left, top = (area[i] + ((area[2 + i] - crop[i]) // 2 & ~1) for i in range(2))
    return (left, top, *crop)


class Card:
    def __init__(self, metadata, width, height):
        """metadata: by name; a rectangle is (x, y, width, height)."""
        self.metadata, self.width, self.height = metadata, width, height

    def light(self):
        return (self.metadata["ExposureTime"] * self.metadata["AnalogueGain"] *
                self.metadata["DigitalGain"] / EXPOSURE)

    def samples(self, luma, blue, red):
        """What Y, Cb and Cr of a flat part have become."""
        gains = self.metadata["ColourGains"]
        factor = self.light() ** (1 / GAMMA)
        blue, red = blue - 128, red - 128
        parts = [(luma + 1.402 * red) * factor * (gains[0] / GAIN_RED) ** (1 / GAMMA),
                 (luma - 0.344136 * blue - 0.714136 * red) * factor,
                 (luma + 1.772 * blue) * factor * (gains[1] / GAIN_BLUE) ** (1 / GAMMA)]
        luma = 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]
        blue, red = (parts[2] - luma) / 1.772, (parts[0] - luma) / 1.402
        luma = (luma - 128) * self.metadata["Contrast"] + 128 + 128 * self.metadata["Brightness"]
        saturation = self.metadata["Saturation"]
        return cut(luma), cut(blue * saturation + 128), cut(red * saturation + 128)

    def colour(self, samples):
        """A flat part's (red, green, blue); samples: its Y, Cb and Cr on the card."""
        return to_rgb(*self.samples(*samples))

    def place(self, x, y):
        """x, y: on the card, as shares of the width, and of the height above the frame's number.
        Where that is in the picture, likewise: outside 0..1 it is not shown."""
        whole = default_crop(self.width, self.height)
        crop = self.metadata["ScalerCrop"]
        return tuple((share * whole[2 + i] + whole[i] - crop[i]) / crop[2 + i]
                     for i, share in enumerate((x, y)))

    def blur(self):
        """The radius in pixels."""
        return round(abs(self.metadata["LensPosition"] - LENS) * BLUR_PER_DIOPTRE * self.width)
