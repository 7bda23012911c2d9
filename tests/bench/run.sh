#!/usr/bin/env bash
# Installs what the benchmarks need, builds, and runs them.
#   tests/bench/run.sh [--quick] [NAME...]     all of them without a NAME
#   tests/bench/run.sh --list                  their names
# Each prints a table and writes BUILD_DIR/results/NAME.json; results/summary.md has the ratios of
# all that were run. --quick only shows that they work: its figures mean nothing.
# BUILD_DIR: where to build (default: build/bench in the source tree).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$top/build/bench}

# In this order; those after the bar only when named. A name whose file is not there is left out.
order=(encode stream streams metadata window wanted fanout memory link controls rivals wifi soak
    start outage overload hostile)
optional=(instructions conversions)

there() {
    local name
    for name in "$@"; do
        [ ! -f "$here/$name.py" ] || echo "$name"
    done
}

quick=
names=()
for argument in "$@"; do
    case $argument in
    --quick) quick=--quick ;;
    --list)
        there "${order[@]}" "${optional[@]}"
        exit 0
        ;;
    -*)
        echo "usage: tests/bench/run.sh [--quick] [NAME...] | --list" >&2
        exit 2
        ;;
    *)
        if ! there "${order[@]}" "${optional[@]}" | grep -qx -- "$argument"; then
            echo "no benchmark is called $argument; there are:" \
                "$(there "${order[@]}" "${optional[@]}" | tr '\n' ' ')" >&2
            exit 2
        fi
        names+=("$argument")
        ;;
    esac
done
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(there "${order[@]}")

packages=(build-essential cmake ninja-build pkg-config libjpeg62-turbo-dev libssl-dev libcamera-dev
    libsdl2-dev libsdl2-ttf-dev python3 ffmpeg mate-backgrounds)
case " ${names[*]} " in *" fanout "*) packages+=(linux-perf strace) ;; esac
case " ${names[*]} " in *" window "*) packages+=(xvfb xdotool fonts-dejavu-core) ;; esac
case " ${names[*]} " in *" link "* | *" controls "* | *" rivals "* | *" wifi "*) packages+=(iproute2) ;; esac
case " ${names[*]} " in *" rivals "* | *" wifi "*)
    packages+=(gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
        gstreamer1.0-plugins-bad)
    ;;
esac
case " ${names[*]} " in *" hostile "*) packages+=(iproute2 util-linux openssl) ;; esac
case " ${names[*]} " in *" outage "* | *" overload "*) packages+=(iproute2 util-linux) ;; esac
case " ${names[*]} " in *" instructions "*) packages+=(valgrind) ;; esac
case " ${names[*]} " in *" conversions "*) packages+=(qemu-user) ;; esac
"$top/shared/scripts/need-packages.sh" "${packages[@]}"

mkdir -p "$build"
echo "building ..."
if ! { cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPITETHER_TESTS=OFF \
    -DPITETHER_BENCH=ON && cmake --build "$build"; } >"$build/build.log" 2>&1; then
    tail -n 40 "$build/build.log" >&2
    exit 1
fi

export PITETHER_BENCH_BUILD=$build PYTHONDONTWRITEBYTECODE=1
python3 "$here/common.py"
failed=()
for name in "${names[@]}"; do
    begin=$SECONDS
    echo
    echo "==> $name"
    python3 "$here/$name.py" $quick || failed+=("$name")
    echo "==> $name: $((SECONDS - begin)) s"
done
python3 "$here/summary.py"
[ ${#failed[@]} -eq 0 ] || {
    echo "failed: ${failed[*]}" >&2
    exit 1
}
