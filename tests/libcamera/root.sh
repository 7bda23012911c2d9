#!/usr/bin/env bash
# Makes a test root of a Debian release, with libcamera, its virtual cameras, and what the build
# needs; prints its path. It is made once and kept in ${PITETHER_CACHE:-~/.cache/pitether}/roots
# until this script changes.
#
#   root.sh SUITE [CAMERA=PICTURE.jpg]...
#
# SUITE: bookworm (libcamera 0.0.3), bookworm-backports (0.3.2), trixie (0.4.0), trixie-backports
# (0.7.1 and newer), or a later one. Those before trixie have no virtual cameras. Each CAMERA=PICTURE
# becomes one that shows the picture; one more, "bars", shows a test pattern.
set -euo pipefail

suite=${1:?usage: root.sh SUITE [CAMERA=PICTURE.jpg]...}
shift
release=${suite%-backports}
shared=$(dirname "$0")/../../shared
cache=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/roots
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo)
fi

camera_packages=libcamera-dev,libcamera-ipa
build_packages=gcc,g++,libc6-dev,cmake,ninja-build,pkg-config,libjpeg62-turbo-dev,libssl-dev,libcmocka-dev

say() {
    echo "root.sh: $*" >&2
}

build() { # directory
    local uri key sources
    "$shared/scripts/need-packages.sh" mmdebstrap >&2
    read -r uri key < <("$shared/scripts/debian-source.sh") || {
        say "apt names no Debian mirror on this machine"
        exit 1
    }
    uri=${key:+[signed-by=$key] }$uri
    sources=("deb $uri $release main")
    if [ "$suite" = "$release" ]; then
        "${as_root[@]}" mmdebstrap --quiet --variant=apt \
            --include="$camera_packages,$build_packages" "$release" "$1" "${sources[@]}" >&2
    else
        sources+=("deb $uri $suite main")
        "${as_root[@]}" mmdebstrap --quiet --variant=apt --include="$build_packages" \
            --customize-hook="chroot \"\$1\" apt-get -qq install -y --no-install-recommends \
                -t $suite ${camera_packages//,/ } >/dev/null" \
            "$release" "$1" "${sources[@]}" >&2
    fi
}

# The sizes that each camera has: common ones, and a width that is no multiple of a JPEG's blocks.
write_cameras() { # root, then CAMERA=PICTURE...
    local root=$1 folder=$1/usr/share/libcamera/pipeline/virtual
    local camera size
    shift
    "${as_root[@]}" mkdir -p "$folder" "$root/srv/pictures"
    {
        printf '%%YAML 1.1\n---\n'
        for camera in "$@" bars; do
            printf '"%s":\n  supported_formats:\n' "${camera%%=*}"
            for size in 1920x1080 1296x972 1000x562; do
                printf '  - width: %s\n    height: %s\n' "${size%x*}" "${size#*x}"
            done
            if [ "$camera" = bars ]; then
                printf '  test_pattern: "bars"\n'
            else
                printf '  frames:\n    path: "/srv/pictures/%s.jpg"\n' "${camera%%=*}"
                "${as_root[@]}" cp "${camera#*=}" "$root/srv/pictures/${camera%%=*}.jpg"
            fi
            printf '  model: "Virtual %s"\n' "${camera%%=*}"
        done
    } | "${as_root[@]}" tee "$folder/virtual.yaml" >/dev/null
}

mkdir -p "$cache"
root=$cache/$suite.$(sha256sum <"$0" | cut -c 1-12)
exec 9>"$cache/.lock"
flock 9 # one builder at a time; what an interrupted one left is of no use
if [ ! -d "$root" ]; then
    "${as_root[@]}" rm -rf --one-file-system "$cache/$suite".* "$cache/.$suite.partial"
    say "making a root of $suite, which takes a minute or two"
    build "$cache/.$suite.partial"
    "${as_root[@]}" mv -T "$cache/.$suite.partial" "$root"
fi
write_cameras "$root" "$@"
echo "$root"
