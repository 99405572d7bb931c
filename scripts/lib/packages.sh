#!/usr/bin/env bash
# Debian packages for the phone: fetched, checked, unpacked below the cache; never installed.

# shellcheck source=apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/apt.sh"

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
    mkdir -p "$cache"
    apt_get "$cache/apt.log" update -qq || true
    apt_get "$cache/apt.log" install -y -qq --no-install-recommends "$@" || {
        tail -n 20 "$cache/apt.log" >&2
        fail "not available: one of $*"
    }
}

# private_apt ARCHITECTURE COMPONENTS: sets `apt` to an apt-get whose package lists are for that
# architecture and these components, and lie below the cache: the system's stay as they are. The
# archive is the one that the system's own lists come from.
private_apt() {
    local architecture="$1" components="$2" folder
    folder="$cache/apt/$architecture-${components// /-}"
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    debian_archives "$components" >"$folder/sources.list"
    [ -s "$folder/sources.list" ] || {
        # Whose a list is, is known once it was read.
        apt_get "$cache/apt.log" update -qq || true
        debian_archives "$components" >"$folder/sources.list"
    }
    [ -s "$folder/sources.list" ] || fail "the system's package lists name no archive of Debian"
    cat >"$folder/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "$(id -un)";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
END
    apt=(env "APT_CONFIG=$folder/apt.conf" apt-get -qq)
}

# What Debian's archives sign with; where it is elsewhere, the system's own keys count.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

debian_archives() {
    local words="target=Packages"
    [ ! -e "$keyring" ] || words="$words signed-by=$keyring"
    # shellcheck disable=SC2016 # apt-get expands it
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        sort -u | sed -n "s|^Debian \(.*\)|deb [$words] \1 $1|p"
}

# fetch_packages ARCHITECTURE COMPONENTS FOLDER NAME[=VERSION]...: their files, in that folder. The
# lists may be missing or too old: they are read where a first try fails.
fetch_packages() {
    local architecture="$1" components="$2" folder="$3" apt
    shift 3
    command -v apt-get >/dev/null || return 1
    private_apt "$architecture" "$components"
    (cd "$folder" && "${apt[@]}" download "$@" >/dev/null 2>&1) && return 0
    say "reading the package lists for $architecture"
    "${apt[@]}" update >"$cache/apt.log" 2>&1 || say "not all package lists could be read"
    (cd "$folder" && "${apt[@]}" download "$@" >>"$cache/apt.log" 2>&1) ||
        { tail -n 5 "$cache/apt.log" >&2; return 1; }
}

# unpack_packages ARCHITECTURE INTO NAME[=VERSION]...: adds packages to a folder, without installing them.
unpack_packages() {
    local architecture="$1" into="$2" packages package
    shift 2
    say "unpacking $*"
    packages="$(mktemp -d "$cache/packages.XXXXXX")"
    fetch_packages "$architecture" main "$packages" "$@" || { rm -rf "$packages"; return 1; }
    for package in "$packages"/*.deb; do
        dpkg-deb -x "$package" "$into"
    done
    rm -rf "$packages"
}

# provide ARCHITECTURE COMPONENTS NAME...: makes sure of the packages in board/packages, and sets
# `unpacked` to the folder that holds just these.
provide() {
    local architecture="$1" components="$2" name line version sum deb key
    shift 2
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

# The line of a package for the architecture at hand, or for all.
pinned() {
    grep -e "^$1:$architecture " -e "^$1:all " board/packages ||
        fail "board/packages does not name $1 for $architecture"
}

download() {
    local name="$1" version="$2" deb="$3" folder
    say "fetching $name $version"
    folder="$(mktemp -d "$cache/debs/part.XXXXXX")"
    fetch_packages "$architecture" "$components" "$folder" "$name=$version" ||
        { rm -rf "$folder"; fail "Debian does not have $name $version any more"; }
    mv "$folder"/*.deb "$deb"
    rm -rf "$folder"
}
