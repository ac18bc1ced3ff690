/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/docker_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "runtime/json.h"

#define ID "675fbb69a050ddff24d5bad0e87288445022f3db543aa5c7f54b6890432da70d"

/* Docker 20.10.24, cut to what is near the members that are read. */
static const char inspect[] =
	"{\"Id\":\"" ID "\",\"Created\":\"2026-11-24T00:29:14.72822096Z\",\"Path\":\"/bin/sleep\","
	"\"Args\":[\"1000\"],\"State\":{\"Status\":\"running\",\"Running\":true,\"Paused\":false,"
	"\"Pid\":632,\"ExitCode\":0,\"Error\":\"\",\"StartedAt\":\"2026-11-24T00:29:15.098829067Z\","
	"\"FinishedAt\":\"0001-01-01T00:00:00Z\"},\"Image\":\"sha256:8ab520add992577b4f6fc6fc83dc86ac"
	"5f6fc64206721c3c582460e6bb27e427\",\"Name\":\"/web\",\"ExecIDs\":null,\"HostConfig\":"
	"{\"Binds\":null,\"NetworkMode\":\"host\",\"CgroupnsMode\":\"host\",\"IpcMode\":\"private\","
	"\"PidMode\":\"host\",\"Privileged\":true,\"UTSMode\":\"\"},\"Config\":{\"Image\":"
	"\"reg:5000/a/nginx:1.27\",\"Labels\":{\"app\":\"shop\",\"n\":5,\"empty\":\"\"}}}";

static struct container_info *parse(const char *text)
{
	return docker_parse_container(text, strlen(text), NULL, 0);
}

static void test_container_inspect(void **state)
{
	_cleanup_container_info_ struct container_info *c = parse(inspect);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->id, ID);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->image, "reg:5000/a/nginx:1.27");
	assert_string_equal(c->image_repository, "reg:5000/a/nginx");
	assert_string_equal(c->image_tag, "1.27");
	/* The image's id is no digest of its manifest. */
	assert_null(c->image_digest);
	assert_int_equal(strncmp(c->image_id, "sha256:8ab520ad", 15), 0);
	assert_int_equal(c->init_pid, 632);
	assert_true(c->created == 1795480154728220960ULL);
	assert_true(c->started == 1795480155098829067ULL);
	assert_true(c->privileged);
	assert_int_equal(c->shares, SHARES_PID | SHARES_NET | SHARES_CGROUP);
	/* A label that is a number is none. */
	assert_int_equal(c->n_labels, 2);
	assert_string_equal(labels_find(c->labels, c->n_labels, "app"), "shop");
	assert_null(labels_find(c->labels, c->n_labels, "empty"));
	assert_null(c->pod_name);
	assert_false(c->sandbox);
}

static void test_container_config_on_disk(void **state)
{
	static const char config[] =
		"{\"State\":{\"Running\":false,\"Pid\":77},\"ID\":\"" ID "\",\"Name\":\"/db\","
		"\"Created\":\"2026-11-24T01:29:14+01:00\",\"Config\":{\"Image\":\"pg@sha256:12\"}}";
	static const char host[] = "{\"Privileged\":true,\"NetworkMode\":\"host\"}";
	_cleanup_container_info_ struct container_info *c =
		docker_parse_container(config, strlen(config), host, strlen(host));

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->name, "db");
	assert_int_equal(c->init_pid, 0);
	assert_true(c->created == 1795480154000000000ULL);
	assert_true(c->privileged);
	assert_int_equal(c->shares, SHARES_NET);
	assert_string_equal(c->image_repository, "pg");
	assert_string_equal(c->image_digest, "sha256:12");
}

