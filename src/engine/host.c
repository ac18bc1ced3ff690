/* SPDX-License-Identifier: Apache-2.0 */
/* The HOST record, the first of the stream: host name, kernel, names of users and groups, and the time. Sent again when the clock is set. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "internal.h"

/* Opens a file of the host's /etc, when we run in a container that sees the host's root. NULL: we run on the host, or there is no such file. */
static FILE *host_file(const char *root, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/etc/%s", root, name);

	return *root ? fopen(path, "re") : NULL;
}

static bool host_name(const char *root, char name[HOST_STRING_MAX])
{
	_cleanup_fclose_ FILE *f = host_file(root, "hostname");

	if (!f || !fgets(name, HOST_STRING_MAX, f))
		return false;
	name[strcspn(name, "\n")] = '\0';
	return *name;
}

static size_t host_users(const char *root, struct id_name *ret)
{
	_cleanup_fclose_ FILE *f = host_file(root, "passwd");
	const struct passwd *pw;
	size_t n = 0;

	setpwent();
	while (n < HOST_IDS_MAX && (pw = f ? fgetpwent(f) : getpwent()))
		ret[n++] = (struct id_name){ pw->pw_uid, xstrdup(pw->pw_name) };
	endpwent();
	return n;
}

static size_t host_groups(const char *root, struct id_name *ret)
{
	_cleanup_fclose_ FILE *f = host_file(root, "group");
	const struct group *gr;
	size_t n = 0;

	setgrent();
	while (n < HOST_IDS_MAX && (gr = f ? fgetgrent(f) : getgrent()))
		ret[n++] = (struct id_name){ gr->gr_gid, xstrdup(gr->gr_name) };
	endgrent();
	return n;
}

static void free_names(struct id_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i].name);
	free(names);
}

/* Smaller differences are the time between reading two clocks. */
#define STEP_NS (10 * NSEC_PER_MSEC)

/* By how much the clock was set since the previous look. Slewing changes the boot clock by the same amount. */
static int64_t clock_step(const struct engine *e)
{
	uint64_t before = clock_boot(), epoch = clock_epoch(), boot = clock_boot();
	int64_t by = (int64_t)(epoch - boot - e->boot_to_epoch);

	/* We were preempted between the clocks: the next look will tell. */
	if (boot - before > STEP_NS / 2 || (by < (int64_t)STEP_NS && by > -(int64_t)STEP_NS))
		return 0;
	return by;
}

void host_look_at_clock(struct engine *e)
{
	int64_t by = clock_step(e);
	struct host_info host;

	if (!by)
		return;
	log_info("the clock was set, by %+.1f s: from here on times are by the new one", (double)by / NSEC_PER_SEC);
	/* Open counts of alerts depend on the time. */
	if (e->config->output)
		output_forget(e->config->output, &e->out);
	e->boot_to_epoch += (uint64_t)by;
	/* Users and groups as in the first record: the privileges to ask for them are gone. */
	host = *model_host(e->model);
	host.boot_to_epoch = e->boot_to_epoch;
	encode_host(&e->record, &host, e->started);
	pipeline_made(e);
}

void host_say(struct engine *e)
{
	struct id_name *users = xcalloc(HOST_IDS_MAX, sizeof(*users));
	struct id_name *groups = xcalloc(HOST_IDS_MAX, sizeof(*groups));
	struct host_info host = { .users = users, .groups = groups };
	const char *root = e->config->runtimes.root ? e->config->runtimes.root : "";
	char name[HOST_STRING_MAX];
	struct utsname uts;

	uname(&uts);
	host.name = host_name(root, name) ? name : uts.nodename;
	host.kernel = uts.release;
	host.machine = uts.machine;
	host.boot_to_epoch = e->boot_to_epoch;
	host.n_users = host_users(root, users);
	host.n_groups = host_groups(root, groups);
	encode_host(&e->record, &host, e->started);
	pipeline_made(e);
	free_names(users, host.n_users);
	free_names(groups, host.n_groups);
}
