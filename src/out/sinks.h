/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where alerts go: standard output, files, syslog, programs, HTTP servers; any number at once. A process of their own serves
 * them; it is forked before nunchi locks itself down, and gets lines through a pipe. So nunchi itself keeps no way to the
 * network or to programs, and no slow or dead sink can delay it. Each sink has a thread and a bounded queue; what a full
 * queue refuses is counted.
 */
#pragma once

#include "base/strbuf.h"

#define SINK_QUEUE_MAX (4U << 20)	/* bytes a sink: some 2,000 alerts, more than a minute's of a busy host */
#define SINK_STOP_MS 5000		/* what sinks have at the end for what is queued */

struct sinks_config {
	const char *const *to;	/* "stdout", "file:PATH", "syslog[:SOCKET]", "program:COMMAND", "http[s]://..." */
	size_t n;
	const char *ca;		/* of HTTPS: a file of authorities; NULL: the system's */
	const char *cert, *key;	/* the client's; NULL: none */
	/* What has to be said: error, when alerts are lost, or at the end. Called by several threads. */
	void (*say)(bool error, const char *text);
};

struct sinks;

/* Whether there is such a sink; if not, a sentence in err. 0 or -EINVAL. */
int sinks_check(const char *to, struct strbuf *err) _must_check_;
/*
 * Whether this sink, which sinks_check() has accepted, could be opened, as far as that shows without doing so.
 * 0; or -errno, with a sentence.
 */
int sinks_check_open(const char *to, struct strbuf *err) _must_check_;
/* Whether this sink, which sinks_check() has accepted, takes alerts as JSON only. */
bool sinks_is_server(const char *to);
/* Starts the process. 0; or -errno, with a sentence, if a sink cannot be opened. */
int sinks_start(struct sinks **ret, const struct sinks_config *config, struct strbuf *err) _must_check_;
/* Where lines are to be written. */
int sinks_fd(const struct sinks *s);
/* An eventfd: files are opened anew when something is written to it. */
int sinks_reopen_fd(const struct sinks *s);
/* After the last line: waits until they are out, or SINK_STOP_MS. 0, or -EIO: something was lost. */
int sinks_stop(struct sinks *s) _must_check_;
