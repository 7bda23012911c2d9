"""Controls and metadata as PROTOCOL.md codes them (sections 5 and 9), written from that alone.

Whatever is malformed raises ValueError.
"""
import struct

BOOL, BYTE, INT32, INT64, FLOAT, TEXT, RECTANGLE, SIZE, POINT = range(1, 10)
LAYOUTS = {BOOL: ">B", BYTE: ">B", INT32: ">i", INT64: ">q", FLOAT: ">f", TEXT: ">c",
           RECTANGLE: ">iiII", SIZE: ">II", POINT: ">ii"}
DONE, REJECTED, NOT_ALLOWED, NO_CAMERA, BUSY, LOST = range(6)
OK, CLAMPED, IGNORED, UNKNOWN, BAD, UNSET, REPLACED, UNREPORTED = range(8)
NO_FRAME = (1 << 64) - 1
SET = 0x15


def check(truth, what):
    if not truth:
        raise ValueError(what)


class Reader:
    """Takes one thing after the other from a blob."""

    def __init__(self, blob):
        self.blob, self.at = blob, 0

    def over(self):
        return self.at == len(self.blob)

    def bytes(self, size):
        check(self.at + size <= len(self.blob), f"cut at {self.at}")
        self.at += size
        return self.blob[self.at - size:self.at]

    def number(self, layout):
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))[0]

    def text(self, most, least=0):
        data = self.bytes(self.number(">B"))
        check(least <= len(data) <= most, f"a text of {len(data)} bytes")
        return data.decode()

    def elements(self, kind, count, array=True):
        """None: there are none; one that is no list, if it is no array."""
        check(kind in LAYOUTS, f"type {kind}")
        if count == 0:
            return None
        layout = LAYOUTS[kind]
        check(count * struct.calcsize(layout) <= 256, f"{count} elements of type {kind}")
        if kind == TEXT:
            return self.bytes(count).decode()
        found = [struct.unpack(layout, self.bytes(struct.calcsize(layout))) for _ in range(count)]
        found = [one[0] if len(one) == 1 else one for one in found]
        check(array or count == 1, f"{count} elements of what is no array")
        return found if array else found[0]

    def value(self):
        kind, flags, count = self.number(">B"), self.number(">B"), self.number(">H")
        return None if kind == 0 and count == 0 else self.elements(kind, count, flags & 2)


def parse_control(reader):
    control = {"type": reader.number(">B"), "flags": reader.number(">B"),
               "size": reader.number(">H"), "name": reader.text(48, 1), "unit": reader.text(12)}
    for field in ("min", "max", "def", "set"):
        control[field] = reader.elements(control["type"], reader.number(">H"))
    words = reader.number(">B")
    check(words <= 24, f"{words} words")
    control["words"] = {}
    for _ in range(words):
        number = reader.number(">i")
        control["words"][reader.text(31)] = number
    return control


class Controls:
    """The list that CONTROLS build up."""

    def __init__(self):
        self.items, self.total = [], None

    def add(self, first, total, blob):
        """Whether the list is complete."""
        check(total <= 128, f"{total} controls")
        if first == 0:
            self.items, self.total = [], total
        check((first, total) == (len(self.items), self.total), f"{first} of {total} out of turn")
        reader = Reader(blob)
        while not reader.over() and len(self.items) < total:
            self.items.append(parse_control(reader))
        check(len(self.items) > first or total == 0, "a message without controls")
        return len(self.items) == total

    def named(self):
        return {control["name"]: control for control in self.items}


def parse_changed(fields, tlvs, blob):
    _, status, request, first = fields
    reader = Reader(blob)
    changed = {"status": status, "request": request, "first": first, "by": tlvs.get(1, b"").decode(),
               "text": tlvs.get(2, b"").decode(), "controls": {}}
    check(len(changed["by"]) <= 64 and len(changed["text"]) <= 256, "a text is too long")
    check((status == DONE) == (not changed["text"]), f"status {status}, text {changed['text']!r}")
    count = reader.number(">B")
    check(count <= 48, f"{count} controls")
    for _ in range(count):
        name = reader.text(48)
        change = {"result": reader.number(">B"), "asked": reader.value(), "now": reader.value(),
                  "why": reader.text(96)}
        check((change["result"] in (UNKNOWN, BAD, UNSET)) == (status == REJECTED), f"{name} {change}")
        changed["controls"][name] = change
    return changed


class Metadata:
    """The names that METADATA gave to numbers, and what frames report by them."""

    def __init__(self):
        self.names = []

    def add(self, first, blob):
        check(first == len(self.names) and blob, f"names from {first} after {len(self.names)}")
        reader = Reader(blob)
        while not reader.over():
            kind, flags = reader.number(">B"), reader.number(">B")
            check(kind in LAYOUTS, f"type {kind}")
            self.names.append((reader.text(48, 1), kind, flags & 2))

    def read(self, data):
        reader, values = Reader(data), {}
        while not reader.over():
            number = reader.number(">B")
            check(number < len(self.names), f"number {number} has no name")
            name, kind, array = self.names[number]
            count = reader.number(">B") if array or kind == TEXT else 1
            values[name] = reader.elements(kind, count, array)
        return values
