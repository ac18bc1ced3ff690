/* SPDX-License-Identifier: Apache-2.0 */
/* The same for programs: the facts by name, and what the screen says of them. */
#include "doctor.h"

#include <limits.h>

/* Adds the comma that a value after another one needs, and the name. */
static void key(struct strbuf *out, const char *name)
{
	if (out->s[out->len - 1] != '{' && out->s[out->len - 1] != '[')
		strbuf_addc(out, ',');
	if (name)
		strbuf_addf(out, "\"%s\":", name);
}

static void string(struct strbuf *out, const char *name, const char *s)
{
	key(out, name);
	strbuf_add_json(out, s, strlen(s));
}

static void number(struct strbuf *out, const char *name, uint64_t n)
{
	key(out, name);
	strbuf_addu(out, n);
}

static void boolean(struct strbuf *out, const char *name, bool b)
{
	key(out, name);
	strbuf_adds(out, b ? "true" : "false");
}

static void open_value(struct strbuf *out, const char *name, char c)
{
	key(out, name);
	strbuf_addc(out, c);
}

/* A comma-separated list. */
static void list(struct strbuf *out, const char *name, const char *s)
{
	open_value(out, name, '[');
	while (*(s += strspn(s, ", "))) {
		size_t len = strcspn(s, ",");

		key(out, NULL);
		strbuf_add_json(out, s, len);
		s += len;
	}
	strbuf_addc(out, ']');
}

static void add_host(const struct doctor_host *h, struct strbuf *out)
{
	static const char *const lockdown[] = { NULL, "none", "integrity", "confidentiality" };
	static const char *const cgroups[] = { "none", "v1", "hybrid", "v2" };
	static const char *const preemption[] = { NULL, "none", "voluntary", "lazy", "full" };
	_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;
	bool all;

	strbuf_reset(&missing);
	doctor_capabilities_missing(h->capabilities, &missing);
	all = h->own_userns || streq(missing.s, "all");
	string(out, "kernel", h->release);
	string(out, "machine", h->machine);
	boolean(out, "btf", h->btf);
	list(out, "capabilities_missing", all ? doctor_capabilities_needed : missing.s);
	if (lockdown[h->lockdown])
		string(out, "lockdown", lockdown[h->lockdown]);
	if (h->lsm_known)
		list(out, "lsm", h->lsm);
	string(out, "cgroups", cgroups[h->cgroups]);
	if (preemption[h->preemption])
		string(out, "preemption", preemption[h->preemption]);
	if (h->unprivileged_bpf >= 0)
		number(out, "unprivileged_bpf_disabled", (uint64_t)h->unprivileged_bpf);
	if (h->perf_paranoid != INT_MIN) {
		key(out, "perf_event_paranoid");
		strbuf_addi(out, h->perf_paranoid);
	}
	if (h->memlock != UINT64_MAX)
		number(out, "memlock", h->memlock);
}

static void add_try(const char *name, const struct doctor_try *try, struct strbuf *out)
{
	open_value(out, NULL, '{');
	string(out, "name", name);
	string(out, "state", doctor_state_name(try->state));
	if (try->error)
		string(out, "error", strerror(-try->error));
}

static void add_kernel_side(const struct doctor_facts *f, struct strbuf *out)
{
	open_value(out, "programs", '[');
	for (unsigned i = 0; i < DOCTOR_FEATURE_MAX; i++) {
		add_try(doctor_feature_name((enum doctor_feature)i), &f->features[i], out);
		boolean(out, "needed", doctor_feature_needed((enum doctor_feature)i));
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
	open_value(out, "hooks", '[');
	for (unsigned i = 0; i < f->n_hooks; i++) {
		add_try(f->hooks[i].name, &f->hooks[i].try, out);
		string(out, "attachment", f->hooks[i].attachment);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
	open_value(out, "canaries", '[');
	for (unsigned i = 0; i < DOCTOR_CANARY_MAX; i++) {
		add_try(doctor_canary_name((enum doctor_canary)i), &f->canaries[i], out);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
	if (f->load_error)
		return;
	open_value(out, "memory", '{');
	number(out, "cpus", f->memory.n_cpus);
	number(out, "critical_ring", f->memory.critical);
	number(out, "bulk_rings", f->memory.n_rings - 1);
	number(out, "bulk_ring", f->memory.bulk);
	number(out, "maps", f->memory.maps);
	strbuf_addc(out, '}');
}

static void add_unseen(const struct doctor_facts *f, struct strbuf *out)
{
	uint32_t unseen = doctor_unseen(&f->host, f->seen);

	open_value(out, "not_seen", '[');
	for (unsigned i = 0; i < DOCTOR_UNSEEN_MAX; i++) {
		if (!(unseen & 1U << i))
			continue;
		open_value(out, NULL, '{');
		string(out, "what", doctor_unseen_what(i));
		string(out, "which", doctor_unseen_which(i));
		string(out, "help", doctor_unseen_help(i));
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

static void add_limits(const struct doctor_facts *f, struct strbuf *out)
{
	uint32_t limits = doctor_limits(f);

	open_value(out, "limits", '[');
	for (unsigned i = 0; i < DOCTOR_LIMIT_MAX; i++) {
		if (!(limits & 1U << i))
			continue;
		open_value(out, NULL, '{');
		string(out, "what", doctor_limit_what(i));
		string(out, "why", doctor_limit_why(i));
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

static void add_runtimes(const struct doctor_facts *f, struct strbuf *out)
{
	open_value(out, "runtimes", '[');
	for (unsigned i = 0; i < f->n_runtimes; i++) {
		open_value(out, NULL, '{');
		boolean(out, "answers", f->runtimes[i].ok);
		string(out, "text", f->runtimes[i].text);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

static void add_rows(const struct doctor_report *r, struct strbuf *out)
{
	open_value(out, "areas", '[');
	for (unsigned i = 0; i < r->n_rows; i++) {
		const struct doctor_row *row = &r->rows[i];

		open_value(out, NULL, '{');
		string(out, "area", row->area);
		string(out, "verdict",
		       row->unchecked ? "not checked" : doctor_verdict_name(row->verdict));
		string(out, "text", row->text.s ? row->text.s : "");
		string(out, "notes", row->notes.s ? row->notes.s : "");
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

void doctor_json(const struct doctor_facts *f, const struct doctor_report *r, struct strbuf *out)
{
	strbuf_addc(out, '{');
	string(out, "verdict", doctor_verdict_name(r->verdict));
	string(out, "summary", r->summary.s);
	add_host(&f->host, out);
	if (!f->refused)
		add_kernel_side(f, out);
	add_runtimes(f, out);
	add_unseen(f, out);
	if (!f->refused && !f->load_error)
		add_limits(f, out);
	add_rows(r, out);
	strbuf_adds(out, "}\n");
}
