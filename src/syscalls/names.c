/* SPDX-License-Identifier: Apache-2.0 */
/* Names of single numbers: errors, signals, capabilities, address families. */
#include "values.h"

#include <signal.h>

/* What the kernel keeps to itself: a hook sees it, a program does not (include/linux/errno.h). */
static const struct named_value kernel_errors[] = {
	L(ERESTARTSYS, 512), L(ERESTARTNOINTR, 513), L(ERESTARTNOHAND, 514), L(ENOIOCTLCMD, 515),
	L(ERESTART_RESTARTBLOCK, 516), L(EPROBE_DEFER, 517), L(EOPENSTALE, 518), L(ENOPARAM, 519),
	L(EBADHANDLE, 521), L(ENOTSYNC, 522), L(EBADCOOKIE, 523), L(ENOTSUPP, 524),
	L(ETOOSMALL, 525), L(ESERVERFAULT, 526), L(EBADTYPE, 527), L(EJUKEBOX, 528),
	L(EIOCBQUEUED, 529), L(ERECALLCONFLICT, 530), END
};

/* Realtime signals as the C library numbers them: it keeps the kernel's first two for itself. */
#define REALTIME_FIRST 34
#define REALTIME_LAST 64

static const char *const realtime_names[] = {
	"SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5",
	"SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGRTMIN+10", "SIGRTMIN+11",
	"SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX-13",
	"SIGRTMAX-12", "SIGRTMAX-11", "SIGRTMAX-10", "SIGRTMAX-9", "SIGRTMAX-8", "SIGRTMAX-7",
	"SIGRTMAX-6", "SIGRTMAX-5", "SIGRTMAX-4", "SIGRTMAX-3", "SIGRTMAX-2", "SIGRTMAX-1",
	"SIGRTMAX",
};

static const char *value_name(const struct named_value *list, uint32_t value)
{
	for (; list->name; list++)
		if (list->value == value)
			return list->name;
	return NULL;
}

const char *errno_name(int err)
{
	const char *name;

	if (err <= 0)
		return NULL;
	name = value_name(kernel_errors, (uint32_t)err);
	return name ? name : strerrorname_np(err);
}

const char *signal_name(int sig)
{
	if (sig == REALTIME_FIRST - 2)
		return "SIGRTMIN-2";
	if (sig == REALTIME_FIRST - 1)
		return "SIGRTMIN-1";
	if (sig >= REALTIME_FIRST && sig <= REALTIME_LAST)
		return realtime_names[sig - REALTIME_FIRST];
	return value_name(values_signals, (uint32_t)sig);
}

const char *capability_name(int cap)
{
	return value_name(values_capabilities, (uint32_t)cap);
}

const char *family_name(int family)
{
	return value_name(values_families, (uint32_t)family);
}

const char *netlink_protocol_name(int protocol)
{
	return value_name(values_netlink_protocols, (uint32_t)protocol);
}

const char *result_name(const struct syscall_info *call _unused_, int64_t ret)
{
	const char *name;

	/* The kernel's IS_ERR_VALUE(): also of a call that returns an address. */
	if (ret >= 0 || ret < -4095)
		return "SUCCESS";
	name = errno_name((int)-ret);
	return name ? name : "EUNKNOWN";
}
