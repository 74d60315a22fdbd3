// SPDX-License-Identifier: GPL-2.0-only
/* Changes a flag from user space. See ways.h. */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "ways.h"

#if defined(__x86_64__)
#define REGISTERS struct user_regs_struct
#define CALL_NUMBER orig_rax
#define CALL_FLAGS r10
#elif defined(__aarch64__)
#define REGISTERS struct user_regs_struct
#define CALL_NUMBER regs[8]
#define CALL_FLAGS regs[3]
#elif defined(__riscv)
#include <asm/ptrace.h>
#define REGISTERS struct user_regs_struct
#define CALL_NUMBER a7
#define CALL_FLAGS a3
#elif defined(__powerpc64__)
#include <asm/ptrace.h>
#define REGISTERS struct pt_regs
#define CALL_NUMBER gpr[0]
#define CALL_FLAGS gpr[6]
#endif

#ifdef REGISTERS
/* Stops the caller at mmap() with MAP_STACK. All other calls go on. */
static void filter_stack_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		/* The low half of the fourth argument. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_STACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter),
				      .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		guest_die("seccomp");
}

static void make_growable(pid_t pid)
{
	REGISTERS regs;
	struct iovec iov = { .iov_base = &regs, .iov_len = sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		guest_die("cannot read the registers of a call");
	if (regs.CALL_NUMBER != SYS_mmap || !(regs.CALL_FLAGS & MAP_STACK))
		return;
	regs.CALL_FLAGS |= MAP_GROWSDOWN;
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov))
		guest_die("cannot change the registers of a call");
}

/* Without seccomp there are two stops a call, at its entry and at its exit. */
static bool trace(pid_t pid, bool seccomp)
{
	int request = seccomp ? PTRACE_CONT : PTRACE_SYSCALL;
	bool at_entry = true;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL))
		guest_die("a child that cannot be followed");

	for (;;) {
		if (ptrace(request, pid, 0, 0))
			guest_die("cannot go on");
		if (waitpid(pid, &status, 0) != pid)
			guest_die("waitpid");
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) && !WEXITSTATUS(status);
		if (seccomp || at_entry)
			make_growable(pid);
		at_entry = !at_entry;
	}
}

bool ways_can_trace(void)
{
	return true;
}

bool ways_run_traced(void (*function)(void), bool seccomp)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		guest_die("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			guest_die("PTRACE_TRACEME");
		raise(SIGSTOP);
		if (seccomp)
			filter_stack_calls();
		function();
		_exit(0);
	}
	return trace(pid, seccomp);
}
#else /* s390x passes the flags in memory. parisc has no flag. */
bool ways_can_trace(void)
{
	return false;
}

bool ways_run_traced(void (*function)(void), bool seccomp)
{
	guest_die("cannot trace %p, seccomp %d", function, seccomp);
}
#endif
