/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "out/columns.h"
#include "out/describe.h"
#include "sample.h"

static struct output *text(unsigned width, bool color)
{
	const struct output_config config = { .kind = OUTPUT_TEXT, .width = width, .color = color };
	struct strbuf err = STRBUF_INIT;
	struct output *o = NULL;

	assert_int_equal(output_new(&o, &config, &err), 0);
	return o;
}

static void assert_what(struct sample *s, const char *what, const char *result)
{
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;
	struct what w = { .n_paths = 0 };

	describe_what(&s->fc, &w);
	describe_result(&s->ev, &got);
	assert_string_equal(w.text.s, what);
	assert_string_equal(got.s ? got.s : "", result);
	strbuf_free(&w.text);
}

/* A call with nothing but registers. */
static void assert_call(const char *name, int64_t ret, const uint64_t args[6], const char *what,
			const char *result)
{
	struct sample s;

	sample_init(&s);
	memcpy(s.call.args, args, sizeof(s.call.args));
	sample_call(&s, name, ret);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, what, result);
	sample_free(&s);
}

#define ARGS(...) ((const uint64_t[6]){ __VA_ARGS__ })

static void test_text_what(void **state)
{
	assert_call("kill", 0, ARGS(1234, SIGKILL), "SIGKILL -> 1234", "ok");
	assert_call("tgkill", -ESRCH, ARGS(7, 8, SIGTERM), "SIGTERM -> 8", "ESRCH");
	assert_call("setuid", 0, ARGS(1000), "uid=1000", "ok");
	assert_call("clone", 74, ARGS(SIGCHLD), "child 74", "ok");
	assert_call("socket", 5, ARGS(AF_INET, SOCK_STREAM, 0), "AF_INET SOCK_STREAM", "ok fd 5");
	assert_call("ptrace", 0, ARGS(16, 99), "PTRACE_ATTACH 99", "ok 0");
}

static void test_text_what_paths(void **state)
{
	struct sample s;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	assert_what(&s, "/mnt/test.txt", "ok fd 3");
	sample_free(&s);

	sample_init(&s);
	s.call.args[0] = s.call.args[2] = (uint64_t)AT_FDCWD;
	sample_call(&s, "renameat2", -EXDEV);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "old", 3);
	sample_blob(&s, NUNCHI_BLOB_STR, 3, "/new", 4);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "/root/old -> /new", "EXDEV");
	sample_free(&s);

	sample_init(&s);
	sample_call(&s, "mount", -EPERM);
	sample_blob(&s, NUNCHI_BLOB_STR, 0, "/dev/sda1", 9);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/mnt", 4);
	sample_blob(&s, NUNCHI_BLOB_STR, 2, "ext4", 4);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "/dev/sda1 -> /mnt (ext4)", "EPERM");
	sample_free(&s);

	sample_init(&s);
	s.call.args[0] = (uint64_t)AT_FDCWD;
	s.call.args[2] = 04777;
	sample_call(&s, "fchmodat", 0);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/x", 2);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "/x 04777", "ok");
	sample_free(&s);
}

static void test_text_what_network(void **state)
{
	const struct nunchi_sock accepted = {
		.family = AF_INET6, .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
		.lport = 443, .rport = 50000, .laddr = { [15] = 1 }, .raddr = { [15] = 1 },
	};
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(5432) };
	struct sample s;

	sin.sin_addr.s_addr = htonl(0x0a00000c);
	sample_init(&s);
	s.call.args[0] = 5;
	sample_call(&s, "connect", -EINPROGRESS);
	sample_blob(&s, NUNCHI_BLOB_SOCKADDR, 1, &sin, sizeof(sin));
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "10.0.0.12:5432", "EINPROGRESS");
	sample_free(&s);

	sample_init(&s);
	sample_call(&s, "accept", 6);
	sample_blob(&s, NUNCHI_BLOB_SOCK, NUNCHI_ARG_RET, &accepted, sizeof(accepted));
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "[::1]:50000", "ok fd 6");
	sample_free(&s);
}

