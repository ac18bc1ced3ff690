/* SPDX-License-Identifier: Apache-2.0 */
/* Has a child that ends by SIGSEGV with core dumps allowed: the kernel starts core_pattern's helper. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status = 0;

	/* Not this one itself: as its namespace's init it would ignore its own signal. */
	if (!fork()) {
		setrlimit(RLIMIT_CORE, &all);
		kill(getpid(), SIGSEGV);
		_exit(1);
	}
	wait(&status);
	return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
