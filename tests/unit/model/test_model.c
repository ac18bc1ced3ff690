/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/magic.h>

#include "../event/record.h"
#include "model/model.h"

/* A model, and the record it was given last. */
struct world {
	struct model *m;
	struct strbuf rec;
	struct event ev;
};

static void world_free(struct world *w)
{
	model_free(w->m);
	strbuf_free(&w->rec);
}

#define BYTES ((size_t)4 << 20)
#define WORLD(w) _cleanup_(world_free) struct world w = { .m = model_new(BYTES) }

static struct event *apply(struct world *w)
{
	decode(&w->ev, &w->rec);
	model_apply(w->m, &w->ev);
	return &w->ev;
}

static struct nunchi_head task(enum nunchi_kind kind, uint32_t pid, uint64_t start, uint32_t ppid,
			       const char *comm)
{
	struct nunchi_head head = head_of(kind, pid);

	head.start = start;
	head.ppid = ppid;
	memset(head.comm, 0, sizeof(head.comm));
	memcpy(head.comm, comm, strnlen(comm, sizeof(head.comm)));
	return head;
}

static struct event *say(struct world *w, const struct nunchi_head *head)
{
	struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("getpid")) };
	struct nunchi_exit code = { 0 };

	encode_begin(&w->rec, head);
	if (head->kind == NUNCHI_REC_SYSCALL)
		encode_bytes(&w->rec, &call, sizeof(call));
	if (head->kind == NUNCHI_REC_EXIT)
		encode_bytes(&w->rec, &code, sizeof(code));
	return apply(w);
}

/* asked: by which path, from /work. */
static struct event *exec_by(struct world *w, struct nunchi_head head, const char *exe, const char *asked,
			     const char *argv, size_t argv_len)
{
	struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("execve")) };

	head.kind = NUNCHI_REC_EXEC;
	encode_begin(&w->rec, &head);
	encode_bytes(&w->rec, &call, sizeof(call));
	add_file_raw(&w->rec, NUNCHI_BLOB_EXE, 0, 0, 0100755, 1, exe, strlen(exe) + 1);
	add_walk(&w->rec, NUNCHI_BLOB_CWD, 0, 040755, "work");
	encode_blob(&w->rec, NUNCHI_BLOB_ARGV, 0, 0, argv, argv_len);
	add_text(&w->rec, NUNCHI_BLOB_FILENAME, 0, asked);
	return apply(w);
}

static struct event *exec(struct world *w, struct nunchi_head head, const char *exe,
			  const char *argv, size_t argv_len)
{
	return exec_by(w, head, exe, exe, argv, argv_len);
}

/* Words that lead up from a directory, which may be a link, are believed where the image is. */
static void test_execfn(void **state)
{
	static const struct {
		const char *exe, *asked, *execfn;
	} rows[] = {
		{ "sh", "/bin/name", "/bin/name" },	{ "sh", "/l/../bin/name", NULL },
		{ "name", "/l/../name", "/name" },	{ "sh", "../bin/name", "/bin/name" },
		{ "sh", "./../name", "/name" },		{ "sh", "l/../name", NULL },
		{ "sh", "/l/./..//name", NULL },	{ "sh", "/../name", "/name" },
		{ "sh", "/l../..name/...", "/l../..name/..." },
	};
	WORLD(w);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nunchi_head sh = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "sh");
		const char *execfn = exec_by(&w, sh, rows[i].exe, rows[i].asked, "sh", 3)->proc->execfn;

		if (rows[i].execfn)
			assert_string_equal(execfn, rows[i].execfn);
		else
			assert_null(execfn);
	}
}

static struct event *container(struct world *w, const char *id, uint32_t init_pid,
			       const char *name, const char *pod, bool sandbox)
{
	struct container_info info = {
		.id = (char *)id, .init_pid = init_pid, .name = (char *)name,
		.pod_name = (char *)pod, .pod_namespace = (char *)(pod ? "shop" : NULL),
		.sandbox = sandbox,
	};

	encode_container(&w->rec, &info, 1);
	return apply(w);
}

static struct event *bind_slot(struct world *w, uint32_t slot, uint32_t generation, const char *id)
{
	encode_slot(&w->rec, slot, generation, id, 1);
	return apply(w);
}

