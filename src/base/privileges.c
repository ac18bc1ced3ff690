/* SPDX-License-Identifier: Apache-2.0 */
#include "privileges.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define NUMBERS 0x40000000U	/* above are x32's */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define NUMBERS UINT32_MAX
#endif

static int set(bool for_ever, uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t some = (uint32_t)(keep >> 32 * i);

		data[i].effective = data[i].permitted & some;
		if (!for_ever)
			continue;
		data[i].permitted &= some;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int privileges_use(uint64_t capabilities)
{
	return set(false, capabilities);
}

int privileges_keep(uint64_t capabilities)
{
	return set(true, capabilities);
}

static const uint32_t denied[] = {
	/* programs and processes; clone by its flags, below */
	SYS_execve, SYS_execveat,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	/* other processes */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_tkill, SYS_rt_sigqueueinfo,
	SYS_rt_tgsigqueueinfo, SYS_pidfd_getfd, SYS_kcmp,
	/* other users */
	SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
	SYS_setfsuid, SYS_setfsgid, SYS_setgroups,
	/* mounts and namespaces */
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_open_tree,
	SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
	/* files that are none, or not by their name, and whose they are */
	SYS_mknodat, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fchownat, SYS_fchown,
	SYS_memfd_create,
#ifdef SYS_mknod
	SYS_mknod, SYS_chown, SYS_lchown,
#endif
	/* the machine */
	SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot,
	SYS_swapon, SYS_swapoff, SYS_sethostname, SYS_setdomainname, SYS_settimeofday,
	SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_acct, SYS_quotactl, SYS_syslog,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_ioperm
	SYS_ioperm, SYS_iopl, SYS_modify_ldt,
#endif
	/* what of the kernel is large and of no use here */
	SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
	SYS_io_uring_register, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_personality,
};

struct filter {
	struct sock_filter code[256];
	unsigned short n;
};

static void add(struct filter *f, struct sock_filter instruction)
{
	f->code[f->n++] = instruction;
}

static void load(struct filter *f, size_t offset)
{
	add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct filter *f, uint32_t what)
{
	add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* Goes on after the next n instructions unless what was loaded is k. */
static void unless_equal(struct filter *f, uint32_t k, uint8_t n)
{
	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, n));
}

static void deny(struct filter *f, uint32_t nr)
{
	unless_equal(f, nr, 1);
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/* An argument decides: its low half, which is all of it for the calls at hand. */
static void allow_if(struct filter *f, uint32_t nr, unsigned arg, uint16_t test, uint32_t k)
{
	unless_equal(f, nr, 4);
	load(f, offsetof(struct seccomp_data, args[arg]));
	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, k, 0, 1));
	answer(f, SECCOMP_RET_ALLOW);
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/* Of bpf(): what uses maps and asks of programs that are there. */
static void allow_bpf(struct filter *f)
{
	static const uint32_t commands[] = {
		BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
		BPF_OBJ_GET_INFO_BY_FD, BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_LOOKUP_BATCH,
	};

	unless_equal(f, SYS_bpf, 2 + 2 * ARRAY_SIZE(commands));
	load(f, offsetof(struct seccomp_data, args[0]));
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		unless_equal(f, commands[i], 1);
		answer(f, SECCOMP_RET_ALLOW);
	}
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

static void allow_families(struct filter *f)
{
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

	unless_equal(f, SYS_socket, 2 + 2 * ARRAY_SIZE(families));
	load(f, offsetof(struct seccomp_data, args[0]));
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		unless_equal(f, families[i], 1);
		answer(f, SECCOMP_RET_ALLOW);
	}
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

/*
 * network: sockets of IP, too, and of netlink, by which the C library looks names up; and no bpf() at all.
 * kills: SIGKILL, to a process by its pidfd, which is nobody else.
 */
static void make(struct filter *f, bool network, bool kills)
{
	load(f, offsetof(struct seccomp_data, arch));
	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	answer(f, SECCOMP_RET_ERRNO | EPERM);
	load(f, offsetof(struct seccomp_data, nr));
	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NUMBERS, 0, 1));
	answer(f, SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
		deny(f, denied[i]);
	/* Whoever starts threads by it uses clone() then, whose flags can be looked at. */
	unless_equal(f, SYS_clone3, 1);
	answer(f, SECCOMP_RET_ERRNO | ENOSYS);
	allow_if(f, SYS_clone, 0, BPF_JSET, CLONE_THREAD);
	if (network)
		allow_families(f);
	else
		allow_if(f, SYS_socket, 0, BPF_JEQ, AF_UNIX);
	allow_if(f, SYS_kill, 1, BPF_JEQ, 0);
	allow_if(f, SYS_tgkill, 0, BPF_JEQ, (uint32_t)getpid());	/* abort() and pthread_kill() */
	if (kills) {
		allow_if(f, SYS_pidfd_send_signal, 1, BPF_JEQ, SIGKILL);
	} else {
		deny(f, SYS_pidfd_open);
		deny(f, SYS_pidfd_send_signal);
	}
	if (network)
		deny(f, SYS_bpf);
	else
		allow_bpf(f);
	answer(f, SECCOMP_RET_ALLOW);
}

/* For all threads and for ever. */
static int install(struct filter *f)
{
	struct sock_fprog program = { .filter = f->code, .len = f->n };
	long r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* Speculation is let alone: that would cost more than all else, and keeps nothing out. */
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
	/* A thread's number: one that cannot be taken along, because it has a filter of its own. */
	return r < 0 ? -errno : r > 0 ? -EBUSY : 0;
}

static int lock(bool network, bool kills)
{
	struct filter f = { .n = 0 };

	make(&f, network, kills);
	return install(&f);
}

int privileges_hide_modules(void)
{
	struct filter f = { .n = 0 };

	load(&f, offsetof(struct seccomp_data, arch));
	unless_equal(&f, ARCH, 5);
	load(&f, offsetof(struct seccomp_data, nr));
	unless_equal(&f, SYS_bpf, 3);
	load(&f, offsetof(struct seccomp_data, args[0]));
	unless_equal(&f, BPF_BTF_GET_NEXT_ID, 1);
	answer(&f, SECCOMP_RET_ERRNO | ENOENT);
	answer(&f, SECCOMP_RET_ALLOW);
	return install(&f);
}

int privileges_lock(bool kills)
{
	return lock(false, kills);
}

int privileges_lock_network(void)
{
	return lock(true, false);
}
