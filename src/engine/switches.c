/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of functions (--hooks fentry, kprobe) depend on ftrace and kprobes, which root on the host can
 * switch off for everybody. Then no call is seen, and no hook is left to report it. So the switches are
 * polled each second, and each second in which they were off becomes a GAP record.
 */
#include <unistd.h>

#include "internal.h"

void switches_open(struct engine *e)
{
	e->n_switches = probe_switches(e->probe, e->switches);
	e->switches_looked = clock_epoch();
}

/* The files of sysctls and debugfs begin with "0" while something is off. */
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
