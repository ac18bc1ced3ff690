/* SPDX-License-Identifier: Apache-2.0 */
/* Files become definitions, definitions become conditions, conditions an index, in which events are looked up. */
#include "ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "action.h"
#include "choice.h"
#include "compile.h"
#include "doubt.h"
#include "index.h"

struct ruleset {
	struct rule **rules;
	size_t n;
	struct rule_file **sources;
	size_t n_sources;
	struct interned interned;
	struct index *index;
	struct evaluation evaluation;
	struct block_plan *block;	/* NULL: no rule blocks */
	uint8_t generation;		/* what the plan's verdicts carry */
};

const char *const left_out_names[LEFT_OUT_MAX] = {
#define X(id, name) name,
	RULE_LEFT_OUT(X)
#undef X
};

struct rule *rule_copy(const struct rule *rule)
{
	struct rule *r = xcalloc(1, sizeof(*r));

	r->name = xstrdup(rule->name);
	r->priority = rule->priority;
	r->action = rule->action;
	r->tags = xcalloc(rule->n_tags + 1, sizeof(*r->tags));
	for (; r->n_tags < rule->n_tags; r->n_tags++)
		r->tags[r->n_tags] = xstrdup(rule->tags[r->n_tags]);
	return r;
}

void rule_free(struct rule *r)
{
	if (!r)
		return;
	free(r->name);
	free(r->desc);
	free(r->condition);
	free(r->output_text);
	for (size_t i = 0; i < r->n_tags; i++)
		free(r->tags[i]);
	free(r->tags);
	if (r->root)
		node_unref(r->root);
	if (r->output)
		template_free(r->output);
	free(r);
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	index_free(rs->index);
	block_plan_free(rs->block);
	evaluation_free(&rs->evaluation);
	for (size_t i = 0; i < rs->n; i++)
		rule_free(rs->rules[i]);
	free(rs->rules);
	intern_free(&rs->interned);
	for (size_t i = 0; i < rs->n_sources; i++)
		rule_file_free(rs->sources[i]);
	free(rs->sources);
	free(rs);
}

static void load_source(struct ruleset *rs, struct definitions *d, struct rule_file *source)
{
	rs->sources = xrealloc(rs->sources, (rs->n_sources + 1) * sizeof(struct rule_file *));
	rs->sources[rs->n_sources++] = source;
	define_file(d, source);
}

/* named: where somebody asked for the file, or for its directory. */
static void load_file(struct ruleset *rs, struct definitions *d, const char *path, struct place named)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct rule_file *source;

	if (rule_file_read(&source, path, &err) < 0)
		report_addf(d->report, REPORT_ERROR, named, "%s: %s", path, err.s);
	else
		load_source(rs, d, source);
}

static int is_rule_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && (streq(dot, ".yaml") || streq(dot, ".yml"));
}

static void load_directory(struct ruleset *rs, struct definitions *d, const char *path, struct place named)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_rule_file, alphasort);

	if (n < 0) {
		report_addf(d->report, REPORT_ERROR, named, "%s: %s", path, strerror(errno));
		return;
	}
	if (!n)
		report_addf(d->report, REPORT_WARNING, named, "%s: there is no .yaml file", path);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		load_file(rs, d, file, named);
		free(entries[i]);
	}
	free(entries);
}

static bool every_type(const struct type_bits *b)
{
	for (unsigned type = 0; type < NUNCHI_CALLS_MAX; type++)
		if (syscall_by_nr(type) && !type_bit(b, type))
			return false;
	return true;
}

static void add_rule(struct ruleset *rs, struct definitions *d, struct definition *def,
		     struct node *root, struct template *output)
{
	struct rule *rule = xcalloc(1, sizeof(*rule));

