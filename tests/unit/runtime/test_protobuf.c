/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes are put together by hand, so that the field numbers are checked too. */
#include "runtime/protobuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "runtime/json.h"

static void varint(struct strbuf *b, uint64_t v)
{
	for (; v > 127; v >>= 7)
		strbuf_addc(b, (char)(v | 128));
	strbuf_addc(b, (char)v);
}

static void number(struct strbuf *b, unsigned field, uint64_t v)
{
	varint(b, field << 3);
	varint(b, v);
}

static void bytes(struct strbuf *b, unsigned field, const void *data, size_t len)
{
	varint(b, field << 3 | 2);
	varint(b, len);
	strbuf_add(b, data, len);
}

static void text(struct strbuf *b, unsigned field, const char *s)
{
	bytes(b, field, s, strlen(s));
}

/* Puts inner into b as a field, and empties it. */
static void nest(struct strbuf *b, unsigned field, struct strbuf *inner)
{
	bytes(b, field, inner->s, inner->len);
	strbuf_reset(inner);
}

static void entry(struct strbuf *b, unsigned field, const char *key, const char *value)
{
	struct strbuf e = STRBUF_INIT;

	text(&e, 1, key);
	text(&e, 2, value);
	nest(b, field, &e);
	strbuf_free(&e);
}

static void test_requests(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	(void)state;
	cri_container_status_request(&b, "ab");
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.s, "\x0a\x02" "ab" "\x10\x01", 6);
	strbuf_reset(&b);
	/* RUNNING is 1, READY is 0 and so an empty message, which still has to be there. */
	cri_list_containers_request(&b);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.s, "\x0a\x04\x12\x02\x08\x01", 6);
	strbuf_reset(&b);
	cri_list_sandboxes_request(&b);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.s, "\x0a\x02\x12\x00", 4);
	strbuf_reset(&b);
	ctd_container_request(&b, "x");
	assert_memory_equal(b.s, "\x0a\x01x", 3);
}

static void test_version(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	char *name, *version;

	(void)state;
	text(&b, 1, "0.1.0");
	text(&b, 2, "containerd");
	text(&b, 3, "1.6.20");
	assert_int_equal(cri_parse_version(b.s, b.len, &name, &version), 0);
	assert_string_equal(name, "containerd");
	assert_string_equal(version, "1.6.20");
	free(name);
	free(version);
	assert_int_equal(cri_parse_version("\x12\xff", 2, &name, &version), -EBADMSG);
}

static void make_container(struct strbuf *b, const char *info)
{
	struct strbuf status = STRBUF_INIT, inner = STRBUF_INIT;

	text(&status, 1, "c1");
	text(&inner, 1, "web");
	nest(&status, 2, &inner);
	number(&status, 3, 1);
	number(&status, 4, 1000);
	number(&status, 5, 2000);
	text(&inner, 1, "docker.io/library/bbx:1");
	nest(&status, 8, &inner);
	text(&status, 9, "docker.io/library/bbx@sha256:aa");
	entry(&status, 12, "io.kubernetes.pod.name", "p");
	entry(&status, 12, "io.kubernetes.pod.namespace", "n");
	nest(b, 1, &status);
	entry(b, 2, "info", info);
	strbuf_free(&status);
	strbuf_free(&inner);
}

static void test_container_status(void **state)
{
	static const char info[] =
		"{\"sandboxID\":\"s1\",\"pid\":4211,\"config\":{\"linux\":{\"security_context\":"
		"{\"privileged\":true}}},\"runtimeSpec\":{\"ociVersion\":\"1\",\"annotations\":{"
		"\"io.kubernetes.cri.sandbox-uid\":\"u\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"
		"{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"user\"},{\"type\":\"cgroup\"}]}}}";
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *c = NULL;
	_cleanup_free_ char *sandbox = NULL;

	(void)state;
	make_container(&b, info);
	assert_int_equal(cri_parse_container_status(b.s, b.len, &c, &sandbox), 0);
	assert_string_equal(c->id, "c1");
	assert_string_equal(c->name, "web");
	assert_string_equal(c->image_tag, "1");
	assert_string_equal(c->image_digest, "sha256:aa");
	assert_string_equal(c->pod_name, "p");
	assert_string_equal(c->pod_namespace, "n");
	assert_string_equal(c->pod_uid, "u");
	assert_string_equal(sandbox, "s1");
	assert_int_equal(c->init_pid, 4211);
	assert_true(c->created == 1000 && c->started == 2000);
	assert_int_equal(c->shares, SHARES_NET);
	assert_true(c->privileged);
	assert_false(c->sandbox);
}

