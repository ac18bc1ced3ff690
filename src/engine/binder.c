/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which slot belongs to which container. The kernel side opens a slot when tasks appear in namespaces
 * that it does not know; the runtimes report which containers there are. Here the two are matched
 * (claim.c decides how). Then the records that waited continue. A slot that nobody claims belongs to
 * the host, or to the container from which it was opened. It is given back when nobody uses it.
 */
#include <errno.h>
#include <signal.h>

#include "internal.h"

/* When to ask the disk again if it did not know: runtimes write state.json after init has started. */
static const unsigned retry_ms[] = { 20, 50, 100, 200, 400, 800 };

#define RETRY_DEAD (300 * NSEC_PER_MSEC)	/* how long a runtime may still name a container that has ended */
#define SANDBOXES_MAX (NUNCHI_SLOTS_MAX / 4)	/* slots of host sandboxes that are kept for a late claim */

static uint64_t token_of(const struct engine *e, const struct slot *slot)
{
	return (uint64_t)(slot - e->slots) << 32 | slot->generation;
}

static struct slot *slot_of_token(struct engine *e, uint64_t token)
{
	struct slot *slot = &e->slots[(token >> 32) % NUNCHI_SLOTS_MAX];

	return token && slot->generation == (uint32_t)token ? slot : NULL;
}

const struct slot *binder_asked(struct engine *e, uint64_t token)
{
	return slot_of_token(e, token);
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

/* Notes that at that time there is something to do for a slot. */
static void look_by(struct engine *e, uint64_t when)
{
	e->next_look = MIN(e->next_look, MAX(when, e->looked + ENGINE_LOOK_NS));
}

void binder_stopped(struct engine *e, const char *id)
{
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase != SLOT_CONTAINER || !streq(slot->id, id))
			continue;
		slot->gone_at = 0;
		slot->release_at = clock_boot() + ENGINE_RELEASE_NS;
		look_by(e, slot->release_at);
	}
}

static enum nunchi_mode mode_for(struct engine *e, struct container *c)
{
	if (!c)
		return e->config->host ? NUNCHI_MODE_EVENT : NUNCHI_MODE_NONE;
	return filter_match_container(e->config->filter, e->model, c) == TRI_FALSE ?
		       NUNCHI_MODE_COUNT : NUNCHI_MODE_EVENT;
}

/* Tells the kernel side that the slot is a container's, and which blocking rules apply to it. */
static void name_slot(struct engine *e, const struct slot *slot, struct container *c)
{
	enum nunchi_mode mode = mode_for(e, c);
	uint32_t n = number_of(e, slot);

	block_slot(e, slot);
	in_force_slot(e, n, slot->generation, c);
	probe_slot_set(e->probe, n, slot->generation, NUNCHI_SLOT_NAMED, mode);
}

void binder_block_all(struct engine *e)
{
	for (uint32_t i = 1; i < e->slots_used; i++)
		if (e->slots[i].phase == SLOT_CONTAINER)
			name_slot(e, &e->slots[i], model_container(e->model, e->slots[i].id));
}

void binder_push_all(struct engine *e)
{
	in_force_slot(e, 0, PROBE_GENERATION_FIRST, NULL);
	for (uint32_t i = 1; i < e->slots_used; i++) {
		const struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER)
			in_force_slot(e, i, slot->generation, model_container(e->model, slot->id));
		else if (slot->phase == SLOT_HOST)
			in_force_slot(e, i, slot->generation, NULL);
	}
}

static void bind_host(struct engine *e, struct slot *slot)
{
	uint32_t n = number_of(e, slot);

	log_debug("slot %u is the host's, %u tries", n, slot->tries);
	slot->phase = SLOT_HOST;
	encode_slot(&e->record, n, slot->generation, NULL, clock_boot());
	pipeline_made(e);
	backlog_release(e, slot);
	slot->generation = probe_slot_host(e->probe, n, slot->generation, mode_for(e, NULL));
	in_force_slot(e, n, slot->generation, NULL);
	look_by(e, 0);	/* other slots may have waited for this one */
	encode_slot(&e->record, n, slot->generation, NULL, clock_boot());
	pipeline_made(e);
}

