"""A relay between a receiver and a daemon's Unix socket, which can be cut, and can be slow."""
import contextlib
import os
import socket
import threading
import time


class Relay:
    """Passes bytes on from each connection to one of its own to the daemon, down to the receiver at
    `rate` bytes a second, if one is given. Ends with the test."""

    def __init__(self, case, upstream, rate=None):
        path = case.path("relay")
        self.address, self.upstream, self.rate = "unix:" + path, upstream.removeprefix("unix:"), rate
        self.lock, self.pairs, self.closed = threading.Lock(), [], False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                down, _ = self.listener.accept()
                up = socket.socket(socket.AF_UNIX)
                with self.lock:
                    self.pairs.append((down, up))
                up.connect(self.upstream)
                for one, other, rate in ((down, up, None), (up, down, self.rate)):
                    threading.Thread(target=self._pass_on, args=(one, other, rate),
                                     daemon=True).start()

    def _pass_on(self, one, other, rate):
        with contextlib.suppress(OSError):
            while data := one.recv(min(65536, rate // 20) if rate else 65536):
                other.sendall(data)
                if rate:
                    time.sleep(len(data) / rate)
            other.shutdown(socket.SHUT_WR)

    def cut(self):
        """Ends all connections; new ones are taken."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for end in (end for pair in pairs for end in pair):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        self.listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.address.removeprefix("unix:"))
