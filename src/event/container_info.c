/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of members (tag, what it is, where it lies) from which copying, completing, freeing,
 * encoding and decoding are derived. Tags are on disk in captures: never reused, never changed.
 */
#include "container_info.h"

#include <ctype.h>
#include <errno.h>

#include "tlv.h"

/* A record is to fit in a capture frame; what does not fit any more is left out, labels last. */
#define BODY_MAX (512U << 10)

enum member_kind { MEMBER_STRING, MEMBER_U64, MEMBER_U32, MEMBER_U8, MEMBER_BOOL };

struct member {
	uint32_t tag;
	enum member_kind kind;
	size_t offset;
};

#define MEMBER(tag, kind, name) { tag, MEMBER_##kind, offsetof(struct container_info, name) }

static const struct member members[] = {
	MEMBER(1, STRING, id),
	MEMBER(2, STRING, name),
	MEMBER(3, STRING, runtime),
	MEMBER(4, STRING, image),
	MEMBER(5, STRING, image_repository),
	MEMBER(6, STRING, image_tag),
	MEMBER(7, STRING, image_digest),
	MEMBER(8, STRING, pod_name),
	MEMBER(9, STRING, pod_namespace),
	MEMBER(10, STRING, pod_uid),
	MEMBER(11, STRING, cgroup),
	MEMBER(12, STRING, source),
	MEMBER(13, U64, created),
	MEMBER(14, U64, started),
	MEMBER(15, U64, init_start),
	MEMBER(16, U64, cgroup_id),
	MEMBER(17, U32, init_pid),
	MEMBER(18, U32, pidns),
	MEMBER(19, U32, mntns),
	MEMBER(20, U8, shares),
	MEMBER(21, BOOL, privileged),
	MEMBER(22, BOOL, sandbox),
	MEMBER(23, STRING, image_id),
	MEMBER(24, STRING, parent_id),
	MEMBER(25, STRING, incomplete),
	MEMBER(26, U64, mntns_key),
	MEMBER(27, STRING, pod_sandbox),
	MEMBER(28, STRING, ip),
	MEMBER(29, U32, owner),
	MEMBER(30, U8, tells),
	MEMBER(31, STRING, called),
	MEMBER(37, STRING, space),
};

struct label_list {
	uint32_t tag;
	size_t items, count;
};

/* Value: the key with its NUL, then the label's value. */
static const struct label_list label_lists[] = {
	{ 32, offsetof(struct container_info, labels), offsetof(struct container_info, n_labels) },
	{ 33, offsetof(struct container_info, pod_labels),
	  offsetof(struct container_info, n_pod_labels) },
	{ 36, offsetof(struct container_info, mounts), offsetof(struct container_info, n_mounts) },
};

/* Value: the id in 4 bytes, then the name. */
static const struct label_list id_lists[] = {
	{ 34, offsetof(struct container_info, users), offsetof(struct container_info, n_users) },
	{ 35, offsetof(struct container_info, groups), offsetof(struct container_info, n_groups) },
};

#define AT(c, offset, type) ((type *)((char *)(c) + (offset)))
#define AT_CONST(c, offset, type) ((type const *)((const char *)(c) + (offset)))

static uint64_t get_number(const struct container_info *c, const struct member *m)
{
	switch (m->kind) {
	case MEMBER_U64:
		return *AT_CONST(c, m->offset, uint64_t);
	case MEMBER_U32:
		return *AT_CONST(c, m->offset, uint32_t);
	case MEMBER_U8:
		return *AT_CONST(c, m->offset, uint8_t);
	case MEMBER_BOOL:
		return *AT_CONST(c, m->offset, bool);
	case MEMBER_STRING:
		break;
	}
	return 0;
}

static void set_number(struct container_info *c, const struct member *m, uint64_t v)
{
	switch (m->kind) {
	case MEMBER_U64:
		*AT(c, m->offset, uint64_t) = v;
		break;
	case MEMBER_U32:
		*AT(c, m->offset, uint32_t) = (uint32_t)v;
		break;
	case MEMBER_U8:
		*AT(c, m->offset, uint8_t) = (uint8_t)v;
		break;
	case MEMBER_BOOL:
		*AT(c, m->offset, bool) = v != 0;
		break;
	case MEMBER_STRING:
		break;
	}
}

void container_info_free(struct container_info *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].kind == MEMBER_STRING)
			free(*AT(c, members[i].offset, char *));
	for (size_t i = 0; i < ARRAY_SIZE(label_lists); i++) {
		struct label *items = *AT(c, label_lists[i].items, struct label *);

		for (size_t j = 0; j < *AT(c, label_lists[i].count, size_t); j++) {
			free(items[j].key);
			free(items[j].value);
		}
		free(items);
	}
	for (size_t i = 0; i < ARRAY_SIZE(id_lists); i++) {
		struct id_name *items = *AT(c, id_lists[i].items, struct id_name *);

		for (size_t j = 0; j < *AT(c, id_lists[i].count, size_t); j++)
			free(items[j].name);
		free(items);
	}
	free(c);
}