/* Withdraws the PID namespace and cgroup that the kernel side knows for the slot, unless they are these. */
static void take_back_identity(struct engine *e, struct slot *slot, uint32_t pidns, uint64_t cgroup)
{
	uint32_t n = number_of(e, slot);

	if (slot->pushed_pidns && slot->pushed_pidns != pidns)
		probe_forget_pidns(e->probe, n, slot->generation, slot->pushed_pidns);
	if (slot->pushed_cgroup && slot->pushed_cgroup != cgroup)
		probe_forget_cgroup(e->probe, n, slot->generation, slot->pushed_cgroup);
	slot->pushed_pidns = pidns;
	slot->pushed_cgroup = cgroup;
}

/* Tells the kernel side by which PID namespace and cgroup the container's tasks can be recognised. */
static void push_identity(struct engine *e, struct slot *slot, const struct container_info *info)
{
	uint32_t n = number_of(e, slot);
	bool exclusive = !(info->shares & SHARES_PID) && !info->sandbox && !info->pod_uid;

	if (slot->inner) {
		probe_slot_pidns(e->probe, n, slot->generation, slot->pidns, false);
		return;
	}
	take_back_identity(e, slot, exclusive ? info->pidns : 0, info->cgroup_id);
	probe_slot_pidns(e->probe, n, slot->generation, info->pidns, exclusive);
	probe_slot_cgroup(e->probe, n, slot->generation, info->cgroup_id);
}

/* Records that a container was made inside another one. One of root's that has only been put into its cgroup was not. */
static void say_parent(struct engine *e, struct container *c, const struct container *outer)
{
	struct container_info info = { .id = c->info->id, .parent_id = outer->info->id };

	if (c->info->parent_id || (c->info->owner == CONTAINER_OWNER_ROOT && c->info->cgroup_id &&
				   c->info->cgroup_id == outer->info->cgroup_id))
		return;
	encode_container(&e->record, &info, clock_boot());
	pipeline_made(e);
}

/* What does not fit is left out, because a part of it would be another's. */
static void copy_whole(char *to, size_t size, const char *from)
{
	if (from && strlen(from) < size)
		memcpy(to, from, strlen(from) + 1);
}

/* With --pin: keeps the container's name for the next run of nunchi. Without its id nothing is of use. */
static void keep(struct engine *e, const struct slot *slot, const struct container_info *info)
{
	struct probe_kept kept = { .mntns = slot->mntns, .cgroup = slot->cgroup };

	if (!e->config->pin || strlen(info->id) >= sizeof(kept.id))
		return;
	copy_whole(kept.id, sizeof(kept.id), info->id);
	kept.called = info->called ? (uint32_t)strlen(info->called) : 0;
	copy_whole(kept.name, sizeof(kept.name), info->name);
	copy_whole(kept.runtime, sizeof(kept.runtime), info->runtime);
	copy_whole(kept.image, sizeof(kept.image), info->image);
	probe_keep(e->probe, number_of(e, slot), &kept);
}

