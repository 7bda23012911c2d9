#!/usr/bin/env bash
# Feeds what nobody would send to all that reads what others wrote: libFuzzer harnesses, one a file,
# under the address and undefined behaviour sanitizers.
#   tests/fuzz/run.sh [NAME...]             a bounded number of executions of each: about a minute
#   tests/fuzz/run.sh --long N [NAME...]    N executions of each; what they find is kept
#   tests/fuzz/run.sh --merge [NAME...]     makes the committed corpora anew: of what is in them, and
#                                           was found since, the least that covers the same
#   tests/fuzz/run.sh --coverage [NAME...]  what the committed corpora cover of the sources
# Each harness begins with corpus/NAME and regressions/NAME, inputs that once made it fail, and knows
# the words in NAME.dict. An input that makes it fail is left in BUILD_DIR/crashes.
# BUILD_DIR: where to build (default: build/fuzz in the source tree). JOBS: how many run at the same
# time (default: one for each core).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$top/build/fuzz}
jobs=${JOBS:-$(nproc)}

# NAME EXECUTIONS SOURCE...: how often a bounded run executes it, and what it is there to cover. Slow
# ones come first.
harnesses=(
    "jpeg_slice 1500 device/encode/jpeg_slice.c device/encode/camera_jpeg.c shared/jpeg/markers.c device/image/mcu_rows.c device/image/colour.c"
    "jpeg_decode 20000 host/jpeg/decoder.c host/jpeg/split.c host/jpeg/parallel.c shared/jpeg/markers.c"
    "client 15000 device/serve/client_loop.c device/serve/client_receive.c device/serve/client_write.c device/serve/client_end.c device/serve/subscription.c device/serve/subscription_write.c device/serve/send_queue.c device/serve/write_batch.c device/serve/in_flight.c"
    "session 10000 host/lib/session.c host/lib/session_send.c host/lib/session_receive.c host/lib/session_frames.c host/lib/frame.c host/lib/clock_sync.c shared/jpeg/jpeg_check.c shared/jpeg/markers.c"
    "y4m 50000 device/camera/y4m_format.c device/camera/y4m.c"
    "options 100000 shared/base/option_value.c shared/base/option_lookup.c shared/base/options_command_line.c shared/base/options_file.c"
    "message_reader 100000 shared/protocol/message_reader.c"
    "wire 200000 shared/protocol/wire.c shared/protocol/wire_layout.c shared/protocol/wire_streams.c"
    "wire_controls 100000 shared/protocol/wire_controls.c shared/controls/value.c shared/controls/metadata.c shared/controls/control_table.c"
    "address 200000 shared/net/address.c"
    "file_name 200000 host/sinks/files/file_name.c"
    "keys 50000 shared/keys/keys.c"
    "faults 200000 device/camera/faults.c"
    "changes 20000 device/stream/changes.c device/stream/change_list.c device/stream/change.c device/stream/decision.c device/camera/stall_timeout.c"
    "assignments 30000 device/controls/given.c device/controls/assignments.c device/controls/assignment.c device/controls/value_text.c device/controls/settings.c device/controls/limits.c device/controls/regions.c device/controls/pairs.c device/controls/names.c shared/controls/enumerators.c"
)

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

mode=bounded
executions=
case "${1-}" in
--long)
    mode=long
    executions=${2-}
    [[ $executions =~ ^[0-9]+$ ]] || usage
    shift 2
    ;;
--merge | --coverage)
    mode=${1#--}
    shift
    ;;
-*) usage ;;
esac

