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

static void results(struct words *w)
{
	words_add(w, result_name(NULL, 0));
	words_add(w, result_name(NULL, -ERRNO_NAMES_END));
	for (int err = 1; err < ERRNO_NAMES_END; err++)
		if (errno_name(err))
			words_add(w, errno_name(err));
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
	{ "evt.res", "result", results },
};

struct synonym {
	const char *word;
	const char *here;
};

/* Falco's names of events that have another one here. What is made by a 32-bit door is told as the native call. */
static const struct synonym type_synonyms[] = {
	{ "container", "container_started" },
	{ "pread", "pread64" },
	{ "pwrite", "pwrite64" },
	{ "sendfile64", "sendfile" },
	{ "umount", "umount2" },
	{ "fstatat", "newfstatat" },
	{ "send", "sendto" },
	{ "recv", "recvfrom" },
	{ "prlimit", "prlimit64" },
	{ "mmap2", "mmap" },
	{ "llseek", "lseek" },
	{ "_llseek", "lseek" },
	{ "_newselect", "select" },
	{ "waitpid", "wait4" },
	{ "ugetrlimit", "getrlimit" },
	{ "sync_file_range2", "sync_file_range" },
	{ "stat64", "stat" },
	{ "lstat64", "lstat" },
	{ "fstat64", "fstat" },
	{ "fstatat64", "newfstatat" },
	{ "statfs64", "statfs" },
	{ "fstatfs64", "fstatfs" },
	{ "fcntl64", "fcntl" },
	{ "getuid32", "getuid" },
	{ "geteuid32", "geteuid" },
	{ "getgid32", "getgid" },
	{ "getegid32", "getegid" },
	{ "getresuid32", "getresuid" },
	{ "getresgid32", "getresgid" },
	{ "setuid32", "setuid" },
	{ "setgid32", "setgid" },
	{ "setresuid32", "setresuid" },
	{ "setresgid32", "setresgid" },
};

/* Errors of two names have the number's one. */
static const struct synonym result_synonyms[] = {
	{ "EWOULDBLOCK", "EAGAIN" },
	{ "EDEADLOCK", "EDEADLK" },
	{ "ENOTSUP", "EOPNOTSUPP" },
};

/* Falco's that never happen: for most of them nobody has such a call, or the calls of which they stand are told by name. */
static const char *const nevers[] = {
	"switch", "drop", "signaldeliver", "page_fault", "pluginevent", "asyncevent", "notification",
	"infra", "k8s", "cpu_hotplug", "userevent", "groupevent", "NA", "bdflush", "idle", "ipc", "listns",
	"multiplexer", "nice", "oldfstat", "oldlstat", "oldolduname", "oldstat", "olduname",
	"pciconfig_iobase", "pciconfig_read", "pciconfig_write", "readdir", "riscv_flush_icache",
	"riscv_hwprobe", "rseq_slice_yield", "rtas", "s390_guarded_storage", "s390_pci_mmio_read",
	"s390_pci_mmio_write", "s390_runtime_instr", "s390_sthyi", "sgetmask", "sigaction", "signal",
	"sigpending", "sigprocmask", "sigreturn", "sigsuspend", "socketcall", "spu_create", "spu_run",
	"ssetmask", "stime", "subpage_prot", "swapcontext", "switch_endian", "sys_debug_setcontext",
	"syscall", "timerfd", "vm86",
};

static bool is_word(const char *known, const char *word, size_t len)
{
	return strlen(known) == len && !memcmp(known, word, len);
}

static const char *synonym_in(const struct synonym *list, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (is_word(list[i].word, word, len))
			return list[i].here;
	return NULL;
}

const char *vocabulary_synonym(const struct field *f, const char *word, size_t len)
{
	if (streq(f->name, "evt.type"))
		return synonym_in(type_synonyms, ARRAY_SIZE(type_synonyms), word, len);
	if (streq(f->name, "evt.res"))
		return synonym_in(result_synonyms, ARRAY_SIZE(result_synonyms), word, len);
	return NULL;
}

bool vocabulary_never(const struct field *f, const char *word, size_t len)
{
	for (size_t i = 0; streq(f->name, "evt.type") && i < ARRAY_SIZE(nevers); i++)
		if (is_word(nevers[i], word, len))
			return true;
	return false;
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

/* What rules of Falco's may have for a result, be it that nothing is called so here. */
static bool is_number(const char *word, size_t len)
{
	size_t sign = len && word[0] == '-';

	for (size_t i = sign; i < len; i++)
		if (word[i] < '0' || word[i] > '9')
			return false;
	return len > sign;
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
	if (vocabularies[i].collect == types && (is_numbered_call(word, len) || vocabulary_never(f, word, len)))
		return false;
	if (vocabularies[i].collect == results && is_number(word, len))
		return false;
	v = xcalloc(syscall_table_len + CATEGORY_MAX + ARRAY_SIZE(kinds) + ERRNO_NAMES_END + 1, sizeof(*v));
	w.v = v;
	vocabularies[i].collect(&w);
	for (size_t k = 0; k < w.n; k++)
		if (is_word(w.v[k], word, len))
			return false;
	*ret_what = vocabularies[i].what;
	nearest_names(near, word, len, w.v, w.n);
	return true;
}
