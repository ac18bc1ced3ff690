/* SPDX-License-Identifier: Apache-2.0 */
#include "doubt.h"

#include <ctype.h>

#include "ast.h"
#include "evaluation.h"

#define LINKS_LOOKED_AT 100	/* values of a test: one warning is enough */

/* Each is reported once for a rule. */
struct doubts {
	struct strbuf absent, words, never, unfit, links;
	bool beginnings;
	const struct type_bits *may;	/* what the rule is about */
	const struct node *blocks;	/* the condition of a rule that kills or denies, or NULL */
};

/*
 * Paths that are symbolic links in many images, with their targets. Rules that alert match both forms of a
 * path, those that block only the one behind the link.
 */
static const struct {
	const char *link, *behind;
} links[] = {
	{ "/var/run", "/run" },	       { "/var/lock", "/run/lock" },
	{ "/bin", "/usr/bin" },	       { "/sbin", "/usr/sbin" },
	{ "/lib", "/usr/lib" },	       { "/lib64", "/usr/lib64" },
	{ "/proc/self", "/proc/*" },   { "/proc/thread-self", "/proc/*/task/*" },
	{ "/proc/net", "/proc/*/net" }, { "/proc/mounts", "/proc/*/mounts" },
	{ "/dev/fd", "/proc/*/fd" },   { "/etc/mtab", "/proc/*/mounts" },
};

