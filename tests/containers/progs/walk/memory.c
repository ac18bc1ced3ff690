/* SPDX-License-Identifier: Apache-2.0 */
/* The process's own memory. */
#include "walk.h"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static void map(void)
{
	static unsigned char resident[4];
	long at, fd = memfd_create("pages", 0);

	(void)!ftruncate((int)fd, 4 * PAGE);
	at = CALL(mmap, U(NULL), V(2 * PAGE), N(PROT_READ | PROT_WRITE), N(MAP_SHARED), V(fd), U(PAGE));
	FAIL(EBADF, mmap, U(NULL), V(PAGE), N(PROT_NONE), N(MAP_PRIVATE), V(-1), U(0));
	CALL(msync, U(at), V(PAGE), N(MS_SYNC));
	CALL(mincore, U(at), V(PAGE), U(resident));
	CALL(mprotect, U(at), V(PAGE), N(PROT_READ | PROT_EXEC));
	FAIL(EINVAL, mprotect, U(at + 1), V(PAGE), N(PROT_READ));
	FAIL(EINVAL, remap_file_pages, U(at), V(PAGE), N(PROT_READ), V(0), V(0));
	at = CALL(mremap, U(at), V(2 * PAGE), V(PAGE), N(MREMAP_MAYMOVE), U(NULL));
	FAIL(EINVAL, mremap, U(at), V(PAGE), V(0), V(0), U(NULL));
	CALL(munmap, U(at), V(PAGE));
	FAIL(EINVAL, munmap, U(1), V(PAGE));
	CALL(brk, U(NULL));
	close((int)fd);
}

static void advise(void *page)
{
	CALL(madvise, U(page), V(PAGE), N(MADV_WILLNEED));
	FAIL(EINVAL, madvise, U((char *)page + 1), V(PAGE), N(MADV_DONTNEED));
	CALL(mlock, U(page), V(PAGE));
	CALL(munlock, U(page), V(PAGE));
	CALL(mlock2, U(page), V(PAGE), N(MLOCK_ONFAULT));
	FAIL(EINVAL, mlock2, U(page), V(PAGE), U(0x10));
	CALL(mlockall, N(MCL_CURRENT));
	CALL(munlockall);
	CALL(membarrier, N(MEMBARRIER_CMD_QUERY), V(0), V(0));
	FAIL(EINVAL, membarrier, U(0x10000000), V(0), V(0));
}

static void keys(void *page)
{
	FAIL(ANY, pkey_alloc, V(0), N(PKEY_DISABLE_WRITE));
	FAIL(EINVAL, pkey_free, V(-1));
	CALL(pkey_mprotect, U(page), V(PAGE), N(PROT_READ), V(-1));
	/* Where a processor has none: EOPNOTSUPP; else the flag is not known. */
	FAIL(OR(EINVAL, EOPNOTSUPP), map_shadow_stack, U(NULL), V(PAGE), V(16));
	FAIL(OR(0, EPERM), userfaultfd, N(O_CLOEXEC));
}

/* Kernels without NUMA have none of these. */
static void nodes(void *page)
{
	static int mode, status;
	static void *pages[1];

	pages[0] = page;
	FAIL(OR(0, ENOSYS), mbind, U(page), V(PAGE), N(MPOL_DEFAULT), U(NULL), V(0), V(0));
	FAIL(OR(0, ENOSYS), set_mempolicy, N(MPOL_DEFAULT), U(NULL), V(0));
	FAIL(OR(0, ENOSYS), get_mempolicy, U(&mode), U(NULL), V(0), U(NULL), V(0));
	FAIL(OR(EINVAL, ENOSYS), set_mempolicy_home_node, U(page), V(PAGE), V(0), U(1));
	FAIL(ANY, migrate_pages, V(99999), V(1), U(NULL), U(NULL));
	FAIL(OR(0, ENOSYS), move_pages, V(0), V(1), U(pages), U(NULL), U(&status), V(0));
	FAIL(OR(EINVAL, ENOSYS), move_pages, V(0), V(1), U(pages), U(NULL), U(&status),
	     N(MPOL_MF_STRICT));
}

void memory(void)
{
	void *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	map();
	advise(page);
	nodes(page);
	keys(page);
	CALL(mseal, U(page), V(PAGE), V(0));
	FAIL(EINVAL, mseal, U(page), V(PAGE), U(1));
}
