/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs: an event becomes a line, a block or a JSON object in a strbuf. They format; writing,
 * and waiting for a slow reader, is the writer's (writer.h).
 */
#pragma once

#include "fields/fields.h"

struct fold;
struct output;
struct rule;

enum output_kind { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_BLOCK, OUTPUT_FORMAT,
		   OUTPUT_ALERT_TEXT, OUTPUT_ALERT_JSON };

struct output_config {
	enum output_kind kind;
	const char *format;	/* OUTPUT_FORMAT: '%container.name %fd.name' */
	bool color;
	unsigned width;		/* columns of the terminal; 0: do not cut, do not align to it */
	/* Of alerts */
	struct fold *fold;	/* how repeats are folded; NULL: every match is an alert; borrowed */
	unsigned context;	/* events of the process before it that an alert shows */
};

/* -EINVAL with a sentence in err: a field in the format that does not exist, nearest names. */
int output_new(struct output **ret, const struct output_config *config, struct strbuf *err)
	_must_check_;
void output_free(struct output *o);
/* Appends what comes before the first event (the heads of columns), if anything. */
void output_header(struct output *o, struct strbuf *out);
/* Appends the event, its line end included. fc: begun for this event. */
void output_event(struct output *o, struct field_context *fc, struct strbuf *out);
/* The same for an alert; only for OUTPUT_ALERT_*. effect: enum nunchi_effect, of the rule's action. */
void output_alert(struct output *o, const struct rule *rule, struct field_context *fc, unsigned effect,
		  struct strbuf *out);
/* The outcome of a rule's action on a container. */
struct acted {
	const struct rule *rule;	/* as rule_copy() makes it */
	const struct container_info *info;
	const char *name;		/* the container's */
	const char *text;		/* by what it was done, or why not */
	uint64_t time;			/* epoch ns */
	unsigned effect;		/* NUNCHI_EFFECT_DONE or _FAILED */
};
void output_acted(struct output *o, const struct acted *acted, struct strbuf *out);
/* Whether it shows this field; for fields that are not recorded unless something asks for them. o NULL: false. */
bool output_asks(const struct output *o, const char *field);
/* Appends what is due at that time (epoch ns; UINT64_MAX: everything) without an event: counts of repeated alerts. */
void output_tell(struct output *o, uint64_t now, struct strbuf *out);
/* Appends all of it, because the rules that it is about will be freed. */
void output_forget(struct output *o, struct strbuf *out);
/* After an event was judged, whether or not there was an alert: later alerts may show it as context. */
void output_passed(struct output *o, struct field_context *fc);
void output_set_width(struct output *o, unsigned width);
