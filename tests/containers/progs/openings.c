/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to open a file that a shell has not: openings path FILE: by O_PATH, and what that is anew, by its number;
 * openings deep COUNT NAME: makes so many directories of 200 bytes below one another, and the file in the last;
 * openings empty FILE: by O_RDONLY | O_TRUNC, and how many bytes are left. Prints "HOW: RESULT" for each open, 0 or an errno.
 * openings tree DIRECTORY NAME: in a copy of the directory's mount that is mounted nowhere; prints what it reads, or why it cannot.
 * openings handed DIRECTORY MAGIC FILE...: by binfmt_misc, as the interpreter of what begins with MAGIC; the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int say(const char *how, int fd)
{
	printf("%s: %d\n", how, fd < 0 ? errno : 0);
	return fd;
}

static int by_path(const char *file)
{
	int fd = say("O_PATH", open(file, O_PATH));
	char again[64];

	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	say("again", open(again, O_RDONLY));
	return 0;
}

static int deep(unsigned count, const char *name)
{
	char directory[201] = "";
	int fd;

	memset(directory, 'd', 200);
	while (count--)
		if (mkdir(directory, 0700) || chdir(directory))
			return 1;
	fd = say("made", open(name, O_WRONLY | O_CREAT, 0600));
	if (fd >= 0)
		close(fd);
	say("deep", open(name, O_RDONLY));
	return 0;
}

/* The calls that say it in an argument, in a register and in memory. */
static int empty(const char *file)
{
	struct open_how how = { .flags = O_RDONLY | O_TRUNC };
	struct stat st;

	say("read", open(file, O_RDONLY));
	say("path", open(file, O_PATH | O_WRONLY));
	say("openat", open(file, O_RDONLY | O_TRUNC));
	say("openat2", (int)syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof(how)));
	if (stat(file, &st))
		return 1;
	printf("left: %ld\n", (long)st.st_size);
	return 0;
}

static int in_tree(const char *directory, const char *name)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, directory, OPEN_TREE_CLONE), fd = openat(tree, name, O_RDONLY);
	char text[64];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0)
		perror(name);
	return n < 0 || write(1, text, (size_t)n) != n;
}

static int write_to(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	return fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd);
}

/* In a user namespace of its own, in which binfmt_misc is another one: never on the host's. */
static int hand_over(const char *directory, const char *magic, char **files)
{
	char text[256], *none[] = { NULL };

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || write_to("/proc/self/setgroups", "deny") ||
	    write_to("/proc/self/uid_map", "0 0 1") || write_to("/proc/self/gid_map", "0 0 1") || mkdir(directory, 0700) ||
	    mount("none", directory, "binfmt_misc", 0, NULL)) {
		printf("no such way: %s\n", strerror(errno));
		return 0;
	}
	if (chdir(directory) || write_to("register", (snprintf(text, sizeof(text), ":handed:M::%s::/bin/openings:O", magic), text)))
		return 1;
	for (; *files; files++) {
		pid_t pid = fork();

		if (!pid) {
			char *args[] = { *files, NULL };

			execve(*files, args, none);
			printf("%s: %s\n", *files, strerror(errno));
			fflush(stdout);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static int read_handed(const char *file)
{
	char text[64];
	ssize_t n = read((int)getauxval(AT_EXECFD), text, sizeof(text));

	printf("%s: %.*s\n", file, n > 0 ? (int)strcspn(text, "\n") : 0, text);
	return 0;
}

int main(int argc, char **argv)
{
	if (getauxval(AT_EXECFD))
		return read_handed(argv[argc - 1]);
	if (argc > 4 && !strcmp(argv[1], "handed"))
		return hand_over(argv[2], argv[3], argv + 4);
	if (argc == 3 && !strcmp(argv[1], "path"))
		return by_path(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "empty"))
		return empty(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "deep"))
		return deep((unsigned)atoi(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(argv[1], "tree"))
		return in_tree(argv[2], argv[3]);
	fprintf(stderr, "openings tree DIRECTORY NAME | path FILE | openings deep COUNT NAME | openings empty FILE\n");
	return 2;
}
