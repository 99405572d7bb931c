#!/usr/bin/env bash
# The life of the package in a root, for scripts/test-packages. Sourced after roots.sh.
# shellcheck disable=SC2154 # $work, $root and $binary are the script's

current='' previous='' packages_made=no

# packages: sets `current` to the package of these sources, `previous` to one that counts as older
# and has another configuration.
packages() {
    [ "$packages_made" = no ] || return 0
    packages_made=yes
    [ "$(id -u)" = 0 ] || fail "root is needed"
    need mmdebstrap:mmdebstrap systemd-nspawn:systemd-container lintian:lintian
    current="$(scripts/package-deb ${binary:+--binary "$binary"} --out "$work/deb")"
    dpkg-deb -x "$current" "$work/deb/unpacked"
    previous="$(older "$current")"
}

# older PACKAGE: the same under a lower version, whose configuration file is another.
older() {
    local folder="$work/older" version=0.0.9-1
    dpkg-deb -R "$1" "$folder"
    sed -i "s/^Version: .*/Version: $version/" "$folder/DEBIAN/control"
    echo '# Of the version before.' >>"$folder/etc/secd.toml"
    (cd "$folder" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z |
        xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -b "$folder" "$work/deb/secd_${version}_amd64.deb" >/dev/null
    printf '%s\n' "$work/deb/secd_${version}_amd64.deb"
}

# Nothing that lintian knows of, however small; what it is wrong about is in secd.lintian-overrides.
lint() {
    local text
    for text in crates rust-std c-library gcc-runtime; do
        [ -n "$(find "$work/deb/unpacked/usr/share/doc/secd/licences" -name "$text.txt*" -size +0)" ] ||
            fail "the package lacks the licences of $text"
    done
    lintian --allow-root --display-info --pedantic --tag-display-limit 0 \
        --fail-on error,warning,info,pedantic "${current%.deb}.changes" ||
        fail "the package is not clean"
    passed "lintian: nothing;" \
        "$(grep -c '^secd' "$work/deb/unpacked/usr/share/lintian/overrides/secd") overrides," \
        "each with its reason"
}

same_twice() {
    local again
    again="$(scripts/package-deb ${binary:+--binary "$binary"} --out "$work/again")"
    cmp "$current" "$again" || fail "two builds of the package differ"
    passed "two builds: $(sha256sum <"$again" | cut -c 1-16)…, $(stat -c %s "$again") bytes"
}

# Every file, link and folder with its kind, mode and owner, and the users; but for what package
# managers and services write of themselves.
everything() {
    (cd "$1" && find . -xdev -not -path './packages*' -not -path './proc/*' -not -path './run/*' \
        -not -path './sys/*' -not -path './dev/*' -not -path './tmp/*' -not -path './var/tmp/*' \
        -not -path './var/lib/dpkg/*' -not -path './var/log/*' -not -path './var/cache/ldconfig/*' \
        -not -path './var/lib/apt/*' -not -path './var/cache/apt/*.bin' \
        -printf '%p %y %m %u %g\n' | sort)
}

# The root is as in $work/before, but for its users.
nothing_left() {
    local left users='^[<>] \./etc/(passwd|group|shadow|gshadow)-? '
    left="$(everything "$root" | diff "$work/before" - | grep '^[<>]' |
        grep -v -E "$users" || true)"
    [ -z "$left" ] ||
        { printf '%s\n' "$left" >&2; fail "the purge left something, or took too much"; }
}

install_package() {
    cp "$1" "$root/packages/"
    inside dpkg --force-confold -i "/packages/$(basename "$1")" >"$work/dpkg.log" 2>&1 ||
        { cat "$work/dpkg.log" >&2; fail "$(basename "$1") cannot be installed"; }
}

dpkg_does() {
    inside dpkg "$1" secd >"$work/dpkg.log" 2>&1 ||
        { cat "$work/dpkg.log" >&2; fail "dpkg $1 failed"; }
}

# The folder of the store: its kind, mode and owner, or nothing.
store_folder() { inside stat -c '%F %a %U:%G' /var/lib/secd/state 2>/dev/null || true; }

has_store() {
    [ "$(store_folder)" = "directory 700 secd:secd" ] ||
        fail "$1: the folder of the store is: $(store_folder)"
}

lacks_store() {
    [ ! -e "$root/var/lib/secd/state" ] || fail "$1: the lost folder of the store is there again"
}

