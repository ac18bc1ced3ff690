/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>

#include "base/hmap.h"
#include "syscalls/syscalls.h"

static struct strbuf out;

static int reset(void **state)
{
	strbuf_free(&out);
	return 0;
}

static const char *print(const void *addr, size_t len)
{
	_cleanup_free_ void *copy = xmemdup(addr, len);

	strbuf_reset(&out);
	sockaddr_print(&out, copy, len);
	return out.s;
}

static void test_inet(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };

	inet_pton(AF_INET, "10.0.0.7", &in.sin_addr);
	assert_string_equal(print(&in, sizeof(in)), "10.0.0.7:443");
	assert_string_equal(print(&in, 8), "10.0.0.7:443");
	assert_string_equal(print(&in, 7), "AF_INET:01bb0a0000");
	assert_string_equal(print(&in, 2), "AF_INET");
	assert_string_equal(print(&in, 1), "");
	assert_string_equal(print(&in, 0), "");
	in.sin_addr.s_addr = INADDR_ANY;
	in.sin_port = 0;
	assert_string_equal(print(&in, sizeof(in)), "0.0.0.0:0");
}

static void test_inet6(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(53) };

	in6.sin6_addr = in6addr_loopback;
	assert_string_equal(print(&in6, sizeof(in6)), "[::1]:53");
	inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
	in6.sin6_scope_id = 2;
	assert_string_equal(print(&in6, sizeof(in6)), "[fe80::1%2]:53");
	assert_string_equal(print(&in6, 24), "[fe80::1]:53");
	assert_string_equal(print(&in6, 4), "AF_INET6:0035");
	inet_pton(AF_INET6, "::ffff:10.1.2.3", &in6.sin6_addr);
	in6.sin6_scope_id = 0;
	assert_string_equal(print(&in6, sizeof(in6)), "[::ffff:10.1.2.3]:53");
}

static void test_unix(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/run/x.sock" };
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	char longest[200];

	assert_string_equal(print(&un, sizeof(un)), "unix:/run/x.sock");
	assert_string_equal(print(&un, head + 6), "unix:/run/x");
	assert_string_equal(print(&un, head), "unix:");

	memcpy(un.sun_path, "\0abstract", 9);
	assert_string_equal(print(&un, head + 9), "unix:@abstract");
	assert_string_equal(print(&un, head + 1), "unix:@");
	memcpy(un.sun_path, "\0a\0b", 4);
	print(&un, head + 4);
	assert_int_equal(out.len, 9);
	assert_memory_equal(out.s, "unix:@a\0b", 9);

	memset(longest, 'x', sizeof(longest));
	memcpy(longest, &(uint16_t){ AF_UNIX }, 2);
	assert_int_equal(strlen(print(longest, sizeof(longest))), 5 + sizeof(un.sun_path));
}

static void test_others(void **state)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = 2,
				  .sll_protocol = htons(0x800) };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 1024 };
	struct sockaddr_alg alg = { .salg_family = AF_ALG, .salg_type = "hash",
				    .salg_name = "sha256" };

	assert_string_equal(print(&nl, sizeof(nl)), "netlink:0:1");
	assert_string_equal(print(&ll, sizeof(ll)), "packet:2:2048");
	assert_string_equal(print(&vm, sizeof(vm)), "vsock:3:1024");
	vm.svm_cid = VMADDR_CID_ANY;
	assert_string_equal(print(&vm, sizeof(vm)), "vsock:*:1024");
	assert_string_equal(print(&alg, sizeof(alg)), "alg:hash:sha256");
	memset(&alg.salg_type, 'a', sizeof(alg.salg_type));
	memset(&alg.salg_name, 'b', sizeof(alg.salg_name));
	assert_int_equal(strlen(print(&alg, sizeof(alg))), 4 + 14 + 1 + 64);
	assert_string_equal(print("\x1f\0\1\2", 4), "AF_BLUETOOTH:0102");
	assert_string_equal(print("\xff\xff\1\2", 4), "AF_65535:0102");
	assert_string_equal(print("\0\0", 2), "AF_UNSPEC");
	assert_string_equal(print(&nl, 5), "AF_NETLINK:000000");
}

/* The two numbers alone; of another family, or of less than there must be, none. */
static void test_ends(void **state)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = -1, .sll_protocol = htons(3) };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct nunchi_end end = { 7, 8 };

	assert_false(sockaddr_end(&ll, sizeof(ll), AF_NETLINK, &end));
	assert_false(sockaddr_end(&ll, offsetof(struct sockaddr_ll, sll_hatype) - 1, AF_PACKET, &end));
	assert_false(sockaddr_end(&in, sizeof(in), AF_INET, &end));
	assert_false(sockaddr_end(NULL, sizeof(ll), AF_PACKET, &end));
	assert_false(sockaddr_end(&ll, 0, AF_UNSPEC, &end));
	assert_int_equal(end.first, 7);
	assert_true(sockaddr_end(&ll, sizeof(ll), AF_PACKET, &end));
	assert_int_equal(end.first, UINT32_MAX);
	assert_int_equal(end.second, 3);
	strbuf_reset(&out);
	sockaddr_print_end(&out, AF_PACKET, &end);
	assert_string_equal(out.s, "4294967295:3");
	strbuf_reset(&out);
	sockaddr_print_end(&out, AF_VSOCK, &end);
	assert_string_equal(out.s, "*:3");
}

static void test_no_address(void **state)
{
	strbuf_reset(&out);
	sockaddr_print(&out, NULL, 16);
	assert_int_equal(out.len, 0);
}

static void test_hostile(void **state)
{
	uint8_t bytes[160];

	for (unsigned family = 0; family < 60; family++) {
		for (size_t len = 0; len <= sizeof(bytes); len++) {
			for (size_t i = 0; i < len; i++)
				bytes[i] = len % 2 ? 0xff : (uint8_t)hash_u64(len * 256 + i);
			if (len >= 2)
				memcpy(bytes, &(uint16_t){ (uint16_t)family }, 2);
			print(bytes, len);
			assert_true(out.len < 32 + 2 * NUNCHI_SOCKADDR_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inet),	   cmocka_unit_test(test_inet6),
		cmocka_unit_test(test_unix),	   cmocka_unit_test(test_others),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_no_address), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
