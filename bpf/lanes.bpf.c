/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens when a lane fills: shares, and events that are only counted.
 *
 * A container may have twice as much in a ring as is still free: if one floods it gets two thirds, if two do two
 * fifths each, and however many do, there is room for those that do not. Nothing has to be configured, and nobody
 * needs to know how many containers there are. Only what came since the ring was a quarter full counts towards a
 * share, so nothing is counted while nobody floods. The critical ring has a reserve beyond these shares: the ends of
 * processes leave half of it free, and of that half containers with little in the ring leave half to names.
 *
 * With --cpu-limit a bulk ring acts as a smaller one, so that no more goes through it than may be read: the shares
 * are the same, of less. For containers with little in it the ring is twice as large: what came in before the limit
 * was applied refuses nobody else.
 */
#include "lib/blob.h"
#include "lib/bulk.h"

#define SHARE 2		/* times what is left */
#define RESERVE 8	/* that part of the critical ring is kept */
#define LITTLE 64	/* who has no more than that part of a ring in it does little */
#define LITTLE_BYTES (8U << 10)	/* nor who has no more than that, however small a bulk ring is taken to be: 40 records */
#define KEY (NUNCHI_RECORD_MAX + 4096)	/* of scratch: a key and a row */
#define ROW (KEY + 512)

/*
 * Whether len more bytes fit into the share of a container that has under_way bytes in a ring with `left` bytes free.
 */
static __always_inline bool has_room(u64 len, s64 under_way, u64 left, u32 lane)
{
	u64 kept = lane == LANE_BULK ? 0 : critical_bytes / RESERVE;

	if (lane == LANE_NEEDED)
		return left >= len + kept / 2;
	if (lane != LANE_BULK && under_way <= (s64)(critical_bytes / LITTLE))
		return left >= len + kept / 4;
	return left >= len + kept && under_way <= (s64)(SHARE * (left - kept));
}

/* The size that a lane's ring has for a container with so many bytes in it. */
static __always_inline u64 lane_bytes(s64 under_way, u32 lane)
{
	u64 all = (u64)bulk_pieces << bulk_piece_shift, bytes = bulk_bytes, little = bytes / LITTLE;

	if (lane != LANE_BULK)
		return critical_bytes;
	if (little < LITTLE_BYTES)
		little = LITTLE_BYTES;
	return under_way <= (s64)little && 2 * bytes <= all ? 2 * bytes : bytes;
}

__noinline int lane_admit(struct scratch *s, u64 used, u32 row, u32 lane)
{
	u64 size, len, *put, *taken;
	s64 under_way;
	u32 index;

	if (!s)
		return 0;
	len = nunchi_bulk_room(s->pos + 8);	/* and the kernel's own head of a record, in its ring */
	index = row * lane_slots + s->head.slot;
	put = bpf_map_lookup_elem(&lane_put, &index);
	taken = bpf_map_lookup_elem(&lane_taken, &index);
	if (!put || !taken)
		return 0;
	under_way = *(volatile u64 *)put - *(volatile u64 *)taken;
	size = lane_bytes(under_way, lane);
	if (!has_room(len, under_way, size > used ? size - used : 0, lane))
		return 0;
	s->head.flags |= NUNCHI_F_SHARED;
	return 1;
}

__noinline int lane_count(struct scratch *s, u32 row)
{
	u64 *put;
	u32 index;

	if (!s)
		return 0;
	index = row * lane_slots + s->head.slot;
	put = bpf_map_lookup_elem(&lane_put, &index);
	if (put)
		__sync_fetch_and_add(put, nunchi_bulk_room(s->pos));
	return 0;
}

#define BULK_TRIES 32	/* attempts at a place: each that fails means that another CPU, or an interrupt, has reserved one */

/* One try. 1 ends them. */
static long search_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	u32 ring = s->search.ring & (RINGS_MAX - 1);
	struct nunchi_bulk_put *at = &bulk_put[ring];
	u64 put = *(volatile u64 *)&at->put, used = nunchi_bulk_used(put, at->taken);

	if (used >= bulk_bytes / 4) {
		at->taken = *(volatile u64 *)&bulk_taken[ring].taken;
		used = nunchi_bulk_used(put, at->taken);
	}
	/* If others were faster, `taken` can be beyond the value of `put` that was read before. */
	if (used >= bulk_bytes / 4 && !lane_admit(s, used, ring + 1, LANE_BULK))
		return *(volatile u64 *)&at->put == put;
	return s->search.found = bulk_take(s, ring, put, &s->search.word);
}

