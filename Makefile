# SPDX-License-Identifier: GPL-2.0-only
#
# make help lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo -E)
LAB := $(SUDO) tests/vm/lab
VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
DKMS_SOURCE := $(DESTDIR)/usr/src/mapstack-$(VERSION)
SERVICE := debian/mapstack-dkms.mapstack.service
# A package puts units below PREFIX, make install where the administrator's are.
UNITS := $(if $(DESTDIR),$(DESTDIR)$(PREFIX)/lib,/etc)/systemd/system
# The command that removes what is installed.
REMOVE := make uninstall

all: modules

# A kernel that was built with clang uses flags that only clang understands.
CLANG = $(if $(LLVM),,$(shell grep -qs ^CONFIG_CC_IS_CLANG=y $(KDIR)/.config && echo LLVM=1))

modules:
	@[ $(words x$(CURDIR) $(KDIR)) = 2 ] || { \
		echo "The kernel's build system takes no space in the name of a directory," >&2; \
		echo "neither in $(CURDIR) nor in $(KDIR). Nothing was built." >&2; \
		echo "Move the one that has it, and type make again." >&2; \
		exit 1; }
	@[ -e $(KDIR)/Makefile ] || { \
		echo "There are no kernel headers in $(KDIR), so nothing was built." >&2; \
		echo "To get those of this kernel: $$(packaging/name-headers "$$(uname -r)")" >&2; \
		echo "Or say where they are: make KDIR=DIRECTORY" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(CLANG) modules

tools:
	$(MAKE) -C tools

clean:
	[ ! -e tools ] || $(MAKE) -C tools clean
	[ ! -e tests/selftest ] || $(MAKE) -s -C tests/selftest clean
	$(RM) -r *.ko *.o *.mod *.mod.c .*.cmd .*.o .tmp_versions Module.symvers \
		modules.order module/*.o module/.*.cmd tests/bench/host \
		tests/findings/here

demo:
	$(LAB) tests/vm/demo.py $(KERNELS)

test:
	$(LAB) -a $(if $(KERNEL),-k "$(KERNEL)") tests/vm/run.py $(KERNELS)

findings:
	$(LAB) -a tests/findings/findings.py $(KERNELS)

findings-here:
	tests/findings/here.py $(if $(filter y,$(COMMIT)),--commit)

test-long:
	$(LAB) -a tests/vm/run.py --long $(KERNELS)

check:
	$(LAB) -a tests/check.py

deb:
	$(LAB) -a tests/vm/deb.py

rpm:
	$(LAB) -a tests/vm/rpm.py

dist:
	packaging/dist

# The source that DKMS builds from.
install-source:
	install -d $(DKMS_SOURCE)/module
	install -m 644 Kbuild VERSION dkms.conf dkms.mk $(DKMS_SOURCE)
	install -m 644 module/*.[chS] $(DKMS_SOURCE)/module
	echo "$(REMOVE)" >$(DKMS_SOURCE)/remove

install-unit:
	install -d $(UNITS)
	install -m 644 $(SERVICE) $(UNITS)/mapstack.service

# Without its libraries the command is not installed. The module works without it.
LIBRARIES = $(shell sed -n 's/^PACKAGES := //p' tools/Makefile)

install-tools:
	@if missing=$$(pkg-config --print-errors --exists $(LIBRARIES) 2>&1); then \
		$(MAKE) -C tools install; \
	else \
		echo "mapstack: the command was not installed: $$missing" >&2; \
		echo "It needs pkg-config, $(LIBRARIES). With those: make -C tools install" >&2; \
	fi

# mapstack(4) is made from docs/ABI.
MAN := $(DESTDIR)$(PREFIX)/share/man/man4

install-man:
	install -d $(MAN)
	awk -f docs/man/abi.awk docs/ABI/sysfs-kernel-mapstack \
		docs/man/mapstack.4.in >$(MAN)/mapstack.4

ifdef DESTDIR
install: install-source install-unit install-man
	$(MAKE) -C tools install
else
install:
	@packaging/install module
	@$(MAKE) --no-print-directory -s install-man install-tools
endif

uninstall:
	@$(MAKE) --no-print-directory -s -C tools uninstall-unit
	@packaging/install remove
	@$(MAKE) --no-print-directory -s -C tools uninstall
	@$(RM) $(MAN)/mapstack.4
	@rmdir $(MAN) 2>/dev/null || :

selftest: modules
	$(MAKE) -s -C tests/selftest
	@$(SUDO) tests/selftest/run "$(CURDIR)/mapstack.ko"

bench:
	$(LAB) -a tests/bench/bench.py $(KERNELS)

bench-host: modules
	@command -v python3 >/dev/null || { \
		echo 'bench-host: there is no python3, so nothing was measured; install it'; \
		exit 1; \
	}
	$(MAKE) -C tests/bench CC=$(CC) CFLAGS="-O2 -Wall" host
	tests/bench/host.py $(SUDO) tests/bench/host mapstack.ko

help:
	@echo 'make              build mapstack.ko for the running kernel (KDIR= for another)'
	@echo 'make tools        build the mapstack command, tools/mapstack'
	@echo 'make demo         show what mapstack does, in a guest with a stock kernel'
	@echo 'make test         everything that must pass, on every kernel; about 45 minutes on two'
	@echo '                  cores, with four kernels that are built from source the first time'
	@echo '                  (KERNELS="6.12-amd64 6.1-amd64" for some of tests/vm/kernels,'
	@echo '                  KERNEL=DIRECTORY for a kernel that you built, and no other)'
	@echo 'make selftest     prove on the running kernel what make test proves in guests, for its'
	@echo '                  own processes alone; a minute or two (sudo make selftest > FILE)'
	@echo 'make findings     measure what growable stacks change, and write docs/findings.md;'
	@echo '                  about two hours (KERNELS= as above, the others are kept)'
	@echo 'make findings-here  some of that on this machine, as any user, without the module; minutes'
	@echo '                  (COMMIT=y for effect 5, which takes memory until the machine is booted)'
	@echo 'make test-long    run what make test leaves out: debug kernels, storms; hours'
	@echo 'make check        static analysis of the whole tree; about 5 minutes on two cores'
	@echo 'make bench        measure calls to the instruction for docs/cost.md; minutes for each kernel'
	@echo 'make bench-host   measure calls here, in ns; the module is loaded meanwhile'
	@echo 'make deb          build mapstack-dkms_$(VERSION)_all.deb and mapstack-tools'
	@echo 'make rpm          build RPMs, and their source package'
	@echo 'make dist         make mapstack-$(VERSION).tar.gz, which builds without git'
	@echo 'make install      build and install the module by DKMS, for every kernel with headers,'
	@echo '                  the unit that can switch it on, and the command'
	@echo '                  (DESTDIR=DIRECTORY PREFIX=/usr: the files only, for a package)'
	@echo 'make uninstall    undo that'
	@echo 'make clean        remove what was built here'
	@echo 'demo, test, test-long, findings, bench, check, deb and rpm need root (they use sudo)'
	@echo 'and keep their tools, downloads and kernels in /var/cache/mapstack (MAPSTACK_CACHE= for another place).'

.PHONY: all modules tools clean demo test selftest test-long findings findings-here bench \
	bench-host check deb rpm dist install install-source install-unit install-man \
	install-tools uninstall help
