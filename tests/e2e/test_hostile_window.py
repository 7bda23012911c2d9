#!/usr/bin/env python3
"""Pictures that are wrong, or expensive to look at, in the window: each is refused in one line, in
bounded time and memory, and the next good one is shown."""
import os
import resource
import time

import harness
import window_case
from hostile_daemon import BEGIN, HostileDaemon, end, frame, stream
from hostile_jpeg import SOI, baseline, blocks, progressive

GOOD = baseline(64, 48, bytes((2 * blocks(64, 48) + 7) // 8))
# Planes, coefficients and texture of the largest picture that is taken, 64 megapixels.
MEMORY_MAX = 512 << 20


class HostileWindow(window_case.WindowCase):
    def shown(self, size):
        search = ["xdotool", "search", "--onlyvisible", "--name", f"^pitether .* {size} "]
        return self.tool(*search).stdout.strip()

    def look_at(self, name, picture, complaint, width=64, height=48, code=0):
        """The host looks at the picture, and at a good one thereafter."""
        daemon, began = HostileDaemon(), time.monotonic()
        self.addCleanup(daemon.close)
        host = self.start(harness.PITETHER, daemon.address, "--window", "--no-reconnect",
                          environment=self.environment)
        with daemon.accept(harness.BOUND) as peer:
            daemon.say(peer, BEGIN + stream(0, width, height) +
                       frame(0, picture, width=width, height=height))
            if complaint:
                host.wait_for(f"frame 0 {complaint}")
            else:
                self.wait_until(lambda: self.shown(f"{width}x{height}"), f"{name} in the window")
            seconds = time.monotonic() - began
            daemon.say(peer, stream(1, 64, 48) + frame(1, GOOD, width=64, height=48))
            self.wait_until(lambda: self.shown("64x48"), f"a good picture after {name}")
            daemon.say(peer, end(2, 2, 0))
            self.assertEqual(host.wait(), code, host.log())
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(f"{name}: {seconds:.2f} s; peak of resident memory so far {peak / 1e6:.0f} MB")
        if not os.environ.get("SANITIZED"):
            self.assertLess(peak, MEMORY_MAX)

    def test_pictures_that_are_none(self):
        """Most are found out before they come to the window."""
        for name, picture in (("garbage", os.urandom(5000)), ("a beginning", SOI),
                              ("a cut picture", GOOD[:-8]),
                              ("a larger picture than said", baseline(8192, 8192)),
                              ("a smaller picture than said", baseline(16, 16, bytes(1))),
                              ("a picture of no size", baseline(0, 0))):
            with self.subTest(name):
                self.look_at(name, picture, "arrived damaged: it", code=5)
        self.look_at("no data", baseline(64, 48), "can't be shown: .*damaged")

    def test_bombs(self):
        for name, picture, complaint, *size in (
                ("16383x16383", baseline(16383, 16383), "too large", 16383, 16383),
                ("8192x8192 without data", baseline(8192, 8192), "damaged", 8192, 8192),
                ("64 scans", progressive(64, 48, 64), "too large"),
                ("64 scans of 8192x8192", progressive(8192, 8192, 64), "too large", 8192, 8192),
                ("30 scans of 8192x8192", progressive(8192, 8192, 30), None, 8192, 8192)):
            with self.subTest(name):
                self.look_at(name, picture, complaint and f"can't be shown: .*{complaint}", *size)


if __name__ == "__main__":
    harness.main()
