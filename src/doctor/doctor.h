/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this machine can be watched, and what stays hidden: facts, what they mean, and how they
 * are shown. Facts of the machine come from files and cheap calls (host.c); those of the kernel
 * side from src/probe, by trying. Judging and showing need neither.
 */
#pragma once

#include "base/strbuf.h"
#include "tables.def.h"

/* Also the exit code of nunchi doctor. */
enum doctor_verdict {
	DOCTOR_FINE,
	DOCTOR_DEGRADED,	/* nunchi works, and something is hidden or costs more */
	DOCTOR_UNUSABLE,
};

enum doctor_unseen {
#define X(id, program, what, which, help) DOCTOR_UNSEEN_##id,
	DOCTOR_UNSEEN(X)
#undef X
	DOCTOR_UNSEEN_MAX
};

enum doctor_limit {
#define X(id, what, why) DOCTOR_LIMIT_##id,
	DOCTOR_LIMITS(X)
#undef X
	DOCTOR_LIMIT_MAX
};

enum doctor_feature {
#define X(id, program, name, needed) DOCTOR_FEATURE_##id,
	DOCTOR_FEATURES(X)
#undef X
	DOCTOR_FEATURE_MAX
};

enum doctor_canary {
#define X(id, name, what) DOCTOR_CANARY_##id,
	DOCTOR_CANARIES(X)
#undef X
	DOCTOR_CANARY_MAX
};

enum doctor_lockdown {
	LOCKDOWN_UNKNOWN,
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY,
};

enum doctor_cgroups { CGROUPS_NONE, CGROUPS_V1, CGROUPS_HYBRID, CGROUPS_V2 };

enum doctor_preemption {
	PREEMPTION_UNKNOWN,
	PREEMPTION_NONE,
	PREEMPTION_VOLUNTARY,
	PREEMPTION_LAZY,
	PREEMPTION_FULL,
};

/* What of a hook, or of a kind of program, could be shown. */
enum doctor_state {
	DOCTOR_UNTRIED,
	DOCTOR_NO_LOAD,
	DOCTOR_NO_ATTACH,
	DOCTOR_SILENT,		/* attached, and did not run when it should have */
	DOCTOR_ATTACHED,	/* whether it runs could not be shown */
	DOCTOR_FIRES,
};

struct doctor_try {
	enum doctor_state state;
	int error;		/* -errno of the step that failed */
};

struct doctor_host {
	char release[65], machine[65];
	bool btf;
	uint64_t capabilities;		/* effective ones, by bit */
	bool own_userns;		/* root, if at all, of a user namespace only */
	enum doctor_lockdown lockdown;
	bool lsm_known;
	char lsm[128];			/* as the kernel lists them, "" if it has none */
	enum doctor_cgroups cgroups;
	char cgroup_mount[256];		/* one that the hooks report, "" if there is none */
	enum doctor_preemption preemption;
	bool faultable;			/* system-call tracepoints can be preempted */
	int unprivileged_bpf;		/* sysctls; INT_MIN: unknown */
	int perf_paranoid;
	uint64_t memlock;		/* soft limit, UINT64_MAX: none */
	uint32_t ways;			/* bits 1 << enum doctor_unseen: what this kernel has */
	bool calls_32;			/* x86's door for 32-bit calls, which is watched */
};

struct doctor_hook {
	char name[32];
	char attachment[48];		/* "tp_btf/sys_exit" */
	struct doctor_try try;
};

struct doctor_runtime {
	bool ok;
	char *text;			/* "docker 20.10.24 /run/docker.sock", or why not */
};

struct doctor_memory {
	unsigned n_cpus, n_rings;
	uint64_t critical, bulk;	/* bytes of data of the one ring, of each of the others */
	uint64_t maps;			/* that the kernel accounts, rings included */
};

#define DOCTOR_HOOKS_MAX 64
#define DOCTOR_RUNTIMES_MAX 32

