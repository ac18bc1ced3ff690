/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files, docs/capture-format.md. The checksum of a frame covers its lengths and its stored
 * bytes, so that nothing is decompressed that was not written so. The reader keeps one frame.
 */
#include "capture.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

/* Records repeat each other so much that level 3 costs twice the time and saves nothing. */
#define LEVEL 1

#define END_MS 100	/* what comes later in a pipe behind the end is nobody's */

#define VERSION 1
#define ORDER_MARK 0x01020304U
#define FRAME_MAGIC 0x4d52464eU	/* "NFRM" */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "no table of system calls for this architecture"
#endif

static const char magic[8] = { 'N', 'U', 'N', 'C', 'H', 'I', 0x1a, '\n' };

struct file_header {
	char magic[8];
	uint32_t order;		/* ORDER_MARK as the writer's machine has it */
	uint32_t version;
	uint32_t machine;	/* ELF e_machine: whose system-call numbers */
	uint32_t flags;		/* 0 */
	uint32_t reserved;	/* 0 */
	uint32_t crc;		/* of the bytes before it */
};

struct frame_header {
	uint32_t magic;
	uint32_t stored;	/* bytes that follow */
	uint32_t raw;		/* bytes they decompress to; 0: the end */
	uint32_t crc;		/* of stored, raw and the bytes that follow */
};

static uint32_t frame_crc(const struct frame_header *f, const void *data)
{
	uint32_t lengths[2] = { f->stored, f->raw };
	uLong crc = crc32(0, (const Bytef *)lengths, sizeof(lengths));

	return (uint32_t)(f->stored ? crc32(crc, data, f->stored) : crc);
}

static uint32_t header_crc(const struct file_header *h)
{
	return (uint32_t)crc32(0, (const Bytef *)h, offsetof(struct file_header, crc));
}

struct capture_writer {
	int fd;
	char *created;		/* path, of a file that was not there before; else NULL */
	bool cut;		/* it is a file that has what it had, until something is put */
	bool begun;		/* something was put */
	int error;		/* the first there was; sticky */
	capture_put_fn *put;	/* NULL: it is written */
	void *arg;
	ZSTD_CCtx *zstd;
	struct strbuf raw;
	struct strbuf stored;	/* cap is room for the compressed frame and its head */
	struct strbuf out;	/* the header and frames that have not been put yet */
};

static int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			(void)poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static void writer_free(struct capture_writer *w)
{
	ZSTD_freeCCtx(w->zstd);
	strbuf_free(&w->raw);
	strbuf_free(&w->stored);
	strbuf_free(&w->out);
	free(w->created);
	free(w);
}

/* What the file has stays until there is something to write. */
static int open_output(struct capture_writer *w, const char *path)
{
	w->fd = STDOUT_FILENO;
	if (streq(path, "-"))
		return 0;
	w->cut = true;
	w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->fd >= 0)
		w->created = xstrdup(path);
	else if (errno == EEXIST)
		w->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return w->fd < 0 ? -errno : 0;
}

int capture_writer_open(struct capture_writer **ret, const char *path)
{
	struct file_header header = {
		.order = ORDER_MARK, .version = VERSION, .machine = MACHINE,
	};
	struct capture_writer *w = xcalloc(1, sizeof(*w));
	int r;

	w->zstd = ZSTD_createCCtx();
	r = w->zstd ? open_output(w, path) : -ENOMEM;
	if (r < 0) {
		writer_free(w);
		return r;
	}
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL);
	strbuf_grow(&w->raw, CAPTURE_FRAME_MAX);
	strbuf_grow(&w->stored, sizeof(struct frame_header) + ZSTD_compressBound(CAPTURE_FRAME_MAX));
	memcpy(header.magic, magic, sizeof(magic));
	header.crc = header_crc(&header);
	strbuf_add(&w->out, &header, sizeof(header));
	*ret = w;
	return 0;
}

int capture_writer_fd(const struct capture_writer *w)
{
	return w->fd;
}

void capture_writer_through(struct capture_writer *w, capture_put_fn *put, void *arg)
{
	w->put = put;
	w->arg = arg;
}

/* What is no file cannot be cut, and need not be. */
static int begin(struct capture_writer *w)
{
	if (w->cut && ftruncate(w->fd, 0) < 0 && errno != EINVAL)
		return -errno;
	w->begun = true;
	return 0;
}

int capture_writer_put(struct capture_writer *w)
{
	int r;

	if (!w->begun && !w->error)
		w->error = begin(w);
	if (w->error || !w->out.len)
		return w->error;
	r = w->put ? w->put(w->arg, &w->out) : write_all(w->fd, w->out.s, w->out.len);
	if (r == -EAGAIN)
		return r;
	strbuf_reset(&w->out);
	w->error = r;
	return r;
}

