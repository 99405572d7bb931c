################################################################################
#
# secd
#
################################################################################

SECD_VERSION = 0.2.0
SECD_SOURCE = secd-$(SECD_VERSION)-source.tar.gz
SECD_SITE = $(call qstrip,$(BR2_PACKAGE_SECD_SITE))
SECD_LICENSE = Apache-2.0 or MIT
SECD_LICENSE_FILES = LICENSE LICENSE-APACHE LICENSE-MIT

# Buildroot's own profile is for speed; this one is for flash (Cargo.toml).
SECD_CARGO_ENV = \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
	CARGO_PROFILE_RELEASE_LTO=fat \
	CARGO_PROFILE_RELEASE_OPT_LEVEL=z
SECD_CARGO_BUILD_OPTS = --package secd --bin secd

define SECD_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 \
		$(@D)/target/$(RUSTC_TARGET_NAME)/$(if $(BR2_ENABLE_DEBUG),debug,release)/secd \
		$(TARGET_DIR)/usr/bin/secd
	$(INSTALL) -D -m 0644 $(@D)/rootfs/etc/secd.toml \
		$(TARGET_DIR)/etc/secd.toml
	$(INSTALL) -d -m 0755 $(TARGET_DIR)/var/lib/secd
endef

# A link there would lead the folders into memory.
define SECD_CHECK_VAR_LIB
	test ! -L $(TARGET_DIR)/var/lib
endef
SECD_PRE_INSTALL_TARGET_HOOKS += SECD_CHECK_VAR_LIB

define SECD_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(SECD_PKGDIR)/S60secd \
		$(TARGET_DIR)/etc/init.d/S60secd
endef

define SECD_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/secd.service \
		$(TARGET_DIR)/usr/lib/systemd/system/secd.service
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/secd.socket \
		$(TARGET_DIR)/usr/lib/systemd/system/secd.socket
endef

define SECD_USERS
	secd -1 secd -1 * - - - Security agent of an IP phone
endef

ifeq ($(BR2_PACKAGE_SECD_STORE_ROOTFS),y)
define SECD_PERMISSIONS
	/var/lib/secd d 0755 root root - - - - -
	/var/lib/secd/state d 0700 secd secd - - - - -
endef
define SECD_INSTALL_STORE
	$(INSTALL) -d -m 0700 $(TARGET_DIR)/var/lib/secd/state
endef
else
# A partition that is not mounted must not look like an empty store.
define SECD_PERMISSIONS
	/var/lib/secd d 0000 root root - - - - -
	/var/lib/secd/NOT-MOUNTED f 0000 root root - - - - -
endef
define SECD_INSTALL_STORE
	$(INSTALL) -m 0644 /dev/null $(TARGET_DIR)/var/lib/secd/NOT-MOUNTED
endef
endif
SECD_POST_INSTALL_TARGET_HOOKS += SECD_INSTALL_STORE

$(eval $(cargo-package))
