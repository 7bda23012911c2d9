#!/usr/bin/env bash
# Makes a target's root in each way that cross/sysroot.sh knows: of Debian's packages, of a Pi's own
# files, of those packages and an archive with newer ones; builds the daemon's package with the Pi's
# root; and looks on as what is cut off goes on, and what nobody answers for is refused.
#
#   sysroot.sh [arm64] [armhf]     (default: both)
#
# The Pi is a folder with a Pi's files, and a stand-in for ssh that knows the way there; the archive is
# a small one on the loopback interface, signed with a key of its own. Packages are kept in
# ${PITETHER_CACHE:-~/.cache/pitether}, as cross/sysroot.sh does.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
packages=${PITETHER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitether}/packages
suite=bookworm
work=$(mktemp -d)
server=''

cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap cleanup EXIT

say() {
    echo "sysroot: $*"
}

die() {
    echo "sysroot: $*" >&2
    exit 1
}

# Runs cross/sysroot.sh, which must do well.
make_root() {
    "$top/cross/sysroot.sh" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; die "can't make a root: $*"; }
}

# Runs it, and it must not do well, but say so.
is_refused() { # what it must say, as a pattern; arguments
    local words=$1
    shift
    ! "$top/cross/sysroot.sh" "$@" >"$work/log" 2>&1 || die "this should have been refused: $*"
    grep -q "^sysroot.sh: $words" "$work/log" || { cat "$work/log" >&2; die "it does not say: $words"; }
}

# A Pi's files: all of the same packages, whose links lead to /lib, and what dpkg notes of them.
make_pi() { # root of Debian's packages
    local package
    mkdir -p "$PI_ROOT/usr/lib"
    ln -s usr/lib "$PI_ROOT/lib"
    while read -r package; do
        dpkg-deb --fsys-tarfile "$packages/$package" | tar x -C "$PI_ROOT" --keep-directory-symlink
    done < <(sed 1d "$1/.pitether-sysroot")
    mkdir -p "$PI_ROOT/var/lib"
    cp -a "$1/var/lib/dpkg" "$PI_ROOT/var/lib/"
    touch "$PI_ROOT/var/lib/dpkg/info/libc6:$arch.postinst"
}

# What ssh does of it: the rsync at the other end of the line is this machine's, and sees the Pi's
# files. CUT_AFTER: the line breaks after so many bytes.
make_ssh() {
    cat >"$work/ssh" <<'END'
#!/usr/bin/env bash
set -euo pipefail
while [[ $1 == -* ]]; do
    shift 2
done
[ "${1#*@}" = raspberrypi.local ] || { echo "ssh: Could not resolve hostname $1" >&2; exit 255; }
shift
case $* in
"dpkg --print-architecture") echo "$PI_ARCH" ;;
"rsync --server --sender "*)
    [ -z "${CUT_AFTER-}" ] || exec > >(stdbuf -o 0 head -c "$CUT_AFTER"; kill -KILL $$)
    exec "${@/#\//$PI_ROOT/./}"
    ;;
*) echo "$1: command not found" >&2; exit 127 ;;
esac
END
    chmod +x "$work/ssh"
    export PI_ROOT=$work/pi PI_ARCH=$arch RSYNC_RSH="$work/ssh -p 22"
}

has_no_foreign_links() { # root
    local found
    found=$(find "$1" -type l -lname '/*' | head -n 1)
    [ -z "$found" ] || die "$found leads out of the root"
}

check_copy() { # root
    local found
    has_no_foreign_links "$1"
    found=$(find "$1" -name '*.a' ! -name libc_nonshared.a -o -name '*.postinst' | head -n 1)
    [ -z "$found" ] || die "$found is of no use for a build, and was copied"
    diff -r "$PI_ROOT/usr/include" "$1/usr/include" || die "the headers are not the Pi's"
}

build_daemon() { # root
    local build=$work/build-$arch package
    if ! { cmake -S "$top" -B "$build" --toolchain "$top/cross/$triplet.cmake" "-DCMAKE_SYSROOT=$1" \
        -DPITETHER_LIBCAMERA=ON -DPITETHER_HOST=OFF -DPITETHER_TESTS=OFF -DPITETHER_WERROR=ON &&
        cmake --build "$build" --parallel 2 --target package; } >"$work/build.log" 2>&1; then
        tail -n 30 "$work/build.log" >&2
        die "$arch: can't build with the Pi's root"
    fi
    package=$(echo "$build"/pitetherd_*_"$arch".deb)
    dpkg-deb -f "$package" Depends | grep -q 'libcamera0\.0\.3' || die "$package needs no libcamera"
    "qemu-$qemu-static" -L "$1" "$build/device/pitetherd" --version >"$work/version" ||
        die "$arch: the daemon does not run"
    say "$arch: ${package##*/} is built with the Pi's root, and says: $(cat "$work/version")"
}

from_pi() {
    local copy=$work/copy header=usr/include/jpeglib.h
    make_ssh
    make_pi "$1"
    is_refused "can't run a command on pi@elsewhere" --from-pi pi@elsewhere "$copy"
    PI_ARCH=amd64 is_refused "pi@raspberrypi.local has amd64, for which there is no toolchain file" \
        --from-pi pi@raspberrypi.local "$copy"
    CUT_AFTER=5M is_refused "copying from pi@raspberrypi.local was cut off" \
        --from-pi pi@raspberrypi.local "$copy"
    make_root --from-pi pi@raspberrypi.local "$copy"
    check_copy "$copy"
    build_daemon "$copy"
    mv "$PI_ROOT/$header" "$PI_ROOT/$header.new"
    make_root --from-pi pi@raspberrypi.local "$copy"
    check_copy "$copy"
    say "$arch: a Pi's root is copied, also after it was cut off, and follows the Pi"
    rm -rf "$PI_ROOT" "$copy"
}

