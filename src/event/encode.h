/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that the user side adds to the stream. Each function replaces what is in out by one
 * whole, 8-byte aligned record (strbuf memory is malloc's, hence aligned).
 */
#pragma once

#include "container_info.h"
#include "event.h"
#include "nunchi/summary.h"

/* What a HOST record carries at most: a directory service can have any number of users. */
#define HOST_IDS_MAX 4096
#define HOST_STRING_MAX 128

/* Who recorded, the first record of a capture. */
struct host_info {
	const char *name;	/* host name */
	const char *kernel;	/* release */
	const char *machine;	/* "x86_64" */
	uint64_t boot_to_epoch;	/* ns to add to a record's time */
	const struct id_name *users;	/* the host's own names */
	size_t n_users;
	const struct id_name *groups;
	size_t n_groups;
};

void encode_host(struct strbuf *out, const struct host_info *h, uint64_t time);
/* -EBADMSG if it is damaged. The result owns its strings (freed by host_info_free). */
int decode_host(const struct event *ev, struct host_info **ret) _must_check_;
void host_info_free(struct host_info *h);	/* of decode_host only; NULL is fine */

void encode_container(struct strbuf *out, const struct container_info *c, uint64_t time);
void encode_container_gone(struct strbuf *out, const char *full_id, uint64_t time);

/* Binds a slot to a container by full id; id NULL: it is the host's. Body: the id's bytes. */
void encode_slot(struct strbuf *out, uint32_t slot, uint32_t generation, const char *full_id,
		 uint64_t time);

/*
 * What /proc says of a process that already ran. head: the record that the task iterator made
 * (kind TASK), copied; exe, cwd: absolute paths, or NULL; root: of its chroot, NULL: it is in none; argv:
 * NUL-separated; traits: or NULL; env: as argv, env_len 0: not asked for.
 */
void encode_process(struct strbuf *out, const struct nunchi_head *head, const char *exe,
		    const char *cwd, const char *root, const char *argv, size_t argv_len,
		    const char *parent_comm, const struct nunchi_traits *traits, const char *env,
		    size_t env_len);

/* kinds: lost->kinds of them. */
void encode_lost(struct strbuf *out, const struct nunchi_lost *lost,
		 const struct nunchi_lost_kind *kinds, uint32_t slot, uint32_t generation,
		 uint64_t time);

/* head: of the task that a program was run by (EXEC), or zero but for its time. */
void encode_life(struct strbuf *out, const struct nunchi_head *head, enum nunchi_life_what what,
		 int exit_code, const char *full_id);
/* record: the NAMESPACES or MOVED record that it follows from. path: that of the cgroup, or NULL. */
void encode_escape(struct strbuf *out, const struct nunchi_head *record, uint32_t namespaces,
		   const struct event_blob *path);
/* record: of the task that begins it. */
void encode_blind(struct strbuf *out, const struct nunchi_head *record, enum nunchi_blind_what what);
/* ns since the epoch. */
void encode_gap(struct strbuf *out, uint64_t from, uint64_t to, uint64_t time);

/* So many more of the row, between these times (boot ns). The record's head is that of the row's first. */
void encode_summary(struct strbuf *out, const struct nunchi_summary_key *key,
		    const struct nunchi_summary_row *row, uint64_t count, uint64_t from, uint64_t to);

/* Blobs, for tests and synthetic streams: appends one blob to a record begun in out. */
void encode_begin(struct strbuf *out, const struct nunchi_head *head);
void encode_bytes(struct strbuf *out, const void *data, size_t len);
void encode_blob(struct strbuf *out, enum nunchi_blob_type type, uint8_t arg, uint16_t flags,
		 const void *data, size_t len);
void encode_end(struct strbuf *out);	/* sets head.len */
