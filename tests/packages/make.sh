#!/usr/bin/env bash
# Makes the Debian packages of a source tree.
#   make.sh SOURCE BUILD [CMAKE-OPTION]...     for this machine
#   make.sh SOURCE BUILD --for-pi ARCH SUITE   for a Pi with that release: ARCH is arm64 or armhf
# They are left in BUILD, and what the build said in BUILD.log.
set -euo pipefail

source=$1 build=$2
shift 2
top=$(cd "$(dirname "$0")/../.." && pwd)
options=("$@")

# Arguments: dpkg's name of the target, its release.
prepare_pi() {
    local sysroot triplet
    case $1 in
    arm64) triplet=aarch64-linux-gnu ;;
    armhf) triplet=arm-linux-gnueabihf ;;
    esac
    sysroot=$("$top/tests/target_root.sh" "$1" "$2")
    "$top/shared/scripts/need-packages.sh" "g++-$triplet"
    options=(--toolchain "$top/cross/$triplet.cmake" -DCMAKE_SYSROOT="$sysroot" -DPITETHER_WINDOW=OFF)
}

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config dpkg-dev
if [ "${1-}" = --for-pi ]; then
    prepare_pi "$2" "$3"
fi
mkdir -p "$build"
rm -f "$build"/*.deb
if ! { cmake -S "$source" -B "$build" -G Ninja -DPITETHER_TESTS=OFF -DPITETHER_WERROR=ON \
    -DPITETHER_LIBCAMERA=ON "${options[@]}" && cmake --build "$build" &&
    (cd "$build" && cpack); } >"$build.log" 2>&1; then
    tail -n 30 "$build.log" >&2
    echo "can't make the packages in $build" >&2
    exit 1
fi
