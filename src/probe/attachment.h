/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where system calls are seen. AUTO is the tracepoint: the others miss calls that had begun before they were
 * attached (a server's accept, an hour ago), and 32-bit ones.
 */
#define PROBE_HOOKS(X)              \
	X(AUTO, "auto")             \
	X(TRACEPOINT, "tracepoint") \
	X(FENTRY, "fentry")         \
	X(KPROBE, "kprobe")

enum probe_hooks {
#define X(id, name) PROBE_HOOKS_##id,
	PROBE_HOOKS(X)
#undef X
	PROBE_HOOKS_MAX
};

const char *probe_hooks_name(enum probe_hooks hooks);
