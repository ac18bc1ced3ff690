/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/magic.h>
#include <sys/stat.h>

#include "record.h"

static void test_join(void **state)
{
	static const struct {
		const char *base, *name, *want;
	} table[] = {
		{ "/", "a", "/a" },
		{ "/mnt", "a/b", "/mnt/a/b" },
		{ "/mnt", "/etc/passwd", "/etc/passwd" },
		{ "/mnt", "", "/mnt" },
		{ "", "", "/" },
		{ "/mnt", ".", "/mnt" },
		{ "/mnt", "..", "/" },
		{ "/mnt", "../../../..", "/" },
		{ "/mnt", "../../../../etc/../x", "/x" },
		{ "/mnt/a", "./b//c/", "/mnt/a/b/c" },
		{ "/mnt//a/", "b", "/mnt/a/b" },
		{ "/mnt/../x", "b", "/x/b" },
		{ "/mnt", "//a", "/a" },
		{ "/mnt", "/", "/" },
		{ "/mnt", "...", "/mnt/..." },
		{ "/mnt", "..a/.b", "/mnt/..a/.b" },
		{ "mnt", "a", "/mnt/a" },
		{ "/a/b", "../c/..", "/a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		strbuf_adds(&out, "/before");	/* appended to, and ".." never eats it */
		path_join(&out, table[i].base, strlen(table[i].base), table[i].name,
			  strlen(table[i].name));
		assert_memory_equal(out.s, "/before", 7);
		assert_string_equal(out.s + 7, table[i].want);
		assert_int_equal(out.len, strlen(out.s));
	}
}

static void assert_walk(unsigned flags, uint32_t mode, uint64_t magic, const char *walk, size_t len,
			const char *want)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, out = STRBUF_INIT;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "close", 0, 3, 0, 0);
	add_file_raw(&rec, NUNCHI_BLOB_FILE, 0, flags, mode, magic, walk, len);
	decode(&ev, &rec);
	path_from_walk(&out, &ev.blobs[0]);
	assert_string_equal(out.s, want);
}

#define WALK(flags, mode, magic, walk, want) \
	assert_walk(flags, mode, magic, walk, sizeof(walk), want)

static void test_walk(void **state)
{
	const unsigned gone = NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED;

	WALK(0, S_IFREG, 1, "test.txt\0mnt", "/mnt/test.txt");
	WALK(NUNCHI_BLOB_DELETED, S_IFREG, 1, "x\0tmp", "/tmp/x (deleted)");
	WALK(NUNCHI_BLOB_UNREACHABLE, S_IFREG, 1, "x\0tmp", "/tmp/x");
	WALK(NUNCHI_BLOB_TRUNCATED, S_IFREG, 1, "passwd\0etc", ".../etc/passwd");
	assert_walk(0, S_IFDIR, 1, "", 0, "/");
	assert_walk(0, S_IFDIR, 1, "\0\0\0", 3, "/");
	assert_walk(0, S_IFREG, 1, "b\0a", 3, "/a/b");	/* the last NUL is missing */
	WALK(gone, S_IFREG, TMPFS_MAGIC, "memfd:x", "memfd:x");
	WALK(0, S_IFREG, TMPFS_MAGIC, "memfd:x", "/memfd:x");	/* a file that calls itself so */
	WALK(NUNCHI_BLOB_DELETED, S_IFREG, TMPFS_MAGIC, "memfd:x\0tmp", "/tmp/memfd:x (deleted)");
	WALK(NUNCHI_BLOB_UNREACHABLE, S_IFREG, TMPFS_MAGIC, "memfd:x", "/memfd:x");
	WALK(gone, S_IFREG, 1, "/", "...");	/* by a handle, without its directory */
	WALK(gone, S_IFIFO | 0600, PIPEFS_MAGIC, "", "pipe:[42]");
	WALK(gone, 0600, ANON_INODE_FS_MAGIC, "[eventpoll]", "anon_inode:[eventpoll]");
	WALK(0, S_IFSOCK, SOCKFS_MAGIC, "", "socket:[42]");
}

static void test_walk_short(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	for (uint32_t len = 0; len < sizeof(struct nunchi_file); len++) {
		_cleanup_free_ char *data = xcalloc(1, len);
		struct event_blob blob = { .data = data, .len = len };

		path_from_walk(&out, &blob);
		assert_int_equal(out.len, 0);
	}
}

static void test_cgroup(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *want;
	} table[] = {
		{ "abc\0docker", 11, "/docker/abc" },
		{ "abc\0docker", 10, "/docker/abc" },
		{ "/docker/abc\0", 12, "/docker/abc" },
		{ "/docker/abc", 11, "/docker/abc" },
		{ "", 0, "/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct event_blob blob = { .data = table[i].data, .len = (uint32_t)table[i].len };

		cgroup_from_walk(&out, &blob);
		assert_string_equal(out.s, table[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_short),
		cmocka_unit_test(test_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
