/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the BPF object: open, configure, load, attach, free; which calls it is to record, and what it has
 * counted. Its globals are mapped memory, so a store takes effect at once.
 */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "doctor/doctor.h"
#include "internal.h"

/* Bytes of a slot besides its accounts: its rows in maps and in the reader's tables, and two entries of hash maps. */
#define SLOT_BYTES 768
#define MOUNTED_ENTRY_BYTES 2048	/* of an entry of the map `mounted`, with what the kernel adds */
#define ENTRY_BYTES 64	/* of an entry of a hash map, besides its value */

_printf_(2, 0)
static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	_cleanup_free_ char *text = NULL;

	/* Our own messages say what failed; the text of libbpf and of the verifier is for -v. */
	if (level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	text[strcspn(text, "\n") ? strlen(text) - 1 : 0] = '\0';
	log_debug("%s", text);
	return 0;
}

/* The hierarchy number of the v1 controller that the kernel side falls back to, or 0. */
static uint32_t v1_hierarchy(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/cgroups", "re");
	unsigned hierarchy, pids = 0, memory = 0;
	char name[64], line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %u", name, &hierarchy) != 2)
			continue;
		if (streq(name, "pids"))
			pids = hierarchy;
		else if (streq(name, "memory"))
			memory = hierarchy;
	}
	return pids ? pids : memory;
}

