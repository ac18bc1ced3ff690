/* SPDX-License-Identifier: Apache-2.0 */
/* What falls short of all where nothing is wrong. */
#include "doctor.h"

static const struct {
	const char *what, *why;
} rows[DOCTOR_LIMIT_MAX] = {
#define X(id, what, why) { what, why },
	DOCTOR_LIMITS(X)
#undef X
};

static bool has_copies(const struct doctor_facts *f)
{
	for (unsigned i = 0; i < f->n_hooks; i++)
		if (starts_with(f->hooks[i].name, "copied_path") && f->hooks[i].try.state >= DOCTOR_ATTACHED)
			return true;
	return false;
}

uint32_t doctor_limits(const struct doctor_facts *f)
{
	uint32_t limits = 0;

	if (f->host.calls_32)
		limits |= 1U << DOCTOR_LIMIT_CALLS_32;
	/* Where no hook sees rings at all, that is said as not seen. */
	if (f->host.ways & f->seen & 1U << DOCTOR_UNSEEN_IO_URING)
		limits |= 1U << DOCTOR_LIMIT_RING_OPERATIONS | 1U << DOCTOR_LIMIT_RING_REFUSED |
			  1U << DOCTOR_LIMIT_RING_QUIET;
	if (!has_copies(f))
		limits |= 1U << DOCTOR_LIMIT_COPIES;
	return limits;
}

const char *doctor_limit_what(enum doctor_limit limit)
{
	return rows[limit].what;
}

const char *doctor_limit_why(enum doctor_limit limit)
{
	return rows[limit].why;
}
