/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert has beyond Falco's keys: one object, "nunchi", which programs that do not know it ignore. */
#pragma once

#include "alert_context.h"

struct rule;

/* Appends it, with a comma before. minute: how often the rule has matched in the last minute; 0: unknown. */
void detail_add(const struct rule *rule, struct field_context *fc, uint64_t minute,
		struct context *context, struct strbuf *out);
