/* SPDX-License-Identifier: Apache-2.0 */
/* An engine for tests of one file of the room: with a model and slots, and nothing else. */
#pragma once

#include "engine/internal.h"

static inline struct engine *bare_engine(void)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->model = model_new((size_t)1 << 20);
	e->slots = xcalloc(NUNCHI_SLOTS_MAX, sizeof(*e->slots));
	return e;
}

static inline void bare_engine_free(struct engine *e)
{
	model_free(e->model);
	strbuf_free(&e->record);
	free(e->slots);
	free(e);
}
