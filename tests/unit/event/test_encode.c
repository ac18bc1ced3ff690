/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "event/account.h"

static struct container_info *sample(void)
{
	struct container_info *c = xcalloc(1, sizeof(*c));

	c->id = xstrdup("0123456789abcdef");
	c->called = xstrdup("0123456789");
	c->space = xstrdup("default");
	c->name = xstrdup("web");
	c->runtime = xstrdup("docker");
	c->image_id = xstrdup("sha256:12");
	c->created = 1;
	c->started = UINT64_MAX;
	c->init_pid = 4211;
	c->shares = SHARES_NET | SHARES_USER;
	c->privileged = true;
	c->n_labels = 2;
	c->labels = xcalloc(2, sizeof(*c->labels));
	c->labels[0] = (struct label){ xstrdup("app"), xstrdup("shop") };
	c->labels[1] = (struct label){ xstrdup("empty"), xstrdup("") };
	c->n_users = 1;
	c->users = xcalloc(1, sizeof(*c->users));
	c->users[0] = (struct id_name){ 33, xstrdup("www-data") };
	container_info_add_mount(c, "/srv/a:b", "/data", true, "rslave");
	container_info_add_mount(c, "tmpfs", "/no", true, NULL);
	container_info_add_mount(c, "/", "no", true, NULL);
	return c;
}

static void assert_sample(const struct container_info *c)
{
	struct mount mount;

	assert_string_equal(c->id, "0123456789abcdef");
	assert_string_equal(container_called(c), "0123456789");
	assert_string_equal(c->space, "default");
	assert_string_equal(c->name, "web");
	assert_null(c->image);
	assert_string_equal(c->image_id, "sha256:12");
	assert_int_equal(c->created, 1);
	assert_int_equal(c->started, UINT64_MAX);
	assert_int_equal(c->init_pid, 4211);
	assert_int_equal(c->shares, SHARES_NET | SHARES_USER);
	assert_true(c->privileged);
	assert_false(c->sandbox);
	assert_int_equal(c->n_labels, 2);
	assert_string_equal(c->labels[0].value, "shop");
	assert_string_equal(c->labels[1].key, "empty");
	assert_string_equal(c->labels[1].value, "");
	assert_int_equal(c->n_pod_labels, 0);
	assert_int_equal(c->n_users, 1);
	assert_int_equal(c->users[0].id, 33);
	assert_string_equal(c->users[0].name, "www-data");
	assert_int_equal(c->n_mounts, 1);
	assert_true(container_info_mount(c, 0, &mount));
	assert_string_equal(mount.source, "/srv/a:b");
	assert_string_equal(mount.dest, "/data");
	assert_true(mount.writable);
	assert_memory_equal(mount.propagation, "rslave", mount.propagation_len);
}

static void test_container_round_trip(void **state)
{
	_cleanup_container_info_ struct container_info *c = sample(), *copy = NULL, *back = NULL;
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev;
	const char *why;

	copy = container_info_dup(c);
	assert_sample(copy);
	encode_container(&rec, c, 77);
	assert_int_equal(rec.len % 8, 0);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(ev.type, EVENT_OTHER);
	assert_int_equal(ev.time, 77);
	assert_int_equal(container_info_decode(ev.body, ev.body_len, &back), 0);
	assert_sample(back);
}

static void test_container_complete(void **state)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c)), *more = sample();

	c->name = xstrdup("mine");
	c->created = 5;
	container_info_complete(c, more);
	assert_string_equal(c->name, "mine");
	assert_int_equal(c->created, 5);
	assert_string_equal(c->id, more->id);
	assert_ptr_not_equal(c->id, more->id);
	assert_int_equal(c->n_labels, 2);
	container_info_complete(c, more);
	assert_int_equal(c->n_labels, 2);
}

/* What is only not said is as it was; who says that it is not so is believed. */
static void test_container_complete_flags(void **state)
{
	static const struct {
		struct container_info c;
		bool privileged, sandbox;
	} rows[] = {
		{ { .tells = 0 }, true, true },
		{ { .tells = TELLS_SANDBOX }, true, false },
		{ { .tells = TELLS_PRIVILEGED }, false, true },
		{ { .tells = TELLS_PRIVILEGED | TELLS_SANDBOX, .sandbox = true }, false, true },
	};
	const struct container_info more = { .privileged = true, .sandbox = true, .tells = TELLS_SANDBOX };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container_info c = rows[i].c;

		container_info_complete(&c, &more);
		assert_int_equal(c.privileged, rows[i].privileged);
		assert_int_equal(c.sandbox, rows[i].sandbox);
		assert_int_equal(c.tells, rows[i].c.tells | TELLS_SANDBOX);
	}
}

