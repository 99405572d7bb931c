#!/usr/bin/env bash
# shellcheck disable=SC2034 # for the scripts that source this
#
# What the scripts know about a target of the compiler.

default_target=armv7-unknown-linux-gnueabihf

# use_target TRIPLE: sets `target`; `prefix`, of the names of its C compiler and binutils; Debian's
# name for it, `debian_arch`; what runs its programs here, `emulator`; the compiler's `features`;
# `link_flags` for what is shipped, which tests that catch panics do not bear; and `budget`, the bytes
# that the agent may have, where there is one. Returns 1 if it is none of ours.
use_target() {
    target="$1" link_flags=''
    case "$target" in
        # Thumb-2 is a fifth smaller, and every ARMv7 has it; rustc warns that the flag may change.
        armv7-unknown-linux-gnueabihf)
            prefix=arm-linux-gnueabihf debian_arch=armhf emulator=qemu-arm-static
            features=+crt-static,+thumb-mode ;;
        armv5te-unknown-linux-gnueabi)
            prefix=arm-linux-gnueabi debian_arch=armel emulator=qemu-arm-static
            features=+crt-static ;;
        aarch64-unknown-linux-gnu)
            prefix=aarch64-linux-gnu debian_arch=arm64 emulator=qemu-aarch64-static
            features=+crt-static
            # The tables for unwinding, which nothing does, are a tenth of the program; ARMv7 has others.
            link_flags="-C link-arg=-Wl,--no-eh-frame-hdr -C link-arg=-Wl,-T,scripts/lib/no-unwind.ld" ;;
        # Not for a phone: for `secd probe` and the other commands on a machine of any distribution.
        x86_64-unknown-linux-gnu)
            prefix=x86_64-linux-gnu debian_arch=amd64 emulator=qemu-x86_64-static
            features=+crt-static ;;
        *) return 1 ;;
    esac
    budget="$(sed -n "s/^$target //p" scripts/lib/budget)"
}
