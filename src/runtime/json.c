/* SPDX-License-Identifier: Apache-2.0 */
/* jansson bounds the depth; its callers bound the size; the rest of the distrust is here. */
#include "json.h"

#include <limits.h>
#include <time.h>

/* PID_MAX_LIMIT of the kernel on 64-bit machines. */
#define PID_LIMIT 4194304

#define PATH_NAME_MAX 64

json_t *json_parse(const char *text, size_t len)
{
	json_t *j;

	if (!text || !len)
		return NULL;
	j = json_loadb(text, len, 0, NULL);
	if (j && !json_is_object(j)) {
		json_decref(j);
		return NULL;
	}
	return j;
}

const json_t *json_at(const json_t *j, const char *path)
{
	while (j && *path) {
		size_t len = strcspn(path, ".");
		char name[PATH_NAME_MAX];

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		j = json_object_get(j, name);
		path += len + (path[len] == '.');
	}
	return j;
}

const char *json_text(const json_t *j, const char *path)
{
	const char *s = json_string_value(json_at(j, path));

	return s && *s ? s : NULL;
}

int64_t json_number(const json_t *j, const char *path)
{
	return json_integer_value(json_at(j, path));
}

bool json_bool(const json_t *j, const char *path)
{
	return json_is_true(json_at(j, path));
}

uint32_t json_pid(const json_t *j, const char *path)
{
	int64_t pid = json_number(j, path);

	return pid > 0 && pid <= PID_LIMIT ? (uint32_t)pid : 0;
}

uint64_t json_time(const json_t *j, const char *path)
{
	return rfc3339_ns(json_text(j, path));
}

char *bounded_dup(const char *s)
{
	return s && *s ? xstrndup(s, CONTAINER_STRING_MAX) : NULL;
}

/* n digits as a number, -1 if they are not all digits. */
static int digits(const char *s, unsigned n)
{
	int v = 0;

	for (unsigned i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

/* "Z" or "+hh:mm" as seconds; INT_MIN if it is neither. */
static int zone_seconds(const char *s)
{
	int hours, minutes;

	if (streq(s, "Z") || streq(s, "z"))
		return 0;
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':')
		return INT_MIN;
	hours = digits(s + 1, 2);
	minutes = digits(s + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return INT_MIN;
	return (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

uint64_t rfc3339_ns(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	uint64_t fraction = 0, unit = NSEC_PER_SEC / 10;
	struct tm tm = { 0 };
	int64_t seconds;
	int zone;

	if (!s || strnlen(s, sizeof(form)) < sizeof(form) - 1)
		return 0;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? digits(s + i, 1) < 0 : s[i] != form[i])
			return 0;
	tm.tm_year = digits(s, 4) - 1900;
	tm.tm_mon = digits(s + 5, 2) - 1;
	tm.tm_mday = digits(s + 8, 2);
	tm.tm_hour = digits(s + 11, 2);
	tm.tm_min = digits(s + 14, 2);
	tm.tm_sec = digits(s + 17, 2);
	s += sizeof(form) - 1;
	if (*s == '.')
		for (s++; digits(s, 1) >= 0; s++, unit /= 10)
			fraction += (uint64_t)digits(s, 1) * unit;
	zone = zone_seconds(s);
	/* The bound keeps the product below in 64 bits; Go's zero time is the year 1. */
	if (zone == INT_MIN || tm.tm_year < 70 || tm.tm_year > 600)
		return 0;
	seconds = (int64_t)timegm(&tm) - zone;
	return seconds > 0 ? (uint64_t)seconds * NSEC_PER_SEC + fraction : 0;
}

static bool alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool container_id_valid(const char *id)
{
	size_t len = id ? strnlen(id, 256) : 0;

	if (!len || len > 255 || !alnum(id[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!alnum(id[i]) && !strchr("_.+-", id[i]))
			return false;
	return true;
}

bool container_id_hex64(const char *id)
{
	return id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

void labels_add(struct label **labels, size_t *n, const char *key, const char *value)
{
	if (!key || !*key || *n >= CONTAINER_LABELS_MAX)
		return;
	*labels = xrealloc(*labels, (*n + 1) * sizeof(**labels));
	(*labels)[*n].key = bounded_dup(key);
	(*labels)[*n].value = xstrndup(value ? value : "", CONTAINER_STRING_MAX);
	(*n)++;
}

void labels_add_json(struct label **labels, size_t *n, const json_t *j, const char *path)
{
	json_t *object = (json_t *)json_at(j, path), *value;
	const char *key;

	json_object_foreach(object, key, value)
		if (json_is_string(value))
			labels_add(labels, n, key, json_string_value(value));
}

void labels_free(struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(labels[i].key);
		free(labels[i].value);
	}
	free(labels);
}

const char *labels_find(const struct label *labels, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (streq(labels[i].key, key))
			return *labels[i].value ? labels[i].value : NULL;
	return NULL;
}

void image_set(struct container_info *c, const char *reference)
{
	char *copy = bounded_dup(reference);

	if (!copy)
		return;
	free(c->image);
	c->image = copy;
	container_info_set_image(c, copy);
}

void image_id_set(struct container_info *c, const char *id)
{
	static const char prefix[] = "sha256:";

	if (id && starts_with(id, prefix))
		id += strlen(prefix);
	if (container_id_hex64(id) && !c->image_id)
		c->image_id = xasprintf("%s%s", prefix, id);
}
