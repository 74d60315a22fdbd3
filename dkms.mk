# SPDX-License-Identifier: GPL-2.0-only
#
# DKMS runs this, as dkms.conf says, to build the module. If that fails, DKMS only names
# its log, and apt not even that. So this prints what to do: to the log, and with the
# compiler's first errors to SAY, which the user of dkms or apt sees. The log alone would
# not do: make install removes it, and a full disk has no room for it.

# The command that removes mapstack, as make install or the package wrote it.
REMOVE := $(shell cat $(dir $(lastword $(MAKEFILE_LIST)))remove 2>/dev/null || \
	echo dkms remove mapstack --all)
# apt stops if DKMS could not build for a kernel.
RESUME := $(if $(wildcard /var/lib/dpkg/info),dpkg --configure -a && )
comma := ,

define advice

mapstack: no module was built for kernel $(KERNELRELEASE).
    Why: the log says, $(BUILD)/make.log.
    If it ends in the middle, the disk is full.
    Unchanged: other kernels. They have their modules; boot one of them till then.
    When you have fixed the cause:
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
