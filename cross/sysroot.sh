#!/usr/bin/env bash
# Makes a root of the target, with the headers and libraries that a cross build needs, for
# -DCMAKE_SYSROOT. Nothing of it is ever run, and root's rights are not needed.
#
#   sysroot.sh [--arch arm64|armhf] [--suite SUITE] DIR
#       out of Debian's packages, from this machine's own mirror
#   sysroot.sh --raspios URL --keyring FILE [--arch arm64|armhf] [--suite SUITE] DIR
#       the same, with what Raspberry Pi's package archive at URL has newer, libcamera above all;
#       FILE is that archive's public key, /usr/share/keyrings/raspberrypi-archive-keyring.* on a Pi
#   sysroot.sh --from-pi [USER@]HOST DIR
#       out of a Pi's own files, over ssh; needs rsync there and here
#
# SUITE is the target's release, bookworm (the default) or trixie. Packages are kept in
# ${PITETHER_CACHE:-~/.cache/pitether}/packages; a run that was cut off goes on where it was. apt
# checks each against the archive's signature. DIR is made from scratch.
set -euo pipefail

arch=arm64 suite=bookworm raspios='' keyring='' pi='' directory=''
packages=(libc6-dev libjpeg62-turbo-dev libssl-dev libcmocka-dev libcamera-dev)
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/packages

die() {
    echo "sysroot.sh: $*" >&2
    exit 1
}

say() {
    echo "sysroot.sh: $*"
}

usage() {
    sed -n '5,11s/^# *//p' "$0" >&2
    exit 2
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
        --arch | --suite | --raspios | --keyring | --from-pi)
            [ $# -ge 2 ] || usage
            case $1 in
            --arch) arch=$2 ;;
            --suite) suite=$2 ;;
            --raspios) raspios=$2 ;;
            --keyring) keyring=$2 ;;
            --from-pi) pi=$2 ;;
            esac
            shift 2
            ;;
        -*) usage ;;
        *)
            [ -z "$directory" ] || usage
            directory=$1
            shift
            ;;
        esac
    done
    [ -n "$directory" ] || usage
    case $arch in
    arm64 | armhf) ;;
    *) die "--arch $arch: give arm64 or armhf" ;;
    esac
    [[ $suite =~ ^[a-z][a-z0-9-]*$ ]] || die "--suite $suite: give a release's name, like trixie"
    [ -z "$raspios" ] || [ -r "$keyring" ] ||
        die "--raspios needs --keyring FILE, the archive's public key: copy it from a Pi"
    [ ! -e "$directory" ] || [ -e "$directory/.pitether-sysroot" ] || [ -z "$(ls -A "$directory")" ] ||
        die "$directory is there, and was not made by this script: name another folder"
}

# apt on a system of its own: the target's, with nothing installed.
apt_there() {
    apt-get -o Dir::State="$state" -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state" -o Dir::Cache::archives="$cache" \
        -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
        -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
        -o APT::Default-Release= -o APT::Sandbox::User= -o APT::Install-Recommends=false \
        -o Debug::NoLocking=true -o Acquire::Languages=none "$@"
}

write_sources() {
    local uri key
    read -r uri key < <("$(dirname "$0")/../shared/scripts/debian-source.sh") || die "apt names no Debian mirror on this machine"
    [ -r "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$key" ] || die "Debian's public key is missing: apt-get install debian-archive-keyring"
    echo "deb [signed-by=$key] $uri $suite main" >"$state/sources.list"
    if [ -n "$raspios" ]; then
        echo "deb [signed-by=$(realpath "$keyring")] $raspios $suite main" >>"$state/sources.list"
    fi
}

# What dpkg would know of a package with libraries, were it installed: packages that are made with
# this root read there what they need.
note() { # the package's file; the names of its files come in
    local name database=$directory/var/lib/dpkg
    name=$(dpkg-deb -f "$1" Package)
    mkdir -p "$database/info" "$state/control"
    dpkg-deb -e "$1" "$state/control"
    if [ "$(dpkg-deb -f "$1" Multi-Arch)" = same ]; then
        name+=:$arch
    fi
    sed 's,^\.,,' >"$database/info/$name.list"
    for kind in shlibs symbols; do
        [ ! -e "$state/control/$kind" ] || cp "$state/control/$kind" "$database/info/$name.$kind"
    done
    { sed '1aStatus: install ok installed' "$state/control/control" && echo; } >>"$database/status"
    rm -rf "$state/control"
}

