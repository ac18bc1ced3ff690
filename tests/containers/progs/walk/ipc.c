/* SPDX-License-Identifier: Apache-2.0 */
/* System V's and POSIX's queues, semaphores and shared memory, and futexes. */
#include "walk.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

static void shared_memory(void)
{
	static struct shmid_ds status;
	long id = CALL(shmget, N(IPC_PRIVATE), V(4096), T(IPC_CREAT | 0600, "IPC_CREAT|0600")), at;

	FAIL(ENOENT, shmget, V(4711), V(4096), T(0600, "0600"));
	at = CALL(shmat, V(id), U(NULL), N(SHM_RDONLY));
	FAIL(EINVAL, shmat, V(-1), U(NULL), V(0));
	CALL(shmctl, V(id), N(IPC_STAT), U(&status));
	CALL(shmdt, U(at));
	FAIL(EINVAL, shmdt, U(at));
	CALL(shmctl, V(id), N(IPC_RMID), U(NULL));
}

static void semaphores(void)
{
	static struct sembuf up = { 0, 1, 0 }, down = { 0, -1, 0 };
	static struct timespec soon = { 0, 1000000 };
	long id = CALL(semget, N(IPC_PRIVATE), V(1), T(IPC_CREAT | 0600, "IPC_CREAT|0600"));

	CALL(semctl, V(id), V(0), N(SETVAL), V(0));
	CALL(semop, V(id), U(&up), V(1));
	CALL(semtimedop, V(id), U(&down), V(1), T(&soon, "0.001000000"));
	FAIL(EAGAIN, semtimedop, V(id), U(&down), V(1), T(&soon, "0.001000000"));
	CALL(semctl, V(id), V(0), N(IPC_RMID), V(0));
	FAIL(OR(EINVAL, EIDRM), semop, V(id), U(&up), V(1));
}

static void queues(void)
{
	static struct { long type; char text[8]; } out = { 5, "message" }, in;
	static struct msqid_ds status;
	long id = CALL(msgget, N(IPC_PRIVATE), T(IPC_CREAT | 0600, "IPC_CREAT|0600"));

	CALL(msgsnd, V(id), U(&out), V(8), N(IPC_NOWAIT));
	CALL(msgrcv, V(id), U(&in), V(8), V(-9), N(IPC_NOWAIT | MSG_NOERROR));
	FAIL(ENOMSG, msgrcv, V(id), U(&in), V(8), V(0), N(IPC_NOWAIT));
	CALL(msgctl, V(id), N(IPC_STAT), U(&status));
	CALL(msgctl, V(id), N(IPC_RMID), U(NULL));
}

static void posix_queues(void)
{
	static struct timespec past = { 1, 0 };
	static char in[8192];
	static unsigned priority;
	static long attributes[8];
	long fd = CALL(mq_open, P("walk"), N(O_RDWR | O_CREAT), T(0600, "0600"), U(NULL));

	FAIL(ENOENT, mq_open, P("none"), N(O_RDONLY), V(0), U(NULL));
	CALL(mq_timedsend, V(fd), P("message"), V(7), V(3), T(&past, "1.000000000"));
	CALL(mq_timedreceive, V(fd), P(in), V(sizeof(in)), U(&priority), T(&past, "1.000000000"));
	FAIL(ETIMEDOUT, mq_timedreceive, V(fd), U(in), V(sizeof(in)), U(&priority),
	     T(&past, "1.000000000"));
	CALL(mq_notify, V(fd), U(NULL));
	CALL(mq_getsetattr, V(fd), U(NULL), U(attributes));
	CALL(mq_unlink, P("walk"));
	FAIL(ENOENT, mq_unlink, P("walk"));
	close((int)fd);
}

void ipc(void)
{
	shared_memory();
	semaphores();
	queues();
	posix_queues();
}

void futexes(void)
{
	static uint32_t word = 7;
	static struct timespec soon = { 0, 1000000 };
	static void *head;
	static size_t len;

	CALL(futex, U(&word), N(FUTEX_WAKE | FUTEX_PRIVATE_FLAG), V(1), U(NULL), U(NULL), V(0));
	FAIL(EAGAIN, futex, U(&word), N(FUTEX_WAIT), V(8), U(&soon), U(NULL), V(0));
	FAIL(ETIMEDOUT, futex, U(&word), N(FUTEX_WAIT), V(7), U(&soon), U(NULL), V(0));
	FAIL(EINVAL, futex_waitv, U(NULL), V(0), V(0), U(NULL), N(CLOCK_REALTIME));
	CALL(futex_wake, U(&word), U(0xffffffff), V(1), T(2, "FUTEX2_SIZE_U32"));
	FAIL(EAGAIN, futex_wait, U(&word), V(8), U(0xffffffff), T(2, "FUTEX2_SIZE_U32"),
	     T(&soon, "0.001000000"), N(CLOCK_MONOTONIC));
	FAIL(EINVAL, futex_requeue, U(NULL), V(0), V(1), V(1));
	CALL(get_robust_list, V(0), U(&head), U(&len));
	FAIL(ESRCH, get_robust_list, V(99999), U(&head), U(&len));
	CALL(set_robust_list, U(head), V(len));
	FAIL(EINVAL, set_robust_list, U(head), V(1));
}
