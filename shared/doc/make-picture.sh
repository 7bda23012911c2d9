#!/usr/bin/env bash
# Makes README's moving picture, window.webp beside this script, from the real window: a daemon with
# two streams, the window on a virtual display, and a recording of it while one stream is shown alone
# with its controls, histogram and values, which the keys change, and while its camera is unplugged
# and comes back.
#   shared/doc/make-picture.sh
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/picture
picture=$top/shared/doc/window.webp
work=$(mktemp -d)
chmod 755 "$work" # the daemon reads a file in it, and does not stay root
children=()
rate=12 # frames per second of the recording
width=972 height=572 # of the display: the window with its borders and a margin
limit=1500000        # bytes

# shellcheck disable=SC2317 # the trap calls it
finish() {
    for child in "${children[@]}"; do
        kill "$child" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap finish EXIT

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config \
    libjpeg62-turbo-dev libssl-dev libsdl2-dev libsdl2-ttf-dev xvfb openbox fonts-dejavu-core xdotool ffmpeg

cmake -S "$top" -B "$build" -G Ninja -DPITETHER_TESTS=OFF >"$work/build.log"
cmake --build "$build" >>"$work/build.log"

# wait_for COMMAND...: until it succeeds, for at most 20 s.
wait_for() {
    for _ in {1..200}; do
        ! "$@" || return 0
        sleep 0.1
    done
    echo "this never succeeded: $*" >&2
    cat "$work"/*.log >&2
    return 1
}

ffmpeg -loglevel error -f lavfi -i gradients=size=640x360:rate=15:speed=0.04:nb_colors=5:seed=7 \
    -t 12 -pix_fmt yuv420p "$work/rear.y4m"
cat >"$work/pitetherd.conf" <<END
[front]
source = pattern
size = 960x540
fps = 30
pattern-faults = unplug@435:3s
always-on = on
[rear]
source = $work/rear.y4m
END
"$build/device/pitetherd" --config "$work/pitetherd.conf" --listen 127.0.0.1:0 2>"$work/device.log" &
children+=($!)
wait_for grep -q "listening on" "$work/device.log"
address=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$work/device.log")

Xvfb -displayfd 3 -screen 0 "${width}x${height}x24" -nolisten tcp -wr 3>"$work/display" \
    2>/dev/null &
children+=($!)
wait_for test -s "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY SDL_VIDEODRIVER=x11
# A window that is mapped while the window manager starts is waited for for ever.
openbox --startup "touch $work/managed" >/dev/null 2>&1 &
children+=($!)
wait_for test -e "$work/managed"
"$build/host/pitether" "$address/front" "$address/rear" --window 2>"$work/host.log" &
children+=($!)
title='^pitether .*rear [0-9.]+ fps [0-9]+ ms'
wait_for xdotool search --onlyvisible --name "$title" >/dev/null
window=$(xdotool search --onlyvisible --name "$title")
xdotool windowsize --sync "$window" 960 540 windowmove --sync "$window" 6 0

# press KEY...: with a pause behind each.
press() {
    for key in "$@"; do
        xdotool key "$key"
        sleep 0.4
    done
}

ffmpeg -loglevel error -f x11grab -draw_mouse 1 -framerate "$rate" -video_size "${width}x$height" \
    -i "$DISPLAY" -t 17 -c:v ffv1 "$work/recording.mkv" &
recording=$!
sleep 1.5
xdotool mousemove $((width / 4)) $((height / 2)) click 1 # the left one alone
sleep 1
xdotool mousemove "$width" "$height"
press Tab h i
press Right Right Right Right Down Right Right Right
sleep 1
press a Up a
sleep 1
press Escape h i 0
wait "$recording"

ffmpeg -loglevel error -y -i "$work/recording.mkv" -c:v libwebp_anim -quality 55 -compression_level 6 \
    -loop 0 "$work/window.webp"
size=$(stat -c %s "$work/window.webp")
if [ "$size" -gt "$limit" ]; then
    echo "the picture has $size bytes, more than $limit" >&2
    exit 1
fi
mv "$work/window.webp" "$picture"
echo "$picture: $size bytes"
