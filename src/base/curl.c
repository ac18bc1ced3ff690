/* SPDX-License-Identifier: Apache-2.0 */
#include "curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static struct curl calls;
static bool loaded;
static struct strbuf failure = STRBUF_INIT;

static bool find_calls(void *library)
{
	const struct {
		const char *name;
		void **call;
	} rows[] = {
#define X(name) { "curl_" #name, (void **)&calls.name },
		CURL_CALLS(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		*rows[i].call = dlsym(library, rows[i].name);
		if (!*rows[i].call)
			return false;
	}
	return true;
}

static void load(void)
{
	/* As it has been called since 7.16 (2006), and Debian's with another TLS. */
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };

	for (size_t i = 0; i < ARRAY_SIZE(names) && !loaded; i++) {
		void *library = dlopen(names[i], RTLD_LAZY);

		loaded = library && find_calls(library);
		if (!loaded)
			strbuf_addf(&failure, "%s%s", i ? "; " : "", dlerror());
	}
}

int curl_load(const struct curl **ret, struct strbuf *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	if (!loaded) {
		strbuf_addf(err, "libcurl cannot be loaded: %s", failure.s);
		return -ELIBACC;
	}
	*ret = &calls;
	return 0;
}
