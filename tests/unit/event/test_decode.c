/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

static int decode_bytes(struct event *ev, const struct strbuf *rec, size_t len)
{
	const char *why = NULL;
	int r = event_decode(ev, rec->s, len, 0, &why);

	if (r < 0) {
		assert_int_equal(r, -EBADMSG);
		assert_non_null(why);
	}
	return r;
}

static void test_decode_syscall(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev;
	const char *why;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "openat", -2, (uint64_t)-100, 0, 2);
	add_text(&rec, NUNCHI_BLOB_STR, 1, "a.txt");
	add_walk(&rec, NUNCHI_BLOB_BASE, 1, 040755, "mnt");
	encode_end(&rec);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 5000, &why), 0);
	assert_int_equal(ev.type, EVENT_SYSCALL);
	assert_int_equal(ev.time, 6000);
	assert_int_equal(ev.ret, -2);
	assert_true(event_failed(&ev));
	assert_int_equal(ev.args[2], 2);
	assert_string_equal(event_type_name(&ev), "openat");
	assert_string_equal(event_activity(&ev), "File Open");
	assert_int_equal(event_category(&ev), CATEGORY_FILE);
	assert_int_equal(ev.n_blobs, 2);
	assert_int_equal(event_blob(&ev, NUNCHI_BLOB_STR, 1)->len, 5);
	assert_memory_equal(event_blob(&ev, NUNCHI_BLOB_STR, -1)->data, "a.txt", 5);
	assert_null(event_blob(&ev, NUNCHI_BLOB_STR, 0));
	assert_null(ev.proc);
	assert_null(ev.container);
}

static void test_decode_kinds(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct nunchi_head head = head_of(NUNCHI_REC_EXIT, 9);
	struct nunchi_exit code = { .code = 0x8b };
	struct nunchi_lost lost = { .count = 1204, .first = 1, .last = 2,
				    .reason = NUNCHI_DROP_OUTPUT };
	struct event ev;

	encode_begin(&rec, &head);
	encode_bytes(&rec, &code, sizeof(code));
	decode(&ev, &rec);
	assert_int_equal(ev.type, EVENT_PROCEXIT);
	assert_int_equal(ev.exit_code, 0x8b);
	assert_string_equal(event_type_name(&ev), "procexit");
	assert_int_equal(event_category(&ev), CATEGORY_PROCESS);

	encode_lost(&rec, &lost, NULL, 3, 4, 99);
	assert_int_equal(decode_bytes(&ev, &rec, rec.len), 0);
	assert_int_equal(ev.type, EVENT_LOST);
	assert_int_equal(ev.lost.count, 1204);
	assert_int_equal(ev.lost.reason, NUNCHI_DROP_OUTPUT);
	assert_int_equal(ev.head->slot, 3);
	assert_int_equal(ev.head->generation, 4);
	assert_string_equal(event_type_name(&ev), "events_lost");

	/* A kind of the future is taken and never shown. */
	head.kind = 4000;
	encode_begin(&rec, &head);
	encode_bytes(&rec, "whatever", 8);
	decode(&ev, &rec);
	assert_int_equal(ev.type, EVENT_OTHER);
	assert_int_equal(ev.body_len, 8);
	assert_int_equal(ev.n_blobs, 0);
}

static void test_decode_unknown_call(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, text = STRBUF_INIT;
	struct nunchi_head head = head_of(NUNCHI_REC_SYSCALL, 9);
	struct nunchi_call call = { .nr = 511, .args = { 0x1f } };
	struct event ev;

	encode_begin(&rec, &head);
	encode_bytes(&rec, &call, sizeof(call));
	decode(&ev, &rec);
	assert_string_equal(event_type_name(&ev), "syscall_511");
	event_arg_print(&ev, 0, &text);
	assert_string_equal(text.s, "0x1f");

	call.nr = 512;
	encode_begin(&rec, &head);
	encode_bytes(&rec, &call, sizeof(call));
	encode_end(&rec);
	assert_int_equal(decode_bytes(&ev, &rec, rec.len), -EBADMSG);
}

/* A copy in memory of exactly its size, so that a sanitizer sees each byte too many. */
static int decode_exact(const struct strbuf *rec, size_t len)
{
	_cleanup_free_ char *copy = xmemdup(rec->s, len);
	struct event ev;
	const char *why;

	return event_decode(&ev, copy, len, 0, &why);
}

