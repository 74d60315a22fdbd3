# SPDX-License-Identifier: GPL-2.0-only
#
# Run by DKMS, as dkms.conf says. Builds the module. If that fails, DKMS names its
# log and apt not even that, so what to do is said here: in the log, and to SAY,
# where whoever runs dkms or apt reads it, with the compiler's first errors: make
# install takes the log away. A full disk has no room in it.

# The command that removes it, as make install or the package wrote it.
REMOVE := $(shell cat $(dir $(lastword $(MAKEFILE_LIST)))remove 2>/dev/null || \
	echo dkms remove mapstack --all)
# apt stops at a kernel that its DKMS could not build for.
RESUME := $(if $(wildcard /var/lib/dpkg/info),dpkg --configure -a && )
comma := ,

define advice

mapstack: no module was built for kernel $(KERNELRELEASE).
    Why: the log says, $(BUILD)/make.log.
    If it ends in the middle, the disk is full.
    Unchanged: other kernels. They have their modules; boot one of them till then.
    When what was wrong is mended:
        $(RESUME)dkms autoinstall -k $(KERNELRELEASE)
    To do without mapstack$(if $(RESUME),$(comma) which lets apt finish):
        $(REMOVE)

endef
export advice

modules:
	@$(MAKE) -C $(HEADERS) M=$(BUILD) modules || { \
		echo "$$advice"; \
		{ \
			echo "$$advice"; \
			grep -m 3 error: $(BUILD)/make.log; \
		} 2>/dev/null >>$(SAY); \
		exit 1; }

.PHONY: modules
