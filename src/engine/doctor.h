/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the doctor's examination share: doctor.c asks, canary.c is seen or not. */
#pragma once

#include "internal.h"

/* Sets the calls that the canaries make as wanted. To be called before anything is attached. */
void canary_interest(struct probe *p);
/*
 * Makes the canaries sing, and puts into ret which were heard. cgroup_mount: a cgroup mount below root in
 * which a cgroup can be made; "": there is none.
 */
void canary_run(struct probe *p, const char *root, const char *cgroup_mount,
		struct doctor_try ret[DOCTOR_CANARY_MAX]);