static void test_fork_exec_exit(void **state)
{
	WORLD(w);
	struct nunchi_head sh = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "bash");
	struct nunchi_head cat = task(NUNCHI_REC_FORK, 200, 20, 100, "bash");
	struct process *p;

	exec(&w, sh, "bash", "bash\0-c\0ls", 10);
	p = w.ev.proc;
	assert_string_equal(p->exepath, "/bash");
	assert_string_equal(p->exe_asked, "bash");
	assert_string_equal(p->execfn, "/work/bash");
	assert_string_equal(p->cwd, "/work");
	assert_string_equal(p->cmdline, "bash -c ls");
	assert_string_equal(p->prev_comm, "");

	p = say(&w, &cat)->proc;
	assert_int_equal(p->pid, 200);
	assert_string_equal(p->exepath, "/bash");
	assert_string_equal(p->execfn, "/work/bash");
	assert_string_equal(p->cwd, "/work");
	assert_string_equal(p->cmdline, "bash -c ls");
	assert_string_equal(p->parent_comm, "bash");
	assert_non_null(w.ev.parent);
	assert_int_equal(w.ev.parent->pid, 100);

	cat = task(NUNCHI_REC_EXEC, 200, 20, 100, "cat");
	exec(&w, cat, "cat", "cat\0/etc/shadow", 16);
	assert_ptr_equal(w.ev.proc, p);
	assert_string_equal(p->comm, "cat");
	assert_string_equal(p->prev_comm, "bash");
	assert_string_equal(p->exepath, "/cat");
	assert_string_equal(p->cmdline, "cat /etc/shadow");
	assert_true(p->version > 1);

	cat.kind = NUNCHI_REC_EXIT;
	assert_ptr_equal(say(&w, &cat)->proc, p);
	assert_false(p->alive);
	assert_string_equal(p->cmdline, "cat /etc/shadow");
	assert_ptr_equal(model_process(w.m, 200, 20), p);
	cat.kind = NUNCHI_REC_SYSCALL;		/* late */
	assert_ptr_equal(say(&w, &cat)->proc, p);
	assert_false(p->alive);
}

static void test_pid_reuse(void **state)
{
	WORLD(w);
	struct nunchi_head old = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "old");
	struct nunchi_head new = task(NUNCHI_REC_SYSCALL, 100, 500, 1, "new");
	struct nunchi_head child = task(NUNCHI_REC_FORK, 300, 400, 100, "old");
	struct process *p;

	exec(&w, old, "old", "old", 4);
	p = w.ev.proc;
	assert_ptr_not_equal(say(&w, &new)->proc, p);
	assert_false(p->alive);		/* its exit was lost */
	assert_true(w.ev.proc->alive);
	assert_null(w.ev.proc->exepath);
	assert_string_equal(w.ev.proc->cmdline, "new");
	/* A child of before: its parent is the old one, not who has that pid now. */
	say(&w, &child);
	assert_ptr_equal(w.ev.parent, p);
	assert_string_equal(w.ev.proc->exepath, "/old");
	/* A process that ended before the child was born was never its parent. */
	old.start = 600;
	old.pid = old.tid = 101;
	old.kind = NUNCHI_REC_EXIT;
	say(&w, &old);			/* ends at 1000 */
	child.pid = child.tid = 301;
	child.start = 2000;
	child.ppid = 101;
	assert_null(say(&w, &child)->parent);
	child.pid = child.tid = 302;
	child.start = 900;
	assert_non_null(say(&w, &child)->parent);
	old = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "old");
	/* A late record of a process that nobody knew does not end the one that is alive. */
	old.start = 300;
	assert_false(say(&w, &old)->proc->alive);
	assert_true(model_process(w.m, 100, 500)->alive);
}

static void test_head_changes(void **state)
{
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_SYSCALL, 100, 10, 50, "java");
	struct process *p = say(&w, &h)->proc;
	uint32_t version = p->version;

	say(&w, &h);
	assert_int_equal(p->version, version);
	h.tid = 101;			/* a thread's name is not the process's */
	memcpy(h.comm, "GC", 3);
	say(&w, &h);
	assert_string_equal(p->comm, "java");
	assert_int_equal(p->version, version);
	h.tid = 100;
	say(&w, &h);
	assert_string_equal(p->comm, "GC");
	assert_string_equal(p->cmdline, "GC");
	assert_true(p->version > version);
	version = p->version;
	h.ppid = 1;			/* its parent died */
	say(&w, &h);
	assert_int_equal(p->ppid, 1);
	assert_true(p->version > version);
	memset(h.comm, 'x', sizeof(h.comm));	/* no NUL: damage */
	say(&w, &h);
	assert_int_equal(strlen(p->comm), 15);
}

static void test_cwd(void **state)
{
	WORLD(w);

	begin_call(&w.rec, NUNCHI_REC_SYSCALL, "chdir", 0, 0, 0, 0);
	add_text(&w.rec, NUNCHI_BLOB_STR, 0, "b");
	add_walk(&w.rec, NUNCHI_BLOB_CWD, 0, 040755, "b\0a");
	assert_string_equal(apply(&w)->proc->cwd, "/a/b");
	assert_null(w.ev.proc->exepath);
}

