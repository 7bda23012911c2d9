"""JPEGs that are small to send, and some that are meant to be expensive to look at."""
import struct

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOF0, SOF2, DHT, SOS, DQT = 0xC0, 0xC2, 0xC4, 0xDA, 0xDB


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def code_of_one(table, symbol):
    """A Huffman table in which the single symbol is the bit 0."""
    return segment(DHT, bytes([table, 1] + 15 * [0] + [symbol]))


def header(frame, width, height):
    """Of a grey picture: all there is but the scans. DC differences are all 0; AC coefficients come
    in runs of 2^14 blocks and more that have none."""
    return (SOI + segment(DQT, bytes([0] + 64 * [1])) +
            segment(frame, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)) +
            code_of_one(0x00, 0x00) + code_of_one(0x10, 0xE0))


def scan(first, last, data):
    return segment(SOS, bytes([1, 1, 0x00, first, last, 0])) + data


def blocks(width, height):
    return (width + 7) // 8 * ((height + 7) // 8)


def smallest(width, height):
    """Passes for a JPEG as long as nobody decodes it."""
    return SOI + segment(SOF0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)) + EOI


def baseline(width, height, data=b""):
    """Claims a size, and has no data for it unless some are given."""
    return header(SOF0, width, height) + scan(0, 63, data) + EOI


def progressive(width, height, scans):
    """Each scan is right, and makes a decoder go through the whole picture."""
    runs = (blocks(width, height) + 32766) // 32767
    bits = ("0" + 14 * "1") * runs
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    return (header(SOF2, width, height) + scan(0, 0, bytes((blocks(width, height) + 7) // 8)) +
            b"".join(scan(i, i, data) for i in range(1, scans)) + EOI)
