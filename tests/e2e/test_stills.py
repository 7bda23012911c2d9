#!/usr/bin/env python3
"""Stills: the daemon takes one picture beside its stream, or in its place, and all is accounted for."""
import os
import re
import signal
import struct
import subprocess

import harness
import independent_client as protocol
from still_taker import StillTaker
from watcher import LOST, RUNNING, STARTING, Watcher

NO_STILL, PROTOCOL, NO_SUCH_STREAM = 10, 3, 7
FINISHED = 2


class Stills(harness.Case):
    def watch(self, daemon, **keywords):
        watcher = Watcher(daemon.address, lossless=True, **keywords)
        self.addCleanup(watcher.peer.sock.close)
        return watcher

    def take(self, daemon, **fields):
        taker = StillTaker(daemon.address, **fields)
        self.addCleanup(taker.peer.sock.close)
        return taker

    def assertTaken(self, taker, id_):
        taker.join()
        self.assertEqual(taker.end[0], FINISHED, taker.describe())
        self.assertEqual((taker.first, taker.fates), (id_, [0]), taker.describe())
        self.assertEqual(taker.statuses, [(STARTING, "")])

    def assertRefused(self, taker, code, pattern):
        text = taker.refused()
        self.assertRegex(text, rf"ERROR \({code},\): .*({pattern})")

    def test_a_switch_is_accounted_for(self):
        """Wherever the camera can't take a still beside its stream."""
        y4m = self.path("grey.y4m")
        with open(y4m, "wb") as file:
            file.write(b"YUV4MPEG2 W64 H48 F30:1 C420jpeg\n")
            for grey in range(0, 200, 20):
                file.write(b"FRAME\n" + bytes([grey]) * (64 * 48 * 3 // 2))
        daemon = self.daemon(source=y4m, size=None)
        watcher = self.watch(daemon)
        watcher.wait_delivered(10)
        for number in range(3):
            self.assertTaken(self.take(daemon), number)
            before = len(watcher.tails)
            watcher.wait_delivered(before + 10)
        daemon.wait_for("camera on for a still", 3)
        watcher.leave()
        counts = watcher.counts()
        self.assertEqual({"DELIVERED", "MODE_SWITCH"} | set(counts), set(counts) | {"MODE_SWITCH"})
        self.assertNotIn(LOST, watcher.states())
        self.assertTrue(any(state == RUNNING and text for state, text in watcher.statuses),
                        watcher.statuses)
        self.assertEqual(watcher.statuses[-1], (RUNNING, ""))

    def test_beside_the_stream(self):
        """Where the camera takes stills beside its stream, nobody else notices."""
        daemon = self.daemon()
        watcher = self.watch(daemon)
        watcher.wait_delivered(5)
        for number in range(3):
            taker = self.take(daemon)
            self.assertTaken(taker, number)
            self.assertGreater(taker.size[0] * taker.size[1], 10 * 320 * 240)
            watcher.wait_delivered(len(watcher.tails) + 5)
        watcher.leave()
        self.assertNotIn("MODE_SWITCH", watcher.counts())
        self.assertEqual((watcher.states(), watcher.size), ([RUNNING], (320, 240)))
        self.assertNotIn("camera on for a still", daemon.log())

    def still(self, daemon, *options):
        """Runs pitether --still; (exit code, what it printed, the size of the picture or None)."""
        path = self.path("still.jpg")
        done = subprocess.run([harness.PITETHER, daemon.address, "--still", path, *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=harness.BOUND, check=False)
        size = None
        if done.returncode == 0:
            with open(path, "rb") as file:
                size = protocol.jpeg_size(file.read())
        return done.returncode, done.stdout + done.stderr, size

    def test_the_program(self):
        daemon = self.daemon("--pattern-faults", "switch@0, slow-start@3:300ms")
        watcher = self.watch(daemon)
        watcher.wait_delivered(5)
        code, text, size = self.still(daemon, "--size", "800x600", "--quality", "30")
        self.assertEqual((code, size), (0, (800, 600)), text)
        self.assertRegex(text, r"still\.jpg: 800x600, \d+ KB, exposure .* ms, gain ")
        code, text, size = self.still(daemon)  # replaced, by one of the full size
        self.assertEqual(code, 0, text)
        self.assertGreater(size[0] * size[1], 800 * 600)
        self.assertEqual(os.listdir(self.folder).count("still.jpg"), 1)
        self.assertFalse([name for name in os.listdir(self.folder) if name.endswith(".part")])
        watcher.wait_delivered(len(watcher.tails) + 5)
        watcher.leave()
        self.assertIn("MODE_SWITCH", watcher.counts())
        harness.note(mode_switch_frames=watcher.counts()["MODE_SWITCH"])

    def test_a_size_of_its_own(self):
        """Beside its stream the camera gives one size; for another one it is switched."""
        daemon = self.daemon()
        watcher = self.watch(daemon)
        watcher.wait_delivered(5)
        code, text, full = self.still(daemon)
        self.assertEqual(code, 0, text)
        code, text, size = self.still(daemon, "--size", f"{full[0]}x{full[1]}")
        self.assertEqual((code, size), (0, full), text)
        self.assertNotIn("camera on for a still", daemon.log())
        code, text, size = self.still(daemon, "--size", "800x600")
        self.assertEqual((code, size), (0, (800, 600)), text)
        daemon.wait_for("camera on for a still")
        watcher.wait_delivered(len(watcher.tails) + 5)
        watcher.leave()

    def test_who_may_only_view(self):
        """Interrupts nobody, and takes what stills can be taken without that."""
        daemon = self.daemon("--view-only", "--pattern-faults", "switch@0")
        self.assertTaken(self.take(daemon), 0)
        watcher = self.watch(daemon)
        watcher.wait_delivered(5)
        self.assertRefused(self.take(daemon), NO_STILL, "interrupt the stream")
        watcher.wait_delivered(len(watcher.tails) + 5)
        watcher.leave()
        self.assertNotIn("MODE_SWITCH", watcher.counts())
        daemon.kill()
        beside = self.daemon("--view-only")
        watcher = self.watch(beside)
        watcher.wait_delivered(5)
        self.assertTaken(self.take(beside), 0)
        self.assertRefused(self.take(beside, width=800, height=600), NO_STILL, "interrupt")
        watcher.leave()

    def test_the_program_fails(self):
        daemon = self.daemon("--pattern-faults", "absent@0:3600s")
        code, text, _ = self.still(daemon)
        self.assertEqual(code, 3, text)
        self.assertRegex(text, "unplugged.*NO_STILL")
        for options, why in ((["--null"], "--null does not go with it"),
                             (["--save", "x"], "--save does not"),
                             (["--set", "Gain=1"], "--set does not go"),
                             (["--list-streams"], "exclude one another"),
                             (["--size", "8x8"], "--size"), (["--quality", "0"], "--quality")):
            code, text, _ = self.still(daemon, *options)
            self.assertEqual(code, 2, text)
            self.assertIn(why, text)
        self.fails(4, "can't write .*: No such file", harness.PITETHER, self.path("nobody"), "--still",
                   self.path("no", "folder.jpg"))  # said before the daemon is asked
        self.fails(4, "can't write .*: Is a directory", harness.PITETHER, self.path("nobody"),
                   "--still", self.folder)
        self.fails(2, "goes with --still only", harness.PITETHER, daemon.address, "--size", "64x48")

    def test_nobody_watches(self):
        daemon = self.daemon()
        self.assertTaken(self.take(daemon), 0)
        daemon.wait_for("camera off after the still")
        watcher = self.watch(daemon)
        watcher.wait_delivered(5)
        watcher.leave()
        self.assertNotIn("MODE_SWITCH", watcher.counts())

    def test_several_at_once_become_one(self):
        """Those who ask while the camera is being started get the same picture."""
        daemon = self.daemon("--pattern-faults", "slow-start@0:1s")
        takers = [self.take(daemon) for _ in range(5)]
        other = self.take(daemon, quality=30)
        for taker in takers:
            taker.join()
            self.assertEqual((taker.first, taker.fates), (0, [0]), taker.describe())
        self.assertTaken(other, 1)
        self.assertEqual(len({taker.heads[0] for taker in takers}), 1)

    def test_what_may_not_be_asked(self):
        daemon = self.daemon("--preview-size", "160x120")
        for fields, code, why in (({"width": 640}, PROTOCOL, "one side"),
                                  ({"height": 640}, PROTOCOL, "one side"),
                                  ({"width": 15, "height": 480}, PROTOCOL, "size"),
                                  ({"width": 640, "height": 16384}, PROTOCOL, "size"),
                                  ({"quality": 0}, PROTOCOL, "quality"),
                                  ({"quality": 101}, PROTOCOL, "quality"),
                                  ({"settle": 60001}, PROTOCOL, "60 s"),
                                  ({"stream": "camera/preview"}, NO_SUCH_STREAM, "preview")):
            self.assertRefused(self.take(daemon, **fields), code, why)
        peer = self.take(daemon, start=False).peer  # SET belongs to a stream
        protocol.greet(peer)
        peer.send(protocol.SUBSCRIBE, ">BIIQI", 2, 0, 0, 0, 0,
                  tlvs=struct.pack(">HHI", 5, 4, 60000))
        peer.send(0x15, ">I", 1)
        with self.assertRaisesRegex(SystemExit, "SET with a still"):
            while True:
                peer.next()
        self.assertTaken(self.take(daemon), 0)

    def test_a_camera_that_is_not_there(self):
        daemon = self.daemon("--pattern-faults", "absent@0:3600s")
        self.assertRefused(self.take(daemon), NO_STILL, "unplugged|not there|no camera")
        watcher = self.watch(daemon)
        watcher.wait_lost(1)
        self.assertRefused(self.take(daemon), NO_STILL, "unplugged|not there|no camera")

    def test_one_that_fails_in_the_middle(self):
        """The stream goes on, and the next still is taken."""
        for fault, why in (("broken@0:4, unplug@3:1s", "unplugged"),
                           ("broken@0:1, stall@1", "stalled")):
            daemon = self.daemon("--pattern-faults", fault)
            self.assertRefused(self.take(daemon), NO_STILL, why)
            watcher = self.watch(daemon)
            watcher.wait_delivered(3)
            self.take(daemon).join()
            watcher.wait_delivered(len(watcher.tails) + 3)
            watcher.leave()
            daemon.kill()

    def test_clients_that_leave(self):
        """They are no longer waited for, and nothing is left of them."""
        daemon = self.daemon("--pattern-faults", "slow-start@0:2s")
        watcher = self.watch(daemon)
        for _ in range(20):
            taker = self.take(daemon, start=False)
            protocol.greet(taker.peer)
            taker.peer.send(protocol.SUBSCRIBE, ">BIIQI", 2, 0, 0, 0, 0)
            taker.peer.next()
            taker.peer.sock.close()
        watcher.wait_delivered(3)
        taker = self.take(daemon)
        taker.join()
        self.assertEqual(taker.fates, [0], taker.describe())
        watcher.leave()

    def test_the_daemon_ends_in_the_middle(self):
        daemon = self.daemon("--pattern-faults", "stall@0:30s")
        taker = self.take(daemon)
        daemon.wait_for("camera on for a still")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        taker.thread.join(harness.BOUND)  # with the picture, if the camera gave it in the end
        self.assertTrue(taker.end or f"ERROR ({NO_STILL}," in str(taker.error), taker.describe())

    def test_a_hundred_leave_nothing(self):
        """No descriptor, no thread, no memory that grows."""
        daemon = self.daemon()
        watcher = self.watch(daemon)
        watcher.wait_delivered(3)

        def usage():
            process = f"/proc/{daemon.process.pid}"
            with open(process + "/status", encoding="ascii") as file:
                resident = int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1))
            return (len(os.listdir(process + "/fd")), len(os.listdir(process + "/task")), resident)

        counts = usage()[:2]
        for number in range(10):
            self.assertTaken(self.take(daemon), number)
        watcher.wait_delivered(len(watcher.tails) + 3)
        self.wait_until(lambda: usage()[:2] == counts, "as many descriptors and threads")
        before = usage()
        for number in range(10, 110):
            self.assertTaken(self.take(daemon), number)
        watcher.wait_delivered(len(watcher.tails) + 3)
        self.wait_until(lambda: usage()[:2] == before[:2], "as many descriptors and threads")
        if "SANITIZED" not in os.environ:
            self.assertLess(usage()[2], before[2] + 4096)
        watcher.leave()


if __name__ == "__main__":
    harness.main()
