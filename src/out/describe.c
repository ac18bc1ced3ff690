/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of a call follows from the kinds of its arguments: a file, a peer, else the first
 * two arguments that say something. The calls for which that is not the best have a form in
 * forms[]; they name arguments by position, which is the kernel's and never changes.
 */
#include "describe.h"

#include <errno.h>
#include <time.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "event/account.h"

/*
 * $N: argument N. $o: the object (file or peer). Everything else stands for itself. A form is
 * used as it is, so one with $o is only for calls that have one.
 */
static const struct form {
	const char *call, *text;
} forms[] = {
	{ "bpf", "$0" },
	{ "chmod", "$o $1" },
	{ "chown", "$o $1:$2" },
	{ "fallocate", "$o $1" },
	{ "fchmod", "$o $1" },
	{ "fchmodat", "$o $2" },
	{ "fchmodat2", "$o $2" },
	{ "fchown", "$o $1:$2" },
	{ "fchownat", "$o $2:$3" },
	{ "fcntl", "$o $1" },
	{ "fsetxattr", "$o $1" },
	{ "ioctl", "$o $1" },
	{ "keyctl", "$0" },
	{ "kill", "$1 -> $0" },
	{ "lchown", "$o $1:$2" },
	{ "lsetxattr", "$o $1" },
	{ "mount", "$0 -> $1 ($2)" },
	{ "mprotect", "$2" },
	{ "personality", "$0" },
	{ "pidfd_send_signal", "$1 -> $o" },
	{ "prctl", "$0" },
	{ "ptrace", "$0 $1" },
	{ "removexattr", "$o $1" },
	{ "rt_sigaction", "$0" },
	{ "rt_sigqueueinfo", "$1 -> $0" },
	{ "rt_tgsigqueueinfo", "$2 -> $1" },
	{ "seccomp", "$0" },
	{ "setsockopt", "$o $2" },
	{ "setxattr", "$o $1" },
	{ "socket", "$0 $1" },
	{ "socketpair", "$0 $1" },
	{ "tgkill", "$2 -> $1" },
	{ "tkill", "$1 -> $0" },
};

void add_grouped(struct strbuf *out, uint64_t n)
{
	char digits[21];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			strbuf_addc(out, ',');
		strbuf_addc(out, digits[i]);
	}
}

void describe_ip(struct strbuf *out, uint16_t family, const uint8_t *ip)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family == AF_INET6 ? AF_INET6 : AF_INET, ip, text, sizeof(text)))
		strbuf_adds(out, text);
}

/* "10.0.0.12:5432" and "[2001:db8::1]:53" */
static void add_peer(struct strbuf *out, uint16_t family, const uint8_t *ip, uint16_t port)
{
	if (family == AF_INET6)
		strbuf_addc(out, '[');
	describe_ip(out, family, ip);
	strbuf_adds(out, family == AF_INET6 ? "]:" : ":");
	strbuf_addu(out, port);
}

static void add_path(struct what *w, const char *s, size_t len)
{
	size_t start = w->text.len;

	strbuf_add_printable(&w->text, s, len);
	if (w->n_paths < ARRAY_SIZE(w->paths)) {
		w->paths[w->n_paths].start = start;
		w->paths[w->n_paths].len = w->text.len - start;
		w->n_paths++;
	}
}

static bool kind_is_path(enum arg_kind kind)
{
	return kind == ARG_PATH || kind == ARG_PATHAT;
}

static void add_arg(struct field_context *fc, unsigned index, struct what *w)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	strbuf_reset(&text);
	event_arg_print(fc->ev, index, &text);
	if (kind_is_path(fc->ev->call->args[index].kind))
		add_path(w, text.s, text.len);
	else
		strbuf_add_printable(&w->text, text.s, text.len);
}

/* The index of the first argument of a kind, or -1. */
static int find_kind(const struct syscall_info *call, enum arg_kind kind)
{
	for (int i = 0; i < call->n_args && i < 6; i++)
		if (call->args[i].kind == kind)
			return i;
	return -1;
}

/* The file or peer that the event is about. False: there is none, nothing was added. */
static bool add_object(struct field_context *fc, struct what *w)
{
	const struct event_fd *fd = fields_fd(fc);
	int addr = fc->ev->call ? find_kind(fc->ev->call, ARG_SOCKADDR) : -1;

	if (!fd->present)
		return false;
	if (fd->has_addr && fd->has_rip) {
		add_peer(&w->text, fd->family, fd->rip, fd->rport);
	} else if (fd->has_addr && fd->has_lip) {
		add_peer(&w->text, fd->family, fd->lip, fd->lport);
	} else if (fd->name_len && fd->is_path) {
		if (fd->oldname_len) {
			add_path(w, fd->oldname, fd->oldname_len);
			strbuf_adds(&w->text, " -> ");
		}
		add_path(w, fd->name, fd->name_len);
	} else if (addr >= 0) {
		add_arg(fc, (unsigned)addr, w);
	} else if (fd->name_len) {
		strbuf_add_printable(&w->text, fd->name, fd->name_len);
	} else if (fd->nameraw_len) {
		add_path(w, fd->nameraw, fd->nameraw_len);
	} else {
		return false;
	}
	return true;
}