/* Every length that lies, and every cut: an error or less, never a byte too far. */
static void test_container_damage(void **state)
{
	_cleanup_container_info_ struct container_info *c = sample();
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct container_info *back;

	container_info_encode(c, &body);
	for (size_t len = 0; len < body.len; len++) {
		_cleanup_free_ char *cut = xmemdup(body.s, len);

		if (!container_info_decode(cut, len, &back)) {
			assert_int_equal(len % 8, 0);
			container_info_free(back);
		}
	}
	for (size_t at = 0; at < body.len; at++) {
		_cleanup_free_ char *bad = xmemdup(body.s, body.len);

		bad[at] ^= (char)0x85;
		if (!container_info_decode(bad, body.len, &back))
			container_info_free(back);
	}
	assert_int_equal(container_info_decode("", 0, &back), -EBADMSG);
	assert_int_equal(container_info_decode(body.s, 7, &back), -EBADMSG);
	assert_int_equal(container_info_decode(body.s, body.len - 8, &back), -EBADMSG);
}

static void test_container_bounds(void **state)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c)), *back = NULL;
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	char *huge = xcalloc(1, 10001);

	memset(huge, 'x', 10000);
	c->id = xstrdup("id");
	c->name = huge;
	c->n_labels = 1000;
	c->labels = xcalloc(c->n_labels, sizeof(*c->labels));
	for (size_t i = 0; i < c->n_labels; i++)
		c->labels[i] = (struct label){ xasprintf("k%zu", i), xstrdup(huge) };
	container_info_encode(c, &body);
	assert_true(body.len < 1 << 20);
	assert_int_equal(container_info_decode(body.s, body.len, &back), 0);
	assert_int_equal(strlen(back->name), CONTAINER_STRING_MAX);
	assert_true(back->n_labels <= CONTAINER_LABELS_MAX);
	assert_string_equal(back->labels[0].key, "k0");
}

static void test_set_image(void **state)
{
	static const struct {
		const char *reference, *repository, *tag, *digest;
	} table[] = {
		{ "nginx", "nginx", NULL, NULL },
		{ "nginx:1.27", "nginx", "1.27", NULL },
		{ "docker.io/library/nginx:1.27", "docker.io/library/nginx", "1.27", NULL },
		{ "reg:5000/a/b", "reg:5000/a/b", NULL, NULL },
		{ "reg:5000/a/b:tag@sha256:00ff", "reg:5000/a/b", "tag", "sha256:00ff" },
		{ "a/b@sha256:00ff", "a/b", NULL, "sha256:00ff" },
		{ "sha256:00ff", NULL, NULL, "sha256:00ff" },
		{ "a:", "a:", NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ "@", NULL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));

		container_info_set_image(c, "old:1@sha256:1");
		container_info_set_image(c, table[i].reference);
		assert_string_equal(c->image_repository ? c->image_repository : "(null)",
				    table[i].repository ? table[i].repository : "(null)");
		assert_string_equal(c->image_tag ? c->image_tag : "(null)",
				    table[i].tag ? table[i].tag : "(null)");
		assert_string_equal(c->image_digest ? c->image_digest : "(null)",
				    table[i].digest ? table[i].digest : "(null)");
	}
}

static void test_host_round_trip(void **state)
{
	static char root[] = "root", wheel[] = "wheel";
	const struct id_name users[] = { { 0, root } }, groups[] = { { 10, wheel } };
	const struct host_info h = {
		.name = "node1", .kernel = "6.18.0", .machine = "x86_64",
		.boot_to_epoch = 1234567890123456789ULL,
		.users = users, .n_users = 1, .groups = groups, .n_groups = 1,
	};
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct host_info *back;
	struct event ev;
	const char *why;

	encode_host(&rec, &h, 5);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(decode_host(&ev, &back), 0);
	assert_string_equal(back->name, "node1");
	assert_string_equal(back->kernel, "6.18.0");
	assert_string_equal(back->machine, "x86_64");
	assert_int_equal(back->boot_to_epoch, h.boot_to_epoch);
	assert_int_equal(back->n_users, 1);
	assert_string_equal(back->users[0].name, "root");
	assert_int_equal(back->groups[0].id, 10);
	host_info_free(back);
	for (ev.body_len = 0; ev.body_len < rec.len - sizeof(struct nunchi_head); ev.body_len++)
		if (!decode_host(&ev, &back))
			host_info_free(back);
}

