#!/usr/bin/env python3
"""Cameras that stall, are unplugged, lose frames, or hang: everybody is told, ids go on, and each
frame that was captured is delivered or dropped, by the daemon's count, the host's, and one of our
own."""
import re
import signal

import harness
from watcher import LOST, RUNNING, STARTING, Watcher


class Camera(harness.Case):
    def begin(self, script, **options):
        """A daemon with this script, a live and a lossless watcher, and a host that saves. The
        camera takes its time to start, so that all of them are there when something goes wrong."""
        self.pitetherd = self.daemon("--pattern-faults", "slow-start@0:1s," + script, **options)
        self.watchers = [self.watch(), self.watch(lossless=True)]
        self.saver = self.host(self.pitetherd, "--save", self.path("out"), "--no-reconnect")
        self.pitetherd.wait_for("watches", 3)

    def watch(self, **options):
        return Watcher(self.pitetherd.address, **options)

    def stop(self, code=0):
        self.pitetherd.send(signal.SIGTERM)
        self.assertEqual(self.pitetherd.wait(), code, self.pitetherd.log())

    def check(self):
        """The daemon has ended: all three counts of each receiver are the same."""
        for watcher in self.watchers:
            watcher.join()
        self.assertEqual(self.saver.wait(), 3, self.saver.log())
        self.saver.wait_for("daemon was stopped")
        captured, received, dropped, damaged = self.assertSummary(self.saver)
        self.assertEqual((damaged, captured), (0, received + dropped))
        told = re.findall(r"delivered (\d+), dropped (\d+)", self.pitetherd.log())
        self.assertEqual(sorted((int(one), int(other)) for one, other in told),
                         sorted([watcher.totals() for watcher in self.watchers] +
                                [(received, dropped)]), self.pitetherd.log())
        self.check_saved(self.path("out"), received)

    def test_stalls(self):
        self.begin("stall@20,slow-start@20:200ms,stall@40")
        for watcher in self.watchers:
            watcher.wait_lost(2)
            watcher.wait_for(lambda watcher: watcher.states()[-1] == RUNNING, "the second return")
            watcher.wait_delivered(50)
        self.stop()
        self.check()
        for watcher in self.watchers:
            self.assertEqual(watcher.states(), [RUNNING, LOST, RUNNING, LOST, RUNNING])
            self.assertIn((LOST, "the camera stalled: no frame for 3 s"), watcher.statuses)
            self.assertIn((STARTING, ""), watcher.statuses)
        self.pitetherd.wait_for("stalled: no frame for 3 s; restarting it", 2)
        self.pitetherd.wait_for("camera on", 3)

    def test_a_short_pause_is_no_stall(self):
        self.begin("stall@20:1s")
        for watcher in self.watchers:
            watcher.wait_delivered(40)
        self.stop()
        self.check()
        for watcher in self.watchers:
            self.assertEqual(watcher.states(), [RUNNING])
            self.assertGreater(watcher.counts()["SENSOR_GAP"], 10)

    def test_unplugged_gaps_and_broken_frames(self):
        self.begin("gap@20:7,broken@40:3,unplug@60:1s")
        for watcher in self.watchers:
            watcher.wait_lost(1)
            delivered = len(watcher.tails)
            watcher.wait_for(lambda watcher: watcher.states()[-1] == RUNNING, "its return")
            watcher.wait_delivered(delivered + 10)
        self.stop()
        self.check()
        for watcher in self.watchers:
            self.assertEqual(watcher.states(), [RUNNING, LOST, RUNNING])
            self.assertGreaterEqual(watcher.counts()["SENSOR_GAP"], 7)
            self.assertEqual(watcher.counts()["CAPTURE_ERROR"], 3)
        self.saver.wait_for("the daemon has no camera: the camera was unplugged")
        self.saver.wait_for("the daemon has a camera now")
        self.pitetherd.wait_for("camera was unplugged; restarting it")
        self.pitetherd.wait_for("test picture is unplugged.*trying again until it works")

    def test_absent_at_first(self):
        """Nobody gives up: it is said, at the start and to receivers, and streams once it is there."""
        self.begin("absent@0:2s")
        self.pitetherd.wait_for("warning: the test picture is unplugged.*; serving without it until")
        for watcher in self.watchers:
            watcher.wait_for(lambda watcher: watcher.states()[-1:] == [RUNNING], "the camera")
            watcher.wait_delivered(10)
        self.stop()
        self.check()
        for watcher in self.watchers:
            self.assertEqual(watcher.states(), [LOST, RUNNING])

    def test_absent_for_ever_ends_in_order(self):
        self.begin("absent@0:3600s")
        for watcher in self.watchers:
            watcher.wait_for(lambda watcher: "is unplugged" in watcher.statuses[-1][1], "a retry")
        self.stop()
        for watcher in self.watchers:
            watcher.join()
            self.assertEqual(watcher.totals(), (0, 0))
        self.assertEqual(self.saver.wait(), 3, self.saver.log())

    def test_unplugged_for_ever_ends_in_order(self):
        self.begin("unplug@20:3600s")
        for watcher in self.watchers:
            watcher.wait_for(lambda watcher: "is unplugged" in watcher.statuses[-1][1], "a retry")
        self.stop()
        self.check()

    def test_a_frame_that_comes_during_stop(self):
        self.begin("late@10,late@30")
        early = self.watch()
        early.wait_delivered(10)
        early.leave()
        self.watchers.append(early)
        for watcher in self.watchers[:2]:
            watcher.wait_delivered(20)
            watcher.leave()
        self.saver.send(signal.SIGINT)
        self.assertDone(self.saver)
        self.pitetherd.wait_for("camera off")
        again = self.watch()
        again.wait_delivered(10)
        self.stop()
        again.join()
        # Nobody was there to be told of the frame that came while the camera was being stopped.
        self.assertGreater(again.first, self.watchers[1].first + len(self.watchers[1].fates))

    def test_a_camera_that_hangs_in_its_stop(self):
        self.begin("stall@20,hang@20")
        for watcher in self.watchers:
            watcher.wait_lost(1)  # though the stop does not return
        late = self.watch()
        late.wait_for(lambda watcher: watcher.statuses, "STATUS")
        self.assertEqual(late.statuses[0][0], LOST)
        self.stop(3)
        self.check_told(late)
        self.check()
        self.pitetherd.wait_for("does not stop: ending without it")

    def check_told(self, watcher):
        watcher.join()
        self.assertEqual(watcher.end, (1, 0, 0, 0))

    def test_who_asks_twice_does_not_wait_for_a_hanging_camera(self):
        self.begin("hang@0")
        for watcher in self.watchers:
            watcher.wait_delivered(5)
        self.pitetherd.send(signal.SIGTERM)
        self.pitetherd.wait_for("stopping")
        self.stop(3)
        self.assertNotIn("ending without it", self.pitetherd.log())
        self.pitetherd.wait_for("the camera hangs")

    def test_told_to_stop_while_the_camera_starts(self):
        self.pitetherd = self.daemon("--pattern-faults", "slow-start@0:1s")
        watcher = self.watch()
        watcher.wait_for(lambda watcher: watcher.statuses, "STATUS")
        self.stop()
        watcher.join()

    def test_scripts_that_are_none(self):
        for script, source in (("stall@x", "pattern"), ("", "pattern"), ("late@1", "x.y4m")):
            self.fails(2, "pattern-faults", harness.PITETHERD, "--source", source,
                       "--pattern-faults", script)


if __name__ == "__main__":
    harness.main()
