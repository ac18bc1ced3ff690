/* SPDX-License-Identifier: Apache-2.0 */
/* Decode tables: memory. */
#include "values.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>

const struct named_value values_mmap_prot[] = {
	{ "PROT_NONE", PROT_NONE, 0xffffffff }, N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC),
	L(PROT_SEM, 0x8), N(PROT_GROWSDOWN), N(PROT_GROWSUP), END
};

#define HUGE_BITS (0x3fULL << 26)
const struct named_value values_mmap_flags[] = {
	M(MAP_SHARED, MAP_TYPE), M(MAP_PRIVATE, MAP_TYPE), M(MAP_SHARED_VALIDATE, MAP_TYPE),
	N(MAP_FIXED), N(MAP_ANONYMOUS),
#ifdef MAP_32BIT
	N(MAP_32BIT),
#endif
	N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED), N(MAP_NORESERVE),
	N(MAP_POPULATE), N(MAP_NONBLOCK), N(MAP_STACK), N(MAP_HUGETLB), N(MAP_SYNC),
	N(MAP_FIXED_NOREPLACE), L(MAP_UNINITIALIZED, 0x4000000),
	{ "MAP_HUGE_2MB", 21U << 26, HUGE_BITS }, { "MAP_HUGE_1GB", 30U << 26, HUGE_BITS }, END
};

const struct named_value values_mremap_flags[] = {
	N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP), END
};

const struct named_value values_msync_flags[] = {
	N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC), END
};

const struct named_value values_madvise_advice[] = {
	N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED),
	N(MADV_FREE), N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE),
	N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP),
	N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD), N(MADV_PAGEOUT),
	N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), L(MADV_DONTNEED_LOCKED, 24),
	L(MADV_COLLAPSE, 25), N(MADV_HWPOISON), L(MADV_SOFT_OFFLINE, 101),
	L(MADV_GUARD_INSTALL, 102), L(MADV_GUARD_REMOVE, 103), END
};

const struct named_value values_mlockall_flags[] = {
	N(MCL_CURRENT), N(MCL_FUTURE), N(MCL_ONFAULT), END
};

const struct named_value values_mlock2_flags[] = { N(MLOCK_ONFAULT), END };

const struct named_value values_pkey_rights[] = {
	N(PKEY_DISABLE_ACCESS), N(PKEY_DISABLE_WRITE), END
};

#define MODE_BITS 0x1fffffffU
const struct named_value values_memory_policies[] = {
	M(MPOL_DEFAULT, MODE_BITS), M(MPOL_PREFERRED, MODE_BITS), M(MPOL_BIND, MODE_BITS),
	M(MPOL_INTERLEAVE, MODE_BITS), M(MPOL_LOCAL, MODE_BITS),
	M(MPOL_PREFERRED_MANY, MODE_BITS), { "MPOL_WEIGHTED_INTERLEAVE", 6, MODE_BITS },
	N(MPOL_F_STATIC_NODES), N(MPOL_F_RELATIVE_NODES), N(MPOL_F_NUMA_BALANCING), END
};

const struct named_value values_mbind_flags[] = {
	N(MPOL_MF_STRICT), N(MPOL_MF_MOVE), N(MPOL_MF_MOVE_ALL), END
};

const struct named_value values_get_mempolicy_flags[] = {
	N(MPOL_F_NODE), N(MPOL_F_ADDR), N(MPOL_F_MEMS_ALLOWED), END
};

const struct named_value values_memfd_flags[] = {
	N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), L(MFD_NOEXEC_SEAL, 8),
	L(MFD_EXEC, 16),
	{ "MFD_HUGE_2MB", 21U << 26, HUGE_BITS }, { "MFD_HUGE_1GB", 30U << 26, HUGE_BITS }, END
};

const struct named_value values_memfd_secret_flags[] = { L(FD_CLOEXEC, O_CLOEXEC), END };

const struct named_value values_userfaultfd_flags[] = {
	N(UFFD_USER_MODE_ONLY), N(O_CLOEXEC), N(O_NONBLOCK), END
};

const struct named_value values_membarrier_cmds[] = {
	N(MEMBARRIER_CMD_QUERY), N(MEMBARRIER_CMD_GLOBAL), N(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
	N(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
	N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
	N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ), L(MEMBARRIER_CMD_GET_REGISTRATIONS, 512),
	END
};

const struct named_value values_membarrier_flags[] = { N(MEMBARRIER_CMD_FLAG_CPU), END };
