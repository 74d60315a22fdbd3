#compdef mapstack
# SPDX-License-Identifier: GPL-2.0-only
# zsh completion for mapstack(8): takes verbs and options from its help.

local -a verbs options
local help

if (( CURRENT == 2 )); then
	verbs=(${(f)"$(mapstack help | sed -n 's/^  \([a-z]*\)  *\(.*\)/\1:\2/p')"})
	_describe -t verbs verb verbs
	return
fi
help=$(mapstack help $words[2] 2>/dev/null)
options=(${(f)"$(sed -n 's/:/\\:/g
	s/^  -., --policy [A-Z]*  *\(.*\)/--policy=[\1]:policy:(rfc private fitting paired observe)/p; t
	s/^  -., --policies [A-Z]*  *\(.*\)/--policies=[\1]:policies:(private,rfc private rfc fitting paired observe)/p; t
	s/^  -., --fail-on [A-Z]*  *\(.*\)/--fail-on=[\1]:reasons:(refused denied differs slower=5%)/p; t
	s/^  -., --\([a-z-]*\) DIR  *\(.*\)/--\1=[\2]:directory:_files -\/ /p; t
	s/^  -., --pid [A-Z]*  *\(.*\)/--pid=[\1]:process:_pids/p; t
	s#^  -., --unit [A-Z]*  *\(.*\)#--unit=[\1]:unit:{compadd $(systemctl list-units --no-legend --plain | cut -d" " -f1)}#p; t
	s/^  -., --\([a-z-]*\) FILE  *\(.*\)/--\1=[\2]:file:_files/p; t
	s/^  -., --\([a-z-]*\) \([A-Z][A-Z]*\)  *\(.*\)/--\1=[\3]:\2:/p; t
	s/^  -., --\([a-z-]*\)  *\(.*\)/--\1[\2]/p' <<<$help)"})
[[ $help != *COMMAND* ]] ||
	options+=('(-)1:command:_command_names -e' '*::argument:_normal')
shift words
(( CURRENT-- ))
_arguments -S $options
