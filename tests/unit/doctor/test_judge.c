/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <errno.h>

#define CAP_PERFMON 38
#define CAP_BPF 39
#define CAP_SYS_ADMIN 21

/* One thing that is not well, and what becomes of the verdict. */
static void spoil_nothing(struct doctor_facts *f)
{
}

static void spoil_btf(struct doctor_facts *f)
{
	f->host.btf = false;
}

static void spoil_capability(struct doctor_facts *f)
{
	f->host.capabilities = ~(1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN);
}

static void spoil_nothing_that_admin_does_not_mend(struct doctor_facts *f)
{
	f->host.capabilities = ~(1ULL << CAP_BPF | 1ULL << CAP_PERFMON);
}

static void spoil_userns(struct doctor_facts *f)
{
	f->host.own_userns = true;
}

static void spoil_lockdown(struct doctor_facts *f)
{
	f->host.lockdown = LOCKDOWN_CONFIDENTIALITY;
}

static void spoil_lockdown_a_little(struct doctor_facts *f)
{
	f->host.lockdown = LOCKDOWN_INTEGRITY;
}

static void spoil_cgroups(struct doctor_facts *f)
{
	f->host.cgroups = CGROUPS_NONE;
}

static void spoil_needed_feature(struct doctor_facts *f)
{
	f->features[DOCTOR_FEATURE_STORAGE] = (struct doctor_try){ DOCTOR_NO_LOAD, -EINVAL };
}

static void spoil_other_feature(struct doctor_facts *f)
{
	f->features[DOCTOR_FEATURE_LSM].state = DOCTOR_SILENT;
	f->features[DOCTOR_FEATURE_FENTRY] = (struct doctor_try){ DOCTOR_NO_LOAD, -EPERM };
}

static void spoil_hook(struct doctor_facts *f)
{
	f->hooks[1].try = (struct doctor_try){ DOCTOR_NO_ATTACH, -ENOENT };
}

static void spoil_hook_that_never_runs(struct doctor_facts *f)
{
	f->hooks[0].try.state = DOCTOR_SILENT;
}

static void spoil_proof(struct doctor_facts *f)
{
	f->hooks[0].try.state = DOCTOR_ATTACHED;
}

static void spoil_load(struct doctor_facts *f)
{
	f->load_error = xstrdup("loading the BPF programs failed");
}

static void spoil_canary(struct doctor_facts *f)
{
	f->canaries[DOCTOR_CANARY_NETWORK].state = DOCTOR_SILENT;
}

static void spoil_kretprobe(struct doctor_facts *f)
{
	f->features[DOCTOR_FEATURE_KRETPROBE].state = DOCTOR_NO_ATTACH;
}

static void spoil_fexit(struct doctor_facts *f)
{
	f->features[DOCTOR_FEATURE_FEXIT].state = DOCTOR_NO_LOAD;
}

static void spoil_untried_canary(struct doctor_facts *f)
{
	f->canaries[DOCTOR_CANARY_CGROUP] = (struct doctor_try){ DOCTOR_UNTRIED, -EROFS };
}

/* As in a container, whose cgroups are read-only. */
static void spoil_cgroups_that_cannot_be_made(struct doctor_facts *f)
{
	spoil_untried_canary(f);
	f->hooks[0] = (struct doctor_hook){ "cgroup_mkdir", "tp_btf/cgroup_mkdir", { DOCTOR_SILENT, 0 } };
}

static void spoil_cgroups_that_are_not_seen(struct doctor_facts *f)
{
	f->hooks[0] = (struct doctor_hook){ "cgroup_mkdir", "tp_btf/cgroup_mkdir", { DOCTOR_SILENT, 0 } };
}

static void spoil_runtime(struct doctor_facts *f)
{
	f->runtimes[0].ok = false;
}

static void spoil_no_runtime(struct doctor_facts *f)
{
	free(f->runtimes[0].text);
	f->n_runtimes = 0;
}

static void spoil_unseen(struct doctor_facts *f)
{
	f->host.ways = 1U << DOCTOR_UNSEEN_IO_URING;
}

static void spoil_nothing_that_is_seen(struct doctor_facts *f)
{
	f->host.ways = f->seen = 1U << DOCTOR_UNSEEN_IO_URING;
}

static void spoil_permission(struct doctor_facts *f)
{
	f->refused = xstrdup("tracing needs root");
}

