/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager is told: sd_notify(3)'s protocol, a datagram to $NOTIFY_SOCKET. */
#pragma once

/*
 * state: "READY=1", "WATCHDOG=1", "STOPPING=1". 0 where nobody asked; -errno: it could not be sent.
 * Never waits: a manager that does not read is told nothing.
 */
int notify_service(const char *state);