__noinline int bulk_search(struct scratch *s, u32 ring)
{
	if (!s)
		return 0;
	s->search.ring = ring;
	s->search.found = 0;
	bpf_loop(BULK_TRIES, search_step, &s, 0);
	return s->search.found;
}

/* How well a blob says what the call is about; 0: not at all. */
static __always_inline u32 object_rank(const struct nunchi_blob *b)
{
	switch (b->type) {
	case NUNCHI_BLOB_FILE:
	case NUNCHI_BLOB_SOCK:
		return b->arg == NUNCHI_ARG_RET ? 6 : 5;
	case NUNCHI_BLOB_SOCKADDR:
		return 4;
	case NUNCHI_BLOB_EXE:
		return 3;
	case NUNCHI_BLOB_STR:
		return 2;
	case NUNCHI_BLOB_BASE:
		return 1;
	default:
		return 0;
	}
}

/*
 * Looks at one blob. strv.pos: its offset; strv.len: the best rank so far; strv.full: the offset of that one. 1 ends
 * the loop.
 */
static long object_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	u32 pos = s->strv.pos, rank;
	struct nunchi_blob *b;

	if (pos >= s->pos || pos > LAST_POS)
		return 1;
	b = (void *)&s->data[pos];
	rank = object_rank(b);
	if (rank > s->strv.len) {
		s->strv.len = rank;
		s->strv.full = pos;
	}
	s->strv.pos = pos + sizeof(*b) + ((b->len + 7) & ~7U);
	return 0;
}

/*
 * Clears what differs each time: of a connection's two ports the higher one; and the socket, since the object is what
 * it is connected to.
 */
static __always_inline void object_peer(struct nunchi_sock *sock)
{
	struct nunchi_end *local = (void *)sock->laddr, *peer = (void *)sock->raddr;

	sock->ino = 0;
	sock->state = 0;
	if (sock->family == AF_UNIX)
		*(u32 *)sock->raddr = 0;	/* the other process, which differs each time, too */
	else if (sock->family == AF_NETLINK)
		local->first = 0;	/* so is this one */
	else if (sock->family == AF_VSOCK && peer->second != VMADDR_PORT_ANY && local->second > peer->second)
		local->second = 0;
	else if (sock->family == AF_VSOCK && peer->second != VMADDR_PORT_ANY)
		peer->second = 0;
	if (sock->rport && sock->lport > sock->rport)
		sock->lport = 0;
	else if (sock->lport && sock->rport > sock->lport)
		sock->rport = 0;
}

/* Puts what the call in the record is about into the key. */
__noinline int summary_object(struct scratch *s)
{
	struct nunchi_summary_key *key;
	struct nunchi_blob *b;
	u32 pos, len;

	if (!s)
		return 0;
	key = (void *)&s->data[KEY];
	b = (void *)key->object;
	s->strv.pos = sizeof(s->head) + sizeof(s->call);
	s->strv.len = s->strv.full = 0;
	bpf_loop(24, object_step, &s, 0);
	pos = s->strv.full;
	if (!s->strv.len || pos > LAST_POS)
		return 0;
	len = ((struct nunchi_blob *)&s->data[pos])->len;
	if (len > sizeof(key->object) - sizeof(*b))
		len = sizeof(key->object) - sizeof(*b);
	barrier_var(len);	/* older verifiers lose the bound if it is checked in a copy */
	if (len > sizeof(key->object) - sizeof(*b))
		return 0;
	if (bpf_probe_read_kernel(b, sizeof(*b) + len, &s->data[pos]))
		return 0;
	if (b->len > len) {
		b->len = len;
		b->flags |= NUNCHI_BLOB_TRUNCATED;
	}
	if (b->type == NUNCHI_BLOB_SOCK && len >= sizeof(struct nunchi_sock))
		object_peer((void *)(b + 1));
	return 0;
}

