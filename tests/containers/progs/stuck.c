/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck memory | root: a file system of its own (FUSE) that does not answer, and what waits for it. memory: a page of a mapping that is to be
 * written before another takes its place, so that the memory's lock is held; root: an overlay that has it for a layer. Says
 * "stuck" when it is so. Its child serves: when that is killed, it is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096
#define FOR_EVER 1000	/* s, that what was said is true */
#define LIMIT 150	/* s, after which it answers no more, whoever has forgotten it */

static int device;

static void reply(uint64_t unique, int error, const void *body, size_t len)
{
	struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + len), .error = error, .unique = unique };
	struct iovec parts[2] = { { &head, sizeof(head) }, { (void *)body, len } };

	if (writev(device, parts, 2) < 0 && errno != ENOENT)
		perror("reply");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node, .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0777, .nlink = 1,
				   .size = node == 1 ? 0 : PAGE };
}

static void answer(const struct fuse_in_header *in)
{
	struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = PAGE, .flags = FUSE_WRITEBACK_CACHE };
	struct fuse_attr_out attr = { .attr_valid = FOR_EVER, .attr = attributes(in->nodeid) };
	struct fuse_entry_out entry = { .nodeid = 2, .entry_valid = FOR_EVER, .attr_valid = FOR_EVER, .attr = attributes(2) };
	struct fuse_statfs_out statfs = { .st = { .namelen = 255, .bsize = PAGE } };
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };
	static const char page[PAGE];

	switch (in->opcode) {
	case FUSE_INIT:
		return reply(in->unique, 0, &init, sizeof(init));
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return reply(in->unique, 0, &attr, sizeof(attr));
	case FUSE_STATFS:
		return reply(in->unique, 0, &statfs, sizeof(statfs));
	case FUSE_LOOKUP:
		if (strcmp((const char *)(in + 1), "file"))
			return;	/* nor is there ever an answer */
		return reply(in->unique, 0, &entry, sizeof(entry));
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return reply(in->unique, 0, &opened, sizeof(opened));
	case FUSE_READ:
		return reply(in->unique, 0, page, sizeof(page));
	case FUSE_WRITE:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		return;
	default:
		return reply(in->unique, -ENOSYS, NULL, 0);
	}
}

static void serve(void)
{
	static union {
		struct fuse_in_header in;
		char room[1 << 17];
	} request;

	alarm(LIMIT);
	while (read(device, &request, sizeof(request)) > 0 || errno == EINTR || errno == ENOENT)
		answer(&request.in);
	_exit(0);
}

static int stuck(const char *how)
{
	char *page;
	int file;

	if (!strcmp(how, "root")) {
		if (mkdir("/tmp/empty", 0755) || mkdir("/tmp/over", 0755) ||
		    mount("over", "/tmp/over", "overlay", 0, "lowerdir=/tmp/served:/tmp/empty") || chroot("/tmp/over"))
			return 1;
		puts("stuck");
		return (int)sleep(LIMIT);
	}
	file = open("/tmp/served/file", O_RDWR);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file < 0 || page == MAP_FAILED)
		return 1;
	*page = 'x';
	puts("stuck");
	return mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

int main(int argc, char **argv)
{
	char options[96];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2 || (mknod("/dev/fuse", S_IFCHR | 0600, makedev(10, 229)) && errno != EEXIST))
		return 2;
	device = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (device < 0 || mkdir("/tmp/served", 0755) || mount("served", "/tmp/served", "fuse", 0, options)) {
		perror("fuse");
		return 2;
	}
	if (!fork())
		serve();
	close(device);
	return stuck(argv[1]);
}
