/* SPDX-License-Identifier: Apache-2.0 */
/* A host made of files: state directories, and a /proc with just what is read. */
#include "runtime/runtime.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../tree.h"
#include "base/clock.h"
#include "runtime/disk.h"
#include "runtime/facts.h"
#include "runtime/source.h"

#define ID "675fbb69a050ddff24d5bad0e87288445022f3db543aa5c7f54b6890432da70d"
#define OTHER "0000000000000000000000000000000000000000000000000000000000000000"
#define ENGINE "1111111111111111111111111111111111111111111111111111111111111111"

struct host {
	char root[40];
	struct runtimes *rt;
};

static void put_process(struct host *h, unsigned pid, unsigned parent, unsigned start,
			const char *cgroup)
{
	_cleanup_free_ char *stat =
		xasprintf("%u (a ) b) S %u 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 1 2\n", pid, parent,
			  start);
	_cleanup_free_ char *groups = xasprintf("0::%s\n", cgroup);

	tree_put(h->root, stat, "/proc/%u/stat", pid);
	tree_put(h->root, groups, "/proc/%u/cgroup", pid);
	tree_put(h->root, "", "/proc/%u/ns/pid", pid);
	tree_put(h->root, "", "/proc/%u/ns/mnt", pid);
}

static void put_state(struct host *h, const char *dir, const char *id, unsigned pid, unsigned start)
{
	_cleanup_free_ char *text = xasprintf(
		"{\"id\":\"%s\",\"init_process_pid\":%u,\"init_process_start\":%u,"
		"\"created\":\"2026-11-24T00:29:15Z\",\"config\":{\"labels\":[]}}", id, pid, start);

	tree_put(h->root, text, "%s/%s/state.json", dir, id);
}

static void remove_tree(struct host *h, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s%s", h->root, name);

	(void)tree_remove(path);
}

static int set_up(void **state)
{
	struct host *h = xcalloc(1, sizeof(*h));

	snprintf(h->root, sizeof(h->root), "/tmp/nunchi-test-XXXXXX");
	assert_non_null(mkdtemp(h->root));
	put_process(h, 1, 0, 1, "/init.scope");
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct host *h = *state;

	runtimes_stop(h->rt);
	remove_tree(h, "");
	free(h);
	return 0;
}

static struct runtime_message *want(struct host *h, enum runtime_message_type type)
{
	uint64_t deadline = clock_boot() + 5 * NSEC_PER_SEC;
	struct pollfd p = { .fd = runtimes_fd(h->rt), .events = POLLIN };

	while (clock_boot() < deadline) {
		struct runtime_message *m = runtimes_next(h->rt);

		if (!m)
			poll(&p, 1, 50);
		else if (m->type == type)
			return m;
		else
			runtime_message_free(m);
	}
	return NULL;
}

static struct runtime_message *want_any(struct host *h, int ms)
{
	struct pollfd p = { .fd = runtimes_fd(h->rt), .events = POLLIN };

	poll(&p, 1, ms);
	return runtimes_next(h->rt);
}

static void start(struct host *h, const char *extra)
{
	const struct runtimes_config config = {
		.root = h->root, .defaults = true, .extra = &extra, .n_extra = extra ? 1 : 0,
	};
	struct runtime_message *m;

	assert_int_equal(runtimes_start(&h->rt, &config), 0);
	if (extra)
		return;
	m = want(h, RUNTIME_LISTED);
	assert_non_null(m);
	runtime_message_free(m);
}

/* Answers with the name (or id) of whose the task is; NULL if nobody's. */
static char *resolve(struct host *h, uint32_t pid, const char *cgroup)
{
	static uint64_t token = 100;
	uint64_t deadline = clock_boot() + 5 * NSEC_PER_SEC;

	runtimes_resolve(h->rt, ++token, pid, process_start(h->root, pid), cgroup);
	while (clock_boot() < deadline) {
		struct runtime_message *m = runtimes_next(h->rt);
		char *name;

		if (!m) {
			usleep(2000);
			continue;
		}
		if (m->token != token) {
			runtime_message_free(m);
			continue;
		}
		name = m->type == RUNTIME_CONTAINER ? xstrdup(m->info->name ? m->info->name : m->info->id) :
						      NULL;
		runtime_message_free(m);
		return name;
	}
	return xstrdup("no answer");
}

