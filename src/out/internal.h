/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of output share: each is a struct that begins with this one. */
#pragma once

#include "out.h"

struct output_ops {
	void (*header)(struct output *o, struct strbuf *out);	/* NULL: none */
	void (*event)(struct output *o, struct field_context *fc, struct strbuf *out);
	void (*alert)(struct output *o, const struct rule *rule, struct field_context *fc,
		      unsigned effect, struct strbuf *out);	/* instead of event */
	void (*acted)(struct output *o, const struct acted *acted, struct strbuf *out);	/* with it */
	void (*tell)(struct output *o, uint64_t now, struct strbuf *out);	/* NULL: nothing */
	void (*forget)(struct output *o, struct strbuf *out);	/* NULL: nothing */
	void (*passed)(struct output *o, struct field_context *fc);	/* NULL: no matter */
	void (*set_width)(struct output *o, unsigned width);	/* NULL: no matter */
	bool (*asks)(const struct output *o, const char *field);	/* NULL: none besides those of all */
	void (*free)(struct output *o);
};

struct output {
	const struct output_ops *ops;
};

/* Each returns a new output; format_new can fail (out.h). */
struct output *text_new(const struct output_config *config) _must_check_;
struct output *json_new(void) _must_check_;
struct output *block_new(void) _must_check_;
struct output *alert_new(const struct output_config *config) _must_check_;
int format_new(struct output **ret, const char *format, struct strbuf *err) _must_check_;
