/* SPDX-License-Identifier: Apache-2.0 */
/* The threads against daemons that work, hang, talk rubbish, stop half way and restart. */
#include "runtime/runtime.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake.h"

enum mode { GOOD, SILENT, GARBAGE, HALF, EMPTY, LIVELY, UNLISTED, LARGE, LONG_EVENT, BROKEN_IMAGE };

#define ID "675fbb69a050ddff24d5bad0e87288445022f3db543aa5c7f54b6890432da70d"

/* The container's first process; 0: this one. */
static pid_t init;

static void init_begin(void)
{
	init = fork();
	if (!init) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (1)
			pause();
	}
}

static void init_end(void)
{
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
	init = 0;
}

static void serve(struct fake *f, int fd)
{
	static const char stream[] = "HTTP/1.1 200 OK\r\n\r\n";
	static const char events[] =
		"{\"Type\":\"container\",\"Action\":\"pause\",\"Actor\":{\"ID\":\"aa\",\"Attributes\":"
		"{\"name\":\"web\"}}}\n"
		"{\"Type\":\"container\",\"Action\":\"pause\",\"Actor\":{\"ID\":\"aa\"}}\n"
		"{\"Type\":\"container\",\"Action\":\"unpause\",\"Actor\":{\"ID\":\"aa\"}}\n"
		"{\"Type\":\"container\",\"Action\":\"oom\",\"Actor\":{\"ID\":\"aa\"}}\n"
		"{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"aa\",\"Attributes\":"
		"{\"exitCode\":\"137\"}}}\n"
		"{\"Type\":\"container\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"aa\"}}\n";
	static const char started[] =
		"{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"aa\"}}\n";
	static const char event[] =
		"{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"aa\"}}\n";
	_cleanup_free_ char *inspect = xasprintf(
		"{\"Id\":\"aa\",\"Name\":\"/web\",\"Image\":\"%s\",\"State\":{\"Running\":true,\"Pid\":%d}}",
		f->mode == BROKEN_IMAGE ? "sha256:" ID : "", init ? init : getpid());
	char path[512];

	while (fake_request(fd, path)) {
		if (f->mode == SILENT) {
			fake_hold(fd);
			return;
		}
		if (f->mode == GARBAGE) {
			fake_write(fd, "\1\2\3\r\n\r\n", 7);
			return;
		}
		if (f->mode == HALF && starts_with(path, "/containers/json?")) {
			fake_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{", 41);
			return;
		}
		if (f->mode == LARGE && streq(path, "/version")) {
			_cleanup_free_ char *large = xasprintf("{\"Version\":\"9.9\",\"Os\":\"%0150000d\"}", 0);

			fake_answer(fd, 200, large);
		} else if (streq(path, "/version")) {
			fake_answer(fd, 200, "{\"Version\":\"9.9\"}");
		} else if (streq(path, "/info")) {
			fake_answer(fd, 200, "{\"DockerRootDir\":\"/data\"}");
		} else if (starts_with(path, "/events")) {
			fake_write(fd, stream, strlen(stream));
			if (f->mode == LONG_EVENT) {
				_cleanup_free_ char *large = xasprintf("{\"Type\":\"container\",\"Actor\":\"%02000000d\"}\n", 0);

				fake_write(fd, large, strlen(large));
			}
			if (f->mode == LIVELY || f->mode == LONG_EVENT)
				fake_write(fd, events, strlen(events));
			if (f->mode == UNLISTED && f->n <= 2)
				fake_write(fd, started, strlen(started));
			while (!f->ending && f->mode != EMPTY)
				usleep(10000);
			/* Its "die" could be told before the connection ends, and the list is to tell it. */
			if (f->mode != UNLISTED)
				fake_write(fd, event, strlen(event));
			fake_hold(fd);
			return;
		} else if (starts_with(path, "/containers/json?")) {
			fake_answer(fd, 200, f->mode == EMPTY || f->mode == UNLISTED ? "[]" : "[{\"Id\":\"aa\"}]");
		} else if (streq(path, "/containers/aa/json")) {
			fake_answer(fd, 200, inspect);
		} else if (f->mode == BROKEN_IMAGE && starts_with(path, "/images/")) {
			fake_answer(fd, 500, "{\"message\":\"content digest not found\"}");
		} else {
			fake_answer(fd, 404, "{}");
		}
	}
}

static struct runtime_message *next(struct runtimes *rt, unsigned ms)
{
	uint64_t deadline = clock_boot() + ms * NSEC_PER_MSEC;
	struct pollfd p = { .fd = runtimes_fd(rt), .events = POLLIN };

	while (clock_boot() < deadline) {
		struct runtime_message *m = runtimes_next(rt);

		if (m)
			return m;
		poll(&p, 1, 50);
	}
	return NULL;
}

/* The next message of a type; what comes before it is dropped. */
static struct runtime_message *want(struct runtimes *rt, enum runtime_message_type type, unsigned ms)
{
	uint64_t deadline = clock_boot() + ms * NSEC_PER_MSEC;
	struct runtime_message *m;

	while (clock_boot() < deadline) {
		m = next(rt, ms);
		if (!m || m->type == type)
			return m;
		runtime_message_free(m);
	}
	return NULL;
}

static struct runtimes *start(const struct fake *f)
{
	_cleanup_free_ char *extra = xasprintf("docker=%s", f->path);
	const char *list[] = { extra };
	const struct runtimes_config config = { .extra = list, .n_extra = 1, .root = "" };
	struct runtimes *rt = NULL;

	assert_int_equal(runtimes_start(&rt, &config), 0);
	return rt;
}

/* Before any of its questions is given up, however busy the machine is. */
static void stop_soon(struct runtimes *rt)
{
	uint64_t before = clock_boot();

	runtimes_stop(rt);
	assert_true(clock_boot() - before < 5 * NSEC_PER_SEC);
}

static void test_good(void **state)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	rt = start(&f);
	m = want(rt, RUNTIME_STATE, 5000);
	assert_non_null(m);
	assert_true(m->ok);
	assert_int_equal(strncmp(m->text, "docker 9.9 /tmp/", 16), 0);
	runtime_message_free(m);
	m = want(rt, RUNTIME_CONTAINER, 5000);
	assert_non_null(m);
	assert_string_equal(m->info->id, "aa");
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->runtime, "docker");
	assert_int_equal(m->info->init_pid, getpid());
	assert_true(m->info->pidns != 0);
	runtime_message_free(m);
	m = want(rt, RUNTIME_LISTED, 5000);
	assert_non_null(m);
	runtime_message_free(m);
	assert_int_equal(runtimes_unlisted(rt), 0);
	f.mode = EMPTY;
	m = want(rt, RUNTIME_GONE, 5000);
	assert_non_null(m);
	assert_string_equal(m->info->id, "aa");
	assert_int_equal(m->info->init_pid, getpid());
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

