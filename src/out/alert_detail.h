/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert says beyond Falco's keys: one object, "nunchi", that who does not know it passes over. */
#pragma once

#include "alert_context.h"

struct rule;

/* minute: how often the rule has matched in the last one; 0: unknown. Begins with a comma. */
void detail_add(const struct rule *rule, struct field_context *fc, uint64_t minute,
		struct context *context, struct strbuf *out);
