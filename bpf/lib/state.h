/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side keeps, all of it. Defined in state.bpf.c; user space (src/probe) sizes the
 * maps and maps the globals. Nothing here is scratch of one program: see record.h for that.
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
	SETUP = 1,		/* its runtime's doing */
	SETUP_LONG = 2,		/* no runtime takes so long: what was restored (CRIU), or runs in the runtime's own process (WebAssembly) */
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
	u8 copied;		/* what copies has of the call under way: arguments, a bit each, and COPY_OPENED */
	u32 base;		/* slot of the container that it was in before: it does not get above */
	u32 base_generation;
	u32 namespaces[NUNCHI_NS_MAX];	/* last seen; filled once it is in a container */
	char prev_comm[16];	/* before the last rename, of which an exec is one */
	u8 renamed_by_exec;	/* the last rename was an exec's, and interrupted is what was called */
	u8 untold;		/* its birth was counted only, and nothing was told of it since */
	u8 image;		/* group of what it executes, see push.h; 0: not known */
	u8 passed;		/* calls that have returned while interrupted waits */
	u32 answered;		/* number and one of the call that its function's hook has told of; 0: none */
	u8 within;		/* in a call whose kretprobe is due */
	u8 rings;		/* of a leader: requests of io_uring have been remembered of its process */
	u16 setup_at;		/* when that began, in seconds since boot */
	u32 verdict;		/* of its call that is under way: see block.h; 0: none */
	u32 ended;		/* of a leader: that its process has ended is told */
	u32 image_generation;	/* of the rules by which image is that group */
	u64 exe;		/* of a leader: hash of the path that its image was executed by, see block_image.h */
	u32 exe_run;		/* of nunchi, by whose key that is; another: not known */
	u32 exe_execs;		/* task_struct.self_exec_id then; another: it has executed something since */
	u64 exec_clauses;	/* of an exec under way: those that it satisfies but for paths */
	u32 exec_generation;	/* of rules, as block_row() has it, that they are of */
	u32 of_messages;	/* what was decided of one that a call sends of several */
	u32 shared;		/* its descriptors or directories have been another's, too, since it was born or has executed something */
	struct nunchi_caps caps;	/* what user space takes them for: those of the last exec that was told */
	u64 copied_of;		/* of which call, see copies_of() */
	u64 request;		/* of io_uring, that it does, and of which an address is still to be copied; 0: none */
	struct nunchi_call call;	/* the one that returns now: not on the stack, which is full (512 bytes) */
	struct nunchi_call interrupted;	/* and may go on yet; its ret is -ERESTART*, 0: there is none */
};

#define CAPS_UNKNOWN (~0ULL)	/* as effective: nobody has them */

/* Where a walk from a dentry to the root has come. */
struct walk {
	u64 mnt;		/* struct vfsmount * */
	u64 mnt_root;		/* its root dentry */
	u64 dentry;		/* or a cgroup's struct kernfs_node */
	u64 parent, name;	/* of the dentry; no room for them on the stack */
	u64 top;		/* struct mount *, where it ends, or at the root directory that is in its place; */
	u64 root_mnt;		/* 0: that is in none */
	u64 root_dentry;
	u64 event;		/* of the task's mount namespace */
	u64 below;		/* struct vfsmount * of the root, or that it has left last; 0: it has left none */
	u64 own_root;		/* root dentry of the mount that it began in */
	u64 within;		/* where a walk ends that leaves no file system; 0: at the root of that */
	u64 of;			/* dentry of the file that it began at */
	u32 pos;		/* of the blob's data in the record */
	u32 len;		/* so far */
	u32 flags;		/* NUNCHI_BLOB_* */
	u32 pad;
};

/* How far a string array has been copied. */
struct strv {
	u64 next;		/* the array, in user memory */
	u32 pos;
	u32 len;
	u32 full;
	u32 flags;
};

/* Names of a request of io_uring, as the kernel copied them; or its address, in the place of the first. */
struct uring_names {
	char text[2][512];
	u32 cut[2];		/* it was longer */
	u32 address;		/* how long that is; 0: none was copied */
	u32 pad;
};