# The installation makes what the package promises.
installs() {
    install_package "$previous"
    has_store "after the installation"
    grep -q '^secd:x:[0-9]*:[0-9]*:.*:/nonexistent:/usr/sbin/nologin$' "$root/etc/passwd" ||
        fail "there is no user secd, or it can log in"
    inside secd --version >/dev/null || fail "secd does not run"
    # A warning: the device has not been set.
    inside secd check-config >/dev/null 2>&1 || fail "the configuration of the package has faults"
    [ -L "$root/etc/systemd/system/multi-user.target.wants/secd.service" ] ||
        fail "the service is not enabled"
    [ -L "$root/etc/systemd/system/sockets.target.wants/secd.socket" ] ||
        fail "the socket is not enabled"
    grep -q secd "$root/var/lib/dpkg/info/secd.conffiles" || fail "there is no configuration file"
    passed "installed: folder of the store $(store_folder), user, units enabled"
}

# An upgrade takes the new configuration unless a person has changed the old one, and keeps the
# store.
upgrades() {
    cp tests/store/0.1.0/{ctl,itl}* "$root/var/lib/secd/state/"
    inside chown -R secd:secd /var/lib/secd/state
    everything "$root/var/lib/secd" >"$work/store.before"
    install_package "$current"
    everything "$root/var/lib/secd" | cmp - "$work/store.before" ||
        fail "the upgrade changed the store"
    ! grep -q 'version before' "$root/etc/secd.toml" ||
        fail "the upgrade left a configuration that nobody had changed"
    install_package "$previous"
    sed -i 's/^name = .*/name = "SEP001122334455"/' "$root/etc/secd.toml"
    install_package "$current"
    grep -q '^name = "SEP001122334455"' "$root/etc/secd.toml" ||
        fail "the upgrade lost the settings"
    rm -f "$root"/etc/secd.toml.dpkg-*
    passed "upgraded: a store of 0.1.0 and the settings are as before"
}

# Whatever is done but a purge, a lost folder stays lost.
stays_lost() {
    rm -r "$root/var/lib/secd/state"
    install_package "$current"
    lacks_store "installed again"
    install_package "$previous"
    lacks_store "after a downgrade"
    install_package "$current"
    lacks_store "after an upgrade"
    inside dpkg-reconfigure -f noninteractive secd >/dev/null 2>&1 || true
    lacks_store "configured again"
    dpkg_does --remove
    install_package "$current"
    lacks_store "removed and installed again"
    rmdir "$root/var/lib/secd"
    install_package "$current"
    lacks_store "without /var/lib/secd"
    passed "a lost folder stays lost: installed again, downgraded, upgraded, removed and installed"
}

# A removal keeps what a purge takes; and after that, nothing is left but the user, whose number
# must not be given to another one.
removes() {
    inside install -d -m 700 -o secd -g secd /var/lib/secd/state
    cp tests/store/0.1.0/itl* "$root/var/lib/secd/state/"
    dpkg_does --remove
    [ -e "$root/var/lib/secd/state/itl" ] || fail "the removal took the store"
    [ -e "$root/etc/secd.toml" ] || fail "the removal took the configuration"
    [ ! -e "$root/usr/bin/secd" ] || fail "the removal left the program"
    dpkg_does --purge
    nothing_left
    passed "removed, and purged: nothing is left but the user"
}

# A purge is the end of the store, and what is installed after it is a phone fresh from the box.
begins_again() {
    install_package "$current"
    has_store "after a purge and an installation"
    dpkg_does --purge
}

# A MIC beside the store is not the package's.
spares_others() {
    install_package "$current"
    mkdir "$root/var/lib/secd/identity"
    dpkg_does --purge
    [ -d "$root/var/lib/secd/identity" ] || fail "the purge took what is not the package's"
    lacks_store "after a purge"
    rm -r "$root/var/lib/secd"
}

lifecycle() {
    fresh "$1"
    everything "$root" >"$work/before"
    installs
    upgrades
    stays_lost
    removes
    begins_again
    spares_others
}

# In a copy of the same root.
run_piuparts() {
    need piuparts:piuparts
    fresh plain
    rmdir "$root/packages"
    piuparts --distribution=bookworm --existing-chroot="$root" --skip-logrotatefiles-test \
        "$current" >"$work/piuparts.log" 2>&1 || {
        tail -n 40 "$work/piuparts.log" >&2
        fail "piuparts has found something"
    }
    passed "piuparts: $(sed -n "s/.*PASS: //p" "$work/piuparts.log" | tr "\n" " ")"
}
