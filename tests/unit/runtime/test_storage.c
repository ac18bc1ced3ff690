/* SPDX-License-Identifier: Apache-2.0 */
/* The lists are podman 4.3.1's, cut. */
#include "runtime/storage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "8acf4807db0b35a2496c23e61750433b80b245614be9c62b783467df0e982077"
#define POD "d7de1dacc82d416fe5e08325192a1c9d66c81831d724e52f146b51277849b66b"
#define IMAGE "467f70eaf77e5d58ba82fd073dc6deb6aff19551055cd7c3b27c38e67d5065aa"

static struct container_info *make(const char *id)
{
	struct container_info *c = xcalloc(1, sizeof(*c));

	c->id = xstrdup(id);
	return c;
}

static void test_names(void **state)
{
	static const char list[] =
		"[{\"id\":\"00\",\"names\":[\"other\"],\"metadata\":\"{\\\"id\\\":\\\"" ID "\\\"}\"},"
		"{\"id\":\"" ID "\",\"names\":[\"web\",\"second\"],\"image\":\"" IMAGE "\",\"metadata\":"
		"\"{\\\"image-name\\\":\\\"docker.io/library/bbx:1\\\",\\\"name\\\":\\\"web\\\"}\","
		"\"created\":\"2026-11-24T23:55:22.017462159Z\",\"flags\":{}},{\"id\":\"11\"}]";
	_cleanup_container_info_ struct container_info *c = make(ID), *none = make("22");
	_cleanup_free_ char *image = storage_parse_names(list, strlen(list), c);

	(void)state;
	assert_string_equal(image, IMAGE);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->image, "docker.io/library/bbx:1");
	assert_string_equal(c->image_tag, "1");
	assert_true(c->created / NSEC_PER_SEC == 1795564522);
	assert_null(storage_parse_names(list, strlen(list), none));
	assert_null(none->name);
	/* Half a list, as while it is written. */
	assert_null(storage_parse_names(list, strlen(list) / 2, none));
	assert_null(storage_parse_names("", 0, none));
}

static void test_names_of_the_kubelet(void **state)
{
	static const char list[] = "[{\"id\":\"aa\",\"names\":[\"k8s_web_web-0_shop_u-1_0\"],"
				   "\"metadata\":\"{\\\"image-name\\\":\\\"quay.io/a/b:2\\\"}\"}]";
	_cleanup_container_info_ struct container_info *c = make("aa");

	(void)state;
	assert_null(storage_parse_names(list, strlen(list), c));
	assert_string_equal(c->name, "web");
	assert_string_equal(c->pod_name, "web-0");
	assert_string_equal(c->pod_namespace, "shop");
	assert_string_equal(c->pod_uid, "u-1");
	assert_string_equal(c->image, "quay.io/a/b:2");
}

static void test_digest(void **state)
{
	static const char list[] = "[{\"id\":\"" IMAGE "\",\"digest\":\"sha256:6c37\",\"names\":[]}]";
	_cleanup_free_ char *digest = storage_parse_digest(list, strlen(list), IMAGE);

	(void)state;
	assert_string_equal(digest, "sha256:6c37");
	assert_null(storage_parse_digest(list, strlen(list), ID));
}

static void test_pod(void **state)
{
	static const char *const good[] = {
		"/libpod_parent/" POD "/libpod-" ID,
		"machine-libpod_pod_" POD ".slice:libpod:" ID,
		"/machine.slice/machine-libpod_pod_" POD ".slice/libpod-" ID ".scope/container",
	};
	static const char *const bad[] = {
		"", "/libpod_parent/libpod-" ID, "/x/libpod-" ID, "/libpod-" ID, "machine.slice:libpod:" ID,
		"/libpod_pod_short/libpod-" ID, "/a" POD "/libpod-" ID,
	};
	static const char page[] = "\1\2{\"id\":\"" POD "\",\"name\":\"shop\",\"labels\":{}}";
	_cleanup_free_ char *name = storage_find_pod_name(page, sizeof(page), POD);
	char id[65];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(storage_pod_id(good[i], id));
		assert_string_equal(id, POD);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(storage_pod_id(bad[i], id));
	assert_false(storage_pod_id(NULL, id));
	assert_string_equal(name, "shop");
	assert_null(storage_find_pod_name(page, sizeof(page), ID));
	/* Cut in the middle of the name it is none. */
	assert_null(storage_find_pod_name(page, strlen("\1\2{\"id\":\"" POD "\",\"name\":\"sh"), POD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_the_kubelet),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
