"""Instructions a frame of each input format and conversion, on x86-64 and on arm64, where the same
program is run by QEMU, which counts them. Exact where times are noisy: fails beyond the limits."""
import os
import re
import shutil
import subprocess
import sys

import common
import pictures
from encode import LIMITS, QUALITY, forms

SIZE = "480p"
TRIPLET = "aarch64-linux-gnu"
LOOPS = 3


def plugin(folder):
    """Builds QEMU's plugin for the first version of its interface that it takes."""
    path = os.path.join(folder, "count_instructions.so")
    source = os.path.join(common.TOP, "tests", "bench", "count_instructions.c")
    for version in range(1, 10):
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror",
                        f"-DQEMU_PLUGIN_VERSION={version}", source, "-o", path], check=True)
        if subprocess.run(["qemu-x86_64", "-plugin", path, "/bin/true"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return path
    raise RuntimeError("qemu-x86_64 takes no version of the plugin")


def build_arm64():
    """bench_encode for arm64, or None where its compiler and libraries are not installed."""
    if not shutil.which(TRIPLET + "-gcc") or \
            not os.path.exists(f"/usr/lib/{TRIPLET}/pkgconfig/libjpeg.pc"):
        return None
    folder = os.path.join(common.BUILD, "arm64")
    for command in (["cmake", "-S", common.TOP, "-B", folder, "-G", "Ninja", "--toolchain",
                     os.path.join(common.TOP, "cross", TRIPLET + ".cmake"),
                     "-DCMAKE_BUILD_TYPE=Release", "-DPITETHER_TESTS=OFF", "-DPITETHER_BENCH=ON",
                     "-DPITETHER_LIBCAMERA=OFF", "-DPITETHER_HOST=OFF"],
                    ["cmake", "--build", folder, "--target", "bench_encode"]):
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return os.path.join(folder, "tests", "bench", "bench_encode")


def count(emulator, program, variant, loops):
    """Instructions of a whole run."""
    run = subprocess.run([*emulator, program, pictures.photographs(SIZE), QUALITY, "1", "0",
                          str(loops), variant], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True, check=True)
    return int(re.search(r"^instructions: (\d+)$", run.stderr, re.MULTILINE).group(1))


def per_frame(emulator, program, variant):
    """The difference of two runs leaves out what comes once: loading, set-up, first allocations."""
    frames = (LOOPS - 1) * len(pictures.NAMES)
    return (count(emulator, program, variant, LOOPS)
            - count(emulator, program, variant, 1)) / frames


def measure(results, machine, emulator, program):
    """A table for one kind of machine; returns what is beyond its limit."""
    rows, beyond, raw, planar = [], [], {}, None
    for each, variants in forms("pipeline:1:1").items():
        if common.QUICK and each not in ("YUV420", "NV12"):
            continue
        plain = None
        for name, variant in variants.items():
            value = raw[f"{each}, {name}"] = per_frame(emulator, program, variant)
            planar, plain = planar or value, plain or value
            ratio = value / plain
            rows.append([f"{each}, {name}", value / 1e6, f"{value / planar:.3f}", f"{ratio:.3f}"])
            if name not in LIMITS:
                continue
            if each in ("YUV420", "NV12"):
                results.summary(f"{machine}, {each}, {name}: instructions, of the same as it is",
                                f"{ratio:.3f}", str(LIMITS[name]))
            if ratio > LIMITS[name]:
                beyond.append(f"{machine}, {each}, {name}: {ratio:.3f}, limit {LIMITS[name]}")
    results.table(f"{machine}: millions of instructions a frame",
                  ["", "millions", "of YUV420", "of as it is"], rows)
    return raw, beyond


def main():
    results = common.Results("conversions",
                             f"Instructions of formats and conversions, {SIZE} photographs")
    raw, beyond = {}, []
    with common.folder() as folder:
        counting = ["-plugin", plugin(folder), "-d", "plugin"]
        programs = {"x86-64": (["qemu-x86_64", "-cpu", "max", *counting], common.BENCH_ENCODE)}
        arm64 = build_arm64()
        if arm64:
            programs["arm64"] = (["qemu-aarch64", *counting], arm64)
        else:
            print("arm64 is left out: tests/cross.sh arm64 installs what it takes")
        for machine, (emulator, program) in programs.items():
            raw[machine], more = measure(results, machine, emulator, program)
            beyond += more
    results.save(instructions=raw)
    if beyond:
        sys.exit("beyond the limit:\n  " + "\n  ".join(beyond))


if __name__ == "__main__":
    main()
