#!/usr/bin/env bash
# What README.md promises to somebody with a fresh Debian: makes one, as small as Debian gets, puts a
# clone of the committed HEAD there, and types in what stands under "Try it", word for word.
#
#   fresh.sh [--user] [SUITE]...    (default: bookworm trixie)
#
# It is root who does so, or with --user somebody who may become root with sudo: the tests that only
# root can run are then named at the end. Debian's packages are kept in
# ${PITETHER_CACHE:-~/.cache/pitether}/fresh; all else is deleted in the end. Needs root (sudo), and
# some 3 GB of space for a while.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/fresh
mkdir -p "${cache%/fresh}" # the user's own, of which only this part is root's
[ "$(id -u)" = 0 ] || exec sudo "PITETHER_CACHE=${cache%/fresh}" "$0" "$@"
who=root home=/root packages=ca-certificates
if [ "${1-}" = --user ]; then
    who=somebody home=/home/somebody packages=ca-certificates,sudo
    shift
fi
[ $# -gt 0 ] || set -- bookworm trixie
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

say() {
    echo "fresh: $*"
}

die() {
    echo "fresh: $*" >&2
    exit 1
}

# The lines of the first block of commands under a heading, without their remarks.
commands_of() { # heading
    awk -v heading="## $1" '$0 == heading { here = 1; next } /^## / { here = 0 }
        here && /^```/ { if (inside) exit; inside = 1; next }
        here && inside' "$top/README.md" | sed 's/ *#.*//; /^$/d'
}

make_root() {
    local uri key base=$archives.base
    read -r uri key < <("$top/shared/scripts/debian-source.sh") || die "apt names no Debian mirror"
    mkdir -p "$archives/partial" "$base"
    mmdebstrap --quiet --variant=minbase --include="$packages" --skip=essential/unlink \
        --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"" \
        --setup-hook="sync-in '$base' /var/cache/apt/archives" \
        --customize-hook="sync-out /var/cache/apt/archives '$base'" \
        "$suite" "$root" "deb ${key:+[signed-by=$key] }$uri $suite main"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    apt-config dump Acquire | grep -E 'Proxy|Check-' >"$root/etc/apt/apt.conf.d/90machine" || true
    if [ "$who" != root ]; then
        chroot "$root" useradd --create-home --shell /bin/bash "$who"
        echo "$who ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$who"
    fi
}

# As if the machine ran: with processes, devices and mounts of its own, which go with it. pivot_root
# rather than chroot, as somebody in a chroot can't make the namespaces that the tests need.
on_it() { # command
    # shellcheck disable=SC2016 # they are the inner shell's
    unshare --mount --pid --ipc --uts --fork --kill-child sh -euc '
        root=$0 archives=$1 who=$2
        shift 2
        mount --bind "$root" "$root"
        cd "$root"
        mount -t proc proc proc
        mount -t sysfs sysfs sys
        mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
        mount -t tmpfs -o mode=1777 tmpfs dev/shm
        mount --bind "$archives" var/cache/apt/archives
        mkdir -p old
        pivot_root . old
        umount -l /old
        hostname fresh
        exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            setpriv --reuid="$who" --regid="$who" --init-groups --reset-env \
            sh -c "cd ~/pitether && $1" </dev/null
        ' "$root" "$archives" "$who" "$1"
}

# Arguments: what a README's command said. The frames that it tells of must be there, and good.
check_frames() {
    local folder count
    folder=$root$(sed -n 's/^The frames are in \(.*\): [0-9]* files.*/\1/p' "$1")
    count=$(find "$folder" -name '*.jpg' | wc -l)
    [ "$count" -gt 0 ] || die "$suite: the demo saved no frames"
    [ "$count" = $(($(wc -l <"$folder/frames.csv") - 1)) ] ||
        die "$suite: the demo saved $count frames, and frames.csv has another number of them"
    find "$folder" -name '*.jpg' -exec djpeg -outfile /dev/null {} \; 2>"$work/djpeg" ||
        die "$suite: the demo saved broken frames"
    [ ! -s "$work/djpeg" ] || die "$suite: the demo saved broken frames: $(head -n 1 "$work/djpeg")"
    say "$suite: the demo saved $count good frames"
}

try() {
    local command begin log=$work/log
    suite=$1 root=$work/$1 archives=$cache/$1
    say "$suite: making a fresh one"
    begin=$SECONDS
    make_root
    git -c advice.detachedHead=false clone -q --no-hardlinks "$top" "$root$home/pitether"
    [ "$who" = root ] || chroot "$root" chown -R "$who:" "$home/pitether"
    say "$suite: it is there, with $(chroot "$root" dpkg-query -f '.' -W | wc -c) packages" \
        "($((SECONDS - begin)) s)"
    while read -r command; do
        say "$suite: $who types: $command"
        begin=$SECONDS
        on_it "$command" 2>&1 | tee "$log" || die "$suite: $command failed"
        say "$suite: $command is done ($((SECONDS - begin)) s)"
        ! grep -q '^The frames are in' "$log" || check_frames "$log"
        grep -E '% tests passed|^[0-9]+ passed|^skipped: ' "$log" || true
    done < <(commands_of "Try it")
    rm -rf --one-file-system "$root"
}

"$top/shared/scripts/need-packages.sh" git mmdebstrap util-linux mount libjpeg-turbo-progs
mapfile -t commands < <(commands_of "Try it")
[ "${commands[*]}" = 'host/demo.sh tests/run.sh' ] ||
    die "README.md's \"Try it\" has other commands than this knows to check: ${commands[*]}"
for suite in "$@"; do
    try "$suite"
done
