/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON that others wrote. Nothing is believed: a member that is absent or of another type
 * reads as NULL, 0 or false, so a parser is a list of reads without checks.
 */
#pragma once

#include <jansson.h>

#include "event/container_info.h"

static inline void json_put(json_t **j)
{
	json_decref(*j);
}
#define _cleanup_json_ _cleanup_(json_put)

/* An object, or NULL if the text is no JSON or something else. Free with json_decref. */
json_t *json_parse(const char *text, size_t len) _must_check_;

/* The member at a path of names, "State.Pid"; NULL if there is none. Borrowed. */
const json_t *json_at(const json_t *j, const char *path);
/* The string there, NULL if there is none or it is empty. Borrowed; may be longer than is kept. */
const char *json_text(const json_t *j, const char *path);
int64_t json_number(const json_t *j, const char *path);
bool json_bool(const json_t *j, const char *path);
/* A process id at path, 0 if it cannot be one. */
uint32_t json_pid(const json_t *j, const char *path);
/* ns since the epoch from an RFC 3339 string at path, 0 if it is none or before 1970. */
uint64_t json_time(const json_t *j, const char *path);

/* A copy of at most CONTAINER_STRING_MAX bytes; NULL for NULL and "". */
char *bounded_dup(const char *s) _must_check_;
uint64_t rfc3339_ns(const char *s);

/* A container id that is safe in a path and a URL: [A-Za-z0-9][A-Za-z0-9_.+-]*, up to 255. */
bool container_id_valid(const char *id);
bool container_id_hex64(const char *id);

/* Appends a label; the bound on their number holds. */
void labels_add(struct label **labels, size_t *n, const char *key, const char *value);
/* Appends the string members of the object at path. */
void labels_add_json(struct label **labels, size_t *n, const json_t *j, const char *path);
void labels_free(struct label *labels, size_t n);
const char *labels_find(const struct label *labels, size_t n, const char *key);

/* image and what is derived from it, bounded. NULL leaves all as it is. */
void image_set(struct container_info *c, const char *reference);
/* image_id from 64 digits, with "sha256:" before them or not. Anything else leaves it as it is. */
void image_id_set(struct container_info *c, const char *id);
