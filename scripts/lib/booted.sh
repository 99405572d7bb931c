#!/usr/bin/env bash
# The package in a container that systemd boots, for scripts/test-packages. Sourced after deb.sh.
# The container shares this machine's network, so that the agent reaches the lab on the loopback.
# shellcheck disable=SC2154 # $work, $root, $current and $previous are set by the others

# start_lab: a call manager on free ports of the loopback; sets TFTP_ADDR and DEVICE.
start_lab() {
    local lab
    cargo build --locked --quiet -p secd-lab --bin secd-lab
    lab="$(realpath "${CARGO_TARGET_DIR:-target}")/debug/secd-lab"
    "$lab" serve "$work/served" </dev/null >"$work/lab.log" 2>&1 &
    lab_pid=$!
    for _ in {1..200}; do
        [ ! -s "$work/served/lab.env" ] || break
        kill -0 "$lab_pid" 2>/dev/null || break
        sleep 0.05
    done
    # shellcheck source=/dev/null
    . "$work/served/lab.env" || { cat "$work/lab.log" >&2; fail "the lab does not start"; }
}

now_ms() { echo "$(($(date +%s%N) / 1000000))"; }
seconds() { printf '%d.%02d s' "$(($1 / 1000))" "$(($1 % 1000 / 10))"; }

# agent_state: the member of `secd status --json` of that name, as JSON.
agent_state() {
    booted secd status --json | python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin).get(sys.argv[1])))' "$1"
}

# becomes SECONDS WHAT COMMAND...: the command succeeds within that time.
becomes() {
    local deadline=$((SECONDS + $1)) what="$2"
    shift 2
    until "$@" >"$work/becomes.log" 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || {
            cat "$work/becomes.log" >&2
            booted journalctl --no-pager -n 20 -u secd.service >&2 || true
            fail "not so: $what"
        }
        sleep 0.1
    done
}

journal_has() { booted journalctl --no-pager -q -u secd.service "${@:2}" | grep -F -e "$1"; }
is_active() { [ "$(booted systemctl is-active "$1")" = active ]; }
unit_has() { [ "$(booted systemctl show -P "$1" secd.service)" = "$2" ]; }
state_is() { [ "$(agent_state state)" = "\"$1\"" ]; }
is_locked() { [ "$(agent_state locked)" = true ]; }

apt_in_container() {
    cp "$2" "$root/packages/"
    booted apt-get -y -q -o Dpkg::Options::=--force-confold "$1" --allow-downgrades \
        "/packages/$(basename "$2")" >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log" >&2; fail "apt-get $1 failed"; }
}

# From the package to a phone that trusts its cluster: what an administrator does, timed.
first_boot() {
    local begun installed
    begun="$(now_ms)"
    apt_in_container install "$previous"
    installed="$(now_ms)"
    is_active secd.service || fail "the service does not run after the installation"
    booted sed -i -e "s/^name = .*/name = \"$DEVICE\"/" \
        -e "s/^#servers = .*/servers = [\"$TFTP_ADDR\"]/" /etc/secd.toml
    booted secd reload || fail "the configuration does not come into force"
    becomes 30 "a verified configuration" journal_has 'refresh: done, state S1'
    passed "apt-get install $(seconds "$((installed - begun))"); two lines and a reload to" \
        "verified configuration $(seconds "$(($(now_ms) - installed))")"
    booted secd doctor >"$work/doctor" ||
        { cat "$work/doctor" >&2; fail "secd doctor is not clean"; }
    passed "secd doctor: $(grep -c '^\[ok\]' "$work/doctor") checks," \
        "$(grep '^case:' "$work/doctor")"
}

