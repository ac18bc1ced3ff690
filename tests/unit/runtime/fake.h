/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on a unix socket for tests, one thread a connection. handle() gets the connection and
 * what argument it was started with; when it returns the connection is closed.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define FAKE_CONNECTIONS_MAX 64

struct fake {
	char dir[32];
	char path[64];
	int listener;
	pthread_t thread;
	pthread_t connections[FAKE_CONNECTIONS_MAX];
	int fds[FAKE_CONNECTIONS_MAX];
	size_t n;
	void (*handle)(struct fake *f, int fd);
	void *arg;
	atomic_int mode;
	atomic_bool ending;
};

struct fake_connection {
	struct fake *f;
	int fd;
};

static inline void *fake_serve(void *arg)
{
	struct fake_connection c = *(struct fake_connection *)arg;

	free(arg);
	c.f->handle(c.f, c.fd);
	shutdown(c.fd, SHUT_RDWR);
	return NULL;
}

static inline void *fake_accept(void *arg)
{
	struct fake *f = arg;
	int fd;

	while (f->n < FAKE_CONNECTIONS_MAX &&
	       (fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct fake_connection *c = xmalloc(sizeof(*c));

		*c = (struct fake_connection){ f, fd };
		f->fds[f->n] = fd;
		if (pthread_create(&f->connections[f->n], NULL, fake_serve, c))
			abort();
		f->n++;
	}
	return NULL;
}

static inline void fake_listen(struct fake *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	f->n = 0;
	f->ending = false;
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->path);
	unlink(f->path);
	if (f->listener < 0 || bind(f->listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(f->listener, 16) < 0 || pthread_create(&f->thread, NULL, fake_accept, f))
		abort();
}

static inline void fake_start(struct fake *f, void (*handle)(struct fake *, int), void *arg)
{
	*f = (struct fake){ .handle = handle, .arg = arg };
	snprintf(f->dir, sizeof(f->dir), "/tmp/nunchi-test-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	snprintf(f->path, sizeof(f->path), "%s/s.sock", f->dir);
	fake_listen(f);
}

/* Ends all connections; the path stays until fake_stop. */
static inline void fake_hang_up(struct fake *f)
{
	f->ending = true;
	shutdown(f->listener, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->listener);
	for (size_t i = 0; i < f->n; i++) {
		shutdown(f->fds[i], SHUT_RDWR);
		pthread_join(f->connections[i], NULL);
		close(f->fds[i]);
	}
	unlink(f->path);
}

static inline void fake_stop(struct fake *f)
{
	fake_hang_up(f);
	rmdir(f->dir);
}

/* Waits until the other side or fake_hang_up ends the connection. */
static inline void fake_hold(int fd)
{
	char c[256];

	while (read(fd, c, sizeof(c)) > 0)
		;
}

static inline void fake_write(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len && (n = send(fd, p, len, MSG_NOSIGNAL)) > 0) {
		p += n;
		len -= (size_t)n;
	}
}

/* The next request's head; its path. False at the end. */
static inline bool fake_request(int fd, char path[512])
{
	char head[4096];
	size_t len = 0;

	while (len < sizeof(head) - 1) {
		if (read(fd, head + len, 1) != 1)
			return false;
		head[++len] = '\0';
		if (len >= 4 && !memcmp(head + len - 4, "\r\n\r\n", 4))
			return sscanf(head, "GET %511s", path) == 1;
	}
	return false;
}

static inline void fake_answer(int fd, int status, const char *body)
{
	_cleanup_free_ char *text =
		xasprintf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);

	fake_write(fd, text, strlen(text));
}
