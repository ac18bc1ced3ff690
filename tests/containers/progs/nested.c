/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested CGROUP FILE SECONDS: makes itself what a container in a container looks like: a cgroup of that name, mounts and
 * PIDs of its own. A child reads the file at once, one more after so many seconds; what became of each is a line.
 * nested CGROUP COUNT: in such a cgroup so many children have mounts and PIDs of their own, each its own, and stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int failed, const char *what)
{
	if (failed) {
		printf("%s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static void enter_cgroup(const char *name)
{
	char path[256];
	int fd;

	check(unshare(CLONE_NEWNS | CLONE_NEWCGROUP), "unshare");
	check(mkdir("/tmp/cgroup", 0755) && errno != EEXIST, "mkdir /tmp/cgroup");
	check(mount("none", "/tmp/cgroup", "cgroup2", 0, NULL), "mount");
	snprintf(path, sizeof(path), "/tmp/cgroup/%s", name);
	check(mkdir(path, 0755), path);
	strcat(path, "/cgroup.procs");
	fd = open(path, O_WRONLY);
	check(fd < 0 || write(fd, "0", 1) != 1, path);
	close(fd);
}

static void read_file(const char *when, const char *file)
{
	pid_t child = fork();
	int status;

	if (!child) {
		char byte;
		int fd = open(file, O_RDONLY);

		_exit(fd < 0 || read(fd, &byte, 1) != 1);
	}
	waitpid(child, &status, 0);
	printf("%s: %s\n", when, WIFSIGNALED(status) ? "killed" : status ? "refused" : "read");
	fflush(stdout);
}

/* The C library's fork() takes no flags. */
static int stay(int count)
{
	for (int i = 0; i < count; i++) {
		long child = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

		check(child < 0, "clone");
		if (!child) {
			close(open("/nowhere", O_RDONLY));
			return pause();
		}
	}
	printf("all there\n");
	fflush(stdout);
	return pause();
}

int main(int argc, char **argv)
{
	pid_t child;

	if (argc < 3)
		return 2;
	enter_cgroup(argv[1]);
	if (argc == 3)
		return stay(atoi(argv[2]));
	check(unshare(CLONE_NEWNS | CLONE_NEWPID), "unshare");
	child = fork();
	if (!child) {
		read_file("at once", argv[2]);
		sleep((unsigned)atoi(argv[3]));
		read_file("later", argv[2]);
		return 0;
	}
	waitpid(child, NULL, 0);
	return 0;
}
