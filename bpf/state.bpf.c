/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps and globals of lib/state.h, where each is explained. */
#include "lib/state.h"
#include "lib/tells.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 host_mntns[2];
const volatile __u32 host_pidns;
const volatile __u32 host_namespaces[NUNCHI_NS_MAX];
const volatile __u32 own_tgid;
const volatile __u64 own_start;
const volatile __u32 ring_shift;
const volatile __u32 bulk_pieces = 1;
const volatile __u32 bulk_piece_shift = 6;
const volatile __u32 bulk_piece_mask = NUNCHI_BULK_UNIT - 1;
const volatile __u64 bulk_secret;
const volatile __u32 lane_slots;
const volatile __u32 lane_watched;
const volatile __u64 critical_bytes;
const volatile __u8 aggregates;
const volatile __u32 summary_objects;
const volatile __u32 cgroup_hierarchy;
const volatile __u8 entries;
const volatile __u8 calls_on;
const volatile __u8 hooks_overlap;
const volatile __u8 has_casts;
const volatile __u32 request_creds;
const volatile __u8 copies_requests;
const volatile __u8 block_is_dry;
const volatile __u8 block_comes_before;
const volatile __u8 block_has_cgroup;
const volatile __u8 block_comes_late;
const volatile __u64 block_image_key[2];
const volatile __u32 block_image_run;

struct nunchi_block_row block_rows[NUNCHI_BLOCK_ROWS];
__u32 block_generation;
struct nunchi_block_read block_reads[NUNCHI_BLOCK_ROWS];
__u8 block_letters[2][256];
__u8 block_calls[NUNCHI_CALLS_MAX];
struct nunchi_push_call push_calls[NUNCHI_CALLS_MAX];
struct nunchi_push_row push_rows[NUNCHI_PUSH_CLASSES];
__u8 push_letters[256];
__u64 push_groups[NUNCHI_PUSH_GROUPS][NUNCHI_PUSH_CLASSES];
__u64 push_images[NUNCHI_PUSH_IMAGES][NUNCHI_PUSH_CLASSES];
__u32 push_image_start;
__u32 push_image_generation;
__u64 bulk_bytes;
__u8 wanted[NUNCHI_CALLS_MAX];
struct nunchi_spec specs[NUNCHI_CALLS_MAX];
struct nunchi_compat compat_calls[NUNCHI_COMPAT_MAX];
__u16 uring_calls[NUNCHI_URING_MAX];
struct nunchi_slot slots[NUNCHI_SLOTS_MAX];
__u32 slots_inside;
__u32 slots_had;
__u8 wants_env;
__u8 chroots;
__u8 settled;
struct nunchi_bulk_taken bulk_taken[RINGS_MAX] __attribute__((aligned(64)));
__u64 reader_sleeps;
__u8 faultable;

__u64 critical_number __attribute__((aligned(64)));
struct nunchi_bulk_put bulk_put[RINGS_MAX] __attribute__((aligned(64)));
__u64 counts[NUNCHI_COUNT_MAX];
__u32 requests_missed;
__u64 losses_seen;
__u64 summary_rows;

struct map_identities identities SEC(".maps");
struct map_namespaces namespaces SEC(".maps");
struct map_cgroups cgroups SEC(".maps");
struct map_sandboxes sandboxes SEC(".maps");
struct map_free_slots free_slots SEC(".maps");
struct map_mounted mounted SEC(".maps");
struct map_accounts accounts SEC(".maps");
struct map_losses losses SEC(".maps");
struct map_copies copies SEC(".maps");
struct map_long_copies long_copies SEC(".maps");
struct map_scratches scratches SEC(".maps");
struct map_late_scratches late_scratches SEC(".maps");
struct map_critical critical SEC(".maps");
struct map_lane_put lane_put SEC(".maps");
struct map_lane_taken lane_taken SEC(".maps");
struct map_summaries summaries SEC(".maps");
struct map_block_values block_values SEC(".maps");
struct map_block_slots block_slots SEC(".maps");
struct map_block_told block_told SEC(".maps");
struct map_block_images block_images SEC(".maps");
struct map_states block_states SEC(".maps");
struct map_states push_states SEC(".maps");
struct map_bulk bulk SEC(".maps");
struct map_requests requests SEC(".maps");
struct map_many_results many_results SEC(".maps");
struct map_tellings tellings SEC(".maps");
struct map_tells tells SEC(".maps");
