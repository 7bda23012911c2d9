#!/usr/bin/env python3
"""More work than there is time for: frames are dropped and each one is accounted for, what is
delivered is new, and who asks for something is answered.

No time is judged: a busy machine makes all of this slower, and no less true.
"""
import os
import re
import signal
import socket
import statistics
import time

import harness
from watcher import RUNNING, Watcher


class Overload(harness.Case):
    def watch(self, daemon, count=1, **options):
        return [Watcher(daemon.address, **options) for _ in range(count)]

    def hog(self):
        """Keeps one processor busy; returns the words to start a program with that has to share it
        with the hog, and gets next to nothing."""
        core = str(min(os.sched_getaffinity(0)))
        self.start("taskset", "-c", core, "python3", "-c", "while True: pass")
        return ["taskset", "-c", core, "nice", "-n", "19"]

    def starved(self, *options):
        daemon = self.start(*self.hog(), harness.PITETHERD, "--source", "pattern", "--listen",
                            self.socket, *options)
        daemon.address = daemon.wait_for(r"listening on (\S+)").group(1)
        return daemon

    def check_newest_wins(self, held, other):
        """held has its first frame, and says nothing of it; meanwhile other is sent several. When
        held is ready, the next frame is not older than the newest that other has had by then."""
        held.wait_delivered(1)
        other.wait_delivered(len(other.tails) + 5)
        self.assertEqual(len(held.tails), 1, held.describe())
        with other.condition:
            newest = max(other.tails)
        held.acknowledge()
        held.wait_delivered(2)
        first, second = sorted(held.tails)[:2]
        self.assertGreaterEqual(second, newest)
        between = held.fates[first + 1 - held.first:second - held.first]
        self.assertTrue(between and all(between), held.describe())

    def check_pings(self, watcher):
        """PING is answered before any frame begins that was not under way already."""
        for _ in range(5):
            self.assertLessEqual(watcher.ping(), 1)

    def note_age(self, watcher):
        """How old frames are when the last of them is sent, in frames: the benchmark `overload` sees
        whether they queue up."""
        ids = sorted(watcher.tails)
        captured = [watcher.heads[i][1] for i in ids]
        ages = [watcher.tails[i][3] - watcher.heads[i][1] for i in ids]
        spacing = [after - before for before, after in zip(captured, captured[1:])]
        harness.note(what=self.id().rpartition(".")[2], age=statistics.median(ages) / 1e9,
                     spacing=statistics.median(spacing) / 1e9)

    def check_end(self, daemon, watchers, host):
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        for watcher in watchers:
            with self.subTest(daemon.log()):
                watcher.join()
        self.assertEqual(host.wait(), 3, host.log())
        _, received, dropped, damaged = self.assertSummary(host)
        self.assertEqual(damaged, 0)
        told = {(int(one), int(other)) for one, other in
                re.findall(r"delivered (\d+), dropped (\d+)", daemon.log())}
        counted = {watcher.totals() for watcher in watchers} | {(received, dropped)}
        # The log holds floods of lines back.
        self.assertLessEqual(told, counted)
        if len(watchers) < 10:
            self.assertEqual(told, counted)

    def test_an_encoder_that_is_too_slow(self):
        daemon = self.daemon("--threads", "1", size="3840x2160", fps="120")
        host = self.host(daemon, "--null", "--live", "--no-reconnect")
        live, lossless = self.watch(daemon) + self.watch(daemon, lossless=True)
        held, = self.watch(daemon, acks=False)
        self.check_newest_wins(held, live)
        self.check_pings(live)
        for watcher in (live, lossless):
            watcher.wait_delivered(30)
            self.assertTrue({"NO_BUFFER", "ENCODER_BUSY"} & set(watcher.counts()),
                            watcher.describe())
        self.note_age(live)
        self.check_end(daemon, [live, lossless, held], host)

    def test_a_starved_daemon(self):
        daemon = self.starved("--size", "320x240", "--fps", "1000")
        host = self.host(daemon, "--null", "--lossless", "--no-reconnect")
        live, lossless = self.watch(daemon) + self.watch(daemon, lossless=True)
        held, = self.watch(daemon, acks=False)
        self.check_newest_wins(held, live)
        self.check_pings(live)
        live.wait_delivered(30)
        for watcher in (live, lossless):
            self.assertGreater(watcher.totals()[1], 0, watcher.describe())
        self.note_age(live)
        self.check_end(daemon, [live, lossless, held], host)

    def test_two_hundred_watchers(self):
        daemon = self.daemon("--max-clients", "200", fps="60")
        host = self.host(daemon, "--null", "--live", "--no-reconnect")
        crowd = self.watch(daemon, 190)
        rest = self.watch(daemon, 7) + self.watch(daemon, lossless=True)
        held, = self.watch(daemon, acks=False)
        self.check_newest_wins(held, crowd[0])
        for watcher in crowd + rest:
            watcher.wait_delivered(30)
        self.check_pings(crowd[50])
        self.fails(3, "TOO_MANY_CLIENTS", harness.PITETHER, daemon.address, "--null",
                   "--no-reconnect")
        # Two hundred threads in one Python process read too slowly for a daemon that is about to
        # end: most say that they have enough, and are sent nothing more.
        for watcher in crowd:
            watcher.hold_acks()
        for watcher in crowd:
            watcher.leave()
        self.check_end(daemon, crowd + rest + [held], host)

    def test_a_loop_that_stood_still(self):
        """Time in which the daemon did not run is held against nobody: not a peer whose HELLO
        waits to be read, and not the camera."""
        daemon = self.daemon()
        host = self.host(daemon, "--null", "--no-reconnect")
        live, = self.watch(daemon)
        late, = self.watch(daemon, start=False)
        late.peer.sock.recv(1, socket.MSG_PEEK)  # it was accepted
        live.wait_delivered(5)
        daemon.send(signal.SIGSTOP)
        time.sleep(1)
        late.start()
        time.sleep(5)
        daemon.send(signal.SIGCONT)
        late.wait_delivered(5)
        live.wait_delivered(len(live.tails) + 5)
        self.assertEqual(live.states(), [RUNNING])
        self.check_end(daemon, [live, late], host)


if __name__ == "__main__":
    harness.main()