	rule->name = xstrdup(def->name);
	rule->desc = xstrdup(def->desc.s ? def->desc.s : "");
	rule->condition = xstrdup(def->condition.b.s);
	rule->output_text = xstrdup(def->output.b.s);
	rule->priority = def->priority;
	rule->enabled = def->enabled;
	rule->left_out = def->left_out;
	rule->action = def->action;
	rule->refuse = def->refuse;
	rule->place = def->place;
	rule->tags = TAKE_PTR(def->tags);
	rule->n_tags = def->n_tags;
	def->n_tags = 0;
	rule->root = intern_node(&rs->interned, root);
	rule->root->parents++;
	rule->output = output;
	intern_count_rule(&rs->interned, rule->root, (unsigned)rs->n);
	if (!(rs->n & (rs->n - 1)))
		rs->rules = xrealloc(rs->rules, MAX(rs->n * 2, (size_t)1) * sizeof(struct rule *));
	rs->rules[rs->n++] = rule;
	rule_tell_doubts(d, rule, &rs->interned.facts[rule->root->id].may);
	if (every_type(&rs->interned.facts[rule->root->id].may))
		report_addf(d->report, REPORT_WARNING, rule->place,
			    "rule %s is about every kind of event: evt.type would say which",
			    rule->name);
}

/* The same, if its action can be done. */
static void add_action(struct ruleset *rs, struct definitions *d, struct definition *def,
		       struct node *root, struct template *output)
{
	bool blocks = def->action == ACTION_KILL || def->action == ACTION_DENY;

	if (!blocks || compile_action(d, def, root, (unsigned)rs->n, rs->block)) {
		add_rule(rs, d, def, root, output);
		return;
	}
	node_unref(root);
	template_free(output);
}

static void finish_block(struct ruleset *rs, struct definitions *d)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	unsigned n = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++)
		n += rs->block->n_clauses[class];
	if (n) {
		if (block_finish(rs->block, &err) < 0)
			report_add(d->report, REPORT_ERROR, (struct place){ NULL, -1, 0 }, err.s);
		return;
	}
	block_plan_free(rs->block);
	rs->block = NULL;
}

/* The source is another one, or misspelt. */
static void tell_foreign(const struct definitions *d, const struct definition *rule)
{
	static const char *const own[] = { "syscall" };
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;

	nearest_names(&near, rule->source_name.s, rule->source_name.len, own, 1);
	report_addf(d->report, near.len ? REPORT_WARNING : REPORT_NOTE, rule->place,
		    "rule %s is skipped: its source is %s, and this one is syscall", rule->name, rule->source_name.s);
}

/* A rule that is left out is checked like one that its file disables, and blocks nothing. */
static void choose(struct definitions *d, const struct rules_choice *choice)
{
	for (size_t i = 0; i < d->n; i++) {
		struct definition *def = d->all[i];

		if (def->kind != DEFINES_RULE || !def->enabled)
			continue;
		def->left_out = choice_leaves_out(choice, d, def);
		def->enabled = def->left_out == LEFT_OUT_NOT;
	}
}

static void compile(struct ruleset *rs, struct definitions *d)
{
	compile_names(d);
	rs->block = block_plan_new();
	for (size_t i = 0; i < d->n; i++) {
		struct definition *def = d->all[i];
		struct template *output = NULL;
		struct node *root = NULL;

		if (def->kind != DEFINES_RULE)
			continue;
		if (def->source_name.len && !streq(def->source_name.s, "syscall"))
			tell_foreign(d, def);
		else if (compile_rule(d, def, &root, &output))
			add_action(rs, d, def, root, output);
	}
	compile_rest(d);
	finish_block(rs, d);
}

static void make_index(struct ruleset *rs)
{
	struct node **roots = xcalloc(rs->n + 1, sizeof(*roots));

	for (size_t i = 0; i < rs->n; i++)
		roots[i] = rs->rules[i]->enabled ? rs->rules[i]->root : NULL;
	rs->index = index_new(&rs->interned, roots, rs->n);
	evaluation_init(&rs->evaluation, rs->interned.n_nodes + 1,
			interned_operands(&rs->interned));
	free(roots);
}

