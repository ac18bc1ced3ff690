/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules, from files as Falco has them: lists, macros, rules, each of which later files may replace
 * or append to. Loaded they are immutable but for their counts; an event is judged by those only
 * that can be about it.
 */
#pragma once

#include "report.h"
#include "template.h"

/* As Falco's, from the most urgent. X(enum, as alerts show it) */
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

/* As rules write it: in any case, INFO too. False: there is none of that name. */
bool priority_parse(const char *s, enum rule_priority *ret);

/* What a rule does besides the alert. X(enum, as the key "action" and alerts have it) */
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

/* Why a rule is left out, by the options that say so. X(enum, option) */
#define RULE_LEFT_OUT(X)                                                               \
	X(NOT, "") X(TAG, "tag") X(DISABLE_TAG, "disable-tag") X(DISABLE, "disable") X(PRIORITY, "priority")

enum rule_left_out {
#define X(id, name) LEFT_OUT_##id,
	RULE_LEFT_OUT(X)
#undef X
	LEFT_OUT_MAX
};

extern const char *const left_out_names[LEFT_OUT_MAX];

/* The engine whose language this is: what required_engine_version is held against. */
#define RULES_ENGINE_MAJOR 0
#define RULES_ENGINE_MINOR 57

struct node;

struct rule {
	char *name;
	char *desc;
	char *condition;	/* as it is written, appended parts included */
	char *output_text;
	enum rule_priority priority;
	char **tags;
	size_t n_tags;
	enum rule_action action;
	bool refuse;		/* on_unsupported: rather no start than no action */
	bool enabled;
	enum rule_left_out left_out;	/* it would be enabled, but for the choice */
	bool partial;		/* asks for fields that no event has yet */
	struct place place;
	struct node *root;	/* exceptions included */
	struct template *output;
	uint64_t fired;		/* events that it has matched */
	const struct rule *earlier;	/* of that name, in force before, which events of that time meet yet; NULL: none was */
};

/* Whether the kernel side does what it says, to the call or its process. */
static inline bool rule_blocks(const struct rule *rule)
{
	return rule->action == ACTION_KILL || rule->action == ACTION_DENY;
}

/* Whether something is done to the container. */
static inline bool rule_is_about_container(const struct rule *rule)
{
	return rule->action == ACTION_KILL_CONTAINER || rule->action == ACTION_PAUSE_CONTAINER;
}

/* What alerts show of it besides its output: name, priority, tags, action. */
struct rule *rule_copy(const struct rule *rule) _must_check_;
void rule_free(struct rule *rule);	/* NULL is fine */

struct ruleset;

/* A file or a directory; or, if there is a text, that, under this name. */
struct rules_input {
	const char *path;
	const char *text;
	bool common;		/* macros and lists for what the inputs after it name and do not define */
	bool offered;		/* a text that is not read: who changes what only it defines is told so */
};

struct choice_names {
	const char **names;
	size_t n;
};

/* Which rules are to be in force, of those that the files enable. */
struct rules_choice {
	struct choice_names tags;	/* with one of these; none: all */
	struct choice_names not_tags;	/* with none of these */
	struct choice_names not_names;	/* not called so: a name, a part of it, or a glob */
	enum rule_priority least;	/* none that is less urgent */
	const char *append_output;	/* stands behind each one's output, fields in it; NULL: nothing */
};

/*
 * Reads the inputs in this order; of a directory its *.yaml and *.yml, by name. Everything that is
 * wrong with any of them is in the report. choice: NULL for all that are enabled. -EINVAL if something was an
 * error, -ENOENT if nothing was but that the choice names what no rule has; *ret is untouched then.
 */
int ruleset_load(struct ruleset **ret, const struct rules_input *inputs, size_t n_inputs,
		 const struct rules_choice *choice, struct report *report) _must_check_;
void ruleset_free(struct ruleset *rs);	/* NULL is fine */

/* "of 9 rules 3 are in force; left out by --tag 5; disabled in their files 1"; nothing if none was left out. */
void ruleset_describe_choice(const struct ruleset *rs, struct strbuf *out);

/* All, disabled ones too, in the order of the files. */
size_t ruleset_count(const struct ruleset *rs);
struct rule *ruleset_rule(const struct ruleset *rs, size_t i);
/* NULL: there is none of that name. */
struct rule *ruleset_find(const struct ruleset *rs, const char *name);

/* Adds the calls that enabled rules can be about. */
void ruleset_calls(const struct ruleset *rs, struct syscall_set *set);
/* Those of one rule. */
void ruleset_rule_calls(const struct ruleset *rs, const struct rule *rule, struct syscall_set *set);
/* Whether it can be about events of this type, which is no system call. */
bool ruleset_takes(const struct ruleset *rs, const struct rule *rule, enum event_type type);
/* Whether a rule in force asks for the field, or its output shows it. */
bool ruleset_asks(const struct ruleset *rs, const char *field);
/* The condition with all macros unfolded and lists written out, indented by levels. */
void rule_unfold(const struct rule *rule, struct strbuf *out);
/* Of a rule that has matched: what it was about, as far as that made the condition true. At most max. */
size_t rule_matched(const struct rule *rule, struct field_context *fc, const struct operand **ret,
		    size_t max);

struct block_plan;
struct filter;

/* What the filter matches is watched (see block_watch), beside what rules block. */
int ruleset_watch(struct ruleset *rs, const struct filter *f, struct strbuf *err) _must_check_;
/* What the kernel side is to block or to watch; NULL: nothing. */
const struct block_plan *ruleset_block(const struct ruleset *rs);
/* Of which generation verdicts by that are; 0 before. */
void ruleset_set_generation(struct ruleset *rs, unsigned generation);
/* What became of the event's call by rules that do more than alert: enum nunchi_effect. */
unsigned ruleset_effect(const struct event *ev);

/*
 * The enabled rules that match the event for which fc was begun, in the order of the files; counts
 * them. A rule by which the kernel has blocked the call is among them. At most max go into ret; returns how many match. Allocates nothing.
 */
size_t ruleset_match(struct ruleset *rs, struct field_context *fc, struct rule **ret, size_t max);
