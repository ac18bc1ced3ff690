/* SPDX-License-Identifier: Apache-2.0 */
/* Records for tests of the event and model rooms: heads, calls and blobs by one line each. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event/encode.h"
#include "event/fd.h"

static inline struct nunchi_head head_of(enum nunchi_kind kind, uint32_t pid)
{
	struct nunchi_head head = {
		.kind = (uint16_t)kind,
		.time = 1000,
		.pid = pid,
		.tid = pid,
		.vpid = pid,
		.vtid = pid,
		.start = 10 * (uint64_t)pid,
		.comm = "sh",
	};

	return head;
}

static inline const struct syscall_info *call_named(const char *name)
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));

	assert_non_null(call);
	return call;
}

static inline void begin_call(struct strbuf *rec, enum nunchi_kind kind, const char *name,
			      int64_t ret, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct nunchi_head head = head_of(kind, 7);
	struct nunchi_call call = {
		.nr = (uint32_t)syscall_nr(call_named(name)),
		.ret = ret,
		.args = { a0, a1, a2 },
	};

	encode_begin(rec, &head);
	encode_bytes(rec, &call, sizeof(call));
}

static inline void add_text(struct strbuf *rec, enum nunchi_blob_type type, int arg,
			    const char *text)
{
	encode_blob(rec, type, (uint8_t)arg, 0, text, strlen(text));
}

/* walk: components leaf first, each with its NUL but for the last, whose NUL the literal has. */
static inline void add_file_raw(struct strbuf *rec, enum nunchi_blob_type type, int arg,
				unsigned flags, uint32_t mode, uint64_t magic, const char *walk,
				size_t len)
{
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;
	struct nunchi_file file = { .ino = 42, .dev = 8 << 20 | 1, .mode = mode, .magic = magic };

	strbuf_add(&data, &file, sizeof(file));
	strbuf_add(&data, walk, len);
	encode_blob(rec, type, (uint8_t)arg, (uint16_t)flags, data.s, data.len);
}

#define add_walk(rec, type, arg, mode, walk) \
	add_file_raw(rec, type, arg, 0, mode, 0xef53, walk, sizeof(walk))

static inline void decode(struct event *ev, struct strbuf *rec)
{
	const char *why = NULL;

	encode_end(rec);
	assert_int_equal(event_decode(ev, rec->s, rec->len, 0, &why), 0);
}