#define PLACE_MAX 256		/* of where a container has a mount */

/* A place in a bulk ring, looked for. */
struct bulk_search {
	u64 word;		/* of the place that was found */
	u32 ring;
	u32 found;
};

/* How far a string of user memory has been measured. */
struct measure {
	u64 ptr;
	u32 len;
	u32 pad;
};

/* How far two pieces of data have been compared. */
struct comparison {
	u32 one, other;		/* where they are */
	u32 differs;
	u32 pad;
};

#define BLOCK_TEXT_MAX 8192	/* of a path in the making: one that a call can name, twice */
#define BLOCK_NAME_MAX 4096	/* what execve was asked for */

/* Whether a rule blocks, in the making. */
struct block_work {
	struct nunchi_block_key key;
	char name[256 + 4];
	char text[BLOCK_TEXT_MAX + 512];	/* room behind it, so that no bound is ever met half-way */
	char asked[BLOCK_NAME_MAX + 16];
};

/* Of a path that something was executed by: the clauses of each class that it satisfies. */
struct block_image {
	u32 generation;		/* of the rules, as block_row() has it */
	u32 pad;
	u64 masks[NUNCHI_BLOCK_MAX];
};

/* How far a text has been read, by two automata: how it begins, and how it ends and what it has within. */
struct reading {
	u32 head;
	u32 tail;
	u64 heads, tails, within;	/* clauses that what has been read satisfies */
	u32 head_over;		/* whatever follows */
	u32 at;			/* in the record */
	u32 left;		/* names */
	u32 slash;		/* what a path may not have that is looked up as it is written */
	u32 odd;		/* it has */
	u32 whole;		/* it is read to its end all the same */
	u32 bytes;		/* a NUL is no end */
	u32 shift;		/* to where the same is to stand again: of the directory, and of what was asked */
	u32 asked;		/* there, from this byte of the text on */
	u32 asked_from;
	u32 differs;
	u32 half;		/* of the tables of what is blocked */
};

/* Where the blobs of a record are that conditions are about, as offsets; 0: there is none. */
struct found {
	u32 next;		/* to be looked at */
	u32 whole;		/* all have been */
	u32 path;		/* the argument that is one */
	u32 asked;		/* that argument */
	u32 base;		/* its directory */
	u32 file;		/* what was opened */
	u32 other;		/* it is no file */
	u32 socket;		/* of argument 0 */
	u32 address;		/* that is given */
	u32 pad;
};

/* Addresses that one option names, looked up one after another. */
struct named {
	u64 at, end;
	u64 socket;		/* that is to be connected to them; 0: bound */
	u64 mask;		/* clauses that there are left */
	u64 met;		/* those that one of them satisfies */
	u32 row;
	u32 pad;
};

/* What a path is of: a vfsmount and a dentry in it. */
struct leaf {
	u64 mnt, dentry;
};

