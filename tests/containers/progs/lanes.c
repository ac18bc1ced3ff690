/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load for the lanes, each with its own count of what it has done, printed at its end:
 *
 *	lanes flood TIMES PROCESSES		opens /etc/passwd, each TIMES, as fast as it can
 *	lanes label LABEL SECONDS PER-SECOND	creates /tmp/LABEL-0, -1, ..., evenly
 *	lanes attack TIMES NAMES WATCHED	TIMES opens WATCHED, and before each so many names that are not
 *						there, each another, as fast as it can; prints each time
 *						(CLOCK_REALTIME, ns)
 *	lanes peers TIMES PORT			accepts so many connections, each of another process, at /tmp/peers, or at the port
 *	lanes bomb TIMES PROCESSES		each TIMES: a child that does nothing and ends
 *	lanes cgroups TIMES PROCESSES		each TIMES: a cgroup with a long path, made and removed
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t end_after(double seconds)
{
	return ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
}

static void open_one(const char *path, int flags)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	if (fd >= 0)
		close((int)fd);
	else if (flags & O_CREAT) {
		perror(path);
		exit(1);
	}
}

static void flood(long times)
{
	for (long i = 0; i < times; i++)
		open_one("/etc/passwd", O_RDONLY);
}

static void cgroups(long times)
{
	const int levels = 12;
	char top[32], name[256];
	int depth = 0;

	snprintf(top, sizeof(top), "/tmp/cgroups-%d", getpid());
	snprintf(name, sizeof(name), "%0250d", getpid());
	if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) || mkdir(top, 0700) || mount("none", top, "cgroup2", 0, NULL) ||
	    chdir(top)) {
		perror(top);
		exit(1);
	}
	while (depth < levels && !mkdir(name, 0700) && !chdir(name))
		depth++;
	for (long i = 0; i < times; i++)
		if (mkdir("x", 0700) || rmdir("x")) {
			perror("cgroup");
			exit(1);
		}
	while (depth-- > 0)
		if (chdir("..") || rmdir(name))
			exit(1);
}

static void bomb(long times)
{
	for (long i = 0; i < times; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0)
			exit(1);
		waitpid(pid, NULL, 0);
	}
}

static void must(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

/* By a unix socket, or to a port. */
static void peers(int times, int port)
{
	struct sockaddr_un by_path = { .sun_family = AF_UNIX, .sun_path = "/tmp/peers" };
	struct sockaddr_in by_port = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = port ? (struct sockaddr *)&by_port : (struct sockaddr *)&by_path;
	socklen_t size = port ? sizeof(by_port) : sizeof(by_path);
	int listener = socket(address->sa_family, SOCK_STREAM, 0);

	must(bind(listener, address, size), "bind");
	must(listen(listener, 8), "listen");
	for (int i = 0; i < times; i++) {
		if (!fork())
			_exit(connect(socket(address->sa_family, SOCK_STREAM, 0), address, size) != 0);
		close(accept(listener, NULL, NULL));
		wait(NULL);
	}
}

/* In so many processes at once; says how many times in all. */
static void at_once(void (*fn)(long times), long times, int processes)
{
	for (int i = 0; i < processes; i++) {
		if (!fork()) {
			fn(times);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	printf("%ld\n", times * processes);
}

static long label(const char *name, double seconds, double per_second)
{
	int64_t begin = ns(CLOCK_MONOTONIC), end = end_after(seconds), now;
	char path[128];
	long n = 0;

	while ((now = ns(CLOCK_MONOTONIC)) < end) {
		for (long due = (long)((double)(now - begin) / 1e9 * per_second); n < due; n++) {
			snprintf(path, sizeof(path), "/tmp/%s-%ld", name, n);
			open_one(path, O_RDWR | O_CREAT);
			syscall(SYS_unlinkat, AT_FDCWD, path, 0);
		}
		usleep(500);
	}
	return n;
}

static void attack(int times, int names, const char *watched)
{
	uint64_t random = (uint64_t)ns(CLOCK_REALTIME) | 1;
	char path[64];

	sleep(1);	/* events of a container without a name wait for it */
	for (int i = 0; i < times; i++) {
		for (int k = 0; k < names; k++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			snprintf(path, sizeof(path), "/tmp/%016llx", (unsigned long long)random);
			open_one(path, O_RDONLY);
		}
		printf("%lld\n", (long long)ns(CLOCK_REALTIME));
		fflush(stdout);
		open_one(watched, O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "flood"))
		at_once(flood, atol(argv[2]), atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "peers"))
		peers(atoi(argv[2]), atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "bomb"))
		at_once(bomb, atol(argv[2]), atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "cgroups"))
		at_once(cgroups, atol(argv[2]), atoi(argv[3]));
	else if (argc == 5 && !strcmp(argv[1], "label"))
		printf("%ld\n", label(argv[2], atof(argv[3]), atof(argv[4])));
	else if (argc == 5 && !strcmp(argv[1], "attack"))
		attack(atoi(argv[2]), atoi(argv[3]), argv[4]);
	else
		return 2;
	return 0;
}
