#!/usr/bin/env bash
# The libcamera source against real releases of libcamera. Where there are virtual cameras, a
# photograph goes in at the camera and must come out of pitether; older releases compile it, run the
# device's unit tests, and say what to do without a camera. Needs no hardware; needs root (sudo) for
# its test roots.
#
#   run.sh [SUITE]...  bookworm, bookworm-backports, trixie (the default), trixie-backports
#   run.sh --matrix    all of them
#
# PITETHERD names a pitetherd of this machine (default: build/device/pitetherd), whose words without
# a camera are tested, too, if it was built with libcamera.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
native=${PITETHERD:-$project/build/device/pitetherd}
if [ "$(id -u)" != 0 ]; then
    mkdir -p "${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}" # the user's own
    exec sudo --preserve-env=PITETHER_CACHE,XDG_CACHE_HOME,HOME,PITETHERD "$0" "$@"
fi
case ${1-} in
'') set -- trixie ;;
--matrix) set -- bookworm bookworm-backports trixie trixie-backports ;;
-*)
    sed -n '7,8s/^# *//p' "$0" >&2
    exit 2
    ;;
esac

passed=0 failed=0 skipped=0 daemon='' root='' inside='' preload=''
work=$(mktemp -d)

leave_root() {
    if [ -n "$inside" ]; then
        rm -rf --one-file-system "${root:?}$inside"
    fi
}

cleanup() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" || true
    fi
    rm -rf "$work"
    leave_root
}
trap cleanup EXIT

pass() {
    echo "PASS: $*"
    passed=$((passed + 1))
}

fail() {
    echo "FAIL: $*"
    failed=$((failed + 1))
}

skip() {
    echo "SKIP: $*"
    skipped=$((skipped + 1))
}

check() { # what, then a command that says by its exit code whether it is so
    local what=$1
    shift
    if "$@"; then
        pass "$what"
    else
        fail "$what"
    fi
}

# The same bytes on each run. The samples of photo709.jpg are those of BT.709 at limited range,
# though a JPEG has no way to say it: virtual cameras since 0.5 pass a JPEG's samples through, but
# name them so.
make_photographs() {
    local original=/usr/share/backgrounds/mate/nature/LadyBird.jpg
    local jpeg=(-c:v mjpeg -q:v 2 -flags +bitexact -fflags +bitexact -map_metadata -1)
    local fill='scale=1920:1080:force_original_aspect_ratio=increase,crop=1920:1080'
    local from='in_range=full:in_color_matrix=bt601' to='out_range=limited:out_color_matrix=bt709'
    local as_is='format=yuv420p,setrange=full,format=yuvj420p'
    ffmpeg -v error -y -i "$original" -threads 1 "${jpeg[@]}" -pix_fmt yuvj420p \
        -vf "$fill" "$work/photo.jpg"
    ffmpeg -v error -y -i "$work/photo.jpg" -threads 1 "${jpeg[@]}" \
        -vf "scale=$from:$to:flags=accurate_rnd+full_chroma_int,$as_is" \
        "$work/photo709.jpg"
}

# The sources go in as a copy, so that no mount is ever left behind.
build_inside() {
    inside=/build/run.$$
    mkdir -p "$root$inside/source"
    tar -C "$project" --exclude=.git --exclude='./build*' -cf - . |
        tar -C "$root$inside/source" -xf -
    chroot "$root" nice sh -euc "
        cd $inside
        cmake -S source -B pi -G Ninja -DPITETHER_LIBCAMERA=ON -DPITETHER_HOST=OFF \
            -DPITETHER_WERROR=ON
        ninja -C pi -j 2
        cmake -S source -B laptop -G Ninja -DPITETHER_DEVICE=OFF -DPITETHER_WINDOW=OFF \
            -DPITETHER_TESTS=OFF -DPITETHER_WERROR=ON
        ninja -C laptop -j 2
        cc -O2 -shared -fPIC -U_FORTIFY_SOURCE -D_GNU_SOURCE -Wall -Wextra -Werror \
            -o shim.so source/tests/libcamera/udmabuf_shim.c
    " >"$work/build.log" 2>&1 || {
        cat "$work/build.log"
        return 1
    }
}

# With processes of its own; not chroot, which has no /proc.
test_units() {
    unshare --mount --pid --fork --kill-child --root="$root" --mount-proc --wd=/ \
        ctest --test-dir "$inside/pi" -L unit -j 4 --no-tests=error --output-on-failure \
        >"$work/units.log" 2>&1 || {
        cat "$work/units.log"
        return 1
    }
    grep 'tests passed' "$work/units.log"
}

