#!/usr/bin/env python3
"""What a service manager is told, by a socket that stands for systemd's."""
import ctypes
import os
import select
import signal
import socket

import harness
from watcher import Watcher

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # waitpid: threads, too


class Service(harness.Case):
    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(harness.BOUND)
        self.manager.bind(self.path("notify"))
        # Like systemd's own, for daemons of any user.
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("notify"), 0o777)

    def begin(self, *options, **environment):
        words = [f"{name}={value}" for name, value in environment.items()]
        return self.start("env", f"NOTIFY_SOCKET={self.path('notify')}", *words, harness.PITETHERD,
                          "--source", "pattern", "--size", "64x64", "--listen", self.socket,
                          *options)

    def wait_told(self, line):
        """Reads messages until one has this line; returns that message's lines."""
        while True:
            lines = self.manager.recv(4096).decode().split("\n")
            if line in lines:
                return lines

    def is_silent(self, seconds):
        return not select.select([self.manager], [], [], seconds)[0]

    def drain(self):
        while not self.is_silent(0):
            self.manager.recv(4096)

    def test_from_ready_to_stopping(self):
        daemon = self.begin()
        self.assertIn("STATUS=The camera is off.", self.wait_told("READY=1"))
        # Who was told so can connect at once.
        watcher = Watcher(self.socket)
        self.wait_told("STATUS=The camera is on.")
        watcher.wait_delivered(3)
        watcher.leave()
        self.wait_told("STATUS=The camera is off.")
        daemon.send(signal.SIGTERM)
        self.wait_told("STOPPING=1")
        self.assertEqual(daemon.wait(), 0, daemon.log())

    def test_a_lost_camera(self):
        self.begin("--always-on", "--pattern-faults", "unplug@3:1ms")
        self.wait_told("READY=1")
        self.wait_told("STATUS=The camera is lost, trying to restart it.")
        self.wait_told("STATUS=The camera is on.")

    def test_no_watchdog_unless_asked(self):
        daemon = self.begin()
        self.wait_told("READY=1")
        daemon.send(signal.SIGTERM)
        while (lines := self.manager.recv(4096)) != b"STOPPING=1":
            self.assertNotIn(b"WATCHDOG", lines)

    def wedge(self, thread):
        """Stops one thread of another process, until release()."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

        def ptrace(request):
            if libc.ptrace(request, thread, None, None) != 0:
                raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
        ptrace(PTRACE_SEIZE)
        ptrace(PTRACE_INTERRUPT)
        os.waitpid(thread, WALL)
        return lambda: ptrace(PTRACE_DETACH)

    def test_the_watchdog_shows_a_wedged_loop(self):
        daemon = self.begin("--always-on", WATCHDOG_USEC=200000)
        for _ in range(5):
            self.wait_told("WATCHDOG=1")
        # The main thread is the loop's; camera and encoder go on.
        release = self.wedge(daemon.process.pid)
        try:
            self.drain()
            self.assertTrue(self.is_silent(1))
        finally:
            release()
        for _ in range(5):
            self.wait_told("WATCHDOG=1")
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())

    def test_a_reload_without_keys(self):
        """It is no reason to end: the service's user has just made the first key."""
        daemon = self.begin("--keys", self.path("keys"))
        self.assertEqual(daemon.wait(), 2)  # a keys file that was named must be there
        daemon = self.begin()
        self.wait_told("READY=1")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("there were no keys at the start: restart pitetherd")
        self.run_host(self.socket, "--null", "--frames", "3")

    def test_a_terminal_that_is_gone(self):
        daemon = self.daemon()
        daemon.send(signal.SIGHUP)
        self.assertEqual(daemon.wait(), 0)

    def test_the_watchdog_of_another_process(self):
        self.begin(WATCHDOG_USEC=200000, WATCHDOG_PID=1)
        self.wait_told("READY=1")
        self.assertTrue(self.is_silent(0.5))

    def activate(self, *sockets):
        """Starts the daemon as systemd does for a .socket unit: with sockets from descriptor 3 on."""
        pulls = " ".join(f"{3 + i}<&{each.fileno()}" for i, each in enumerate(sockets))
        return self.start("sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)}; exec "$@" '
                          + pulls, "sh", harness.PITETHERD, "--source", "pattern", "--size",
                          "64x64", "--listen", self.socket, pass_fds=[each.fileno() for each in sockets])

    def listener(self, family, address):
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen()
        return listener

    def test_sockets_that_were_opened_for_it(self):
        tcp = self.listener(socket.AF_INET, ("127.0.0.1", 0))
        unix = self.listener(socket.AF_UNIX, self.path("passed"))
        daemon = self.activate(tcp, unix)
        for address in "127.0.0.1:%d" % tcp.getsockname()[1], "unix:" + self.path("passed"):
            daemon.wait_for("listening on " + address + "$")
            self.run_host(address, "--null", "--frames", "3")
        self.assertEqual(daemon.log().count("listening on"), 2)
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0, daemon.log())
        self.assertTrue(os.path.exists(self.path("passed")))  # it is not the daemon's to remove

    def test_what_is_no_listening_socket(self):
        plain = socket.socket()
        self.addCleanup(plain.close)
        daemon = self.activate(plain)
        self.assertEqual(daemon.wait(), 4)
        self.assertRegex(daemon.log(), "not a listening stream socket")


if __name__ == "__main__":
    harness.main()
