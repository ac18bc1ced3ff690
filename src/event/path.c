/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as text. A walk comes from the kernel's own objects, leaf first; a joined path is only
 * what the words say, for calls that reached no object.
 */
#include <linux/magic.h>

#include "fd.h"

/* File systems without names: what lies in them is shown as /proc/PID/fd does. */
static const struct {
	uint64_t magic;
	const char *prefix;
	bool named;	/* the leaf's name is shown, else the inode number */
} pseudo_fs[] = {
	{ ANON_INODE_FS_MAGIC, "anon_inode:", true },
	{ PIPEFS_MAGIC, "pipe:", false },
	{ SOCKFS_MAGIC, "socket:", false },
	{ NSFS_MAGIC, "ns:", false },
	{ 0x50494446, "pidfd:", false },	/* PID_FS_MAGIC, newer than some headers */
	{ DMA_BUF_MAGIC, "dmabuf:", false },
};

/*
 * A memfd lies in a tmpfs (or hugetlbfs) that is mounted nowhere, and in no directory, hence both flags: a file that a
 * container itself calls "memfd:x" has a path like any other, also when it has deleted it.
 */
static bool is_memfd(const struct event_blob *blob, const struct nunchi_file *file,
		     const char *leaf, size_t len)
{
	const unsigned flags = NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED;

	return (file->magic == TMPFS_MAGIC || file->magic == HUGETLBFS_MAGIC) && (blob->flags & flags) == flags &&
	       len > 6 && !memcmp(leaf, "memfd:", 6);
}

/*
 * What a handle has opened, of which the kernel has no directory in memory: it is called "/", alone, and is in no hash
 * either. Where it is nobody knows; that it has a name no more nobody has said.
 */
static bool is_disconnected(const char *leaf, size_t len)
{
	return len == 1 && leaf[0] == '/';
}

bool path_is_deleted(const struct event_blob *blob)
{
	const char *leaf = blob->data + sizeof(struct nunchi_file);

	if (!(blob->flags & NUNCHI_BLOB_DELETED) || blob->len < sizeof(struct nunchi_file))
		return false;
	return !is_disconnected(leaf, strnlen(leaf, blob->len - sizeof(struct nunchi_file)));
}

/* Appends "/root/.../leaf" from components that lie leaf first; "/" if there are none. */
static void add_components(struct strbuf *out, const char *data, size_t len, bool cut)
{
	size_t start = out->len, end = len;

	if (cut)	/* the part next to the root is missing: not to be taken for an absolute path */
		strbuf_adds(out, "...");
	while (end) {
		size_t from;

		if (!data[end - 1]) {
			end--;
			continue;
		}
		for (from = end; from && data[from - 1];)
			from--;
		strbuf_addc(out, '/');
		strbuf_add(out, data + from, end - from);
		end = from;
	}
	if (out->len == start)
		strbuf_addc(out, '/');
}

void path_from_alias(struct strbuf *out, const struct event_blob *blob)
{
	size_t start = out->len;
	struct nunchi_file file;

	if (blob->len < sizeof(file))
		return;
	memcpy(&file, blob->data, sizeof(file));
	if (file.magic == PROC_SUPER_MAGIC)
		strbuf_adds(out, "/proc");
	else if (file.magic == SYSFS_MAGIC)
		strbuf_adds(out, "/sys");
	if (out->len == start || blob->len > sizeof(file))
		path_from_file(out, blob);
}

bool path_from_file(struct strbuf *out, const struct event_blob *blob)
{
	struct nunchi_file file;
	const char *leaf;
	size_t len, leaf_len;

	if (blob->len < sizeof(file))
		return false;
	memcpy(&file, blob->data, sizeof(file));
	leaf = blob->data + sizeof(file);
	len = blob->len - sizeof(file);
	leaf_len = strnlen(leaf, len);

	for (size_t i = 0; i < ARRAY_SIZE(pseudo_fs); i++) {
		if (pseudo_fs[i].magic != file.magic)
			continue;
		strbuf_adds(out, pseudo_fs[i].prefix);
		if (pseudo_fs[i].named && leaf_len)
			strbuf_add(out, leaf, leaf_len);
		else
			strbuf_addf(out, "[%llu]", (unsigned long long)file.ino);
		return false;
	}
	if (is_memfd(blob, &file, leaf, leaf_len)) {
		strbuf_add(out, leaf, leaf_len);
		return false;
	}
	if (is_disconnected(leaf, leaf_len))
		strbuf_adds(out, "...");
	else
		add_components(out, leaf, len, blob->flags & NUNCHI_BLOB_TRUNCATED);
	return true;
}

void path_from_walk(struct strbuf *out, const struct event_blob *blob)
{
	if (path_from_file(out, blob) && path_is_deleted(blob))
		strbuf_adds(out, " (deleted)");
}

void cgroup_from_walk(struct strbuf *out, const struct event_blob *blob)
{
	if (blob->len && blob->data[0] == '/')
		strbuf_add(out, blob->data, strnlen(blob->data, blob->len));
	else
		add_components(out, blob->data, blob->len, blob->flags & NUNCHI_BLOB_TRUNCATED);
}

static void join_component(struct strbuf *out, size_t root, const char *s, size_t len)
{
	if (!len || (len == 1 && s[0] == '.'))
		return;
	if (len == 2 && s[0] == '.' && s[1] == '.') {
		while (out->len > root && out->s[--out->len] != '/')
			;
		out->s[out->len] = '\0';
		return;
	}
	strbuf_addc(out, '/');
	strbuf_add(out, s, len);
}

static void join_part(struct strbuf *out, size_t root, const char *s, size_t len)
{
	while (len) {
		const char *slash = memchr(s, '/', len);
		size_t n = slash ? (size_t)(slash - s) : len;

		join_component(out, root, s, n);
		n += slash != NULL;
		s += n;
		len -= n;
	}
}

void path_join(struct strbuf *out, const char *base, size_t base_len, const char *name, size_t len)
{
	size_t root = out->len;

	strbuf_grow(out, base_len + len + 2);
	if (!len || name[0] != '/')
		join_part(out, root, base, base_len);
	join_part(out, root, name, len);
	if (out->len == root)
		strbuf_addc(out, '/');
}
