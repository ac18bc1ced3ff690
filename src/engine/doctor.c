/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the facts for the doctor: files, runtimes, and the kernel side as trace would load it, with
 * canaries. Nothing is left behind when this returns.
 */
#include "doctor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#define RUNTIMES_MS 1000	/* a runtime that has not answered by then is reported as such */

static void add_runtime(struct doctor_facts *f, struct runtime_message *message)
{
	struct doctor_runtime *row = &f->runtimes[f->n_runtimes];

	if (message->type == RUNTIME_STATE && f->n_runtimes < DOCTOR_RUNTIMES_MAX) {
		row->ok = message->ok;
		row->text = TAKE_PTR(message->text);
		f->n_runtimes++;
	}
	runtime_message_free(message);
}

static void ask_runtimes(const struct runtimes_config *config, struct doctor_facts *f)
{
	uint64_t until = clock_boot() + RUNTIMES_MS * NSEC_PER_MSEC;
	struct runtimes *runtimes = NULL;
	struct runtime_message *message;
	bool last;

	if (runtimes_start(&runtimes, config) < 0)
		return;
	do {
		struct pollfd p = { .fd = runtimes_fd(runtimes), .events = POLLIN };

		last = !runtimes_unlisted(runtimes) || clock_boot() > until;
		if (!last)
			poll(&p, 1, 20);
		while ((message = runtimes_next(runtimes)))
			add_runtime(f, message);
	} while (!last);
	runtimes_stop(runtimes);
}

/* Tries hooks and canaries; everything on the host is recorded for that moment. */
static void try_hooks(const struct runtimes_config *config, struct doctor_facts *f)
{
	const char *root = config->root ? config->root : "";
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	_cleanup_close_ int counting = probe_count_runs();
	const struct probe_config everything = { .hooks = PROBE_HOOKS_AUTO, .host = true, .memory = MEMORY_DEFAULT };
	struct probe *probe = NULL;

	if (probe_load(&probe, &everything, &err) < 0) {
		f->load_error = strbuf_take(&err);
		return;
	}
	canary_interest(probe);
	if (probe_attach(probe, &err) < 0)
		log_debug("%s", err.s);	/* the next step reports the hook that failed */
	f->n_hooks = probe_hooks_attach(probe, f->hooks, DOCTOR_HOOKS_MAX);
	canary_run(probe, root, f->host.cgroup_mount, f->canaries);
	if (counting >= 0)
		probe_hooks_ran(probe, f->hooks, f->n_hooks);
	f->seen = probe_sees(probe);
	f->host.faultable = probe_faultable(probe);
	probe_memory(probe, &f->memory);
	probe_free(probe);
}

void engine_doctor(const struct runtimes_config *config, struct doctor_facts *ret)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	const char *root = config->root ? config->root : "";

	memset(ret, 0, sizeof(*ret));
	signal(SIGPIPE, SIG_IGN);
	doctor_look(&ret->host, root);
	ask_runtimes(config, ret);
	if (probe_check(&err) < 0) {
		ret->refused = strbuf_take(&err);
		return;
	}
	try_hooks(config, ret);
	probe_features(ret->features);
	doctor_look_ways(&ret->host, root);
}
