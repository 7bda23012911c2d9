#!/usr/bin/env bash
# Builds both programs, and has their calls fail: the arguments are test_inject.py's; or the unit
# tests, whose arguments follow --units: they are test_units.py's.
# BUILD_DIR: where to build (default: build/faults in the source tree).
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$top/build/faults}

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config libjpeg62-turbo-dev \
    libssl-dev libcmocka-dev libsdl2-dev libsdl2-ttf-dev libcamera-dev python3
mkdir -p "$build"
cmake -S "$top" -B "$build" -G Ninja >"$build/configure.log"
cmake --build "$build" >/dev/null

export PITETHERD=$build/device/pitetherd PITETHER=$build/host/pitether
export READ_PATTERN=$build/tests/read_pattern INJECT=$build/tests/libinject.so
export PYTHONPATH=$top/tests/e2e PYTHONDONTWRITEBYTECODE=1
export UNITS=$build/tests
if [ "${1-}" = --units ]; then
    exec python3 "$top/tests/faults/test_units.py" "${@:2}"
fi
exec python3 "$top/tests/faults/test_inject.py" "$@"
