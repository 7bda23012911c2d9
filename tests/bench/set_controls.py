"""Sets controls of a camera, for the benchmark: many of them, or one after the other.

usage: set_controls.py ADDRESS idle|flood|steps SECONDS CONTROL
idle only watches; flood sends 1,000 SETs a second; steps sends one, waits for its answer, and goes on.
Prints "ready" once it watches, and at the end a line of JSON: how many SETs were sent, how many
answers of each status came, the round trip, and of steps how long each answer took, in ms.
"""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "e2e"))

from controller import Controller  # noqa: E402

RATE, BATCH, UNANSWERED = 1000, 10, 60
FRAME = 1 / 30      # seconds
GOLDEN = 0.618034   # multiples of it are spread evenly between whole numbers
VALUES = {"Brightness": ["0.10", "0.11", "0.12", "0.13"], "ExposureTime": ["8000", "9000", "10000"]}


class Setter:
    def __init__(self, address, seconds, control):
        self.controller = Controller(address)
        self.controller.wait_ready()
        self.values, self.control = VALUES[control], control
        self.until = time.monotonic() + seconds
        self.times = []

    def text(self, number):
        return f"{self.control}={self.values[number % len(self.values)]}"

    def over(self):
        return time.monotonic() > self.until

    def idle(self):
        self.controller.wait_for(self.over, "the end")

    def send(self):
        """The thread that sends; the other one reads."""
        due = time.monotonic()
        while not self.over():
            for _ in range(BATCH):
                if self.controller.requests - len(self.controller.answers) < UNANSWERED:
                    self.controller.send_set(self.text(self.controller.requests))
            due += BATCH / RATE
            time.sleep(max(0, due - time.monotonic()))

    def flood(self):
        sender = threading.Thread(target=self.send, daemon=True)
        sender.start()
        self.idle()
        sender.join()

    def steps(self):
        while not self.over():
            begin = time.monotonic()
            self.controller.set(self.text(len(self.times)))
            self.times.append((time.monotonic() - begin) * 1e3)
            self.controller.wait_frames(1 + len(self.times) % 3)
            # All phases of a frame alike, since the answer and the frames have one.
            time.sleep(len(self.times) * GOLDEN % 1 * FRAME)

    def round_trip(self):
        """The least of some, since a frame may be on the way."""
        peer, found = self.controller.peer, []
        for _ in range(10):
            begin = time.monotonic()
            peer.ping()
            self.controller.wait_for(lambda: not peer.pings, "PONG")
            found.append((time.monotonic() - begin) * 1e3)
        return min(found)


def main(address, mode, seconds, control):
    setter = Setter(address, float(seconds), control)
    print("ready", flush=True)
    getattr(setter, mode)()
    statuses = [answer["status"] for answer in setter.controller.answers.values()]
    print(json.dumps({"sent": setter.controller.requests,
                      "answers": {status: statuses.count(status) for status in set(statuses)},
                      "frames": setter.controller.delivered,
                      "round_trip_ms": setter.round_trip() if mode == "steps" else None,
                      "times_ms": setter.times}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
