/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk's thread. A directory's change makes it look at all places again, which costs some
 * tens of microseconds a container; between changes it looks once a second whether the first
 * processes are still there. Where inotify cannot be had it looks at the places that often too.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/privileges.h"
#include "hierarchy.h"
#include "json.h"
#include "nunchi/limits.h"
#include "source.h"

/* Questions that may wait; the loop asks once per task of a container without a name. */
#define REQUESTS_MAX 4096
#define ENTRIES_MAX (2 * NUNCHI_SLOTS_MAX)
/* Entries from users' directories: thousands of them leave room for root's, and those of one user for those of others. */
#define USERS_ENTRIES_MAX (ENTRIES_MAX / 4)
#define USER_ENTRIES_MAX (USERS_ENTRIES_MAX / 4)
#define DOCKER_DIRS_MAX 8

#define LOOK_MS 1000U
/*
 * However often the directories change, a scan begins no sooner after the last one than eight times what that took, but
 * at most 10 ms: a container that lives some ms leaves no state behind.
 */
#define RESCAN_SHARE 8U
#define RESCAN_LEAST_MAX (10 * NSEC_PER_MSEC)
/* For what inotify does not report: something mounted over a place. */
#define RESCAN_MOST_MS 10000U

#define WATCH_MASK                                                                        \
	(IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_ONLYDIR)

struct request {
	struct request *next;
	uint64_t token;
	uint32_t pid;
	uint64_t start;
	uint64_t asked;		/* boot ns */
	char *cgroup;
};

struct user {
	uid_t user;
	unsigned n_entries;
};

struct disk {
	struct runtimes *rt;
	pthread_t thread;
	pthread_mutex_t lock;	/* protects what follows, up to the blank line */
	struct request *requests, **tail;
	size_t n_requests;
	char *docker_dirs[DOCKER_DIRS_MAX];
	size_t n_docker_dirs;

	int wake_fd;
	int inotify_fd;		/* -1: cannot be had */
	bool watch_failed;	/* a directory that could not be watched: look each second */
	bool dirty;
	uint64_t began;		/* the last scan; boot ns */
	uint64_t scanned;	/* its end; 0: none yet */
	uint64_t rescan_least;	/* ns from then to the next scan, if something changes */
	uint64_t frozen_looked;
	struct place *places;
	char **patterns;	/* those of the places that are not constant */
	size_t n_places, n_patterns;
	struct hmap entries;
	size_t n_of_users;	/* entries from users' directories */
	struct user *users;	/* who have such entries */
	size_t n_users;
	size_t named_by;	/* docker_dirs that the entries were read with */
	atomic_uint generation;	/* of the last scan */
};

