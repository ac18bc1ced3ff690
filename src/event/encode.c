/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records made on the user side. All go through encode_begin and encode_end, which keep the
 * length and the alignment right; the bodies are tag, length, bytes where they may grow.
 */
#include "encode.h"

#include <errno.h>

#include "tlv.h"

/* Tags of a HOST record's body. */
enum {
	HOST_NAME = 1,
	HOST_KERNEL = 2,
	HOST_MACHINE = 3,
	HOST_BOOT_TO_EPOCH = 4,
	HOST_USER = 5,
	HOST_GROUP = 6,
};

void encode_begin(struct strbuf *out, const struct nunchi_head *head)
{
	strbuf_reset(out);
	strbuf_add(out, head, sizeof(*head));
}

void encode_bytes(struct strbuf *out, const void *data, size_t len)
{
	static const char zero[8];

	strbuf_add(out, data, len);
	strbuf_add(out, zero, ALIGN8(len) - len);
}

void encode_blob(struct strbuf *out, enum nunchi_blob_type type, uint8_t arg, uint16_t flags,
		 const void *data, size_t len)
{
	struct nunchi_blob blob = {
		.type = (uint8_t)type,
		.arg = arg,
		.flags = flags,
		.len = (uint32_t)len,
		.full = (uint32_t)len,
	};

	strbuf_add(out, &blob, sizeof(blob));
	encode_bytes(out, data, len);
}

void encode_end(struct strbuf *out)
{
	uint32_t len = (uint32_t)out->len;

	memcpy(out->s + offsetof(struct nunchi_head, len), &len, sizeof(len));
}

static void begin(struct strbuf *out, enum nunchi_kind kind, uint64_t time, uint32_t slot,
		  uint32_t generation)
{
	struct nunchi_head head = {
		.kind = (uint16_t)kind,
		.time = time,
		.slot = slot,
		.generation = generation,
	};

	encode_begin(out, &head);
}

static void add_ids(struct strbuf *out, uint32_t tag, const struct id_name *ids, size_t n)
{
	for (size_t i = 0; i < MIN(n, HOST_IDS_MAX); i++)
		tlv_add_pair(out, tag, &ids[i].id, sizeof(ids[i].id), ids[i].name,
			     strnlen(ids[i].name, HOST_STRING_MAX));
}

void encode_host(struct strbuf *out, const struct host_info *h, uint64_t time)
{
	begin(out, NUNCHI_REC_HOST, time, 0, 0);
	tlv_add_string(out, HOST_NAME, h->name, HOST_STRING_MAX);
	tlv_add_string(out, HOST_KERNEL, h->kernel, HOST_STRING_MAX);
	tlv_add_string(out, HOST_MACHINE, h->machine, HOST_STRING_MAX);
	tlv_add_number(out, HOST_BOOT_TO_EPOCH, h->boot_to_epoch);
	add_ids(out, HOST_USER, h->users, h->n_users);
	add_ids(out, HOST_GROUP, h->groups, h->n_groups);
	encode_end(out);
}

static void take_string(const char **s, const struct tlv *t)
{
	free((char *)*s);
	*s = tlv_string(t, HOST_STRING_MAX);
}

static void take_id(const struct id_name **ids, size_t *n, const struct tlv *t)
{
	struct tlv name = { .data = t->data + sizeof(uint32_t) };
	struct id_name *grown;

	if (t->len <= sizeof(uint32_t) || *n >= HOST_IDS_MAX)
		return;
	grown = xrealloc((struct id_name *)*ids, (*n + 1) * sizeof(*grown));
	name.len = t->len - (uint32_t)sizeof(uint32_t);
	memcpy(&grown[*n].id, t->data, sizeof(uint32_t));
	grown[(*n)++].name = tlv_string(&name, HOST_STRING_MAX);
	*ids = grown;
}

static void host_info_freep(struct host_info **h)
{
	host_info_free(*h);
}

