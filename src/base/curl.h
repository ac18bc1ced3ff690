/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded by whoever first speaks HTTP. It brings thirty libraries of its own, TLS twice among them: more memory
 * than all else of nunchi, and where no runtime has a socket nothing of it is ever called. Names are libcurl's without "curl_".
 */
#pragma once

#include <curl/curl.h>

#include "strbuf.h"

#define CURL_CALLS(X)                                                                                  \
	X(global_init) X(slist_append) X(slist_free_all)                                               \
	X(easy_init) X(easy_reset) X(easy_setopt) X(easy_getinfo) X(easy_perform) X(easy_cleanup)      \
	X(easy_strerror) X(url) X(url_set) X(url_strerror) X(url_cleanup)                              \
	X(multi_init) X(multi_add_handle) X(multi_remove_handle) X(multi_perform) X(multi_info_read)   \
	X(multi_poll) X(multi_cleanup)

struct curl {
#define X(name) __typeof__(curl_##name) *name;
	CURL_CALLS(X)
#undef X
};

/* What it yields stays valid; any thread may ask. 0, or -ELIBACC and a sentence. */
int curl_load(const struct curl **ret, struct strbuf *err) _must_check_;
