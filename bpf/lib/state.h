/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All state of the kernel side. Defined in state.bpf.c; user space (src/probe) sizes the maps and maps the globals.
 * The scratch memory of a program is struct scratch: see record.h for its use.
 */
#pragma once

#include "kernel.h"
#include "nunchi/block.h"
#include "nunchi/bulk.h"
#include "nunchi/push.h"
#include "nunchi/summary.h"
#include "nunchi/wire.h"

/* Rings at most: the critical one and one per few CPUs. A power of two, to mask an index. */
#define RINGS_MAX 64

/* Whether a task came into its container from outside, or descends from one that did. */
enum entered {
	ENTERED_NOT = 0,
	ENTERED_FRESH = 1,	/* and has executed nothing since: it may go back */
	ENTERED = 2,
};

/* Whether a task that entered its container has executed nothing yet. */
enum setup {
	SETUP_NOT = 0,
	SETUP = 1,		/* what it does is its runtime's doing */
	SETUP_LONG = 2,		/* too long for a runtime: restored by CRIU, or run in the runtime's own process (WebAssembly) */
};

/* Who a task is; in task storage, so that it lives and dies with the task. */
struct identity {
	u32 slot;		/* 0: the host's */
	u32 generation;		/* of the slot when it was taken; another one now: stale */
	u32 vpid;
	u32 vtid;
	u64 start;		/* of the group leader, CLOCK_BOOTTIME ns */
	u32 pidns;
	u8 setup;		/* enum setup */
	u8 entered;		/* enum entered */
	u8 sandboxed;		/* the host's, in a mount namespace of its own */
	u8 copied;		/* what `copies` has of the call in progress: a bit for each argument, and for COPY_OPENED */
	u32 base;		/* slot of the container that it was in before, and cannot leave */
	u32 base_generation;
	u32 namespaces[NUNCHI_NS_MAX];	/* last seen; filled once it is in a container */
	char prev_comm[16];	/* before the last rename, of which an exec is one */
	u8 renamed_by_exec;	/* the last rename was an exec's, and interrupted is the call that executes */
	u8 untold;		/* its birth was only counted, and nothing of it was recorded since */
	u8 image;		/* group of the image that it executes, see push.h; 0: not known */
	u8 passed;		/* calls that have returned while interrupted waits */
	u32 answered;		/* number plus one of the call that the hook of its function has recorded; 0: none */
	u8 within;		/* in a call whose kretprobe is due */
	u8 rings;		/* of a leader: io_uring requests of its process were remembered */
	u16 setup_at;		/* when setup began, in seconds since boot */
	u32 verdict;		/* on its call in progress, see block.h; 0: none */
	u32 ended;		/* of a leader: the end of its process was recorded */
	u32 image_generation;	/* of the rules by which image is that group */
	u64 exe;		/* of a leader: hash of the path by which its image was executed, see block_image.h */
	u32 exe_run;		/* the run of nunchi whose key made that hash; if it is another, exe is not known */
	u32 exe_execs;		/* task_struct.self_exec_id then; if it is another, it has executed something since */
	u64 exec_clauses;	/* of an exec in progress: the clauses that it satisfies, apart from paths */
	u32 exec_generation;	/* of the rules that these are of, as in block_row() */
	u32 of_messages;	/* verdict on one of several messages that a call sends */
	u32 shared;		/* since its birth or last exec its fds or directories were shared with another task */
	struct nunchi_caps caps;	/* as user space knows them: those of the last exec that was recorded */
	u64 copied_of;		/* the call that `copied` is of, see copies_of() */
	u64 request;		/* io_uring request that it carries out, of which an address is still to be copied; 0: none */
	struct nunchi_call call;	/* the one that returns now: the stack (512 bytes) has no room for it */
	struct nunchi_call interrupted;	/* a call that may still continue; its ret is -ERESTART*, 0: there is none */
};

#define CAPS_UNKNOWN (~0ULL)	/* as effective capabilities, which nobody has */

/* The state of a walk from a dentry to the root. */
struct walk {
	u64 mnt;		/* struct vfsmount * */
	u64 mnt_root;		/* its root dentry */
	u64 dentry;		/* or a cgroup's struct kernfs_node */
	u64 parent, name;	/* of the dentry; no room for them on the stack */
	u64 top;		/* struct mount * at which it ends; or it ends at the root directory that is in its place: */
	u64 root_mnt;		/* of that directory; 0: none is */
	u64 root_dentry;
	u64 event;		/* of the task's mount namespace */
	u64 below;		/* struct vfsmount * of the root, or of the last mount that it left; 0: it left none */
	u64 own_root;		/* root dentry of the mount in which it began */
	u64 within;		/* dentry at which a walk within one file system ends; 0: at that one's root */
	u64 of;			/* dentry of the file at which it began */
	u32 pos;		/* of the blob's data in the record */
	u32 len;		/* of the data so far */
	u32 flags;		/* NUNCHI_BLOB_* */
	u32 pad;
};

