/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which slot is whose. The kernel side opens a slot when tasks appear in namespaces that it does
 * not know; the runtimes say which containers there are. Here they meet: by namespace, by cgroup,
 * by the id in the cgroup's path (a hint, which only starts a look-up), or because the disk knows
 * the task's init. A slot that nobody claims becomes the host's.
 */
#include <errno.h>
#include <signal.h>

#include "internal.h"

/* When to ask the disk again after it did not know: state.json is written after init has started. */
static const unsigned retry_ms[] = { 20, 50, 100, 200, 400, 800 };

#define RETRY_DEAD (300 * NSEC_PER_MSEC)	/* a runtime may still say whose a finished container was */
#define INIT_START_GRAIN (10 * NSEC_PER_MSEC)	/* /proc tells a process's start in steps of it */

static uint64_t token_of(const struct engine *e, const struct slot *slot)
{
	return (uint64_t)(slot - e->slots) << 32 | slot->generation;
}

static uint32_t number_of(const struct engine *e, const struct slot *slot)
{
	return (uint32_t)(slot - e->slots);
}

static void slot_clear(struct engine *e, struct slot *slot)
{
	struct held *h;

	while ((h = hold_take(&slot->held))) {
		e->held_bytes -= h->record->len;
		free(h);
	}
	free(slot->cgroup_path);
	free(slot->id);
	*slot = (struct slot){ 0 };
}

static void gone(struct engine *e, const char *id)
{
	struct container *c = model_container(e->model, id);

	if (c && c->running) {
		encode_container_gone(&e->record, id, clock_boot());
		pipeline_made(e);
	}
	/* Also of one that never ran: its slot is to be given back. */
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER && streq(slot->id, id))
			slot->release_at = clock_boot() + ENGINE_RELEASE_NS;
	}
}

/*
 * The first program that a container executes is its init: known from the kernel before a runtime
 * says so, and for a container that lives 10 ms the only one who says it.
 */
static void init_executed(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	struct container *c = model_container(e->model, slot->id);
	struct container_info init = { .id = slot->id, .init_pid = record->pid,
				       .pidns = record->pidns, .mntns = record->mntns,
				       .init_start = record->start,
				       .started = record->time + e->boot_to_epoch };

	if (!c || c->running || slot->release_at)
		return;
	encode_container(&e->record, &init, record->time);
	pipeline_made(e);
}

static void init_exited(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	struct container *c = model_container(e->model, slot->id);

	if (c && c->info->init_pid == record->pid)
		gone(e, slot->id);
}

void binder_deliver(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	bool is_container = slot->phase == SLOT_CONTAINER && slot->generation == record->generation;

	if (is_container && record->kind == NUNCHI_REC_EXEC)
		init_executed(e, slot, record);
	pipeline_record(e, record);
	if (is_container && record->kind == NUNCHI_REC_EXIT)
		init_exited(e, slot, record);
}

/* What waited goes on, in its order. */
static void release_held(struct engine *e, struct slot *slot)
{
	struct held *h;

	while ((h = hold_take(&slot->held))) {
		e->held_bytes -= h->record->len;
		binder_deliver(e, slot, h->record);
		free(h);
	}
}

static enum nunchi_mode mode_for(struct engine *e, struct container *c)
{
	if (!c)
		return e->config->host ? NUNCHI_MODE_EVENT : NUNCHI_MODE_NONE;
	return filter_match_container(e->config->filter, e->model, c) == TRI_FALSE ?
		       NUNCHI_MODE_COUNT : NUNCHI_MODE_EVENT;
}

static void bind_host(struct engine *e, struct slot *slot)
{
	uint32_t n = number_of(e, slot);

	log_debug("slot %u is the host's, %u tries", n, slot->tries);
	slot->phase = SLOT_HOST;
	encode_slot(&e->record, n, slot->generation, NULL, clock_boot());
	pipeline_made(e);
	probe_slot_set(e->probe, n, slot->generation, NUNCHI_SLOT_HOST, mode_for(e, NULL));
	release_held(e, slot);
}

/* Tells the kernel side by what else the container's tasks are known. */
static void push_identity(struct engine *e, struct slot *slot, const struct container_info *info)
{
	uint32_t n = number_of(e, slot);

	if (!(info->shares & SHARES_PID) && !info->sandbox && !info->pod_uid)
		probe_slot_pidns(e->probe, n, slot->generation, info->pidns);
	probe_slot_cgroup(e->probe, n, slot->generation, info->cgroup_id);
}

static void bind_children(struct engine *e, struct slot *parent);

