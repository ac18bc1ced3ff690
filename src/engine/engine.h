/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: records come from the rings, or from a capture file; they are merged by time, change
 * the model, wait while their container has no name, meet the filter, and go out; every one is
 * accounted. The only caller of src/probe.
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
#define ENGINE_HOLD_BYTES_DEFAULT (8U << 20)	/* 40,000 events: of a busy entrypoint's first seconds */

struct engine_config {
	const char *replay;		/* capture file to read; NULL: live */
	const char *record;		/* capture file to write; NULL: none */
	struct filter *filter;		/* NULL: all; borrowed */
	struct ruleset *rules;		/* NULL: events are shown; else alerts are; borrowed */
	/*
	 * Reads the rules anew, when one of these paths changes, or by SIGHUP: in a thread of its own.
	 * NULL: they are refused, which has been said. reread NULL: rules stay what they are.
	 */
	struct ruleset *(*reread)(void *arg);
	void *reread_arg;
	const char *const *rule_paths;	/* NULL among them: nothing to watch */
	size_t n_rule_paths;
	struct syscall_set set;		/* calls to show (-e, or the default set) */
	bool set_given;			/* by -e; else calls that the filter names are added */
	bool host;			/* host processes too */
	enum probe_hooks hooks;		/* where calls are seen */
	bool entries;			/* --entry: calls when they begin, too; hooks is KPROBE */
	uint64_t aggregate;		/* ns: bulk calls are told at first sight, then counted so often; 0: not */
	bool pin;			/* identities outlive the process */
	bool keep_blocking;		/* what rules block stays so when it ends */
	bool dry_run;			/* rules that block only say what they would do */
	struct filter *const *watches;	/* what they match goes by the critical lane; borrowed */
	size_t n_watches;
	const struct block_plan *watch;	/* that, unless there are rules, whose plan has it; NULL: nothing */
	bool context;			/* what precedes an alert is shown with it: nothing stays in the kernel */
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
	int reopen_fd;			/* an eventfd that SIGUSR1 is handed on to; 0: none */
	bool ready_line;		/* say on stderr when the hooks are live */
	bool account;			/* say the account on stderr at the end */
	/*
	 * For ps: called once, when the containers that run are known (live: every runtime has
	 * listed, or 1 s passed; replay: at the end); then the engine ends. now: when that is, epoch ns;
	 * 0: the capture does not say. NULL: not.
	 */
	void (*snapshot)(const struct model *m, uint64_t now, void *arg);
	void *snapshot_arg;
};

/*
 * Runs until the end that the config asks for, SIGINT, SIGTERM, or a closed output. Diagnostics
 * go to stderr. Returns the exit code of the program: 0, or 1 if it could not start, the capture
 * is damaged, or the output failed other than by a closed pipe.
 */
int engine_run(const struct engine_config *config);

/* A nunchi that runs on this machine, as it was at that time: within the last second, if nothing keeps it. */
struct instance {
	uint32_t pid;
	int error;			/* -errno: its account cannot be read, and nothing else is filled in */
	char command[16];		/* "trace", "guard", "record" */
	uint64_t started, now;		/* boot ns */
	unsigned cpu_limit;		/* percent of a core; 0: none */
	bool limited;			/* less is told for it now */
	struct accounts accounts;
};

/* Calls fn for each. How many could be read; if there are some, and none could, -errno; -EACCES: it takes root. */
int instances_read(void (*fn)(const struct instance *i, void *arg), void *arg);

/*
 * Looks at all that nunchi doctor tells: loads and attaches as a live run does, tries what else programs
 * can be here, and asks the runtimes; about a second. doctor_facts_free() is due.
 */
void engine_doctor(const struct runtimes_config *config, struct doctor_facts *ret);
