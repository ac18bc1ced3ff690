/* SPDX-License-Identifier: Apache-2.0 */
/* evt.late, evt.untrusted and mismatch.*: what each piece of a record is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/magic.h>

#include "event/encode.h"
#include "model/model.h"
#include "world.h"

static struct world *world;
static struct field_context context;

/* fields: "name=value" of one event, - for a value that is missing. */
static void expect(struct strbuf *record, const char *const *fields)
{
	struct event ev;

	world_apply(world, record, &ev);
	for (; *fields; fields++) {
		const char *equals = strchr(*fields, '=');
		const struct field *f = field_find(*fields, (size_t)(equals - *fields), &(char *){ NULL });
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct value v;

		assert_non_null(f);
		fields_begin(&context, &ev, world->model);
		field_get(f, NULL, &context, &v);
		if (v.type == VALUE_NONE)
			strbuf_addc(&out, '-');
		value_print(&out, &v);
		if (!streq(out.s, equals + 1))
			fail_msg("%s, but is %s", *fields, out.s);
	}
}
#define EXPECT(record, ...) expect(record, (const char *const[]){ __VA_ARGS__, NULL })

static void open_begin(struct strbuf *b, int64_t ret)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");

	world_call(b, &head, "openat", ret, (const uint64_t[6]){ (uint64_t)AT_FDCWD, 0x1000, 0 });
}

static void add_file(struct strbuf *b, enum nunchi_blob_type type, uint8_t arg, uint16_t flags)
{
	char data[sizeof(struct nunchi_file) + 8] = "";
	struct nunchi_file file = { .mode = S_IFREG | 0644 };

	memcpy(data, &file, sizeof(file));
	memcpy(data + sizeof(file), "real", 5);
	encode_blob(b, type, arg, flags, data, sizeof(file) + 5);
}

static void test_paths(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	/* The object is the kernel's, the text is anybody's. */
	open_begin(&b, 3);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, 0, "/told", 5);
	add_file(&b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, 0);
	encode_end(&b);
	EXPECT(&b, "fd.name=/real", "evt.late=-", "evt.untrusted=evt.arg.pathname,fd.nameraw");
	/* Its fds are shared. */
	open_begin(&b, 3);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/told", 5);
	add_file(&b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, NUNCHI_BLOB_LATE);
	encode_end(&b);
	EXPECT(&b, "fd.name=/real", "evt.late=fd.name", "evt.untrusted=-");
	/* It failed: the name is what was asked for, by the kernel's copy or by user memory. */
	open_begin(&b, -2);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/told", 5);
	encode_end(&b);
	EXPECT(&b, "fd.name=/told", "evt.late=-", "evt.untrusted=-");
	open_begin(&b, -2);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, 0, "/told", 5);
	encode_end(&b);
	EXPECT(&b, "fd.name=/told", "evt.untrusted=evt.arg.pathname,fd.name,fd.nameraw");
	/* It succeeded, but what was opened is not known: the path can be that of a link. */
	open_begin(&b, 0);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/told", 5);
	encode_end(&b);
	EXPECT(&b, "fd.name=/told", "evt.late=-", "evt.untrusted=fd.name");
	/* What io_uring was asked for and is too long to be kept: the beginning. */
	open_begin(&b, -2);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL | NUNCHI_BLOB_TRUNCATED, "/tmp/./.", 8);
	encode_end(&b);
	EXPECT(&b, "fd.name=/tmp", "evt.untrusted=evt.arg.pathname,fd.name,fd.nameraw");
	/* Relative to a directory that another thread may have changed. */
	open_begin(&b, -2);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "told", 4);
	add_file(&b, NUNCHI_BLOB_BASE, 1, NUNCHI_BLOB_LATE);
	encode_end(&b);
	EXPECT(&b, "fd.name=/real/told", "evt.late=fd.name", "evt.untrusted=-");
	/* What could not be read says nothing, and so nothing wrong. */
	open_begin(&b, -14);
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_UNREADABLE, "", 0);
	encode_end(&b);
	EXPECT(&b, "evt.late=-", "evt.untrusted=-");
}

