#!/usr/bin/env python3
"""Paths that lose large packets without telling anybody: the stream goes on with small ones. And
paths that are only slow, which are not taken for such. Each test has a network of its own; they
mostly wait, so they run side by side."""
import re
import signal
import subprocess
import time

import harness
import network
from network import DEVICE, DEVICE6, HOST

SMALLER = "small messages arrive and large ones don't.* at most {} bytes"


class Paths(network.NetworkCase):
    def lose_above(self, size):
        """What is larger is lost just before the host. A network card would split what TCP gives it
        in one piece; here it is TCP that does."""
        self.network.run("device", "ip link set eth0 gso_max_segs 1")
        self.network.run("host", "nft add table inet f",
                         "nft 'add chain inet f i { type filter hook input priority 0; }'",
                         f"nft add rule inet f i meta length '>' {size} drop")

    def watch(self, *options, address=DEVICE):
        self.daemon = self.start_daemon(*options, listen="[::]:7484" if ":" in address else None)
        self.host = self.start_host(address)

    def connections(self):
        return self.daemon.log().count("watches")

    def finish(self, segment):
        """It streams, was told why it did not at first, and only once."""
        self.wait_until(lambda: len(self.index(self.out)) > 30, "a stream")
        self.host.send(signal.SIGINT)
        self.host.wait()
        self.check_saved(self.out)
        log = self.host.log()
        self.assertEqual(len(re.findall(SMALLER.format(segment), log)), 1, log)
        self.assertNotIn("fell silent", log)

    def test_large_packets_are_lost(self):
        self.secure = False
        self.lose_above(1300)
        self.watch()
        self.finish(1220)
        self.assertEqual(self.connections(), 2, self.daemon.log())

    def test_large_packets_are_lost_over_tls(self):
        self.lose_above(1300)
        self.watch()
        self.finish(1220)
        self.assertEqual(self.connections(), 2, self.daemon.log())

    def test_large_packets_are_lost_over_ipv6(self):
        self.lose_above(1300)
        self.watch(address=f"[{DEVICE6}]")
        self.finish(1220)

    def test_only_the_smallest_arrive(self):
        self.lose_above(700)
        self.watch()
        self.finish(536)
        self.assertEqual(self.connections(), 3, self.daemon.log())

    def test_a_daemon_that_does_not_speak_first(self):
        """It has keys, but takes plain text, too: the second connection tells nothing of it, so
        that this takes the 15 s after which the first one is given up."""
        self.secure = False
        self.lose_above(1300)
        self.watch("--keys", self.keys)
        self.finish(1220)

    def test_it_is_remembered(self):
        """The next connection begins with small packets."""
        self.lose_above(1300)
        self.watch()
        self.daemon.kill()
        self.daemon = self.start_daemon()
        self.daemon.wait_for("watches")
        self.finish(1220)
        self.assertEqual(self.connections(), 1, self.daemon.log())

    def test_it_begins_later(self):
        """As where a VPN is switched on: it takes a second connection to find out."""
        self.watch()
        self.lose_above(1300)
        self.host.wait_for(SMALLER.format(1220))
        captured = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.wait_for_row(lambda row: int(row["captured_ns"]) > captured, "frames again")

    def congestion_control(self):
        """Of the daemon's connection with the host."""
        answer = subprocess.run(self.network.at("device", "ss", "-tinH", "state", "established"),
                                check=True, capture_output=True, text=True, timeout=harness.BOUND)
        return set(re.findall(r"\b(bbr|cubic|reno)\b", answer.stdout))

    def test_bbr(self):
        """The daemon takes it where the kernel offers it, whatever the system's default is; what
        the route demands goes before."""
        self.network.run("device", "echo reno >/proc/sys/net/ipv4/tcp_congestion_control")
        with open("/proc/sys/net/ipv4/tcp_available_congestion_control", encoding="ascii") as file:
            best = "bbr" if "bbr" in file.read().split() else "reno"
        self.watch()
        self.assertEqual(self.congestion_control(), {best})
        self.host.kill()
        self.network.run("device", "ip route replace default via 10.77.1.254 congctl reno")
        self.host = self.start_host()
        self.daemon.wait_for("watches", 2)
        self.wait_until(lambda: self.congestion_control() == {"reno"}, "what the route demands")

    def slow(self):
        """A frame takes some 20 s, and the whole time some of it arrives."""
        self.network.slow_down(100)
        self.daemon = self.start_daemon("--quality", 100, size="1920x1080", fps=5)
        self.host = self.start_host()
        self.wait_for_row(lambda row: int(row["bytes"]) > 150000, "a large frame")
        callers = re.findall(fr"client {HOST}:\d+.* watches", self.daemon.log())
        self.assertEqual(len(callers), 1, self.daemon.log())
        self.assertNotRegex(self.host.log(), "silent|large")

    def test_a_slow_path(self):
        self.secure = False
        self.slow()

    def test_a_slow_path_over_tls(self):
        self.slow()

    def test_a_cut_at_the_first_frame(self):
        """Nothing large arrives, but nothing small either."""
        self.network.slow_down(1000)
        self.daemon = self.start_daemon("--quality", 95, size="1280x720")
        self.host = self.start_host(wait=False)
        self.daemon.wait_for("watches")
        self.network.cut()
        time.sleep(4)  # a cut is as long as it is
        self.network.restore()
        self.wait_for_row(lambda row: True, "a frame")
        self.assertNotIn("large", self.host.log())


if __name__ == "__main__":
    harness.enter_namespaces("--net")  # in which there may be others
    harness.main_side_by_side()
