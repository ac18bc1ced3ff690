/* SPDX-License-Identifier: Apache-2.0 */
/* From facts to lines with a verdict each. What nunchi does not use is told and judged nothing. */
#include "doctor.h"

#include <errno.h>

static const struct {
	const char *program, *name;
	bool needed;
} features[DOCTOR_FEATURE_MAX] = {
#define X(id, program, name, needed) { program, name, needed },
	DOCTOR_FEATURES(X)
#undef X
};

static const char *const canaries[DOCTOR_CANARY_MAX] = {
#define X(id, name, what) name,
	DOCTOR_CANARIES(X)
#undef X
};

static const struct {
	const char *program, *purpose;
} purposes[] = {
#define X(program, purpose) { #program, purpose },
	DOCTOR_HOOKS(X)
#undef X
};

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
	static const char *const names[] = { "fine", "degraded", "unusable" };

	return names[verdict];
}

const char *doctor_feature_name(enum doctor_feature feature)
{
	return features[feature].name;
}

bool doctor_feature_needed(enum doctor_feature feature)
{
	return features[feature].needed;
}

const char *doctor_feature_program(enum doctor_feature feature)
{
	return features[feature].program;
}

const char *doctor_canary_name(enum doctor_canary canary)
{
	return canaries[canary];
}

const char *doctor_state_name(enum doctor_state state)
{
	static const char *const names[] = {
		[DOCTOR_UNTRIED] = "not tried",
		[DOCTOR_NO_LOAD] = "cannot be loaded",
		[DOCTOR_NO_ATTACH] = "cannot be attached",
		[DOCTOR_SILENT] = "never runs",
		[DOCTOR_ATTACHED] = "attached",
		[DOCTOR_FIRES] = "runs",
	};

	return names[state];
}

/* Of the rows, the one that others are told by. */
enum { ROW_CAPABILITIES = 1 };

static struct doctor_row *add_row(struct doctor_report *r, const char *area)
{
	struct doctor_row *row = &r->rows[r->n_rows++];

	row->area = area;
	return row;
}

static void worsen(struct doctor_row *row, enum doctor_verdict verdict)
{
	row->verdict = MAX(row->verdict, verdict);
}

static void add_word(struct strbuf *b, const char *word)
{
	strbuf_addf(b, "%s%s", b->len ? ", " : "", word);
}

static void judge_kernel(const struct doctor_host *h, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "kernel");

	strbuf_addf(&row->text, "Linux %s %s, %s", h->release, h->machine,
		    h->btf ? "with type information (BTF)" : "no type information (BTF)");
	if (h->btf)
		return;
	worsen(row, DOCTOR_UNUSABLE);
	strbuf_adds(&row->notes, "/sys/kernel/btf/vmlinux cannot be read: a kernel built with "
				 "CONFIG_DEBUG_INFO_BTF=y has it, once sysfs is mounted\n");
}

/* Of a list of missing capabilities. */
static bool says(const char *missing, const char *name)
{
	return streq(missing, "all") || strstr(missing, name);
}

static void judge_capabilities(const struct doctor_host *h, struct doctor_report *r)
{
	_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;
	struct doctor_row *row = add_row(r, "capabilities");

	if (h->own_userns) {
		worsen(row, DOCTOR_UNUSABLE);
		strbuf_adds(&row->text, "those of a user namespace only, which the kernel does not "
					"take for BPF");
	} else if (doctor_capabilities_missing(h->capabilities, &missing)) {
		worsen(row, DOCTOR_UNUSABLE);
		strbuf_addf(&row->text, "missing: %s",
			    streq(missing.s, "all") ? doctor_capabilities_needed : missing.s);
		doctor_capabilities_explain(h->capabilities, &row->notes);
		if (h->unprivileged_bpf > 0 && says(missing.s, "bpf"))
			strbuf_addf(&row->notes, "unprivileged_bpf_disabled is %d: nothing can be "
						 "loaded without bpf\n", h->unprivileged_bpf);
		if (h->perf_paranoid >= 2 && says(missing.s, "perfmon"))
			strbuf_addf(&row->notes, "perf_event_paranoid is %d: nothing can be "
						 "attached without perfmon\n", h->perf_paranoid);
	} else {
		strbuf_addf(&row->text, "%s", doctor_capabilities_needed);
	}
}

