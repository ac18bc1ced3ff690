#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds into DIRECTORY (build, if none is given); further arguments go to meson setup.
#
#	scripts/build.sh [DIRECTORY [MESON-ARGUMENT...]]
set -eu
cd "$(dirname "$0")/.."
directory=${1:-build}
[ $# -eq 0 ] || shift

# bpftool may be in sbin, or, on Ubuntu, only work by its full path.
PATH=$PATH:/usr/sbin:/sbin
if ! bpftool version >/dev/null 2>&1; then
	for tool in /usr/lib/linux-tools*/*/bpftool /usr/lib/linux-tools*/bpftool; do
		[ -x "$tool" ] && PATH=$(dirname "$tool"):$PATH
	done
fi
export PATH

if [ ! -f "$directory/build.ninja" ]; then
	log=$(mktemp)
	if ! meson setup "$directory" "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		rm -rf "$directory"
		exit 1
	fi
	rm -f "$log"
fi
ninja -C "$directory" ${NINJA_ARGUMENTS:---quiet}
