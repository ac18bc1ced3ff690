/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls by other ABIs: int 0x80 and 32-bit programs, which have i386's numbers and other registers, and x32. A 64-bit
 * program can use each of them to make calls that a filter by native numbers does not see. Each is recorded as the
 * equivalent native call. Cost: 200 ns before the record.
 */
#include "lib/compat.h"

#include "lib/drift.h"

#if defined(__TARGET_ARCH_x86)

static __always_inline void read_registers(struct pt_regs *regs, u32 abi, u64 raw[6])
{
	if (abi == NUNCHI_ABI_X32) {
		raw[0] = regs->di;
		raw[1] = regs->si;
		raw[2] = regs->dx;
		raw[3] = regs->r10;
		raw[4] = regs->r8;
		raw[5] = regs->r9;
		return;
	}
	raw[0] = (u32)regs->bx;
	raw[1] = (u32)regs->cx;
	raw[2] = (u32)regs->dx;
	raw[3] = (u32)regs->si;
	raw[4] = (u32)regs->di;
	raw[5] = (u32)regs->bp;
}

static __always_inline void read_memory(u64 addr, u64 raw[6])
{
	u32 words[6] = { 0 };

	bpf_probe_read_user(words, sizeof(words), (void *)addr);
#pragma unroll
	for (int i = 0; i < 6; i++)
		raw[i] = words[i];
}

static __always_inline u64 argument(const u64 raw[6], u8 from)
{
	u32 i = (from & 7) - 1;

	if (i > 5)
		return 0;
	if (!(from & NUNCHI_COMPAT_WIDE) || i > 4)
		return raw[i];
	return raw[i] | raw[i + 1] << 32;
}

/* The row of a number; for a multiplexer (socketcall, ipc) that of its first argument. */
static __always_inline struct nunchi_compat *find_row(u32 nr, u32 first)
{
	u8 flags = compat_calls[nr & (NUNCHI_COMPAT_MAX - 1)].flags;

	if (flags & NUNCHI_COMPAT_SOCKETCALL)
		nr = NUNCHI_COMPAT_SOCKETCALL_ROW + (first < NUNCHI_COMPAT_SOCKETCALLS ? first : 0);
	else if (flags & NUNCHI_COMPAT_IPC)
		nr = NUNCHI_COMPAT_IPC_ROW +
		     ((first & 0xffff) < NUNCHI_COMPAT_IPCS ? first & 0xffff : 0);
	return &compat_calls[below(nr, NUNCHI_COMPAT_MAX)];
}

__noinline int compat_read(struct nunchi_call *call, u32 abi)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	u32 nr = syscall_nr(regs) & ~X32_SYSCALL_BIT;
	struct nunchi_compat *row;
	u64 raw[6];

	if (!call)
		return 0;
	read_registers(regs, abi, raw);
	call->layout = 0;
	if (abi == NUNCHI_ABI_X32 && nr < NUNCHI_CALLS_MAX) {
		call->nr = nr;
		call->abi = abi;
		__builtin_memcpy(call->args, raw, sizeof(raw));
		return 1;
	}
	row = find_row(nr, raw[0]);
	if (!row->nr)
		return 0;
	call->nr = row->nr - 1;
	call->abi = abi;
	call->layout = NUNCHI_LAYOUT_POINTERS32;
	if (!(row->flags & NUNCHI_COMPAT_LONGS64))
		call->layout |= NUNCHI_LAYOUT_LONGS32;
	if (row->flags & NUNCHI_COMPAT_MEMORY_0)
		read_memory(raw[0], raw);
	else if (row->flags & NUNCHI_COMPAT_MEMORY_1)
		read_memory(raw[1], raw);
#pragma unroll
	for (int i = 0; i < 6; i++)
		call->args[i] = argument(raw, row->from[i]);
	if (row->flags & NUNCHI_COMPAT_PAGES)
		call->args[5] <<= 12;
	return 1;
}

#else

__noinline int compat_read(struct nunchi_call *call, u32 abi)
{
	return 0;
}

#endif
