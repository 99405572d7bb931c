#!/usr/bin/env bash
# Debian packages for the phone: fetched, checked, unpacked below the cache; never installed.

cache="${SECD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secd}"

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

# need COMMAND:PACKAGE...: installs the packages whose command is missing.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

# One package list that cannot be read does not matter, if the others have what is wanted.
install_packages() {
    say "installing $*"
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "not available: one of $*"
}

know_armhf() {
    dpkg --print-foreign-architectures | grep -qx armhf && return 0
    say "adding the architecture armhf to the package lists"
    as_root dpkg --add-architecture armhf
    as_root apt-get update -qq >/dev/null 2>&1 || true
}

# provide NAME...: makes sure of the packages in board/packages, and sets `unpacked` to the folder
# that holds just these.
provide() {
    local name line version sum deb key
    key="$(for name in "$@"; do pinned "$name"; done | sha256sum | cut -c 1-12)"
    unpacked="$cache/phone-$key"
    [ ! -d "$unpacked" ] || return 0
    mkdir -p "$cache/debs"
    rm -rf "$unpacked.part"
    for name in "$@"; do
        line="$(pinned "$name")"
        read -r _ version sum <<<"$line"
        deb="$cache/debs/${name}_$sum.deb"
        [ -e "$deb" ] || download "$name" "$version" "$deb"
        echo "$sum  $deb" | sha256sum --check --quiet ||
            fail "$name $version is not the one that board/packages names"
        dpkg-deb -x "$deb" "$unpacked.part"
    done
    mv "$unpacked.part" "$unpacked"
}

pinned() {
    grep "^$1 " board/packages || fail "board/packages does not name $1"
}

download() {
    local name="$1" version="$2" deb="$3" folder
    know_armhf
    say "fetching $name $version"
    folder="$(mktemp -d "$cache/debs/part.XXXXXX")"
    (cd "$folder" && apt-get download -qq "$name:armhf=$version" 2>/dev/null) ||
        { rm -rf "$folder"; fail "Debian does not have $name $version any more"; }
    mv "$folder"/*.deb "$deb"
    rm -rf "$folder"
}
