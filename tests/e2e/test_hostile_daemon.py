#!/usr/bin/env python3
"""Hostile daemons against the host: it ends with the right code and one clear line, never crashes,
takes no more memory than a frame may have, and what it saved is whole."""
import concurrent.futures
import itertools
import os
import re
import resource
import subprocess
import sys

import harness
import hostile_jpeg
import hostile_wire as wire
from hostile_daemon import (BAD_LISTS, BEGIN, EPOCH, JPEG, HostileDaemon, begin, end, frame, head,
                            parts, stream, tail)
from hostile_wire import (ACK, DROPS, END, ERROR, HEAD, HELLO, MAX_ID, OPENING, PART, PING, PONG,
                          STATUS, STREAM, STREAMS, SUBSCRIBE, TAIL, entry, message, tlv)

READY = BEGIN + message(STATUS, 0, 1) + stream()
DONE, LOST, MISSING = 0, 3, 5
# A frame of 64 MiB, while it grows, and the rest of the program.
MEMORY_MAX = 200 << 20


class HostileDaemons(harness.Case):
    def setUp(self):
        super().setUp()
        self.runs = itertools.count()

    def listen(self):
        daemon = HostileDaemon()
        self.addCleanup(daemon.close)
        return daemon

    def meet(self, pieces, code, pattern, *options, saved=(), lines=1, **manners):
        """A host that is told this ends with this code, has complained in one line like this, and
        has saved these frames: [(id, bytes)]."""
        daemon, folder = self.listen(), self.path(str(next(self.runs)))
        host = self.start(harness.PITETHER, daemon.address, "--save", folder, "--no-reconnect",
                          *options)
        daemon.talk([pieces] if isinstance(pieces, bytes) else pieces, harness.BOUND, **manners)
        self.assertEqual(host.wait(), code, host.log())
        complaints = [line for line in re.findall("(?:error|warning): .*", host.log())
                      if "in the middle of it; thrown away" not in line]  # besides: a frame's fate
        self.assertLessEqual(len(complaints), lines, host.log())
        if pattern:
            self.assertRegex("\n".join(complaints), pattern)
        else:
            self.assertEqual(complaints, [])
        self.assertWhole(folder, saved)
        return host

    def assertWhole(self, folder, saved):
        """There is what was saved, named by numbers, and nothing else."""
        names = [f"frame-{number:08}.jpg" for number in range(1, len(saved) + 1)]
        self.assertEqual(sorted(os.listdir(folder)), sorted([*names, *harness.INDEXES]))
        self.assertEqual([(row["file"], int(row["id"])) for row in self.index(folder)],
                         [(name, id_) for name, (id_, _) in zip(names, saved)])
        for name, (_, data) in zip(names, saved):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), data)

    def breaks(self, what, *words, begin=READY, **expected):
        """Words that are against the protocol."""
        return self.meet(begin + b"".join(words), LOST, f"the daemon broke the protocol: .*{what}",
                         **expected)

    def test_other_protocols(self):
        for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x16\x03\x03\0\2\2F",
                      os.urandom(5000).replace(b"\x89", b"x"), b"\xff" * 70000):
            self.meet(words, LOST, "not a pitetherd: check the address")
        for version in (0, 2, 255):
            self.meet(OPENING[:7] + bytes([version]), LOST, "another version .* update the older")
        self.meet(b"", LOST, "connection was cut")

    def test_wrong_lengths(self):
        for lie in ({"length": 0xFFFFFFFF}, {"length": 4097}):
            self.breaks("longer than allowed", message(STATUS, 0, 1, **lie))
        self.breaks("longer than allowed", message(PING, 1, blob=bytes(1024)), begin=OPENING)
        self.breaks("longer than allowed", head(0), message(PART, length=(64 << 20) + 1))
        self.breaks("longer than allowed", head(0), message(PART, length=4097, fixed=4097))
        self.breaks("longer than allowed", message(0xFF, length=(64 << 20) + 1))
        for lie in ({"fixed": 9}, {"tlv": 1}, {"fixed": 7}, {"fixed": 0xFFFF, "tlv": 0xFFFF}):
            self.breaks("malformed", message(PING, 1, **lie))
        self.meet(READY + message(0xFF, length=64 << 20), LOST, "connection was cut")

    def test_zero_length_everything(self):
        for kind in (0, HELLO, ERROR, END, PING, PONG, STREAMS, SUBSCRIBE, STREAM, STATUS, HEAD,
                     PART, TAIL, DROPS, ACK, 0x7F):
            self.breaks("malformed", message(kind))
        self.meet(READY + message(0x80) + message(0xFF) + end(0, 0, 0), DONE, None)

    def test_tlvs_to_the_limit(self):
        many = [tlv(1000 + i) for i in range(33)]
        self.meet(READY + head(0, tlvs=b"".join(many[1:])) + parts(JPEG, 99) + tail(0, JPEG) +
                  end(1, 1, 0), DONE, None, saved=[(0, JPEG)])
        for tlvs in (b"".join(many), tlv(1, b"\1\2\3"), many[0] * 2, many[0][:3],
                     tlv(7, b"12345678") + b"\0\1\xff\xff"):
            self.breaks("malformed", head(0, tlvs=tlvs))

    def test_out_of_order(self):
        aborted = head(0), tail(0, b"", status=1)
        for what, *words in (("second HELLO", BEGIN[8:]),
                             ("second STREAMS", message(STREAMS, 1)),
                             ("FRAME_HEAD within a frame", head(0), head(0)),
                             ("outside a frame", parts(b"x", 1)), ("no frame", tail(0, b"")),
                             ("no frame", head(0), tail(1, b"")),
                             ("no frame", head(0), tail(0, b"", status=2)),
                             ("DROPS within", head(0), message(DROPS, 0, 1, 0, 1)),
                             ("STREAM within", head(0), stream()),
                             ("END within", head(0), end(0, 0, 0)),
                             ("only a receiver", message(ACK, 0, 0)),
                             ("only a receiver", message(SUBSCRIBE, 0, 0, 0, 0, 0)),
                             ("aborted frame with a length", head(0),
                              tail(0, b"", status=1, length=1)),
                             *(("instead of DROPS of an aborted frame", *aborted, word)
                               for word in (head(0), stream(), end(0, 0, 0))),
                             ("a frame", *aborted, parts(b"x", 1))):
            self.breaks(what, *words)
        self.breaks("HELLO must come first", stream(), begin=OPENING)
        for fields in ((4095, 0, 1), (4096, 0, 0), ((64 << 20) + 1, 0, 1), (0xFFFFFFFF, 0, 1)):
            self.breaks("unusable HELLO", message(HELLO, *fields), begin=OPENING)
        for what, word in (("instead of STREAMS", stream()), ("instead of STREAMS", head(0)),
                           *(("malformed list of streams", words) for words in BAD_LISTS)):
            self.breaks(what, word, begin=OPENING + message(HELLO, 4096, 0, 1))
        self.breaks("malformed", message(0x80), begin=OPENING)
        self.breaks("before STREAM", head(0), begin=BEGIN)
        self.meet(BEGIN + stream(codec=2), LOST, "codec 2, which this version does not know")

    def test_ids(self):
        def starts(first, *words):
            return BEGIN + stream(first) + b"".join(words)
        self.breaks("frame 5 instead of 1", frame(0), head(5), saved=[(0, JPEG)])
        self.breaks("frame 0 instead of 1", frame(0), frame(0), saved=[(0, JPEG)])
        self.breaks("frame 7 instead of 0", message(DROPS, 0, 1, 7, 1))
        self.breaks("empty or endless", message(DROPS, 0, 1, 0, 0))
        self.breaks("empty or endless", begin=starts(MAX_ID, frame(MAX_ID)))
        self.breaks("empty or endless", begin=starts(MAX_ID - 9, message(DROPS, 0, 1, MAX_ID - 9,
                                                                         0xFFFFFFFF)))
        self.meet(starts(MAX_ID - 1, frame(MAX_ID - 1), end(1, 1, 0)), DONE, None,
                  saved=[(MAX_ID - 1, JPEG)])
        count = 0xFFFFFFFF
        drops = b"".join(message(DROPS, 0, 1 + i % 255, i * count, count) for i in range(1000))
        host = self.meet(starts(0, drops, end(1000 * count, 0, 1000 * count)), MISSING, None)
        self.assertEqual(self.assertSummary(host), [1000 * count, 0, 1000 * count, 0])
        self.assertIn("for an unknown reason", host.log())

    def test_lying_totals(self):
        for lie in ((2, 2, 0), (1, 0, 1), (1, 1, 1), (MAX_ID, MAX_ID, MAX_ID), (0, 0, 0)):
            self.meet(READY + frame(0) + end(*lie), LOST, "totals .* are not what was received",
                      saved=[(0, JPEG)])

    def test_damaged_frames(self):
        for what, wrong in (("its checksum is wrong", tail(0, JPEG, crc=1)),
                            ("its length is wrong", tail(0, JPEG, length=len(JPEG) + 1)),
                            ("its length is wrong", tail(0, JPEG, length=0xFFFFFFFF))):
            self.meet(READY + head(0) + parts(JPEG, 5) + wrong + frame(1) + end(2, 2, 0), MISSING,
                      f"frame 0 arrived damaged: {what}", saved=[(1, JPEG)])
        self.meet(READY + head(0) + tail(0, b"") + end(1, 1, 0), MISSING, "its length is wrong")
        flood = b"".join(head(i) + tail(i, b"") for i in range(20_000))
        self.meet(READY + flood + end(20_000, 20_000, 0), MISSING, "damaged", lines=21)

    def test_frames_without_end(self):
        """The one in big parts is refused at 64 MiB; the one in parts of a byte is a frame."""
        more = itertools.repeat(parts(bytes(1 << 20), 1 << 20))
        self.meet(itertools.chain([READY + head(0)], more), LOST, "a frame longer than max_message")
        data = hostile_jpeg.baseline(64, 64, os.urandom(50_000))
        self.meet(READY + frame(0, data, part=1) + end(1, 1, 0), DONE, None, saved=[(0, data)])
        largest = bytes(64 << 20)
        self.meet([READY, head(0), message(PART, blob=largest),
                   tail(0, b"", length=len(largest), crc=0)], LOST, "checksum|cut", lines=2)

    def test_claimed_sizes(self):
        """A picture is saved if its markers say what STREAM and FRAME_HEAD do, and no more of it is
        looked into."""
        for width, height in ((16383, 16383), (16, 16), (16, 16383)):
            data = hostile_jpeg.baseline(width, height)
            host = self.meet(BEGIN + stream(0, width, height) +
                             frame(0, data, width=width, height=height) + end(1, 1, 0), DONE, None,
                             saved=[(0, data)])
            host.wait_for(f"{width}x{height}")
        for width, height in ((65535, 65535), (16384, 64), (64, 15), (8, 8), (0, 0)):
            self.breaks(f"a stream of {width}x{height}", begin=BEGIN + stream(0, width, height))
            self.breaks(f"a frame of {width}x{height} in a stream of 64x64",
                        frame(0, hostile_jpeg.smallest(width, height), width=width, height=height))
        self.breaks("a frame of 64x63", frame(0, hostile_jpeg.smallest(64, 63), height=63))
        self.meet(READY + frame(0) + stream(1, 32, 16) + frame(1, hostile_jpeg.smallest(32, 16),
                                                               width=32, height=16) +
                  end(2, 2, 0), DONE, None,
                  saved=[(0, JPEG), (1, hostile_jpeg.smallest(32, 16))])

    def test_bytes_that_are_no_jpeg(self):
        """They are never saved under the name of one."""
        for what, data in (("does not begin", b"not really a JPEG"), ("does not begin", b"\0" + JPEG),
                           ("does not end", JPEG[:-2]), ("does not end", JPEG + b"\0\0"),
                           ("header is not", JPEG[:2] + JPEG[-2:]), ("does not begin", os.urandom(3)),
                           ("another size", hostile_jpeg.baseline(64, 65)),
                           ("another size", hostile_jpeg.smallest(8, 8))):
            self.meet(READY + frame(0, data) + frame(1) + end(2, 2, 0), MISSING,
                      f"frame 0 arrived damaged: .*{what}", saved=[(1, JPEG)])

    def test_other_streams(self):
        for word in (message(STREAM, 1, 1, 64, 64, 0, 0), message(STATUS, 1, 1),
                     message(HEAD, 1, 0, 1, 1, 64, 64), message(DROPS, 1, 2, 0, 1)):
            self.breaks("of another stream than the one subscribed to", word)

    def test_numbers_of_streams(self):
        """The number is the list's, whatever it is."""
        hello, number = OPENING + message(HELLO, 4096, 0, 1), 201
        ours = message(STREAM, number, 1, 64, 64, 0, 0) + message(STATUS, number, 1)
        self.meet(hello + wire.streams(entry(number=number)) + ours +
                  message(DROPS, number, 1, 0, 1) + end(1, 0, 1), MISSING, None)
        for other in (stream(), message(STATUS, 0, 1)):
            self.breaks("of another stream", other, begin=hello + wire.streams(entry(number=number)))
        self.meet(hello + wire.streams(entry(), entry(b"other", 1)) + stream(), LOST,
                  "several streams, name one .*: test, other")

    def test_streams_out_of_time(self):
        for first in (0, 2, MAX_ID):
            self.breaks(f"frame {first} instead of 1", frame(0), stream(first),
                        saved=[(0, JPEG)])

    def test_unknown_values(self):
        """What only informs may have values that this version does not know; 0 is no reason."""
        words = (message(STATUS, 0, 3, blob=b"tired"), message(DROPS, 0, 77, 0, 1), message(0x99),
                 stream(1, tlvs=tlv(9, bytes(65))))
        host = self.meet(READY + b"".join(words) + end(1, 0, 1, reason=9), LOST, "was stopped")
        self.assertIn("for an unknown reason", host.log())
        self.breaks("DROPS without a reason", message(DROPS, 0, 0, 0, 1))

    def test_what_the_independent_client_finds(self):
        """It was written from PROTOCOL.md alone, and holds a daemon to the same rules."""
        client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "independent_client.py")
        hello, aborted = OPENING + message(HELLO, 4096, 0, 1), head(0) + tail(0, b"", status=1)
        for what, words in (
                ("HELLO isn't right", OPENING + message(HELLO, (64 << 20) + 1, 0, 1)),
                ("HELLO must come first", OPENING + message(0x80) + BEGIN[8:]),
                ("STREAMS isn't right", hello + stream()),
                *(("stream|cut|twice|not a size|too long", hello + words) for words in BAD_LISTS),
                ("which of .*test.*other", hello + wire.streams(entry(), entry(b"other", 1))),
                ("text 1 is too long", OPENING + message(HELLO, 4096, 0, 1, tlvs=tlv(1, bytes(65)))),
                ("a text is too long", BEGIN + message(STATUS, 0, 1, blob=bytes(257))),
                ("STREAM .*: not a size", BEGIN + stream(0, 8, 8)),
                ("STREAM .*1, 1, 64", BEGIN + message(STREAM, 1, 1, 64, 64, 0, 0)),
                ("STREAM .*, 5.$", READY + stream(5)),
                ("HEAD .*, not of 0", READY + message(HEAD, 1, 0, 1, 1, 64, 64)),
                ("isn't STREAM's size", READY + head(0, width=32)),
                ("frame 0: no JPEG", READY + frame(0, b"not really a JPEG")),
                ("frame 0 is damaged", READY + head(0) + parts(JPEG, 9) + tail(0, JPEG, crc=1)),
                ("DROPS .*, not of 0", READY + message(DROPS, 0, 0, 0, 1)),
                ("runs over the last id", BEGIN + stream(MAX_ID) + message(DROPS, 0, 1, MAX_ID, 1)),
                ("12: DROPS is due", READY + aborted + stream()),
                ("with length or CRC", READY + head(0) + tail(0, b"", status=1, length=1)),
                ("not our count", READY + frame(0) + end(1, 0, 1)),
                ("more than nothing after END", READY + frame(0) + end(1, 1, 0) + message(PONG, 1, 1, 1)),
                ("TLV 9 overruns", READY + head(0) + message(PART, tlvs=b"\0\x09\0\1", blob=b"x"))):
            daemon = self.listen()
            host = self.start(sys.executable, client, daemon.address, "1", self.folder)
            daemon.talk([words], harness.BOUND)
            self.assertEqual(host.wait(), 1, (what, host.log()))
            self.assertRegex(host.log(), what)
        daemon = self.listen()
        host = self.start(sys.executable, client, daemon.address, "1", self.folder)
        daemon.talk([READY + frame(0) + stream(1) + message(0xAA) + message(DROPS, 0, 1, 1, 1) +
                     end(2, 1, 1)], harness.BOUND)
        self.assertEqual(host.wait(), 1, host.log())  # its PINGs were not answered
        self.assertRegex(host.log(), "3 PINGs without a PONG")

    def test_long_texts(self):
        long = b"x" * 65
        for words in ((OPENING, message(HELLO, 4096, 0, 1, tlvs=tlv(1, long))),
                      (OPENING, message(HELLO, 4096, 0, 1, tlvs=tlv(2, long))),
                      (BEGIN, stream(tlvs=tlv(1, long))), (READY, message(STATUS, 0, 1, blob=bytes(257))),
                      (READY, message(ERROR, 9, blob=bytes(257)))):
            self.breaks("malformed", begin=b"".join(words))
        self.meet(BEGIN + stream(tlvs=tlv(1, long[:64])) + message(STATUS, 0, 1, blob=bytes(256)) +
                  end(0, 0, 0), DONE, None)

    def test_a_daemon_that_goes_back(self):
        """Begun anew under the same epoch, it is not believed; under another one it is."""
        daemon, folder = self.listen(), self.path("saved")
        host = self.start(harness.PITETHER, daemon.address, "--save", folder)
        first = READY + b"".join(frame(id_) for id_ in range(3))
        daemon.talk([first], harness.BOUND)
        for _ in range(3):
            daemon.talk([first], harness.BOUND)
        daemon.talk([BEGIN, stream(2), frame(2)], harness.BOUND)
        daemon.talk([BEGIN, stream(3), frame(3), message(DROPS, 0, 1, 4, 5)], harness.BOUND)
        daemon.talk([begin(EPOCH + 1), stream(0), frame(0), end(1, 1, 0)], harness.BOUND)
        host.wait()
        self.assertEqual(len(os.listdir(folder)), 5 + len(harness.INDEXES), host.log())
        self.assertEqual([int(row["id"]) for row in self.index(folder)], [0, 1, 2, 3, 0])
        self.assertRegex(host.log(), "frames from 0 on, though this epoch was at 3 already")
        self.assertRegex(host.log(), "frames from 2 on, though this epoch was at 3 already")

    def test_texts_with_escapes(self):
        """Nothing that a terminal would obey comes through, nor a line that isn't ours."""
        evil = b"../../evil" + wire.ESCAPES
        names = tlv(1, evil) + tlv(2, evil)
        words = (OPENING + message(HELLO, 4096, 0, MAX_ID, tlvs=names) +
                 wire.streams(entry(model=evil)) + stream(tlvs=tlv(1, evil)) +
                 b"".join(message(STATUS, 0, state, blob=evil) for state in (0, 1, 2, 9)) +
                 head(0, sensor=MAX_ID, tlvs=tlv(6, b"\xff" * 8)) + parts(JPEG, 99) +
                 tail(0, JPEG, times=(MAX_ID, 0, MAX_ID, 0)))
        for last in (message(ERROR, 9, blob=evil), message(ERROR, 999, blob=evil), b"", evil):
            daemon, folder = self.listen(), self.path("saved" + str(next(self.runs)))
            command = [harness.PITETHER, daemon.address, "--save", folder, "--no-reconnect",
                       "--name", "{epoch}-{id}-{wall}-{sensor}.jpg", "--log-level", "debug"]
            with subprocess.Popen(command, stderr=subprocess.PIPE) as host:
                daemon.talk([words, last], harness.BOUND)
                said = host.stderr.read()
            self.assertEqual(host.returncode, LOST, said)
            self.assertNotRegex(said, rb"[\x00-\x09\x0b-\x1f\x7f-\xff]")
            self.assertNotRegex(said, rb"(?m)^(?!pitether: |saved |\d+ captured|\Z)")
            self.assertIn(b"evil", said)
            self.assertRegex(" ".join(sorted(os.listdir(folder))),
                             rf"^f{{16}}-0+-[0-9TZ.]+-{MAX_ID}.jpg frames.csv frames.jsonl$")
        self.assertEqual([name for name in os.listdir(self.folder) if "evil" in name], [])

    def test_floods(self):
        """What could fill a log or a buffer does not."""
        lost = message(STATUS, 0, 2, blob=b"gone") * 100_000
        self.meet([READY, lost, end(0, 0, 0)], DONE, "no camera: gone", lines=21)
        streams = b"".join(stream(0, 16 + i % 9999, 16) for i in range(50_000))
        host = self.meet([BEGIN, streams, end(0, 0, 0)], DONE, "left out|^$", lines=2)
        self.assertLessEqual(len(host.lines), 30, host.log())
        self.meet([READY, message(PING, 1) * 200_000, end(0, 0, 0)], DONE, None)

    def test_absurd_times(self):
        times = (0, 1, 1 << 62, 1 << 63, MAX_ID - 1, MAX_ID)
        pongs = b"".join(message(PONG, *fields) for fields in itertools.product(times, repeat=3))
        frames = b"".join(head(i, sensor=fields[0]) + parts(JPEG, 99) + tail(i, JPEG, times=fields)
                          for i, fields in enumerate(itertools.product(times, repeat=4)))
        count = len(times) ** 4
        self.meet([READY, pongs, frames, pongs * 100, end(count, count, 0)], DONE, None,
                  "--latency-report", "--latency", self.path("latency.csv"),
                  saved=[(i, JPEG) for i in range(count)])

    def test_a_farewell_that_is_not_answered(self):
        """The host leaves after 2 s of silence, and after 10 s even if the daemon goes on and on; and
        says that it does not know what was left."""
        more = (frame(i) for i in itertools.count())
        self.meet(itertools.chain([READY], more), DONE, "END did not come", "--frames", "3",
                  saved=[(i, JPEG) for i in range(3)])
        self.meet(READY + frame(0), DONE, "END did not come", "--frames", "1", saved=[(0, JPEG)],
                  stays=True)

    def test_silence(self):
        """All at once, as each takes its time: no HELLO within 5 s, nothing within 15 s; and a
        daemon that reads nothing while it talks is as dead as one that says nothing."""
        no_hello, nothing = "no answer within 5 s", "nothing was received for 15 s"
        pings = itertools.chain([READY], itertools.repeat(message(PING, 1) * 1000))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for result in [pool.submit(self.meet, pieces, LOST, pattern, stays=True, deaf=deaf)
                           for pieces, pattern, deaf in
                           (([], no_hello, False), ([OPENING], no_hello, False),
                            ([BEGIN[:20]], no_hello, False), ([READY], nothing, False),
                            ([READY + head(0) + parts(JPEG, 99)], nothing, False),
                            (pings, nothing, True))]:
                result.result()

    def test_closes_at_every_byte(self):
        """What was whole by then is saved, and the exit code tells that it was cut short."""
        words = (READY + frame(0, JPEG, part=9) + message(PING, 1) + message(DROPS, 0, 3, 1, 2) +
                 frame(3, JPEG) + end(4, 2, 2))
        wholes = [words.index(tail(id_, JPEG)) + len(tail(id_, JPEG)) for id_ in (0, 3)]

        def cut(size):
            saved = [(id_, JPEG) for id_, whole in zip((0, 3), wholes) if whole <= size]
            if size == len(words):
                self.meet(words, MISSING, None, saved=saved)
            else:
                self.meet(words[:size], LOST, "the connection was cut", saved=saved)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            step = 3 if os.environ.get("SANITIZED") else 1  # programs start slowly then
            list(pool.map(cut, [*range(0, len(words), step), len(words)]))

    def tearDown(self):
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        if not os.environ.get("SANITIZED"):
            print(f"peak of resident memory so far: {peak / 1e6:.0f} MB")
            self.assertLess(peak, MEMORY_MAX)
        super().tearDown()


if __name__ == "__main__":
    harness.main()
