#!/usr/bin/env bash
# Makes the Debian packages, for this machine and for a Raspberry Pi, and does with them what people
# do: looks into them, and installs, runs, upgrades, removes and purges them in a fresh Debian.
#   tests/packages.sh
# BUILD_DIR: where to build (default: build/packages in the source tree). Sysroots, and the Debian
# that the packages are installed in, are kept in ${PITETHER_CACHE:-~/.cache/pitether}.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$top/build/packages}
make=$top/tests/packages/make.sh
suite=bookworm
native=amd64
version=$(sed -nE 's/^project\(pitether VERSION ([0-9.]+).*/\1/p' "$top/CMakeLists.txt")
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

say() {
    echo "packages: $*"
}

die() {
    echo "packages: $*" >&2
    exit 1
}

[ "$(dpkg --print-architecture)" = $native ] || die "this is for a PC ($native)"
"$top/shared/scripts/need-packages.sh" build-essential cmake ninja-build pkg-config dpkg-dev lintian man-db \
    mandoc groff libjpeg62-turbo-dev libssl-dev libsdl2-dev libsdl2-ttf-dev libcamera-dev git mmdebstrap util-linux iproute2

package() { # name, architecture
    echo "$build/$2/$1_${version}_$2.deb"
}

field() { # package's file, name of the field
    dpkg-deb -f "$1" "$2"
}

check_needs() { # package's file, and what its Depends must name
    local file=$1 needs name
    shift
    needs=", $(field "$file" Depends), "
    for name in "$@"; do
        [[ $needs == *", $name, "* || $needs == *", $name (>= "* ]] ||
            die "$file does not depend on $name$needs"
    done
}

has_files() { # package's file; what must be in it comes in
    local path
    dpkg-deb -c "$1" | awk '{ print $1, $2, $6 }' >"$work/files"
    while read -r path; do
        grep -q "^-r[w-][x-]r-[x-]r-[x-] root/root \.$path\$" "$work/files" || die "$1 has no $path"
    done
    ! grep -v ' root/root ' "$work/files" || die "$1 has files that are not root's"
}

check_program() { # package's file, program, what readelf calls the processor
    dpkg-deb --fsys-tarfile "$1" | tar xO "./usr/bin/$2" >"$work/program"
    LC_ALL=C readelf -hS "$work/program" >"$work/elf"
    grep -q "Machine: *$3\$" "$work/elf" || die "$1: $2 is no program for $3"
    ! grep -Eq '\.(debug_info|symtab)' "$work/elf" || die "$1: $2 is not stripped"
}

check_daemon() { # architecture, machine
    local file
    file=$(package pitetherd "$1")
    [ "$(field "$file" Architecture)" = "$1" ] || die "$file says it is for another architecture"
    check_needs "$file" libc6 libcamera0.0.3 libjpeg62-turbo libssl3 libcamera-ipa libstdc++6
    has_files "$file" <<-'END'
		/usr/bin/pitetherd
		/usr/lib/systemd/system/pitetherd.service
		/usr/lib/systemd/system/pitetherd@.service
		/usr/lib/systemd/system/pitetherd.socket
		/usr/lib/udev/rules.d/60-pitetherd.rules
		/etc/pitether/pitetherd.conf
		/usr/share/man/man1/pitetherd.1.gz
		/usr/share/bash-completion/completions/pitetherd
		/usr/share/doc/pitetherd/copyright
		/usr/share/doc/pitetherd/changelog.gz
	END
    check_program "$file" pitetherd "$2"
}

check_host() { # architecture, machine, further packages that it needs
    local file
    file=$(package pitether "$1")
    [ "$(field "$file" Architecture)" = "$1" ] || die "$file says it is for another architecture"
    check_needs "$file" libc6 libpitether0 "${@:3}"
    has_files "$file" <<-'END'
		/usr/bin/pitether
		/usr/share/man/man1/pitether.1.gz
		/usr/share/bash-completion/completions/pitether
		/usr/share/doc/pitether/copyright
		/usr/share/doc/pitether/changelog.gz
	END
    check_program "$file" pitether "$2"
}

