# SPDX-License-Identifier: GPL-2.0-only
#
# awk -f docs/man/abi.awk docs/ABI/sysfs-kernel-mapstack docs/man/mapstack.4.in
#
# Writes mapstack(4): the second file, with the files of the first in the place of the
# line @FILES@. A paragraph in which a line has a tab is a table.

function end_paragraph() {
	if (text == "")
		return
	if (table)
		text = ".Bd -literal -offset 4n\n" text ".Ed\n"
	else if (more)
		text = ".Pp\n" text
	if (!table)
		gsub("[.] ", ".\n", text) # mdoc(7): a sentence, a line
	items = items text
	more = 1
	text = ""
	table = 0
}

FNR == NR && /^What:/ {
	name = $2
	sub("^/sys/kernel/mapstack/", "", name)
	if (name == "")
		name = "(the directory)"
	named = (!described && named != "" ? named " , " : "") name
	described = 0
	next
}

FNR == NR && /^Description:/ {
	items = items ".It Pa " named "\n"
	described = 1
	more = 0
	next
}

FNR == NR && described && /^$/ {
	end_paragraph()
	next
}

FNR == NR && /^\t\t/ {
	sub("^\t\t", "")
	gsub("\\\\", "\\e")
	sub("^[.']", "\\\\\\&&")
	table = table || /\t/
	text = text $0 "\n"
	next
}

FNR != NR && FNR == 1 {
	end_paragraph()
}

FNR != NR && /^@FILES@$/ {
	printf "%s", items
	next
}

FNR != NR
