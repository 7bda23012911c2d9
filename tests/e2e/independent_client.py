#!/usr/bin/env python3
"""A receiver written from shared/protocol/PROTOCOL.md alone, which checks the daemon against it.

usage: independent_client.py ADDRESS COUNT OUTDIR [--stream=NAME] [--lossless] [--idle] [--key=FILE]
       independent_client.py ADDRESS --list [--key=FILE]
--list prints the names of the streams; --stream takes one of several; --key speaks TLS, which is
openssl s_client's work, with the first key in FILE; --idle stays silent before SUBSCRIBE until the
daemon has sent its PING, some 5 s.
"""
import os, re, socket, struct, subprocess, sys, time

HELLO, ERROR, END, PING, PONG, STREAMS, SUBSCRIBE, STREAM, STATUS, HEAD, PART, TAIL, DROPS, ACK = (
    1, 2, 3, 4, 5, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24)
CONTROLS, CHANGED, METADATA = 0x14, 0x16, 0x25
FIXED = {HELLO: ">IQQ", ERROR: ">H", END: ">HQQQ", PING: ">Q", PONG: ">QQQ", STREAMS: ">B",
         STREAM: ">BBHHIQ", STATUS: ">BB", HEAD: ">BQQQHH", PART: ">", TAIL: ">QBIIQQQQ",
         DROPS: ">BBQI", CONTROLS: ">BHH", CHANGED: ">BBIQ", METADATA: ">BB"}
TEXTS = {(HELLO, 1), (HELLO, 2), (STREAM, 1)}
NAME = r"(?!\.)[\w.-]+(/(?!\.)[\w.-]+)*"
NUMBERS = {(HEAD, 1): 8}
SIZES = {1: 1, 2: 1, 3: 4, 4: 8, 5: 4, 6: 1, 7: 16, 8: 8, 9: 8}  # of an element, by the value's type
ANYWHERE = (PING, PONG, STATUS, CONTROLS, CHANGED, METADATA)
OPENING, MAX_MESSAGE = bytes.fromhex("89505446500d0a01"), 16 << 20
NO_ID = (1 << 64) - 1
TABLE = list(range(256))
for _ in range(8):
    TABLE = [c >> 1 ^ (0x82F63B78 if c & 1 else 0) for c in TABLE]

def need(truth, what):
    if not truth:
        sys.exit(f"independent_client: {what}")

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF

def jpeg_size(jpeg):
    """(width, height) as the frame header says, or None: that is no JPEG."""
    if jpeg[:3] != b"\xff\xd8\xff" or jpeg[-2:] != b"\xff\xd9":
        return None
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        marker, size = jpeg[at + 1], struct.unpack_from(">H", jpeg, at + 2)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack_from(">HH", jpeg, at + 5)[::-1]
        at += 1 if marker == 0xFF else 2 + size
    return None

def check_tlvs(kind, body, at, end):
    tlvs = {}
    while at < end:
        need(at + 4 <= end, "a TLV's head is cut")
        name, size = struct.unpack_from(">HH", body, at)
        need(name not in tlvs and len(tlvs) < 32, f"TLV {name:x} twice, or too many")
        tlvs[name], at = body[at + 4:at + 4 + size], at + 4 + size
        need(at <= end, f"TLV {name:x} overruns its part")
        need((kind, name) not in TEXTS or size <= 64, f"the text {name:x} is too long")
        need((kind, name) != (HEAD, 2) or size <= 512, "the metadata are too long")
        need(size >= NUMBERS.get((kind, name), 0), f"the number {name:x} is too short")
        need((kind, name) != (STREAM, 2) or 2 <= size, "the view is too short")
    return tlvs

def tls(address, path):
    """A socket whose other end is a TLS connection (PROTOCOL.md, 8)."""
    with open(path, encoding="utf-8") as file:
        _, _, id_, secret = file.readline().split()
    ours, theirs = socket.socketpair()
    subprocess.Popen(["openssl", "s_client", "-quiet", "-tls1_3", "-connect", address, "-alpn",
                      "pitether/1", "-psk_identity", id_, "-psk", secret, "-ciphersuites",
                      "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"],
                     stdin=theirs, stdout=theirs)
    theirs.close()
    return ours

