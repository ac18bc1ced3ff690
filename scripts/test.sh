#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs every test. The last line is the result:
# N passed, N failed, N skipped. With CI=true, what could run and does not is a failure.
#
#	scripts/test.sh [--no-root] [STAGE...]
#
# Stages: lint unit soak replay asan fuzz containers asan-replay clang cross insns vm-beside vm. soak goes on beside what
# comes after it, until containers; asan-replay, clang, cross, insns and vm-beside (some rows of vm, which does all if it is
# asked for alone) beside containers, in time that these leave. --no-root: those that need neither root nor containers, and
# nothing is installed. NUNCHI_TEST_SIZE=full: long tests at full length, and every kernel in every way.
set -u
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

# Whose turn it is (tests/vm/run.py), also if a run goes on past midnight.
: "${NUNCHI_TEST_DAY:=$(($(date +%s) / 86400))}"
export NUNCHI_TEST_DAY

stages=''
root=yes
for argument; do
	case $argument in
	--no-root) root=no ;;
	lint | unit | soak | replay | asan | asan-replay | clang | cross | fuzz | containers | vm | vm-beside | insns) stages="$stages $argument" ;;
	*)
		echo "nunchi: test.sh: no such stage: $argument" >&2
		exit 2
		;;
	esac
done
if [ -z "$stages" ]; then
	stages='lint unit replay asan asan-replay clang fuzz'
	[ $root = no ] || stages='lint unit soak replay asan fuzz containers asan-replay clang cross insns vm-beside vm'
fi

tmp=$(mktemp -d)
results=$tmp/results
failures=$tmp/failures # what failed, with what it said: told again at the end
: >"$results" >"$failures"
# What is on its way beside another stage: its containers, machines and its nunchi go with it.
soak='' spare=''
at_exit() {
	[ -z "$spare" ] || kill -TERM "$spare"
	for beside in $soak $spare; do
		pkill -TERM -P "$beside" && wait "$beside"
	done
	rm -rf "$tmp"
}
trap at_exit EXIT
trap 'exit 130' INT TERM HUP

say() {
	echo "nunchi: $*" >&2
}

# ok NAME | fail NAME [FILE with what it said] | skip NAME REASON
ok() {
	echo "ok $1" | tee -a "$results"
}
fail() {
	echo "not ok $1" | tee -a "$results" "$failures"
	if [ -n "${2:-}" ]; then
		tail -n 60 "$2" | sed 's/^/#   /' | tee -a "$failures"
	fi
}
skip() {
	if [ "${CI:-}" = true ]; then
		fail "$1"
		echo "#   not run: $2" | tee -a "$failures"
	else
		echo "skip $1: $2" | tee -a "$results"
	fi
}

# check NAME COMMAND...: a test that is one command.
check() {
	name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then ok "$name"; else fail "$name" "$tmp/log"; fi
}

# Takes over the TAP lines of a program's output: collect NAME LOG EXIT-CODE
collect() {
	sed -n "s|^ok [0-9]* - \\(.*\\)|ok $1 \\1|p; s|^not ok [0-9]* - \\(.*\\)|not ok $1 \\1|p" "$2" |
		tee -a "$results"
	if grep -q '^not ok' "$2"; then
		sed 's/^/#   /' "$2" | tail -n 60 | tee -a "$failures"
	elif [ "$3" -ne 0 ]; then
		fail "$1 (exit $3)" "$2"
	fi
}

# Every unit test program of a build directory, each test of it counted; as many at once as there are processors.
unit_tests() {
	rm -rf "$tmp/units"
	mkdir "$tmp/units"
	# shellcheck disable=SC2016
	find "$1/tests/unit" -maxdepth 1 -name 'test_*' -type f -perm -u+x -print0 |
		CMOCKA_MESSAGE_OUTPUT=TAP xargs -0 -n 1 -P "$(nproc)" sh -c \
			'timeout 300 "$1" >"$0/${1##*/}" 2>&1; echo $? >"$0/${1##*/}.code"' "$tmp/units"
	for code in "$tmp"/units/*.code; do
		log=${code%.code}
		collect "$2/${log##*/test_}" "$log" "$(cat "$code")"
	done
}