static void check_resolve(struct host *h, uint32_t pid, const char *cgroup, const char *want_name)
{
	_cleanup_free_ char *name = resolve(h, pid, cgroup);

	if (want_name && name)
		assert_string_equal(name, want_name);
	else
		assert_true(!name && !want_name);
}

static void test_runc_comes_and_goes(void **state)
{
	struct host *h = *state;
	struct runtime_message *m;

	tree_put(h->root, "", "/run/x");
	start(h, NULL);
	put_process(h, 500, 1, 777, "/web");
	put_state(h, "/run/runc", "web", 500, 777);
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_string_equal(m->info->id, "web");
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->runtime, "runc");
	assert_string_equal(m->info->cgroup, "/web");
	assert_int_equal(m->info->init_pid, 500);
	assert_true(m->info->init_start == 7770000000ULL);
	assert_true(m->info->created == 1795480155000000000ULL);
	runtime_message_free(m);
	/* Its state may have been read before the look that was due for it: no process dies between the two. */
	usleep(200000);
	/* As it goes: the state, then its directory; whose end it is was in the state. */
	remove_tree(h, "/run/runc/web/state.json");
	m = want(h, RUNTIME_GONE);
	assert_non_null(m);
	assert_string_equal(m->info->id, "web");
	assert_string_equal(m->info->runtime, "runc");
	assert_int_equal(m->info->init_pid, 500);
	assert_true(m->info->init_start == 7770000000ULL);
	runtime_message_free(m);
	remove_tree(h, "/run/runc/web");
	m = want(h, RUNTIME_LIFE);
	assert_non_null(m);
	assert_int_equal(m->life, RUNTIME_LIFE_REMOVED);
	runtime_message_free(m);
}

/* What is called the same in two places is told of with where that is; an id of an engine's is one container's, wherever. */
static void test_spaces(void **state)
{
	static const struct {
		const char *dir, *id, *space;
	} rows[] = {
		{ "/run/runc", "web", "/run/runc" },
		{ "/run/containerd/runc/default", "web", "default" },
		{ "/run/containerd/runc/k8s.io", ID, NULL },
	};
	struct host *h = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		put_process(h, 500 + i, 1, 777, "/web");
		put_state(h, rows[i].dir, rows[i].id, 500 + i, 777);
	}
	start(h, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct runtime_message *m = NULL;

		for (unsigned k = 0; k < ARRAY_SIZE(rows) && !(m && m->info->init_pid == 500 + i); k++) {
			if (m)
				runtime_message_free(m);
			runtimes_resolve(h->rt, 7, 500 + i, process_start(h->root, 500 + i), NULL);
			m = want(h, RUNTIME_CONTAINER);
			assert_non_null(m);
		}
		assert_string_equal(m->info->id, rows[i].id);
		if (rows[i].space)
			assert_string_equal(m->info->space, rows[i].space);
		else
			assert_null(m->info->space);
		runtime_message_free(m);
	}
}

static void test_dead_process_goes(void **state)
{
	struct host *h = *state;
	struct runtime_message *m;

	put_process(h, 500, 1, 777, "/web");
	put_state(h, "/run/runc", "web", 500, 777);
	start(h, NULL);
	/* The number is given to another process. */
	put_process(h, 500, 1, 900, "/other");
	m = want(h, RUNTIME_GONE);
	assert_non_null(m);
	assert_string_equal(m->info->id, "web");
	runtime_message_free(m);
}

static void test_stale_state_is_not_shown(void **state)
{
	struct host *h = *state;

	put_process(h, 500, 1, 900, "/somebody");
	put_state(h, "/run/runc", "old", 500, 777);
	start(h, NULL);
	check_resolve(h, 500, "/somebody", NULL);
}

static void test_resolve_by_cgroup(void **state)
{
	struct host *h = *state;

	put_process(h, 500, 1, 777, "/docker/" ID);
	put_process(h, 510, 400, 800, "/docker/" ID);
	put_process(h, 520, 1, 800, "/user.slice");
	put_state(h, "/run/docker/runtime-runc/moby", ID, 500, 777);
	tree_put(h->root, "{\"ID\":\"" ID "\",\"Name\":\"/db\"}", "/var/lib/docker/containers/" ID "/config.v2.json");
	start(h, NULL);
	check_resolve(h, 510, NULL, "db");
	check_resolve(h, 510, "/docker/" ID, "db");
	/* It is gone, but this is where it was. */
	check_resolve(h, 999, "/docker/" ID, "db");
	/* It is somewhere else than it was said to be. */
	check_resolve(h, 520, "/docker/" ID, NULL);
	/* A directory that only looks like a container's. */
	check_resolve(h, 999, "/x/docker-" ID ".scope", NULL);
	check_resolve(h, 999, "/docker/" OTHER, NULL);
}

