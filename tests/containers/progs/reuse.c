/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short processes that get the same few ids again and again, in a PID namespace of their own:
 *
 *	reuse FAMILIES
 *
 * A family is a parent and four children. The parent calls itself pI and opens /tmp/pI.reuse, by
 * which each says its own name and its parent's: of the children two call themselves cI-K, two
 * execute a file of such a name; the last outlives the parent and says that it is init's. Before
 * each family the namespace's next id is set back to the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 4

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void say(const char *name, const char *parent)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/%s.%s", name, parent);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	close(fd);
	unlink(path);
}

static void set_back(void)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);

	if (fd < 0 || write(fd, "10", 2) != 2)
		die("ns_last_pid");
	close(fd);
}

static void wait_for_orphan(const char *name)
{
	while (getppid() != 1)
		usleep(100);
	say(name, "reuse");
	exit(0);
}

static void child(int family, int k)
{
	char name[16], parent[16], path[32];

	snprintf(name, sizeof(name), "c%d-%d", family, k);
	snprintf(parent, sizeof(parent), "p%d", family);
	if (k % 2 == 0) {
		prctl(PR_SET_NAME, name);
		say(name, parent);
		exit(0);
	}
	snprintf(path, sizeof(path), "/tmp/%s", name);
	if (symlink("/bin/reuse", path))
		die(path);
	execl(path, path, "child", name, k == CHILDREN - 1 ? "orphan" : parent, NULL);
	die(path);
}

static void parent(int family)
{
	char name[16];

	snprintf(name, sizeof(name), "p%d", family);
	prctl(PR_SET_NAME, name);
	say(name, "reuse");
	for (int k = 0; k < CHILDREN; k++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			child(family, k);
		if (k < CHILDREN - 1)
			waitpid(pid, NULL, 0);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	int status, bad = 0;

	if (argc == 4 && !strcmp(argv[1], "child")) {
		unlink(argv[0]);
		if (!strcmp(argv[3], "orphan"))
			wait_for_orphan(argv[2]);
		say(argv[2], argv[3]);
		return 0;
	}
	if (argc != 2)
		return 2;
	for (int family = 0; family < atoi(argv[1]); family++) {
		pid_t pid;

		set_back();
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			parent(family);
		while (wait(&status) > 0 || errno == EINTR)
			bad |= status;
	}
	return bad != 0;
}
