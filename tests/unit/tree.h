/* SPDX-License-Identifier: Apache-2.0 */
/* Files below a directory of a test's own, as those of a host: a /proc with just what is read. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/macros.h"

/* Writes a file, with the directories above it, of which root is there. Who looks sees what was there before, or all of it. */
static inline void tree_put(const char *root, const char *text, const char *name, ...) _printf_(3, 4);
static inline void tree_put(const char *root, const char *text, const char *name, ...)
{
	_cleanup_free_ char *below = NULL, *path = NULL, *temporary = NULL;
	va_list ap;
	FILE *f;

	va_start(ap, name);
	assert_true(vasprintf(&below, name, ap) > 0);
	va_end(ap);
	path = xasprintf("%s%s", root, below);
	temporary = xasprintf("%s.new", path);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(temporary, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(temporary, path), 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* Removes a directory, or a file, and all that is below it. 0, or -1 and errno. */
static inline int tree_remove(const char *path)
{
	return nftw(path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
