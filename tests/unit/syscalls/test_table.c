/* SPDX-License-Identifier: Apache-2.0 */
/* The rules at the head of table.def.h, and the table against the system's headers. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "syscalls/syscalls.h"
#include "syscalls/values.h"

#define X86_HEADER "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
#define GENERIC_HEADER "/usr/include/asm-generic/unistd.h"

static const struct syscall_info *by_name(const char *name)
{
	return syscall_by_name(name, strlen(name));
}

static enum nunchi_capture capture_of(const struct syscall_arg *arg)
{
	struct syscall_info call = { .n_args = 1, .args = { *arg } };

	return syscall_spec(&call).capture[0];
}

static void test_numbers_ascend(void **state)
{
	uint8_t arm64[NUNCHI_CALLS_MAX] = { 0 };

	assert_int_equal(syscall_table_len, 337 + 471 - 424 + 1);
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		assert_true(call->nr_x86_64 >= 0 && call->nr_x86_64 <= NUNCHI_CALLS_MAX - 1);
		assert_int_equal(call->nr_x86_64, i < 337 ? i : 424 + i - 337);
		assert_true(call->nr_arm64 >= -1 && call->nr_arm64 < NUNCHI_CALLS_MAX);
		if (call->nr_arm64 < 0)
			continue;
		assert_int_equal(arm64[call->nr_arm64]++, 0);
		if (call->nr_x86_64 >= 424)
			assert_int_equal(call->nr_x86_64, call->nr_arm64);
	}
}

static void test_rows_are_whole(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		assert_true(call->category >= 0 && call->category <= CATEGORY_MAX - 1);
		assert_true(isupper((unsigned char)call->activity[0]));
		if (!strchr(call->activity, ' ') || strlen(call->activity) > 24)
			fail_msg("%s: \"%s\"", call->name, call->activity);
		assert_true(call->n_args >= 0 && call->n_args <= 6);
		for (unsigned k = 0; k < 6; k++) {
			const struct syscall_arg *arg = &call->args[k];

			if (k >= call->n_args) {
				assert_null(arg->name);
				continue;
			}
			assert_true(arg->name && arg->kind > ARG_NONE && arg->kind < ARG_KIND_MAX);
			assert_int_equal(capture_of(arg) == NUNCHI_CAP_BYTES ||
						 capture_of(arg) == NUNCHI_CAP_LONGS,
					 arg->size > 0);
			/* The kernel side knows of two longs, no more. */
			if (capture_of(arg) == NUNCHI_CAP_LONGS)
				assert_int_equal(arg->size, 2 * sizeof(uint64_t));
			if (arg->kind == ARG_FLAGS || arg->kind == ARG_ENUM ||
			    arg->kind == ARG_MODEFLAGS)
				assert_non_null(arg->values);
			else
				assert_null(arg->values);
			for (unsigned other = 0; other < k; other++)
				assert_string_not_equal(arg->name, call->args[other].name);
		}
	}
}

static void test_kinds_are_in_order(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		for (unsigned k = 0; k < call->n_args; k++) {
			enum arg_kind kind = call->args[k].kind;
			enum arg_kind next = k < 5 ? call->args[k + 1].kind : ARG_NONE;
			bool good = true;

			if (kind == ARG_DIRFD)
				good = next == ARG_PATHAT;
			else if (kind == ARG_PATHAT)
				good = k && call->args[k - 1].kind == ARG_DIRFD;
			else if (kind == ARG_SOCKADDR)
				good = next == ARG_UINT;
			else if (kind == ARG_SOCKADDR_OUT)
				good = next == ARG_POINTER;
			else if (kind == ARG_BUFFER)
				good = next == ARG_SIZE || next == ARG_UINT || next == ARG_INT;
			else if (kind == ARG_BUFFER_OUT)
				good = call->ret == RET_COUNT;
			if (!good)
				fail_msg("%s: argument %u", call->name, k);
		}
	}
}

static void test_choices_keep_the_capture(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		for (unsigned k = 0; k < call->n_args; k++) {
			const struct arg_choice *c = call->args[k].choices;

			if (!c)
				continue;
			assert_true(call->args[k].chooser <= k - 1);
			for (; c->kind != ARG_NONE; c++) {
				struct syscall_arg arg = { .kind = c->kind, .values = c->values };

				assert_int_equal(capture_of(&arg), capture_of(&call->args[k]));
				assert_int_equal(c->values != NULL,
						 c->kind == ARG_FLAGS || c->kind == ARG_ENUM);
			}
		}
	}
}