static void bind_container(struct engine *e, struct slot *slot, struct container *c)
{
	uint32_t n = number_of(e, slot);

	log_debug("slot %u is container %s, by %s", n, c->info->id,
		  c->info->source ? c->info->source : "its cgroup's path");
	slot->phase = SLOT_CONTAINER;
	slot->asked = false;
	free(slot->id);
	slot->id = xstrdup(c->info->id);
	encode_slot(&e->record, n, slot->generation, slot->id, clock_boot());
	pipeline_made(e);
	push_identity(e, slot, c->info);
	probe_slot_set(e->probe, n, slot->generation, NUNCHI_SLOT_NAMED, mode_for(e, c));
	release_held(e, slot);
	bind_children(e, slot);
}

/* Slots that were opened by tasks of this one while it had no name: they are in it. */
static void bind_children(struct engine *e, struct slot *parent)
{
	struct container *c = model_container(e->model, parent->id);

	for (uint32_t i = 1; c && i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_PENDING && slot->parent == number_of(e, parent) &&
		    slot->parent_generation == parent->generation)
			bind_container(e, slot, c);
	}
}

/*
 * Whether what a runtime says is about the tasks of this slot: by facts, not by names. An inode
 * number alone may be that of an earlier namespace: then its container's init is older, too.
 */
static bool slot_matches(const struct slot *slot, const struct container_info *info)
{
	if (info->cgroup_id && info->cgroup_id == slot->cgroup)
		return true;
	if (slot->init_pid && info->init_pid && slot->init_pid != info->init_pid)
		return false;
	if (slot->phase == SLOT_HOST)	/* its namespace may be gone, and the number another's */
		return false;
	if (slot->born && info->init_start && info->init_start + INIT_START_GRAIN < slot->time)
		return false;
	if (info->mntns && info->mntns == slot->mntns)
		return true;
	return info->cgroup && slot->cgroup_path && streq(info->cgroup, slot->cgroup_path);
}

struct match {
	const struct slot *slot;
	struct container *found;
};

static void match_one(struct container *c, void *arg)
{
	struct match *m = arg;

	if (!m->found && c->running && slot_matches(m->slot, c->info))
		m->found = c;
}

static void ask_disk(struct engine *e, struct slot *slot)
{
	slot->asked = true;
	runtimes_resolve(e->runtimes, token_of(e, slot), slot->pid, slot->cgroup_path);
}

/* A new pending slot: perhaps it is known already, else the disk is asked. */
static void slot_look_up(struct engine *e, struct slot *slot)
{
	struct match m = { .slot = slot };
	struct slot *parent = &e->slots[slot->parent % NUNCHI_SLOTS_MAX];

	if (slot->parent && parent->generation == slot->parent_generation &&
	    parent->phase == SLOT_CONTAINER) {
		m.found = model_container(e->model, parent->id);
	} else {
		model_for_each_container(e->model, match_one, &m);
	}
	if (m.found)
		bind_container(e, slot, m.found);
	else
		ask_disk(e, slot);
}

static struct slot *slot_open(struct engine *e, const struct nunchi_head *record)
{
	struct slot *slot = &e->slots[record->slot];

	if (slot->phase != SLOT_UNKNOWN)
		slot_clear(e, slot);
	slot->phase = SLOT_PENDING;
	slot->generation = record->generation;
	slot->pid = record->pid;
	slot->mntns = record->mntns;
	slot->pidns = record->pidns;
	slot->cgroup = record->cgroup;
	slot->born = record->flags & NUNCHI_F_SETUP;
	memcpy(slot->opener, record->comm, sizeof(slot->opener));
	slot->opener[sizeof(slot->opener) - 1] = '\0';
	slot->time = record->time;
	slot->opened = clock_boot();
	slot->give_up_at = slot->opened + e->config->hold_ms * NSEC_PER_MSEC;
	e->slots_used = MAX(e->slots_used, record->slot + 1);
	return slot;
}

void binder_pending(struct engine *e, const struct nunchi_head *record)
{
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT;
	const struct event_blob *blob;
	const char *why;
	struct slot *slot;
	struct event ev;

	if (event_decode(&ev, record, record->len, 0, &why) < 0 || record->slot >= NUNCHI_SLOTS_MAX)
		return;
	slot = &e->slots[record->slot];
	if (slot->phase == SLOT_UNKNOWN || slot->generation != record->generation)
		slot = slot_open(e, record);
	if (ev.body_len >= sizeof(struct nunchi_pending)) {
		const struct nunchi_pending *pending = ev.body;

		slot->parent = pending->parent_slot;
		slot->parent_generation = pending->parent_generation;
		slot->namespace_key = pending->namespace_key;
	}
	blob = event_blob(&ev, NUNCHI_BLOB_CGROUP_PATH, -1);
	if (blob && !slot->cgroup_path) {
		cgroup_from_walk(&path, blob);
		slot->cgroup_path = strbuf_take(&path);
	}
	log_debug("slot %u opened by %.16s[%u], mount namespace %u, cgroup %s", record->slot,
		  record->comm, record->pid, record->mntns,
		  slot->cgroup_path ? slot->cgroup_path : "unknown");
	if (slot->phase == SLOT_PENDING)
		slot_look_up(e, slot);
}

