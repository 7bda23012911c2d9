#!/usr/bin/env python3
"""A machine that boots: the daemon is there before its camera and before the network has the address
that it is to listen at, and serves as soon as both are."""
import signal
import subprocess

import harness

ADDRESSES = {"10.88.0.1": "10.88.0.1:7484", "fd00:88::1": "[fd00:88::1]:7484"}


class Boot(harness.Case):
    def test_the_address_and_the_camera_come_late(self):
        options = [word for address in ADDRESSES.values() for word in ("--listen", address)]
        daemon = self.daemon("--insecure-plaintext", "--pattern-faults", "absent@0:1s", *options)
        daemon.wait_for("warning: the test picture is unplugged.*; serving without it until it is")
        hosts = []
        for address in ADDRESSES.values():
            daemon.wait_for("listening on " + address.replace("[", r"\["))
            daemon.wait_for("warning: .*7484 is not yet an address of this machine", len(ADDRESSES))
            hosts.append(self.host(address, "--null", "--frames", "3"))
            hosts[-1].wait_for("can't connect to .*trying again until it works")
        for address in ADDRESSES:
            subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
        for host in hosts:
            self.assertDone(host)
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())


if __name__ == "__main__":
    harness.enter_namespaces("--net", setup="ip link set lo up")
    harness.main()
