"""Instructions a frame under callgrind: exact where times are noisy. Takes some minutes."""
import os
import re
import subprocess

import common
import pictures
from encode import QUALITY

SIZE = "720p"
VARIANTS = {"bare libjpeg": "bare:1", "pitether, 1 slice": "pipeline:1:1",
            "pitether, 2 slices": "pipeline:1:2", "pitether, 8 slices": "pipeline:1:8",
            "pitether, 32 slices": "pipeline:1:32"}


def short_name(name):
    """FILE:FUNCTION [OBJECT] as callgrind has it: the function, or the object if that is nameless,
    as most of a library's own are."""
    function, _, thing = name.partition(" [")
    function = function.rpartition(":")[2]
    if function.startswith("0x"):
        return f"({os.path.basename(thing.rstrip(']'))})"
    return function


def count(variant, loops, folder):
    """Instructions of the whole program, and the most expensive functions."""
    path = os.path.join(folder, "callgrind.out")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={path}", "-q",
                    common.BENCH_ENCODE, pictures.photographs(SIZE), QUALITY, "1", "0", str(loops),
                    variant], stdout=subprocess.DEVNULL, check=True)
    text = subprocess.run(["callgrind_annotate", "--threshold=100", path], capture_output=True,
                          text=True, check=True).stdout
    functions = {}
    total = 0
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+)\s+\(\s*[\d.]+%\)\s+(.*)", line)
        if not found:
            continue
        number, name = int(found.group(1).replace(",", "")), found.group(2)
        if name.startswith("PROGRAM TOTALS"):
            total = number
            continue
        name = short_name(name)
        functions[name] = functions.get(name, 0) + number
    return total, functions


def per_frame(variant, folder):
    """The difference of two runs leaves out what comes once: loading, set-up, first allocations."""
    frames = len(pictures.NAMES)
    few, few_functions = count(variant, 1, folder)
    many, many_functions = count(variant, 2, folder)
    functions = {name: (number - few_functions.get(name, 0)) / frames
                 for name, number in many_functions.items()}
    return (many - few) / frames, functions


def main():
    results = common.Results("instructions", f"Instructions a frame, {SIZE} photographs, 1 thread")
    found = {}
    with common.folder() as folder:
        for name, variant in VARIANTS.items():
            if common.QUICK and variant not in ("bare:1", "pipeline:1:2"):
                continue
            found[name] = per_frame(variant, folder)
    base, base_functions = found["bare libjpeg"]
    results.table("Millions", ["", "a frame", "of bare"],
                  [[name, total / 1e6, f"{total / base:.4f}"]
                   for name, (total, _) in found.items()])
    name = "pitether, 2 slices"
    differences = {function: number - base_functions.get(function, 0)
                   for function, number in found[name][1].items()}
    differences.update({function: -number for function, number in base_functions.items()
                        if function not in found[name][1]})
    top = sorted(differences.items(), key=lambda item: -abs(item[1]))[:8]
    results.table(f"Where {name} differs from bare: thousands a frame", ["function", "more"],
                  [[function, number / 1e3] for function, number in top])
    for each, (total, _) in found.items():
        if each != "bare libjpeg":
            results.summary(f"{each}: instructions a frame, of bare libjpeg's",
                            f"{total / base:.4f}", "1")
    results.save(instructions={each: total for each, (total, _) in found.items()})


if __name__ == "__main__":
    main()
