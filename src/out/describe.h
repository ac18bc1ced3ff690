/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event in a person's words, as the text and block outputs and `nunchi ps` share them. All
 * that is appended is printable (strbuf_add_printable).
 */
#pragma once

#include "fields/fields.h"

/* What an event did something to, in one glance; ranges of it are paths, which can be cut. */
struct what {
	struct strbuf text;
	unsigned n_paths;
	struct {
		size_t start, len;
	} paths[2];
};

/* Replaces what is in w. */
void describe_what(struct field_context *fc, struct what *w);

/* "ok", "ok fd 3", "ok 512", "EACCES", "interrupted", "exit 1", "SIGKILL". */
void describe_result(const struct event *ev, struct strbuf *out);
/* Whether that result is a failure, to be shown as one. */
bool describe_is_failure(const struct event *ev);

/* The program that made the event: for an execve the one that called it. Not escaped. */
const char *describe_comm(const struct event *ev);

/* What people call the container: ns/pod, ns/pod/container, its name; "host". Not escaped. */
const char *describe_container(const struct event *ev);

/* "privileged, host network, host pid": what a person should know; nothing if all is usual. */
void describe_notes(const struct container_info *info, struct strbuf *out);

/* "10.0.0.12" and "2001:db8::1" */
void describe_ip(struct strbuf *out, uint16_t family, const uint8_t *ip);

/* Why records were lost: "ring full". */
const char *describe_drop(uint32_t reason);

/* "1,204" */
void add_grouped(struct strbuf *out, uint64_t n);