static void adopt_one(uint32_t n, const struct probe_kept *kept, void *arg)
{
	struct container_info info = { .id = (char *)kept->id, .name = (char *)kept->name,
				       .runtime = (char *)kept->runtime,
				       .image = (char *)kept->image };
	_cleanup_free_ char *called = kept->called ? xstrndup(kept->id, MIN(kept->called, sizeof(kept->id) - 1)) : NULL;
	struct engine *e = arg;
	struct slot *slot = &e->slots[n];
	struct slot *parent = &e->slots[kept->parent % NUNCHI_SLOTS_MAX];
	uint64_t now = clock_boot();

	*slot = (struct slot){
		.phase = SLOT_CONTAINER, .generation = kept->generation, .parent = kept->parent,
		.parent_generation = kept->parent_generation, .mntns = kept->mntns,
		.pidns = kept->pidns, .cgroup = kept->cgroup, .time = now, .opened = now,
		.id = xstrdup(kept->id),
		.inner = kept->parent && parent->id && streq(parent->id, kept->id),
	};
	/* Given back then, unless a process is in it or a runtime still knows it. */
	slot->release_at = now + ENGINE_ADOPT_NS;
	look_by(e, slot->release_at);
	e->slots_used = MAX(e->slots_used, n + 1);
	info.called = called;
	encode_container(&e->record, &info, now);
	pipeline_made(e);
	encode_slot(&e->record, n, slot->generation, slot->id, now);
	pipeline_made(e);
	name_slot(e, slot, model_container(e->model, slot->id));
}

void binder_adopt(struct engine *e)
{
	probe_kept(e->probe, adopt_one, e);
}

static void bind_children(struct engine *e, struct slot *parent);
static void slot_look_up(struct engine *e, struct slot *slot);

static void bind_container(struct engine *e, struct slot *slot, struct container *c)
{
	uint32_t n = number_of(e, slot);
	struct container *outer = claim_outer(e, slot);
	_cleanup_free_ char *id = printable(c->info->id);
	_cleanup_free_ char *source = printable(c->info->source ? c->info->source : "its cgroup's path");

	log_debug("slot %u is container %s, by %s", n, id, source);
	slot->phase = SLOT_CONTAINER;
	slot->asked = false;
	slot->inner = outer == c;
	free(slot->id);
	slot->id = xstrdup(c->info->id);
	if (outer && outer != c)
		say_parent(e, c, outer);
	encode_slot(&e->record, n, slot->generation, slot->id, clock_boot());
	pipeline_made(e);
	push_identity(e, slot, c->info);
	name_slot(e, slot, c);
	keep(e, slot, c->info);
	backlog_release(e, slot);
	bind_children(e, slot);
	look_by(e, 0);
}

/* Looks up the slots that tasks of this one opened while it had no name. */
static void bind_children(struct engine *e, struct slot *parent)
{
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_PENDING && claim_parent(e, slot) == parent)
			slot_look_up(e, slot);
	}
}

static void ask_disk(struct engine *e, struct slot *slot)
{
	slot->asked = true;
	runtimes_resolve(e->runtimes, token_of(e, slot), slot->pid, slot->start, slot->cgroup_path);
}

/* Binds a pending slot if its container is known already, else asks the disk. */
static void slot_look_up(struct engine *e, struct slot *slot)
{
	struct container *c = claim_find(e, slot);

	if (c)
		bind_container(e, slot, c);
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
	slot->start = record->start;
	slot->procs = 1;
	slot->mntns = record->mntns;
	slot->pidns = record->pidns;
	slot->cgroup = record->cgroup;
	memcpy(slot->opener, record->comm, sizeof(slot->opener));
	slot->opener[sizeof(slot->opener) - 1] = '\0';
	/* What CRIU restores continues without an exec, which is the start of other containers: the runtime reports its start. */
	slot->born = record->flags & NUNCHI_F_SETUP && !starts_with(slot->opener, "criu");
	slot->time = record->time;
	slot->opened = clock_boot();
	slot->give_up_at = slot->opened + e->config->hold_ms * NSEC_PER_MSEC;
	look_by(e, slot->give_up_at);
	e->slots_used = MAX(e->slots_used, record->slot + 1);
	return slot;
}

static void say_opened(const struct slot *slot, const struct nunchi_head *record)
{
	_cleanup_free_ char *cgroup = printable(slot->cgroup_path ? slot->cgroup_path : "unknown");
	_cleanup_strbuf_ struct strbuf comm = STRBUF_INIT;

	strbuf_reset(&comm);
	strbuf_add_printable(&comm, record->comm, strnlen(record->comm, sizeof(record->comm)));
	log_debug("slot %u opened by %s[%u], mount namespace %u, cgroup %s", record->slot, comm.s, record->pid,
		  record->mntns, cgroup);
}

