/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor's canaries: a child process does one thing for each family of hooks, and its records must
 * come through the rings. Being attached proves nothing: some hooks attach and never run.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "doctor.h"

#define CHILD_NS (2 * NSEC_PER_SEC)	/* it takes 20 ms; on a machine that is busy, a second */
#define RECORDS_NS (NSEC_PER_SEC / 2)	/* how long its records are waited for */
#define NAP_US 2000

struct canary {
	struct probe *probe;
	struct doctor_try *tries;
	pid_t child;
	int program;			/* fd of our own executable, for the child to execute */
	char cgroup[320];		/* "": it could not be made */
	uint64_t cgroup_id;
	bool cgroup_came;
	bool has_ring;
};

static void want(struct interest *interest, const char *name)
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));

	interest->wanted[syscall_nr(call)] = NUNCHI_WANT_EVENT;
}

static void seen(struct canary *c, enum doctor_canary canary)
{
	c->tries[canary].state = DOCTOR_FIRES;
}

static void take_call(struct canary *c, const struct nunchi_call *call)
{
	if (call->nr == SYS_openat)
		seen(c, call->abi == NUNCHI_ABI_IO_URING ? DOCTOR_CANARY_RING : DOCTOR_CANARY_FILE);
	else if (call->nr == SYS_connect)
		seen(c, DOCTOR_CANARY_NETWORK);
	else if (call->nr == SYS_ppoll && call->ret == -EINTR)
		seen(c, DOCTOR_CANARY_SIGNAL);
}

static void take(struct canary *c, const struct nunchi_head *head)
{
	const void *rest = head + 1;

	if (head->kind == NUNCHI_REC_CGROUP_NEW || head->kind == NUNCHI_REC_CGROUP_GONE) {
		const struct nunchi_cgroup *cgroup = rest;

		if (cgroup->id != c->cgroup_id)
			return;
		if (head->kind == NUNCHI_REC_CGROUP_NEW)
			c->cgroup_came = true;
		else if (c->cgroup_came)
			seen(c, DOCTOR_CANARY_CGROUP);
		return;
	}
	if (head->pid != (uint32_t)c->child)
		return;
	if (head->kind == NUNCHI_REC_SYSCALL)
		take_call(c, rest);
	else if (head->kind == NUNCHI_REC_FORK)
		seen(c, DOCTOR_CANARY_FORK);
	else if (head->kind == NUNCHI_REC_EXEC)
		seen(c, DOCTOR_CANARY_EXEC);
	else if (head->kind == NUNCHI_REC_EXIT)
		seen(c, DOCTOR_CANARY_EXIT);
}

static void drain(struct canary *c)
{
	for (unsigned i = 0; i < probe_rings(c->probe); i++) {
		struct ring *ring = probe_ring(c->probe, i);
		const struct nunchi_head *head;
		uint32_t len;

		while ((head = ring_peek(ring, &len))) {
			if (head->len <= len)
				take(c, head);
			ring_advance(ring);
		}
		ring_commit(ring);
	}
}

static void on_alarm(int sig)
{
}

/* Makes a call that a signal handler interrupts, for signal_deliver. The signal is blocked until the call. */
static void be_interrupted(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 1000 };
	const struct timespec at_most = { .tv_sec = 1 };
	struct sigaction action = { .sa_handler = on_alarm };
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	ppoll(NULL, 0, &at_most, &none);
}

/*
 * Opens a file through an io_uring, more often than its completion queue has entries, so that the hook of
 * the overflow runs, too. False: there is no io_uring, or we may not use it.
 */
static bool use_ring(void)
{
	struct io_uring_params params = { 0 };
	long r = 1;
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	unsigned *sq = mmap(NULL, params.sq_off.array + sizeof(unsigned), PROT_READ | PROT_WRITE,
			    MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
					IORING_OFF_SQES);

	if (ring < 0 || sq == MAP_FAILED || sqe == MAP_FAILED)
		return false;
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
				      .addr = (uint64_t)(uintptr_t)"/dev/null" };
	sq[params.sq_off.array / sizeof(*sq)] = 0;
	for (unsigned i = 1; r == 1 && i <= params.cq_entries + 1; i++) {
		__atomic_store_n(&sq[params.sq_off.tail / sizeof(*sq)], i, __ATOMIC_SEQ_CST);
		r = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	return r == 1;
}

static void move_to(const char *cgroup)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "0", 1) < 0)
		return;	/* the canary stays silent, which is reported */
}

