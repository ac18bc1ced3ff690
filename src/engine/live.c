/* SPDX-License-Identifier: Apache-2.0 */
/* A live run: loads and attaches the kernel side, then loops: drain the rings, take messages, show, sleep. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>

#include "base/notify.h"
#include "doctor/doctor.h"
#include "heartbeat.h"
#include "internal.h"
#include "rules/push.h"

static unsigned count_wanted(const struct engine *e)
{
	unsigned n = 0;

	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		n += e->force->show.bits[nr];
	return n;
}

struct tally {
	const char *runtimes[16];
	unsigned counts[16];
	unsigned n, all;
	struct engine *e;
	bool meant;	/* at least one can match the filter */
};

static void tally_one(struct container *c, void *arg)
{
	struct tally *t = arg;
	const char *runtime = c->info->runtime ? c->info->runtime : "unknown";
	unsigned i = 0;

	if (!container_runs(c) || c->info->sandbox)
		return;
	t->all++;
	if (!t->meant)
		t->meant = filter_match_container(t->e->config->filter, t->e->model, c) != TRI_FALSE;
	while (i < t->n && !streq(t->runtimes[i], runtime))
		i++;
	if (i == ARRAY_SIZE(t->runtimes))
		return;
	t->runtimes[i] = runtime;
	t->counts[i]++;
	t->n = MAX(t->n, i + 1);
}

/* Prints the ready line, which scripts may wait for, and notes that belong to it. */
static void say_ready(struct engine *e)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct tally t = { .e = e };
	struct utsname uts;
	unsigned calls;
	int r;

	e->ready = true;
	probe_keep_settle(e->probe);
	if (e->config->rules && !e->config->keep_blocking && probe_kept_blocking(false, NULL, NULL) > 0)
		log_warn("what an earlier run with --keep-blocking denies is denied still: nunchi unblock ends that");
	r = notify_service("READY=1");
	if (r < 0)
		log_warn("the service manager cannot be told: %s", strerror(-r));
	if (!e->config->ready_line)
		return;
	uname(&uts);
	model_for_each_container(e->model, tally_one, &t);
	strbuf_addf(&b, "%u container%s", t.all, t.all == 1 ? "" : "s");
	for (unsigned i = 0; i < t.n; i++)
		strbuf_addf(&b, "%s%s %u", i ? ", " : " (", t.runtimes[i], t.counts[i]);
	calls = count_wanted(e);
	log_info("%s%s, %u call%s, %s hooks, Linux %s", b.s, t.n ? ")" : "", calls, calls == 1 ? "" : "s",
		 probe_hooks_name(probe_hooks(e->probe)), uts.release);
	/* A misspelt name would look like a container in which nothing happens. */
	if (t.all && !t.meant && !e->config->host)
		log_info("none of them is what was asked for; it is told of when it begins");
	attach_say_unseen(e);
	in_force_say(e);
}

/*
 * Takes the runtimes' messages that were posted up to that boot time. A message must not overtake earlier
 * records of the kernel: a container whose birth was not seen yet would be taken for one that already ran.
 */
static void take_messages(struct engine *e, uint64_t until)
{
	for (;;) {
		if (!e->message)
			e->message = runtimes_next(e->runtimes);
		if (!e->message || e->message->time > until)
			return;
		life_message(e, TAKE_PTR(e->message));
	}
}

static void take_signal(struct engine *e, int fd)
{
	const uint64_t one = 1;
	struct signalfd_siginfo info;
	struct winsize size;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		(void)!write(e->config->reopen_fd, &one, sizeof(one));
	else if (info.ssi_signo == SIGHUP)
		e->stop |= !reload_ask(e);
	else if (info.ssi_signo != SIGWINCH)
		e->stop = true;
	else if (e->config->output && !ioctl(e->config->out_fd, TIOCGWINSZ, &size))
		output_set_width(e->config->output, size.ws_col);
}

enum { WAKE_RING, WAKE_RUNTIMES, WAKE_SIGNAL, WAKE_WRITER, WAKE_RULES, WAKE_NAMES };

