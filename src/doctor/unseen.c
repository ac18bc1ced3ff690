/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

static const struct {
	const char *program, *what, *which, *help;
} rows[DOCTOR_UNSEEN_MAX] = {
#define X(id, program, what, which, help) { program, what, which, help },
	DOCTOR_UNSEEN(X)
#undef X
};

uint32_t doctor_unseen(const struct doctor_host *h, uint32_t seen)
{
	return h->ways & ~seen;
}

void doctor_unseen_names(uint32_t unseen, struct strbuf *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < DOCTOR_UNSEEN_MAX; i++) {
		if (!(unseen & 1U << i))
			continue;
		strbuf_addf(out, "%s%s", comma, rows[i].what);
		comma = ", ";
	}
}

const char *doctor_unseen_program(enum doctor_unseen way)
{
	return rows[way].program;
}

const char *doctor_unseen_what(enum doctor_unseen way)
{
	return rows[way].what;
}

const char *doctor_unseen_which(enum doctor_unseen way)
{
	return rows[way].which;
}

const char *doctor_unseen_help(enum doctor_unseen way)
{
	return rows[way].help;
}