/* An image of which the engine cannot say anything costs its containers the digest, and nothing else. */
static void test_broken_image(void **state)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = BROKEN_IMAGE;
	rt = start(&f);
	m = want(rt, RUNTIME_CONTAINER, 5000);
	assert_non_null(m);
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->image_id, "sha256:" ID);
	assert_null(m->info->image_digest);
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

static void check_life(enum mode mode)
{
	static const struct {
		enum runtime_life life;
		int exit_code;
	} wanted[] = {
		/* Twice told is once posted. */
		{ RUNTIME_LIFE_PAUSED, -1 }, { RUNTIME_LIFE_RESUMED, -1 }, { RUNTIME_LIFE_OOM, -1 },
		{ RUNTIME_LIFE_DIED, 137 },  { RUNTIME_LIFE_REMOVED, -1 },
	};
	struct runtimes *rt;
	struct fake f;

	fake_start(&f, serve, NULL);
	f.mode = (int)mode;
	rt = start(&f);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct runtime_message *m = want(rt, RUNTIME_LIFE, 5000);

		assert_non_null(m);
		assert_int_equal(m->life, wanted[i].life);
		assert_int_equal(m->exit_code, wanted[i].exit_code);
		assert_string_equal(m->info->id, "aa");
		assert_string_equal(m->info->runtime, "docker");
		if (i == 0)
			assert_string_equal(m->info->name, "web");
		runtime_message_free(m);
	}
	stop_soon(rt);
	fake_stop(&f);
}

