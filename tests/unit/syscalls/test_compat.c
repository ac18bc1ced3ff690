/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the other doors against the system's own headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "syscalls/syscalls.h"

#if defined(__x86_64__)

/* Number and name, as the headers have them: a line "#define __NR_name number" each. */
static long header_number(const char *path, const char *base, const char *name)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[256], found[64];
	long number;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *value;

		if (sscanf(line, "#define __NR_%63s", found) != 1 || !streq(found, name))
			continue;
		value = line + strlen("#define __NR_") + strlen(name);
		value += strspn(value, " (");
		if (starts_with(value, base))
			value += strlen(base);
		number = strtol(value + strspn(value, " +"), NULL, 10);
		return number;
	}
	return -1;
}

struct row {
	unsigned number;
	const char *there, *native;
};

static const struct row rows[] = {
#define I386(number, there, native) { number, #there, #native },
#define OTHER(number, there, native, ...) { number, #there, #native },
#define MULTIPLEXER(number, there, how) { number, #there, NULL },
#define SOCKETCALL_ROW(call) (NUNCHI_COMPAT_SOCKETCALL_ROW + (call))
#define IPC_ROW(call) (NUNCHI_COMPAT_IPC_ROW + (call))
#include "syscalls/compat.def.h"
};

/* Until 450 every header has them; later numbers are the same at all doors. */
static void test_numbers_are_the_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if (row->number <= 450)
			assert_int_equal(header_number("/usr/include/x86_64-linux-gnu/asm/unistd_32.h",
						       "", row->there), row->number);
		else if (row->number < NUNCHI_CALLS_MAX)
			assert_int_equal(syscall_by_name(row->native, strlen(row->native))->nr_x86_64,
					 row->number);
		else if (row->number < NUNCHI_COMPAT_SOCKETCALL_ROW)
			assert_int_equal(header_number("/usr/include/x86_64-linux-gnu/asm/unistd_x32.h",
						       "__X32_SYSCALL_BIT", row->there), row->number);
	}
}

static void test_rows_are_of_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct syscall_info *call;

		if (!rows[i].native)
			continue;
		call = syscall_by_name(rows[i].native, strlen(rows[i].native));
		assert_non_null(call);
		assert_int_equal(syscall_compat[rows[i].number].nr - 1, call->nr_x86_64);
	}
}

static void test_wanted_numbers(void **state)
{
	uint8_t wanted[NUNCHI_CALLS_MAX] = { 0 };

	(void)state;
	wanted[syscall_by_name("connect", 7)->nr_x86_64] = NUNCHI_WANT_EVENT;
	syscall_want_compat(wanted);
	assert_int_equal(wanted[362], NUNCHI_WANT_COMPAT);	/* connect */
	assert_int_equal(wanted[102], NUNCHI_WANT_COMPAT);	/* socketcall */
	assert_int_equal(wanted[117], 0);			/* ipc */
	assert_int_equal(wanted[42], NUNCHI_WANT_EVENT);
}

static void test_rings(void **state)
{
	uint16_t calls[NUNCHI_URING_MAX];

	(void)state;
	syscall_uring_calls(calls);
	assert_int_equal(calls[18] - 1, syscall_nr(syscall_by_name("openat", 6)));
	assert_int_equal(calls[30] - 1, syscall_nr(syscall_by_name("splice", 6)));
	assert_int_equal(calls[42] - 1, syscall_nr(syscall_by_name("setxattr", 8)));
	assert_int_equal(calls[54] - 1, syscall_nr(syscall_by_name("dup", 3)));
	assert_int_equal(calls[62] - 1, syscall_nr(syscall_by_name("pipe2", 5)));
	assert_int_equal(calls[0], 0);	/* IORING_OP_NOP */
	assert_int_equal(calls[6], 0);	/* IORING_OP_POLL_ADD */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_the_headers),
		cmocka_unit_test(test_rows_are_of_calls),
		cmocka_unit_test(test_wanted_numbers),
		cmocka_unit_test(test_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0;
}

#endif
