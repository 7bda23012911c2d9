"""A camera for programs that read .y4m: writes a loop's frames to a FIFO, each with its number.

    feed_y4m.py LOOP.y4m FIFO FPS        FPS 0: as fast as they are taken

The number is painted in the way of device/image/frame_code.h, into the lower left corner, and small, so
that the picture is as hard to compress as it was. A tick that finds the last frame still being
written is left out. When nobody reads any more, it prints a line for each frame: its number, and
when writing it began and ended, in ns of CLOCK_MONOTONIC.
"""
import fcntl
import os
import sys
import time

COLUMNS, ROWS = 8, 4
WIDTH, HEIGHT = 32, 16  # pixels of a block
BLOCKS = bytes(WIDTH), b"\xff" * WIDTH


def load(path):
    """(header line, luma width, luma height, frames as bytearrays with their FRAME lines)"""
    with open(path, "rb") as file:
        header = file.readline()
        words = header.split()[1:]
        width, height = (next(int(word[1:]) for word in words if word.startswith(key))
                         for key in (b"W", b"H"))
        frames = []
        while line := file.readline():
            frames.append(bytearray(line + file.read(width * height * 3 // 2)))
    return header, width, height, frames


def paint(frame, width, height, number):
    offset = len(b"FRAME\n")
    for row in range(ROWS):
        bits = [number >> (COLUMNS * ROWS - 1 - row * COLUMNS - i) & 1 for i in range(COLUMNS)]
        line = b"".join(BLOCKS[bit] for bit in bits)
        top = height - (ROWS - row) * HEIGHT
        for y in range(top, top + HEIGHT):
            at = offset + y * width
            frame[at:at + len(line)] = line


def feed(path, fifo, fps, log):
    header, width, height, frames = load(path)
    with open(fifo, "wb", buffering=0) as pipe:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)  # fewer turns of writing and reading
        pipe.write(header)
        begin, number = time.monotonic_ns(), -1
        while True:
            number += 1
            if fps:
                now = time.monotonic_ns()
                number = max(number, (now - begin) * fps // 10**9)
                time.sleep(max(0, begin + number * 10**9 // fps - now) / 1e9)
            frame = frames[number % len(frames)]
            paint(frame, width, height, number)
            row = [number, time.monotonic_ns(), 0]
            log.append(row)
            rest = memoryview(frame)
            while rest:
                rest = rest[pipe.write(rest):]
            row[2] = time.monotonic_ns()


def main():
    log = []
    try:
        feed(sys.argv[1], sys.argv[2], int(sys.argv[3]), log)
    except BrokenPipeError:
        pass
    for number, begin, end in log:
        if end:
            print(number, begin, end)


if __name__ == "__main__":
    main()
