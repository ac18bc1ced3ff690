/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the start-up: hooks of functions, which are attached while events already come; the list of
 * what no hook sees here; and dropping privileges once the last hook is attached.
 */
#include <sys/utsname.h>

#include "base/privileges.h"
#include "internal.h"

/* Finds what no hook sees here, by the doctor's table and its cheap checks. */
void attach_find_unseen(struct engine *e)
{
	const char *root = e->config->runtimes.root ? e->config->runtimes.root : "";
	struct doctor_host host = { .faultable = probe_faultable(e->probe) };

	doctor_look_ways(&host, root);
	host.ways |= probe_misses(e->probe, doctor_preemption(root, host.release));
	/* If no hook at all sees 32-bit calls, do not suggest that other --hooks would. */
	if (host.ways & 1U << DOCTOR_UNSEEN_COMPAT)
		host.ways &= ~(1U << DOCTOR_UNSEEN_FUNCTIONS_32);
	e->unseen = doctor_unseen(&host, probe_sees(e->probe));
}

void attach_say_unseen(const struct engine *e)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	doctor_unseen_names(e->unseen, &names);
	if (names.len)
		log_warn("not seen on this kernel: %s (nunchi doctor says more)", names.s);
}

/* Everything that needs privileges is done. CAP_BPF is kept only if the kernel demands it for reading maps. */
static void confine(struct engine *e)
{
	uint64_t keep;
	int r;

	(void)privileges_use(PRIVILEGES_NONE);
	keep = probe_is_readable(e->probe) ? PRIVILEGES_NONE : PRIVILEGES_BPF;
	(void)privileges_keep(keep);
	r = privileges_lock(e->acts != NULL);
	if (r < 0)
		log_debug("nunchi cannot lock itself down: %s", strerror(-r));
}

static double ms_since(const struct engine *e, uint64_t now)
{
	return (double)(now - e->started) / NSEC_PER_MSEC;
}

static void attached(struct engine *e)
{
	const char *gaps = probe_gaps(e->probe);

	e->attaching = false;
	log_debug("all hooks are attached %.1f ms after loading", ms_since(e, clock_boot()));
	if (gaps)
		log_warn("not seen: calls that have no hook of this kind here: %s", gaps);
	confine(e);
}

void attach_begin(struct engine *e)
{
	e->attaching = probe_hooks(e->probe) != PROBE_HOOKS_TRACEPOINT;
	if (!e->attaching)
		attached(e);
}

void attach_step(struct engine *e, unsigned records, uint64_t now)
{
	if (records && !e->had_first) {
		e->had_first = true;
		log_debug("the first record came %.1f ms after loading", ms_since(e, now));
	}
	if (e->attaching && !probe_attach_more(e->probe))
		attached(e);
}
