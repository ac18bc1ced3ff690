/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start and end of all threads. Every wait of this room is on stop_fd, too, so that it can end at once. A thread that hangs
 * inside the kernel (on a dead network file system) cannot be ended: its memory is then leaked, not freed under it.
 */
#include "runtime.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/un.h>

#include "act.h"
#include "cgroup_ns.h"
#include "disk.h"
#include "prober.h"
#include "routes.h"
#include "source.h"

#define JOIN_MS 900U

int runtimes_check(const char *extra, struct strbuf *err)
{
	const char *equals = strchr(extra, '=');
	_cleanup_free_ char *kind = equals ? xstrndup(extra, (size_t)(equals - extra)) : NULL;
	enum source_kind unused;
	bool disk;

	if (!equals) {
		strbuf_addf(err, "--runtime %s: want KIND=SOCKET, such as docker=/run/docker.sock",
			    extra);
		return -EINVAL;
	}
	disk = streq(kind, "runc") || streq(kind, "crun") || streq(kind, "storage");
	if (!disk && source_kind_parse(kind, &unused) < 0) {
		strbuf_addf(err, "--runtime %s: no such kind. Kinds with a socket: docker, podman, "
				 "cri, containerd; with a directory: runc, crun (their state), storage "
				 "(podman's or CRI-O's)", extra);
		return -EINVAL;
	}
	if (equals[1] != '/') {
		strbuf_addf(err, "--runtime %s: want the absolute path of a %s after %s=", extra,
			    disk ? "directory" : "socket", kind);
		return -EINVAL;
	}
	if (!disk && strlen(equals + 1) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		strbuf_addf(err, "--runtime %s: a socket's path has at most %zu bytes", extra,
			    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
		return -EINVAL;
	}
	return 0;
}

static void runtimes_free(struct runtimes *rt)
{
	actor_free(rt->actor);
	prober_free(rt->prober);
	disk_free(rt->disk);
	messages_free(&rt->queue);
	routes_free(rt->routes);
	pthread_mutex_destroy(&rt->lives.lock);
	close(rt->stop_fd);
	free(rt->root);
	free(rt);
}

int runtimes_start(struct runtimes **ret, const struct runtimes_config *config)
{
	struct runtimes *rt = xcalloc(1, sizeof(*rt));
	int r;

	rt->root = xstrdup(config->root ? config->root : "");
	cgroup_enter_host(rt->root);
	rt->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = rt->stop_fd < 0 ? -errno : messages_init(&rt->queue);
	if (r < 0) {
		close_fd(&rt->stop_fd);
		free(rt->root);
		free(rt);
		return r;
	}
	pthread_mutex_init(&rt->lives.lock, NULL);
	rt->routes = routes_new();
	r = disk_start(&rt->disk, rt, config);
	if (r == 0)
		r = prober_start(&rt->prober, rt, config);
	if (r < 0) {
		runtimes_stop(rt);
		return r;
	}
	*ret = rt;
	return 0;
}

int runtimes_fd(const struct runtimes *rt)
{
	return rt->queue.fd;
}

struct runtime_message *runtimes_next(struct runtimes *rt)
{
	return messages_next(&rt->queue);
}

void runtimes_resolve(struct runtimes *rt, uint64_t token, uint32_t pid, uint64_t start,
		      const char *cgroup)
{
	struct runtime_message *m;

	if (disk_resolve(rt->disk, token, pid, start, cgroup))
		return;
	m = message_new(RUNTIME_UNKNOWN);
	m->token = token;
	messages_post(&rt->queue, m, true);
}

unsigned runtimes_unlisted(const struct runtimes *rt)
{
	return atomic_load(&rt->unlisted);
}

void runtimes_stop(struct runtimes *rt)
{
	struct timespec deadline;
	bool ended = true;

	if (!rt)
		return;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_nsec += JOIN_MS * (long)NSEC_PER_MSEC;
	deadline.tv_sec += deadline.tv_nsec / (long)NSEC_PER_SEC;
	deadline.tv_nsec %= (long)NSEC_PER_SEC;

	eventfd_write(rt->stop_fd, 1);
	messages_close(&rt->queue);
	ended &= actor_join(rt->actor, &deadline);
	ended &= prober_join(rt->prober, &deadline);
	ended &= !rt->disk || disk_join(rt->disk, &deadline);
	if (ended)
		runtimes_free(rt);
}
