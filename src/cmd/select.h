/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags that select (-c web, --pod p, -l app=shop), as text of the filter language. The same flag
 * twice means either value; different flags must all hold.
 */
#pragma once

#include "base/strbuf.h"

enum select_kind {
	SELECT_CONTAINER,	/* name, id or its beginning, ns/pod, or a glob of these */
	SELECT_POD,
	SELECT_K8S_NS,
	SELECT_IMAGE,
	SELECT_LABEL,		/* KEY=VALUE, or KEY: it has the label */
	SELECT_PID,
	SELECT_MAX
};

struct selection {
	struct strbuf any[SELECT_MAX];
};

/* 0, or -EINVAL with a sentence in err. */
int selection_add(struct selection *s, enum select_kind kind, const char *value, struct strbuf *err)
	_must_check_;
/* Appends the filter text of the whole selection; nothing if nothing is selected. */
void selection_text(const struct selection *s, struct strbuf *out);
void selection_free(struct selection *s);
