# SPDX-License-Identifier: GPL-2.0-only
#
# places.awk: which functions of the kernel's sources use some others.
#
# awk -v names="NAME..." -f places.awk FILE...
# Prints "FILE:FUNCTION NAME TYPE" for each function (or macro) that uses one of these.  TYPE is
# "finds" if what comes back from FUNCTION is a process or its number, "finds-here" if FUNCTION is
# known in FILE alone, too, and "-" otherwise.
#
# It relies on the kernel's style: definitions begin in the first column, and so do their braces.

BEGIN {
	count = split(names, list, " ")
	pattern = ""
	for (i = 1; i <= count; i++) {
		wanted[list[i]] = 1
		pattern = pattern (i > 1 ? "|" : "") list[i]
	}
}

# The line without what is no code.
function code(line,    at)
{
	if (comment) {
		at = index(line, "*/")
		if (!at)
			return ""
		line = substr(line, at + 2)
		comment = 0
	}
	gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
	gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
	sub(/\/\/.*/, "", line)
	at = index(line, "/*")
	if (at) {
		line = substr(line, 1, at - 1)
		comment = 1
	}
	return line
}

# A definition begins, or goes on: its name, and what it gives back.
function head(line,    before, args)
{
	if (line ~ /^((COMPAT_)?SYSCALL(32)?_DEFINE|BPF_CALL_)[0-9]\(/) {
		args = line
		sub(/^[^(]*\([ \t]*/, "", args)
		match(args, /^[A-Za-z0-9_]+/)
		name = (line ~ /^COMPAT/ ? "compat_sys_" : line ~ /^BPF/ ? "" : "sys_") \
			substr(args, 1, RLENGTH)
		type = "-"
		return
	}
	before = line
	sub(/__(releases|acquires|must_hold|printf)\(.*/, "", before)
	if (!match(before, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		result = before
		return
	}
	name = substr(before, RSTART, RLENGTH)
	sub(/[ \t]*\($/, "", name)
	before = (RSTART > 1 ? "" : result " ") substr(before, 1, RSTART - 1)
	type = "-"
	if (before ~ /struct (pid|task_struct) \*[ \t]*$/)
		type = before ~ /(^|[ \t])static[ \t]/ && FILENAME !~ /h$/ ? "finds-here" : "finds"
	result = ""
}

function uses(line,    word)
{
	if (line !~ pattern)
		return
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (word in wanted && word != inside && !((FILENAME, inside, word) in told)) {
			told[FILENAME, inside, word] = 1
			print FILENAME ":" inside, word, inside_type
		}
	}
}

FNR == 1 { comment = 0; inside = ""; macro = 0; result = name = "" }

{
	line = code($0)
	if (macro) {
		uses(line)
		macro = line ~ /\\$/
		if (!macro)
			inside = ""
		next
	}
	if (inside == "" && line ~ /^#[ \t]*define[ \t]+[A-Za-z_]/) {
		match(line, /define[ \t]+[A-Za-z0-9_]+/)
		inside = substr(line, RSTART, RLENGTH)
		sub(/define[ \t]+/, "", inside)
		inside_type = "-"
		sub(/define[ \t]+[A-Za-z0-9_]+/, "", line)
		uses(line)
		macro = line ~ /\\$/
		if (!macro)
			inside = ""
		next
	}
	if (inside == "") {
		if (line ~ /^[A-Za-z_]/)
			head(line)
		if (line ~ /^\{/ || (line ~ /^[A-Za-z_].*\{/ && line !~ /=/ && line ~ /\(/)) {
			inside = name
			inside_type = type
			if (line ~ /^[A-Za-z_]/)
				sub(/^[^{]*/, "", line)
		}
	}
	if (inside != "")
		uses(line)
	if (line ~ /^}/ || (line ~ /}[ \t]*$/ && line ~ /^\{.*}/))
		inside = ""
}
