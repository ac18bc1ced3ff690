/* SPDX-License-Identifier: Apache-2.0 */
/* Within the process that serves sinks: a sink, its queue and its thread. */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "sinks.h"

struct sink;

/* A row of the table of kinds. */
struct sink_kind {
	const char *prefix;	/* what an argument begins with */
	bool takes_rest;	/* something must follow it */
	/* Whether it could be opened; changes nothing. 0; or -errno, perhaps with a sentence. NULL: only open() can say. */
	int (*check)(const char *name, const char *arg, struct strbuf *err);
	/* Before the lock. 0 or -errno, with a sentence in err. */
	int (*open)(struct sink *s, const struct sinks_config *config, struct strbuf *err);
	/*
	 * One alert, with its line end. 0; -EAGAIN: try it again later; -EPIPE: nothing will ever be taken
	 * again; else it is lost. Why goes to err.
	 */
	int (*send)(struct sink *s, const char *line, size_t len, struct strbuf *err);
	/* By the sink's thread. 0 or -errno, and why in err. NULL: nothing to open anew. */
	int (*reopen)(struct sink *s, struct strbuf *err);
};

struct sink_line {
	struct sink_line *next;
	size_t len;
	char text[];
};

struct sink {
	const struct sink_kind *kind;
	const char *name;	/* as it was given */
	const char *arg;	/* what follows the prefix */
	void (*say)(bool error, const char *text);
	int fd;			/* the thread's own; -1: none */
	bool torn;		/* the same: only a part of the last line was written */
	void *easy;		/* CURL; NULL: none */
	void *headers;
	pthread_t thread;
	pthread_mutex_t lock;	/* protects what follows */
	pthread_cond_t changed;
	struct sink_line *first, *last;	/* the first is being sent */
	size_t bytes;
	uint64_t sent, lost;
	bool losing;		/* a loss was logged, and the queue has not been empty since */
	unsigned saying;	/* messages that are being logged, without the lock */
	bool dead;
	bool reopen;
	uint64_t deadline;	/* CLOCK_MONOTONIC ns; 0: there is no end yet */
};

extern const struct sink_kind sink_kinds[];
extern const size_t n_sink_kinds;

/* sink.c */
int sink_start(struct sink *s) _must_check_;
void sink_put(struct sink *s, const char *line, size_t len);	/* its line end included */
void sink_reopen(struct sink *s);
void sink_stop(struct sink *s, uint64_t deadline);
bool sink_is_done(struct sink *s);
/* Counts what is still queued as lost, and logs the account. Returns how many alerts were lost in all. */
uint64_t sink_account(struct sink *s);
/* ns until the end; UINT64_MAX: there is none yet. */
uint64_t sink_remaining(struct sink *s);

/* sink_http.c */
int sink_http_check(const char *name, const char *arg, struct strbuf *err);
int sink_http_open(struct sink *s, const struct sinks_config *config, struct strbuf *err);
int sink_http_send(struct sink *s, const char *line, size_t len, struct strbuf *err);