static void add_label(struct container_info *c, const struct label_list *list, char *key,
		      char *value)
{
	struct label **items = AT(c, list->items, struct label *);
	size_t *count = AT(c, list->count, size_t);

	*items = xrealloc(*items, (*count + 1) * sizeof(**items));
	(*items)[(*count)++] = (struct label){ .key = key, .value = value };
}

static void add_id(struct container_info *c, const struct label_list *list, uint32_t id, char *name)
{
	struct id_name **items = AT(c, list->items, struct id_name *);
	size_t *count = AT(c, list->count, size_t);

	*items = xrealloc(*items, (*count + 1) * sizeof(**items));
	(*items)[(*count)++] = (struct id_name){ .id = id, .name = name };
}

void container_info_add_mount(struct container_info *c, const char *source, const char *dest,
			      bool writable, const char *propagation)
{
	_cleanup_free_ char *value = NULL;

	if (!source || *source != '/' || !dest || *dest != '/' || c->n_mounts >= CONTAINER_LABELS_MAX)
		return;
	if (!propagation || strlen(propagation) > 16 || strchr(propagation, ':'))
		propagation = "";
	value = xasprintf("%s,%s:%s", writable ? "rw" : "ro", propagation, source);
	add_label(c, &label_lists[2], xstrndup(dest, CONTAINER_STRING_MAX - 1),
		  xstrndup(value, CONTAINER_STRING_MAX));
}

bool container_info_mount(const struct container_info *c, size_t i, struct mount *ret)
{
	const char *value = c->mounts[i].value, *colon;

	if (!value || (!starts_with(value, "rw,") && !starts_with(value, "ro,")))
		return false;
	colon = strchr(value, ':');
	if (!colon)
		return false;
	*ret = (struct mount){ .dest = c->mounts[i].key, .source = colon + 1, .propagation = value + 3,
			       .propagation_len = (size_t)(colon - value) - 3,
			       .writable = value[1] == 'w' };
	return true;
}

static void complete_lists(struct container_info *c, const struct container_info *more)
{
	for (size_t i = 0; i < ARRAY_SIZE(label_lists); i++) {
		const struct label *from = *AT_CONST(more, label_lists[i].items, struct label *);
		size_t n = *AT_CONST(more, label_lists[i].count, size_t);

		if (*AT(c, label_lists[i].count, size_t))
			continue;
		for (size_t j = 0; j < n; j++)
			add_label(c, &label_lists[i], xstrdup(from[j].key), xstrdup(from[j].value));
	}
	for (size_t i = 0; i < ARRAY_SIZE(id_lists); i++) {
		const struct id_name *from = *AT_CONST(more, id_lists[i].items, struct id_name *);
		size_t n = *AT_CONST(more, id_lists[i].count, size_t);

		if (*AT(c, id_lists[i].count, size_t))
			continue;
		for (size_t j = 0; j < n; j++)
			add_id(c, &id_lists[i], from[j].id, xstrdup(from[j].name));
	}
}

static bool tells(const struct container_info *c, const struct member *m)
{
	return get_number(c, m) || (m->offset == offsetof(struct container_info, privileged) && c->tells & TELLS_PRIVILEGED) ||
	       (m->offset == offsetof(struct container_info, sandbox) && c->tells & TELLS_SANDBOX);
}

void container_info_complete(struct container_info *c, const struct container_info *more)
{
	uint8_t both = c->tells | more->tells;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *m = &members[i];

		if (m->kind == MEMBER_STRING) {
			char **s = AT(c, m->offset, char *);

			if (!*s)
				*s = xstrdup(*AT_CONST(more, m->offset, char *));
		} else if (!tells(c, m)) {
			set_number(c, m, get_number(more, m));
		}
	}
	c->tells = both;
	complete_lists(c, more);
}

struct container_info *container_info_dup(const struct container_info *c)
{
	struct container_info *copy = xcalloc(1, sizeof(*copy));

	container_info_complete(copy, c);
	return copy;
}

/* A tag is a word of at most 128 characters; anything else after a colon belongs to the name. */
static bool is_tag(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 128 || *s == '.' || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '.' && *s != '-')
			return false;
	return true;
}