/* What is collected, as a frame behind those that have not been put yet. */
static int add_frame(struct capture_writer *w)
{
	struct frame_header f = { .magic = FRAME_MAGIC, .raw = (uint32_t)w->raw.len };
	char *data = w->stored.s + sizeof(f);
	size_t n = 0;

	if (f.raw) {
		n = ZSTD_compress2(w->zstd, data, w->stored.cap - sizeof(f), w->raw.s, w->raw.len);
		if (ZSTD_isError(n))
			return -EIO;
	}
	f.stored = (uint32_t)n;
	f.crc = frame_crc(&f, data);
	memcpy(w->stored.s, &f, sizeof(f));
	w->raw.len = 0;
	strbuf_add(&w->out, w->stored.s, sizeof(f) + n);
	return 0;
}

/* One at a time waits to be put: while it does, there is room for what becomes the next. */
int capture_writer_flush(struct capture_writer *w)
{
	int r = capture_writer_put(w);

	if (r < 0 || !w->raw.len)
		return r;
	w->error = add_frame(w);
	r = capture_writer_put(w);
	return r == -EAGAIN ? 0 : r;
}

int capture_writer_add(struct capture_writer *w, const struct nunchi_head *rec)
{
	int r = w->error;

	if (rec->len < sizeof(*rec) || rec->len % 8 || rec->len > CAPTURE_FRAME_MAX)
		return -EMSGSIZE;
	if (w->raw.len + rec->len > CAPTURE_FRAME_MAX)
		r = capture_writer_flush(w);
	if (!r)
		strbuf_add(&w->raw, rec, rec->len);
	return r;
}

int capture_writer_close(struct capture_writer *w)
{
	int r = w->error;

	if (!r && w->raw.len)
		r = add_frame(w);
	if (!r)
		r = add_frame(w);	/* the end */
	if (!r)
		r = capture_writer_put(w);
	/* A full disk behind a network file system can show only now. */
	if (!w->put && w->fd > STDERR_FILENO && close(w->fd) < 0 && !r)
		r = -errno;
	writer_free(w);
	return r;
}

bool capture_writer_is_full(const struct capture_writer *w)
{
	return w->begun && w->out.len;
}

bool capture_writer_has_begun(const struct capture_writer *w)
{
	return w->begun;
}

const char *capture_writer_created(const struct capture_writer *w)
{
	return w->created;
}

void capture_writer_drop(struct capture_writer *w)
{
	if (w->created)
		(void)unlink(w->created);
	if (!w->put && w->fd > STDERR_FILENO)
		close(w->fd);
	writer_free(w);
}

struct capture_reader {
	int fd;
	ZSTD_DCtx *zstd;
	uint64_t offset;	/* of the file: bytes taken so far */
	uint64_t frame;		/* where the frame in raw started */
	char *stored;		/* ZSTD_compressBound(CAPTURE_FRAME_MAX) bytes */
	char *raw;		/* CAPTURE_FRAME_MAX bytes */
	size_t raw_len, raw_at;
	bool ended;
	struct strbuf error;	/* the sentence, once there was damage: given again and again */
};

static void add_grouped(struct strbuf *out, uint64_t n)
{
	if (n >= 1000) {
		add_grouped(out, n / 1000);
		strbuf_addf(out, ",%03u", (unsigned)(n % 1000));
	} else {
		strbuf_addu(out, n);
	}
}

static int say(const struct capture_reader *r, struct strbuf *err)
{
	strbuf_reset(err);
	strbuf_add(err, r->error.s, r->error.len);
	return -EBADMSG;
}

static int damaged(struct capture_reader *r, uint64_t at, const char *what)
{
	strbuf_adds(&r->error, "damaged at byte ");
	add_grouped(&r->error, at);
	strbuf_addf(&r->error, " (%s)", what);
	return -EBADMSG;
}

static int ends_early(struct capture_reader *r)
{
	strbuf_adds(&r->error, "ends early at byte ");
	add_grouped(&r->error, r->offset);
	return -EBADMSG;
}

/* Of a pipe only what is there, or comes at once: its writer can go on to hold it and write nothing. */
static bool has_more(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct stat st;
	char next;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode))
		return lseek(fd, 0, SEEK_CUR) < st.st_size;
	return poll(&p, 1, END_MS) > 0 && p.revents & POLLIN && read(fd, &next, 1) == 1;
}

/* Where two captures were put into one file, or pipe, the second is not to be passed over in silence. */
static int check_end(struct capture_reader *r)
{
	if (!has_more(r->fd))
		return 0;
	strbuf_adds(&r->error, "goes on after its end at byte ");
	add_grouped(&r->error, r->offset);
	strbuf_adds(&r->error, " (another capture?), which is not read");
	return -EBADMSG;
}