static const struct {
	void (*spoil)(struct doctor_facts *f);
	enum doctor_verdict verdict;
	const char *area, *text;	/* where it is told, and some of it */
} cases[] = {
	{ spoil_nothing, DOCTOR_FINE, NULL, NULL },
	{ spoil_btf, DOCTOR_UNUSABLE, "kernel", "no type information" },
	{ spoil_capability, DOCTOR_UNUSABLE, "capabilities", "missing: bpf" },
	{ spoil_nothing_that_admin_does_not_mend, DOCTOR_FINE, NULL, NULL },
	{ spoil_userns, DOCTOR_UNUSABLE, "capabilities", "user namespace" },
	{ spoil_lockdown, DOCTOR_UNUSABLE, "security", "lockdown confidentiality" },
	{ spoil_lockdown_a_little, DOCTOR_FINE, "security", "lockdown integrity" },
	{ spoil_cgroups, DOCTOR_DEGRADED, "cgroups", "none mounted" },
	{ spoil_needed_feature, DOCTOR_UNUSABLE, "programs",
	  "needed, cannot be loaded (Invalid argument): task storage\n" },
	{ spoil_other_feature, DOCTOR_FINE, "programs",
	  "not needed, cannot be loaded (Operation not permitted): fentry\n"
	  "not needed, never runs: lsm\n" },
	{ spoil_other_feature, DOCTOR_FINE, "programs", "without lsm, rules deny by fmod_ret, the same\n" },
	{ spoil_nothing, DOCTOR_FINE, "programs", "--hooks can be tracepoint, fentry, kprobe; auto" },
	{ spoil_kretprobe, DOCTOR_FINE, "programs", "--hooks can be tracepoint, fentry; auto" },
	{ spoil_fexit, DOCTOR_FINE, "programs", "--hooks can be tracepoint, kprobe; auto" },
	{ spoil_hook, DOCTOR_DEGRADED, "hooks", "2 of 3 run" },
	{ spoil_hook, DOCTOR_DEGRADED, "hooks",
	  "sys_exit (tp_btf/sys_exit) cannot be attached (No such file or directory): "
	  "not seen: system calls\n" },
	{ spoil_hook_that_never_runs, DOCTOR_DEGRADED, "hooks", "never runs: not seen: processes" },
	{ spoil_proof, DOCTOR_FINE, "hooks", "process_fork (not proven to run)" },
	{ spoil_load, DOCTOR_UNUSABLE, "hooks", "loading the BPF programs failed" },
	{ spoil_canary, DOCTOR_DEGRADED, "canary", "network: done, and no record of it came" },
	{ spoil_untried_canary, DOCTOR_FINE, "canary", "could not be tried (Read-only file system)" },
	{ spoil_cgroups_that_cannot_be_made, DOCTOR_FINE, "hooks", "3 of 3 run" },
	{ spoil_cgroups_that_cannot_be_made, DOCTOR_FINE, "hooks", "cgroup_mkdir (not proven to run)" },
	{ spoil_cgroups_that_are_not_seen, DOCTOR_DEGRADED, "hooks", "never runs: not seen: cgroups that come" },
	{ spoil_runtime, DOCTOR_DEGRADED, "runtimes", "no socket answers" },
	{ spoil_no_runtime, DOCTOR_FINE, "runtimes", "no socket was found" },
	{ spoil_unseen, DOCTOR_DEGRADED, "not seen", "io_uring operations" },
	{ spoil_nothing_that_is_seen, DOCTOR_FINE, "not seen", "nothing" },
	{ spoil_permission, DOCTOR_UNUSABLE, NULL, NULL },
};

static bool says(const struct doctor_row *row, const char *text)
{
	return (row->text.s && strstr(row->text.s, text)) ||
	       (row->notes.s && strstr(row->notes.s, text));
}

/* Only the spoiled area is worse than fine. */
static void check_rows(size_t i, const struct doctor_report *r)
{
	bool found = false;

	for (unsigned j = 0; j < r->n_rows; j++) {
		const struct doctor_row *row = &r->rows[j];

		if (!cases[i].area || !streq(row->area, cases[i].area)) {
			assert_int_equal(row->verdict, DOCTOR_FINE);
			continue;
		}
		found = true;
		assert_int_equal(row->verdict, cases[i].verdict);
		if (!says(row, cases[i].text))
			fail_msg("case %zu: no \"%s\" in \"%s\", \"%s\"", i, cases[i].text, row->text.s,
				 row->notes.s ? row->notes.s : "");
	}
	assert_true(found || !cases[i].area);
}