static void test_life(void **state)
{
	(void)state;
	check_life(LIVELY);
}

/* One that is too large costs none of those after it. */
static void test_life_after_long_event(void **state)
{
	(void)state;
	check_life(LONG_EVENT);
}

static void test_hung_is_stopped(void **state)
{
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = SILENT;
	rt = start(&f);
	for (unsigned i = 0; runtimes_unlisted(rt) > 1 && i < 1000; i++)
		usleep(10000);
	usleep(200000);
	/* The disk has listed, the daemon has not. */
	assert_int_equal(runtimes_unlisted(rt), 1);
	stop_soon(rt);
	fake_stop(&f);
}

static void check_bad(enum mode mode)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;
	unsigned listed = 0;

	fake_start(&f, serve, NULL);
	f.mode = (int)mode;
	rt = start(&f);
	do {
		m = want(rt, RUNTIME_STATE, 5000);
		assert_non_null(m);
		if (m->ok) {
			runtime_message_free(m);
			m = NULL;
		}
	} while (!m);
	assert_non_null(strstr(m->text, f.path));
	runtime_message_free(m);
	while (runtimes_unlisted(rt) && listed++ < 1000)
		usleep(20000);
	assert_int_equal(runtimes_unlisted(rt), 0);
	/* It is tried again, and then works. */
	f.mode = GOOD;
	m = want(rt, RUNTIME_CONTAINER, 8000);
	assert_non_null(m);
	assert_string_equal(m->info->name, "web");
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

static void test_garbage_then_good(void **state)
{
	(void)state;
	check_bad(GARBAGE);
}

static void test_half_then_good(void **state)
{
	(void)state;
	check_bad(HALF);
}

/* Until a runtime answers, which is when the list is asked for. */
static void want_up(struct runtimes *rt, unsigned ms)
{
	bool up = false;

	while (!up) {
		struct runtime_message *m = want(rt, RUNTIME_STATE, ms);

		assert_non_null(m);
		up = m->ok;
		runtime_message_free(m);
	}
}

static void restart(struct fake *f, struct runtimes *rt)
{
	fake_hang_up(f);
	fake_listen(f);
	want_up(rt, 8000);
}

/* podman's has none that is paused, or about to be stopped. */
static void test_list_without_one_that_lives(void **state)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = UNLISTED;
	init_begin();
	rt = start(&f);
	m = want(rt, RUNTIME_CONTAINER, 5000);
	assert_non_null(m);
	runtime_message_free(m);
	restart(&f, rt);
	assert_null(want(rt, RUNTIME_GONE, 1500));
	init_end();
	restart(&f, rt);
	m = want(rt, RUNTIME_GONE, 5000);
	assert_non_null(m);
	assert_string_equal(m->info->id, "aa");
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

/* While it is away its containers stay; what is not there afterwards is gone. */
static void test_restart(void **state)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	init_begin();
	rt = start(&f);
	m = want(rt, RUNTIME_LISTED, 5000);
	runtime_message_free(m);
	m = want(rt, RUNTIME_LISTED, 5000);
	assert_non_null(m);
	runtime_message_free(m);
	fake_hang_up(&f);
	init_end();
	f.mode = EMPTY;
	fake_listen(&f);
	m = want(rt, RUNTIME_GONE, 8000);
	assert_non_null(m);
	assert_string_equal(m->info->id, "aa");
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

