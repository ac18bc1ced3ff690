/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --cpu-limit: what this process takes, all its threads, is looked at ten times a second. While it is more, each bulk
 * ring is taken for a smaller one, and emptied no more often than every 10 ms: what then has no room in it is
 * counted in the kernel, of whoever does most first, as when a ring is full (bpf/lanes.bpf.c). So much room is
 * given that the time is met; when all of it can be given again, all is told. It is made no less than half at a time: what is
 * in the ring by then leaves room for who does little (bpf/lanes.bpf.c). What goes by the critical ring is never refused for it.
 */
#include "internal.h"

#define PERIOD_NS (100 * NSEC_PER_MSEC)
#define SAY_NS (10 * NSEC_PER_SEC)	/* between words about it */
#define LESS_MOST 0.5		/* at a time */
#define MORE_MOST 1.25
#define CLOSE 0.9		/* so near to the limit it stays as it is */
#define ROOM_ALL (64ULL << 10)	/* that much in all rings, and of each that much, is never taken away: 300 records */
#define ROOM_EACH (4ULL << 10)

static double used_percent(struct engine *e, uint64_t now)
{
	struct cpu_limit *l = &e->cpu_limit;
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	double used = l->time ? 100.0 * (double)(cpu - l->cpu) / (double)(now - l->time) : 0;

	l->time = now;
	l->cpu = cpu;
	return used;
}

static void say(struct engine *e, uint64_t now)
{
	struct cpu_limit *l = &e->cpu_limit;

	if (l->said == l->in_force || now < l->say_at)
		return;
	l->said = l->in_force;
	l->say_at = now + SAY_NS;
	if (l->in_force)
		log_warn("more than --cpu-limit %u: what containers do most of is counted, not told one by one (activity_summary)",
			 e->config->cpu_limit);
	else
		log_info("less than --cpu-limit %u again: all is told", e->config->cpu_limit);
}

/* used: percent of a core in the last period. */
static void adapt(struct engine *e, double used)
{
	struct cpu_limit *l = &e->cpu_limit;
	double limit = e->config->cpu_limit, room = (double)l->room;
	uint64_t all = probe_bulk_bytes(e->probe), rings = MAX(probe_rings(e->probe) - 1, 1U);
	uint64_t least = MAX(ROOM_EACH, ROOM_ALL / rings);

	if (!l->in_force && used <= limit)
		return;
	if (!l->in_force)
		room = (double)all;
	if (used > limit)
		room *= MAX(limit / used, LESS_MOST);
	else if (used < CLOSE * limit)
		room *= used * MORE_MOST > limit ? limit / used : MORE_MOST;
	l->room = MIN(MAX((uint64_t)room, least), all);
	l->in_force = l->room < all;
	probe_bulk_limit(e->probe, l->room);
}

void cpu_limit_tick(struct engine *e, uint64_t now)
{
	struct cpu_limit *l = &e->cpu_limit;
	double used;

	if (!e->config->cpu_limit || !e->ready || e->attaching || now < l->time + PERIOD_NS)
		return;
	used = used_percent(e, now);
	e->counts[ACCOUNT_READER_LIMITED] += l->in_force;
	adapt(e, used);
	say(e, now);
}
