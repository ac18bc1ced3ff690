/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* runc 1.1.5 under containerd 1.6, cut. */
static const char state_json[] =
	"{\"id\":\"web\",\"init_process_pid\":632,\"init_process_start\":407545,"
	"\"created\":\"2026-11-24T00:29:15.051218311Z\",\"config\":{\"rootfs\":\"/x\","
	"\"namespaces\":[{\"type\":\"NEWNS\",\"path\":\"\"},{\"type\":\"NEWPID\",\"path\":\"\"},"
	"{\"type\":\"NEWIPC\",\"path\":\"/proc/1/ns/ipc\"},{\"type\":\"NEWUTS\",\"path\":\"\"}],"
	"\"cgroups\":{\"path\":\"/kubepods/pod1/web\"},\"capabilities\":{\"Bounding\":[\"CAP_CHOWN\"]},"
	"\"mask_paths\":null,\"labels\":[\"bundle=/run/b/web\",\"io.kubernetes.cri.sandbox-name=nginx\","
	"\"io.kubernetes.cri.container-name=c\",\"noequals\",\"=novalue\"]},\"rootless\":false}";

static const char spec_json[] =
	"{\"ociVersion\":\"1.0.2-dev\",\"process\":{\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\","
	"\"CAP_SYS_MODULE\",\"CAP_SYS_RAWIO\"]}},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"
	"{\"type\":\"mount\"}]},\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\","
	"\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.image-name\":"
	"\"docker.io/library/bbx:1\",\"io.kubernetes.cri.sandbox-name\":\"nginx-7d9\","
	"\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-uid\":\"u-1\"}}";

static void test_runc_state(void **state)
{
	struct container_info c = { 0 };
	struct oci_state s;

	(void)state;
	assert_int_equal(oci_parse_runc_state(state_json, strlen(state_json), &c, &s), 0);
	assert_int_equal(s.pid, 632);
	assert_true(s.start_ticks == 407545);
	assert_string_equal(s.bundle, "/run/b/web");
	assert_string_equal(s.cgroup, "/kubepods/pod1/web");
	assert_null(s.manager);
	assert_true(c.created == 1795480155051218311ULL);
	assert_int_equal(c.shares, SHARES_NET | SHARES_USER | SHARES_CGROUP);
	assert_false(c.privileged);
	assert_string_equal(c.pod_name, "nginx");
	assert_string_equal(c.name, "c");
	free(c.pod_name);
	free(c.name);
	oci_state_free(&s);
	assert_null(s.bundle);
}

/* What an image's author has written into its annotations, which podman copies, is no pod's. */
static void test_podman_state(void **state)
{
	static const char *const cgroups[] = {
		"\"path\":\"/libpod_parent/libpod-0543\"", "\"path\":\"machine.slice:libpod:0543\"",
		"\"path\":\"\",\"scope_prefix\":\"libpod\"", "\"path\":\"\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		_cleanup_free_ char *text = xasprintf(
			"{\"id\":\"0543\",\"config\":{\"cgroups\":{%s},\"labels\":[\"io.container.manager=cri-o\","
			"\"io.podman.annotations.init=FALSE\",\"io.kubernetes.container.name=kube-proxy\","
			"\"io.kubernetes.pod.namespace=kube-system\",\"io.kubernetes.cri-o.ContainerType=sandbox\"]}}",
			cgroups[i]);
		struct container_info c = { 0 };
		struct oci_state s;

		assert_int_equal(oci_parse_runc_state(text, strlen(text), &c, &s), 0);
		assert_string_equal(s.manager, "podman");
		assert_null(c.name);
		assert_null(c.pod_namespace);
		assert_false(c.sandbox);
		oci_state_free(&s);
	}
}

static void test_runc_state_hostile(void **state)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"id\":\"x\"}", "{\"id\":1,\"config\":{}}",
					   "{\"id\":\"x\",\"config\":[]}" };
	static const char odd[] =
		"{\"id\":\"x\",\"init_process_pid\":-4,\"init_process_start\":-1,\"config\":{\"labels\":"
		"[\"bundle=../../etc\",5,null],\"namespaces\":7,\"cgroups\":{\"path\":\"relative\"}}}";
	struct container_info c = { 0 };
	struct oci_state s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(oci_parse_runc_state(bad[i], strlen(bad[i]), &c, &s), -EBADMSG);
	assert_int_equal(oci_parse_runc_state(odd, strlen(odd), &c, &s), 0);
	assert_int_equal(s.pid, 0);
	assert_true(s.start_ticks == 0);
	assert_null(s.bundle);
	assert_null(s.cgroup);
	assert_int_equal(c.shares, 0);
	oci_state_free(&s);
}