check_library() { # architecture, Debian's name of the folder for its libraries
    local file
    file=$(package libpitether0 "$1")
    check_needs "$file" libc6 libssl3
    has_files "$file" <<-END
		/usr/lib/$2/libpitether.so.$version
		/usr/share/doc/libpitether0/copyright
		/usr/share/doc/libpitether0/changelog.gz
	END
    dpkg-deb --fsys-tarfile "$file" | tar xO "./usr/lib/$2/libpitether.so.$version" >"$work/library"
    ! LC_ALL=C readelf -d "$work/library" | grep -E 'R(UN)?PATH' || die "$file: it has an rpath"
    nm -D --defined-only "$work/library" | awk '{ print $3 }' >"$work/symbols"
    ! grep -Ev '^(pitether_|PITETHER_0$)' "$work/symbols" || die "$file exports more than its own"
    file=$(package libpitether-dev "$1")
    [[ ", $(field "$file" Depends), " == *", libpitether0 (= $version), "* ]] ||
        die "$file does not depend on its library"
    has_files "$file" <<-END
		/usr/include/pitether.h
		/usr/lib/$2/pkgconfig/pitether.pc
		/usr/share/man/man3/pitether.3.gz
		/usr/share/doc/libpitether-dev/examples/receive.c
		/usr/share/doc/libpitether-dev/copyright
		/usr/share/doc/libpitether-dev/changelog.gz
	END
}

# The same source makes the same packages elsewhere; and, for somebody with a careful umask, packages
# with the same files.
check_reproducible() {
    local file again=$work/elsewhere/again
    mkdir -p "$work/elsewhere/source"
    (cd "$top" && git ls-files -z --cached --others --exclude-standard |
        tar c --null -T - --ignore-failed-read) | tar x -C "$work/elsewhere/source"
    "$make" "$work/elsewhere/source" "$again"
    for file in "$build/$native"/*.deb; do
        cmp "$file" "$again/${file##*/}" || die "$file is another one each time"
    done
    (cd "$again" && rm -rf _CPack_Packages && umask 077 && cpack >/dev/null)
    for file in "$build/$native"/*.deb; do
        cmp <(dpkg-deb -c "$file") <(dpkg-deb -c "$again/${file##*/}") ||
            die "$file depends on the umask of who makes it"
    done
    say "built elsewhere, they are the same byte for byte"
}

check_manuals() {
    local page messages
    for page in "$top/device/pitetherd.1" "$top/host/pitether.1" "$top/host/lib/pitether.3"; do
        messages=$({ mandoc -Tlint -W warning "$page" && groff -man -ww -z "$page" &&
            LC_ALL=C.UTF-8 man --warnings -l "$page" >/dev/null; } 2>&1) || true
        [ -z "$messages" ] || die "$messages"
    done
}

mkdir -p "$build"
say "making them"
"$make" "$top" "$build/$native"
for arch in arm64 armhf; do
    "$make" "$top" "$build/$arch" --for-pi $arch $suite
done
say "looking into them"
check_daemon "$native" '.*X86-64'
check_daemon arm64 AArch64
check_daemon armhf ARM
check_host "$native" '.*X86-64' libjpeg62-turbo libsdl2-2.0-0 libsdl2-ttf-2.0-0
check_host arm64 AArch64
check_library "$native" x86_64-linux-gnu
check_library arm64 aarch64-linux-gnu
check_library armhf arm-linux-gnueabihf
lintian --allow-root --fail-on error,warning "$build"/*/*.deb
check_manuals
check_reproducible
"$top/tests/packages/in_debian.sh" "$suite" "$(package pitetherd "$native")" \
    "$(package pitether "$native")" "$(package libpitether0 "$native")" \
    "$(package libpitether-dev "$native")"
for file in "$build"/*/*.deb; do
    say "${file##*/}: $(stat -c %s "$file") bytes, installed $(field "$file" Installed-Size) KiB"
done
