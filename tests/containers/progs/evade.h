/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs evade_*.c have in common: rows, each of which does one thing that monitors are
 * known not to see. A row runs in a child of its own, so that it can spoil nothing for the next,
 * and a line of JSON says how it went, for cases/evasions.py, which knows what must be seen:
 *
 *	{"row":"symlink","values":{"pid":7}}	done; values that only this run knows
 *	{"row":"x","shut":"fsopen: ENOSYS"}	this kernel, or this container, does not have it
 *	{"row":"x","failed":"open: EACCES"}	the test itself is wrong
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROW_SECONDS 150	/* for one row: a computed machine that others share takes its time */

struct row {
	const char *name;
	void (*go)(void);
};

static const struct row *the_row;
static char values[1024];

static inline void end_row(const char *how, const char *what)
{
	printf("{\"row\":\"%s\",\"%s\":\"%s: %s\"}\n", the_row->name, how, what, strerrorname_np(errno));
	fflush(stdout);
	_exit(0);
}

/* The result of a call that must work, else the row is over. */
static inline long need(long result, const char *what)
{
	if (result < 0)
		end_row("failed", what);
	return result;
}

/* The result of a call that not every kernel has. */
static inline long has(long result, const char *what)
{
	if (result < 0)
		end_row("shut", what);
	return result;
}

static inline void value(const char *name, long number)
{
	size_t used = strlen(values);

	snprintf(values + used, sizeof(values) - used, "%s\"%s\":%ld", used ? "," : "", name, number);
}

static inline int make_file(const char *path, const char *text)
{
	int fd = (int)need(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755), path);

	need(write(fd, text, strlen(text)), "write");
	return fd;
}

/* An executable file of the same contents. */
static inline void copy_file(const char *from, const char *to)
{
	int in = (int)need(open(from, O_RDONLY | O_CLOEXEC), from);
	int out = (int)need(open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755), to);
	char block[65536];
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		need(write(out, block, (size_t)n), to);
	close(in);
	close(out);
}

static inline int run_row(const struct row *row)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		the_row = row;
		alarm(ROW_SECONDS);
		row->go();
		printf("{\"row\":\"%s\",\"values\":{%s}}\n", row->name, values);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("{\"row\":\"%s\",\"failed\":\"signal %d\"}\n", row->name, WTERMSIG(status));
	fflush(stdout);
	return status;
}

/* All rows, or those that are named. */
static inline int run_rows(const struct row *rows, size_t n, char **names)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		bool wanted = !*names;

		for (char **name = names; *name; name++)
			wanted = wanted || !strcmp(*name, rows[i].name);
		if (wanted)
			run_row(&rows[i]);
	}
	puts("{\"done\":true}");
	return 0;
}

#define ROW(name, function) { name, function }
#define RUN_ROWS(rows, argv) run_rows(rows, sizeof(rows) / sizeof((rows)[0]), (argv) + 1)
