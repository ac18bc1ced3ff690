/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls by other doors than the native one of x86-64: int 0x80 (i386's numbers and registers,
 * pointers in the first 4 GiB) and numbers with __X32_SYSCALL_BIT. For each a line of JSON:
 *
 *	{"call":"openat","abi":"i386","ret":3,"args":{"pathname":"/tmp/door-openat"}}
 *
 * A door that is shut (CONFIG_IA32_EMULATION, ia32_emulation=) is said to be: {"shut":"i386"}. So is
 * each on another architecture.
 */
#include <stdio.h>

#if defined(__x86_64__)

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/un.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32 0x40000000

static char *low;	/* memory that 32 bits reach */
static size_t used;

/* A copy of bytes that a 32-bit pointer can point to. */
static uint32_t put(const void *bytes, size_t len)
{
	char *to = low + used;

	memcpy(to, bytes, len);
	used += (len + 15) & ~15UL;
	return (uint32_t)(uintptr_t)to;
}

static uint32_t text(const char *s)
{
	return put(s, strlen(s) + 1);
}

static long i386(uint32_t nr, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void said(const char *call, const char *abi, long ret, const char *args)
{
	printf("{\"call\":\"%s\",\"abi\":\"%s\",\"ret\":%ld,\"args\":{%s}}\n", call, abi, ret, args);
}

static sigjmp_buf shut;

static void on_fault(int sig)
{
	siglongjmp(shut, sig);
}

/* Where nobody is behind the interrupt, it is a fault. */
static bool is_open(void)
{
	struct sigaction action = { .sa_handler = on_fault }, old;
	bool open = false;

	sigaction(SIGSEGV, &action, &old);
	if (!sigsetjmp(shut, 1))
		open = i386(20, 0, 0, 0, 0, 0) == getpid();
	sigaction(SIGSEGV, &old, NULL);
	return open;
}

static void files(void)
{
	uint32_t path = text("/tmp/door-open");
	long fd;

	fd = i386(5, path, O_RDWR | O_CREAT, 0640, 0, 0);
	said("open", "i386", fd, "\"pathname\":\"/tmp/door-open\",\"flags\":\"O_RDWR|O_CREAT\",\"mode\":\"0640\"");
	fd = i386(295, AT_FDCWD, text("/tmp/door-openat"), O_WRONLY | O_CREAT, 0600, 0);
	said("openat", "i386", fd, "\"dirfd\":\"AT_FDCWD\",\"pathname\":\"/tmp/door-openat\"");
	said("truncate", "i386", i386(193, path, 0x1000, 1, 0, 0),
	     "\"path\":\"/tmp/door-open\",\"length\":\"4294971392\"");
	said("mkdir", "i386", i386(39, text("/tmp/door-mkdir"), 0755, 0, 0, 0),
	     "\"pathname\":\"/tmp/door-mkdir\",\"mode\":\"0755\"");
	said("rename", "i386", i386(38, path, text("/tmp/door-renamed"), 0, 0, 0),
	     "\"oldpath\":\"/tmp/door-open\",\"newpath\":\"/tmp/door-renamed\"");
	said("chown", "i386", i386(212, text("/tmp/door-renamed"), 33, 44, 0, 0),
	     "\"pathname\":\"/tmp/door-renamed\",\"owner\":\"33\",\"group\":\"44\"");
	said("unlink", "i386", i386(10, text("/tmp/door-none"), 0, 0, 0, 0),
	     "\"pathname\":\"/tmp/door-none\"");
	said("umount2", "i386", i386(22, text("/tmp/door-none"), 0x1234, 0, 0, 0),
	     "\"target\":\"/tmp/door-none\",\"flags\":\"0\"");
}

static void sockets(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711),
				  .sin_addr.s_addr = htonl(0x7f000001) };
	uint32_t address = put(&to, sizeof(to)), words[6] = { AF_INET, SOCK_DGRAM, 0 };
	uint32_t iov[2] = { text("door"), 4 }, msg[7] = { 0 };
	long fd;

	fd = i386(102, 1, put(words, 12), 0, 0, 0);
	said("socket", "i386", fd, "\"domain\":\"AF_INET\",\"type\":\"SOCK_DGRAM\"");
	words[0] = (uint32_t)fd;
	words[1] = address;
	words[2] = sizeof(to);
	said("connect", "i386", i386(102, 3, put(words, 12), 0, 0, 0), "\"addr\":\"127.0.0.1:4711\"");
	to.sin_port = htons(4712);
	said("connect", "i386", i386(362, (uint32_t)fd, put(&to, sizeof(to)), sizeof(to), 0, 0),
	     "\"addr\":\"127.0.0.1:4712\"");
	msg[0] = address;
	msg[1] = sizeof(to);
	msg[2] = put(iov, sizeof(iov));
	msg[3] = 1;
	words[1] = put(msg, sizeof(msg));
	words[2] = 0;
	said("sendmsg", "i386", i386(102, 16, put(words, 12), 0, 0, 0), "\"msg\":\"127.0.0.1:4711\"");
}

static void processes(void)
{
	uint32_t argv[3] = { text("door-argv0"), text("two words"), 0 }, array = put(argv, sizeof(argv));
	uint32_t limit[2] = { 4096, 0xffffffff };
	pid_t child;

	said("execve", "i386", i386(11, text("/tmp/door-none"), array, 0, 0, 0),
	     "\"pathname\":\"/tmp/door-none\"");
	said("setrlimit", "i386", i386(75, RLIMIT_CORE, put(limit, sizeof(limit)), 0, 0, 0),
	     "\"resource\":\"RLIMIT_CORE\",\"rlim\":\"{cur=4096, max=RLIM_INFINITY}\"");
	said("kill", "i386", i386(37, 0x7ffffff, SIGTERM, 0, 0, 0), "\"sig\":\"SIGTERM\"");
	said("unshare", "i386", i386(310, CLONE_NEWNS, 0, 0, 0, 0), "\"flags\":\"CLONE_NEWNS\"");
	fflush(stdout);
	child = (pid_t)i386(2, 0, 0, 0, 0, 0);
	if (!child) {
		i386(11, text("/bin/true"), array, 0, 0, 0);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	said("fork", "i386", child, "");
}

static void x32(void)
{
	long fd = syscall(X32 | SYS_openat, AT_FDCWD, "/tmp/door-x32", O_RDONLY, 0);

	said("openat", "x32", fd < 0 ? -1 : fd, "\"pathname\":\"/tmp/door-x32\"");
	fd = syscall(X32 | 520, low, low, low);	/* execve */
	said("execve", "x32", fd < 0 ? -1 : fd, "");
}

int main(void)
{
	low = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	if (is_open()) {
		files();
		sockets();
		processes();
	} else {
		puts("{\"shut\":\"i386\"}");
	}
	x32();
	puts("{\"done\":true}");
	return 0;
}

#else

int main(void)
{
	puts("{\"shut\":\"i386\"}\n{\"done\":true}");
	return 0;
}

#endif