struct doctor_facts {
	struct doctor_host host;
	char *refused;			/* why the kernel side was not even tried; NULL: it was */
	char *load_error;		/* its programs could not be loaded or attached */
	struct doctor_try features[DOCTOR_FEATURE_MAX];
	struct doctor_hook hooks[DOCTOR_HOOKS_MAX];
	unsigned n_hooks;
	struct doctor_try canaries[DOCTOR_CANARY_MAX];
	uint32_t seen;			/* bits 1 << enum doctor_unseen that hooks make visible */
	struct doctor_runtime runtimes[DOCTOR_RUNTIMES_MAX];
	unsigned n_runtimes;
	struct doctor_memory memory;
};

void doctor_facts_free(struct doctor_facts *f);

/* host.c. Everything below the directory root, which is "" for the machine's own. */
void doctor_look(struct doctor_host *h, const char *root);
/* The ways alone, in some 10 us. h->faultable is to be set before: the kernel side knows it. */
void doctor_look_ways(struct doctor_host *h, const char *root);
/* What the files say; h->release is to be set before. Apart from doctor_look() for tests. */
void doctor_read_files(struct doctor_host *h, const char *root);
enum doctor_lockdown doctor_lockdown(const char *root);
/* How the running kernel, whose uname(2) has this release, preempts itself. */
enum doctor_preemption doctor_preemption(const char *root, const char *release);

/* capability.c: those that tracing needs. */
uint64_t doctor_capabilities(void);
/* Appends "bpf, perfmon", or "all"; whether any is missing. CAP_SYS_ADMIN stands for these two. */
bool doctor_capabilities_missing(uint64_t effective, struct strbuf *out);
/* A line for each missing one: what it is for. */
void doctor_capabilities_explain(uint64_t effective, struct strbuf *out);
extern const char doctor_capabilities_needed[];	/* "bpf, perfmon, ..." */
/* Whether this process's root is a user namespace's only. */
bool doctor_own_userns(void);
/* Whether its PIDs are others than the machine's. */
bool doctor_own_pidns(void);
/* That the boot clock here is another than the machine's (a time namespace). */
bool doctor_own_clock(void);
/* Whether its root directory is another than the first process's. */
bool doctor_own_root(void);

/* unseen.c: bits of what is there and not seen; and "io_uring operations, 32-bit calls". */
uint32_t doctor_unseen(const struct doctor_host *h, uint32_t seen);
void doctor_unseen_names(uint32_t unseen, struct strbuf *out);
const char *doctor_unseen_program(enum doctor_unseen way);	/* NULL: none */
const char *doctor_unseen_what(enum doctor_unseen way);
const char *doctor_unseen_which(enum doctor_unseen way);
const char *doctor_unseen_help(enum doctor_unseen way);

/* limits.c: bits 1 << enum doctor_limit of what falls short here; meaningless where the kernel side was not tried. */
uint32_t doctor_limits(const struct doctor_facts *f);
const char *doctor_limit_what(enum doctor_limit limit);
const char *doctor_limit_why(enum doctor_limit limit);

/* One line of the screen: its area, what there is to say, and a line of notes each. */
struct doctor_row {
	const char *area;
	enum doctor_verdict verdict;
	bool unchecked;
	struct strbuf text;
	struct strbuf notes;
};

#define DOCTOR_ROWS_MAX 12

struct doctor_report {
	enum doctor_verdict verdict;	/* the worst of the rows */
	struct doctor_row rows[DOCTOR_ROWS_MAX];
	unsigned n_rows;
	struct strbuf summary;
};

/* judge.c */
void doctor_judge(const struct doctor_facts *f, struct doctor_report *ret);
void doctor_report_free(struct doctor_report *r);
const char *doctor_verdict_name(enum doctor_verdict verdict);
const char *doctor_feature_name(enum doctor_feature feature);
bool doctor_feature_needed(enum doctor_feature feature);
const char *doctor_feature_program(enum doctor_feature feature);
const char *doctor_canary_name(enum doctor_canary canary);
const char *doctor_state_name(enum doctor_state state);

/* text.c: the screen; width 0: no terminal. json.c: one object and a newline. */
void doctor_text(const struct doctor_report *r, unsigned width, bool color, struct strbuf *out);
void doctor_json(const struct doctor_facts *f, const struct doctor_report *r, struct strbuf *out);