static void test_decode_lengths(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct nunchi_head *head;
	struct nunchi_blob *blob;
	struct event ev;
	size_t at;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "openat", 3, 0, 0, 0);
	at = rec.len;
	add_text(&rec, NUNCHI_BLOB_STR, 1, "12345678");
	encode_end(&rec);
	for (size_t len = 0; len < rec.len; len++)
		assert_int_equal(decode_exact(&rec, len), -EBADMSG);
	assert_int_equal(decode_exact(&rec, rec.len), 0);

	head = (void *)rec.s;
	for (uint32_t len = 0; len < rec.len; len++) {
		bool whole_blob = len == at;

		head->len = len;
		assert_int_equal(decode_exact(&rec, rec.len), whole_blob ? 0 : -EBADMSG);
	}
	head->len = (uint32_t)rec.len + 8;
	assert_int_equal(decode_exact(&rec, rec.len), -EBADMSG);
	head->len = UINT32_MAX - 7;
	assert_int_equal(decode_exact(&rec, rec.len), -EBADMSG);
	head->len = (uint32_t)rec.len;

	blob = (void *)(rec.s + at);
	for (uint32_t len = 9; len < 64; len++) {
		blob->len = len;
		assert_int_equal(decode_exact(&rec, rec.len), -EBADMSG);
	}
	for (uint32_t len = UINT32_MAX - 32; len; len++) {
		blob->len = len;
		assert_int_equal(decode_exact(&rec, rec.len), -EBADMSG);
	}
	blob->len = 8;
	blob->full = 2;		/* less than what is there */
	assert_int_equal(decode_bytes(&ev, &rec, rec.len), 0);
	assert_int_equal(ev.blobs[0].full, 8);
}

/* Kinds with a fixed part: a byte less is damage, never read past its end. */
static void test_decode_short(void **state)
{
	static const struct {
		enum nunchi_kind kind;
		size_t body;
		enum event_type type;
	} kinds[] = {
		{ NUNCHI_REC_EXIT, sizeof(struct nunchi_exit), EVENT_PROCEXIT },
		{ NUNCHI_REC_NAMESPACES, sizeof(struct nunchi_namespaces), EVENT_NS_CHANGED },
		{ NUNCHI_REC_MOVED, sizeof(struct nunchi_moved), EVENT_CGROUP_MOVED },
		{ NUNCHI_REC_ESCAPE, sizeof(struct nunchi_escape), EVENT_ESCAPE },
		{ NUNCHI_REC_MISMATCH, sizeof(struct nunchi_call), EVENT_MISMATCH },
		{ NUNCHI_REC_BLIND, sizeof(struct nunchi_blind), EVENT_BLIND },
		{ NUNCHI_REC_GAP, sizeof(struct nunchi_gap), EVENT_GAP },
		{ NUNCHI_REC_SUMMARY, sizeof(struct nunchi_summary), EVENT_SUMMARY },
		{ NUNCHI_REC_LOST, sizeof(struct nunchi_lost), EVENT_LOST },
		{ NUNCHI_REC_LIFE, sizeof(struct nunchi_life) + 8, EVENT_OTHER },
	};
	static const char zeros[128];
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	const char *why;
	struct event ev;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct nunchi_head head = head_of(kinds[i].kind, 1);

		encode_begin(&rec, &head);
		encode_bytes(&rec, zeros, kinds[i].body);
		encode_end(&rec);
		assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
		assert_int_equal(ev.type, kinds[i].type);
		encode_begin(&rec, &head);
		encode_bytes(&rec, zeros, kinds[i].body - 8);
		encode_end(&rec);
		assert_int_equal(decode_exact(&rec, rec.len), -EBADMSG);
	}
}

