/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page by HTTP, for who scrapes it: GET /metrics, a second old at the most. By libmicrohttpd, which is loaded when
 * something is served (it brings TLS along, which nothing here uses).
 */
#pragma once

#include <sys/socket.h>

#include "base/strbuf.h"

/*
 * ADDRESS:PORT, the address a numeric one, IPv6 in brackets; without one it is every address. The length of *ret, or 0:
 * it is none.
 */
socklen_t serve_address(const char *text, struct sockaddr_storage *ret);
/*
 * Until SIGINT or SIGTERM. page puts what is asked for into out, which is empty, or returns other than 0: the server answers 500 then. Gives
 * up all capabilities once it listens. The exit code; what failed has been said.
 */
int serve(const char *address, int (*page)(void *arg, struct strbuf *out), void *arg);
