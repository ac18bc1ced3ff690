/* SPDX-License-Identifier: Apache-2.0 */
#include "prober.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/privileges.h"
#include "listening.h"
#include "root.h"
#include "source.h"

#define PROBE_MS 2000U

/* Services of users: each takes a thread, and anyone can make a socket. */
#define USER_SOURCES_MAX 64
#define USER_DIRS "/run/user"

static const struct {
	const char *kind;
	const char *socket;
} usual[] = {
	{ "docker", "/run/docker.sock" },
	{ "docker", "/var/run/docker.sock" },
	{ "docker", "/var/snap/docker/common/run/docker.sock" },
	{ "containerd", "/run/containerd/containerd.sock" },
	{ "containerd", "/run/k3s/containerd/containerd.sock" },
	{ "containerd", "/run/k0s/containerd.sock" },
	{ "containerd", "/var/snap/microk8s/common/run/containerd.sock" },
	{ "containerd", "/run/docker/containerd/containerd.sock" },
	{ "cri", "/run/crio/crio.sock" },
	{ "podman", "/run/podman/podman.sock" },
};

/* Engines found by their sockets' names. The host's list of sockets is long: it is read once in so many rounds. */
#define FOUND_SOURCES_MAX 16
#define FOUND_ROUNDS 5

/* Below a user's runtime directory. */
static const struct {
	const char *kind;
	const char *socket;
} users[] = {
	{ "podman", "podman/podman.sock" },
	{ "docker", "docker.sock" },
};

struct prober {
	struct runtimes *rt;
	struct source *waiting;		/* their sockets do not exist yet, or are other names of started ones */
	struct source *started;
	pthread_t thread;
	bool running;
	bool defaults;
	unsigned n_users;
	unsigned n_found;
	unsigned rounds;
};

/* At the end: of several names of one socket the first that was asked for is used. */
static void append(struct source **list, struct source *s)
{
	while (*list)
		list = &(*list)->next;
	s->next = NULL;
	*list = s;
}

static void add(struct prober *p, const char *kind, const char *socket, bool asked_for)
{
	struct source *s = source_new(p->rt, kind, socket, 0);

	s->asked_for = asked_for;
	append(&p->waiting, s);
}

static void look_at_directory(struct prober *p, const char *kind, const char *path)
{
	_cleanup_close_ int fd = root_open(p->rt->root, path, O_PATH | O_DIRECTORY);
	struct runtime_message *m;

	if (fd >= 0)
		return;
	m = message_new(RUNTIME_STATE);
	m->text = xasprintf("%s %s: %s", kind, path, strerrordesc_np(-fd));
	messages_post(&p->rt->queue, m, true);
}

static bool has_socket(const struct source *list, const char *socket)
{
	for (; list; list = list->next)
		if (streq(list->socket, socket))
			return true;
	return false;
}

static void add_user(struct prober *p, const char *uid)
{
	for (size_t i = 0; i < ARRAY_SIZE(users) && p->n_users < USER_SOURCES_MAX; i++) {
		_cleanup_free_ char *socket = xasprintf(USER_DIRS "/%s/%s", uid, users[i].socket);
		size_t trusted = strlen(socket) - strlen(users[i].socket) - 1;
		_cleanup_close_ int fd = -1;
		struct source *s;
		struct stat st;

		if (has_socket(p->waiting, socket) || has_socket(p->started, socket))
			continue;
		s = source_new(p->rt, users[i].kind, socket, trusted);
		fd = source_open(s, &st);
		if (fd < 0) {
			source_free(s);
			continue;
		}
		append(&p->waiting, s);
		p->n_users++;
	}
}

static void add_users(struct prober *p)
{
	_cleanup_close_ int fd = root_open(p->rt->root, USER_DIRS, O_RDONLY | O_DIRECTORY);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : open_directory(fd, ".");

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[strspn(e->d_name, "0123456789")] == '\0')
			add_user(p, e->d_name);
}

static void add_all(struct prober *p, const struct runtimes_config *config)
{
	static const char unix_scheme[] = "unix://";
	const char *docker_host = getenv("DOCKER_HOST");

	for (size_t i = 0; i < config->n_extra; i++) {
		const char *equals = strchr(config->extra[i], '=');
		_cleanup_free_ char *kind = NULL;
		enum source_kind unused;

		if (!equals)
			continue;
		kind = xstrndup(config->extra[i], (size_t)(equals - config->extra[i]));
		if (source_kind_parse(kind, &unused) == 0)
			add(p, kind, equals + 1, true);
		else
			look_at_directory(p, kind, equals + 1);
	}
	if (!config->defaults)
		return;
	if (docker_host && starts_with(docker_host, unix_scheme) &&
	    docker_host[sizeof(unix_scheme) - 1] == '/')
		add(p, "docker", docker_host + sizeof(unix_scheme) - 1, false);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		add(p, usual[i].kind, usual[i].socket, false);
}

