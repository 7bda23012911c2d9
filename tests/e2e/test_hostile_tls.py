#!/usr/bin/env python3
"""Strangers against a daemon that demands TLS, and friends that misbehave. In a network of its own,
as test_tls.py."""
import signal
import subprocess

import harness
import hostile_case
import hostile_tls_attacks
import test_tls


class HostileTls(hostile_case.HostileCase):
    NETWORK = "10.84"
    key_of, pair, revoke, secret = (getattr(test_tls.Tls, name) for name in
                                    ("key_of", "pair", "revoke", "secret"))

    def setUp(self):
        super().setUp()
        self.keys = self.path("keys")
        self.handshakes = 0
        for name in ("laptop", "gone"):
            self.pair(name)

    def openssl(self, address, identity, secret, version="-tls1_3",
                alpn=("-alpn", "pitether/1"), quiet=("-quiet",), more=()):
        client = subprocess.Popen(["openssl", "s_client", *quiet, "-connect", address, version,
                                   *alpn, "-psk_identity", identity, "-psk", secret, *more],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.addCleanup(client.kill)
        return client

    def handshake(self, *key, **options):
        """What openssl says of a handshake; each from an address that has not come before, or it
        would come too often."""
        self.handshakes += 1
        source = f"{self.NETWORK}.9.{self.handshakes}:0"
        client = self.openssl(self.daemon.address, *key, quiet=("-brief", "-bind", source),
                              **options)
        return b"".join(client.communicate(timeout=self.BOUND))

    def befriend(self):
        """One more friend comes, and gets what it wants."""
        self.assertDone(self.host(self.daemon, "--keys", self.key_of("laptop"), "--null",
                                  "--frames", "5"))

    def test_tls(self):
        self.start_all(test_tls.DEVICE + ":0", ("--keys", self.keys),
                       ("--keys", self.key_of("laptop")))
        self.revoke("gone")
        self.daemon.send(signal.SIGHUP)
        self.daemon.wait_for("keys reloaded")
        self.withstand_all(hostile_tls_attacks.ATTACKS)
        self.finish_all()


if __name__ == "__main__":
    test_tls.in_own_network()
    harness.main()