/* One record in the making. data has room behind RECORD_MAX so that no bound is ever met half-way. */
struct scratch {
	u32 busy;
	u32 pos;
	u64 file;		/* what argument 0 of the call is, whatever the fd table says; 0: not known */
	u64 task;		/* the running one, as a number: see FIELD() */
	u64 of;			/* whom the head is about, the same */
	u64 names;		/* struct uring_names that arguments have numbers of; 0: they are pointers */
	u32 copied;		/* as in the identity */
	u32 differs;		/* number of the first argument, plus one, of which user memory says something else */
	u32 found;		/* that: so many bytes of scratch, at FOUND */
	u32 is_address;		/* that it is an address, not a string */
	u32 headless;		/* call_finish() is to fill in what the head says of the running task */
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
	struct nunchi_caps known;	/* identity.caps: in the callers it would be more stack than they have */
	u64 hash[4];		/* in the making */
	struct nunchi_slot_ref whose;	/* the container whose process is judged */
	struct leaf leaf;	/* whose paths are made */
	u64 image;		/* hash of a path that something was executed by; 0: not known */
	struct block_image judged;	/* what that satisfies */
	u32 judged_row;	/* less its class */
	u64 clauses;		/* what push_codes() has left: in the callers it would be more stack than they have */
	u32 walked;		/* the blob whose walk was the last, and where each of its names begins in it */
	u32 n_names;
	u16 names_at[NUNCHI_COMPONENTS_MAX];
	u64 mount;		/* struct mount * that is looked at, see mounted.bpf.c */
	u32 mount_done;		/* and those below it */
	u32 place_len;
	char place[PLACE_MAX];	/* what mounted_find() has found */
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
extern const volatile __u32 own_tgid;	/* nunchi's: what it does itself is no event */
extern const volatile __u64 own_start;	/* and when it started, in 10 ms: the number may be another's later */
extern const volatile __u32 ring_shift;	/* CPUs of a bulk ring, as a power of two */
extern const volatile __u32 bulk_pieces;	/* of each bulk ring, a power of two */
extern const volatile __u32 bulk_piece_shift;	/* bytes of a piece, as a power of two, */
extern const volatile __u32 bulk_piece_mask;	/* and less one */
extern const volatile __u64 bulk_secret;	/* of marks: see nunchi/bulk.h */
extern const volatile __u32 lane_slots;	/* in a row of lane_put and lane_taken */
extern const volatile __u32 lane_watched;	/* number of the row for what is watched */
extern const volatile __u64 critical_bytes;	/* in that ring */
extern const volatile __u8 aggregates;	/* bulk calls are told at first sight, then counted */
extern const volatile __u32 summary_objects;	/* rows for objects; the rest is for what cannot be told apart */
extern const volatile __u32 cgroup_hierarchy;	/* v1's, where pids or memory has one; else 0 */
extern const volatile __u8 entries;	/* calls are told when they begin, too */
extern const volatile __u8 calls_on;	/* never: see function.bpf.c */
extern const volatile __u8 hooks_overlap;	/* calls can pass both the tracepoint and a hook of their own */

extern const volatile __u8 has_casts;	/* an address can be called a struct: bpf_rdonly_cast() */
extern const volatile __u8 copies_requests;	/* addresses of io_uring's requests are seen when the kernel copies them */

extern const volatile __u8 block_is_dry;	/* say what would be blocked, and block nothing */
extern const volatile __u8 block_comes_before;	/* block.bpf.c is loaded; else, for what has an address, block_cgroup.bpf.c */
extern const volatile __u8 block_has_cgroup;
extern const volatile __u8 block_comes_late;	/* block_late.bpf.c is loaded */
extern const volatile __u64 block_image_key[2];
extern const volatile __u32 block_image_run;	/* of nunchi: 0 if nothing blocks */

/* Rules that block: filled before hooks are attached; a half anew before the generation changes. */
extern struct nunchi_block_row block_rows[NUNCHI_BLOCK_ROWS];
extern __u32 block_generation;
extern struct nunchi_block_read block_reads[NUNCHI_BLOCK_ROWS];
extern __u8 block_letters[2][256];	/* of each half */
extern __u8 block_calls[NUNCHI_CALLS_MAX];	/* class of a call, plus one, and NUNCHI_BLOCK_FLAGS; 0: it cannot be blocked */

/* What need not leave; see nunchi/push.h. */
extern struct nunchi_push_call push_calls[NUNCHI_CALLS_MAX];
extern struct nunchi_push_row push_rows[NUNCHI_PUSH_CLASSES];
extern __u8 push_letters[256];
/* The clauses that each group's containers, or images, satisfy. */
extern __u64 push_groups[NUNCHI_PUSH_GROUPS][NUNCHI_PUSH_CLASSES];
extern __u64 push_images[NUNCHI_PUSH_IMAGES][NUNCHI_PUSH_CLASSES];
extern __u32 push_image_start;		/* as in nunchi_push */
extern __u32 push_image_generation;	/* another for each set of rules, in each run */

/* Written by user space while programs run; see enum nunchi_want and the types in wire.h. */
extern __u64 bulk_bytes;	/* of each of the other rings: all of it, or what --cpu-limit leaves */
extern __u8 wanted[NUNCHI_CALLS_MAX];
extern struct nunchi_spec specs[NUNCHI_CALLS_MAX];
extern struct nunchi_compat compat_calls[NUNCHI_COMPAT_MAX];
extern __u16 uring_calls[NUNCHI_URING_MAX];	/* by operation: number of the call that does the same, plus one */
extern struct nunchi_slot slots[NUNCHI_SLOTS_MAX];
extern __u32 slots_inside;	/* of these, which have a parent; both sides count */
extern __u32 slots_had;		/* the first that nobody has had, nor anyone behind it */
extern __u8 wants_env;		/* somebody asked for the environment of what is executed */
extern __u8 chroots;		/* some process is in a chroot: of absolute paths it is told where they start */
extern __u8 settled;		/* what ran before has its identity: who is new now is starting */
extern struct nunchi_bulk_taken bulk_taken[RINGS_MAX];
extern __u64 reader_sleeps;	/* a number of this sleep: who has put a record in wakes it; 0: it is awake */

/* What the walk over the tasks has found out of the kernel. */
extern __u8 faultable;		/* system-call tracepoints may sleep, and so be preempted */

/* Counted by programs, read by user space. */
extern __u64 critical_number;	/* the last that was given out in the critical ring */
extern struct nunchi_bulk_put bulk_put[RINGS_MAX];	/* by number of the bulk ring, from 0 */
extern __u64 counts[NUNCHI_COUNT_MAX];	/* of the whole host: see nunchi/account.h */
extern __u64 losses_seen;	/* how often something was lost: user space looks when it has changed */
extern __u64 summary_rows;	/* in the table of summaries; user space takes out */

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
 * Mount namespaces that are known to be the host's, without a slot: of sandboxes, when there are
 * many. One that is forgotten is looked up again.
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

/* Slots that were given back, the last first: the tables that are in use stay short. Then those that nobody has had. */
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

/* By container; see mounted.bpf.c. User space takes out, and sets max_entries. */
struct map_mounted {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NUNCHI_SLOTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct nunchi_slot_ref);
	__type(value, struct mounted);
};
extern struct map_mounted mounted SEC(".maps");

