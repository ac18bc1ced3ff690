/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves one page by HTTP for scrapers: GET /metrics, at most a second old. Uses libmicrohttpd, which is
 * loaded only when something is served (it brings along TLS, which nothing here uses).
 */
#pragma once

#include <sys/socket.h>

#include "base/strbuf.h"

/*
 * Parses ADDRESS:PORT; the address is numeric, IPv6 in brackets, and empty for every address. Returns
 * the length of *ret, or 0 if the text is no such address.
 */
socklen_t serve_address(const char *text, struct sockaddr_storage *ret);
/*
 * Serves until SIGINT or SIGTERM. page writes the page into out, which is empty; if it returns other than
 * 0, the server answers 500. Drops all capabilities once it listens. Returns the exit code; failures
 * were logged.
 */
int serve(const char *address, int (*page)(void *arg, struct strbuf *out), void *arg);