/* Takes up to len bytes; fewer only at the end of the file. Or -errno. */
static ssize_t read_some(struct capture_reader *r, void *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(r->fd, (char *)data + got, len - got);

		if (!n)
			break;
		if (n > 0) {
			got += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = r->fd, .events = POLLIN };

			(void)poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	r->offset += got;
	return (ssize_t)got;
}

static int read_error(struct capture_reader *r, int error)
{
	strbuf_adds(&r->error, "cannot be read at byte ");
	add_grouped(&r->error, r->offset);
	strbuf_addf(&r->error, ": %s", strerror(-error));
	return -EBADMSG;
}

static int check_header(const struct file_header *h, size_t len, struct strbuf *err)
{
	const char *why = NULL;

	strbuf_reset(err);
	if (len < sizeof(h->magic) || memcmp(h->magic, magic, sizeof(magic)) != 0)
		why = "is no nunchi capture";
	else if (len < sizeof(*h))
		why = "ends within its header";
	else if (h->order != ORDER_MARK)
		why = "was recorded on a machine of the other byte order, or its header is damaged";
	else if (h->crc != header_crc(h))
		why = "has a damaged header";
	else if (h->version == VERSION && h->machine != MACHINE)
		why = "was recorded on another architecture, whose system calls have other numbers";
	if (why)
		strbuf_adds(err, why);
	else if (h->version != VERSION)
		strbuf_addf(err, "is of capture version %u, this program reads version %u", h->version,
			    (unsigned)VERSION);
	return err->len ? -EBADMSG : 0;
}

int capture_reader_open(struct capture_reader **ret, const char *path, struct strbuf *err)
{
	struct file_header header = { 0 };
	struct capture_reader *r;
	ssize_t n;
	int fd = STDIN_FILENO, error;

	strbuf_reset(err);
	if (!streq(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error = -errno;
		strbuf_adds(err, strerror(-error));
		return error;
	}
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	n = read_some(r, &header, sizeof(header));
	error = n < 0 ? (int)n : check_header(&header, (size_t)n, err);
	r->zstd = ZSTD_createDCtx();
	if (!error && !r->zstd)
		error = -ENOMEM;
	if (error) {
		if (!err->len)
			strbuf_adds(err, strerror(-error));
		capture_reader_close(r);
		return error;
	}
	r->stored = xmalloc(ZSTD_compressBound(CAPTURE_FRAME_MAX));
	r->raw = xmalloc(CAPTURE_FRAME_MAX);
	*ret = r;
	return 0;
}

/* 1: a frame is there; 0: the end; -EBADMSG. */
static int read_frame(struct capture_reader *r)
{
	struct frame_header f;
	ssize_t n;
	size_t len;

	r->frame = r->offset;
	n = read_some(r, &f, sizeof(f));
	if (n < 0)
		return read_error(r, (int)n);
	if ((size_t)n < sizeof(f))
		return ends_early(r);
	if (f.magic != FRAME_MAGIC)
		return damaged(r, r->frame, "no frame starts here");
	if (f.raw > CAPTURE_FRAME_MAX || f.stored > ZSTD_compressBound(CAPTURE_FRAME_MAX))
		return damaged(r, r->frame, "length");
	n = read_some(r, r->stored, f.stored);
	if (n < 0)
		return read_error(r, (int)n);
	if ((size_t)n < f.stored)
		return ends_early(r);
	if (f.crc != frame_crc(&f, r->stored))
		return damaged(r, r->frame, "checksum");
	if (!f.raw)
		return check_end(r);
	len = ZSTD_decompressDCtx(r->zstd, r->raw, CAPTURE_FRAME_MAX, r->stored, f.stored);
	if (ZSTD_isError(len) || len != f.raw)
		return damaged(r, r->frame, "compression");
	r->raw_len = len;
	r->raw_at = 0;
	return 1;
}

int capture_reader_next(struct capture_reader *r, const struct nunchi_head **ret,
			struct strbuf *err)
{
	const struct nunchi_head *head;
	size_t left;
	int n;

	if (r->ended)
		return 0;
	if (r->error.len)
		return say(r, err);
	if (r->raw_at == r->raw_len) {
		n = read_frame(r);
		if (n < 0)
			return say(r, err);
		if (!n) {
			r->ended = true;
			return 0;
		}
	}
	head = (const void *)(r->raw + r->raw_at);
	left = r->raw_len - r->raw_at;
	if (left < sizeof(*head) || head->len < sizeof(*head) || head->len > left ||
	    head->len % 8) {
		damaged(r, r->frame, "record length");
		return say(r, err);
	}
	r->raw_at += head->len;
	*ret = head;
	return 1;
}

void capture_reader_close(struct capture_reader *r)
{
	if (!r)
		return;
	if (r->fd > STDERR_FILENO)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	free(r->stored);
	free(r->raw);
	strbuf_free(&r->error);
	free(r);
}
