/* SPDX-License-Identifier: Apache-2.0 */
/* The frame, and calls against a server that speaks just enough HTTP/2. */
#include "base/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fake.h"

#define FRAME_DATA 0
#define FRAME_HEADERS 1
#define FRAME_RST_STREAM 3
#define FRAME_SETTINGS 4
#define FLAG_END_STREAM 1
#define FLAG_ACK 1
#define FLAG_END_HEADERS 4

enum mode { ECHO, STATUS_12, STATUS_5_BODYLESS, HALF_MESSAGE, COMPRESSED, NO_STATUS, TWO, HTTP_500, EARLY };

static void put_frame(int fd, uint8_t type, uint8_t flags, uint32_t stream, const void *data,
		      size_t len)
{
	uint8_t head[9] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, flags };
	uint32_t id = htonl(stream);

	memcpy(head + 5, &id, 4);
	fake_write(fd, head, sizeof(head));
	fake_write(fd, data, len);
}

/* HPACK without its tables: a literal name and a literal value. */
static void put_literal(struct strbuf *b, const char *name, const char *value)
{
	strbuf_addc(b, '\0');
	strbuf_addc(b, (char)strlen(name));
	strbuf_adds(b, name);
	strbuf_addc(b, (char)strlen(value));
	strbuf_adds(b, value);
}

static void put_head(int fd, const char *status, bool end, const char *grpc_status)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	put_literal(&b, ":status", status);
	put_literal(&b, "content-type", "application/grpc");
	if (grpc_status) {
		put_literal(&b, "grpc-status", grpc_status);
		put_literal(&b, "grpc-message", "not%20here%01");
	}
	put_frame(fd, FRAME_HEADERS, FLAG_END_HEADERS | (end ? FLAG_END_STREAM : 0), 1, b.s, b.len);
}

static void put_trailers(int fd, const char *grpc_status)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	put_literal(&b, "grpc-status", grpc_status);
	put_frame(fd, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, b.s, b.len);
}

static void answer(struct fake *f, int fd, const char *body, size_t len)
{
	static const char half[] = "\0\0\0\0\x09" "abc", packed[] = "\1\0\0\0\1" "a";
	static const char two[] = "\0\0\0\0\1" "a" "\0\0\0\0\2" "b";

	switch ((enum mode)f->mode) {
	case STATUS_12:
	case STATUS_5_BODYLESS:
		put_head(fd, "200", true, f->mode == STATUS_12 ? "12" : "5");
		return;
	case HTTP_500:
		put_head(fd, "500", true, NULL);
		return;
	case HALF_MESSAGE:
		body = half;
		len = sizeof(half) - 1;
		break;
	case COMPRESSED:
		body = packed;
		len = sizeof(packed) - 1;
		break;
	case TWO:
		put_head(fd, "200", false, NULL);
		put_frame(fd, FRAME_DATA, 0, 1, two, sizeof(two) - 1);
		usleep(30000);
		put_frame(fd, FRAME_DATA, 0, 1, "c", 1);
		put_trailers(fd, "0");
		return;
	case ECHO:
	case EARLY:
	case NO_STATUS:
		break;
	}
	put_head(fd, "200", false, NULL);
	if (f->mode == NO_STATUS) {
		put_frame(fd, FRAME_DATA, FLAG_END_STREAM, 1, body, len);
		return;
	}
	put_frame(fd, FRAME_DATA, 0, 1, body, len);
	put_trailers(fd, "0");
}