void container_info_set_image(struct container_info *c, const char *reference)
{
	_cleanup_free_ char *name = xstrdup(reference ? reference : "");
	char *digest = strchr(name, '@'), *slash, *tag;

	if (digest)
		*digest++ = '\0';
	else if (starts_with(name, "sha256:"))	/* an image without a name is its digest */
		digest = name;
	slash = strrchr(name, '/');
	tag = digest == name ? NULL : strrchr(slash ? slash : name, ':');
	if (tag && is_tag(tag + 1))
		*tag++ = '\0';
	else
		tag = NULL;

	free(c->image_repository);
	free(c->image_tag);
	free(c->image_digest);
	c->image_repository = *name && digest != name ? xstrdup(name) : NULL;
	c->image_tag = xstrdup(tag);
	c->image_digest = digest && *digest ? xstrdup(digest) : NULL;
}

static void encode_lists(const struct container_info *c, struct strbuf *out, size_t end)
{
	for (size_t i = 0; i < ARRAY_SIZE(id_lists); i++) {
		const struct id_name *items = *AT_CONST(c, id_lists[i].items, struct id_name *);
		size_t n = MIN(*AT_CONST(c, id_lists[i].count, size_t), CONTAINER_IDS_MAX);

		for (size_t j = 0; j < n && out->len < end; j++)
			tlv_add_pair(out, id_lists[i].tag, &items[j].id, sizeof(items[j].id),
				     items[j].name, strnlen(items[j].name, CONTAINER_STRING_MAX));
	}
	for (size_t i = 0; i < ARRAY_SIZE(label_lists); i++) {
		const struct label *items = *AT_CONST(c, label_lists[i].items, struct label *);
		size_t n = MIN(*AT_CONST(c, label_lists[i].count, size_t), CONTAINER_LABELS_MAX);

		for (size_t j = 0; j < n && out->len < end; j++) {
			const char *value = items[j].value ? items[j].value : "";

			/* A key that would have to be cut is another key. */
			if (strnlen(items[j].key, CONTAINER_STRING_MAX) == CONTAINER_STRING_MAX)
				continue;
			tlv_add_pair(out, label_lists[i].tag, items[j].key,
				     strlen(items[j].key) + 1, value,
				     strnlen(value, CONTAINER_STRING_MAX));
		}
	}
}

void container_info_encode(const struct container_info *c, struct strbuf *out)
{
	size_t end = out->len + BODY_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *m = &members[i];

		if (m->kind == MEMBER_STRING)
			tlv_add_string(out, m->tag, *AT_CONST(c, m->offset, char *),
				       CONTAINER_STRING_MAX);
		else
			tlv_add_number(out, m->tag, get_number(c, m));
	}
	encode_lists(c, out, end);
}

static void decode_member(struct container_info *c, const struct member *m, const struct tlv *t)
{
	if (m->kind == MEMBER_STRING) {
		char **s = AT(c, m->offset, char *);

		free(*s);
		*s = tlv_string(t, CONTAINER_STRING_MAX);
	} else {
		set_number(c, m, tlv_number(t));
	}
}

static void decode_label(struct container_info *c, const struct label_list *list,
			 const struct tlv *t)
{
	size_t key = strnlen(t->data, t->len);
	struct tlv value = { .data = t->data + key + 1 };

	if (key == t->len || !key || key >= CONTAINER_STRING_MAX ||
	    *AT(c, list->count, size_t) >= CONTAINER_LABELS_MAX)
		return;
	value.len = t->len - (uint32_t)key - 1;
	add_label(c, list, xstrndup(t->data, key), tlv_string(&value, CONTAINER_STRING_MAX));
}

static void decode_id(struct container_info *c, const struct label_list *list, const struct tlv *t)
{
	uint32_t id;
	struct tlv name = { .data = t->data + sizeof(id) };

	if (t->len <= sizeof(id) || *AT(c, list->count, size_t) >= CONTAINER_IDS_MAX)
		return;
	memcpy(&id, t->data, sizeof(id));
	name.len = t->len - (uint32_t)sizeof(id);
	add_id(c, list, id, tlv_string(&name, CONTAINER_STRING_MAX));
}

static void decode_value(struct container_info *c, const struct tlv *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].tag == t->tag)
			decode_member(c, &members[i], t);
	for (size_t i = 0; i < ARRAY_SIZE(label_lists); i++)
		if (label_lists[i].tag == t->tag)
			decode_label(c, &label_lists[i], t);
	for (size_t i = 0; i < ARRAY_SIZE(id_lists); i++)
		if (id_lists[i].tag == t->tag)
			decode_id(c, &id_lists[i], t);
}

int container_info_decode(const void *data, size_t len, struct container_info **ret)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	const char *p = data;
	struct tlv t;
	int r;

	while ((r = tlv_next(&p, &len, &t)) > 0)
		decode_value(c, &t);
	if (r < 0)
		return r;
	if (!c->id || !*c->id)
		return -EBADMSG;
	*ret = TAKE_PTR(c);
	return 0;
}
