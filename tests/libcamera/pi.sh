# shellcheck shell=bash disable=SC2154,SC2034
# The virtual cameras as a Pi's (pi_shim.cpp). Part of run.sh, whose variables it uses.

drive_pi() { # VARIABLE=VALUE...
    chroot "$root" env HOME=/ LD_PRELOAD="$inside/shim.so $preload" "$@" \
        "$inside/pi/tests/drive_pi" >"$work/pi.log" 2>&1 || {
        cat "$work/pi.log"
        return 1
    }
    ! grep 'has no rate of its own' "$work/pi.log"
}

pi_set() { # NAME=VALUE,...
    timeout 60 chroot "$root" env LD_LIBRARY_PATH="$inside/laptop/host" \
        "$inside/laptop/host/pitether" "$address" --set "$1" >"$work/set.log" 2>&1 || {
        cat "$work/set.log" "$work/daemon.log"
        return 1
    }
}

pi_compare() { # how, then its arguments
    python3 "$here/compare_metadata.py" "$@"
}

start_pi() { # options
    start_daemon --source libcamera:bars --size 1296x972 "$@"
}

test_pi_list() {
    (pitetherd_inside --source libcamera:bars --list-controls) >"$work/list" 2>"$work/list.log" &&
        grep -q '^ *ExposureTime  *int32  *20000  *26 to 112015096 µs' "$work/list" &&
        grep -q '^ *rpi::ScalerCrops ' "$work/list"
}

# What options set is in the first frame, and what the laptop sets is in those of the next run, too.
test_pi_settings() {
    start_pi --shutter 1/100 --gain 2 --awb daylight && receive pi-options 5 && stop_daemon &&
        start_pi && pi_set shutter=1/100,gain=2,awb=daylight && receive pi-set 5 && stop_daemon &&
        pi_compare first "$root$inside/pi-options" ExposureTime=9998 AnalogueGain=2 AwbMode=5 &&
        pi_compare same "$root$inside/pi-options" "$root$inside/pi-set"
}

# While another receiver looks on, whose frames show whether the answer is right.
test_pi_frame() { # NAME=VALUE, what is in force
    local watcher='' code=0
    start_pi || return 1
    receive "pi-frame-$1" 60 &
    watcher=$!
    wait_for_line "$daemon" "$work/daemon.log" 'camera on' && pi_set "$1" || code=1
    wait "$watcher" || code=1
    stop_daemon && [ "$code" = 0 ] &&
        pi_compare from "$root$inside/pi-frame-$1" "$work/set.log" "$2"
}

# Of which one is reported when it is set, and then no more, and the other some frames later.
test_pi_once() {
    PI_ONCE=1 start_pi && pi_set Contrast=1.5,ExposureTime=5ms && stop_daemon &&
        grep -q '^Contrast .* ok *$' "$work/set.log" &&
        grep -q '^ExposureTime .* ok *$' "$work/set.log"
}

test_pi() {
    preload=$inside/pi/tests/libpi_shim.so
    check 'Pi: settings at the start and live, and what frames report' drive_pi
    check 'Pi: each frame that shows a change first says so' drive_pi PI_ATOMIC=1
    check 'Pi: its controls are listed' test_pi_list
    check 'Pi: options and --set give the same metadata' test_pi_settings
    check 'Pi: exposure is in force from the frame that is told' \
        test_pi_frame ExposureTime=5ms ExposureTime=4999
    check 'Pi: contrast is in force from the frame that is told' \
        test_pi_frame Contrast=1.5 Contrast=1.5
    check 'Pi: what is reported once is not taken for unreported' test_pi_once
    preload=''
}
