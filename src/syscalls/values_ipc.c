/* SPDX-License-Identifier: Apache-2.0 */
/* Decode tables: System V IPC, futexes, clocks and timers. */
#include "values.h"

#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include <linux/futex.h>

const struct named_value values_ipc_keys[] = { N(IPC_PRIVATE), END };

const struct named_value values_ipcget_flags[] = { N(IPC_CREAT), N(IPC_EXCL), END };

const struct named_value values_shmget_flags[] = {
	N(IPC_CREAT), N(IPC_EXCL), N(SHM_HUGETLB), N(SHM_NORESERVE), END
};

const struct named_value values_shmat_flags[] = {
	N(SHM_RDONLY), N(SHM_RND), N(SHM_REMAP), N(SHM_EXEC), END
};

const struct named_value values_shmctl_cmds[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(SHM_LOCK), N(SHM_UNLOCK), N(SHM_STAT),
	N(SHM_INFO), N(SHM_STAT_ANY), END
};

const struct named_value values_semctl_cmds[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(GETPID), N(GETVAL), N(GETALL),
	N(GETNCNT), N(GETZCNT), N(SETVAL), N(SETALL), N(SEM_STAT), N(SEM_INFO), N(SEM_STAT_ANY), END
};

const struct named_value values_msgctl_cmds[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(MSG_STAT), N(MSG_INFO),
	N(MSG_STAT_ANY), END
};

const struct named_value values_msgrcv_flags[] = {
	N(IPC_NOWAIT), N(MSG_NOERROR), N(MSG_EXCEPT), L(MSG_COPY, 040000), END
};

#define COMMAND_BITS ((uint32_t)FUTEX_CMD_MASK)
const struct named_value values_futex_ops[] = {
	M(FUTEX_WAIT, COMMAND_BITS), M(FUTEX_WAKE, COMMAND_BITS), M(FUTEX_FD, COMMAND_BITS),
	M(FUTEX_REQUEUE, COMMAND_BITS), M(FUTEX_CMP_REQUEUE, COMMAND_BITS),
	M(FUTEX_WAKE_OP, COMMAND_BITS), M(FUTEX_LOCK_PI, COMMAND_BITS),
	M(FUTEX_UNLOCK_PI, COMMAND_BITS), M(FUTEX_TRYLOCK_PI, COMMAND_BITS),
	M(FUTEX_WAIT_BITSET, COMMAND_BITS), M(FUTEX_WAKE_BITSET, COMMAND_BITS),
	M(FUTEX_WAIT_REQUEUE_PI, COMMAND_BITS), M(FUTEX_CMP_REQUEUE_PI, COMMAND_BITS),
	M(FUTEX_LOCK_PI2, COMMAND_BITS), N(FUTEX_PRIVATE_FLAG), N(FUTEX_CLOCK_REALTIME), END
};

const struct named_value values_futex2_flags[] = {
	{ "FUTEX2_SIZE_U8", 0, 3 }, { "FUTEX2_SIZE_U16", 1, 3 }, { "FUTEX2_SIZE_U32", 2, 3 },
	{ "FUTEX2_SIZE_U64", 3, 3 }, L(FUTEX2_NUMA, 4), L(FUTEX2_MPOL, 8), L(FUTEX2_PRIVATE, 128),
	END
};

const struct named_value values_clocks[] = {
	N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID),
	N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
	N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
	N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI), END
};

const struct named_value values_itimers[] = {
	N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF), END
};

const struct named_value values_timer_flags[] = { N(TIMER_ABSTIME), END };

const struct named_value values_timerfd_flags[] = { N(TFD_CLOEXEC), N(TFD_NONBLOCK), END };

const struct named_value values_timerfd_settime_flags[] = {
	N(TFD_TIMER_ABSTIME), N(TFD_TIMER_CANCEL_ON_SET), END
};

const struct named_value values_signalfd_flags[] = { N(SFD_CLOEXEC), N(SFD_NONBLOCK), END };
