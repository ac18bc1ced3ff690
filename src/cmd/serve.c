/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"

#define PATH "/metrics"
#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
/* A client with one address cannot keep others out, by many connections or slow ones. One with four can. */
#define CONNECTIONS_MAX 32
#define CONNECTIONS_EACH 8	/* of one address */
#define BODY_MAX 65536
#define TIMEOUT 10		/* seconds without traffic until a connection is closed */
#define WAKE_MS 1000
/* Accounts are rewritten each second, so a page is made at most once a second, and shared by all clients. */
#define PAGE_NS NSEC_PER_SEC

/* Names without "MHD_". */
#define CALLS(X)                                                                                       \
	X(start_daemon) X(stop_daemon) X(run) X(get_timeout) X(get_daemon_info)                        \
	X(create_response_from_buffer) X(add_response_header) X(queue_response) X(destroy_response)

static struct {
#define X(name) __typeof__(MHD_##name) *name;
	CALLS(X)
#undef X
} mhd;

struct server {
	int (*page)(void *arg, struct strbuf *out);
	void *arg;
	struct MHD_Response *made;	/* the last page; NULL: none */
	uint64_t at;			/* when it was made, boot ns */
};

static bool load(void)
{
	const struct {
		const char *name;
		void **call;
	} rows[] = {
#define X(name) { "MHD_" #name, (void **)&mhd.name },
		CALLS(X)
#undef X
	};
	void *library = dlopen("libmicrohttpd.so.12", RTLD_LAZY);

	for (size_t i = 0; library && i < ARRAY_SIZE(rows); i++) {
		*rows[i].call = dlsym(library, rows[i].name);
		if (!*rows[i].call)
			library = NULL;
	}
	if (!library)
		log_error("libmicrohttpd cannot be loaded: %s\nTry: apt install libmicrohttpd12", dlerror());
	return library;
}

socklen_t serve_address(const char *text, struct sockaddr_storage *ret)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	_cleanup_free_ char *host = xstrndup(text, len);
	struct addrinfo *found;
	char *end;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return 0;
	errno = 0;
	if (strtoul(colon + 1, &end, 10) - 1 > UINT16_MAX - 1 || errno || *end)
		return 0;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len);
		host[len - 2] = '\0';
	} else if (strpbrk(host, ":*")) {	/* to the C library "*" is every address of IPv4 alone */
		return 0;
	}
	*ret = (struct sockaddr_storage){ .ss_family = AF_UNSPEC };
	if (getaddrinfo(len ? host : "::", colon + 1, &hints, &found))
		return 0;
	len = found->ai_addrlen;
	memcpy(ret, found->ai_addr, len);
	freeaddrinfo(found);
	return (socklen_t)len;
}

/* A listening socket, or -errno. For every address: of IPv6 and IPv4, or of IPv4 alone if the kernel has no IPv6. */
static int listen_at(const char *text)
{
	struct sockaddr_storage address;
	socklen_t len = serve_address(text, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0 && errno == EAFNOSUPPORT && text[0] == ':') {
		const struct sockaddr_in6 *any = (const void *)&address;
		const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = any->sin6_port };

		memcpy(&address, &v4, sizeof(v4));
		len = sizeof(v4);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ text[0] != ':' }, sizeof(int));
	if (!bind(fd, (struct sockaddr *)&address, len) && !listen(fd, CONNECTIONS_MAX))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* Takes over the memory of text. NULL: out of memory. */
static struct MHD_Response *response_of(const char *type, struct strbuf *text)
{
	size_t len = text->len;
	struct MHD_Response *response = mhd.create_response_from_buffer(len, strbuf_take(text), MHD_RESPMEM_MUST_FREE);

	if (response && mhd.add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES) {
		mhd.destroy_response(response);
		response = NULL;
	}
	return response;
}

