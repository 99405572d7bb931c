#!/usr/bin/env bash
# What a static binary has in it besides crates: Rust's own library, the C library, and GCC's. Their
# licences, and the versions of all that made it. Sourced by scripts/cross-build, which sets
# `compiler` and `prefix`.

# note_licences FOLDER: writes rust-std.txt, c-library.txt, gcc-runtime.txt and toolchain.txt.
note_licences() {
    local into="$1"
    mkdir -p "$into"
    rust_copyright >"$into/rust-std.txt"
    # The start of every program is the C library's, and its end is GCC's.
    debian_copyright libc.a >"$into/c-library.txt"
    debian_copyright libgcc.a >"$into/gcc-runtime.txt"
    # shellcheck disable=SC2154 # cross-build sets them
    {
        "${compiler[@]}" --version
        "$prefix-gcc" --version | sed -n 1p
        echo "C library $(package_version libc.a)"
        echo "libgcc $(package_version libgcc.a)"
    } >"$into/toolchain.txt"
}

# rustup's toolchain has its copyright beside it, and Debian's in the folder of the package.
rust_copyright() {
    local sysroot file
    sysroot="$("${compiler[@]}" --print sysroot)"
    for file in "$sysroot"/share/doc/rust/{COPYRIGHT,LICENSE-APACHE,LICENSE-MIT} \
        "$sysroot"/share/doc/libstd-rust-web-dev/copyright; do
        [ ! -e "$file" ] || { printf -- '--- %s\n\n' "${file##*/}"; cat "$file"; }
    done | grep . || fail "the Rust toolchain has no copyright file below $sysroot/share/doc"
}

package_of() {
    dpkg-query -S "$(realpath "$("$prefix-gcc" "--print-file-name=$1")")" | cut -d : -f 1
}

package_version() {
    # shellcheck disable=SC2016 # for dpkg-query
    dpkg-query -W -f '${Package} ${Version}\n' "$(package_of "$1")" | sed -n 1p
}

# debian_copyright LIBRARY: the copyright file of its package, and each licence that it refers to.
debian_copyright() {
    local package text licence
    package="$(package_of "$1")"
    text="/usr/share/doc/$package/copyright"
    [ -e "$text" ] || fail "no copyright file of $package"
    cat "$text"
    grep -o '/usr/share/common-licenses/[A-Za-z0-9.-]*[0-9]' "$text" | sort -u |
        while read -r licence; do
            printf '\n--- %s\n\n' "${licence##*/}"
            cat "$licence"
        done
}
