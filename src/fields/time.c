/* SPDX-License-Identifier: Apache-2.0 */
/* evt.time and its like: when it happened, as a number and as people write it. */
#include "accessors.h"

#include <time.h>

/* The date is computed once a second. */
static void second_get(struct field_second *cache, uint64_t second, bool utc)
{
	time_t t = (time_t)second;
	struct tm tm = { .tm_mday = 1 };

	if (cache->second == second && cache->len)
		return;
	if (utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	cache->second = second;
	cache->len = (uint8_t)strftime(cache->text, sizeof(cache->text),
				       utc ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
}

#define TIME_OF_DAY 11	/* where it begins after the date: no 64 bits of ns reach the year 10000 */

/* from: where in the text of the second; after: what follows the nanoseconds; NULL: none of either. */
static void time_get(struct field_context *fc, bool utc, size_t from, const char *after, struct value *ret)
{
	struct field_second *cache = utc ? &fc->utc : &fc->local;
	uint32_t ns = (uint32_t)(fc->ev->time % NSEC_PER_SEC);
	struct strbuf *b = scratch_next(fc);
	char digits[10] = ".";

	second_get(cache, fc->ev->time / NSEC_PER_SEC, utc);
	strbuf_add(b, cache->text + from, cache->len - from);
	if (after) {
		for (int i = 9; i >= 1; i--, ns /= 10)
			digits[i] = (char)('0' + ns % 10);
		strbuf_add(b, digits, sizeof(digits));
		strbuf_adds(b, after);
	}
	value_set_bytes(ret, b->s, b->len);
}

FIELD_GET(evt_time)
{
	time_get(fc, false, TIME_OF_DAY, "", ret);
}

FIELD_GET(evt_time_s)
{
	time_get(fc, false, TIME_OF_DAY, NULL, ret);
}

FIELD_GET(evt_time_iso8601)
{
	time_get(fc, true, 0, "Z", ret);
}

FIELD_GET(evt_datetime)
{
	time_get(fc, false, 0, "", ret);
}

FIELD_GET(evt_datetime_s)
{
	time_get(fc, false, 0, NULL, ret);
}

FIELD_GET(evt_rawtime)
{
	value_set_number(ret, (int64_t)fc->ev->time);
}

FIELD_GET(evt_rawtime_s)
{
	value_set_number(ret, (int64_t)(fc->ev->time / NSEC_PER_SEC));
}

FIELD_GET(evt_rawtime_ns)
{
	value_set_number(ret, (int64_t)(fc->ev->time % NSEC_PER_SEC));
}
