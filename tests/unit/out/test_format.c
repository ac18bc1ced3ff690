/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>

#include <cmocka.h>

#include "sample.h"

static struct output *format(const char *text)
{
	const struct output_config config = { .kind = OUTPUT_FORMAT, .format = text };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct output *o = NULL;

	if (output_new(&o, &config, &err) < 0)
		fail_msg("%s: %s", text, err.s);
	return o;
}

static void assert_formats(struct sample *s, const char *text, const char *expected)
{
	struct output *o = format(text);

	assert_string_equal(sample_format(s, o), expected);
	output_free(o);
}

static void test_format_fields(void **state)
{
	struct sample s;

	sample_init(&s);
	assert_int_equal(sample_openat(&s), 0);
	assert_formats(&s, "%container.name %proc.name %fd.name",
		       "k8s_ubuntu-container1 cat /mnt/test.txt\n");
	assert_formats(&s, "", "\n");
	assert_formats(&s, "100%% %proc.pid%%", "100% 73222%\n");
	assert_formats(&s, "%fd.filename.", "test.txt.\n");
	assert_formats(&s, "[%evt.arg.dirfd] (%evt.rawres)", "[AT_FDCWD] (3)\n");
	assert_formats(&s, "%evt.type\\t%fd.directory\\n\\\\ \\x", "openat\t/mnt\n\\ \\x\n");
	assert_formats(&s, "%fd.rip %container.label[app]", "<NA> <NA>\n");
	sample_free(&s);
}

static void test_format_hostile(void **state)
{
	struct sample s;

	sample_init(&s);
	sample_call(&s, "openat", -ENOENT);
	sample_blob(&s, NUNCHI_BLOB_STR, 1, "/a\n\033[2Jb\xff", 9);
	assert_int_equal(sample_end(&s), 0);
	assert_formats(&s, "%fd.nameraw", "/a\\n\\x1b[2Jb\\xff\n");
	sample_free(&s);
}

static void assert_refused(const char *text, const char *part)
{
	const struct output_config config = { .kind = OUTPUT_FORMAT, .format = text };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct output *o = NULL;

	assert_int_equal(output_new(&o, &config, &err), -EINVAL);
	assert_null(o);
	assert_non_null(err.s);
	if (!strstr(err.s, part))
		fail_msg("'%s' not in '%s'", part, err.s);
}

static void test_format_errors(void **state)
{
	_cleanup_strbuf_ struct strbuf many = STRBUF_INIT;

	assert_refused("%fd.nam", "unknown field 'fd.nam'. Did you mean fd.name");
	assert_refused("%container.name %nope.nothing.like.this", "unknown field 'nope.nothing.like.this'");
	assert_refused("%", "stands for itself");
	assert_refused("a % b", "stands for itself");
	assert_refused("%evt.arg[", "this '[' is not closed");
	for (int i = 0; i < 300; i++)
		strbuf_adds(&many, "%evt.type");
	assert_refused(many.s, "more than 256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_fields),
		cmocka_unit_test(test_format_hostile),
		cmocka_unit_test(test_format_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
