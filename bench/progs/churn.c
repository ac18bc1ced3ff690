/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mail server does to a disk, after Katcher's PostMark: churn FILES TRANSACTIONS. Makes small
 * files below /tmp, then at random reads or appends to one and makes or removes one, at last removes all.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096

static char block[BLOCK];
static bool *there;

static const char *path_of(int number)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/mail/%d/%d", number % 10, number);
	return path;
}

static int open_file(int number, int flags)
{
	int fd = open(path_of(number), flags, 0600);

	if (fd < 0) {
		perror(path_of(number));
		exit(1);
	}
	return fd;
}

static void create(int number)
{
	int fd = open_file(number, O_WRONLY | O_CREAT | O_EXCL);

	if (write(fd, block, (size_t)(500 + rand() % (BLOCK - 500))) < 0)
		exit(1);
	close(fd);
	there[number] = true;
}

static void erase(int number)
{
	if (unlink(path_of(number)))
		exit(1);
	there[number] = false;
}

static void append(int number)
{
	int fd = open_file(number, O_WRONLY | O_APPEND);

	if (write(fd, block, (size_t)(1 + rand() % 512)) < 0)
		exit(1);
	close(fd);
}

static void read_whole(int number)
{
	int fd = open_file(number, O_RDONLY);

	while (read(fd, block, BLOCK) > 0)
		;
	close(fd);
}

int main(int argc, char **argv)
{
	int files = argc == 3 ? atoi(argv[1]) : 0;
	char directory[32];

	if (files <= 0) {
		fprintf(stderr, "churn FILES TRANSACTIONS\n");
		return 2;
	}
	there = calloc((size_t)files, sizeof(*there));
	srand(1);
	memset(block, 'x', sizeof(block));
	mkdir("/tmp/mail", 0700);
	for (int i = 0; i < 10; i++) {
		snprintf(directory, sizeof(directory), "/tmp/mail/%d", i);
		mkdir(directory, 0700);
	}
	for (int i = 0; i < files; i++)
		create(i);
	for (int i = atoi(argv[2]); i > 0; i--) {
		int used = rand() % files, changed = rand() % files;

		if (there[used])
			(rand() % 2 ? read_whole : append)(used);
		(there[changed] ? erase : create)(changed);
	}
	for (int i = 0; i < files; i++)
		if (there[i])
			erase(i);
	return 0;
}