/* podman 4.3.1's own inspect, cut. */
static void test_container_podman(void **state)
{
	static const char libpod[] =
		"{\"Id\":\"" ID "\",\"Created\":\"2026-11-25T00:00:35Z\",\"State\":{\"Running\":true,"
		"\"Pid\":21167},\"Image\":\"f539e615ab5257095eb7225293dd31e9c16d3b0f154d3d109983c3ce0001fd43\","
		"\"ImageDigest\":\"sha256:74257ca1\",\"ImageName\":\"docker.io/library/bbx:2\","
		"\"Pod\":\"d7de1dacc82d\",\"Name\":\"d7de1dacc82d-infra\",\"IsInfra\":true,"
		"\"Config\":{\"Image\":\"bbx\",\"Labels\":null},\"HostConfig\":{\"Privileged\":false},"
		"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Destination\":\"/host/etc\",\"RW\":false,"
		"\"Propagation\":\"rprivate\"},{\"Type\":\"tmpfs\",\"Destination\":\"/t\"}],"
		"\"MountPoints\":{\"/v\":{\"Source\":\"/vol\",\"Destination\":\"/v\",\"RW\":true}},"
		"\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"b\":{\"IPAddress\":\"10.88.0.9\"},"
		"\"a\":{\"IPAddress\":\"10.88.0.8\"}}}}";
	static const char pod[] = "{\"Id\":\"d7de1dacc82d\",\"Name\":\"shop\",\"Labels\":{\"a\":\"b\"}}";
	_cleanup_container_info_ struct container_info *c = parse(libpod);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->name, "d7de1dacc82d-infra");
	assert_string_equal(c->image, "docker.io/library/bbx:2");
	assert_string_equal(c->image_digest, "sha256:74257ca1");
	assert_int_equal(strncmp(c->image_id, "sha256:f539e615", 15), 0);
	assert_string_equal(c->pod_uid, "d7de1dacc82d");
	assert_int_equal(c->init_pid, 21167);
	assert_string_equal(c->ip, "10.88.0.8");
	assert_true(c->sandbox);
	assert_int_equal(c->n_mounts, 2);
	assert_string_equal(c->mounts[1].value, "rw,:/vol");
	assert_string_equal(c->mounts[0].key, "/host/etc");
	assert_string_equal(c->mounts[0].value, "ro,rprivate:/etc");
	docker_parse_pod(pod, strlen(pod), c);
	assert_string_equal(c->pod_name, "shop");
	assert_string_equal(labels_find(c->pod_labels, c->n_pod_labels, "a"), "b");
}

static void test_image_digest(void **state)
{
	static const char two[] = "{\"RepoDigests\":[\"mirror:5000/nginx@sha256:aa\",\"nginx@sha256:bb\",7]}";
	static const char one[] = "{\"RepoDigests\":[\"nginx@sha256:cc\"]}";
	static const char *const none[] = { "{}", "{\"RepoDigests\":null}", "{\"RepoDigests\":[\"x\"]}", "x" };
	_cleanup_free_ char *a = docker_parse_image_digest(two, strlen(two), "nginx");
	_cleanup_free_ char *b = docker_parse_image_digest(one, strlen(one), "docker.io/library/nginx");

	(void)state;
	assert_string_equal(a, "sha256:bb");
	assert_string_equal(b, "sha256:cc");
	assert_null(docker_parse_image_digest(two, strlen(two), NULL));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(docker_parse_image_digest(none[i], strlen(none[i]), "nginx"));
}

