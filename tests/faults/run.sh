#!/usr/bin/env bash
# Builds both programs, and has their calls fail: the arguments are test_inject.py's.
# BUILD_DIR: where to build (default: build/faults in the source tree).
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$top/build/faults}

"$top/shared/need-packages.sh" build-essential cmake ninja-build pkg-config libjpeg62-turbo-dev \
    libssl-dev libcmocka-dev libsdl2-dev libcamera-dev python3
mkdir -p "$build"
cmake -S "$top" -B "$build" -G Ninja >"$build/configure.log"
cmake --build "$build" --target pitetherd pitether read_pattern inject >/dev/null

export PITETHERD=$build/device/pitetherd PITETHER=$build/host/pitether
export READ_PATTERN=$build/tests/read_pattern INJECT=$build/tests/libinject.so
export PYTHONPATH=$top/tests/e2e PYTHONDONTWRITEBYTECODE=1
exec python3 "$top/tests/faults/test_inject.py" "$@"
