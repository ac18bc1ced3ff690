/* SPDX-License-Identifier: Apache-2.0 */
/* What is to leave the kernel: plain data that rules and the command line hand to the engine. */
#pragma once

#include "nunchi/push.h"
#include "syscalls/syscalls.h"

struct interest {
	uint8_t wanted[NUNCHI_CALLS_MAX];	/* NUNCHI_WANT_* by number */
	bool host;				/* host processes too */
	bool env;				/* the environment of what is executed */
	const struct nunchi_push *push;		/* what of that need not leave; NULL: all does */
};