static bool is_engine(const char *comm)
{
	return streq(comm, "podman") || streq(comm, "buildah");
}

/*
 * Whether an engine made this mount namespace for itself on the host, as podman does for a container in a
 * user namespace. No runtime will ever claim it, and the runtime that the engine starts in there is at work
 * before the hold ends: what it does would pass for a container's own deeds rather than for its set-up. So
 * the slot is bound to the host at once.
 */
static bool is_engines_own(const struct nunchi_head *record)
{
	char comm[sizeof(record->comm) + 1] = "";

	memcpy(comm, record->comm, sizeof(record->comm));
	return record->pid == record->vpid && is_engine(comm);
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
		slot->key = pending->namespace_key;
	}
	blob = event_blob(&ev, NUNCHI_BLOB_CGROUP_PATH, -1);
	if (blob && !slot->cgroup_path) {
		cgroup_from_walk(&path, blob);
		slot->cgroup_path = strbuf_take(&path);
	}
	say_opened(slot, record);
	if (slot->phase != SLOT_PENDING)
		return;
	if (!slot->parent && is_engines_own(record))
		bind_host(e, slot);
	else
		slot_look_up(e, slot);
}

struct slot *binder_slot(struct engine *e, const struct nunchi_head *record)
{
	struct slot *slot = &e->slots[record->slot % NUNCHI_SLOTS_MAX];

	if (likely(slot->phase != SLOT_UNKNOWN && slot->generation == record->generation))
		return slot;
	if (record->slot <= NUNCHI_SLOT_HELPERS) {
		slot->phase = SLOT_HOST;
		slot->generation = record->generation;
		e->slots_used = MAX(e->slots_used, record->slot + 1);
		return slot;
	}
	if (record->generation < slot->generation)
		return slot;	/* a late record of a slot given back: counted in the slot's present account */
	slot = slot_open(e, record);
	slot_look_up(e, slot);
	return slot;
}

/* A host sandbox whose cgroup was removed can be given back. New cgroups need nothing. */
void binder_cgroup(struct engine *e, const struct nunchi_head *record)
{
	const struct nunchi_cgroup *gone;
	const char *why;
	uint64_t id;
	struct event ev;

	if (record->kind != NUNCHI_REC_CGROUP_GONE ||
	    event_decode(&ev, record, record->len, 0, &why) < 0 ||
	    ev.body_len < sizeof(struct nunchi_cgroup))
		return;
	gone = ev.body;
	id = gone->id | (gone->hierarchy ? NUNCHI_CGROUP_V1 : 0);
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->cgroup == id && slot->phase == SLOT_HOST) {
			slot->release_at = clock_boot();
			look_by(e, slot->release_at);
		}
	}
}

/* Whether the slot was opened inside that container, directly or through other slots. */
static bool is_within(struct engine *e, const struct slot *slot, const char *id)
{
	for (slot = claim_parent(e, slot); slot; slot = claim_parent(e, slot))
		if (slot->phase == SLOT_CONTAINER && streq(slot->id, id))
			return true;
	return false;
}

/* Repeats the SLOT record if the model has forgotten the container meanwhile. */
static void say_slot(struct engine *e, const struct slot *slot)
{
	uint32_t n = number_of(e, slot);
	struct container *known;

	if (model_slot(e->model, n, slot->generation, &known))
		return;
	encode_slot(&e->record, n, slot->generation, slot->id, clock_boot());
	pipeline_made(e);
}

