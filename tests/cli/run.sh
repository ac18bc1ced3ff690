#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the program says to who types, and what goes with it: tests/cli/run.sh [--update] NUNCHI STREAMS
# Prints TAP. Neither root nor containers.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
update=no
if [ "${1:-}" = --update ]; then
	update=yes
	shift
fi
nunchi=$(realpath "$1")
streams=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
TZ=UTC
export TZ
n=0
failed=0

result() { # NAME FILE-THAT-IS-EMPTY-IF-ALL-IS-WELL
	n=$((n + 1))
	if [ -s "$2" ]; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$2"
		failed=1
	else
		echo "ok $n - $1"
	fi
}

# says NAME EXIT-CODE TEXT ARGUMENT...: exits so, and somewhere says so (a fixed string).
says() {
	name=$1 code=$2 text=$3
	shift 3
	"$nunchi" "$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	: >"$tmp/diff"
	[ $got = "$code" ] || echo "exit $got, expected $code" >>"$tmp/diff"
	grep -qF -e "$text" "$tmp/out" || { echo "expected: $text"; cat "$tmp/out"; } >>"$tmp/diff"
	result "$name" "$tmp/diff"
}

# silent NAME TEXT ARGUMENT...: it ends well, and does not say so.
silent() {
	name=$1 text=$2
	shift 2
	"$nunchi" "$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	grep -F -e "$text" "$tmp/out" >"$tmp/diff"
	[ $got = 0 ] || echo "exit $got" >>"$tmp/diff"
	result "$name" "$tmp/diff"
}

"$streams" basic "$tmp/basic.cap" || exit 1
cap=$tmp/basic.cap
"$streams" attacks "$tmp/attacks.cap" || exit 1
attacks=$tmp/attacks.cap

says 'no command' 2 'Commands:'
says 'help' 0 'Commands:' --help
says 'help of a command' 0 'Usage: nunchi ps' help ps
says '--help of a command' 0 'Usage: nunchi ps' --help ps
says 'help of none' 2 'Did you mean trace?' help trce
says 'a command misspelt' 2 'Did you mean trace?' trce
says 'an option before the command' 2 'no such option before a command' -x
says 'an option misspelt' 2 'Did you mean --timeout?' trace --timout 1
says 'an option that may be several' 2 'Did you mean --config, --context, --container?' guard --con 1
says "an option by another tool's name" 2 'Here it is --k8s-ns' trace --namespace=shop
says 'a filter as an option' 2 "without an option: nunchi trace 'proc.name = sh'" trace --filter x
says 'a system call as a filter' 2 'is asked for by evt.type = openat' trace openat
says 'no command at all' 2 'the command is empty' ''
says 'the version as a command' 0 'nunchi 0' version
says 'a letter that is none' 2 'no such option: -z' trace -z
says 'an output that is none' 2 'there is text, json, block' trace -o xml
says 'an event that is no call' 2 "A filter asks for it: 'evt.type = container_stopped'" trace -e openat,container_stopped
says 'a category that is none' 2 'There is @' trace -e @foo
says 'a number that is none' 2 'expected a number' trace --hold-ms many
says 'a size that is none' 2 '--hold-bytes 8Mi: expected a size up to 1G, as 8M' trace --hold-bytes 8Mi
silent 'a size with its unit' '--hold-bytes' trace --hold-bytes 8M -q -r "$cap"
says 'an option without its value' 2 'needs COUNT' trace -n
says 'a switch with a word that is none' 2 'expected true or false' trace --failed=maybe
says 'a place for alerts that is none' 2 'ftp://x: no such place for alerts' guard --to ftp://x -r "$cap"
says 'nothing is kept of what is only said' 2 'nothing is blocked that could be kept' guard --keep-blocking --dry-run -r "$cap"
says 'unblock takes no words' 2 'there is nothing that' unblock all
says 'what is wrong with rules, as JSON' 1 '"line":1,"column":1,"message":"expected a list' rules check -o json "$here/config.yaml"
says 'a rule, as JSON' 0 '{"rule":"Shell with a terminal","priority":"Notice"' rules explain 'Shell with a terminal' -o json
says 'changes to its own rules' 0 'not container.image.repository endswith /pam-audit' \
	rules explain 'Password hashes read' -f default -f "$here/changes.yaml"
