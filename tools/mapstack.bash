# SPDX-License-Identifier: GPL-2.0-only
# bash completion for mapstack(8)
# shellcheck shell=bash disable=SC2207

_mapstack() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i words=

	# After "--" it is the command that is completed.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			_command_offset $((i + 1))
			return
		fi
	done
	case $prev in
	--policy | -p) words="rfc private paired observe" ;;
	--output | -o) compopt -o default ;;
	--buffer) ;;
	mapstack) words="status doctor on off run report --help --version" ;;
	*)
		case ${COMP_WORDS[1]} in
		status | doctor | report) words="--json --prometheus" ;;
		on) words="--policy" ;;
		run) words="--policy --json --prometheus --output --backtrace
			--wait --quiet --buffer --" ;;
		esac
		;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _mapstack mapstack