static void test_socket_that_comes_later(void **state)
{
	struct runtime_message *m;
	struct runtimes *rt;
	struct fake f;
	bool said = false, listed = false;

	(void)state;
	fake_start(&f, serve, NULL);
	fake_hang_up(&f);
	unlink(f.path);
	rt = start(&f);
	/* The files' list comes from another thread, before it or after. */
	while (!said || !listed) {
		m = next(rt, 5000);
		assert_non_null(m);
		if (m->type == RUNTIME_STATE) {
			said = true;
			assert_false(m->ok);
			assert_non_null(strstr(m->text, "/s.sock: No such file or directory"));
		}
		listed |= m->type == RUNTIME_LISTED;
		runtime_message_free(m);
	}
	assert_int_equal(runtimes_unlisted(rt), 0);
	fake_listen(&f);
	m = want(rt, RUNTIME_CONTAINER, 8000);
	assert_non_null(m);
	assert_string_equal(m->info->name, "web");
	runtime_message_free(m);
	stop_soon(rt);
	fake_stop(&f);
}

/* Each is said once, and there at the start. */
static void test_nothing_there(void **state)
{
	static const struct {
		const char *extra;
		const char *text;
	} cases[] = {
		{ "cri=/nonexistent", "cri /nonexistent: No such file or directory" },
		{ "docker=/etc", "docker /etc: Is no socket" },
		{ "runc=/nonexistent", "runc /nonexistent: No such file or directory" },
		{ "storage=/etc/passwd", "storage /etc/passwd: Not a directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct runtimes_config config = { .extra = &cases[i].extra, .n_extra = 1, .root = "" };
		struct runtimes *rt = NULL;
		struct runtime_message *m;

		assert_int_equal(runtimes_start(&rt, &config), 0);
		m = want(rt, RUNTIME_STATE, 500);
		assert_non_null(m);
		assert_string_equal(m->text, cases[i].text);
		runtime_message_free(m);
		assert_null(want(rt, RUNTIME_STATE, 1500));
		stop_soon(rt);
	}
}

static void test_one_source_for_two_names(void **state)
{
	_cleanup_free_ char *one = NULL, *two = NULL, *link = NULL;
	const char *list[2];
	struct runtimes_config config = { .extra = list, .n_extra = 2, .root = "" };
	struct runtimes *rt = NULL;
	struct runtime_message *m;
	unsigned containers = 0;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	link = xasprintf("%s/link", f.dir);
	assert_int_equal(symlink(f.path, link), 0);
	list[0] = one = xasprintf("docker=%s", f.path);
	list[1] = two = xasprintf("docker=%s", link);
	assert_int_equal(runtimes_start(&rt, &config), 0);
	while ((m = next(rt, 800))) {
		containers += m->type == RUNTIME_CONTAINER;
		runtime_message_free(m);
	}
	assert_int_equal(containers, 1);
	stop_soon(rt);
	unlink(link);
	fake_stop(&f);
}

/* The host's /var/run is a link that leads to the top of the host, not of ours. */
static void test_socket_below_a_root(void **state)
{
	const char *list[] = { "docker=/var/run/s.sock" };
	struct runtimes_config config = { .extra = list, .n_extra = 1 };
	_cleanup_free_ char *var = NULL, *link = NULL, *proc = NULL;
	struct runtimes *rt = NULL;
	struct runtime_message *m;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	config.root = f.dir;
	var = xasprintf("%s/var", f.dir);
	link = xasprintf("%s/run", var);
	proc = xasprintf("%s/proc", f.dir);
	assert_int_equal(mkdir(var, 0700), 0);
	assert_int_equal(symlink("/", link), 0);
	assert_int_equal(symlink("/proc", proc), 0);
	assert_int_equal(runtimes_start(&rt, &config), 0);
	m = want(rt, RUNTIME_CONTAINER, 5000);
	assert_non_null(m);
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->source, "docker /var/run/s.sock");
	runtime_message_free(m);
	stop_soon(rt);
	unlink(proc);
	unlink(link);
	rmdir(var);
	fake_stop(&f);
}

