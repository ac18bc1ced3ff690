/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts by HTTP POST, one a request. A server's certificate is always verified. */
#include <errno.h>

#include "base/clock.h"
#include "base/curl.h"
#include "sink.h"

#define CONNECT_MS 5000L
#define REQUEST_MS 10000L	/* who needs longer for an alert is down */

static const struct curl *curl;

static size_t pass_over(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* Called at least each second: at the end nothing is waited for. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	return sink_remaining(arg) == 0;
}

int sink_http_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	struct curl_slist *headers;
	CURL *easy;
	int r;

	strbuf_addf(err, "%s: ", s->name);
	r = curl_load(&curl, err);
	if (r < 0)
		return r;
	strbuf_reset(err);
	curl->global_init(CURL_GLOBAL_DEFAULT);
	easy = curl->easy_init();
	headers = curl->slist_append(NULL, "Content-Type: application/json");
	if (!easy || !headers)
		return -ENOMEM;
	s->easy = easy;
	s->headers = headers;
	/* Nobody waits a second for "100 Continue". */
	s->headers = curl->slist_append(headers, "Expect:");
	curl->easy_setopt(easy, CURLOPT_URL, s->name);
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_POST, 1L);
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, s->headers);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "nunchi/" NUNCHI_VERSION);
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, REQUEST_MS);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, pass_over);
	curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl->easy_setopt(easy, CURLOPT_XFERINFODATA, s);
	if (config->ca)
		curl->easy_setopt(easy, CURLOPT_CAINFO, config->ca);
	if (config->cert)
		curl->easy_setopt(easy, CURLOPT_SSLCERT, config->cert);
	if (config->key)
		curl->easy_setopt(easy, CURLOPT_SSLKEY, config->key);
	return 0;
}

/* What will not get better by asking again. */
static bool is_final(long status)
{
	return status >= 400 && status < 500 && status != 408 && status != 429;
}

int sink_http_send(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	CURLcode code;
	long status = 0;

	curl->easy_setopt(s->easy, CURLOPT_POSTFIELDS, line);
	curl->easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(len - 1));
	code = curl->easy_perform(s->easy);
	if (code != CURLE_OK) {
		strbuf_adds(err, curl->easy_strerror(code));
		return -EAGAIN;
	}
	curl->easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return 0;
	strbuf_addf(err, "it answers %ld", status);
	return is_final(status) ? -EREMOTEIO : -EAGAIN;
}
