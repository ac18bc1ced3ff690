/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of containers, as records of the stream: what the runtimes report, start and end as the kernel
 * saw them, who came in from outside, and who got away.
 */
#include "internal.h"

/* It has stopped at this boot time, whoever reported it. */
static void life_gone(struct engine *e, const char *id, uint64_t time)
{
	struct container *c = model_container(e->model, id);

	if (c && c->running) {
		encode_container_gone(&e->record, id, time);
		pipeline_made(e);
	}
	/* Even if it never ran, its slot must be given back. */
	binder_stopped(e, id);
}

#define MADE_FOR (60 * NSEC_PER_SEC)	/* an earlier creation has been reported already, and perhaps been forgotten */

/*
 * Reports the creation of a container before its start, if it was created while nunchi ran. The runtime's own
 * report may still wait behind its answer about another container, and would come after the start.
 */
static void tell_made(struct engine *e, const struct container *c, uint64_t time)
{
	const struct nunchi_head head = { .time = time };
	uint64_t now = time + e->boot_to_epoch, made = c->info->created;

	if (c->created || made < e->started + e->boot_to_epoch || made > now || now - made > MADE_FOR)
		return;
	encode_life(&e->record, &head, NUNCHI_LIFE_CREATED, -1, c->info->id);
	pipeline_made(e);
}

/*
 * The first program that a container executes is its init. The kernel shows it before a runtime reports
 * it; for a container that lives 10 ms, no runtime ever does.
 */
static void init_executed(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	struct container *c = model_container(e->model, slot->id);
	struct container_info init = { .id = slot->id, .init_pid = record->pid,
				       .pidns = record->pidns, .mntns = record->mntns,
				       .init_start = record->start,
				       .started = record->time + e->boot_to_epoch };

	/* A process that came in from outside is no init, even if the real init executes nothing. */
	if (!c || slot->ran || slot->inner || record->flags & (NUNCHI_F_ENTERING | NUNCHI_F_ENTERED))
		return;
	/* The container ran before we did: its init's children start nothing when they execute, nor end it. */
	if (!slot->born && slot->init_pid && slot->init_pid != record->pid)
		return;
	slot->ran = true;
	/* A runtime reported the start first. From now on no other exec, say after init has ended, can start it again. */
	if (c->running)
		return;
	tell_made(e, c, record->time);
	encode_container(&e->record, &init, record->time);
	pipeline_made(e);
	probe_slot_pidns(e->probe, record->slot, slot->generation, record->pidns, false);
	slot->init_pid = record->pid;
}

static void init_exited(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	struct container *c = model_container(e->model, slot->id);

	/* If no runtime reported the container as running, only the slot knows its init: nothing is told, but the slot is given back. */
	if (c && (c->running || slot->born ? c->info->init_pid : slot->init_pid) == record->pid)
		life_gone(e, slot->id, record->time);
}

/* Host namespaces that the task has joined and that its container does not share, as bits. */
static uint32_t joined_host(const struct container *c, const struct nunchi_namespaces *ns)
{
	static const struct {
		uint8_t shares;
		enum nunchi_namespace ns;
	} shared[] = {
		{ SHARES_PID, NUNCHI_NS_PID },	 { SHARES_NET, NUNCHI_NS_NET },
		{ SHARES_IPC, NUNCHI_NS_IPC },	 { SHARES_UTS, NUNCHI_NS_UTS },
		{ SHARES_USER, NUNCHI_NS_USER }, { SHARES_CGROUP, NUNCHI_NS_CGROUP },
	};
	uint32_t host = ns->host & ~(1U << NUNCHI_NS_TIME);	/* all containers share it */

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (c->info->shares & shared[i].shares)
			host &= ~(1U << shared[i].ns);
	return host;
}

/* Whether path is the first len bytes of above, or below that. */
static bool is_below(const char *path, const char *above, size_t len)
{
	return strncmp(path, above, len) == 0 && (path[len] == '/' || path[len] == '\0' || len == 1);
}

/* Whether its init is alive, whatever was reported: a runtime's list may omit paused containers, and files may have been removed. */
static bool init_lives(struct engine *e, const struct container *c)
{
	const struct process *p = model_process_alive(e->model, c->info->init_pid);

	return p && process_start_is(p->start, c->info->init_start) && binder_is_alive(p->pid);
}

static bool is_in_own(const char *path, const char *own, const struct container *c)
{
	return is_below(path, own, cgroup_own_len(own, container_called(c->info)));
}