static void judge_security(const struct doctor_host *h, struct doctor_report *r)
{
	static const char *const lockdown[] = {
		[LOCKDOWN_UNKNOWN] = "not known",
		[LOCKDOWN_NONE] = "none",
		[LOCKDOWN_INTEGRITY] = "integrity",
		[LOCKDOWN_CONFIDENTIALITY] = "confidentiality",
	};
	struct doctor_row *row = add_row(r, "security");

	strbuf_addf(&row->text, "lockdown %s; security modules %s", lockdown[h->lockdown],
		    !h->lsm_known ? "not known" : *h->lsm ? h->lsm : "none");
	if (h->lockdown == LOCKDOWN_UNKNOWN || !h->lsm_known)
		strbuf_adds(&row->notes, "/sys/kernel/security cannot be read (no securityfs?)\n");
	if (h->lockdown != LOCKDOWN_CONFIDENTIALITY)
		return;
	worsen(row, DOCTOR_UNUSABLE);
	strbuf_adds(&row->notes, "the kernel lets no program read its memory: boot with "
				 "lockdown=integrity, or none\n");
}

static void judge_cgroups(const struct doctor_host *h, struct doctor_report *r)
{
	static const char *const modes[] = {
		[CGROUPS_NONE] = "none mounted",
		[CGROUPS_V1] = "v1",
		[CGROUPS_HYBRID] = "hybrid: v2 and v1",
		[CGROUPS_V2] = "v2",
	};
	struct doctor_row *row = add_row(r, "cgroups");

	strbuf_adds(&row->text, modes[h->cgroups]);
	if (h->cgroups == CGROUPS_NONE) {
		worsen(row, DOCTOR_DEGRADED);
		strbuf_adds(&row->notes, "containers are known by their namespaces and runtimes "
					 "alone\n");
	} else if (!*h->cgroup_mount) {
		worsen(row, DOCTOR_DEGRADED);
		strbuf_adds(&row->notes, "neither v2 nor the pids controller is mounted: cgroups have "
					 "no part in whose a process is\n");
	}
}

static void judge_preemption(const struct doctor_host *h, struct doctor_report *r)
{
	static const char *const names[] = {
		[PREEMPTION_UNKNOWN] = "not known", [PREEMPTION_NONE] = "none",
		[PREEMPTION_VOLUNTARY] = "voluntary", [PREEMPTION_LAZY] = "lazy",
		[PREEMPTION_FULL] = "full",
	};
	struct doctor_row *row = add_row(r, "preemption");

	strbuf_adds(&row->text, names[h->preemption]);
	if (h->preemption == PREEMPTION_UNKNOWN)
		strbuf_adds(&row->notes, "/sys/kernel/debug/sched/preempt cannot be read "
					 "(no debugfs?)\n");
}

static void add_failed(struct strbuf *out, const struct doctor_try *try)
{
	strbuf_adds(out, doctor_state_name(try->state));
	if (try->error)
		strbuf_addf(out, " (%s)", strerror(-try->error));
}

/* "not needed, cannot be loaded (Operation not permitted): fentry, fexit" in one line. */
static void add_features(const struct doctor_facts *f, unsigned first, struct doctor_row *row)
{
	const struct doctor_try *same = &f->features[first];
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	for (unsigned i = 0; i < DOCTOR_FEATURE_MAX; i++) {
		const struct doctor_try *try = &f->features[i];

		if (features[i].needed != features[first].needed || try->state != same->state ||
		    try->error != same->error)
			continue;
		if (i < first)
			return;	/* told with that one */
		add_word(&names, features[i].name);
	}
	strbuf_adds(&row->notes, features[first].needed ? "needed, " : "not needed, ");
	add_failed(&row->notes, same);
	strbuf_addf(&row->notes, ": %s\n", names.s);
}

