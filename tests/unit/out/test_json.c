/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>

#include <cmocka.h>
#include <jansson.h>

#include "out/json.h"
#include "sample.h"

static struct output *json_output(void)
{
	const struct output_config config = { .kind = OUTPUT_JSON };
	struct strbuf err = STRBUF_INIT;
	struct output *o = NULL;

	assert_int_equal(output_new(&o, &config, &err), 0);
	return o;
}

/* One line, one object, no key twice. */
static json_t *parse_line(const struct strbuf *b)
{
	json_error_t error;
	json_t *object;

	assert_true(b->len > 2);
	assert_ptr_equal(memchr(b->s, '\n', b->len), b->s + b->len - 1);
	assert_int_equal(strlen(b->s), b->len);
	object = json_loads(b->s, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!object)
		fail_msg("%s in %s", error.text, b->s);
	assert_true(json_is_object(object));
	return object;
}

static json_t *format(struct sample *s, struct output *o)
{
	sample_format(s, o);
	return parse_line(&s->out);
}

static void assert_text(const json_t *object, const char *key, const char *expected)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_string(v))
		fail_msg("%s: no string", key);
	assert_string_equal(json_string_value(v), expected);
}

static void assert_number(const json_t *object, const char *key, int64_t expected)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v))
		fail_msg("%s: no number", key);
	assert_int_equal(json_integer_value(v), expected);
}

