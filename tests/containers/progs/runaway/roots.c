/* SPDX-License-Identifier: Apache-2.0 */
/* By another root, and by what a runtime does. */
#include "runaway.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void go_chroot(const struct way *way)
{
	must(mkdir("/tmp/jail", 0755), "mkdir");
	must(chroot("/tmp/jail"), "chroot");
	must(chdir("/"), "chdir");
	(void)way;
	after("after");
}

void go_chroot_out(const struct way *way)
{
	int fd = (int)must(open("/", O_RDONLY | O_DIRECTORY), "open /");

	(void)way;
	must(mkdir("/tmp/jail-out", 0755), "mkdir");
	must(chroot("/tmp/jail-out"), "chroot");
	mark("inside");
	must(fchdir(fd), "fchdir");
	must(chroot("."), "chroot");
	after("after");
}

static void new_root(const char *path)
{
	char old[64];

	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
	must(mkdir(path, 0755), "mkdir");
	must(mount("none", path, "tmpfs", 0, "size=16m"), "mount tmpfs");
	snprintf(old, sizeof(old), "%s/old", path);
	must(mkdir(old, 0755), "mkdir");
}

static void change_root(const char *path)
{
	char old[64];

	snprintf(old, sizeof(old), "%s/old", path);
	must(syscall(SYS_pivot_root, path, old), "pivot_root");
	must(chdir("/"), "chdir");
	must(umount2("/old", MNT_DETACH), "umount");
}

void go_pivot_root(const struct way *way)
{
	must(unshare(way->flags), "unshare");
	new_root("/tmp/pivot");
	change_root("/tmp/pivot");
	after("after");
}

/* What a runtime does, by a program that no runtime wrote. */
void go_mini_runtime(const struct way *way)
{
	char *argv[] = { "runaway", "after", (char *)way->name, "init", NULL };
	long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");
	int fd;

	if (!pid) {
		new_root("/tmp/mini");
		fd = (int)must(open("/tmp/mini/init", O_WRONLY | O_CREAT | O_CLOEXEC, 0755), "open");
		close(copy_self(fd));
		change_root("/tmp/mini");
		must(sethostname("mini", 4), "sethostname");
		prctl(PR_SET_NAME, "runc:[2:INIT]");
		execve("/init", argv, environ);
		fail("execve");
	}
	mark("runtime");
	reap(pid);
}

void go_nested_runc(const struct way *way)
{
	char *argv[] = { "runc", "--root", "/tmp/runc", "run", "--bundle", "/bundle",
			 (char *)setting("INNER"), NULL };
	static const char *const inner[] = { "inner", "inner-child", "inner-exec" };
	int status, log = (int)must(open("/tmp/runc.log", O_RDWR | O_CREAT, 0600), "open log");
	long pid = must(fork(), "fork");
	char text[256];
	ssize_t n;

	(void)way;
	if (!pid) {
		dup2(log, 1);
		dup2(log, 2);
		must(execv("/usr/sbin/runc", argv), "exec runc");
	}
	mark("outer");
	waitpid((pid_t)pid, &status, 0);
	if (status) {
		n = pread(log, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		fprintf(stderr, "runc: %s\n", text);
		errno = ECHILD;
		fail("runc");
	}
	/* Its program runs with no descriptor of ours: what it must have opened is known. */
	for (int i = 0; i < 3; i++)
		log_mark(inner[i]);
	mark("afterwards");
}
