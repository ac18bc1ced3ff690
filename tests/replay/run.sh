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

for stream in attacks basic calls frames hostile lives setup slots; do
	"$streams" $stream "$tmp/$stream.cap" || exit 1
done

cat >"$tmp/all.yaml" <<'RULES'
- rule: "All \"\\ of it"
  desc: d
  condition: evt.type exists
  output: '%evt.type %proc.name %proc.cmdline %fd.name %fd.nameraw %proc.name %proc.aname %evt.arg[0]'
  priority: DEBUG
  tags: ["a\"b", "\u202e"]
RULES
cat >"$tmp/few.yaml" <<'RULES'
- rule: Program or file
  desc: d
  condition: evt.type in (execve, openat)
  output: '%evt.type %proc.name'
  priority: DEBUG
  tags: [T1059.004, T99, mitre_execution]
RULES

# Rules that match nothing: of two it is said that a capture can lack their calls.
for calls in 'dup, dup3' 'dup2' 'openat' 'dup2, openat'; do
	cat <<RULES
- rule: $calls
  desc: d
  condition: evt.type in ($calls) and proc.name = nobody
  output: x
  priority: DEBUG
RULES
done >"$tmp/calls.yaml"

sed 's/condition: .*/condition: evt.type = execve and proc.name = nc/; s/desc:/action: kill-container\n  desc:/' \
	"$tmp/few.yaml" >"$tmp/stop.yaml"

while read -r stream name arguments; do
	case $stream in '' | '#'*) continue ;; esac
	eval '"$nunchi"' "$arguments" '-r "$tmp/$stream.cap"' >"$tmp/out" 2>"$tmp/err" ||
		echo "exit $?" >>"$tmp/err"
	cat "$tmp/err" >>"$tmp/out"
	if [ $update = yes ]; then
		cp "$tmp/out" "$here/golden/$stream.$name"
	fi
	diff -u "$here/golden/$stream.$name" "$tmp/out" >"$tmp/diff" 2>&1
	result "$stream $name" "$tmp/diff"
done <<'ROWS'
attacks guard guard
attacks guard-json guard -o json -n 3
attacks guard-context guard --context 2 -n 8
attacks guard-context-json guard --context 2 -n 12 -o json
attacks guard-fold guard -f "$tmp/few.yaml" --alert-limit 3
attacks guard-fold-json guard -f "$tmp/few.yaml" --alert-limit 3 -o json
attacks guard-no-fold guard -f "$tmp/few.yaml" --fold 0 --alert-limit 0 not proc.name=app
attacks guard-stop guard -f "$tmp/stop.yaml"
attacks guard-stop-json guard -f "$tmp/stop.yaml" -o json
attacks guard-filter guard 'proc.name=nc'
attacks rules-test rules test
basic rules-test-calls rules test "$tmp/calls.yaml"
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
lives text trace
lives host trace --host
lives json trace -o json
lives block trace -o block
lives exec trace 'proc.is_container_exec=true' --format '%evt.type %proc.name %proc.entered_by'
lives left trace 'ns.host exists or cgroup.path startswith /system' --format '%evt.type %ns.changed %ns.host %cgroup.path %cgroup.mover %escape.reason'
lives ends trace 'evt.type=container_stopped' --format '%container.name %container.exit_code %container.exit_signal %container.oom'
lives set trace -e openat
lives ps ps -a
setup text trace
setup all trace --setup
setup guard guard
setup phase trace --setup --format '%evt.type %evt.phase %proc.name %proc.pname'
calls text trace
calls all trace -e all
calls json trace -o json -e all
calls block trace -o block -e all
calls args trace -e all --format '%evt.type %evt.args'
calls fd trace -e all --format '%evt.type %fd.num %fd.type %fd.name %fd.oldname %fd.lip %fd.rip'
calls network trace -e @network --failed
calls filter trace 'proc.cmdline contains "ls -l" and (fd.filename in (key, b) or evt.arg.uid=101)'
calls port trace 'fd.port in (53, 8080)' --format '%evt.type %fd.name %evt.res'
calls label trace -l tier=front -e mount,setns
calls image trace --image app -e socket,bind
slots text trace
slots host trace --host
slots json trace -o json -e setuid
slots inner trace 'container.name=deep or container.name=nine'
slots ps ps
slots ps-wide ps -o wide -a
frames text trace
ROWS

# says ARGUMENT...: what it writes goes into lines; that it ends well, and does write, is asked for.
says() {
	"$nunchi" "$@" >"$tmp/lines" 2>"$tmp/err"
	code=$?
	[ $code = 0 ] && [ -s "$tmp/lines" ] || { echo "$*: exit $code"; cat "$tmp/err"; } >>"$tmp/diff"
}

# Every line of JSON is an object.
objects() {
	says "$@" -o json
	python3 -c '
import json, sys
def check(pairs):
    if len(pairs) != len(dict(pairs)):
        print("a key twice:", line)
for line in sys.stdin.buffer:
    json.loads(line.decode("utf-8"), object_pairs_hook=check)' <"$tmp/lines" >>"$tmp/diff" 2>&1
}
: >"$tmp/diff"
for stream in attacks basic calls hostile lives setup slots; do
	objects trace -r "$tmp/$stream.cap" --setup --host -e all
	objects guard -f "$tmp/all.yaml" -r "$tmp/$stream.cap" --setup --host
done
result 'json parses' "$tmp/diff"

