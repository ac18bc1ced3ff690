#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit tests of some rooms, without what builds them: tests/vm/unit.sh DIRECTORY ROOM...
# Prints "ok unit NAME" or "not ok unit NAME" and what it said.
set -u
directory=$1
shift
log=$(mktemp)
for room; do
	set -- "$@" "$directory/tests/unit/test_${room}_"*
	shift
done
for program; do
	case $program in
	*.p) continue ;; # its objects
	esac
	name=unit_${program##*/test_}
	if CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 "$program" >"$log" 2>&1; then
		echo "ok unit $name"
	else
		echo "not ok unit $name"
		grep -v '^ok' "$log" | tail -n 30 | sed 's/^/#   /'
	fi
done
rm -f "$log"