static void sent_by(struct strbuf *b, const char *call, int64_t ret, uint16_t rport)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "dig");
	struct nunchi_sock sock = { .family = AF_INET, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP, .rport = rport,
				    .raddr = { rport ? 10 : 0 } };

	world_call(b, &head, call, ret, (const uint64_t[6]){ 5, 0x1000 });
	encode_blob(b, NUNCHI_BLOB_SOCK, 0, 0, &sock, sizeof(sock));
	encode_end(b);
}

/* Without a peer a message has an address: one that is not there was taken away. */
static void test_hidden_address(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	sent_by(&b, "sendmsg", 5, 0);
	EXPECT(&b, "evt.untrusted=evt.arg.msg");
	sent_by(&b, "sendmmsg", 1, 0);
	EXPECT(&b, "evt.untrusted=evt.arg.msgvec");
	sent_by(&b, "sendmsg", 5, 53);
	EXPECT(&b, "evt.untrusted=-");
	sent_by(&b, "sendmsg", -EDESTADDRREQ, 0);
	EXPECT(&b, "evt.untrusted=-");
	sent_by(&b, "recvmsg", 5, 0);
	EXPECT(&b, "evt.untrusted=-");
}

static void openat2_of(struct strbuf *b, uint64_t flags, uint16_t opened, uint16_t blob_flags)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	struct nunchi_file file = { .mode = S_IFREG | 0644, .opened = opened };
	const uint64_t how[3] = { flags };

	world_call(b, &head, "openat2", 3, (const uint64_t[6]){ (uint64_t)AT_FDCWD, 0x1000, 0x2000, sizeof(how) });
	encode_blob(b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/told", 5);
	encode_blob(b, NUNCHI_BLOB_BYTES, 2, 0, how, sizeof(how));
	encode_blob(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, blob_flags, &file, sizeof(file));
	encode_end(b);
}

/* How openat2 was asked is of user memory; the file knows, but for O_TRUNC. */
static void test_open_access(void **state)
{
	const uint16_t known = NUNCHI_OPENED_KNOWN, whole = NUNCHI_OPENED_KNOWN | NUNCHI_OPENED_WHOLE;
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	openat2_of(&b, O_RDONLY, O_WRONLY | known, 0);
	EXPECT(&b, "evt.is_open_read=false", "evt.is_open_write=true", "evt.untrusted=evt.arg.how", "evt.late=-");
	openat2_of(&b, O_WRONLY, O_RDONLY | known, 0);
	EXPECT(&b, "evt.is_open_read=true", "evt.is_open_write=false", "evt.untrusted=evt.arg.how,evt.is_open_write");
	openat2_of(&b, O_WRONLY | O_TRUNC, O_RDONLY | known, 0);
	EXPECT(&b, "evt.is_open_read=true", "evt.is_open_write=true", "evt.untrusted=evt.arg.how,evt.is_open_write");
	openat2_of(&b, O_RDONLY, O_RDWR | whole, 0);
	EXPECT(&b, "evt.is_open_read=true", "evt.is_open_write=true", "evt.untrusted=evt.arg.how");
	openat2_of(&b, O_RDONLY | O_TRUNC, O_RDONLY | whole, 0);
	EXPECT(&b, "evt.is_open_read=true", "evt.is_open_write=false", "evt.untrusted=evt.arg.how");
	openat2_of(&b, O_RDONLY, O_RDWR | known, NUNCHI_BLOB_LATE);
	EXPECT(&b, "evt.is_open_write=true", "evt.late=fd.name,evt.is_open_read,evt.is_open_write");
	/* Of a capture that does not say. */
	openat2_of(&b, O_WRONLY, 0, 0);
	EXPECT(&b, "evt.is_open_write=true", "evt.untrusted=evt.arg.how,evt.is_open_read,evt.is_open_write");
}