static void add_found(void *arg, const char *kind, const char *path)
{
	struct prober *p = arg;
	struct source *s;

	if (p->n_found >= FOUND_SOURCES_MAX || has_socket(p->waiting, path) ||
	    has_socket(p->started, path))
		return;
	s = source_new(p->rt, kind, path, 0);
	s->found = true;
	append(&p->waiting, s);
	p->n_found++;
}

/* Drops the sources found here, and users', whose socket is gone or is another name of a started one. */
static void drop_ended(struct prober *p)
{
	struct source *lists[] = { p->waiting, p->started };

	p->waiting = p->started = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (struct source *s = lists[i], *next; s; s = next) {
			bool drop = source_is_passing(s) && (i == 0 || s->ended);

			next = s->next;
			if (!drop) {
				append(i == 0 ? &p->waiting : &p->started, s);
				continue;
			}
			if (i == 1)
				pthread_join(s->thread, NULL);
			p->n_found -= s->found;
			p->n_users -= !s->found;
			source_free(s);
		}
	}
}

/* Whether a started source has the same socket: by name as well, because a daemon that restarts makes a new one. */
static bool is_double(const struct prober *p, const struct source *s, int fd, const struct stat *st)
{
	_cleanup_free_ char *real = fd_path(fd);

	for (const struct source *o = p->started; o; o = o->next) {
		_cleanup_free_ char *other = NULL;
		_cleanup_close_ int other_fd = -1;
		struct stat other_st;

		if (streq(o->socket, s->socket))
			return true;
		other_fd = source_open(o, &other_st);
		if (other_fd < 0)
			continue;
		other = fd_path(other_fd);
		if ((real && other && streq(real, other)) ||
		    (other_st.st_ino == st->st_ino && other_st.st_dev == st->st_dev))
			return true;
	}
	return false;
}

/* Starts a thread for each new socket. counted: runtimes_unlisted() counts their first lists. 0 or -errno. */
static int probe(struct prober *p, bool counted)
{
	if (p->defaults) {
		drop_ended(p);
		add_users(p);
	}
	if (p->defaults && p->rounds++ % FOUND_ROUNDS == 0)
		listening_visit(p->rt->root, add_found, p);
	for (struct source **at = &p->waiting; *at;) {
		struct source *s = *at;
		_cleanup_close_ int fd = -1;
		struct stat st;
		int r;

		fd = source_open(s, &st);
		if (fd < 0 && s->asked_for)
			source_missing(s, fd);
		if (fd < 0 || is_double(p, s, fd, &st)) {
			at = &s->next;
			continue;
		}
		s->counted = counted;
		if (counted)
			atomic_fetch_add(&p->rt->unlisted, 1);
		r = pthread_create(&s->thread, NULL, source_main, s);
		if (r) {
			if (counted)
				atomic_fetch_sub(&p->rt->unlisted, 1);
			return -r;
		}
		*at = TAKE_PTR(s->next);
		append(&p->started, s);
	}
	return 0;
}

static void *prober_main(void *arg)
{
	struct prober *p = arg;

	(void)privileges_keep(PRIVILEGES_LOOK);
	/* A thread that cannot be created now may be later. */
	while (!runtimes_wait(p->rt, PROBE_MS))
		(void)probe(p, false);
	return NULL;
}

int prober_start(struct prober **ret, struct runtimes *rt, const struct runtimes_config *config)
{
	struct prober *p = xcalloc(1, sizeof(*p));
	int r;

	*ret = p;
	p->rt = rt;
	p->defaults = config->defaults;
	add_all(p, config);
	r = probe(p, true);
	if (r == 0 && (p->waiting || p->defaults)) {
		r = -pthread_create(&p->thread, NULL, prober_main, p);
		p->running = r == 0;
	}
	return r;
}

static bool join(pthread_t thread, const struct timespec *deadline)
{
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, deadline) == 0;
}

bool prober_join(struct prober *p, const struct timespec *deadline)
{
	bool all = true;

	if (!p)
		return true;
	/* Before the sources: it starts them. */
	if (p->running && !join(p->thread, deadline))
		return false;
	p->running = false;
	for (struct source *s = p->started; s; s = s->next)
		all &= join(s->thread, deadline);
	return all;
}

static void free_list(struct source *list)
{
	for (struct source *next; list; list = next) {
		next = list->next;
		source_free(list);
	}
}

void prober_free(struct prober *p)
{
	if (!p)
		return;
	free_list(p->waiting);
	free_list(p->started);
	free(p);
}