/* Whether an argument says something to a person in a line. */
static bool kind_speaks(enum arg_kind kind)
{
	switch (kind) {
	case ARG_NONE:
	case ARG_POINTER:
	case ARG_BUFFER:
	case ARG_BUFFER_OUT:
	case ARG_SOCKADDR_OUT:
	case ARG_STRUCT:
		return false;
	default:
		return true;
	}
}

static void add_arguments(struct field_context *fc, struct what *w)
{
	const struct syscall_info *call = fc->ev->call;
	unsigned shown = 0;

	for (unsigned i = 0; i < call->n_args && i < 6 && shown < 2; i++) {
		if (!kind_speaks(call->args[i].kind))
			continue;
		if (shown++)
			strbuf_addc(&w->text, ' ');
		strbuf_adds(&w->text, call->args[i].name);
		strbuf_addc(&w->text, '=');
		add_arg(fc, i, w);
	}
}

static void add_form(struct field_context *fc, const char *form, struct what *w)
{
	for (const char *p = form; *p; p++) {
		if (*p != '$') {
			strbuf_addc(&w->text, *p);
			continue;
		}
		p++;
		if (*p >= '0' && *p < '0' + fc->ev->call->n_args && *p < '6')
			add_arg(fc, (unsigned)(*p - '0'), w);
		else if (*p == 'o' && !add_object(fc, w))
			strbuf_addc(&w->text, '?');
	}
}

/* Arguments after the program's own name; those with blanks, or empty, stand in quotes. */
static void add_argv(struct strbuf *out, const char *argv, size_t len, bool cut)
{
	const char *end = argv + len;
	const char *p = argv ? memchr(argv, '\0', len) : NULL;

	while (p && ++p < end) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		size_t n = (size_t)((nul ? nul : end) - p);
		bool quoted = !n || memchr(p, ' ', n);

		strbuf_adds(out, quoted ? " '" : " ");
		strbuf_add_printable(out, p, n);
		if (quoted)
			strbuf_addc(out, '\'');
		p = nul;
	}
	if (cut)
		strbuf_adds(out, " ...");
}

static bool is_new_image(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL && ev->head->kind == NUNCHI_REC_EXEC;
}

static void describe_exec(struct field_context *fc, struct what *w)
{
	const struct event_fd *fd = fields_fd(fc);
	const struct event_blob *argv;
	int index;

	if (is_new_image(fc->ev) && fd->name_len)
		add_path(w, fd->name, fd->name_len);
	else if (fd->nameraw_len)
		add_path(w, fd->nameraw, fd->nameraw_len);
	else if (fd->name_len)
		add_path(w, fd->name, fd->name_len);
	index = find_kind(fc->ev->call, ARG_STRINGS);
	argv = event_blob(fc->ev, NUNCHI_BLOB_ARGV, -1);
	if (!argv && index >= 0)
		argv = event_blob(fc->ev, NUNCHI_BLOB_STRV, index);
	if (argv)
		add_argv(&w->text, argv->data, argv->len, argv->full > argv->len);
}

static void describe_call(struct field_context *fc, struct what *w)
{
	const struct syscall_info *call = fc->ev->call;

	if (!call)
		return;
	if (call->flags & SYSCALL_EXEC) {
		describe_exec(fc, w);
		return;
	}
	if ((call->flags & SYSCALL_FORK) && fc->ev->ret > 0) {
		strbuf_adds(&w->text, "child ");
		strbuf_addi(&w->text, fc->ev->ret);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (streq(forms[i].call, call->name)) {
			add_form(fc, forms[i].text, w);
			return;
		}
	}
	if (!add_object(fc, w))
		add_arguments(fc, w);
}

static void describe_started(const struct event *ev, struct what *w)
{
	const struct container_info *info = ev->container ? ev->container->info : NULL;
	size_t before;

	if (!info)
		return;
	if (info->image)
		strbuf_add_printable(&w->text, info->image, strlen(info->image));
	if (info->runtime) {
		strbuf_adds(&w->text, w->text.len ? " by " : "by ");
		strbuf_add_printable(&w->text, info->runtime, strlen(info->runtime));
	}
	before = w->text.len;
	strbuf_adds(&w->text, ", ");
	describe_notes(info, &w->text);
	if (w->text.len == before + 2) {
		w->text.len = before;
		w->text.s[before] = '\0';
	}
}