static void test_text_what_exec(void **state)
{
	const char argv[] = "sh\0-c\0echo hi\0";
	struct sample s;

	sample_init(&s);
	assert_int_equal(sample_execve(&s), 0);
	assert_what(&s, "/usr/bin/cat /etc/shadow", "ok");
	assert_string_equal(describe_comm(&s.ev), "bash");
	sample_free(&s);

	/* Failed: what was asked for; the program is still the old one. */
	sample_init(&s);
	sample_call(&s, "execve", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 0, "./nope", 6);
	sample_blob(&s, NUNCHI_BLOB_STRV, 1, argv, sizeof(argv));
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "./nope -c 'echo hi' ''", "ENOENT");
	assert_string_equal(describe_comm(&s.ev), "cat");
	sample_free(&s);
}

static void test_text_results(void **state)
{
	struct nunchi_exit status = { .code = 3 << 8 };
	struct sample s;

	assert_call("write", 512, ARGS(9, 0, 512), "fd=9 count=512", "ok 512");
	for (int killed = 0; killed < 3; killed++) {
		sample_init(&s);
		s.head.kind = NUNCHI_REC_EXIT;
		if (killed)
			status.code = SIGSEGV | (killed == 2 ? 0x80 : 0);
		encode_begin(&s.record, &s.head);
		encode_bytes(&s.record, &status, sizeof(status));
		assert_int_equal(sample_end(&s), 0);
		assert_what(&s, "cat /mnt/test.txt", killed == 2 ? "SIGSEGV, core dumped" : killed ? "SIGSEGV" : "exit 3");
		assert_true(describe_is_failure(&s.ev));
		sample_free(&s);
	}
	sample_init(&s);
	s.head.flags = NUNCHI_F_ENTRY;
	sample_call(&s, "sched_yield", NUNCHI_RET_ENTRY);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "", "begins");
	assert_false(describe_is_failure(&s.ev));
	sample_free(&s);
	sample_init(&s);
	s.head.flags = NUNCHI_F_INTERRUPTED;
	sample_call(&s, "sched_yield", -512);
	assert_int_equal(sample_end(&s), 0);
	assert_what(&s, "", "interrupted");
	assert_false(describe_is_failure(&s.ev));
	sample_free(&s);
}

static void test_text_lines(void **state)
{
	struct nunchi_lost lost = { .count = 1204, .first = SAMPLE_BOOT, .last = SAMPLE_BOOT + 400000000,
				    .reason = NUNCHI_DROP_OUTPUT };
	struct output *o = text(0, false);
	struct sample s;

	sample_init(&s);
	output_header(o, &s.out);
	assert_string_equal(s.out.s, "TIME          CONTAINER         PROCESS          ACTIVITY       "
				     "       WHAT                                          RESULT\n");
	assert_int_equal(sample_openat(&s), 0);
	assert_string_equal(sample_format(&s, o),
			    "22:13:20.123  default/web-7d9   cat[31]          File Open      "
			    "       /mnt/test.txt                                 ok fd 3\n");
	sample_free(&s);

	sample_init(&s);
	s.info->privileged = true;
	s.info->shares = SHARES_NET | SHARES_USER;
	encode_container(&s.record, s.info, SAMPLE_BOOT);
	assert_int_equal(sample_take(&s, EVENT_CONTAINER_STARTED), 0);
	assert_string_equal(sample_format(&s, o),
			    "22:13:20.123  default/web-7d9   * started                       "
			    "       ubuntu:22.04 by docker, privileged, host network  pid 73262\n");
	s.info->started = SAMPLE_TIME - 60 * NSEC_PER_SEC;
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "  * running  "));
	s.ev.type = EVENT_CONTAINER_STOPPED;
	assert_string_equal(sample_format(&s, o),
			    "22:13:20.123  default/web-7d9   * stopped                       "
			    "       ubuntu:22.04 by docker, privileged, host network\n");
	sample_free(&s);

	sample_init(&s);
	encode_lost(&s.record, &lost, NULL, 7, 1, SAMPLE_BOOT);
	assert_int_equal(sample_take(&s, EVENT_LOST), 0);
	assert_string_equal(sample_format(&s, o),
			    "22:13:20.123  default/web-7d9   ! 1,204 lost                    "
			    "       in 0.4 s: output blocked\n");
	sample_free(&s);
	output_free(o);
}

