// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hundred thousand programs make requests, and one process records them. This
 * measures the cost of a request with few rows and with many, and how much memory
 * the table takes. A new user gets a row like a new program, and is made faster.
 * For recorders.py; see calls.h.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"

#define ROWS 100000
#define TENTH (ROWS / 10)
#define REQUESTS 2 /* of each program */
#define LOOK 1000 /* rows between two readings of the recorder */

static char buf[1 << 16];

static void ask(void)
{
	void *addr = mmap(NULL, 4096, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (addr == MAP_FAILED)
		exit(1);
	munmap(addr, 4096);
}

/* The system call itself, because the C library changes all threads. */
static unsigned long take_tenth(unsigned int from, int device)
{
	unsigned long start, sum = 0;
	unsigned int row, i;

	for (row = from; row < from + TENTH; row++) {
		if (syscall(SYS_setresuid, row + 1, 0, 0))
			exit(1);
		start = calls_read_counter();
		for (i = 0; i < REQUESTS; i++)
			ask();
		sum += calls_read_counter() - start;
		if (row % LOOK)
			continue;
		while (read(device, buf, sizeof(buf)) > 0)
			;
	}
	return sum / TENTH / REQUESTS;
}

static unsigned long read_all(int device)
{
	unsigned long lines = 0;
	ssize_t n, i;

	lseek(device, 0, SEEK_SET);
	while ((n = read(device, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			lines += buf[i] == '\n';
	return lines;
}

/* The memory that the module has allocated, in KiB. */
static unsigned long memory(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	unsigned long bytes, sum = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "[mapstack]") &&
		    sscanf(line, "%*s %lu", &bytes) == 1)
			sum += bytes;
	if (file)
		fclose(file);
	return sum >> 10;
}

int main(void)
{
	int device = open("/dev/mapstack", O_RDONLY);
	unsigned long start, lines;
	unsigned int from;

	if (device < 0)
		return 1;
	for (from = 0; from < ROWS; from += TENTH)
		printf("# rows,instructions of a request with %u programs,%lu\n",
		       from + TENTH, take_tenth(from, device));
	start = calls_read_counter();
	lines = read_all(device);
	printf("# rows,instructions of reading %u programs,%lu\n", ROWS,
	       calls_read_counter() - start);
	printf("# rows,KiB of the kernel for %u programs,%lu\n", ROWS,
	       memory());
	/* Rows of results, "(others)", and this program as root. */
	return lines < ROWS + 2;
}
