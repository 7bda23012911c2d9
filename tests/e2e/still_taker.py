"""Asks a daemon for a still, as a receiver that counts for itself."""
import struct

import independent_client as protocol
from watcher import Watcher


class StillTaker(Watcher):
    """One still; fields of SUBSCRIBE's TLVs as keywords. join() waits for END; refused() for ERROR."""

    LAYOUTS = {"width": (2, ">H"), "height": (3, ">H"), "quality": (4, ">B"), "settle": (5, ">I")}

    def __init__(self, address, stream="", start=True, **fields):
        self.fields = fields
        super().__init__(address, start=start, stream=stream)

    def _subscribe(self):
        streams = protocol.greet(self.peer)
        tlvs = b"".join(struct.pack(">HH", number, struct.calcsize(layout)) +
                        struct.pack(layout, self.fields[name])
                        for name, (number, layout) in self.LAYOUTS.items() if name in self.fields)
        if self.stream:
            tlvs = struct.pack(">HH", 1, len(self.stream)) + self.stream.encode() + tlvs
        self.peer.send(protocol.SUBSCRIBE, ">BIIQI", 2, 0, 0, 0, 0, tlvs=tlvs)
        return streams[self.stream] if self.stream else [*streams.values()][0]

    def refused(self):
        """Waits for ERROR, and returns it as a text."""
        self.thread.join(60)
        if not self.error:
            raise AssertionError(self.describe())
        return str(self.error)
