#!/usr/bin/env bash
# Cross builds for Raspberry Pis, and runs what was built under qemu-user: the unit tests and a
# stream from pitetherd to pitether.
#
#   cross.sh [--suite SUITE] [arm64] [armhf]     (default: arm64)
#
# What is missing comes through apt-get (root or sudo): compilers, qemu, and the target's libraries
# beside this machine's own ones; or with --suite those of that release, in a root of the target that
# is made for it. The environment may say
#   BUILD_DIR   where cross-arm64 and cross-armhf are made (default: build in the source tree)
#   SYSROOT     a root of the target with the libraries in it (for one target; none are installed)
#   PITETHER    a pitether of this machine, which then must receive from the emulated pitetherd, too
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$project/build}
sysroot=${SYSROOT:-} suite=''
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
    cmake --fresh -S "$project" -B "$dir" --toolchain "$project/cross/$triplet.cmake" "${options[@]}" 2>&1 |
        tee "$work/configured"
    [ "$arch" != armhf ] || grep -q 'makes ARMv7 code, which crashes' "$work/configured" ||
        die "cmake does not warn of processors that the code does not run on"
    cmake --build "$dir" --parallel 2
    # An emulated processor takes some 20 times as long as a real one.
    sed -i 's/ TIMEOUT "[0-9]*"/ TIMEOUT "1500"/' "$dir/tests/CTestTestfile.cmake"
}

# Arguments: what cmake must say as it stops, and options, or variables of the environment.
complains() {
    local words=$1
    shift
    rm -rf "$work/wrong"
    ! env "$@" -S "$project" -B "$work/wrong" --toolchain "$project/cross/$triplet.cmake" \
        -DPITETHER_TESTS=OFF >"$work/said" 2>&1 || die "cmake is content: $*"
    grep -q "^ *$words\$" "$work/said" || { cat "$work/said"; die "cmake does not say: $words"; }
}

# What is missing is told in a line that says what to do.
check_complaints() {
    local tools=$work/tools root=$work/absolute
    mkdir -p "$tools" "$root/usr/include" "$root/usr/lib/$triplet"
    ln -sf "$(command -v cmake)" "$(command -v make)" "$(command -v pkg-config)" "$tools"
    complains "$triplet-gcc is missing: apt-get install g++-$triplet" "PATH=$tools" cmake
    complains "CMAKE_SYSROOT=root must be an absolute path" cmake -DCMAKE_SYSROOT=root
    complains "CMAKE_SYSROOT=/nowhere is no root of $arch with libc6-dev in it .*" \
        cmake -DCMAKE_SYSROOT=/nowhere
    touch "$root/usr/include/stdio.h" "$root/usr/lib/$triplet/libc.so"
    ln -sf "/lib/$triplet/libm.so.6" "$root/usr/lib/$triplet/libm.so"
    complains "CMAKE_SYSROOT=$root has absolute links in it.*: make the root with cross/sysroot.sh" \
        cmake "-DCMAKE_SYSROOT=$root"
    # pkg-config, as it is where libcamera is not.
    rm "$tools/pkg-config"
    printf '#!/bin/sh\ncase "$*" in *libcamera*) exit 1 ;; esac\nexec %s "$@"\n' \
        "$(command -v pkg-config)" >"$tools/pkg-config"
    chmod +x "$tools/pkg-config"
    if [ -n "$sysroot" ]; then
        complains "libcamera is missing in CMAKE_SYSROOT=$sysroot: install libcamera-dev on the Pi.*" \
            "PATH=$tools:$PATH" cmake -DPITETHER_LIBCAMERA=ON "-DCMAKE_SYSROOT=$sysroot"
    else
        complains "libcamera is missing: apt-get install libcamera-dev:$arch" \
            "PATH=$tools:$PATH" cmake -DPITETHER_LIBCAMERA=ON
    fi
    say "$arch: cmake says what is missing"
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

# A header or library of the target, of its compiler, or one that was just built; nothing else may be
# in a program. What is in /usr/include itself is the same for all machines.
is_of_target() { # path
    case $1 in
    "$project"/* | "$dir"/* | /usr/lib/gcc-cross/"$triplet"/* | /usr/"$triplet"/include/c++/*) ;;
    *)
        if [ -n "$sysroot" ]; then
            [[ $1 == "$sysroot"/* ]]
        else
            case $1 in
            /usr/include/"$triplet"/* | /usr/lib/"$triplet"/* | /lib/"$triplet"/* | /usr/"$triplet"/*) ;;
            /usr/include/*-linux-gnu*/*) false ;;
            /usr/include/*) ;;
            *) false ;;
            esac
        fi
        ;;
    esac
}

# How often each file's path comes in is of no matter.
all_of_target() { # what they are
    local path count=0
    while read -r path; do
        is_of_target "$path" || die "$1: $path is not of $arch"
        count=$((count + 1))
    done < <(sort -u | xargs -d '\n' realpath -ms | sort -u)
    [ "$count" -gt 0 ] || die "$arch: nobody knows the $1"
    say "$arch: the $1, $count of them, are the target's or the compiler's"
}

# CMake found the target's libraries alone, the compiler included, and the linker took, no others.
check_sources() {
    local name
    sed -n 's/^pkgcfg_lib_[^:]*:FILEPATH=//p' "$dir/CMakeCache.txt" | all_of_target "libraries that CMake found"
    find "$dir" -name '*.o.d' -exec cat {} + | tr -s '\\ ' '\n' | grep '^/' |
        all_of_target "files that were compiled"
    for name in device/pitetherd host/pitether; do
        rm "$dir/$name"
        (cd "$dir/${name%/*}" && sh -c "$(cat "CMakeFiles/${name#*/}.dir/link.txt") -Wl,--trace") |
            grep -v "ld-linux" >"$work/linked"
        sed -n 's,^\(/[^(]*\).*,\1,p' "$work/linked" | all_of_target "files linked into ${name#*/}"
    done
}

