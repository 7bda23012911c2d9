#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing, from the machine's own sources.
#   need-packages.sh PACKAGE...
set -euo pipefail

# A name may carry an architecture; without one the machine's own is meant, which has to be said,
# since another one's may be installed beside it.
missing=()
for package in "$@"; do
    case $package in *:*) ;; *) package=$package:$(dpkg --print-architecture) ;; esac
    state=$(dpkg-query -W -f '${db:Status-Status} ' "$package" "${package%:*}:all" 2>/dev/null || true)
    [[ $state == *"installed "* && $state != *not-installed* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "these packages are missing and there is no sudo to install them: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Others may be installing something at the moment, as a fresh system does by itself.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@" 9<&-
}

exec 9<"$0"
flock 9 # apt waits for no lock of the package lists, so that scripts of ours take turns
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install: ${missing[*]}" >&2
    exit 1
fi