# No control byte but the line's end reaches a terminal, nor what turns the writing round.
mark=$(printf '\342\200\256')
has_none() { # PATTERN ARGUMENT...
	pattern=$1
	shift
	: >"$tmp/diff"
	says "$@" -r "$tmp/hostile.cap"
	LC_ALL=C tr -d '\n' <"$tmp/lines" | LC_ALL=C grep -a "$pattern" >>"$tmp/diff"
}
for form in text block json; do
	has_none '[[:cntrl:]]' trace -o $form
	result "hostile $form has no control bytes" "$tmp/diff"
done
has_none "[[:cntrl:]]\|$mark" guard -f "$tmp/all.yaml"
result 'hostile alerts have no control bytes' "$tmp/diff"
for form in text block; do
	has_none "$mark" trace -o $form
	result "hostile $form has no bidirectional marks" "$tmp/diff"
done

# What is wrong with a file is told: exit 1, one sentence with its name, and before it everything
# that was whole, at least so many lines.
damaged() { # NAME LINES SENTENCE
	: >"$tmp/diff"
	"$nunchi" trace -r "$tmp/bad.cap" >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code = 1 ] || echo "exit $code" >>"$tmp/diff"
	[ "$(grep -c . "$tmp/err")" = 1 ] && grep -q "^nunchi: .*bad\.cap: .*$3" "$tmp/err" ||
		echo "not one sentence with: $3" >>"$tmp/diff"
	lines=$(grep -c . "$tmp/out")
	[ "$lines" -ge "$2" ] || echo "$lines lines of at least $2" >>"$tmp/diff"
	head -n "$lines" "$tmp/whole" | cmp - "$tmp/out" >>"$tmp/diff" 2>&1
	[ -s "$tmp/diff" ] && cat "$tmp/err" >>"$tmp/diff"
	result "$1" "$tmp/diff"
}

cap=$tmp/frames.cap
"$nunchi" trace -r "$cap" >"$tmp/whole" 2>/dev/null
size=$(stat -c %s "$cap")
all=$(grep -c . "$tmp/whole")
for cut in 7 31; do
	head -c $cut "$cap" >"$tmp/bad.cap"
	damaged "truncated at $cut" 0 ''
done
for part in 32:0 48:0 $((size / 2)):3 $((size - 17)):$((all - 1)) $((size - 16)):"$all" \
	$((size - 1)):"$all"; do
	head -c "${part%:*}" "$cap" >"$tmp/bad.cap"
	damaged "truncated at ${part%:*}" "${part#*:}" 'ends early at byte [0-9,]*'
done
for part in 32:0 60:0 $((size / 2)):3 $((size - 20)):$((all - 1)) $((size - 4)):"$all"; do
	at=${part%:*}
	byte=$(od -An -tu1 -j "$at" -N 1 "$cap" | tr -d ' ')
	{
		head -c "$at" "$cap"
		# shellcheck disable=SC2059
		printf "\\$(printf %03o $((byte ^ 64)))"
		tail -c +$((at + 2)) "$cap"
	} >"$tmp/bad.cap"
	damaged "a bit flipped at $at" "${part#*:}" 'damaged at byte [0-9,]*'
done
: >"$tmp/bad.cap"
damaged 'an empty file' 0 ''
echo 'TIME CONTAINER, but no capture of anything that ever was' >"$tmp/bad.cap"
damaged 'a text file' 0 'is no nunchi capture'
rm "$tmp/bad.cap"
damaged 'no file' 0 'No such file'
mkdir "$tmp/bad.cap"
damaged 'a directory' 0 ''
rmdir "$tmp/bad.cap"

# A reader that takes its time gets all of it: for three seconds the pipe is full of what came before.
"$nunchi" trace -q -r "$tmp/calls.cap" >"$tmp/lines"
python3 - "$nunchi" "$tmp/calls.cap" >"$tmp/out" 2>"$tmp/diff" <<'PYTHON'
import fcntl, os, subprocess, sys, time
nunchi, capture = sys.argv[1:]
reader, writer = os.pipe()
full = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
os.write(writer, b"x" * full)
trace = subprocess.Popen([nunchi, "trace", "-q", "-r", capture], stdout=writer)
os.close(writer)
time.sleep(3)
with open(reader, "rb") as pipe:
    sys.stdout.buffer.write(pipe.read()[full:])
if trace.wait(10):
    print("exit", trace.returncode)
PYTHON
cmp "$tmp/lines" "$tmp/out" >>"$tmp/diff" 2>&1
result 'to a slow reader' "$tmp/diff"

# A capture can come by a pipe, and needs no rights.
"$nunchi" trace -r - <"$cap" 2>&1 | diff -u "$tmp/whole" - >"$tmp/diff"
result 'from stdin' "$tmp/diff"
"$nunchi" ps -r "$cap" >"$tmp/lines" 2>&1
cat "$cap" | "$nunchi" ps -r /dev/stdin 2>&1 | diff -u "$tmp/lines" - >"$tmp/diff"
result 'ps from a pipe' "$tmp/diff"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	cp "$nunchi" "$tmp/nunchi"
	chmod 644 "$cap"
	for command in trace ps; do
		setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/nunchi" $command -r "$cap" \
			>"$tmp/out" 2>&1
		"$nunchi" $command -r "$cap" 2>&1 | diff -u - "$tmp/out" >"$tmp/diff"
		result "$command without rights" "$tmp/diff"
	done
fi
echo "1..$n"
exit $failed
