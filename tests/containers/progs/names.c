/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names DIRECTORY: takes away, renames and links what is in it, in each way that there is; each way makes its own first. A line of
 * JSON for each: {"what":"unlink","error":"EPERM"}; error "" where there was none.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"

static char old[4096], new[4096], other[4096];	/* paths: there is a file, there is none, and another file */

/* By a request of io_uring, with the arguments of the call. */
static long ask_ring(unsigned op, unsigned to_fd, const char *to)
{
	return ring_ask((struct io_uring_sqe){
		.opcode = (uint8_t)op, .fd = AT_FDCWD, .addr = (uintptr_t)old, .len = to_fd, .off = (uintptr_t)to });
}

static long by_unlink(void)
{
	return unlink(old);
}

static long by_unlinkat(void)
{
	return unlinkat(AT_FDCWD, old, 0);
}

static long by_rmdir(void)
{
	mkdir(new, 0700);
	return rmdir(new);
}

static long by_rename(void)
{
	return rename(old, new);
}

static long by_renameat(void)
{
	return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

static long by_renameat2(void)
{
	return renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE);
}

/* What is there becomes what was elsewhere. */
static long by_exchange(void)
{
	close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return renameat2(AT_FDCWD, other, AT_FDCWD, old, RENAME_EXCHANGE);
}

static long from_other(void)
{
	close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return rename(other, old);
}

static long by_link(void)
{
	return link(old, new);
}

static long by_linkat(void)
{
	return linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

static long ring_unlink(void)
{
	return ask_ring(IORING_OP_UNLINKAT, 0, NULL);
}

static long ring_rename(void)
{
	return ask_ring(IORING_OP_RENAMEAT, (unsigned)AT_FDCWD, new);
}

static long ring_link(void)
{
	return ask_ring(IORING_OP_LINKAT, (unsigned)AT_FDCWD, new);
}

static const struct {
	const char *what;
	long (*act)(void);
} ways[] = {
	{ "unlink", by_unlink }, { "unlinkat", by_unlinkat }, { "rmdir", by_rmdir }, { "ring unlink", ring_unlink },
	{ "rename", by_rename }, { "renameat", by_renameat }, { "renameat2", by_renameat2 }, { "exchange", by_exchange },
	{ "over it", from_other }, { "ring rename", ring_rename },
	{ "link", by_link }, { "linkat", by_linkat }, { "ring link", ring_link },
};

int main(int argc, char **argv)
{
	setbuf(stdout, NULL);
	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++) {
		long r;

		snprintf(old, sizeof(old), "%s/old %zu", argv[1], i);
		snprintf(new, sizeof(new), "%s/new %zu", argv[1], i);
		snprintf(other, sizeof(other), "%s/other", argv[1]);
		close(open(old, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		r = ways[i].act();
		printf("{\"what\":\"%s\",\"error\":\"%s\"}\n", ways[i].what, r < 0 ? strerrorname_np(errno) : "");
	}
	return argc != 2;
}
