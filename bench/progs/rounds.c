/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One deed over and over, in rounds that start when they are told to, so that traced and untraced ones
 * can take turns:
 *
 *	rounds DEED SECONDS FIFO [CPU]		a round for each byte that comes by FIFO
 *	rounds run FIFO CPU COMMAND...		the deed is to run COMMAND, once a round
 *
 * Before the first round it finds out how many deeds take SECONDS; each round does that many. A line
 * for each round, and one with zeros when it is ready:
 *
 *	<ns a deed> <ns of CPU a deed, its children's too> <deeds>
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct deed {
	const char *name;
	void (*prepare)(void);
	void (*act)(void);
};

static const char *self;
static char **command;
static int listener = -1, zero = -1, null = -1;
static struct sockaddr_in address;

/* A result that is below zero ends it. */
static long must(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void act_getppid(void)
{
	syscall(SYS_getppid);
}

/* In tmpfs everywhere: what a file system takes is not what is measured. */
#define OPENED "/dev/shm/nunchi-bench"

static void remove_opened(void)
{
	unlink(OPENED);
}

static void prepare_open(void)
{
	close((int)must(open(OPENED, O_CREAT | O_WRONLY, 0600), OPENED));
	atexit(remove_opened);
}

static void act_open(void)
{
	close((int)must(syscall(SYS_openat, AT_FDCWD, OPENED, O_RDONLY), OPENED));
}

/* Five components deep, and one mount: /tmp is one in the containers here. */
#define DEEP_TOP "/tmp/nunchi-bench"
#define DEEP DEEP_TOP "/deep/down/file"

static void prepare_deep(void)
{
	must(mkdir(DEEP_TOP, 0700), DEEP_TOP);
	must(mkdir(DEEP_TOP "/deep", 0700), DEEP_TOP "/deep");
	must(mkdir(DEEP_TOP "/deep/down", 0700), DEEP_TOP "/deep/down");
	close((int)must(open(DEEP, O_CREAT | O_WRONLY, 0600), DEEP));
}

static void act_deep(void)
{
	close((int)must(syscall(SYS_openat, AT_FDCWD, DEEP, O_RDONLY), DEEP));
}

static void act_run(void)
{
	pid_t child = (pid_t)must(fork(), "fork");
	int status;

	if (!child) {
		execv(command[0], command);
		_exit(127);
	}
	must(waitpid(child, &status, 0), "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "%s: status %#x\n", command[0], status);
		exit(1);
	}
}

static void prepare_exec(void)
{
	static char *nothing[] = { NULL, "nothing", NULL };

	nothing[0] = (char *)self;
	command = nothing;
}

static void prepare_connect(void)
{
	socklen_t size = sizeof(address);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(bind(listener, (struct sockaddr *)&address, size), "bind");
	must(listen(listener, 16), "listen");
	must(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
}

/* The reset at the end keeps ports from being used up. */
static void act_connect(void)
{
	struct linger reset = { .l_onoff = 1 };
	int client = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket"), server;

	must(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	server = (int)must(accept(listener, NULL, NULL), "accept");
	must(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), "setsockopt");
	close(client);
	close(server);
}

static void prepare_byte(void)
{
	zero = (int)must(open("/dev/zero", O_RDONLY), "/dev/zero");
	null = (int)must(open("/dev/null", O_WRONLY), "/dev/null");
}

static void act_byte(void)
{
	char byte;

	must(read(zero, &byte, 1), "read");
	must(write(null, &byte, 1), "write");
}

static const struct deed deeds[] = {
	{ "getppid", NULL, act_getppid },
	{ "open", prepare_open, act_open },
	{ "deep", prepare_deep, act_deep },
	{ "exec", prepare_exec, act_run },
	{ "connect", prepare_connect, act_connect },
	{ "byte", prepare_byte, act_byte },
	{ "run", NULL, act_run },
};

static double ns_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double now(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

static double cpu(void)
{
	struct rusage children;

	getrusage(RUSAGE_CHILDREN, &children);
	return ns_of(CLOCK_PROCESS_CPUTIME_ID) +
	       ((double)children.ru_utime.tv_sec + (double)children.ru_stime.tv_sec) * 1e9 +
	       ((double)children.ru_utime.tv_usec + (double)children.ru_stime.tv_usec) * 1e3;
}

static void one_round(const struct deed *deed, long count)
{
	double used = cpu(), began = now(), took;

	for (long i = 0; i < count; i++)
		deed->act();
	took = now() - began;
	printf("%.3f %.3f %ld\n", took / (double)count, (cpu() - used) / (double)count, count);
	fflush(stdout);
}

/* How many deeds take so many ns. */
static long calibrate(const struct deed *deed, double ns)
{
	for (long count = 1;; count *= 4) {
		double began = now(), took;

		for (long i = 0; i < count; i++)
			deed->act();
		took = now() - began;
		if (took > ns / 4)
			return (long)((double)count * ns / took) + 1;
	}
}

static void pin(const char *number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)atoi(number), &set);
	must(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

int main(int argc, char **argv)
{
	const struct deed *deed = NULL;
	long count = 1;
	int gate;
	char byte;

	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	for (size_t i = 0; argc >= 4 && i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (!strcmp(deeds[i].name, argv[1]))
			deed = &deeds[i];
	if (!deed || (deed->act == act_run && !deed->prepare && argc < 5)) {
		fprintf(stderr, "rounds: see the head of rounds.c\n");
		return 2;
	}
	self = argv[0];
	if (!strcmp(deed->name, "run")) {
		command = argv + 4;
		pin(argv[3]);
		gate = (int)must(open(argv[2], O_RDONLY), argv[2]);
	} else {
		if (argc > 4)
			pin(argv[4]);
		if (deed->prepare)
			deed->prepare();
		count = calibrate(deed, atof(argv[2]) * 1e9);
		gate = (int)must(open(argv[3], O_RDONLY), argv[3]);
	}
	puts("0 0 0");
	fflush(stdout);
	while (read(gate, &byte, 1) == 1)
		one_round(deed, count);
	return 0;
}