int decode_host(const struct event *ev, struct host_info **ret)
{
	_cleanup_(host_info_freep) struct host_info *h = xcalloc(1, sizeof(*h));
	const char *p = ev->body;
	size_t len = ev->body_len;
	struct tlv t;
	int r;

	while ((r = tlv_next(&p, &len, &t)) > 0) {
		switch (t.tag) {
		case HOST_NAME:
			take_string(&h->name, &t);
			break;
		case HOST_KERNEL:
			take_string(&h->kernel, &t);
			break;
		case HOST_MACHINE:
			take_string(&h->machine, &t);
			break;
		case HOST_BOOT_TO_EPOCH:
			h->boot_to_epoch = tlv_number(&t);
			break;
		case HOST_USER:
			take_id(&h->users, &h->n_users, &t);
			break;
		case HOST_GROUP:
			take_id(&h->groups, &h->n_groups, &t);
			break;
		}
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(h);
	return 0;
}

static void free_ids(const struct id_name *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(ids[i].name);
	free((struct id_name *)ids);
}

void host_info_free(struct host_info *h)
{
	if (!h)
		return;
	free((char *)h->name);
	free((char *)h->kernel);
	free((char *)h->machine);
	free_ids(h->users, h->n_users);
	free_ids(h->groups, h->n_groups);
	free(h);
}

void encode_container(struct strbuf *out, const struct container_info *c, uint64_t time)
{
	begin(out, NUNCHI_REC_CONTAINER, time, 0, 0);
	container_info_encode(c, out);
	encode_end(out);
}

void encode_container_gone(struct strbuf *out, const char *full_id, uint64_t time)
{
	begin(out, NUNCHI_REC_CONTAINER_GONE, time, 0, 0);
	encode_bytes(out, full_id, strnlen(full_id, CONTAINER_STRING_MAX));
	encode_end(out);
}

void encode_slot(struct strbuf *out, uint32_t slot, uint32_t generation, const char *full_id,
		 uint64_t time)
{
	begin(out, NUNCHI_REC_SLOT, time, slot, generation);
	if (full_id)
		encode_bytes(out, full_id, strnlen(full_id, CONTAINER_STRING_MAX));
	encode_end(out);
}

/* An absolute path as a walk has it: leaf first, each component with its NUL. */
static void add_walk(struct strbuf *out, enum nunchi_blob_type type, const char *path)
{
	_cleanup_strbuf_ struct strbuf walk = STRBUF_INIT;
	struct nunchi_file file = { 0 };
	size_t end = strnlen(path, NUNCHI_PATH_MAX);

	strbuf_add(&walk, &file, sizeof(file));
	while (end) {
		size_t start = end;

		while (start && path[start - 1] != '/')
			start--;
		if (start < end) {
			strbuf_add(&walk, path + start, end - start);
			strbuf_addc(&walk, '\0');
		}
		end = start ? start - 1 : 0;
	}
	encode_blob(out, type, 0, 0, walk.s, walk.len);
}

void encode_process(struct strbuf *out, const struct nunchi_head *head, const char *exe,
		    const char *cwd, const char *root, const char *argv, size_t argv_len,
		    const char *parent_comm, const struct nunchi_traits *traits, const char *env,
		    size_t env_len)
{
	struct nunchi_head copy = *head;

	copy.kind = NUNCHI_REC_PROCESS;
	encode_begin(out, &copy);
	if (exe)
		add_walk(out, NUNCHI_BLOB_EXE, exe);
	if (cwd)
		add_walk(out, NUNCHI_BLOB_CWD, cwd);
	if (root)
		add_walk(out, NUNCHI_BLOB_ROOT, root);
	if (argv && argv_len) {
		size_t kept = MIN(argv_len, NUNCHI_ARGV_MAX);
		size_t at = out->len;
		uint32_t full = (uint32_t)MIN(argv_len, UINT32_MAX);

		encode_blob(out, NUNCHI_BLOB_ARGV, 0,
			    kept < argv_len ? NUNCHI_BLOB_TRUNCATED : 0, argv, kept);
		memcpy(out->s + at + offsetof(struct nunchi_blob, full), &full, sizeof(full));
	}
	if (parent_comm)
		encode_blob(out, NUNCHI_BLOB_PARENT_COMM, 0, 0, parent_comm,
			    strnlen(parent_comm, sizeof(head->comm) - 1));
	if (traits)
		encode_blob(out, NUNCHI_BLOB_TRAITS, 0, 0, traits, sizeof(*traits));
	if (env_len)
		encode_blob(out, NUNCHI_BLOB_ENV, 0, 0, env, MIN(env_len, NUNCHI_ENV_MAX));
	encode_end(out);
}

void encode_lost(struct strbuf *out, const struct nunchi_lost *lost,
		 const struct nunchi_lost_kind *kinds, uint32_t slot, uint32_t generation,
		 uint64_t time)
{
	begin(out, NUNCHI_REC_LOST, time, slot, generation);
	encode_bytes(out, lost, sizeof(*lost));
	if (lost->kinds)
		encode_bytes(out, kinds, lost->kinds * sizeof(*kinds));
	encode_end(out);
}

void encode_life(struct strbuf *out, const struct nunchi_head *head, enum nunchi_life_what what,
		 int exit_code, const char *full_id)
{
	const struct nunchi_life life = { .what = (uint32_t)what, .exit_code = exit_code };
	struct nunchi_head copy = *head;

	copy.kind = NUNCHI_REC_LIFE;
	encode_begin(out, &copy);
	encode_bytes(out, &life, sizeof(life));
	encode_bytes(out, full_id, strnlen(full_id, CONTAINER_STRING_MAX));
	encode_end(out);
}

void encode_escape(struct strbuf *out, const struct nunchi_head *record, uint32_t namespaces,
		   const struct event_blob *path)
{
	const struct nunchi_escape escape = { .namespaces = namespaces };
	struct nunchi_head copy = *record;

	copy.kind = NUNCHI_REC_ESCAPE;
	encode_begin(out, &copy);
	encode_bytes(out, &escape, sizeof(escape));
	if (path)
		encode_blob(out, NUNCHI_BLOB_CGROUP_PATH, 0, path->flags, path->data, path->len);
	encode_end(out);
}

void encode_blind(struct strbuf *out, const struct nunchi_head *record, enum nunchi_blind_what what)
{
	const struct nunchi_blind blind = { .what = (uint32_t)what };
	struct nunchi_head copy = *record;

	copy.kind = NUNCHI_REC_BLIND;
	encode_begin(out, &copy);
	encode_bytes(out, &blind, sizeof(blind));
	encode_end(out);
}

void encode_gap(struct strbuf *out, uint64_t from, uint64_t to, uint64_t time)
{
	const struct nunchi_gap gap = { .from = from, .to = to };

	begin(out, NUNCHI_REC_GAP, time, 0, 0);
	encode_bytes(out, &gap, sizeof(gap));
	encode_end(out);
}

void encode_summary(struct strbuf *out, const struct nunchi_summary_key *key,
		    const struct nunchi_summary_row *row, uint64_t count, uint64_t from, uint64_t to)
{
	const struct nunchi_summary summary = {
		.count = count, .from = from, .to = to, .kind = key->kind, .error = key->error,
		.call = row->call,
	};
	const struct nunchi_blob *object = (const void *)key->object;
	struct nunchi_head head = row->head;

	head.kind = NUNCHI_REC_SUMMARY;
	head.time = to;
	head.verdict = 0;
	/* Of no ring: it was never sent. */
	head.seq = head.ring = 0;
	head.flags &= (uint16_t)~NUNCHI_F_SHARED;
	encode_begin(out, &head);
	encode_bytes(out, &summary, sizeof(summary));
	if (object->type && object->len <= NUNCHI_SUMMARY_OBJECT - sizeof(*object)) {
		strbuf_add(out, object, sizeof(*object));
		encode_bytes(out, object + 1, object->len);
	}
	encode_end(out);
}
