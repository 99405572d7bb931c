#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what phone.sh and the boards set, and read
#
# Faults of a phone that a Raspberry Pi's firmware boots, and whose card may have any number. Sourced by
# scripts/phone-faults; each function is the fault of its name.

card_faults=(boot-files command-line number two stick small unlabelled random-mac no-ethernet)

# What the firmware would look for in vain is found out before QEMU is started. Without these, nothing
# of ours runs: a board shows it by its green LED.
boot_files() {
    local file
    need mdel:mtools
    for file in config.txt cmdline.txt vmlinuz initramfs "$machine_tree" bootcode.bin start.elf; do
        cp "$work/trusted.img" "$work/card.img"
        mdel -i "$work/card.img@@${boot_at}M" "::$file"
        refused_card "the boot partition lacks $file"
    done
    cp "$work/trusted.img" "$work/card.img"
    printf 'kernel=kernel8.img\ninitramfs initramfs followkernel\n' >"$work/config.txt"
    onto_card "$work/card.img" "$work/config.txt"
    refused_card "the boot partition lacks kernel8.img"
    echo 'enable_uart=1' >"$work/config.txt"
    onto_card "$work/card.img" "$work/config.txt"
    refused_card "config.txt does not name one kernel and one initramfs"
}

refused_card() {
    local said
    ! said="$(boot_off_card "$work/card.img" 2>&1)" || fail "a card is booted although $1"
    [[ "$said" == *"$1" ]] || fail "the fault is another one than that $1: $said"
}

# The root file system is the initramfs, whatever the command line says; and where it names no console,
# log and login are where the device tree has it.
command_line() {
    echo "root=/dev/sda9 init=/bin/none quiet" >"$work/cmdline.txt"
    onto_card "$work/card.img" "$work/cmdline.txt"
    boots "$(lab_network)"
    await 120 'SECD: store: /var/lib/secd/state, state S3'
    await 60 'SECD: refresh: done, state S3'
}

# On a Pi 3 the card may be mmcblk1, since WiFi counts as well.
number() {
    local tree="$work/boot/$machine_tree"
    need fdtput:device-tree-compiler
    off_card "$work/card.img" "$machine_tree"
    fdtput -t s "$tree" /aliases mmc3 /soc/mmc@7e202000
    fdtput -t s "$tree" /aliases mmc4 /soc/mmc@7e300000
    onto_card "$work/card.img" "$tree"
    boots "$(lab_network)"
    await 120 'SECD: store: /var/lib/secd/state, state S3'
    await 60 'SECD: refresh: done, state S3'
    log_in
    ask "sed -n 's: /var/lib/secd .*::p' /proc/mounts"
    [[ "$answer" == /dev/mmcblk[34]p2 ]] || fail "the card is not another one: $answer"
}

# A copy of the store, with the same label, behind the first.
two() {
    take_data "$work/card.img"
    truncate -s "$((card_size * 2))M" "$work/card.img"
    printf 'start=%s, size=%s, type=83\n' "$((card_size * 2048))" \
        "$(($(stat -c %s "$work/data.ext4") / 512))" | sfdisk --quiet --append "$work/card.img"
    dd if="$work/data.ext4" of="$work/card.img" bs=1M seek="$card_size" conv=notrunc status=none
    boots "$(lab_network)"
    await 120 'phone: data partition: more than one is labelled secd-data, .*p2.*p3.*next try in 5 seconds'
    is_locked
    await 60 'phone: data partition: more than one .*next try in 20 seconds'
}

# A USB stick that has the store of this very phone, in a phone whose own is gone, and whose kernel
# knows USB sticks: that of the image does not.
stick() {
    local drive=("${drive[@]}" -drive "if=none,id=stick,format=raw,file=$work/stick.img"
        -device "usb-storage,drive=stick")
    cp "$work/card.img" "$work/stick.img"
    sfdisk --quiet --delete "$work/card.img" 2
    add_modules usb-storage sd_mod
    boots "$(lab_network)"
    await 120 'phone: data partition: .* is not there.*next try in 5 seconds'
    is_locked
    await 60 'phone: data partition: .* is not there.*next try in 20 seconds'
    log_in
    ask 'findfs LABEL=secd-data'
    [ "$answer" = /dev/sda2 ] || fail "the phone does not see the stick: $answer"
}

# add_modules NAME...: to the initramfs on the card, behind its own.
add_modules() {
    local folder="$work/modules" file
    need cpio:cpio modprobe:kmod
    provide "$architecture" "$components" "${packages[@]}"
    off_card "$work/card.img" initramfs
    mkdir -p "$folder/lib/modules"
    zcat "$work/boot/initramfs" | cpio --quiet -i --to-stdout lib/modules/order >"$work/order"
    modprobe -d "$unpacked" -S "$release" --show-depends -a "$@" | awk '$1 == "insmod" { print $2 }' |
        while read -r file; do
            cp "$file" "$folder/lib/modules/"
            basename "$file"
        done >>"$work/order"
    mv "$work/order" "$folder/lib/modules/order"
    (cd "$folder" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) | gzip >>"$work/boot/initramfs"
    onto_card "$work/card.img" "$work/boot/initramfs"
}

# A card half the size of the image, for those who write it without scripts/flash, which refuses.
small() {
    truncate -s "$((card_size / 2))M" "$work/card.img"
    boots "$(lab_network)"
    await 120 'phone: data partition: .* is not there; mmcblk[0-9] is too small: .*next try in 5 seconds'
    is_locked
}

unlabelled() {
    with_data_partition no_label
    boots "$(lab_network)"
    await 120 'phone: data partition: .*secd-data is not there; mmcblk[0-9] has none.*next try in 5 seconds'
    is_locked
    await 60 'phone: data partition: .* is not there.*next try in 20 seconds'
}

no_label() { tune2fs -L '' "$1" >/dev/null; }

# Local addresses, as the kernel makes them up where the firmware has passed none: the name that the
# phone had stays, and so does the first one of a phone that never had any.
random_mac() {
    local mac=02:00:00:00:00:01
    boots "$(lab_network)"
    await 120 'phone: network: eth0 has no MAC address of its own; 02:00:00:00:00:01 is for this start'
    await 10 "phone: network: the phone keeps the name $DEVICE"
    await 120 'SECD: store: /var/lib/secd/state, state S3'
    await 60 "verifyFile: verify SUCCESS <.*$DEVICE"
    await 30 'SECD: refresh: done, state S3'
    stop_phone
    cp "$out/card.img" "$work/card.img"
    boots "$(lab_network)"
    await 120 'phone: network: the phone keeps the name SEP020000000001'
    await 60 'Requesting .*SEP020000000001'
    log_in
    type_in poweroff
    await_off 60
    mac=02:00:00:00:00:02
    boots "$(lab_network)"
    await 120 'phone: network: eth0 has no MAC address of its own; 02:00:00:00:00:02 is for this start'
    await 10 'phone: network: the phone keeps the name SEP020000000001'
    await 60 'Requesting .*SEP020000000001'
}

no_ethernet() {
    local network=()
    boots unused
    await 120 'phone: network: there is no eth0; next try in 4 seconds'
    await 60 'phone: agent: no TFTP server is known; what is installed stays in force'
    keeps_what_it_trusts 60
    await 60 'phone: network: there is no eth0; next try in [1-9][0-9] seconds'
}