/* What --hooks can be: the tracepoint is the rule, since the others do not see all that it sees. */
static void add_choices(const struct doctor_facts *f, struct doctor_row *row)
{
	bool fexit = f->features[DOCTOR_FEATURE_FEXIT].state == DOCTOR_FIRES;
	bool kprobes = f->features[DOCTOR_FEATURE_KPROBE].state == DOCTOR_FIRES &&
		       f->features[DOCTOR_FEATURE_KRETPROBE].state == DOCTOR_FIRES;

	strbuf_addf(&row->notes, "--hooks can be tracepoint%s%s; auto is tracepoint\n",
		    fexit ? ", fentry" : "", kprobes ? ", kprobe" : "");
}

/* What rules can refuse before it is done. */
static void add_blocking(const struct doctor_facts *f, struct doctor_row *row)
{
	if (f->features[DOCTOR_FEATURE_LSM].state == DOCTOR_FIRES)
		return;
	if (f->features[DOCTOR_FEATURE_MODIFY_RETURN].state == DOCTOR_FIRES) {
		strbuf_adds(&row->notes, "without lsm, rules deny by fmod_ret, the same\n");
		return;
	}
	if (f->features[DOCTOR_FEATURE_LSM].state == DOCTOR_SILENT)
		strbuf_adds(&row->notes, "lsm runs once bpf is added to lsm= on the kernel command line\n");
	if (f->features[DOCTOR_FEATURE_CGROUP].state == DOCTOR_FIRES)
		strbuf_adds(&row->notes, "without lsm and fmod_ret, rules deny connect, bind and sendto of TCP "
					 "and UDP only\n");
}

static void judge_features(const struct doctor_facts *f, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "programs");

	if (f->refused) {
		row->unchecked = true;
		return;
	}
	for (unsigned i = 0; i < DOCTOR_FEATURE_MAX; i++) {
		if (f->features[i].state == DOCTOR_FIRES) {
			add_word(&row->text, features[i].name);
			continue;
		}
		if (features[i].needed)
			worsen(row, DOCTOR_UNUSABLE);
		add_features(f, i, row);
	}
	add_blocking(f, row);
	add_choices(f, row);
}

static const char *purpose(const struct doctor_hook *hook)
{
	for (size_t i = 0; i < ARRAY_SIZE(purposes); i++)
		if (streq(purposes[i].program, hook->name))
			return purposes[i].purpose;
	return "what it reports";
}

/* "tp_btf": the kind of "tp_btf/sys_exit". */
static int kind_len(const struct doctor_hook *hook)
{
	return (int)strcspn(hook->attachment, "/");
}

/* Where no ring can be had, or no cgroup made, there was nothing that hooks of theirs could have run for. */
static bool had_no_cause(const struct doctor_facts *f, const struct doctor_hook *hook)
{
	return hook->try.state == DOCTOR_SILENT &&
	       ((starts_with(hook->name, "uring_") && f->canaries[DOCTOR_CANARY_RING].state == DOCTOR_UNTRIED) ||
		(starts_with(hook->name, "cgroup_") && f->canaries[DOCTOR_CANARY_CGROUP].state == DOCTOR_UNTRIED));
}

static bool hook_works(const struct doctor_facts *f, const struct doctor_hook *hook)
{
	return had_no_cause(f, hook) || hook->try.state >= DOCTOR_ATTACHED;
}

