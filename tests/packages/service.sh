# shellcheck shell=bash
# Runs, in a root where both packages are installed, what the service's unit says, as a user like the
# service's own; a receiver with a key gets frames, and none once the key is revoked and the service
# reloaded. bash -eu reads this.
unit=/usr/lib/systemd/system/pitetherd.service
user=61200
export RUNTIME_DIRECTORY=/run/pitetherd
install -d -m 0700 -o $user -g $user $RUNTIME_DIRECTORY

# The unit's commands for a keyword, as systemd reads them: all after "+" is root's.
commands() {
    sed -n "s/^$1=+\?//p" $unit | sed "s/%%/%/g; s,\${RUNTIME_DIRECTORY},$RUNTIME_DIRECTORY,"
}

pitetherd --version
result=0
pitetherd --list-cameras 2>/tmp/cameras || result=$?
[ $result = 3 ] || { cat /tmp/cameras; exit 1; } # no camera is here, but libcamera

pitetherd --add-key laptop | pitether --import-key 127.0.0.1
bash -c "$(commands ExecStartPre)"
[ "$(stat -c '%u %a' $RUNTIME_DIRECTORY/keys)" = "$user 600" ]
# shellcheck disable=SC2046 # words on purpose
setpriv --reuid $user --regid $user --clear-groups --no-new-privs \
    $(commands ExecStart) --source pattern --size 320x240 --fps 30 2>/tmp/log &
daemon=$!
pitether 127.0.0.1 --live --save /tmp/frames --frames 10
[ "$(find /tmp/frames -name '*.jpg' | wc -l)" = 10 ]
grep -q 'listening on .*, with a key only' /tmp/log

pitetherd --revoke laptop
MAINPID=$daemon bash -c "$(commands ExecReload)"
! pitether 127.0.0.1 --null --frames 1 --no-reconnect || exit 1
kill $daemon
wait $daemon
! grep -E 'error|warning' /tmp/log | grep -v 'was refused'