says 'its own rules, and others' 0 '144 rules: 0 errors' rules check -f default "$here/changes.yaml"
says 'changes to rules that are not there' 1 '-f default' rules check "$here/changes.yaml"
says 'a tag of no rule' 2 '--tag T16l1: no rule has this tag. Did you mean T1611?' guard -t T16l1 -r "$cap"
printf -- '- rule: Terminal shell in container\n  enabled: false\n' >"$tmp/falco.yaml"
says 'changes to rules of Falco' 1 'as -f falco_rules.yaml' rules check "$tmp/falco.yaml"
says 'a tag of no rule, checked' 2 'no rule has this tag' rules check -T nonsense "$root/rules/default.yaml"
says 'a tag that is empty' 2 '--tag: the name is empty' rules list -t ''
says 'rules of a tag' 0 'are in force; left out by --tag' rules list -t T1611
silent 'rules of a tag alone' T1059 rules list -t T1611
says 'a priority that is none' 2 'Did you mean Warning?' guard --priority warnin -r "$cap"
says 'rules of a priority' 0 'left out by --priority' guard --priority WARNING -r "$cap"
says 'a rule that is left out' 0 'priority: Notice (left out by --disable)' \
	rules explain 'Shell with a terminal' -D 'Shell with*'
says 'what stands behind each output' 0 ' k8s_ns_name=<NA> from=web' guard --append-output 'from=%container.name' -r "$attacks"
says 'what stands behind each output, as a field' 0 '"proc.cwd":' guard --append-output 'from=%proc.cwd' -o json -r "$attacks"
says 'what stands behind each output, with a field that is none' 2 "--append-output: unknown field 'no.such'" \
	guard --append-output '%no.such' -r "$attacks"
says 'the doctor takes no words' 2 'what is me?' doctor me
says 'a name that is empty' 2 '-c: the name is empty' trace -c '' -r "$cap"
says 'a name of ps that is empty' 2 'the name is empty' ps '' -r "$cap"
says 'a watch that is none' 2 "unknown field 'foo'" guard --watch foo -r "$cap"
says 'a container that a capture has not' 0 'no event in it is what was asked for' trace -c nobody -r "$cap"
silent 'a container that it has' 'what was asked for' trace -c web -r "$cap"
silent 'quiet, of what a replay leaves out, too' 'not shown' trace -q -r "$cap"
says 'letters together' 0 '* started' trace -qn1 -r "$cap"

# On a terminal help is as wide as that is; elsewhere an option is a line.
python3 -c 'import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if not pid:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while part := os.read(fd, 65536):
        sys.stdout.write(part.decode().replace("\r", ""))
except OSError:
    pass' "$nunchi" trace --help >"$tmp/out"
grep -n '.\{81\}\| $' "$tmp/out" >"$tmp/diff"
grep -q '^ *namespace/pod, or a glob$' "$tmp/out" || echo 'no line is broken' >>"$tmp/diff"
"$nunchi" trace --help | grep -q 'its beginning, namespace/pod, or a glob$' || echo 'a line is broken in a pipe' >>"$tmp/diff"
result 'help on a terminal of 80 columns' "$tmp/diff"
# What stands before the options is not broken.
for command in trace record guard rules ps list config doctor stats unblock; do
	"$nunchi" $command --help | sed '/^Options:/q' | grep '.\{81\}'
done >"$tmp/diff"
result 'what each command does, in 80 columns' "$tmp/diff"

