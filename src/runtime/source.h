/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of this room share. A source is one socket with its thread; the disk is one
 * more thread. They meet only in the queue of messages, which has a lock of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/hmap.h"
#include "base/http.h"
#include "runtime.h"

/*
 * Messages that may wait for the loop; past that their makers wait. One can be large (a container's
 * labels and users), so that this is what bounds memory while the loop is busy.
 */
#define MESSAGES_MAX 1024

/* One call of an API. */
#define CALL_TIMEOUT_MS 10000
/* How long a stream is waited for before the time is used otherwise. */
#define STREAM_WAIT_MS 1000
/*
 * What a user's service may say at once. Who means harm makes jansson take 80 times the text of it; a list of a hundred
 * containers is as long.
 */
#define USER_ANSWER_MAX (128U << 10)
/* Lists are compared again so often, should an event have been lost. */
#define RELIST_SECONDS 30

struct message_queue {
	pthread_mutex_t lock;
	pthread_cond_t space;
	struct runtime_message *head, **tail;
	size_t n;
	int fd;		/* eventfd: readable while n > 0 */
	bool closed;
};

int messages_init(struct message_queue *q) _must_check_;
void messages_free(struct message_queue *q);
/* Waits while the queue is full, unless now is set. Takes m; frees it if the queue is closed. */
void messages_post(struct message_queue *q, struct runtime_message *m, bool now);
struct runtime_message *messages_next(struct message_queue *q) _must_check_;
/* Nobody waits and nothing is taken from here on. */
void messages_close(struct message_queue *q);

/* What was told of containers' lives last, so that no two sources tell the same. */
#define LIVES_REMEMBERED 1024

struct lives {
	pthread_mutex_t lock;
	struct told {
		uint64_t id;	/* its hash */
		enum runtime_life life;
	} told[LIVES_REMEMBERED];
	size_t n, next;
};

#define SPACE_CRI "k8s.io"	/* containerd's namespace of what CRI has made */

enum source_kind { SOURCE_DOCKER, SOURCE_CRI };

struct source {
	struct source *next;
	struct runtimes *rt;
	enum source_kind kind;
	char *kind_name;	/* as given: "docker", "podman", "cri", "containerd" */
	char *socket;		/* as shown */
	size_t trusted;		/* of socket: what is below, a user may have made; 0: none of it */
	uid_t owner;		/* the user's whose service it is: it speaks for his processes only */
	char *connect;		/* the socket that was opened, by a name that cannot change */
	char *runtime;		/* "docker", "containerd", ...: known when it has answered */
	char *said;		/* the last state that was posted */
	struct hmap known;	/* struct known_container, by id */
	unsigned generation;
	pthread_t thread;
	bool asked_for;		/* by --runtime: that it is not there is said */
	bool found;		/* nobody named it */
	atomic_bool ended;	/* and may be joined */
	bool counted;		/* its first list is waited for */
	bool answered;		/* with a whole list, on this connection */
};

struct actor;
struct disk;
struct routes;
struct stat;

struct runtimes {
	struct message_queue queue;
	struct lives lives;
	char *root;
	int stop_fd;		/* readable once all must end */
	atomic_uint unlisted;
	struct disk *disk;
	struct routes *routes;
	struct actor *actor;	/* NULL: nothing is done to containers */
	struct prober *prober;
};

/* A connection to it, which takes no more at once than what its owner may say. */
struct http *source_connect(const struct source *s) _must_check_;

/* The body of a source: until the connection is lost, with the reason. */
int docker_run(struct source *s, struct strbuf *why) _must_check_;
int cri_run(struct source *s, struct strbuf *why) _must_check_;

/* Sleeps; true if it is time to end. */
bool runtimes_wait(const struct runtimes *rt, unsigned ms);

struct source *source_new(struct runtimes *rt, const char *kind_name, const char *socket,
			  size_t trusted) _must_check_;
/* The socket as it is now, O_PATH; -errno if there is none. */
int source_open(const struct source *s, struct stat *ret) _must_check_;
/* It ends when its socket is gone: found, or a user's, who may come back. */
static inline bool source_is_passing(const struct source *s)
{
	return s->found || s->trusted;
}
/* Posts that it cannot be opened, once; error is what source_open() said. */
void source_missing(struct source *s, int error);
void source_free(struct source *s);
void *source_main(void *arg);

/*
 * Takes info, gives it source and runtime where unset, and posts it. namespace: containerd's, NULL
 * where there is none.
 */
void source_found(struct source *s, struct container_info *info, const char *namespace);
/* What follows goes by id and space as in struct container_info. Posts that it is gone, if it was known. */
void source_gone(struct source *s, const char *id, const char *space);
bool source_knows(const struct source *s, const char *id, const char *space);
/* Takes info, which may have no more than an id, and posts what happened. */
void source_life(struct source *s, enum runtime_life life, struct container_info *info,
		 int exit_code);
/* A list: begin, keep each that is in it, end: what was not kept is gone, unless its first process is there yet. */
void source_list_begin(struct source *s);
void source_keep(struct source *s, const char *id, const char *space);
/* Before the end of a list: what was not kept, until each returns less than 0. */
int source_each_missing(struct source *s, int (*each)(void *arg, const char *id), void *arg)
	_must_check_;
void source_list_end(struct source *s);
/* The runtime answers, with this version. */
void source_up(struct source *s, const char *runtime, const char *version);

/* kind of --runtime: 0, or -EINVAL if there is none of that name with a socket. */
int source_kind_parse(const char *name, enum source_kind *ret);

/* Takes info. Told once, whichever source comes first. */
void life_post(struct runtimes *rt, enum runtime_life life, struct container_info *info,
	       int exit_code);
static inline bool same_space(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* An info of which no more is known. */
struct container_info *info_new(const char *id) _must_check_;

struct runtime_message *message_new(enum runtime_message_type type) _must_check_;
