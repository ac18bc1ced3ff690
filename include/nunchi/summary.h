/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls that are counted instead of recorded, one row per kind: container, image, call, outcome, object. The
 * kernel side adds to the rows; user space reports what was added since its last report.
 */
#pragma once

#include "wire.h"

/* A struct nunchi_blob and its data. Longer objects are cut: those that begin alike are one. */
#define NUNCHI_SUMMARY_OBJECT 256

/* Rows at most, 2 and 8 MiB. With --aggregate a whole working set should fit. */
#define NUNCHI_SUMMARIES 4096
#define NUNCHI_SUMMARIES_AGGREGATE 16384

struct nunchi_summary_key {
	__u32 slot;
	__u32 generation;
	__u64 exe_ino;		/* of the process's image; 0: none, or images are not distinguished */
	__u32 exe_dev;
	__u16 kind;		/* enum nunchi_kind */
	__u16 nr;		/* of a call */
	__s32 error;		/* of a call: -errno; 0: it succeeded */
	__u32 flags;		/* NUNCHI_F_*: those that decide whether it is shown */
	__u8 object[NUNCHI_SUMMARY_OBJECT];	/* all zero: none, or objects are not distinguished */
};

struct nunchi_summary_row {
	__u64 count;		/* only grows */
	__u64 last;		/* CLOCK_BOOTTIME, ns */
	struct nunchi_head head;	/* of the first call */
	struct nunchi_call call;
};

#ifndef __bpf__
static_assert(sizeof(struct nunchi_summary_key) == 32 + NUNCHI_SUMMARY_OBJECT, "summary: key");
static_assert(sizeof(struct nunchi_summary_row) == 16 + 112 + 64, "summary: row");
#endif
