#!/usr/bin/env bash
# Does with the packages, in a fresh Debian, what people do: installs them with apt, runs what is in
# them, builds a program with the library, upgrades, removes and purges them.
#   in_debian.sh SUITE PITETHERD.deb PITETHER.deb LIBPITETHER0.deb LIBPITETHER-DEV.deb
# The Debian is made once and kept in ${PITETHER_CACHE:-~/.cache/pitether}/roots until this script
# changes; each run has a copy of it. systemd does not run there: what the packages' scripts ask of it
# is written down instead.
set -euo pipefail

suite=$1 daemon=$(realpath "$2") host=$(realpath "$3")
library=$(realpath "$4") development=$(realpath "$5")
here=$(cd "$(dirname "$0")" && pwd)
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}
[ "$(id -u)" = 0 ] || exec sudo "PITETHER_CACHE=$cache" "$0" "$@"
work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT

say() {
    echo "packages: $*"
}

die() {
    echo "packages: $*" >&2
    exit 1
}

# What the packages need is downloaded already, but not installed.
make_root() { # folder
    local uri key
    read -r uri key < <("$here/../../shared/scripts/debian-source.sh") || die "apt names no Debian mirror"
    say "making a root of $suite, which takes a minute or two"
    mmdebstrap --quiet --variant=apt --include=systemd --skip=cleanup/apt \
        --customize-hook="chroot \"\$1\" apt-get -qq install -y --download-only \
            --no-install-recommends libcamera0.0.3 libcamera-ipa libjpeg62-turbo libssl3 \
            libsdl2-2.0-0 libsdl2-ttf-2.0-0 gcc libc6-dev pkg-config" \
        "$suite" "$1" "deb ${key:+[signed-by=$key] }$uri $suite main" \
        "deb ${key:+[signed-by=$key] }$uri $suite-backports main"
}

copy_root() {
    local kept
    kept=$cache/roots/packages-$suite.$(sha256sum <"$0" | cut -c 1-12)
    mkdir -p "$cache/roots"
    exec 9>"$cache/roots/.packages.lock"
    flock 9 # one builder at a time; what an interrupted one left is of no use
    if [ ! -d "$kept" ]; then
        rm -rf --one-file-system "$cache/roots/packages-$suite".* "$cache/roots/.packages.partial"
        make_root "$cache/roots/.packages.partial"
        mv -T "$cache/roots/.packages.partial" "$kept"
    fi
    cp -a --reflink=auto "$kept" "$root"
    flock -u 9
}

# With processes and a loopback interface of its own.
inside() {
    # shellcheck disable=SC2016 # they are the inner shell's
    unshare --net sh -c 'ip link set lo up && exec unshare --mount --pid --fork --kill-child \
        --root="$0" --mount-proc --wd=/ env -i HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$root" "$@"
}

apt() {
    inside apt-get -qq -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold -o DPkg::Path= "$@" >"$work/apt" 2>&1 </dev/null || {
        cat "$work/apt" >&2
        die "apt-get $* failed"
    }
}

# To the packages' scripts it looks as if systemd ran.
stand_in_for_systemd() {
    local name
    mkdir -p "$root/run/systemd/system"
    : >"$root/asked"
    for name in systemctl deb-systemd-invoke udevadm; do
        printf '#!/bin/sh\necho "%s $*" >>/asked\n' $name >"$root/usr/local/sbin/$name"
        chmod +x "$root/usr/local/sbin/$name"
    done
}

was_asked() { # what systemd was asked for since the last time, as a pattern
    grep -Eqx -- "$1" "$root/asked" || { cat "$root/asked" >&2; die "systemd was not asked to: $1"; }
}

exists() {
    local path
    for path in "$@"; do
        [ -e "$root$path" ] || die "$path is missing"
    done
}

is_gone() {
    local path
    for path in "$@"; do
        [ ! -e "$root$path" ] || die "$path is still there"
    done
}

# The same package, as if of the next release, with another configuration file.
make_next_release() {
    dpkg-deb -R "$daemon" "$work/next"
    sed -i 's/^Version: .*/&.1/' "$work/next/DEBIAN/control"
    echo '# threads = 2' >>"$work/next/etc/pitether/pitetherd.conf"
    dpkg-deb --root-owner-group -b "$work/next" "$root/next.deb" >/dev/null
}

