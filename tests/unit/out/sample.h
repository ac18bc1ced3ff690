/* SPDX-License-Identifier: Apache-2.0 */
/* Events to format: records made by hand, with the process and container of the figures. */
#pragma once

#include "event/encode.h"
#include "fields/fields.h"
#include "out/out.h"

#define SAMPLE_TIME 1700000000123456789ULL /* 2023-11-14T22:13:20.123456789Z */
#define SAMPLE_BOOT 5000000000ULL

struct sample {
	struct nunchi_head head;
	struct nunchi_call call;
	struct strbuf record;
	struct event ev;
	struct container_info *info;
	struct container container;
	struct process proc;
	struct field_context fc;
	struct strbuf out;
};

/* The paper's figure 12: who. */
static inline void sample_init(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	s->container.exit_status = -1;
	s->head = (struct nunchi_head){
		.time = SAMPLE_BOOT,
		.seq = 1,
		.slot = 7,
		.generation = 1,
		.cpu = 3,
		.ppid = 73262,
		.pid = 73222,
		.tid = 73222,
		.vpid = 31,
		.vtid = 31,
		.loginuid = (uint32_t)-1,
		.pidns = 4026532995U,
		.mntns = 4026532993U,
		.start = 1000000000ULL,
		.comm = "cat",
	};
	s->info = xcalloc(1, sizeof(*s->info));
	s->info->id = xstrdup("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	s->info->name = xstrdup("k8s_ubuntu-container1");
	s->info->runtime = xstrdup("docker");
	s->info->image = xstrdup("ubuntu:22.04");
	s->info->pod_name = xstrdup("web-7d9");
	s->info->pod_namespace = xstrdup("default");
	s->info->pidns = 4026532995U;
	s->info->mntns = 4026532993U;
	s->info->init_pid = 73262;
	s->container.info = s->info;
	s->container.version = 1;
	s->container.display = xstrdup("default/web-7d9");
	memcpy(s->container.short_id, "0123456789ab", 13);
	s->proc.version = 1;
	s->proc.pid = 73222;
	s->proc.vpid = 31;
	s->proc.exepath = xstrdup("/usr/bin/cat");
	s->proc.cwd = xstrdup("/root");
	s->proc.cmdline = xstrdup("cat /mnt/test.txt");
	memcpy(s->proc.comm, "cat", 4);
	memcpy(s->proc.prev_comm, "bash", 5);
	strbuf_reset(&s->out);
}

static inline void sample_free(struct sample *s)
{
	fields_end(&s->fc);
	strbuf_free(&s->record);
	strbuf_free(&s->out);
	container_info_free(s->info);
	free(s->container.display);
	free(s->container.json.text);
	free(s->proc.exepath);
	free(s->proc.exe_asked);
	free(s->proc.cwd);
	free(s->proc.argv);
	free(s->proc.cmdline);
	free(s->proc.json.text);
}

/* Begins the record of a call; blobs may follow, then sample_end(). */
static inline void sample_call(struct sample *s, const char *name, int64_t ret)
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));

	s->head.kind = NUNCHI_REC_SYSCALL;
	s->call.nr = (uint32_t)syscall_nr(call);
	s->call.ret = ret;
	encode_begin(&s->record, &s->head);
	encode_bytes(&s->record, &s->call, sizeof(s->call));
}

static inline void sample_blob(struct sample *s, enum nunchi_blob_type type, uint8_t arg,
			       const void *data, size_t len)
{
	encode_blob(&s->record, type, arg, 0, data, len);
}

/* A FILE or BASE blob; components leaf first, each with its NUL: "test.txt\0mnt". */
static inline void sample_file(struct sample *s, enum nunchi_blob_type type, uint8_t arg,
			       const char *components, size_t len)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	const struct nunchi_file file = { .ino = 12, .dev = 8 << 20 | 1, .mode = 0100644 };

	strbuf_add(&b, &file, sizeof(file));
	strbuf_add(&b, components, len);
	sample_blob(s, type, arg, b.s, b.len);
}

static inline int sample_decode(struct sample *s)
{
	const char *why;
	int r;

	r = event_decode(&s->ev, s->record.s, s->record.len, SAMPLE_TIME - SAMPLE_BOOT, &why);
	s->ev.num = 1;
	s->ev.proc = &s->proc;
	s->ev.container = &s->container;
	s->ev.host_name = "node1";
	fields_begin(&s->fc, &s->ev, NULL);
	return r;
}

static inline int sample_end(struct sample *s)
{
	encode_end(&s->record);
	return sample_decode(s);
}

/* Whatever record encode_*() made. */
static inline int sample_take(struct sample *s, enum event_type type)
{
	int r = sample_decode(s);

	s->ev.type = type;
	return r;
}

/* Formats the event alone, without heads. */
static inline const char *sample_format(struct sample *s, struct output *o)
{
	strbuf_reset(&s->out);
	output_event(o, &s->fc, &s->out);
	return s->out.s;
}

/* openat(AT_FDCWD, "/mnt/test.txt", O_RDONLY) = 3 */
static inline int sample_openat(struct sample *s)
{
	s->call.args[0] = (uint64_t)-100;
	sample_call(s, "openat", 3);
	sample_blob(s, NUNCHI_BLOB_STR, 1, "/mnt/test.txt", 13);
	sample_file(s, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, "test.txt\0mnt", 13);
	return sample_end(s);
}

/* execve("/usr/bin/cat", ["cat", "/etc/shadow"]) by bash */
static inline int sample_execve(struct sample *s)
{
	const char argv[] = "cat\0/etc/shadow";

	sample_call(s, "execve", 0);
	sample_blob(s, NUNCHI_BLOB_FILENAME, 0, "/usr/bin/cat", 12);
	sample_blob(s, NUNCHI_BLOB_ARGV, 1, argv, sizeof(argv));
	sample_blob(s, NUNCHI_BLOB_PREV_COMM, 0, "bash", 4);
	encode_end(&s->record);
	((struct nunchi_head *)(void *)s->record.s)->kind = NUNCHI_REC_EXEC;
	free(s->proc.argv);
	s->proc.argv = xmemdup(argv, sizeof(argv));
	s->proc.argv_len = s->proc.argv_full = sizeof(argv);
	return sample_decode(s);
}
