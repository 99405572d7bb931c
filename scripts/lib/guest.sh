#!/usr/bin/env bash
# The package in a virtual machine with Debian's own kernel, for scripts/test-packages: AppArmor is
# on there, and secd.service enters its profile. Sourced after booted.sh. The machine has no
# network: the lab runs in it.
# shellcheck disable=SC2154 # $work, $root and $current are set by the others

# What runs in the machine at the end of its start; each line that counts begins with `guest: `.
guest_script() {
    cat <<'END'
#!/bin/sh
say() { echo "guest: $*" >/dev/console; }
end() { say "$*"; systemctl --force poweroff; exit; }
secd-lab serve /srv/served </dev/null >/srv/lab.log 2>&1 &
n=0
until [ -s /srv/served/lab.env ] || [ "$n" = 300 ]; do sleep 0.1; n=$((n + 1)); done
. /srv/served/lab.env
sed -i -e "s/^name = .*/name = \"$DEVICE\"/" \
    -e "s/^#servers = .*/servers = [\"$TFTP_ADDR\"]/" /etc/secd.toml
systemctl restart secd.service || {
    { journalctl -q --no-pager -o cat -u secd.service; dmesg | grep 'apparmor="DENIED"'; } |
        tail -n 20 | sed 's/^/guest: /' >/dev/console
    end "the service does not start"
}
n=0
until secd status | grep -q '^last pass.*succeeded' || [ "$n" = 300 ]; do
    sleep 0.1
    n=$((n + 1))
done
say "kernel $(uname -r), security modules $(cat /sys/kernel/security/lsm)"
grades() { secd status --json | grep -o "\"grade\": *\"$1" | wc -l; }
say "layers $(grades), missing $(grades missing)"
secd status | tr '\t' ' ' | grep -E '^(landlock|seccomp|limits)' | sed 's/^/guest: layer /' >/dev/console
say "state $(secd status | sed -n 's/^state[[:space:]]*//p')"
say "profile $(cat /proc/$(systemctl show -P MainPID secd.service)/attr/current)"
secd doctor >/srv/doctor && say "doctor clean" || say "doctor: $(tr '\n' '|' </srv/doctor)"
printf 'GET / HTTP/1.0\r\n\r\n' | secd connect "$HTTPS_ADDR" >/dev/null && say "connection judged"
setpriv --reuid nobody --regid nogroup --clear-groups secd status >/dev/null 2>&1
systemctl reload secd.service && systemctl restart secd.service && say "reloaded and restarted"
say "denied $(dmesg | grep -c 'apparmor="DENIED".*profile="secd"')"
dmesg | grep 'apparmor="DENIED".*profile="secd"' | sed 's/^/guest-denied: /' >/dev/console
# The same file, without the profile and with it.
secd show /etc/shadow >/dev/null 2>&1; free=$?
aa-exec -p secd -- /usr/bin/secd show /etc/shadow >/dev/null 2>&1; confined=$?
say "shadow $free, confined $confined"
# A web page below port 1024, as docs/debian.md has it.
mkdir -p /run/systemd/system/secd.service.d
bind=CAP_NET_BIND_SERVICE
printf "[Service]\nAmbientCapabilities=$bind\nCapabilityBoundingSet=$bind\nSystemCallFilter=capset\n" \
    >/run/systemd/system/secd.service.d/web.conf
echo 'capability net_bind_service,' >>/etc/apparmor.d/local/secd
apparmor_parser -r /etc/apparmor.d/secd
sed -i 's/^#listen = .*/listen = ["127.0.0.1:80"]/' /etc/secd.toml
systemctl daemon-reload
systemctl restart secd.service
say "web $(bash -c 'exec 3<>/dev/tcp/127.0.0.1/80
    printf "GET /status.json HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3; head -n 1 <&3')"
end "over"
END
}

# A disk with the root, whose last service is that script.
guest_disk() {
    local wants
    fresh guest
    wants="$root/etc/systemd/system/multi-user.target.wants"
    install_package "$current"
    install -m 755 "$(realpath "${CARGO_TARGET_DIR:-target}")/debug/secd-lab" "$root/usr/local/bin/"
    guest_script >"$root/usr/local/sbin/guest"
    chmod 755 "$root/usr/local/sbin/guest"
    printf '[Unit]\nAfter=secd.service\n[Service]\nExecStart=/usr/local/sbin/guest\n' \
        >"$root/etc/systemd/system/guest.service"
    ln -s ../guest.service "$wants/guest.service"
    truncate -s 1536M "$work/guest.ext4"
    mke2fs -q -F -t ext4 -d "$root" "$work/guest.ext4"
}

# guest_has TEXT...: the console has these lines.
guest_has() {
    local text
    for text; do
        grep -q "guest: $text" "$work/guest.console" || {
            grep -a 'guest' "$work/guest.console" >&2 || tail -n 20 "$work/guest.console" >&2
            fail "the virtual machine did not report: $text"
        }
    done
}

in_machine() {
    need qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs
    cargo build --locked --quiet -p secd-lab --bin secd-lab
    guest_disk
    # Emulated: KVM in a virtual machine may stop at an instruction that it does not know.
    timeout 600 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nic none -nodefaults \
        -display none -serial stdio -no-reboot -kernel "$(echo "$root"/boot/vmlinuz-*)" \
        -initrd "$(echo "$root"/boot/initrd.img-*)" -append 'root=/dev/vda rw console=ttyS0 quiet' \
        -drive "file=$work/guest.ext4,format=raw,if=virtio" \
        </dev/null >"$work/guest.console" 2>&1 ||
        { tail -n 20 "$work/guest.console" >&2; fail "the virtual machine did not end"; }
    sed -i 's/\r//' "$work/guest.console"
    guest_has over 'kernel .*apparmor' 'layers 7, missing 0' 'state .*S1' \
        'profile secd (enforce)' 'doctor clean' 'connection judged' 'reloaded and restarted' 'denied 0' 'shadow 65, confined 66' \
        'web HTTP/1.* 200'
    passed "$(sed -n 's/.*guest: \(kernel.*\)/\1/p' "$work/guest.console")"
    sed -n 's/.*guest: \(layer .*\)/\1/p' "$work/guest.console" >&2
    passed "AppArmor: $(sed -n 's/.*guest: profile //p' "$work/guest.console"); nothing denied" \
        "from start to doctor; /etc/shadow is out of its reach"
}