static void test_container_status_hostile(void **state)
{
	static const char *const infos[] = { "", "[]", "{\"pid\":\"x\",\"sandboxID\":\"../x\"}", "{\"pid\":-1" };
	_cleanup_free_ char *sandbox = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
		_cleanup_container_info_ struct container_info *c = NULL;

		make_container(&b, infos[i]);
		assert_int_equal(cri_parse_container_status(b.s, b.len, &c, &sandbox), 0);
		assert_int_equal(c->init_pid, 0);
		assert_null(sandbox);
		/* Cut anywhere, it is damaged, or a message that ends early and has no status. */
		for (size_t len = 0; len < b.len; len++) {
			struct container_info *part = NULL;

			if (cri_parse_container_status(b.s, len, &part, &sandbox) == 0)
				assert_string_equal(part->id, "c1");
			container_info_free(part);
		}
	}
}

static void test_sandbox_status(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, status = STRBUF_INIT, inner = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *c = NULL;

	(void)state;
	text(&status, 1, "s1");
	text(&inner, 1, "nginx");
	text(&inner, 2, "uid");
	text(&inner, 3, "shop");
	nest(&status, 2, &inner);
	number(&status, 4, 77);
	text(&inner, 1, "10.88.0.7");
	nest(&status, 5, &inner);
	entry(&status, 7, "app", "x");
	nest(&b, 1, &status);
	entry(&b, 2, "info", "{\"pid\":9,\"image\":\"pause:3\"}");
	assert_int_equal(cri_parse_sandbox_status(b.s, b.len, &c), 0);
	assert_true(c->sandbox);
	assert_string_equal(c->name, "POD");
	assert_string_equal(c->pod_name, "nginx");
	assert_string_equal(c->pod_uid, "uid");
	assert_string_equal(c->pod_namespace, "shop");
	assert_string_equal(c->image, "pause:3");
	assert_int_equal(c->init_pid, 9);
	assert_int_equal(c->n_pod_labels, 1);
	assert_true(c->created == 77);
	assert_string_equal(c->pod_sandbox, "s1");
	assert_string_equal(c->ip, "10.88.0.7");
}

static void add(void *arg, const char *id)
{
	strbuf_addf(arg, "%s;", id);
}

static void add_task(void *arg, const char *id, uint32_t pid)
{
	strbuf_addf(arg, "%s=%u;", id, pid);
}

static void test_lists(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, inner = STRBUF_INIT, out = STRBUF_INIT;
	static const struct {
		const char *id;
		unsigned status;
	} tasks[] = { { "run", 2 }, { "created", 1 }, { "stopped", 3 }, { "paused", 4 }, { "a/b", 2 } };

	(void)state;
	text(&inner, 1, "one");
	nest(&b, 1, &inner);
	text(&inner, 1, "../two");
	nest(&b, 1, &inner);
	nest(&b, 1, &inner);
	assert_int_equal(cri_parse_containers(b.s, b.len, add, &out), 0);
	assert_int_equal(cri_parse_sandboxes(b.s, b.len, add, &out), 0);
	assert_int_equal(ctd_parse_namespaces(b.s, b.len, add, &out), 0);
	assert_string_equal(out.s, "one;one;one;");
	assert_int_equal(cri_parse_containers("\x0a\x05x", 3, add, &out), -EBADMSG);
	strbuf_reset(&b);
	strbuf_reset(&out);
	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		text(&inner, 2, tasks[i].id);
		number(&inner, 3, 100 + i);
		number(&inner, 4, tasks[i].status);
		nest(&b, 1, &inner);
	}
	assert_int_equal(ctd_parse_tasks(b.s, b.len, add_task, &out), 0);
	assert_string_equal(out.s, "run=100;paused=103;");
}

