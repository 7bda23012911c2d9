#!/usr/bin/env python3
"""What a camera reports of its frames, on the laptop: all of it in frames.jsonl, some of it in the
other files, and frames that --settle leaves out because of it. A daemon that is played tells what
no camera here does."""
import csv
import math

import control_wire as wire
import harness
from control_wire import BOOL, FLOAT, INT32, INT64, RECTANGLE, TEXT
from hostile_daemon import BEGIN, JPEG, HostileDaemon, end, parts, stream, tail
from hostile_wire import STATUS, message

READY = BEGIN + message(STATUS, 0, 1) + stream()
DONE = 0
SEARCHING, CONVERGED = 1, 2


def reported(number, type_, *values, counted=False):
    """A value, packed as in FRAME_HEAD; counted: an array or a text."""
    packed = wire.elements(type_, values)[2:]
    return bytes([number, *([len(values)] if counted else [])]) + packed


def frame(id_, metadata=b""):
    return wire.head(id_, metadata) + parts(JPEG, 1 << 20) + tail(id_, JPEG)


class Played(harness.Case):
    """--save and --latency, from a daemon that is played."""

    def setUp(self):
        super().setUp()
        self.out, self.latency = self.path("out"), self.path("latency.csv")

    def play(self, pieces, *options, code=DONE):
        daemon = HostileDaemon()
        self.addCleanup(daemon.close)
        host = self.start(harness.PITETHER, daemon.address, "--save", self.out, "--latency",
                          self.latency, "--no-reconnect", *options)
        daemon.talk([READY + b"".join(pieces)], harness.BOUND)
        self.assertEqual(host.wait(), code, host.log())
        return host

    def ids(self):
        return [entry["id"] for entry in self.objects(self.out)]