static uint32_t namespace_inum(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

/*
 * The host's namespaces are those of kthreadd, which never leaves them and can always be read. Where it cannot be
 * seen (in a PID namespace of our own) they are taken to be init's, or else our own.
 */
static const char *host_process(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/2/comm", "re");
	char comm[32] = "";

	if (f && fgets(comm, sizeof(comm), f) && streq(comm, "kthreadd\n"))
		return "2";
	return namespace_inum("/proc/1/ns/mnt") ? "1" : "self";
}

static void host_namespaces(uint32_t ret[NUNCHI_NS_MAX])
{
	static const char *const names[NUNCHI_NS_MAX] = {
#define X(name, text) [NUNCHI_NS_##name] = text,
		NUNCHI_NAMESPACES(X)
#undef X
	};
	const char *who = host_process();

	for (size_t i = 0; i < NUNCHI_NS_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%s/ns/%s", who, names[i]);
		ret[i] = namespace_inum(path);
	}
}

static size_t accounts_bytes(const struct probe *p)
{
	return (size_t)p->n_cpus * p->n_slots * sizeof(*p->accounts);
}

/*
 * Divides the memory for calls in progress: one half for io_uring requests, few of which have several results, the other
 * for copies of arguments, few of which are long.
 */
static void configure_calls(struct probe *p)
{
	const struct {
		struct bpf_map *map;
		unsigned parts;		/* 16ths */
		uint32_t least;
	} rows[] = {
		{ p->skel->maps.requests, 7, 64 },
		{ p->skel->maps.many_results, 1, 64 },
		{ p->skel->maps.copies, 4, 64 },
		{ p->skel->maps.long_copies, 4, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t room = p->memory.calls / 16 * rows[i].parts / (bpf_map__value_size(rows[i].map) + ENTRY_BYTES);

		bpf_map__set_max_entries(rows[i].map, MIN(bpf_map__max_entries(rows[i].map),
							  MAX((uint32_t)room, rows[i].least)));
	}
}

static void configure(struct probe *p)
{
	struct nunchi *skel = p->skel;

	host_namespaces(skel->rodata->host_namespaces);
	/* Init may be in a mount namespace of its own: that is the host's, too. */
	skel->rodata->host_mntns[0] = skel->rodata->host_namespaces[NUNCHI_NS_MNT];
	skel->rodata->host_mntns[1] = namespace_inum("/proc/1/ns/mnt");
	skel->rodata->host_pidns = skel->rodata->host_namespaces[NUNCHI_NS_PID];
	skel->rodata->own_tgid = (uint32_t)getpid();
	skel->rodata->own_start = process_start_of(getpid());
	skel->rodata->cgroup_hierarchy = v1_hierarchy();
	skel->rodata->ring_shift = p->memory.ring_shift;
	p->n_rings = 1 + p->memory.rings;
	p->n_slots = (unsigned)MIN(NUNCHI_SLOTS_MAX, p->memory.slots /
				   (SLOT_BYTES + sizeof(struct nunchi_account) * p->n_cpus +
				    LANES_SLOT_BYTES * (p->n_rings + 1)));
	bpf_map__set_max_entries(skel->maps.accounts, p->n_cpus * p->n_slots);
	bpf_map__set_max_entries(skel->maps.free_slots, p->n_slots);
	bpf_map__set_max_entries(skel->maps.mounted, (uint32_t)MIN(p->n_slots, p->memory.mounts / MOUNTED_ENTRY_BYTES));
	bpf_map__set_max_entries(skel->maps.scratches, p->n_cpus * NUNCHI_SCRATCH_LEVELS);
	bpf_map__set_max_entries(skel->maps.critical, (uint32_t)p->memory.critical);
	configure_calls(p);
}

unsigned probe_cpus(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? (unsigned)n : 1;	/* without sysfs it is not known; probe_check() says what to do about it */
}

/* Hooks that seldom make a record tail-call one program that does it for all of them. 0 or -errno. */
static int link_telling(struct probe *p)
{
	const struct nunchi *skel = p->skel;
	int fd = bpf_program__fd(bpf_program__autoload(skel->progs.tells_raw) ? skel->progs.tells_raw : skel->progs.tells_perf);
	const uint32_t first = 0;

	return bpf_map_update_elem(bpf_map__fd(skel->maps.tells), &first, &fd, BPF_ANY) ? -errno : 0;
}

int load_failed(struct strbuf *err, const char *what, int r)
{
	struct utsname uts;

	uname(&uts);
	strbuf_addf(err, "%s failed on Linux %s: %s", what, uts.release, strerror(-r));
	if (r == -EPERM)
		strbuf_adds(err, "\nIs the kernel locked down (confidentiality), or BPF denied by a "
				 "security module? `nunchi trace -v` shows the kernel's own words");
	else
		strbuf_adds(err, "\n`nunchi trace -v` shows the kernel's own words");
	return r;
}

int map_table(const struct bpf_map *map, size_t size, const char *what, void **ret, struct strbuf *err)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return load_failed(err, what, -errno);
	*ret = at;
	return 0;
}

/* The object is part of the executable and is read when it is opened; after that its pages only take memory. */
static void forget_object(const struct nunchi *skel)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), data = (uintptr_t)skel->skeleton->data;
	uintptr_t from = (data + page - 1) & ~(page - 1), to = (data + skel->skeleton->data_sz) & ~(page - 1);

	if (from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

/* libbpf looks for types and functions that the kernel lacks in its modules, too; libbpf 1.1 fails if it may not read these. */
static struct nunchi *open_object(void)
{
	if (!(doctor_capabilities() & 1ULL << CAP_SYS_ADMIN))
		(void)privileges_hide_modules();
	return nunchi__open();
}

/* Everything that must be set before the object is loaded: sizes of maps, constants, which programs to load. */
static int choose(struct probe *p, const struct probe_config *config, struct strbuf *err)
{
	bool keeps = config->block && config->block->keep;
	int r;

	memory_divide(&p->memory, config->memory, p->n_cpus, PROBE_RINGS_MAX - 1);
	lanes_divide(p, config->aggregate);
	configure(p);
	r = lanes_configure(p, config->aggregate, err);
	if (r >= 0)
		r = functions_choose(p, config->hooks, err);
	if (r < 0)
		return r;
	variants_choose(p->skel, p->hooks);
	p->skel->rodata->entries = config->entries;
	r = block_choose(p, config->block, err);
	if (r < 0)
		return r;
	push_choose(p, config->push);
	bpf_program__set_autoload(p->skel->progs.keep_fork, config->pin || keeps);
	return config->pin ? pin_prepare(p, err) : 0;
}

static int load(struct probe *p, const struct probe_config *config, struct strbuf *err)
{
	int r = nunchi__load(p->skel);

	if (r)
		return load_refused(err, r);
	r = link_telling(p);
	if (r < 0)
		return load_failed(err, "joining hooks and the program that tells for them", r);
	return config->pin ? pin_link(p, err) : 0;
}

/* Maps the memory shared with the loaded programs, and fills in what they need from their first run on. */
static int fill(struct probe *p, const struct probe_config *config, struct strbuf *err)
{
	int r = map_table(p->skel->maps.accounts, accounts_bytes(p), "mapping the accounts", (void **)&p->accounts, err);

	if (r >= 0)
		r = lanes_open(p, err);
	if (r < 0)
		return r;
	slots_init(p);
	r = block_fill(p, config->block, err);
	return r < 0 ? r : push_map(p, err);
}

int probe_load(struct probe **ret, const struct probe_config *config, struct strbuf *err)
{
	struct probe *p = xcalloc(1, sizeof(*p));
	int r;

	libbpf_set_print(print_libbpf);
	p->host = config->host;
	p->first_generation = PROBE_GENERATION_FIRST;
	p->kept_fd = p->lock_fd = p->keep_fd = -1;
	p->n_cpus = probe_cpus();
	p->skel = open_object();
	if (!p->skel) {
		r = load_failed(err, "opening the BPF object", -errno);
		goto fail;
	}
	forget_object(p->skel);
	r = choose(p, config, err);
	if (r >= 0)
		r = load(p, config, err);
	if (r >= 0)
		r = fill(p, config, err);
	if (r < 0)
		goto fail;
	*ret = p;
	return 0;
fail:
	probe_free(p);
	return r;
}

int attach_hook(const struct bpf_program *program, struct bpf_link **link, struct strbuf *err)
{
	_cleanup_free_ char *what = NULL;

	if (!bpf_program__autoload(program))
		return 0;
	*link = variants_attach(program);
	if (*link)
		return 0;
	what = xasprintf("attaching the hook %s", bpf_program__name(program));
	return load_failed(err, what, -errno);
}

/* Whether the program only raises the grade of fields: without it no event is lost, and events say that the grade is lower. */
static bool only_grades(const struct probe *p, const struct bpf_program *program)
{
	const struct nunchi *skel = p->skel;
	const struct bpf_program *const copies[] = {
		skel->progs.copied_path, skel->progs.copied_path_from, skel->progs.opened_file,
		skel->progs.copied_connect, skel->progs.copied_bind, skel->progs.copied_sendmsg,
		skel->progs.copied_request, skel->progs.copied_request_left,
	};

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		if (program == copies[i])
			return true;
	return false;
}

static int attach_optional(struct probe *p, const struct bpf_program *program, struct bpf_link **link)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	/* Nothing would remove what it keeps. */
	if (program == p->skel->progs.copied_request && !p->skel->links.copied_request_left)
		return 0;
	if (attach_hook(program, link, &err) < 0)
		log_warn("%s; what it would keep is as user memory has it (docs/evidence.md)", err.s);
	return 0;
}

