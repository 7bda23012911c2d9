"""libpitether as a program of one's own uses it: the example, several receivers that are polled, slow
callers, lost connections; and what is installed for such a program."""
import collections
import os
import re
import signal
import subprocess
import unittest

import harness

WATCH = os.environ.get("WATCH_EVENTS", "watch_events")
EXAMPLE = os.environ.get("EXAMPLE_RECEIVE", "receive")
EXAMPLE_SETS = os.environ.get("EXAMPLE_SET_CONTROL", "set_control")
LIBRARY = os.environ.get("LIBPITETHER", "libpitether.so.0")
BUILD = os.environ.get("BUILD_DIR", ".")
COMPILER = os.environ.get("C_COMPILER", "cc").split(";")
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HEADER = os.path.join(SOURCES, "host/lib/pitether.h")

END_STOPPED, END_DURATION, END_FINISHED = 0, 1, 3


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def declared():
    """The functions of the header."""
    return set(re.findall(r"\b(pitether_[a-z_]+)\(", re.sub(r"/\*.*?\*/", "", read(HEADER), flags=re.S)))


class Events:
    """What watch_events has printed: (receiver, kind, [words])."""

    def __init__(self, text):
        self.all = [(int(words[0]), words[1], words[2:])
                    for words in (line.split(" ") for line in text.splitlines())]

    def of(self, kind, receiver=0):
        return [words for index, name, words in self.all if index == receiver and name == kind]

    def kinds(self, receiver=0):
        return [name for index, name, _ in self.all if index == receiver]


