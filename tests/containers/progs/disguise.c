/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disguise rename FROM TO [FILE]: asks for a connection to 127.0.0.1:4444, renames FROM, which it is, to TO, waits until there is
 * FILE, and asks for more: itself, by a thread, by a child.
 * disguise borrow PATH: the same, but makes PATH what the kernel takes for its image.
 * Prints what came of each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void *ask(void *who)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4444),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int denied = connect(fd, (void *)&to, sizeof(to)) && errno == EPERM;

	printf("%s %s\n", (const char *)who, denied ? "denied" : "let go");
	fflush(stdout);
	close(fd);
	return NULL;
}

static void ask_all(void)
{
	pthread_t thread;

	ask("then");
	if (pthread_create(&thread, NULL, ask, "thread") == 0)
		pthread_join(thread, NULL);
	if (fork() == 0) {
		ask("child");
		_exit(0);
	}
	wait(NULL);
}

/* Puts a copy in the place of a mapping, under whoever runs in it. */
static int replace(char *from, size_t len, int prot)
{
	char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return -1;
	memcpy(copy, from, len);
	__builtin___clear_cache(copy, copy + len);
	if (mprotect(copy, len, prot))
		return -1;
	return mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, from) == MAP_FAILED ? -1 : 0;
}

/* The kernel changes no image that is still mapped. */
static int leave_image(void)
{
	char text[8192], own[256], *line, *rest = text;
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	own[n > 0 ? n : 0] = 0;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -1;
	text[n] = 0;
	close(fd);
	while ((line = strsep(&rest, "\n"))) {
		unsigned long begin, end;
		char r, w, x;

		if (!strstr(line, own) || sscanf(line, "%lx-%lx %c%c%c", &begin, &end, &r, &w, &x) != 5)
			continue;
		if (replace((char *)begin, end - begin, PROT_READ | (w == 'w' ? PROT_WRITE : 0) |
				    (x == 'x' ? PROT_EXEC : 0)))
			return -1;
	}
	return 0;
}

/* Field n of /proc/self/stat, behind the name. */
static unsigned long stat_field(const char *text, int n)
{
	const char *at = strrchr(text, ')') + 1;

	for (int i = 2; at && i < n - 1; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoul(at, NULL, 10) : 0;
}

/* With the rights of a user namespace of its own: nothing is changed but the image. */
static int borrow(const char *path)
{
	struct prctl_mm_map map = { .brk = (unsigned long)sbrk(0), .auxv_size = 0 };
	int stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[2048];
	ssize_t n = read(stat, text, sizeof(text) - 1);

	if (n < 0 || leave_image() || unshare(CLONE_NEWUSER))
		return -1;
	text[n] = 0;
	map.start_code = stat_field(text, 26);
	map.end_code = stat_field(text, 27);
	map.start_stack = stat_field(text, 28);
	map.start_data = stat_field(text, 45);
	map.end_data = stat_field(text, 46);
	map.start_brk = stat_field(text, 47);
	map.arg_start = stat_field(text, 48);
	map.arg_end = stat_field(text, 49);
	map.env_start = stat_field(text, 50);
	map.env_end = stat_field(text, 51);
	map.exe_fd = (unsigned)open(path, O_RDONLY | O_CLOEXEC);
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

int main(int argc, char **argv)
{
	int failed;

	if (argc < 3)
		return 2;
	ask("first");
	failed = strcmp(argv[1], "borrow") == 0 ? borrow(argv[2]) : rename(argv[2], argv[3]);
	if (failed) {
		perror(argv[1]);
		return 1;
	}
	while (argc > 4 && access(argv[4], F_OK))
		usleep(10000);
	ask_all();
	return 0;
}