/* The working hooks of one kind of attachment in a line. */
static void add_hooks_alike(const struct doctor_facts *f, unsigned first, struct doctor_row *row)
{
	int len = kind_len(&f->hooks[first]);
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	for (unsigned i = 0; i < f->n_hooks; i++) {
		const struct doctor_hook *hook = &f->hooks[i];

		if (!hook_works(f, hook) || kind_len(hook) != len ||
		    strncmp(hook->attachment, f->hooks[first].attachment, (size_t)len) != 0)
			continue;
		if (i < first)
			return;
		add_word(&names, hook->name);
		if (hook->try.state != DOCTOR_FIRES)
			strbuf_adds(&names, " (not proven to run)");
	}
	strbuf_addf(&row->notes, "%.*s: %s\n", len, f->hooks[first].attachment, names.s);
}

static void judge_hooks(const struct doctor_facts *f, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "hooks");
	unsigned n = 0;

	if (f->refused || f->load_error) {
		row->unchecked = f->refused;
		if (f->load_error) {
			worsen(row, DOCTOR_UNUSABLE);
			strbuf_adds(&row->text, "none");
			strbuf_addf(&row->notes, "%s\n", f->load_error);
		}
		return;
	}
	for (unsigned i = 0; i < f->n_hooks; i++) {
		const struct doctor_hook *hook = &f->hooks[i];

		if (hook_works(f, hook)) {
			n++;
			add_hooks_alike(f, i, row);
			continue;
		}
		worsen(row, DOCTOR_DEGRADED);
		strbuf_addf(&row->notes, "%s (%s) ", hook->name, hook->attachment);
		add_failed(&row->notes, &hook->try);
		strbuf_addf(&row->notes, ": not seen: %s\n", purpose(hook));
	}
	strbuf_addf(&row->text, "%u of %u run", n, f->n_hooks);
}

static void judge_canaries(const struct doctor_facts *f, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "canary");

	if (f->refused || f->load_error) {
		row->unchecked = true;
		return;
	}
	for (unsigned i = 0; i < DOCTOR_CANARY_MAX; i++) {
		const struct doctor_try *try = &f->canaries[i];

		if (try->state == DOCTOR_FIRES) {
			add_word(&row->text, canaries[i]);
			continue;
		}
		strbuf_addf(&row->notes, "%s: ", canaries[i]);
		if (try->state == DOCTOR_UNTRIED) {
			strbuf_addf(&row->notes, "could not be tried (%s)\n",
				    strerror(try->error ? -try->error : ECANCELED));
			continue;
		}
		worsen(row, DOCTOR_DEGRADED);
		strbuf_adds(&row->notes, "done, and no record of it came\n");
	}
	if (row->text.len)
		strbuf_adds(&row->text, ": each was seen");
}

static void judge_runtimes(const struct doctor_facts *f, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "runtimes");

	for (unsigned i = 0; i < f->n_runtimes; i++) {
		const struct doctor_runtime *runtime = &f->runtimes[i];

		if (runtime->ok) {
			add_word(&row->text, runtime->text);
			continue;
		}
		worsen(row, DOCTOR_DEGRADED);
		strbuf_addf(&row->notes, "%s: names come from its files, if at all\n",
			    runtime->text);
	}
	if (!row->text.len)
		strbuf_addf(&row->text, "no socket %s; runc and crun are known by their files",
			    f->n_runtimes ? "answers" : "was found");
}

static void add_bytes(struct strbuf *out, uint64_t bytes)
{
	strbuf_addf(out, "%.*f MiB", bytes % (1U << 20) ? 1 : 0, (double)bytes / (1U << 20));
}

static void judge_memory(const struct doctor_facts *f, struct doctor_report *r)
{
	const struct doctor_memory *m = &f->memory;
	struct doctor_row *row = add_row(r, "memory");

	if (f->refused || f->load_error) {
		row->unchecked = true;
		return;
	}
	strbuf_adds(&row->text, "rings ");
	add_bytes(&row->text, m->critical);
	strbuf_addf(&row->text, " and %u x ", m->n_rings - 1);
	add_bytes(&row->text, m->bulk);
	strbuf_adds(&row->text, ", with all maps ");
	add_bytes(&row->text, m->maps);
	strbuf_addf(&row->text, "; %u CPU%s", m->n_cpus, m->n_cpus == 1 ? "" : "s");
}