pitetherd_inside() {
    exec chroot "$root" env HOME=/ LD_PRELOAD="$inside/shim.so $preload" \
        "$inside/pi/device/pitetherd" "$@"
}

wait_for_line() { # pid, log, pattern: until it is there, the process is gone, or 20 s have passed
    grep -q -m 1 "$3" < <(timeout 20 tail -n +1 -s 0.1 --pid="$1" -f "$2")
}

start_daemon() { # options
    : >"$work/daemon.log"
    pitetherd_inside --listen 127.0.0.1:0 --quality 95 "$@" 2>"$work/daemon.log" &
    daemon=$!
    if ! wait_for_line "$daemon" "$work/daemon.log" 'listening on'; then
        cat "$work/daemon.log"
        return 1
    fi
    address=$(sed -n 's/.*listening on //p' "$work/daemon.log")
}

stop_daemon() {
    local code=0
    kill "$daemon" || true
    wait "$daemon" || code=$?
    daemon=''
    return "$code"
}

# Without /proc a program does not find its library beside it.
# Live: the bunch of frames with which a virtual camera starts may be more than the encoder takes.
receive() { # name of a folder, number of frames
    timeout 60 chroot "$root" env LD_LIBRARY_PATH="$inside/laptop/host" \
        "$inside/laptop/host/pitether" "$address" --save "$inside/$1" \
        --frames "$2" --live --no-reconnect >"$work/host.log" 2>&1 || {
        cat "$work/host.log" "$work/daemon.log"
        return 1
    }
    test "$(find "$root$inside/$1" -name '*.jpg' | wc -l)" = "$2"
}

# The last picture of a folder against the photograph, turned by a filter: the least PSNR of red,
# green and blue, in whole dB.
likeness() { # folder, WxH, ffmpeg filter
    local picture
    picture=$(find "$root$inside/$1" -name '*.jpg' | sort | tail -n 1)
    ffmpeg -hide_banner -nostats -i "$picture" -i "$work/photo.jpg" -lavfi \
        "sws_flags=bilinear+accurate_rnd+full_chroma_int;
        [0]format=gbrp[a];[1]scale=${2/x/:},$3,format=gbrp[b];[a][b]psnr" \
        -f null - 2>&1 | sed -n 's/.*PSNR r:\([^ ]*\) g:\([^ ]*\) b:\([^ ]*\) .*/\1\n\2\n\3/p' |
        sort -n | sed -n '1s/\..*//p' | sed 's/inf/99/'
}

# Frames a second by the sensor's time stamps; the first frames are left out, since the daemon has
# yet to find out that a virtual camera keeps no pace.
frame_rate() { # folder
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
             { id = $column["id"]; time = $column["sensor_ns"] }
             NR == 12 { first_id = id; first_time = time }
             END { printf "%d\n", (id - first_id) * 1e9 / (time - first_time) + 0.5 }' \
        "$root$inside/$1/frames.csv"
}

is_like() { # folder, WxH, filter
    local level
    level=$(likeness "$@")
    echo "      $1: the worst channel has ${level:-no} dB" >&2
    [ "${level:-0}" -ge 30 ]
}

is_unlike() {
    local level
    level=$(likeness "$@")
    [ "${level:-99}" -lt 25 ]
}

is_paced() { # folder, frames a second
    local rate
    rate=$(frame_rate "$1")
    echo "      $1: $rate frames a second" >&2
    [ "$rate" -ge $(($2 * 9 / 10)) ] && [ "$rate" -le $(($2 * 11 / 10)) ]
}

test_version() {
    (pitetherd_inside --version) >"$work/version" && grep '^pitetherd [0-9]' "$work/version"
}

test_list() {
    (pitetherd_inside --list-cameras) >"$work/list" 2>"$work/list.log"
}

test_list_on_full_disk() {
    local code=0
    (pitetherd_inside --list-cameras) >/dev/full 2>"$work/list.log" || code=$?
    [ "$code" = 1 ] && grep -q "can't write to standard output: No space left" "$work/list.log"
}

# It may come yet.
test_unknown_camera() {
    start_daemon --source libcamera:nowhere && stop_daemon &&
        grep -q 'no camera "nowhere": 0 is bars.* 1 is photo.*; serving without it' \
            "$work/daemon.log"
}

test_ambiguous_model() {
    local code=0
    (pitetherd_inside --source 'libcamera:model=virtual photo') 2>"$work/list.log" || code=$?
    [ "$code" = 3 ] && grep -q 'several cameras match "model=virtual photo": 0 is bars.*2 is photo709' \
        "$work/list.log"
}

test_chosen_camera() { # argument of libcamera:, model
    start_daemon --source "libcamera:$1" --size 1920x1080 && receive "chosen-$1" 5 && stop_daemon &&
        grep -q "camera on: $2," "$work/daemon.log"
}