/* A value that an earlier one of the list hides would never be shown. */
static void test_values_can_be_reached(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		for (unsigned k = 0; k < syscall_table[i].n_args; k++) {
			const struct syscall_arg *arg = &syscall_table[i].args[k];

			for (const struct named_value *v = arg->values; v && v->name; v++) {
				_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

				if (arg->kind != ARG_ENUM && !v->value && !v->mask)
					fail_msg("%s: a flag that is 0", v->name);
				arg_print(&out, arg, v->value, NULL, 0);
				if (v->value <= UINT32_MAX && !strstr(out.s, v->name))
					fail_msg("%s: %s instead of %s", syscall_table[i].name,
						 out.s, v->name);
			}
		}
	}
}

static void test_default_set(void **state)
{
	size_t n = 0;

	for (size_t i = 0; i < syscall_table_len; i++)
		n += !!(syscall_table[i].flags & SYSCALL_DEFAULT);
	assert_true(n >= 100 && n <= 125);
	assert_true(by_name("openat")->flags & SYSCALL_DEFAULT);
	assert_true(by_name("connect")->flags & SYSCALL_DEFAULT);
	assert_false(by_name("read")->flags & SYSCALL_DEFAULT);
	assert_false(by_name("close")->flags & SYSCALL_DEFAULT);
	assert_false(by_name("futex")->flags & SYSCALL_DEFAULT);
}

static void test_by_nr(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++)
		if (syscall_nr(&syscall_table[i]) >= 0)
			assert_ptr_equal(syscall_by_nr((uint32_t)syscall_nr(&syscall_table[i])),
					 &syscall_table[i]);
	assert_null(syscall_by_nr(400));
	assert_null(syscall_by_nr(472));
	assert_null(syscall_by_nr(NUNCHI_CALLS_MAX - 1));
	assert_null(syscall_by_nr(NUNCHI_CALLS_MAX));
	assert_null(syscall_by_nr(UINT32_MAX));
}

static void test_by_name(void **state)
{
	for (size_t i = 0; i < syscall_table_len; i++)
		assert_ptr_equal(by_name(syscall_table[i].name), &syscall_table[i]);
	assert_ptr_equal(syscall_by_name("openat2", 6), by_name("openat"));
	assert_null(by_name(""));
	assert_null(by_name("opena"));
	assert_null(by_name("Openat"));
	assert_null(by_name("~"));
	assert_null(syscall_by_name("read\0x", 6));
	assert_null(syscall_by_name("\xff\xff", 2));
}

static void test_find_arg(void **state)
{
	const struct syscall_info *openat = by_name("openat");
	unsigned index = 99;

	assert_ptr_equal(syscall_find_arg(openat, "flags", 5, &index), &openat->args[2]);
	assert_int_equal(index, 2);
	assert_ptr_equal(syscall_find_arg(openat, "dirfdx", 5, NULL), &openat->args[0]);
	assert_null(syscall_find_arg(openat, "flag", 4, &index));
	assert_null(syscall_find_arg(openat, "", 0, &index));
	assert_null(syscall_find_arg(by_name("getpid"), "pid", 3, &index));
	assert_int_equal(index, 2);
}

