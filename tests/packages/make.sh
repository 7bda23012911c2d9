#!/usr/bin/env bash
# Makes the Debian packages of a source tree.
#   make.sh SOURCE BUILD [CMAKE-OPTION]...     for this machine
#   make.sh SOURCE BUILD --for-pi ARCH SUITE   for a Pi with that release: ARCH is arm64 or armhf
# They are left in BUILD, and what the build said in BUILD.log. Sysroots are kept in
# ${PITETHER_CACHE:-~/.cache/pitether}/sysroots.
set -euo pipefail

source=$1 build=$2
shift 2
top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}
options=("$@")

# Arguments: dpkg's name of the target, its release.
prepare_pi() {
    local sysroot=$cache/sysroots/$2-$1 triplet
    case $1 in
    arm64) triplet=aarch64-linux-gnu ;;
    armhf) triplet=arm-linux-gnueabihf ;;
    esac
    if [ ! -e "$sysroot/.pitether-sysroot" ] || [ "$top/cross/sysroot.sh" -nt "$sysroot" ]; then
        "$top/cross/sysroot.sh" --arch "$1" --suite "$2" "$sysroot"
        touch "$sysroot"
    fi
    "$top/shared/need-packages.sh" "g++-$triplet"
    options=(--toolchain "$top/cross/$triplet.cmake" -DCMAKE_SYSROOT="$sysroot" -DPITETHER_WINDOW=OFF)
}

"$top/shared/need-packages.sh" build-essential cmake ninja-build pkg-config dpkg-dev
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