/* Rings and runtimes edge-triggered: what is younger than the watermark stays there, and must not keep waking us. */
static int watch(int epoll, int fd, uint32_t what)
{
	struct epoll_event event = { .events = EPOLLIN | (what == WAKE_RING || what == WAKE_RUNTIMES ? EPOLLET : 0U),
				     .data.u32 = what };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static bool is_over(struct engine *e, uint64_t now)
{
	uint64_t age = now - e->started;

	if (e->stop || e->ending || e->failure)
		return true;
	if (e->config->timeout && age >= e->config->timeout)
		return true;
	if (!e->config->snapshot)
		return false;
	return age >= ENGINE_SNAPSHOT_NS ||
	       (!runtimes_unlisted(e->runtimes) && !binder_waiting(e));
}

/* The boot time at which tick() or is_over() has something to do even if nothing comes. */
static uint64_t next_tick(const struct engine *e)
{
	uint64_t due = MIN(e->next_check, e->next_look);

	if (!e->blocked)
		due = MIN(due, e->next_summary);
	if (losses_are_due(e))
		due = MIN(due, e->looked_for_losses + ENGINE_LOSSES_NS);
	if (!e->ready)
		due = MIN(due, e->started + ENGINE_LISTING_NS);
	if (e->config->timeout)
		due = MIN(due, e->started + e->config->timeout);
	if (e->config->snapshot)
		due = MIN(due, e->started + ENGINE_SNAPSHOT_NS);
	return due;
}

/* What is done from time to time, independently of records. */
static void tick(struct engine *e, uint64_t now)
{
	if (!e->ready && (!runtimes_unlisted(e->runtimes) || now > e->started + ENGINE_LISTING_NS)) {
		take_messages(e, UINT64_MAX);
		say_ready(e);
	}
	cpu_limit_tick(e, now);
	summary_tick(e, now);
	binder_tick(e, now);
	if (now >= e->looked_for_losses + ENGINE_LOSSES_NS) {
		if (losses_are_due(e))
			losses_tell(e, now);
		e->looked_for_losses = now;
	}
	if (now < e->next_check)
		return;
	e->next_check = now + NSEC_PER_SEC;
	heartbeat_beat(e);
	host_look_at_clock(e);
	switches_look(e);
	recording_flush(e);
	notify_service("WATCHDOG=1");	/* the loop turns */
	backlog_trim(e);
	instance_publish(e, now);
	account_warn(e);
	if (!e->blocked)
		pipeline_tell(e, now + e->boot_to_epoch);
}

static unsigned shortest_nap(const struct engine *e, unsigned taken)
{
	return e->capture && !e->writer && taken < ENGINE_NAP_RECORD_TAKEN ? ENGINE_NAP_RECORD_MS : ENGINE_NAP_MIN_MS;
}

/*
 * How long to wait for a wake-up, in ms. While there is something in the rings, too young or incomplete, the
 * loop naps, and the kernel side need not wake it; *nap: the last nap, 0 after a sleep. When the rings are
 * empty it sleeps until something comes.
 */
static int time_to_sleep(struct engine *e, unsigned taken, unsigned *nap)
{
	uint64_t now, due;

	if (taken == DRAIN_MAX || e->attaching)
		return 0;
	if (e->cpu_limit.in_force)
		return (int)(*nap = ENGINE_NAP_MAX_MS);
	if (e->message || !probe_sleeps(e->probe)) {
		*nap = taken || !*nap ? shortest_nap(e, taken) : MIN(2 * *nap, ENGINE_NAP_MAX_MS);
		return (int)*nap;
	}
	*nap = 0;
	now = clock_boot();
	due = next_tick(e);
	return due > now ? (int)((due - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC) : 0;
}

/* Keeps the first failure of a writer. */
static void take_failure(struct engine *e, struct writer *w)
{
	int r = w ? writer_error(w) : 0;

	if (!e->failure)
		e->failure = r;
}

static void take_wakes(struct engine *e, const struct epoll_event *events, int n, int signals)
{
	for (int i = 0; i < n; i++) {
		switch (events[i].data.u32) {
		case WAKE_SIGNAL:
			take_signal(e, signals);
			break;
		case WAKE_WRITER:
			take_failure(e, e->writer);
			take_failure(e, e->capture_out);
			break;
		case WAKE_RULES:
			reload_take(e);
			break;
		case WAKE_NAMES:
			resolver_take(e);
			break;
		case WAKE_RING:
		case WAKE_RUNTIMES:
			break;
		}
	}
}

static void loop(struct engine *e, int epoll, int signals)
{
	unsigned nap = 0;

	for (;;) {
		struct epoll_event events[4];
		uint64_t now = clock_boot();
		unsigned n;
		int woken;

		n = drain_rings(e, now - ENGINE_SLACK);
		take_messages(e, n < DRAIN_MAX ? now - ENGINE_SLACK : e->last_time);
		attach_step(e, n, now);
		tick(e, now);
		pipeline_flush(e, false);
		backlog_run(e);
		pipeline_flush(e, false);
		if (is_over(e, now))
			return;
		woken = epoll_wait(epoll, events, ARRAY_SIZE(events), time_to_sleep(e, n, &nap));
		probe_awake(e->probe);
		take_wakes(e, events, woken, signals);
	}
}

/* Waits until the requested actions on containers are done, and reports their outcome. */
static void wait_for_acts(struct engine *e)
{
	uint64_t until = clock_boot() + ENGINE_ACTS_NS;
	struct pollfd fd = { .fd = runtimes_fd(e->runtimes), .events = POLLIN };

	while (act_is_under_way(e) && clock_boot() < until) {
		(void)poll(&fd, 1, 100);
		take_messages(e, UINT64_MAX);
	}
	e->last_call = clock_boot() + ENGINE_LAST_FLUSH_NS;
}

/* Takes everything that is in flight, then closes the account. */
static void finish(struct engine *e)
{
	struct accounts accounts;

	e->last_call = clock_boot() + ENGINE_LAST_FLUSH_NS;
	probe_detach(e->probe);
	while (drain_rings(e, UINT64_MAX - 1))
		pipeline_flush(e, false);
	summary_flush(e, UINT32_MAX);
	/* Numbers after the last record that came. */
	for (unsigned i = 0; i < probe_rings(e->probe); i++)
		e->missing += probe_ring_numbers(e->probe, i) - e->expected[i];
	take_messages(e, UINT64_MAX);
	backlog_run(e);
	binder_release_all(e);
	pipeline_flush_last(e);
	wait_for_acts(e);
	losses_tell(e, clock_boot());
	pipeline_tell(e, UINT64_MAX);
	pipeline_flush_last(e);
	account_end(e, &accounts);
	if (e->config->snapshot)
		e->config->snapshot(e->model, clock_epoch(), e->config->snapshot_arg);
	if (e->config->account)
		account_say(e, &accounts);
	accounts_free(&accounts);
}

static int block_signals(bool usr1)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	if (usr1)
		sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whether times, PIDs and paths mean the same here as to the kernel side. Only another clock is an error. */
static int check_surroundings(const struct engine *e, struct strbuf *err)
{
	/* The kernel side's times could not be compared with those that /proc shows here. */
	if (doctor_own_clock()) {
		strbuf_adds(err, "the boot clock here is not the machine's (a time namespace): no container would be known by its start\n"
				 "Try: nsenter --time=/proc/1/ns/time nunchi ...");
		return -EINVAL;
	}
	/* Not an error: a cluster's node can be a container itself, and is the host of those inside it. */
	if (doctor_own_pidns())
		log_warn("the PIDs here are not the machine's: what is outside of them is not known as the host's\n"
			 "In a container: docker run --pid host; in a pod: hostPID: true");
	else if (!*e->config->runtimes.root && doctor_own_root())
		log_warn("the root directory here is not the host's: runtimes' state and sockets are not found, nor names\n"
			 "In a container: docker run -v /:/host:rslave, and --host-root /host");
	return 0;
}

/* Loads the kernel side for the rules in force, and tells it which calls are wanted. Nothing is attached yet. */
static int load(struct engine *e, struct strbuf *err)
{
	struct probe_block block = { 0 };
	struct probe_config config;
	struct interest interest;
	int r, blocks;

	e->refusal = e->force->rules ? probe_refusal() : PROBE_REFUSES_NOTHING;
	e->refused = probe_block_refused(e->refusal);
	blocks = block_prepare(e, e->force->rules, &block, err);
	if (blocks < 0)
		return blocks;
	config = (struct probe_config){
		.hooks = e->config->hooks,
		.host = e->config->host,
		.pin = e->config->pin,
		.entries = e->config->entries,
		.aggregate = e->config->aggregate,
		.memory = e->config->memory,
		.block = blocks ? &block : NULL,
		.push = e->force->push ? push_table(e->force->push) : NULL,
	};
	interrupt_allow(e->capture ? capture_writer_created(e->capture) : NULL);
	r = probe_load(&e->probe, &config, err);
	interrupt_forbid();
	if (r < 0)
		return r;
	e->force->block = blocks ? block_plan_of(e, e->force->rules) : NULL;
	interest = in_force_interest(e, e->force);
	e->env = interest.env;
	probe_interest(e->probe, &interest);
	binder_push_all(e);
	return 0;
}

/* The stream begins: who watches, and what is known of containers from an earlier run. */
static void begin_stream(struct engine *e)
{
	e->started = clock_boot();
	e->boot_to_epoch = clock_epoch() - e->started;
	host_say(e);
	encode_slot(&e->record, NUNCHI_SLOT_HELPERS, PROBE_GENERATION_FIRST, NULL, e->started);
	pipeline_made(e);
	binder_adopt(e);
	if (!e->config->snapshot)
		heartbeat_start(e);
}

/* From here on the kernel side records; what ran before is looked at after that, so that no process is between the two. */
static int attach(struct engine *e, struct strbuf *err)
{
	int r;

	switches_open(e);
	probe_chroots_may_be(e->probe, true);
	r = probe_attach(e->probe, err);
	if (r >= 0 && e->config->keep_blocking)
		r = probe_keep_blocking(e->probe, err);
	if (r < 0)
		return r;
	r = present_find(e);
	if (r < 0)
		strbuf_addf(err, "looking at what already runs failed: %s", strerror(-r));
	return r;
}

static int start(struct engine *e, struct strbuf *err)
{
	int r = probe_check(err);

	if (r >= 0)
		r = check_surroundings(e, err);
	if (r < 0)
		return r;
	r = runtimes_start(&e->runtimes, &e->config->runtimes);
	if (r < 0) {
		strbuf_addf(err, "starting the runtimes' threads failed: %s", strerror(-r));
		return r;
	}
	r = load(e, err);
	if (r < 0)
		return r;
	begin_stream(e);
	r = attach(e, err);
	if (r < 0)
		return r;
	/* Before privileges_lock(), which forbids the calls that this tries. */
	attach_find_unseen(e);
	r = act_start(e);
	if (r >= 0)
		r = reload_start(e);
	if (r < 0)
		strbuf_addf(err, "starting threads for rules failed: %s", strerror(-r));
	return r;
}

/* Everything that can end the loop's sleep. */
static int watch_all(const struct engine *e, int epoll, int signals)
{
	int r = watch(epoll, probe_wake_fd(e->probe), WAKE_RING);

	if (r >= 0)
		r = watch(epoll, runtimes_fd(e->runtimes), WAKE_RUNTIMES);
	if (r >= 0)
		r = watch(epoll, signals, WAKE_SIGNAL);
	if (r >= 0 && e->reload)
		r = watch(epoll, reload_fd(e), WAKE_RULES);
	if (r >= 0 && e->resolver >= 0)
		r = watch(epoll, e->resolver, WAKE_NAMES);
	if (r >= 0 && e->writer)
		r = watch(epoll, writer_fd(e->writer), WAKE_WRITER);
	if (r >= 0 && e->capture_out)
		r = watch(epoll, writer_fd(e->capture_out), WAKE_WRITER);
	return r;
}

int live_run(struct engine *e)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	_cleanup_close_ int signals = block_signals(e->config->reopen_fd > 0);
	_cleanup_close_ int epoll = epoll_create1(EPOLL_CLOEXEC);
	int code = 1, r = start(e, &err);

	if (r < 0) {
		log_error("%s", err.s);
		goto out;
	}
	attach_begin(e);
	r = watch_all(e, epoll, signals);
	if (r < 0) {
		log_error("waiting for events failed: %s", strerror(-r));
		goto out;
	}
	/* A stderr that nobody reads must not stop the loop; at the end it may take a second. */
	log_set_patience(0);
	loop(e, epoll, signals);
	log_set_patience(1000);
	notify_service("STOPPING=1");
	finish(e);
	code = 0;
out:
	heartbeat_end(e);
	switches_close(e);
	return code;
}