static void judge_unseen(const struct doctor_facts *f, struct doctor_report *r)
{
	uint32_t unseen = doctor_unseen(&f->host, f->seen);
	struct doctor_row *row = add_row(r, "not seen");

	if (!unseen) {
		strbuf_adds(&row->text, "nothing that is known of");
		return;
	}
	worsen(row, DOCTOR_DEGRADED);
	doctor_unseen_names(unseen, &row->text);
	for (unsigned i = 0; i < DOCTOR_UNSEEN_MAX; i++) {
		if (unseen & 1U << i)
			strbuf_addf(&row->notes, "%s: %s; %s\n", doctor_unseen_what(i),
				    doctor_unseen_which(i), doctor_unseen_help(i));
	}
}

/* No verdict: it is as much as can be had. */
static void judge_limits(const struct doctor_facts *f, struct doctor_report *r)
{
	struct doctor_row *row = add_row(r, "limits");
	uint32_t limits = doctor_limits(f);

	if (f->refused || f->load_error) {
		row->unchecked = true;
		return;
	}
	strbuf_adds(&row->text, limits ? "not told, or less of it than there is to know" : "none that is known of");
	for (unsigned i = 0; i < DOCTOR_LIMIT_MAX; i++)
		if (limits & 1U << i)
			strbuf_addf(&row->notes, "%s: %s\n", doctor_limit_what(i), doctor_limit_why(i));
}

static void summarize(const struct doctor_facts *f, struct doctor_report *r)
{
	const char *area = NULL;

	for (unsigned i = 0; i < r->n_rows; i++) {
		if (!area && r->rows[i].verdict == DOCTOR_UNUSABLE)
			area = r->rows[i].area;
		r->verdict = MAX(r->verdict, r->rows[i].verdict);
	}
	if (f->refused)
		r->verdict = DOCTOR_UNUSABLE;
	if (r->verdict == DOCTOR_FINE)
		strbuf_adds(&r->summary, "everything that nunchi looks for is seen here");
	else if (r->verdict == DOCTOR_DEGRADED)
		strbuf_adds(&r->summary, "everything is seen but for what is said above");
	else if (f->refused && r->rows[ROW_CAPABILITIES].verdict == DOCTOR_UNUSABLE)
		/* Without its second line, which says how to trace. */
		strbuf_addf(&r->summary, "%.*s\nTry: sudo nunchi doctor, which checks the rest",
			    (int)strcspn(f->refused, "\n"), f->refused);
	else if (f->refused)
		strbuf_adds(&r->summary, f->refused);
	else
		strbuf_addf(&r->summary, "nunchi cannot work here, see %s above", area);
}

void doctor_judge(const struct doctor_facts *f, struct doctor_report *ret)
{
	memset(ret, 0, sizeof(*ret));
	judge_kernel(&f->host, ret);
	judge_capabilities(&f->host, ret);
	judge_security(&f->host, ret);
	judge_cgroups(&f->host, ret);
	judge_preemption(&f->host, ret);
	judge_features(f, ret);
	judge_hooks(f, ret);
	judge_canaries(f, ret);
	judge_runtimes(f, ret);
	judge_memory(f, ret);
	judge_unseen(f, ret);
	judge_limits(f, ret);
	summarize(f, ret);
}

void doctor_report_free(struct doctor_report *r)
{
	for (unsigned i = 0; i < r->n_rows; i++) {
		strbuf_free(&r->rows[i].text);
		strbuf_free(&r->rows[i].notes);
	}
	strbuf_free(&r->summary);
}

void doctor_facts_free(struct doctor_facts *f)
{
	free(f->refused);
	free(f->load_error);
	for (unsigned i = 0; i < f->n_runtimes; i++)
		free(f->runtimes[i].text);
}
