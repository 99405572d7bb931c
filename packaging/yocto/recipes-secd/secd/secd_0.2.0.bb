SUMMARY = "The security agent of an IP phone"
DESCRIPTION = "Fetches the trust lists and the configuration from the call manager's file servers, \
verifies who signed them, keeps the lists over a restart, and refuses what they do not vouch for."
LICENSE = "Apache-2.0 OR MIT"
LIC_FILES_CHKSUM = " \
    file://LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57 \
    file://LICENSE-MIT;md5=f3c9cb640269cf57b16dc1459b8e3737 \
"

# The source archive of scripts/dist: put it beside this recipe, into a folder "files", or name its URL,
# and its SHA-256 as SRC_URI[secd.sha256sum].
SECD_ARCHIVE ?= "file://secd-${PV}-source.tar.gz"
SRC_URI = "${SECD_ARCHIVE};name=secd"

require ${BPN}-crates.inc

# Where the installed trust lists are kept. "partition": one is mounted at /var/lib/secd, and its file
# system was made with a folder "state", mode 0700, of user secd; the root file system has a mount point
# that nobody can enter, so that a missing partition locks the agent. "rootfs": the image has that
# folder, empty; only for a root file system that is writable and kept.
SECD_STORE ?= "partition"

inherit cargo cargo-update-recipe-crates systemd update-rc.d useradd

CARGO_BUILD_FLAGS += "--package secd --bin secd"
# The profile of Cargo.toml strips; symbols go into the package for debugging.
export CARGO_PROFILE_RELEASE_STRIP = "none"

SYSTEMD_SERVICE:${PN} = "secd.service secd.socket"
INITSCRIPT_NAME = "secd"
INITSCRIPT_PARAMS = "defaults 60 40"

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --user-group --no-create-home --home-dir /nonexistent \
--shell /sbin/nologin secd"

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/secd ${D}${bindir}/secd
    install -D -m 0644 ${S}/rootfs/etc/secd.toml ${D}${sysconfdir}/secd.toml
    install -D -m 0644 -t ${D}${mandir}/man1 ${S}/docs/man/secd.1
    install -D -m 0644 -t ${D}${mandir}/man5 ${S}/docs/man/secd.toml.5
    install -D -m 0644 -t ${D}${mandir}/man8 ${S}/docs/man/secd.8
    install -D -m 0644 ${S}/docs/completions/secd.bash \
        ${D}${datadir}/bash-completion/completions/secd
    if ${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'true', 'false', d)}; then
        install -D -m 0644 -t ${D}${systemd_system_unitdir} \
            ${S}/packaging/systemd/secd.service ${S}/packaging/systemd/secd.socket
    else
        install -D -m 0755 ${S}/packaging/buildroot/package/secd/S60secd \
            ${D}${sysconfdir}/init.d/secd
    fi
    install -d -m 0755 ${D}${localstatedir}/lib/secd
    if [ "${SECD_STORE}" = rootfs ]; then
        install -d -m 0700 -o secd -g secd ${D}${localstatedir}/lib/secd/state
    else
        install -m 0000 /dev/null ${D}${localstatedir}/lib/secd/NOT-MOUNTED
        chmod 0000 ${D}${localstatedir}/lib/secd
    fi
}

PACKAGE_BEFORE_PN = "${PN}-bash-completion"
FILES:${PN}-bash-completion = "${datadir}/bash-completion"
FILES:${PN} += "${localstatedir}/lib/secd"
CONFFILES:${PN} = "${sysconfdir}/secd.toml"
