#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Captures to golden output: tests/replay/run.sh [--update] NUNCHI STREAMS. Prints TAP.
# golden/STREAM.NAME holds what the row STREAM NAME ARGUMENTS below must print.
set -u
here=$(cd "$(dirname "$0")" && pwd)
update=no
if [ "${1:-}" = --update ]; then
	update=yes
	shift
fi
nunchi=$1
streams=$2
TZ=UTC
export TZ
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

result() { # NAME FILE-WITH-DIFF-OR-EMPTY
	n=$((n + 1))
	if [ -s "$2" ]; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$2"
		failed=1
	else
		echo "ok $n - $1"
	fi
}

for stream in basic hostile setup; do
	"$streams" $stream "$tmp/$stream.cap" || exit 1
done

while read -r stream name arguments; do
	case $stream in '' | '#'*) continue ;; esac
	eval "$nunchi $arguments -r $tmp/$stream.cap" >"$tmp/out" 2>"$tmp/err"
	cat "$tmp/err" >>"$tmp/out"
	if [ $update = yes ]; then
		cp "$tmp/out" "$here/golden/$stream.$name"
	fi
	diff -u "$here/golden/$stream.$name" "$tmp/out" >"$tmp/diff" 2>&1
	result "$stream $name" "$tmp/diff"
done <<'ROWS'
basic text trace
basic json trace -o json
basic block trace -o block
basic format trace --format '%evt.num %container.name %proc.name %fd.name %evt.res'
basic failed trace --failed
basic set trace -e @file,!unlink
basic container trace -c shop/app-7d9
basic filter trace 'fd.name startswith /mnt and evt.type in (openat, openat2) or evt.res=ECONNREFUSED'
basic count trace -n 3
basic ps ps
basic ps-json ps -o json -a
hostile text trace
hostile json trace -o json
hostile block trace -o block
hostile ps ps
setup text trace
setup all trace --setup
ROWS

# Every line of JSON is an object.
: >"$tmp/diff"
for stream in basic hostile setup; do
	"$nunchi" trace -r "$tmp/$stream.cap" -o json 2>/dev/null | python3 -c '
import json, sys
for line in sys.stdin.buffer:
    keys = []
    json.loads(line.decode("utf-8"), object_pairs_hook=lambda p: keys.extend(k for k, _ in p))
    if len(keys) != len(set(keys)):
        print("a key twice:", line)' >>"$tmp/diff" 2>&1
done
result 'json parses' "$tmp/diff"

# No control byte but the line's end reaches a terminal.
for form in text block json; do
	"$nunchi" trace -r "$tmp/hostile.cap" -o $form 2>/dev/null |
		LC_ALL=C tr -d '\n' | LC_ALL=C grep -a '[[:cntrl:]]' >"$tmp/diff"
	result "hostile $form has no control bytes" "$tmp/diff"
done

# A truncated file gives what is whole, and says where it ends.
size=$(stat -c %s "$tmp/basic.cap")
for cut in 0 7 40 $((size / 2)) $((size - 1)); do
	: >"$tmp/diff"
	head -c "$cut" "$tmp/basic.cap" >"$tmp/cut.cap"
	if "$nunchi" trace -r "$tmp/cut.cap" >"$tmp/out" 2>"$tmp/err" || ! grep -q cut.cap "$tmp/err"; then
		cat "$tmp/err" >"$tmp/diff"
		echo "no error for $cut of $size bytes" >>"$tmp/diff"
	fi
	result "truncated at $cut" "$tmp/diff"
done
echo "1..$n"
exit $failed
