/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>

#include "event/capture.h"
#include "record.h"

#define RECORDS 6

static char path[64];

static int setup(void **state)
{
	snprintf(path, sizeof(path), "/tmp/nunchi-capture-XXXXXX");
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	return unlink(path);
}

/* Record i of a capture: a call with i as its result and i bytes of text. */
static void make_record(struct strbuf *rec, unsigned i)
{
	begin_call(rec, NUNCHI_REC_SYSCALL, "openat", i, 0, 0, 0);
	encode_blob(rec, NUNCHI_BLOB_STR, 1, 0, "abcdefghijklmnop", i % 16);
	encode_end(rec);
}

static void write_records(unsigned n, unsigned flush_every)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct capture_writer *w;

	assert_int_equal(capture_writer_open(&w, path), 0);
	for (unsigned i = 0; i < n; i++) {
		make_record(&rec, i);
		assert_int_equal(capture_writer_add(w, (const void *)rec.s), 0);
		if (flush_every && i % flush_every == flush_every - 1)
			assert_int_equal(capture_writer_flush(w), 0);
	}
	assert_int_equal(capture_writer_close(w), 0);
}

/* Reads all; every record that comes out must be the right one. The number of them. */
static unsigned read_records(int *ret_end, struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;
	const struct nunchi_head *head;
	struct capture_reader *r;
	unsigned n = 0;

	*ret_end = capture_reader_open(&r, path, err);
	if (*ret_end < 0)
		return 0;
	while ((*ret_end = capture_reader_next(r, &head, err)) == 1) {
		make_record(&want, n++);
		assert_int_equal(head->len, want.len);
		assert_memory_equal(head, want.s, want.len);
	}
	/* The end stays the end. */
	assert_int_equal(capture_reader_next(r, &head, err), *ret_end);
	capture_reader_close(r);
	return n;
}

static void put_file(const char *data, size_t len)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
}

static void get_file(struct strbuf *out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
}

static void test_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct stat st;
	int end;

	write_records(0, 0);
	assert_int_equal(read_records(&end, &err), 0);
	assert_int_equal(end, 0);

	/* More than two frames' worth. */
	write_records(15000, 0);
	assert_int_equal(read_records(&end, &err), 15000);
	assert_int_equal(end, 0);

	unlink(path);
	write_records(RECORDS, 2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(read_records(&end, &err), RECORDS);
	assert_int_equal(end, 0);
}

/* Cut after each byte: never a wrong record, all whole frames, and a sentence that says where. */
static void test_truncated(void **state)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT, err = STRBUF_INIT;
	unsigned before = 0;
	char where[64];
	int end;

	write_records(RECORDS, 2);
	get_file(&file);
	for (size_t len = 0; len < file.len; len++) {
		unsigned n;

		put_file(file.s, len);
		n = read_records(&end, &err);
		assert_int_equal(end, -EBADMSG);
		assert_true(n >= before && n % 2 == 0);
		before = n;
		if (len >= 32) {
			snprintf(where, sizeof(where), "ends early at byte %zu", len);
			assert_string_equal(err.s, where);
		}
	}
	assert_int_equal(before, RECORDS);
}

/* Each bit of each byte turned: found out, every time, and what comes before it is right. */
static void test_flipped(void **state)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT, err = STRBUF_INIT;
	unsigned before = 0;
	int end;

	write_records(RECORDS, 2);
	get_file(&file);
	for (size_t at = 0; at < file.len; at++) {
		for (int bit = 0; bit < 8; bit++) {
			unsigned n;

			file.s[at] ^= (char)(1 << bit);
			put_file(file.s, file.len);
			file.s[at] ^= (char)(1 << bit);
			n = read_records(&end, &err);
			assert_int_equal(end, -EBADMSG);
			assert_true(n >= before);
			assert_true(err.len > 0);
			before = n;
		}
	}
	assert_int_equal(before, RECORDS);
}

static void test_says_where(void **state)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT, err = STRBUF_INIT;
	int end;

	write_records(20000, 100);
	get_file(&file);
	/* Damage in the last frame, whose place has a thousands separator. */
	file.s[file.len - 20] ^= 1;
	put_file(file.s, file.len);
	assert_int_equal(read_records(&end, &err), 19900);
	assert_int_equal(end, -EBADMSG);
	assert_memory_equal(err.s, "damaged at byte ", 16);
	assert_non_null(strchr(err.s, ','));
	assert_non_null(strstr(err.s, "(checksum)"));
}

/* Two of them in one file: the first is read, and that there is more is said. */
static void test_goes_on(void **state)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT, err = STRBUF_INIT;
	size_t len;
	int end;

	write_records(20, 0);
	get_file(&file);
	len = file.len;
	get_file(&file);
	put_file(file.s, 2 * len);
	assert_int_equal(read_records(&end, &err), 20);
	assert_int_equal(end, -EBADMSG);
	assert_non_null(strstr(err.s, "goes on after its end at byte "));
}

static void test_not_a_capture(void **state)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct capture_reader *r;

	put_file("#!/bin/sh\necho this is something else entirely\n", 47);
	assert_int_equal(capture_reader_open(&r, path, &err), -EBADMSG);
	assert_string_equal(err.s, "is no nunchi capture");
	assert_int_equal(capture_reader_open(&r, "/nonexistent/x", &err), -ENOENT);
	assert_true(err.len > 0);
}

static void test_bad_records_are_refused(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, err = STRBUF_INIT;
	struct capture_writer *w;
	struct nunchi_head *head;
	int end;

	make_record(&rec, 0);
	head = (void *)rec.s;
	assert_int_equal(capture_writer_open(&w, path), 0);
	head->len = CAPTURE_FRAME_MAX + 8;
	assert_int_equal(capture_writer_add(w, head), -EMSGSIZE);
	head->len = 8;
	assert_int_equal(capture_writer_add(w, head), -EMSGSIZE);
	make_record(&rec, 0);
	assert_int_equal(capture_writer_add(w, (const void *)rec.s), 0);
	assert_int_equal(capture_writer_close(w), 0);
	assert_int_equal(read_records(&end, &err), 1);
	assert_int_equal(end, 0);
}

static void test_full_disk(void **state)
{
	struct capture_writer *w;

	assert_int_equal(capture_writer_open(&w, "/nonexistent/x"), -ENOENT);
	assert_int_equal(capture_writer_open(&w, "/dev/full"), 0);
	assert_int_equal(capture_writer_put(w), -ENOSPC);
	assert_int_equal(capture_writer_close(w), -ENOSPC);
}

/* A recording that did not begin leaves what there was; one that did, nothing of it. */
static void test_not_begun(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, before = STRBUF_INIT, after = STRBUF_INIT, err = STRBUF_INIT;
	struct capture_writer *w;
	int end;

	write_records(RECORDS, 1);
	get_file(&before);
	assert_int_equal(capture_writer_open(&w, path), 0);
	make_record(&rec, 0);
	assert_int_equal(capture_writer_add(w, (const void *)rec.s), 0);
	assert_false(capture_writer_has_begun(w));
	capture_writer_drop(w);
	get_file(&after);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.s, before.s, before.len);
	write_records(1, 0);
	assert_int_equal(read_records(&end, &err), 1);
	assert_int_equal(end, 0);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(capture_writer_open(&w, path), 0);
	assert_int_equal(access(path, F_OK), 0);
	capture_writer_drop(w);
	assert_int_equal(access(path, F_OK), -1);
	write_records(1, 0);
	assert_int_equal(read_records(&end, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_says_where),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_not_a_capture),
		cmocka_unit_test(test_bad_records_are_refused),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_not_begun),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
