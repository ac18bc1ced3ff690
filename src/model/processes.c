/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes by (pid, start). Most records change nothing: the hot path is one look-up and a few
 * comparisons. Those alive and those dead stand in two lists by their last use, from whose old
 * ends the table is kept within its bounds.
 */
#include "internal.h"

static uint64_t pid_hash(uint32_t pid)
{
	return hash_u64(pid);
}

static struct process_list *list_of(struct model *m, const struct process *p)
{
	return p->alive ? &m->alive : &m->dead;
}

static void list_add(struct process_list *l, struct process *p)
{
	p->newer = NULL;
	p->older = l->newest;
	if (l->newest)
		l->newest->newer = p;
	else
		l->oldest = p;
	l->newest = p;
	l->count++;
}

static void list_remove(struct process_list *l, struct process *p)
{
	if (p->older)
		p->older->newer = p->newer;
	else
		l->oldest = p->newer;
	if (p->newer)
		p->newer->older = p->older;
	else
		l->newest = p->older;
	l->count--;
}

static void set_container(struct process *p, struct container *c)
{
	if (p->container == c)
		return;
	if (p->alive && p->container)
		p->container->n_procs--;
	if (p->alive && c)
		c->n_procs++;
	p->container = c;
}

/* An alive process is in its slot; one that has ended, or goes, is not. */
static void slot_add(struct model *m, struct process *p)
{
	struct slot *slot = &m->slots[p->slot % NUNCHI_SLOTS_MAX];

	if (!p->alive || p->slot >= NUNCHI_SLOTS_MAX)
		return;
	p->slot_next = slot->processes;
	p->slot_link = &slot->processes;
	if (p->slot_next)
		p->slot_next->slot_link = &p->slot_next;
	slot->processes = p;
	slot->n_processes++;
}

static void slot_remove(struct model *m, struct process *p)
{
	if (!p->slot_link)
		return;
	*p->slot_link = p->slot_next;
	if (p->slot_next)
		p->slot_next->slot_link = p->slot_link;
	p->slot_next = NULL;
	p->slot_link = NULL;
	m->slots[p->slot].n_processes--;
}

static void process_free(struct model *m, struct process *p)
{
	slot_remove(m, p);
	set_container(p, NULL);
	m->process_bytes -= p->bytes;
	list_remove(list_of(m, p), p);
	hmap_remove(&m->processes, &p->by_pid);
	if (m->last == p)
		m->last = NULL;
	free(p->exepath);
	free(p->exe_asked);
	free(p->execfn);
	free(p->cwd);
	free(p->chroot);
	free(p->argv);
	free(p->env);
	free(p->cmdline);
	free(p->json.text);
	free(p);
}

void processes_free(struct model *m)
{
	while (m->alive.oldest)
		process_free(m, m->alive.oldest);
	while (m->dead.oldest)
		process_free(m, m->dead.oldest);
	hmap_free(&m->processes);
}

void processes_end(struct model *m, struct process *p, uint64_t time)
{
	struct container *c = p->container;

	if (!p->alive)
		return;
	slot_remove(m, p);
	set_container(p, NULL);
	list_remove(&m->alive, p);
	p->alive = false;
	p->ended = time;
	p->container = c;	/* still its container, but not counted there any more */
	list_add(&m->dead, p);
	if (m->dead.count > MODEL_DEAD_MAX)
		process_free(m, m->dead.oldest);
}

struct process *model_process(const struct model *m, uint32_t pid, uint64_t start)
{
	uint64_t hash = pid_hash(pid);

	for (struct hnode *n = hmap_first(&m->processes, hash); n; n = hmap_next(n, hash)) {
		struct process *p = container_of(n, struct process, by_pid);

		if (p->pid == pid && p->start == start)
			return p;
	}
	return NULL;
}

/* The parent started before its child and did not end before it: else it is another of that pid. */
struct process *processes_parent(const struct model *m, const struct process *p)
{
	uint64_t hash = pid_hash(p->ppid);
	struct process *best = NULL;

	for (struct hnode *n = hmap_first(&m->processes, hash); n; n = hmap_next(n, hash)) {
		struct process *q = container_of(n, struct process, by_pid);

		if (q->pid == p->ppid && q->start <= p->start && q != p &&
		    (q->alive || q->ended >= p->start) && (!best || q->start > best->start))
			best = q;
	}
	return best;
}

const struct process *model_parent(const struct model *m, const struct process *p)
{
	return processes_parent(m, p);
}

struct process *model_process_alive(const struct model *m, uint32_t pid)
{
	uint64_t hash = pid_hash(pid);

	for (struct hnode *n = hmap_first(&m->processes, hash); n; n = hmap_next(n, hash)) {
		struct process *p = container_of(n, struct process, by_pid);

		if (p->pid == pid && p->alive)
			return p;
	}
	return NULL;
}

static struct process *process_new(struct model *m, const struct nunchi_head *head)
{
	struct process *same_pid = model_process_alive(m, head->pid), *p;