/* Wherever proc is mounted, what it has is below /proc. */
static void test_alias_of_proc(void **state)
{
	static const char names[] = "hostname\0kernel\0sys";
	char data[sizeof(struct nunchi_file) + sizeof(names)];
	const struct nunchi_file file = { .mode = S_IFREG | 0644, .magic = PROC_SUPER_MAGIC };
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	memcpy(data, &file, sizeof(file));
	memcpy(data + sizeof(file), names, sizeof(names));
	open_begin(&b, 3);
	add_file(&b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, 0);
	encode_blob(&b, NUNCHI_BLOB_ALIAS, NUNCHI_ARG_RET, 0, data, sizeof(data));
	encode_end(&b);
	EXPECT(&b, "fd.name=/real", "fd.alias=/proc/sys/kernel/hostname");
	open_begin(&b, 3);
	add_file(&b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, 0);
	encode_blob(&b, NUNCHI_BLOB_ALIAS, NUNCHI_ARG_RET, 0, data, sizeof(file));
	encode_end(&b);
	EXPECT(&b, "fd.alias=/proc");
}

static void connect_to(struct strbuf *b, int64_t ret, uint16_t flags)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct nunchi_sock sock = { .family = AF_INET, .type = SOCK_STREAM };

	to.sin_addr.s_addr = htonl(0x0a000009);
	if (ret == 0) {
		sock.rport = 443;
		memcpy(sock.raddr, &to.sin_addr, 4);
	}
	world_call(b, &head, "connect", ret, (const uint64_t[6]){ 5, 0x1000, sizeof(to) });
	encode_blob(b, NUNCHI_BLOB_SOCK, 0, 0, &sock, sizeof(sock));
	encode_blob(b, NUNCHI_BLOB_SOCKADDR, 1, flags, &to, sizeof(to));
	encode_end(b);
}

static void test_addresses(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	connect_to(&b, 0, 0);
	EXPECT(&b, "fd.rport=443", "evt.untrusted=evt.arg.addr");
	connect_to(&b, -111, 0);
	EXPECT(&b, "fd.rport=80", "evt.untrusted=evt.arg.addr,fd.name");
	connect_to(&b, -111, NUNCHI_BLOB_KERNEL);
	EXPECT(&b, "fd.rport=80", "evt.untrusted=-");
}

static void test_mismatch(void **state)
{
	struct nunchi_head head = world_head(NUNCHI_REC_MISMATCH, 1, 5000, 31, "cat");
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	world_call(&b, &head, "openat", 3, (const uint64_t[6]){ (uint64_t)AT_FDCWD, 0x1000, 0 });
	encode_blob(&b, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/etc/shadow", 11);
	encode_blob(&b, NUNCHI_BLOB_FOUND, 1, 0, "/etc/hosts", 10);
	encode_end(&b);
	EXPECT(&b, "evt.type=argument_mismatch", "mismatch.call=openat", "mismatch.arg=pathname",
	       "mismatch.used=/etc/shadow", "mismatch.found=/etc/hosts", "proc.name=cat",
	       "fd.name=-", "evt.untrusted=-", "evt.rawres=-");
	/* Damaged: what is there is shown, the rest is missing. */
	world_call(&b, &head, "openat", 3, (const uint64_t[6]){ 0 });
	encode_blob(&b, NUNCHI_BLOB_FOUND, 9, 0, "/etc/hosts", 10);
	encode_end(&b);
	EXPECT(&b, "mismatch.call=openat", "mismatch.arg=-", "mismatch.used=-", "mismatch.found=-");
	world_call(&b, &head, "creat", 3, (const uint64_t[6]){ 0x1000 });
	encode_blob(&b, NUNCHI_BLOB_STR, 0, NUNCHI_BLOB_KERNEL, "/etc/shadow", 11);
	encode_end(&b);
	EXPECT(&b, "mismatch.call=creat", "mismatch.arg=-", "mismatch.used=-", "mismatch.found=-");
	/* And of other events nothing. */
	open_begin(&b, 3);
	encode_end(&b);
	EXPECT(&b, "mismatch.call=-", "mismatch.arg=-", "mismatch.used=-", "mismatch.found=-");
}

static int set_up(void **state)
{
	world = world_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	world_free(world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_hidden_address),
		cmocka_unit_test(test_open_access),
		cmocka_unit_test(test_alias_of_proc),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_mismatch),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
