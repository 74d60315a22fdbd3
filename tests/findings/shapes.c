// SPDX-License-Identifier: GPL-2.0-only
/* Measures which calls of mmap(MAP_STACK) work, by their other arguments. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum source { NONE, FILE_OF_TMPFS, MEMFD, HUGE_MEMFD, ZERO, SECRET };

struct shape {
	const char *name;
	int flags;
	enum source source;
};

static const struct shape shapes[] = {
	{ "private-anonymous", MAP_PRIVATE | MAP_ANONYMOUS, NONE },
	{ "private-anonymous-noreserve",
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NONE },
	{ "private-anonymous-populate",
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, NONE },
	{ "private-anonymous-locked", MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
	  NONE },
	{ "private-anonymous-growsdown",
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, NONE },
	{ "private-anonymous-hugetlb",
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, NONE },
	{ "private-file", MAP_PRIVATE, FILE_OF_TMPFS },
	{ "private-memfd", MAP_PRIVATE, MEMFD },
	{ "private-hugetlb-memfd", MAP_PRIVATE, HUGE_MEMFD },
	{ "private-dev-zero", MAP_PRIVATE, ZERO },
	{ "shared-anonymous", MAP_SHARED | MAP_ANONYMOUS, NONE },
	{ "shared-anonymous-hugetlb", MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
	  NONE },
	{ "shared-file", MAP_SHARED, FILE_OF_TMPFS },
	{ "shared-memfd", MAP_SHARED, MEMFD },
	{ "shared-hugetlb-memfd", MAP_SHARED, HUGE_MEMFD },
	{ "shared-dev-zero", MAP_SHARED, ZERO },
	{ "shared-secret-memfd", MAP_SHARED, SECRET },
	{ "droppable-anonymous", MAP_DROPPABLE | MAP_ANONYMOUS, NONE },
};

static int open_source(enum source source, size_t size)
{
	int fd = -1;

	if (source == FILE_OF_TMPFS)
		fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	else if (source == MEMFD)
		fd = memfd_create("shapes", MFD_CLOEXEC);
	else if (source == HUGE_MEMFD)
		fd = memfd_create("shapes", MFD_CLOEXEC | MFD_HUGETLB);
	else if (source == SECRET)
		fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	else if (source == ZERO)
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, size))
		guest_die("ftruncate");
	return fd;
}

static const char *try_shape(const struct shape *shape, int flags)
{
	size_t size = 2 * MIB;
	const char *outcome;
	int fd = -1;
	void *addr;

	if (shape->source != NONE) {
		fd = open_source(shape->source, size);
		/* The kernel has no such files, or has none left. */
		if (fd < 0)
			return "no-such-file";
	}
	errno = 0;
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE, shape->flags | flags,
		    fd, 0);
	outcome = measure_error(errno);
	if (addr != MAP_FAILED)
		munmap(addr, size);
	if (fd >= 0)
		close(fd);
	return outcome;
}

int main(void)
{
	size_t i;

	guest_write("/proc/sys/vm/nr_hugepages", "4");
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		/* A call that this kernel cannot do at all is not a result. */
		measure_word(try_shape(&shapes[i], 0), "%s.plain",
			     shapes[i].name);
		measure_word(try_shape(&shapes[i], MAP_STACK), "%s.stack",
			     shapes[i].name);
	}
	return 0;
}
