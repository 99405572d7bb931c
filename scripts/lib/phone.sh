#!/usr/bin/env bash
# shellcheck disable=SC2034 # for the scripts that source this
#
# A lab and a phone in QEMU, for the scripts that use them. Sourced after packages.sh; the folder
# $work and a board's files are there. Neither reaches any network: QEMU keeps the phone to itself
# (restrict=on), its TFTP server at 10.0.2.2 gives out the lab's files, and a few ports of 10.0.2.100
# lead to the lab's TVS, HTTPS and CAPF on this machine's loopback. With $web_port set, that port of the
# loopback leads to the phone's port 8080, for its web page.

# shellcheck source=target.sh
. scripts/lib/target.sh
# shellcheck source=firmware.sh
. scripts/lib/firmware.sh

lab_pid='' phone_pid='' seen=0

use_board() {
    board="$1"
    [ -e "board/$board/board.env" ] || fail "no such board: $board; there are: $(cd board && echo */)"
    # shellcheck source=../../board/qemu-virt/board.env
    . "board/$board/board.env"
    out="target/phone/$board"
    # shellcheck disable=SC2154 # the board says so
    use_target "$triple" || fail "$board: no target of ours: $triple"
    need "$qemu:qemu-system-arm"
}

build_lab() {
    cargo build --locked --quiet -p secd-lab --bin secd-lab
    lab="$(realpath "${CARGO_TARGET_DIR:-target}")/debug/secd-lab"
}

# start_lab [OPTION…]: sets TFTP_ADDR, DEVICE, TVS_ADDR, HTTPS_ADDR, CAPF_ADDR. Commands go to $work/control.
start_lab() {
    : >"$work/control"
    "$lab" serve "$work/served" --device "$(device_name)" --announce 10.0.2.100 \
        --control "$work/control" "$@" \
        </dev/null >"$work/lab.log" 2>&1 &
    lab_pid=$!
    await_file "$work/served/lab.env"
    # shellcheck source=/dev/null
    . "$work/served/lab.env"
}

await_file() {
    for _ in {1..200}; do
        [ ! -s "$1" ] || return 0
        kill -0 "$lab_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/lab.log" >&2
    fail "the lab does not start"
}

# tell_lab COMMAND: returns when it is done, and new files are served.
tell_lab() {
    local before obeyed='^\(serving\|scheduled\|the phone authenticates\)'
    before="$(wc -l <"$work/lab.log")"
    echo "$*" >>"$work/control"
    for _ in {1..200}; do
        ! tail -n "+$((before + 1))" "$work/lab.log" | grep -q "$obeyed" || return 0
        sleep 0.05
    done
    tail -n 5 "$work/lab.log" >&2
    fail "the lab does not obey: $*"
}

# A network that leads nowhere but to the lab. Each TCP connection gets a netcat of its own.
lab_network() {
    printf 'restrict=on,tftp=%s,tftp-server-name=10.0.2.2' "$work/served"
    printf '%s' "${web_port:+,hostfwd=tcp:127.0.0.1:$web_port-:8080}"
    local way
    for way in "2445 $TVS_ADDR" "8443 $HTTPS_ADDR" ${CAPF_ADDR:+"3804 $CAPF_ADDR"}; do
        set -- "${way% *}" "${way#* }"
        printf ',guestfwd=tcp:10.0.2.100:%s-cmd:busybox nc %s %s' "$1" "${2%:*}" "${2##*:}"
    done
}

# A port of the loopback that nobody listens at.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# What switches the phone's web page on, for those who come by the forwarded port, at its next start: to be
# typed at its console.
# shellcheck disable=SC2016 # the phone expands it
web_on='sed -i -e "s/^#listen = .*/listen = [\"0.0.0.0:8080\"]/" -e "s:^#allow = .*:allow = [\"10.0.2.0/24\"]:" /etc/secd.toml; kill $(cat /run/phone/agent.pid)'

# What the phone will call itself.
device_name() {
    # shellcheck disable=SC2154 # the board says so
    tr -d : <<<"SEP${mac^^}"
}

# phone_command CARD NETWORK: sets `command` to QEMU's arguments, less those for the console.
phone_command() {
    local card="$1" net="$2" argument
    # shellcheck disable=SC2154 # the board says so
    command=("$qemu" "${machine[@]}" -display none -monitor none)
    case "$boot" in
        direct) command+=(-kernel "$out/vmlinuz" -initrd "$out/initramfs"
            -append "$(cat "$out/command-line")") ;;
        firmware)
            boot_off_card "$card"
            command+=("${command_off_card[@]}") ;;
    esac
    for argument in "${drive[@]}" "${network[@]}"; do
        argument="${argument//@IMAGE@/$card}"
        argument="${argument//@MAC@/$mac}"
        command+=("${argument//@NET@/$net}")
    done
}