/* The state of copying a string array. */
struct strv {
	u64 next;		/* the array, in user memory */
	u32 pos;
	u32 len;
	u32 full;
	u32 flags;
};

/* Names of an io_uring request, as the kernel copied them; or its address, in place of the first. */
struct uring_names {
	char text[2][512];
	u32 cut[2];		/* the name was longer */
	u32 address;		/* length of the address; 0: none was copied */
	u32 pad;
};

#define PLACE_MAX 256		/* of the path at which a container has a mount */

/* A search for a place in a bulk ring. */
struct bulk_search {
	u64 word;		/* of the place that was found */
	u32 ring;
	u32 found;
};

/* The state of measuring a string in user memory. */
struct measure {
	u64 ptr;
	u32 len;
	u32 pad;
};

/* The state of comparing two pieces of data. */
struct comparison {
	u32 one, other;		/* their offsets */
	u32 differs;
	u32 pad;
};

#define BLOCK_TEXT_MAX 8192	/* of a path that is being made: twice the longest that a call can name */
#define BLOCK_NAME_MAX 4096	/* of the path given to execve */

/* Work space of a decision whether a rule blocks. */
struct block_work {
	struct nunchi_block_key key;
	char name[256 + 4];
	char text[BLOCK_TEXT_MAX + 512];	/* with room for one more name, so that bounds are checked between names only */
	char asked[BLOCK_NAME_MAX + 16];
};

/* The clauses of each class that the path of an executed image satisfies. */
struct block_image {
	u32 generation;		/* of the rules, as in block_row() */
	u32 pad;
	u64 masks[NUNCHI_BLOCK_MAX];
};

/* The state of reading a text in two automata: one for how it begins, one for how it ends and what is within it. */
struct reading {
	u32 head;		/* states of the two */
	u32 tail;
	u64 heads, tails, within;	/* clauses satisfied by what has been read */
	u32 head_over;		/* the state `head` will not change any more */
	u32 at;			/* offset in the record */
	u32 left;		/* names that are left */
	u32 slash;		/* progress of looking for what a path that is taken as written may not have ("//", "/./", "/../") */
	u32 odd;		/* it has some */
	u32 whole;		/* read to the end in any case */
	u32 bytes;		/* a NUL is not the end */
	u32 shift;		/* distance to where the same bytes should be again: in the directory's blob, and */
	u32 asked;		/* here, in the path that was asked for, from byte asked_from of the text on */
	u32 asked_from;
	u32 differs;		/* they are not the same */
	u32 half;		/* of the tables of blocking rules */
};

/* Offsets of the blobs in a record that conditions are about; 0: there is none. */
struct found {
	u32 next;		/* the next blob to look at */
	u32 whole;		/* all were looked at */
	u32 path;		/* which argument is a path */
	u32 asked;		/* the blob of that argument */
	u32 base;		/* its directory */
	u32 file;		/* what was opened */
	u32 other;		/* what was opened is not a file */
	u32 socket;		/* of argument 0 */
	u32 address;		/* the address argument */
	u32 pad;
};

/* The state of looking up the addresses that a socket option names, one after another. */
struct named {
	u64 at, end;
	u64 socket;		/* to be connected to them; 0: to be bound */
	u64 mask;		/* clauses that can still hold */
	u64 met;		/* those that one of the addresses satisfies */
	u32 row;
	u32 pad;
};

/* What a path leads to: a vfsmount and a dentry in it. */
struct leaf {
	u64 mnt, dentry;
};

/* What else is known of an io_uring request, as in struct scratch. */
struct request_of {
	u64 file;
	u64 names;
	u64 creds;
	u64 made;
};