static void test_spec(void **state)
{
	struct nunchi_spec s = syscall_spec(by_name("openat"));

	assert_int_equal(s.capture[0], NUNCHI_CAP_DIRFD);
	assert_int_equal(s.capture[1], NUNCHI_CAP_PATHAT);
	assert_int_equal(s.capture[2], NUNCHI_CAP_VALUE);
	assert_int_equal(s.captures, 1U << 1);
	assert_int_equal(s.flags, NUNCHI_SPEC_RET_FD);

	s = syscall_spec(by_name("close"));
	assert_int_equal(s.capture[0], NUNCHI_CAP_FD);
	assert_int_equal(s.captures, 1U << 0);
	assert_int_equal(s.flags, NUNCHI_SPEC_CLOSES);
	assert_int_equal(syscall_spec(by_name("read")).captures, 1U << 0 | 1U << 1);

	s = syscall_spec(by_name("clone3"));
	assert_int_equal(s.capture[0], NUNCHI_CAP_BYTES);
	assert_int_equal(s.size[0], 88);
	assert_int_equal(s.flags, NUNCHI_SPEC_FORK);

	s = syscall_spec(by_name("execve"));
	assert_int_equal(s.capture[1], NUNCHI_CAP_STRV);
	assert_int_equal(s.flags, NUNCHI_SPEC_EXEC);
	assert_int_equal(syscall_spec(by_name("execveat")).flags, NUNCHI_SPEC_EXEC | NUNCHI_SPEC_EXEC_CHECK);

	s = syscall_spec(by_name("symlinkat"));
	assert_int_equal(s.capture[0], NUNCHI_CAP_STR);
	assert_int_equal(s.capture[1], NUNCHI_CAP_DIRFD);
	assert_int_equal(s.capture[2], NUNCHI_CAP_PATHAT);

	s = syscall_spec(by_name("sendto"));
	assert_int_equal(s.capture[1], NUNCHI_CAP_BUFFER);
	assert_int_equal(s.capture[4], NUNCHI_CAP_SOCKADDR);
	assert_int_equal(s.flags, 0);
	assert_int_equal(syscall_spec(by_name("recvmsg")).capture[1], NUNCHI_CAP_MSGHDR);
	assert_int_equal(syscall_spec(by_name("sendmmsg")).capture[1], NUNCHI_CAP_MMSGHDR);
	assert_int_equal(syscall_spec(by_name("accept")).capture[1], NUNCHI_CAP_SOCKADDR_OUT);
	assert_int_equal(syscall_spec(by_name("pipe2")).size[0], 8);
	assert_int_equal(syscall_spec(by_name("openat2")).size[2], 24);
	assert_int_equal(syscall_spec(by_name("chdir")).flags,
			 NUNCHI_SPEC_CRITICAL | NUNCHI_SPEC_CWD);
	/* Who joins a mount namespace is at its root, whatever chroot it was in. */
	assert_int_equal(syscall_spec(by_name("setns")).flags,
			 NUNCHI_SPEC_CRITICAL | NUNCHI_SPEC_CWD | NUNCHI_SPEC_ROOT);
	assert_int_equal(syscall_spec(by_name("chroot")).flags, NUNCHI_SPEC_CRITICAL | NUNCHI_SPEC_ROOT);
	assert_int_equal(syscall_spec(by_name("vfork")).flags, NUNCHI_SPEC_FORK);
}

/* Finds "#define PREFIXname number" in a line; the name is cut out of it. */
static bool parse_define(char *line, const char *prefix, char **ret_name, long *ret_nr)
{
	char *end, *name = line;

	if (!starts_with(line, "#define "))
		return false;
	name += strlen("#define ");
	if (!starts_with(name, prefix))
		return false;
	name += strlen(prefix);
	end = name + strcspn(name, " \t");
	if (!*end)
		return false;
	*end++ = '\0';
	end += strspn(end, " \t");
	if (!isdigit((unsigned char)*end))
		return false;
	*ret_name = name;
	*ret_nr = strtol(end, NULL, 10);
	return true;
}

static void test_numbers_are_x86_64s(void **state)
{
	_cleanup_fclose_ FILE *f = fopen(X86_HEADER, "re");
	char line[256], *name;
	size_t n = 0;
	long nr;

	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		const struct syscall_info *call;

		if (!parse_define(line, "__NR_", &name, &nr))
			continue;
		call = by_name(name);
		if (!call || call->nr_x86_64 != nr)
			fail_msg("%s is %ld", name, nr);
		n++;
	}
	assert_true(n > 350);
}

static void test_numbers_are_arm64s(void **state)
{
	/* Only 32-bit machines, or machines other than arm64, have these. */
	static const char *const others[] = { "arch_specific_syscall", "sync_file_range2",
					      "syscalls", "clock_gettime64" };
	_cleanup_fclose_ FILE *f = fopen(GENERIC_HEADER, "re");
	char line[256], *name;
	size_t n = 0;
	long nr;

	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		const struct syscall_info *call;
		bool other = false;

		if (!parse_define(line, "__NR_", &name, &nr) &&
		    !parse_define(line, "__NR3264_", &name, &nr))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			other |= streq(name, others[i]);
		if (other || (nr >= 403 && nr <= 423))
			continue;
		call = by_name(streq(name, "fstatat") ? "newfstatat" : name);
		if (!call || call->nr_arm64 != nr)
			fail_msg("%s is %ld", name, nr);
		n++;
	}
	assert_true(n > 290);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_ascend),
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_kinds_are_in_order),
		cmocka_unit_test(test_choices_keep_the_capture),
		cmocka_unit_test(test_values_can_be_reached),
		cmocka_unit_test(test_default_set),
		cmocka_unit_test(test_by_nr),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_find_arg),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_numbers_are_x86_64s),
		cmocka_unit_test(test_numbers_are_arm64s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
