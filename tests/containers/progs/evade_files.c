/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files that are not the file: links, races, other ways to open, to write and to copy. */
#include "evade.h"

#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <linux/fs.h>

#define RACES 500

static void open_close(const char *path, int flags)
{
	close((int)need(open(path, flags | O_CLOEXEC, 0600), path));
}

static void by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };

	make_file("/tmp/ev-openat2", "x");
	has(syscall(SYS_openat2, AT_FDCWD, "/tmp/ev-openat2", &how, sizeof(how)), "openat2");
}

static void by_symlink(void)
{
	need(symlinkat("/etc/passwd", AT_FDCWD, "/tmp/ev-innocent"), "symlink");
	open_close("/tmp/ev-innocent", O_RDONLY);
}

static atomic_bool over;

static void *flip(void *unused)
{
	for (bool which = false; !atomic_load(&over); which = !which) {
		unlink("/tmp/ev-next");
		if (symlink(which ? "/tmp/ev-race-a" : "/tmp/ev-race-b", "/tmp/ev-next") == 0)
			rename("/tmp/ev-next", "/tmp/ev-race");
	}
	return unused;
}

/* A link that changes all the time: which file each open got is what fstat says. */
static void symlink_race(void)
{
	pthread_t thread;
	struct stat a, got;
	long count[2] = { 0 };

	fstat(make_file("/tmp/ev-race-a", "a"), &a);
	make_file("/tmp/ev-race-b", "b");
	need(symlink("/tmp/ev-race-a", "/tmp/ev-race"), "symlink");
	pthread_create(&thread, NULL, flip, NULL);
	for (int i = 0; i < RACES; i++) {
		int fd = (int)need(open("/tmp/ev-race", O_RDONLY | O_CLOEXEC), "open");

		fstat(fd, &got);
		count[got.st_ino != a.st_ino]++;
		close(fd);
		if (i % 20 == 0)
			usleep(500);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	value("a", count[0]);
	value("b", count[1]);
}

static void proc_self_root(void)
{
	make_file("/tmp/ev-root-file", "x");
	open_close("/proc/self/root/tmp/ev-root-file", O_RDONLY);
}

static void proc_self_fd(void)
{
	int fd = make_file("/tmp/ev-fd-file", "x");
	char path[64];

	fchmod(fd, 0444);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	open_close(path, O_WRONLY | O_APPEND);
}

static void proc_self_cwd(void)
{
	need(mkdir("/tmp/ev-cwd", 0700), "mkdir");
	make_file("/tmp/ev-cwd/file", "x");
	need(chdir("/tmp/ev-cwd"), "chdir");
	open_close("/proc/self/cwd/file", O_RDONLY);
}

static void dots(void)
{
	make_file("/tmp/ev-dots", "x");
	open_close("//tmp/./../tmp//../../../tmp/ev-dots", O_RDONLY);
}

static void by_dirfd(void)
{
	int dir;

	need(mkdir("/tmp/ev-dir", 0700), "mkdir");
	make_file("/tmp/ev-dir/file", "x");
	dir = (int)need(open("/tmp/ev-dir", O_PATH | O_DIRECTORY), "open");
	need(rename("/tmp/ev-dir", "/tmp/ev-moved"), "rename");
	need(openat(dir, "file", O_RDONLY), "openat");
}

static void tmpfile_linked(void)
{
	int fd = (int)has(open("/tmp", O_TMPFILE | O_WRONLY, 0600), "O_TMPFILE");
	char path[64];

	need(write(fd, "payload", 7), "write");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	need(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/ev-tmpfile", AT_SYMLINK_FOLLOW), "linkat");
}

static void hard_link(void)
{
	make_file("/tmp/ev-victim", "x");
	need(linkat(AT_FDCWD, "/tmp/ev-victim", AT_FDCWD, "/tmp/ev-alias", 0), "link");
	open_close("/tmp/ev-alias", O_WRONLY);
}

static void emptied(void)
{
	struct stat st;

	make_file("/tmp/ev-made", "evidence");
	need(rename("/tmp/ev-made", "/tmp/ev-emptied"), "rename");
	open_close("/tmp/ev-emptied", O_RDONLY | O_TRUNC);
	need(stat("/tmp/ev-emptied", &st), "stat");
	if (st.st_size)
		end_row("failed", "it has something left");
}

/* By a child: no call names the file, which core_pattern and the working directory make. */
static void core_dump(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status = 0;

	need(mkdir("/tmp/ev-cron.d", 0755), "mkdir");
	if (!fork()) {
		need(chdir("/tmp/ev-cron.d"), "chdir");
		has(setrlimit(RLIMIT_CORE, &all), "setrlimit");
		abort();
	}
	wait(&status);
	errno = 0;
	if (!WIFSIGNALED(status) || !WCOREDUMP(status))
		end_row("shut", "no core dump");
}

static void rename_over(void)
{
	make_file("/tmp/ev-over", "old");
	make_file("/tmp/ev-over.new", "new");
	need(renameat(AT_FDCWD, "/tmp/ev-over.new", AT_FDCWD, "/tmp/ev-over"), "rename");
}

static void rename_exchange(void)
{
	make_file("/tmp/ev-ex-a", "a");
	make_file("/tmp/ev-ex-b", "b");
	has(syscall(SYS_renameat2, AT_FDCWD, "/tmp/ev-ex-a", AT_FDCWD, "/tmp/ev-ex-b", RENAME_EXCHANGE),
	    "renameat2");
}

static void in_a_chroot(void)
{
	need(mkdir("/tmp/ev-jail", 0700), "mkdir");
	need(mkdir("/tmp/ev-jail/etc", 0700), "mkdir");
	make_file("/tmp/ev-jail/etc/shadow", "x");
	need(chroot("/tmp/ev-jail"), "chroot");
	open_close("/etc/shadow", O_RDONLY);
}

/* A directory as root: what lies in it has a path of one name. */
static void below_a_chroot(void)
{
	need(mkdir("/tmp/ev-cell", 0700), "mkdir");
	make_file("/tmp/ev-cell/key", "x");
	make_file("/tmp/ev-cell/old", "x");
	need(chroot("/tmp/ev-cell"), "chroot");
	open_close("/key", O_RDONLY);
	need(unlinkat(AT_FDCWD, "/../old", 0), "unlinkat");
}

/* The longest path that there is: 4,095 bytes. */
static void longest_path(void)
{
	static char path[4096];
	size_t at = 0;

	make_file("/tmp/ev-long", "x");
	while (at < sizeof(path) - 1 - strlen("/tmp/ev-long"))
		at += (size_t)snprintf(path + at, 2 + 1, (at % 2) ? "." : "/");
	strcpy(path + at, "/tmp/ev-long");
	open_close(path, O_RDONLY);
	value("length", (long)strlen(path));
}

static void path_too_long(void)
{
	static char path[6000];

	memset(path, 'x', sizeof(path) - 1);
	memcpy(path, "/tmp/ev-too-", 12);
	if (open(path, O_RDONLY) >= 0 || errno != ENAMETOOLONG)
		end_row("failed", "open");
}

/* A file whose whole path no call can name: directory by directory. */
static void deeper_than_a_path(void)
{
	char name[201];

	memset(name, 'd', 200);
	name[200] = 0;
	need(mkdir("/tmp/ev-deep", 0700), "mkdir");
	need(chdir("/tmp/ev-deep"), "chdir");
	for (int i = 0; i < 25; i++) {
		need(mkdir(name, 0700), "mkdir");
		need(chdir(name), "chdir");
	}
	need(open("ev-bottom", O_WRONLY | O_CREAT, 0600), "open");
}

static void strange_name(void)
{
	open_close("/tmp/ev-\n\033[2J\377\"\\", O_WRONLY | O_CREAT);
}

/* The name is in a file's page that this process has never touched. */
static void cold_page(void)
{
	char *page;
	int fd = make_file("/tmp/ev-names", "/tmp/ev-names");

	ftruncate(fd, 4096);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	open_close(page, O_RDWR);
}

static void no_page(void)
{
	long ret = syscall(SYS_openat, AT_FDCWD, (char *)4096, O_RDONLY | O_NOATIME, 0);

	if (ret >= 0 || errno != EFAULT)
		end_row("failed", "openat");
}

static void handle(void)
{
	static struct {
		struct file_handle head;
		char room[MAX_HANDLE_SZ];
	} h = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, dir;

	make_file("/tmp/ev-handle", "x");
	has(name_to_handle_at(AT_FDCWD, "/tmp/ev-handle", &h.head, &mount_id, 0), "name_to_handle_at");
	dir = (int)need(open("/tmp", O_RDONLY | O_DIRECTORY), "open");
	has(open_by_handle_at(dir, &h.head, O_RDONLY), "open_by_handle_at");
}

static void by_sendfile(void)
{
	int out = make_file("/tmp/ev-sendfile", "x"), in = (int)need(open("/etc/passwd", O_RDONLY), "open");

	need(sendfile(out, in, NULL, 11), "sendfile");
}

static void by_splice(void)
{
	int out = make_file("/tmp/ev-splice", "x"), in = (int)need(open("/etc/passwd", O_RDONLY), "open");
	int ends[2];

	need(pipe(ends), "pipe");
	need(splice(in, NULL, ends[1], NULL, 12, 0), "splice in");
	need(splice(ends[0], NULL, out, NULL, 12, 0), "splice out");
}

static void by_vmsplice(void)
{
	struct iovec iov = { "vmsplice", 8 };
	int ends[2], others[2];

	need(pipe(ends), "pipe");
	need(pipe(others), "pipe");
	need(vmsplice(ends[1], &iov, 1, 0), "vmsplice");
	need(tee(ends[0], others[1], 8, 0), "tee");
}

static void by_copy_file_range(void)
{
	int in = make_file("/tmp/ev-copy-in", "thirteen byte"), out = make_file("/tmp/ev-copy-out", "");

	lseek(in, 0, SEEK_SET);
	has(copy_file_range(in, NULL, out, NULL, 13, 0), "copy_file_range");
}

static void by_reflink(void)
{
	int in = make_file("/tmp/ev-clone-in", "x"), out = make_file("/tmp/ev-clone-out", "");

	ioctl(out, FICLONE, in);	/* a tmpfs cannot; that it was tried is what is to be seen */
}

static void shared_mapping(void)
{
	int fd = make_file("/tmp/ev-shared", "x");
	char *page;

	need(ftruncate(fd, 4096), "ftruncate");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(page, "written", 7);
}

/* Opened before the process is what it is: the descriptor outlives the name and the program. */
static void by_inherited_fd(void)
{
	char byte;
	int fd = make_file("/tmp/ev-unlinked", "x");

	need(unlink("/tmp/ev-unlinked"), "unlink");
	if (fork() == 0) {
		need(pread(fd, &byte, 1, 0), "pread");
		_exit(0);
	}
	wait(NULL);
}

static void device_node(void)
{
	has(mknod("/tmp/ev-disk", S_IFBLK | 0600, makedev(259, 77)), "mknod");
}

static int wanted, other;

static void *swap_fds(void *unused)
{
	while (!atomic_load(&over))
		dup2(other, wanted);
	return unused;
}

/* A sibling puts another file under the number that the open is about to give. */
static void fd_swap(void)
{
	pthread_t thread;

	other = make_file("/tmp/ev-decoy", "x");
	make_file("/tmp/ev-secret", "x");
	wanted = (int)need(open("/dev/null", O_RDONLY), "open");
	close(wanted);
	pthread_create(&thread, NULL, swap_fds, NULL);
	for (int i = 0; i < 50; i++) {
		int fd = (int)need(open("/tmp/ev-secret", O_RDONLY), "open");

		close(wanted);
		if (fd != wanted)
			close(fd);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}

/* Another opens the file. */
static void by_fanotify(void)
{
	int group = (int)has(fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC), "fanotify_init");
	struct fanotify_event_metadata event[8];
	char byte;

	make_file("/tmp/ev-watched", "secret");
	has(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/tmp/ev-watched"), "fanotify_mark");
	if (!fork()) {
		open_close("/tmp/ev-watched", O_RDONLY);
		_exit(0);
	}
	need(read(group, event, sizeof(event)), "read");
	need(pread(event[0].fd, &byte, 1, 0), "pread");
}

static void own_program(void)
{
	if (open("/proc/self/exe", O_WRONLY) >= 0)
		end_row("failed", "open");
}

static void loop_of_links(void)
{
	need(symlink("/tmp/ev-loop-b", "/tmp/ev-loop-a"), "symlink");
	need(symlink("/tmp/ev-loop-a", "/tmp/ev-loop-b"), "symlink");
	if (open("/tmp/ev-loop-a", O_RDONLY) >= 0)
		end_row("failed", "open");
}

static const struct row rows[] = {
	ROW("openat2", by_openat2), ROW("symlink", by_symlink), ROW("symlink-race", symlink_race),
	ROW("proc-self-root", proc_self_root), ROW("proc-self-fd", proc_self_fd),
	ROW("proc-self-cwd", proc_self_cwd), ROW("dots", dots), ROW("dirfd-moved", by_dirfd),
	ROW("tmpfile-linked", tmpfile_linked), ROW("hard-link", hard_link),
	ROW("emptied", emptied), ROW("core-dump", core_dump), ROW("rename-over", rename_over), ROW("rename-exchange", rename_exchange),
	ROW("chroot", in_a_chroot), ROW("chroot-below", below_a_chroot), ROW("longest-path", longest_path),
	ROW("path-too-long", path_too_long), ROW("deeper-than-a-path", deeper_than_a_path),
	ROW("strange-name", strange_name), ROW("cold-page", cold_page), ROW("no-page", no_page),
	ROW("file-handle", handle), ROW("sendfile", by_sendfile), ROW("splice", by_splice),
	ROW("vmsplice-tee", by_vmsplice), ROW("copy-file-range", by_copy_file_range),
	ROW("reflink", by_reflink), ROW("shared-mapping", shared_mapping),
	ROW("unlinked-inherited", by_inherited_fd), ROW("device-node", device_node),
	ROW("fd-swap", fd_swap), ROW("fanotify", by_fanotify), ROW("own-program", own_program), ROW("link-loop", loop_of_links),
};

int main(int argc, char **argv)
{
	(void)argc;
	return RUN_ROWS(rows, argv);
}
