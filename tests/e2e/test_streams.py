#!/usr/bin/env python3
"""Several streams of one daemon: each one's frames are accounted for exactly to each of its receivers,
and what happens to one camera costs the others nothing.

FOURTH_SOURCE names a source for the fourth stream instead of a test picture with faults, and
PROGRAMS_ROOT the root that the programs see, where that is another than ours.
"""
import os
import re
import signal

import harness
from watcher import LOST, REASONS, RUNNING, Watcher

FOURTH_SOURCE = os.environ.get("FOURTH_SOURCE")
PROGRAMS_ROOT = os.environ.get("PROGRAMS_ROOT", "")

# What befalls a frame of a stream before it is any receiver's.
BEFORE = {number for number, name in REASONS.items()
          if name in ("SENSOR_GAP", "CAPTURE_ERROR", "NO_BUFFER", "ENCODER_BUSY", "ENCODE_ERROR")}
# Those of a machine that is too slow for the camera's pace.
SLOW = {"NO_BUFFER", "ENCODER_BUSY", "SENSOR_GAP"}


class Streams(harness.Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)

    def y4m(self, name, width, height):
        """A loop of ten grey pictures; its path as the programs see it."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(f"YUV4MPEG2 W{width} H{height} F20:1 C420jpeg\n".encode())
            for grey in range(0, 200, 20):
                file.write(b"FRAME\n" + bytes([grey]) * (width * height * 3 // 2))
        return path.removeprefix(PROGRAMS_ROOT)

    def serve(self, streams, **common):
        """A daemon with these streams: {name: {option: value}}."""
        path = self.path("config")
        with open(path, "w", encoding="ascii") as file:
            for name, options in {"": common, **streams}.items():
                file.write(f"[{name}]\n" if name else "")
                file.writelines(f"{key.replace('_', '-')} = {value}\n"
                                for key, value in options.items())
        daemon = self.start(harness.PITETHERD, "--config", path.removeprefix(PROGRAMS_ROOT),
                            "--listen", "127.0.0.1:0", *harness.WHO)
        daemon.address = daemon.wait_for(r"listening on ([^\s,]+)").group(1)
        return daemon

    def watch(self, daemon, name, lossless=True):
        watcher = Watcher(daemon.address, lossless=lossless, stream=name)
        self.addCleanup(watcher.peer.sock.close)
        return watcher

    def assertFates(self, watchers):
        """What the stream lost is lost to all of its receivers, for the same reason."""
        start = max(watcher.first for watcher in watchers)
        rows = [watcher.fates[start - watcher.first:] for watcher in watchers]
        for number, fates in enumerate(zip(*rows), start):
            before = BEFORE.intersection(fates)
            self.assertTrue(not before or len(set(fates)) == 1, f"frame {number}: {fates}")

    def assertComplete(self, watcher, allowed=()):
        """Nothing is missing but what a machine that is too slow cost, and what is allowed."""
        lost = set(watcher.counts()) - {"DELIVERED"} - SLOW - set(allowed)
        self.assertFalse(lost, watcher.describe())

    def assertSaved(self, host, folder, watcher):
        """The program saved and counted what a lossless watcher, which was there before, counted."""
        self.assertIn(host.wait(), (0, 5), host.log())
        captured, received, dropped, damaged = self.assertSummary(host)
        fates = watcher.fates[len(watcher.fates) - captured:]
        first = watcher.first + len(watcher.fates) - captured
        self.assertEqual([int(row["id"]) for row in self.index(folder)],
                         [number for number, fate in enumerate(fates, first) if fate == 0])
        self.assertEqual((received, damaged), (fates.count(0), 0), host.log())
        reasons = {name: int(count) for count, name in
                   re.findall(r"(\d+) ([A-Z_]+)[,)]", host.wait_for("captured =").string)}
        self.assertEqual(reasons, {REASONS[fate]: fates.count(fate) for fate in set(fates) - {0}})
        self.assertEqual(dropped, sum(reasons.values()))

    def assertExact(self, daemon, watchers, frames, ids=None):
        """Each of the watchers of one stream saw it to its end, and all saw the same."""
        for watcher in watchers:
            with self.subTest(daemon.log()):
                watcher.join()
        ends = {watcher.first + len(watcher.fates) for watcher in watchers}
        self.assertEqual(len(ends), 1, [watcher.describe() for watcher in watchers])
        self.assertFates(watchers)
        first = min(watchers, key=lambda watcher: watcher.first)
        self.assertEqual(first.first, 0)
        captured = sum(name not in ("SENSOR_GAP", "CAPTURE_ERROR", "NO_BUFFER")
                       for name in map(REASONS.get, first.fates))
        self.assertEqual(captured, frames, first.describe())
        if ids and not SLOW & set(first.counts()) - {"SENSOR_GAP"}:
            self.assertEqual(ends, {ids}, first.describe())
        return first

    def test_each_stream_is_accounted_for_to_each_receiver(self):
        frames = 60
        fourth = {"source": FOURTH_SOURCE, "size": "1296x972", "fps": 30} if FOURTH_SOURCE else \
            {"source": "pattern", "size": "160x96", "pattern_faults": "gap@20:3, broken@40:2"}
        daemon = self.serve({
            "front": {"source": "pattern", "size": "160x96", "pattern_faults": "unplug@30:1s"},
            "rear": {"source": self.y4m("rear.y4m", 96, 64)},
            "side/left": {"source": self.y4m("left.y4m", 128, 80)},
            "top": fourth}, frames=frames, fps=20)
        names = "front", "rear", "side/left", "top"
        watchers = {name: [self.watch(daemon, name), self.watch(daemon, name, lossless=False)]
                    for name in names}
        folders = {name: self.path(name.replace("/", "-")) for name in names}
        hosts = {name: self.host(f"{daemon.address}/{name}", "--no-reconnect", "--save",
                                 folders[name].removeprefix(PROGRAMS_ROOT)) for name in names}
        front = self.assertExact(daemon, watchers["front"], frames, frames)
        self.assertEqual(front.states(), [RUNNING, LOST, RUNNING])
        for name in ("rear", "side/left"):
            first = self.assertExact(daemon, watchers[name], frames, frames)
            self.assertEqual(first.states(), [RUNNING])
            self.assertComplete(first)
        top = self.assertExact(daemon, watchers["top"], frames, None if FOURTH_SOURCE else 65)
        self.assertEqual(top.states(), [RUNNING])
        if not FOURTH_SOURCE:
            self.assertGreaterEqual(top.counts().get("SENSOR_GAP", 0), 3)
            self.assertEqual(top.counts()["CAPTURE_ERROR"], 2)
        for name in names:
            self.assertSaved(hosts[name], folders[name], watchers[name][0])
        self.assertEqual(daemon.wait(), 0, daemon.log())

    def check_others(self, faults, state, code=0):
        """While the first camera is in this state for good, the others go on; and they end well."""
        daemon = self.serve({
            "bad": {"pattern_faults": faults},
            "good": {}, "better": {}}, source="pattern", fps=20, size="160x96")
        others = [self.watch(daemon, name) for name in ("good", "better")]
        for other in others:
            other.wait_delivered(3)
        bad = self.watch(daemon, "bad")
        bad.wait_for(lambda self: self.statuses and self.statuses[-1][0] == state,
                     f"state {state}")
        for other in others:
            other.wait_delivered(len(other.tails) + 30)
            late = self.watch(daemon, other.stream)
            late.wait_delivered(3)
            others = others + [late]
        self.assertEqual(bad.statuses[-1][0], state, bad.describe())
        daemon.send(signal.SIGTERM)
        for other in others:
            with self.subTest(daemon.log()):
                other.join()
            self.assertEqual(other.states(), [RUNNING], other.describe())
            self.assertComplete(other, {"UNSENT"})
        bad.join()
        self.assertEqual(daemon.wait(), code, daemon.log())

    def test_an_unplugged_camera_costs_the_others_nothing(self):
        self.check_others("unplug@10:600s", LOST)

    def test_a_missing_camera_costs_the_others_nothing(self):
        self.check_others("absent@0:600s", LOST)

    def test_a_camera_that_hangs_costs_the_others_nothing(self):
        """Its driver does not return: the daemon has to leave it as it is when it ends."""
        self.check_others("stall@10, hang@0", LOST, code=3)


if __name__ == "__main__":
    harness.main_side_by_side()