/* Updates the slots of a container with new facts, and binds pending ones that these facts match. */
void binder_container(struct engine *e, struct container *c, const struct container_info *info,
		      uint64_t token)
{
	struct slot *asked = slot_of_token(e, token);

	if (asked && asked->phase == SLOT_PENDING) {
		/* The disk also looks at ancestors and cgroups, which says nothing new about a slot opened inside a container. */
		if (claim_parent(e, asked) ? claim_may_be(e, asked, info) : !claim_is_anothers(asked, info))
			bind_container(e, asked, c);
		else
			binder_unknown(e, token);
	}
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->retired)
			continue;
		if (slot->phase == SLOT_CONTAINER && streq(slot->id, c->info->id)) {
			say_slot(e, slot);
			push_identity(e, slot, c->info);
			name_slot(e, slot, c);
			keep(e, slot, c->info);
			/* It runs: keep the slot. But not one of an earlier run. */
			if (c->running && claim_matches(slot, info))
				slot->release_at = 0;
		} else if (slot->phase == SLOT_CONTAINER && is_within(e, slot, c->info->id)) {
			block_slot(e, slot);
		} else if ((slot->phase == SLOT_PENDING || slot->phase == SLOT_HOST) &&
			   i > NUNCHI_SLOT_HELPERS && claim_may_be(e, slot, info)) {
			bind_container(e, slot, c);
		}
	}
}

bool binder_is_about(const struct engine *e, const struct container_info *info)
{
	for (uint32_t i = 1; i < e->slots_used; i++) {
		const struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER && streq(slot->id, info->id) && claim_matches(slot, info))
			return true;
	}
	return false;
}

bool binder_saw_birth(const struct engine *e, const struct container_info *info, uint64_t token)
{
	const struct slot *asked = &e->slots[(token >> 32) % NUNCHI_SLOTS_MAX];

	if (token && asked->born && asked->generation == (uint32_t)token)
		return true;
	for (uint32_t i = 1; i < e->slots_used; i++) {
		const struct slot *slot = &e->slots[i];

		if (!slot->born || slot->inner)
			continue;
		if (slot->phase == SLOT_CONTAINER ? streq(slot->id, info->id) :
						    claim_matches(slot, info))
			return true;
	}
	return false;
}

bool binder_ends_later(struct engine *e, const char *id, uint64_t said)
{
	struct container *c = model_container(e->model, id);
	bool later = false;

	/* A container that is only counted sends no records, so the kernel will not tell of its end. */
	if (!c || mode_for(e, c) != NUNCHI_MODE_EVENT)
		return false;
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER && !slot->inner && streq(slot->id, id)) {
			slot->gone_at = said + ENGINE_GONE_NS;
			look_by(e, slot->gone_at);
			later = true;
		}
	}
	return later;
}

void binder_unknown(struct engine *e, uint64_t token)
{
	struct slot *slot = slot_of_token(e, token);

	if (!slot)
		return;
	slot->asked = false;
	slot->next_try = clock_boot() +
			 retry_ms[MIN(slot->tries, ARRAY_SIZE(retry_ms) - 1)] * NSEC_PER_MSEC;
	look_by(e, slot->next_try);
	slot->tries++;
}

static bool waits_for_parent(struct engine *e, const struct slot *slot)
{
	const struct slot *parent = claim_parent(e, slot);

	return parent && parent->phase == SLOT_PENDING;
}

/* The hold is over: what nobody claims and no cgroup path names is a sandbox of where it was opened. */
static void give_up(struct engine *e, struct slot *slot, const char *why)
{
	struct container *outer, *c;

	if (waits_for_parent(e, slot)) {
		give_up(e, claim_parent(e, slot), why);
		if (slot->phase != SLOT_PENDING)
			return;
	}
	outer = claim_outer(e, slot);
	c = claim_by_kernel(e, slot, why);
	if (!c)
		c = outer;
	if (c)
		bind_container(e, slot, c);
	else
		bind_host(e, slot);
}

static bool waits_too_much(const struct engine *e)
{
	return e->held_bytes > MIN(e->config->hold_bytes, backlog_room(e));
}

/*
 * More waits than there is room for. Slots that were opened inside containers continue first: without a name they are those
 * containers', who could otherwise take all the room with slots of which nobody knows a name.
 */