int probe_attach(struct probe *p, struct strbuf *err)
{
	struct nunchi *skel = p->skel;
	bool keeps = bpf_program__autoload(skel->progs.keep_exec);
	struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} hooks[] = {
#define HOOK(name) { skel->progs.name, &skel->links.name }
		/* Before process_fork, whose findings it must not overwrite. With --pin, pin_link() has attached it. */
		{ keeps && p->kept_fd < 0 ? skel->progs.keep_fork : NULL, &skel->links.keep_fork },
		HOOK(process_fork),
		HOOK(process_fork_perf),
		HOOK(process_exec),
		HOOK(process_exec_perf),
		HOOK(process_exit),
		HOOK(process_exit_perf),
		HOOK(task_rename),
		HOOK(task_rename_perf),
		HOOK(cgroup_mkdir),
		HOOK(cgroup_rmdir),
		HOOK(cgroup_attach_task),
		HOOK(signal_deliver),
		HOOK(signal_deliver_perf),
		HOOK(uring_complete),
		HOOK(uring_complete_perf),
		HOOK(uring_overflow),
		HOOK(uring_overflow_perf),
		HOOK(uring_submit_req),
		HOOK(uring_submit_perf),
		HOOK(uring_submit_sqe),
		HOOK(sys_exit),
		HOOK(sys_exit_perf),
		/* After sys_exit: a copy kept of a call whose return nobody sees would be taken for the next call's. */
		HOOK(copied_path),
		HOOK(copied_path_from),
		HOOK(opened_file),
		HOOK(copied_connect),
		HOOK(copied_bind),
		HOOK(copied_sendmsg),
		HOOK(copied_request_left),
		HOOK(copied_request),
		/* After process_exec and process_exit, which must find everything as it was before. */
		HOOK(keep_exec),
		HOOK(keep_exit),
#undef HOOK
	};
	int r;

	r = block_attach(p, err);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].program)
			r = only_grades(p, hooks[i].program) ?
				    attach_optional(p, hooks[i].program, hooks[i].link) :
				    attach_hook(hooks[i].program, hooks[i].link, err);
	if (r < 0)
		return r;
	if (p->hooks == PROBE_HOOKS_TRACEPOINT)
		return 0;
	r = functions_start(p, p->hooks);
	return r < 0 ? load_failed(err, "attaching the hook of __secure_computing", r) : 0;
}

void probe_detach(struct probe *p)
{
	functions_detach(p);
	nunchi__detach(p->skel);
	wait_for_programs();	/* one that was preempted may still count, and send its record */
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	functions_free(p);
	block_close(p);
	lanes_close(p);
	if (p->accounts)
		munmap(p->accounts, accounts_bytes(p));
	push_close(p);
	nunchi__destroy(p->skel);
	pin_close(p);
	keep_close(p);
	free(p);
}

#define CHROOTS 1U
#define CHROOTS_MAYBE 2U	/* not known yet of processes that already run */

void probe_chroots(struct probe *p)
{
	__atomic_fetch_or(&p->skel->bss->chroots, CHROOTS, __ATOMIC_SEQ_CST);
}

void probe_chroots_may_be(struct probe *p, bool maybe)
{
	if (maybe)
		__atomic_fetch_or(&p->skel->bss->chroots, CHROOTS_MAYBE, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&p->skel->bss->chroots, (uint8_t)~CHROOTS_MAYBE, __ATOMIC_SEQ_CST);
}