static bool asks_for_path(const struct node *n)
{
	static const char *const fields[] = { "fd.name", "fd.directory", "fs.path.name", "fs.path.source",
					      "fs.path.target", "proc.exepath" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (streq(n->left.field->name, fields[i]))
			return !n->right;
	return false;
}

/* What follows the link in a path that is the link or goes through it; NULL: it is neither. */
static const char *below_link(const struct value *v, const char *link)
{
	size_t len = strlen(link);

	if (v->type != VALUE_STRING || v->len < len || memcmp(v->s, link, len) || (v->len > len && v->s[len] != '/'))
		return NULL;
	return v->s + len;
}

/* Whether the condition also tests the field for this path. */
static bool names_path(const struct node *n, const char *field, const char *path)
{
	for (size_t i = 0; i < n->n_kids; i++)
		if (names_path(n->kids[i], field, path))
			return true;
	if (n->kind != NODE_TEST || !streq(n->left.field->name, field))
		return false;
	for (size_t i = 0; i < n->n_values; i++)
		if (n->values[i].type == VALUE_STRING && streq(n->values[i].s, path))
			return true;
	return false;
}

static void add_once(struct strbuf *out, const char *name, size_t len)
{
	for (const char *at = out->s; at && (at = memmem(at, strlen(at), name, len)); at++)
		if ((at == out->s || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return;
	strbuf_adds(out, out->len ? ", " : "");
	strbuf_add(out, name, len);
}

static void add_absent(const struct field *f, void *arg)
{
	struct doubts *doubts = arg;

	if (f->absent)
		add_once(&doubts->absent, f->name, strlen(f->name));
}

/* Named as lists usually are: trusted_images, shell_binaries. Programs, users and files hardly ever are. */
static bool looks_like_list(const struct value *v)
{
	static const char *const ends[] = {
		"_activities", "_addresses", "_binaries", "_commands", "_conditions", "_containers", "_directories", "_dirs",
		"_domains",    "_filenames", "_files",	  "_images",	"_ips",	       "_list",	      "_names",	      "_namespaces",
		"_networks",   "_paths",     "_ports",	  "_processes", "_procs",      "_programs",   "_tools",	      "_users",
	};

	if (v->type != VALUE_STRING || !v->len || !isalpha((unsigned char)v->s[0]))
		return false;
	for (size_t i = 0; i < v->len; i++)
		if (!isalnum((unsigned char)v->s[i]) && v->s[i] != '_')
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (v->len > strlen(ends[i]) && !memcmp(v->s + v->len - strlen(ends[i]), ends[i], strlen(ends[i])))
			return true;
	return false;
}

/* "evt.dir = >", which the parser has changed so that it also holds for exits. */
static bool asks_for_beginnings(const struct node *n)
{
	const struct value end = { .type = VALUE_STRING, .s = "<", .len = 1 };
	const struct value beginning = { .type = VALUE_STRING, .s = ">", .len = 1 };

	return streq(n->left.field->name, "evt.dir") && streq(n->op->name, "in") && n->n_values && node_test_value(n, &end) &&
	       node_test_value(n, &beginning);
}

/* Whether none of the calls has the argument. False for a rule that no call can match. */
static bool nothing_has(const struct operand *o, const struct type_bits *may)
{
	bool any = false;

	for (unsigned type = 0; type < TYPES_MAX; type++) {
		const struct syscall_info *call = type < NUNCHI_CALLS_MAX ? syscall_by_nr(type) : NULL;
		enum event_type kind = type < NUNCHI_CALLS_MAX ? EVENT_SYSCALL : (enum event_type)(type - NUNCHI_CALLS_MAX);

		if (!type_bit(may, type) || (kind == EVENT_SYSCALL && !call))
			continue;
		if (field_arg_fits(o->field, o->arg, kind, call))
			return false;
		any = true;
	}
	return any;
}

static void add_unfit(const struct operand *o, struct doubts *doubts)
{
	_cleanup_free_ char *name = o->arg && !o->call ? xasprintf("%s.%s", o->field->name, o->arg) : NULL;

	if (name && nothing_has(o, doubts->may))
		add_once(&doubts->unfit, name, strlen(name));
}

static void add_never(const struct node *n, struct strbuf *never)
{
	for (size_t i = 0; i < n->n_values; i++)
		if (vocabulary_never(n->left.field, n->values[i].s, n->values[i].len))
			add_once(never, n->values[i].s, n->values[i].len);
}

static void add_link(const struct node *n, const struct value *v, struct doubts *doubts)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		const char *rest = below_link(v, links[i].link);
		_cleanup_free_ char *behind = rest ? xasprintf("%s%s", links[i].behind, rest) : NULL;
		_cleanup_free_ char *said = rest ? xasprintf("%s (%s)", v->s, behind) : NULL;

		if (rest && !names_path(doubts->blocks, n->left.field->name, behind))
			add_once(&doubts->links, said, strlen(said));
	}
}

static void find_in_test(const struct node *n, struct doubts *doubts)
{
	for (size_t i = 0; doubts->blocks && asks_for_path(n) && i < MIN(n->n_values, (size_t)LINKS_LOOKED_AT); i++)
		add_link(n, &n->values[i], doubts);
	doubts->beginnings |= asks_for_beginnings(n);
	operand_each_field(&n->left, add_absent, doubts);
	add_unfit(&n->left, doubts);
	if (n->right) {
		operand_each_field(n->right, add_absent, doubts);
		add_unfit(n->right, doubts);
	}
	if (streq(n->left.field->name, "evt.type") && n->op->exact && !n->left.n_transforms)
		add_never(n, &doubts->never);
	for (size_t i = 0; n->op->right == RIGHT_LIST && i < n->n_values; i++)
		if (looks_like_list(&n->values[i]))
			add_once(&doubts->words, n->values[i].s, n->values[i].len);
}

static void find(const struct node *n, struct doubts *doubts)
{
	for (size_t i = 0; i < n->n_kids; i++)
		find(n->kids[i], doubts);
	if (n->kind == NODE_TEST)
		find_in_test(n, doubts);
}

static void doubts_free(struct doubts *doubts)
{
	strbuf_free(&doubts->absent);
	strbuf_free(&doubts->words);
	strbuf_free(&doubts->never);
	strbuf_free(&doubts->unfit);
	strbuf_free(&doubts->links);
}

void rule_tell_doubts(const struct definitions *d, struct rule *rule, const struct type_bits *may)
{
	bool blocks = rule->action == ACTION_KILL || rule->action == ACTION_DENY;
	struct doubts doubts = { .may = may, .blocks = blocks ? rule->root : NULL };

	/* Not for a condition so large that the walk could take long. */
	if (rule->root->weight <= FILTER_WALK_MAX)
		find(rule->root, &doubts);
	rule->partial = doubts.absent.len > 0;
	if (rule->partial)
		report_addf(d->report, REPORT_NOTE, rule->place,
			    "rule %s asks for what no event has yet: %s", rule->name, doubts.absent.s);
	if (doubts.never.len)
		report_addf(d->report, REPORT_NOTE, rule->place, "rule %s asks for events that never happen here: %s",
			    rule->name, doubts.never.s);
	if (doubts.beginnings)
		report_addf(d->report, REPORT_NOTE, rule->place,
			    "rule %s: 'evt.dir = >' holds of the one event that a call has here, its end", rule->name);
	if (doubts.words.len)
		report_addf(d->report, REPORT_WARNING, rule->place,
			    "rule %s compares with %s: there is no list of that name, so it is a word like any other",
			    rule->name, doubts.words.s);
	if (doubts.unfit.len)
		report_addf(d->report, REPORT_WARNING, rule->place, "rule %s asks for %s, which no event has that it is about",
			    rule->name, doubts.unfit.s);
	if (doubts.links.len)
		report_addf(d->report, REPORT_WARNING, rule->place,
			    "rule %s blocks by paths that begin with a link in many images; what blocks has the path behind "
			    "it, which should be named, too: %s",
			    rule->name, doubts.links.s);
	doubts_free(&doubts);
}
