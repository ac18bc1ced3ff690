/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields that can only ever have one of a few values. A value that is none of them would make a
 * filter that never matches, without a word; so it is an error.
 */
#include "ast.h"

struct words {
	const char **v;
	size_t n;
};

static void words_add(struct words *w, const char *word)
{
	w->v[w->n++] = word;
}

/* The kinds of events that are no system calls, as the event room names them. */
static const enum event_type kinds[] = {
#define X(id, name, activity, category, process) EVENT_##id,
	EVENT_TYPES(X)
#undef X
};

static void types(struct words *w)
{
	for (size_t i = 0; i < syscall_table_len; i++)
		words_add(w, syscall_table[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		words_add(w, event_type_name(&(struct event){ .type = kinds[i] }));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void activities(struct words *w)
{
	size_t unique = 0;

	for (size_t i = 0; i < syscall_table_len; i++)
		words_add(w, syscall_table[i].activity);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		words_add(w, event_activity(&(struct event){ .type = kinds[i] }));
	words_add(w, "Unknown Call");
	qsort(w->v, w->n, sizeof(*w->v), by_name);
	for (size_t i = 0; i < w->n; i++)
		if (!unique || !streq(w->v[unique - 1], w->v[i]))
			w->v[unique++] = w->v[i];
	w->n = unique;
}

static void categories(struct words *w)
{
	for (size_t i = 0; i < CATEGORY_MAX; i++)
		words_add(w, category_names[i]);
}

static void titles(struct words *w)
{
	for (size_t i = 0; i < CATEGORY_MAX; i++)
		words_add(w, category_titles[i]);
}

static void phases(struct words *w)
{
	words_add(w, "setup");
	words_add(w, "run");
}

static const struct {
	const char *field;
	const char *what;
	void (*collect)(struct words *w);
} vocabularies[] = {
	{ "evt.type", "system call or event", types },
	{ "activity.category", "category", categories },
	{ "activity.title", "category", titles },
	{ "activity.name", "activity", activities },
	{ "evt.phase", "phase", phases },
};

/*
 * Falco's events that are none here, and what is meant by them: NULL is what nunchi has no event
 * for, so that the comparison never holds.
 */
static const struct {
	const char *falco;
	const char *here;
} synonyms[] = {
	{ "container", "container_started" },
	{ "pread", "pread64" },
	{ "pwrite", "pwrite64" },
	{ "sendfile64", "sendfile" },
	{ "umount", "umount2" },
	{ "fstatat", "newfstatat" },
	{ "switch", NULL },
	{ "drop", NULL },
	{ "signaldeliver", NULL },
	{ "page_fault", NULL },
	{ "pluginevent", NULL },
	{ "asyncevent", NULL },
	{ "notification", NULL },
	{ "infra", NULL },
	{ "k8s", NULL },
	{ "cpu_hotplug", NULL },
	{ "userevent", NULL },
	{ "groupevent", NULL },
};

const char *vocabulary_synonym(const struct field *f, const char *word, size_t len)
{
	if (!streq(f->name, "evt.type"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		if (strlen(synonyms[i].falco) == len && !memcmp(synonyms[i].falco, word, len))
			return synonyms[i].here ? synonyms[i].here : synonyms[i].falco;
	return NULL;
}

/* "syscall_470": a call that is newer than the table goes by its number. */
static bool is_numbered_call(const char *word, size_t len)
{
	const char prefix[] = "syscall_";
	size_t n = sizeof(prefix) - 1;

	if (len <= n || len > n + 3 || memcmp(word, prefix, n))
		return false;
	for (size_t i = n; i < len; i++)
		if (word[i] < '0' || word[i] > '9')
			return false;
	return true;
}

bool vocabulary_lacks(const struct field *f, const char *word, size_t len, const char **ret_what,
		      struct strbuf *near)
{
	_cleanup_free_ const char **v = NULL;
	struct words w = { NULL, 0 };
	size_t i = 0;

	while (i < ARRAY_SIZE(vocabularies) && !streq(vocabularies[i].field, f->name))
		i++;
	if (i == ARRAY_SIZE(vocabularies))
		return false;
	if (vocabularies[i].collect == types && is_numbered_call(word, len))
		return false;
	v = xcalloc(syscall_table_len + CATEGORY_MAX + ARRAY_SIZE(kinds) + 1, sizeof(*v));
	w.v = v;
	vocabularies[i].collect(&w);
	for (size_t k = 0; k < w.n; k++)
		if (strlen(w.v[k]) == len && !memcmp(w.v[k], word, len))
			return false;
	*ret_what = vocabularies[i].what;
	nearest_names(near, word, len, w.v, w.n);
	return true;
}