/* The work space for one record. data has room behind RECORD_MAX, so that bounds are checked between pieces only. */
struct scratch {
	u32 busy;
	u32 pos;		/* where the next blob goes */
	u64 file;		/* the struct file of argument 0, whatever the fd table has; 0: not known */
	u64 task;		/* the running task, as a number: see FIELD() */
	u64 of;			/* the task that the head is about, likewise */
	u64 names;		/* struct uring_names in which arguments are indices; 0: arguments are pointers */
	u64 made;		/* struct file of the ring's own that an io_uring request has put there, or reads from; 0: none */
	u64 creds;		/* struct cred, of the request that is recorded; 0: those of s->of */
	u32 copied;		/* as in the identity */
	u32 differs;		/* number plus one of the first argument for which user memory now has something else */
	u32 found;		/* length of that, at FOUND in scratch */
	u32 is_address;		/* it is an address, not a string */
	u32 headless;		/* call_finish() must still fill in what the head says of the running task */
	u32 shared;		/* as in the identity */
	union {
		struct walk walk;
		struct strv strv;
		struct comparison comparison;
		struct measure measure;
		struct bulk_search search;
	};
	struct reading reading;
	struct found blobs;
	struct named named;
	struct nunchi_caps caps;	/* of s->of */
	struct nunchi_caps known;	/* identity.caps; here, because the callers' stacks are full */
	u64 hash[4];		/* state of SipHash */
	struct nunchi_slot_ref whose;	/* the container of the process that is judged */
	struct leaf leaf;	/* what paths are made of */
	u64 image;		/* hash of the path of an executed image; 0: not known */
	struct block_image judged;	/* the clauses that this path satisfies */
	u32 judged_row;		/* the row of `judged`, minus its class */
	u64 clauses;		/* what push_codes() has left; here, because the callers' stacks are full */
	u32 walked;		/* the blob that was walked last, and where each of its names begins in it */
	u32 n_names;
	u16 names_at[NUNCHI_COMPONENTS_MAX];
	u64 mount;		/* struct mount * that is looked at, see mounted.bpf.c */
	u32 mount_done;		/* it, and those below it, were looked at */
	u32 place_len;
	char place[PLACE_MAX];	/* the path that mounted_find() has found */
	union {
		struct {
			struct nunchi_head head;
			union {
				struct nunchi_call call;
				struct nunchi_exit exit;
				struct nunchi_pending pending;
				struct nunchi_cgroup cgroup;
				struct nunchi_namespaces namespaces;
				struct nunchi_moved moved;
			};
		};
		struct block_work block;
		u8 data[NUNCHI_RECORD_MAX + 8192];	/* a power of two, see record_output() */
	};
};

/* Filled by user space before load. */
extern const volatile __u32 host_mntns[2];	/* the kernel's own and init's */
extern const volatile __u32 host_pidns;
extern const volatile __u32 host_namespaces[NUNCHI_NS_MAX];	/* 0: not known */
extern const volatile __u32 own_tgid;	/* nunchi's, whose own calls are not recorded */
extern const volatile __u64 own_start;	/* its start in ticks, because the PID may be another process's later */
extern const volatile __u32 ring_shift;	/* CPUs of a bulk ring, as a power of two */
extern const volatile __u32 bulk_pieces;	/* of each bulk ring, a power of two */
extern const volatile __u32 bulk_piece_shift;	/* bytes of a piece, as a power of two, */
extern const volatile __u32 bulk_piece_mask;	/* and less one */
extern const volatile __u64 bulk_secret;	/* of marks: see nunchi/bulk.h */
extern const volatile __u32 lane_slots;	/* in a row of lane_put and lane_taken */
extern const volatile __u32 lane_watched;	/* number of the row for what is watched */
extern const volatile __u64 critical_bytes;	/* size of the critical ring */
extern const volatile __u8 aggregates;	/* --aggregate: of equal bulk calls the first is recorded, the others are counted */
extern const volatile __u32 summary_objects;	/* rows of summaries with an object; the rest is for summaries without */
extern const volatile __u32 cgroup_hierarchy;	/* of v1's pids or memory controller; 0: there is none */
extern const volatile __u8 entries;	/* --entry: calls are recorded when they begin, too */
extern const volatile __u8 calls_on;	/* never true: see function.bpf.c */
extern const volatile __u8 hooks_overlap;	/* calls can pass both the tracepoint and a hook of their own */

extern const volatile __u8 has_casts;	/* there is bpf_rdonly_cast(): see cast.h */
extern const volatile __u32 request_creds;	/* the flag of an io_uring request with credentials of its own; 0: not known */
extern const volatile __u8 copies_requests;	/* addresses of io_uring requests are seen when the kernel copies them */

extern const volatile __u8 block_is_dry;	/* say what would be blocked, and block nothing */
extern const volatile __u8 block_comes_before;	/* block.bpf.c is loaded; else, for addresses, block_cgroup.bpf.c */
extern const volatile __u8 block_has_cgroup;
extern const volatile __u8 block_comes_late;	/* block_late.bpf.c is loaded */
extern const volatile __u64 block_image_key[2];
extern const volatile __u32 block_image_run;	/* of nunchi: 0 if nothing blocks */

