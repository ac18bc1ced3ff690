/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define HEAD "0000000000000000: 00000002 00000000 00010000 0001 01 "

static void test_parse(void **state)
{
	static const struct {
		const char *line, *path, *kind;
	} lines[] = {
		{ HEAD "21264 /srv/two/docker.sock", "/srv/two/docker.sock", "docker" },
		{ HEAD "    7 /run/my containerd/containerd.sock", "/run/my containerd/containerd.sock",
		  "containerd" },
		{ HEAD "7 /a/crio.sock", "/a/crio.sock", "cri" },
		{ HEAD "7 /a/podman.sock", "/a/podman.sock", "podman" },
		/* Connected, abstract, relative, another's, or none at all. */
		{ "0000000000000000: 00000003 00000000 00000000 0001 03 21 /srv/docker.sock", NULL, NULL },
		{ HEAD "7 @/a/docker.sock", NULL, NULL },
		{ HEAD "7 docker.sock", NULL, NULL },
		{ HEAD "7 /a/../docker.sock", NULL, NULL },
		{ HEAD "7 /a/containerd.sock.ttrpc", NULL, NULL },
		{ HEAD "7", NULL, NULL },
		{ HEAD, NULL, NULL },
		{ "Num       RefCount Protocol Flags    Type St Inode Path", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *copy = xstrdup(lines[i].line);
		const char *kind = NULL, *path = listening_parse(copy, &kind);

		if (!lines[i].path) {
			assert_null(path);
			continue;
		}
		assert_non_null(path);
		assert_string_equal(path, lines[i].path);
		assert_string_equal(kind, lines[i].kind);
	}
}

static void test_whose(void **state)
{
	char dir[] = "/tmp/nunchi-test-XXXXXX";
	_cleanup_free_ char *below = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	below = xasprintf("%s/x", dir);
	assert_int_equal(mkdir(below, 0700), 0);
	assert_true(listening_is_roots("", below));
	assert_true(listening_is_roots(dir, "/x"));
	assert_false(listening_is_roots(dir, "/y"));
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 1000, 1000), 0);
		assert_false(listening_is_roots("", below));
	}
	rmdir(below);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
