/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --cpu-limit: the CPU time of this process, all threads, is measured ten times a second. While it exceeds
 * the limit, the bulk rings act as smaller ones and are emptied at most every 10 ms. What has no room then
 * is counted in the kernel, beginning with the containers that do most, as if the ring were full
 * (bpf/lanes.bpf.c). The room is adapted until the time is met, and given back when it can be. It shrinks
 * by at most half at a time, so that the records in the ring leave room for containers that do little.
 * The critical ring is never limited.
 */
#include "internal.h"

#define PERIOD_NS (100 * NSEC_PER_MSEC)
#define SAY_NS (10 * NSEC_PER_SEC)	/* at least, between two messages */
#define LESS_MOST 0.5		/* the room is at least multiplied by that in a period, */
#define MORE_MOST 1.25		/* and at most by that */
#define CLOSE 0.9		/* from that part of the limit on the room stays as it is */
#define ROOM_ALL (64ULL << 10)	/* bytes that always remain, in all rings and in each: 300 records */
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
