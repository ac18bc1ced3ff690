/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel.h"

/*
 * A field of a struct whose address is a number. With bpf_rdonly_cast() it is read by one instruction, otherwise by a
 * helper call: 30 ns each, and there are thirty in a path. Included in one object file only: libbpf before 1.2 cannot
 * link two that declare the same kernel function.
 */
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

#define CAST(type, addr) ((type *)bpf_rdonly_cast((void *)(addr), bpf_core_type_id_kernel(type)))
#define TYPED(type, addr, field) (CAST(type, addr)->field)	/* where casts are to be had */
#define FIELD(type, addr, field)                                                               \
	({                                                                                     \
		/* Not within what CO-RE relocates: there it would be of the kernel's, too. */         \
		u64 addr_ = (u64)(addr);                                                       \
		typeof(((type *)0)->field) to_;                                                \
		if (has_casts)                                                                 \
			to_ = TYPED(type, addr_, field);                                       \
		else                                                                           \
			bpf_core_read(&to_, sizeof(to_), &((type *)addr_)->field);             \
		to_;                                                                           \
	})
