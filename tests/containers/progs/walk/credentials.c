/* SPDX-License-Identifier: Apache-2.0 */
/* Who one is: identities, capabilities, labels, keys, Landlock, seccomp. */
#include "walk.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

static void identities(void)
{
	static unsigned ids[3], groups[64];

	CALL(getuid);
	CALL(getgid);
	CALL(geteuid);
	CALL(getegid);
	CALL(getresuid, U(&ids[0]), U(&ids[1]), U(&ids[2]));
	CALL(getresgid, U(&ids[0]), U(&ids[1]), U(&ids[2]));
	CALL(getgroups, V(64), U(groups));
	FAIL(EINVAL, getgroups, V(-1), U(groups));
	CALL(setuid, V(0));
	FAIL(EINVAL, setuid, V(-1));
	CALL(setgid, V(0));
	CALL(setreuid, V(-1), V(0));
	CALL(setregid, V(-1), V(0));
	CALL(setresuid, V(0), V(0), V(-1));
	CALL(setresgid, V(0), V(0), V(-1));
	CALL(setfsuid, V(0));
	CALL(setfsgid, V(0));
	CALL(setgroups, V(0), U(NULL));
}

static void capabilities(void)
{
	static struct __user_cap_header_struct bad = { .version = 1 };
	static struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	static struct __user_cap_data_struct data[2];

	CALL(capget, U(&head), U(data));
	data[0].permitted = 1 << CAP_KILL | 1 << CAP_CHOWN;
	data[0].effective = 1 << CAP_KILL;
	data[0].inheritable = data[1].permitted = data[1].effective = data[1].inheritable = 0;
	CALL(capset, T(&head, "{version=_LINUX_CAPABILITY_VERSION_3, pid=0}"),
	     T(data, "{effective=CAP_KILL, permitted=CAP_CHOWN|CAP_KILL, inheritable=0}"));
	/* The kernel says there which version it knows, which is what is told. */
	FAIL(EINVAL, capset, T(&bad, "{version=_LINUX_CAPABILITY_VERSION_3, pid=0}"), U(NULL));
}

static void keyrings(void)
{
	FAIL(OR(0, ENOSYS), add_key, P("user"), P("walk"), P("x"), V(1), N(KEY_SPEC_PROCESS_KEYRING));
	FAIL(OR(ENOKEY, ENOSYS), request_key, P("user"), P("walk-none"), U(NULL), V(0));
	FAIL(OR(0, ENOSYS), keyctl, N(KEYCTL_GET_KEYRING_ID), U(KEY_SPEC_PROCESS_KEYRING), U(0), U(0),
	     U(0));
}

static void sandboxes(void)
{
	static uint32_t action = SECCOMP_RET_KILL_PROCESS, size;

	CALL(seccomp, N(SECCOMP_GET_ACTION_AVAIL), V(0), U(&action));
	FAIL(EINVAL, seccomp, V(99), V(0), U(&action));
	/* What there is of these differs from kernel to kernel. */
	FAIL(ANY, landlock_create_ruleset, U(NULL), V(0), N(LANDLOCK_CREATE_RULESET_VERSION));
	FAIL(ANY, landlock_add_rule, V(-1), N(LANDLOCK_RULE_PATH_BENEATH), U(NULL), V(0));
	FAIL(ANY, landlock_restrict_self, V(-1), V(0));
	FAIL(ANY, lsm_get_self_attr, T(100, "LSM_ATTR_CURRENT"), U(NULL), U(&size), V(0));
	FAIL(ANY, lsm_set_self_attr, T(101, "LSM_ATTR_EXEC"), U(NULL), V(0), V(0));
	FAIL(ANY, lsm_list_modules, U(NULL), U(&size), V(0));
}

void credentials(void)
{
	identities();
	in_child(capabilities);
	keyrings();
	sandboxes();
	CALL(personality, T(ADDR_NO_RANDOMIZE, "PER_LINUX|ADDR_NO_RANDOMIZE"));
	CALL(personality, T(PER_LINUX, "PER_LINUX"));
	CALL(prctl, N(PR_SET_NAME), U("walk"), U(0), U(0), U(0));
	CALL(prctl, N(PR_SET_DUMPABLE), U(1), U(0), U(0), U(0));
	FAIL(EINVAL, prctl, V(9999), U(0), U(0), U(0), U(0));
}
