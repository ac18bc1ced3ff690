/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macros.h"

/*
 * Decodes the first character of s (RFC 3629: shortest form, no surrogates, up to U+10FFFF).
 * Returns its length in bytes and sets *ret_rune, or 0 if the bytes are no UTF-8.
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret_rune);