static bool read_all(int fd, void *data, size_t len)
{
	char *p = data;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = read(fd, p, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static void serve(struct fake *f, int fd)
{
	uint8_t head[24], body[4096];

	if (!read_all(fd, head, 24))
		return;
	put_frame(fd, FRAME_SETTINGS, 0, 0, "", 0);
	while (read_all(fd, head, 9)) {
		size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];

		if (len > sizeof(body) || !read_all(fd, body, len))
			return;
		if (head[3] == FRAME_SETTINGS && !(head[4] & FLAG_ACK))
			put_frame(fd, FRAME_SETTINGS, FLAG_ACK, 0, "", 0);
		if (head[3] == FRAME_HEADERS && f->mode == EARLY) {
			put_head(fd, "200", true, "12");
			put_frame(fd, FRAME_RST_STREAM, 0, 1, "\0\0\0", 4);
		} else if (head[3] == FRAME_DATA && len) {
			answer(f, fd, (char *)body, len);
		}
	}
}

static void test_frame(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	const char *message;
	size_t len;

	(void)state;
	grpc_frame(&b, "hello", 5);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.s, "\0\0\0\0\5hello", 10);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(grpc_unframe(b.s, i, 100, &message, &len), 0);
	assert_int_equal(grpc_unframe(b.s, b.len, 100, &message, &len), 1);
	assert_int_equal(len, 5);
	assert_memory_equal(message, "hello", 5);
	assert_int_equal(grpc_unframe(b.s, b.len, 4, &message, &len), -EMSGSIZE);
	assert_int_equal(grpc_unframe("\0\xff\xff\xff\xff", 5, 1 << 20, &message, &len), -EMSGSIZE);
	assert_int_equal(grpc_unframe("\1\0\0\0\0", 5, 100, &message, &len), -EPROTO);
	assert_int_equal(grpc_unframe("\0\0\0\0\0", 5, 100, &message, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(grpc_unframe(NULL, 0, 100, &message, &len), 0);
}

static void test_unary(void **state)
{
	static const struct {
		enum mode mode;
		int result;
	} cases[] = {
		{ ECHO, 0 }, { STATUS_12, -ENOSYS }, { ECHO, 0 }, { STATUS_5_BODYLESS, -ENOENT },
		{ HALF_MESSAGE, -EPROTO }, { COMPRESSED, -EPROTO }, { NO_STATUS, -EPROTO },
		{ HTTP_500, -EPROTO }, { ECHO, 0 },
	};
	const struct grpc_call call = { .method = "/a.B/C", .header = "x-y: z", .message = "ping",
					.len = 4 };
	_cleanup_strbuf_ struct strbuf reply = STRBUF_INIT;
	struct http *h;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	h = http_new(f.path, -1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f.mode = (int)cases[i].mode;
		assert_int_equal(grpc_unary(h, &call, 5000, &reply), cases[i].result);
		if (cases[i].result == 0)
			assert_string_equal(reply.s, "ping");
		if (cases[i].result == -ENOSYS)
			assert_string_equal(http_error(h), "gRPC status 12: not here?");
	}
	http_free(h);
	fake_stop(&f);
}

/* A method that there is not is refused before the message has come. */
static void test_early(void **state)
{
	const struct grpc_call call = { .method = "/a.B/C", .message = "ping", .len = 4 };
	_cleanup_strbuf_ struct strbuf m = STRBUF_INIT;
	struct http *h;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = EARLY;
	h = http_new(f.path, -1);
	for (int i = 0; i < 30; i++) {
		int r;

		assert_int_equal(grpc_unary(h, &call, 5000, &m), -ENOSYS);
		r = grpc_stream(h, &call);
		assert_int_equal(r ? r : grpc_next(h, 5000, &m), -ENOSYS);
	}
	http_free(h);
	fake_stop(&f);
}

static void test_stream(void **state)
{
	const struct grpc_call call = { .method = "/a.B/C", .message = "", .len = 0 };
	_cleanup_strbuf_ struct strbuf m = STRBUF_INIT;
	struct http *h;
	struct fake f;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = TWO;
	h = http_new(f.path, -1);
	assert_int_equal(grpc_stream(h, &call), 0);
	assert_int_equal(grpc_next(h, 5000, &m), 0);
	assert_string_equal(m.s, "a");
	assert_int_equal(grpc_next(h, 5000, &m), 0);
	assert_string_equal(m.s, "bc");
	assert_int_equal(grpc_next(h, 5000, &m), -EPIPE);
	f.mode = STATUS_12;
	assert_int_equal(grpc_stream(h, &call), 0);
	assert_int_equal(grpc_next(h, 5000, &m), -ENOSYS);
	http_free(h);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_unary),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
