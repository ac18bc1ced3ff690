/* SPDX-License-Identifier: Apache-2.0 */
/* When a process began: the time by which the kernel tells those of one number apart. */
#include "clock.h"

unsigned long long process_start_of(pid_t pid)
{
	_cleanup_fclose_ FILE *f = NULL;
	unsigned long long start = 0;
	char path[64], line[1024], state, *after;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f) || !(after = strrchr(line, ')')))
		return 0;
	/* Fields 3 to 22; the name before them may hold anything. */
	if (sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			      "%*d %*d %llu", &state, &start) != 2)
		return 0;
	return strchr("ZXx", state) ? 0 : start;
}