__noinline int summary_key(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *exe = BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct nunchi_summary_key *key;

	if (!s)
		return 0;
	key = (void *)&s->data[KEY];
	__builtin_memset(key, 0, sizeof(*key));
	key->slot = s->head.slot;
	key->generation = s->head.generation;
	key->kind = s->head.kind;
	key->flags = s->head.flags & (NUNCHI_F_SETUP | NUNCHI_F_ENTRY | NUNCHI_F_MODEL);
	if (exe) {
		key->exe_ino = BPF_CORE_READ(exe, i_ino);
		key->exe_dev = BPF_CORE_READ(exe, i_sb, s_dev);
	}
	if (key->kind != NUNCHI_REC_SYSCALL && key->kind != NUNCHI_REC_EXEC)
		return 0;
	key->nr = s->call.nr;
	key->error = s->call.ret < 0 && s->call.ret >= -4095 ? s->call.ret : 0;
	return 0;
}

__noinline int summary_row(struct scratch *s)
{
	struct nunchi_summary_row *row;

	if (!s)
		return 0;
	row = (void *)&s->data[ROW];
	row->count = 0;
	row->last = s->head.time;
	__builtin_memcpy(&row->head, &s->head, sizeof(row->head));
	if (s->head.kind == NUNCHI_REC_SYSCALL || s->head.kind == NUNCHI_REC_EXEC)
		__builtin_memcpy(&row->call, &s->call, sizeof(row->call));
	else
		__builtin_memset(&row->call, 0, sizeof(row->call));
	return 0;
}

/* The same scratch, as a map value: before 6.2 a key must be on the stack or in a map value. */
static __always_inline struct scratch *scratch_again(const struct scratch *s)
{
	u32 first = bpf_get_smp_processor_id() * NUNCHI_SCRATCH_LEVELS;

#pragma nounroll
	for (u32 level = 0; level < NUNCHI_SCRATCH_LEVELS; level++) {
		u32 index = first + level;
		struct scratch *found = bpf_map_lookup_elem(&scratches, &index);
		u64 a = (u64)found, b = (u64)s;

		/* Or the compiler merges the two. */
		barrier_var(a);
		barrier_var(b);
		if (found && a == b)
			return found;
	}
	return 0;
}

/* Adds one to the key's row; make: creates it if there is none. 0: there is none. */
__noinline int summary_count(const struct scratch *of, u32 make)
{
	struct scratch *s = scratch_again(of);
	struct nunchi_summary_row *row;

	if (!s)
		return 0;
	row = bpf_map_lookup_elem(&summaries, &s->data[KEY]);
	if (!row && make) {
		/* Another CPU may be faster: then its row is used. */
		if (!bpf_map_update_elem(&summaries, &s->data[KEY], &s->data[ROW], BPF_NOEXIST))
			count(summary_rows);
		row = bpf_map_lookup_elem(&summaries, &s->data[KEY]);
	}
	if (!row)
		return 0;
	count(row->count);
	row->last = s->head.time;
	return 1;
}

/*
 * This event is recorded, and equal ones are counted from now on. 1: another CPU was faster. If there is no room to
 * remember that, each is recorded.
 */
__noinline int summary_begin(const struct scratch *of)
{
	struct scratch *s = scratch_again(of);

	if (!s || summary_rows >= summary_objects)
		return 0;
	if (bpf_map_update_elem(&summaries, &s->data[KEY], &s->data[ROW], BPF_NOEXIST))
		return 1;
	count(summary_rows);
	return 0;
}

/* Counts the event instead of recording it; ask: only if an equal one was recorded. 0: it was not counted. */
__noinline int summary_add(struct scratch *s, u32 ask)
{
	struct nunchi_summary_key *key;

	if (!s)
		return 0;
	key = (void *)&s->data[KEY];
	summary_key(s);
	if (s->head.kind == NUNCHI_REC_SYSCALL || s->head.kind == NUNCHI_REC_EXEC)
		summary_object(s);
	summary_row(s);
	if (summary_count(s, !ask && summary_rows < summary_objects))
		return 1;
	if (ask)
		return summary_begin(s) && summary_count(s, false);
	/*
	 * If there is no room for a row, it is counted less precisely: without the object, then also without the
	 * image.
	 */
	__builtin_memset(key->object, 0, sizeof(key->object));
	if (summary_count(s, true))
		return 1;
	key->exe_ino = key->exe_dev = 0;
	return summary_count(s, true);
}

/*
 * Wakes the reader: it sleeps, and there is a record that it may not have seen before it did. It waits for the
 * critical ring, so an empty record in that wakes it. Only then is it marked as awake, and only from this sleep (by
 * its number), so that a program that is stopped in between does not cancel the wake-up from the next one.
 */
