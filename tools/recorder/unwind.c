// SPDX-License-Identifier: GPL-2.0-only
/* Backtraces with libdw. See unwind.h. */

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recorder/unwind.h"

#if defined(__x86_64__)
#include <asm/perf_regs.h>

#define BIT(reg) (1ULL << PERF_REG_X86_##reg)

uint64_t unwind_regs(void)
{
	return BIT(AX) | BIT(BX) | BIT(CX) | BIT(DX) | BIT(SI) | BIT(DI) |
	       BIT(BP) | BIT(SP) | BIT(IP) | BIT(R8) | BIT(R9) | BIT(R10) |
	       BIT(R11) | BIT(R12) | BIT(R13) | BIT(R14) | BIT(R15);
}

uint64_t unwind_stack_pointer(const uint64_t *regs)
{
	return regs[7];
}

/* The psABI numbers them: ax dx cx bx si di bp sp r8-r15 ip. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
	static const unsigned char order[] = { 0,  3,  2,  1,  4,  5,  6,  7, 9,
					       10, 11, 12, 13, 14, 15, 16, 8 };
	const struct snapshot *snapshot = context;
	Dwarf_Word regs[sizeof(order)];
	size_t i;

	for (i = 0; i < sizeof(order); i++)
		regs[i] = snapshot->regs[order[i]];
	return dwfl_thread_state_registers(thread, 0, sizeof(order), regs);
}
#elif defined(__aarch64__)
uint64_t unwind_regs(void)
{
	return (1ULL << 33) - 1; /* x0-x30, sp, pc */
}

uint64_t unwind_stack_pointer(const uint64_t *regs)
{
	return regs[31];
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct snapshot *snapshot = context;
	Dwarf_Word regs[32];
	size_t i;

	for (i = 0; i < 32; i++)
		regs[i] = snapshot->regs[i];
	dwfl_thread_state_register_pc(thread, snapshot->regs[32]);
	return dwfl_thread_state_registers(thread, 0, 32, regs);
}
#else
uint64_t unwind_regs(void)
{
	return 0;
}

uint64_t unwind_stack_pointer(const uint64_t *regs)
{
	return regs[0];
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	(void)thread;
	(void)context;
	return false;
}
#endif

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread)
{
	const struct snapshot *snapshot = context;

	(void)dwfl;
	if (*thread)
		return 0;
	*thread = context;
	return snapshot->pid;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result,
			void *context)
{
	const struct snapshot *snapshot = context;
	uint64_t at = addr - snapshot->stack_start;

	(void)dwfl;
	if (snapshot->stack_len < sizeof(*result) ||
	    at > snapshot->stack_len - sizeof(*result))
		return false;
	memcpy(result, snapshot->stack + at, sizeof(*result));
	return true;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* Where the file's address 0 is: a segment's address and offset may differ. */
static uint64_t find_base(const struct code *code)
{
	uint64_t base = code->start - code->offset;
	size_t count = 0, i;
	GElf_Phdr phdr;
	Elf *elf;
	int fd;

	fd = open(code->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return base;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && !elf_getphdrnum(elf, &count))
		for (i = 0; i < count; i++)
			if (gelf_getphdr(elf, i, &phdr) &&
			    phdr.p_type == PT_LOAD && (phdr.p_flags & PF_X))
				base = code->start - code->offset +
				       phdr.p_offset - phdr.p_vaddr;
	elf_end(elf);
	close(fd);
	return base;
}

static void report_code(Dwfl *dwfl, const struct code *code)
{
	const struct code *other;

	dwfl_report_begin(dwfl);
	for (; code; code = code->next) {
		/* Files only; and each once, though it may have more segments. */
		if (*code->file != '/' || !strncmp(code->file, "//", 2))
			continue;
		for (other = code->next; other; other = other->next)
			if (!strcmp(other->file, code->file))
				break;
		if (!other)
			dwfl_report_elf(dwfl, code->file, code->file, -1,
					find_base(code), false);
	}
	dwfl_report_end(dwfl, NULL, NULL);
}

struct walk {
	Dwfl *dwfl;
	char **frames;
	int count, max;
};

static int note_frame(Dwfl_Frame *frame, void *context)
{
	const char *file = NULL, *name = NULL;
	struct walk *walk = context;
	Dwfl_Module *module;
	bool activation;
	GElf_Off offset;
	Dwarf_Addr pc, start = 0;
	GElf_Sym symbol;
	int ret;

	if (walk->count == walk->max || !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	/* A return address may be the first byte of another function. */
	if (!activation)
		pc--;
	module = dwfl_addrmodule(walk->dwfl, pc);
	if (module) {
		file = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL,
					NULL, NULL);
		name = dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL,
					    NULL, NULL);
	}
	if (name)
		ret = asprintf(&walk->frames[walk->count], "%s+0x%llx (%s)",
			       name, (unsigned long long)offset, file);
	else
		ret = asprintf(&walk->frames[walk->count], "0x%llx (%s)",
			       (unsigned long long)(pc - start),
			       file ?: "no file");
	if (ret < 0) {
		walk->frames[walk->count] = NULL;
		return DWARF_CB_ABORT;
	}
	walk->count++;
	return DWARF_CB_OK;
}

void unwind(const struct snapshot *snapshot, const struct code *code,
	    char **frames, int max)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);
	struct walk walk = { dwfl, frames, 0, max };

	if (!dwfl)
		return;
	elf_version(EV_CURRENT);
	report_code(dwfl, code);
	if (dwfl_attach_state(dwfl, NULL, snapshot->pid, &thread_callbacks,
			      (void *)snapshot))
		dwfl_getthread_frames(dwfl, snapshot->pid, note_frame, &walk);
	dwfl_end(dwfl);
}