static void test_crun_status(void **state)
{
	static const char status[] =
		"{\"pid\":4211,\"process-start-time\":8812,\"cgroup-path\":\"/machine/x\",\"scope\":\"\","
		"\"rootfs\":\"/r\",\"systemd-cgroup\":false,\"bundle\":\"/b\","
		"\"created\":\"2026-11-24T00:29:15Z\",\"detached\":true}";
	struct container_info c = { 0 };
	struct oci_state s;

	(void)state;
	assert_int_equal(oci_parse_crun_status(status, strlen(status), &c, &s), 0);
	assert_int_equal(s.pid, 4211);
	assert_true(s.start_ticks == 8812);
	assert_string_equal(s.bundle, "/b");
	assert_string_equal(s.cgroup, "/machine/x");
	assert_true(c.created == 1795480155000000000ULL);
	oci_state_free(&s);
	assert_int_equal(oci_parse_crun_status("{\"pid\":\"1\"}", 11, &c, &s), -EBADMSG);
}

static void test_spec(void **state)
{
	struct container_info *c = xcalloc(1, sizeof(*c));

	(void)state;
	assert_int_equal(oci_parse_spec(spec_json, strlen(spec_json), c, NULL), 0);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->pod_name, "nginx-7d9");
	assert_string_equal(c->pod_namespace, "shop");
	assert_string_equal(c->pod_uid, "u-1");
	assert_string_equal(c->image, "docker.io/library/bbx:1");
	assert_string_equal(c->image_tag, "1");
	assert_true(c->privileged);
	assert_false(c->sandbox);
	assert_int_equal(c->shares,
			 SHARES_NET | SHARES_IPC | SHARES_UTS | SHARES_USER | SHARES_CGROUP);
	container_info_free(c);
}

static void test_spec_mounts(void **state)
{
	static const char spec[] =
		"{\"ociVersion\":\"1\",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/etc/hosts\",\"source\":\"/x/hosts\",\"options\":[\"rbind\"]},"
		"{\"destination\":\"/host\",\"type\":\"bind\",\"source\":\"/\",\"options\":[\"rbind\",\"ro\",\"rslave\"]},"
		"{\"destination\":\"/d\",\"source\":\"/srv\",\"options\":[\"bind\"]},7,{\"options\":[\"bind\"]}]}";
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	struct mount m;

	(void)state;
	assert_int_equal(oci_parse_spec(spec, strlen(spec), c, NULL), 0);
	assert_int_equal(c->n_mounts, 2);
	assert_true(container_info_mount(c, 0, &m));
	assert_string_equal(m.source, "/");
	assert_string_equal(m.dest, "/host");
	assert_false(m.writable);
	assert_memory_equal(m.propagation, "rslave", m.propagation_len);
	assert_true(container_info_mount(c, 1, &m));
	assert_string_equal(m.dest, "/d");
	assert_true(m.writable);
	assert_int_equal(m.propagation_len, 0);
}

static void test_spec_sandbox_and_masked(void **state)
{
	static const char spec[] =
		"{\"ociVersion\":\"1\",\"process\":{\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\","
		"\"CAP_SYS_MODULE\",\"CAP_SYS_RAWIO\"]}},\"linux\":{\"maskedPaths\":[\"/proc/kcore\"]},"
		"\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\","
		"\"io.kubernetes.cri-o.Labels\":\"{\\\"io.kubernetes.pod.name\\\":\\\"p\\\"}\"}}";
	struct container_info *c = xcalloc(1, sizeof(*c));

	(void)state;
	assert_int_equal(oci_parse_spec(spec, strlen(spec), c, NULL), 0);
	assert_false(c->privileged);
	assert_true(c->sandbox);
	assert_string_equal(c->name, "POD");
	assert_string_equal(c->pod_name, "p");
	assert_int_equal(c->shares, 0);
	assert_int_equal(oci_parse_spec("{}", 2, c, NULL), -EBADMSG);
	container_info_free(c);
}

