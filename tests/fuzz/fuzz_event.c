/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as they come from a ring or a file: the input is a stream of them, each taken as long as
 * its length says (at least its head). Everything that reads an event looks at each.
 */
#include "event/account.h"
#include "event/encode.h"
#include "event/fd.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct model *m, struct event *ev)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct accounts accounts = { .n = 0 };
	struct container *c;
	struct event_fd fd;

	model_apply(m, ev);
	strbuf_adds(&text, event_type_name(ev));
	strbuf_adds(&text, event_activity(ev));
	for (unsigned i = 0; i < 6; i++)
		event_arg_print(ev, i, &text);
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		path_from_walk(&text, &ev->blobs[i]);
		cgroup_from_walk(&text, &ev->blobs[i]);
	}
	(void)model_slot(m, ev->head->slot, ev->head->generation, &c);
	(void)model_user_name(m, ev->container, ev->head->uid);
	accounts_apply(&accounts, ev);
	strbuf_addu(&text, accounts_sum(&accounts).kernel.seen);
	accounts_free(&accounts);
	for (unsigned i = 0; event_lost_kind(ev, i); i++)
		strbuf_adds(&text, lost_kind_name(event_lost_kind(ev, i)->what));
	event_fd(ev, ev->proc ? ev->proc->cwd : NULL, &text, &fd);
	if (fd.name && (fd.dir_len > fd.name_len || fd.file_off > fd.name_len))
		abort();
	if (ev->proc && (!ev->proc->cmdline || strlen(ev->proc->comm) > 15))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = model_new(1 << 16);
	struct event ev;
	const char *why;

	while (size >= sizeof(struct nunchi_head)) {
		/* Its own memory, so that reading past the record's end is found. */
		struct nunchi_head head;
		_cleanup_free_ void *copy = NULL;
		size_t len;

		memcpy(&head, data, sizeof(head));
		len = MIN(MAX(head.len, sizeof(head)), size);
		copy = xmemdup(data, len);
		if (!event_decode(&ev, copy, len, 0, &why))
			look_at(m, &ev);
		data += len;
		size -= len;
	}
	model_free(m);
	return 0;
}
