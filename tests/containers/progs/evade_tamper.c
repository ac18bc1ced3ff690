/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes' memory and descriptors, code that no exec brings in, the kernel itself; mounts. */
#include "evade.h"

#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* Not in every libc's <sys/mount.h>, which cannot be had beside <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
#define BIND 4096UL
#define PRIVATE (1UL << 18 | 16384UL)
#define DETACH 2

static char victim_word[8] = "victim";

/* A child that waits to be killed; its id in the container is what is to be seen. */
static pid_t victim(void)
{
	pid_t pid = (pid_t)need(fork(), "fork");

	if (!pid) {
		for (;;)
			pause();
	}
	value("pid", pid);
	return pid;
}

static void slay(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void by_ptrace(void)
{
	pid_t pid = victim();

	has(ptrace(PTRACE_ATTACH, pid, NULL, NULL), "ptrace");
	waitpid(pid, NULL, 0);
	need(ptrace(PTRACE_POKEDATA, pid, victim_word, (void *)0x646e776f), "poke");
	slay(pid);
}

static void by_vm_write(void)
{
	char text[8] = "owned";
	struct iovec from = { text, 6 }, to = { victim_word, 6 };
	pid_t pid = victim();

	has(process_vm_writev(pid, &from, 1, &to, 1, 0), "process_vm_writev");
	slay(pid);
}

static void by_vm_read(void)
{
	char text[8];
	struct iovec to = { text, 6 }, from = { victim_word, 6 };
	pid_t pid = victim();

	has(process_vm_readv(pid, &to, 1, &from, 1, 0), "process_vm_readv");
	slay(pid);
}

static void by_proc_mem(void)
{
	pid_t pid = victim();
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = (int)has(open(path, O_RDWR), path);
	has(pwrite(fd, "owned", 6, (off_t)(uintptr_t)victim_word), "write");
	slay(pid);
}

static void by_pidfd_getfd(void)
{
	pid_t pid = victim();
	int fd = (int)has(syscall(SYS_pidfd_open, pid, 0), "pidfd_open");

	has(syscall(SYS_pidfd_getfd, fd, 1, 0), "pidfd_getfd");
	slay(pid);
}

static void by_pidfd_signal(void)
{
	pid_t pid = victim();
	int fd = (int)has(syscall(SYS_pidfd_open, pid, 0), "pidfd_open");

	has(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0), "pidfd_send_signal");
	waitpid(pid, NULL, 0);
}

/* A shared object that is in no file system, mapped as code. */
static void code_from_memfd(void)
{
	int fd = (int)has(memfd_create("ev-code", 0), "memfd_create");

	need(ftruncate(fd, 4096), "ftruncate");
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		end_row("failed", "mmap");
}

static void written_then_executable(void)
{
	char *page = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 1;
	has(mprotect(page, 12288, PROT_READ | PROT_EXEC), "mprotect");
}

static void false_command_line(void)
{
	static char text[] = "/usr/sbin/sshd -D";

	prctl(PR_SET_MM, PR_SET_MM_ARG_START, (unsigned long)text, 0, 0);
	close(make_file("/tmp/ev-mm", "x"));
}

static void by_bpf(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	memset(&attr, 0, sizeof(attr));
	syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr));
	syscall(SYS_bpf, BPF_LINK_DETACH, &attr, sizeof(attr));
}

/* Opens every map and every program there is, as who wants to blind a monitor would. */
static void open_all(void)
{
	static const int steps[][2] = { { BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID },
					{ BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID } };
	uint32_t key = 0, text[64] = { 0 };
	union bpf_attr attr;

	for (int i = 0; i < 2; i++) {
		for (uint32_t id = 0;;) {
			memset(&attr, 0, sizeof(attr));
			attr.start_id = id;
			if (syscall(SYS_bpf, steps[i][0], &attr, sizeof(attr)))
				break;
			id = attr.next_id;
			memset(&attr, 0, sizeof(attr));
			attr.map_id = id;
			close((int)syscall(SYS_bpf, steps[i][1], &attr, sizeof(attr)));
		}
	}
	/* And writes to one, or says that it would: not to any that is another's. */
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)-1;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)text;
	syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

static void by_module(void)
{
	int fd = make_file("/tmp/ev-module.ko", "no module");

	syscall(SYS_finit_module, fd, "ev=1", 0);
	syscall(SYS_init_module, "no module", 9, "ev=2");
}

static void by_perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr) };

	syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

/* What the kernel starts by itself: only opened, nothing is written. */
static void kernel_helpers(void)
{
	close(open("/proc/sys/kernel/core_pattern", O_WRONLY));
	close(open("/proc/sys/kernel/modprobe", O_WRONLY));
	close(open("/proc/sysrq-trigger", O_WRONLY));
	close(open("/sys/fs/cgroup/release_agent", O_WRONLY));
}

