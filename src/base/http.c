/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One easy handle inside a multi handle of its own: the multi interface lets us wait for the
 * abort descriptor together with the socket, so a hung peer is left at once and not at libcurl's
 * next look at the clock. Streams are pulled: libcurl only reads while someone waits for the next
 * line or message, so a fast peer cannot fill our memory.
 */
#include "http.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <strings.h>

#include "clock.h"
#include "curl.h"

#define GRPC_HEAD 5
#define GRPC_MESSAGE_MAX 512

struct http {
	CURLM *multi;
	CURL *easy;
	char *socket;
	int abort_fd;
	bool running;		/* easy is in multi */
	bool done;
	CURLcode result;
	size_t limit;		/* of what may come at once, whatever it is */
	size_t max;		/* bytes that may wait in body */
	bool overflow;
	bool lines;		/* a stream of them: of one that is too long only itself is lost */
	bool skips;		/* up to the end of such a one */
	bool skipped;		/* one, of which nobody has been told */
	size_t line;		/* of what waits in body, the line that has not ended */
	struct strbuf body;
	size_t pos;		/* what a stream has handed out already */
	struct strbuf sent;	/* request body: libcurl does not copy it */
	struct curl_slist *headers;
	long grpc_status;	/* -1: none came */
	char grpc_message[GRPC_MESSAGE_MAX];
	char curl_error[CURL_ERROR_SIZE];
	char *error;
};

static const struct curl *curl;	/* NULL: it cannot be loaded */
static struct strbuf curl_failure = STRBUF_INIT;

static void load_curl(void)
{
	if (curl_load(&curl, &curl_failure) == 0)
		curl->global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_new(const char *socket, int abort_fd)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h = xcalloc(1, sizeof(*h));

	pthread_once(&once, load_curl);
	h->socket = xstrdup(socket);
	h->abort_fd = abort_fd;
	h->limit = SIZE_MAX;
	h->error = xstrdup("");
	if (curl) {
		h->multi = curl->multi_init();
		h->easy = curl->easy_init();
	}
	return h;
}

void http_limit(struct http *h, size_t max)
{
	h->limit = max;
}

static void stop(struct http *h)
{
	if (h->running)
		curl->multi_remove_handle(h->multi, h->easy);
	h->running = false;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	stop(h);
	if (curl) {
		curl->easy_cleanup(h->easy);
		curl->multi_cleanup(h->multi);
		curl->slist_free_all(h->headers);
	}
	strbuf_free(&h->body);
	strbuf_free(&h->sent);
	free(h->socket);
	free(h->error);
	free(h);
}

const char *http_error(const struct http *h)
{
	return h->error;
}

static int _printf_(3, 4) fail(struct http *h, int error, const char *fmt, ...)
{
	va_list ap;

	free(h->error);
	va_start(ap, fmt);
	if (vasprintf(&h->error, fmt, ap) < 0)
		h->error = xstrdup("out of memory");
	va_end(ap);
	stop(h);
	return error;
}

/* A line, or what has come of it. */
static void add_line(struct http *h, const char *data, size_t n, bool ends)
{
	if (!h->skips && h->line + n > h->max) {
		h->body.len -= h->line;
		h->skips = h->skipped = true;
	}
	if (!h->skips)
		strbuf_add(&h->body, data, n);
	h->line = h->skips || ends ? 0 : h->line + n;
	h->skips = h->skips && !ends;
}

/* As many as libcurl takes at once, less than 2 MiB, may wait. */
static void add_lines(struct http *h, const char *data, size_t n)
{
	while (n) {
		const char *end = memchr(data, '\n', n);
		size_t len = end ? (size_t)(end - data) + 1 : n;

		add_line(h, data, len, end);
		data += len;
		n -= len;
	}
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	n *= size;
	if (!h->lines && h->body.len - h->pos + n > h->max) {
		h->overflow = true;
		return n ? 0 : 1;
	}
	if (h->pos) {
		memmove(h->body.s, h->body.s + h->pos, h->body.len - h->pos);
		h->body.len -= h->pos;
		h->pos = 0;
	}
	if (h->lines)
		add_lines(h, data, n);
	else
		strbuf_add(&h->body, data, n);
	return n;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* grpc-message is percent-encoded. What would be no printable text becomes "?". */
static void keep_grpc_message(struct http *h, const char *s, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len && out < sizeof(h->grpc_message) - 1; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '%' && len - i > 2 && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			c = (unsigned char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]));
			i += 2;
		}
		h->grpc_message[out++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	h->grpc_message[out] = '\0';
}

