/* SPDX-License-Identifier: Apache-2.0 */
/* --format '%container.name %proc.name %fd.name': a line of fields, as the outputs of rules are. */
#include "internal.h"

#include <errno.h>

#include "rules/template.h"

struct format {
	struct output output;
	struct template *template;
	struct strbuf tmp;
};

static void format_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	struct format *f = container_of(o, struct format, output);

	template_print(f->template, fc, &f->tmp, out);
	strbuf_addc(out, '\n');
}

static void format_free(struct output *o)
{
	struct format *f = container_of(o, struct format, output);

	template_free(f->template);
	strbuf_free(&f->tmp);
	free(f);
}

static bool format_asks(const struct output *o, const char *field)
{
	return template_asks(container_of(o, struct format, output)->template, field);
}

static const struct output_ops format_ops = {
	.event = format_event,
	.asks = format_asks,
	.free = format_free,
};

int format_new(struct output **ret, const char *format, struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	struct format *f = xcalloc(1, sizeof(*f));
	size_t at;

	f->output.ops = &format_ops;
	if (template_new(&f->template, format ? format : "", true, NULL, &why, &at) < 0) {
		strbuf_addf(err, "--format: %s", why.s);
		free(f);
		return -EINVAL;
	}
	*ret = &f->output;
	return 0;
}
