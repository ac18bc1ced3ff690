/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls by another door than the native one: compat.bpf.c. */
#pragma once

#include "state.h"

/*
 * The native call that the running task's one by abi is, with its arguments. 0: there is none; else 1.
 */
int compat_read(struct nunchi_call *call, u32 abi);
