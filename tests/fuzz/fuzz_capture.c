/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files. The checksum would stop nearly every changed input, so the first byte says what
 * the rest is: a file as it stands (even), or the stored bytes of a frame in an intact file (odd);
 * bit 1: they are compressed first, so that the records in the frame are what is tried.
 */
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "event/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Puts the bytes into a frame after the header that the writer makes. */
static void wrap(struct strbuf *file, const uint8_t *data, size_t size, bool compress)
{
	_cleanup_strbuf_ struct strbuf packed = STRBUF_INIT;
	uint32_t frame[4] = { 0x4d52464e, (uint32_t)size, (uint32_t)size, 0 };
	uLong crc;

	if (compress) {
		size_t bound = ZSTD_compressBound(size);

		strbuf_grow(&packed, bound);
		frame[1] = (uint32_t)ZSTD_compress(packed.s, bound, data, size, 1);
		data = (const uint8_t *)packed.s;
	} else if (size >= 4) {
		memcpy(&frame[2], data, 4);	/* the input says how much it claims to be */
	}
	crc = crc32(0, (const Bytef *)&frame[1], 8);
	frame[3] = (uint32_t)crc32(crc, data, frame[1]);
	strbuf_add(file, frame, sizeof(frame));
	strbuf_add(file, data, frame[1]);
}

static void read_all(const char *path)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	const struct nunchi_head *head;
	struct capture_reader *r;
	int n;

	if (capture_reader_open(&r, path, &err) < 0) {
		if (!err.len)
			abort();
		return;
	}
	while ((n = capture_reader_next(r, &head, &err)) == 1) {
		_cleanup_free_ void *copy = xmemdup(head, head->len);	/* all of it can be read */

		if (((const struct nunchi_head *)copy)->len < sizeof(*head))
			abort();
	}
	if (n < 0 && !err.len)
		abort();
	capture_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct capture_writer *w;
	char path[32];

	if (fd < 0 || !size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (data[0] & 1) {
		char header[32];

		if (capture_writer_open(&w, path) < 0 || capture_writer_close(w) < 0)
			abort();
		if (pread(fd, header, sizeof(header), 0) != sizeof(header))
			abort();
		strbuf_add(&file, header, sizeof(header));
		wrap(&file, data + 1, size - 1, data[0] & 2);
	} else {
		strbuf_add(&file, data + 1, size - 1);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, file.s, file.len, 0) != (ssize_t)file.len)
		abort();
	read_all(path);
	return 0;
}
