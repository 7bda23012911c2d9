#!/usr/bin/env python3
"""Which frames are sent, and encoded at all: --every, --max-fps, and the end of --duration."""
import re
import signal

import harness
from relay import Relay


class Wanted(harness.Case):
    def drops(self, program):
        line = program.wait_for(r"captured = .*").string
        return {reason: int(count) for count, reason in re.findall(r"(\d+) ([A-Z_]+)[,)]", line)}

    def assertGrid(self, ids, program, cuts=0):
        """Each tenth, but where a cut, or a busy machine, took the frame that was due: then the next
        one stands for it."""
        replaced = [id_ for id_ in ids if (id_ - ids[0]) % 10]
        drops = self.drops(program)
        lost = sum(count for reason, count in drops.items() if reason != "RATE_LIMITED")
        self.assertLessEqual(len(replaced), cuts + lost, ids)

    def encoded(self, daemon):
        """The frames that the daemon has encoded by its own count, once it has ended."""
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        return int(daemon.wait_for(r"frames encoded: (\d+)").group(1))

    def test_what_nobody_is_sent_is_not_encoded(self):
        for limit in (["--every", "20"], ["--max-fps", "5"]):
            daemon = self.daemon("--log-level", "debug", fps="100")
            host = self.run_host(daemon, "--save", self.path(limit[0]), "--frames", "5", *limit)
            captured, received = self.assertSummary(host)[:2]
            self.assertGreater(captured, 60)
            encoded = self.encoded(daemon)
            self.assertTrue(received <= encoded <= received + 2, (captured, received, encoded))

    def test_nobody_watches(self):
        daemon = self.daemon("--log-level", "debug", "--always-on", "--frames", "30", fps="100")
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(int(daemon.wait_for(r"frames encoded: (\d+)").group(1)), 0)

    def test_the_others_get_all(self):
        daemon = self.daemon("--frames", "60")
        hosts = [self.host(daemon, "--save", self.path("tenth"), "--every", "10"),
                 self.host(daemon, "--save", self.path("all"))]
        for host in hosts:
            self.assertDone(host)
        tenth = self.check_saved(self.path("tenth"))
        self.assertConsecutive(self.check_saved(self.path("all")), hosts[1])
        self.assertGrid(tenth, hosts[0])

    def test_one_grid_whatever_happens_to_the_connection(self):
        relay = Relay(self, self.daemon(fps="50").address)
        host = self.host(relay.address, "--save", self.path("ids"), "--every", "10",
                         "--frames", "12")
        for saved in (3, 7):
            self.wait_until(lambda n=saved: self.count(self.path("ids")) >= n, "frames")
            relay.cut()
        self.assertIn(host.wait(), (0, 5), host.log())  # 5: some were missed in between
        host.wait_for("connection was cut", 2)
        ids = self.check_saved(self.path("ids"), 12)
        self.assertGrid(ids, host, cuts=2)

    def test_one_grid_of_times(self):
        relay = Relay(self, self.daemon(fps="50").address)
        host = self.host(relay.address, "--save", self.path("times"), "--max-fps", "4",
                         "--frames", "8")
        self.wait_until(lambda: self.count(self.path("times")) >= 3, "frames")
        relay.cut()
        self.assertIn(host.wait(), (0, 5), host.log())
        times = [int(row["sensor_ns"]) for row in self.index(self.path("times"))]
        # From a point of the grid on the first frame is taken: at 50 frames/s, at most 20 ms later,
        # unless a cut or a busy machine took it.
        late = [(time - times[0] + 15_000_000) % 250_000_000 for time in times]
        drops = self.drops(host)
        lost = sum(count for reason, count in drops.items() if reason != "RATE_LIMITED")
        self.assertLessEqual(sum(time > 60_000_000 for time in late), 1 + lost, late)

    def test_what_was_not_asked_for_is_not_missing(self):
        """A picture that takes longer to encode than a frame lasts: those in between are nobody's
        loss, and one that is lost where a frame is due is replaced by the next."""
        daemon = self.daemon("--threads", "1", size="1920x1080", fps="200")
        host = self.host(daemon, "--save", self.path("out"), "--max-fps", "2", "--frames", "3")
        self.assertEqual(host.wait(), 0, host.log())
        self.assertGreater(self.drops(host)["RATE_LIMITED"], 100)
        self.check_saved(self.path("out"), 3)

    def test_what_waits_at_the_end_is_counted(self):
        relay = Relay(self, self.daemon("-q", "100", size="1280x720").address, rate=400_000)
        host = self.host(relay.address, "--save", self.path("slow"), "--duration", "2")
        self.assertEqual(host.wait(), 5, host.log())  # frames of these two seconds are missing
        captured, received = self.assertSummary(host)[:2]
        self.assertGreater(self.drops(host)["UNSENT"], 10)
        self.assertGreater(captured, 2 * received)
        self.assertEqual(self.count(self.path("slow")), received)
        host = self.host(relay.address, "--save", self.path("n"), "--frames", "3")
        code = host.wait()  # here, what was UNSENT was not asked for
        self.assertSummary(host)
        self.assertEqual(code, 5 if set(self.drops(host)) - {"UNSENT"} else 0, host.log())

    def test_duration_is_the_streams(self):
        """Each frame that was taken in time is kept, though the last ones arrive after the end."""
        host = self.run_host(self.daemon(fps="100"), "--save", self.path("out"), "--duration", "1")
        times = [int(row["sensor_ns"]) for row in self.index(self.path("out"))]
        captured, received = self.assertSummary(host)[:2]
        late = host.wait_for(r"captured = (?:.*; (\d+) received after the end)?").group(1)
        self.assertEqual(len(times), received - int(late or 0))
        self.assertLess(times[-1] - times[0], 1_000_000_000)

    def count(self, folder):
        try:
            return len(self.index(folder))
        except FileNotFoundError:
            return 0


if __name__ == "__main__":
    harness.main_side_by_side()