# The unit does in earnest what it says.
service() {
    local exposure
    unit_has Type notify || fail "the service is not notified"
    unit_has WatchdogUSec 30s || fail "nobody watches the service"
    unit_has User secd || fail "the service does not run as secd"
    booted systemctl show -P StatusText secd.service | grep -q S1 || fail "there is no status"
    exposure="$(booted systemd-analyze security --no-pager secd.service |
        sed -n 's/.*: \([0-9.]*\) .*/\1/p')"
    awk -v found="$exposure" 'BEGIN { exit !(found > 0 && found <= 1.5) }' ||
        fail "systemd-analyze security: $exposure"
    # The root has no manual pages.
    booted systemd-analyze verify /lib/systemd/system/secd.{service,socket} 2>&1 |
        grep -F secd. | grep -v "Command 'man" >&2 &&
        fail "systemd-analyze verify has found something"
    journal_has 'ITL file updated' -o json >/dev/null || fail "the journal has no line of the agent"
    booted journalctl -q --no-pager -u secd.service SECD_EVENT=ListInstalled -o cat | grep -q . ||
        fail "the journal has no names of events"
    passed "systemd: exposure $exposure, notified" \
        "\"$(booted systemctl show -P StatusText secd.service)\""
}

# What the agent may do in its unit, as the kernel has it.
confined() {
    local pid status
    pid="$(booted systemctl show -P MainPID secd.service)"
    status="$(booted cat "/proc/$pid/status")"
    grep -q $'^CapBnd:\t0000000000000000$' <<<"$status" || fail "the agent has capabilities to gain"
    grep -q $'^CapEff:\t0000000000000000$' <<<"$status" || fail "the agent has capabilities"
    grep -q $'^NoNewPrivs:\t1$' <<<"$status" || fail "the agent may gain privileges"
    grep -q $'^Seccomp:\t2$' <<<"$status" || fail "the system calls of the agent are not filtered"
    ! booted nsenter --target "$pid" --mount touch /etc/written-by-secd 2>/dev/null ||
        fail "/etc is writable in the namespace of the agent"
    shut_in
    passed "kernel: no capability, no new privileges, system calls filtered, /etc read-only"
}

# The agent's own sandbox, in the unit: asked for, and every layer in force.
shut_in() {
    [ "$(agent_state sandbox)" = '"enforce"' ] || fail "the package does not enforce the sandbox"
    agent_state layers | python3 -c '
import json, sys
layers = json.load(sys.stdin)
for layer in layers:
    print("sandbox: {name}\t{grade}\t{detail}".format(**layer))
sys.exit(len(layers) != 7 or any(layer["grade"] == "missing" for layer in layers))' >&2 ||
        fail "a layer of the sandbox is missing"
}

# Whoever asks while no agent runs has one started, by the socket.
activates() {
    local before after
    booted systemctl stop secd.service 2>/dev/null
    is_active secd.socket || fail "the socket does not outlive the service"
    booted secd status >/dev/null || fail "the socket starts no agent"
    is_active secd.service || fail "the socket started no service"
    before="$(booted systemctl show -P MainPID secd.service)"
    booted setpriv --reuid nobody --regid nogroup --clear-groups secd status >/dev/null 2>&1 &&
        fail "a user without a right reads the status"
    booted systemctl reload secd.service || fail "the service cannot reload"
    after="$(booted systemctl show -P MainPID secd.service)"
    [ "$before" = "$after" ] || fail "a reload started another process"
    booted sh -c 'cp /etc/secd.toml /root/secd.toml; echo "no such line" >>/etc/secd.toml'
    booted systemctl reload secd.service 2>/dev/null && fail "a faulty configuration was reloaded"
    state_is S1 || fail "a faulty configuration took effect"
    booted mv /root/secd.toml /etc/secd.toml
    passed "socket activation, and reload in the same process"
}