static void test_resolve_while_created(void **state)
{
	struct host *h = *state;

	tree_put(h->root, "{\"ID\":\"" ID "\",\"Name\":\"/new\"}", "/var/lib/docker/containers/" ID "/config.v2.json");
	tree_put(h->root, "{\"ociVersion\":\"1\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"c\"}}",
	    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" OTHER "/config.json");
	tree_put(h->root, "{\"ociVersion\":\"1\"}",
	    "/run/containerd/io.containerd.runtime.v2.task/default/plain/config.json");
	/* runc's, for an engine that nobody knows of before the state says so. */
	tree_put(h->root, "", "/run/runc/" ENGINE "/exec.fifo");
	start(h, NULL);
	check_resolve(h, 999, "/docker/" ID, "new");
	check_resolve(h, 999, "/kubepods/pod1/" OTHER, "c");
	check_resolve(h, 999, "/default/plain", "plain");
	check_resolve(h, 999, "/other/plain", NULL);
	check_resolve(h, 999, "/libpod_parent/libpod-" ENGINE, NULL);
	put_state(h, "/run/runc", ENGINE, 500, 777);
	put_process(h, 500, 1, 777, "/libpod_parent/libpod-" ENGINE);
	check_resolve(h, 500, NULL, ENGINE);
}

struct churn {
	char *dir;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *c = arg;

	while (!c->stop) {
		mkdir(c->dir, 0755);
		rmdir(c->dir);
		usleep(200);
	}
	return NULL;
}

static void ask(struct host *h, unsigned n)
{
	for (uint64_t i = 1; i <= n; i++)
		runtimes_resolve(h->rt, i, 999, 0, "/docker/" ID);
}

static void answered(struct host *h, unsigned n)
{
	while (n) {
		struct runtime_message *m = want(h, RUNTIME_CONTAINER);

		assert_non_null(m);
		n -= m->token != 0;
		runtime_message_free(m);
	}
}

/* However often the directories change, what many have asked by then is looked for once. */
static void test_resolve_many(void **state)
{
	const unsigned many = 1000;
	struct host *h = *state;
	struct churn c = { .dir = xasprintf("%s/run/crun/churn", h->root) };
	pthread_t thread;
	unsigned scans;
	bool full;

	for (unsigned i = 0; i < 500; i++) {
		_cleanup_free_ char *id = xasprintf("c%u", i);

		put_state(h, "/run/runc", id, 7, 7);
	}
	put_state(h, "/run/runc", ID, 7, 7);
	tree_put(h->root, "", "/run/crun/x/none");
	start(h, NULL);
	assert_int_equal(pthread_create(&thread, NULL, churn, &c), 0);
	/* The disk's thread waits for a reader while these are asked. */
	ask(h, MESSAGES_MAX + 1);
	for (int i = 0; i < 1000 && h->rt->queue.n < MESSAGES_MAX; i++)
		usleep(10000);
	full = h->rt->queue.n == MESSAGES_MAX;
	ask(h, many);
	answered(h, MESSAGES_MAX + 1);
	scans = disk_scans(h->rt->disk);
	answered(h, many);
	scans = disk_scans(h->rt->disk) - scans;
	c.stop = true;
	pthread_join(thread, NULL);
	assert_true(full);
	assert_true(scans < many / 10);
	free(c.dir);
}

static void test_resolve_by_ancestor(void **state)
{
	struct host *h = *state;

	put_process(h, 500, 1, 777, "/web");
	put_process(h, 501, 500, 778, "/elsewhere");
	put_process(h, 502, 501, 779, "/elsewhere");
	put_process(h, 600, 1, 779, "/elsewhere");
	put_state(h, "/run/runc", "web", 500, 777);
	start(h, NULL);
	check_resolve(h, 500, NULL, "web");
	check_resolve(h, 502, NULL, "web");
	check_resolve(h, 600, NULL, NULL);
	check_resolve(h, 1, NULL, NULL);
}

static void test_bundle_and_state_are_one(void **state)
{
	struct host *h = *state;
	struct runtime_message *m;

	put_process(h, 500, 1, 777, "/default/plain");
	put_state(h, "/run/containerd/runc/default", "plain", 500, 777);
	tree_put(h->root, "500", "/run/containerd/io.containerd.runtime.v2.task/default/plain/init.pid");
	tree_put(h->root, "{\"ociVersion\":\"1\"}",
	    "/run/containerd/io.containerd.runtime.v2.task/default/plain/config.json");
	start(h, NULL);
	remove_tree(h, "/run/containerd/io.containerd.runtime.v2.task/default/plain");
	remove_tree(h, "/run/containerd/runc/default/plain");
	m = want(h, RUNTIME_GONE);
	assert_non_null(m);
	assert_string_equal(m->info->runtime, "containerd");
	runtime_message_free(m);
}

static void test_own_directory_and_hostile_files(void **state)
{
	struct host *h = *state;
	struct runtime_message *m;

	put_process(h, 500, 1, 777, "/x");
	tree_put(h->root, "{\"id\":[[[", "/my/runc/bad/state.json");
	tree_put(h->root, "", "/my/runc/empty/state.json");
	tree_put(h->root, "x", "/my/runc/notdir");
	put_state(h, "/my/runc", "good", 500, 777);
	start(h, "runc=/my/runc");
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_string_equal(m->info->id, "good");
	runtime_message_free(m);
}

static void check_life(struct host *h, enum runtime_life life, const char *id)
{
	struct runtime_message *m = want(h, RUNTIME_LIFE);

	assert_non_null(m);
	assert_int_equal(m->life, life);
	assert_int_equal(m->exit_code, -1);
	assert_string_equal(m->info->id, id);
	runtime_message_free(m);
}

static void test_life_of_plain_runc(void **state)
{
	struct host *h = *state;

	tree_put(h->root, "", "/run/runc/x");
	put_process(h, 400, 1, 776, "/old");
	put_state(h, "/run/runc", "old", 400, 776);
	start(h, NULL);
	put_process(h, 500, 1, 777, "/web");
	tree_put(h->root, "", "/run/runc/web/exec.fifo");
	put_state(h, "/run/runc", "web", 500, 777);
	check_life(h, RUNTIME_LIFE_CREATED, "web");
	remove_tree(h, "/run/runc/web");
	check_life(h, RUNTIME_LIFE_REMOVED, "web");
	/* It was there before, and is told only to go. */
	remove_tree(h, "/run/runc/old");
	check_life(h, RUNTIME_LIFE_REMOVED, "old");
}

/* What a user makes by the thousand: a directory in which nothing ever ran. */
static void test_no_life_of_a_users_directory(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *from = xasprintf("%s/elsewhere/web", h->root), *to = xasprintf("%s/run/user/1000/runc/web", h->root);

	if (geteuid())
		skip();
	tree_put(h->root, "", "/elsewhere/web/exec.fifo");
	assert_int_equal(chown(from, 1000, 1000), 0);
	tree_put(h->root, "", "/run/user/1000/runc/x/none");
	tree_put(h->root, "", "/run/runc/x/none");
	start(h, NULL);
	assert_int_equal(rename(from, to), 0);
	put_process(h, 500, 1, 777, "/own");
	tree_put(h->root, "", "/run/runc/own/exec.fifo");
	put_state(h, "/run/runc", "own", 500, 777);
	check_life(h, RUNTIME_LIFE_CREATED, "own");
	remove_tree(h, "/run/user/1000/runc/web");
	remove_tree(h, "/run/runc/own");
	check_life(h, RUNTIME_LIFE_REMOVED, "own");
}

/* Docker's state directories come and go with each run of a container. */
static void test_no_life_below_an_engine(void **state)
{
	struct host *h = *state;
	struct runtime_message *m;

	tree_put(h->root, "", "/run/docker/runtime-runc/moby/x");
	start(h, NULL);
	put_process(h, 500, 1, 777, "/docker/" ID);
	put_state(h, "/run/docker/runtime-runc/moby", ID, 500, 777);
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	runtime_message_free(m);
	remove_tree(h, "/run/docker/runtime-runc/moby/" ID);
	while ((m = want_any(h, 300))) {
		assert_int_not_equal(m->type, RUNTIME_LIFE);
		runtime_message_free(m);
	}
}

#define STORAGE "/var/lib/containers/storage/"
#define POD "d7de1dacc82d416fe5e08325192a1c9d66c81831d724e52f146b51277849b66b"

static const char podman_list[] =
	"[{\"id\":\"" ID "\",\"names\":[\"web\"],\"image\":\"" OTHER "\",\"metadata\":"
	"\"{\\\"image-name\\\":\\\"docker.io/library/bbx:1\\\"}\"}]";

/* No service, and an OCI runtime that keeps its state where nobody knows. */
static void test_podman_by_pidfile(void **state)
{
	static const char cgroup[] = "/libpod_parent/" POD "/libpod-" ID;
	struct host *h = *state;
	struct runtime_message *m;

	tree_put(h->root, podman_list, STORAGE "overlay-containers/containers.json");
	tree_put(h->root, "[{\"id\":\"" OTHER "\",\"digest\":\"sha256:6c37\"}]", STORAGE "overlay-images/images.json");
	tree_put(h->root, "..{\"id\":\"" POD "\",\"name\":\"shop\",\"l\":1}", STORAGE "libpod/bolt_state.db");
	tree_put(h->root, "{\"ociVersion\":\"1\",\"annotations\":{\"io.container.manager\":\"libpod\"}}",
	    STORAGE "overlay-containers/" ID "/userdata/config.json");
	put_process(h, 500, 1, 777, cgroup);
	tree_put(h->root, "500", "/run/containers/storage/overlay-containers/" ID "/userdata/pidfile");
	start(h, NULL);
	/* Listed already, so the answers to questions tell. */
	check_resolve(h, 500, cgroup, "web");
	put_process(h, 500, 1, 800, "/somebody/else");
	m = want(h, RUNTIME_GONE);
	assert_non_null(m);
	assert_string_equal(m->info->runtime, "podman");
	runtime_message_free(m);
	check_resolve(h, 500, NULL, NULL);
}

static void test_podman_facts(void **state)
{
	static const char cgroup[] = "/libpod_parent/" POD "/libpod-" ID;
	struct host *h = *state;
	struct runtime_message *m;

	tree_put(h->root, podman_list, STORAGE "overlay-containers/containers.json");
	tree_put(h->root, "[{\"id\":\"" OTHER "\",\"digest\":\"sha256:6c37\"}]", STORAGE "overlay-images/images.json");
	tree_put(h->root, "..{\"id\":\"" POD "\",\"name\":\"shop\",\"l\":1}", STORAGE "libpod/bolt_state.db");
	tree_put(h->root, "", "/run/crun/x");
	start(h, NULL);
	tree_put(h->root, "{\"ociVersion\":\"1\",\"annotations\":{\"io.container.manager\":\"libpod\"}}",
	    STORAGE "overlay-containers/" ID "/userdata/config.json");
	check_life(h, RUNTIME_LIFE_CREATED, ID);
	put_process(h, 500, 1, 777, cgroup);
	tree_put(h->root, "{\"pid\":500,\"process-start-time\":777,\"cgroup-path\":\"/x\"}", "/run/crun/" ID "/status");
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_string_equal(m->info->runtime, "podman");
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->image, "docker.io/library/bbx:1");
	assert_string_equal(m->info->image_digest, "sha256:6c37");
	assert_string_equal(m->info->pod_uid, POD);
	assert_string_equal(m->info->pod_name, "shop");
	runtime_message_free(m);
	remove_tree(h, STORAGE "overlay-containers/" ID);
	remove_tree(h, "/run/crun/" ID);
	check_life(h, RUNTIME_LIFE_REMOVED, ID);
}