/* Rules that block. Filled before hooks are attached, and one half again before the generation changes. */
extern struct nunchi_block_row block_rows[NUNCHI_BLOCK_ROWS];
extern __u32 block_generation;
extern struct nunchi_block_read block_reads[NUNCHI_BLOCK_ROWS];
extern __u8 block_letters[2][256];	/* of each half */
extern __u8 block_calls[NUNCHI_CALLS_MAX];	/* class of a call, plus one, and NUNCHI_BLOCK_FLAGS; 0: it cannot be blocked */

/* Conditions by which events stay in the kernel: see nunchi/push.h. */
extern struct nunchi_push_call push_calls[NUNCHI_CALLS_MAX];
extern struct nunchi_push_row push_rows[NUNCHI_PUSH_CLASSES];
extern __u8 push_letters[256];
/* The clauses that each group's containers, or images, satisfy. */
extern __u64 push_groups[NUNCHI_PUSH_GROUPS][NUNCHI_PUSH_CLASSES];
extern __u64 push_images[NUNCHI_PUSH_IMAGES][NUNCHI_PUSH_CLASSES];
extern __u32 push_image_start;		/* as in nunchi_push */
extern __u32 push_image_generation;	/* different for each set of rules in each run */

/* Written by user space while programs run; see enum nunchi_want and the types in wire.h. */
extern __u64 bulk_bytes;	/* of each bulk ring that may be used: all of it, or what --cpu-limit leaves */
extern __u8 wanted[NUNCHI_CALLS_MAX];
extern struct nunchi_spec specs[NUNCHI_CALLS_MAX];
extern struct nunchi_compat compat_calls[NUNCHI_COMPAT_MAX];
extern __u16 uring_calls[NUNCHI_URING_MAX];	/* by operation: number of the equivalent call, plus one */
extern struct nunchi_slot slots[NUNCHI_SLOTS_MAX];
extern __u32 slots_inside;	/* how many have a parent; both sides count */
extern __u32 slots_had;		/* from here on slots have never been used */
extern __u8 wants_env;		/* record the environment at an exec */
extern __u8 chroots;		/* a process is, or may be, in a chroot: record where absolute paths start */
extern __u8 settled;		/* tasks that ran before have an identity: one without is new */
extern struct nunchi_bulk_taken bulk_taken[RINGS_MAX];
extern __u64 reader_sleeps;	/* number of the reader's present sleep, from which a record must wake it; 0: it is awake */

/* Found out about the kernel by the iterator over tasks. */
extern __u8 faultable;		/* system-call tracepoints may sleep, and so be preempted */

/* Counted by programs, read by user space. */
extern __u64 critical_number;	/* the last sequence number of the critical ring */
extern struct nunchi_bulk_put bulk_put[RINGS_MAX];	/* by number of the bulk ring, from 0 */
extern __u64 counts[NUNCHI_COUNT_MAX];	/* of the whole host: see nunchi/account.h */
extern __u32 requests_missed;	/* io_uring requests for which there was no room; for programs only */
extern __u64 losses_seen;	/* how often something was lost: user space reads `losses` when this has changed */
extern __u64 summary_rows;	/* how many there are in `summaries`; user space removes them */

struct map_identities {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct identity);
};
extern struct map_identities identities SEC(".maps");

/* A mount or PID namespace -> slot; see NUNCHI_KEY_PIDNS. */
struct map_namespaces {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * NUNCHI_SLOTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct nunchi_slot_ref);
};
extern struct map_namespaces namespaces SEC(".maps");

/*
 * Mount namespaces that are known to be the host's and have no slot: of sandboxes, when there are many. One that the LRU
 * drops is looked up again.
 */
struct map_sandboxes {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NUNCHI_SLOTS_MAX);
	__type(key, u64);
	__type(value, u8);
};
extern struct map_sandboxes sandboxes SEC(".maps");

/* Kernfs id of a named container's cgroup -> slot. */
struct map_cgroups {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NUNCHI_SLOTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct nunchi_slot_ref);
};
extern struct map_cgroups cgroups SEC(".maps");

/* Slots that were given back; they are used before new ones, so that the tables in use stay short. */
struct map_free_slots {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, NUNCHI_SLOTS_MAX);
	__type(value, u32);
};
extern struct map_free_slots free_slots SEC(".maps");

/* Where a container's mounts are. */
#define MOUNTED_MAX 40		/* of one: Docker's are 12, on hosts with cgroups of v1 24, and volumes */
#define MOUNTED_BYTES 1280	/* of their paths together */

