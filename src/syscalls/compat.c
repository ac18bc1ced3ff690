/* SPDX-License-Identifier: Apache-2.0 */
/* compat.def.h as the rows that the kernel side goes by. */
#include "syscalls.h"

#if defined(__x86_64__)

/* Native numbers by name. */
enum {
#define CALL(number, number_arm64, call_name, ...) NR_##call_name = (number),
#include "table.def.h"
#undef CALL
};

/* The names that compat.def.h has for flags and arguments. */
enum {
	LONGS64 = NUNCHI_COMPAT_LONGS64,
	MEMORY_0 = NUNCHI_COMPAT_MEMORY_0,
	MEMORY_1 = NUNCHI_COMPAT_MEMORY_1,
	PAGES = NUNCHI_COMPAT_PAGES,
	SOCKETCALL = NUNCHI_COMPAT_SOCKETCALL,
	IPC = NUNCHI_COMPAT_IPC,
};

#define R(n) ((n) + 1)
#define W(n) (((n) + 1) | NUNCHI_COMPAT_WIDE)
#define NONE 0
#define SAME_REGISTERS R(0), R(1), R(2), R(3), R(4), R(5)
#define SOCKETCALL_ROW(call) (NUNCHI_COMPAT_SOCKETCALL_ROW + (call))
#define IPC_ROW(call) (NUNCHI_COMPAT_IPC_ROW + (call))

#define OTHER(number, there, native, how, ...) \
	[number] = { .nr = NR_##native + 1, .flags = (how), .from = { __VA_ARGS__ } },
#define I386(number, there, native) OTHER(number, there, native, 0, SAME_REGISTERS)
#define MULTIPLEXER(number, there, how) [number] = { .flags = (how) },

const struct nunchi_compat syscall_compat[NUNCHI_COMPAT_MAX] = {
#include "compat.def.h"
};

#else

const struct nunchi_compat syscall_compat[NUNCHI_COMPAT_MAX];

#endif

/* Whether the row, or one of those that its call chooses from, is of a call that is wanted. */
static bool is_wanted(const struct nunchi_compat *row, const uint8_t wanted[NUNCHI_CALLS_MAX])
{
	unsigned first = 0, n = 0;

	if (row->flags & NUNCHI_COMPAT_SOCKETCALL) {
		first = NUNCHI_COMPAT_SOCKETCALL_ROW;
		n = NUNCHI_COMPAT_SOCKETCALLS;
	} else if (row->flags & NUNCHI_COMPAT_IPC) {
		first = NUNCHI_COMPAT_IPC_ROW;
		n = NUNCHI_COMPAT_IPCS;
	}
	for (unsigned i = first; i < first + n; i++)
		if (is_wanted(&syscall_compat[i], wanted))
			return true;
	return row->nr && wanted[row->nr - 1] & ~NUNCHI_WANT_COMPAT;
}

void syscall_want_compat(uint8_t wanted[NUNCHI_CALLS_MAX])
{
	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		if (is_wanted(&syscall_compat[nr], wanted))
			wanted[nr] |= NUNCHI_WANT_COMPAT;
}