# What a file of rules has in its texts moves no cursor, and forges no line.
printf -- '- rule: "no\\e[31m"\n  desc: d\n  condition: evt.type = openat\n' >"$tmp/wrong.yaml"
{
	"$nunchi" rules explain "$(printf 'a\033[31mb')" -f "$here/escapes.yaml"
	"$nunchi" rules list -f "$here/escapes.yaml"
	"$nunchi" rules check "$tmp/wrong.yaml"
} >"$tmp/out" 2>&1
LC_ALL=C grep -n "$(printf '\033')\|^priority: E\|^tags: n" "$tmp/out" >"$tmp/diff"
for text in 'a\x1b[31mb' '  d\x1b[1m' 'tags: t\x1b[32m' '  o\x1b[2J' 'rule no\x1b[31m has no'; do
	grep -qF "$text" "$tmp/out" || { echo "expected: $text"; cat "$tmp/out"; } >>"$tmp/diff"
done
result 'rules: texts of a file' "$tmp/diff"

# One of the three is closed: what is opened does not get its number, nor what is said.
: >"$tmp/diff"
for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
	eval 'timeout 20 "$nunchi" guard -t T1611 -r "$cap" --to file:"$tmp/alerts" >/dev/null 2>&1' "$closed"
	[ $? = 124 ] && echo "$closed: it hangs" >>"$tmp/diff"
done
grep '^nunchi:' "$tmp/alerts" >>"$tmp/diff"
result 'closed: nothing is said into a file' "$tmp/diff"
"$nunchi" trace -r "$cap" >&- 2>"$tmp/out"
[ $? = 1 ] && grep -qF 'the output failed: it is closed; not all' "$tmp/out" && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result 'closed: it says so' "$tmp/diff"
"$nunchi" list calls >&- 2>"$tmp/out"
[ $? = 1 ] && grep -qF 'stdout: is closed' "$tmp/out" && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result 'closed: a list says so, too' "$tmp/diff"
"$nunchi" trace --help >/dev/full 2>"$tmp/out"
[ $? = 1 ] && grep -qF 'stdout: No space left' "$tmp/out" && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result 'full: help says so' "$tmp/diff"

# Who is root and may not all the same has no use for sudo.
if [ "$(id -u)" = 0 ]; then
	setpriv --bounding-set -all --inh-caps -all "$nunchi" trace >"$tmp/out" 2>&1
	grep -q 'In a container: docker run --privileged' "$tmp/out" && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
	result 'root without capabilities is told how to get them' "$tmp/diff"
fi

# A signal for files of alerts ends no guard that has none. The pipe is open once it reads the capture.
mkfifo "$tmp/fifo"
"$nunchi" guard -q -t T1611 -r "$tmp/fifo" >"$tmp/diff" 2>&1 &
guard=$!
timeout 20 sh -c '{ kill -USR1 "$0"; cat "$1"; } >"$2"' $guard "$cap" "$tmp/fifo"
wait $guard || echo "exit $?" >>"$tmp/diff"
result 'SIGUSR1 ends no guard' "$tmp/diff"

# Who may not record leaves the capture that there was, and none where there was none.
chmod 755 "$tmp"
mkdir -m 777 "$tmp/open"
cp "$nunchi" "$tmp/open/nunchi"
cp "$cap" "$tmp/open/kept.cap"
chmod 666 "$tmp/open/kept.cap"
as_nobody=''
[ "$(id -u)" != 0 ] || as_nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
: >"$tmp/diff"
for name in kept new; do
	$as_nobody "$tmp/open/nunchi" record -w "$tmp/open/$name.cap" --timeout 1 >"$tmp/out" 2>&1 && echo 'it records' >>"$tmp/diff"
done
cmp "$cap" "$tmp/open/kept.cap" >>"$tmp/diff" 2>&1
[ ! -e "$tmp/open/new.cap" ] || echo 'new.cap is left' >>"$tmp/diff"
result 'a recording that does not begin leaves no trace' "$tmp/diff"

# The configuration file: everything wrong with one is told, with its place; and what its options are not together.
for file in config together; do
	(cd "$here" && "$nunchi" config check $file.yaml) >"$tmp/out" 2>&1
	[ $? = 1 ] || echo 'exit code' >>"$tmp/out"
	[ $update = no ] || cp "$tmp/out" "$here/golden/$file.check"
	diff -u "$here/golden/$file.check" "$tmp/out" >"$tmp/diff"
	result "config: all errors of $file.yaml" "$tmp/diff"