static void own_mounts(void)
{
	has(unshare(CLONE_NEWNS), "unshare");
	need(mount(NULL, "/", NULL, PRIVATE, NULL), "private");
}

static void mount_by_fds(void)
{
	int fs, mounted;

	own_mounts();
	need(mkdir("/tmp/ev-fsmount", 0700), "mkdir");
	fs = (int)has(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), "fsopen");
	has(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig");
	mounted = (int)has(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0), "fsmount");
	has(syscall(SYS_move_mount, mounted, "", AT_FDCWD, "/tmp/ev-fsmount", MOVE_MOUNT_F_EMPTY_PATH),
	    "move_mount");
	make_file("/tmp/ev-fsmount/file", "x");
}

static void tree_moved(void)
{
	int tree;

	own_mounts();
	need(mkdir("/tmp/ev-tree", 0700), "mkdir");
	tree = (int)has(syscall(SYS_open_tree, AT_FDCWD, "/etc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
			"open_tree");
	has(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/tmp/ev-tree", MOVE_MOUNT_F_EMPTY_PATH),
	    "move_mount");
	close((int)need(open("/tmp/ev-tree/passwd", O_RDONLY), "open"));
}

/* A file in a tree that is mounted nowhere; and another, by who has a root directory in another file system by then. */
static void tree_nowhere(void)
{
	int tree;

	own_mounts();
	tree = (int)has(syscall(SYS_open_tree, AT_FDCWD, "/etc", OPEN_TREE_CLONE), "open_tree");
	close((int)need(openat(tree, "passwd", O_RDONLY), "openat"));
	need(mkdir("/tmp/ev-nowhere", 0755), "mkdir");
	need(mount("none", "/tmp/ev-nowhere", "tmpfs", 0, NULL), "mount");
	need(chroot("/tmp/ev-nowhere"), "chroot");
	close((int)need(openat(tree, "group", O_RDONLY), "openat"));
}

static void attributes(void)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_NOEXEC };

	own_mounts();
	has(syscall(SYS_mount_setattr, AT_FDCWD, "/tmp", 0, &attr, sizeof(attr)), "mount_setattr");
}

static void open_for_reading(const char *path)
{
	close((int)need(open(path, O_RDONLY | O_CLOEXEC), path));
}

/* And a part of proc: its path in there is known by its root, not by its mount. */
static void proc_again(void)
{
	own_mounts();
	mkdir("/tmp/ev-proc", 0755);
	mkdir("/tmp/ev-proc-sys", 0755);
	mkdir("/tmp/ev-sysfs", 0755);
	has(mount("none", "/tmp/ev-proc", "proc", 0, NULL), "mount proc");
	has(mount("/proc/sys", "/tmp/ev-proc-sys", NULL, MS_BIND, NULL), "bind");
	has(mount("none", "/tmp/ev-sysfs", "sysfs", 0, NULL), "mount sysfs");
	open_for_reading("/tmp/ev-proc/sys/kernel/core_pattern");
	open_for_reading("/tmp/ev-proc-sys/kernel/hostname");
	open_for_reading("/tmp/ev-sysfs/kernel/uevent_seqnum");
}

static void overlaid(void)
{
	own_mounts();
	mkdir("/tmp/ev-overlay", 0755);
	mkdir("/tmp/ev-overlay-empty", 0755);
	has(mount("none", "/tmp/ev-overlay", "overlay", 0, "lowerdir=/etc:/tmp/ev-overlay-empty"), "mount overlay");
	open_for_reading("/tmp/ev-overlay/passwd");
}

static void bound(void)
{
	own_mounts();
	need(mkdir("/tmp/ev-bind", 0700), "mkdir");
	has(mount("/etc", "/tmp/ev-bind", NULL, BIND, NULL), "mount");
	close((int)need(open("/tmp/ev-bind/passwd", O_RDONLY), "open"));
}

/* The root becomes a directory of another one. */
static void pivoted(void)
{
	own_mounts();
	need(mkdir("/tmp/ev-pivot", 0700), "mkdir");
	has(mount("none", "/tmp/ev-pivot", "tmpfs", 0, NULL), "mount");
	need(mkdir("/tmp/ev-pivot/old", 0700), "mkdir");
	need(syscall(SYS_pivot_root, "/tmp/ev-pivot", "/tmp/ev-pivot/old"), "pivot_root");
	close((int)need(open("/old/etc/passwd", O_RDONLY), "open"));
}

