/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts by HTTP POST, one a request. A server's certificate is always verified. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/curl.h"
#include "sink.h"

#define CONNECT_MS 5000L
#define REQUEST_MS 10000L	/* a server that needs longer for an alert is down */
#define CHECK_MS 1000L		/* for check_certificates(), which takes a few ms */

static const struct curl *curl;

static size_t pass_over(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* Called at least each second: aborts the request when the time at the end is over. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	return sink_remaining(arg) == 0;
}

/* An invalid URL would be retried for ever. 0, or -EINVAL with a sentence. */
static int check_url(const char *url, struct strbuf *err)
{
	CURLU *u = curl->url();
	CURLUcode code = u ? curl->url_set(u, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;

	curl->url_cleanup(u);
	if (code == CURLUE_OK)
		return 0;
	strbuf_addf(err, "%s: %s", url, curl->url_strerror(code));
	return -EINVAL;
}

static void set_certificate(CURL *easy, const struct sinks_config *config)
{
	if (config->cert)
		curl->easy_setopt(easy, CURLOPT_SSLCERT, config->cert);
	if (config->key)
		curl->easy_setopt(easy, CURLOPT_SSLKEY, config->key);
}

/* Listens on an abstract unix socket, whose name the kernel chooses. An fd, or -errno. */
static int listen_anywhere(char *name, size_t size)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(un);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&un, sizeof(un.sun_family)) && !listen(fd, 1) &&
	    !getsockname(fd, (struct sockaddr *)&un, &len)) {
		snprintf(name, size, "%.*s", (int)(len - sizeof(un.sun_family) - 1), un.sun_path + 1);
		return fd;
	}
	r = -errno;
	close_fd(&fd);
	return r;
}

/* Whether libcurl connected to the listener, which never answers, and sent nothing; *ret_code: its result. */
static bool is_mute(CURL *easy, int listener, CURLcode *ret_code)
{
	CURLM *multi = curl->multi_init();
	int running = 1, other = -1, left;
	CURLMsg *done;
	bool mute;
	char byte;

	curl->multi_add_handle(multi, easy);
	while (curl->multi_perform(multi, &running) == CURLM_OK && running) {
		curl->multi_poll(multi, NULL, 0, 10, NULL);
		if (other < 0 && (other = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			shutdown(other, SHUT_WR);
	}
	done = curl->multi_info_read(multi, &left);
	*ret_code = done ? done->data.result : CURLE_OK;
	if (other < 0)
		other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	mute = other >= 0 && recv(other, &byte, 1, MSG_DONTWAIT) <= 0 && *ret_code != CURLE_OPERATION_TIMEDOUT;
	curl->multi_remove_handle(multi, easy);
	curl->multi_cleanup(multi);
	close_fd(&other);
	return mute;
}

/*
 * libcurl reads certificates only when it connects, and an invalid one would be retried for ever. So it is first made to
 * connect to a socket of our own: if it cannot read its certificate, it sends nothing. 0, or -EINVAL with a sentence.
 */
static int check_certificates(const struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	char name[16], why[CURL_ERROR_SIZE] = "";
	_cleanup_close_ int listener = listen_anywhere(name, sizeof(name));
	CURL *easy = curl->easy_init();
	CURLcode code;
	bool bad;

	if (listener < 0 || !easy)
		return listener < 0 ? listener : -ENOMEM;
	curl->easy_setopt(easy, CURLOPT_URL, "https://localhost/");
	curl->easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name);
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, CHECK_MS);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
	set_certificate(easy, config);
	/* Not the system's authorities, which take long to read. */
	curl->easy_setopt(easy, CURLOPT_CAINFO, config->ca);
	curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* Authorities are read after it has sent something, so their error is in the code. */
	bad = is_mute(easy, listener, &code) || code == CURLE_SSL_CACERT_BADFILE;
	curl->easy_cleanup(easy);
	if (!bad)
		return 0;
	strbuf_addf(err, "%s: %s", s->name, *why ? why : curl->easy_strerror(code));
	return -EINVAL;
}

int sink_http_check(const char *name, const char *arg, struct strbuf *err)
{
	int r;

	strbuf_addf(err, "%s: ", name);
	r = curl_load(&curl, err);
	if (r < 0)
		return r;
	strbuf_reset(err);
	curl->global_init(CURL_GLOBAL_DEFAULT);
	return check_url(name, err);
}

int sink_http_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	struct curl_slist *headers;
	CURL *easy;
	int r = sink_http_check(s->name, s->arg, err);

	if (!r && starts_with(s->name, "https:") && (config->ca || config->cert || config->key))
		r = check_certificates(s, config, err);
	if (r < 0)
		return r;
	easy = curl->easy_init();
	headers = curl->slist_append(NULL, "Content-Type: application/json");
	if (!easy || !headers)
		return -ENOMEM;
	s->easy = easy;
	s->headers = headers;
	/* Do not wait a second for "100 Continue". */
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
	set_certificate(easy, config);
	return 0;
}

/* It has moved for good: redirections are not followed. */
static bool has_moved(long status)
{
	return status == 301 || status == 308;
}

/* Statuses that another try will not change. */
static bool is_final(long status)
{
	return has_moved(status) || (status >= 400 && status < 500 && status != 408 && status != 429);
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
	strbuf_addf(err, "it answers %ld%s", status, has_moved(status) ? ", that it has moved" : "");
	return is_final(status) ? -EREMOTEIO : -EAGAIN;
}