/* Owned by the server. NULL: the failure was logged. */
static struct MHD_Response *page_now(struct server *s)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	uint64_t now = clock_boot();

	if (s->made && now - s->at < PAGE_NS)
		return s->made;
	if (s->made)
		mhd.destroy_response(s->made);	/* whoever it is being sent to has it until then */
	s->made = s->page(s->arg, &text) ? NULL : response_of(CONTENT_TYPE, &text);
	s->at = now;
	return s->made;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **state)
{
	bool reads = streq(method, MHD_HTTP_METHOD_GET) || streq(method, MHD_HTTP_METHOD_HEAD);
	struct MHD_Response *response = NULL;
	struct strbuf text = STRBUF_INIT;
	unsigned status = MHD_HTTP_OK;
	enum MHD_Result r = MHD_NO;

	/*
	 * Answering before the request is complete would close the connection, which clients do not expect. So
	 * a body is read and ignored, up to a limit; *state counts its bytes, plus one for the first call.
	 */
	if (reads && (!*state || *upload_size)) {
		uintptr_t n = (uintptr_t)*state + *upload_size + !*state;

		*state = (void *)n;
		*upload_size = 0;
		return n < BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (!reads)
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
	else if (!streq(url, PATH))
		status = MHD_HTTP_NOT_FOUND;
	else if (!(response = page_now(arg)))
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	if (response)
		return mhd.queue_response(connection, status, response);
	strbuf_adds(&text, status == MHD_HTTP_INTERNAL_SERVER_ERROR ? "nunchi's log says why\n" : "GET " PATH "\n");
	response = response_of("text/plain", &text);
	if (response) {
		r = mhd.queue_response(connection, status, response);
		mhd.destroy_response(response);
	}
	return r;
}

static int end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int go_on(struct MHD_Daemon *daemon, int end)
{
	const union MHD_DaemonInfo *info = mhd.get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = { { .fd = info->epoll_fd, .events = POLLIN }, { .fd = end, .events = POLLIN } };

	for (;;) {
		MHD_UNSIGNED_LONG_LONG wait;

		/*
		 * At least each second: after the limit of connections (or fds) was reached, libmicrohttpd accepts again
		 * only in the run after the one in which a connection timed out, and nothing would wake that run.
		 */
		if (mhd.get_timeout(daemon, &wait) != MHD_YES || wait > WAKE_MS)
			wait = WAKE_MS;
		if (poll(fds, ARRAY_SIZE(fds), (int)wait) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents)
			return 0;
		mhd.run(daemon);
	}
}

int serve(const char *address, int (*page)(void *arg, struct strbuf *out), void *arg)
{
	struct server s = { .page = page, .arg = arg };
	_cleanup_close_ int end = -1;
	struct MHD_Daemon *daemon;
	int fd, r;

	if (!load())
		return EXIT_FAILURE;
	fd = listen_at(address);
	if (fd < 0) {
		log_error("--listen %s: %s", address, strerror(-fd));
		return EXIT_FAILURE;
	}
	end = end_signals();
	if (end < 0) {
		log_error("--listen %s: the end cannot be waited for: %s", address, strerror(errno));
		close(fd);
		return EXIT_FAILURE;
	}
	daemon = mhd.start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, &s, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				  CONNECTIONS_EACH, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT, MHD_OPTION_END);
	if (!daemon) {
		log_error("--listen %s: libmicrohttpd does not start", address);
		close(fd);
		return EXIT_FAILURE;
	}
	(void)!privileges_keep(PRIVILEGES_NONE);
	(void)!privileges_lock_network();
	log_info("metrics are at http://%s%s" PATH, address[0] == ':' ? "localhost" : "", address);
	r = go_on(daemon, end);
	mhd.stop_daemon(daemon);	/* closes the socket, too */
	if (s.made)
		mhd.destroy_response(s.made);
	if (r < 0)
		log_error("--listen %s: %s", address, strerror(-r));
	return r < 0 ? EXIT_FAILURE : 0;
}