done
printf 'list: true\n' >"$tmp/list.yaml"
says 'config: no option of a command that reads none' 1 "list: expected options" config check "$tmp/list.yaml"
printf 'unblock:\n  list: true\n' >"$tmp/list.yaml"
says 'config: nor in its section' 1 "unblock: no such option: 'list'" config check "$tmp/list.yaml"
printf 'guard:\n  to: [stdout, https://x/]\n' >"$tmp/server.yaml"
says 'config: a server without JSON' 1 'server.yaml:2:7: error: to: https://x/: servers take' config check "$tmp/server.yaml"
says 'config: a word may complete it' 0 '"rule":"' guard --config "$tmp/server.yaml" -o json --to stdout -r "$cap"
# What an option names has to be there, too: the start of a service is a bad moment to find out.
cat >"$tmp/names.yaml" <<YAML
rules: [default, $tmp/nowhere.yaml]
guard:
  http-ca: $tmp/nowhere.pem
YAML
says 'config: a rule file that is not there' 1 "names.yaml:1:18: error: $tmp/nowhere.yaml: cannot be read" config check "$tmp/names.yaml"
says 'config: it is told once' 1 '2 errors' config check "$tmp/names.yaml"
says 'config: certificates that are not there' 1 'names.yaml:3:12: error: http-ca: ' config check "$tmp/names.yaml"
cat >"$tmp/sinks.yaml" <<YAML
guard:
  to: [stdout, file:$tmp/alerts, file:$tmp/none/alerts, "file:$tmp"]
YAML
says 'config: a file for alerts where no directory is' 1 "sinks.yaml:2:$((30 + ${#tmp})): error: to: file:$tmp/none/alerts: No such file" \
	config check "$tmp/sinks.yaml"
says 'config: alerts into a directory' 1 "error: to: file:$tmp: Is a directory" config check "$tmp/sinks.yaml"
says 'config: a file that can be made is none of the errors' 1 '2 errors' config check "$tmp/sinks.yaml"
printf 'guard:\n  output: json\n  to: "https://a b/"\n' >"$tmp/sinks.yaml"
says 'config: a server that cannot be' 1 'sinks.yaml:3:7: error: to: https://a b/: ' config check "$tmp/sinks.yaml"
printf 'guard:\n  to: syslog:/%0200d\n' 0 >"$tmp/sinks.yaml"
says 'config: a socket that cannot be' 1 'the path is too long for a socket' config check "$tmp/sinks.yaml"
says 'config: so says a command' 1 "names.yaml:1:18: error: $tmp/nowhere.yaml: cannot be read" guard --config "$tmp/names.yaml" -r "$cap"
says 'config: the command line in its place' 1 "error: $tmp/elsewhere: cannot be read" guard --config "$tmp/names.yaml" -f "$tmp/elsewhere" -r "$cap"
cat >"$tmp/tags.yaml" <<YAML
guard:
  tag: [T1611, T16l1]
  disable: Shelll
rules:
  disable-tag: [nonsense]
