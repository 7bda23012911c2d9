#!/usr/bin/env bash
# Cross builds for Raspberry Pis, and runs what was built under qemu-user: the unit tests and a
# stream from pitetherd to pitether.
#
#   cross.sh [arm64] [armhf]     (default: arm64)
#
# What is missing comes through apt-get (root or sudo): compilers, qemu, and the target's libraries
# beside this machine's own ones. The environment may say
#   BUILD_DIR   where cross-arm64 and cross-armhf are made (default: build in the source tree)
#   SYSROOT     a root of the target with the libraries in it (for one target; none are installed)
#   PITETHER    a pitether of this machine, which then must receive from the emulated pitetherd, too
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$project/build}
sysroot=${SYSROOT:-}
libraries=(libjpeg62-turbo-dev libssl-dev libcmocka-dev libcamera-dev)
window_library=libsdl2-dev
wait_for_lock=(-o DPkg::Lock::Timeout=600)
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo)
fi
daemon='' work=$(mktemp -d)

cleanup() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

say() {
    echo "cross: $*"
}

die() {
    echo "cross: $*" >&2
    exit 1
}

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${wait_for_lock[@]}" "$@" </dev/null
}

installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# An index of the foreign architecture that can't be had must not break everybody else's apt.
add_architecture() {
    if dpkg --print-foreign-architectures | grep -qx "$1"; then
        return
    fi
    say "adding the architecture $1"
    "${as_root[@]}" dpkg --add-architecture "$1"
    if ! apt -qq update; then
        "${as_root[@]}" dpkg --remove-architecture "$1"
        apt -qq update || true
        die "no package index for $1: try again later, or give SYSROOT=DIR"
    fi
}

# apt's plan for the packages must be possible and remove nothing: native -dev packages stay.
plan_is_good() {
    if ! apt -s --no-install-recommends install "$@" >"$work/plan" 2>&1; then
        grep -E '^E:| : ' "$work/plan" >&2 || true
        return 1
    fi
    if grep '^Remv' "$work/plan" >&2; then
        return 1
    fi
}

