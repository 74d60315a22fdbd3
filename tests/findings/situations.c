// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what happens to a stack that grows where a program manages it in another
 * way: it locks its memory, moves the stack, watches it with userfaultfd, handles
 * signals on it, or has a memory limit.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define GROWTH MIB
#define ROOM (64 * MIB)
#define CGROUPS "/sys/fs/cgroup"
#define LIMITED CGROUPS "/limited"
#define NOBODY 65534

static size_t page;

/* Maps a stack with ROOM / 2 of free addresses below it. */
static char *map_stack(size_t size)
{
	return measure_stack(measure_room(ROOM) + ROOM / 2, size,
			     PROT_READ | PROT_WRITE, 0);
}

static const char *signal_word(int sig)
{
	switch (sig) {
	case 0:
		return "done";
	case SIGSEGV:
		return "SIGSEGV";
	case SIGKILL:
		return "SIGKILL";
	default:
		return "another-signal";
	}
}

static void lock_memory(void)
{
	char *stack;

	if (mlockall(MCL_FUTURE))
		guest_die("mlockall");
	stack = map_stack(SIZE);
	measure_word(measure_touch(stack - GROWTH), "mlockall.1-MiB-below");
	measure_number(measure_field("/proc/self/status", "VmLck:"),
		       "mlockall.locked.KiB");
	munlockall();
}

/* As lock_memory(), but for a user who may lock the stack and one page. */
static void lock_memory_limited(void)
{
	char *stack = map_stack(SIZE);
	struct rlimit limit;

	if (mlock(stack, SIZE))
		guest_die("mlock");
	limit.rlim_cur =
		measure_field("/proc/self/status", "VmLck:") * KIB + page;
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setuid(NOBODY))
		guest_die("setrlimit");
	measure_word(measure_touch(stack - 1), "RLIMIT_MEMLOCK.within");
	measure_word(measure_touch(stack - page - 1), "RLIMIT_MEMLOCK.beyond");
}

/* Moves a stack, of which mremap() only knows what mmap() returned. */
static void move_stack(void)
{
	char *stack = map_stack(SIZE), *moved;

	measure_touch(stack - GROWTH);
	moved = mremap(stack, SIZE, 2 * SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       measure_room(ROOM) + ROOM / 4);
	if (moved == MAP_FAILED)
		guest_die("mremap");
	measure_number(measure_size(stack - page) / KIB,
		       "mremap.left-behind.KiB");
	measure_number(measure_size(moved) / KIB, "mremap.moved.KiB");
	measure_word(measure_touch(moved - 1), "mremap.next-page-of-the-moved");
}

static void *touch_below(void *stack)
{
	*(volatile char *)((char *)stack - page) = 1;
	return NULL;
}

static int watch(void *start, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)start, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		guest_die("userfaultfd");
	return fd;
}

/* Whether a watcher of the stack is told of a page that it did not ask about. */
static void watch_stack(void)
{
	char *stack = map_stack(SIZE);
	int fd = watch(stack, SIZE);
	struct pollfd told = { .fd = fd, .events = POLLIN };
	struct uffd_msg message;
	pthread_t thread;
	uintptr_t addr;

	if (pthread_create(&thread, NULL, touch_below, stack))
		guest_die("pthread_create");
	if (poll(&told, 1, 60000) != 1 ||
	    read(fd, &message, sizeof(message)) != sizeof(message))
		guest_die("nothing happened");
	addr = message.arg.pagefault.address;
	measure_word(addr < (uintptr_t)stack ? "told-of-a-page-below" : "told",
		     "userfaultfd.next-page");
	_exit(0);
}

static char *signal_stack, *deepest;

static void handle_again(int sig)
{
	char here;

	(void)sig;
	measure_word(&here < deepest		 ? "below-the-first" :
		     &here < signal_stack + SIZE ? "over-the-first" :
						   "elsewhere",
		     "signal-stack.second-handler");
	_exit(0);
}

/* Uses more than the signal stack has, and is then interrupted itself. */
static void handle(int sig)
{
	volatile char frame[2 * SIZE];

	(void)sig;
	for (size_t i = sizeof(frame); i; i -= page)
		frame[i - page] = 1;
	deepest = (char *)frame;
	measure_word("done", "signal-stack.first-handler");
	raise(SIGUSR2);
}

static void handle_signals(void)
{
	stack_t stack = { .ss_size = SIZE };
	struct sigaction first = { .sa_handler = handle,
				   .sa_flags = SA_ONSTACK };
	struct sigaction second = { .sa_handler = handle_again,
				    .sa_flags = SA_ONSTACK };

	signal_stack = map_stack(SIZE);
	stack.ss_sp = signal_stack;
	if (sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &first, NULL) ||
	    sigaction(SIGUSR2, &second, NULL))
		guest_die("sigaltstack");
	raise(SIGUSR1);
}

static void overrun(void)
{
	volatile char *stack = map_stack(SIZE);

	if (guest_write(LIMITED "/cgroup.procs", "0"))
		guest_die("cannot enter the cgroup");
	for (size_t below = page; below < 7 * MIB; below += page)
		stack[-(long)below] = 1;
}

static void limit_memory(void)
{
	if (guest_write(CGROUPS "/cgroup.subtree_control", "+memory") ||
	    mkdir(LIMITED, 0755) || guest_write(LIMITED "/memory.max", "4M"))
		guest_die("cgroups");
	measure_word(signal_word(measure_in_child(overrun)),
		     "memory-limit-4-MiB.overrun");
	if (rmdir(LIMITED))
		guest_die("the cgroup is not empty");
}

int main(void)
{
	int sig;

	page = sysconf(_SC_PAGESIZE);
	if (measure_in_child(lock_memory) ||
	    measure_in_child(lock_memory_limited) ||
	    measure_in_child(move_stack))
		guest_die("a signal ended a child");
	sig = measure_in_child(watch_stack);
	if (sig)
		measure_word(signal_word(sig), "userfaultfd.next-page");
	sig = measure_in_child(handle_signals);
	if (sig)
		measure_word(signal_word(sig), "signal-stack.first-handler");
	limit_memory();
	return 0;
}