# What a build looks at, of each package that is wanted. Older packages put libraries into /lib,
# which is a link to usr/lib on every system of today.
unpack() {
    local package
    mkdir -p "$directory/usr/lib"
    echo "$suite $arch" >"$directory/.pitether-sysroot" # if this is cut off, it may be done again
    ln -s usr/lib "$directory/lib"
    while read -r package; do
        dpkg-deb --fsys-tarfile "$cache/$package" |
            tar xv -C "$directory" --keep-directory-symlink --exclude='./usr/share/doc' \
                --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./etc' \
                --exclude='./var' --exclude='./usr/bin' --exclude='./usr/sbin' \
                --exclude='./bin' --exclude='./sbin' |
            note "$cache/$package"
    done <"$state/wanted"
}

from_packages() {
    state=$(mktemp -d)
    trap 'rm -rf "$state"' EXIT
    mkdir -p "$state/lists/partial" "$cache/partial"
    : >"$state/status"
    write_sources
    say "reading what $suite has for $arch"
    apt_there -qq update || die "the package lists of $suite for $arch can't be had:" \
        "${raspios:+is the archive at $raspios signed with the key in $keyring? Else }try again later"
    # With no archive in sight: it leaves out what is there already.
    mkdir -p "$state/none/partial"
    apt_there -qq -o Dir::Cache::archives="$state/none" --print-uris install "${packages[@]}" \
        >"$state/uris" || die "$suite has not all of ${packages[*]} for $arch"
    awk '{ print $2 }' "$state/uris" >"$state/wanted"
    say "$(awk '{ count++; bytes += $3 } END { printf "%d packages, %.0f MB", count, bytes / 1e6 }' \
        "$state/uris"), of which those in $cache need no download"
    apt_there -qq -y --download-only install "${packages[@]}" >/dev/null ||
        die "not all packages came; what did is kept, so try again"
    rm -rf "$directory"
    unpack
    {
        echo "$suite $arch"
        cat "$state/wanted"
    } >"$directory/.pitether-sysroot"
}

from_pi() {
    local shell=${RSYNC_RSH:-ssh} triplet loader
    command -v rsync >/dev/null || die "rsync is missing: apt-get install rsync"
    # Words on purpose: RSYNC_RSH may hold options.
    # shellcheck disable=SC2086
    arch=$($shell "$pi" dpkg --print-architecture) || die "can't run a command on $pi"
    case $arch in
    arm64) triplet=aarch64-linux-gnu loader=ld-linux-aarch64.so.1 ;;
    armhf) triplet=arm-linux-gnueabihf loader=ld-linux-armhf.so.3 ;;
    *) die "$pi has $arch, for which there is no toolchain file" ;;
    esac
    mkdir -p "$directory/usr/lib"
    echo "$pi $arch" >"$directory/.pitether-sysroot"
    [ -e "$directory/lib" ] || ln -s usr/lib "$directory/lib"
    # -R: each path keeps its place. A part that is missing there is told by the toolchain file, if it
    # is needed.
    rsync -aR --delete --ignore-missing-args --info=stats1 --keep-dirlinks \
        --include='libc_nonshared.a' --exclude='*.a' --include='/var/lib/dpkg/info/*.list' \
        --include='/var/lib/dpkg/info/*.shlibs' --include='/var/lib/dpkg/info/*.symbols' \
        --exclude='/var/lib/dpkg/info/*' \
        "$pi:/usr/include" "$pi:/usr/lib/$triplet" "$pi:/usr/lib/$loader" \
        "$pi:/usr/share/pkgconfig" "$pi:/var/lib/dpkg/status" "$pi:/var/lib/dpkg/info" \
        "$directory/" ||
        die "copying from $pi was cut off; what came is kept, so try again"
}

# Links to /lib/... would lead to this machine's files.
make_links_relative() {
    find "$directory" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
        ln -sfnr "$directory$(readlink "$link")" "$link"
    done
}

read_arguments "$@"
directory=$(realpath -m "$directory")
if [ -n "$pi" ]; then
    from_pi
else
    from_packages
fi
make_links_relative
libcamera=$(sed -n 's/^Version: //p' "$directory"/usr/lib/*/pkgconfig/libcamera.pc 2>/dev/null || true)
say "$directory: $(du -sh "$directory" | cut -f 1), $arch, libcamera ${libcamera:-is not in it}"
