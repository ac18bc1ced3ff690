/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a container: made by src/runtime from a runtime's record, carried in the
 * stream as a CONTAINER record, kept by the model. Strings are owned; NULL where unknown.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"

struct label {
	char *key;
	char *value;
};

/* uid or gid -> name, as the container's own /etc/passwd and /etc/group say. */
struct id_name {
	uint32_t id;
	char *name;
};

/* Namespaces shared with the host. */
#define SHARES_PID 0x01
#define SHARES_NET 0x02
#define SHARES_IPC 0x04
#define SHARES_UTS 0x08
#define SHARES_USER 0x10	/* no user namespace of its own: the usual case, not shown */
#define SHARES_CGROUP 0x20

#define TELLS_PRIVILEGED 0x01
#define TELLS_SANDBOX 0x02

#define CONTAINER_ID_LEN 64	/* digits of an engine's id */
#define CONTAINER_ID_SHORT 12	/* of which so many are shown (container.id), as Falco does */

/* Bounds of what a runtime (or a hostile label) can make us keep. */
#define CONTAINER_LABELS_MAX 128
#define CONTAINER_STRING_MAX 4096
#define CONTAINER_IDS_MAX 256

struct container_info {
	char *id;		/* full: 64 hex for most, any name for runc; no two of a stream have the same */
	char *called;		/* what its runtime calls it, where another was called that first and id is not it; NULL: id */
	char *space;		/* within which that is its alone: containerd's namespace, or the directory of a plain runtime's
				 * state; NULL: unknown, or an engine's id, which is one container's whoever tells of it */
	char *name;		/* docker name without "/", CRI container name, runc id */
	char *runtime;		/* "docker", "containerd", "cri-o", "podman", "runc", "crun" */
	char *image;		/* as asked for: "nginx:1.27", "docker.io/library/nginx:1.27" */
	char *image_repository;	/* without tag and digest */
	char *image_tag;
	char *image_digest;	/* "sha256:...", of its manifest */
	char *image_id;		/* "sha256:...", of its configuration: as it is called on this host */
	char *pod_name;
	char *pod_namespace;
	char *pod_uid;
	char *pod_sandbox;	/* full id of the pod's sandbox */
	char *ip;		/* address as text, as the runtime has said; NULL: unknown, or the host's */
	char *cgroup;		/* path below the hierarchy's root, "/docker/<id>" */
	char *parent_id;	/* full id of the container that it was made in; NULL: the host */
	char *incomplete;	/* why its name is not known; NULL: it is */
	char *source;		/* who said so: "docker /run/docker.sock", "disk /run/runc/x/state.json" */
	struct label *labels;
	size_t n_labels;
	struct label *pod_labels;
	size_t n_pod_labels;
	struct label *mounts;	/* what of the host is mounted: where, and see struct mount */
	size_t n_mounts;
	struct id_name *users;
	size_t n_users;
	struct id_name *groups;
	size_t n_groups;
	uint64_t created;	/* ns since the epoch, 0 if unknown */
	uint64_t started;
	uint64_t init_start;	/* init's start, CLOCK_BOOTTIME ns (10 ms steps from /proc), 0 if unknown */
	uint64_t cgroup_id;	/* of its directory, as nunchi_head.cgroup; 0 if unknown */
	uint64_t mntns_key;	/* unique id of its mount namespace, as nunchi_pending; 0 if unknown */
	uint32_t owner;		/* whose runtime says so, as container_owner(); 0: none, the kernel alone knows it */
	uint32_t init_pid;	/* 0: not running */
	uint32_t pidns;
	uint32_t mntns;
	uint8_t shares;		/* SHARES_* */
	bool privileged;
	bool sandbox;		/* a pod's pause container */
	uint8_t tells;		/* TELLS_*: of which of these two false is said, too */
};

/* Of a user's service, or files. Root's are nobody's to speak of but root's. */
#define CONTAINER_OWNER_ROOT 1U
static inline uint32_t container_owner(uint32_t uid)
{
	return uid + 1;
}

#define _cleanup_container_info_ _cleanup_(container_info_freep)

/* As people and its runtime mean it. */
static inline const char *container_called(const struct container_info *c)
{
	return c->called ? c->called : c->id;
}

void container_info_free(struct container_info *c);	/* what it owns and itself; NULL is fine */
static inline void container_info_freep(struct container_info **c)
{
	container_info_free(*c);
}
struct container_info *container_info_dup(const struct container_info *c) _must_check_;

/* Fills what is NULL, 0 or not told in c from more, which keeps what it owns (strings are copied). */
void container_info_complete(struct container_info *c, const struct container_info *more);

/*
 * Splits an image reference ("reg:5000/a/b:tag@sha256:...") into repository, tag and digest, in c,
 * replacing what was there. Docker's and containerd's reference grammar: a ":" before the last "/"
 * is a port.
 */
void container_info_set_image(struct container_info *c, const char *reference);

/* A directory or file of the host's in a container; kept as a label, "rw,rprivate:/source" by its place. */
struct mount {
	const char *dest;
	const char *source;
	const char *propagation;	/* not NUL-terminated, propagation_len bytes; may be empty */
	size_t propagation_len;
	bool writable;
};

/* Strings are copied and bounded; propagation may be NULL. What is no pair of absolute paths is left out. */
void container_info_add_mount(struct container_info *c, const char *source, const char *dest,
			      bool writable, const char *propagation);
/* The i-th. False: it is damaged. Strings are the container's. */
bool container_info_mount(const struct container_info *c, size_t i, struct mount *ret);

/* As the body of a CONTAINER record (tag, length, bytes), and back. -EBADMSG if it is damaged. */
void container_info_encode(const struct container_info *c, struct strbuf *out);
int container_info_decode(const void *data, size_t len, struct container_info **ret) _must_check_;