# Arguments: what must be in readelf's words about $program, and how to call it.
expect() {
    grep -Eq "$1" "$work/elf" || die "$program: $2"
}

target_library() { # name
    local folder
    for folder in "$sysroot/usr/lib/$triplet" "$sysroot/lib/$triplet" "$sysroot/lib" "$sysroot/lib64" \
        "$dir/host"; do
        if [ -e "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
    die "$program: $1 is not one of $arch's libraries"
}

# Each version of a library's functions that the program asks for is there in the target's library:
# no Pi of that release says "version `GLIBC_2.xx' not found".
check_versions() {
    local library version file
    LC_ALL=C "$triplet-readelf" -W -V "$program" |
        awk '/^Version/ { needs = /needs/ }
            needs { for (i = 1; i < NF; i++) { if ($i == "File:") file = $(i + 1)
                                               if ($i == "Name:") print file, $(i + 1) } }' >"$work/needs"
    [ -s "$work/needs" ] || die "$program: needs no version of any library"
    while read -r library version; do
        file=$(target_library "$library")
        LC_ALL=C "$triplet-readelf" -W -V "$file" | sed -n '/^Version definition/,/^$/p' |
            grep " Name: $version\$" >"$work/found" || die "$program: $version is not in the target's $library"
    done <"$work/needs"
}

# The newest version of the C library that a file defines or asks for.
newest_glibc() { # file
    LC_ALL=C "$triplet-readelf" -W -V "$1" | grep -o '\<GLIBC_[0-9.]*' | sort -Vu | tail -n 1
}

check_program() {
    local program=$1 name
    LC_ALL=C "$triplet-readelf" -W -h -l -d -A "$program" >"$work/elf"
    expect "Machine: +$machine\$" "not a program for $arch"
    if [ "$arch" = armhf ]; then
        expect 'Flags:.*hard-float ABI' "not of the hard-float ABI"
        expect 'Tag_ABI_VFP_args: VFP registers' "does not pass numbers in the FPU's registers"
        expect 'Tag_CPU_arch: v7$' "not ARMv7 code"
    fi
    expect 'Type: +DYN ' "not position independent"
    case $program in
    *.so.*) ;;
    *) expect '\(FLAGS_1\).*\<PIE\>' "not position independent" ;;
    esac
    expect 'GNU_RELRO' "no RELRO"
    expect '\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\<NOW\>' "not BIND_NOW"
    expect 'GNU_STACK .* RW +0x' "its stack can be run"
    # In the build folder, libpitether lies beside pitether; what is installed has no path at all.
    # shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
    if grep -E '\((RPATH|RUNPATH)\)' "$work/elf" | grep -vF '[$ORIGIN:]' >&2; then
        die "$program: looks for libraries where it was built"
    fi
    if grep -E '\(TEXTREL\)|\(FLAGS\).*TEXTREL' "$work/elf" >&2; then
        die "$program: has relocations in its code"
    fi
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/elf" >"$work/needed"
    while read -r name; do
        target_library "$name" >/dev/null
    done <"$work/needed"
    check_versions
    say "$arch: ${program##*/} is position independent, full RELRO, has no relocations in its code and needs" \
        "$(newest_glibc "$program") of $(newest_glibc "$(target_library libc.so.6)"):" \
        "$(paste -sd ' ' "$work/needed")"
}

# qemu-user gives 4 bytes of TCP_INFO and no more, so that this part of the transport's test, and it
# alone, fails there: the daemon then streams without the path's measures.
transport_test() {
    local result=0
    timeout 300 "${emulator[@]}" "$dir/tests/test_transport" >"$work/transport" 2>&1 || result=$?
    if [ "$result" != 0 ] &&
        [ "$(sed -n 's/^\[  FAILED  \] \([a-z_0-9]*\)$/\1/p' "$work/transport" | sort -u)" \
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
    [ -z "$suite" ] || sysroot=$("$project/tests/target_root.sh" "$arch" "$suite")
    case $arch in
    arm64) triplet=aarch64-linux-gnu qemu=aarch64 machine=AArch64 ;;
    armhf) triplet=arm-linux-gnueabihf qemu=arm machine=ARM ;;
    *) die "no such target: $arch (arm64 or armhf)" ;;
    esac
    [ "$(dpkg --print-architecture)" != "$arch" ] || die "this machine is $arch itself: nothing to cross"
    dir=$build/cross-$arch
    prepare
    check_complaints
    check_tuning
    configure_and_build
    IFS=';' read -ra emulator < <(sed -n 's/^CMAKE_CROSSCOMPILING_EMULATOR:STRING=//p' "$dir/CMakeCache.txt")
    check_sources
    check_program "$dir/device/pitetherd"
    check_program "$dir/host/libpitether.so.0"
    check_program "$dir/host/pitether"
    unit_tests
    say "$arch: $("${emulator[@]}" "$dir/device/pitetherd" --version)"
    stream emulated "${emulator[@]}" "$dir/host/pitether"
    if [ -n "${PITETHER:-}" ]; then
        stream native "$PITETHER"
    fi
    say "$arch: all is well"
}

if [ "${1-}" = --suite ]; then
    suite=${2:?--suite SUITE}
    shift 2
fi
if [ $# = 0 ]; then
    set -- arm64
fi
if [ -n "$sysroot" ] && [ $# != 1 ]; then
    die "SYSROOT is for one target"
fi
for target in "$@"; do
    cross "$target"
done