/* Trailers come here too. */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	static const char status[] = "grpc-status:", message[] = "grpc-message:";
	struct http *h = arg;
	size_t len = n * size;

	while (len && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (len >= sizeof(status) && !strncasecmp(data, status, sizeof(status) - 1)) {
		long v = 0;

		for (size_t i = sizeof(status) - 1; i < len && v < 1000; i++)
			if (data[i] >= '0' && data[i] <= '9')
				v = v * 10 + (data[i] - '0');
		h->grpc_status = v;
	} else if (len >= sizeof(message) && !strncasecmp(data, message, sizeof(message) - 1)) {
		size_t at = sizeof(message) - 1;

		while (at < len && data[at] == ' ')
			at++;
		keep_grpc_message(h, data + at, len - at);
	}
	return n * size;
}

static int start(struct http *h, const char *path, size_t max)
{
	_cleanup_free_ char *url = xasprintf("http://localhost%s", path);

	if (!curl)
		return fail(h, -ELIBACC, "%s", curl_failure.s);
	stop(h);
	strbuf_reset(&h->body);
	h->pos = 0;
	h->max = MIN(max, h->limit);
	h->line = 0;
	h->done = h->overflow = h->lines = h->skips = h->skipped = false;
	h->grpc_status = -1;
	h->grpc_message[0] = h->curl_error[0] = '\0';
	free(h->error);
	h->error = xstrdup("");
	curl->slist_free_all(TAKE_PTR(h->headers));

	curl->easy_reset(h->easy);
	curl->easy_setopt(h->easy, CURLOPT_URL, url);
	curl->easy_setopt(h->easy, CURLOPT_UNIX_SOCKET_PATH, h->socket);
	curl->easy_setopt(h->easy, CURLOPT_PROXY, "");
	curl->easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->curl_error);
	curl->easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl->easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	curl->easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl->easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	return 0;
}

static void go(struct http *h)
{
	h->running = curl->multi_add_handle(h->multi, h->easy) == CURLM_OK;
	if (!h->running) {
		h->done = true;
		h->result = CURLE_FAILED_INIT;
	}
}

/* Lets libcurl work until something came, it is done, or the deadline (CLOCK_BOOTTIME). */
static int pump(struct http *h, uint64_t deadline)
{
	struct curl_waitfd abort_wait = { .fd = h->abort_fd, .events = CURL_WAIT_POLLIN };
	size_t before = h->body.len - h->pos;
	unsigned n_wait = h->abort_fd >= 0;
	int running, queued;

	while (!h->done) {
		uint64_t now;
		CURLMsg *m;

		curl->multi_perform(h->multi, &running);
		while ((m = curl->multi_info_read(h->multi, &queued))) {
			if (m->msg != CURLMSG_DONE)
				continue;
			h->done = true;
			h->result = m->data.result;
		}
		now = clock_boot();
		if (h->done || h->skipped || h->body.len - h->pos != before || now >= deadline)
			break;
		/* Rounded up: waiting 0 ms for the last half would be a busy loop. */
		curl->multi_poll(h->multi, &abort_wait, n_wait,
				(int)MIN((deadline - now) / NSEC_PER_MSEC + 1, 60000ULL), NULL);
		if (abort_wait.revents)
			return fail(h, -ECANCELED, "cancelled");
	}
	return 0;
}

/*
 * libcurl 7.88 loses an answer that is there before it has sent the message, as it can be on a busy
 * machine; and who answers before the message has come has no such method.
 */
static bool is_refused_unread(struct http *h)
{
	curl_off_t sent = 0;

	curl->easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return h->result == CURLE_HTTP2_STREAM && h->grpc_status < 0 && !sent;
}

/* Not a byte of an answer in this protocol has come. */
static bool is_no_such_service(struct http *h)
{
	long status = 0;

	curl->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	switch (h->result) {
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_UNSUPPORTED_PROTOCOL:	/* what is no head is HTTP/0.9 to libcurl */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		return !status;
	default:
		return false;
	}
}

/* What the finished transfer means: 0, or -errno with the sentence. */
static int outcome(struct http *h)
{
	long os_error = 0;

	if (h->overflow)
		return fail(h, -EMSGSIZE, "the answer is larger than %zu bytes", h->max);
	if (h->result == CURLE_OK)
		return 0;
	if (h->result == CURLE_COULDNT_CONNECT) {
		curl->easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os_error);
		if (os_error <= 0)
			os_error = ECONNREFUSED;
		return fail(h, -(int)os_error, "%s", strerrordesc_np((int)os_error));
	}
	if (is_refused_unread(h))
		return fail(h, -ENOSYS, "refused before the message was sent");
	if (is_no_such_service(h))
		return fail(h, -EPROTO, "what listens there does not speak this kind's protocol, or has just ended (docker and "
					"podman speak HTTP, cri and containerd gRPC)");
	return fail(h, -EPROTO, "%s",
		    h->curl_error[0] ? h->curl_error : curl->easy_strerror(h->result));
}