void probe_interest(struct probe *p, const struct interest *interest)
{
	uint8_t wanted[NUNCHI_CALLS_MAX];

	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = syscall_by_nr(nr);

		if (call)
			p->skel->bss->specs[nr] = syscall_spec(call);
	}
	memcpy(p->skel->bss->compat_calls, syscall_compat, sizeof(p->skel->bss->compat_calls));
	syscall_uring_calls(p->skel->bss->uring_calls);
	p->skel->bss->wants_env = interest->env;
	push_fill(p, interest->push);
	memcpy(wanted, interest->wanted, sizeof(wanted));
	syscall_want_compat(wanted);
	/* The rows before the bits: a program must not find a bit whose row is not there yet. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(p->skel->bss->wanted, wanted, sizeof(p->skel->bss->wanted));
}

unsigned probe_rings(const struct probe *p)
{
	return p->n_rings;
}

struct ring *probe_ring(struct probe *p, unsigned i)
{
	return &p->rings[i];
}

int probe_wake_fd(const struct probe *p)
{
	return p->rings[0].fd;
}

bool probe_sleeps(struct probe *p)
{
	__atomic_store_n(&p->skel->bss->reader_sleeps, ++p->sleeps, __ATOMIC_RELAXED);
	/* A program that does not see this yet has put its record in before: then we find it below. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < p->n_rings; i++) {
		if (!ring_is_empty(&p->rings[i])) {
			probe_awake(p);
			return false;
		}
	}
	return true;
}

void probe_awake(struct probe *p)
{
	__atomic_store_n(&p->skel->bss->reader_sleeps, 0, __ATOMIC_RELAXED);
}

bool probe_is_readable(const struct probe *p)
{
	struct nunchi_account account;
	const uint32_t first = 0;

	return !bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.accounts), &first, &account);
}

static void destroy_link(struct bpf_link **link)
{
	bpf_link__destroy(*link);
}

int probe_tasks(struct probe *p, void (*fn)(const struct nunchi_head *head, void *arg), void *arg)
{
	_cleanup_(destroy_link) struct bpf_link *link =
		bpf_program__attach_iter(p->skel->progs.tasks, NULL);
	_cleanup_close_ int fd = -1;
	struct nunchi_head heads[64];
	size_t have = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, (char *)heads + have, sizeof(heads) - have);
		size_t whole;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			p->skel->bss->settled = 1;
			return n < 0 ? -errno : 0;
		}
		have += (size_t)n;
		whole = have / sizeof(heads[0]);
		for (size_t i = 0; i < whole; i++)
			fn(&heads[i], arg);
		have -= whole * sizeof(heads[0]);
		memmove(heads, &heads[whole], have);
	}
}

uint64_t recursion_misses(int program)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &len))
		return 0;
	return info.recursion_misses;
}

void probe_counts(const struct probe *p, uint64_t ret[NUNCHI_COUNT_MAX])
{
	for (unsigned i = 0; i < NUNCHI_COUNT_MAX; i++)
		ret[i] = __atomic_load_n(&p->skel->bss->counts[i], __ATOMIC_RELAXED);
}

void probe_missed(const struct probe *p, void (*fn)(const char *program, uint64_t count, void *arg),
		  void *arg)
{
	uint64_t missed = functions_missed(p);
	struct bpf_program *program;

	if (missed)
		fn("fexit", missed, arg);
	bpf_object__for_each_program(program, p->skel->obj) {
		missed = bpf_program__fd(program) >= 0 ? recursion_misses(bpf_program__fd(program)) : 0;
		if (missed && !only_grades(p, program))
			fn(bpf_program__name(program), missed, arg);
	}
}

uint64_t probe_losses_seen(const struct probe *p)
{
	return __atomic_load_n(&p->skel->bss->losses_seen, __ATOMIC_ACQUIRE);
}

void probe_losses(struct probe *p,
		  void (*fn)(const struct nunchi_loss_key *key, const struct nunchi_loss *loss, void *arg),
		  void *arg)
{
	int fd = bpf_map__fd(p->skel->maps.losses);
	uint32_t most = bpf_map__max_entries(p->skel->maps.losses);
	struct nunchi_loss_key key;
	struct nunchi_loss loss;

	/* Always the first, since each is removed. Bounded, because others come in meanwhile. */
	while (most-- && !bpf_map_get_next_key(fd, NULL, &key))
		if (!bpf_map_lookup_and_delete_elem(fd, &key, &loss))
			fn(&key, &loss, arg);
}

uint64_t probe_ring_numbers(const struct probe *p, unsigned ring)
{
	return ring ? ring_last_number(&p->rings[ring]) :
		      __atomic_load_n(&p->skel->bss->critical_number, __ATOMIC_ACQUIRE);
}
