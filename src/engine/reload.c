/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reloading rules, on SIGHUP or when one of their files changes. A thread reads them, because that can take
 * long and wait for a disk; the loop puts the result in force between two records. If anything cannot be
 * put in force, all of it is refused, and the old rules stay.
 *
 * The two hand over by eventfds: `made` says that next is ready for the loop, `taken` that the loop is done
 * with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/privileges.h"
#include "internal.h"
#include "rules/block.h"

#define SETTLE_MS 250	/* of several files that change at once all should be written by then */
#define FIND_MS 1000	/* between looks for a watched directory that is gone */
#define JOIN_NS (3 * NSEC_PER_SEC)	/* how long the end waits for the thread */

struct reload {
	struct engine *e;
	pthread_t thread;
	int ask, made, taken, stop;	/* eventfds */
	int inotify;			/* -1: changes are not noticed */
	struct watch {
		int wd;			/* -1: the directory is gone, or another one has its name now */
		const char *path;	/* as it was given */
		const char *name;	/* file name in the watched directory; NULL: every rule file in it */
	} *watches;
	size_t n_watches;
	bool had_terminal;		/* at the start: SIGHUP may be a hang-up */
	bool runs;			/* the thread was started */
	/* Owned by the thread until it signals made, then by the loop until that signals taken. */
	struct in_force *next;			/* NULL: the engine owns it by now */
	struct probe_block block;
	unsigned generation;			/* of the rules in force */
	const struct block_plan *in_force;	/* what the half of the kernel side's tables that is in force contains; */
	const struct block_plan *idle;		/* and the other half; NULL: nothing */
};

/* Sets w->wd; -1, and errno: it cannot be watched. */
static void add_watch(const struct reload *r, struct watch *w)
{
	_cleanup_free_ char *dir = xstrdup(w->path);
	char *slash = strrchr(dir, '/');

	/* Watch the directory, because editors replace the file by another one. */
	if (w->name && slash)
		slash[slash == dir] = '\0';
	w->wd = inotify_add_watch(r->inotify, w->name && !slash ? "." : dir,
				  IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR);
}

