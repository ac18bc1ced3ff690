/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules, from files in Falco's format: lists, macros and rules, each of which later files may replace
 * or append to. Once loaded, rules do not change except for their counters; an event is checked only
 * against the rules that it can match.
 */
#pragma once

#include "report.h"
#include "template.h"

/* Falco's priorities, the most urgent first. X(enum, name in alerts) */
#define RULE_PRIORITIES(X)                                                              \
	X(EMERGENCY, "Emergency") X(ALERT, "Alert") X(CRITICAL, "Critical")             \
	X(ERROR, "Error") X(WARNING, "Warning") X(NOTICE, "Notice")                     \
	X(INFORMATIONAL, "Informational") X(DEBUG, "Debug")

enum rule_priority {
#define X(id, name) PRIORITY_##id,
	RULE_PRIORITIES(X)
#undef X
	PRIORITY_MAX
};

extern const char *const priority_names[PRIORITY_MAX];

/* As rules write it: upper or lower case, INFO too. False: no such priority. */
bool priority_parse(const char *s, enum rule_priority *ret);
/* For a message about a word that is none: ". Did you mean ...?", or which there are. */
void priority_meant(const char *s, struct strbuf *out);

/* What a rule does besides the alert. X(enum, value of the key "action", also in alerts) */
#define RULE_ACTIONS(X)                                                                \
	X(ALERT, "alert") X(KILL, "kill") X(DENY, "deny")                               \
	X(KILL_CONTAINER, "kill-container") X(PAUSE_CONTAINER, "pause-container")

enum rule_action {
#define X(id, name) ACTION_##id,
	RULE_ACTIONS(X)
#undef X
	ACTION_MAX
};

extern const char *const action_names[ACTION_MAX];

/* The option that leaves a rule out. X(enum, option) */
#define RULE_LEFT_OUT(X)                                                               \
	X(NOT, "") X(TAG, "tag") X(DISABLE_TAG, "disable-tag") X(DISABLE, "disable") X(PRIORITY, "priority")

enum rule_left_out {
#define X(id, name) LEFT_OUT_##id,
	RULE_LEFT_OUT(X)
#undef X
	LEFT_OUT_MAX
};

extern const char *const left_out_names[LEFT_OUT_MAX];

/* The version of Falco's engine whose language this is; required_engine_version is compared with it. */
#define RULES_ENGINE_MAJOR 0
#define RULES_ENGINE_MINOR 57

struct node;

struct rule {
	char *name;
	char *desc;
	char *condition;	/* as written, with appended parts */
	char *output_text;
	enum rule_priority priority;
	char **tags;
	size_t n_tags;
	enum rule_action action;
	bool refuse;		/* on_unsupported: do not start if the action is not possible */
	bool enabled;
	enum rule_left_out left_out;	/* enabled in its file, but left out by an option */
	bool partial;		/* uses fields that no event has yet */
	struct place place;
	struct node *root;	/* the condition with its exceptions */
	struct template *output;
	uint64_t fired;		/* how many events it has matched */
	const struct rule *earlier;	/* the rule of that name before a reload, for events of that time; NULL: none */
};

/* Whether the kernel side carries out its action, on the call or its process. */
static inline bool rule_blocks(const struct rule *rule)
{
	return rule->action == ACTION_KILL || rule->action == ACTION_DENY;
}

/* Whether its action is on the container. */
static inline bool rule_is_about_container(const struct rule *rule)
{
	return rule->action == ACTION_KILL_CONTAINER || rule->action == ACTION_PAUSE_CONTAINER;
}

/* A copy of what alerts show besides the output: name, priority, tags, action. */
struct rule *rule_copy(const struct rule *rule) _must_check_;
void rule_free(struct rule *rule);	/* NULL is fine */

struct ruleset;

/* A file or a directory; or, if text is set, that text, with path as its name. */
struct rules_input {
	const char *path;
	const char *text;
	bool common;		/* its macros and lists are for the inputs after it that use but do not define them */
	bool offered;		/* a text that is not loaded: a file that changes what only this defines gets a message */
	struct place named;	/* where the configuration file names path; source NULL: it does not */
};

struct choice_names {
	const char **names;
	size_t n;
	struct place *places;	/* of each, where the configuration file has it; source NULL: it does not. NULL: of none */
};

/* Which of the rules that the files enable are to be in force. */
struct rules_choice {
	struct choice_names tags;	/* only rules with one of these; none given: all rules */
	struct choice_names not_tags;	/* no rules with one of these */
	struct choice_names not_names;	/* no rules of these names: a name, a part of one, or a glob */
	enum rule_priority least;	/* no rules that are less urgent */
	const char *append_output;	/* added to each rule's output, may have fields; NULL: nothing */
};

/*
 * Reads the inputs in this order; of a directory the *.yaml and *.yml files, sorted by name. The report
 * gets everything that is wrong with any of them. choice NULL: all rules that are enabled. Returns
 * -EINVAL if there was an error, -ENOENT if the only error is that choice has a name or tag that no
 * rule has; *ret is then unchanged.
 */
int ruleset_load(struct ruleset **ret, const struct rules_input *inputs, size_t n_inputs,
		 const struct rules_choice *choice, struct report *report) _must_check_;
void ruleset_free(struct ruleset *rs);	/* NULL is fine */

/*
 * "of 9 rules 3 are in force; left out by --tag 5; disabled in their files 1". Writes nothing if none
 * was left out.
 */
void ruleset_describe_choice(const struct ruleset *rs, struct strbuf *out);

/* All rules, also disabled ones, in the order of the files. */
size_t ruleset_count(const struct ruleset *rs);
struct rule *ruleset_rule(const struct ruleset *rs, size_t i);
/* NULL: no rule has that name. */
struct rule *ruleset_find(const struct ruleset *rs, const char *name);

/* Adds the calls for which an enabled rule can match. */
void ruleset_calls(const struct ruleset *rs, struct syscall_set *set);
/* The same for one rule. */
void ruleset_rule_calls(const struct ruleset *rs, const struct rule *rule, struct syscall_set *set);
/* Whether the rule can match events of this type, which must not be a system call. */
bool ruleset_takes(const struct ruleset *rs, const struct rule *rule, enum event_type type);
/* Whether a rule in force uses the field, in its condition or its output. */
bool ruleset_asks(const struct ruleset *rs, const char *field);
/* Writes the condition with macros expanded and lists written out, indented by level. */
void rule_unfold(const struct rule *rule, struct strbuf *out);
/* Of a rule that has matched: the operands that made the condition true, at most max. Returns how many. */
size_t rule_matched(const struct rule *rule, struct field_context *fc, const struct operand **ret,
		    size_t max);

struct block_plan;
struct filter;

/* Watches what the filter matches (see block_watch), in addition to what rules block. */
int ruleset_watch(struct ruleset *rs, const struct filter *f, struct strbuf *err) _must_check_;
/* What the kernel side is to block or watch; NULL: nothing. */
const struct block_plan *ruleset_block(const struct ruleset *rs);
/* The generation of that plan, which its verdicts carry. It is 0 until it is set. */
void ruleset_set_generation(struct ruleset *rs, unsigned generation);
/* What rules that do more than alert did to the event's call: enum nunchi_effect. */
unsigned ruleset_effect(const struct event *ev);

/*
 * The enabled rules that match the event for which fc was begun, in the order of the files, and counts
 * the matches. A rule by which the kernel has blocked the call is among them. Writes at most max rules to
 * ret, and returns how many match. Allocates nothing.
 */
size_t ruleset_match(struct ruleset *rs, struct field_context *fc, struct rule **ret, size_t max);