class Values(Played):
    def test_all_that_was_reported(self):
        """By name and typed; what is no finite number is null, and what is cut off is not there."""
        names = wire.names((b"ExposureTime", INT32), (b"AnalogueGain", FLOAT), (b"AeLocked", BOOL),
                           (b"rpi::Crop", RECTANGLE), (b"Word", TEXT), (b"Long", INT64),
                           (b"Lux", FLOAT))
        values = (reported(0, INT32, 8333) + reported(1, FLOAT, 1.5) + reported(2, BOOL, 1) +
                  reported(3, RECTANGLE, (-1, 2, 3, 4)) +
                  reported(4, TEXT, *b'say "\xe2\x82\xac"', counted=True) +
                  reported(5, INT64, -(1 << 62)) + reported(6, FLOAT, math.nan))
        self.play([names, frame(0, values), frame(1), frame(2, values[:7]), end(3, 3, 0)])
        first, second, third = self.objects(self.out)
        self.assertEqual(first["metadata"],
                         {"ExposureTime": 8333, "AnalogueGain": 1.5, "AeLocked": True,
                          "rpi::Crop": [-1, 2, 3, 4], "Word": 'say "\u20ac"', "Long": -(1 << 62),
                          "Lux": None})
        self.assertEqual((second["metadata"], third["metadata"]), ({}, {"ExposureTime": 8333}))
        self.assertEqual(first["mid_exposure_ns"], first["sensor_ns"] + 8333 * 1000 // 2)
        self.assertIsNone(second["mid_exposure_ns"])
        rows = self.check_rows([("8333", "1.5", "", str(first["mid_exposure_ns"])), ("", "", "", ""),
                                ("8333", "", "", str(first["mid_exposure_ns"]))])
        self.assertEqual([row["lux"] for row in rows], ["", "", ""])

    def check_rows(self, expected):
        rows = self.index(self.out)
        self.assertEqual([(row["exposure_us"], row["gain"], row["digital_gain"],
                           row["mid_exposure_ns"]) for row in rows], expected)
        with open(self.latency, newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        self.assertEqual([(line["exposure_us"], line["gain"], line["digital_gain"])
                          for line in lines], [values[:3] for values in expected])
        return rows

    def test_as_much_as_there_may_be(self):
        """128 names of 48 bytes: the line has them all, and is whole."""
        kinds = [(b"%048d" % i, INT32) for i in range(128)]
        some = [wire.names(*kinds[i:i + 32], first=i) for i in range(0, 128, 32)]
        values = [b"".join(reported(i, INT32, -i) for i in range(k, 128, 2)) for k in range(2)]
        self.play([*some, frame(0, values[0]), frame(1, values[1]), end(2, 2, 0)])
        even, odd = (entry["metadata"] for entry in self.objects(self.out))
        self.assertEqual({**even, **odd}, {f"{i:048}": -i for i in range(128)})

    def test_names_of_another_connection(self):
        """Each connection numbers them anew."""
        daemon = HostileDaemon()
        self.addCleanup(daemon.close)
        host = self.start(harness.PITETHER, daemon.address, "--save", self.out)
        for i, name in enumerate((b"One", b"Two")):
            daemon.talk([BEGIN + message(STATUS, 0, 1) + stream(i) + wire.names((name, INT32)) +
                         frame(i, reported(0, INT32, i))] + [end(1, 1, 0)] * i, harness.BOUND)
        self.assertEqual(host.wait(), DONE, host.log())
        self.assertEqual([entry["metadata"] for entry in self.objects(self.out)],
                         [{"One": 0}, {"Two": 1}])


class Settling(Played):
    NAMES = wire.names((b"AeState", INT32), (b"AfState", INT32))

    def frames(self, *states):
        """Frames with these states of exposure and focus."""
        return [self.NAMES, *(frame(i, reported(0, INT32, exposure) + reported(1, INT32, focus))
                              for i, (exposure, focus) in enumerate(states)),
                end(len(states), len(states), 0)]

    SETTLES = [(SEARCHING, 1), (SEARCHING, 2), (CONVERGED, 1), (CONVERGED, 2), (SEARCHING, 1),
               (CONVERGED, 2)]

    def assertLeftOut(self, host, count):
        received, dropped = self.assertSummary(host)[1:3]
        self.assertEqual((received, dropped), (len(self.SETTLES) - count, count))
        if count:
            host.wait_for(rf"dropped \({count} NOT_SETTLED\)")

    def test_until_it_has_settled(self):
        """Neither missing from a lossless stream, nor left out again later."""
        host = self.play(self.frames(*self.SETTLES), "--settle", "60")
        self.assertEqual(self.ids(), [3, 4, 5])
        self.assertLeftOut(host, 3)
        host.wait_for("exposure, white balance and focus have settled: 3 frames before that")

    def test_nothing_is_left_out_by_default(self):
        host = self.play(self.frames(*self.SETTLES))
        self.assertEqual(self.ids(), [0, 1, 2, 3, 4, 5])
        self.assertLeftOut(host, 0)

    def test_a_single_frame_is_a_good_one(self):
        self.play(self.frames(*self.SETTLES), "--frames", "1")
        self.assertEqual(self.ids(), [3])

    def test_a_single_frame_at_once(self):
        self.play(self.frames(*self.SETTLES), "--frames", "1", "--settle", "0")
        self.assertEqual(self.ids(), [0])

    def test_left_out_frames_are_not_counted(self):
        self.play(self.frames(*self.SETTLES), "--frames", "2", "--settle", "60")
        self.assertEqual(self.ids(), [3, 4])

    def test_it_never_settles(self):
        host = self.play(self.frames(*[(SEARCHING, 1)] * 6), "--settle", "60")
        self.assertEqual(self.ids(), [])
        self.assertLeftOut(host, 6)


class Pattern(harness.Case):
    """The pattern source, whose exposure and white balance settle as a camera's do."""

    def metadata(self, folder):
        return [entry["metadata"] for entry in self.objects(self.path(folder))]

    def test_a_single_frame_has_settled(self):
        """Each run begins with a camera that was off: all that comes before is accounted for."""
        daemon = self.daemon()
        self.run_host(daemon, "--save", self.path("before"), "--frames", "1", "--settle", "0")
        before, = self.metadata("before")
        self.assertEqual((before["AeState"], before["AwbLocked"]), (SEARCHING, False))
        daemon.wait_for("camera off")
        host = self.run_host(daemon, "--save", self.path("after"), "--frames", "1")
        after, = self.metadata("after")
        self.assertEqual((after["AeState"], after["AwbLocked"]), (CONVERGED, True))
        dropped = self.assertSummary(host)[2]
        host.wait_for(rf"{dropped} dropped \({dropped} NOT_SETTLED\)")
        self.check_saved(self.path("after"), 1)

    def test_exposure_in_all_files(self):
        host = self.run_host(self.daemon(), "--save", self.path("out"), "--frames", "5", "--settle",
                             "30", "--latency", self.path("latency.csv"))
        host.wait_for(r"\d+ NOT_SETTLED")
        rows = self.index(self.path("out"))
        with open(self.path("latency.csv"), newline="", encoding="utf-8") as file:
            lines = {line["id"]: line for line in csv.DictReader(file)}
        for row, values in zip(rows, self.metadata("out"), strict=True):
            middle = int(row["sensor_ns"]) + values["ExposureTime"] * 1000 // 2
            self.assertEqual((float(row["exposure_us"]), int(row["mid_exposure_ns"])),
                             (values["ExposureTime"], middle))
            self.assertEqual([float(row[name]) for name in ("gain", "digital_gain")],
                             [values["AnalogueGain"], values["DigitalGain"]])
            self.assertEqual(float(lines[row["id"]]["exposure_us"]), values["ExposureTime"])


if __name__ == "__main__":
    harness.main()
