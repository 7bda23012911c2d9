"""The plain way to stream pictures, for link.py to compare with: the newest one there is goes to a
blocking socket with default options, again and again.

    blocking.py send ADDRESS PORT SECONDS FILE...     ready-made JPEGs at 30 frames/s, to one client
    blocking.py receive ADDRESS PORT                  prints tick's ns, last byte's ns, size

It is spared the encoding. Both ends run on one machine, so that its clock serves for both.
"""
import socket
import struct
import sys
import time

FPS = 30
BOUND = 60  # s; ends a hang
HEAD = struct.Struct("!QI")  # the tick's time, the picture's size


def send(address, port, seconds, files):
    pictures = []
    for path in files:
        with open(path, "rb") as file:
            pictures.append(file.read())
    with socket.create_server((address, port)) as server:
        server.settimeout(BOUND)
        print("listening", flush=True)
        client, _ = server.accept()
    client.settimeout(BOUND)
    begin, last = time.monotonic_ns(), -1
    with client:
        while True:
            now = time.monotonic_ns() - begin
            tick = now * FPS // 10**9
            if now > seconds * 10**9:
                break
            if tick == last:
                time.sleep((-(-(tick + 1) * 10**9 // FPS) - now) / 1e9)
                continue
            last = tick
            picture = pictures[tick % len(pictures)]
            client.sendall(HEAD.pack(begin + tick * 10**9 // FPS, len(picture)) + picture)


def receive(address, port):
    rows = []
    with socket.create_connection((address, port), BOUND) as server:
        stream = server.makefile("rb", buffering=1 << 20)
        while len(head := stream.read(HEAD.size)) == HEAD.size:
            tick, size = HEAD.unpack(head)
            if len(stream.read(size)) < size:
                break
            rows.append((tick, time.monotonic_ns(), size))
    for row in rows:
        print(*row)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
    else:
        receive(sys.argv[2], int(sys.argv[3]))
