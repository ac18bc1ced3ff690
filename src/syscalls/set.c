/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of system calls, and the little language of -e: "openat,@network,!accept". */
#include "syscalls.h"

#include <errno.h>

#define PROCEXIT "procexit"

/* Sets or clears every call that has one of the flags, or is of the category. */
static void apply_flags(struct syscall_set *set, unsigned flags, uint8_t value)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		if (syscall_nr(call) >= 0 && (call->flags & flags))
			set->bits[syscall_nr(call)] = value;
	}
	set->procexit = value;
}

static void apply_all(struct syscall_set *set, uint8_t value)
{
	for (size_t i = 0; i < syscall_table_len; i++)
		if (syscall_nr(&syscall_table[i]) >= 0)
			set->bits[syscall_nr(&syscall_table[i])] = value;
	set->procexit = value;
}

static void apply_category(struct syscall_set *set, enum activity_category category, uint8_t value)
{
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		if (syscall_nr(call) >= 0 && call->category == category)
			set->bits[syscall_nr(call)] = value;
	}
	if (category == CATEGORY_PROCESS)
		set->procexit = value;
}

void syscall_set_default(struct syscall_set *set)
{
	*set = (struct syscall_set){ 0 };
	apply_flags(set, SYSCALL_DEFAULT, 1);
}

static bool word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

static int find_category(const char *word, size_t len)
{
	for (int i = 0; i < CATEGORY_MAX; i++)
		if (word_is(word, len, category_names[i]))
			return i;
	return -1;
}

/* 0, or -ENOENT if there is no such name, -EOPNOTSUPP if this architecture has no such call. */
static int apply_word(struct syscall_set *set, const char *word, size_t len, uint8_t value)
{
	const struct syscall_info *call;
	int category;

	if (word_is(word, len, "all")) {
		apply_all(set, value);
	} else if (word_is(word, len, "default")) {
		apply_flags(set, SYSCALL_DEFAULT, value);
	} else if (word_is(word, len, PROCEXIT)) {
		set->procexit = value;
	} else if (len && word[0] == '@') {
		category = find_category(word + 1, len - 1);
		if (category < 0)
			return -ENOENT;
		apply_category(set, (enum activity_category)category, value);
	} else {
		call = syscall_by_name(word, len);
		if (!call)
			return -ENOENT;
		if (syscall_nr(call) < 0)
			return -EOPNOTSUPP;
		set->bits[syscall_nr(call)] = value;
	}
	return 0;
}

static void suggest(struct strbuf *err, const char *word, size_t len)
{
#define X(id, name, title) "@" name,
	static const char *const others[] = { ACTIVITY_CATEGORIES(X) "all", "default", PROCEXIT };
#undef X
	_cleanup_free_ const char **names = NULL;
	_cleanup_strbuf_ struct strbuf nearest = STRBUF_INIT, category = STRBUF_INIT;
	size_t n = 0;

	names = xcalloc(ARRAY_SIZE(others) + syscall_table_len, sizeof(*names));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		names[n++] = others[i];
	for (size_t i = 0; i < syscall_table_len; i++)
		if (syscall_nr(&syscall_table[i]) >= 0)
			names[n++] = syscall_table[i].name;
	nearest_names(&nearest, word, len, names, n);
	/* "net": a category, without its sign. */
	if (!nearest.len && len) {
		strbuf_addf(&category, "@%.*s", (int)len, word);
		nearest_names(&nearest, category.s, category.len, names, n);
	}
	if (nearest.len)
		strbuf_addf(err, " Did you mean %s?", nearest.s);
	else if (*word != '@')
		strbuf_adds(err, " See nunchi list calls");
	for (size_t i = 0; !nearest.len && *word == '@' && i < CATEGORY_MAX; i++)
		strbuf_addf(err, "%s%s", i ? ", " : " There is ", others[i]);
}

/* Words can be as long as a command line; a message shows their beginning. */
static int word_error(struct strbuf *err, int r, const char *word, size_t len)
{
	const size_t shown = MIN(len, (size_t)64);

	if (!len) {
		strbuf_adds(err, "-e: a name is missing: names are separated by single commas");
		return -EINVAL;
	}
	strbuf_adds(err, "-e ");
	strbuf_add_printable(err, word, shown);
	strbuf_adds(err, shown < len ? "...: " : ": ");
	if (r == -EOPNOTSUPP) {
		strbuf_adds(err, "this machine's architecture has no such system call");
	} else {
		strbuf_adds(err, "no such system call or category.");
		suggest(err, word, len);
	}
	return -EINVAL;
}

int syscall_set_parse(struct syscall_set *set, const char *spec, struct strbuf *err)
{
	const char *at = spec + strspn(spec, " ");

	*set = (struct syscall_set){ 0 };
	if (*at == '!')
		syscall_set_default(set);
	for (;; at++) {
		size_t len;
		bool out;
		int r;

		at += strspn(at, " ");
		out = *at == '!';
		at += out;
		len = strcspn(at, ", ");
		r = apply_word(set, at, len, !out);
		if (r < 0)
			return word_error(err, r, at, len);
		at += len;
		at += strspn(at, " ");
		if (!*at)
			return 0;
		if (*at != ',')
			return word_error(err, -ENOENT, at, strcspn(at, ", "));
	}
}
