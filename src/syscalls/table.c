/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of system calls and its two indexes. The one by number is made by the compiler, the
 * one by name is sorted when it is first asked for.
 */
#include "syscalls.h"

#include <pthread.h>

#include "values.h"

const char *const category_names[CATEGORY_MAX] = {
#define X(id, name, title) [CATEGORY_##id] = name,
	ACTIVITY_CATEGORIES(X)
#undef X
};

const char *const category_titles[CATEGORY_MAX] = {
#define X(id, name, title) [CATEGORY_##id] = title,
	ACTIVITY_CATEGORIES(X)
#undef X
};

/* The names that table.def.h has for flags. */
enum {
	DEFAULT = SYSCALL_DEFAULT,
	MODEL = SYSCALL_MODEL,
	IDENTITY = SYSCALL_IDENTITY,
	FORK = SYSCALL_FORK,
	EXEC = SYSCALL_EXEC,
	CLOSES = SYSCALL_CLOSES,
	ROOT = SYSCALL_ROOT,
	CWD = SYSCALL_CWD,
};

#define ARGS(...) { __VA_ARGS__ }
#define ARGS_COUNT(...) (sizeof((struct syscall_arg[]){ __VA_ARGS__ }) / sizeof(struct syscall_arg))
#define A(arg_kind, arg_name) { .name = #arg_name, .kind = ARG_##arg_kind }
#define B(arg_kind, arg_name, bytes) { .name = #arg_name, .kind = ARG_##arg_kind, .size = (bytes) }
#define V(arg_kind, arg_name, list) \
	{ .name = #arg_name, .kind = ARG_##arg_kind, .values = values_##list }
#define C(arg_kind, arg_name, by, list)                                  \
	{ .name = #arg_name, .kind = ARG_##arg_kind, .chooser = (by),    \
	  .choices = choices_##list }

const struct syscall_info syscall_table[] = {
#define CALL(number, number_arm64, call_name, group, phrase, result, call_flags, ...)        \
	{ .name = #call_name, .nr_x86_64 = (number), .nr_arm64 = (number_arm64),             \
	  .category = CATEGORY_##group, .activity = phrase, .ret = RET_##result,             \
	  .flags = (call_flags), .n_args = ARGS_COUNT(__VA_ARGS__), .args = ARGS(__VA_ARGS__) },
#include "table.def.h"
#undef CALL
};

const size_t syscall_table_len = ARRAY_SIZE(syscall_table);

enum {
#define CALL(number, number_arm64, call_name, ...) ROW_##call_name,
#include "table.def.h"
#undef CALL
	ROW_MAX
};

#ifdef __aarch64__
#define NUMBER(x86, arm64) (arm64)
#else
#define NUMBER(x86, arm64) (x86)
#endif

/* Rows by number, plus one. What has no number here goes to places of its own past the end. */
static const uint16_t rows_by_nr[NUNCHI_CALLS_MAX + ROW_MAX] = {
#define CALL(number, number_arm64, call_name, ...)                                       \
	[NUMBER(number, number_arm64) < 0 ? NUNCHI_CALLS_MAX + ROW_##call_name           \
					  : NUMBER(number, number_arm64)] = ROW_##call_name + 1,
#include "table.def.h"
#undef CALL
};

static uint16_t rows_by_name[ROW_MAX];
static pthread_once_t names_sorted = PTHREAD_ONCE_INIT;

const struct syscall_info *syscall_by_nr(uint32_t nr)
{
	if (nr >= NUNCHI_CALLS_MAX || !rows_by_nr[nr])
		return NULL;
	return &syscall_table[rows_by_nr[nr] - 1];
}

static int compare_rows(const void *a, const void *b)
{
	const struct syscall_info *x = &syscall_table[*(const uint16_t *)a];
	const struct syscall_info *y = &syscall_table[*(const uint16_t *)b];

	return strcmp(x->name, y->name);
}

static void sort_names(void)
{
	for (size_t i = 0; i < ROW_MAX; i++)
		rows_by_name[i] = (uint16_t)i;
	qsort(rows_by_name, ROW_MAX, sizeof(rows_by_name[0]), compare_rows);
}

/* As strcmp(), of len bytes and a string. */
static int compare_name(const char *s, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	int diff = memcmp(s, name, MIN(len, name_len));

	return diff ? diff : (len > name_len) - (len < name_len);
}

const struct syscall_info *syscall_by_name(const char *name, size_t len)
{
	size_t low = 0, high = ROW_MAX;

	pthread_once(&names_sorted, sort_names);
	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct syscall_info *call = &syscall_table[rows_by_name[mid]];
		int diff = compare_name(name, len, call->name);

		if (!diff)
			return call;
		if (diff < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct syscall_arg *syscall_find_arg(const struct syscall_info *call, const char *name,
					   size_t len, unsigned *ret_index)
{
	for (unsigned i = 0; i < call->n_args; i++) {
		if (compare_name(name, len, call->args[i].name))
			continue;
		if (ret_index)
			*ret_index = i;
		return &call->args[i];
	}
	return NULL;
}

struct nunchi_spec syscall_spec(const struct syscall_info *call)
{
	static const uint8_t captures[ARG_KIND_MAX] = {
#define X(kind, capture) [ARG_##kind] = NUNCHI_CAP_##capture,
		ARG_KINDS(X)
#undef X
	};
	struct nunchi_spec spec = { 0 };

	for (unsigned i = 0; i < call->n_args; i++) {
		spec.capture[i] = captures[call->args[i].kind];
		spec.size[i] = call->args[i].size;
	}
	for (unsigned i = 0; i < call->n_args; i++)
		if (spec.capture[i] == NUNCHI_CAP_FD || spec.capture[i] > NUNCHI_CAP_DIRFD)
			spec.captures |= (uint8_t)(1U << i);
	if (call->ret == RET_FD)
		spec.flags |= NUNCHI_SPEC_RET_FD;
	if (call->flags & SYSCALL_CLOSES)
		spec.flags |= NUNCHI_SPEC_CLOSES;
	if (call->flags & SYSCALL_FORK)
		spec.flags |= NUNCHI_SPEC_FORK;
	if (call->flags & SYSCALL_EXEC)
		spec.flags |= NUNCHI_SPEC_EXEC | (call->n_args > 4 ? NUNCHI_SPEC_EXEC_CHECK : 0);
	if (call->flags & SYSCALL_MODEL)
		spec.flags |= NUNCHI_SPEC_CRITICAL;
	if (call->flags & SYSCALL_CWD)
		spec.flags |= NUNCHI_SPEC_CWD;
	if (call->flags & SYSCALL_ROOT)
		spec.flags |= NUNCHI_SPEC_ROOT;
	/* A fork moves identities too, but has a life-cycle record of its own for that. */
	if ((call->flags & SYSCALL_IDENTITY) && !(call->flags & SYSCALL_FORK))
		spec.flags |= NUNCHI_SPEC_CRITICAL;
	return spec;
}