static void make_directories(const struct fake *f, const char *const *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *dir = xasprintf("%s/%s", f->dir, dirs[i]);

		assert_int_equal(mkdir(dir, 0755), 0);
	}
}

static void remove_directories(const struct fake *f, const char *const *dirs, size_t n)
{
	while (n--) {
		_cleanup_free_ char *dir = xasprintf("%s/%s", f->dir, dirs[n]);

		rmdir(dir);
	}
}

/* What is no more than much for an engine of root's is too much for a user's, of whom there can be many. */
static void test_user_says_much(void **state)
{
	static const char *const dirs[] = { "run", "run/user", "run/user/1000" };
	struct runtimes_config config = { .defaults = true };
	_cleanup_free_ char *proc = NULL, *socket = NULL;
	struct runtimes *rt = NULL;
	struct runtime_message *m;
	struct fake f;

	(void)state;
	if (geteuid())
		skip();
	fake_start(&f, serve, NULL);
	f.mode = LARGE;
	config.root = f.dir;
	proc = xasprintf("%s/proc", f.dir);
	socket = xasprintf("%s/run/user/1000/docker.sock", f.dir);
	assert_int_equal(symlink("/proc", proc), 0);
	make_directories(&f, dirs, ARRAY_SIZE(dirs));
	assert_int_equal(rename(f.path, socket), 0);
	for (uid_t owner = 0; owner <= 1000; owner += 1000) {
		assert_int_equal(chown(socket, owner, 0), 0);
		assert_int_equal(runtimes_start(&rt, &config), 0);
		m = want(rt, RUNTIME_STATE, 5000);
		assert_non_null(m);
		if (owner)
			assert_non_null(strstr(m->text, "/run/user/1000/docker.sock: the answer is larger than 131072 bytes"));
		assert_int_equal(m->ok, !owner);
		runtime_message_free(m);
		stop_soon(rt);
	}
	unlink(socket);
	unlink(proc);
	remove_directories(&f, dirs, ARRAY_SIZE(dirs));
	fake_stop(&f);
}

/* What the disk says of a task in the container's cgroup that is gone; NULL: nothing. */
static char *ask_disk(struct runtimes *rt, const char *id)
{
	_cleanup_free_ char *cgroup = xasprintf("/docker/%s", id);
	struct runtime_message *m;

	runtimes_resolve(rt, 7, INT32_MAX, 0, cgroup);
	while ((m = next(rt, 5000))) {
		char *name = m->token == 7 && m->type == RUNTIME_CONTAINER ? xstrdup(m->info->name) : NULL;
		bool answered = m->token == 7;

		runtime_message_free(m);
		if (answered)
			return name;
	}
	return NULL;
}