/*
 * A row of lane_slots for each CPU, mapped by user space: while bpf() looks at a map the kernel runs no program of the
 * perf type on that CPU, nor if it is preempted there and others go on.
 */
struct map_accounts {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct nunchi_account);
};
extern struct map_accounts accounts SEC(".maps");

/* What was lost, taken out by user space. One that does not fit is in the account all the same. */
struct map_losses {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct nunchi_loss_key);
	__type(value, struct nunchi_loss);
};
extern struct map_losses losses SEC(".maps");

/*
 * What arguments of calls under way point to, as the kernel copied it (copies.bpf.c). Most are short: the
 * others have a map of their own, so that those need no room for 4 KiB each.
 */
#define COPY_SHORT 256

struct copy_key {
	u32 tid;
	u32 arg;		/* or COPY_OPENED: the file that the call has opened, as the data of its blob */
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
	char data[NUNCHI_PATH_MAX + 256];	/* of a file a name more, as its blob has it */
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
 * Bytes of each slot's records with NUNCHI_F_SHARED: put into a lane, and taken out of it by user space,
 * which has lane_taken mapped. A row of lane_slots for each ring, and one for what is watched.
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

/* What cgroup programs have decided of calls under way, by thread: they cannot get at its identity. As identity.verdict. */
struct map_block_told {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
};
extern struct map_block_told block_told SEC(".maps");

/* By the hash of the path; one row if nothing is blocked. One that is forgotten is made anew. */
struct map_block_images {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, struct block_image);
};
extern struct map_block_images block_images SEC(".maps");

/* An automaton that texts are read in, mapped by user space: of rules that block two halves, and of what may leave. */
struct map_states {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct nunchi_push_state);
};
extern struct map_states block_states SEC(".maps");
extern struct map_states push_states SEC(".maps");

/* The pieces of all bulk rings, those of one in a row, mapped by user space; which says how many, and how long. */
struct map_bulk {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, NUNCHI_BULK_UNIT + NUNCHI_BULK_BEHIND);
};
extern struct map_bulk bulk SEC(".maps");
