/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways into the kernel that no hook sees here are logged at the start (attach.c). That a container takes
 * one of them is known from its first step, which is seen: it creates an io_uring, or executes a 32-bit
 * program. The first time in each container is an event, and a line on stderr, because guard shows alerts
 * only.
 */
#include "internal.h"

#define SAID_MAX 20	/* lines; enough for a host with many short-lived containers */

static const struct {
	uint32_t unseen;	/* bits 1 << enum doctor_unseen of which one must be set */
	const char *said;
} ways[NUNCHI_BLIND_MAX] = {
	[NUNCHI_BLIND_IO_URING] = { 1U << DOCTOR_UNSEEN_IO_URING,
				    "io_uring in use, operations not visible on this kernel" },
	[NUNCHI_BLIND_CALLS_32] = { 1U << DOCTOR_UNSEEN_COMPAT | 1U << DOCTOR_UNSEEN_FUNCTIONS_32,
				    "32-bit program executed, its calls not visible here" },
};

static enum nunchi_blind_what begins(const struct event *ev)
{
	const struct event_blob *blob;
	struct nunchi_traits traits;

	if (ev->type != EVENT_SYSCALL || event_is_entry(ev) || event_failed(ev))
		return NUNCHI_BLIND_NOTHING;
	if (ev->head->kind == NUNCHI_REC_SYSCALL)
		return streq(ev->call->name, "io_uring_setup") ? NUNCHI_BLIND_IO_URING : NUNCHI_BLIND_NOTHING;
	blob = event_blob(ev, NUNCHI_BLOB_TRAITS, -1);
	if (!blob || blob->len < sizeof(traits))
		return NUNCHI_BLIND_NOTHING;
	memcpy(&traits, blob->data, sizeof(traits));
	return traits.flags & NUNCHI_TRAIT_32 ? NUNCHI_BLIND_CALLS_32 : NUNCHI_BLIND_NOTHING;
}

static void say(struct engine *e, const struct container *c, enum nunchi_blind_what what)
{
	_cleanup_free_ char *name = printable(c->display ? c->display : c->short_id);

	if (e->blind_said >= SAID_MAX)
		return;
	e->blind_said++;
	log_warn("not seen: container %s: %s%s", name, ways[what].said,
		 e->blind_said == SAID_MAX ? "; of others it is not said any more" : "");
}

void blind_look(struct engine *e, const char *container, const struct nunchi_head *record)
{
	enum nunchi_blind_what what;
	const struct container *c;
	struct event ev;
	const char *why;

	if (!e->unseen || event_decode(&ev, record, record->len, 0, &why) < 0)
		return;
	what = begins(&ev);
	if (!(e->unseen & ways[what].unseen))
		return;
	c = model_container(e->model, container);
	if (!c || c->blind & 1U << what)
		return;
	encode_blind(&e->record, record, what);
	pipeline_made(e);
	say(e, c, what);
}
