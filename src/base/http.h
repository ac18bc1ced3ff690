/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP over a unix socket, and gRPC as HTTP/2 with prior knowledge, both by libcurl. A handle
 * belongs to one thread and does one thing at a time. Every call is bounded in time and size and
 * ends at once when abort_fd becomes readable (it is polled, never read).
 *
 * Failures are -errno, and http_error() has the sentence:
 *	-ETIMEDOUT	no answer in time
 *	-ECANCELED	abort_fd
 *	-EMSGSIZE	the answer is larger than allowed
 *	-EPROTO		what came is no HTTP, no gRPC, or half of it
 *	-EPIPE		a stream ended
 *	others		the connection could not be made (-ECONNREFUSED, -ENOENT, -EACCES, ...)
 */
#pragma once

#include "strbuf.h"

/* What one answer, or one message or line of a stream, may be at most. */
#define HTTP_BODY_MAX (16U << 20)
#define HTTP_LINE_MAX (1U << 20)

struct http;

/* abort_fd may be -1. Never fails: what is wrong with the socket, the first call tells. */
struct http *http_new(const char *socket, int abort_fd) _must_check_;
void http_free(struct http *h);
/* From here on no answer, message or line may be larger than that; more than HTTP_BODY_MAX and HTTP_LINE_MAX none ever is. */
void http_limit(struct http *h, size_t max);
#define _cleanup_http_ _cleanup_(http_freep)
static inline void http_freep(struct http **h)
{
	http_free(*h);
}

/* Why the last call failed, without the socket's name; "" if it did not. Owned by h. */
const char *http_error(const struct http *h);

/* 0 whatever the HTTP status, which goes to *ret_status. body is replaced. */
int http_get(struct http *h, const char *path, unsigned timeout_ms, long *ret_status,
	     struct strbuf *body) _must_check_;

/* The same by POST, of nothing. */
int http_post(struct http *h, const char *path, unsigned timeout_ms, long *ret_status,
	      struct strbuf *body) _must_check_;

/* Starts an endless answer of lines; waits for its head, and wants status 200. */
int http_get_lines(struct http *h, const char *path, unsigned timeout_ms) _must_check_;
/* 0 and the next line, -EAGAIN if none came in wait_ms; -EMSGSIZE: one is too large and left out, others will come. */
int http_next_line(struct http *h, unsigned wait_ms, struct strbuf *line) _must_check_;

/*
 * gRPC. method is "/package.Service/Method", header one "name: value" more, or NULL. A status
 * other than OK becomes -ENOENT (NOT_FOUND), -ENOSYS (UNIMPLEMENTED), -EACCES (the two about
 * permission), -ETIMEDOUT (DEADLINE_EXCEEDED), else -EREMOTEIO.
 */
struct grpc_call {
	const char *method;
	const char *header;
	const void *message;
	size_t len;
};

int grpc_unary(struct http *h, const struct grpc_call *call, unsigned timeout_ms,
	       struct strbuf *answer) _must_check_;
/* Sends the request; the stream's own failure shows in grpc_next. */
int grpc_stream(struct http *h, const struct grpc_call *call) _must_check_;
/* 0 and the next message, -EAGAIN if none came in wait_ms. */
int grpc_next(struct http *h, unsigned wait_ms, struct strbuf *message) _must_check_;

/* The five-byte frame: appended to out; and looked at in data: 1 whole, 0 not yet, -errno. */
void grpc_frame(struct strbuf *out, const void *message, size_t len);
int grpc_unframe(const char *data, size_t len, size_t max, const char **ret, size_t *ret_len);
