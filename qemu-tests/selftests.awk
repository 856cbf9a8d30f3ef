# SPDX-License-Identifier: GPL-2.0-only
#
# selftests.awk: what runs of selftests on two kernels came to.
#
# awk -f selftests.awk -v mode=differing|report -v other=stub|inside PROGRAMS KERNEL.GUEST.ROUND...
# PROGRAMS has those that were to run, as guest-run takes them, and for each case that must differ
# "differs|PROGRAM|CASE|REASON"; the others are guest-run's output.
# "differing" names the programs that have a case whose results have nothing in common so far, or
# that came out differently in one run; "report" tells of every program, and ends with 1 if one
# differs: if one kernel gave, more than once if it ran more than once, what the other never did.

# A case is known by its place and its name.  Numbers in names differ from run to run.
function record(text, result)
{
	gsub(/0x[0-9a-f]+/, "N", text)
	gsub(/[0-9]+(\.[0-9]+)?/, "N", text)
	text = text " "
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	sub(/:? $/, "", text)
	note(++place " " text, result)
}

function note(text, result)
{
	if (!((program, text) in known)) {
		known[program, text] = 1
		cases[program, ++count[program]] = text
	}
	results[kernel, program, text, round] = result
}

FILENAME == ARGV[1] && /^differs\|/ {
	split($0, field, "|")
	reasons[field[2], field[3]] = field[4]
	next
}

FILENAME == ARGV[1] {
	sub(/\|.*/, "")
	programs[++many] = $0
	next
}

FNR == 1 {
	parts = split(FILENAME, path, "/")
	split(path[parts], names, ".")
	kernel = names[1]
	round = names[3]
	program = ""
}

/^# program / {
	program = substr($0, 11)
	place = 0
	rounds[kernel, program] = round
	next
}

program == "" { next }

/^# ended / {
	note("exit status", $(NF - 2))	# then the seconds and "s"
	program = ""
	next
}

# KTAP, its cases of second order too; what follows "#" is a reason or a time.
/^[ \t]*(not )?ok( |$)/ {
	result = /^[ \t]*not ok/ ? "not ok" : "ok"
	if (/# *SKIP/)
		result = "skipped"
	sub(/^[ \t]*(not )?ok *[0-9]* *-? */, "")
	sub(/#.*/, "")
	record($0, result)
	next
}

# Those that came before KTAP.
/(\[ *| |\t)(PASS|PASSED|OK|FAIL|FAILED|SKIP|SKIPPED|XFAIL)[\] \t]*$/ ||
/^\[ *(PASS|OK|FAIL|SKIP) *\]/ {
	result = /FAIL/ && !/XFAIL/ ? "not ok" : /SKIP/ ? "skipped" : "ok"
	gsub(/\[? *(PASS|PASSED|OK|FAIL|FAILED|SKIP|SKIPPED|XFAIL) *\]?/, "")
	record($0, result)
}

function result_of(which, name, text, i)
{
	return (which, name, text, i) in results ? results[which, name, text, i] : "missing"
}

# Has "which" given more than once (or once, if it had one run) what "than" never did?
function gives_more(which, than, name, text,	i, j, n, result)
{
	for (i = 1; i <= rounds[which, name]; i++) {
		result = result_of(which, name, text, i)
		n = 0
		for (j = 1; j <= rounds[which, name]; j++)
			n += result_of(which, name, text, j) == result
		if (n == 1 && rounds[which, name] > 1)
			continue
		for (j = 1; j <= rounds[than, name]; j++)
			if (result_of(than, name, text, j) == result)
				break
		if (j > rounds[than, name])
			return 1
	}
	return 0
}

function all_of(which, name, text,	i, list)
{
	for (i = 1; i <= rounds[which, name]; i++)
		list = list (i > 1 ? ", " : "") result_of(which, name, text, i)
	return list
}

# Cases of a program whose results differ, in details[]; of those that must the reasons, in because.
function differences(name,	i, text, n)
{
	n = unsteady = 0
	because = ""
	for (i = 1; i <= count[name]; i++) {
		text = cases[name, i]
		if (gives_more("plain", other, name, text) || gives_more(other, "plain", name, text)) {
			if ((name, text) in reasons)
				because = because "; differs, as it must: " text ": " reasons[name, text]
			else if (text != "exit status" || because == "")
				details[++n] = text
		} else if (all_of("plain", name, text) != all_of(other, name, text)) {
			unsteady++
		}
	}
	return n
}

# What is the same on both, in words.
function same(name,	i, result, passed, failed, skipped, status)
{
	for (i = 1; i <= count[name]; i++) {
		result = result_of("plain", name, cases[name, i], rounds["plain", name])
		if (cases[name, i] == "exit status") {
			status = result
			continue
		}
		passed += result == "ok"
		failed += result == "not ok"
		skipped += result == "skipped"
	}
	if (passed + failed + skipped == 0) {
		passed = status == 0
		skipped = status == 4
		failed = !passed && !skipped
	}
	totals["passed"] += passed
	totals["failed"] += failed
	totals["skipped"] += skipped
	return sprintf("%d passed, %d failed, %d skipped, exit status %s", passed, failed, skipped, status)
}

END {
	for (p = 1; p <= many; p++) {
		name = programs[p]
		ran = (("plain", name) in rounds) && (other == "" || ((other, name) in rounds))
		if (mode == "differing") {
			if (ran && differences(name))
				print name
			continue
		}
		if (!ran) {
			print "not ok " name ": did not run"
			bad++
		} else if (other == "") {
			print "ok " name ": " same(name)
		} else if (!(n = differences(name))) {
			print "ok " name ": same as plain: " same(name) \
				(unsteady ? "; " unsteady " came out now so, now so on both" : "") because
			held++
		} else {
			print "not ok " name ": not the same as plain"
			for (i = 1; i <= n; i++)
				printf "# %s: plain: %s; %s: %s\n", details[i],
					all_of("plain", name, details[i]), other,
					all_of(other, name, details[i])
			bad++
		}
	}
	if (mode == "report")
		printf "# %d programs the same, %d not; cases that are the same: %d passed, %d failed, " \
			"%d skipped\n", held, bad, totals["passed"], totals["failed"], totals["skipped"]
	exit bad > 0
}