struct slot *binder_slot(struct engine *e, const struct nunchi_head *record)
{
	struct slot *slot = &e->slots[record->slot % NUNCHI_SLOTS_MAX];

	if (likely(slot->phase != SLOT_UNKNOWN && slot->generation == record->generation))
		return slot;
	if (!record->slot) {
		slot->phase = SLOT_HOST;
		slot->generation = record->generation;
		e->slots_used = MAX(e->slots_used, 1U);
		return slot;
	}
	if (record->generation < slot->generation)
		return slot;	/* given back meanwhile: goes with the slot's account */
	slot = slot_open(e, record);
	slot_look_up(e, slot);
	return slot;
}

/* A cgroup was made or removed: nothing hangs on it, but a look-up may come true now. */
void binder_cgroup(struct engine *e, const struct nunchi_head *record)
{
	const char *why;
	struct event ev;

	if (record->kind != NUNCHI_REC_CGROUP_GONE ||
	    event_decode(&ev, record, record->len, 0, &why) < 0 ||
	    ev.body_len < sizeof(struct nunchi_cgroup))
		return;
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->cgroup == ((const struct nunchi_cgroup *)ev.body)->id &&
		    slot->phase == SLOT_HOST)
			slot->release_at = clock_boot();
	}
}

/* Bound slots take over what is new in a container's facts; pending ones may be meant. */
static void container_known(struct engine *e, struct container *c,
			    const struct container_info *info, uint64_t token)
{
	struct slot *asked = &e->slots[(token >> 32) % NUNCHI_SLOTS_MAX];

	if (token && asked->phase == SLOT_PENDING && asked->generation == (uint32_t)token)
		bind_container(e, asked, c);
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER && streq(slot->id, c->info->id)) {
			push_identity(e, slot, c->info);
			probe_slot_set(e->probe, i, slot->generation, NUNCHI_SLOT_NAMED,
				       mode_for(e, c));
			if (c->running)
				slot->release_at = 0;
		} else if ((slot->phase == SLOT_PENDING || slot->phase == SLOT_HOST) &&
			   slot_matches(slot, info)) {
			bind_container(e, slot, c);
		}
	}
}

/*
 * Whether the kernel tells this container's start and end itself: we saw its namespaces' birth, so
 * that its first exec starts it, at its time; a runtime's word for it comes later, perhaps too late.
 */
static bool kernel_tells(const struct engine *e, const struct runtime_message *message)
{
	const struct slot *asked = &e->slots[(message->token >> 32) % NUNCHI_SLOTS_MAX];

	if (message->token && asked->born && asked->generation == (uint32_t)message->token)
		return true;
	for (uint32_t i = 1; i < e->slots_used; i++) {
		const struct slot *slot = &e->slots[i];

		if (!slot->born)
			continue;
		if (slot->phase == SLOT_CONTAINER ? streq(slot->id, message->info->id) :
						    slot_matches(slot, message->info))
			return true;
	}
	return false;
}

static void take_facts(struct engine *e, struct runtime_message *message)
{
	struct container_info *info = message->info;
	struct container *c = model_container(e->model, info->id);
	uint32_t init_pid = info->init_pid;

	if (!(c && c->running) && kernel_tells(e, message))
		info->init_pid = 0;
	encode_container(&e->record, info, clock_boot());
	info->init_pid = init_pid;
	pipeline_made(e);
	c = model_container(e->model, info->id);
	if (c)
		container_known(e, c, info, message->token);
}

void binder_message(struct engine *e, struct runtime_message *message)
{
	struct slot *slot;

	switch (message->type) {
	case RUNTIME_CONTAINER:
		take_facts(e, message);
		break;
	case RUNTIME_LIFE:
		break;
	case RUNTIME_GONE:
		gone(e, message->info->id);
		break;
	case RUNTIME_UNKNOWN:
		slot = &e->slots[(message->token >> 32) % NUNCHI_SLOTS_MAX];
		if (slot->generation != (uint32_t)message->token)
			break;
		slot->asked = false;
		slot->next_try = clock_boot() +
				 retry_ms[MIN(slot->tries, ARRAY_SIZE(retry_ms) - 1)] * NSEC_PER_MSEC;
		slot->tries++;
		break;
	case RUNTIME_STATE:
		if (message->ok)
			log_debug("%s", message->text);
		else
			log_warn("%s", message->text);
		break;
	case RUNTIME_LISTED:
		break;
	}
	runtime_message_free(message);
}