/* CRI-O: its bundle and the pid file are below the run root, names of crictl's in the storage. */
static void test_crio(void **state)
{
	static const char cgroup[] = "/kubepods.slice/crio-" ID ".scope";
	struct host *h = *state;
	struct runtime_message *m;

	tree_put(h->root, "", "/run/runc/x");
	start(h, NULL);
	tree_put(h->root, "{\"ociVersion\":\"1\",\"annotations\":{\"io.container.manager\":\"cri-o\","
	       "\"io.kubernetes.cri-o.ContainerType\":\"container\","
	       "\"io.kubernetes.cri-o.ImageName\":\"quay.io/a/b:1\","
	       "\"io.kubernetes.container.name\":\"web\",\"io.kubernetes.pod.name\":\"web-0\","
	       "\"io.kubernetes.pod.namespace\":\"shop\"}}",
	    "/run/containers/storage/overlay-containers/" ID "/userdata/config.json");
	put_process(h, 500, 1, 777, cgroup);
	tree_put(h->root, "500", "/run/containers/storage/overlay-containers/" ID "/userdata/pidfile");
	put_state(h, "/run/runc", ID, 500, 777);
	do {
		m = want(h, RUNTIME_CONTAINER);
		assert_non_null(m);
		if (m->info->name)
			break;
		runtime_message_free(m);
	} while (true);
	assert_string_equal(m->info->runtime, "cri-o");
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->pod_name, "web-0");
	assert_string_equal(m->info->image, "quay.io/a/b:1");
	runtime_message_free(m);
	check_resolve(h, 500, cgroup, "web");
}

