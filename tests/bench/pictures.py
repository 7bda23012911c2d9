"""Photographs as short .y4m loops, made once and kept under the build directory.

They are those of Debian's mate-backgrounds, cropped and scaled to the size. None has as many pixels
as 4K, so that size is smoother than a camera's own picture would be, and easier to compress.
"""
import os
import subprocess
import sys

from common import BUILD

FOLDER = os.path.join(BUILD, "pictures")
SOURCE = "/usr/share/backgrounds/mate/nature"

# Smooth and detailed ones in turn.
NAMES = ["Garden", "Aqua", "Wood", "LadyBird", "Storm", "TwoWings", "RainDrops", "YellowFlower"]

SIZES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}


def _planes(name, width, height):
    """Planar 4:2:0 at full range, which is what JPEG stores."""
    scale = (f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos"
             f":out_range=full,crop={width}:{height}")
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", os.path.join(SOURCE, name + ".jpg"), "-vf",
         scale, "-frames:v", "1", "-pix_fmt", "yuvj420p", "-f", "rawvideo", "-"],
        capture_output=True, check=True).stdout


def photographs(size):
    """The path of a loop of all photographs, a frame each. size: a name of SIZES or (w, h)."""
    width, height = SIZES.get(size, size)
    path = os.path.join(FOLDER, f"photographs-{width}x{height}.y4m")
    if os.path.exists(path):
        return path
    os.makedirs(FOLDER, exist_ok=True)
    with open(path + ".new", "wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg XCOLORRANGE=FULL\n"
                   .encode())
        for name in NAMES:
            planes = _planes(name, width, height)
            if len(planes) != width * height * 3 // 2:
                sys.exit(f"ffmpeg made {len(planes)} bytes of {name} at {width}x{height}")
            file.write(b"FRAME\n" + planes)
    os.rename(path + ".new", path)
    return path


if __name__ == "__main__":
    for each in SIZES:
        print(photographs(each))