/* What the kernel's table of summaries has in a row, as an event of its own and as what it counts. */
static void test_summary(void **state)
{
	struct nunchi_summary_row row = { .head = head_of(NUNCHI_REC_SYSCALL, 5), .call.args = { 3, 4 } };
	struct nunchi_summary_key key = { .slot = 7, .kind = NUNCHI_REC_SYSCALL, .error = -ENOENT };
	struct nunchi_blob *object = (void *)key.object;
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev, counted;

	row.call.nr = key.nr = (uint16_t)syscall_nr(syscall_by_name("openat", 6));
	*object = (struct nunchi_blob){ .type = NUNCHI_BLOB_STR, .arg = 1, .len = 4, .full = 4 };
	memcpy(object + 1, "/etc", 4);
	encode_summary(&rec, &key, &row, 12, 100, 200);
	decode(&ev, &rec);
	assert_int_equal(ev.type, EVENT_SUMMARY);
	assert_int_equal(ev.head->time, 200);
	assert_int_equal(event_summary(&ev)->count, 12);
	assert_string_equal(event_counted_name(&ev), "openat");
	assert_int_equal(ev.n_blobs, 1);
	counted = ev;
	assert_true(event_become_counted(&counted));
	assert_string_equal(event_type_name(&counted), "openat");
	assert_true(event_failed(&counted));
	assert_false(event_failed(&ev));

	key = (struct nunchi_summary_key){ .kind = NUNCHI_REC_EXIT };
	encode_summary(&rec, &key, &row, 1, 100, 200);
	decode(&ev, &rec);
	assert_string_equal(event_counted_name(&ev), "procexit");
	assert_true(event_become_counted(&ev));
	assert_int_equal(ev.type, EVENT_PROCEXIT);
	key.kind = NUNCHI_REC_FORK;
	encode_summary(&rec, &key, &row, 1, 100, 200);
	decode(&ev, &rec);
	assert_string_equal(event_counted_name(&ev), "fork");
	assert_false(event_become_counted(&ev));
}

static void test_decode_too_many_blobs(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "openat", 3, 0, 0, 0);
	for (int i = 0; i < EVENT_BLOBS_MAX; i++)
		add_text(&rec, NUNCHI_BLOB_STR, i, "x");
	decode(&ev, &rec);
	assert_int_equal(ev.n_blobs, EVENT_BLOBS_MAX);
	add_text(&rec, NUNCHI_BLOB_STR, 1, "x");
	encode_end(&rec);
	assert_int_equal(decode_bytes(&ev, &rec, rec.len), -EBADMSG);
}

static void assert_arg(const struct event *ev, unsigned index, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	strbuf_reset(&out);
	event_arg_print(ev, index, &out);
	assert_string_equal(out.s, want);
}

static void test_arg_print(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct nunchi_blob *blob;
	struct event ev;
	size_t at;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "openat", 3, (uint64_t)-100, 0x7f00, 0);
	add_walk(&rec, NUNCHI_BLOB_BASE, 1, 040755, "mnt");	/* not the argument's own text */
	at = rec.len;
	add_text(&rec, NUNCHI_BLOB_STR, 1, "test.txt");
	decode(&ev, &rec);
	assert_arg(&ev, 0, "AT_FDCWD");
	assert_arg(&ev, 1, "test.txt");
	assert_arg(&ev, 6, "");
	assert_arg(&ev, 77, "");

	blob = (void *)(rec.s + at);
	blob->flags = NUNCHI_BLOB_TRUNCATED;
	blob->full = 5000;
	decode(&ev, &rec);
	assert_arg(&ev, 1, "test.txt... (5000 bytes)");
}

static void test_arg_print_exec(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, out = STRBUF_INIT;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_EXEC, "execve", 0, 0, 0, 0);
	add_text(&rec, NUNCHI_BLOB_FILENAME, 0, "/bin/cat");
	encode_blob(&rec, NUNCHI_BLOB_ARGV, 0, 0, "cat\0/etc/shadow", 16);
	decode(&ev, &rec);
	assert_arg(&ev, 0, "/bin/cat");
	event_arg_print(&ev, 1, &out);
	assert_non_null(strstr(out.s, "/etc/shadow"));
	assert_arg(&ev, 2, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_syscall),
		cmocka_unit_test(test_decode_kinds),
		cmocka_unit_test(test_decode_unknown_call),
		cmocka_unit_test(test_decode_lengths),
		cmocka_unit_test(test_decode_short),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_decode_too_many_blobs),
		cmocka_unit_test(test_arg_print),
		cmocka_unit_test(test_arg_print_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
