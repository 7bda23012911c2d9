#!/usr/bin/env bash
# Installs what the tests need, builds, and runs them.
#   tests/run.sh           unit and end-to-end tests
#   tests/run.sh --all     also: style, sanitizers, fuzzing, a real libcamera camera, the arm64 build,
#                          roots of Pis, packages, an emulated machine
#   tests/run.sh --machine the emulated machine alone
# BUILD_DIR: where to build (default: build/tests in the source tree).
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$top/build/tests}
all=
case "${1-}" in
"") ;;
--all) all=1 ;;
--machine) exec env BUILD_DIR="$build/machine" "$top/tests/machine/run.sh" ;;
*)
    echo "usage: tests/run.sh [--all | --machine]" >&2
    exit 2
    ;;
esac

passed=0
failed=()

# step NAME COMMAND...: runs it, remembers how it went, goes on.
step() {
    local name=$1 begin=$SECONDS
    shift
    echo "==> $name"
    if "$@"; then
        passed=$((passed + 1))
        echo "==> $name: passed ($((SECONDS - begin)) s)"
    else
        failed+=("$name")
        echo "==> $name: FAILED ($((SECONDS - begin)) s)"
    fi
}

# build_in DIRECTORY CMAKE-OPTION...
build_in() {
    local directory=$1
    shift
    cmake -S "$top" -B "$directory" -G Ninja -DPITETHER_WERROR=ON "$@" >"$directory.log" 2>&1 &&
        cmake --build "$directory" >>"$directory.log" 2>&1 && return
    tail -n 40 "$directory.log"
    return 1
}

under=() # what ctest is run by

# Tests of real processes wait for one another far more than they compute, so more run than there
# are cores: on 2 cores, six at a time take little more than half as long as four.
test_in() {
    local directory=$1 result=0
    shift
    "${under[@]}" ctest --test-dir "$directory" --output-on-failure -j 6 "$@" || result=$?
    name_skipped "$directory/Testing/Temporary/LastTest.log"
    return $result
}

# What the programs of tests left out, and why: ctest itself tells only of programs that ran none.
name_skipped() { # ctest's log
    awk '/^[0-9]+\/[0-9]+ Test: / { program = $3 }
        sub(/ \.\.\. skipped /, ": ") { sub(/^ +/, ""); print "skipped: " program ": " $0 }
        /^\[  SKIPPED \] [^ ]+$/ && !seen[program, $NF]++ { print "skipped: " program ": " $NF }' "$1"
}

build_and_test() {
    local directory=$1
    shift
    build_in "$directory" "$@" && test_in "$directory"
}

# Only tests in which threads meet: the others have nothing for ThreadSanitizer.
build_and_test_threads() {
    local directory=$1
    local under=(setarch -R)
    build_in "$directory" -DPITETHER_SANITIZE=thread && test_in "$directory" -L threads
}

check_install() {
    local root=$build/installed
    rm -rf "$root"
    DESTDIR=$root cmake --install "$build/release" --prefix /usr >/dev/null &&
        "$root/usr/bin/pitetherd" --version &&
        LD_LIBRARY_PATH=$(dirname "$root"/usr/lib/*/libpitether.so.0) "$root/usr/bin/pitether" --version
}

one_side() {
    build_in "$build/device-only" -DPITETHER_HOST=OFF -DPITETHER_TESTS=OFF &&
        build_in "$build/host-only" -DPITETHER_DEVICE=OFF -DPITETHER_TESTS=OFF &&
        build_in "$build/bare" -DPITETHER_LIBCAMERA=OFF -DPITETHER_WINDOW=OFF -DPITETHER_TESTS=OFF
}

check_style() (
    cd "$top" &&
        git ls-files '*.c' '*.h' '*.cpp' | xargs clang-format --dry-run --Werror &&
        git ls-files '*.sh' '*.bash' 'shared/packaging/pitetherd/p*' .ci/run | xargs shellcheck
)

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config \
    libjpeg62-turbo-dev libssl-dev libcmocka-dev libsdl2-dev libsdl2-ttf-dev libcamera-dev \
    python3 openssl iproute2 nftables util-linux mount ffmpeg jpeginfo libjpeg-turbo-progs \
    gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
    xvfb xdotool x11-apps x11-utils fonts-dejavu-core \
    ${all:+clang-format shellcheck git}

mkdir -p "$build"
if [ -n "$all" ]; then
    # Some minutes of one processor, which tests that wait for one another leave idle.
    nice "$top/tests/machine/image.sh" trixie >"$build/image.log" 2>&1 &
fi
step "build and test" build_and_test "$build/release"
if [ -n "$all" ]; then
    step "style" check_style
    step "install" check_install
    step "one side alone" one_side
    step "address and undefined behaviour sanitizers" \
        build_and_test "$build/asan" -DPITETHER_SANITIZE=address,undefined
    step "thread sanitizer" build_and_test_threads "$build/tsan"
    step "fuzzing" env BUILD_DIR="$build/fuzz" "$top/tests/fuzz/run.sh"
    step "arm64 under qemu" env BUILD_DIR="$build" PITETHER="$build/release/host/pitether" \
        "$top/tests/cross.sh" arm64
    step "roots of Pis" "$top/tests/sysroot.sh"
    step "packages" env BUILD_DIR="$build/packages" "$top/tests/packages.sh"
    step "a real libcamera camera" \
        env PITETHERD="$build/release/device/pitetherd" "$top/tests/libcamera/run.sh"
    step "an emulated machine" env BUILD_DIR="$build/machine" \
        PITETHER="$build/release/host/pitether" "$top/tests/machine/run.sh"
fi

[ ${#failed[@]} -eq 0 ] || printf 'failed: %s\n' "${failed[@]}"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