static const char *chroot_to(struct world *w, const char *root)
{
	struct nunchi_head head = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "sh");
	struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("chroot")) };

	encode_begin(&w->rec, &head);
	encode_bytes(&w->rec, &call, sizeof(call));
	add_file_raw(&w->rec, NUNCHI_BLOB_ROOT, 0, 0, 040755, 1, root, strlen(root) + !!*root);
	return apply(w)->proc->chroot;
}

static void test_chroot(void **state)
{
	WORLD(w);
	struct nunchi_head child = task(NUNCHI_REC_FORK, 200, 20, 100, "sh");
	uint32_t version;

	assert_null(chroot_to(&w, ""));
	version = w.ev.proc->version;
	assert_string_equal(chroot_to(&w, "jail"), "/jail");
	assert_true(w.ev.proc->version > version);
	assert_string_equal(say(&w, &child)->proc->chroot, "/jail");
	assert_null(chroot_to(&w, ""));

	/* From /proc, where nothing newer is known; and who comes in from outside is at the container's root. */
	child = task(NUNCHI_REC_TASK, 300, 30, 1, "old");
	encode_process(&w.rec, &child, "/bin/y", "/", "/srv/jail", NULL, 0, NULL, NULL, NULL, 0);
	assert_string_equal(apply(&w)->proc->chroot, "/srv/jail");
	child.kind = NUNCHI_REC_ENTER;
	assert_null(say(&w, &child)->proc->chroot);
}

static void test_process_records_fill_only(void **state)
{
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_TASK, 100, 10, 1, "sh");

	encode_process(&w.rec, &h, "/bin/sh", "/root", NULL, "sh\0-i", 6, "init", NULL, NULL, 0);
	apply(&w);
	assert_string_equal(w.ev.proc->exepath, "/bin/sh");
	assert_string_equal(w.ev.proc->cmdline, "sh -i");
	assert_string_equal(w.ev.proc->parent_comm, "init");
	exec(&w, h, "new", "new", 4);
	encode_process(&w.rec, &h, "/bin/sh", "/root", NULL, "sh\0-i", 6, "init", NULL, NULL, 0);
	apply(&w);
	assert_string_equal(w.ev.proc->exepath, "/new");
	assert_string_equal(w.ev.proc->cwd, "/work");
}

static void exec_of(struct world *w, struct nunchi_head head, unsigned flags, uint64_t magic,
		    const struct nunchi_traits *traits)
{
	struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("execve")) };

	head.kind = NUNCHI_REC_EXEC;
	encode_begin(&w->rec, &head);
	encode_bytes(&w->rec, &call, sizeof(call));
	add_file_raw(&w->rec, NUNCHI_BLOB_EXE, 0, flags, 0100755, magic, "x", 2);
	if (traits) {
		encode_blob(&w->rec, NUNCHI_BLOB_TRAITS, 0, 0, traits, sizeof(*traits));
		encode_blob(&w->rec, NUNCHI_BLOB_ENV, 0, 0, "A=1\0B=2", 8);
	}
	apply(w);
}

static const struct process *exec_file(struct world *w, struct nunchi_head head, unsigned flags, uint32_t mode,
				       const char *name)
{
	head.kind = NUNCHI_REC_EXEC;
	encode_begin(&w->rec, &head);
	encode_bytes(&w->rec, &(struct nunchi_call){ 0 }, sizeof(struct nunchi_call));
	if (name)
		add_file_raw(&w->rec, NUNCHI_BLOB_EXE, 0, flags, mode, TMPFS_MAGIC, name, strlen(name) + 1);
	return apply(w)->proc;
}

/* From an exec to the next, and for what is forked meanwhile. */
static void test_image_file(void **state)
{
	WORLD(w);
	struct nunchi_head sh = task(NUNCHI_REC_EXEC, 100, 10, 1, "sh");
	struct nunchi_head child = task(NUNCHI_REC_FORK, 200, 20, 100, "sh");
	const struct process *p = exec_file(&w, sh, NUNCHI_BLOB_DELETED, 0104755, "x");
	uint32_t version = p->version;

	assert_int_equal(p->exe_mode, 0104755);
	assert_true(p->exe_deleted);
	p = say(&w, &child)->proc;
	assert_int_equal(p->exe_mode, 0104755);
	assert_true(p->exe_deleted);

	p = exec_file(&w, sh, 0, 0100755, "x");
	assert_int_equal(p->exe_mode, 0100755);
	assert_false(p->exe_deleted);
	assert_true(p->version > version);
	assert_false(exec_file(&w, sh, NUNCHI_BLOB_DELETED | NUNCHI_BLOB_UNREACHABLE, 0100755, "memfd:x")->exe_deleted);
	assert_int_equal(exec_file(&w, sh, 0, 0, NULL)->exe_mode, 0);
}