# console_at BACKEND: QEMU's arguments for the serial port that has the console, and those before it.
console_at() {
    local port
    # shellcheck disable=SC2154 # the board says so
    for ((port = 0; port < console_port; port++)); do
        echo -serial null
    done
    echo -serial "$1"
}

# start_phone CARD NETWORK [QEMU ARGUMENT...]: the console is $work/console; `type_in` types.
start_phone() {
    phone_command "$1" "$2"
    shift 2
    rm -f "$work/keyboard"
    mkfifo "$work/keyboard"
    : >"$work/console"
    seen=0
    exec 4<>"$work/keyboard"
    started_at="$(now_ms)"
    # shellcheck disable=SC2046 # words
    "${command[@]}" $(console_at stdio) "$@" <&4 >"$work/console" 2>&1 &
    phone_pid=$!
}

now_ms() { echo "$(($(date +%s%N) / 1000000))"; }

type_in() { printf '%s\n' "$*" >&4; }

# await SECONDS REGEX: a line of the console after the last one awaited. Sets `line`.
await() {
    local deadline=$((SECONDS + $1)) pattern="$2" found gone=no
    while :; do
        # The last line may be half there.
        found="$(head -n "$(wc -l <"$work/console")" "$work/console" | tail -n "+$((seen + 1))" |
            tr -d '\r' | grep -n -m 1 -e "$pattern")" || true
        if [ -n "$found" ]; then
            seen=$((seen + ${found%%:*}))
            line="${found#*:}"
            return 0
        fi
        if [ "$gone" = yes ] || [ "$SECONDS" -ge "$deadline" ]; then break; fi
        kill -0 "$phone_pid" 2>/dev/null || gone=yes
        sleep 0.1
    done
    printf '%s\n' "--- the console ends with:" >&2
    tail -n 15 "$work/console" >&2
    fail "no line like: $pattern"
}

# lacks_since LINE REGEX...: no line of the console after that one is like these.
lacks_since() {
    local from="$1" pattern
    shift
    for pattern in "$@"; do
        ! tail -n "+$((from + 1))" "$work/console" | tr -d '\r' | grep -e "$pattern" >&2 ||
            fail "the console must not have that line"
    done
}

# The console must not have had a line like this since the phone was started.
lacks() {
    ! tr -d '\r' <"$work/console" | grep -e "$1" >&2 || fail "the console must not have that line"
}

log_in() {
    type_in root
    await 60 'root login on'
}

# ask COMMAND: runs it at the phone's console and sets `answer` to its one line.
ask() {
    type_in "echo \"answer=\"\"\$($1)\""
    await 60 '^answer='
    answer="${line#answer=}"
}

# A phone that powers off ends QEMU, or reports that it has halted.
await_off() {
    await "$1" 'reboot: \(Power down\|System halted\)'
    stop_phone
}

# The same phone again: with a reset where QEMU has one for the board, else off and on. Sets `booted` to
# the last line of the console before.
# shellcheck disable=SC2154 # the board says so
again() {
    if [ "$reboots" = yes ]; then
        type_in reboot
        await 60 'Restarting system'
        booted=$seen
    else
        type_in poweroff
        await_off 60
        start_phone "$work/card.img" "$(lab_network)"
        booted=0
    fi
}

# The power is cut: nothing that QEMU still holds gets onto the card.
stop_phone() {
    [ -n "$phone_pid" ] || return 0
    kill -KILL "$phone_pid" 2>/dev/null || true
    wait "$phone_pid" 2>/dev/null || true
    phone_pid=''
    exec 4>&-
}

# The data partition of a card, into $work/data.ext4.
take_data() {
    # shellcheck disable=SC2154 # the board says so
    dd if="$1" of="$work/data.ext4" bs=1M skip="$data_at" status=none
}

# After a power-off in order, there is nothing to repair.
e2fsck_data() {
    take_data "$1"
    PATH="$PATH:/usr/sbin:/sbin" e2fsck -fn "$work/data.ext4" >"$work/e2fsck" 2>&1 ||
        { cat "$work/e2fsck" >&2; fail "the data partition is not clean after a power-off"; }
}

end_all() {
    local code=$?
    trap - EXIT
    stop_phone
    if [ -n "$lab_pid" ]; then
        kill "$lab_pid" 2>/dev/null || true
        wait "$lab_pid" 2>/dev/null || true
    fi
    if [ "$code" != 0 ] && [ -e "$work/console" ] && [ -n "${SECD_KEEP-}" ]; then
        say "kept: $work"
    else
        rm -rf "$work"
    fi
    exit "$code"
}

# Makes the folder that everything of this run is in.
begin() {
    work="$(mktemp -d)"
    trap end_all EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