YAML
says 'config: a tag of no rule' 1 'tags.yaml:2:16: error: tag: T16l1: no rule has this tag. Did you mean T1611?' config check "$tmp/tags.yaml"
says 'config: a name of no rule' 1 'tags.yaml:3:12: error: disable: Shelll: no rule is called so' config check "$tmp/tags.yaml"
says 'config: of each section' 1 'tags.yaml:5:17: error: disable-tag: nonsense: no rule has this tag' config check "$tmp/tags.yaml"
says 'config: a command says where it is' 2 'tags.yaml:2:16: error: tag: T16l1: no rule' guard --config "$tmp/tags.yaml" -r "$cap"
printf -- '- rule: a\n  desc: d\n  condition: evt.type=opn\n  output: o\n  priority: INFO\n' >"$tmp/opn.yaml"
echo "rules: $tmp/opn.yaml" >"$tmp/opn.conf"
says 'config: errors of its rules' 1 "opn.yaml:3:23: error: no such system call or event: 'opn'" config check "$tmp/opn.conf"
echo 'rules: [-]' >"$tmp/stdin.conf"
says 'config: rules from standard input are not read' 0 '0 errors' config check "$tmp/stdin.conf"
printf 'quiet: true\n---\ncount: 1\n' >"$tmp/two.yaml"
says 'config: two documents' 2 'two.yaml:2:1: error: a second document' ps --config "$tmp/two.yaml" -r "$cap"
"$nunchi" config example >"$tmp/example.yaml"
says 'config: the example says nothing' 0 '0 errors' config check "$tmp/example.yaml"
sed -n '/^\.RS/,/^\.RE/p' "$root/man/nunchi.yaml.5.in" | sed "/^\./d; s/\\\\-/-/g; s|/etc/nunchi/rules.d|$root/rules|" >"$tmp/shown.yaml"
says 'config: what the manual shows' 0 '0 errors' config check "$tmp/shown.yaml"
[ -e /etc/nunchi/nunchi.yaml ] || says 'config: none need be there' 0 'is not there, and need not be' config check
says 'config: one that is named must be' 1 'cannot be read' config check "$tmp/nope"
says 'config: one that is not there' 2 'cannot be read' trace --config "$tmp/nope" -r "$cap"
says 'config: an error ends it' 2 "Did you mean output?" trace --config "$here/config.yaml" -r "$cap"
echo 'trace: [' >"$tmp/bad.yaml"
says 'config: no YAML' 1 'this is no YAML' config check "$tmp/bad.yaml"

# Every option but what says what one run is for is a key of the file, as an example with its name in it says.
: >"$tmp/diff"
for command in trace record guard rules ps stats list doctor; do
	"$nunchi" $command --help | sed -n 's/^  ....--\([a-z0-9-]*\).*/\1/p' >"$tmp/options"
	[ -s "$tmp/options" ] || echo "$command has no options" >>"$tmp/diff"
	sed -n "/^#$command:/,/^\$/p" "$tmp/example.yaml" >"$tmp/section"
	while read -r option; do
		case $option in config | help | listen) continue ;; esac
		grep -q "^#  $option: " "$tmp/section" || echo "$command: $option" >>"$tmp/diff"
	done <"$tmp/options"
done
result 'config: every option is a key' "$tmp/diff"

cat >"$tmp/nunchi.yaml" <<'YAML'
quiet: true
count: 3
container: nobody
trace:
  count: 1
  container: [web, db]
  format: 'made by %container.name'
  failed: true
ps:
  output: json
rules: /nowhere/rules.yaml
tag: [T1611, container]
priority: critical
YAML
config=$tmp/nunchi.yaml
says 'config: checked' 1 '1 error' config check "$config"
says 'config: its options are taken' 0 'made by web' trace --config "$config" -r "$cap" --failed=no
says 'config: another section is not' 0 '"container.name"' ps --config "$config" -r "$cap" -c web
silent 'config: what all have is taken' web ps --config "$config" -r "$cap"
silent 'config: an option in its place' 'made by' trace --config "$config" -r "$cap" -o json
says 'config: rules of the file' 1 '/nowhere/rules.yaml' rules list --config "$config"
silent 'config: rules of the command line in their place' nowhere \
	rules list --config "$config" -f "$root/rules/default.yaml"
says 'config: which rules' 0 ', by --priority 35' \
	rules list --config "$config" -f "$root/rules/default.yaml" --quiet=false
says 'config: a tag of the command line in its place' 2 '--tag none' \
	rules list --config "$config" -f "$root/rules/default.yaml" -t none