/* An image's facts are its own, its child's, and no other image's. */
static void test_traits(void **state)
{
	WORLD(w);
	struct nunchi_head sh = task(NUNCHI_REC_EXEC, 100, 10, 1, "sh");
	struct nunchi_head child = task(NUNCHI_REC_FORK, 200, 20, 100, "sh");
	struct nunchi_traits traits = { .tty = 1024, .sid = 90, .pgid = 100 }, other = { .sid = 91 };
	const struct process *p;

	exec_of(&w, sh, NUNCHI_BLOB_UPPER | NUNCHI_BLOB_MOVED, OVERLAYFS_SUPER_MAGIC, &traits);
	p = w.ev.proc;
	assert_int_equal(p->exe_layer, EXE_UPPER);
	assert_true(p->exe_moved);
	assert_int_equal(p->exe_ino, 42);
	assert_true(p->has_traits);
	assert_int_equal(p->traits.tty, 1024);

	p = say(&w, &child)->proc;
	assert_int_equal(p->exe_layer, EXE_UPPER);
	assert_true(p->exe_moved);
	assert_int_equal(p->exe_ino, 42);
	assert_int_equal(p->traits.sid, 90);
	assert_memory_equal(p->env, "A=1\0B=2", 8);

	exec_of(&w, child, 0, OVERLAYFS_SUPER_MAGIC, NULL);
	assert_null(p->env);
	assert_int_equal(p->exe_layer, EXE_LOWER);
	assert_false(p->has_traits);
	exec_of(&w, child, NUNCHI_BLOB_UPPER, TMPFS_MAGIC, &traits);
	assert_int_equal(p->exe_layer, EXE_NO_LAYER);
	assert_false(p->exe_moved);

	/* What /proc had said before is older, and knows no layers. */
	child.kind = NUNCHI_REC_TASK;
	encode_process(&w.rec, &child, "/bin/y", NULL, NULL, NULL, 0, NULL, &other, NULL, 0);
	apply(&w);
	assert_int_equal(p->traits.sid, 90);
	child = task(NUNCHI_REC_TASK, 300, 30, 1, "old");
	encode_process(&w.rec, &child, "/bin/y", NULL, NULL, NULL, 0, NULL, &other, NULL, 0);
	p = apply(&w)->proc;
	assert_int_equal(p->traits.sid, 91);
	assert_int_equal(p->exe_layer, EXE_UNKNOWN);

	/* A short one is damage, or of another version: nothing is read of it. */
	encode_begin(&w.rec, &sh);
	encode_bytes(&w.rec, &(struct nunchi_call){ 0 }, sizeof(struct nunchi_call));
	encode_blob(&w.rec, NUNCHI_BLOB_TRAITS, 0, 0, &traits, 8);
	assert_false(apply(&w)->proc->has_traits);
}

static void test_slots(void **state)
{
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "sh");
	struct container *c, *d;

	h.slot = 3;
	h.generation = 2;
	assert_null(say(&w, &h)->container);
	assert_false(model_slot(w.m, 3, 2, &c));
	assert_true(model_slot(w.m, 0, 99, &c));
	assert_null(c);

	/* The process that came before its slot was named gets the name too. */
	bind_slot(&w, 3, 2, "aaaabbbbccccdddd");
	c = model_container(w.m, "aaaabbbbccccdddd");
	assert_non_null(c);
	assert_string_equal(c->short_id, "aaaabbbbcccc");
	assert_string_equal(c->display, "aaaabbbbcccc");
	assert_ptr_equal(model_process(w.m, 100, 10)->container, c);
	assert_int_equal(c->n_procs, 1);
	assert_ptr_equal(say(&w, &h)->container, c);

	/* Other generations are not it; an older one does not take it back. */
	assert_false(model_slot(w.m, 3, 1, &d));
	bind_slot(&w, 3, 1, "other");
	assert_true(model_slot(w.m, 3, 2, &d));
	assert_ptr_equal(d, c);

	/* A newer one does. What still belongs to the old one is not shown as the new. */
	bind_slot(&w, 3, 4, "newer");
	assert_false(model_slot(w.m, 3, 2, &d));
	assert_ptr_equal(say(&w, &h)->container, c);
	h.generation = 4;
	h.pid = h.tid = 101;
	assert_string_equal(say(&w, &h)->container->info->id, "newer");

	/* Bound to the host. */
	bind_slot(&w, 5, 1, NULL);
	assert_true(model_slot(w.m, 5, 1, &d));
	assert_null(d);

	h = task(NUNCHI_REC_EXIT, 100, 10, 1, "sh");
	h.slot = 3;
	h.generation = 2;
	say(&w, &h);
	assert_int_equal(c->n_procs, 0);
	assert_ptr_equal(w.ev.container, c);

	/* Slots out of range are nobody's. */
	bind_slot(&w, NUNCHI_SLOTS_MAX, 1, "x");
	bind_slot(&w, UINT32_MAX, 1, "x");
	assert_null(model_container(w.m, "x"));
	h.slot = UINT32_MAX;
	h.kind = NUNCHI_REC_SYSCALL;
	assert_null(say(&w, &h)->container);
}