static uint64_t in_ms(unsigned ms)
{
	return clock_boot() + ms * NSEC_PER_MSEC;
}

static int late(struct http *h, unsigned timeout_ms)
{
	if (timeout_ms < 1000)
		return fail(h, -ETIMEDOUT, "no answer in %u ms", timeout_ms);
	return fail(h, -ETIMEDOUT, "no answer in %u s", timeout_ms / 1000);
}

static int finish(struct http *h, unsigned timeout_ms)
{
	uint64_t deadline = in_ms(timeout_ms);
	int r;

	while (!h->done) {
		r = pump(h, deadline);
		if (r < 0)
			return r;
		if (!h->done && clock_boot() >= deadline)
			return late(h, timeout_ms);
	}
	r = outcome(h);
	stop(h);
	return r;
}

static int exchange(struct http *h, unsigned timeout_ms, long *ret_status, struct strbuf *body)
{
	int r;

	go(h);
	r = finish(h, timeout_ms);
	if (r < 0)
		return r;
	curl->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, ret_status);
	strbuf_free(body);
	*body = h->body;
	h->body = (struct strbuf)STRBUF_INIT;
	return 0;
}

int http_get(struct http *h, const char *path, unsigned timeout_ms, long *ret_status,
	     struct strbuf *body)
{
	int r = start(h, path, HTTP_BODY_MAX);

	return r < 0 ? r : exchange(h, timeout_ms, ret_status, body);
}

int http_post(struct http *h, const char *path, unsigned timeout_ms, long *ret_status,
	      struct strbuf *body)
{
	int r = start(h, path, HTTP_BODY_MAX);

	if (r < 0)
		return r;
	curl->easy_setopt(h->easy, CURLOPT_POST, 1L);
	curl->easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE, 0L);
	return exchange(h, timeout_ms, ret_status, body);
}

int http_get_lines(struct http *h, const char *path, unsigned timeout_ms)
{
	uint64_t deadline = in_ms(timeout_ms);
	long status = 0;
	int r;

	r = start(h, path, HTTP_LINE_MAX);
	if (r < 0)
		return r;
	h->lines = true;
	go(h);
	while (!status && !h->done) {
		/* A head alone does not end pump(): look again soon. */
		r = pump(h, MIN(deadline, in_ms(10)));
		if (r < 0)
			return r;
		curl->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
		if (!status && clock_boot() >= deadline)
			return late(h, timeout_ms);
	}
	if (h->done && h->result != CURLE_OK)
		return outcome(h);
	if (status != 200)
		return fail(h, -EPROTO, "HTTP status %ld", status);
	return 0;
}

int http_next_line(struct http *h, unsigned wait_ms, struct strbuf *line)
{
	uint64_t deadline = in_ms(wait_ms);

	for (;;) {
		const char *s = h->body.s + h->pos;
		size_t len = h->body.len - h->pos;
		const char *end = len ? memchr(s, '\n', len) : NULL;
		int r;

		if (end) {
			strbuf_reset(line);
			strbuf_add(line, s, (size_t)(end - s));
			h->pos += (size_t)(end - s) + 1;
			return 0;
		}
		if (h->skipped) {
			h->skipped = false;
			return -EMSGSIZE;
		}
		if (h->done) {
			r = outcome(h);
			return r < 0 ? r : fail(h, -EPIPE, "the stream ended");
		}
		r = pump(h, deadline);
		if (r < 0)
			return r;
		if (clock_boot() >= deadline && h->body.len - h->pos == len && !h->done)
			return -EAGAIN;
	}
}

void grpc_frame(struct strbuf *out, const void *message, size_t len)
{
	uint32_t n = htobe32((uint32_t)len);

	strbuf_addc(out, '\0');
	strbuf_add(out, &n, sizeof(n));
	strbuf_add(out, message, len);
}

int grpc_unframe(const char *data, size_t len, size_t max, const char **ret, size_t *ret_len)
{
	uint32_t n;

	if (len < GRPC_HEAD)
		return 0;
	/* 1 is a compressed message, which we did not offer to take. */
	if (data[0])
		return -EPROTO;
	memcpy(&n, data + 1, sizeof(n));
	n = be32toh(n);
	if (n > max)
		return -EMSGSIZE;
	if (len - GRPC_HEAD < n)
		return 0;
	*ret = data + GRPC_HEAD;
	*ret_len = n;
	return 1;
}

