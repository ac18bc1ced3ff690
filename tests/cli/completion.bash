#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion as bash does it: completion.bash NUNCHI. What is not as it should be goes to stdout.
set -u
source "${BASH_SOURCE[0]%/*}/../../data/nunchi.bash"
nunchi=$1
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'

# expect WANTED WORD...: the last word, with the cursor behind it; WANTED is what may stand there, sorted.
expect() {
	local want=$1
	shift
	COMP_WORDS=("$nunchi" "$@")
	COMP_CWORD=$#
	_nunchi
	local got
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
	[[ $got == "$want " ]] || echo "$*: expected '$want', got '$got'"
}

expect 'trace' tr
expect 'record rules' r
expect '--failed --format' trace --f
expect 'mount mount_setattr' trace -e moun
expect 'openat,mount openat,mount_setattr' trace -e openat,moun
expect '@namespace @network' trace -e @n
expect 'block json text' trace -o ''
expect 'json' trace --output = j
expect 'json text wide' ps --output = ''
expect 'json text' guard -o ''
expect 'Warning' guard --priority W
expect 'mitre_defense_evasion mitre_discovery' guard -t mitre_d
expect 'T1611' rules list --disable-tag = T1611
expect 'check explain list test' rules ''
expect 'options' list o
expect 'Shell started by a server' rules explain 'Shell st'
expect 'Shell with a terminal' rules explain "'Shell w"
expect 'Shell with a terminal' rules explain 'Shell\ w'
expect 'Shell with a terminal' guard -D 'Shell\ w'
expect 'syslog syslog:' guard --to sys
expect 'default' guard -f def
expect 'container.name' trace container.n
expect 'container.name' trace -- container.n
expect '' trace -- --form
expect 'ps' help p
expect '' trace --nonsense
cd "${BASH_SOURCE[0]%/*}" || exit
expect 'config.yaml' guard --config conf
expect 'config.yaml' guard --config = conf
expect 'golden' guard --rules-dir gol
[[ $(complete -p nunchi) == *_nunchi* ]] || echo 'nothing is registered'