"$nunchi" trace --config "$config" -r "$cap" --failed=no >"$tmp/out"
[ "$(grep -c . "$tmp/out")" = 1 ] && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result "config: the section's count" "$tmp/diff"
"$nunchi" trace --config "$config" -r "$cap" --failed=no -n 2 >"$tmp/out"
[ "$(grep -c . "$tmp/out")" = 2 ] && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result "config: the command line's count" "$tmp/diff"

# The account of a capture; one that has none says so.
"$streams" calls "$tmp/calls.cap"
says 'stats: of a capture' 0 'degraded: not seen: 2 ends' stats -r "$tmp/calls.cap"
says 'stats: for programs' 0 '"seen":10,"filtered":{"container":2}' stats -r "$tmp/calls.cap" -o json
"$nunchi" stats -r "$tmp/calls.cap" -o prometheus >"$tmp/page"
python3 "$here/prometheus.py" <"$tmp/page" >"$tmp/diff" 2>&1
grep -qxF 'nunchi_unseen_total{reason="ends of io_uring'"'"'s requests"} 2' "$tmp/page" || cat "$tmp/page" >>"$tmp/diff"
result 'stats: for Prometheus' "$tmp/diff"
says 'stats: a page is one' 2 'is one page' stats -o prometheus -n 2
for address in 9420 1.2.3.4 localhost:9420 1.2.3.4:0 1.2.3.4:65536 ::1:9420 1.2.3.4:80x :-1 '*:9420'; do
	says "stats: listens nowhere at $address" 2 "$address: expected ADDRESS:PORT" stats --listen "$address"
done
says 'stats: no capture is served' 2 'exclude it' stats --listen 127.0.0.1:9420 -r "$cap"
echo 'stats: {listen: "127.0.0.1:9420"}' >"$tmp/listen.yaml"
says 'stats: it listens where it is told to, not by a file' 2 'listen' stats --config "$tmp/listen.yaml"
says 'stats: text is not served' 2 'exclude it' stats --listen 127.0.0.1:9420 -o text
head -c -16 "$tmp/calls.cap" >"$tmp/cut.cap"
says 'stats: of a capture that was cut off' 1 'not seen: 2 ends' stats -r "$tmp/cut.cap"
cat "$tmp/calls.cap" "$tmp/calls.cap" >"$tmp/two.cap"
says 'two captures in a file' 1 'goes on after its end at byte' trace -r "$tmp/two.cap"
cat "$tmp/two.cap" | "$nunchi" trace -r - >"$tmp/out" 2>&1
grep -qF 'goes on after its end at byte' "$tmp/out" && : >"$tmp/diff" || cp "$tmp/out" "$tmp/diff"
result 'two captures in a pipe' "$tmp/diff"
says 'stats: not in this one' 1 'no account' stats -r "$cap"
says 'stats: a word too many' 2 'what is web' stats web

# What a shell offers.
bash "$here/completion.bash" "$nunchi" >"$tmp/diff" 2>&1
result 'completion: bash' "$tmp/diff"
if command -v zsh >/dev/null; then
	zsh -n "$root/data/_nunchi" >"$tmp/diff" 2>&1
	result 'completion: zsh reads it' "$tmp/diff"
fi

# Manual pages, as the build makes them: each is without a warning, and names each option of its command.
"$nunchi" list options -o json --config /dev/null >"$tmp/options.json"
: >"$tmp/warnings"
: >"$tmp/missing"
for template in "$root"/man/*.in; do
	page=$(basename "$template" .in)
	"$root/scripts/man.py" "$template" "$tmp/options.json" 0 >"$tmp/$page" 2>>"$tmp/warnings"
	groff -man -Tutf8 -ww -z "$tmp/$page" >>"$tmp/warnings" 2>&1
	grep -n '@' "$tmp/$page" | grep -v '@network\|@namespace\|@category\|\\fB\\-e @' >>"$tmp/warnings"
done
result 'manual: no warnings' "$tmp/warnings"
for command in trace record guard rules ps stats list config doctor unblock; do
	[ -f "$tmp/nunchi-$command.1" ] || { echo "no page: $command" >>"$tmp/missing"; continue; }
	groff -man -Tutf8 -P-bcu "$tmp/nunchi-$command.1" >"$tmp/page" 2>&1
	"$nunchi" $command --help | sed -n 's/^  ....\(--[a-z0-9-]*\).*/\1/p' | while read -r option; do
		grep -q -e "$option\( \|,\|\$\)" "$tmp/page" || echo "$command: $option" >>"$tmp/missing"
	done
