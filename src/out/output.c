/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of output behind one face: out.h. */
#include "out.h"

#include "internal.h"

int output_new(struct output **ret, const struct output_config *config, struct strbuf *err)
{
	switch (config->kind) {
	case OUTPUT_FORMAT:
		return format_new(ret, config->format, err);
	case OUTPUT_JSON:
		*ret = json_new();
		return 0;
	case OUTPUT_BLOCK:
		*ret = block_new();
		return 0;
	case OUTPUT_ALERT_TEXT:
	case OUTPUT_ALERT_JSON:
		*ret = alert_new(config);
		return 0;
	case OUTPUT_TEXT:
	default:
		*ret = text_new(config);
		return 0;
	}
}

void output_free(struct output *o)
{
	if (o)
		o->ops->free(o);
}

void output_header(struct output *o, struct strbuf *out)
{
	if (o->ops->header)
		o->ops->header(o, out);
}

void output_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	o->ops->event(o, fc, out);
}

void output_alert(struct output *o, const struct rule *rule, struct field_context *fc,
		  unsigned effect, struct strbuf *out)
{
	o->ops->alert(o, rule, fc, effect, out);
}

void output_acted(struct output *o, const struct acted *acted, struct strbuf *out)
{
	o->ops->acted(o, acted, out);
}

bool output_asks(const struct output *o, const char *field)
{
	return o && o->ops->asks && o->ops->asks(o, field);
}

void output_tell(struct output *o, uint64_t now, struct strbuf *out)
{
	if (o->ops->tell)
		o->ops->tell(o, now, out);
}

void output_forget(struct output *o, struct strbuf *out)
{
	if (o->ops->forget)
		o->ops->forget(o, out);
}

void output_passed(struct output *o, struct field_context *fc)
{
	if (o->ops->passed)
		o->ops->passed(o, fc);
}

void output_set_width(struct output *o, unsigned width)
{
	if (o->ops->set_width)
		o->ops->set_width(o, width);
}