/*
 * What CRI-O 1.2x writes, after pkg/annotations and its specs: a container by the kubelet's hand, a
 * sandbox that crictl made without labels, and podman's, which uses some of the same keys.
 */
static void test_spec_of_crio(void **state)
{
	static const char container[] =
		"{\"ociVersion\":\"1.0.2\",\"linux\":{\"cgroupsPath\":\"kubepods-pod1.slice:crio:aa\"},"
		"\"annotations\":{\"io.container.manager\":\"cri-o\","
		"\"io.kubernetes.cri-o.ContainerID\":\"aa\",\"io.kubernetes.cri-o.ContainerType\":\"container\","
		"\"io.kubernetes.cri-o.Metadata\":\"{\\\"name\\\":\\\"web\\\",\\\"attempt\\\":1}\","
		"\"io.kubernetes.cri-o.Image\":\"8ab520add992577b4f6fc6fc83dc86ac5f6fc64206721c3c582460e6bb27e427\","
		"\"io.kubernetes.cri-o.ImageName\":\"quay.io/a/nginx:1.27\","
		"\"io.kubernetes.cri-o.ImageRef\":\"quay.io/a/nginx@sha256:12ab\","
		"\"io.kubernetes.cri-o.SandboxName\":\"k8s_web-0_shop_u-1_0\","
		"\"io.kubernetes.cri-o.Labels\":\"{\\\"io.kubernetes.container.name\\\":\\\"web\\\"}\"}}";
	static const char sandbox[] =
		"{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.kubernetes.cri-o.ContainerID\":\"bb\","
		"\"io.kubernetes.cri-o.ContainerType\":\"sandbox\",\"io.kubernetes.cri-o.Labels\":\"{}\","
		"\"io.kubernetes.cri-o.Metadata\":\"{\\\"name\\\":\\\"tools\\\",\\\"uid\\\":\\\"u-2\\\","
		"\\\"namespace\\\":\\\"default\\\"}\"}}";
	static const char podman[] =
		"{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.container.manager\":\"libpod\","
		"\"io.kubernetes.cri-o.ContainerType\":\"container\",\"io.kubernetes.cri-o.SandboxID\":\"cc\"}}";
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	_cleanup_container_info_ struct container_info *b = xcalloc(1, sizeof(*b));
	_cleanup_container_info_ struct container_info *p = xcalloc(1, sizeof(*p));
	_cleanup_oci_state_ struct oci_state s = { 0 }, t = { 0 }, u = { 0 };

	(void)state;
	assert_int_equal(oci_parse_spec(container, strlen(container), c, &s), 0);
	assert_string_equal(s.manager, "cri-o");
	assert_string_equal(s.cgroup, "kubepods-pod1.slice:crio:aa");
	assert_string_equal(c->name, "web");
	assert_string_equal(c->pod_name, "web-0");
	assert_string_equal(c->pod_namespace, "shop");
	assert_string_equal(c->pod_uid, "u-1");
	assert_string_equal(c->image, "quay.io/a/nginx:1.27");
	assert_string_equal(c->image_digest, "sha256:12ab");
	assert_false(c->sandbox);
	assert_int_equal(oci_parse_spec(sandbox, strlen(sandbox), b, &t), 0);
	assert_string_equal(t.manager, "cri-o");
	assert_true(b->sandbox);
	assert_string_equal(b->pod_name, "tools");
	assert_string_equal(b->pod_namespace, "default");
	assert_string_equal(b->pod_uid, "u-2");
	assert_int_equal(oci_parse_spec(podman, strlen(podman), p, &u), 0);
	assert_string_equal(u.manager, "podman");
	assert_null(p->name);
	assert_null(p->pod_name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runc_state),
		cmocka_unit_test(test_podman_state),
		cmocka_unit_test(test_runc_state_hostile),
		cmocka_unit_test(test_crun_status),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_mounts),
		cmocka_unit_test(test_spec_sandbox_and_masked),
		cmocka_unit_test(test_spec_of_crio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