# Two streams name one camera in different ways.
test_camera_of_two_streams() {
    local code=0
    printf '[front]\nsource = libcamera:0\n[rear]\nsource = libcamera:model=bars\n' \
        >"$root$inside/two.conf"
    (pitetherd_inside --config "$inside/two.conf") 2>"$work/list.log" || code=$?
    [ "$code" = 3 ] && grep -q 'camera bars is already used by the stream front' "$work/list.log"
}

receive_stream() { # its name, which is also that of the folder; how many frames
    mkdir -p "$root$inside/$1"
    timeout 60 python3 "$project/tests/e2e/independent_client.py" "$address" "${2:-30}" \
        "$root$inside/$1" --stream="$1"
}

# Both run at once, on libcamera's one manager.
test_two_cameras() {
    local front='' code=0
    printf '[front]\nsource = libcamera:%s\nsize = 1920x1080\n' "$camera" >"$root$inside/two.conf"
    printf '[rear]\nsource = libcamera:model=bars\nsize = 1296x972\n' >>"$root$inside/two.conf"
    start_daemon --config "$inside/two.conf" || return 1
    receive_stream front &
    front=$!
    receive_stream rear || code=$?
    wait "$front" || code=$?
    stop_daemon && [ "$code" = 0 ]
}

# A camera's second output, while the first one is watched, too.
test_preview() {
    local main='' code=0
    start_daemon --source "libcamera:$camera" --size 1920x1080 --preview-size 1296x972 || return 1
    receive_stream camera &
    main=$!
    receive_stream camera/preview || code=$?
    wait "$main" || code=$?
    stop_daemon && [ "$code" = 0 ]
}

# Of the camera's largest size, beside the stream: the camera is not switched for it.
test_still() {
    local main='' code=0
    start_daemon --source "libcamera:$camera" --size 1000x562 || return 1
    receive_stream camera 150 &
    main=$!
    wait_for_line "$daemon" "$work/daemon.log" 'camera on:' || code=1
    mkdir -p "$root$inside/still"
    timeout 60 chroot "$root" env LD_LIBRARY_PATH="$inside/laptop/host" \
        "$inside/laptop/host/pitether" "$address" --still "$inside/still/still.jpg" --quality 95 \
        >"$work/host.log" 2>&1 || code=$?
    wait "$main" || code=$?
    ! grep 'camera on for a still' "$work/daemon.log" || code=1
    [ "$code" = 0 ] || cat "$work/host.log" "$work/daemon.log"
    stop_daemon && [ "$code" = 0 ]
}

test_stream() { # folder, WxH, filter, options
    local folder=$1 size=$2 filter=$3
    shift 3
    if ! start_daemon --source "libcamera:$camera" --size "$size" "$@" ||
        ! receive "$folder" 60; then
        fail "$folder: 60 pictures come"
        stop_daemon || true
        return
    fi
    pass "$folder: 60 pictures come"
    check "$folder: they show the photograph, in its colours" is_like "$folder" "$size" "$filter"
    check "$folder: and not by chance" is_unlike "$folder" "$size" "$filter,hflip"
    check "$folder: the rate is kept" is_paced "$folder" 30
    check "$folder: the camera stops when nobody watches" \
        wait_for_line "$daemon" "$work/daemon.log" 'camera off'
    check "$folder: and starts anew" receive "$folder-again" 15
    check "$folder: with the same picture" is_like "$folder-again" "$size" "$filter"
    check "$folder: the daemon ends in order" stop_daemon
}

test_no_camera() {
    local code=0
    (pitetherd_inside --list-cameras) 2>"$work/list.log" || code=$?
    [ "$code" = 3 ] && grep -q 'no camera found: check the cable.*(libcamera-ipa)' "$work/list.log"
}

# A stand-in for a camera's device file, which somebody without rights can't open.
test_forbidden_camera() {
    local code=0
    # shellcheck disable=SC2016 # they are the inner shell's
    unshare --mount sh -euc 'mount -t tmpfs none "$0/dev"; umask 077; : >"$0/dev/media0"
        exec chroot --userspec=nobody "$0" "$@"' "$root" "$inside/pi/device/pitetherd" \
        --list-cameras 2>"$work/list.log" || code=$?
    [ "$code" = 3 ] && grep -q 'not permitted to open /dev/media0: .*group .video.' "$work/list.log"
}