static void test_verdicts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor_report report;
		struct doctor_facts facts;

		facts_of_health(&facts);
		cases[i].spoil(&facts);
		doctor_judge(&facts, &report);
		assert_int_equal(report.verdict, cases[i].verdict);
		check_rows(i, &report);
		doctor_report_free(&report);
		doctor_facts_free(&facts);
	}
}

/* What is not known without the kernel side is not called fine. */
static void test_unchecked(void **state)
{
	struct doctor_report report;
	struct doctor_facts facts;
	unsigned n = 0;

	facts_of_health(&facts);
	spoil_permission(&facts);
	doctor_judge(&facts, &report);
	for (unsigned i = 0; i < report.n_rows; i++)
		n += report.rows[i].unchecked;
	assert_int_equal(n, 5);
	assert_string_equal(report.summary.s, "tracing needs root");
	doctor_report_free(&report);
	doctor_facts_free(&facts);
}

static const struct doctor_row *limits_of(struct doctor_report *r)
{
	return &r->rows[r->n_rows - 1];
}

/* Told where it is so, and never worse than fine. */
static void test_limits(void **state)
{
	static const struct {
		bool calls_32;
		uint32_t ways, seen;
		const char *copies;	/* a hook; NULL: none */
		enum doctor_state state;
		uint32_t limits;
	} kernels[] = {
		{ false, 0, 0, "copied_path", DOCTOR_FIRES, 0 },
		{ false, 0, 0, "copied_path_from", DOCTOR_ATTACHED, 0 },
		{ false, 0, 0, "copied_path", DOCTOR_NO_ATTACH, 1U << DOCTOR_LIMIT_COPIES },
		{ false, 0, 0, NULL, DOCTOR_UNTRIED, 1U << DOCTOR_LIMIT_COPIES },
		{ true, 0, 0, "copied_path", DOCTOR_FIRES, 1U << DOCTOR_LIMIT_CALLS_32 },
		{ false, 1U << DOCTOR_UNSEEN_IO_URING, 1U << DOCTOR_UNSEEN_IO_URING, "copied_path", DOCTOR_FIRES,
		  1U << DOCTOR_LIMIT_RING_OPERATIONS | 1U << DOCTOR_LIMIT_RING_REFUSED | 1U << DOCTOR_LIMIT_RING_QUIET },
		{ false, 1U << DOCTOR_UNSEEN_IO_URING, 0, "copied_path", DOCTOR_FIRES, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct doctor_report report;
		struct doctor_facts facts;

		facts_of_health(&facts);
		facts.host.calls_32 = kernels[i].calls_32;
		facts.host.ways = kernels[i].ways;
		facts.seen = kernels[i].seen;
		if (kernels[i].copies) {
			struct doctor_hook *hook = &facts.hooks[facts.n_hooks++];

			snprintf(hook->name, sizeof(hook->name), "%s", kernels[i].copies);
			hook->try.state = kernels[i].state;
		}
		assert_int_equal(doctor_limits(&facts), kernels[i].limits);
		doctor_judge(&facts, &report);
		assert_string_equal(limits_of(&report)->area, "limits");
		assert_int_equal(limits_of(&report)->verdict, DOCTOR_FINE);
		assert_int_equal(limits_of(&report)->notes.len != 0, kernels[i].limits != 0);
		doctor_report_free(&report);
		doctor_facts_free(&facts);
	}
}

static void test_missing_capabilities(void **state)
{
	static const struct {
		uint64_t effective;
		const char *missing;
	} sets[] = {
		{ UINT64_MAX, "" },
		{ 0, "all" },
		{ 1ULL << CAP_SYS_ADMIN, "sys_ptrace, dac_read_search" },
		{ ~(1ULL << CAP_PERFMON | 1ULL << CAP_SYS_ADMIN), "perfmon" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;

		strbuf_reset(&missing);
		assert_int_equal(doctor_capabilities_missing(sets[i].effective, &missing),
				 *sets[i].missing != '\0');
		assert_string_equal(missing.s, sets[i].missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_missing_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
