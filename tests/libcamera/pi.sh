# shellcheck shell=bash disable=SC2154
# The virtual cameras as a Pi's (pi_shim.cpp). Part of run.sh, whose variables it uses.

inside_with_pi() { # command that runs in the root, with VARIABLE=VALUE before it if need be
    exec chroot "$root" env HOME=/ \
        LD_PRELOAD="$inside/shim.so $inside/pi/tests/libpi_shim.so" "$@"
}

drive_pi() { # VARIABLE=VALUE...
    (inside_with_pi "$@" "$inside/pi/tests/drive_pi") >"$work/pi.log" 2>&1 || {
        cat "$work/pi.log"
        return 1
    }
}

test_pi() {
    check 'Pi: controls are listed, set at the start and live, and reported' drive_pi
    check 'Pi: each frame that shows a change first says so' drive_pi PI_ATOMIC=1
}
