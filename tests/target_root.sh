#!/usr/bin/env bash
# Prints the path of a target's root with the libraries that a cross build needs. It is made once, by
# cross/sysroot.sh, and kept in ${PITETHER_CACHE:-~/.cache/pitether}/sysroots until that script changes.
#   target_root.sh arm64|armhf SUITE
set -euo pipefail

make=$(cd "$(dirname "$0")/.." && pwd)/cross/sysroot.sh
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/sysroots
root=$cache/$2-$1.$(sha256sum <"$make" | cut -c 1-12)
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9 # one builder at a time; what an interrupted one left is made anew
if [ ! -e "$root" ]; then
    rm -rf "$cache/$2-$1".*
    "$make" --arch "$1" --suite "$2" "$cache/.partial" >&2
    mv -T "$cache/.partial" "$root"
fi
echo "$root"
