/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kretprobe has room for a number of calls in progress (maxactive) and misses those beyond. The number can be set
 * in tracefs only: a line "r4096:nunchi_PID/FUNCTION FUNCTION" in kprobe_events makes an event, to which a program is
 * attached as to any other. Events outlive the process that made them: those of dead processes are removed.
 */
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "internal.h"

struct kretprobes {
	int tracefs, events;	/* its root; kprobe_events, kept open because privileges are gone at the end */
	struct strbuf made;	/* lines that remove our own events */
};

#define GROUP "nunchi_"

static void write_line(int events, const char *line)
{
	/* An event that cannot be removed, because somebody reads it, stays. */
	if (write(events, line, strlen(line)) < 0)
		return;
}

/* The events of a group: "-:nunchi_123/__x64_sys_openat". */
static void remove_group(int tracefs, int events, const char *group)
{
	_cleanup_free_ char *path = xasprintf("events/%s", group);
	_cleanup_closedir_ DIR *dir = open_directory(tracefs, path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *line = xasprintf("-:%s/%s\n", group, entry->d_name);

		if (starts_with(entry->d_name, "__"))
			write_line(events, line);
	}
}

static void remove_stale(int tracefs, int events)
{
	_cleanup_closedir_ DIR *dir = open_directory(tracefs, "events");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		pid_t pid = starts_with(entry->d_name, GROUP) ? atoi(entry->d_name + strlen(GROUP)) : 0;

		if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
			remove_group(tracefs, events, entry->d_name);
	}
}

struct kretprobes *kretprobes_open(void)
{
	_cleanup_close_ int tracefs = variants_tracefs();
	int events = tracefs < 0 ? -1 : openat(tracefs, "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	struct kretprobes *k;

	if (events < 0)
		return NULL;
	remove_stale(tracefs, events);
	k = xcalloc(1, sizeof(*k));
	k->tracefs = tracefs;
	tracefs = -1;
	k->events = events;
	return k;
}

struct bpf_link *kretprobes_attach(struct kretprobes *k, const struct bpf_program *program,
				   const char *function, unsigned room)
{
	_cleanup_free_ char *event = xasprintf(GROUP "%d/%s", (int)getpid(), function);
	_cleanup_free_ char *line = xasprintf("r%u:%s %s\n", room, event, function);
	struct bpf_link *link;

	if (write(k->events, line, strlen(line)) < 0)
		return NULL;
	strbuf_addf(&k->made, "-:%s\n", event);
	link = variants_attach_event(program, k->tracefs, event);
	return link;
}

void kretprobes_close(struct kretprobes *k)
{
	char *rest, *line;

	if (!k)
		return;
	rest = k->made.s;
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			write_line(k->events, line);
	close(k->events);
	close(k->tracefs);
	strbuf_free(&k->made);
	free(k);
}