/* A host of which we see the files below a directory: its absolute links lead to its own top. */
static void test_links_stay_in_the_root(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *link = xasprintf("%s/var/run", h->root);
	_cleanup_free_ char *data = xasprintf("%s/var/lib/docker", h->root);
	struct runtime_message *m;

	tree_put(h->root, "", "/run/runc/x");
	tree_put(h->root, "", "/var/lib/x");
	assert_int_equal(symlink("/run", link), 0);
	assert_int_equal(symlink("/data/docker", data), 0);
	tree_put(h->root, "{\"ID\":\"" OTHER "\",\"Name\":\"/db\"}", "/data/docker/containers/" OTHER "/config.v2.json");
	start(h, "runc=/var/run/mine");
	check_resolve(h, 999, "/docker/" OTHER, "db");
	tree_put(h->root, "{\"ociVersion\":\"1\",\"annotations\":{\"io.kubernetes.container.name\":\"web\"}}",
	    "/run/bundles/b/config.json");
	put_process(h, 500, 1, 777, "/x");
	tree_put(h->root, "{\"id\":\"a\",\"init_process_pid\":500,\"init_process_start\":777,\"config\":{\"labels\":"
	       "[\"bundle=/var/run/bundles/b\"]}}", "/run/mine/a/state.json");
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_string_equal(m->info->name, "web");
	assert_string_equal(m->info->source, "disk /run/mine/a/state.json");
	runtime_message_free(m);
}