/* Where an engine keeps its files is root's to say: what is read there is believed of anybody's containers. */
static void test_user_s_files_are_no_engine_s(void **state)
{
	static const char *const dirs[] = { "run", "run/user", "run/user/1000", "data", "data/containers",
					    ("data/containers/" ID) };
	struct runtimes_config config = { .defaults = true };
	_cleanup_free_ char *proc = NULL, *socket = NULL, *file = NULL;
	_cleanup_fclose_ FILE *written = NULL;
	struct runtimes *rt = NULL;
	struct fake f;

	(void)state;
	if (geteuid())
		skip();
	fake_start(&f, serve, NULL);
	config.root = f.dir;
	proc = xasprintf("%s/proc", f.dir);
	socket = xasprintf("%s/run/user/1000/docker.sock", f.dir);
	file = xasprintf("%s/data/containers/" ID "/config.v2.json", f.dir);
	assert_int_equal(symlink("/proc", proc), 0);
	make_directories(&f, dirs, ARRAY_SIZE(dirs));
	written = fopen(file, "we");
	assert_non_null(written);
	fputs("{\"ID\":\"" ID "\",\"Name\":\"/harmless\"}", written);
	fclose(TAKE_PTR(written));
	assert_int_equal(rename(f.path, socket), 0);
	for (uid_t owner = 0; owner <= 1000; owner += 1000) {
		_cleanup_free_ char *name = NULL;

		assert_int_equal(chown(socket, owner, 0), 0);
		assert_int_equal(runtimes_start(&rt, &config), 0);
		for (unsigned i = 0; i < 15 && !name; i++) {
			usleep(100000);
			name = ask_disk(rt, ID);
		}
		if (owner)
			assert_null(name);
		else
			assert_string_equal(name, "harmless");
		stop_soon(rt);
	}
	unlink(file);
	unlink(socket);
	unlink(proc);
	remove_directories(&f, dirs, ARRAY_SIZE(dirs));
	fake_stop(&f);
}

static char *user_socket(const char *root, unsigned uid, bool make)
{
	_cleanup_free_ char *dir = xasprintf("%s/run/user/%u", root, uid);
	char *socket = xasprintf("%s/docker.sock", dir);

	if (make) {
		assert_int_equal(mkdir(dir, 0755), 0);
		assert_int_equal(mknod(socket, S_IFSOCK | 0600, 0), 0);
	} else {
		unlink(socket);
		rmdir(dir);
	}
	return socket;
}

/* Only so many users' services are watched; one that is gone leaves its place to another. */
static void test_users_come_and_go(void **state)
{
	struct runtimes_config config = { .defaults = true };
	_cleanup_free_ char *run = NULL, *users = NULL, *last = NULL;
	struct runtimes *rt = NULL;
	unsigned uid;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	config.root = f.dir;
	run = xasprintf("%s/run", f.dir);
	users = xasprintf("%s/user", run);
	assert_int_equal(mkdir(run, 0755), 0);
	assert_int_equal(mkdir(users, 0755), 0);
	for (uid = 1; uid <= 64; uid++)
		free(user_socket(f.dir, uid, true));
	assert_int_equal(runtimes_start(&rt, &config), 0);
	for (uid = 1; uid <= 64; uid++)
		free(user_socket(f.dir, uid, false));
	last = user_socket(f.dir, uid, true);
	assert_int_equal(rename(f.path, last), 0);
	want_up(rt, 30000);
	stop_soon(rt);
	free(user_socket(f.dir, uid, false));
	rmdir(users);
	rmdir(run);
	fake_stop(&f);
}

static void test_check(void **state)
{
	static const char *const good[] = { "docker=/x", "cri=/x", "containerd=/x", "podman=/x",
					    "runc=/x/y", "crun=/x", "storage=/x" };
	static const char *const bad[] = { "", "docker", "docker=", "docker=x", "=/x", "foo=/x",
					   "runc=relative", "DOCKER=/x" };
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

		assert_int_equal(runtimes_check(good[i], &err), 0);
		assert_int_equal(err.len, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

		assert_int_equal(runtimes_check(bad[i], &err), -EINVAL);
		assert_true(err.len > 10);
	}
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	text = xasprintf("docker=/%0200d", 0);
	assert_int_equal(runtimes_check(text, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_broken_image),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_life_after_long_event),
		cmocka_unit_test(test_hung_is_stopped),
		cmocka_unit_test(test_garbage_then_good),
		cmocka_unit_test(test_half_then_good),
		cmocka_unit_test(test_list_without_one_that_lives),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_socket_that_comes_later),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_one_source_for_two_names),
		cmocka_unit_test(test_socket_below_a_root),
		cmocka_unit_test(test_user_says_much),
		cmocka_unit_test(test_user_s_files_are_no_engine_s),
		cmocka_unit_test(test_users_come_and_go),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
