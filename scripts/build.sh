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

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -f "$directory/build.ninja" ]; then
	# A directory that is there gets the options, too: the tests' are not what "make" has set up.
	for argument; do
		case $argument in
		-D*) set -- "$@" "$argument" ;;
		esac
		shift
	done
	[ $# -eq 0 ] || meson configure "$directory" "$@" >"$log" 2>&1 || {
		cat "$log" >&2
		exit 1
	}
else
	if ! meson setup "$directory" "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -rf "$directory"
		exit 1
	fi
fi
# Nothing is said when all is well.
# shellcheck disable=SC2086
ninja -C "$directory" ${NINJA_ARGUMENTS:-} >"$log" 2>&1 || {
	grep -v '^\[' "$log" >&2
	exit 1
}
