/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRI's and containerd's protobuf messages, translated to and from what the rest of the room uses. The parsers accept
 * hostile bytes: the memory for a message is bounded, and ids are checked.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "event/container_info.h"

typedef void each_id_fn(void *arg, const char *id);

/* For CRI. Requests are appended to out. */
void cri_version_request(struct strbuf *out);
void cri_list_containers_request(struct strbuf *out);
void cri_list_sandboxes_request(struct strbuf *out);
void cri_container_status_request(struct strbuf *out, const char *id);
void cri_stop_request(struct strbuf *out, const char *id);
void cri_sandbox_status_request(struct strbuf *out, const char *id);

/* Each returns 0, or -EBADMSG if the bytes are something else; results are owned by the caller. */
int cri_parse_version(const void *data, size_t len, char **ret_name, char **ret_version)
	_must_check_;
int cri_parse_containers(const void *data, size_t len, each_id_fn *each, void *arg) _must_check_;
int cri_parse_sandboxes(const void *data, size_t len, each_id_fn *each, void *arg) _must_check_;
/* init_pid is from the verbose part, 0 if that has none. *ret_sandbox: the id of the pod's sandbox, or NULL. */
int cri_parse_container_status(const void *data, size_t len, struct container_info **ret,
			       char **ret_sandbox) _must_check_;
int cri_parse_sandbox_status(const void *data, size_t len, struct container_info **ret)
	_must_check_;

enum container_event {
	EVENT_OTHER,
	EVENT_CREATE,
	EVENT_START,
	EVENT_PAUSE,
	EVENT_RESUME,
	EVENT_OOM,
	EVENT_STOP,
	EVENT_DELETE,
};

/* How it ended; false if it has not. */
bool cri_parse_end(const void *data, size_t len, int *ret_exit, bool *ret_oom);

int cri_parse_event(const void *data, size_t len, enum container_event *ret, char **ret_id)
	_must_check_;

/* containerd's own. */
void ctd_subscribe_request(struct strbuf *out);
void ctd_container_request(struct strbuf *out, const char *id);
void ctd_kill_request(struct strbuf *out, const char *id);
void ctd_pause_request(struct strbuf *out, const char *id);

int ctd_parse_version(const void *data, size_t len, char **ret_version) _must_check_;
int ctd_parse_namespaces(const void *data, size_t len, each_id_fn *each, void *arg) _must_check_;
/* Tasks that run or are paused. */
int ctd_parse_tasks(const void *data, size_t len,
		    void (*each)(void *arg, const char *id, uint32_t pid), void *arg) _must_check_;
/* pods: it is in CRI's namespace. */
int ctd_parse_container(const void *data, size_t len, bool pods, struct container_info **ret) _must_check_;

struct ctd_event {
	enum container_event type;
	char *space;
	char *id;
	char *image;		/* of EVENT_CREATE */
	uint32_t pid;
	uint32_t exit_code;	/* of EVENT_STOP */
};

int ctd_parse_event(const void *data, size_t len, struct ctd_event *ret) _must_check_;
void ctd_event_free(struct ctd_event *e);	/* what it owns */

#define PROTOBUF_MEMORY_MAX (64U << 20)	/* bytes that an unpacked message may take */

/* Appends a message to out. */
void protobuf_pack(struct strbuf *out, const ProtobufCMessage *m);
/* An allocator for one message, bounded by PROTOBUF_MEMORY_MAX; *budget must live as long. */
ProtobufCAllocator protobuf_bounded(size_t *budget) _must_check_;
