/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that does its work beside a noisy one: quiet LABEL REQUESTS FIFO. For each byte that comes
 * by FIFO, so many requests: a client connects and asks, the server opens /tmp/LABEL-<number>, which is
 * not there, and answers. Prints a line of zeros when it is ready, and for each byte:
 *
 *	<ns a request, the median> <ns of CPU a request> <requests>
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *label;
static int listener;
static struct sockaddr_in address;
static long served;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double ns_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *serve(void *unused)
{
	char path[128], byte;

	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0 || read(client, &byte, 1) != 1)
			die("accept");
		snprintf(path, sizeof(path), "/tmp/%s-%ld", label, served++);
		if (open(path, O_RDONLY) >= 0 || write(client, &byte, 1) != 1)
			die(path);
		close(client);
	}
	return unused;
}

static void ask(void)
{
	struct linger reset = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte = 'x';

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		die("connect");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void start_server(void)
{
	socklen_t size = sizeof(address);
	pthread_t thread;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &size) ||
	    pthread_create(&thread, NULL, serve, NULL))
		die("the server");
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One each millisecond at most: it is the quiet one. */
static void one_round(double *took, long requests)
{
	double cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID);

	for (long i = 0; i < requests; i++) {
		double began = ns_of(CLOCK_MONOTONIC);

		ask();
		took[i] = ns_of(CLOCK_MONOTONIC) - began;
		usleep(1000);
	}
	cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	qsort(took, (size_t)requests, sizeof(*took), ascending);
	printf("%.3f %.3f %ld\n", took[requests / 2], cpu / (double)requests, requests);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long requests = argc == 4 ? atol(argv[2]) : 0;
	double *took;
	char byte;
	int gate;

	if (requests <= 0) {
		fprintf(stderr, "quiet: see the head of quiet.c\n");
		return 2;
	}
	label = argv[1];
	took = calloc((size_t)requests, sizeof(*took));
	start_server();
	gate = open(argv[3], O_RDONLY);
	if (gate < 0)
		die(argv[3]);
	puts("0 0 0");
	fflush(stdout);
	while (read(gate, &byte, 1) == 1)
		one_round(took, requests);
	return 0;
}
