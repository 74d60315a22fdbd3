# SPDX-License-Identifier: GPL-2.0-only
# fish completion for mapstack(8): takes verbs and options from its help.

complete -c mapstack -f
complete -c mapstack -n __fish_use_subcommand \
    -a "(mapstack help | string replace -rf '^  ([a-z]+) +(.*)' '\$1\t\$2')"
complete -c mapstack -n 'not __fish_use_subcommand' \
    -a "(mapstack help (commandline -opc)[2] 2>/dev/null |
        string replace -rf '^  -., (--[a-z-]+)( [A-Z]+)? +(.*)' '\$1\t\$3')"
set -l takes 'mapstack help (commandline -opc)[2] 2>/dev/null | string match -q'
complete -c mapstack -n "$takes '*--policy *'" -l policy -x \
    -a 'rfc private fitting paired observe'
complete -c mapstack -n "$takes '*--policies *'" -l policies -x \
    -a 'private,rfc private rfc fitting paired observe'
complete -c mapstack -n "$takes '*--fail-on *'" -l fail-on -x \
    -a 'refused denied differs slower=5%'
complete -c mapstack -n "$takes '*--keep *'" -l keep -r -F
complete -c mapstack -n "$takes '*--output *'" -l output -r -F
complete -c mapstack -n "$takes '*--pid *'" -l pid -x -a '(__fish_complete_pids)'
complete -c mapstack -n "$takes '*--unit *'" -l unit -x \
    -a '(systemctl list-units --no-legend --plain 2>/dev/null | string split -f 1 " ")'
# After "--", completes the command.
complete -c mapstack -n 'contains -- -- (commandline -opc)' \
    -x -a '(__fish_complete_subcommand --fcs-skip=3)'