test_native_without_camera() {
    local code=0
    timeout 20 "$native" --list-cameras 2>"$work/native.log" || code=$?
    if grep -q 'this build has no libcamera' "$work/native.log"; then
        skip "no camera: $native has no libcamera"
        return
    fi
    check "no camera: exit code 3 (was $code)" [ "$code" = 3 ]
    check "no camera: says what to do" grep -q 'no camera found: check the cable' "$work/native.log"
}

# Beside three streams without a camera; each is watched by three receivers.
test_four_streams() {
    printf '#!/bin/sh\nexec chroot %s env HOME=/ LD_PRELOAD=%s %s "$@"\n' "$root" "$inside/shim.so" \
        "$inside/pi/device/pitetherd" >"$work/pitetherd"
    printf '#!/bin/sh\nexec chroot %s env LD_LIBRARY_PATH=%s %s "$@"\n' "$root" \
        "$inside/laptop/host" "$inside/laptop/host/pitether" >"$work/pitether"
    chmod +x "$work/pitetherd" "$work/pitether"
    PITETHERD=$work/pitetherd PITETHER=$work/pitether PYTHONDONTWRITEBYTECODE=1 \
        PROGRAMS_ROOT=$root TMPDIR=$root$inside FOURTH_SOURCE=libcamera:$camera \
        timeout 120 python3 "$project/tests/e2e/test_streams.py" \
        Streams.test_each_stream_is_accounted_for_to_each_receiver >"$work/streams.log" 2>&1 || {
        cat "$work/streams.log"
        return 1
    }
}

test_virtual_cameras() {
    # Later ones name a JPEG's samples those of BT.709.
    case $suite in
    trixie) camera=photo ;;
    *) camera=photo709 ;;
    esac
    check 'list: works' test_list
    check 'list: fails where it can not be written' test_list_on_full_disk
    check 'list: shows the photograph, in the order of ids' \
        grep -q '^1: photo (Virtual photo)' "$work/list"
    check 'list: shows formats and sizes' grep -q 'NV12:.* 1920x1080' "$work/list"
    check 'unknown camera: waited for, and what is there is told' test_unknown_camera
    check 'index: counts as the list does' test_chosen_camera 2 'Virtual photo709'
    check 'model: a part of it, in either case' test_chosen_camera model=PHOTO709 'Virtual photo709'
    check 'model: several are listed' test_ambiguous_model
    check 'two streams: no camera is taken twice' test_camera_of_two_streams
    check 'two streams: each has its camera' test_two_cameras
    check 'two streams: the photograph is that of one' is_like front 1920x1080 null
    check 'two streams: and not of the other' is_unlike rear 1296x972 null
    check 'preview: beside the stream' test_preview
    check 'preview: shows the photograph' is_like camera/preview 1296x972 null
    check 'still: while the stream goes on' test_still
    check 'still: is the photograph, in full size' is_like still 1920x1080 null
    test_stream plain 1920x1080 null
    test_stream upright 1000x562 transpose=clock --rotation 90
    test_stream odd-width 1000x562 null
    test_stream four-thirds 1296x972 null --fps 30
    test_stream mirrored 1296x972 hflip --hflip
    test_stream turned 1000x562 hflip,vflip --rotation 180
    check 'four streams: all is accounted for to each receiver' test_four_streams
}

# shellcheck source-path=SCRIPTDIR
. "$here/pi.sh"

test_suite() {
    local compiled=no before=$passed failed_before=$failed
    suite=$1
    echo "==> libcamera of $suite"
    root=$("$here/root.sh" "$suite" "photo=$work/photo.jpg" "photo709=$work/photo709.jpg")
    if build_inside; then
        compiled='no warnings'
        check 'the program runs' test_version
        check "the device's unit tests pass" test_units
        case $suite in
        bookworm*)
            check 'no camera: exit code 3, and what to do' test_no_camera
            check 'no rights: exit code 3, and what to do' test_forbidden_camera
            ;;
        *) test_virtual_cameras; test_pi ;;
        esac
    else
        fail "$suite: pitether builds with libcamera"
    fi
    printf '%-20s %-10s %-13s %d passed, %d failed\n' "$suite" \
        "$(chroot "$root" pkg-config --modversion libcamera)" "$compiled" \
        $((passed - before)) $((failed - failed_before)) >>"$work/table"
    leave_root
    inside=''
}

"$project/shared/scripts/need-packages.sh" ffmpeg mate-backgrounds mmdebstrap util-linux mount python3
make_photographs
for suite in "$@"; do
    test_suite "$suite"
done
if [ -x "$native" ] && ! compgen -G '/dev/media*' >"$work/devices"; then
    test_native_without_camera
else
    skip "no camera: no $native, or this machine may have a camera"
fi

printf '%-20s %-10s %-13s %s\n' release libcamera compiled checks
cat "$work/table"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