static void test_containerd_container(void **state)
{
	static const char spec[] = "{\"ociVersion\":\"1\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}";
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, c = STRBUF_INIT, inner = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *info = NULL;

	(void)state;
	text(&c, 1, "plain");
	entry(&c, 2, "a", "b");
	text(&c, 3, "docker.io/library/bbx:1");
	text(&inner, 2, spec);
	nest(&c, 5, &inner);
	number(&inner, 1, 12);
	number(&inner, 2, 34);
	nest(&c, 8, &inner);
	nest(&b, 1, &c);
	assert_int_equal(ctd_parse_container(b.s, b.len, false, &info), 0);
	assert_string_equal(info->id, "plain");
	assert_string_equal(info->name, "plain");
	assert_string_equal(info->image_repository, "docker.io/library/bbx");
	assert_true(info->created == 12 * NSEC_PER_SEC + 34);
	assert_int_equal(info->shares & SHARES_PID, 0);
	assert_int_equal(info->shares & SHARES_NET, SHARES_NET);
	assert_string_equal(labels_find(info->labels, info->n_labels, "a"), "b");
}

/* Labels are the image's as well, but for what CRI and nerdctl put over them. */
static void test_containerd_labels(void **state)
{
#define DIGITS "0123456789abcdef"
	static const char nerdctl[] = DIGITS DIGITS DIGITS DIGITS;
	static const struct {
		const char *id;
		bool pods;
		const char *name;
		bool sandbox;
	} rows[] = {
		{ "plain", false, "plain", false },
		{ nerdctl, false, "n", false },
		{ "plain", true, "POD", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, c = STRBUF_INIT;
		_cleanup_container_info_ struct container_info *info = NULL;

		text(&c, 1, rows[i].id);
		entry(&c, 2, "io.kubernetes.container.name", "web");
		entry(&c, 2, "nerdctl/name", "n");
		entry(&c, 2, "io.cri-containerd.kind", "sandbox");
		nest(&b, 1, &c);
		assert_int_equal(ctd_parse_container(b.s, b.len, rows[i].pods, &info), 0);
		assert_string_equal(info->name, rows[i].name);
		assert_int_equal(info->sandbox, rows[i].sandbox);
		assert_int_equal(info->n_labels, 3);
	}
}

/* What CRI never writes as a label is the image's word, and its specification counts more than any label. */
static void test_containerd_labels_of_an_image(void **state)
{
	static const char spec[] =
		"{\"ociVersion\":\"1\",\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\","
		"\"io.kubernetes.cri.sandbox-name\":\"web-0\"}}";
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, c = STRBUF_INIT, inner = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *info = NULL;

	(void)state;
	text(&c, 1, "c1");
	text(&c, 3, "docker.io/library/evil:1");
	entry(&c, 2, "io.kubernetes.cri.container-type", "sandbox");
	entry(&c, 2, "io.kubernetes.cri-o.ContainerType", "sandbox");
	entry(&c, 2, "io.kubernetes.docker.type", "podsandbox");
	entry(&c, 2, "io.kubernetes.cri.container-name", "other");
	entry(&c, 2, "io.kubernetes.cri.sandbox-namespace", "kube-system");
	entry(&c, 2, "io.kubernetes.cri.image-name", "nginx");
	entry(&c, 2, "io.kubernetes.pod.name", "other");
	entry(&c, 2, "io.kubernetes.container.name", "web");
	entry(&c, 2, "io.cri-containerd.kind", "container");
	text(&inner, 2, spec);
	nest(&c, 5, &inner);
	nest(&b, 1, &c);
	assert_int_equal(ctd_parse_container(b.s, b.len, true, &info), 0);
	assert_false(info->sandbox);
	assert_int_equal(info->tells, TELLS_SANDBOX);
	assert_string_equal(info->name, "web");
	assert_string_equal(info->pod_name, "web-0");
	assert_null(info->pod_namespace);
	assert_string_equal(info->image, "docker.io/library/evil:1");
}

static int make_event(const char *topic, const char *space, const char *id, const char *process,
		      struct ctd_event *ret)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, any = STRBUF_INIT, inner = STRBUF_INIT;

	text(&inner, 1, id);
	if (process) {
		text(&inner, 2, process);
		number(&inner, 3, 55);
		number(&inner, 4, 137);
	} else {
		number(&inner, 2, 55);
	}
	text(&any, 1, "containerd.events.X");
	nest(&any, 2, &inner);
	text(&b, 2, space);
	text(&b, 3, topic);
	nest(&b, 4, &any);
	return ctd_parse_event(b.s, b.len, ret);
}

