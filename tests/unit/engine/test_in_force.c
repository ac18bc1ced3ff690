/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that take the place of others: which an event meets, and how often each has matched. */
#include "engine/internal.h"
#include "nunchi/block.h"

#include "../event/record.h"

uint32_t probe_push_missing(const struct probe *p, uint32_t *ret_room)
{
	(void)p;
	*ret_room = 0;
	return 0;
}

void probe_push_slot(struct probe *p, uint32_t slot, uint32_t generation, const uint64_t clauses[NUNCHI_PUSH_CLASSES])
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)clauses;
}

#define RULE(name) "- rule: " name "\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n"

/* Of a reload, so that they are freed with what they are in. */
static struct in_force *load(const char *text, unsigned generation)
{
	const struct rules_input input = { .path = "test", .text = text };
	struct in_force *f = xcalloc(1, sizeof(*f));
	struct report report = { .least = REPORT_LEVELS };

	assert_int_equal(ruleset_load(&f->rules, &input, 1, NULL, &report), 0);
	f->generation = generation;
	report_free(&report);
	return f;
}

static struct rule *rule_of(const struct in_force *f, const char *name)
{
	struct rule *rule = ruleset_find(f->rules, name);

	assert_non_null(rule);
	return rule;
}

/* It goes on through each reload, with what came late for the rules before; and is nobody else's. */
static void test_fired(void **state)
{
	struct engine e = { .force = load(RULE("A") RULE("B"), 1) };

	rule_of(e.force, "A")->fired = 3;
	rule_of(e.force, "B")->fired = 100;
	assert_int_equal(in_force_fired(rule_of(e.force, "A")), 3);
	in_force_change(&e, load(RULE("C") RULE("A"), 2));
	assert_int_equal(in_force_fired(rule_of(e.force, "A")), 3);
	assert_int_equal(in_force_fired(rule_of(e.force, "C")), 0);
	rule_of(e.before, "A")->fired++;
	rule_of(e.force, "A")->fired += 2;
	assert_int_equal(in_force_fired(rule_of(e.force, "A")), 6);
	in_force_change(&e, load(RULE("A"), 3));
	assert_int_equal(in_force_fired(rule_of(e.force, "A")), 6);
	in_force_free(e.before);
	in_force_free(e.force);
}

/* Those of its time, but of what was blocked those by which it was. */
static void test_at(void **state)
{
	struct engine e = { .force = load(RULE("A"), 1) };
	struct nunchi_head record = head_of(NUNCHI_REC_EXEC, 7);

	assert_ptr_equal(in_force_at(&e, &record), e.force);
	in_force_change(&e, load(RULE("A"), 2));
	e.changed_at = record.time + 1;
	assert_ptr_equal(in_force_at(&e, &record), e.before);
	record.time = e.changed_at;
	assert_ptr_equal(in_force_at(&e, &record), e.force);
	record.verdict = NUNCHI_VERDICT(0, 0, NUNCHI_EFFECT_BEFORE, 1);
	assert_ptr_equal(in_force_at(&e, &record), e.before);
	record.time = e.changed_at - 1;
	record.verdict = NUNCHI_VERDICT(0, 0, NUNCHI_EFFECT_BEFORE, 2);
	assert_ptr_equal(in_force_at(&e, &record), e.force);
	in_force_free(e.before);
	in_force_free(e.force);
}

/* Rules are read anew by another thread, beside which the filter is evaluated: it is asked at the start only. */
static void test_filter_is_asked_once(void **state)
{
	struct engine_config config = { .hold_ms = 0 };
	struct engine e = { .config = &config };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct in_force *first = load(RULE("A"), 1), *second = load(RULE("A"), 2);
	uint32_t execve = (uint32_t)syscall_nr(call_named("execve"));

	assert_int_equal(filter_parse(&config.filter, "evt.type regex 'open.*'", &err), 0);
	e.force = in_force_new(&e, TAKE_PTR(first->rules), 1);
	assert_false(e.force->show.bits[execve]);
	filter_free(config.filter);
	config.filter = NULL;
	in_force_change(&e, in_force_new(&e, TAKE_PTR(second->rules), 2));
	assert_false(e.force->show.bits[execve]);
	free(first);
	free(second);
	in_force_free(e.before);
	in_force_free(e.force);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fired),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_filter_is_asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