/* The pids of those alive in the slot, the youngest in it first. */
static void check_slot(struct world *w, uint32_t slot, uint32_t generation, const char *pids)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;
	const struct process *p = NULL;

	strbuf_reset(&all);
	while ((p = model_slot_next(w->m, slot, generation, p)))
		strbuf_addf(&all, "%u ", p->pid);
	assert_string_equal(all.s, pids);
}

/* How many processes go by a slot, whoever comes, ends, or goes to another one. */
static void test_slot_processes(void **state)
{
	WORLD(w);
	struct nunchi_head a = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "a");
	struct nunchi_head b = task(NUNCHI_REC_FORK, 200, 20, 100, "b");

	a.slot = b.slot = 3;
	a.generation = b.generation = 1;
	say(&w, &a);
	say(&w, &b);
	say(&w, &a);
	assert_int_equal(model_slot_processes(w.m, 3), 2);
	check_slot(&w, 3, 1, "200 100 ");
	check_slot(&w, 3, 2, "");
	bind_slot(&w, 3, 1, "aaaa");
	assert_int_equal(model_slot_processes(w.m, 3), 2);

	a.slot = 4;
	say(&w, &a);
	assert_int_equal(model_slot_processes(w.m, 3), 1);
	assert_int_equal(model_slot_processes(w.m, 4), 1);
	b.kind = NUNCHI_REC_EXIT;
	say(&w, &b);
	say(&w, &b);
	assert_int_equal(model_slot_processes(w.m, 3), 0);
	/* The number goes to another process: the older one must have ended. */
	a.start = 30;
	say(&w, &a);
	assert_int_equal(model_slot_processes(w.m, 4), 1);
	assert_ptr_equal(model_process_alive(w.m, 100), model_process(w.m, 100, 30));
	assert_null(model_process_alive(w.m, 200));
	assert_int_equal(model_slot_processes(w.m, UINT32_MAX), 0);
}

/* Who came in from outside, and whose children say so too. */
static void test_entered(void **state)
{
	WORLD(w);
	struct nunchi_head enter = task(NUNCHI_REC_ENTER, 100, 10, 1, "runc:[1:CHILD]");
	struct nunchi_head child = task(NUNCHI_REC_FORK, 200, 20, 100, "sh");
	struct nunchi_head given = task(NUNCHI_REC_FORK, 300, 30, 7, "sh");

	assert_false(say(&w, &given)->proc->entered);
	enter.flags = child.flags = given.flags = NUNCHI_F_ENTERED;
	assert_string_equal(say(&w, &enter)->proc->entered_by, "runc");
	assert_string_equal(say(&w, &child)->proc->entered_by, "runc");
	/* CLONE_PARENT: its parent is somebody else, but who forked it is told. */
	given.start = 31;
	encode_begin(&w.rec, &given);
	add_text(&w.rec, NUNCHI_BLOB_PARENT_COMM, 0, "nsenter");
	assert_string_equal(apply(&w)->proc->entered_by, "nsenter");
	/* It went back. */
	given.flags = 0;
	assert_false(say(&w, &given)->proc->entered);
	assert_string_equal(w.ev.proc->entered_by, "");
}

static struct event *life(struct world *w, enum nunchi_life_what what, int code, const char *id)
{
	const struct nunchi_head head = { .time = 1000 };

	encode_life(&w->rec, &head, what, code, id);
	return apply(w);
}