static void test_account_round_trip(void **state)
{
	struct account_row row = {
		.id = (char[]){ "0123" }, .name = (char[]){ "web" }, .ended = true,
		.kernel = { .seen = 10, .filtered = { 2 }, .aggregated = 1, .sent = 6 },
		.user = { .received = 6, .shown = 4, .filtered = 1, .held = 1 },
	}, back;
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev;
	const char *why;

	row.kernel.dropped[NUNCHI_DROP_RING_FULL] = 1;
	assert_true(account_adds_up(&row));
	row.user.dropped[NUNCHI_DROP_MAX - 1] = 9;
	assert_false(account_adds_up(&row));
	encode_account(&rec, &row, 4, 2, 1);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(ev.head->slot, 4);
	assert_int_equal(decode_account(&ev, &back), 0);
	assert_memory_equal(&back.kernel, &row.kernel, sizeof(back.kernel));
	assert_memory_equal(&back.user, &row.user, sizeof(back.user));
	assert_string_equal(back.id, "0123");
	assert_string_equal(back.name, "web");
	assert_true(back.ended);
	account_row_free(&back);
	while (ev.body_len) {
		ev.body_len -= 8;
		assert_int_equal(decode_account(&ev, &back), -EBADMSG);
	}
}

/* Of a writer that knew fewer reasons, and of one that knew more. */
static void test_account_of_another_version(void **state)
{
	const uint64_t numbers[] = { 3, 9, 0, 8, 2, 1, 0, 1, 0, 4, 8, 7, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5,
				     0, 0, 0 };
	const struct nunchi_head head = { .kind = NUNCHI_REC_ACCOUNT, .time = 1 };
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct account_row row;
	struct event ev;
	const char *why;

	encode_begin(&rec, &head);
	encode_bytes(&rec, numbers, sizeof(numbers));
	encode_end(&rec);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(decode_account(&ev, &row), 0);
	assert_int_equal(row.kernel.seen, 9);
	assert_int_equal(row.kernel.filtered[0], 1);
	assert_int_equal(row.user.shown, 7);
	assert_null(row.id);
	assert_true(account_adds_up(&row));
	account_row_free(&row);
}

static void test_counts_round_trip(void **state)
{
	struct account_counts counts = { .n_missed = 1, .missed = { { "sys_exit", 3 } } }, back;
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct event ev;
	const char *why;

	counts.kernel[NUNCHI_COUNT_SLOTS] = 5;
	counts.kernel[NUNCHI_COUNT_MAX - 1] = 6;
	counts.reader[ACCOUNT_READER_LATE] = 7;
	encode_counts(&rec, &counts, 1);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(decode_counts(&ev, &back), 0);
	assert_memory_equal(&back, &counts, sizeof(back));
	while (ev.body_len) {
		ev.body_len -= 8;
		assert_int_equal(decode_counts(&ev, &back), -EBADMSG);
	}
}

static void test_rule_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct accounts a = { .n = 0 };
	struct account_rule back;
	struct event ev;
	const char *why;

	encode_rule(&rec, "A rule", "Warning", 3, 1);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	accounts_apply(&a, &ev);
	assert_int_equal(a.n_rules, 1);
	assert_string_equal(a.rules[0].name, "A rule");
	assert_string_equal(a.rules[0].priority, "Warning");
	assert_int_equal(a.rules[0].matches, 3);
	accounts_free(&a);
	while (ev.body_len) {
		ev.body_len -= 8;
		assert_int_equal(decode_rule(&ev, &back), -EBADMSG);
	}
}

static void add_row_of(struct accounts *a, const char *id, uint64_t seen)
{
	struct account_row row = { .id = xstrdup(id), .kernel = { .seen = seen } };

	accounts_add(a, &row, 2);
}

