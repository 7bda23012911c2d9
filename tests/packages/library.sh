# shellcheck shell=bash
# In a fresh Debian with libpitether-dev: what its manual page and its example say, done by a stranger
# who has nothing else of pitether's sources.
cd "$(mktemp -d)" || exit
cp /usr/share/doc/libpitether-dev/examples/receive.c .
# shellcheck disable=SC2046 # flags are words
cc -std=c99 -Wall -Wextra -Werror -o receive receive.c $(pkg-config --cflags --libs pitether)
[ "$(pkg-config --modversion pitether)" = "$(dpkg-query -W -f '${Version}' libpitether-dev)" ]
pitetherd --source pattern --size 320x240 --user root --listen "unix:$PWD/socket" 2>log &
daemon=$!
until grep -q 'listening on' log; do
    kill -0 $daemon || { cat log; exit 1; }
    sleep 0.1
done
./receive "unix:$PWD/socket" >frames
[ "$(grep -Ec '^frame [0-9]+: [0-9]+ bytes$' frames)" = 10 ]
kill $daemon
wait $daemon
ldd receive | grep -Eq '^\s*libpitether.so.0 => (/usr)?/lib/.*/libpitether\.so\.0'
ldd /usr/bin/pitether | grep -Eq '^\s*libpitether.so.0 => (/usr)?/lib/.*/libpitether\.so\.0'
