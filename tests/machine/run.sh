#!/usr/bin/env bash
# Cross-builds the package for a 64-bit Pi, boots an emulated arm64 machine, and has test_machine.py
# install and use the package there. The machine is in a network of its own, with nobody else.
#   run.sh [TEST...]      TEST as in MachineTest.test_1_streams_over_tls_to_who_has_a_key
# BUILD_DIR: where to build (default: build/machine in the source tree). PITETHER: a pitether of this
# machine (default: one is built).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$top/build/machine}
suite=trixie
mkdir -p "$build"
[ "$(id -u)" = 0 ] || exec sudo "PITETHER_CACHE=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}" \
    "BUILD_DIR=$build" "PITETHER=${PITETHER-}" "$0" "$@"

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config libjpeg62-turbo-dev \
    libssl-dev libusbredirparser-dev python3 qemu-system-arm openssh-client cpio ffmpeg \
    libjpeg-turbo-progs mate-backgrounds iproute2 util-linux
IMAGE=$("$here/image.sh" $suite)
"$top/tests/packages/make.sh" "$top" "$build/packages" --for-pi arm64 $suite
if [ -z "${PITETHER-}" ]; then
    cmake -S "$top" -B "$build/host" -G Ninja -DPITETHER_DEVICE=OFF -DPITETHER_WINDOW=OFF \
        -DPITETHER_TESTS=OFF >"$build/host.log"
    cmake --build "$build/host" >>"$build/host.log"
    PITETHER=$build/host/host/pitether
fi
# Words on purpose: options of the compiler.
# shellcheck disable=SC2046
cc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$build/usb_camera" "$here"/usb_ca*.c \
    $(pkg-config --cflags --libs libusbredirparser-0.5)
export IMAGE PITETHER DEBS=$build/packages USB_CAMERA=$build/usb_camera
export PYTHONPATH=$top/tests/e2e PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2016 # they are the inner shell's
exec unshare --net sh -c 'ip link set lo up && exec "$0" "$@"' python3 "$here/test_machine.py" "$@"
