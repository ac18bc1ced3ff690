/* SPDX-License-Identifier: Apache-2.0 */
/* Values are computed once per event; texts and lists that do not live that long are copied. */
#include "evaluation.h"

void evaluation_init(struct evaluation *e, size_t n_nodes, size_t n_operands)
{
	e->event = 1;
	e->n_nodes = n_nodes;
	e->nodes = xcalloc(n_nodes + 1, sizeof(*e->nodes));
	e->operands = xcalloc(n_operands + 1, sizeof(*e->operands));
	e->n_operands = n_operands;
}

void evaluation_free(struct evaluation *e)
{
	for (size_t i = 0; e->operands && i < e->n_operands; i++) {
		strbuf_free(&e->operands[i].text);
		free(e->operands[i].items);
	}
	free(e->nodes);
	free(e->operands);
}

void evaluation_next(struct evaluation *e)
{
	if (likely(++e->event))
		return;
	/* The counter has wrapped: an old result would be taken for one of this event. */
	for (size_t i = 0; i < e->n_nodes; i++)
		e->nodes[i].event = 0;
	for (size_t i = 0; i < e->n_operands; i++)
		e->operands[i].event = 0;
	e->event = 1;
}

static void keep_text(struct operand_value *kept)
{
	strbuf_reset(&kept->text);
	strbuf_add(&kept->text, kept->v.s, kept->v.len);
	kept->v.s = kept->text.s;
}

static void keep_list(struct operand_value *kept, bool copy_texts)
{
	if (!kept->items)
		kept->items = xcalloc(FIELD_ITEMS_MAX, sizeof(*kept->items));
	memcpy(kept->items, kept->v.items, kept->v.len * sizeof(*kept->items));
	kept->v.items = kept->items;
	if (!copy_texts)
		return;
	strbuf_reset(&kept->text);
	for (size_t i = 0; i < kept->v.len; i++)
		strbuf_add(&kept->text, kept->items[i].s, kept->items[i].len);
	for (size_t i = 0, at = 0; i < kept->v.len; at += kept->items[i++].len)
		kept->items[i].s = kept->text.s + at;
}

const struct value *evaluation_operand(struct evaluation *e, const struct operand *o,
				       struct field_context *fc)
{
	struct operand_value *kept = &e->operands[o->slot];
	unsigned scratch = fc->next_scratch;
	bool made;

	if (kept->event == e->event)
		return &kept->v;
	kept->event = e->event;
	operand_get_forms(o, fc, &kept->v);
	made = fc->next_scratch != scratch;
	if (kept->v.type == VALUE_LIST)
		keep_list(kept, made && kept->v.items[0].type == VALUE_STRING);
	else if (made && kept->v.type == VALUE_STRING)
		keep_text(kept);
	return &kept->v;
}