static void test_containerd_event(void **state)
{
	struct ctd_event e;

	(void)state;
	assert_int_equal(make_event("/tasks/start", "k8s.io", "c1", NULL, &e), 0);
	assert_int_equal(e.type, EVENT_START);
	assert_string_equal(e.space, "k8s.io");
	assert_string_equal(e.id, "c1");
	assert_int_equal(e.pid, 55);
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/exit", "default", "c1", "c1", &e), 0);
	assert_int_equal(e.type, EVENT_STOP);
	assert_int_equal(e.exit_code, 137);
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/exit", "default", "c1", "exec-7", &e), 0);
	assert_int_equal(e.type, EVENT_OTHER);
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/oom", "default", "c1", NULL, &e), 0);
	assert_int_equal(e.type, EVENT_OOM);
	assert_string_equal(e.id, "c1");
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/paused", "default", "c1", NULL, &e), 0);
	assert_int_equal(e.type, EVENT_PAUSE);
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/resumed", "default", "c1", NULL, &e), 0);
	assert_int_equal(e.type, EVENT_RESUME);
	ctd_event_free(&e);
	assert_int_equal(make_event("/containers/create", "default", "c1", "bbx:1", &e), 0);
	assert_int_equal(e.type, EVENT_CREATE);
	assert_string_equal(e.image, "bbx:1");
	ctd_event_free(&e);
	assert_int_equal(make_event("/containers/delete", "default", "c1", NULL, &e), 0);
	assert_int_equal(e.type, EVENT_DELETE);
	ctd_event_free(&e);
	assert_int_equal(make_event("/images/create", "default", "c1", "x", &e), 0);
	assert_int_equal(e.type, EVENT_OTHER);
	ctd_event_free(&e);
	assert_int_equal(make_event("/tasks/start", "default", "../x", NULL, &e), -EBADMSG);
	assert_int_equal(make_event("/tasks/start", "a\nb: c", "x", NULL, &e), -EBADMSG);
	assert_int_equal(ctd_parse_event("\xff", 1, &e), -EBADMSG);
	assert_int_equal(ctd_parse_event("", 0, &e), -EBADMSG);
}

static void test_cri_event(void **state)
{
	static const enum container_event want[] = { EVENT_CREATE, EVENT_START, EVENT_STOP,
						     EVENT_DELETE, EVENT_OTHER };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
		_cleanup_free_ char *id = NULL;
		enum container_event type;

		text(&b, 1, "c1");
		number(&b, 2, i);
		assert_int_equal(cri_parse_event(b.s, b.len, &type, &id), 0);
		assert_int_equal(type, want[i]);
		assert_string_equal(id, "c1");
	}
}

static void test_end(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, st = STRBUF_INIT;
	int exit_code = -1;
	bool oom = false;

	(void)state;
	text(&st, 1, "c1");
	number(&st, 3, 2);
	number(&st, 7, 137);
	text(&st, 10, "OOMKilled");
	nest(&b, 1, &st);
	assert_true(cri_parse_end(b.s, b.len, &exit_code, &oom));
	assert_int_equal(exit_code, 137);
	assert_true(oom);
	strbuf_reset(&b);
	text(&st, 1, "c1");
	number(&st, 3, 1);
	nest(&b, 1, &st);
	assert_false(cri_parse_end(b.s, b.len, &exit_code, &oom));
	assert_false(cri_parse_end("\xff", 1, &exit_code, &oom));
}

/* Two bytes on the wire are a hundred in memory: 16 MiB of them must not become gigabytes. */
static void test_memory_is_bounded(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < 4 << 20; i++)
		strbuf_add(&b, "\x0a\x00", 2);
	assert_int_equal(cri_parse_containers(b.s, b.len, add, &out), -EBADMSG);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_container_status),
		cmocka_unit_test(test_container_status_hostile),
		cmocka_unit_test(test_sandbox_status),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_containerd_container),
		cmocka_unit_test(test_containerd_labels),
		cmocka_unit_test(test_containerd_labels_of_an_image),
		cmocka_unit_test(test_containerd_event),
		cmocka_unit_test(test_cri_event),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
