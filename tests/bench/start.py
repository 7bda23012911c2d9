"""How soon there is a picture: after the daemon's start, and after SUBSCRIBE."""
import csv
import json
import os
import socket
import time

import common

REPEATS = common.pick(10, 3)
SOURCE = ["--source", "pattern", "--size", "1280x720", "--fps", "30"]
# The receiver tries again after 0.1, 0.2, 0.4, 0.8, 1, 1 ... s: by then it has come to its longest.
WAITED = common.pick(2.0, 0.5)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cold(waited):
    """The receiver has been trying for `waited` seconds when the daemon is started."""
    port = free_port()
    with common.folder() as folder:
        path = os.path.join(folder, "latency.csv")
        with common.receiver(f"127.0.0.1:{port}", "--null", "--frames", "1", "--latency",
                             path) as receiver:
            # Not in step with the receiver's attempts.
            time.sleep(waited)
            begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            with common.daemon(*SOURCE, listen=f"127.0.0.1:{port}") as daemon:
                listening = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                receiver.expect()
                with open(path, encoding="ascii", newline="") as file:
                    row = next(csv.DictReader(file))
                return {"listening_ms": (listening - begin) / 1e6,
                        "ready_cpu_ms": daemon.ready_cpu * 1e3,
                        "first_frame_ms": (int(row["last_received_ns"]) - begin) / 1e6}


def idle(daemon):
    """From SUBSCRIBE to the last byte of the first frame, with the camera off."""
    daemon.wait_until_idle()
    with common.many_clients(daemon.address, 1, 0, 0) as client:
        return json.loads(client.expect().lines[-1])["first_frame_ms"]


def main():
    results = common.Results("start", "Time to the first frame, test picture, 720p")
    # Spread over one of the receiver's pauses, since a daemon starts at any moment of it.
    colds = [cold(WAITED + i / REPEATS) for i in range(REPEATS)]
    with common.daemon(*SOURCE) as daemon:
        idles = [idle(daemon) for _ in range(REPEATS)]
    first = common.spread(one["first_frame_ms"] for one in colds)
    rows = [["start of the daemon -> it listens",
             common.spread(one["listening_ms"] for one in colds)],
            ["start of the daemon -> first frame at a receiver that was already trying", first],
            ["SUBSCRIBE -> first frame, camera off", common.spread(idles)],
            ["CPU of the daemon until it listens",
             common.spread(one["ready_cpu_ms"] for one in colds)]]
    results.table(f"ms, {REPEATS} runs", ["", "median (least-most)"], rows,
                  ["The receiver's pause between attempts, up to 1 s, is most of the second row."])
    results.summary("start of the daemon to the first frame at a waiting receiver, ms", first, "")
    results.summary("SUBSCRIBE to the first frame with the camera off, ms", common.spread(idles),
                    "")
    results.save(cold=colds, idle=idles)


if __name__ == "__main__":
    main()
