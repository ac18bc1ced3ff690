/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities change without an exec: opens /caps-<when>, which is not there, after each change. By turns those
 * of the exec, after one was put aside, of a thread that gives two up, of the first thread again, of a child, and of that in
 * a user namespace of its own, where it has all.
 *
 * caps back: after one was put aside, again and again; once there is /caps-go, after that was taken again.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_one(const char *path)
{
	syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

/* Of this thread. */
static void keep(unsigned effective, unsigned permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = effective, .permitted = permitted } };

	if (syscall(SYS_capset, &header, data)) {
		perror("capset");
		exit(1);
	}
}

static void *thread(void *unused)
{
	keep(0, 1U << CAP_AUDIT_WRITE);
	open_one("/caps-thread");
	return unused;
}

static const unsigned all = 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE | 1U << CAP_AUDIT_WRITE;

static void take_back(void)
{
	while (access("/caps-go", F_OK)) {
		open_one("/caps-aside");
		usleep(50000);
	}
	keep(all, all);
	open_one("/caps-back");
}

int main(int argc, char **argv)
{
	pthread_t other;

	open_one("/caps-exec");
	keep(all & ~(1U << CAP_KILL), all);
	if (argc > 1 && !strcmp(argv[1], "back")) {
		take_back();
		return 0;
	}
	open_one("/caps-aside");
	if (pthread_create(&other, NULL, thread, NULL) || pthread_join(other, NULL))
		return 1;
	open_one("/caps-first");
	if (!fork()) {
		open_one("/caps-child");
		if (unshare(CLONE_NEWUSER)) {
			perror("unshare");
			_exit(1);
		}
		open_one("/caps-namespace");
		_exit(0);
	}
	wait(NULL);
	return 0;
}