# The line of the table for a NAME.
entry() {
    local line
    for line in "${harnesses[@]}"; do
        [ "${line%% *}" != "$1" ] || echo "$line"
    done
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    names=("${harnesses[@]%% *}")
fi
for name in "${names[@]}"; do
    [ -n "$(entry "$name")" ] || {
        echo "no harness is called $name; there are: ${harnesses[*]%% *}" >&2
        exit 2
    }
done

# build_in DIRECTORY CMAKE-OPTION...
build_in() {
    local directory=$1
    shift
    mkdir -p "$build"
    cmake -S "$top" -B "$directory" -G Ninja -DCMAKE_C_COMPILER=clang -DPITETHER_FUZZ=ON \
        -DPITETHER_LIBCAMERA=OFF -DPITETHER_WINDOW=OFF "$@" >"$directory.log" 2>&1 &&
        cmake --build "$directory" --target fuzz >>"$directory.log" 2>&1 && return
    tail -n 40 "$directory.log"
    return 1
}

build_sanitized() {
    build_in "$build/sanitized" -DPITETHER_SANITIZE=address,undefined "$@"
}

# Comparisons are not traced, which takes half of the time: where inputs are many, chance finds what
# a trace would tell.
build_swift() {
    build_sanitized -DCMAKE_C_FLAGS=-fno-sanitize-coverage=trace-cmp
}

# The committed inputs of a NAME; there need not be any.
inputs() {
    local directory
    for directory in "$here/corpus/$1" "$here/regressions/$1"; do
        [ ! -d "$directory" ] || echo "$directory"
    done
}

# fuzz NAME EXECUTIONS DIRECTORY: new inputs go to the directory.
fuzz() {
    local name=$1 options=(-runs="$2" -timeout=120 -rss_limit_mb=2048)
    [ ! -f "$here/$name.dict" ] || options+=(-dict="$here/$name.dict")
    mkdir -p "$3" "$build/crashes" "$build/logs"
    mapfile -t committed < <(inputs "$name")
    "$build/sanitized/tests/fuzz/fuzz_$name" "${options[@]}" \
        -artifact_prefix="$build/crashes/$name-" "$3" "${committed[@]}" >"$build/logs/$name.log" 2>&1
}

# What libFuzzer says at the end: executions, executions per second, and what they covered.
report() {
    local name
    printf '%-16s %12s %10s %8s %8s\n' harness executions per-second edges corpus
    for name in "${names[@]}"; do
        awk -v name="$name" '
            $2 == "DONE" {
                for (i = 3; i < NF; i++) value[$i] = $(i + 1)
                split(value["corp:"], corpus, "/")
                printf "%-16s %12d %10d %8d %8d\n", name, substr($1, 2), value["exec/s:"],
                    value["cov:"], corpus[1]
            }' "$build/logs/$name.log"
    done
}

# run_all DIRECTORY: each harness once, several at a time. False: one of them failed.
run_all() {
    local name line failures
    failures=$(mktemp)
    for name in "${names[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
            wait -n || true
        done
        read -ra line <<<"$(entry "$name")"
        { fuzz "$name" "${executions:-${line[1]}}" "$1/$name" || echo "$name" >>"$failures"; } &
    done
    wait
    report
    while read -r name; do
        echo "$name failed:"
        grep -vE '^#[0-9]' "$build/logs/$name.log" | tail -n 40
    done <"$failures"
    [ ! -s "$failures" ] || return 1
    rm -f "$failures"
}

merge() {
    local name fresh
    for name in "${names[@]}"; do
        fresh=$(mktemp -d)
        mkdir -p "$build/found/$name" "$here/corpus/$name"
        mapfile -t committed < <(inputs "$name")
        "$build/sanitized/tests/fuzz/fuzz_$name" -set_cover_merge=1 -rss_limit_mb=2048 "$fresh" \
            "${committed[@]}" "$build/found/$name" >"$build/logs/$name-merge.log" 2>&1
        rm -rf "${here:?}/corpus/$name"
        mv "$fresh" "$here/corpus/$name"
        chmod 755 "$here/corpus/$name"
        echo "$name: $(find "$here/corpus/$name" -type f | wc -l) inputs," \
            "$(cat "$here/corpus/$name"/* | wc -c) bytes"
    done
}

coverage() {
    local name line
    printf '%-16s %-20s %8s %8s\n' harness source lines regions
    for name in "${names[@]}"; do
        read -ra line <<<"$(entry "$name")"
        mapfile -t committed < <(inputs "$name")
        LLVM_PROFILE_FILE=$build/$name.profraw "$build/coverage/tests/fuzz/fuzz_$name" -runs=0 \
            "${committed[@]}" >"$build/logs/$name-coverage.log" 2>&1
        llvm-profdata merge -o "$build/$name.profdata" "$build/$name.profraw"
        (cd "$top" && llvm-cov report "$build/coverage/tests/fuzz/fuzz_$name" \
            -instr-profile="$build/$name.profdata" "${line[@]:2}") |
            awk -v name="$name" '$1 ~ /\.c$/ {
                sub(".*/", "", $1)
                printf "%-16s %-20s %8s %8s\n", name, $1, $10, $4
            }'
    done
}

"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config libjpeg62-turbo-dev \
    libssl-dev libcmocka-dev clang libclang-rt-dev llvm
mkdir -p "$build/logs"
case $mode in
bounded)
    build_sanitized -DCMAKE_C_FLAGS=
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    run_all "$scratch"
    ;;
long)
    build_swift
    run_all "$build/found"
    ;;
merge)
    build_swift
    merge
    ;;
coverage)
    build_in "$build/coverage" "-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping"
    coverage
    ;;
esac
