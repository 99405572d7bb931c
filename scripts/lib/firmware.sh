#!/usr/bin/env bash
# shellcheck disable=SC2154 # what phone.sh and the boards set
#
# What the firmware of a Raspberry Pi does before the kernel runs, for QEMU, which has no such firmware:
# reads config.txt and cmdline.txt off the first partition of a card, and the files that they name. By
# mtools, so without a mount. Sourced by phone.sh.

boot_at=1

# off_card CARD NAME...: files of the first partition, into $work/boot.
off_card() {
    local card="$1" name
    shift
    mkdir -p "$work/boot"
    for name in "$@"; do
        mcopy -n -o -i "$card@@${boot_at}M" "::$name" "$work/boot/" 2>/dev/null ||
            fail "the boot partition lacks $name"
    done
}

# onto_card CARD FILE...: the other way.
onto_card() {
    local card="$1"
    shift
    mcopy -n -o -i "$card@@${boot_at}M" "$@" ::
}

# What config.txt names: first the kernel, then the initramfs.
named_files() {
    sed -n 's/^kernel=//p' "$work/boot/config.txt"
    sed -n 's/^initramfs \([^ ]*\) followkernel$/\1/p' "$work/boot/config.txt"
}

# boot_off_card CARD: sets `command_off_card` to QEMU's arguments for what that card boots. What the
# firmware would need besides has to be there, although QEMU does not run it.
boot_off_card() {
    local named file
    need mcopy:mtools
    rm -rf "${work:?}/boot"
    off_card "$1" config.txt cmdline.txt
    mapfile -t named < <(named_files)
    [ "${#named[@]}" = 2 ] || fail "config.txt does not name one kernel and one initramfs"
    off_card "$1" "${named[@]}"
    for file in "${firmware[@]}" "${device_trees[@]}"; do
        off_card "$1" "$(basename "$file")"
    done
    # shellcheck disable=SC2034 # for phone.sh
    command_off_card=(-kernel "$work/boot/${named[0]}" -initrd "$work/boot/${named[1]}"
        -dtb "$work/boot/$machine_tree" -append "$(head -n 1 "$work/boot/cmdline.txt")")
}