done
"$nunchi" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | while read -r command; do
	grep -q "nunchi.-$command" "$tmp/nunchi.1" || echo "nunchi.1: $command" >>"$tmp/missing"
	[ -f "$root/man/nunchi-$command.1.in" ] || echo "no page: $command" >>"$tmp/missing"
done
result 'manual: every command and option' "$tmp/missing"

# What is installed: all of it, and a configuration file that is there stays.
build=$(dirname "$nunchi")
if [ -f "$build/build.ninja" ]; then
	DESTDIR=$tmp/root meson install -C "$build" --no-rebuild >"$tmp/diff" 2>&1 && : >"$tmp/diff"
	prefix=$(find "$tmp/root" -path '*/bin/nunchi' | sed 's|/bin/nunchi$||')
	for file in bin/nunchi share/man/man1/nunchi.1 share/man/man1/nunchi-guard.1 share/man/man5/nunchi.yaml.5 \
		share/bash-completion/completions/nunchi share/zsh/site-functions/_nunchi \
		lib/systemd/system/nunchi-guard.service lib/systemd/system/nunchi-metrics.service share/doc/nunchi/README.md share/doc/nunchi/docs/rules.md; do
		[ -s "$prefix/$file" ] || echo "not installed: $file" >>"$tmp/diff"
	done
	"$prefix/bin/nunchi" config check "$tmp/root/etc/nunchi/nunchi.yaml" >"$tmp/out" 2>&1 || cat "$tmp/out" >>"$tmp/diff"
	echo 'quiet: true' >"$tmp/root/etc/nunchi/nunchi.yaml"
	DESTDIR=$tmp/root meson install -C "$build" --no-rebuild >/dev/null 2>&1
	[ "$(cat "$tmp/root/etc/nunchi/nunchi.yaml")" = 'quiet: true' ] || echo 'configuration lost' >>"$tmp/diff"
	result 'install' "$tmp/diff"
	cp -r "$tmp/root" "$tmp/installed"
	ninja -C "$build" uninstall >"$tmp/out" 2>&1 || cat "$tmp/out" >"$tmp/diff"
	(cd "$tmp/root" && find . -type f) | grep -vx './etc/nunchi/nunchi.yaml' >>"$tmp/diff"
	[ -s "$tmp/root/etc/nunchi/nunchi.yaml" ] || echo 'configuration lost' >>"$tmp/diff"
	result 'uninstall' "$tmp/diff"
	prefix=$tmp/installed${prefix#"$tmp/root"}

	# The units, with the program where it is now.
	mkdir "$tmp/unit"
	for unit in guard metrics; do
		sed "s|^ExecStart=[^ ]*|ExecStart=$prefix/bin/nunchi|" "$prefix/lib/systemd/system/nunchi-$unit.service" \
			>"$tmp/unit/nunchi-$unit.service"
		systemd-analyze verify --man=no "$tmp/unit/nunchi-$unit.service" 2>&1 |
			grep "nunchi-$unit\|not found" >"$tmp/diff"
		result "unit: systemd finds nothing in $unit's" "$tmp/diff"
	done
fi

# The page of the default rules is that of this program.
"$root/scripts/default-rules.py" "$nunchi" >"$tmp/page" 2>&1
[ $update = no ] || cp "$tmp/page" "$root/docs/default-rules.md"
diff -u "$root/docs/default-rules.md" "$tmp/page" | head -n 20 >"$tmp/diff"
result 'docs/default-rules.md (scripts/default-rules.py makes it)' "$tmp/diff"

# What a capture can say of a container is in the page of captures, tag by tag.
sed -n 's/^\tMEMBER(\([0-9]*\),.*/\1/p' "$root/src/event/container_info.c" >"$tmp/tags"
[ -s "$tmp/tags" ] && : >"$tmp/diff" || echo 'no tags' >"$tmp/diff"
while read -r tag; do
	grep -q "| $tag | [a-zA-Z0-9]" "$root/docs/capture-format.md" || echo "tag $tag"
done <"$tmp/tags" >>"$tmp/diff"
result 'docs/capture-format.md: tags of a container' "$tmp/diff"

# An image's entrypoint is the program: what is said after the image is a command of it.
sed -n 's/.* IMAGE \([a-z]*\).*/\1/p' "$root/README.md" >"$tmp/words"
[ -s "$tmp/words" ] && : >"$tmp/diff" || echo 'no example' >"$tmp/diff"
grep -q 'ENTRYPOINT \["/usr/bin/nunchi"\]' "$root/scripts/image.sh" || echo 'another entrypoint' >>"$tmp/diff"
while read -r word; do
	"$nunchi" help "$word" >"$tmp/out" 2>&1 || cat "$tmp/out"
done <"$tmp/words" >>"$tmp/diff"
result 'README: what an image is given' "$tmp/diff"

# Commands that stand beside another tool's are some: tried on a capture.
: >"$tmp/diff"
grep -o '`nunchi [^`]*`' "$root/docs/coming-from-tracee.md" | grep -v 'nunchi \(stats\|list\|record\)' | tr -d '\`' | sort -u >"$tmp/shown"
[ "$(grep -c . "$tmp/shown")" -gt 20 ] || echo 'few commands' >>"$tmp/diff"
while read -r shown; do
	case $shown in *--to*) continue ;; esac	# nobody is to be sent anything
	eval "\"\$nunchi\" ${shown#nunchi } -q -r \"\$cap\"" >"$tmp/out" 2>&1 </dev/null || { echo "$shown"; cat "$tmp/out"; }