class Peer:
    def __init__(self, address, key=None):
        self.pings, self.answered, self.limit, self.greeted = set(), 0, 1024, False
        if key:
            self.sock = tls(address, key)
            self.sock.settimeout(15)
            return
        host, _, port = address.rpartition(":")
        unix = address.startswith("unix:")
        self.sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in host else
                                  socket.AF_INET)
        self.sock.connect(address[5:] if unix else (host.strip("[]"), int(port)))
        self.sock.settimeout(15)  # so much silence is the end
        if not unix:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, size):
        data = b""
        while more := self.sock.recv(size - len(data)) if len(data) < size else b"":
            data += more
        need(len(data) == size, "the connection was cut")
        return data

    def send(self, kind, layout, *fields, tlvs=b""):
        body = struct.pack(layout, *fields)
        self.sock.sendall(struct.pack(">2sBBIHH", b"PT", kind, 0, len(body) + len(tlvs), len(body),
                                      len(tlvs)) + body + tlvs)

    def ping(self):
        self.pings.add(t1 := time.monotonic_ns())
        self.send(PING, ">Q", t1)

    def next(self):
        """Reads a message, answers or checks off a PING or PONG: (type, fields, TLVs, blob)."""
        magic, kind, _, length, fixed, tlv = struct.unpack(">2sBBIHH", self.read(12))
        need(magic == b"PT" and fixed + tlv <= length <= self.limit, f"header of type {kind:x}")
        need((fixed + tlv if kind == PART else length) <= 4096, f"type {kind:x} is too long")
        read_at, body = time.monotonic_ns(), self.read(length)
        need(self.greeted or kind in (HELLO, ERROR), "HELLO must come first")
        self.greeted = True
        if kind >= 0x80:
            return self.next()
        need(kind in FIXED and fixed >= struct.calcsize(FIXED[kind]), f"type {kind:x} isn't right")
        tlvs = check_tlvs(kind, body, fixed, fixed + tlv)
        fields, blob = struct.unpack_from(FIXED[kind], body), body[fixed + tlv:]
        need(kind not in (ERROR, STATUS) or len(blob) <= 256, "a text is too long")
        need(kind != ERROR, f"ERROR {fields}: {blob!r}")
        if kind == PING:
            self.send(PONG, ">QQQ", *fields, read_at, time.monotonic_ns())
            self.answered += 1
        if kind == PONG:
            need(fields[0] in self.pings and fields[1] <= fields[2], "a PONG to none of our PINGs")
            self.pings.remove(fields[0])
        return kind, fields, tlvs, blob

def parse_streams(count, blob):
    """{name: number}, from the entries of STREAMS."""
    streams, at = {}, 0
    need(1 <= count <= 32, f"{count} streams")
    for _ in range(count):
        need(at + 12 <= len(blob), "an entry of STREAMS is cut")
        number, _, width, height, _, view = struct.unpack_from(">BBHHIH", blob, at)
        need(view <= 10000, "more than all of the sensor's view")
        texts, at = [], at + 12
        for limit in (32, 64):
            need(at < len(blob), "an entry of STREAMS is cut")
            texts.append(blob[at + 1:at + 1 + blob[at]])
            need(len(texts[-1]) == blob[at] <= limit, "a text of STREAMS is cut, or too long")
            at += 1 + blob[at]
        name = texts[0].decode(errors="replace")
        need(re.fullmatch(NAME, name, re.ASCII), f"{name!r} is no stream's name")
        need(name not in streams and number not in streams.values(), f"{name} or {number} twice")
        need((width, height) == (0, 0) or
             all(16 <= side <= 16383 for side in (width, height)), f"{name}: not a size")
        streams[name] = number
    return streams

def add_names(names, first, blob):
    """METADATA's: (type, is an array) of each value, by number."""
    need(first == len(names) and blob, f"METADATA from {first} after {len(names)} names")
    at = 0
    while at < len(blob):
        need(at + 3 <= len(blob) and at + 3 + blob[at + 2] <= len(blob), "METADATA is cut")
        need(blob[at] in SIZES and 1 <= blob[at + 2] <= 48, f"no name: {blob[at:at + 3]!r}")
        names.append((blob[at], blob[at + 1] & 2))
        at += 3 + blob[at + 2]

def check_metadata(names, data):
    at = 0
    while at < len(data):
        need(data[at] < len(names), f"metadata without a name: {data[at]}")
        (kind, array), count, at = names[data[at]], 1, at + 1
        if array or kind == 6:
            need(at < len(data), "metadata are cut")
            count, at = data[at], at + 1
        at += count * SIZES[kind]
        need(at <= len(data), "metadata are cut")

def greet(peer):
    """Opening, HELLO and STREAMS, both ways: {name: number}."""
    peer.sock.sendall(OPENING)
    peer.send(HELLO, ">IQQ", MAX_MESSAGE, 0, 0)
    need(peer.read(8) == OPENING, "not the opening")
    kind, hello, _, _ = peer.next()
    need(kind == HELLO and 4096 <= hello[0] <= 64 << 20 and hello[2], "HELLO isn't right")
    peer.limit = MAX_MESSAGE
    kind, streams, _, blob = peer.next()
    need(kind == STREAMS, "STREAMS isn't right")
    return parse_streams(*streams, blob)

def subscribe(peer, streams, name, flags):
    """To the stream of this name, or to the only one: its number."""
    main = [other for other in streams if other.removesuffix("/preview") not in {*streams} - {other}]
    need(name in streams or not name and len(main) == 1, f"which of {[*streams]}?")
    while "--idle" in flags and not peer.answered:
        need(peer.next()[0] == PING, "more than a PING without SUBSCRIBE")
    for _ in range(3):
        peer.ping()
    tlvs = struct.pack(">HH", 1, len(name)) + name.encode() if name else b""
    peer.send(SUBSCRIBE, ">BIIQI", "--lossless" in flags, 0, 0, 0, 0, tlvs=tlvs)
    return streams[name or main[0]]