static void wait_less(struct engine *e, struct slot *slot)
{
	static const char why[] = "more waited for names than --hold-bytes allows";

	e->counts[ACCOUNT_READER_NAMELESS]++;
	for (uint32_t i = NUNCHI_SLOT_HELPERS + 1; i < e->slots_used; i++)
		if (e->slots[i].phase == SLOT_PENDING && e->slots[i].held.bytes && claim_outer(e, &e->slots[i]))
			give_up(e, &e->slots[i], why);
	if (waits_too_much(e) && slot->phase == SLOT_PENDING)
		give_up(e, slot, why);
}

/*
 * The waiting records tell which process is init in the slot, and when all of its processes have ended:
 * then a name will come soon or never. Beyond the bound of what may wait, a slot continues without.
 */
void binder_hold(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	uint64_t soon = clock_boot() + RETRY_DEAD;

	/* Only the first one: programs inside can make further PID namespaces, each with an init. */
	if (record->vpid == 1 && record->pid != 1 && !slot->init_pid)
		slot->init_pid = record->pid;
	if (record->kind == NUNCHI_REC_FORK && record->pid != slot->pid)
		slot->procs++;
	if (record->kind == NUNCHI_REC_EXIT &&
	    ((slot->procs && !--slot->procs) || record->pid == slot->init_pid)) {
		slot->give_up_at = MIN(slot->give_up_at, soon);
		look_by(e, slot->give_up_at);
	}
	slot->account.held += is_accounted(record);
	hold_add(&slot->held, record);
	e->held_bytes += record->len;
	if (unlikely(waits_too_much(e)))
		wait_less(e, slot);
}

/* Whether records that the output has not accepted yet may be of this slot. */
static bool waits_for_output(const struct engine *e, const struct slot *slot)
{
	return slots_are_needed(e) ? slot->account.held : e->backlog.first != NULL;
}

/*
 * Gives a slot back when its container has ended and all of its records have come. Two steps, because
 * tasks may still use it: those of a container that is only counted are not followed, and one may have
 * just come in. So the slot is retired first, which makes the kernel side look such tasks up anew; its
 * account is closed when nothing can be counted in it any more.
 */
static void give_back(struct engine *e, struct slot *slot)
{
	uint32_t n = number_of(e, slot), generation = slot->generation;

	if (!account_complete(e, n) || waits_for_output(e, slot))
		return;
	if (!slot->retired) {
		take_back_identity(e, slot, 0, 0);
		probe_slot_retire(e->probe, n, generation);
		slot->retired = true;
		slot->release_at = clock_boot() + ENGINE_RETIRED_NS;
		return;
	}
	if (!account_close(e, n))
		return;
	probe_slot_free(e->probe, n, generation);
	slot_clear(e, slot);
	/* So that a late record of the old generation does not open the slot again. */
	slot->generation = generation + 1;
}

