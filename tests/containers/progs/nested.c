/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested CGROUP FILE SECONDS: makes itself what a container in a container looks like: a cgroup of that name, mounts and
 * PIDs of its own. A child reads the file at once, one more after so many seconds; what became of each is a line.
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

int main(int argc, char **argv)
{
	pid_t child;

	if (argc != 4)
		return 2;
	enter_cgroup(argv[1]);
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