/* Runs in the forked child of a program with threads: only async-signal-safe calls. */
static _noreturn_ void sing(const struct canary *c)
{
	static const struct sockaddr_un nowhere = { AF_UNIX, "\0nunchi doctor" };
	char *argv[] = { (char[]){ "nunchi" }, (char[]){ "--version" }, NULL }, *env[] = { NULL };
	int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(s, (const struct sockaddr *)&nowhere, sizeof(nowhere)) == 0)
		_exit(1);
	/* Both fail; the security hooks about them run before that. */
	bind(s, (const struct sockaddr *)&nowhere, 0);
	send(s, "", 1, MSG_NOSIGNAL);
	if (c->has_ring)
		(void)use_ring();
	be_interrupted();
	if (*c->cgroup)
		move_to(c->cgroup);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	syscall(SYS_execveat, c->program, "", argv, env, AT_EMPTY_PATH);
	_exit(1);
}

static void find_ring(struct canary *c)
{
	struct io_uring_params params = { 0 };
	_cleanup_close_ int ring = (int)syscall(SYS_io_uring_setup, 1, &params);

	c->has_ring = ring >= 0;
	c->tries[DOCTOR_CANARY_RING] = c->has_ring ?
		(struct doctor_try){ .state = DOCTOR_SILENT } : (struct doctor_try){ .error = -errno };
}

static void make_cgroup(struct canary *c, const char *root, const char *mount)
{
	struct doctor_try *try = &c->tries[DOCTOR_CANARY_CGROUP];
	struct stat st;

	try->error = -ENOENT;
	if (!*mount)
		return;
	snprintf(c->cgroup, sizeof(c->cgroup), "%s%s/nunchi-doctor-%d", root, mount, getpid());
	if (mkdir(c->cgroup, 0755) == 0 && stat(c->cgroup, &st) == 0) {
		c->cgroup_id = st.st_ino;
		*try = (struct doctor_try){ .state = DOCTOR_SILENT };
		return;
	}
	try->error = -errno;
	c->cgroup[0] = '\0';
}

/* Waits for the child, and takes records meanwhile, so that those of the host do not fill the rings. */
static bool wait_child(struct canary *c)
{
	uint64_t until = clock_boot() + CHILD_NS;
	int status;

	while (waitpid(c->child, &status, WNOHANG) == 0) {
		if (clock_boot() > until) {
			kill(c->child, SIGKILL);
			waitpid(c->child, &status, 0);
			return false;
		}
		drain(c);
		usleep(NAP_US);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool all_seen(const struct canary *c)
{
	for (unsigned i = 0; i < DOCTOR_CANARY_MAX; i++)
		if (c->tries[i].state == DOCTOR_SILENT && i != DOCTOR_CANARY_PRESENT)
			return false;
	return true;
}

static void found_running(const struct nunchi_head *head, void *arg)
{
	struct canary *c = arg;

	if (head->pid == (uint32_t)getpid())
		seen(c, DOCTOR_CANARY_PRESENT);
}

static void run(struct canary *c)
{
	uint64_t until;
	int r;

	for (unsigned i = 0; i < DOCTOR_CANARY_MAX; i++)
		if (i != DOCTOR_CANARY_CGROUP && i != DOCTOR_CANARY_RING)
			c->tries[i] = (struct doctor_try){ .state = DOCTOR_SILENT };
	r = probe_tasks(c->probe, found_running, c);
	if (r < 0)
		c->tries[DOCTOR_CANARY_PRESENT] = (struct doctor_try){ DOCTOR_NO_ATTACH, r };
	c->child = fork();
	if (c->child == 0)
		sing(c);
	if (c->child < 0 || !wait_child(c))
		log_debug("the canary did not come to its end");
	if (*c->cgroup)
		rmdir(c->cgroup);
	until = clock_boot() + RECORDS_NS;
	do {
		usleep(NAP_US);
		drain(c);
	} while (!all_seen(c) && clock_boot() < until);
}

void canary_interest(struct probe *p)
{
	struct interest interest = { .host = true };

	want(&interest, "openat");
	want(&interest, "connect");
	want(&interest, "ppoll");
	probe_interest(p, &interest);
}

void canary_run(struct probe *p, const char *root, const char *cgroup_mount,
		struct doctor_try ret[DOCTOR_CANARY_MAX])
{
	_cleanup_close_ int program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct canary c = { .probe = p, .tries = ret, .program = program };
	sigset_t set, before;

	/* Who is impatient waits until the cgroup is gone: it would be left behind. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	make_cgroup(&c, root, cgroup_mount);
	find_ring(&c);
	run(&c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
