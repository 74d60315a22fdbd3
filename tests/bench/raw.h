/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counter and two system calls of each architecture, for calls.c only. The
 * system calls are made without the C library, so that nothing else is measured.
 */
#ifndef TESTS_BENCH_RAW_H
#define TESTS_BENCH_RAW_H

#include <sys/syscall.h>

/*
 * read_counter() - the counter's ticks
 * counter_frequency() - its ticks in a second; 0 if it counts instructions
 * counter_allow() - make the kernel run it and let user space read it
 * raw_mmap() - a mapping of that length, or -errno
 * raw_getppid()
 * shift_begin() - see the end
 */
#if defined(__x86_64__)
static inline unsigned long read_counter(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long)high << 32 | low;
}

static inline double counter_frequency(void)
{
	return 0;
}

static inline long raw_mmap(long length, long prot, long flags)
{
	register long r10 asm("r10") = flags;
	register long r8 asm("r8") = -1;
	register long r9 asm("r9") = 0;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(SYS_mmap), "D"(0), "S"(length), "d"(prot), "r"(r10),
		       "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long raw_getppid(void)
{
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(SYS_getppid)
		     : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

static inline double counter_frequency(void)
{
	unsigned long frequency;

	asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return frequency;
}

#define RAW_CALL "svc 0"
#define RAW_NUMBER "x8"
#define RAW_ARGUMENT "x"
#elif defined(__riscv) && __riscv_xlen == 64
#include <linux/perf_event.h>
#include <unistd.h>

#include "../guest/guest.h"

/* Of instructions. rdtime has a resolution of 100 ns. */
static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("rdinstret %0" : "=r"(ticks) : : "memory");
	return ticks;
}

#define COUNTER_ALLOW
/* The driver of the counters stops them while no event needs them. */
static inline void counter_allow(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
	};

	if (guest_write("/proc/sys/kernel/perf_user_access", "2"))
		guest_die("the counter cannot be read");
	if (syscall(SYS_perf_event_open, &attr, -1, 0, -1,
		    PERF_FLAG_FD_CLOEXEC) < 0)
		guest_die("the counter cannot be started");
}

static inline double counter_frequency(void)
{
	return 0;
}

#define RAW_CALL "ecall"
#define RAW_NUMBER "a7"
#define RAW_ARGUMENT "a"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#include <sys/platform/ppc.h>

static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("mftb %0" : "=r"(ticks) : : "memory");
	return ticks;
}

static inline double counter_frequency(void)
{
	return __ppc_get_timebase_freq();
}

/* At 512 MHz, 64 ticks take as long as 125 instructions. */
#define SLED 125
#define SLED_RETURN "blr"

#define RAW_CLOBBERS                                                        \
	"r9", "r10", "r11", "r12", "ctr", "lr", "xer", "cr0", "cr1", "cr5", \
		"cr6", "cr7", "memory"

static inline long raw_mmap(long length, long prot, long flags)
{
	register long r0 asm("r0") = SYS_mmap;
	register long r3 asm("r3") = 0;
	register long r4 asm("r4") = length;
	register long r5 asm("r5") = prot;
	register long r6 asm("r6") = flags;
	register long r7 asm("r7") = -1;
	register long r8 asm("r8") = 0;

	/* A call that fails sets the summary overflow bit. */
	asm volatile("sc\n\t"
		     "bns+ 1f\n\t"
		     "neg %1, %1\n"
		     "1:"
		     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6),
		       "+r"(r7), "+r"(r8)
		     :
		     : RAW_CLOBBERS);
	return r3;
}

static inline long raw_getppid(void)
{
	register long r0 asm("r0") = SYS_getppid;
	register long r3 asm("r3");

	asm volatile("sc"
		     : "+r"(r0), "=r"(r3)
		     :
		     : "r4", "r5", "r6", "r7", "r8", RAW_CLOBBERS);
	return r3;
}
#elif defined(__s390x__)
static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("stckf %0" : "=Q"(ticks) : : "memory", "cc");
	return ticks;
}

/* The architecture says 4096 ticks in a microsecond. */
static inline double counter_frequency(void)
{
	return 4096e6;
}

/* The arguments are in memory here. */
static inline long raw_mmap(long length, long prot, long flags)
{
	const long args[] = { 0, length, prot, flags, -1, 0 };

	register long r1 asm("1") = SYS_mmap;
	register long r2 asm("2") = (long)args;

	asm volatile("svc 0" : "+d"(r2) : "d"(r1) : "memory", "cc");
	return r2;
}