/* Two that tell of one thing make one event. */
static void test_lives(void **state)
{
	WORLD(w);
	struct nunchi_head init = task(NUNCHI_REC_EXIT, 100, 10, 1, "init");
	struct nunchi_exit code = { .code = 9, .oom = 1 };
	struct container *c;

	assert_int_equal(life(&w, NUNCHI_LIFE_CREATED, -1, "none")->type, EVENT_OTHER);
	container(&w, "aaaa", 0, NULL, NULL, false);
	assert_int_equal(life(&w, NUNCHI_LIFE_CREATED, -1, "aaaa")->type, EVENT_CONTAINER_CREATED);
	assert_int_equal(life(&w, NUNCHI_LIFE_CREATED, -1, "aaaa")->type, EVENT_OTHER);
	assert_int_equal(life(&w, NUNCHI_LIFE_PAUSED, -1, "aaaa")->type, EVENT_OTHER);
	container(&w, "aaaa", 100, NULL, NULL, false);
	c = w.ev.container;
	assert_int_equal(c->exit_status, -1);
	assert_int_equal(life(&w, NUNCHI_LIFE_PAUSED, -1, "aaaa")->type, EVENT_CONTAINER_PAUSED);
	assert_int_equal(life(&w, NUNCHI_LIFE_PAUSED, -1, "aaaa")->type, EVENT_OTHER);
	assert_int_equal(life(&w, NUNCHI_LIFE_RESUMED, -1, "aaaa")->type, EVENT_CONTAINER_RESUMED);
	assert_int_equal(life(&w, NUNCHI_LIFE_RESUMED, -1, "aaaa")->type, EVENT_OTHER);

	/* The kernel's word for how it ended stands against a runtime's. */
	bind_slot(&w, 3, 1, "aaaa");
	init.slot = 3;
	init.generation = 1;
	encode_begin(&w.rec, &init);
	encode_bytes(&w.rec, &code, sizeof(code));
	apply(&w);
	assert_int_equal(c->exit_status, 9);
	assert_true(c->oom);
	life(&w, NUNCHI_LIFE_DIED, 137, "aaaa");
	assert_int_equal(c->exit_status, 9);
	encode_container_gone(&w.rec, "aaaa", 1);
	assert_int_equal(apply(&w)->type, EVENT_CONTAINER_STOPPED);

	/* The next run begins anew; 128 and a signal is how shells and runtimes tell one. */
	container(&w, "aaaa", 101, NULL, NULL, false);
	assert_int_equal(c->exit_status, -1);
	assert_false(c->oom);
	life(&w, NUNCHI_LIFE_DIED, 137, "aaaa");
	assert_int_equal(c->exit_status, 9);
	/* What is no process's exit code failed all the same. */
	encode_container_gone(&w.rec, "aaaa", 2);
	apply(&w);
	container(&w, "aaaa", 102, NULL, NULL, false);
	life(&w, NUNCHI_LIFE_DIED, INT32_MAX, "aaaa");
	assert_int_equal(c->exit_status, 255 << 8);
	assert_int_equal(life(&w, NUNCHI_LIFE_REMOVED, -1, "aaaa")->type, EVENT_CONTAINER_REMOVED);
	assert_int_equal(life(&w, NUNCHI_LIFE_REMOVED, -1, "aaaa")->type, EVENT_OTHER);
}

/* It is incomplete until somebody knows its name. */
static void test_incomplete(void **state)
{
	struct container_info bare = { .id = (char *)"aaaa", .incomplete = (char *)"late" };
	WORLD(w);

	encode_container(&w.rec, &bare, 1);
	assert_string_equal(apply(&w)->container->info->incomplete, "late");
	bare.incomplete = NULL;
	encode_container(&w.rec, &bare, 1);
	assert_string_equal(apply(&w)->container->info->incomplete, "late");
	assert_null(container(&w, "aaaa", 0, "web", NULL, false)->container->info->incomplete);
}

static void test_container_life(void **state)
{
	WORLD(w);
	struct container *c;
	uint32_t version;

	bind_slot(&w, 1, 1, "id");
	assert_int_equal(container(&w, "id", 0, "web", NULL, false)->type, EVENT_OTHER);
	c = w.ev.container;
	assert_string_equal(c->display, "web");
	assert_false(c->running);
	assert_int_equal(container(&w, "id", 42, NULL, NULL, false)->type, EVENT_CONTAINER_STARTED);
	assert_ptr_equal(w.ev.container, c);
	assert_string_equal(c->info->name, "web");	/* kept */
	assert_int_equal(c->info->init_pid, 42);
	assert_string_equal(event_type_name(&w.ev), "container_started");
	version = c->version;
	assert_int_equal(container(&w, "id", 42, NULL, NULL, false)->type, EVENT_OTHER);
	assert_int_equal(c->version, version);		/* nothing new */
	container(&w, "id", 42, "renamed", NULL, false);
	assert_string_equal(c->display, "renamed");
	assert_true(c->version > version);

	encode_container_gone(&w.rec, "id", 1);
	assert_int_equal(apply(&w)->type, EVENT_CONTAINER_STOPPED);
	assert_ptr_equal(w.ev.container, c);
	assert_false(c->running);
	encode_container_gone(&w.rec, "id", 1);
	assert_int_equal(apply(&w)->type, EVENT_OTHER);
	encode_container_gone(&w.rec, "nobody", 1);
	assert_int_equal(apply(&w)->type, EVENT_OTHER);
	assert_null(w.ev.container);
	assert_int_equal(container(&w, "id", 43, NULL, NULL, false)->type, EVENT_CONTAINER_STARTED);
	assert_true(c->running);

	/* Damage changes nothing. */
	encode_container_gone(&w.rec, "id", 1);
	((struct nunchi_head *)w.rec.s)->kind = NUNCHI_REC_CONTAINER;
	assert_int_equal(apply(&w)->type, EVENT_OTHER);
	assert_true(c->running);
}

