/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts blocking rules in force. Says at the start which of them this kernel cannot carry out, and tells the
 * kernel side which of them apply to a container when the container gets its name.
 */
#include <errno.h>
#include <limits.h>

#include "internal.h"
#include "rules/block.h"

static const char *why_not(const struct probe_block *b)
{
	return b->refusal >= PROBE_REFUSES_BY_RETURN ?
		       "this kernel is not made so that it asks anybody (CONFIG_SECURITY_PATH, and user namespaces from 6.1 on)" :
		       "this kernel does not ask BPF programs (\"bpf\" is not in lsm=, or there is no BPF LSM; nor are there trampolines)";
}

/*
 * The classes of calls (bits) for which this kernel can do what the rule asks. A call that has returned
 * cannot be denied any more. A kill can still answer it, if the hook of its return can see what was done
 * (not NUNCHI_BLOCK_NAMES), and if that hook is there: it is not where calls are decided before they are done.
 */
static unsigned possible_here(const struct probe_block *b, const struct rule *rule)
{
	bool late = rule->action == ACTION_KILL && b->refusal < PROBE_REFUSES_BY_RETURN;

	return b->refused | (late ? ~NUNCHI_BLOCK_NAMES : 0);
}

static void say_rules(const struct probe_block *b, unsigned n, const char *one, const char *many, const char *what)
{
	if (n)
		log_warn("%u %s %s: %s", n, n == 1 ? one : many, what, why_not(b));
}

/* Says which rules this kernel cannot carry out in full. -ENOTSUP, with a sentence, if one says on_unsupported: refuse. */
static int check_rules(const struct ruleset *rs, const struct probe_block *b, struct strbuf *err)
{
	unsigned dropped = 0, names = 0, late = 0, addressed = 0, pathed = 0;
	bool some = b->refusal >= PROBE_REFUSES_BY_RETURN;	/* all but what this kernel is not made for */

	for (unsigned i = 0; b->refused != ~0U && i < ruleset_count(rs); i++) {
		const struct rule *rule = ruleset_rule(rs, i);
		unsigned classes, paths, here;

		if (!rule->enabled || !rule_blocks(rule))
			continue;
		classes = block_classes(ruleset_block(rs), i);
		paths = b->refusal == PROBE_REFUSES_ADDRESSES ? block_classes_without_address(ruleset_block(rs), i) : 0;
		here = b->refused & ~paths;
		if (rule->refuse) {
			if (some && !(classes & ~here))
				continue;
			strbuf_addf(err, "rule %s cannot %s before the call%s: %s"
					 "\nIt says on_unsupported: refuse. Add bpf to lsm= on the kernel's "
					 "command line, or let it alert",
				    rule->name, action_names[rule->action],
				    classes & ~here ? "" : ", but for TCP and UDP", why_not(b));
			return -ENOTSUP;
		}
		addressed += b->refusal == PROBE_REFUSES_ADDRESSES && classes & here;
		pathed += paths && rule->action != ACTION_KILL;
		dropped += classes & ~here & ~paths && rule->action != ACTION_KILL;
		names += classes & ~possible_here(b, rule) && rule->action == ACTION_KILL;
		late += classes & ~here & possible_here(b, rule) && rule->action == ACTION_KILL;
	}
	say_rules(b, addressed, "rule that blocks connect, bind or sendto does",
		  "rules that block connect, bind or sendto do", "so for TCP and UDP only, by cgroup programs");
	say_rules(b, pathed, "rule that denies unix sockets", "rules that deny unix sockets",
		  "can only alert, since cgroup programs refuse TCP and UDP alone");
	say_rules(b, dropped, "rule that denies", "rules that deny", "can only alert");
	say_rules(b, names, some ? "rule that kills" : "rule that kills who removes, renames, links or truncates",
		  some ? "rules that kill" : "rules that kill who removes, renames, links or truncates", "can only alert");
	say_rules(b, late, "rule that kills does", "rules that kill do",
		  "so when the call has been done (effect=after)");
	return 0;
}

const struct block_plan *block_plan_of(const struct engine *e, const struct ruleset *rs)
{
	return rs ? ruleset_block(rs) : e->config->watch;
}

/* The clauses that are in force here. False: there are none. */
static bool choose_clauses(const struct engine *e, const struct ruleset *rs, struct probe_block *b)
{
	const struct block_plan *plan = block_plan_of(e, rs);
	uint64_t any = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		struct nunchi_block_row *row = &b->rows[class];

		*row = plan->rows[class];
		if (!e->config->host)
			row->host = 0;
		for (unsigned i = 0; i < plan->n_clauses[class]; i++) {
			const struct block_clause *c = &plan->clauses[class][i];

			if (!c->watch && !(possible_here(b, ruleset_rule(rs, c->rule)) & 1U << class))
				row->active &= ~(1ULL << i);
		}
		any |= row->active;
	}
	return any;
}

/* Shows how --watch was understood, so that one that can never match is not mistaken for one that has not matched yet. */
static void say_watched(const struct block_plan *plan)
{
	_cleanup_strbuf_ struct strbuf what = STRBUF_INIT;

	block_describe(plan, UINT_MAX, &what);
	for (char *line = what.s, *end; line && *line; line = end + 1) {
		end = strchrnul(line, '\n');
		log_info("watched:%.*s", (int)(end - line - 1), line + 1);
		if (!*end)
			break;
	}
}

int block_prepare(const struct engine *e, const struct ruleset *rs, struct probe_block *ret,
		  struct strbuf *err)
{
	const struct block_plan *plan = block_plan_of(e, rs);
	int r;

	if (!plan)
		return 0;
	ret->refusal = e->refusal;
	ret->refused = e->refused;
	ret->dry = e->config->dry_run;
	ret->keep = e->config->keep_blocking;
	r = rs ? check_rules(rs, ret, err) : 0;
	if (r < 0)
		return r;
	if (!choose_clauses(e, rs, ret))
		return 0;
	ret->values = plan->values;
	ret->n_values = plan->n_values;
	ret->reads = plan->reads;
	ret->text = &plan->text;
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		if (syscall_by_nr(nr))
			ret->calls[nr] = block_bits_of(syscall_by_nr(nr));
	if (e->config->n_watches && e->config->ready_line && !e->ready)
		say_watched(plan);
	return 1;
}

/* Nothing is blocked in a container that the filter excludes. */
static void add_masks(struct engine *e, struct container *c, uint64_t masks[NUNCHI_BLOCK_MAX])
{
	const struct in_force *f = e->force;

	if (!c || !f->block || filter_match_container(e->config->filter, e->model, c) == TRI_FALSE)
		return;
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++)
		masks[class] |= block_container(f->block, (enum nunchi_block_class)class, e->model, c);
}

/*
 * A rule that applies to a container applies to those inside it as well. Otherwise a process could escape it: a
 * cgroup of its own is enough to be taken for a nested container, which has another name and no image.
 */
void block_slot(struct engine *e, const struct slot *slot)
{
	uint64_t masks[NUNCHI_BLOCK_MAX] = { 0 };
	const char *id = NULL;

	for (const struct slot *in = slot; in; in = claim_parent(e, in)) {
		if (in->phase == SLOT_CONTAINER && !(id && streq(in->id, id)))
			add_masks(e, model_container(e->model, in->id), masks);
		id = in->phase == SLOT_CONTAINER ? in->id : id;
	}
	probe_block_slot(e->probe, (uint32_t)(slot - e->slots), slot->generation, masks, e->force->generation);
}
