/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many events a second rules can judge, on one core: `bench_rules [RULES.yaml]...`. Events of
 * usual calls that no rule matches go round; with decoding and the model, and the judging alone.
 * Then files of 100 and of 1,000 rules of its own, to see what ten times the rules cost. Takes the
 * best of five rounds, by CPU time: the machine may have other work.
 */
#include <time.h>

#include "rules/ruleset.h"

#include "../tests/unit/fields/world.h"

#define ROUND_NS 200000000ULL
#define ROUNDS	 5

static const enum world_event kinds[] = { W_OPEN,     W_CREATE, W_FAILED, W_CONNECT,
					  W_CONNECT6, W_RENAME, W_EXEC };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static size_t judge(struct ruleset *rs, struct world *w, struct field_context *fc,
		    enum world_event e, bool decode)
{
	struct rule *matched[4];
	struct event ev;

	if (decode)
		world_apply(w, &w->records[e], &ev);
	else
		ev = w->events[e];
	ev.num = 1;
	fields_begin(fc, &ev, w->model);
	return ruleset_match(rs, fc, matched, ARRAY_SIZE(matched));
}

/* ns per event, of the best round. */
static double measure(struct ruleset *rs, struct world *w, struct field_context *fc,
		      const enum world_event *events, size_t n, bool decode)
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t begin = now_ns(), end, count = 0;

		do {
			for (int i = 0; i < 64; i++)
				for (size_t k = 0; k < n; k++)
					judge(rs, w, fc, events[k], decode);
			count += 64 * n;
			end = now_ns();
		} while (end - begin < ROUND_NS);
		best = MIN(best, (double)(end - begin) / (double)count);
	}
	return best;
}

static void print_row(const char *what, double ns)
{
	printf("  %-28s %8.1f ns/event %8.2f M events/s\n", what, ns, 1e3 / ns);
}

static void bench_files(struct world *w, struct field_context *fc, char **paths, size_t n_paths)
{
	struct rules_input *inputs = xcalloc(n_paths, sizeof(*inputs));
	struct report report = { .least = REPORT_ERROR };
	enum world_event events[ARRAY_SIZE(kinds)];
	struct ruleset *rs = NULL;
	size_t n = 0;

	for (size_t i = 0; i < n_paths; i++)
		inputs[i].path = paths[i];
	if (ruleset_load(&rs, inputs, n_paths, NULL, &report) < 0) {
		fputs(report.text.s, stderr);
		exit(1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!judge(rs, w, fc, kinds[i], false))
			events[n++] = kinds[i];
	printf("%zu rules of files, nothing matches\n", ruleset_count(rs));
	for (size_t i = 0; i < n; i++)
		print_row(event_type_name(&w->events[events[i]]),
			  measure(rs, w, fc, &events[i], 1, false));
	print_row("all of these", measure(rs, w, fc, events, n, false));
	print_row("with decoding and the model", measure(rs, w, fc, events, n, true));
	ruleset_free(rs);
	free(inputs);
	report_free(&report);
}

/* Rules as people write them: a call, a place or a peer or a program, and exceptions. */
static struct ruleset *make_rules(unsigned n)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct report report = { .least = REPORT_ERROR };
	struct rules_input input = { .path = "made" };
	struct ruleset *rs = NULL;

	for (unsigned i = 0; i < n; i++) {
		strbuf_addf(
			&text,
			"- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n  condition: ", i);
		switch (i % 4) {
		case 0:
			strbuf_addf(&text,
				    "evt.type in (open, openat, openat2) and fd.name startswith "
				    "/srv/app%u/ and evt.is_open_write=true and not proc.name in "
				    "(dpkg%u, apt)\n",
				    i, i);
			break;
		case 1:
			strbuf_addf(&text,
				    "evt.type in (execve, execveat) and proc.name in (tool%u, "
				    "helper%u) and container.id != host\n",
				    i, i);
			break;
		case 2:
			strbuf_addf(&text,
				    "evt.type=connect and fd.sport=%u and not proc.name in "
				    "(client%u)\n",
				    1000 + i, i);
			break;
		default:
			strbuf_addf(&text,
				    "evt.type in (openat, rename, unlink) and (fd.name endswith "
				    "/key%u.pem or fd.name in (/etc/secret%u, /root/secret%u))\n",
				    i, i, i);
			break;
		}
	}
	input.text = text.s;
	if (ruleset_load(&rs, &input, 1, NULL, &report) < 0) {
		fputs(report.text.s, stderr);
		exit(1);
	}
	report_free(&report);
	return rs;
}

static double bench_made(struct world *w, struct field_context *fc, unsigned n)
{
	struct ruleset *rs = make_rules(n);
	double ns = measure(rs, w, fc, kinds, ARRAY_SIZE(kinds), false);
	char what[32];

	snprintf(what, sizeof(what), "%u rules of its own", n);
	print_row(what, ns);
	ruleset_free(rs);
	return ns;
}

int main(int argc, char **argv)
{
	struct field_context fc = { .ev = NULL };
	struct world *w = world_new();
	double few, many;

	if (argc > 1)
		bench_files(w, &fc, argv + 1, (size_t)argc - 1);
	few = bench_made(w, &fc, 100);
	many = bench_made(w, &fc, 1000);
	printf("  1,000 rules cost %.2f times what 100 cost\n", many / few);
	fields_end(&fc);
	world_free(w);
	return 0;
}
