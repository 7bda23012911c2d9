#!/usr/bin/env bash
# Prints what a program needs, as the Depends field of its package: from the libraries that it is
# linked with, and what their packages say of them.
#   depends.sh ARCH PROGRAM [SYSROOT]
# The libraries are installed on this machine, or in a SYSROOT that cross/sysroot.sh made, which has
# what dpkg knew of them.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
arch=$1 program=$(realpath "$2") sysroot=${3-}
[ -z "$sysroot" ] || [ -e "$sysroot/var/lib/dpkg/status" ] || {
    echo "$sysroot has no var/lib/dpkg, which tells what package a library is of:" \
        "make it with cross/sysroot.sh" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir debian
printf 'Source: pitether\n\nPackage: pitether\nArchitecture: any\n' >debian/control
cp "$here/libpitether/shlibs" debian/shlibs.local # our own library is in no package yet

# dpkg's database, as if the sysroot's packages were installed right where it is. A library's package
# may call its folder /lib, which has become a link to /usr/lib.
options=("-l${program%/*}")
if [ -n "$sysroot" ]; then
    mkdir -p database/info database/updates
    cp "$sysroot/var/lib/dpkg/status" database/
    cp "$sysroot"/var/lib/dpkg/info/*.{shlibs,symbols} database/info/
    echo 1 >database/info/format
    for list in "$sysroot"/var/lib/dpkg/info/*.list; do
        sed -nE "s,^(/usr)?(/lib/.*\.so.*),$sysroot/usr\2,p" "$list" >"database/info/${list##*/}"
    done
    options+=(--admindir="$work/database" "-l$sysroot/usr/lib/$(dpkg-architecture -a"$arch" \
        -qDEB_HOST_MULTIARCH 2>/dev/null)")
fi
if ! dpkg-architecture -a"$arch" -f -c dpkg-shlibdeps -O "${options[@]}" "$program" \
    >depends 2>messages; then
    cat messages >&2
    exit 1
fi
sed -n 's/^shlibs:Depends=//p' depends
