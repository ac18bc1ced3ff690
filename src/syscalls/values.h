/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode tables: names of flags and constants, with their values from the system's headers.
 * The rows of table.def.h name them (values_NAME); each list ends with END.
 *
 * Flags and enums are 32 bits wide: the kernel ignores, or refuses, the upper half of the register.
 */
#pragma once

#include "syscalls.h"

#define N(id) { #id, (uint32_t)(id), 0 }
/* A field of several bits inside of flags. */
#define M(id, bits) { #id, (uint32_t)(id), (bits) }
/* Newer than the headers of Linux 6.1, wider than 32 bits, or in no header: the number itself. */
#define L(id, number) { #id, (number), 0 }
#define END { NULL, 0, 0 }

/* Files (values_file.c, values_ioctl.c) */
extern const struct named_value values_access_mode[], values_at_flags[], values_close_range_flags[],
	values_epoll_flags[], values_epoll_ops[], values_eventfd_flags[], values_execveat_flags[],
	values_faccessat_flags[], values_fadvise_advice[], values_fallocate_mode[],
	values_fanotify_init_flags[], values_fanotify_mark_flags[], values_fanotify_mask[],
	values_fcntl_cmds[], values_fd_open_flags[], values_flock_ops[], values_handle_flags[],
	values_inotify_flags[], values_inotify_mask[], values_ioctl_requests[],
	values_linkat_flags[], values_open_flags[], values_rename_flags[], values_resolve_flags[],
	values_rwf_flags[], values_seals[], values_splice_flags[], values_statx_flags[],
	values_statx_mask[], values_sync_file_range_flags[], values_unlinkat_flags[],
	values_whence[], values_xattr_flags[];
extern const struct arg_choice choices_fcntl_args[];

/* Network (values_net.c) */
extern const struct named_value values_families[], values_msg_flags[], values_shutdown_how[],
	values_sock_flags[], values_sock_types[], values_sockopt_levels[];
extern const struct arg_choice choices_socket_protocols[], choices_sockopt_names[];
extern const struct named_value values_netlink_protocols[];

/* Mounts (values_mount.c) */
extern const struct named_value values_fsconfig_cmds[], values_fsmount_flags[],
	values_fsopen_flags[], values_fspick_flags[], values_mount_attrs[], values_mount_flags[],
	values_move_mount_flags[], values_open_tree_flags[], values_tree_flags[],
	values_umount_flags[];

/* Processes and signals (values_process.c, values_prctl.c) */
extern const struct named_value values_arch_prctl_ops[], values_capabilities[],
	values_clone_flags[], values_ioprio_values[], values_ioprio_which[], values_kcmp_types[],
	values_personality[], values_pidfd_open_flags[], values_pidfd_signal_flags[],
	values_prctl_options[], values_priority_which[], values_ptrace_requests[],
	values_rlimits[], values_rseq_flags[], values_rusage_who[], values_sched_policies[],
	values_seccomp_flags[], values_seccomp_ops[], values_sigmask_how[], values_signals[],
	values_unshare_flags[], values_wait_idtypes[], values_wait_options[];
extern const struct arg_choice choices_prctl_args2[], choices_prctl_args3[];

/* Memory (values_memory.c) */
extern const struct named_value values_get_mempolicy_flags[], values_madvise_advice[],
	values_mbind_flags[], values_membarrier_cmds[], values_membarrier_flags[],
	values_memfd_flags[], values_memfd_secret_flags[], values_memory_policies[],
	values_mlock2_flags[], values_mlockall_flags[], values_mmap_flags[], values_mmap_prot[],
	values_mremap_flags[], values_msync_flags[], values_pkey_rights[],
	values_userfaultfd_flags[];

/* IPC and time (values_ipc.c) */
extern const struct named_value values_clocks[], values_futex2_flags[], values_futex_ops[],
	values_ipc_keys[], values_ipcget_flags[], values_itimers[], values_msgctl_cmds[],
	values_msgrcv_flags[],
	values_semctl_cmds[], values_shmat_flags[], values_shmctl_cmds[], values_shmget_flags[],
	values_signalfd_flags[], values_timer_flags[], values_timerfd_flags[],
	values_timerfd_settime_flags[];

/* System (values_system.c) */
extern const struct named_value values_bpf_cmds[], values_delete_module_flags[],
	values_finit_module_flags[], values_getrandom_flags[], values_io_uring_enter_flags[],
	values_io_uring_register_ops[], values_io_uring_setup_flags[], values_kexec_file_flags[],
	values_kexec_flags[],
	values_keyctl_ops[], values_keyrings[], values_landlock_create_flags[],
	values_landlock_restrict_flags[], values_landlock_rules[], values_lsm_attrs[],
	values_perf_flags[], values_quotactl_ops[], values_reboot_magics[], values_reboot_ops[],
	values_swap_flags[],
	values_syslog_types[];
