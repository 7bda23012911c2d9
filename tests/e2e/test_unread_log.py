#!/usr/bin/env python3
"""Nobody reads the log, be it a pipe that is full or a terminal that was stopped with Ctrl-S: frames
go on, both programs end when they are told to, and what waited is there for whoever reads at last."""
import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import termios
import tty

import harness

XOFF, XON = b"\x13", b"\x11"
LOST = re.compile(r"warning: lines missing here because they could not be written in time: (\d+)")


class FullPipe:
    """Takes nothing before it is read."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        try:
            while os.write(self.writer, b"\n" * 4096):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(self.writer, True)

    def go_on(self):
        pass

    def close(self):
        os.close(self.reader)


class StoppedTerminal:
    """Has had a Ctrl-S."""

    def __init__(self):
        self.reader, self.writer = pty.openpty()
        tty.setraw(self.writer)
        mode = termios.tcgetattr(self.writer)
        mode[0] |= termios.IXON
        termios.tcsetattr(self.writer, termios.TCSANOW, mode)
        fcntl.ioctl(self.writer, termios.TIOCSWINSZ, b"\x18\x00\xff\x00\x00\x00\x00\x00")
        os.write(self.reader, XOFF)

    def go_on(self):
        os.write(self.reader, XON)

    def close(self):
        os.close(self.reader)


class UnreadLog:
    """For each kind."""

    def start_unread(self, *command):
        """The program, and where its standard error can be read."""
        log = self.kind()
        self.addCleanup(log.close)
        program = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=log.writer)
        os.close(log.writer)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program, log

    def start_daemon(self, *options):
        program, log = self.start_unread(harness.PITETHERD, "--source", "pattern", "--size",
                                         "64x48", "--fps", "200", "--listen", self.socket,
                                         *harness.AS_IT_IS, *options)
        self.wait_until(lambda: os.path.exists(self.path("socket")), "the daemon's socket")
        return program, log

    def read_on(self, log, wanted):
        """Reads what was written until a line is like wanted; all lines so far."""
        text = ""
        log.go_on()
        while not re.search(wanted, text):
            part = os.read(log.reader, 65536)
            self.assertTrue(part, text)
            text += part.decode(errors="replace")
        return text

    def test_the_daemon_serves_and_ends(self):
        daemon, _ = self.start_daemon()
        self.run_host(self.socket, "--null", "--frames", "300")
        daemon.terminate()
        self.assertEqual(daemon.wait(harness.BOUND), 0)

    def test_what_waited_is_written(self):
        daemon, log = self.start_daemon()
        self.run_host(self.socket, "--null", "--frames", "3")
        text = self.read_on(log, "camera off")
        self.assertRegex(text, r"(?s)listening on unix:.*camera on:.*camera off")
        daemon.terminate()
        self.read_on(log, r"stopping \(Terminated\)")
        self.assertEqual(daemon.wait(harness.BOUND), 0)

    def test_lost_lines_are_counted(self):
        """64 KiB may wait: less than is told of so many clients."""
        daemon, log = self.start_daemon("--log-level", "debug")
        for _ in range(1500):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.path("socket"))
                client.recv(1)
        self.run_host(self.socket, "--null", "--frames", "3")
        text = self.read_on(log, LOST)
        self.assertGreater(int(LOST.search(text).group(1)), 10)
        daemon.terminate()
        self.assertEqual(daemon.wait(harness.BOUND), 0)

    def test_the_receiver_ends_by_itself(self):
        daemon = self.daemon(size="64x48", fps="200")
        host, _ = self.start_unread(harness.PITETHER, daemon.address, "--save", self.path("out"),
                                    "--frames", "300", "--stats", "--latency-report")
        self.assertIn(host.wait(harness.BOUND), (0, 5))
        self.check_saved(self.path("out"), 300)

    def test_the_receiver_is_interrupted(self):
        daemon = self.daemon(size="64x48", fps="200")
        host, _ = self.start_unread(harness.PITETHER, daemon.address, "--save", self.path("out"))
        self.wait_until(lambda: os.path.exists(self.path("out", "frames.csv")) and
                        len(self.index(self.path("out"))) > 100, "100 frames")
        host.send_signal(signal.SIGINT)
        self.assertIn(host.wait(harness.BOUND), (0, 5))

    def test_the_receiver_has_nobody_to_connect_to(self):
        host, _ = self.start_unread(harness.PITETHER, "unix:" + self.path("none"), "--null")
        # Once it asks for the signal it can't be killed by it any more.
        self.wait_until(lambda: self.blocks_interrupts(host), "a receiver that takes signals in")
        host.send_signal(signal.SIGINT)
        self.assertGreaterEqual(host.wait(harness.BOUND), 0)

    @staticmethod
    def blocks_interrupts(program):
        with open(f"/proc/{program.pid}/status", encoding="ascii", errors="replace") as file:
            blocked = int(re.search(r"SigBlk:\s*(\w+)", file.read()).group(1), 16)
        return blocked >> (signal.SIGINT - 1) & 1


class OnFullPipe(UnreadLog, harness.Case):
    kind = FullPipe


class OnStoppedTerminal(UnreadLog, harness.Case):
    kind = StoppedTerminal


if __name__ == "__main__":
    harness.main()
