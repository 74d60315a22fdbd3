// SPDX-License-Identifier: GPL-2.0-only
/* Rings of perf events. See perf.h. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/files.h"
#include "recorder/perf.h"

struct ring {
	int fd; /* -1: that CPU is not there */
	struct perf_event_mmap_page *head;
};

struct perf_rings {
	size_t bytes; /* of the data of each */
	int count;
	struct ring ring[];
};

static int open_ring(struct ring *ring, struct perf_event_attr *attr,
		     const char *filter, int cpu, size_t bytes)
{
	void *head;

	ring->fd = syscall(SYS_perf_event_open, attr, -1, cpu, -1,
			   PERF_FLAG_FD_CLOEXEC);
	/* A CPU that is offline has no events. */
	if (ring->fd < 0)
		return errno == ENODEV ? 0 : -1;
	if (filter && ioctl(ring->fd, PERF_EVENT_IOC_SET_FILTER, filter))
		return -1;
	head = mmap(NULL, sysconf(_SC_PAGESIZE) + bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring->fd, 0);
	if (head == MAP_FAILED)
		return -1;
	ring->head = head;
	return 0;
}

struct perf_rings *perf_open(struct perf_event_attr *attr, const char *filter,
			     unsigned int pages)
{
	int count = sysconf(_SC_NPROCESSORS_CONF), cpu, error;
	struct perf_rings *rings;

	rings = xalloc(sizeof(*rings) + count * sizeof(rings->ring[0]));
	rings->bytes = pages * sysconf(_SC_PAGESIZE);
	for (cpu = 0; cpu < count; cpu++) {
		rings->count++;
		if (!open_ring(&rings->ring[cpu], attr, filter, cpu,
			       rings->bytes))
			continue;
		error = errno;
		perf_close(rings);
		errno = error;
		return NULL;
	}
	return rings;
}

/* A record may run over the end of the ring. */
static void copy_out(void *to, const struct perf_rings *rings, const char *data,
		     uint64_t from, size_t len)
{
	size_t start = from & (rings->bytes - 1);
	size_t first = rings->bytes - start;

	if (first > len)
		first = len;
	memcpy(to, data + start, first);
	memcpy((char *)to + first, data, len - first);
}

static void read_ring(const struct perf_rings *rings, const struct ring *ring,
		      void (*take)(const struct perf_event_header *record,
				   void *context),
		      void *context)
{
	static union {
		struct perf_event_header header;
		char bytes[1 << 16];
	} record;
	struct perf_event_mmap_page *head = ring->head;
	const char *data = (const char *)head + sysconf(_SC_PAGESIZE);
	uint64_t end, at = head->data_tail;

	end = __atomic_load_n(&head->data_head, __ATOMIC_ACQUIRE);
	while (at < end) {
		copy_out(&record, rings, data, at, sizeof(record.header));
		copy_out(&record, rings, data, at, record.header.size);
		take(&record.header, context);
		at += record.header.size;
	}
	__atomic_store_n(&head->data_tail, at, __ATOMIC_RELEASE);
}

void perf_read(struct perf_rings *rings,
	       void (*take)(const struct perf_event_header *record,
			    void *context),
	       void *context)
{
	int i;

	for (i = 0; i < rings->count; i++)
		if (rings->ring[i].head)
			read_ring(rings, &rings->ring[i], take, context);
}

void perf_close(struct perf_rings *rings)
{
	int i;

	if (!rings)
		return;
	for (i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->ring[i];

		if (ring->head)
			munmap(ring->head,
			       sysconf(_SC_PAGESIZE) + rings->bytes);
		if (ring->fd >= 0)
			close(ring->fd);
	}
	free(rings);
}
