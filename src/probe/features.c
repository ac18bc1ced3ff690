/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which types of programs work on this kernel: each program of bpf/canary.bpf.c is loaded alone, attached, and must
 * run when we trigger it. Versions are not compared: kernels are configured, patched and locked down in ways that no
 * version tells.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "internal.h"

#include "canary.skel.h"

static void destroy_canary(struct canary **canary)
{
	canary__destroy(*canary);
}

static void destroy_link(struct bpf_link **link)
{
	bpf_link__destroy(*link);
}

/* Chooses one program and the maps that it needs, so that nothing else can be at fault. */
static struct bpf_program *choose(struct canary *canary, const char *name)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, canary->obj) {
		bool it_is = streq(bpf_program__name(program), name);

		bpf_program__set_autoload(program, it_is);
		if (it_is)
			chosen = program;
	}
	bpf_map__set_autocreate(canary->maps.ring, chosen == canary->progs.ring_buffer);
	bpf_map__set_autocreate(canary->maps.storage, chosen == canary->progs.task_storage);
	canary->rodata->asking = (__u32)getpid();
	return chosen;
}

static struct bpf_link *attach(struct canary *canary, struct bpf_program *program)
{
	const char *function = strchr(bpf_program__section_name(program), '/') + 1;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, by_name, .syms = &function, .cnt = 1);

	if (program == canary->progs.iter_task)
		return bpf_program__attach_iter(program, NULL);
	/* By its name: given a pattern, libbpf would read all of the kernel's symbols. */
	if (program == canary->progs.kprobe_multi)
		return bpf_program__attach_kprobe_multi_opts(program, NULL, &by_name);
	return variants_attach(program);
}

/* A datagram socket's connect() sends nothing. */
static void connect_to_nobody(void)
{
	const struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)connect(fd, (const struct sockaddr *)&nobody, sizeof(nobody));
}

static void make_it_run(struct canary *canary, struct bpf_program *program, struct bpf_link *link)
{
	_cleanup_close_ int fd = -1;
	char rest[64];

	if (program == canary->progs.cgroup_connect) {
		connect_to_nobody();
		return;
	}
	if (program != canary->progs.iter_task) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return;
	}
	fd = bpf_iter_create(bpf_link__fd(link));
	while (fd >= 0 && read(fd, rest, sizeof(rest)) > 0)
		;
}

static struct doctor_try try_one(const char *name)
{
	_cleanup_(destroy_canary) struct canary *canary = canary__open();
	_cleanup_(destroy_link) struct bpf_link *link = NULL;
	struct bpf_program *program;
	int r;

	if (!canary)
		return (struct doctor_try){ DOCTOR_NO_LOAD, -errno };
	program = choose(canary, name);
	r = canary__load(canary);
	if (r < 0)
		return (struct doctor_try){ DOCTOR_NO_LOAD, r };
	link = attach(canary, program);
	if (!link)
		return (struct doctor_try){ DOCTOR_NO_ATTACH, -errno };
	make_it_run(canary, program, link);
	return (struct doctor_try){ canary->bss->runs ? DOCTOR_FIRES : DOCTOR_SILENT, 0 };
}

static bool runs(enum doctor_feature feature)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);	/* a failure is an answer here, not an error */
	bool it_does = try_one(doctor_feature_program(feature)).state == DOCTOR_FIRES;

	libbpf_set_print(print);
	return it_does;
}

enum probe_refusal probe_refusal(void)
{
	if (runs(DOCTOR_FEATURE_LSM))
		return PROBE_REFUSES_BY_LSM;
	if (runs(DOCTOR_FEATURE_MODIFY_RETURN))
		return PROBE_REFUSES_BY_RETURN;
	return runs(DOCTOR_FEATURE_CGROUP) ? PROBE_REFUSES_ADDRESSES : PROBE_REFUSES_NOTHING;
}

void probe_features(struct doctor_try ret[DOCTOR_FEATURE_MAX])
{
	for (unsigned i = 0; i < DOCTOR_FEATURE_MAX; i++)
		ret[i] = try_one(doctor_feature_program((enum doctor_feature)i));
}