# Arguments: where it goes, and the name of its owner.
make_key() {
    gpg --quiet --batch --passphrase '' --quick-gen-key "$2" ed25519 sign never 2>"$work/gpg" ||
        { cat "$work/gpg" >&2; die "gpg makes no key"; }
    gpg --quiet --batch --export "$2" >"$1"
}

# The same package, as if of a later version.
make_newer() { # file, folder that it goes to
    rm -rf "$work/newer"
    dpkg-deb -R "$1" "$work/newer"
    sed -i -E 's/^Version: .*/&+rpt1/; s/(libcamera[0-9.]* \(= [^)]*)/\1+rpt1/' "$work/newer/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/newer" "$2" >"$work/log"
}

# Lists the packages of an archive, and has it signed.
sign_archive() { # owner of the key
    local list=main/binary-$arch/Packages
    mkdir -p "$archive/dists/$suite/main/binary-$arch"
    (cd "$archive" && dpkg-scanpackages -a "$arch" pool 2>"$work/log") >"$archive/dists/$suite/$list"
    (
        cd "$archive/dists/$suite"
        printf '%s\n' "Suite: $suite" "Codename: $suite" "Components: main" "Architectures: $arch" \
            "Date: $(LC_ALL=C date -Ru)" "SHA256:" \
            " $(sha256sum "$list" | cut -d ' ' -f 1) $(stat -c %s "$list") $list" >Release
        gpg --quiet --batch --yes --local-user "$1" --clearsign -o InRelease Release
    )
}

serve_archive() {
    local line
    exec 3< <(exec python3 -u -m http.server --bind 127.0.0.1 --directory "$archive" 0 2>/dev/null)
    server=$!
    read -r line <&3 || die "the archive's server does not start"
    [[ $line =~ port\ ([0-9]+) ]] || die "the archive's server says: $line"
    url=http://127.0.0.1:${BASH_REMATCH[1]}
}

from_archive() { # root of Debian's packages
    local archive=$work/archive url root=$work/archived raspios name
    mkdir -p "$archive/pool" "$work/cache"
    # What this tries out must not get into the cache.
    cp -a "$packages" "$work/cache/"
    for name in libcamera-dev libcamera0.0.3; do
        make_newer "$packages/$(grep "^${name}_" "$1/.pitether-sysroot")" "$archive/pool"
    done
    export GNUPGHOME=$work/gnupg
    mkdir -m 700 "$GNUPGHOME"
    make_key "$work/archive.gpg" archive@localhost
    make_key "$work/stranger.gpg" stranger@localhost
    sign_archive archive@localhost
    serve_archive
    raspios=(--raspios "$url" --arch "$arch" --suite "$suite")
    export PITETHER_CACHE=$work/cache
    is_refused "--raspios needs --keyring FILE" "${raspios[@]}" "$root"
    is_refused "the package lists .* is the archive at $url signed with the key in $work/stranger.gpg?" \
        "${raspios[@]}" --keyring "$work/stranger.gpg" "$root"
    mv "$archive/dists/$suite/InRelease" "$work/"
    is_refused "the package lists" "${raspios[@]}" --keyring "$work/archive.gpg" "$root"
    mv "$work/InRelease" "$archive/dists/$suite/"
    for name in "$archive"/pool/libcamera-dev_*; do
        cp "$name" "$work/good.deb"
        printf X | dd of="$name" bs=1 seek=5000 conv=notrunc status=none
        is_refused "not all packages came" "${raspios[@]}" --keyring "$work/archive.gpg" "$root"
        cp "$work/good.deb" "$name"
    done
    [ ! -e "$root" ] || die "$root was made of what was refused"
    say "$arch: an archive without a signature, with a stranger's or with another package is refused"
    make_root "${raspios[@]}" --keyring "$work/archive.gpg" "$root"
    [ "$(grep -c 'rpt1' "$root/.pitether-sysroot")" = 2 ] || die "the archive's newer packages were not taken"
    grep -q '^libc6-dev_' "$root/.pitether-sysroot" || die "the other packages were not taken"
    has_no_foreign_links "$root"
    say "$arch: of an archive, the newer packages are taken: $(grep rpt1 "$root/.pitether-sysroot" | paste -sd ' ')"
    unset PITETHER_CACHE
}

"$top/shared/scripts/need-packages.sh" cmake make pkg-config dpkg-dev rsync gpg gpg-agent python3 \
    qemu-user-static g++-aarch64-linux-gnu g++-arm-linux-gnueabihf
[ $# -gt 0 ] || set -- arm64 armhf
for arch in "$@"; do
    case $arch in
    arm64) triplet=aarch64-linux-gnu qemu=aarch64 ;;
    armhf) triplet=arm-linux-gnueabihf qemu=arm ;;
    *) die "no such target: $arch (arm64 or armhf)" ;;
    esac
    make_root --arch "$arch" --suite "$suite" "$work/debian"
    has_no_foreign_links "$work/debian"
    say "$(tail -n 1 "$work/log")"
    from_pi "$work/debian"
done
from_archive "$work/debian" # for the last target: it is the same for all