/* By container; past the bound all others are one, and nothing is lost of the sum. */
static void test_accounts_by_container(void **state)
{
	struct accounts a = { .n = 0 };

	add_row_of(&a, "one", 1);
	add_row_of(&a, NULL, 2);
	add_row_of(&a, "one", 4);
	add_row_of(&a, "two", 8);
	add_row_of(&a, "three", 16);
	add_row_of(&a, NULL, 32);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.rows[0]->kernel.seen, 5);
	assert_string_equal(a.rows[1]->name, "host");
	assert_int_equal(a.rows[1]->kernel.seen, 34);
	assert_string_equal(a.rows[2]->name, ACCOUNTS_OTHERS);
	assert_int_equal(a.rows[2]->kernel.seen, 24);
	assert_int_equal(accounts_sum(&a).kernel.seen, 63);
	accounts_free(&a);
}

static void test_process_walks(void **state)
{
	struct nunchi_head head = head_of(NUNCHI_REC_TASK, 5);
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, path = STRBUF_INIT;
	char argv[5000] = { 0 };
	struct event ev;
	const char *why;

	encode_process(&rec, &head, "/usr/bin/cat", "/", NULL, argv, sizeof(argv), "bash", NULL, NULL, 0);
	assert_int_equal(event_decode(&ev, rec.s, rec.len, 0, &why), 0);
	assert_int_equal(ev.head->kind, NUNCHI_REC_PROCESS);
	path_from_walk(&path, event_blob(&ev, NUNCHI_BLOB_EXE, -1));
	assert_string_equal(path.s, "/usr/bin/cat");
	strbuf_reset(&path);
	path_from_walk(&path, event_blob(&ev, NUNCHI_BLOB_CWD, -1));
	assert_string_equal(path.s, "/");
	assert_int_equal(event_blob(&ev, NUNCHI_BLOB_ARGV, -1)->len, NUNCHI_ARGV_MAX);
	assert_int_equal(event_blob(&ev, NUNCHI_BLOB_ARGV, -1)->full, 5000);
	assert_int_equal(event_blob(&ev, NUNCHI_BLOB_ARGV, -1)->flags, NUNCHI_BLOB_TRUNCATED);
	assert_memory_equal(event_blob(&ev, NUNCHI_BLOB_PARENT_COMM, -1)->data, "bash", 4);
}

/* What is lost is told by its call, or by the kind of its record: also of one that is no whole call. */
static void test_lost_kind(void **state)
{
	struct {
		struct nunchi_head head;
		struct nunchi_call call;
	} r = { { .kind = NUNCHI_REC_SYSCALL, .len = sizeof(r) }, { .nr = 257 } };

	(void)state;
	assert_int_equal(lost_kind_of(&r.head), 257);
	r.call.nr = NUNCHI_CALLS_MAX - 1;
	assert_int_equal(lost_kind_of(&r.head), NUNCHI_CALLS_MAX - 1);
	r.call.nr = NUNCHI_CALLS_MAX;
	assert_int_equal(lost_kind_of(&r.head), NUNCHI_CALLS_MAX + NUNCHI_REC_SYSCALL);
	r.call.nr = 257;
	r.head.len = sizeof(r.head);
	assert_int_equal(lost_kind_of(&r.head), NUNCHI_CALLS_MAX + NUNCHI_REC_SYSCALL);
	r.head.len = sizeof(r);
	r.head.kind = NUNCHI_REC_EXEC;
	assert_int_equal(lost_kind_of(&r.head), NUNCHI_CALLS_MAX + NUNCHI_REC_EXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container_round_trip),
		cmocka_unit_test(test_container_complete),
		cmocka_unit_test(test_container_complete_flags),
		cmocka_unit_test(test_container_damage),
		cmocka_unit_test(test_container_bounds),
		cmocka_unit_test(test_set_image),
		cmocka_unit_test(test_host_round_trip),
		cmocka_unit_test(test_account_round_trip),
		cmocka_unit_test(test_account_of_another_version),
		cmocka_unit_test(test_counts_round_trip),
		cmocka_unit_test(test_rule_round_trip),
		cmocka_unit_test(test_accounts_by_container),
		cmocka_unit_test(test_process_walks),
		cmocka_unit_test(test_lost_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
