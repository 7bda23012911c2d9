#!/usr/bin/env python3
"""Writes inputs to begin with, for harnesses that random bytes would not get far in.

    tests/fuzz/seeds.py DIRECTORY      makes DIRECTORY/NAME/...; run.sh --merge takes them in from
                                       BUILD_DIR/found

Each harness's file says what its input is made of. Needs cjpeg (libjpeg-turbo-progs)."""

import pathlib
import struct
import subprocess
import sys

OPENING = bytes.fromhex("89505446500D0A01")
HELLO, ERROR, END, PING, PONG, STREAMS, SUBSCRIBE = 1, 2, 3, 4, 5, 0x10, 0x11
STREAM, STATUS, HEAD, PART, TAIL, DROPS, ACK = 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24


def tlv(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


def entry(number, state, width, height, fps, view, name, model):
    return (struct.pack(">BBHHIH", number, state, width, height, fps, view) + bytes([len(name)]) +
            name + bytes([len(model)]) + model)


def message(kind, fixed=b"", tlvs=b"", blob=b""):
    length = len(fixed) + len(tlvs) + len(blob)
    return struct.pack(">2sBBIHH", b"PT", kind, 0, length, len(fixed), len(tlvs)) + fixed + tlvs + blob


BODIES = [
    (HELLO, struct.pack(">IQQ", 4096, 0, 77), tlv(1, b"bench") + tlv(2, "pitether \u00b5".encode()), b""),
    (ERROR, struct.pack(">H", 3), b"", b"this is not the pitether protocol"),
    (END, struct.pack(">HQQQ", 0, 3, 2, 1), b"", b""),
    (PING, struct.pack(">Q", 1), b"", b""),
    (PONG, struct.pack(">QQQ", 1, 2, 3), b"", b""),
    (STREAMS, b"\2", b"", entry(0, 1, 640, 480, 30000, 7500, b"camera", b"imx219") +
     entry(9, 0, 0, 0, 0, 0, b"top/preview", "\u00b5".encode())),
    (SUBSCRIBE, struct.pack(">BIIQI", 1, 30000, 1, 10**9, 65536), tlv(1, b"front"), b""),
    (SUBSCRIBE, struct.pack(">BIIQI", 2, 0, 0, 0, 0),
     tlv(2, b"\x0f\xd8") + tlv(3, b"\x0b\xe0") + tlv(4, b"\x5f") + tlv(5, bytes(4)), b""),
    (STREAM, struct.pack(">BBHHIQ", 0, 1, 640, 480, 30000, 5), tlv(1, b"imx219") + tlv(2, b"\x1d\x4c"), b""),
    (STATUS, b"\0\2", b"", "unplugged \u20ac".encode()),
    (HEAD, struct.pack(">BQQQHH", 0, 5, 1, 2, 640, 480),
     tlv(1, bytes(8)) + tlv(2, b"\0\0\0\x27\x10"), b""),
    (PART, b"", b"", b"\xff\xd8\xff\xe0 a piece"),
    (TAIL, struct.pack(">QBIIQQQQ", 5, 0, 12, 0, 1, 2, 3, 4), b"", b""),
    (DROPS, struct.pack(">BBQI", 0, 6, 6, 2), b"", b""),
    (ACK, struct.pack(">QQ", 5, 9), b"", b""),
    (0x80, b"", b"", b"skip me"),
]


def text(words):
    return bytes([len(words)]) + words


def wire_controls():
    """Lists of controls, a SET, an answer, and names with what a frame packs behind them."""
    def whole(number, fixed, tlvs, blob):
        return struct.pack(">BBH", number, len(fixed), len(tlvs)) + fixed + tlvs + blob

    elements = struct.pack(">Hi", 1, 5)
    control = (struct.pack(">BBH", 3, 1, 0) + text(b"ExposureTime") + text("\u00b5s".encode()) +
               elements * 3 + struct.pack(">H", 0) + b"\1" + struct.pack(">i", 0) + text(b"Auto"))
    box = (struct.pack(">BBH", 7, 3, 4) + text(b"rpi::ScalerCrops") + text(b"") +
           struct.pack(">HiiII", 1, 0, 0, 64, 64) + struct.pack(">HHH", 0, 0, 0) + b"\0")
    yield whole(0, struct.pack(">BHH", 0, 0, 2), b"", control + box)
    yield whole(0, struct.pack(">BHH", 0, 0, 0), b"", b"")
    yield whole(1, struct.pack(">I", 7), b"", b"shutter=10ms,ColourGains=1.5,2")
    change = text(b"ExposureTime") + b"\0" + 2 * (b"\3\0" + elements) + text(b"within a line")
    yield whole(2, struct.pack(">BBIQ", 0, 0, 7, 99), tlv(1, b"laptop"), b"\1" + change)
    names = b"\5\0" + text(b"AnalogueGain") + b"\4\2" + text(b"FrameDurationLimits")
    fixed = b"\0\0"
    yield (struct.pack(">BBHH", 3, len(fixed), 0, len(fixed + names)) + fixed + names +
           b"\0" + struct.pack(">f", 1.5) + b"\1\2" + struct.pack(">qq", 33333, 33333))


def wire():
    for kind, fixed, tlvs, blob in BODIES:
        yield struct.pack(">BBH", kind, len(fixed), len(tlvs)) + fixed + tlvs + blob


def message_reader():
    stream = OPENING + b"".join(message(*body) for body in BODIES)
    yield b"\0" + stream
    yield b"\3\0\6\x0d" + stream
    yield b"\1\0" + OPENING[:7] + b"\2"


def client():
    watch_live = bytes([0, 1, 12, 2, 0, 0, 0, 0, 0, 0, 9, 1])
    watch_lossless = bytes([0, 1, 12, 2, 1, 0x75, 0x30, 0, 0x40, 0, 9, 1])
    frame, grown, lost = bytes([5, 3, 0xF4, 33]), bytes([7, 2, 7, 3, 7, 9]), bytes([8, 0, 1])
    full, free = bytes([10, 0, 0, 9, 0, 0, 0]), bytes([10, 0x21, 1, 0, 0])
    yield watch_live + (frame + grown + bytes([3, 1])) * 4 + bytes([12, 2])
    yield watch_lossless + frame * 3 + full + frame * 8 + lost + free + bytes([4, 2])
    yield watch_live + frame + bytes([7, 0]) + full + frame * 3 + lost + bytes([11, 60]) + free
    yield watch_lossless + full + (frame + bytes([8, 0x40, 0])) * 2 + free
    yield bytes([0, 1, 0]) + watch_live[3:] + bytes([5, 0xF3, 0xFF, 33, 7, 80]) + frame
    yield bytes([0x3D, 4, 0, 10, 1, 0, 0, 0, 0, 8]) + OPENING + bytes([11, 50, 11, 50, 4, 0])


def session():
    hello, stream = bytes([1, 0, 0]), bytes([2, 0, 0])
    large = bytes([4, 0]) + bytes([5, 0x1F, 0xFF, 1]) * 18 + bytes([6, 0, 0, 0, 0])
    frame = bytes([4, 0, 5, 1, 0, 7, 5, 0, 9, 1, 6, 0, 0, 0, 0])
    aborted, drops = bytes([4, 0, 5, 0, 9, 1, 6, 0, 0x40, 0, 0]), bytes([7, 6, 0, 0])
    yield bytes([1]) + hello + stream + frame * 5 + bytes([14]) + drops + bytes([11, 0, 0, 0])
    yield bytes([0, 12, 1, 0, 0]) + hello + stream + aborted + drops + frame + bytes([15, 11, 0, 0, 0])
    yield bytes([1]) + hello + stream + large * 3 + bytes([14]) + large * 2 + bytes([8, 0xFF, 16, 0])
    yield bytes([2]) + hello + stream + frame * 2 + aborted + drops + frame + large + bytes([8, 0xFF, 11, 0, 0, 0])
    yield bytes([0, 1, 1, 0, 16, 2])
    yield bytes([0]) + hello + bytes([9, 0, 0, 0, 8, 200, 12, 0, 1, 0, 13, 101, 3, 2, 65, 66, 10, 3, 2, 67, 68])


def keyed(texts):
    return [text.encode() for text in texts]


def address():
    return keyed(["pi.local", "pi.local:7484", "10.0.0.1:1", "[::1]", "[fe80::1%eth0]:65535", "::1",
                  "unix:/run/pitether", "[a.b]:0"])


def file_name():
    values = struct.pack(">QQQQI", 7, 10**9, 1763759625123456789, 0xC0FFEE, 2)
    return [values + text.encode() for text in
            ("frame-{id}.jpg", "frame-{n}.jpg", "{wall}", "{epoch}-{sensor}.x.y",
             "a{id}b{wall}c.jpeg", "{id}-{n}-{wall}", "{nothing}", ".{id}")]


def options():
    device = ("# a comment\nsource = pattern\nsize = 640x480\nfps=29.97\nhflip = yes\nrotation = 180\n"
              "listen = 127.0.0.1\nlisten = [::1]:1\nbitrate = 2M\nqueue-bytes = 64K\nframes = 9\n"
              "log-level = debug\nquality = 50\n")
    host = "save = /tmp\nname = {id}\nevery = 3\nduration = 1.5\nlive = on\nlog-level = error\n"
    sections = ("fps = 20\nalways-on = on\n[front]\nsource = libcamera:0\nsize = 640x480\n\n"
                "[rear/left]\nsource = libcamera:1\nbitrate = 1M\n")
    yield b"\3" + device.encode()
    yield b"\3" + sections.encode()
    yield b"\3" + (device + "name = front\n").encode()
    yield b"\2" + host.encode()
    yield b"\1" + b"\0".join(keyed(["-s", "pattern", "--size=64x64", "-q50", "--unpaced", "--fps", "5"]))
    yield b"\0" + b"\0".join(keyed(["-ofolder", "--every=2", "-w", "--", "-host"]))


def keys():
    one, other = (f"{name} {role} {fill * 16} {fill * 32}" for name, role, fill in
                  (("laptop", "view", "5f"), ("desk", "control", "0A")))
    return keyed([f"# a comment\n{one}\n\n  {other} \n", one, f"{one}\n{one}\n", "laptop view 00"])


def faults():
    return keyed(["stall@100:5s, gap@300:7,unplug@400:2s", "broken@1:2,late@3,slow-start@4:50ms,hang@5", "stall@0"])


def assignments():
    texts = ("shutter=1/100,gain=2,awb=daylight", "ColourGains=1.8,1.5,Contrast=1.2\0awbgains=auto,roi=0.25,0.25,0.5,0.5",
             "AfTrigger=start,AfWindows=0,0,9,9", "ccm=1,0,0,0,1,0,0,0,1,awbgains=2,1\0ColourTemperature=5000,flicker-period=off",
             "ExposureTime=99s,FrameDurationLimits=1ms,ScalerCrop=-5,9000,10,10,LensPosition=default,HdrMode=night,denoise=cdn_hq")
    for number, text in enumerate(texts):
        yield bytes(8) + text.encode()
        yield (0x0102040810204081 << number & (1 << 64) - 1).to_bytes(8, "big") + text.encode()


def y4m():
    for width, height, colour, size in ((16, 16, "mono", 256), (17, 16, "420jpeg", 17 * 16 + 2 * 9 * 8),
                                        (16, 17, "422", 16 * 17 * 2), (16, 16, "444", 768)):
        head = f"YUV4MPEG2 W{width} H{height} F30000:1001 Ip A1:1 C{colour} XCOLORRANGE=FULL\n".encode()
        frame = b"FRAME\n" + bytes(size)
        yield b"\0\xff\xff\xff" + head + 2 * frame
        yield struct.pack(">I", 1 << 24 | len(head) + len(frame) + 9) + head + frame + b"FRAME X\n" + bytes(size) + b"broken"


def ppm(width, height):
    samples = bytes((x * 3 + y * 5 + c * 40) % 256 for y in range(height) for x in range(width) for c in range(3))
    return b"P6 %d %d 255\n" % (width, height) + samples


def jpegs():
    for arguments in ("-sample 2x2 -restart 1", "-sample 2x1 -restart 1", "-sample 1x1 -restart 1",
                      "-sample 1x2 -restart 2", "-grayscale -restart 1", "-sample 2x2", "-progressive",
                      "-arithmetic", "-rgb", "-sample 4x1"):
        yield subprocess.run(["cjpeg", "-quality", "30", *arguments.split()], input=ppm(35, 37),
                             stdout=subprocess.PIPE, check=True).stdout


def jpeg_decode():
    for jpeg in jpegs():
        yield b"\0" + jpeg


def jpeg_slice():
    for jpeg in list(jpegs())[:2]:
        yield b"\1" + struct.pack(">HH", 35, 37) + jpeg + b"behind it"
    for kind in range(8):
        yield bytes([0, kind, 1 + 9 * kind, 30 + 20 * kind, 3 * kind, 79, kind, kind | kind << 4])


def main():
    root = pathlib.Path(sys.argv[1])
    for make in (wire, wire_controls, message_reader, client, session, address, file_name, options, keys, faults, assignments, y4m, jpeg_decode, jpeg_slice):
        folder = root / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(make()):
            (folder / f"seed-{number}").write_bytes(seed)


main()
