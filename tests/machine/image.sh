#!/usr/bin/env bash
# Makes what an emulated arm64 machine boots: Debian's kernel, and a root with systemd and ssh that
# lies in its memory; prints the folder of both, kernel and root.cpio.zst. It is made once and kept
# in ${PITETHER_CACHE:-~/.cache/pitether}/machines until this script changes.
#   image.sh SUITE
# What pitetherd's package needs is downloaded already, but not installed. Packages' scripts run
# under qemu-user, which takes some minutes.
set -euo pipefail

suite=${1:?usage: image.sh SUITE}
here=$(cd "$(dirname "$0")" && pwd)
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/machines
mkdir -p "${cache%/machines}" # the user's own, of which only this part is root's
[ "$(id -u)" = 0 ] || exec sudo "PITETHER_CACHE=${cache%/machines}" "$0" "$@"

# kmod: the kernel's modules; the rest of Debian's standard system is of no use here.
packages=(systemd systemd-sysv dbus udev kmod openssh-server iproute2 procps)
# Folders and modules of the kernel that the machine needs: a network card, and what USB cameras and
# the gadgets that stand in for them are made of.
modules=(net/core drivers/net/net_failover.ko.xz drivers/net/virtio_net.ko.xz drivers/usb drivers/media
    fs/configfs lib)

say() {
    echo "image.sh: $*" >&2
}

# Another architecture's programs are started by the kernel itself, once it knows qemu-user.
register_qemu() {
    local formats=/proc/sys/fs/binfmt_misc
    [ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats
    [ -e $formats/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64
}

make_root() { # folder
    local uri key
    read -r uri key < <("$here/../../shared/scripts/debian-source.sh") || {
        say "apt names no Debian mirror on this machine"
        exit 1
    }
    # This machine's own apt, told to work on that root, needs no emulation.
    # shellcheck disable=SC2016 # the variable is mmdebstrap's
    local apt='APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq'
    mmdebstrap --quiet --arch=arm64 --variant=minbase --skip=cleanup/apt \
        --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
        --include="$(IFS=,; echo "${packages[*]}")" \
        --customize-hook="$apt clean" \
        --customize-hook="$apt install -y --download-only --no-install-recommends \
            linux-image-arm64 libcamera0.4 libcamera-ipa libjpeg62-turbo libssl3" \
        "$suite" "$1" "deb ${key:+[signed-by=$key] }$uri $suite main" >&2
}

# The kernel comes out of its package, so that nothing makes an initramfs.
take_kernel() { # root, folder
    local root=$1 kernel=$work/kernel version module
    dpkg-deb -x "$root"/var/cache/apt/archives/linux-image-[0-9]*.deb "$kernel"
    version=$(basename "$kernel"/usr/lib/modules/*)
    cp "$kernel/boot/vmlinuz-$version" "$2/kernel"
    for module in "${modules[@]/#/kernel/}" modules.builtin modules.builtin.modinfo modules.order; do
        mkdir -p "$root/usr/lib/modules/$version/$(dirname "$module")"
        cp -a "$kernel/usr/lib/modules/$version/$module" \
            "$root/usr/lib/modules/$version/$(dirname "$module")"
    done
    chroot "$root" depmod "$version"
    rm -f "$root"/var/cache/apt/archives/{linux-,initramfs-,dracut-,klibc-,libklibc,cpio_}*
}

set_up() { # root
    ln -s usr/lib/systemd/systemd "$1/init"
    echo pi >"$1/etc/hostname"
    printf '[Match]\nType=ether\n[Network]\nDHCP=yes\n' >"$1/etc/systemd/network/80-ether.network"
    ln -s /usr/lib/systemd/system/systemd-networkd.service \
        "$1/etc/systemd/system/multi-user.target.wants/"
    install -d -m 0700 "$1/root/.ssh" # for a key of each run
    mkdir -p "$1/usr/share/libcamera/pipeline/virtual" # for its cameras
    # Timers that would look for updates, and cost an emulated processor.
    rm -f "$1"/etc/systemd/system/timers.target.wants/*
}

build() { # folder
    local root=$work/root
    "$here/../../shared/scripts/need-packages.sh" mmdebstrap arch-test qemu-user-static binfmt-support \
        dpkg-dev cpio zstd mount >&2
    register_qemu
    make_root "$root"
    mkdir -p "$1"
    take_kernel "$root" "$1"
    set_up "$root"
    (cd "$root" && find . -xdev -print0 | cpio --null -o -H newc --quiet) | zstd -q -T0 >"$1/root.cpio.zst"
    # The kernel reads what a run appends, if it begins at such a place.
    truncate -s %4 "$1/root.cpio.zst"
}

mkdir -p "$cache"
image=$cache/$suite.$(sha256sum <"$0" | cut -c 1-12)
exec 9>"$cache/.lock"
flock 9 # one builder at a time; what an interrupted one left is of no use
if [ ! -d "$image" ]; then
    rm -rf --one-file-system "$cache/$suite".* "$cache/.$suite.partial"
    say "making an arm64 machine with $suite, which takes some minutes"
    work=$(mktemp -d)
    trap 'rm -rf --one-file-system "$work"' EXIT
    build "$cache/.$suite.partial"
    mv -T "$cache/.$suite.partial" "$image"
fi
echo "$image"
