#!/usr/bin/env python3
"""What frames report, by the frames.jsonl of folders that pitether saved.

usage: compare_metadata.py same FOLDER FOLDER             of the last frames of both
       compare_metadata.py first FOLDER NAME=VALUE...     of the first frame
       compare_metadata.py from FOLDER ANSWER NAME=VALUE  from the frame on that pitether --set told,
                                                          whose words are in the file ANSWER
"""
import json
import os
import re
import sys


def need(truth, what):
    if not truth:
        sys.exit(f"compare_metadata: {what}")


def read(folder):
    with open(os.path.join(folder, "frames.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def same(one, other):
    last, others = read(one)[-1]["metadata"], read(other)[-1]["metadata"]
    need(last and last == others, f"{last}\nis not\n{others}")


def first(folder, *values):
    metadata = read(folder)[0]["metadata"]
    for value in values:
        name, _, number = value.partition("=")
        need(metadata.get(name) == float(number), f"{value} is not in {metadata}")


def from_frame(folder, answer, value):
    name, _, number = value.partition("=")
    with open(answer, encoding="utf-8") as file:
        told = [re.search(rf"^{name} .* (\d+) +ok *$", line) for line in file]
    frames = [int(match[1]) for match in told if match]
    need(len(frames) == 1, f"{answer} does not tell from which frame on {name} is set")
    shown = {frame["id"]: frame["metadata"].get(name) == float(number) for frame in read(folder)}
    early = [id_ for id_, is_set in shown.items() if is_set and id_ < frames[0]]
    late = [id_ for id_, is_set in shown.items() if not is_set and id_ >= frames[0]]
    need(frames[0] in shown and not early and not late,
         f"{value} from frame {frames[0]} on: but {early} have it, and {late} do not")


if __name__ == "__main__":
    {"same": same, "first": first, "from": from_frame}[sys.argv[1]](*sys.argv[2:])