struct mounted_row {
	u64 dentry;		/* the root of the mount */
	u16 at;			/* its path from the container's root, components leaf first as in a record */
	u16 len;
	u32 pad;
};

struct mounted {
	u32 n;
	u32 len;
	struct mounted_row rows[MOUNTED_MAX];
	char places[MOUNTED_BYTES];
};

/* By container; see mounted.bpf.c. User space removes entries, and sets max_entries. */
struct map_mounted {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NUNCHI_SLOTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct nunchi_slot_ref);
	__type(value, struct mounted);
};
extern struct map_mounted mounted SEC(".maps");

/*
 * A row of lane_slots for each CPU. Mapped by user space, because during a bpf() on a map the kernel skips programs of the
 * perf type on that CPU, even if it is preempted in the middle and other tasks run.
 */
struct map_accounts {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct nunchi_account);
};
extern struct map_accounts accounts SEC(".maps");

/* When and what was lost; user space removes entries. A loss that does not fit is still in the account. */
struct map_losses {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct nunchi_loss_key);
	__type(value, struct nunchi_loss);
};
extern struct map_losses losses SEC(".maps");

/*
 * What arguments of calls in progress point to, as the kernel copied it (copies.bpf.c). Most are short. Long ones have a map
 * of their own, so that not each takes 4 KiB.
 */
#define COPY_SHORT 256

struct copy_key {
	u32 tid;
	u32 arg;		/* or COPY_OPENED: the file that the call opened, as the data of its blob */
};

#define COPY_OPENED 6

struct copy {
	u32 len;		/* without a NUL */
	u32 flags;		/* of a file: NUNCHI_BLOB_* */
	char data[COPY_SHORT];
};

struct long_copy {
	u32 len;
	u32 flags;
	char data[NUNCHI_PATH_MAX + 256];	/* a file's blob can have one name more */
};

struct map_copies {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct copy_key);
	__type(value, struct copy);
};
extern struct map_copies copies SEC(".maps");

struct map_long_copies {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct copy_key);
	__type(value, struct long_copy);
};
extern struct map_long_copies long_copies SEC(".maps");

/* NUNCHI_SCRATCH_LEVELS per CPU; user space sets max_entries. */
struct map_scratches {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NUNCHI_SCRATCH_LEVELS);
	__type(key, u32);
	__type(value, struct scratch);
};
extern struct map_scratches scratches SEC(".maps");

/* One per CPU, of block_late.bpf.c, if it is loaded; user space sets max_entries. */
struct map_late_scratches {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
};
extern struct map_late_scratches late_scratches SEC(".maps");

struct map_critical {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};
extern struct map_critical critical SEC(".maps");

/*
 * Bytes of each slot's records with NUNCHI_F_SHARED that were put into a lane, and that user space, which maps lane_taken,
 * took out. A row of lane_slots for each ring, and one for watched events.
 */
struct map_lane_put {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
};
extern struct map_lane_put lane_put SEC(".maps");

struct map_lane_taken {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, u64);
};
extern struct map_lane_taken lane_taken SEC(".maps");

struct map_summaries {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NUNCHI_SUMMARIES);
	__type(key, struct nunchi_summary_key);
	__type(value, struct nunchi_summary_row);
};
extern struct map_summaries summaries SEC(".maps");

/* struct nunchi_block_key -> the clauses that the value satisfies. */
struct map_block_values {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct nunchi_block_key);
	__type(value, u64);
};
extern struct map_block_values block_values SEC(".maps");

/* By slot; one row if nothing is blocked. Mapped by user space. */
struct map_block_slots {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct nunchi_block_slot);
};
extern struct map_block_slots block_slots SEC(".maps");

/* Verdicts of cgroup programs, which cannot use task storage, on calls in progress; by thread. As identity.verdict. */
struct map_block_told {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
};
extern struct map_block_told block_told SEC(".maps");

/* By the hash of the path; one row if nothing is blocked. One that the LRU drops is made again. */
struct map_block_images {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, struct block_image);
};
extern struct map_block_images block_images SEC(".maps");

/* Automata for texts, mapped by user space: two halves for rules that block, and one for what may leave the kernel. */
struct map_states {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct nunchi_push_state);
};
extern struct map_states block_states SEC(".maps");
extern struct map_states push_states SEC(".maps");

/* The pieces of all bulk rings, those of one ring in a row. Mapped by user space, which sets their number and size. */
struct map_bulk {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, NUNCHI_BULK_UNIT + NUNCHI_BULK_BEHIND);
};
extern struct map_bulk bulk SEC(".maps");
