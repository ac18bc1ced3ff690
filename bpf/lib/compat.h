/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls by other ABIs than the native one: compat.bpf.c. */
#pragma once

#include "state.h"

/* The native equivalent of the running task's call by this ABI, with its arguments. 0: there is none; else 1. */
int compat_read(struct nunchi_call *call, u32 abi);