# An agent that hangs is ended and started again by the watchdog.
watched() {
    local pid
    booted mkdir -p /run/systemd/system/secd.service.d
    booted sh -c 'printf "[Service]\nWatchdogSec=2\n" >/run/systemd/system/secd.service.d/test.conf'
    booted systemctl daemon-reload
    booted systemctl restart secd.service
    pid="$(booted systemctl show -P MainPID secd.service)"
    booted sh -c "kill -STOP $pid"
    becomes 30 "the watchdog starts the agent again" restarted_since "$pid"
    booted systemctl show -P NRestarts secd.service | grep -q '^[1-9]' ||
        fail "it was not restarted"
    booted rm -r /run/systemd/system/secd.service.d
    booted systemctl daemon-reload
    booted systemctl restart secd.service
    becomes 30 "an ITL in force" state_is S1
    passed "watchdog: an agent that hangs is replaced"
}
restarted_since() {
    local pid
    pid="$(booted systemctl show -P MainPID secd.service)"
    [ "$pid" != 0 ] && [ "$pid" != "$1" ] && is_active secd.service
}

# A configuration with a fault ends the agent, and systemd does not start it again and again.
faulty() {
    booted cp /etc/secd.toml /root/secd.toml
    booted sh -c 'echo "no such line" >>/etc/secd.toml'
    booted systemctl restart secd.service 2>/dev/null && fail "a faulty configuration starts"
    unit_has ExecMainStatus 78 || fail "the exit code is not 78"
    unit_has NRestarts 0 || fail "systemd starts an agent whose configuration is faulty again"
    booted cp /root/secd.toml /etc/secd.toml
    booted rm /root/secd.toml
    booted systemctl reset-failed secd.service secd.socket
    booted systemctl restart secd.service || fail "a mended configuration does not start"
    becomes 30 "an ITL in force" state_is S1
}

upgraded() {
    apt_in_container install "$current"
    becomes 30 "an ITL in force after the upgrade" state_is S1
    grep -q "$TFTP_ADDR" "$root/etc/secd.toml" || fail "the upgrade lost the settings"
    [ "$(booted journalctl -q --no-pager -u secd.service | grep -c 'FIRST USE')" = 1 ] ||
        fail "a list was trusted on first use once more"
    passed "upgraded: the agent was started again, with the lists that it had"
}

# A folder that is lost is locked, whatever starts the agent or configures the package, and comes
# back with what was trusted.
locked() {
    local how again='dpkg --force-confold -i'
    booted systemctl stop secd.service 2>/dev/null
    booted mv /var/lib/secd/state /root/lost
    for how in 'systemctl start secd.service' 'systemctl restart secd.socket secd.service' \
        'systemd-tmpfiles --create --boot' "$again /packages/$(basename "$current")" \
        "$again /packages/$(basename "$previous")" "$again /packages/$(basename "$current")"; do
        # shellcheck disable=SC2086 # words
        booted $how >"$work/how.log" 2>&1 || { cat "$work/how.log" >&2; fail "$how failed"; }
        becomes 30 "locked after $how" is_locked
        lacks_store "$how"
    done
    halt
    boot
    becomes 30 "locked after a boot" is_locked
    lacks_store "after a boot"
    booted secd refresh >/dev/null 2>&1 && fail "a locked agent made a pass"
    [ "$(booted journalctl -q --no-pager -u secd.service | grep -c 'FIRST USE')" = 1 ] ||
        fail "a list was trusted on first use once more"
    booted mv /root/lost /var/lib/secd/state
    booted systemctl restart secd.service
    becomes 30 "the lists are back" state_is S1
    passed "a lost folder is locked after each start, upgrade and boot;" \
        "found again, it has its lists"
}

purged() {
    booted apt-get -y -q purge secd >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log" >&2; fail "apt-get purge failed"; }
    halt
    nothing_left
    passed "purged: nothing is left but the user"
}

in_container() {
    fresh booted
    start_lab
    # What a first boot makes is no matter of the package.
    boot
    halt
    everything "$root" >"$work/before"
    boot
    first_boot
    service
    confined
    activates
    watched
    faulty
    upgraded
    locked
    purged
}
