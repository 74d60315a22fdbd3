// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures whether memory beside a thread's stack is merged with it, and how
 * SELinux treats that.
 *
 * selinux_file_mprotect() refuses PROT_EXEC (execstack) for a mapping that
 * contains the caller's stack pointer, and it looks at whole mappings. The policy
 * that this program loads allows everything else.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SELINUX "/sys/fs/selinux"
#define POLICY "/findings/execstack.policy"
#define STACK (256 * KIB)
#define MEMORY (1 * MIB)

static char *memory;

static void enforce_policy(void)
{
	static char policy[64 * KIB];
	char text[16];
	int size, fd;

	if (guest_read(SELINUX "/enforce", text, sizeof(text)) < 0 &&
	    mount("selinuxfs", SELINUX, "selinuxfs", 0, NULL))
		guest_die("no selinuxfs: boot with security=selinux");
	if (guest_read(SELINUX "/enforce", text, sizeof(text)) < 0)
		guest_die("cannot read " SELINUX "/enforce");
	if (!strcmp(text, "1"))
		return;
	fd = open(POLICY, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, policy, sizeof(policy));
	if (size <= 0)
		guest_die("cannot read " POLICY);
	close(fd);
	fd = open(SELINUX "/load", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, policy, size) != size)
		guest_die("cannot load the policy");
	close(fd);
	if (guest_write(SELINUX "/enforce", "1"))
		guest_die("cannot enforce the policy");
}

static const char *make_executable(char *addr)
{
	int ret = mprotect(addr, sysconf(_SC_PAGESIZE),
			   PROT_READ | PROT_WRITE | PROT_EXEC);

	return measure_error(ret ? errno : 0);
}

static void *thread(void *arg)
{
	struct mapping stack, beside;
	char local = 0;

	(void)arg;
	guest_mapping(&local, &stack);
	guest_mapping(memory, &beside);
	measure_word(stack.end == beside.start	 ? "directly-above" :
		     stack.start == beside.start ? "part-of-it" :
						   "elsewhere",
		     "memory-beside-the-stack.is");
	measure_word(make_executable(memory + MEMORY / 2),
		     "memory-beside-the-stack.mprotect-exec");
	measure_word(make_executable((char *)((unsigned long)&local &
					      -sysconf(_SC_PAGESIZE))),
		     "stack-itself.mprotect-exec");
	return NULL;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t id;
	char *far;

	enforce_policy();
	far = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (far == MAP_FAILED || memory == MAP_FAILED)
		guest_die("mmap");
	/* Makes it a separate mapping. */
	if (mprotect(far, MEMORY, PROT_READ))
		guest_die("mprotect");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (pthread_create(&id, &attr, thread, NULL))
		guest_die("pthread_create");
	pthread_join(id, NULL);
	measure_word(make_executable(far), "memory-elsewhere.mprotect-exec");
	return 0;
}
