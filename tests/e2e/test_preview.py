#!/usr/bin/env python3
"""A camera's second, smaller output: a stream of its own, which costs nothing while nobody watches."""
import os
import re
import signal
import subprocess

import harness
from watcher import LOST, Watcher


class Preview(harness.Case):
    def watch(self, daemon, stream=""):
        watcher = Watcher(daemon.address, lossless=True, stream=stream)
        self.addCleanup(watcher.peer.sock.close)
        return watcher

    def serve(self, *options):
        return self.daemon("--name", "front", "--preview-size", "160x120", *options)

    def encoded(self, daemon):
        """{stream: frames that were encoded}, by the daemon's own count, once it has ended."""
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        return {name: int(count) for name, count in
                re.findall(r"debug: (front/preview: )?frames encoded: (\d+)", daemon.log())}

    def test_two_streams_of_one_camera(self):
        daemon = self.serve()
        front, preview = self.watch(daemon), self.watch(daemon, "front/preview")
        for watcher in (front, preview):
            watcher.wait_delivered(20)
        self.assertEqual((front.size, preview.size), ((320, 240), (160, 120)))
        front.leave()
        before = len(preview.tails)
        preview.wait_delivered(before + 5)  # the camera runs for it
        preview.leave()
        daemon.wait_for("camera off")
        self.assertEqual(len(re.findall("camera on:", daemon.log())), 1, daemon.log())
        for watcher in (front, preview):
            self.assertLessEqual(set(watcher.counts()),
                                 {"DELIVERED", "RATE_LIMITED", "NO_BUFFER", "ENCODER_BUSY",
                                  "SENSOR_GAP"}, watcher.describe())

    def test_what_nobody_watches_is_not_encoded(self):
        for stream, other in (("front", "front/preview: "), ("front/preview", "")):
            daemon = self.serve("--log-level", "debug")
            watcher = self.watch(daemon, stream)
            watcher.wait_delivered(10)
            watcher.leave()
            encoded = self.encoded(daemon)
            self.assertEqual(encoded[other], 0, encoded)
            self.assertGreaterEqual(sum(encoded.values()), 10)

    def test_it_is_listed(self):
        daemon = self.serve()
        self.watch(daemon).wait_delivered(1)
        done = subprocess.run([harness.PITETHER, daemon.address, "--list-streams"],
                              capture_output=True, text=True, timeout=harness.BOUND, check=True)
        self.assertRegex(done.stdout, r"(?m)^front\s.*320x240")
        self.assertRegex(done.stdout, r"(?m)^front/preview\s.*160x120")
        host = self.run_host(daemon, "--save", self.path("main"), "--frames", "3")  # no name
        self.assertDone(host)
        self.assertEqual(len(self.index(self.path("main"))), 3)

    def test_a_camera_that_is_unplugged(self):
        daemon = self.serve("--pattern-faults", "unplug@20:1s")
        watchers = [self.watch(daemon), self.watch(daemon, "front/preview")]
        for watcher in watchers:
            watcher.wait_lost(1)
        for watcher in watchers:
            before = len(watcher.tails)
            watcher.wait_delivered(before + 5)
            watcher.leave()
            self.assertEqual(watcher.states().count(LOST), 1, watcher.describe())

    def test_stills_pause_both(self):
        daemon = self.serve("--pattern-faults", "switch@0, slow-start@3:300ms")
        watchers = [self.watch(daemon), self.watch(daemon, "front/preview")]
        for watcher in watchers:
            watcher.wait_delivered(5)
        subprocess.run([harness.PITETHER, daemon.address, "--still", self.path("still.jpg")],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=harness.BOUND, check=True)
        for watcher in watchers:
            watcher.wait_delivered(len(watcher.tails) + 5)
            watcher.leave()
            self.assertIn("MODE_SWITCH", watcher.counts(), watcher.describe())
        self.assertTrue(os.path.getsize(self.path("still.jpg")))


if __name__ == "__main__":
    harness.main()
