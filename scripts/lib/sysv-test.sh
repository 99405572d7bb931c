#!/bin/sh
# Run by scripts/test-packaging in a root file system of its own, with nothing in it but BusyBox, the agent
# and its init script, and in a namespace of processes: starts, kills, reloads and stops the agent.
set -eu

script=/etc/init.d/S60secd
fail() { echo "FAILED: $*"; ps; exit 1; }
agent() { pidof secd; }
gone() { ! pidof secd >/dev/null; }
# eventually COMMAND...: within ten seconds.
eventually() {
    left=50
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "$*"
        usleep 200000
    done
}
other_than() { now="$(agent)" && [ "$now" != "$1" ]; }
has_list() { [ -s /var/lib/secd/state/itl ]; }

# The log arrives at the system's own.
syslogd -n -O /run/messages &
logged() { grep -q "$1" /run/messages; }

"$script" start
eventually agent >/dev/null
first="$(agent)"
[ "$(stat -c %U "/proc/$first")" = secd ] || fail "runs as another user"
eventually has_list
eventually logged 'ITL file updated'
secd status >/dev/null || fail "no answer at the socket"
echo "started, a list is installed, the log is in syslog"

# The supervisor, not the script, starts it again.
kill -KILL "$first"
eventually other_than "$first"
eventually secd status >/dev/null
echo "started again after a kill"

second="$(agent)"
"$script" reload
eventually logged 'reload: .* is now in effect'
[ "$(agent)" = "$second" ] || fail "a reload is no restart"
echo "reloaded"

"$script" stop
gone || fail "still there after stop"
[ -z "$(ls /var/run/secd*.pid 2>/dev/null)" ] || fail "files are left"
echo "stopped"

# Lost stays lost: the script makes no folder of the store, and the agent is locked.
mv /var/lib/secd/state /var/lib/secd/elsewhere
"$script" start
eventually logged 'LOCKED: nothing is trusted'
[ ! -e /var/lib/secd/state ] || fail "the folder was made again"
"$script" stop
echo "a lost folder stays lost, and the agent is locked"

# A configuration with faults is reported at the start, and nothing runs.
echo '[nonsense]' >>/etc/secd.toml
! "$script" start || fail "started with a fault"
gone || fail "runs with a fault"
echo "a fault is reported"
