/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the object, and what of it is pinned. */
#pragma once

#include "probe.h"

#include "nunchi.skel.h"

struct probe {
	struct nunchi *skel;
	unsigned n_cpus;
	unsigned n_slots;
	unsigned n_rings;
	struct ring rings[PROBE_RINGS_MAX];
	struct nunchi_account *per_cpu;		/* n_cpus, for look-ups */
	bool host;
	uint32_t first_generation;	/* of slots that nobody has had in this run */
	int kept_fd;			/* array of struct probe_kept by slot; -1: nothing is pinned */
	int lock_fd;			/* held while we are the one that pins */
};

/* A sentence for what failed; returns r. */
int load_failed(struct strbuf *err, const char *what, int r);
/* The same of the programs: the kernel may be too old for them. */
int load_refused(struct strbuf *err, int r);

/* variants.c: of programs that do the same, which to load; before load. */
void variants_choose(struct nunchi *skel);
/* A program at what its section names, whatever is mounted; NULL and errno if that fails. */
struct bpf_link *variants_attach(const struct bpf_program *program);

/*
 * pin.c: service mode. Pinned in /sys/fs/bpf/nunchi: the identities of tasks, the hook that copies them
 * at fork, and what is known of each container's slot. Before load: what is there is to be used.
 */
int pin_prepare(struct probe *p, struct strbuf *err) _must_check_;
/* After load: the hook is attached and pinned, unless it is there. */
int pin_link(struct probe *p, struct strbuf *err) _must_check_;
/* Sets the row of a slot that an earlier run had in use. False: it had not. */
bool pin_restore(struct probe *p, uint32_t slot);
void pin_forget(struct probe *p, uint32_t slot);
void pin_close(struct probe *p);