/* A user's files speak of his own processes only, whatever id they give. */
static void test_user_speaks_for_himself(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *dir = NULL;

	if (geteuid())
		return;
	put_process(h, 500, 1, 777, "/docker/" ID);
	put_state(h, "/run/docker/runtime-runc/moby", ID, 500, 777);
	tree_put(h->root, "{\"ID\":\"" ID "\",\"Name\":\"/db\"}", "/var/lib/docker/containers/" ID "/config.v2.json");
	tree_put(h->root, "{\"id\":\"" ID "\",\"init_process_pid\":500,\"init_process_start\":777,\"config\":{\"labels\":"
	       "[\"io.kubernetes.container.name=evil\"]}}", "/run/user/1000/runc/" ID "/state.json");
	dir = xasprintf("%s/run/user/1000/runc/" ID, h->root);
	assert_int_equal(chown(dir, 1000, 1000), 0);
	start(h, NULL);
	check_resolve(h, 500, "/docker/" ID, "db");
	remove_tree(h, "/run/docker/runtime-runc/moby/" ID);
	check_resolve(h, 500, "/docker/" ID, "db");
}

/* Nor where an id is a name, which many have. */
static void test_user_has_names_of_his_own(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *dir = xasprintf("%s/run/user/1000/docker/runtime-runc/default/web", h->root);

	if (geteuid())
		skip();
	put_process(h, 500, 1, 777, "/default/web");
	put_state(h, "/run/containerd/runc/default", "web", 500, 777);
	tree_put(h->root, "{\"id\":\"web\",\"init_process_pid\":500,\"init_process_start\":777,\"config\":{\"labels\":"
	       "[\"io.kubernetes.container.name=evil\"]}}", "/run/user/1000/docker/runtime-runc/default/web/state.json");
	assert_int_equal(chown(dir, 1000, 1000), 0);
	start(h, NULL);
	check_resolve(h, 500, "/default/web", "web");
	/* Before root's has a process his claims nothing either. */
	remove_tree(h, "/run/containerd/runc/default/web");
	put_process(h, 510, 1, 800, "/default/web");
	check_resolve(h, 510, "/default/web", NULL);
}

