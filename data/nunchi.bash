# SPDX-License-Identifier: Apache-2.0
# Completion for bash. The program itself says what can stand where; this hands it over.

_nunchi() {
	local words=() word line prefix i
	# Bash cuts at "=", the program does not.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && [[ $COMP_WORDBREAKS == *=* && ($word == = || ${words[-1]} == --*=) &&
			${words[-1]} == --* ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	((${#words[@]})) || words=('')
	# As the shell will read it: names of rules have blanks.
	[[ ${words[-1]} == [\'\"]* ]] && words[-1]=${words[-1]:1}
	words[-1]=${words[-1]//\\/}
	word=${words[-1]}
	prefix=''
	[[ $word == --*=* && $COMP_WORDBREAKS == *=* ]] && prefix=${word%%=*}=
	COMPREPLY=()
	while IFS= read -r line; do
		line=${line%%$'\t'*}
		case $line in
		:file | :dir)
			compopt -o filenames 2>/dev/null
			if [[ $line == :dir ]]; then i=-d; else i=-f; fi
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$i" -- "${word#"$prefix"}")
			return
			;;
		esac
		COMPREPLY+=("${line#"$prefix"}")
	done < <("${COMP_WORDS[0]}" complete "${words[@]}" 2>/dev/null)
	# So that blanks are quoted.
	[[ ${COMPREPLY[*]} == *' '* && ${COMPREPLY[0]} == *' '* ]] && compopt -o filenames 2>/dev/null
	# More may follow: a comma, a runtime's socket.
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -F _nunchi nunchi
