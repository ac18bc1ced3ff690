/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the doctor's examination share: doctor.c asks, canary.c is seen or not. */
#pragma once

#include "internal.h"

/* Asks for the calls that canaries make. Before anything is attached. */
void canary_interest(struct probe *p);
/*
 * Makes the canaries sing and says which were heard. cgroup_mount: where a cgroup can be made,
 * below root; "": nowhere.
 */
void canary_run(struct probe *p, const char *root, const char *cgroup_mount,
		struct doctor_try ret[DOCTOR_CANARY_MAX]);
