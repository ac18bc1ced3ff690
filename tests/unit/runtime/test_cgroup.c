/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_ns.h"
#include "runtime/runtime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_container_id_known_forms(void **state)
{
	static const struct {
		const char *path;
		const char *runtime;
	} good[] = {
		{ "/docker/" ID, "docker" },
		{ "/system.slice/docker-" ID ".scope", "docker" },
		{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "containerd" },
		{ "/kubepods/burstable/pod11-22/" ID, NULL },
		{ "/kubepods.slice/crio-" ID ".scope", "cri-o" },
		{ "/machine.slice/libpod-" ID ".scope", "podman" },
		{ "/libpod_parent/libpod-" ID, "podman" },
		{ "/system.slice/web.service/libpod-payload-" ID, "podman" },
		{ "/system.slice/nerdctl-" ID ".scope", "containerd" },
		{ ID, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *runtime = "unset";
		char id[65] = "";

		assert_true(cgroup_container_id(good[i].path, id, &runtime));
		assert_string_equal(id, ID);
		if (good[i].runtime)
			assert_string_equal(runtime, good[i].runtime);
		else
			assert_null(runtime);
	}
}

static void test_container_id_none(void **state)
{
	static const char *const bad[] = {
		"", "/", "/docker/", "/user.slice/session-1.scope", "/docker/" ID "/init.scope",
		"/docker/" ID "0", "/system.slice/docker-" ID, "/system.slice/docker-" ID ".scope2",
		"/x/other-" ID ".scope", "/crio-" ID, "/docker/0123",
		"/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"/docker-0123.scope", "/crio-conmon-" ID ".scope",
		"/machine.slice/libpod-conmon-" ID ".scope", "/system.slice/nerdctl-" ID,
	};
	const char *runtime;
	char id[65];

	(void)state;
	assert_false(cgroup_container_id(NULL, id, &runtime));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(cgroup_container_id(bad[i], id, &runtime));
}

static void test_named(void **state)
{
	static const struct {
		const char *path;
		const char *id;
		const char *named;	/* the part of the path that is the container's */
	} rows[] = {
		{ "/web", "web", "/web" },
		{ "/a/web/b", "web", "/a/web" },
		{ "/system.slice/docker-0123456789ab.scope", "0123456789ab", "/system.slice/docker-0123456789ab.scope" },
		{ "/x.slice/libpod-0123456789ab.scope/container", "0123456789ab", "/x.slice/libpod-0123456789ab.scope" },
		{ "/docker/" ID "/init.scope", ID, "/docker/" ID },
		{ "/kubepods.slice/cri-containerd-" ID ".scope/system.slice/x.service", ID,
		  "/kubepods.slice/cri-containerd-" ID ".scope" },
		{ "/webweb/web", "web", "/webweb/web" },
		/* What is inside is called so, too; or what is above, by chance. */
		{ "/docker/" ID "/x/" ID, ID, "/docker/" ID },
		{ "/web/web/init", "web", "/web/web" },
		{ "/user.slice/session-1.scope", "1", "" },
		{ "/website", "web", "" },
		{ "/my-web", "web", "" },
		{ "/", "web", "" },
		{ "", "web", "" },
		{ "/x-0123456789abc.scope", "0123456789ab", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t named = strlen(rows[i].named);

		assert_int_equal(cgroup_named_len(rows[i].path, rows[i].id), named);
		assert_memory_equal(rows[i].path, rows[i].named, named);
		assert_int_equal(cgroup_own_len(rows[i].path, rows[i].id), named ? named : strlen(rows[i].path));
	}
}

/* Paths as they are told in a cgroup namespace that begins at the first. */
static void test_seen_from(void **state)
{
	static const char *const rows[][3] = {
		{ "", "/", "/" },
		{ "", "/a/b", "/a/b" },
		{ "", "/..", NULL },
		{ "", "/../a", NULL },
		{ "/k/pod1/me", "/", "/k/pod1/me" },
		{ "/k/pod1/me", "/below", "/k/pod1/me/below" },
		{ "/k/pod1/me", "/..", "/k/pod1" },
		{ "/k/pod1/me", "/../other", "/k/pod1/other" },
		{ "/k/pod1/me", "/../../pod2/cri-containerd-" ID ".scope", "/k/pod2/cri-containerd-" ID ".scope" },
		{ "/k/pod1/me", "/../../../init.scope", "/init.scope" },
		{ "/k/pod1/me", "/../../..", "/" },
		{ "/k/pod1/me", "/../../../../x", NULL },
		{ "/k", "/..x", "/k/..x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = cgroup_seen_from(rows[i][0], rows[i][1]);

		if (rows[i][2])
			assert_string_equal(path, rows[i][2]);
		else
			assert_null(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container_id_known_forms),
		cmocka_unit_test(test_container_id_none),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_seen_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
