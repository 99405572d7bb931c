#!/usr/bin/env bash
# Installing packages where another package manager may be at work. Sourced.

# shellcheck disable=SC2034 # for the scripts that source this
cache="${SECD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secd}"
# Seconds to wait for another package manager: a large upgrade takes minutes.
lock_patience="${SECD_LOCK_PATIENCE:-900}"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "root is needed to run: $*"
    fi
}

# apt_get LOG ARGUMENT...: runs apt-get as root, what it writes into LOG. Says whom it waits for.
#
# DPkg::Lock::Timeout alone would wait without a word, and for dpkg's locks only, not for those of
# the package lists and of the downloaded packages. So it is a second, and apt-get runs again.
apt_get() {
    local log="$1" holder said=no deadline=$((SECONDS + lock_patience))
    local command=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=1)
    shift
    # Its own complaint about that would be in the log.
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "root is needed to run: apt-get $*"
    while ! as_root "${command[@]}" "$@" >"$log" 2>&1; do
        holder="$(grep -m 1 -oE '(Could not get lock|Unable to (acquire|lock)).*' "$log")" ||
            return 1
        [ "$SECONDS" -lt "$deadline" ] ||
            fail "gave up after $lock_patience s; another package manager is still at work: $holder"
        [ "$said" = yes ] || say "waiting for another package manager: $holder"
        said=yes
        sleep 1
    done
}
