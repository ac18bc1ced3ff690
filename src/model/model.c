/* SPDX-License-Identifier: Apache-2.0 */
/* One record after the other changes the state; what an event is shown with is looked up here. */
#include "internal.h"

struct model *model_new(size_t bytes)
{
	struct model *m = xcalloc(1, sizeof(*m));

	m->bytes_max = bytes;
	return m;
}

size_t model_bytes(const struct model *m)
{
	return m->process_bytes + m->containers.count * MODEL_CONTAINER_BYTES;
}

uint64_t model_forgotten(const struct model *m)
{
	return m->forgotten;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	processes_free(m);
	addresses_free(m);
	containers_free(m);
	host_info_free(m->host);
	free(m);
}

/* The kinds whose head is that of a task; the user side's other records were caused by none. */
static bool has_task(const struct nunchi_head *head)
{
	return head->pid && (head->kind <= NUNCHI_REC_KERNEL_LAST ||
			     head->kind == NUNCHI_REC_PROCESS ||
			     head->kind == NUNCHI_REC_LIFE || head->kind == NUNCHI_REC_ESCAPE ||
			     head->kind == NUNCHI_REC_BLIND);
}

static void apply_host(struct model *m, const struct event *ev)
{
	struct host_info *host;

	if (decode_host(ev, &host) < 0)
		return;
	host_info_free(m->host);
	m->host = host;
}

/*
 * The container is the record's own: a thread can have been moved before its process was heard of.
 * A slot that has been given away since says nothing; the process still knows.
 */
static struct container *container_of_record(const struct model *m, const struct nunchi_head *head,
					     const struct process *p)
{
	struct container *c;

	if (!model_slot(m, head->slot, head->generation, &c) && p && p->slot == head->slot &&
	    p->generation == head->generation)
		c = p->container;
	return c;
}

static void fill(const struct model *m, struct event *ev, struct process *p)
{
	ev->proc = p;
	ev->container = container_of_record(m, ev->head, p);
	ev->parent = p ? processes_parent(m, p) : NULL;
	ev->host_name = m->host ? m->host->name : NULL;
}

void model_apply(struct model *m, struct event *ev)
{
	const struct nunchi_head *head = ev->head;
	struct process *p = NULL;

	if (likely(has_task(head))) {
		p = process_touch(m, head);
		if (likely(!event_is_entry(ev)))
			process_apply(m, p, ev);
	} else if (head->kind == NUNCHI_REC_SUMMARY) {
		p = model_process(m, head->pid, head->start);
	} else if (head->kind == NUNCHI_REC_HOST) {
		apply_host(m, ev);
	} else if (head->kind == NUNCHI_REC_SLOT) {
		containers_bind(m, ev);
	}
	fill(m, ev, p);
	if (head->kind == NUNCHI_REC_CONTAINER)
		containers_update(m, ev);
	else if (head->kind == NUNCHI_REC_CONTAINER_GONE)
		containers_gone(m, ev);
	else if (head->kind == NUNCHI_REC_LIFE)
		containers_life(m, ev);
	else if (head->kind == NUNCHI_REC_EXIT && ev->container)
		containers_exit(ev->container, ev);
	else if (ev->type == EVENT_BLIND && ev->container)
		ev->container->blind |= 1U << (event_blind(ev)->what & 31);
}

const struct host_info *model_host(const struct model *m)
{
	return m->host;
}

static const char *name_of(const struct id_name *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i].id == id)
			return ids[i].name;
	return NULL;
}

/* What 0 is called is known before any file was read, and where there is none; so it is in Falco's. */
static const char *name_or_root(const char *name, uint32_t id)
{
	return name || id ? name : "root";
}

const char *model_user_name(const struct model *m, const struct container *c, uint32_t uid)
{
	const char *name = NULL;

	if (c)
		name = name_of(c->info->users, c->info->n_users, uid);
	else if (m->host)
		name = name_of(m->host->users, m->host->n_users, uid);
	return name_or_root(name, uid);
}

const char *model_group_name(const struct model *m, const struct container *c, uint32_t gid)
{
	const char *name = NULL;

	if (c)
		name = name_of(c->info->groups, c->info->n_groups, gid);
	else if (m->host)
		name = name_of(m->host->groups, m->host->n_groups, gid);
	return name_or_root(name, gid);
}