static void test_container_kubernetes(void **state)
{
	static const char by_name[] = "{\"Id\":\"a1\",\"Name\":\"/k8s_POD_web-0_shop_uid-1_3\"}";
	static const char by_label[] =
		"{\"Id\":\"a2\",\"Name\":\"/k8s_c_p_n_u_0\",\"Config\":{\"Labels\":{"
		"\"io.kubernetes.container.name\":\"c1\",\"io.kubernetes.pod.name\":\"p\","
		"\"io.kubernetes.pod.namespace\":\"n\",\"io.kubernetes.pod.uid\":\"u\"}}}";
	static const char no_name[] = "{\"Id\":\"a3\",\"Name\":\"/k8s_x_y\"}";
	/* Who has made an image can write any label into it. */
	static const char by_image[] =
		"{\"Id\":\"a4\",\"Name\":\"/x\",\"Config\":{\"Image\":\"evil\",\"Labels\":{"
		"\"io.kubernetes.container.name\":\"web\",\"nerdctl/name\":\"web\",\"io.kubernetes.pod.name\":\"p\","
		"\"io.kubernetes.cri-o.ImageName\":\"nginx\",\"io.kubernetes.sandbox.id\":\"b1\","
		"\"io.kubernetes.docker.type\":\"podsandbox\"}}}";
	static const char pods_by_image[] =
		"{\"Id\":\"a5\",\"Name\":\"/k8s_c_p_n_u_0\",\"Config\":{\"Image\":\"evil\",\"Labels\":{"
		"\"io.kubernetes.cri.container-type\":\"sandbox\",\"io.kubernetes.cri-o.ImageName\":\"nginx\","
		"\"io.kubernetes.cri.sandbox-name\":\"other\",\"io.kubernetes.docker.type\":\"container\"}}}";
	_cleanup_container_info_ struct container_info *a = parse(by_name), *b = parse(by_label),
							*c = parse(no_name), *d = parse(by_image),
							*e = parse(pods_by_image);

	(void)state;
	assert_true(a->sandbox);
	assert_string_equal(a->name, "POD");
	assert_string_equal(a->pod_name, "web-0");
	assert_string_equal(a->pod_namespace, "shop");
	assert_string_equal(a->pod_uid, "uid-1");
	assert_false(b->sandbox);
	assert_string_equal(b->name, "c1");
	assert_string_equal(b->pod_name, "p");
	assert_string_equal(b->pod_uid, "u");
	assert_string_equal(c->name, "k8s_x_y");
	assert_null(c->pod_name);
	assert_string_equal(d->name, "x");
	assert_string_equal(d->image, "evil");
	assert_null(d->pod_name);
	assert_null(d->pod_sandbox);
	assert_false(d->sandbox);
	assert_false(e->sandbox);
	assert_string_equal(e->name, "c");
	assert_string_equal(e->pod_name, "p");
	assert_string_equal(e->image, "evil");
}

static void test_container_hostile(void **state)
{
	static const char *const none[] = {
		"", "{", "[]", "null", "{}", "{\"Id\":5}", "{\"Id\":\"\"}", "{\"Id\":\"../../etc\"}",
		"{\"Id\":\"a/b\"}", "{\"Id\":\".\"}", "{\"Id\":\"a\\u0000b\"}", "{\"Id\":\"a b\"}",
		"{\"Id\":\"-rf\"}", "HTTP/1.1 200 OK", "{\"Id\":\"ab\"} trailing",
	};
	static const char wrong[] =
		"{\"Id\":\"ab\",\"Name\":{},\"State\":[1],\"Created\":true,\"HostConfig\":\"x\","
		"\"Config\":{\"Image\":[],\"Labels\":[\"a\"]},\"Image\":7}";
	static const char pids[][64] = { "-1", "0", "4194305", "99999999999999999999", "1.5", "\"7\"" };
	struct container_info *c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(parse(none[i]));
	c = parse(wrong);
	assert_non_null(c);
	assert_null(c->name);
	assert_null(c->image);
	assert_int_equal(c->n_labels, 0);
	assert_int_equal(c->init_pid, 0);
	container_info_free(c);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		_cleanup_free_ char *text = xasprintf(
			"{\"Id\":\"ab\",\"State\":{\"Running\":true,\"Pid\":%s}}", pids[i]);

		c = parse(text);
		assert_true(!c || c->init_pid == 0);
		container_info_free(c);
	}
}

static void test_container_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf deep = STRBUF_INIT, big = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *c = NULL;

	(void)state;
	strbuf_adds(&deep, "{\"Id\":\"ab\",\"x\":");
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&deep, "[");
	assert_null(parse(deep.s));

	strbuf_adds(&big, "{\"Id\":\"ab\",\"Name\":\"/");
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&big, 'n');
	strbuf_adds(&big, "\",\"Config\":{\"Labels\":{");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&big, "%s\"k%d\":\"v\"", i ? "," : "", i);
	strbuf_adds(&big, "}}}");
	c = parse(big.s);
	assert_non_null(c);
	assert_int_equal(strlen(c->name), CONTAINER_STRING_MAX);
	assert_int_equal(c->n_labels, CONTAINER_LABELS_MAX);
}