const char *describe_drop(uint32_t reason)
{
	static const char *const texts[NUNCHI_DROP_MAX] = {
#define X(name, text, why) [NUNCHI_DROP_##name] = text,
		NUNCHI_DROPS(X)
#undef X
	};

	return reason < NUNCHI_DROP_MAX ? texts[reason] : "unknown";
}

static void describe_lost(const struct event *ev, struct what *w)
{
	const struct nunchi_lost *lost = &ev->lost;
	uint64_t ns = lost->last > lost->first ? lost->last - lost->first : 0;
	const struct nunchi_lost_kind *kind;

	if (ns)
		strbuf_addf(&w->text, "in %.*f s: ", ns < NSEC_PER_SEC / 10 ? 3 : 1,
			    (double)ns / (double)NSEC_PER_SEC);
	strbuf_adds(&w->text, describe_drop(lost->reason));
	for (unsigned i = 0; (kind = event_lost_kind(ev, i)); i++)
		strbuf_addf(&w->text, "%s%s", i ? ", " : ": ", lost_kind_name(kind->what));
}

static void describe_field(struct field_context *fc, const char *name, const char *before,
			   struct what *w)
{
	_cleanup_free_ char *arg = NULL;
	const struct field *f = field_find(name, strlen(name), &arg);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct value v;

	field_get(f, arg, fc, &v);
	if (v.type == VALUE_NONE)
		return;
	value_print(&text, &v);
	strbuf_adds(&w->text, before);
	strbuf_add_printable(&w->text, text.s, text.len);
}

/* The time as the lines have it. */
static void describe_gap(const struct nunchi_gap *gap, struct what *w)
{
	time_t from = (time_t)(gap->from / NSEC_PER_SEC);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&from, &tm))
		strftime(text, sizeof(text), "%F %H:%M:%S", &tm);
	strbuf_addf(&w->text, "since %s, for %.1f s", text,
		    gap->to > gap->from ? (double)(gap->to - gap->from) / (double)NSEC_PER_SEC : 0.0);
}

static void describe_entered(const struct process *p, struct what *w)
{
	if (!p)
		return;
	if (p->cmdline)
		strbuf_add_printable(&w->text, p->cmdline, strlen(p->cmdline));
	if (p->entered_by[0]) {
		strbuf_adds(&w->text, " by ");
		strbuf_add_printable(&w->text, p->entered_by,
				     strnlen(p->entered_by, sizeof(p->entered_by)));
	}
}

static void describe_namespaces(const struct nunchi_namespaces *ns, struct what *w)
{
	namespaces_print(&w->text, ns->changed);
	if (!ns->host)
		return;
	strbuf_adds(&w->text, ", the host's: ");
	namespaces_print(&w->text, ns->host);
}

void describe_what(struct field_context *fc, struct what *w)
{
	const struct event *ev = fc->ev;

	strbuf_reset(&w->text);
	w->n_paths = 0;
	switch (ev->type) {
	case EVENT_SYSCALL:
		describe_call(fc, w);
		break;
	case EVENT_PROCEXIT:
		if (ev->proc && ev->proc->cmdline)
			strbuf_add_printable(&w->text, ev->proc->cmdline,
					     strlen(ev->proc->cmdline));
		break;
	case EVENT_CONTAINER_CREATED:
	case EVENT_CONTAINER_STARTED:
	case EVENT_CONTAINER_STOPPED:
	case EVENT_CONTAINER_REMOVED:
	case EVENT_CONTAINER_PAUSED:
	case EVENT_CONTAINER_RESUMED:
	case EVENT_CONTAINER_INFO:
		describe_started(ev, w);
		break;
	case EVENT_CONTAINER_EXEC:
		describe_entered(ev->proc, w);
		break;
	case EVENT_NS_CHANGED:
		describe_namespaces(event_namespaces(ev), w);
		break;
	case EVENT_CGROUP_MOVED:
		describe_field(fc, "cgroup.path", "", w);
		describe_field(fc, "cgroup.mover", " by ", w);
		break;
	case EVENT_ESCAPE:
		describe_field(fc, "escape.reason", "", w);
		break;
	case EVENT_BLIND:
		describe_field(fc, "blind.what", "not seen: ", w);
		break;
	case EVENT_MISMATCH:
		describe_field(fc, "mismatch.call", "", w);
		describe_field(fc, "mismatch.used", " ", w);
		describe_field(fc, "mismatch.found", ", shown as ", w);
		break;
	case EVENT_SUMMARY:
		describe_field(fc, "summary.count", "", w);
		describe_field(fc, "summary.call", " ", w);
		describe_field(fc, "fd.name", " ", w);
		break;
	case EVENT_GAP:
		describe_gap(event_gap(ev), w);
		break;
	case EVENT_LOST:
		describe_lost(ev, w);
		break;
	case EVENT_OTHER:
		break;
	}
}