done <"$tmp/shown" >>"$tmp/diff"
result 'docs/coming-from-tracee.md: commands' "$tmp/diff"

# Rules that the documentation shows are rules.
: >"$tmp/diff"
for page in "$root"/docs/*.md; do
	awk -v to="$tmp/shown" '/^```yaml/ { n++; on = 1; next } /^```/ { on = 0 } on { print > (to "." n ".yaml") }' "$page"
	for shown in "$tmp"/shown.*.yaml; do
		grep -q '^- rule:' "$shown" 2>/dev/null || continue
		"$nunchi" rules check -f default "$shown" >"$tmp/out" 2>&1 || { echo "$page:"; cat "$tmp/out"; } >>"$tmp/diff"
	done
	rm -f "$tmp"/shown.*.yaml
done
result 'docs: rules that are shown' "$tmp/diff"

# Rules may take names for granted: each is one that the program knows.
{
	sed -n 's/^- macro: //p' "$root/rules/common.yaml" | while read -r name; do
		printf -- '- rule: %s\n  desc: d\n  condition: evt.type=open and (%s)\n  output: o\n  priority: INFO\n' "$name" "$name"
	done
	printf -- '- rule: lists\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type=open and proc.name in (x'
	sed -n 's/^- list: //p' "$root/rules/common.yaml" | tr '\n' ',' | sed 's/^/, /; s/,$/)\n/'
} >"$tmp/names.yaml"
"$nunchi" rules check "$tmp/names.yaml" >"$tmp/out" 2>&1
sed -n "s/^note: .* (rules\/common.yaml): //p" "$tmp/out" | tr -d ' ' | tr ',' '\n' | sort >"$tmp/known"
sed -n 's/^- \(macro\|list\): //p' "$root/rules/common.yaml" | sort | diff - "$tmp/known" >"$tmp/diff"
grep -v '^note:' "$tmp/out" | grep 'error:\|[^0-9]0 rules' >>"$tmp/diff"
result 'names that rules take for granted' "$tmp/diff"

echo "1..$n"
exit $failed