/* No line is wider than the terminal, unless a file name or an address needs it; in the narrowest, an error's long name. */
static void test_text_width(void **state)
{
	static const unsigned widths[] = { 60, 70, 79, 80, 89, 90, 115, 116, 140, 200, 300 };
	const char path[] = "/a/very/long/directory/that/goes/on/and/on/and/on/for/ever/and/a/day/"
			    "and/then/some/more/of/it/until/the/terminal/is/full/for/sure/file";

	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct output *o = text(widths[i], false);
		struct sample s;

		sample_init(&s);
		free(s.container.display);
		s.container.display = xstrdup("namespace/a-pod-with-a-name-that-is-far-too-long-0");
		memcpy(s.head.comm, "fifteen-letters", 16);
		s.head.vpid = 4194303;
		sample_call(&s, "openat", widths[i] < 70 ? -ENOENT : -ENAMETOOLONG);
		sample_blob(&s, NUNCHI_BLOB_STR, 1, path, sizeof(path) - 1);
		assert_int_equal(sample_end(&s), 0);
		for (int again = 0; again < 2; again++) {
			sample_format(&s, o);
			if (columns_width(s.out.s, s.out.len - 1) > widths[i])
				fail_msg("%u: %s", widths[i], s.out.s);
			assert_non_null(strstr(s.out.s, "/file "));
			assert_non_null(strstr(s.out.s, "[4194303]"));
			assert_non_null(strstr(s.out.s, "\xe2\x80\xa6"));
		}
		sample_free(&s);
		output_free(o);
	}
}

/* A pipe gets everything. */
static void test_text_uncut(void **state)
{
	struct output *o = text(0, false);
	char path[1000] = "/";
	struct sample s;

	memset(path + 1, 'x', sizeof(path) - 1);
	sample_init(&s);
	sample_call(&s, "openat", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, path, sizeof(path));
	assert_int_equal(sample_end(&s), 0);
	sample_format(&s, o);
	assert_non_null(memmem(s.out.s, s.out.len, path, sizeof(path)));
	output_set_width(o, 100);
	sample_format(&s, o);
	assert_int_equal(s.out.s[s.out.len - 1], '\n');
	sample_free(&s);
	output_free(o);
}

static void test_text_color(void **state)
{
	struct output *o = text(140, true);
	struct sample s;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "\033[36mFile Open\033[0m"));
	assert_null(strstr(s.out.s, "\033[2m"));
	/* The second time who did it is known. */
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "\033[2mdefault/web-7d9\033[0m"));
	sample_free(&s);

	sample_init(&s);
	sample_call(&s, "openat", -EACCES);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/etc/shadow", 11);
	assert_int_equal(sample_end(&s), 0);
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "\033[31mEACCES\033[0m\n"));
	sample_free(&s);
	output_free(o);
}

static void test_text_hostile(void **state)
{
	struct output *o = text(120, false);
	struct sample s;

	sample_init(&s);
	free(s.container.display);
	s.container.display = xstrdup("a\nb\033]0;x\a");
	memcpy(s.head.comm, "\r\n\033[2J\xe2\x80\xae", 10);
	sample_call(&s, "openat", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/\n14:02:12 db\xff\x9b", 15);
	assert_int_equal(sample_end(&s), 0);
	sample_format(&s, o);
	assert_ptr_equal(strchr(s.out.s, '\n'), s.out.s + s.out.len - 1);
	for (size_t i = 0; i < s.out.len - 1; i++)
		assert_true((unsigned char)s.out.s[i] >= 0x20 && s.out.s[i] != 0x7f);
	assert_null(strstr(s.out.s, "\xe2\x80\xae"));
	sample_free(&s);
	output_free(o);
}

static void test_text_grouped(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" },
		      { UINT64_MAX, "18,446,744,073,709,551,615" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

		add_grouped(&b, cases[i].n);
		assert_string_equal(b.s, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_what),	 cmocka_unit_test(test_text_what_paths),
		cmocka_unit_test(test_text_what_network), cmocka_unit_test(test_text_what_exec),
		cmocka_unit_test(test_text_results),	 cmocka_unit_test(test_text_lines),
		cmocka_unit_test(test_text_width),	 cmocka_unit_test(test_text_uncut),
		cmocka_unit_test(test_text_color),	 cmocka_unit_test(test_text_hostile),
		cmocka_unit_test(test_text_grouped),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