/*
 * The container's cgroup in the hierarchy of that number: v1's can have different paths for it, if whoever started it was in
 * different places there. It is that of the container's first process, if that is not the one that was moved. Owned by the caller.
 */
static char *own_cgroup_in(struct engine *e, const struct container *c, uint32_t hierarchy, uint32_t moved_pid)
{
	if (c->info->init_pid == moved_pid || !init_lives(e, c))
		return NULL;
	return cgroup_in(e->config->runtimes.root, c->info->init_pid, hierarchy);
}

/* Whether a container's task has moved the task out of its container's cgroup. The host may do so. */
static bool left_cgroup(struct engine *e, const struct slot *slot, const struct container *c,
			const struct event *ev, const struct event_blob *path)
{
	_cleanup_strbuf_ struct strbuf to = STRBUF_INIT;
	_cleanup_free_ char *there = NULL;
	const char *own = c->info->cgroup ? c->info->cgroup : slot->cgroup_path;
	const struct nunchi_moved *moved = ev->body;
	const struct slot *mover = &e->slots[moved->mover_slot % NUNCHI_SLOTS_MAX];

	if (!own || !path || !moved->mover_slot || mover->phase != SLOT_CONTAINER ||
	    mover->generation != moved->mover_generation)
		return false;
	cgroup_from_walk(&to, path);
	if (!to.len)
		strbuf_adds(&to, "/");
	if (is_in_own(to.s, own, c))
		return false;
	there = own_cgroup_in(e, c, moved->hierarchy, ev->head->pid);
	return !there || !is_in_own(to.s, there, c);
}

static void look_for_escape(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	const struct container *c = model_container(e->model, slot->id);
	const struct event_blob *path = NULL;
	uint32_t joined = 0;
	const char *why;
	struct event ev;

	if (!c || record->flags & NUNCHI_F_SETUP ||
	    event_decode(&ev, record, record->len, 0, &why) < 0)
		return;
	if (record->kind == NUNCHI_REC_NAMESPACES) {
		joined = joined_host(c, ev.body);
		if (!joined)
			return;
	} else {
		path = event_blob(&ev, NUNCHI_BLOB_CGROUP_PATH, -1);
		if (!left_cgroup(e, slot, c, &ev, path))
			return;
	}
	encode_escape(&e->record, record, joined, path);
	pipeline_made(e);
}

static void after_container(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	switch (record->kind) {
	case NUNCHI_REC_EXEC:
		if (!(record->flags & NUNCHI_F_ENTERING))
			break;
		encode_life(&e->record, record, NUNCHI_LIFE_EXEC, -1, slot->id);
		pipeline_made(e);
		break;
	case NUNCHI_REC_NAMESPACES:
	case NUNCHI_REC_MOVED:
		look_for_escape(e, slot, record);
		break;
	case NUNCHI_REC_EXIT:
		init_exited(e, slot, record);
		break;
	}
}

void life_deliver(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	bool is_container = slot->phase == SLOT_CONTAINER && slot->generation == record->generation;

	if (is_container && record->kind == NUNCHI_REC_EXEC)
		init_executed(e, slot, record);
	pipeline_record(e, record);
	if (is_container && record->kind != NUNCHI_REC_SYSCALL)
		after_container(e, slot, record);
	if (is_container && (record->kind == NUNCHI_REC_EXEC || unlikely(e->unseen & 1U << DOCTOR_UNSEEN_IO_URING)))
		blind_look(e, slot->id, record);
}

/*
 * A LIFE record from a runtime's report. While the output is full it waits in the backlog, behind what the
 * container did before, and behind its end.
 */
static void tell(struct engine *e, const char *id, enum nunchi_life_what what, int exit_code)
{
	const struct nunchi_head head = { .time = clock_boot() };

	encode_life(&e->record, &head, what, exit_code, id);
	if (e->blocked || e->backlog.first)
		backlog_add(e, record_in(&e->record));
	else
		pipeline_made(e);
}

/* Whether the facts are of a run that has ended by now. */
static bool has_ended(const struct container *c, const struct container_info *info)
{
	return c && c->ended_pid && c->ended_pid == info->init_pid && process_start_is(c->ended_start, info->init_start);
}

