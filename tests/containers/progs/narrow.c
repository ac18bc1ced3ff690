/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 32-bit program, made here, since there need not be a compiler for one: it exits with 7. It is executed as often as
 * the argument says; "shut" if this kernel executes none.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "/tmp/narrow"
#define BASE 0x10000

#if defined(__aarch64__)
#define MACHINE EM_ARM
#define FLAGS 0x05000000	/* EABI 5 */
static const unsigned char code[] = { 0x07, 0x00, 0xa0, 0xe3,	/* mov r0, #7 */
				      0x01, 0x70, 0xa0, 0xe3,	/* mov r7, #1: exit */
				      0x00, 0x00, 0x00, 0xef };	/* svc #0 */
#else
#define MACHINE EM_386
#define FLAGS 0
static const unsigned char code[] = { 0xb8, 1, 0, 0, 0,		/* mov $1, %eax: exit */
				      0xbb, 7, 0, 0, 0,		/* mov $7, %ebx */
				      0xcd, 0x80 };		/* int $0x80 */
#endif

static void make(void)
{
	struct {
		Elf32_Ehdr head;
		Elf32_Phdr segment;
		unsigned char code[sizeof(code)];
	} file = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC, .e_machine = MACHINE, .e_version = EV_CURRENT,
			  .e_entry = BASE + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr), .e_phoff = sizeof(Elf32_Ehdr),
			  .e_flags = FLAGS, .e_ehsize = sizeof(Elf32_Ehdr), .e_phentsize = sizeof(Elf32_Phdr),
			  .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = sizeof(file), .p_memsz = sizeof(file),
			     .p_flags = PF_R | PF_X, .p_align = 0x1000 },
	};
	int fd = open(NAME, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	memcpy(file.code, code, sizeof(code));
	if (fd < 0 || write(fd, &file, sizeof(file)) != sizeof(file) || close(fd)) {
		perror(NAME);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int status, times = argc > 1 ? atoi(argv[1]) : 1;

	make();
	for (int i = 0; i < times; i++) {
		if (!fork()) {
			execl(NAME, NAME, (char *)NULL);
			_exit(8);
		}
		wait(&status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 8) {
			puts("shut");
			return 0;
		}
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			return 1;
	}
	return 0;
}