# build DIRECTORY MESON-ARGUMENT...: warnings are errors here, and for nobody who only wants to use it.
build() {
	directory=$1
	shift
	if ! scripts/build.sh "$directory" -Dwerror=true "$@" >"$tmp/log" 2>&1; then
		fail "build in $directory" "$tmp/log"
		return 1
	fi
	ok "build in $directory"
}

# With sanitizers, and for libFuzzer: clang's, which takes a quarter of the time that gcc's do.
build_sanitized() {
	CC=clang build build-sanitized -Dfuzz=true -Db_lundef=false -Doptimization=1
}
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# A sanitizer's own exit is a failure; leaks are bugs too.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0

run_lint() {
	check 'lint layers' scripts/check-layers src
	check 'lint the page of evasions is of its record' scripts/evasion-table --check
}

run_unit() {
	build build || return
	unit_tests build unit
	check 'unit stack of the BPF programs' scripts/stack-depth build/bpf/nunchi.bpf.o
}

# replay BUILD-DIRECTORY PREFIX: captures to golden output, and what the program says; both at once.
replay() {
	tests/cli/run.sh "$1/nunchi" "$1/tests/replay/streams" >"$tmp/cli" 2>&1 &
	tests/replay/run.sh "$1/nunchi" "$1/tests/replay/streams" >"$tmp/replay" 2>&1
	collect "$2replay" "$tmp/replay" $?
	wait $!
	collect "$2cli" "$tmp/cli" $?
}

run_replay() {
	build build || return
	replay build ''
	tests/replay/sinks.py build/nunchi build/tests/replay/streams >"$tmp/sinks" 2>&1
	collect sinks "$tmp/sinks" $?
}

run_asan() {
	build_sanitized || return
	unit_tests build-sanitized asan
}

run_asan_replay() {
	build_sanitized || return
	replay build-sanitized 'asan '
}

# By a clang newer than Debian 12's own, in which the verifier may see other things.
build_clang() {
	build build-clang --native-file tests/newer-clang.ini -Dtests=false
}

run_clang() {
	build_clang || return
	check 'clang: stack of its BPF programs' scripts/stack-depth build-clang/bpf/nunchi.bpf.o
}

run_fuzz() {
	build_sanitized || return
	# The same way every time; at full size, new ways. All at once.
	seconds=20 seed=1
	[ "${NUNCHI_TEST_SIZE:-}" != full ] || seconds=300 seed=0
	for target in event capture runtime filter rules; do
		mkdir -p "$tmp/corpus-$target"
		"build-sanitized/tests/fuzz/fuzz_$target" \
			-seed=$seed -max_total_time=$seconds -rss_limit_mb=2048 -timeout=10 -print_final_stats=0 \
			-artifact_prefix="$tmp/" "$tmp/corpus-$target" "tests/fuzz/corpus/$target" >"$tmp/fuzz-$target" 2>&1 &
		eval "pid_$target=$!"
	done
	for target in event capture runtime filter rules; do
		if eval "wait \$pid_$target"; then ok "fuzz $target ${seconds}s"; else fail "fuzz $target" "$tmp/fuzz-$target"; fi
	done
}

# A program in Python, which needs root: can_py NAME, then do_py NAME PROGRAM [ARGUMENT...]
can_py() {
	if [ "$(id -u)" -ne 0 ]; then
		skip "$1" 'needs root'
		return 1
	fi
	build build
}