bool binder_is_alive(uint32_t pid)
{
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Whether the slot is still used: by a process that got away, or as the parent of another slot. */
static bool slot_in_use(struct engine *e, const struct slot *slot)
{
	uint32_t n = number_of(e, slot);
	const struct process *p = NULL;

	for (uint32_t i = 1; i < e->slots_used; i++)
		if (e->slots[i].phase != SLOT_UNKNOWN && claim_parent(e, &e->slots[i]) == slot)
			return true;
	if (!model_slot_processes(e->model, n))
		return false;
	while ((p = model_slot_next(e->model, n, slot->generation, p)))
		if (binder_is_alive(p->pid))
			return true;
	return false;
}

static void look_at_container(struct engine *e, struct slot *slot, uint64_t now)
{
	/* Wait for the output: the record of the end may be in the backlog. */
	if (slot->gone_at && now >= slot->gone_at && !waits_for_output(e, slot)) {
		uint64_t said = slot->gone_at - ENGINE_GONE_NS;

		slot->gone_at = 0;
		life_said_gone(e, slot->id, said);
	}
	/* A sandbox inside a container: check whether it is still used. Not if only counted, since nobody knows then. */
	if (slot->inner && !slot->release_at && now >= e->next_check &&
	    now > slot->opened + ENGINE_RELEASE_NS &&
	    mode_for(e, model_container(e->model, slot->id)) == NUNCHI_MODE_EVENT)
		slot->release_at = now;
	if (!slot->release_at || now < slot->release_at)
		return;
	if (!slot->retired && slot_in_use(e, slot))
		slot->release_at = slot->inner ? 0 : now + NSEC_PER_SEC;
	else
		give_back(e, slot);
}

/*
 * Whether the slot is of namespaces that a rootless engine makes for itself, and returns to after the
 * process that made them has ended. They stay known as the host's, without a slot; that is safe only for
 * keys that are never reused. Other namespaces may yet turn out to be those of a container with a slow
 * runtime: if their tasks show up again, a new slot is opened.
 */
static bool is_users_engine(const struct slot *slot)
{
	return is_engine(slot->opener) && slot->key && slot->key != slot->mntns;
}

static void look_at_host(struct engine *e, struct slot *slot, uint64_t now, bool many)
{
	bool over;

	if (number_of(e, slot) <= NUNCHI_SLOT_HELPERS)
		return;
	over = many || (now >= e->next_check && !binder_is_alive(slot->pid));
	if (!slot->release_at && over) {
		if (many || is_users_engine(slot))
			probe_slot_sandbox(e->probe, number_of(e, slot), slot->generation);
		slot->release_at = now;
	}
	if (slot->release_at && now >= slot->release_at)
		give_back(e, slot);
}

static void look_at_pending(struct engine *e, struct slot *slot, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;

	if (waits_for_parent(e, slot))
		return;	/* it will be looked up with its parent */
	if (now >= slot->give_up_at) {
		strbuf_addf(&why, "no runtime named it within %.1f s",
			    (double)(now - slot->opened) / (double)NSEC_PER_SEC);
		give_up(e, slot, why.s);
	} else if (!slot->asked && now >= slot->next_try) {
		ask_disk(e, slot);
	}
}

/* When a slot must be looked at next, if nothing happens to it before; UINT64_MAX: never. */
static uint64_t wants_look(struct engine *e, const struct slot *slot)
{
	uint64_t when = UINT64_MAX;

	switch (slot->phase) {
	case SLOT_PENDING:
		if (!waits_for_parent(e, slot))
			when = slot->asked ? slot->give_up_at : MIN(slot->give_up_at, slot->next_try);
		break;
	case SLOT_CONTAINER:
	case SLOT_HOST:
		when = slot->gone_at ? slot->gone_at : UINT64_MAX;
		when = slot->release_at ? MIN(when, slot->release_at) : when;
		break;
	case SLOT_UNKNOWN:
		break;
	}
	return when;
}

void binder_tick(struct engine *e, uint64_t now)
{
	unsigned sandboxes = 0, taken = 0;

	if (now < e->next_look && now < e->next_check)
		return;
	e->looked = now;
	e->next_look = UINT64_MAX;
	for (uint32_t i = 1; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];
		uint64_t when;

		if (slot->phase == SLOT_PENDING)
			look_at_pending(e, slot, now);
		else if (slot->phase == SLOT_CONTAINER)
			look_at_container(e, slot, now);
		else if (slot->phase == SLOT_HOST)
			look_at_host(e, slot, now, ++sandboxes > SANDBOXES_MAX);
		when = wants_look(e, slot);
		look_by(e, when > now ? when : now + ENGINE_RETRY_NS);
		taken += slot->phase != SLOT_UNKNOWN;
	}
	e->slots_scarce = taken > probe_slots(e->probe) / 4 * 3;
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
			give_up(e, &e->slots[i], "nunchi ended before a runtime named it");
	}
}

void binder_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->slots_used; i++)
		slot_clear(e, &e->slots[i]);
}