static inline long raw_getppid(void)
{
	register long r1 asm("1") = SYS_getppid;
	register long r2 asm("2");

	asm volatile("svc 0" : "=d"(r2) : "d"(r1) : "memory", "cc");
	return r2;
}
#elif defined(__hppa__)
#include <stdio.h>

#include "../guest/guest.h"

static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("mfctl %%cr16, %0" : "=r"(ticks) : : "memory");
	return ticks;
}

static inline double counter_frequency(void)
{
	static double mhz;
	char line[128];
	FILE *file;

	if (mhz)
		return mhz * 1e6;
	file = fopen("/proc/cpuinfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu MHz : %lf", &mhz) == 1)
			break;
	if (!mhz)
		guest_die("/proc/cpuinfo has no cpu MHz");
	fclose(file);
	return mhz * 1e6;
}

/* At 250 MHz a tick takes as long as 4 instructions. */
#define SLED 4
#define SLED_RETURN "bv %r0(%r2)\n\tnop"

#define RAW_CLOBBERS "r1", "r2", "r20", "r29", "r31", "memory"

static inline long raw_mmap(long length, long prot, long flags)
{
	register long r26 asm("r26") = 0;
	register long r25 asm("r25") = length;
	register long r24 asm("r24") = prot;
	register long r23 asm("r23") = flags;
	register long r22 asm("r22") = -1;
	register long r21 asm("r21") = 0;
	register long r28 asm("r28");

	asm volatile("ble 0x100(%%sr2, %%r0)\n\t"
		     "ldi %7, %%r20"
		     : "=r"(r28), "+r"(r26), "+r"(r25), "+r"(r24), "+r"(r23),
		       "+r"(r22), "+r"(r21)
		     : "i"(SYS_mmap)
		     : RAW_CLOBBERS);
	return r28;
}

static inline long raw_getppid(void)
{
	register long r28 asm("r28");

	asm volatile("ble 0x100(%%sr2, %%r0)\n\t"
		     "ldi %1, %%r20"
		     : "=r"(r28)
		     : "i"(SYS_getppid)
		     : "r21", "r22", "r23", "r24", "r25", "r26", RAW_CLOBBERS);
	return r28;
}
#else
#error No counter is known for this architecture: add one here.
#endif

/* Where the arguments are in registers of one name, which all stay but the first. */
#ifdef RAW_CALL
static inline long raw_mmap(long length, long prot, long flags)
{
	register long number asm(RAW_NUMBER) = SYS_mmap;
	register long arg0 asm(RAW_ARGUMENT "0") = 0;
	register long arg1 asm(RAW_ARGUMENT "1") = length;
	register long arg2 asm(RAW_ARGUMENT "2") = prot;
	register long arg3 asm(RAW_ARGUMENT "3") = flags;
	register long arg4 asm(RAW_ARGUMENT "4") = -1;
	register long arg5 asm(RAW_ARGUMENT "5") = 0;

	asm volatile(RAW_CALL
		     : "+r"(arg0)
		     : "r"(number), "r"(arg1), "r"(arg2), "r"(arg3), "r"(arg4),
		       "r"(arg5)
		     : "memory");
	return arg0;
}

static inline long raw_getppid(void)
{
	register long number asm(RAW_NUMBER) = SYS_getppid;
	register long arg0 asm(RAW_ARGUMENT "0");

	asm volatile(RAW_CALL : "=r"(arg0) : "r"(number) : "memory");
	return arg0;
}
#endif

#ifndef COUNTER_ALLOW
static inline void counter_allow(void)
{
}
#endif

/*
 * Where a tick is longer than an instruction, a call that always executes as many
 * instructions takes one number of ticks or the next one. Their mean is exact if
 * it is as likely to begin at any moment within a tick. So some instructions come
 * before it, up to SLED of them, and chance says how many.
 */
#ifdef SLED
#include <stdlib.h>

#define STRING_OF(text) #text
#define STRING(macro) STRING_OF(macro)

/* Four bytes each. They are executed from an address to the end. */
asm(".text\nsled: .rept " STRING(SLED) "\n\tnop\n\t.endr\n\t" SLED_RETURN);
extern const char sled[];

static inline void shift_begin(void)
{
	((void (*)(void))(sled + 4 * (rand() % SLED)))();
}
#else
static inline void shift_begin(void)
{
}
#endif

#endif /* TESTS_BENCH_RAW_H */