/*
 * A container of plain runc or crun can be over before the disk was looked at. That such a runtime
 * made the namespaces is known from its process, and its cgroup is named after the container:
 * "/ID", or "runc-ID.scope" below systemd's.
 */
static char *plain_id(const struct slot *slot)
{
	const char *name = slot->cgroup_path ? strrchr(slot->cgroup_path, '/') : NULL;
	bool runc = starts_with(slot->opener, "runc:["), crun = streq(slot->opener, "crun");
	size_t len;

	if (!slot->born || !(runc || crun) || !name || !*++name)
		return NULL;
	if (starts_with(name, runc ? "runc-" : "crun-"))
		name += strlen("runc-");
	len = strlen(name);
	if (len > strlen(".scope") && streq(name + len - strlen(".scope"), ".scope"))
		len -= strlen(".scope");
	return xstrndup(name, len);
}

/*
 * The hold is over. If the cgroup's path has an id, the container is known at least by that; what
 * nobody claims and nothing names is a sandbox of the host's.
 */
static void give_up(struct engine *e, struct slot *slot)
{
	struct container_info info = { 0 };
	_cleanup_free_ char *plain = NULL, *runtime_name = NULL;
	const char *runtime = NULL;
	struct container *c;
	char id[65];

	if (slot->cgroup_path && cgroup_container_id(slot->cgroup_path, id, &runtime)) {
		/* Anyone can name a cgroup so: a container that runs is not taken over by a name. */
		c = model_container(e->model, id);
		if (c && c->running && !slot_matches(slot, c->info)) {
			bind_host(e, slot);
			return;
		}
		info.id = id;
	} else if ((plain = plain_id(slot)) &&
		   !((c = model_container(e->model, plain)) && c->running)) {
		info.id = info.name = plain;
		runtime = *slot->opener == 'c' ? "crun" : "runc";
	} else {
		bind_host(e, slot);
		return;
	}
	info.runtime = runtime_name = xstrdup(runtime);
	/* Not its cgroup as an identity: it may be one that others are in. */
	info.cgroup = slot->cgroup_path;
	info.mntns = slot->mntns;
	info.pidns = slot->pidns;
	encode_container(&e->record, &info, clock_boot());
	pipeline_made(e);
	c = model_container(e->model, info.id);
	if (c)
		bind_container(e, slot, c);
	else
		bind_host(e, slot);
}

/* A record that waits may say who is init in there, and that it is over: then nothing will come. */
void binder_hold(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	uint64_t soon = clock_boot() + RETRY_DEAD;

	if (record->vpid == 1 && record->pid != 1)
		slot->init_pid = record->pid;
	if (record->kind == NUNCHI_REC_EXIT && record->pid == slot->init_pid)
		slot->give_up_at = MIN(slot->give_up_at, soon);
	hold_add(&slot->held, record);
	e->held_bytes += record->len;
}

/* Gives a slot back when its container is gone and everything of it has come. */
static void give_back(struct engine *e, struct slot *slot)
{
	uint32_t n = number_of(e, slot), generation = slot->generation;
	struct container *c = slot->id ? model_container(e->model, slot->id) : NULL;

	if (!account_complete(e, n))
		return;
	account_close(e, n);
	probe_forget_namespace(e->probe, slot->namespace_key);
	if (c) {
		probe_forget_pidns(e->probe, c->info->pidns);
		probe_forget_cgroup(e->probe, c->info->cgroup_id);
	}
	probe_slot_release(e->probe, n, generation);
	slot_clear(e, slot);
	/* A late record of the old generation must not open it again. */
	slot->generation = generation + 1;
}

void binder_tick(struct engine *e, uint64_t now)
{
	uint64_t hold = e->config->hold_ms * NSEC_PER_MSEC;

	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_PENDING) {
			if (now >= slot->give_up_at || e->held_bytes > ENGINE_HOLD_BYTES)
				give_up(e, slot);
			else if (!slot->asked && now >= slot->next_try)
				ask_disk(e, slot);
		} else if (slot->release_at && now >= slot->release_at) {
			give_back(e, slot);
		} else if (slot->phase == SLOT_HOST && !slot->release_at && now >= e->next_check &&
			   now > slot->opened + 2 * hold && kill((pid_t)slot->pid, 0) &&
			   errno == ESRCH) {
			slot->release_at = now;
		}
	}
}

unsigned binder_waiting(const struct engine *e)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < e->slots_used; i++)
		n += e->slots[i].phase == SLOT_PENDING;
	return n;
}

void binder_release_all(struct engine *e)
{
	for (uint32_t i = 1; i < e->slots_used; i++) {
		if (e->slots[i].phase == SLOT_PENDING)
			give_up(e, &e->slots[i]);
	}
}

void binder_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->slots_used; i++)
		slot_clear(e, &e->slots[i]);
}