__noinline int reader_wake(void)
{
	u64 sleep = reader_sleeps;
	void *nothing;

	if (!sleep)
		return 0;	/* another CPU was faster */
	nothing = bpf_ringbuf_reserve(&critical, 8, 0);
	if (!nothing)
		return 0;	/* the next one tries again */
	bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
	__sync_val_compare_and_swap(&reader_sleeps, sleep, 0);
	return 0;
}

/*
 * Numbers the record and sends it. A number is used up even if the ring turns out to be full, so that
 * the reader sees the gap. Returns whether it went.
 */
static __always_inline bool critical_output(struct scratch *s, enum lane lane, bool shares)
{
	u32 len = s->pos, row = lane == LANE_WATCHED ? lane_watched : 0;
	bool sent;

	if (shares) {
		u64 used = bpf_ringbuf_query(&critical, BPF_RB_AVAIL_DATA);

		if (used >= critical_bytes / 4 && !lane_admit(s, used, row, lane))
			return false;
	}
	s->head.len = len;
	s->head.ring = 0;
	s->head.seq = __sync_fetch_and_add(&critical_number, 1) + 1;
	/* Older verifiers forget the bound when the register is spilled: so it is applied again, as a mask. */
	barrier_var(len);
	len &= sizeof(s->data) - 1;
	sent = !bpf_ringbuf_output(&critical, s->data, len, BPF_RB_NO_WAKEUP);
	if (unlikely(!sent))
		count(counts[NUNCHI_COUNT_NUMBERS]);
	else if (unlikely(s->head.flags & NUNCHI_F_SHARED))
		lane_count(s, row);
	return sent;
}

/* Keeps when and what was lost, which is reported in the stream, beside the account. */
static __always_inline void loss_add(u32 slot, u32 reason, u32 what)
{
	struct nunchi_loss_key key = { .slot = slot, .reason = reason, .what = what };
	u64 now = bpf_ktime_get_boot_ns();
	struct nunchi_loss *loss = bpf_map_lookup_elem(&losses, &key), none = { .first = now, .last = now };

	if (!loss) {
		bpf_map_update_elem(&losses, &key, &none, BPF_NOEXIST);
		loss = bpf_map_lookup_elem(&losses, &key);
	}
	if (loss) {
		count(loss->count);
		loss->last = now;
	} else {
		count(counts[NUNCHI_COUNT_LOSSES]);
	}
	count(losses_seen);
}

__noinline int account_drop(u32 slot, u32 reason, u32 what)
{
	struct nunchi_account *account = account_of(slot);

	if (!account || reason >= NUNCHI_DROP_MAX)
		return 0;
	count(account->dropped[reason]);
	loss_add(slot, reason, what);
	return 0;
}

/* The call's number; for any other record NUNCHI_CALLS_MAX plus its kind. */
static __always_inline u32 record_what(const struct scratch *s)
{
	return s->head.kind == NUNCHI_REC_SYSCALL ? s->call.nr : NUNCHI_CALLS_MAX + s->head.kind;
}

static __always_inline void record_aggregated(const struct scratch *s)
{
	struct nunchi_account *account = account_of(s->head.slot);

	if (account)
		count(account->aggregated);
}

__noinline int record_refused(struct scratch *s)
{
	if (!s)
		return 0;
	if (likely(summary_add(s, false)))
		record_aggregated(s);
	else
		account_drop(s->head.slot, NUNCHI_DROP_RING_FULL, record_what(s));
	return 0;
}

__noinline int record_send(struct scratch *s, u32 lane)
{
	if (!s)
		return 0;
	if (s->pos > NUNCHI_RECORD_MAX) {
		account_drop(s->head.slot, NUNCHI_DROP_TOO_LONG, record_what(s));
		return 0;
	}
	if (aggregates && lane == LANE_BULK && summary_add(s, true)) {
		record_aggregated(s);
		return 0;
	}
	if (!(lane == LANE_BULK ? bulk_output(s) : critical_output(s, lane, true)))
		return record_refused(s);
	if (lane != LANE_BULK)	/* bulk_output() has counted it */
		account_sent(s->head.slot);
	reader_call();
	return 1;
}

__noinline int record_send_name(struct scratch *s)
{
	if (s && (s->pos > NUNCHI_RECORD_MAX || !critical_output(s, LANE_NEEDED, false)))
		count(counts[NUNCHI_COUNT_NAMES]);
	reader_call();
	return 0;
}