	/* Two cannot have one pid: the end of the older was lost, or the record is late. */
	if (same_pid && same_pid->start < head->start) {
		processes_end(m, same_pid, head->start);
		same_pid = NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->pid = head->pid;
	p->start = head->start;
	p->alive = !same_pid;
	p->ended = same_pid ? same_pid->start : 0;
	p->version = 1;
	p->vpid = head->vpid;
	p->ppid = head->ppid;
	/* An exec's head has the new name already; what the old one was, its blob says. */
	process_set_name(p, head->comm, head->kind == NUNCHI_REC_EXEC ? 0 : sizeof(head->comm));
	hmap_insert(&m->processes, &p->by_pid, pid_hash(p->pid));
	list_add(list_of(m, p), p);
	slot_add(m, p);
	if (m->dead.count > MODEL_DEAD_MAX)
		process_free(m, m->dead.oldest);
	return p;
}

static void follow_entered(struct process *p, const struct nunchi_head *head)
{
	p->entered = head->flags & NUNCHI_F_ENTERED;
	if (!p->entered)
		p->entered_by[0] = '\0';
	p->version++;
}

/* What changed hands since: a reparented child, a rename, another container. */
static void follow_head(struct model *m, struct process *p, const struct nunchi_head *head)
{
	if (unlikely(p->ppid != head->ppid)) {
		p->ppid = head->ppid;
		p->parent_comm[0] = '\0';
		p->version++;
	}
	if (unlikely(head->vpid && p->vpid != head->vpid)) {
		p->vpid = head->vpid;
		p->version++;
	}
	/* Threads have names of their own; the process is called as its first one is. */
	if (head->tid == head->pid && unlikely(memcmp(p->comm, head->comm, sizeof(p->comm)) != 0) &&
	    head->kind != NUNCHI_REC_EXEC)
		p->version += process_set_name(p, head->comm, sizeof(head->comm));
	if (unlikely(p->slot != head->slot || p->generation != head->generation)) {
		slot_remove(m, p);
		p->slot = head->slot;
		p->generation = head->generation;
		slot_add(m, p);
		set_container(p, container_of_slot(m, p->slot, p->generation));
	}
	if (unlikely(p->entered != !!(head->flags & NUNCHI_F_ENTERED)))
		follow_entered(p, head);
}

/* Its strings come again in the rendered text, with as many bytes of names and numbers as it has itself. */
static size_t bytes_of(const struct process *p)
{
	const char *const strings[] = { p->exepath, p->exe_asked, p->execfn, p->cwd, p->chroot, p->cmdline };
	size_t bytes = 2 * sizeof(*p) + 2 * ((size_t)p->argv_len + p->env_len);

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		bytes += strings[i] ? 2 * strlen(strings[i]) : 0;
	return bytes;
}

void processes_weigh(struct model *m, struct process *keep)
{
	m->process_bytes -= keep->bytes;
	keep->bytes = bytes_of(keep);
	m->process_bytes += keep->bytes;
	while (unlikely(model_bytes(m) > m->bytes_max)) {
		struct process *oldest = m->dead.oldest ? m->dead.oldest : m->alive.oldest;

		if (oldest == keep)
			oldest = m->alive.oldest;
		if (!oldest || oldest == keep)
			break;
		m->forgotten += oldest->alive;
		process_free(m, oldest);
	}
}

struct process *process_touch(struct model *m, const struct nunchi_head *head)
{
	struct process *p = m->last;
	struct process_list *l;

	if (!p || p->pid != head->pid || p->start != head->start)
		p = model_process(m, head->pid, head->start);
	if (unlikely(!p)) {
		p = process_new(m, head);
		processes_weigh(m, p);
	}
	follow_head(m, p, head);
	l = list_of(m, p);
	if (l->newest != p) {
		list_remove(l, p);
		list_add(l, p);
	}
	m->last = p;
	return p;
}

const struct process *model_slot_next(const struct model *m, uint32_t slot, uint32_t generation,
				      const struct process *p)
{
	if (slot >= NUNCHI_SLOTS_MAX)
		return NULL;
	for (p = p ? p->slot_next : m->slots[slot].processes; p; p = p->slot_next)
		if (p->generation == generation)
			return p;
	return NULL;
}

void processes_bind(struct model *m, uint32_t slot, uint32_t generation, struct container *c)
{
	for (struct process *p = m->slots[slot].processes; p; p = p->slot_next)
		if (p->generation == generation)
			set_container(p, c);
	for (struct process *p = m->dead.newest; p; p = p->older)
		if (p->slot == slot && p->generation == generation)
			set_container(p, c);
}

static void list_forget(const struct process_list *l, const struct container *c)
{
	for (struct process *p = l->newest; p; p = p->older)
		if (p->container == c)
			set_container(p, NULL);
}

void processes_forget(struct model *m, const struct container *c)
{
	list_forget(&m->alive, c);
	list_forget(&m->dead, c);
}