static void watch_path(struct reload *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct watch w = { .path = path };
	struct stat st;
	bool there = !stat(path, &st);

	/* Standard input and pipes never change. */
	if (streq(path, "-") || (there && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return;
	if (!there || !S_ISDIR(st.st_mode))
		w.name = slash ? slash + 1 : path;
	add_watch(r, &w);
	if (w.wd < 0)
		log_warn("%s: changes are not noticed (%s): SIGHUP reads the rules anew", path,
			 strerror(errno));
	else
		r->watches[r->n_watches++] = w;
}

static void watch_paths(struct reload *r)
{
	const struct engine_config *config = r->e->config;

	r->watches = xcalloc(config->n_rule_paths + 1, sizeof(*r->watches));
	r->inotify = config->n_rule_paths ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
	for (size_t i = 0; r->inotify >= 0 && i < config->n_rule_paths; i++)
		if (config->rule_paths[i])
			watch_path(r, config->rule_paths[i]);
}

/* Kubernetes updates all files of a ConfigMap at once: they are links through one link, "..data", which it replaces. */
static bool is_about_rules(const struct reload *r, const struct inotify_event *event)
{
	const char *dot = event->len ? strrchr(event->name, '.') : NULL;

	for (size_t i = 0; i < r->n_watches; i++) {
		const struct watch *w = &r->watches[i];

		if (w->wd != event->wd || !event->len)
			continue;
		if (streq(event->name, "..data") || (w->name && streq(event->name, w->name)))
			return true;
		if (!w->name && dot && *event->name != '.' && (streq(dot, ".yaml") || streq(dot, ".yml")))
			return true;
	}
	return false;
}

/* Whether a watched directory has got another name, or is deleted: what has its name then is to be watched instead. */
static bool is_gone(struct reload *r, const struct inotify_event *event)
{
	bool gone = false;

	if (!(event->mask & (IN_MOVE_SELF | IN_IGNORED)))
		return false;
	for (size_t i = 0; i < r->n_watches; i++) {
		if (r->watches[i].wd != event->wd)
			continue;
		r->watches[i].wd = -1;
		gone = true;
	}
	return gone;
}

static bool is_missing(const struct reload *r)
{
	for (size_t i = 0; i < r->n_watches; i++)
		if (r->watches[i].wd < 0)
			return true;
	return false;
}

/* Looks for directories that were gone. Returns whether one is there. */
static bool find_again(struct reload *r)
{
	bool found = false;

	for (size_t i = 0; i < r->n_watches; i++) {
		if (r->watches[i].wd >= 0)
			continue;
		add_watch(r, &r->watches[i]);
		found |= r->watches[i].wd >= 0;
	}
	return found;
}

/* Reads all inotify events. Returns whether one is about a rule file. */
static bool have_changed(struct reload *r)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool changed = false;
	ssize_t n;

	while ((n = read(r->inotify, buf, sizeof(buf))) > 0) {
		for (const char *at = buf; at < buf + n;) {
			const struct inotify_event *event = (const void *)at;

			changed |= event->mask & IN_Q_OVERFLOW || is_gone(r, event) || is_about_rules(r, event);
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}

static bool wait_for(const struct reload *r, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = r->stop, .events = POLLIN } };
	eventfd_t n;

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	if (fds[1].revents)
		return false;
	(void)eventfd_read(fd, &n);
	return true;
}

static bool is_over(const struct reload *r)
{
	struct pollfd fd = { .fd = r->stop, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

/* Waits until the rules must be read. False: the thread must end. */
static bool wait_for_wish(struct reload *r)
{
	struct pollfd fds[] = { { .fd = r->stop, .events = POLLIN },
				{ .fd = r->ask, .events = POLLIN },
				{ .fd = r->inotify, .events = POLLIN } };
	uint64_t due = UINT64_MAX, now = clock_boot();
	eventfd_t n;

	while (now < due) {
		int wait = due == UINT64_MAX ? -1 : (int)((due - now) / NSEC_PER_MSEC) + 1;
		int ready = poll(fds, ARRAY_SIZE(fds), wait < 0 && is_missing(r) ? FIND_MS : wait);

		if (fds[0].revents || (ready < 0 && errno != EINTR))
			return false;
		if (fds[1].revents)
			break;
		now = clock_boot();
		if (fds[2].revents && have_changed(r))
			due = now + SETTLE_MS * NSEC_PER_MSEC;
		if (find_again(r))
			due = now + SETTLE_MS * NSEC_PER_MSEC;
	}
	(void)eventfd_read(r->ask, &n);
	if (r->inotify >= 0)
		(void)have_changed(r);
	return true;
}

static void clear_idle(struct reload *r, const struct block_plan *plan)
{
	if (plan)
		probe_block_clear(r->e->probe, plan->values, plan->n_values, r->generation + 1);
	r->idle = NULL;
}

/* Fills the half of the kernel side's tables that is not in force. 0, or -errno with a sentence. */
static int prepare(struct reload *r, struct ruleset *rules, struct strbuf *err)
{
	int blocks;

	r->block = (struct probe_block){ 0 };
	blocks = block_prepare(r->e, rules, &r->block, err);
	if (blocks < 0)
		return blocks;
	clear_idle(r, r->idle);
	r->next = in_force_new(r->e, rules, r->generation + 1);
	if (!blocks)
		return 0;
	r->next->block = r->idle = ruleset_block(rules);
	return probe_block_fill(r->e->probe, &r->block, r->generation + 1, err);
}

/* Frees a set that was not put in force, and clears its half of the tables for the next one. */
static void drop_next(struct reload *r)
{
	if (!r->next)
		return;
	clear_idle(r, r->next->block);
	in_force_free(r->next);
	r->next = NULL;
}

static void *run(void *arg)
{
	struct reload *r = arg;

	(void)privileges_keep(1ULL << CAP_DAC_READ_SEARCH);
	(void)setpriority(PRIO_PROCESS, 0, 0);	/* of this thread: it is in no hurry */
	while (wait_for_wish(r)) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
		struct ruleset *rules = r->e->config->reread(r->e->config->reread_arg);

		/* This may have taken longer than reload_stop() waits: then the engine is gone. */
		if (is_over(r)) {
			ruleset_free(rules);
			break;
		}
		if (!rules)
			continue;
		if (prepare(r, rules, &err) < 0) {
			log_error("the rules stay what they were: %s", err.s);
			if (!r->next)
				ruleset_free(rules);
			drop_next(r);
			continue;
		}
		(void)eventfd_write(r->made, 1);
		if (!wait_for(r, r->taken))
			break;
		drop_next(r);
	}
	return NULL;
}

/* Whether there is a controlling terminal, which can hang up. */
static bool has_terminal(void)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0;
}

/* Signals are blocked already, and so in this thread, too: the loop reads them. */
int reload_start(struct engine *e)
{
	struct reload *r;
	int error;

	if (!e->config->reread)
		return 0;
	r = e->reload = xcalloc(1, sizeof(*r));
	r->e = e;
	r->in_force = e->force->block;
	r->inotify = -1;
	r->ask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->taken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->ask < 0 || r->made < 0 || r->taken < 0 || r->stop < 0)
		return -errno;
	r->had_terminal = has_terminal();
	watch_paths(r);
	error = pthread_create(&r->thread, NULL, run, r);
	r->runs = !error;
	return -error;
}

