#!/usr/bin/env python3
"""Hostile receivers against a daemon that speaks plain text."""
import resource

import harness
import hostile_attacks
import hostile_case
import hostile_wire as wire


class Hostile(hostile_case.HostileCase):
    def test_plain(self):
        self.start_all("127.0.0.1:0")
        before = self.descriptors()
        with self.subTest("receivers whose cable is cut"):
            self.cut_some()
        self.withstand_all(hostile_attacks.ATTACKS)
        self.wait_until(lambda: self.descriptors() <= before, "the end of those that were cut")
        self.finish_all()

    def cut_some(self):
        if not wire.can_cut():
            self.skipTest("only root may have packet filters here")
        for i in range(4):
            half = self.connect(wire.greeting(i % 2))
            self.addCleanup(half.close)
            self.read(half, wire.TAIL)
            wire.cut(half)

    def test_out_of_descriptors(self):
        """With a daemon that may have few of them."""
        many, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard))
        try:
            self.start_all("127.0.0.1:0")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (many, hard))
        self.withstand(hostile_attacks.out_of_descriptors)
        self.finish_all()


if __name__ == "__main__":
    harness.main()