def list_streams(address, *flags):
    peer = Peer(address, *value_of("--key", flags))
    print(*greet(peer), sep="\n")
    peer.send(END, ">HQQQ", 0, 0, 0, 0)
    kind, fields, _, _ = peer.next()
    need(kind == END and fields[1:] == (0, 0, 0), "END isn't right")

def value_of(option, flags):
    return [flag.partition("=")[2] for flag in flags if flag.startswith(option + "=")]

def main(address, count, outdir, *flags):
    peer = Peer(address, *value_of("--key", flags))
    id_, first, delivered, dropped, reasons, names = None, None, 0, 0, {}, []
    head, parts, aborted, size, ended = None, [], None, None, False
    ours = subscribe(peer, greet(peer), "".join(value_of("--stream", flags)), flags)
    while True:
        kind, f, tlvs, blob = peer.next()
        need(kind not in (HELLO, STREAMS), "HELLO or STREAMS twice")
        need(head is None or kind in (PART, TAIL, *ANYWHERE), f"{kind:x} inside a frame")
        need(aborted is None or kind in (DROPS, *ANYWHERE), f"{kind:x}: DROPS is due")
        if kind == STREAM:
            need(f[:2] == (ours, 1) and f[5] == (f[5] if first is None else id_), f"STREAM {f}")
            need(all(16 <= side <= 16383 for side in f[2:4]), f"STREAM {f}: not a size")
            id_, first, size = f[5], f[5] if first is None else first, f[2:4]
        elif kind == STATUS:
            need(f[0] == ours and f[1] <= 2, "STATUS isn't right")
        elif kind in (CONTROLS, CHANGED):
            need(f[0] == ours, f"type {kind:x} of another stream")
        elif kind == METADATA:
            need(f[0] == ours, "METADATA of another stream")
            add_names(names, f[1], blob)
        elif kind == HEAD:
            need(f[:2] == (ours, id_) and id_ < NO_ID, f"HEAD {f}, not of {id_}")
            need(f[4:] == size, f"HEAD {f} isn't STREAM's size {size}")
            check_metadata(names, tlvs.get(2, b""))
            head, parts = f, []
        elif kind == PART:
            need(head and blob, "FRAME_PART outside a frame, or empty")
            parts.append(blob)
        elif kind == TAIL:
            need(head and f[0] == id_ and f[1] <= 1, f"TAIL {f}, not of {id_}")
            jpeg, shown, head, aborted = b"".join(parts), head[4:], None, id_ if f[1] else None
            if aborted is not None:
                need(f[2:4] == (0, 0), "an aborted frame with length or CRC")
                continue
            if not ended:
                peer.send(ACK, ">QQ", id_, time.monotonic_ns())
            need(f[2:4] == (len(jpeg), crc32c(jpeg)), f"frame {id_} is damaged")
            need(f[4] <= f[5] and f[6] <= f[7], f"frame {id_}: times run backwards {f[4:]}")
            need(len(jpeg) <= MAX_MESSAGE and jpeg_size(jpeg) == shown, f"frame {id_}: no JPEG")
            with open(os.path.join(outdir, f"{id_}.jpg"), "wb") as file:
                file.write(jpeg)
            id_, delivered = id_ + 1, delivered + 1
            if delivered % 10 == 0 and not ended:
                peer.ping()
            if delivered == int(count):
                peer.send(END, ">HQQQ", 0, delivered + dropped, delivered, dropped)
                ended = True
        elif kind == DROPS:
            need(f[0] == ours and 1 <= f[1] <= 11 and f[2] == id_ and f[3], f"DROPS {f}, not of {id_}")
            reasons[f[1]] = reasons.get(f[1], 0) + f[3]
            id_, dropped, aborted = id_ + f[3], dropped + f[3], None
            need(id_ <= NO_ID, f"DROPS {f} runs over the last id")
        elif kind == END:
            need(f[1:] == (delivered + dropped, delivered, dropped), f"END {f}: not our count")
            need(f[1] == f[2] + f[3] == id_ - first, f"END {f}: not the ids from {first} to {id_}")
            break
    need(ended or delivered >= int(count), f"the daemon's END {f[0]} after {delivered} frames")
    need(not peer.sock.recv(1), "more than nothing after END")
    need(not peer.pings, f"{len(peer.pings)} PINGs without a PONG")
    print(f"independent_client: {size[0]}x{size[1]}, ids {first}..{id_ - 1}, {delivered} delivered, {dropped} dropped "
          f"{reasons}, {peer.answered} PINGs answered, all rules held")

if __name__ == "__main__":
    if sys.argv[2] == "--list":
        list_streams(sys.argv[1], *sys.argv[3:])
    else:
        main(*sys.argv[1:])