check_units() {
    local messages
    messages=$(inside systemd-analyze verify --man=no pitetherd.service pitetherd@front.service \
        pitetherd.socket 2>&1) || true
    [ -z "$messages" ] || die "systemd-analyze verify: $messages"
    inside systemd-analyze --no-pager --offline=true --threshold=20 security \
        /usr/lib/systemd/system/pitetherd.service >"$work/security" ||
        { cat "$work/security"; die "the service's sandbox is too wide"; }
    say "$(tail -n 1 "$work/security")"
}

# What apt would do with the newer libcamera of backports, where pitetherd is installed.
ask_apt() { # its arguments
    inside apt-get -s -t "$suite-backports" "$@" >"$work/plan" 2>&1 || {
        cat "$work/plan" >&2
        die "apt-get $* can't be planned"
    }
}

plans() { # pattern of a line
    grep -Eq -- "$1" "$work/plan" || { cat "$work/plan" >&2; die "apt does not plan: $1"; }
}

# The newer library may be installed beside the one that the program was built for, but its IPA
# modules take the place of those that go with that one, and then it finds no camera. So they are held
# back, or the package is removed, which apt says and asks for.
check_libcamera_upgrade() {
    ask_apt --with-new-pkgs upgrade
    plans '^  .*libcamera-ipa'
    ! grep -E '^(Inst libcamera|Remv )' "$work/plan" || die "an upgrade takes libcamera away"
    for words in dist-upgrade 'install libcamera-ipa'; do
        # shellcheck disable=SC2086 # words on purpose
        ask_apt $words
        plans '^Inst libcamera-ipa'
        plans '^The following packages will be REMOVED:'
        plans '^Remv pitetherd'
    done
    say "a newer libcamera is kept back by an upgrade, and by what takes it pitetherd is removed"
}

copy_root
stand_in_for_systemd
cp "$daemon" "$root/pitetherd.deb"
cp "$host" "$root/pitether.deb"
cp "$library" "$root/libpitether0.deb"
cp "$development" "$root/libpitether-dev.deb"

apt install /pitetherd.deb /pitether.deb /libpitether0.deb
was_asked 'systemctl --system daemon-reload'
was_asked 'udevadm trigger --subsystem-match=dma_heap'
! grep pitetherd "$root/asked" || die "the installation alone must not start anything"
say "installed; with them came $(grep -c '^Setting up' "$work/apt") packages in all"
check_units
check_libcamera_upgrade
inside bash -eu -s <"$here/service.sh"
apt install /libpitether-dev.deb gcc libc6-dev pkg-config
inside bash -eu -o pipefail -s <"$here/library.sh" || die "a stranger's program can't use the library"
say "a stranger's program was built with the library, and received"

make_next_release
echo '# mine' >>"$root/etc/pitether/pitetherd.conf"
: >"$root/asked"
apt install /next.deb
was_asked "deb-systemd-invoke try-restart pitetherd.service pitetherd@\*.service"
grep -qx '# mine' "$root/etc/pitether/pitetherd.conf" || die "the upgrade took the configuration away"
say "upgraded"

wants=/etc/systemd/system/multi-user.target.wants
mkdir -p "$root$wants"
ln -s /usr/lib/systemd/system/pitetherd.service "$root$wants/"
: >"$root/asked"
apt remove pitetherd pitether libpitether0 libpitether-dev
was_asked "deb-systemd-invoke stop pitetherd.socket pitetherd.service pitetherd@\*.service"
is_gone /usr/bin/pitetherd /usr/bin/pitether /usr/include/pitether.h /usr/lib/systemd/system/pitetherd.service
exists /etc/pitether/pitetherd.conf /etc/pitether/keys
say "removed"

touch "$root/etc/pitether/front.conf"
apt purge pitetherd
is_gone /etc/pitether/pitetherd.conf /etc/pitether/keys
[ ! -L "$root$wants/pitetherd.service" ] || die "the service is still enabled after the purge"
exists /etc/pitether/front.conf # somebody else's
rm "$root/etc/pitether/front.conf"
apt install /pitetherd.deb
apt purge pitetherd
is_gone /etc/pitether
say "purged"