/* /etc becomes the root, by way of a mount at this place. */
static void pivot_into_etc(const char *place)
{
	need(mkdir(place, 0700), "mkdir");
	has(mount("/etc", place, NULL, BIND, NULL), "mount");
	need(chdir(place), "chdir");
	need(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	need(umount2(".", DETACH), "umount2");
}

static void pivoted_into(void)
{
	own_mounts();
	pivot_into_etc("/tmp/ev-into");
	close((int)need(open("/passwd", O_RDONLY), "open"));
}

/* The same where namespaces are as a container's are: of PIDs, too. */
static void pivoted_apart(void)
{
	pid_t pid;

	own_mounts();
	need(unshare(CLONE_NEWPID), "unshare");
	pid = (pid_t)need(fork(), "fork");
	if (!pid) {
		need(unshare(CLONE_NEWNS), "unshare");
		pivot_into_etc("/tmp/ev-apart");
		close((int)need(open("/group", O_RDONLY), "open"));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Who joins a mount namespace is at its root, whatever chroot he was in; his own will do. */
static void chroot_left(void)
{
	int ns;

	own_mounts();
	ns = (int)need(open("/proc/self/ns/mnt", O_RDONLY), "open");
	need(mkdir("/tmp/ev-left", 0700), "mkdir");
	need(chdir("/tmp/ev-left"), "chdir");
	need(chroot("."), "chroot");
	need(setns(ns, CLONE_NEWNS), "setns");
	close((int)need(open("etc/group", O_RDONLY), "open"));
}

/* A file below a mount that covers it, by a directory opened before. */
static void covered(void)
{
	int dir;

	own_mounts();
	need(mkdir("/tmp/ev-covered", 0700), "mkdir");
	make_file("/tmp/ev-covered/below", "x");
	dir = (int)need(open("/tmp/ev-covered", O_PATH | O_DIRECTORY), "open");
	has(mount("none", "/tmp/ev-covered", "tmpfs", 0, NULL), "mount");
	close((int)need(openat(dir, "below", O_RDONLY), "openat"));
}

static void detached(void)
{
	int dir;

	own_mounts();
	need(mkdir("/tmp/ev-detached", 0700), "mkdir");
	has(mount("none", "/tmp/ev-detached", "tmpfs", 0, NULL), "mount");
	dir = (int)need(open("/tmp/ev-detached", O_PATH | O_DIRECTORY), "open");
	need(umount2("/tmp/ev-detached", DETACH), "umount2");
	close((int)need(openat(dir, "ev-gone", O_WRONLY | O_CREAT, 0600), "openat"));
}

static void write_to(const char *path, const char *text)
{
	int fd = (int)need(open(path, O_WRONLY), path);

	need(write(fd, text, strlen(text)), path);
	close(fd);
}

static void user_namespace(void)
{
	has(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
	need(mount(NULL, "/", NULL, PRIVATE, NULL), "private");
	write_to("/proc/self/uid_map", "0 0 1");
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/gid_map", "0 0 1");
	has(mount("none", "/mnt", "tmpfs", 0, NULL), "mount");
	need(open("/mnt/ev-user-ns", O_WRONLY | O_CREAT, 0600), "open");
}

static void pid_namespace(void)
{
	pid_t pid;

	has(unshare(CLONE_NEWPID), "unshare");
	pid = (pid_t)need(fork(), "fork");
	if (!pid) {
		close(make_file("/tmp/ev-pid-ns", "x"));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void joined(void)
{
	int fd = (int)need(open("/proc/1/ns/net", O_RDONLY), "open");

	has(unshare(CLONE_NEWNET), "unshare");
	need(setns(fd, CLONE_NEWNET), "setns");
}

static const struct row rows[] = {
	ROW("ptrace", by_ptrace), ROW("process-vm-writev", by_vm_write),
	ROW("process-vm-readv", by_vm_read), ROW("proc-mem", by_proc_mem),
	ROW("pidfd-getfd", by_pidfd_getfd), ROW("pidfd-signal", by_pidfd_signal),
	ROW("code-from-memfd", code_from_memfd), ROW("write-then-execute", written_then_executable),
	ROW("false-command-line", false_command_line), ROW("bpf", by_bpf), ROW("module", by_module),
	ROW("perf", by_perf), ROW("kernel-helpers", kernel_helpers),
	ROW("mount-by-fds", mount_by_fds), ROW("tree-moved", tree_moved),
	ROW("tree-nowhere", tree_nowhere), ROW("mount-attributes", attributes),
	ROW("bind-mount", bound), ROW("pivot-root", pivoted), ROW("pivot-into", pivoted_into),
	ROW("pivot-apart", pivoted_apart), ROW("chroot-left", chroot_left),
	ROW("proc-again", proc_again), ROW("overlay", overlaid), ROW("covered", covered), ROW("detached", detached),
	ROW("user-namespace", user_namespace), ROW("pid-namespace", pid_namespace),
	ROW("setns", joined),
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--maps")) {
		open_all();
		return 0;
	}
	return RUN_ROWS(rows, argv);
}
