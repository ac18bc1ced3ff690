/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an engine, runs it on its source (kernel or capture), and frees it in a fixed order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "internal.h"

static int open_outputs(struct engine *e)
{
	const struct engine_config *config = e->config;
	int r = recording_open(e);

	if (r < 0 || !config->output)
		return r;
	r = writer_start(&e->writer, config->out_fd, WRITER_QUEUE_OF(e->memory.reader));
	if (r < 0) {
		log_error("starting the writer failed: %s", strerror(-r));
		return r;
	}
	output_header(config->output, &e->out);
	return 0;
}

/* Closes the outputs. Returns 1 if something failed on the way out; a reader that has gone is no error. */
static int close_outputs(struct engine *e)
{
	/* A replay can wait for a pager as long as that takes: no new events arrive meanwhile. */
	unsigned patience = e->config->replay ? WRITER_WAITS : ENGINE_WRITER_STOP_MS;
	int code = 0, r;

	r = e->writer ? writer_stop(e->writer, patience) : 0;
	if (r < 0 && !e->failure)
		e->failure = r;
	if (recording_close(e) < 0)
		code = 1;
	if (e->failure && e->failure != -EPIPE && !code) {
		log_error("the output failed: %s; not all that is called delivered has come there",
			  e->failure == -EBADF ? "it is closed" : strerror(-e->failure));
		code = 1;
	}
	return code;
}

/*
 * If the kernel schedules each session as a group (sched(7), "The autogroup feature"), nice values count
 * only within the session. So a session of our own gets the same priority; a shell's is not ours to change.
 */
static void session_goes_first(void)
{
	_cleanup_close_ int fd = -1;

	if (getsid(0) != getpid())
		return;
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && dprintf(fd, "%d", ENGINE_NICE) < 0)
		log_debug("the session's priority stays as it is: %s", strerror(errno));
}

/*
 * nunchi needs little CPU time, but must get it when a container uses all there is: beside 10,000
 * processes on two CPUs, a reader with their priority came too late for a fifth of what they did. Threads
 * made from here on inherit the priority. Without CAP_SYS_NICE it stays as it is.
 */
static void go_first(void)
{
	if (getpriority(PRIO_PROCESS, 0) > ENGINE_NICE && setpriority(PRIO_PROCESS, 0, ENGINE_NICE) < 0)
		log_debug("the priority stays as it is: %s", strerror(errno));
	else
		session_goes_first();
}

/* A replay has no kernel side, so the number of CPUs does not matter there. */
static void divide_memory(struct engine *e)
{
	unsigned cpus = e->config->replay ? 1 : probe_cpus();

	if (e->config->memory < memory_least(cpus))
		log_warn("--memory %lluM: with %u CPUs it is %lluM at least", (unsigned long long)e->config->memory >> 20, cpus,
			 (unsigned long long)(memory_least(cpus) + (1U << 20) - 1) >> 20);
	memory_divide(&e->memory, e->config->memory, cpus, 1);
}

static struct engine *engine_new(const struct engine_config *config)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->config = config;
	e->slots = xcalloc(NUNCHI_SLOTS_MAX, sizeof(*e->slots));
	divide_memory(e);
	e->model = model_new(e->memory.reader / 4 * 3);
	e->force = in_force_new(e, config->rules, 0);
	e->resolver = -1;
	return e;
}

/* The threads and processes first, then what they use. */
static void engine_free(struct engine *e)
{
	resolver_stop(e);
	reload_stop(e);
	runtime_message_free(e->message);
	runtimes_stop(e->runtimes);
	act_end(e);
	probe_free(e->probe);
	binder_free(e);
	backlog_free(e);
	model_free(e->model);
	fields_end(&e->fields);
	strbuf_free(&e->out);
	strbuf_free(&e->record);
	strbuf_free(&e->late);
	strbuf_free(&e->loss);
	strbuf_free(&e->summary);
	accounts_free(&e->closed);
	losses_free(e);
	in_force_free(e->before);
	in_force_free(e->force);
	summary_free(e);
	free(e->slots);
	free(e);
}

int engine_run(const struct engine_config *config)
{
	struct engine *e = engine_new(config);
	int code = 1, out_code, r;

	signal(SIGPIPE, SIG_IGN);
	if (!config->replay) {
		go_first();
		r = resolver_start(e);
		if (r < 0)
			log_warn("names of addresses are not looked up: %s", strerror(-r));
	}
	if (open_outputs(e) >= 0)
		code = config->replay ? replay_run(e) : live_run(e);
	out_code = close_outputs(e);
	engine_free(e);
	return code ? code : out_code;
}