int ruleset_load(struct ruleset **ret, const struct rules_input *inputs, size_t n_inputs,
		 const struct rules_choice *choice, struct report *report)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct definitions d = { .report = report, .append_output = choice ? choice->append_output : NULL };
	struct stat st;
	unsigned n_errors;
	int r = 0;

	for (size_t i = 0; i < n_inputs; i++)
		if (inputs[i].offered)
			d.offered = inputs[i].text;
	for (size_t i = 0; i < n_inputs; i++) {
		const char *path = inputs[i].path;

		if (inputs[i].offered)
			continue;
		d.common = inputs[i].common;
		if (inputs[i].text)
			load_source(rs, &d, rule_file_new(path, inputs[i].text));
		else if (!stat(path, &st) && S_ISDIR(st.st_mode))
			load_directory(rs, &d, path, inputs[i].named);
		else
			load_file(rs, &d, path, inputs[i].named);
	}
	/* The rules of files that could not be read are not known. */
	if (choice && !report->counts[REPORT_ERROR] && !choice_check(choice, &d, report))
		r = -ENOENT;
	n_errors = report->counts[REPORT_ERROR];
	if (choice)
		choose(&d, choice);
	compile(rs, &d);
	if (r == 0 ? report->counts[REPORT_ERROR] : report->counts[REPORT_ERROR] > n_errors)
		r = -EINVAL;
	define_free(&d);
	if (r < 0) {
		ruleset_free(rs);
		return r;
	}
	make_index(rs);
	*ret = rs;
	return 0;
}

void ruleset_describe_choice(const struct ruleset *rs, struct strbuf *out)
{
	unsigned left_out[LEFT_OUT_MAX] = { 0 }, enabled = 0, acting = 0;
	const char *comma = "";
	size_t n_left_out;

	for (size_t i = 0; i < rs->n; i++) {
		const struct rule *rule = rs->rules[i];

		enabled += rule->enabled;
		left_out[rule->left_out]++;
		acting += rule->left_out && rule->action != ACTION_ALERT;
	}
	n_left_out = rs->n - left_out[LEFT_OUT_NOT];
	if (!n_left_out)
		return;
	strbuf_addf(out, "of %zu rule%s %u %s in force; left out", rs->n, rs->n == 1 ? "" : "s", enabled,
		    enabled == 1 ? "is" : "are");
	for (unsigned i = LEFT_OUT_NOT + 1; i < LEFT_OUT_MAX; i++) {
		if (!left_out[i])
			continue;
		strbuf_addf(out, "%s by --%s %u", comma, left_out_names[i], left_out[i]);
		comma = ",";
	}
	if (acting)
		strbuf_addf(out, " (of these %u would do more than alert)", acting);
	if (rs->n > enabled + n_left_out)
		strbuf_addf(out, "; disabled in their files %zu", rs->n - enabled - n_left_out);
}

size_t ruleset_count(const struct ruleset *rs)
{
	return rs->n;
}

struct rule *ruleset_rule(const struct ruleset *rs, size_t i)
{
	return rs->rules[i];
}

struct rule *ruleset_find(const struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->n; i++)
		if (streq(rs->rules[i]->name, name))
			return rs->rules[i];
	return NULL;
}

bool ruleset_takes(const struct ruleset *rs, const struct rule *rule, enum event_type type)
{
	return type_bit(&rs->interned.facts[rule->root->id].may, NUNCHI_CALLS_MAX + (unsigned)type);
}

/*
 * One hook of the kernel serves several calls (who may not open may not truncate): a refusal is
 * reported whichever call it was.
 */
static void add_blocked_calls(const struct type_bits *may, struct syscall_set *set)
{
	unsigned classes = 0;
	int class;

	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		class = syscall_by_nr(nr) ? block_class_of(syscall_by_nr(nr)) : -1;
		if (class >= 0 && type_bit(may, nr))
			classes |= 1U << class;
	}
	if (classes & 1U << NUNCHI_BLOCK_OPEN)
		classes |= 1U << NUNCHI_BLOCK_TRUNCATE;
	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		for (unsigned of = 0; syscall_by_nr(nr) && of < NUNCHI_BLOCK_MAX; of++)
			if (classes >> of & 1 && block_may_be(syscall_by_nr(nr), of))
				set->bits[nr] = 1;
}

void ruleset_rule_calls(const struct ruleset *rs, const struct rule *rule, struct syscall_set *set)
{
	const struct type_bits *may = &rs->interned.facts[rule->root->id].may;

	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		if (syscall_by_nr(nr) && type_bit(may, nr))
			set->bits[nr] = 1;
	set->procexit |= ruleset_takes(rs, rule, EVENT_PROCEXIT);
	if (rule_blocks(rule))
		add_blocked_calls(may, set);
}

