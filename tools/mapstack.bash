# SPDX-License-Identifier: GPL-2.0-only
# bash completion for mapstack(8)
# shellcheck shell=bash disable=SC2207

# Finds the command of "mapstack run": the first word that is neither an option nor
# an option's argument.
_mapstack_command() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) echo $((i + 1)) && return ;;
		-*)
			# In the help, the argument of an option is in capitals.
			grep -q -- "${COMP_WORDS[i]}[, ].*[A-Z]\{3\}" <<<"$1" && i=$((i + 1))
			;;
		*) break ;;
		esac
	done
	[[ $i -gt $COMP_CWORD || ${COMP_WORDS[i]} == -* ]] || echo "$i"
}

# Takes verbs and options from the command's own help.
_mapstack() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local help words at

	if [[ $COMP_CWORD == 1 ]]; then
		words=$(mapstack help | sed -n 's/^  \([a-z]*\) .*/\1/p')
	else
		help=$(mapstack help "${COMP_WORDS[1]}" 2>/dev/null |
			sed '/^ /s/^\( *-., --[a-z-]* [A-Z]*\).*/\1 /')
		[[ $help == *COMMAND* ]] && at=$(_mapstack_command "$help")
		[[ -z $at ]] || { _command_offset "$at" && return; }
		words="$(sed -n 's/^  -., \(--[a-z-]*\) .*/\1/p' <<<"$help") --help"
	fi
	case $prev in
	--policy | -p) words="rfc private fitting paired observe" ;;
	--policies | -l) words="private,rfc private rfc fitting paired observe" ;;
	--fail-on | -f) words="refused denied differs slower=5%" ;;
	--output | -o | --html | -H | --keep | -k) compopt -o default; words= ;;
	--unit | -U)
		words=$(systemctl list-units --no-legend --plain 2>/dev/null | cut -d ' ' -f 1)
		;;
	--container | -C)
		words=$({ podman ps --format '{{.Names}}'; docker ps --format '{{.Names}}'; } 2>/dev/null)
		;;
	--cgroup | -c)
		words=$(cd /sys/fs/cgroup 2>/dev/null && compgen -d -- "${cur#/}" | sed 's|^|/|')
		;;
	--pid | -T | --for | -F | --interval | -I) words= ;;
	--by | -y) words="unit program user host" ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _mapstack mapstack