static void add(void *arg, const char *id)
{
	strbuf_addf(arg, "%s;", id);
}

static void test_list(void **state)
{
	static const char list[] = "[{\"Id\":\"a1\"},{\"Id\":\"../x\"},7,{\"Id\":\"b2\",\"X\":[]}]";
	_cleanup_strbuf_ struct strbuf ids = STRBUF_INIT;

	(void)state;
	strbuf_reset(&ids);
	assert_int_equal(docker_parse_list(list, strlen(list), add, &ids), 0);
	assert_string_equal(ids.s, "a1;b2;");
	assert_int_equal(docker_parse_list("{}", 2, add, &ids), -EBADMSG);
	assert_int_equal(docker_parse_list("", 0, add, &ids), -EBADMSG);
	assert_int_equal(docker_parse_list("[]", 2, add, &ids), 0);
}

static void test_event(void **state)
{
	static const struct {
		const char *line;
		enum docker_action action;
		int exit_code;
	} lines[] = {
		{ "{\"status\":\"start\",\"id\":\"ab\",\"Type\":\"container\",\"Action\":\"start\","
		  "\"Actor\":{\"ID\":\"ab\"}}", DOCKER_START, -1 },
		{ "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"ab\",\"Attributes\":"
		  "{\"exitCode\":\"137\"}}}", DOCKER_STOP, 137 },
		{ "{\"Type\":\"container\",\"Action\":\"died\",\"Actor\":{\"ID\":\"ab\",\"Attributes\":"
		  "{\"containerExitCode\":\"0\"}}}", DOCKER_STOP, 0 },
		{ "{\"Action\":\"die\",\"Actor\":{\"ID\":\"ab\"}}", DOCKER_STOP, -1 },
		{ "{\"Action\":\"die\",\"Actor\":{\"ID\":\"ab\",\"Attributes\":{\"exitCode\":\"x\"}}}",
		  DOCKER_STOP, -1 },
		{ "{\"Action\":\"die\",\"Actor\":{\"ID\":\"ab\",\"Attributes\":{\"exitCode\":\"4294967296\"}}}",
		  DOCKER_STOP, -1 },
		{ "{\"Action\":\"create\",\"id\":\"ab\"}", DOCKER_CREATE, -1 },
		{ "{\"Action\":\"pause\",\"id\":\"ab\"}", DOCKER_PAUSE, -1 },
		{ "{\"Action\":\"unpause\",\"id\":\"ab\"}", DOCKER_UNPAUSE, -1 },
		{ "{\"Action\":\"oom\",\"id\":\"ab\"}", DOCKER_OOM, -1 },
		{ "{\"Action\":\"destroy\",\"id\":\"ab\"}", DOCKER_REMOVE, -1 },
		{ "{\"Action\":\"remove\",\"id\":\"ab\"}", DOCKER_REMOVE, -1 },
		{ "{\"Action\":\"rename\",\"id\":\"ab\"}", DOCKER_CHANGED, -1 },
		{ "{\"Type\":\"image\",\"Action\":\"start\",\"Actor\":{\"ID\":\"ab\"}}", DOCKER_OTHER, -1 },
		{ "{\"Type\":\"container\",\"Action\":\"exec_start: sh\",\"Actor\":{\"ID\":\"ab\"}}",
		  DOCKER_OTHER, -1 },
		{ "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"a/b\"}}", DOCKER_OTHER, -1 },
		{ "{\"Action\":[],\"Actor\":5}", DOCKER_OTHER, -1 },
		{ "rubbish", DOCKER_OTHER, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *id = NULL;
		int exit_code = 5;

		assert_int_equal(docker_parse_event(lines[i].line, strlen(lines[i].line), &id,
						    &exit_code), lines[i].action);
		assert_int_equal(exit_code, lines[i].exit_code);
		if (lines[i].action == DOCKER_OTHER)
			assert_null(id);
		else
			assert_string_equal(id, "ab");
	}
}

static void test_event_container(void **state)
{
	static const char line[] =
		"{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"ab\",\"Attributes\":"
		"{\"image\":\"bbx:1\",\"name\":\"quick\",\"app\":\"shop\"}}}";
	_cleanup_container_info_ struct container_info *c =
		docker_parse_event_container(line, strlen(line));

	(void)state;
	assert_string_equal(c->id, "ab");
	assert_string_equal(c->name, "quick");
	assert_string_equal(c->image_tag, "1");
	assert_string_equal(labels_find(c->labels, c->n_labels, "app"), "shop");
	assert_null(docker_parse_event_container("{}", 2));
}

static void test_version_and_root_dir(void **state)
{
	static const char docker[] = "{\"Components\":[{\"Name\":\"Engine\"}],\"Version\":\"20.10.24\"}";
	static const char podman[] = "{\"Components\":[{\"Name\":\"Podman Engine\",\"Details\":"
				     "{\"MinAPIVersion\":\"4.0.0\"}}],\"Version\":\"4.3.1\"}";
	static const char odd[] = "{\"Components\":[{\"Name\":\"Podman Engine\",\"Details\":"
				  "{\"MinAPIVersion\":\"4/../x\"}}],\"Version\":\"4\"}";
	static const char good[] = "{\"DockerRootDir\":\"/var/lib/docker\"}";
	static const char bad[] = "{\"DockerRootDir\":\"/var/../etc\"}";
	struct docker_version v;
	char *s;

	(void)state;
	assert_int_equal(docker_parse_version(docker, strlen(docker), &v), 0);
	assert_string_equal(v.runtime, "docker");
	assert_string_equal(v.version, "20.10.24");
	assert_null(v.libpod);
	docker_version_free(&v);
	assert_int_equal(docker_parse_version(podman, strlen(podman), &v), 0);
	assert_string_equal(v.runtime, "podman");
	assert_string_equal(v.libpod, "/v4.0.0/libpod");
	docker_version_free(&v);
	assert_int_equal(docker_parse_version(odd, strlen(odd), &v), 0);
	assert_null(v.libpod);
	docker_version_free(&v);
	assert_int_equal(docker_parse_version("{}", 2, &v), -EBADMSG);
	s = docker_parse_root_dir(good, strlen(good));
	assert_string_equal(s, "/var/lib/docker");
	free(s);
	assert_null(docker_parse_root_dir(bad, strlen(bad)));
	assert_null(docker_parse_root_dir("{}", 2));
}

static void test_time(void **state)
{
	static const char *const bad[] = {
		"", "2026", "0001-01-01T00:00:00Z", "2026-11-24T00:29:14", "2026-11-24 00:29:14Z",
		"2026-11-24T00:29:14.5", "2026-11-24T00:29:14+0100", "9999-01-01T00:00:00Z",
	};

	(void)state;
	assert_true(rfc3339_ns("1970-01-01T00:00:01Z") == NSEC_PER_SEC);
	assert_true(rfc3339_ns("1970-01-02T00:00:00.5+23:00") == 3600 * NSEC_PER_SEC + 500000000);
	/* More digits than ns have are dropped. */
	assert_true(rfc3339_ns("1970-01-01T00:00:00.1234567899Z") == 0);
	assert_true(rfc3339_ns("1970-01-01T00:00:01.1234567899Z") == 1123456789);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(rfc3339_ns(bad[i]) == 0);
	assert_true(rfc3339_ns(NULL) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container_inspect),
		cmocka_unit_test(test_container_config_on_disk),
		cmocka_unit_test(test_container_podman),
		cmocka_unit_test(test_image_digest),
		cmocka_unit_test(test_container_kubernetes),
		cmocka_unit_test(test_container_hostile),
		cmocka_unit_test(test_container_bounds),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_event_container),
		cmocka_unit_test(test_version_and_root_dir),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
