/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapped DIRECTORY: makes there a program tool, which only ends, with 42, and a program wrapper, whose ELF interpreter that is,
 * and executes both. Prints what came of it. Linux 6.1 wants to write zeros behind an interpreter's segment, hence PF_W.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
/* mov $42, %edi; mov $231 (exit_group), %eax; syscall */
static const unsigned char end_with_42[] = { 0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05 };
#else
#define MACHINE EM_AARCH64
/* mov x0, #42; mov x8, #94 (exit_group); svc #0 */
static const unsigned int end_with_42[] = { 0xd2800540, 0xd2800bc8, 0xd4000001 };
#endif

struct program {
	Elf64_Ehdr head;
	Elf64_Phdr load, interpreter;
	char data[256];		/* code, or the interpreter's path */
};

static void make(const char *path, unsigned long at, const void *data, size_t len, int is_wrapper)
{
	struct program p = {
		.head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC,
			  .e_machine = MACHINE, .e_version = EV_CURRENT, .e_entry = at + offsetof(struct program, data),
			  .e_phoff = offsetof(struct program, load), .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = is_wrapper ? 2 : 1 },
		.load = { .p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X, .p_vaddr = at, .p_filesz = sizeof(p),
			  .p_memsz = sizeof(p), .p_align = 0x10000 },
		.interpreter = { .p_type = PT_INTERP, .p_flags = PF_R, .p_offset = offsetof(struct program, data),
				 .p_filesz = len, .p_memsz = len },
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	memcpy(p.data, data, len);
	if (write(fd, &p, sizeof(p)) != sizeof(p))
		perror(path);
	close(fd);
}

static void execute(const char *path, const char *name)
{
	char *const argv[] = { (char *)path, NULL }, *const env[] = { NULL };
	int status = 0;

	if (fork() == 0) {
		execve(path, argv, env);
		_exit(errno);
	}
	wait(&status);
	if (WIFSIGNALED(status))
		printf("%s killed\n", name);
	else
		printf("%s %s\n", name, WEXITSTATUS(status) == 42 ? "ran" : strerror(WEXITSTATUS(status)));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char tool[200], wrapper[200];

	if (argc != 2)
		return 2;
	snprintf(tool, sizeof(tool), "%s/tool", argv[1]);
	snprintf(wrapper, sizeof(wrapper), "%s/wrapper", argv[1]);
	make(tool, 0x30000000, end_with_42, sizeof(end_with_42), 0);
	make(wrapper, 0x20000000, tool, strlen(tool) + 1, 1);
	execute(tool, "tool");
	execute(wrapper, "wrapper");
	return 0;
}