static void test_json_openat(void **state)
{
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	j = format(&s, o);
	assert_number(j, "evt.num", 1);
	assert_text(j, "evt.time.iso8601", "2023-11-14T22:13:20.123456789Z");
	assert_number(j, "evt.rawtime", (int64_t)SAMPLE_TIME);
	assert_text(j, "evt.type", "openat");
	assert_text(j, "evt.res", "SUCCESS");
	assert_number(j, "evt.rawres", 3);
	assert_text(j, "activity.category", "file");
	assert_text(j, "activity.name", "File Open");
	assert_text(j, "evt.arg.dirfd", "AT_FDCWD");
	assert_text(j, "evt.arg.flags", "O_RDONLY");
	assert_text(j, "fd.name", "/mnt/test.txt");
	assert_text(j, "fd.directory", "/mnt");
	assert_text(j, "fd.filename", "test.txt");
	assert_number(j, "fd.num", 3);
	assert_text(j, "proc.name", "cat");
	assert_text(j, "proc.exepath", "/usr/bin/cat");
	assert_number(j, "user.loginuid", -1);
	assert_text(j, "container.name", "k8s_ubuntu-container1");
	assert_text(j, "container.id", "0123456789ab");
	assert_text(j, "k8s.ns.name", "default");
	assert_text(j, "host.name", "node1");
	/* What is missing is left out. */
	assert_null(json_object_get(j, "fd.rip"));
	assert_null(json_object_get(j, "container.image.tag"));
	assert_null(json_object_get(j, "evt.args"));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* A path that starts at another root than the container's looks like one of its own: it says so itself. */
static void test_json_unreachable(void **state)
{
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	s.call.args[0] = (uint64_t)-100;
	sample_call(&s, "openat", 3);
	sample_file(&s, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, "shadow\0etc", 11);
	((struct nunchi_blob *)(void *)(s.record.s + sizeof(struct nunchi_head) + sizeof(struct nunchi_call)))->flags |=
		NUNCHI_BLOB_UNREACHABLE;
	assert_int_equal(sample_end(&s), 0);
	j = format(&s, o);
	assert_text(j, "fd.name", "/etc/shadow");
	assert_true(json_is_true(json_object_get(j, "fd.unreachable")));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* Every field that the table gives to JSON has the value that the table gives. */
static void test_json_agrees_with_table(void **state)
{
	struct output *o = json_output();
	struct sample s;
	size_t checked = 0;
	json_t *j;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	j = format(&s, o);
	for (size_t i = 0; i < field_table_len; i++) {
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		const struct field *f = &field_table[i];
		const json_t *got = json_object_get(j, f->name);
		struct value v;

		if (!f->json || f->takes_arg) {
			assert_null(got);
			continue;
		}
		field_get(f, NULL, &s.fc, &v);
		if (v.type == VALUE_NONE || (f->json == JSON_IF_TRUE && !v.n)) {
			assert_null(got);
			continue;
		}
		value_print(&text, &v);
		if (v.type == VALUE_NUMBER)
			assert_number(j, f->name, v.n);
		else if (v.type != VALUE_BOOL)
			assert_text(j, f->name, text.s);
		checked++;
	}
	assert_true(checked > 25);
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* What is cached is rendered anew when its object changes, and only then. */
static void test_json_cache(void **state)
{
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	j = format(&s, o);
	json_decref(j);

	free(s.proc.cmdline);
	s.proc.cmdline = xstrdup("dog");
	free(s.info->name);
	s.info->name = xstrdup("renamed");
	j = format(&s, o);
	assert_text(j, "proc.cmdline", "cat /mnt/test.txt");
	assert_text(j, "container.name", "k8s_ubuntu-container1");
	json_decref(j);

	s.proc.version++;
	s.container.version++;
	s.ev.host_name = "node2";
	j = format(&s, o);
	assert_text(j, "proc.cmdline", "dog");
	assert_text(j, "container.name", "renamed");
	assert_text(j, "host.name", "node2");
	json_decref(j);

	s.ev.container = NULL;
	s.ev.proc = NULL;
	j = format(&s, o);
	assert_null(json_object_get(j, "proc.cmdline"));
	assert_null(json_object_get(j, "container.full_id"));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* A successful exec tells the arguments that its record has, and no others. */
static void test_json_execve(void **state)
{
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	assert_int_equal(sample_execve(&s), 0);
	j = format(&s, o);
	assert_text(j, "evt.type", "execve");
	assert_text(j, "proc.prev_name", "bash");
	assert_text(j, "evt.arg.pathname", "/usr/bin/cat");
	assert_null(json_object_get(j, "evt.arg.envp"));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

static void test_json_exit(void **state)
{
	struct output *o = json_output();
	struct nunchi_exit status = { .code = 9 };
	struct sample s;
	json_t *j;

	sample_init(&s);
	s.head.kind = NUNCHI_REC_EXIT;
	encode_begin(&s.record, &s.head);
	encode_bytes(&s.record, &status, sizeof(status));
	assert_int_equal(sample_end(&s), 0);
	j = format(&s, o);
	assert_text(j, "evt.type", "procexit");
	assert_text(j, "evt.arg.sig", "SIGKILL");
	assert_text(j, "evt.arg.status", "9");
	assert_null(json_object_get(j, "evt.arg.ret"));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* A call that the table does not have yet. */
static void test_json_unknown_call(void **state)
{
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	sample_call(&s, "openat", 5);
	((struct nunchi_call *)(void *)(s.record.s + sizeof(s.head)))->nr = NUNCHI_CALLS_MAX - 1;
	assert_int_equal(sample_end(&s), 0);
	for (int i = 0; i < 2; i++) {
		j = format(&s, o);
		assert_text(j, "evt.type", "syscall_511");
		assert_non_null(json_object_get(j, "evt.arg.a5"));
		json_decref(j);
	}
	sample_free(&s);
	output_free(o);
}

static void test_json_started(void **state)
{
	static const struct label labels[] = {
		{ (char *)"app", (char *)"shop" },
		{ (char *)"\xff", (char *)"first" },
		{ (char *)"\xfe", (char *)"the same key in JSON" },
		{ (char *)"\"},{\"evt.type", (char *)"x\n" },
		{ (char *)"app", (char *)"twice" },
		{ (char *)"none", NULL },
	};
	struct output *o = json_output();
	struct sample s;
	json_t *j, *l;

	sample_init(&s);
	s.info->n_labels = ARRAY_SIZE(labels);
	s.info->labels = xcalloc(ARRAY_SIZE(labels), sizeof(*labels));
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		s.info->labels[i].key = xstrdup(labels[i].key);
		s.info->labels[i].value = xstrdup(labels[i].value);
	}
	encode_container(&s.record, s.info, SAMPLE_BOOT);
	assert_int_equal(sample_take(&s, EVENT_CONTAINER_STARTED), 0);
	j = format(&s, o);
	assert_text(j, "evt.type", "container_started");
	assert_text(j, "container.image", "ubuntu:22.04");
	l = json_object_get(j, "container.labels");
	assert_int_equal(json_object_size(l), 4);
	assert_text(l, "app", "shop");
	assert_text(l, "\"},{\"evt.type", "x\n");
	assert_text(l, "none", "");
	assert_null(json_object_get(j, "k8s.pod.labels"));
	json_decref(j);

	strbuf_reset(&s.out);
	s.container.n_procs = 3;
	s.container.running = true;
	json_add_container(&s.out, NULL, &s.container);
	j = parse_line(&s.out);
	assert_text(j, "container.name", "k8s_ubuntu-container1");
	assert_text(j, "k8s.pod.name", "web-7d9");
	assert_number(j, "container.procs", 3);
	assert_true(json_is_true(json_object_get(j, "container.running")));
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

static void test_json_lost(void **state)
{
	struct nunchi_lost lost = { .count = 1204, .first = SAMPLE_BOOT - 400000000,
				    .last = SAMPLE_BOOT, .reason = NUNCHI_DROP_RING_FULL };
	struct output *o = json_output();
	struct sample s;
	json_t *j;

	sample_init(&s);
	encode_lost(&s.record, &lost, NULL, 7, 1, SAMPLE_BOOT);
	assert_int_equal(sample_take(&s, EVENT_LOST), 0);
	j = format(&s, o);
	assert_text(j, "evt.type", "events_lost");
	assert_number(j, "lost.count", 1204);
	assert_text(j, "lost.reason", "ring full");
	assert_text(j, "lost.first", "2023-11-14T22:13:19.723456789Z");
	assert_text(j, "lost.last", "2023-11-14T22:13:20.123456789Z");
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

/* Bytes that nobody should put into a name, in every place that takes one; every byte once. */
static void test_json_hostile(void **state)
{
	struct output *o = json_output();
	char path[260] = "/";
	struct sample s;
	json_t *j;

	for (int i = 1; i < 256; i++)
		path[i] = (char)i;
	sample_init(&s);
	memcpy(s.head.comm, "\"},\n\x80\xff\\", 8);
	free(s.info->name);
	s.info->name = xstrdup(path);
	free(s.proc.cmdline);
	s.proc.cmdline = xstrdup(path);
	sample_call(&s, "openat", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, path, 260);
	assert_int_equal(sample_end(&s), 0);
	j = format(&s, o);
	assert_text(j, "evt.res", "ENOENT");
	assert_text(j, "proc.name", "\"},\n\xef\xbf\xbd\xef\xbf\xbd\\");
	for (size_t i = 0; i < s.out.len - 1; i++)
		assert_true((unsigned char)s.out.s[i] >= 0x20);
	json_decref(j);
	sample_free(&s);
	output_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_openat),
		cmocka_unit_test(test_json_unreachable),
		cmocka_unit_test(test_json_agrees_with_table),
		cmocka_unit_test(test_json_cache),
		cmocka_unit_test(test_json_execve),
		cmocka_unit_test(test_json_exit),
		cmocka_unit_test(test_json_unknown_call),
		cmocka_unit_test(test_json_started),
		cmocka_unit_test(test_json_lost),
		cmocka_unit_test(test_json_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
