# SPDX-License-Identifier: GPL-2.0-only
#
# make help says what there is.

KDIR ?= /lib/modules/$(shell uname -r)/build
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo -E)
LAB := $(SUDO) tests/vm/lab

all: modules

modules:
	@[ -e $(KDIR)/Makefile ] || { \
		echo "There are no kernel headers in $(KDIR), so nothing was built." >&2; \
		echo "Install linux-headers-$$(uname -r), or say where they are: make KDIR=DIRECTORY" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	$(RM) -r *.ko *.o *.mod *.mod.c .*.cmd .*.o .tmp_versions Module.symvers \
		modules.order module/*.o module/.*.cmd

demo:
	$(LAB) tests/vm/demo.py $(KERNELS)

test:
	$(LAB) -a tests/vm/run.py $(KERNELS)

check:
	$(LAB) -a tests/check.py

help:
	@echo 'make              build mapstack.ko for the running kernel (KDIR= for another)'
	@echo 'make demo         the whole story, told in a guest on a stock kernel'
	@echo 'make test         everything that must pass, on every kernel; about 30 minutes'
	@echo '                  (KERNELS="6.12-amd64 6.1-amd64" for some of tests/vm/kernels)'
	@echo 'make check        static analysis of the whole tree; about 3 minutes'
	@echo 'make clean        remove what was built here'
	@echo 'demo, test and check need root (they use sudo) and keep their tools, downloads'
	@echo 'and kernels in /var/cache/mapstack (MAPSTACK_CACHE= for another place).'

.PHONY: all modules clean demo test check help
