/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "sample.h"

static struct output *block(void)
{
	const struct output_config config = { .kind = OUTPUT_BLOCK };
	struct strbuf err = STRBUF_INIT;
	struct output *o = NULL;

	assert_int_equal(output_new(&o, &config, &err), 0);
	return o;
}

static void test_block_figure_12(void **state)
{
	struct output *o = block();
	struct sample s;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	assert_string_equal(sample_format(&s, o),
			    "ContainerName: k8s_ubuntu-container1, Namespace: default\n"
			    "PidId: 4026532995, MntId: 4026532993\n"
			    "HostPpid: 73262, HostPid: 73222, Pid: 31, Uid: 0\n"
			    "Syscall: sys_openat, EventType: File Operation\n"
			    "Activity: File Open, Dirname: /mnt, Filename: test.txt\n"
			    "\n");
	sample_free(&s);
	output_free(o);
}

static void test_block_figure_13(void **state)
{
	struct output *o = block();
	struct sample s;

	sample_init(&s);
	s.head.pidns = 4026302895U;
	s.head.mntns = 4026558143U;
	s.head.ppid = 73842;
	s.head.pid = 73694;
	s.head.vpid = 32;
	free(s.info->name);
	s.info->name = xstrdup("k8s_ubuntu-container2");
	assert_int_equal(sample_execve(&s), 0);
	assert_string_equal(sample_format(&s, o),
			    "ContainerName: k8s_ubuntu-container2, Namespace: default\n"
			    "PidId: 4026302895, MntId: 4026558143\n"
			    "HostPpid: 73842, HostPid: 73694, Pid: 32, Uid: 0\n"
			    "Syscall: sys_execve, EventType: Process Manage\n"
			    "Activity: Process Create, Comm: bash, Execfile: /usr/bin/cat\n"
			    "\n");
	sample_free(&s);
	output_free(o);
}

static void test_block_network(void **state)
{
	const struct nunchi_sock sock = {
		.family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
		.lport = 40000, .rport = 5432, .laddr = { 10, 0, 0, 1 }, .raddr = { 10, 0, 0, 12 },
	};
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(5432) };
	struct output *o = block();
	struct sample s;

	sample_init(&s);
	free(s.info->pod_namespace);
	s.info->pod_namespace = NULL;
	sin.sin_addr.s_addr = htonl(0x0a00000c);
	s.call.args[0] = 5;
	sample_call(&s, "connect", -ECONNREFUSED);
	sample_blob(&s, NUNCHI_BLOB_SOCK, 0, &sock, sizeof(sock));
	sample_blob(&s, NUNCHI_BLOB_SOCKADDR, 1, &sin, sizeof(sin));
	assert_int_equal(sample_end(&s), 0);
	assert_string_equal(sample_format(&s, o),
			    "ContainerName: k8s_ubuntu-container1, Namespace: -\n"
			    "PidId: 4026532995, MntId: 4026532993\n"
			    "HostPpid: 73262, HostPid: 73222, Pid: 31, Uid: 0\n"
			    "Syscall: sys_connect, EventType: Network Operation\n"
			    "Activity: Network Connect, Dstaddr: 10.0.0.12, Dstport: 5432, "
			    "Srcaddr: 10.0.0.1, Srcport: 40000, Result: ECONNREFUSED\n"
			    "\n");
	sample_free(&s);
	output_free(o);
}

/* A name cannot forge a line. */
static void test_block_hostile(void **state)
{
	struct output *o = block();
	struct sample s;
	size_t lines = 0;

	sample_init(&s);
	free(s.info->name);
	s.info->name = xstrdup("a\nActivity: none\033[2J");
	sample_call(&s, "openat", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/x\n\nContainerName: b", 20);
	assert_int_equal(sample_end(&s), 0);
	sample_format(&s, o);
	for (size_t i = 0; i < s.out.len; i++)
		lines += s.out.s[i] == '\n';
	assert_int_equal(lines, 6);
	assert_null(strchr(s.out.s, '\033'));
	assert_non_null(strstr(s.out.s, "ContainerName: a\\nActivity: none\\x1b[2J, "));
	assert_non_null(strstr(s.out.s, "Filename: x\\n\\nContainerName: b, Result: ENOENT\n"));
	sample_free(&s);
	output_free(o);
}

static void test_block_others(void **state)
{
	struct nunchi_lost lost = { .count = 12, .first = 1, .last = 2, .reason = NUNCHI_DROP_OUTPUT };
	struct output *o = block();
	struct sample s;

	sample_init(&s);
	encode_lost(&s.record, &lost, NULL, 7, 1, SAMPLE_BOOT);
	assert_int_equal(sample_take(&s, EVENT_LOST), 0);
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "Event: events_lost, EventType: System Manage\n"));
	assert_non_null(strstr(s.out.s, ", Count: 12, "));
	sample_free(&s);

	sample_init(&s);
	s.call.args[0] = 1234;
	s.call.args[1] = 9;
	sample_call(&s, "kill", 0);
	assert_int_equal(sample_end(&s), 0);
	sample_format(&s, o);
	assert_non_null(strstr(s.out.s, "Activity: Signal Send, Object: SIGKILL -> 1234\n"));
	sample_free(&s);
	output_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_figure_12), cmocka_unit_test(test_block_figure_13),
		cmocka_unit_test(test_block_network),	cmocka_unit_test(test_block_hostile),
		cmocka_unit_test(test_block_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