int reload_fd(const struct engine *e)
{
	return e->reload->made;
}

/* A terminal that hangs up sends the same signal: then it is gone. */
bool reload_ask(struct engine *e)
{
	if (!e->reload || (e->reload->had_terminal && !has_terminal()))
		return false;
	(void)eventfd_write(e->reload->ask, 1);
	return true;
}

/*
 * Puts next in force. During the change the calls of both sets are recorded, and blocked calls carry the
 * generation of the rules that blocked them: so each event meets one of the two sets, and none is missed.
 */
static void change(struct engine *e, struct in_force *next, const struct probe_block *block,
		   const struct interest *interest)
{
	struct interest both = in_force_interest(e, e->force);

	/* Writes open counts of alerts, because their rules will be freed. */
	if (e->config->output)
		output_forget(e->config->output, &e->out);
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		both.wanted[nr] |= interest->wanted[nr];
	both.env |= interest->env;
	both.push = NULL;	/* neither set's conditions: everything leaves the kernel */
	probe_interest(e->probe, &both);
	in_force_change(e, next);
	binder_block_all(e);
	probe_block_flip(e->probe, block, next->generation);
	e->changed_at = clock_boot();
	probe_interest(e->probe, interest);
	binder_push_all(e);
}

static unsigned rules_enabled(const struct ruleset *rules)
{
	unsigned n = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++)
		n += ruleset_rule(rules, i)->enabled;
	return n;
}

static bool is_possible(struct engine *e, const struct reload *r, const struct interest *interest)
{
	unsigned missing = probe_block_missing(e->probe, &r->block);

	if (missing)
		log_error("the rules stay what they were: the new ones kill or deny (%s) what none did at the start, and "
			  "hooks for that are not there: restart nunchi\nA hook is attached by bpf(), which was given up at the "
			  "start. A rule that kills or denies such a call, of a file or address that there is not, has its hook "
			  "attached from the start on", block_class_names[__builtin_ctz(missing)]);
	else if (!probe_can_want(e->probe, interest))
		log_error("the rules stay what they were: the new ones are about calls that have no hook; "
			  "with --hooks %s all are chosen at the start: restart nunchi",
			  probe_hooks_name(probe_hooks(e->probe)));
	else if (!act_is_possible(e, r->next->rules))
		log_error("the rules stay what they were: the new ones do something to containers, which none "
			  "did at the start, and what that needs was given up: restart nunchi");
	else if (!rules_enabled(r->next->rules) && rules_enabled(e->force->rules))
		log_error("the rules stay what they were: of the new ones none is in force. Was a file only emptied to be "
			  "written? To have none, restart nunchi");
	else
		return true;
	return false;
}

static void say_changed(const struct engine *e)
{
	unsigned rules = rules_enabled(e->force->rules), calls = 0;

	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		calls += e->force->show.bits[nr];
	log_info("rules are read anew: %u rule%s, %u call%s", rules, rules == 1 ? "" : "s", calls,
		 calls == 1 ? "" : "s");
}

void reload_take(struct engine *e)
{
	struct reload *r = e->reload;
	struct in_force *next = r->next;
	struct interest interest;
	eventfd_t n;

	/* Not while hooks of functions are being attached: that goes by the calls of the old rules. */
	if (e->attaching || eventfd_read(r->made, &n))
		return;
	interest = in_force_interest(e, next);
	if (is_possible(e, r, &interest)) {
		change(e, next, &r->block, &interest);
		r->idle = r->in_force;
		r->in_force = next->block;
		r->generation = next->generation;
		r->next = NULL;
		if (e->config->ready_line)
			say_changed(e);
		resolver_ask(e);
		in_force_say(e);
	}
	(void)eventfd_write(r->taken, 1);
}

void reload_stop(struct engine *e)
{
	struct reload *r = e->reload;
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + JOIN_NS;
	const struct timespec deadline = { (time_t)(until / NSEC_PER_SEC), (long)(until % NSEC_PER_SEC) };

	if (!r)
		return;
	(void)eventfd_write(r->stop, 1);
	/* A thread that hangs on a dead disk cannot be joined; the process ends anyway. */
	if (r->runs && pthread_clockjoin_np(r->thread, NULL, CLOCK_MONOTONIC, &deadline))
		return;
	in_force_free(r->next);
	close_fd(&r->ask);
	close_fd(&r->made);
	close_fd(&r->taken);
	close_fd(&r->stop);
	close_fd(&r->inotify);
	free(r->watches);
	free(r);
	e->reload = NULL;
}
