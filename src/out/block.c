/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block of lines an event, in the layout of figures 12 and 13 of J. Kim and J. Nam, "eBPF-based
 * Container Activity Analysis System" (2024): who, by the ids of its namespaces and processes,
 * then what. A blank line ends a block. What the
 * figures have no place for is left out, but for failures: those end in ", Result: ENOENT".
 */
#include "internal.h"

#include <sys/socket.h>

#include "describe.h"

struct block {
	struct output output;
	struct what w;
};

static void add_text(struct strbuf *out, const char *name, const char *s, size_t len)
{
	strbuf_addf(out, ", %s: ", name);
	strbuf_add_printable(out, s, len);
}

static void add_address(struct strbuf *out, const char *side, uint16_t family, const uint8_t *ip,
			uint16_t port)
{
	strbuf_addf(out, ", %saddr: ", side);
	describe_ip(out, family, ip);
	strbuf_addf(out, ", %sport: %u", side, port);
}

static void add_exec(struct field_context *fc, struct strbuf *out)
{
	const struct event *ev = fc->ev;
	const struct event_fd *fd = fields_fd(fc);
	const char *comm = describe_comm(ev);

	add_text(out, "Comm", comm, strnlen(comm, sizeof(ev->head->comm)));
	if (ev->head->kind == NUNCHI_REC_EXEC && ev->proc && ev->proc->exepath)
		add_text(out, "Execfile", ev->proc->exepath, strlen(ev->proc->exepath));
	else if (ev->head->kind == NUNCHI_REC_EXEC && ev->proc && ev->proc->exe_asked)
		add_text(out, "Execfile", ev->proc->exe_asked, strlen(ev->proc->exe_asked));
	else if (fd->name_len)
		add_text(out, "Execfile", fd->name, fd->name_len);
	else if (fd->nameraw_len)
		add_text(out, "Execfile", fd->nameraw, fd->nameraw_len);
}

/* File, peer, or what else the event is about. */
static void add_object(struct block *b, struct field_context *fc, struct strbuf *out)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->has_addr) {
		if (fd->has_rip)
			add_address(out, "Dst", fd->family, fd->rip, fd->rport);
		if (fd->has_lip)
			add_address(out, "Src", fd->family, fd->lip, fd->lport);
		return;
	}
	if (fd->present && fd->is_path && fd->name_len) {
		if (fd->oldname_len)
			add_text(out, "Oldname", fd->oldname, fd->oldname_len);
		add_text(out, "Dirname", fd->name, fd->dir_len);
		add_text(out, "Filename", fd->name + fd->file_off, fd->name_len - fd->file_off);
		return;
	}
	describe_what(fc, &b->w);
	if (b->w.text.len) {
		strbuf_adds(out, ", Object: ");
		strbuf_add(out, b->w.text.s, b->w.text.len);
	}
}

static void add_event(struct block *b, struct field_context *fc, struct strbuf *out)
{
	const struct event *ev = fc->ev;

	strbuf_addf(out, "%s%s, EventType: %s\n", ev->call ? "Syscall: sys_" : "Event: ",
		    event_type_name(ev), category_titles[event_category(ev)]);
	strbuf_addf(out, "Activity: %s", event_activity(ev));
	if (ev->type == EVENT_LOST)
		strbuf_addf(out, ", Count: %llu", (unsigned long long)ev->lost.count);
	if (ev->call && (ev->call->flags & SYSCALL_EXEC))
		add_exec(fc, out);
	else
		add_object(b, fc, out);
	if (describe_is_failure(ev) || ev->head->flags & NUNCHI_F_INTERRUPTED) {
		strbuf_adds(out, ", Result: ");
		describe_result(ev, out);
	}
	strbuf_addc(out, '\n');
}

static void block_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	struct block *b = container_of(o, struct block, output);
	const struct event *ev = fc->ev;
	const struct nunchi_head *h = ev->head;
	const struct container_info *info = ev->container ? ev->container->info : NULL;
	const char *name = info && info->name ? info->name : describe_container(ev);
	const char *pod_ns = info && info->pod_namespace ? info->pod_namespace : "-";
	bool task = event_has_process(ev->type);

	strbuf_adds(out, "ContainerName: ");
	strbuf_add_printable(out, name, strlen(name));
	add_text(out, "Namespace", pod_ns, strlen(pod_ns));
	strbuf_addf(out, "\nPidId: %u, MntId: %u\n", task || !info ? h->pidns : info->pidns,
		    task || !info ? h->mntns : info->mntns);
	if (task)
		strbuf_addf(out, "HostPpid: %u, HostPid: %u, Pid: %u, Uid: %u\n", h->ppid, h->pid,
			    h->vpid, h->uid);
	else if (info)
		strbuf_addf(out, "HostPid: %u\n", info->init_pid);
	add_event(b, fc, out);
	strbuf_addc(out, '\n');
}

static void block_free(struct output *o)
{
	struct block *b = container_of(o, struct block, output);

	strbuf_free(&b->w.text);
	free(b);
}

static const struct output_ops block_ops = {
	.event = block_event,
	.free = block_free,
};

struct output *block_new(void)
{
	struct block *b = xcalloc(1, sizeof(*b));

	b->output.ops = &block_ops;
	return &b->output;
}
