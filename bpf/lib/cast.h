/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel.h"

/*
 * A field of a struct whose address is a number. What the kernel lets be called a struct is read by one
 * instruction, all else by a function's call: 30 ns each, and there are thirty in a path.
 * Of one object only: libbpf before 1.2 links none that declares a function of the kernel a second time.
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