do_py() {
	name=$1 program=$2
	shift 2
	python3 "$program" --nunchi build/nunchi "$@" 2>"$tmp/$name.err" |
		tee "$tmp/$name" | grep -v '^ok\|^not ok\|^skip'
	grep '^ok \|^not ok \|^skip ' "$tmp/$name" | tee -a "$results"
	sed -n '/^not ok /p; /^#   /p' "$tmp/$name" >>"$failures"
	# What took longest.
	sed -n 's/^# \(.*\): \([0-9.]*\) s$/\2 s: \1/p' "$tmp/$name.err" | sort -rn | head -n 12 >&2
	if ! grep -q '^# done' "$tmp/$name"; then
		fail "$name: the runner did not end" "$tmp/$name.err"
	fi
}

run_py() {
	can_py "$1" && do_py "$@"
}

# For long, and of no time that anything takes: beside stages that ask for none either.
run_soak() {
	can_py soak || return
	do_py soak tests/containers/run.py soak &
	soak=$!
}
end_soak() {
	[ -z "$soak" ] || wait "$soak"
	soak=''
}

run_containers() {
	end_soak
	can_py containers || return
	begin_spare
	do_py containers tests/containers/run.py --without soak
	end_spare
}

# What takes no time of anything, in time that nobody else asks for: these stages are done then.
begin_spare() {
	besides='' others=''
	for name in $left; do
		case $name in
		asan-replay | clang | cross | insns | vm-beside) besides="$besides $name" ;;
		*) others="$others $name" ;;
		esac
	done
	[ -n "$besides" ] || return
	left=$others
	# shellcheck disable=SC2086
	chrt --idle 0 scripts/test.sh --no-root $besides >"$tmp/spare" &
	spare=$!
}
end_spare() {
	[ -n "$spare" ] || return
	wait "$spare"
	code=$? spare=''
	grep '^ok \|^not ok \|^skip ' "$tmp/spare" | tee -a "$results"
	sed -n '/^not ok /p; /^#   /p' "$tmp/spare" >>"$failures"
	# Its result, as at the end; that nothing of them could run here is no failure.
	grep -q '^[0-9]* passed, ' "$tmp/spare" || fail "${besides# } (exit $code)" "$tmp/spare"
}

# For arm64, whose tests run in its machine (vm). Packages of it come from Debian's archive.
run_cross() {
	[ "$(uname -m)" = x86_64 ] || return
	if ! scripts/fetch-root.sh arm64 >/dev/null 2>"$tmp/log"; then
		skip 'build for arm64' "$(tail -n 1 "$tmp/log")"
		return
	fi
	check 'build for arm64' scripts/cross.sh arm64
}

run_vm() {
	end_soak
	can_py vm || return
	build_clang && check 'clang: its BPF object is loaded' build-clang/nunchi trace --timeout 0.1
	case " $stages " in
	*' vm-beside '*) do_py vm tests/vm/run.py --rest ;;
	*) do_py vm tests/vm/run.py ;;
	esac
}
run_vm_beside() {
	can_py vm-beside && build_clang && do_py vm-beside tests/vm/run.py --beside
}

# How many instructions a call and an event cost: the same however busy the machine is.
run_insns() {
	if [ "$(uname -m)" != x86_64 ]; then
		echo 'skip insns: elsewhere: the machine is x86-64' | tee -a "$results"
		return
	fi
	run_py insns bench/insns.py
}

if [ $root = yes ]; then
	scripts/deps.sh test || {
		echo '0 passed, 1 failed, 0 skipped'
		exit 1
	}
fi
# Itself, not a script that looks for it (pyenv), which takes longer than most of what it is to do.
PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH
left=$stages
while [ -n "$left" ]; do
	# shellcheck disable=SC2086
	set -- $left
	stage=$1 start=$(date +%s)
	shift
	left=$*
	"run_$(echo "$stage" | tr - _)"
	say "$stage: $(($(date +%s) - start)) s"
done
end_soak

passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^not ok ' "$results")
skipped=$(grep -c '^skip ' "$results")
[ "$failed" -eq 0 ] || cut -c 1-500 "$failures" >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
