# SPDX-License-Identifier: GPL-2.0-only
#
# make help says what there is.

KDIR ?= /lib/modules/$(shell uname -r)/build
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo -E)
LAB := $(SUDO) tests/vm/lab
VERSION := $(shell cat VERSION)
DKMS_SOURCE := $(DESTDIR)/usr/src/mapstack-$(VERSION)
SERVICE := debian/mapstack-dkms.mapstack.service
UNITS := /etc/systemd/system

all: modules

modules:
	@[ -e $(KDIR)/Makefile ] || { \
		echo "There are no kernel headers in $(KDIR), so nothing was built." >&2; \
		echo "Install linux-headers-$$(uname -r), or say where they are: make KDIR=DIRECTORY" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

clean:
	[ ! -e tools ] || $(MAKE) -C tools clean
	$(RM) -r *.ko *.o *.mod *.mod.c .*.cmd .*.o .tmp_versions Module.symvers \
		modules.order module/*.o module/.*.cmd tests/bench/host \
		tests/findings/here

demo:
	$(LAB) tests/vm/demo.py $(KERNELS)

test:
	$(LAB) -a tests/vm/run.py $(KERNELS)

findings:
	$(LAB) -a tests/findings/findings.py $(KERNELS)

findings-here:
	tests/findings/here.py

test-long:
	$(LAB) -a tests/vm/run.py --long $(KERNELS)

check:
	$(LAB) -a tests/check.py

deb:
	$(LAB) -a tests/vm/deb.py

# What the build needs; the package has its dkms.conf from dh_dkms.
install-source:
	install -d $(DKMS_SOURCE)/module
	install -m 644 Kbuild VERSION dkms.mk $(DKMS_SOURCE)
	install -m 644 module/*.[ch] $(DKMS_SOURCE)/module

install:
	@[ ! -e $(DKMS_SOURCE) ] || { \
		echo "mapstack $(VERSION) is in $(DKMS_SOURCE), so nothing was installed." >&2; \
		echo "Remove it first: make uninstall, or apt purge mapstack-dkms" >&2; \
		exit 1; }
	@$(MAKE) --no-print-directory install-source
	@sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf >$(DKMS_SOURCE)/dkms.conf
	@[ ! -d $(UNITS) ] || [ -e $(UNITS)/mapstack.service ] || \
		install -m 644 $(SERVICE) $(UNITS)/mapstack.service
	dkms add mapstack/$(VERSION)
	@for build in /lib/modules/*/build/include; do \
		kernel=$${build#/lib/modules/}; kernel=$${kernel%%/*}; \
		[ -e "$$build" ] || continue; \
		dkms install mapstack/$(VERSION) -k $$kernel || \
			echo "mapstack was not installed for $$kernel; its other kernels are not touched" >&2; \
	done
	dkms status mapstack/$(VERSION)

uninstall:
	@[ ! -e /var/lib/dpkg/info/mapstack-dkms.list ] || { \
		echo "mapstack is installed as a package: apt purge mapstack-dkms" >&2; \
		exit 1; }
	! cmp -s $(SERVICE) $(UNITS)/mapstack.service || { \
		systemctl --quiet disable mapstack.service; \
		$(RM) $(UNITS)/mapstack.service; }
	[ ! -d /sys/module/mapstack ] || { \
		echo 0 >/sys/kernel/mapstack/enabled; rmmod mapstack; }
	[ ! -e /var/lib/dkms/mapstack/$(VERSION) ] || \
		dkms remove mapstack/$(VERSION) --all
	$(RM) -r $(DKMS_SOURCE)

bench:
	$(LAB) -a tests/bench/bench.py $(KERNELS)

bench-host: modules
	$(MAKE) -C tests/bench CC=$(CC) CFLAGS="-O2 -Wall" host
	$(SUDO) tests/bench/host mapstack.ko

help:
	@echo 'make              build mapstack.ko for the running kernel (KDIR= for another)'
	@echo 'make tools        build the mapstack command, tools/mapstack'
	@echo 'make demo         the whole story, told in a guest on a stock kernel'
	@echo 'make test         everything that must pass, on every kernel; about 35 minutes on two'
	@echo '                  cores, with two kernels that are built from source the first time'
	@echo '                  (KERNELS="6.12-amd64 6.1-amd64" for some of tests/vm/kernels)'
	@echo 'make findings     measure what growable stacks change, and write docs/findings.md;'
	@echo '                  about an hour and a half (KERNELS= as above, the others are kept)'
	@echo 'make findings-here  some of that on this machine, as any user, without the module; a minute'
	@echo 'make test-long    what make test leaves out: debug kernels, storms; hours'
	@echo 'make check        static analysis of the whole tree; about 3 minutes'
	@echo 'make bench        what calls cost, to the instruction, into docs/cost.md; about 10 minutes'
	@echo 'make bench-host   what they cost here, in ns: loads the module for as long as that takes'
	@echo 'make deb          mapstack-dkms_$(VERSION)_all.deb and mapstack-tools'
	@echo 'make install      build and install the module by DKMS, for every kernel with headers,'
	@echo '                  and the unit that can switch it on (the command: make -C tools install)'
	@echo 'make uninstall    undo that'
	@echo 'make clean        remove what was built here'
	@echo 'demo, test, test-long, findings, bench, check and deb need root (they use sudo)'
	@echo 'and keep their tools, downloads and kernels in /var/cache/mapstack (MAPSTACK_CACHE= for another place).'

.PHONY: all modules tools clean demo test test-long findings findings-here bench \
	bench-host check deb install-source install uninstall help