class Library(harness.Case):
    def watch(self, *words):
        program = self.start(WATCH, *words, stdout=subprocess.PIPE)
        program.process.stdout.reconfigure(line_buffering=True)
        return program

    def events(self, program, before=""):
        """All events until it ends, in order."""
        text = before + program.process.stdout.read()
        self.assertEqual(program.wait(), 0, text + program.log())
        return Events(text)

    def until(self, program, pattern):
        """What it prints up to a line that matches."""
        text = ""
        for line in program.process.stdout:
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(f"no line like {pattern!r} in:\n{text}{program.log()}")

    def assertComplete(self, events, receiver=0):
        """Each id of each epoch comes once, in order. Returns how many had frames, and the others
        by reason."""
        position, taken, drops = {}, 0, collections.Counter()
        for index, kind, words in events.all:
            if index != receiver or kind not in ("frame", "drops"):
                continue
            epoch, first = words[0], int(words[1])
            number = 1 if kind == "frame" else int(words[2])
            self.assertEqual(position.get(epoch, first), first, words)
            position[epoch] = first + number
            if kind == "frame":
                taken += 1
            else:
                drops[words[3]] += number
        return taken, drops

    def test_example(self):
        daemon = self.daemon()
        done = subprocess.run([EXAMPLE, daemon.address], timeout=harness.BOUND, check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(re.findall(r"^frame \d+: \d+ bytes$", done.stdout, re.M)), 10)
        self.assertEqual(done.stderr, "")
        done = subprocess.run([EXAMPLE, "no address:x"], timeout=harness.BOUND, check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not an address", done.stderr)

    def test_example_that_sets(self):
        daemon = self.daemon("--always-on")
        for words, code, pattern in (("Contrast=2,Brightness=9", 0,
                                      r"^Contrast: 2 from frame \d+ \nBrightness: 1 from .* range"),
                                     ("Foo=1", 1, r"(?m)^not set: .*Foo"), ("", 2, "^$")):
            done = subprocess.run([EXAMPLE_SETS, daemon.address, words], timeout=harness.BOUND,
                                  check=False, capture_output=True, text=True)
            self.assertEqual(done.returncode, code, done)
            self.assertRegex(done.stdout, pattern)

    def test_every_id_once(self):
        daemon = self.daemon(fps="120")
        events = self.events(self.watch("-l", "-t", "2", daemon.address))
        taken, drops = self.assertComplete(events)
        self.assertGreater(taken, 0)
        self.assertEqual(events.kinds()[0], "connected")
        self.assertEqual(events.kinds().count("connected"), 1)
        self.assertEqual(events.kinds()[-1], "end")
        self.assertEqual(int(events.of("end")[0][0]), END_DURATION)
        self.assertLess(events.kinds().index("stream"), events.kinds().index("frame"))
        self.assertEqual(events.of("stream")[0], ["camera", "320x240", "120"])
        # As many as the daemon has sent; those that came after the end are told apart.
        sent = re.search(r"delivered (\d+)", daemon.wait_for(r"delivered \d+").group(0))
        self.assertEqual(taken + drops["AFTER_END"], int(sent.group(1)))

    def test_two_receivers(self):
        front = self.daemon(size="320x240")
        back = self.daemon(size="160x120", listen="unix:" + self.path("other"))
        events = self.events(self.watch("-n", "20", front.address, back.address))
        for receiver, size in ((0, "320x240"), (1, "160x120")):
            taken, _ = self.assertComplete(events, receiver)
            self.assertGreaterEqual(taken, 20)
            self.assertEqual(events.of("stream", receiver)[0][1], size)
            self.assertEqual(int(events.of("end", receiver)[0][0]), END_STOPPED)

    def test_a_slow_live_caller(self):
        daemon = self.daemon(fps="60")
        events = self.events(self.watch("-d", "200", "-n", "8", daemon.address))
        taken, drops = self.assertComplete(events)
        self.assertGreater(drops["NOT_TAKEN"], taken)
        delivered = int(daemon.wait_for(r"delivered (\d+)").group(1))
        self.assertEqual(taken + drops["NOT_TAKEN"], delivered)

    def test_a_slow_lossless_caller(self):
        daemon = self.daemon(fps="60")
        events = self.events(self.watch("-l", "-d", "50", "-n", "20", daemon.address))
        _, drops = self.assertComplete(events)
        self.assertEqual(drops["NOT_TAKEN"], 0)

    def test_every_fifth(self):
        daemon = self.daemon(fps="60")
        events = self.events(self.watch("-l", "-e", "5", "-n", "5", daemon.address))
        self.assertComplete(events)
        ids = [int(words[1]) for words in events.of("frame")]
        steps = {later - earlier for earlier, later in zip(ids, ids[1:])}
        self.assertEqual({step % 5 for step in steps}, {0})

    def test_reconnecting(self):
        daemon = self.daemon()
        program = self.watch("-l", daemon.address)
        text = self.until(program, " frame ")
        daemon.send(signal.SIGTERM)
        text += self.until(program, " lost the daemon was stopped; waiting for its return")
        self.assertEqual(daemon.wait(), 0)
        self.daemon()
        text += self.until(program, " connected ")
        text += self.until(program, " frame ")
        program.send(signal.SIGTERM)
        events = self.events(program, text)
        self.assertComplete(events)
        self.assertEqual(len({words[0] for words in events.of("connected")}), 2)
        self.assertEqual(len({words[0] for words in events.of("frame")}), 2)
        self.assertEqual(len(events.of("lost")), 1)
        self.assertEqual(int(events.of("end")[0][0]), END_STOPPED)

    def test_a_daemon_that_is_killed(self):
        """Over TLS, too: the program has left SIGPIPE as it is, which would end it."""
        keys, ours = self.path("keys"), self.path("ours")
        line = subprocess.run([harness.PITETHERD, "--keys", keys, "--add-key", "laptop"], check=True,
                              timeout=harness.BOUND, capture_output=True, text=True).stdout
        subprocess.run([harness.PITETHER, "--keys", ours, "--import-key", "127.0.0.1"], check=True,
                       timeout=harness.BOUND, input=line, text=True, capture_output=True)
        daemon = self.daemon("--keys", keys, listen="127.0.0.1:0")
        program = self.watch("-l", "-k", ours, daemon.address)
        text = self.until(program, " frame ")
        daemon.send(signal.SIGKILL)
        text += self.until(program, " lost the connection was cut")
        program.wait_for("encrypted with TLS_")
        program.send(signal.SIGTERM)
        self.assertComplete(self.events(program, text))

    def test_several_streams(self):
        config = self.path("conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[front]\nsource = pattern\nsize = 320x240\nfps = 30\n"
                       "[rear]\nsource = pattern\nsize = 160x120\nfps = 10\n")
        daemon = self.start(harness.PITETHERD, "--config", config, "--listen", "127.0.0.1:0",
                            *harness.WHO)
        address = daemon.wait_for(r"listening on ([^\s,]+)").group(1)
        done = subprocess.run([WATCH, "-L", address], timeout=harness.BOUND, check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()], ["front", "rear"])
        events = self.events(self.watch("-n", "3", address + "/rear", address + "/front"))
        self.assertEqual(events.of("stream", 0)[0][:2], ["rear", "160x120"])
        self.assertEqual(events.of("stream", 1)[0][:2], ["front", "320x240"])
        events = self.events(self.watch("-n", "3", "-s", "rear", address))
        self.assertEqual(events.of("stream")[0][0], "rear")
        events = self.events(self.watch(address))
        self.assertRegex(" ".join(events.of("end")[0]), "front.*rear")
        self.assertEqual(events.of("frame"), [])

    def test_nothing_is_written_by_the_library(self):
        """Neither to stdout nor to stderr, whatever happens: the example logs nothing."""
        done = subprocess.run(["timeout", "-s", "KILL", "1", EXAMPLE, self.socket],
                              timeout=harness.BOUND, check=False, capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_symbols(self):
        """What the header declares is exported, and nothing else is."""
        text = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True,
                              timeout=harness.BOUND, capture_output=True, text=True).stdout
        exported = {line.split()[2].split("@")[0] for line in text.splitlines()}
        self.assertEqual(exported - {"PITETHER_0"}, declared())
        text = subprocess.run(["readelf", "-d", LIBRARY], check=True, timeout=harness.BOUND,
                              capture_output=True, text=True).stdout
        self.assertIn("Library soname: [libpitether.so.0]", text)

    def test_manual(self):
        """Each function of the header is in the synopsis of pitether(3), and no other one."""
        page = read(os.path.join(SOURCES, "host/lib/pitether.3"))
        synopsis = page[page.index(".SH SYNOPSIS"):page.index(".SH DESCRIPTION")]
        self.assertEqual(set(re.findall(r"\b(pitether_[a-z_]+)\(", synopsis)), declared())
        for name in declared():
            self.assertIn(f".BR {name} ()", page[page.index(".SH DESCRIPTION"):], name)

    @unittest.skipIf("SANITIZED" in os.environ, "the sanitizers' functions are the program's")
    def test_installed(self):
        """A stranger's program, against what is installed alone."""
        prefix, program = self.path("usr"), self.path("program")
        for component in ("library", "development"):
            subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix, "--component", component],
                           check=True, timeout=harness.BOUND, stdout=subprocess.DEVNULL)
        found = [os.path.join(folder, "pitether.pc") for folder, _, files in os.walk(prefix)
                 if "pitether.pc" in files]
        self.assertEqual(len(found), 1)
        folder = os.path.dirname(found[0])
        environment = {**os.environ, "PKG_CONFIG_PATH": folder}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "pitether"], env=environment,
                               check=True, timeout=harness.BOUND, capture_output=True,
                               text=True).stdout.split()
        for name in ("set_control.c", "receive.c"):
            source = os.path.join(SOURCES, "host/examples", name)
            subprocess.run([*COMPILER, "-Wall", "-Wextra", "-Werror", "-std=c99", "-o", program,
                            source, *flags], check=True, timeout=harness.BOUND)
        daemon = self.daemon()
        done = subprocess.run([program, daemon.address], timeout=harness.BOUND, check=False,
                              capture_output=True, text=True,
                              env={**environment, "LD_LIBRARY_PATH": os.path.dirname(folder)})
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(done.stdout.splitlines()), 10)


if __name__ == "__main__":
    harness.main()