static void test_pod_names(void **state)
{
	WORLD(w);
	struct container *a;
	uint32_t version;

	container(&w, "p", 1, "POD", "web-7d9", true);
	assert_string_equal(w.ev.container->display, "shop/web-7d9/(pause)");
	container(&w, "a", 2, "nginx", "web-7d9", false);
	a = w.ev.container;
	assert_string_equal(a->display, "shop/web-7d9");
	container(&w, "a2", 3, "nginx", "web-7d9", false);	/* restarted */
	assert_string_equal(a->display, "shop/web-7d9");
	version = a->version;
	container(&w, "b", 4, "sidecar", "web-7d9", false);
	assert_string_equal(w.ev.container->display, "shop/web-7d9/sidecar");
	assert_string_equal(a->display, "shop/web-7d9/nginx");
	assert_true(a->version > version);
	container(&w, "c", 5, "nginx", "other", false);
	assert_string_equal(w.ev.container->display, "shop/other");
}

static void collect(struct container *c, void *arg)
{
	strbuf_addf(arg, "%s ", c->display);
}

static void test_slot_lists(void **state)
{
	struct nunchi_head h[4];
	WORLD(w);

	for (uint32_t i = 0; i < 4; i++) {
		h[i] = task(NUNCHI_REC_SYSCALL, 100 + i, 10 + i, 1, "sh");
		h[i].slot = 9;
		h[i].generation = i == 3 ? 2 : 1;
		say(&w, &h[i]);
	}
	check_slot(&w, 9, 1, "102 101 100 ");
	check_slot(&w, 9, 2, "103 ");
	assert_int_equal(model_slot_processes(w.m, 9), 4);
	h[1].kind = NUNCHI_REC_EXIT;
	say(&w, &h[1]);
	check_slot(&w, 9, 1, "102 100 ");
	h[2].slot = 10;
	say(&w, &h[2]);
	h[0].kind = NUNCHI_REC_EXIT;
	say(&w, &h[0]);
	check_slot(&w, 9, 1, "");
	check_slot(&w, 10, 1, "102 ");
	bind_slot(&w, 10, 1, "web");
	assert_string_equal(model_process(w.m, 102, 12)->container->info->id, "web");
	assert_int_equal(model_container(w.m, "web")->n_procs, 1);
	check_slot(&w, 10, 1, "102 ");
	/* Its pid is another's by now. */
	h[2].start = 99;
	say(&w, &h[2]);
	check_slot(&w, 10, 1, "102 ");
	assert_int_equal(model_slot_processes(w.m, 9), 1);
	assert_int_equal(model_slot_processes(w.m, 10), 1);
	check_slot(&w, NUNCHI_SLOTS_MAX, 1, "");
}

static bool is_shown_as(struct container *c, void *arg)
{
	return strchr(c->display, *(const char *)arg);
}

static void test_list_order(void **state)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;
	WORLD(w);

	model_for_each_container(w.m, collect, &all);
	assert_int_equal(all.len, 0);
	container(&w, "1", 0, "aaa", NULL, false);
	container(&w, "2", 7, "zzz", NULL, false);
	container(&w, "3", 8, "mmm", NULL, false);
	model_for_each_container(w.m, collect, &all);
	assert_string_equal(all.s, "mmm zzz aaa ");
	container(&w, "4", 9, "maz", NULL, false);
	assert_string_equal(model_first_container(w.m, is_shown_as, (char[]){ "z" })->display, "maz");
	assert_string_equal(model_first_container(w.m, is_shown_as, (char[]){ "a" })->display, "maz");
	assert_null(model_first_container(w.m, is_shown_as, (char[]){ "x" }));
}

static void test_stopped_are_bounded(void **state)
{
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "sh");
	struct container *c;
	char id[16];

	bind_slot(&w, 9, 1, "c0");
	h.slot = 9;
	h.generation = 1;
	for (unsigned i = 0; i < 2 * MODEL_STOPPED_MAX; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		container(&w, id, 1 + i, NULL, NULL, false);
		if (!i)
			say(&w, &h);
		if (i == 1)
			bind_slot(&w, 10, 1, id);
		encode_container_gone(&w.rec, id, 1);
		apply(&w);
	}
	/* The oldest went, but for the one that still has a process. */
	assert_non_null(model_container(w.m, "c0"));
	assert_null(model_container(w.m, "c1"));
	assert_false(model_slot(w.m, 10, 1, &c));
	snprintf(id, sizeof(id), "c%u", 2 * MODEL_STOPPED_MAX - 1);
	assert_non_null(model_container(w.m, id));
	unsigned left = 0;

	for (unsigned i = 1; i < 2 * MODEL_STOPPED_MAX; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		left += model_container(w.m, id) != NULL;
	}
	assert_true(left <= MODEL_STOPPED_MAX && left >= MODEL_STOPPED_MAX - 1);
}

