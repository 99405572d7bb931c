#!/usr/bin/env bash
# shellcheck disable=SC2034 # for the scripts that source this
#
# Programs that cargo builds from their sources, once, in a version that is pinned here. Sourced after
# packages.sh, which sets `cache` and has `say` and `fail`.

cargo_about=0.8.4
cargo_cyclonedx=0.5.9

# cargo_tool NAME VERSION: builds cargo-NAME into $SECD_CACHE/bin. It runs for seconds: what only makes it
# faster is left out of the build.
cargo_tool() {
    local program="cargo-$1"
    # shellcheck disable=SC2154 # of packages.sh
    export PATH="$cache/bin:$PATH"
    case "$("$cache/bin/$program" "${@:3}" --version 2>/dev/null)" in
        *" $2") return 0 ;;
    esac
    say "building $program $2: this takes a few minutes, once"
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_STRIP=true \
        cargo install --quiet --locked --force --root "$cache" --version "$2" "$program" ||
        fail "not to be had: $program $2"
}

# crate_licences TREE FILE: the licence texts of the crates that a program built from this tree contains.
crate_licences() {
    local tree="$1" log
    cargo_tool about "$cargo_about" about
    cargo fetch --quiet --locked --manifest-path "$tree/Cargo.toml"
    log="$(mktemp)"
    cargo about generate --locked --offline --fail --manifest-path "$tree/Cargo.toml" \
        --config "$tree/packaging/licences/about.toml" --output-file "$2" \
        "$tree/packaging/licences/crates.hbs" 2>"$log" ||
        { cat "$log" >&2; rm "$log"; fail "the licences of the crates are not complete"; }
    rm "$log"
}