/* Who had a directory when it was seen first does not speak for whom it is given to. */
static void test_directory_given_away(void **state)
{
	struct host *h = *state;
	_cleanup_free_ char *dir = xasprintf("%s/run/user/1000/runc/web", h->root);
	struct runtime_message *m;

	if (geteuid())
		skip();
	put_process(h, 500, 1, 777, "/web");
	tree_put(h->root, "", "/run/user/1000/runc/x/none");
	start(h, NULL);
	put_state(h, "/run/user/1000/runc", "web", 500, 777);
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_int_equal(m->info->owner, CONTAINER_OWNER_ROOT);
	runtime_message_free(m);
	assert_int_equal(chown(dir, 1000, 1000), 0);
	put_state(h, "/run/user/1000/runc", "web", 500, 777);
	m = want(h, RUNTIME_GONE);
	assert_non_null(m);
	assert_string_equal(m->info->id, "web");
	runtime_message_free(m);
}

static void give(struct host *h, uid_t owner, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s%s", h->root, name);

	assert_int_equal(chown(path, owner, owner), 0);
}

/* Whatever a user makes in his directories, by whatever numbers are his besides his own, there is room for root's and for others'. */
static void test_user_leaves_room(void **state)
{
	static const char *const dirs[] = { "/run/user/1000/runc", "/run/user/1000/crun" };
	static const char others[] = "/home/other/.local/share/containers/storage/overlay-containers/" ID;
	struct host *h = *state;
	struct runtime_message *m;
	bool created;

	if (geteuid())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		tree_put(h->root, "", "%s/none", dirs[i]);
		for (unsigned k = 0; k < NUNCHI_SLOTS_MAX; k++) {
			_cleanup_free_ char *dir = xasprintf("%s%s/c%u", h->root, dirs[i], k);

			assert_int_equal(mkdir(dir, 0755), 0);
			assert_int_equal(chown(dir, k ? 100000 + k % 100 : 1000, 1000), 0);
		}
	}
	give(h, 1000, "/run/user/1000");
	put_process(h, 500, 1, 777, "/web");
	start(h, NULL);
	for (unsigned i = 0; i < 600 && runtimes_unlisted(h->rt); i++)
		usleep(100000);
	put_state(h, "/run/runc", "web", 500, 777);
	m = want(h, RUNTIME_CONTAINER);
	assert_non_null(m);
	assert_string_equal(m->info->id, "web");
	runtime_message_free(m);
	tree_put(h->root, "{}", "%s/userdata/config.json", others);
	give(h, 1001, "/home/other");
	give(h, 1001, others);
	remove_tree(h, "/run/runc/web");	/* all places are looked at; that it is gone may be told first */
	do {
		m = want(h, RUNTIME_LIFE);
		assert_non_null(m);
		created = streq(m->info->id, ID);
		assert_true(created ? m->life == RUNTIME_LIFE_CREATED : streq(m->info->id, "web"));
		runtime_message_free(m);
	} while (!created);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runc_comes_and_goes),
		TEST(test_spaces),
		TEST(test_dead_process_goes),
		TEST(test_stale_state_is_not_shown),
		TEST(test_resolve_by_cgroup),
		TEST(test_resolve_while_created),
		TEST(test_resolve_many),
		TEST(test_resolve_by_ancestor),
		TEST(test_bundle_and_state_are_one),
		TEST(test_life_of_plain_runc),
		TEST(test_no_life_of_a_users_directory),
		TEST(test_no_life_below_an_engine),
		TEST(test_podman_by_pidfile),
		TEST(test_podman_facts),
		TEST(test_crio),
		TEST(test_links_stay_in_the_root),
		TEST(test_user_speaks_for_himself),
		TEST(test_user_has_names_of_his_own),
		TEST(test_directory_given_away),
		TEST(test_user_leaves_room),
		TEST(test_own_directory_and_hostile_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
