#!/usr/bin/env python3
"""A daemon that root starts serves as somebody else."""
import grp
import os
import pwd
import signal
import unittest

import harness


def status(daemon):
    """{name: words} of the process."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii", errors="replace") as file:
        return {name: words.split() for name, _, words in
                (line.partition(":") for line in file)}


def users():
    """Whom it may go on as, by itself."""
    return {entry.pw_uid for entry in pwd.getpwall() if entry.pw_name in ("pitether", "nobody")}


@unittest.skipIf(os.geteuid() != 0, "only root can give up root")
class Privileges(harness.Case):
    def served(self, *options):
        daemon = self.daemon(*options)
        self.run_host(daemon, "--null", "--frames", "3")
        return daemon

    def test_no_root_once_it_serves(self):
        facts = status(self.served())
        self.assertEqual(len(set(facts["Uid"])), 1)
        self.assertIn(int(facts["Uid"][0]), users())
        self.assertEqual(len(set(facts["Gid"])), 1)
        self.assertNotEqual(facts["Gid"][0], "0")
        self.assertLessEqual({grp.getgrgid(int(group)).gr_name for group in facts["Groups"]},
                             {"video", "render", "kvm"})
        for capabilities in ("CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(facts[capabilities][0], 16), 0)
        self.assertEqual(facts["NoNewPrivs"], ["1"])

    def test_a_named_user(self):
        daemon = pwd.getpwnam("daemon")
        facts = status(self.served("--user", "daemon"))
        self.assertEqual(set(facts["Uid"]), {str(daemon.pw_uid)})
        self.assertEqual(set(facts["Gid"]), {str(daemon.pw_gid)})
        self.fails(2, "no user 'nosuch'", harness.PITETHERD, "--source", "pattern",
                   "--listen", "unix:" + self.path("unused"), "--user", "nosuch")

    def test_root_stays_only_when_told(self):
        daemon = self.served("--user", "root")
        daemon.wait_for("warning: stays root")
        self.assertEqual(set(status(daemon)["Uid"]), {"0"})

    def test_a_socket_in_roots_folder_is_taken_over(self):
        daemon = self.served()
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        self.assertTrue(os.path.exists(self.path("socket")))
        self.served()


if __name__ == "__main__":
    harness.main()