install() {
    if [ $# = 0 ]; then
        return
    fi
    say "installing $*"
    plan_is_good "$@" || { apt -qq update && plan_is_good "$@"; } ||
        die "apt-get can't install these packages without removing others: $*"
    apt -y -qq --no-remove --no-install-recommends install "$@" >"$work/apt" 2>&1 || {
        apt -qq update &&
            apt -y -qq --no-remove --no-install-recommends install "$@" >"$work/apt" 2>&1
    } || { tail -n 20 "$work/apt" >&2; die "apt-get failed"; }
}

# Arguments: a program, and the package that has it.
missing_tools() {
    while [ $# -gt 0 ]; do
        [ -x "$(command -v "$1")" ] || echo "$2"
        shift 2
    done
}

prepare() {
    local missing=() name
    mapfile -t missing < <(missing_tools cmake cmake make make pkg-config pkg-config \
        python3 python3 "$triplet-g++" "g++-$triplet" "qemu-$qemu-static" qemu-user-static)
    install "${missing[@]}"
    if [ -n "$sysroot" ]; then
        return
    fi
    add_architecture "$arch"
    missing=()
    for name in "${libraries[@]}"; do
        installed "$name:$arch" || missing+=("$name:$arch")
    done
    install "${missing[@]}"
    # SDL2 brings half a desktop with it: where that can't stand beside the native one, a daemon is
    # still worth having.
    window=ON
    if ! installed "$window_library:$arch"; then
        if plan_is_good "$window_library:$arch"; then
            install "$window_library:$arch"
        else
            say "$window_library:$arch can't be installed beside the native one: no window for $arch"
            window=OFF
        fi
    fi
}

configure_and_build() {
    local options=(-DPITETHER_WERROR=ON)
    if [ -n "$sysroot" ]; then
        options+=("-DCMAKE_SYSROOT=$sysroot")
    else
        options+=(-DPITETHER_LIBCAMERA=ON "-DPITETHER_WINDOW=$window")
    fi
    # CMake never changes its mind about a compiler or a sysroot.
    cmake --fresh -S "$project" -B "$dir" --toolchain "$project/cross/$triplet.cmake" "${options[@]}"
    cmake --build "$dir" --parallel 2
    # An emulated processor takes some 20 times as long as a real one.
    sed -i 's/ TIMEOUT "[0-9]*"/ TIMEOUT "1500"/' "$dir/tests/CTestTestfile.cmake"
}

# A kind of Pi that is asked for reaches the compiler, and one that there is not is an error.
check_tuning() {
    local tuned=$work/tuned options=(--toolchain "$project/cross/$triplet.cmake" -DPITETHER_TESTS=OFF
        -DPITETHER_LIBCAMERA=OFF -DPITETHER_WINDOW=OFF -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
    if [ -n "$sysroot" ]; then
        options+=("-DCMAKE_SYSROOT=$sysroot")
    fi
    cmake -S "$project" -B "$tuned" "${options[@]}" -DPITETHER_CPU=pi4 >/dev/null
    ! grep '"command"' "$tuned/compile_commands.json" | grep -v -e ' -mcpu=cortex-a72 ' ||
        die "PITETHER_CPU=pi4 does not reach the compiler"
    cmake "$tuned" -DPITETHER_CPU=pi5 >/dev/null
    cmake --build "$tuned" --parallel 2 --target pitether_shared >/dev/null
    grep -q -e ' -mcpu=cortex-a76 ' "$tuned/compile_commands.json" ||
        die "another PITETHER_CPU does not reach the compiler"
    ! cmake "$tuned" -DPITETHER_CPU=pi7 >"$work/cpu" 2>&1 || die "PITETHER_CPU=pi7 is taken"
    grep -q 'PITETHER_CPU=pi7 is unknown' "$work/cpu" || die "PITETHER_CPU=pi7 is not said to be wrong"
    rm -rf "$tuned"
}

# CMake must have found the target's libraries alone.
check_libraries() {
    local file
    while read -r file; do
        case $file in
        "$sysroot/usr/lib/$triplet"/* | "$sysroot/lib/$triplet"/*) ;;
        *) die "$file is not of $arch, but CMake took it" ;;
        esac
    done < <(sed -n 's/^pkgcfg_lib_[^:]*:FILEPATH=//p' "$dir/CMakeCache.txt")
}

# Arguments: what must be in readelf's words about $program, and how to call it.
expect() {
    grep -Eq "$1" "$work/elf" || die "$program: $2"
}

check_program() {
    local program=$1 name
    LC_ALL=C "$triplet-readelf" -W -h -l -d "$program" >"$work/elf"
    expect "Machine: +$machine\$" "not a program for $arch"
    if [ "$arch" = armhf ]; then
        expect 'Flags:.*hard-float ABI' "not of the hard-float ABI"
    fi
    expect 'Type: +DYN ' "not position independent"
    expect '\(FLAGS_1\).*\<PIE\>' "not position independent"
    expect 'GNU_RELRO' "no RELRO"
    expect '\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\<NOW\>' "not BIND_NOW"
    if grep -E '\((RPATH|RUNPATH)\)' "$work/elf" >&2; then
        die "$program: looks for libraries where it was built"
    fi
    while read -r name; do
        [ -e "$sysroot/usr/lib/$triplet/$name" ] || [ -e "$sysroot/lib/$triplet/$name" ] ||
            [ -e "$sysroot/lib/$name" ] || die "$program: $name is not one of $arch's libraries"
    done < <(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/elf")
    say "$arch: ${program##*/} is PIE, RELRO, BIND_NOW and needs" \
        "$(LC_ALL=C "$triplet-readelf" -W -V "$program" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)," \
        "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/elf" | paste -sd ' ')"
}

# qemu-user gives 4 bytes of TCP_INFO and no more, so that this part of the transport's test, and it
# alone, fails there: the daemon then streams without the path's measures.
transport_test() {
    local result=0
    timeout 300 "${emulator[@]}" "$dir/tests/test_transport" >"$work/transport" 2>&1 || result=$?
    if [ "$result" != 0 ] &&
        [ "$(sed -n 's/^\[  FAILED  \] \([a-z].*\)/\1/p' "$work/transport" | sort -u)" \
            != tcp_is_tuned_and_measured ]; then
        cat "$work/transport"
        die "$arch: test_transport failed ($result)"
    fi
    say "$arch: test_transport is good (but for TCP_INFO, which qemu-user has not)"
}

unit_tests() {
    ctest --test-dir "$dir" --label-regex '^unit$' --exclude-regex '^transport$' --parallel 2 \
        --no-tests=error --output-on-failure
    transport_test
}

wait_for_socket() {
    for ((i = 0; i < 600; i++)); do
        if [ -S "$1" ]; then
            return
        fi
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/daemon" >&2
    die "$arch: pitetherd does not listen"
}

# Arguments: who receives, and the command that does so.
stream() {
    local who=$1 socket=$work/$1.sock result=0
    shift
    timeout 300 "${emulator[@]}" "$dir/device/pitetherd" --source pattern --size 320x240 \
        --frames 20 --listen "unix:$socket" >"$work/daemon" 2>&1 </dev/null &
    daemon=$!
    wait_for_socket "$socket"
    timeout 300 "$@" --null --lossless --no-reconnect "unix:$socket" >"$work/host" 2>&1 </dev/null ||
        result=$?
    cat "$work/host"
    if [ "$result" != 0 ]; then
        cat "$work/daemon" >&2
        die "$arch: pitether ($who) ended with $result"
    fi
    wait "$daemon" || { result=$?; daemon=''; cat "$work/daemon" >&2; }
    daemon=''
    [ "$result" = 0 ] || die "$arch: pitetherd ended with $result"
    say "$arch: 20 frames went from the emulated pitetherd to the $who pitether"
}

cross() {
    arch=$1 window=OFF
    case $arch in
    arm64) triplet=aarch64-linux-gnu qemu=aarch64 machine=AArch64 ;;
    armhf) triplet=arm-linux-gnueabihf qemu=arm machine=ARM ;;
    *) die "no such target: $arch (arm64 or armhf)" ;;
    esac
    [ "$(dpkg --print-architecture)" != "$arch" ] || die "this machine is $arch itself: nothing to cross"
    dir=$build/cross-$arch
    prepare
    check_tuning
    configure_and_build
    IFS=';' read -ra emulator < <(sed -n 's/^CMAKE_CROSSCOMPILING_EMULATOR:STRING=//p' "$dir/CMakeCache.txt")
    check_libraries
    check_program "$dir/device/pitetherd"
    check_program "$dir/host/pitether"
    unit_tests
    say "$arch: $("${emulator[@]}" "$dir/device/pitetherd" --version)"
    stream emulated "${emulator[@]}" "$dir/host/pitether"
    if [ -n "${PITETHER:-}" ]; then
        stream native "$PITETHER"
    fi
    say "$arch: all is well"
}

if [ $# = 0 ]; then
    set -- arm64
fi
if [ -n "$sysroot" ] && [ $# != 1 ]; then
    die "SYSROOT is for one target"
fi
for target in "$@"; do
    cross "$target"
done