static int grpc_start(struct http *h, const struct grpc_call *call)
{
	static const char *const fixed[] = { "content-type: application/grpc", "te: trailers",
					     "user-agent: nunchi", "expect:" };

	int r = start(h, call->method, HTTP_BODY_MAX + GRPC_HEAD);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		h->headers = curl->slist_append(h->headers, fixed[i]);
	if (call->header)
		h->headers = curl->slist_append(h->headers, call->header);
	strbuf_reset(&h->sent);
	grpc_frame(&h->sent, call->message, call->len);
	curl->easy_setopt(h->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	/* libcurl 7.88 speaks HTTP/1 on a prior-knowledge connection that it uses again. */
	curl->easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl->easy_setopt(h->easy, CURLOPT_FORBID_REUSE, 1L);
	curl->easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
	curl->easy_setopt(h->easy, CURLOPT_POST, 1L);
	curl->easy_setopt(h->easy, CURLOPT_POSTFIELDS, h->sent.s);
	curl->easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)h->sent.len);
	go(h);
	return 0;
}

/* The transfer ended: what does the gRPC status say? */
static int grpc_outcome(struct http *h)
{
	static const struct {
		long status;
		int error;
	} errors[] = {
		{ 4, -ETIMEDOUT }, { 5, -ENOENT }, { 7, -EACCES }, { 12, -ENOSYS }, { 16, -EACCES },
	};
	long status = 0;
	int r;

	/* A status that came counts even if the connection then broke. */
	if (h->grpc_status <= 0) {
		r = outcome(h);
		if (r < 0)
			return r;
		curl->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
		if (status != 200)
			return fail(h, -EPROTO, "HTTP status %ld", status);
		if (h->grpc_status < 0)
			return fail(h, -EPROTO, "the answer ends without a gRPC status");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].status == h->grpc_status)
			return fail(h, errors[i].error, "gRPC status %ld: %s", h->grpc_status,
				    h->grpc_message);
	return fail(h, -EREMOTEIO, "gRPC status %ld: %s", h->grpc_status, h->grpc_message);
}

/* The next whole message that is here: 1, 0, -errno. */
static int grpc_take(struct http *h, struct strbuf *message)
{
	const char *data = NULL;
	size_t len = 0;
	int r;

	r = grpc_unframe(h->body.s + h->pos, h->body.len - h->pos, HTTP_BODY_MAX, &data, &len);
	if (r < 0)
		return fail(h, r, r == -EMSGSIZE ? "a gRPC message is too large"
						 : "this is no gRPC message");
	if (r == 0)
		return 0;
	strbuf_reset(message);
	strbuf_add(message, data, len);
	h->pos += GRPC_HEAD + len;
	return 1;
}

int grpc_unary(struct http *h, const struct grpc_call *call, unsigned timeout_ms,
	       struct strbuf *answer)
{
	int r = grpc_start(h, call);

	if (r < 0)
		return r;
	r = finish(h, timeout_ms);
	if (r < 0 && h->grpc_status <= 0)
		return r;
	r = grpc_outcome(h);
	if (r < 0)
		return r;
	r = grpc_take(h, answer);
	if (r < 0)
		return r;
	return r ? 0 : fail(h, -EPROTO, "the answer is only half a gRPC message");
}

int grpc_stream(struct http *h, const struct grpc_call *call)
{
	uint64_t deadline = in_ms(1000);
	curl_off_t sent = 0;
	int r = grpc_start(h, call);

	if (r < 0)
		return r;
	/* No head comes before the first message: that the request left is all there is to know. */
	while (!h->done && sent < (curl_off_t)h->sent.len && clock_boot() < deadline) {
		r = pump(h, in_ms(5));
		if (r < 0)
			return r;
		curl->easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	}
	return h->done && h->grpc_status < 0 ? outcome(h) : 0;
}

int grpc_next(struct http *h, unsigned wait_ms, struct strbuf *message)
{
	uint64_t deadline = in_ms(wait_ms);

	for (;;) {
		size_t before = h->body.len - h->pos;
		int r = grpc_take(h, message);

		if (r)
			return r < 0 ? r : 0;
		if (h->done) {
			r = grpc_outcome(h);
			return r < 0 ? r : fail(h, -EPIPE, "the stream ended");
		}
		r = pump(h, deadline);
		if (r < 0)
			return r;
		if (clock_boot() >= deadline && h->body.len - h->pos == before && !h->done)
			return -EAGAIN;
	}
}
