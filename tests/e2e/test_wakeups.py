#!/usr/bin/env python3
"""A program with nothing to do sleeps: how often it wakes up is counted, and bounded by twice what
is expected of it."""
import os

import harness
import wakeups


class Wakeups(harness.Case):
    def assertSleeps(self, program, most):
        seen = wakeups.rate(program.process.pid, most)
        print(f"{self.id()}: {seen:.1f} wake-ups a second")
        self.assertLessEqual(seen, most, program.log())

    def test_host_while_the_camera_rests(self):
        daemon = self.daemon("--pattern-faults", "unplug@0:100s")
        host = self.host(daemon, "--null")
        host.wait_for("the daemon has no camera")
        self.assertSleeps(host, 4)

    def test_host_without_a_daemon(self):
        host = self.host(self.socket, "--null")
        host.wait_for("trying again until it works")
        self.assertSleeps(host, 6)

    def test_host_without_a_daemon_at_a_name(self):
        host = self.host("localhost:9", "--null")
        host.wait_for("trying again until it works")
        self.assertSleeps(host, 9)

    def test_host_with_a_progress_line(self):
        """On a terminal, a line that stays as it is is not drawn again and again."""
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        daemon = self.daemon("--pattern-faults", "unplug@0:100s")
        host = self.start("sh", "-c", f'exec "$@" 2>&{theirs}', "sh", harness.PITETHER,
                          daemon.address, "--null", pass_fds=[theirs])
        os.close(theirs)
        daemon.wait_for("client unix watches")
        self.assertSleeps(host, 4)

    def test_daemon(self):
        daemon = self.daemon("--pattern-faults", "unplug@0:100s")
        self.assertSleeps(daemon, 1)
        host = self.host(daemon, "--null")
        host.wait_for("the daemon has no camera")
        self.assertSleeps(daemon, 6)


if __name__ == "__main__":
    harness.main()
