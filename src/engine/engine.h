/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop. Records come from the rings or from a capture file; they are merged by time, wait while their
 * container has no name, change the model, pass the filter, and are shown. Each one is accounted for. The
 * only caller of src/probe.
 */
#pragma once

#include "base/memory.h"
#include "doctor/doctor.h"
#include "event/account.h"
#include "out/out.h"
#include "probe/attachment.h"
#include "rules/filter.h"
#include "rules/ruleset.h"
#include "runtime/runtime.h"

#define ENGINE_HOLD_MS_DEFAULT 2000	/* a runtime's API answers within 100 ms, a slow disk within 1 s */
#define ENGINE_HOLD_BYTES_DEFAULT (8U << 20)	/* 40,000 events: the first seconds of a busy entrypoint */

struct engine_config {
	const char *replay;		/* capture file to read; NULL: live */
	const char *record;		/* capture file to write; NULL: none */
	struct filter *filter;		/* NULL: all; borrowed */
	struct ruleset *rules;		/* NULL: events are shown; else alerts are; borrowed */
	/*
	 * Reads the rules again: called by a thread of its own when one of rule_paths changes, or on SIGHUP.
	 * Returns a ruleset that the engine owns, or NULL after logging why it is refused. reread NULL: rules
	 * are never reloaded.
	 */
	struct ruleset *(*reread)(void *arg);
	void *reread_arg;
	const char *const *rule_paths;	/* an entry NULL is nunchi's own rules: nothing to watch */
	size_t n_rule_paths;
	struct syscall_set set;		/* calls to show (-e, or the default set) */
	bool set_given;			/* set is from -e; else calls that the filter names are added to it */
	bool host;			/* host processes too */
	enum probe_hooks hooks;		/* where calls are seen */
	bool entries;			/* --entry: calls when they begin, too; hooks is KPROBE */
	uint64_t aggregate;		/* ns between reports of repeated bulk calls, which are counted; 0: no aggregation */
	bool pin;			/* identities outlive the process */
	bool keep_blocking;		/* what rules block stays so when it ends */
	bool dry_run;			/* rules that block only say what they would do */
	struct filter *const *watches;	/* what they match uses the critical lane; borrowed */
	size_t n_watches;
	const struct block_plan *watch;	/* the watches, compiled; with rules their plan contains them instead; NULL: none */
	bool context;			/* alerts show the events before them: so no event may stay in the kernel */
	bool setup;			/* show evt.phase=setup */
	bool failed_only;		/* --failed */
	uint64_t count;			/* end after so many events shown; 0: no limit */
	uint64_t timeout;		/* ns to run; 0: no limit */
	unsigned cpu_limit;		/* percent of a core that this process may take; 0: any */
	unsigned hold_ms;
	uint64_t memory;		/* of all, in bytes: see base/memory.h */
	size_t hold_bytes;		/* of records that wait for names, over all containers */
	struct runtimes_config runtimes;
	struct output *output;		/* borrowed; NULL: nothing is shown (record, ps) */
	int out_fd;			/* where the output goes; a terminal's width is followed */
	int reopen_fd;			/* an eventfd to write to on SIGUSR1; 0: none */
	bool ready_line;		/* say on stderr when the hooks are live */
	bool account;			/* say the account on stderr at the end */
	/*
	 * For ps: called once, when the running containers are known (live: every runtime has listed its own,
	 * or 1 s has passed; replay: at the end); then the engine ends. now: that time, epoch ns; 0: the capture
	 * does not say. NULL: run normally.
	 */
	void (*snapshot)(const struct model *m, uint64_t now, void *arg);
	void *snapshot_arg;
};

/*
 * Runs until the end that the config asks for, SIGINT, SIGTERM, or until the output is closed. Diagnostics
 * go to stderr. Returns the exit code of the program: 0; or 1 if it could not start, the capture is
 * damaged, or the output failed other than by a closed pipe.
 */
int engine_run(const struct engine_config *config);

/* A running nunchi, as of `now`: within the last second, unless it hangs. */
struct instance {
	uint32_t pid;
	int error;			/* -errno: its account cannot be read, and nothing else is filled in */
	char command[16];		/* "trace", "guard", "record" */
	uint64_t started, now;		/* boot ns */
	unsigned cpu_limit;		/* percent of a core; 0: none */
	bool limited;			/* cpu_limit is in effect now: some calls are only counted */
	struct accounts accounts;
};

/* Calls fn for each running nunchi. Returns how many could be read; -errno if there are some and none could (-EACCES: needs root). */
int instances_read(void (*fn)(const struct instance *i, void *arg), void *arg);

/*
 * Collects all that nunchi doctor reports: loads and attaches as a live run does, tries the other program
 * types, and asks the runtimes. Takes about a second. The caller frees ret with doctor_facts_free().
 */
void engine_doctor(const struct runtimes_config *config, struct doctor_facts *ret);
