/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in force, and those before them. An event meets the rules of its own time, so that what is in
 * flight when the rules change is judged once, and as it would have been.
 */
#include "internal.h"
#include "rules/push.h"

/* The calls to show: the set of -e (or what the rules need), plus those that the filter names, less those that it refuses. */
static void choose_calls(const struct engine *e, struct in_force *f)
{
	f->show = e->config->set;
	if (f->rules) {
		f->show = (struct syscall_set){ .procexit = false };
		ruleset_calls(f->rules, &f->show);
	}
	if (!e->config->set_given)
		filter_named_calls(e->config->filter, &f->show);
	for (size_t i = 0; !e->config->set_given && i < e->config->n_watches; i++)
		filter_named_calls(e->config->watches[i], &f->show);
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		f->show.bits[nr] &= !f->refused[nr];
}

/*
 * The calls that the filter refuses. Asked only at the start, since the filter never changes: a reload runs
 * in another thread, and a compiled regular expression must not be matched by two threads at once.
 */
static void find_refused(const struct engine *e, struct in_force *f)
{
	if (e->force)
		memcpy(f->refused, e->force->refused, sizeof(f->refused));
	for (uint32_t nr = 0; !e->force && !e->config->replay && nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = syscall_by_nr(nr);

		f->refused[nr] = call && filter_match_type(e->config->filter, call) == TRI_FALSE;
	}
}

static struct push_plan *make_push(const struct engine *e, const struct in_force *f)
{
	const struct engine_config *config = e->config;

	/* Captures may be read with other rules, and the context of an alert is events that match no rule. */
	if (config->replay || config->record || config->context || config->snapshot)
		return NULL;
	if (f->rules)
		return push_plan_of_rules(f->rules, &f->show);
	return config->filter ? push_plan_of_filter(config->filter, &f->show) : NULL;
}

struct in_force *in_force_new(const struct engine *e, struct ruleset *rules, unsigned generation)
{
	struct in_force *f = xcalloc(1, sizeof(*f));

	f->rules = rules;
	f->generation = generation;
	if (rules)
		ruleset_set_generation(rules, generation);
	find_refused(e, f);
	choose_calls(e, f);
	f->push = make_push(e, f);
	return f;
}

void in_force_free(struct in_force *f)
{
	if (!f)
		return;
	push_plan_free(f->push);
	if (f->generation)
		ruleset_free(f->rules);
	free(f);
}

uint64_t in_force_fired(const struct rule *rule)
{
	return rule->fired + (rule->earlier ? rule->earlier->fired : 0);
}

void in_force_change(struct engine *e, struct in_force *next)
{
	for (size_t i = 0; i < ruleset_count(e->force->rules); i++) {
		struct rule *rule = ruleset_rule(e->force->rules, i);

		rule->fired = in_force_fired(rule);
		rule->earlier = NULL;
	}
	in_force_free(e->before);
	e->before = e->force;
	e->force = next;
	/* Done once, because the counts are read each second. */
	for (size_t i = 0; i < ruleset_count(next->rules); i++) {
		struct rule *rule = ruleset_rule(next->rules, i);

		rule->earlier = ruleset_find(e->before->rules, rule->name);
	}
}

void in_force_slot(struct engine *e, uint32_t slot, uint32_t generation, struct container *c)
{
	uint64_t clauses[NUNCHI_PUSH_CLASSES];

	if (!e->force->push)
		return;
	push_container(e->force->push, e->model, c, clauses);
	probe_push_slot(e->probe, slot, generation, clauses);
}

struct in_force *in_force_at(const struct engine *e, const struct nunchi_head *record)
{
	unsigned generation = NUNCHI_VERDICT_GENERATION(record->verdict);

	if (likely(!e->before))
		return e->force;
	if (record->verdict && generation == (e->before->generation & 0xff))
		return e->before;
	if (record->verdict && generation == (e->force->generation & 0xff))
		return e->force;
	return record->time < e->changed_at ? e->before : e->force;
}

void in_force_say(const struct engine *e)
{
	/* Rules have six 64ths of --memory (base/memory.h), and each state is stored twice. */
	const unsigned long long state_bytes = sizeof(struct nunchi_push_state) * 2 * 64 / 6;
	const struct push_plan *push = e->force->push;
	uint32_t room, missing = push ? probe_push_missing(e->probe, &room) : 0;

	if (missing)
		log_warn("all events of the calls leave the kernel, wanted or not: what could stay comes to %u states, and "
			 "--memory has room for %u: %lluM more would do",
			 missing, room, ((missing - room) * state_bytes >> 20) + 1);
	else if (push && push_left_out(push))
		log_warn("more events leave the kernel than are wanted: it does not look at %s, which these rules name "
			 "too many of", push_left_out(push));
}

/* An environment costs 4 KiB a process and contains secrets: it is read only if something asks for it. */
static bool asks_env(const struct engine_config *config, const struct in_force *f)
{
	static const char *const fields[] = { "proc.env", "proc.aenv" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (filter_asks(config->filter, fields[i]) || output_asks(config->output, fields[i]) ||
		    (f->rules && ruleset_asks(f->rules, fields[i])))
			return true;
	return false;
}

struct interest in_force_interest(const struct engine *e, const struct in_force *f)
{
	struct interest interest = { .host = e->config->host, .env = asks_env(e->config, f) };
	const struct syscall_info *restart = syscall_by_name("restart_syscall",
							     strlen("restart_syscall"));

	if (f->push)
		interest.push = push_table(f->push);
	interest.wanted[syscall_nr(restart)] |= NUNCHI_WANT_RESTART;
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = syscall_by_nr(nr);

		if (!call)
			continue;
		if (f->show.bits[nr] && !e->config->snapshot)
			interest.wanted[nr] |= NUNCHI_WANT_EVENT;
		if (call->flags & SYSCALL_MODEL)
			interest.wanted[nr] |= NUNCHI_WANT_MODEL;
		if (call->flags & SYSCALL_IDENTITY)
			interest.wanted[nr] |= NUNCHI_WANT_IDENTITY;
	}
	return interest;
}