void ruleset_calls(const struct ruleset *rs, struct syscall_set *set)
{
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i]->enabled)
			ruleset_rule_calls(rs, rs->rules[i], set);
}

int ruleset_watch(struct ruleset *rs, const struct filter *f, struct strbuf *err)
{
	int r;

	if (!rs->block)
		rs->block = block_plan_new();
	r = block_watch(rs->block, f, err);
	return r < 0 ? r : block_finish(rs->block, err);
}

const struct block_plan *ruleset_block(const struct ruleset *rs)
{
	return rs->block;
}

void ruleset_set_generation(struct ruleset *rs, unsigned generation)
{
	rs->generation = (uint8_t)generation;
}

unsigned ruleset_effect(const struct event *ev)
{
	uint32_t verdict = ev->head ? ev->head->verdict : 0;

	/* A capture can have any verdict. */
	if (!verdict || ev->type != EVENT_SYSCALL || !block_may_be(ev->call, NUNCHI_VERDICT_CLASS(verdict)) ||
	    NUNCHI_VERDICT_EFFECT(verdict) > NUNCHI_EFFECT_DRY)
		return NUNCHI_EFFECT_NONE;
	/* The refused call may be one that is not recorded, and this event the next call. */
	if (NUNCHI_VERDICT_EFFECT(verdict) == NUNCHI_EFFECT_BEFORE && ev->ret != -EPERM)
		return NUNCHI_EFFECT_NONE;
	return NUNCHI_VERDICT_EFFECT(verdict);
}

/* The rule by which the kernel has blocked the call; NULL: none of these. */
static struct rule *blocking_rule(const struct ruleset *rs, const struct event *ev)
{
	const struct block_clause *c;
	uint32_t verdict;
	unsigned class, clause;

	if (likely(!rs->block) || ruleset_effect(ev) == NUNCHI_EFFECT_NONE)
		return NULL;
	verdict = ev->head->verdict;
	if (NUNCHI_VERDICT_GENERATION(verdict) != rs->generation)
		return NULL;
	class = NUNCHI_VERDICT_CLASS(verdict);
	clause = NUNCHI_VERDICT_CLAUSE(verdict);
	if (clause >= rs->block->n_clauses[class])
		return NULL;
	c = &rs->block->clauses[class][clause];
	return c->watch ? NULL : rs->rules[c->rule];
}

/*
 * A refused call does not have the result that the condition may ask for: it matches all the same. Of several
 * messages sent by one call each carries the verdict that any of them got: it belongs to those that match.
 */
static size_t add_blocking(struct ruleset *rs, const struct event *ev, struct rule **ret, size_t n,
			   size_t max)
{
	struct rule *rule = blocking_rule(rs, ev);

	for (size_t i = 0; rule && i < MIN(n, max); i++)
		if (ret[i] == rule)
			return n;
	if (!rule || (ev->ret >= 0 && streq(ev->call->name, "sendmmsg")))
		return n;
	rule->fired++;
	if (n < max)
		ret[n] = rule;
	return n + 1;
}

size_t ruleset_match(struct ruleset *rs, struct field_context *fc, struct rule **ret, size_t max)
{
	const uint64_t *candidates;
	const unsigned *rules;
	size_t words, n = 0;

	evaluation_next(&rs->evaluation);
	candidates = index_candidates(rs->index, &rs->evaluation, fc, &words, &rules);
	for (size_t w = 0; candidates && w < words; w++) {
		for (uint64_t left = candidates[w]; left; left &= left - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(left);
			struct rule *rule = rs->rules[rules[i]];

			if (!node_match(rule->root, fc, &rs->evaluation))
				continue;
			rule->fired++;
			if (n < max)
				ret[n] = rule;
			n++;
		}
	}
	return add_blocking(rs, fc->ev, ret, n, max);
}

bool ruleset_asks(const struct ruleset *rs, const char *field)
{
	for (size_t i = 0; i < rs->n; i++) {
		const struct rule *rule = rs->rules[i];

		/* A condition that is too large is not walked, which could take long: it may use the field. */
		if (rule->enabled && (rule->root->weight > FILTER_WALK_MAX || node_asks(rule->root, field) ||
				      template_asks(rule->output, field)))
			return true;
	}
	return false;
}
