# SPDX-License-Identifier: GPL-2.0-only
#
# Run by DKMS, as dkms.conf says. Builds the module. If that fails, DKMS names its
# log and apt not even that, so what to do is said here: in the log, and to SAY,
# where whoever runs dkms or apt reads it. A full disk has no room in the log.

define advice

mapstack: no module was built for kernel $(KERNELRELEASE).
    Why: the log says, $(BUILD)/make.log.
    If it ends in the middle, the disk is full.
    Unchanged: other kernels. They have their modules; boot one of them till then.
    When what was wrong is mended:
        dpkg --configure -a
        dkms autoinstall -k $(KERNELRELEASE)
    To do without mapstack, which lets apt finish:
        apt purge mapstack-dkms     (make uninstall, if it came by make install)

endef
export advice

modules:
	@$(MAKE) -C $(HEADERS) M=$(BUILD) modules || { \
		echo "$$advice"; { echo "$$advice" >>$(SAY); } 2>/dev/null; exit 1; }

.PHONY: modules