static void take_facts(struct engine *e, struct runtime_message *message)
{
	struct container_info *info = message->info;
	struct container *c = model_container(e->model, info->id);
	bool named_late = c && c->info->incomplete && info->name;
	uint32_t init_pid = info->init_pid;

	/*
	 * The kernel reports this container's start and end itself, at the right time. So the facts are taken
	 * without init_pid, which would start it: a runtime's report comes later, perhaps after the end.
	 */
	if (!(c && c->running) && (has_ended(c, info) || binder_saw_birth(e, info, message->token)))
		info->init_pid = 0;
	encode_container(&e->record, info, clock_boot());
	info->init_pid = init_pid;
	pipeline_made(e);
	c = model_container(e->model, info->id);
	if (!c)
		return;
	if (named_late)
		tell(e, info->id, NUNCHI_LIFE_INFO, -1);
	binder_container(e, c, info, message->token);
}

static void take_life(struct engine *e, const struct runtime_message *message)
{
	static const enum nunchi_life_what whats[] = {
		[RUNTIME_LIFE_CREATED] = NUNCHI_LIFE_CREATED,
		[RUNTIME_LIFE_PAUSED] = NUNCHI_LIFE_PAUSED,
		[RUNTIME_LIFE_RESUMED] = NUNCHI_LIFE_RESUMED,
		[RUNTIME_LIFE_OOM] = NUNCHI_LIFE_OOM,
		[RUNTIME_LIFE_DIED] = NUNCHI_LIFE_DIED,
		[RUNTIME_LIFE_REMOVED] = NUNCHI_LIFE_REMOVED,
	};
	const struct container *c = model_container(e->model, message->info->id);

	/* The end of a container that nobody has heard of is no news. */
	if (!c && message->life != RUNTIME_LIFE_CREATED)
		return;
	if (!c) {
		encode_container(&e->record, message->info, clock_boot());
		pipeline_made(e);
	}
	tell(e, message->info->id, whats[message->life], message->exit_code);
}

void life_said_gone(struct engine *e, const char *id, uint64_t said)
{
	const struct container *c = model_container(e->model, id);

	/* That was an earlier run. Compared by the boot clock if possible: it cannot be set. */
	if (c && c->running && (c->info->init_start ? c->info->init_start > said : c->info->started > said + e->boot_to_epoch))
		return;
	if (c && c->running && init_lives(e, c))
		return;
	life_gone(e, id, clock_boot());
}

/*
 * The end is the exit of init, which has the exact time. A runtime's report may overtake its record, and
 * even that of the exec which is the start.
 */
static void take_gone(struct engine *e, const struct runtime_message *message)
{
	if (!binder_ends_later(e, message->info->id, message->time))
		life_said_gone(e, message->info->id, message->time);
}

/*
 * Whether the message may be believed. A user's service or files count only for that user's containers:
 * they can neither name nor end root's, whatever ids they use. A container that only the kernel knows is
 * the user's if one of its slots has the reported facts.
 */
static bool may_say(struct engine *e, const struct container_info *info)
{
	const struct container *c = info->owner > CONTAINER_OWNER_ROOT ? model_container(e->model, info->id) : NULL;

	if (!c || c->info->owner == info->owner)
		return true;
	return !c->info->owner && binder_is_about(e, info);
}

static void take_container(struct engine *e, struct runtime_message *message)
{
	namesake_settle(e, message->info, binder_asked(e, message->token));
	if (!may_say(e, message->info)) {
		if (message->token)
			binder_unknown(e, message->token);
		return;
	}
	if (message->type == RUNTIME_CONTAINER)
		take_facts(e, message);
	else if (message->type == RUNTIME_LIFE)
		take_life(e, message);
	else
		take_gone(e, message);
}

/* Made printable: the text contains the runtime's version, and the runtime may be a user's. */
static void say_state(const struct runtime_message *message)
{
	_cleanup_free_ char *text = printable(message->text);

	if (message->ok)
		log_debug("%s", text);
	else
		log_warn("%s", text);
}

void life_message(struct engine *e, struct runtime_message *message)
{
	switch (message->type) {
	case RUNTIME_CONTAINER:
	case RUNTIME_LIFE:
	case RUNTIME_GONE:
		take_container(e, message);
		break;
	case RUNTIME_ACTED:
		act_done(e, message);
		break;
	case RUNTIME_UNKNOWN:
		binder_unknown(e, message->token);
		break;
	case RUNTIME_STATE:
		say_state(message);
		break;
	case RUNTIME_LISTED:
		break;
	}
	runtime_message_free(message);
}
