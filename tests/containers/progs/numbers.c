/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that go on while something else happens, each with the next number in its path:
 *
 *	numbers TAG PER-SECOND
 *
 * Two threads make so many calls, of kinds whose numbers are far apart, on /none/THREAD-0, /none/THREAD-1, ..., until
 * there is /stop-TAG. Writes "goes on" when each has begun, and at the end how many each has made.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 2

static _Atomic long made[THREADS];
static atomic_bool ends;
static double rate;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void make(int thread, long i)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	struct open_how how = { .flags = O_RDONLY };
	char path[64];

	snprintf(path, sizeof(path), "/none/%d-%ld", thread, i);
	switch (i % 7) {
	case 0:
		syscall(SYS_truncate, path, 0L);
		break;
	case 1:
		syscall(SYS_chroot, path);
		break;
	case 2:
		syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
		break;
	case 3:
		syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
		break;
	case 4:
		syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, path, 0);
		break;
	case 5:
		syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
		break;
	case 6:
		syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &attr, sizeof(attr));
		break;
	}
}

static void *work(void *arg)
{
	_Atomic long *count = arg;
	double begin = now();

	while (!ends) {
		long due = (long)((now() - begin) * rate);

		for (; *count < due; ++*count)
			make((int)(count - made), *count);
		usleep(200);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char stop[128];

	if (argc < 3)
		return 2;
	snprintf(stop, sizeof(stop), "/stop-%s", argv[1]);
	rate = atof(argv[2]);
	for (int t = 0; t < THREADS; t++)
		if (pthread_create(&threads[t], NULL, work, &made[t]))
			return 1;
	while (!made[0] || !made[1])
		usleep(1000);
	printf("goes on\n");
	fflush(stdout);
	while (access(stop, F_OK))
		usleep(10000);
	ends = true;
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	printf("%ld %ld\n", made[0], made[1]);
	return 0;
}
