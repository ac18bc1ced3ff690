/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes each system call of nunchi's table with known arguments, and writes for each a line of
 * JSON: its name, who made it, what its arguments are as a person would write them, the raw
 * result, and which results are right.
 *
 *	{"call":"openat","pid":1,"tid":1,"ret":3,"want":[0],"args":[{"t":"AT_FDCWD"},{"n":0},...]}
 *
 * "t": the very text ("A|B": in any order); "n": this number, in any notation.
 * Calls that could change the host get arguments that must fail. To be run as init of a container
 * of its own, with all capabilities, no seccomp, and a tmpfs on /tmp.
 */
#include "walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void print_want(int want)
{
	if (want == ANY)
		printf("null");
	else if (want & 0x1000000)
		printf("[%d,%d]", want >> 12 & 0xfff, want & 0xfff);
	else
		printf("[%d]", want);
}

static void print_arg(const struct arg *arg)
{
	putchar('{');
	if (arg->how == 't') {
		printf("\"t\":");
		print_text(arg->text);
	} else if (arg->how == 'n') {
		printf("\"n\":%ld", (long)arg->raw);
	} else if (arg->how == 'u') {
		printf("\"n\":%lu", arg->raw);
	}
	putchar('}');
}

void report(const char *name, long ret, int want, const struct arg *args, size_t n)
{
	printf("{\"call\":\"%s\",\"pid\":%ld,\"tid\":%ld,\"ret\":%ld,\"want\":", name,
	       syscall(SYS_getpid), syscall(SYS_gettid), ret);
	print_want(want);
	printf(",\"args\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			putchar(',');
		print_arg(&args[i]);
	}
	printf("]}\n");
	fflush(stdout);
}

long call(const char *name, long nr, int want, const struct arg *given, size_t n)
{
	struct arg a[6] = { 0 };
	long ret;

	memcpy(a, given, n * sizeof(*a));
	ret = syscall(nr, a[0].raw, a[1].raw, a[2].raw, a[3].raw, a[4].raw, a[5].raw);
	if (ret == -1)
		ret = -errno;
	report(name, ret, want, given, n);
	return ret;
}

void in_child(void (*deed)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		deed();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv, char **envp)
{
	if (argc > 1 && !strcmp(argv[1], "--nop"))
		return 0;
	files_at();
	files();
	attributes();
	descriptors();
	reading_and_writing();
	copying();
	waiting_for_files();
	memory();
	sockets();
	messages();
	ipc();
	futexes();
	signals();
	timers();
	credentials();
	mounts();
	scheduling();
	limits_and_queries();
	the_system();
	processes(envp);
	retired();
	return 0;
}