/* Nobody has told of these but the kernel: they live as long as they have processes, however many they are. */
static void test_unsaid_are_not_stopped(void **state)
{
	const unsigned n = MODEL_STOPPED_MAX + 64;
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_SYSCALL, 100, 10, 1, "sh");
	struct container *c;
	char id[16];

	h.generation = 1;
	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		h.slot = 9 + i;
		h.pid = h.tid = 100 + i;
		bind_slot(&w, h.slot, 1, id);
		say(&w, &h);
	}
	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		assert_true(model_slot(w.m, 9 + i, 1, &c));
		assert_ptr_equal(c, model_container(w.m, id));
		assert_non_null(c);
	}
	/* Beyond that of all, one goes, but not the one that has come. */
	for (unsigned i = n; i <= MODEL_CONTAINERS_MAX; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		container(&w, id, 1 + i, NULL, NULL, false);
	}
	assert_non_null(model_container(w.m, id));
	assert_null(model_container(w.m, "c0"));
	assert_false(model_slot(w.m, 9, 1, &c));
}

static void test_processes_are_bounded(void **state)
{
	WORLD(w);
	struct nunchi_head h = task(NUNCHI_REC_EXIT, 1, 1, 0, "x");
	uint32_t oldest = 10000;

	for (uint32_t pid = 1; pid <= 2 * MODEL_DEAD_MAX; pid++) {
		h.pid = h.tid = pid;
		say(&w, &h);
	}
	assert_null(model_process(w.m, MODEL_DEAD_MAX, 1));
	assert_non_null(model_process(w.m, MODEL_DEAD_MAX + 1, 1));

	/* Alive ones push out the dead first, then the longest unused. */
	h.kind = NUNCHI_REC_SYSCALL;
	for (uint32_t pid = 10000; pid < 20000; pid++) {
		h.pid = h.tid = pid;
		say(&w, &h);
		assert_true(model_bytes(w.m) <= BYTES);
		assert_true(!model_forgotten(w.m) || !model_process(w.m, 2 * MODEL_DEAD_MAX, 1));
	}
	assert_true(model_forgotten(w.m) > 1000);
	while (!model_process(w.m, oldest, 1))
		oldest++;
	assert_int_equal(oldest - 10000, model_forgotten(w.m));
	h.pid = h.tid = oldest;
	say(&w, &h);
	h.pid = h.tid = 9999;
	say(&w, &h);
	assert_non_null(model_process(w.m, oldest, 1));
	assert_null(model_process(w.m, oldest + 1, 1));
}

static void test_host(void **state)
{
	static char root[] = "root", www[] = "www";
	const struct id_name users[] = { { 0, root } };
	const struct host_info h = { .name = "node1", .users = users, .n_users = 1 };
	struct id_name inside[] = { { 33, www } };
	static char id[] = "id";
	const struct container_info info = { .id = id, .users = inside, .n_users = 1,
					     .groups = inside, .n_groups = 1 };
	WORLD(w);

	assert_null(model_host(w.m));
	assert_string_equal(model_user_name(w.m, NULL, 0), "root");
	assert_null(model_user_name(w.m, NULL, 33));
	encode_host(&w.rec, &h, 1);
	apply(&w);
	assert_string_equal(w.ev.host_name, "node1");
	assert_string_equal(model_host(w.m)->name, "node1");
	assert_string_equal(model_user_name(w.m, NULL, 0), "root");
	assert_null(model_user_name(w.m, NULL, 33));
	encode_container(&w.rec, &info, 1);
	apply(&w);
	assert_string_equal(w.ev.host_name, "node1");
	assert_string_equal(model_user_name(w.m, w.ev.container, 33), "www");
	assert_string_equal(model_group_name(w.m, w.ev.container, 33), "www");
	assert_null(model_user_name(w.m, w.ev.container, 1));
	/* The files of a container that begins have not been read, those of another do not tell. */
	assert_string_equal(model_user_name(w.m, w.ev.container, 0), "root");
	assert_string_equal(model_group_name(w.m, w.ev.container, 0), "root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_exec_exit),
		cmocka_unit_test(test_pid_reuse),
		cmocka_unit_test(test_head_changes),
		cmocka_unit_test(test_cwd),
		cmocka_unit_test(test_execfn),
		cmocka_unit_test(test_chroot),
		cmocka_unit_test(test_process_records_fill_only),
		cmocka_unit_test(test_image_file),
		cmocka_unit_test(test_traits),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_slot_processes),
		cmocka_unit_test(test_entered),
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_container_life),
		cmocka_unit_test(test_pod_names),
		cmocka_unit_test(test_slot_lists),
		cmocka_unit_test(test_list_order),
		cmocka_unit_test(test_stopped_are_bounded),
		cmocka_unit_test(test_unsaid_are_not_stopped),
		cmocka_unit_test(test_processes_are_bounded),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
