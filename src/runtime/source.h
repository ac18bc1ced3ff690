/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of this room share. A source is a socket with its thread; the disk has one more thread. They share only
 * the queue of messages, the memory of what was reported, and the routes, each with a lock of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/hmap.h"
#include "base/http.h"
#include "runtime.h"

/*
 * Messages that may wait for the loop; beyond that their senders wait. A message can be large (a container's labels and
 * users), so this bounds the memory while the loop is busy.
 */
#define MESSAGES_MAX 1024

#define CALL_TIMEOUT_MS 10000	/* for one call of an API */
#define STREAM_WAIT_MS 1000	/* for an event, before other things are looked at */
/*
 * Bytes that a user's service may answer at once: a list of a hundred containers. A malicious one can make jansson take 80
 * times as much memory.
 */
#define USER_ANSWER_MAX (128U << 10)
#define RELIST_SECONDS 30	/* between lists, in case an event was lost */

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
/* Takes m. Waits while the queue is full, unless now is set. Frees m if the queue is closed. */
void messages_post(struct message_queue *q, struct runtime_message *m, bool now);
struct runtime_message *messages_next(struct message_queue *q) _must_check_;
/* From here on nobody waits, and posted messages are freed. */
void messages_close(struct message_queue *q);

/* The last reports about containers' lives, so that two sources do not report the same. */
#define LIVES_REMEMBERED 1024

struct lives {
	pthread_mutex_t lock;
	struct told {
		uint64_t id;	/* its hash */
		enum runtime_life life;
	} told[LIVES_REMEMBERED];
	size_t n, next;
};

#define SPACE_CRI "k8s.io"	/* the containerd namespace of CRI's containers */

enum source_kind { SOURCE_DOCKER, SOURCE_CRI };

struct source {
	struct source *next;
	struct runtimes *rt;
	enum source_kind kind;
	char *kind_name;	/* as given: "docker", "podman", "cri", "containerd" */
	char *socket;		/* as shown */
	size_t trusted;		/* length of the part of socket below which a user may have made everything; 0: no user */
	uid_t owner;		/* the user whose service it is, and who may report only his own processes; 0: root */
	char *connect;		/* /proc/self/fd/N of the opened socket: a name that cannot come to mean another */
	char *runtime;		/* "docker", "containerd", ...: known when it has answered */
	char *said;		/* the last state that was posted */
	struct hmap known;	/* struct known_container, by id */
	unsigned generation;
	pthread_t thread;
	bool asked_for;		/* by --runtime: it is logged if it does not exist */
	bool found;		/* by its socket's name: see listening.h */
	atomic_bool ended;	/* the thread may be joined */
	bool counted;		/* runtimes_unlisted() counts it */
	bool answered;		/* there was a whole list on this connection */
};

struct actor;
struct disk;
struct routes;
struct stat;

struct runtimes {
	struct message_queue queue;
	struct lives lives;
	char *root;
	int stop_fd;		/* readable once all threads must end */
	atomic_uint unlisted;	/* see runtimes_unlisted() */
	struct disk *disk;
	struct routes *routes;
	struct actor *actor;	/* NULL: no rule acts on containers */
	struct prober *prober;
};

/* A new connection, with the bound for users' services. The caller frees it. */
struct http *source_connect(const struct source *s) _must_check_;

/* What a source does until its connection is lost. -errno, and the reason in why. */
int docker_run(struct source *s, struct strbuf *why) _must_check_;
int cri_run(struct source *s, struct strbuf *why) _must_check_;

/* Sleeps. True: all threads must end. */
bool runtimes_wait(const struct runtimes *rt, unsigned ms);

struct source *source_new(struct runtimes *rt, const char *kind_name, const char *socket,
			  size_t trusted) _must_check_;
/* Opens the socket (O_PATH). An fd, or -errno. */
int source_open(const struct source *s, struct stat *ret) _must_check_;
/* Whether the source ends when its socket is gone, since it would be found again. */
static inline bool source_is_passing(const struct source *s)
{
	return s->found || s->trusted;
}
/* Reports, once, that the socket cannot be opened; error: as from source_open(). */
void source_missing(struct source *s, int error);
void source_free(struct source *s);	/* NULL is fine */
void *source_main(void *arg);

/*
 * Takes info, sets source and runtime if they are not set, and posts it. namespace: containerd's; NULL: there is none.
 */
void source_found(struct source *s, struct container_info *info, const char *namespace);
/* For these, id and space are as in struct container_info. source_gone() reports the end of a known container. */
void source_gone(struct source *s, const char *id, const char *space);
bool source_knows(const struct source *s, const char *id, const char *space);
/* Takes info, which may have no more than an id, and reports what happened. */
void source_life(struct source *s, enum runtime_life life, struct container_info *info,
		 int exit_code);
/* A list: begin; keep each container in it; end: those not kept are gone, unless their first process is still there. */
void source_list_begin(struct source *s);
void source_keep(struct source *s, const char *id, const char *space);
/* Before source_list_end(): calls each with those that are gone. Returns its first negative result, or 0. */
int source_each_missing(struct source *s, int (*each)(void *arg, const char *id), void *arg)
	_must_check_;
void source_list_end(struct source *s);
/* The runtime answers, with this version. */
void source_up(struct source *s, const char *runtime, const char *version);

/* A kind as in --runtime. 0, or -EINVAL: no kind with a socket has this name. */
int source_kind_parse(const char *name, enum source_kind *ret);

/* Takes info. Reports what happened, once, by whichever source comes first. */
void life_post(struct runtimes *rt, enum runtime_life life, struct container_info *info,
	       int exit_code);
static inline bool same_space(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* An info with nothing but the id. */
struct container_info *info_new(const char *id) _must_check_;

struct runtime_message *message_new(enum runtime_message_type type) _must_check_;
