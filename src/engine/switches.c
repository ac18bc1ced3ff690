/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of functions (--hooks fentry, kprobe) are ftrace's and kprobes', which root of the host can switch off for everybody.
 * No call is seen then, and no hook is left that could say so: it is looked at each second, and each
 * second in which they were off is a gap.
 */
#include <unistd.h>

#include "internal.h"

void switches_open(struct engine *e)
{
	e->n_switches = probe_switches(e->probe, e->switches);
	e->switches_looked = clock_epoch();
}

/* As sysctls and debugfs write it. */
static bool is_off(int fd)
{
	char first = '1';

	return pread(fd, &first, 1, 0) == 1 && first == '0';
}

void switches_look(struct engine *e)
{
	uint64_t now = clock_epoch(), from = e->switches_looked;
	bool off = false;

	if (!e->n_switches)
		return;
	for (unsigned i = 0; i < e->n_switches; i++)
		off |= is_off(e->switches[i]);
	e->switches_looked = now;
	if (off && !e->switched_off)
		log_warn("hooks of functions are switched off (kernel.ftrace_enabled, or kprobes): no system call is seen");
	else if (!off && e->switched_off)
		log_warn("hooks of functions are switched on again");
	if (off || e->switched_off) {
		e->counts[ACCOUNT_READER_SWITCHED]++;
		encode_gap(&e->record, from, now, clock_boot());
		pipeline_made(e);
	}
	e->switched_off = off;
}

void switches_close(struct engine *e)
{
	while (e->n_switches)
		close(e->switches[--e->n_switches]);
}