static void describe_exit(uint32_t status, struct strbuf *out)
{
	const char *name;

	if (!WIFSIGNALED((int)status)) {
		strbuf_adds(out, "exit ");
		strbuf_addu(out, WEXITSTATUS((int)status));
		return;
	}
	name = signal_name(WTERMSIG((int)status));
	if (name)
		strbuf_adds(out, name);
	else
		strbuf_addf(out, "signal %d", WTERMSIG((int)status));
	if (WCOREDUMP((int)status))
		strbuf_adds(out, ", core dumped");
}

static void describe_success(const struct event *ev, struct strbuf *out)
{
	strbuf_adds(out, "ok");
	if (!ev->call || (ev->call->flags & (SYSCALL_FORK | SYSCALL_EXEC)))
		return;
	switch (ev->call->ret) {
	case RET_FD:
		strbuf_adds(out, " fd ");
		strbuf_addi(out, ev->ret);
		break;
	case RET_COUNT:
	case RET_PID:
	case RET_VALUE:
		strbuf_addc(out, ' ');
		strbuf_addi(out, ev->ret);
		break;
	case RET_ZERO:
	case RET_POINTER:
	case RET_NEVER:
		break;
	}
}

/* A signal ended it; one that went on after a signal has a result like any other. */
static bool was_cut_short(const struct event *ev)
{
	return (ev->head->flags & NUNCHI_F_INTERRUPTED) && event_failed(ev) &&
	       (ev->ret == -EINTR || ev->ret <= -512);	/* the kernel's own ERESTART* */
}

void describe_result(const struct event *ev, struct strbuf *out)
{
	const struct container_info *info = ev->container ? ev->container->info : NULL;

	switch (ev->type) {
	case EVENT_SYSCALL:
		if (event_is_entry(ev))
			strbuf_adds(out, "begins");
		else if (was_cut_short(ev))
			strbuf_adds(out, "interrupted");
		else if (event_failed(ev))
			strbuf_adds(out, result_name(ev->call, ev->ret));
		else
			describe_success(ev, out);
		break;
	case EVENT_SUMMARY:
		if (event_summary(ev)->error)
			strbuf_adds(out, result_name(NULL, event_summary(ev)->error));
		break;
	case EVENT_PROCEXIT:
		describe_exit(ev->exit_code, out);
		break;
	case EVENT_CONTAINER_STOPPED:
		if (ev->container && ev->container->exit_status >= 0)
			describe_exit((uint32_t)ev->container->exit_status, out);
		if (ev->container && ev->container->oom)
			strbuf_adds(out, ", out of memory");
		break;
	case EVENT_CONTAINER_STARTED:
		if (info && info->init_pid) {
			strbuf_adds(out, "pid ");
			strbuf_addu(out, info->init_pid);
		}
		break;
	default:
		break;
	}
}

bool describe_is_failure(const struct event *ev)
{
	if (ev->type == EVENT_PROCEXIT)
		return ev->exit_code != 0;
	return event_failed(ev) && !was_cut_short(ev);
}

const char *describe_comm(const struct event *ev)
{
	const struct process *p = ev->proc;

	if (p && is_new_image(ev) && p->prev_comm[0])
		return p->prev_comm;
	if (p && !ev->head->comm[0])
		return p->comm;
	return ev->head->comm;
}

const char *describe_container(const struct event *ev)
{
	if (!ev->container)
		return "host";
	return ev->container->display ? ev->container->display : ev->container->short_id;
}

void describe_notes(const struct container_info *info, struct strbuf *out)
{
	static const struct {
		uint8_t shares;
		const char *text;
	} notes[] = {
		{ SHARES_NET, "host network" }, { SHARES_PID, "host pid" },
		{ SHARES_IPC, "host ipc" },	{ SHARES_UTS, "host uts" },
	};
	const char *comma = "";

	if (info->privileged) {
		strbuf_adds(out, "privileged");
		comma = ", ";
	}
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		if (!(info->shares & notes[i].shares))
			continue;
		strbuf_adds(out, comma);
		strbuf_adds(out, notes[i].text);
		comma = ", ";
	}
}
