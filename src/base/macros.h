/* SPDX-License-Identifier: Apache-2.0 */
/* Small things every room uses: cleanup attributes, ownership transfer, array sizes. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN8(x) (((x) + 7) & ~(typeof(x))7)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
#define _noreturn_ __attribute__((noreturn))

/* _cleanup_(f): f(&variable) runs when the variable goes out of scope. */
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_fclose_ _cleanup_(close_file)
#define _cleanup_closedir_ _cleanup_(close_directory)

/* Hand ownership out of a _cleanup_ variable. */
#define TAKE_PTR(p)                    \
	({                             \
		typeof(p) taken_ = (p); \
		(p) = NULL;            \
		taken_;                \
	})
#define TAKE_FD(fd)                  \
	({                           \
		int taken_ = (fd);   \
		(fd) = -1;           \
		taken_;              \
	})

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

/* Sets it to -1, because the number will be reused by the next open. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void close_directory(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Opens the directory at path, relative to an fd. NULL and errno: that is not possible. */
static inline DIR *open_directory(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		close_fd(&fd);
	return d;
}

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
