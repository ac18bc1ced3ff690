/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of containers, for `nunchi ps -o json`. */
#pragma once

#include "fields/fields.h"

/* One flat object a line: the container's fields, its labels, how many processes it has. */
void json_add_container(struct strbuf *out, const struct model *m, struct container *c);
