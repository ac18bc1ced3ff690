/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists are arrays of all containers or images, written by Go without blanks. Only the one object that is wanted is
 * parsed. It is found by a text with quotes, which inside a string are escaped, so that no label can contain it.
 */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "facts.h"
#include "json.h"
#include "kubernetes.h"
#include "root.h"

#define DB_MAX (64U << 20)	/* bytes of podman's data base that are searched */
#define DB_STEP 65536U
#define DB_OVERLAP 512U	/* a pod's id, its name and what is between */

/* The object that begins with this id. */
static json_t *find_object(const char *text, size_t len, const char *id)
{
	_cleanup_free_ char *head = xasprintf("{\"id\":\"%s\"", id);
	const char *at = text && len ? memmem(text, len, head, strlen(head)) : NULL;

	return at ? json_loadb(at, len - (size_t)(at - text), JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

char *storage_parse_names(const char *text, size_t len, struct container_info *c)
{
	_cleanup_json_ json_t *j = find_object(text, len, c->id), *metadata = NULL;
	const char *name = json_string_value(json_array_get(json_at(j, "names"), 0));
	const char *more = json_text(j, "metadata");

	if (!j)
		return NULL;
	if (!c->name)
		c->name = bounded_dup(name);
	kubernetes_apply_name(c);
	if (!c->created)
		c->created = json_time(j, "created");
	metadata = more ? json_parse(more, strlen(more)) : NULL;
	if (!c->image)
		image_set(c, json_text(metadata, "image-name"));
	return bounded_dup(json_text(j, "image"));
}

char *storage_parse_digest(const char *text, size_t len, const char *image)
{
	_cleanup_json_ json_t *j = find_object(text, len, image);
	const char *digest = json_text(j, "digest");

	return digest && starts_with(digest, "sha256:") ? bounded_dup(digest) : NULL;
}

static bool take_id(const char *s, char ret[65])
{
	if (strspn(s, "0123456789abcdef") != 64)
		return false;
	memcpy(ret, s, 64);
	ret[64] = '\0';
	return true;
}

bool storage_pod_id(const char *cgroup, char ret[65])
{
	static const char slice[] = "libpod_pod_";
	const char *at = cgroup ? strstr(cgroup, slice) : NULL;

	if (at)
		return take_id(at + strlen(slice), ret);
	/* "/PARENT/POD/libpod-ID" */
	at = cgroup ? strstr(cgroup, "/libpod-") : NULL;
	return at && at - cgroup >= 65 && at[-65] == '/' && take_id(at - 64, ret);
}

char *storage_find_pod_name(const char *data, size_t len, const char *pod)
{
	_cleanup_free_ char *head = xasprintf("{\"id\":\"%s\",\"name\":\"", pod);
	const char *at = memmem(data, len, head, strlen(head)), *end;

	if (!at)
		return NULL;
	at += strlen(head);
	/* A pod's name is of letters, digits and "_.-". */
	end = memchr(at, '"', len - (size_t)(at - data));
	return end && end > at ? xstrndup(at, (size_t)(end - at)) : NULL;
}

static int read_file(const struct storage_dir *dir, const char *path, struct strbuf *text)
{
	_cleanup_close_ int fd = open_trusted(path, dir->trusted, OPEN_FOREIGN);
	struct stat st;

	return fd < 0 ? fd : read_regular(fd, dir->max, text, &st);
}

/* Text in pages. Stale rows may still be there, but a pod's name never changes. */
static char *search_db(const struct storage_dir *dir, const char *path, const char *pod)
{
	_cleanup_close_ int fd = open_trusted(path, dir->trusted, OPEN_FOREIGN);
	_cleanup_free_ char *piece = fd >= 0 ? xmalloc(DB_STEP + DB_OVERLAP) : NULL;
	char *name = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	for (off_t at = 0; at < (off_t)DB_MAX && !name; at += DB_STEP) {
		ssize_t n = pread(fd, piece, DB_STEP + DB_OVERLAP, at);

		if (n <= 0)
			break;
		name = storage_find_pod_name(piece, (size_t)n, pod);
	}
	return name;
}

/* A pod's infra container has its default name. */
static bool is_infra(const struct container_info *c, const char *pod)
{
	return c->name && strncmp(c->name, pod, 12) == 0 && streq(c->name + 12, "-infra");
}

static void complete_pod(struct container_info *c, const struct storage_dir *dir, const char *above,
			 const char *pod)
{
	static const char *const files[] = { "libpod/bolt_state.db", "db.sql", "db.sql-wal" };

	if (!c->pod_uid)
		c->pod_uid = xstrdup(pod);
	c->sandbox |= is_infra(c, pod);
	for (size_t i = 0; i < ARRAY_SIZE(files) && !c->pod_name; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", above, files[i]);

		c->pod_name = search_db(dir, path, pod);
	}
}

/* "overlay-containers" has its images in "overlay-images". */
static char *images_file(const char *above, const char *list)
{
	size_t driver = strlen(list) - strlen("-containers");

	return xasprintf("%s/%.*s-images/images.json", above, (int)driver, list);
}

void storage_complete(struct container_info *c, const struct storage_dir *dir, const char *cgroup)
{
	_cleanup_free_ char *list = xstrdup(dir->path), *above = NULL, *names = NULL, *image = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	char *slash = strrchr(list, '/'), pod[65];

	if (!slash)
		return;
	*slash = '\0';
	slash = strrchr(list, '/');
	if (!slash || strlen(slash) <= strlen("/-containers") ||
	    !streq(slash + strlen(slash) - strlen("-containers"), "-containers"))
		return;
	above = xstrndup(list, (size_t)(slash - list));
	names = xasprintf("%s/containers.json", list);
	if (read_file(dir, names, &text) == 0)
		image = storage_parse_names(text.s, text.len, c);
	/* Containers that do not survive a boot. */
	if (!image) {
		free(names);
		names = xasprintf("%s/volatile-containers.json", list);
		if (read_file(dir, names, &text) == 0)
			image = storage_parse_names(text.s, text.len, c);
	}
	image_id_set(c, image);
	if (image && !c->image_digest) {
		_cleanup_free_ char *images = images_file(above, slash + 1);

		if (read_file(dir, images, &text) == 0)
			c->image_digest = storage_parse_digest(text.s, text.len, image);
	}
	if (storage_pod_id(cgroup, pod) || storage_pod_id(c->cgroup, pod))
		complete_pod(c, dir, above, pod);
}
