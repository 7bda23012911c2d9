#!/usr/bin/env bash
# Shows pitether at work on this machine: installs what is missing, builds, streams from a camera if
# there is one, else the test picture, and saves 5 seconds of frames. Opens the window if there is a
# display.
#   host/demo.sh [FOLDER]      FOLDER: where to save (default: a new one)
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/demo
folder=${1-$(mktemp -d "${TMPDIR:-/tmp}/pitether-demo-XXXXXX")}
work=$(mktemp -d)
daemon=

# shellcheck disable=SC2317 # the trap calls it
finish() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config \
    libjpeg62-turbo-dev libssl-dev libcamera-dev libsdl2-dev libsdl2-ttf-dev

echo "building ..."
if ! { cmake -S "$top" -B "$build" -G Ninja -DPITETHER_TESTS=OFF && cmake --build "$build"; } \
    >"$work/build.log" 2>&1; then
    cat "$work/build.log" >&2
    exit 1
fi

if "$build/device/pitetherd" --list-cameras 2>/dev/null; then
    source=(--source libcamera)
else
    echo "no camera on this machine: the test picture it is"
    source=(--source pattern --size 1280x720 --fps 30)
fi

sinks=(--save "$folder" --duration 5 --stats)
[ -z "${DISPLAY-}${WAYLAND_DISPLAY-}" ] || sinks+=(--window)

# The daemon's log, up to the line that says that it is ready; then it goes on to the terminal.
mkfifo "$work/log"
"$build/device/pitetherd" "${source[@]}" --listen "unix:$work/socket" 2>"$work/log" &
daemon=$!
exec 3<"$work/log"
ready=
while read -r line <&3; do
    echo "$line"
    case $line in *"listening on"*)
        ready=1
        break
        ;;
    esac
done
[ -n "$ready" ]
cat <&3 &

code=0
"$build/host/pitether" "unix:$work/socket" "${sinks[@]}" || code=$?
# 5 is a machine that is too busy for each frame, as the lines above tell; 6, the window closed by hand
# before the time was up. Either way it has been seen at work.
case $code in 5 | 6) code=0 ;; esac
kill "$daemon" 2>/dev/null || true
wait
daemon=
[ "$code" = 0 ] || exit "$code"
echo
echo "The frames are in $folder: $(find "$folder" -name '*.jpg' | wc -l) files, and frames.csv lists them."
