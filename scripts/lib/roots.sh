#!/usr/bin/env bash
# Debian systems in folders, for scripts/test-packages: made once by mmdebstrap, unpacked afresh for
# each test, entered by chroot or booted by systemd-nspawn. Sourced after packages.sh; the folder
# $work is there. Needs root.
# shellcheck disable=SC2154 # $cache and $work are the others'

roots="$cache/roots"
of_a_root=(PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive)
leader='' container=''

# What a root holds: `plain` has no systemd, as an image that is being built; `guest` has a kernel.
root_packages() {
    case "$1" in
        plain) echo systemd-standalone-sysusers ;;
        booted) echo systemd-sysv,dbus ;;
        guest) echo systemd-sysv,dbus,apparmor,initramfs-tools,linux-image-cloud-amd64 ;;
    esac
}

# archive NAME: makes sure that there is this root, less than a month old.
archive() {
    # mmdebstrap goes by the end of the name.
    local tar="$roots/$1.tar" part="$roots/$1.part.tar"
    mkdir -p "$roots"
    [ -z "$(find "$tar" -mtime -30 2>/dev/null)" ] || return 0
    say "making a Debian root: $1"
    mmdebstrap --quiet --variant=minbase --include="$(root_packages "$1")" bookworm "$part" \
        >"$roots/$1.log" 2>&1 || { tail -n 20 "$roots/$1.log" >&2; fail "mmdebstrap failed"; }
    mv "$part" "$tar"
}

# fresh NAME: unpacks that root, and sets `root` to its folder.
fresh() {
    archive "$1"
    root="$work/root-$1"
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    tar -C "$root" -xpf "$roots/$1.tar"
    mkdir -p "$root/packages"
}

# inside COMMAND...: in the root, in a mount and a process namespace of its own.
inside() {
    unshare --mount --pid --fork --mount-proc="$root/proc" chroot "$root" \
        env -i --chdir=/ "${of_a_root[@]}" "$@"
}

# boot: starts the root with systemd, which shares this machine's network, and waits until it is up.
# `booted` runs commands in it. Left to itself, the filter of systemd-nspawn hides Landlock.
boot() {
    local log="$work/container.log"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --boot --directory="$root" \
        --system-call-filter='landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
        --register=no --keep-unit --machine="secd-test-$$" --console=pipe </dev/null >"$log" 2>&1 &
    container=$!
    for _ in {1..300}; do
        leader="$(pgrep -P "$container" | head -n 1)" || true
        [ -z "$leader" ] || [ ! -e "/proc/$leader/root/run/systemd/private" ] ||
            case "$(booted systemctl is-system-running 2>/dev/null)" in
                running | degraded) return 0 ;;
            esac
        kill -0 "$container" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$log" >&2
    fail "the container does not boot"
}

booted() {
    nsenter --target "$leader" --mount --uts --ipc --pid --cgroup --root \
        env -i --chdir=/ "${of_a_root[@]}" "$@"
}

# Ends the container in order; after half a minute by force.
halt() {
    [ -n "$container" ] || return 0
    booted systemctl poweroff >/dev/null 2>&1 || true
    for _ in {1..300}; do
        kill -0 "$container" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$container" "$leader" 2>/dev/null || true
    wait "$container" 2>/dev/null || true
    container='' leader=''
}
