#!/usr/bin/env bash
# Prints the address of the mirror that this machine itself uses for Debian, and the file of the key
# that it is signed with, if apt was told one. Fails if apt knows of no mirror.
set -euo pipefail

apt-get indextargets --format "\$(REPO_URI) \$(RELEASE) \$(SIGNED_BY)" 'Created-By: Packages' |
    awk -v codename="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" \
        '$2 == codename { if (!found++) print $1, $3 ~ /^\// ? $3 : "" } END { exit !found }'