static void watch_directory(void *arg, int fd)
{
	struct disk *d = arg;
	char path[64];

	if (d->inotify_fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (inotify_add_watch(d->inotify_fd, path, WATCH_MASK) < 0 && errno == ENOSPC)
		d->watch_failed = true;
}

static struct user *user_find(const struct disk *d, uid_t user)
{
	for (size_t i = 0; i < d->n_users; i++)
		if (d->users[i].user == user)
			return &d->users[i];
	return NULL;
}

static bool user_may_add(const struct disk *d, uid_t user)
{
	const struct user *u = user_find(d, user);

	return d->n_of_users < USERS_ENTRIES_MAX && (!u || u->n_entries < USER_ENTRIES_MAX);
}

static void user_add(struct disk *d, uid_t user)
{
	struct user *u = user_find(d, user);

	if (!u) {
		d->users = xrealloc(d->users, (d->n_users + 1) * sizeof(*d->users));
		u = &d->users[d->n_users++];
		*u = (struct user){ .user = user };
	}
	u->n_entries++;
	d->n_of_users++;
}

static void user_remove(struct disk *d, uid_t user)
{
	struct user *u = user_find(d, user);

	d->n_of_users--;
	if (!--u->n_entries)
		*u = d->users[--d->n_users];
}

/* The entry of that key and owner, made if there is none: one whose owner changes is another. NULL: there is no room. */
static struct entry *entry_get(struct disk *d, const char *key, uid_t owner, uid_t user)
{
	uint64_t hash = hash_string(key);
	struct entry *e;

	for (struct hnode *n = hmap_first(&d->entries, hash); n; n = hmap_next(n, hash)) {
		e = container_of(n, struct entry, by_key);
		if (e->owner == owner && streq(e->key, key))
			return e;
	}
	if (d->entries.count >= ENTRIES_MAX || (owner && !user_may_add(d, user)))
		return NULL;
	e = xcalloc(1, sizeof(*e));
	e->key = xstrdup(key);
	e->owner = owner;
	e->user = user;
	if (owner)
		user_add(d, user);
	hmap_insert(&d->entries, &e->by_key, hash);
	return e;
}

static void forget_entry(struct disk *d, struct entry *e)
{
	hmap_remove(&d->entries, &e->by_key);
	if (e->owner)
		user_remove(d, e->user);
	entry_free(e);
}

/*
 * The state below a containerd namespace and the bundle of the same name are one container; so is everything with the
 * same id of 64 digits. But what a user's directories say is not mixed with what root's say.
 */
static char *entry_key(const struct place_hit *hit, uid_t owner, bool *ret_space)
{
	_cleanup_free_ char *whose = NULL;
	bool hex = container_id_hex64(hit->id);

	*ret_space = hit->kind == PLACE_BUNDLE || strstr(hit->path, "/containerd/runc/") ||
		     strstr(hit->path, "/docker/runtime-");
	if (!hex && !*ret_space)
		return xstrdup(hit->path);
	whose = owner ? xasprintf("%u:", owner) : xstrdup("");
	return hex ? xasprintf("%s%s", whose, hit->id) : xasprintf("%s%s/%s", whose, hit->above, hit->id);
}

static void set_part(struct entry *e, const struct place_hit *hit)
{
	struct entry_part *part = &e->parts[hit->kind];
	struct stat st;

	if (fstatat(hit->dir, place_state_file(hit->kind), &st, AT_SYMLINK_NOFOLLOW) < 0)
		memset(&st, 0, sizeof(st));
	part->generation = e->generation;
	if (part->path && part->ino == st.st_ino && part->dev == st.st_dev &&
	    part->changed.tv_sec == st.st_mtim.tv_sec &&
	    part->changed.tv_nsec == st.st_mtim.tv_nsec)
		return;
	free(part->path);
	part->path = xstrdup(hit->path);
	part->trusted = hit->trusted;
	part->ino = st.st_ino;
	part->dev = st.st_dev;
	part->changed = st.st_mtim;
	e->stale = true;
}

/* NULL: there is no room, or the directory is gone. */
static struct entry *entry_of(struct disk *d, const struct place_hit *hit, bool *ret_space)
{
	_cleanup_free_ char *key = NULL;
	struct stat st;
	uid_t owner;

	if (fstat(hit->dir, &st) < 0)
		return NULL;
	owner = st.st_uid == geteuid() ? 0 : st.st_uid;
	key = entry_key(hit, owner, ret_space);
	return entry_get(d, key, owner, hit->user ? hit->user : owner);
}

static bool admit(void *arg, const struct place_hit *hit)
{
	struct disk *d = arg;
	bool space;
	struct entry *e = entry_of(d, hit, &space);

	if (!e)
		return false;
	if (!e->id) {
		e->id = xstrdup(hit->id);
		e->stale = true;
		e->is_new = d->scanned != 0;
	}
	if (space && !e->space)
		e->space = xstrdup(hit->above);
	e->generation = d->generation;
	e->stored |= hit->kind == PLACE_STORAGE;
	return true;
}

/* If the directory's owner has changed since it was admitted, the next scan finds it. */
static void on_container(void *arg, const struct place_hit *hit)
{
	bool space;
	struct entry *e = entry_of(arg, hit, &space);

	if (e && e->id)
		set_part(e, hit);
}

static void post(struct disk *d, enum runtime_message_type type, struct container_info *info,
		 uint64_t token)
{
	struct runtime_message *m = message_new(type);

	m->info = info;
	m->token = token;
	messages_post(&d->rt->queue, m, false);
}

static void life(struct disk *d, const struct entry *e, enum runtime_life what)
{
	life_post(d->rt, what, container_info_dup(e->info), -1);
}

/* A user's container is reported once a process was in it: directories alone can be made as fast as one likes. */
static bool has_life(const struct entry *e)
{
	return entry_is_whole_life(e) && (!e->owner || e->stored || e->ran || e->info->init_pid);
}

static void look_whether_new(struct disk *d, struct entry *e)
{
	if (!e->is_new || !has_life(e))
		return;
	e->is_new = false;
	/* The creation of a container that runs already is not reported: it would come after the start. */
	if (entry_is_waiting(e))
		life(d, e, RUNTIME_LIFE_CREATED);
}

static void look_whether_frozen(struct disk *d, struct entry *e)
{
	bool frozen = e->freezer && freezer_is_frozen(e->freezer);

	if (!e->freezer || frozen == e->frozen)
		return;
	e->frozen = frozen;
	life(d, e, frozen ? RUNTIME_LIFE_PAUSED : RUNTIME_LIFE_RESUMED);
}

/* Reports that it runs, and remembers this run for the report of its end, whatever its directory says by then. */
static void post_running(struct disk *d, struct entry *e)
{
	struct container_info *c = info_new(e->id);

	c->space = xstrdup(e->info->space);
	c->runtime = xstrdup(e->info->runtime);
	c->owner = e->info->owner;
	c->init_pid = e->info->init_pid;
	c->init_start = e->info->init_start;
	container_info_free(e->posted);
	e->posted = c;
	e->ran = true;
	post(d, RUNTIME_CONTAINER, container_info_dup(e->info), 0);
}

static void post_gone(struct disk *d, struct entry *e)
{
	post(d, RUNTIME_GONE, TAKE_PTR(e->posted), 0);
}

/* The directories as of now. Other threads may add to the list, but nobody removes anything. */
static size_t docker_dirs(struct disk *d, const char *ret[DOCKER_DIRS_MAX])
{
	size_t n;

	pthread_mutex_lock(&d->lock);
	n = d->n_docker_dirs;
	for (size_t i = 0; i < n; i++)
		ret[i] = d->docker_dirs[i];
	pthread_mutex_unlock(&d->lock);
	return n;
}

static void refresh(struct disk *d, struct entry *e, const char *const *dirs, size_t n)
{
	for (size_t i = 0; i < PLACE_KINDS; i++) {
		struct entry_part *part = &e->parts[i];

		if (!part->path || part->generation == d->generation)
			continue;
		free(part->path);
		*part = (struct entry_part){ 0 };
		e->stale = true;
	}
	if (e->posted && !entry_alive(e, d->rt->root)) {
		post_gone(d, e);
		e->stale = true;
	}
	if (!e->stale)
		return;
	entry_load(e, d->rt->root, dirs, n);
	look_whether_new(d, e);
	if (e->info->init_pid)
		post_running(d, e);
	else if (e->posted)
		post_gone(d, e);
}

static void refresh_all(struct disk *d)
{
	const char *dirs[DOCKER_DIRS_MAX];
	size_t n_dirs = docker_dirs(d, dirs);
	bool more = n_dirs != d->named_by;
	uint64_t now = clock_boot();
	bool look = now - d->frozen_looked >= LOOK_MS * NSEC_PER_MSEC;

	d->named_by = n_dirs;
	d->frozen_looked = look ? now : d->frozen_looked;
	hmap_for_each(&d->entries, n) {
		struct entry *e = container_of(n, struct entry, by_key);

		if (e->generation == d->generation) {
			e->stale |= more && e->info && !e->info->name;
			refresh(d, e, dirs, n_dirs);
			if (look && e->posted)
				look_whether_frozen(d, e);
			continue;
		}
		if (e->posted)
			post_gone(d, e);
		if (has_life(e))
			life(d, e, RUNTIME_LIFE_REMOVED);
		forget_entry(d, e);
	}
}

static void scan(struct disk *d)
{
	const struct place_visitor visitor = {
		.directory = watch_directory,
		.admit = admit,
		.container = on_container,
		.arg = d,
	};

	d->began = clock_boot();
	d->dirty = false;
	d->watch_failed = false;
	d->generation++;
	for (size_t i = 0; i < d->n_places; i++)
		place_visit(d->rt->root, &d->places[i], &visitor);
	refresh_all(d);
	d->scanned = clock_boot();
	d->rescan_least = MIN(RESCAN_SHARE * (d->scanned - d->began), RESCAN_LEAST_MAX);
}

/* Whether a change can be about a container: of a directory, or of a file that says that it runs. */
static bool matters(const struct inotify_event *ev)
{
	if (ev->mask & (IN_ISDIR | IN_Q_OVERFLOW))
		return true;
	for (int i = 0; ev->len && i < PLACE_KINDS; i++) {
		const char *file = place_state_file((enum place_kind)i);
		const char *slash = strrchr(file, '/');

		if (streq(ev->name, slash ? slash + 1 : file))
			return true;
	}
	return ev->len && streq(ev->name, "config.json");
}

static void drain_inotify(struct disk *d)
{
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	if (d->inotify_fd < 0)
		return;
	while ((n = read(d->inotify_fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)p;

			d->dirty |= matters(ev);
			p += sizeof(*ev) + ev->len;
		}
	}
}

static struct request *take_request(struct disk *d)
{
	struct request *q;

	pthread_mutex_lock(&d->lock);
	q = d->requests;
	if (q) {
		d->requests = TAKE_PTR(q->next);
		if (!d->requests)
			d->tail = &d->requests;
		d->n_requests--;
	}
	pthread_mutex_unlock(&d->lock);
	return q;
}

static void answer(struct disk *d)
{
	const char *dirs[DOCKER_DIRS_MAX];
	const struct resolve_context x = {
		.root = d->rt->root,
		.entries = &d->entries,
		.docker_dirs = dirs,
		.n_docker_dirs = docker_dirs(d, dirs),
	};
	struct request *q;

	while (!runtimes_wait(d->rt, 0) && (q = take_request(d))) {
		struct container_info *c;

		drain_inotify(d);
		/* Questions that came during a scan are answered from it. */
		if (d->dirty && q->asked > d->began)
			scan(d);
		c = resolve_task(&x, q->pid, q->start, q->cgroup);
		post(d, c ? RUNTIME_CONTAINER : RUNTIME_UNKNOWN, c, q->token);
		free(q->cgroup);
		free(q);
	}
}

static void wait_for_work(struct disk *d)
{
	struct pollfd p[] = {
		{ .fd = d->rt->stop_fd, .events = POLLIN },
		{ .fd = d->wake_fd, .events = POLLIN },
		{ .fd = d->inotify_fd, .events = POLLIN },
	};
	eventfd_t woken;

	/* After a change wait for the time of the next scan, not for more changes. */
	poll(p, d->dirty ? 2 : 3,
	     (int)(d->dirty ? d->rescan_least / NSEC_PER_MSEC + 1 : LOOK_MS));
	eventfd_read(d->wake_fd, &woken);
}

static bool new_docker_dirs(struct disk *d)
{
	const char *dirs[DOCKER_DIRS_MAX];

	return docker_dirs(d, dirs) != d->named_by;
}

static void *disk_main(void *arg)
{
	struct disk *d = arg;
	uint64_t looked;

	(void)privileges_keep(PRIVILEGES_LOOK);
	scan(d);
	looked = d->scanned;
	atomic_fetch_sub(&d->rt->unlisted, 1);
	post(d, RUNTIME_LISTED, NULL, 0);
	while (!runtimes_wait(d->rt, 0)) {
		bool blind = d->inotify_fd < 0 || d->watch_failed;
		uint64_t now;

		wait_for_work(d);
		drain_inotify(d);
		answer(d);
		now = clock_boot();
		if ((d->dirty && now - d->scanned >= d->rescan_least) ||
		    now - d->scanned >= (blind ? LOOK_MS : RESCAN_MOST_MS) * NSEC_PER_MSEC)
			scan(d);
		else if (now - looked >= LOOK_MS * NSEC_PER_MSEC || new_docker_dirs(d))
			refresh_all(d);
		else
			continue;
		looked = now;
	}
	return NULL;
}

static void add_place(struct disk *d, const struct place *place)
{
	d->places = xrealloc(d->places, (d->n_places + 1) * sizeof(*d->places));
	d->places[d->n_places++] = *place;
}

static void add_own_place(struct disk *d, enum place_kind kind, const char *dir, const char *below)
{
	d->patterns = xrealloc(d->patterns, (d->n_patterns + 1) * sizeof(*d->patterns));
	d->patterns[d->n_patterns] = xasprintf("%s%s", dir, below);
	add_place(d, &(struct place){ kind, d->patterns[d->n_patterns++], false });
}

static void add_places(struct disk *d, const struct runtimes_config *config)
{
	static const struct {
		const char *prefix;
		enum place_kind kind;
		const char *below;
	} kinds[] = {
		{ "runc=", PLACE_RUNC, "" },
		{ "crun=", PLACE_CRUN, "" },
		{ "storage=", PLACE_STORAGE, "/*-containers" },
		{ "storage=", PLACE_RUNROOT, "/*-containers" },
	};

	for (size_t i = 0; config->defaults && i < n_default_places; i++)
		add_place(d, &default_places[i]);
	for (size_t i = 0; i < config->n_extra; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (starts_with(config->extra[i], kinds[k].prefix))
				add_own_place(d, kinds[k].kind,
					      config->extra[i] + strlen(kinds[k].prefix),
					      kinds[k].below);
}

void disk_add_docker(struct disk *d, const char *dir)
{
	bool known = false;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->n_docker_dirs; i++)
		known |= streq(d->docker_dirs[i], dir);
	if (!known && d->n_docker_dirs < DOCKER_DIRS_MAX)
		d->docker_dirs[d->n_docker_dirs++] = xstrdup(dir);
	pthread_mutex_unlock(&d->lock);
	if (!known)
		eventfd_write(d->wake_fd, 1);
}

unsigned disk_scans(const struct disk *d)
{
	return d->generation;
}

bool disk_resolve(struct disk *d, uint64_t token, uint32_t pid, uint64_t start, const char *cgroup)
{
	struct request *q = NULL;

	pthread_mutex_lock(&d->lock);
	if (d->n_requests < REQUESTS_MAX) {
		q = xcalloc(1, sizeof(*q));
		q->token = token;
		q->pid = pid;
		q->start = start;
		q->asked = clock_boot();
		q->cgroup = cgroup ? xstrndup(cgroup, CONTAINER_STRING_MAX) : NULL;
		*d->tail = q;
		d->tail = &q->next;
		d->n_requests++;
	}
	pthread_mutex_unlock(&d->lock);
	if (q)
		eventfd_write(d->wake_fd, 1);
	return q != NULL;
}

int disk_start(struct disk **ret, struct runtimes *rt, const struct runtimes_config *config)
{
	struct disk *d = xcalloc(1, sizeof(*d));
	int r;

	d->rt = rt;
	d->tail = &d->requests;
	pthread_mutex_init(&d->lock, NULL);
	d->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->wake_fd < 0) {
		r = -errno;
		disk_free(d);
		return r;
	}
	add_places(d, config);
	if (config->defaults) {
		disk_add_docker(d, "/var/lib/docker");
		disk_add_docker(d, "/var/snap/docker/common/var-lib-docker");
	}
	atomic_fetch_add(&rt->unlisted, 1);
	r = pthread_create(&d->thread, NULL, disk_main, d);
	if (r) {
		atomic_fetch_sub(&rt->unlisted, 1);
		disk_free(d);
		return -r;
	}
	*ret = d;
	return 0;
}

bool disk_join(struct disk *d, const struct timespec *deadline)
{
	return pthread_clockjoin_np(d->thread, NULL, CLOCK_MONOTONIC, deadline) == 0;
}

void disk_free(struct disk *d)
{
	struct request *q;

	if (!d)
		return;
	while ((q = take_request(d))) {
		free(q->cgroup);
		free(q);
	}
	hmap_for_each(&d->entries, n)
		forget_entry(d, container_of(n, struct entry, by_key));
	hmap_free(&d->entries);
	for (size_t i = 0; i < d->n_docker_dirs; i++)
		free(d->docker_dirs[i]);
	for (size_t i = 0; i < d->n_patterns; i++)
		free(d->patterns[i]);
	free(d->patterns);
	free(d->users);
	free(d->places);
	close_fd(&d->inotify_fd);
	close_fd(&d->wake_fd);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
