# SPDX-License-Identifier: GPL-2.0-only
#
# price.awk: the table, or JSON, of what price has measured, with the limits and which are missed.
#
# awk -F '\t' -v format=table|json -v columns="NAME..." -f price.awk COLUMN... [lives.KIND...]
# Each file has lines of a name, a tab and a number; those of lives have five numbers.  Exit status
# 1 if a limit is missed.

BEGIN {
	count = split(columns, column, " ")
	for (i = 1; i <= count; i++)
		if (column[i] != "lives")
			shown[++columns_shown] = column[i]
	# of a row, in percent of the plain kernel, of namespaces, of the same walk among 10
	limits = split("patched loaded context namespaces alone", limit, " ")
	most["patched"] = 0.2
	most["loaded"] = 0.5
	most["context"] = 1
	most["namespaces"] = 0
	most["alone"] = 0.2
	# what namespaces must add to a row to touch it
	touch = 0.2
	most_enter = 3000
	most_bytes = 512
	lives_in = 100
}

FILENAME ~ /^lives/ {
	life[++lives] = $1
	enter[$1] = $2
	whole[$1] = $3
	slab[$1] = $4
	percpu[$1] = $5
	tables[$1] = $6
	bytes[$1] = $4 + $5 + $6
	next
}

{
	if (!($1 in known)) {
		known[$1] = 1
		row[++rows] = $1
	}
	cost[$1, FILENAME] = $2
}

function percent(name, where, of_name, of_where)
{
	return (cost[name, where] / cost[of_name, of_where] - 1) * 100
}

# The same walk among the fewest others.
function alone(name)
{
	sub(/, 10+ foreign/, ", 10 foreign", name)
	return name
}

# Namespaces touch a row if it costs more there than on the kernel alone, or if it walks over
# processes: of those they have fewer.
function touched(name)
{
	return name ~ /foreign processes$/ || percent(name, "namespaces", name, "plain") > touch
}

# Returns what is judged by a limit of a row, or "" if the row doesn't have it.
function judged(name, by)
{
	if (by == "alone")
		return alone(name) != name && (name, "context") in cost ? \
			percent(name, "context", alone(name), "context") : ""
	if (!((name, "plain") in cost) || !((name, by) in cost))
		return ""
	if (by == "namespaces")
		return (name, "context") in cost && touched(name) ? \
			percent(name, "context", name, by) : ""
	return percent(name, by, name, "plain")
}

function held(by, value)
{
	return by == "namespaces" ? value < 0 : value < most[by] + 1e-6
}

function name_limits(  i, name)
{
	name["patched"] = name["loaded"] = name["context"] = "plain"
	name["namespaces"] = "namespc."
	name["alone"] = "among 10"
	printf "%-46s", ""
	for (i = 1; i <= columns_shown; i++)
		printf " %10s", ""
	for (i = 1; i <= limits; i++)
		printf " %9s", (i > 3 ? "context/" : substr(limit[i], 1, 8) "/")
	printf "\n%-46s", "instructions; limits in percent"
	for (i = 1; i <= columns_shown; i++)
		printf " %10s", shown[i]
	for (i = 1; i <= limits; i++)
		printf " %9s", name[limit[i]]
	printf "\n%-46s", ""
	for (i = 1; i <= columns_shown; i++)
		printf " %10s", ""
	for (i = 1; i <= limits; i++)
		printf " %9s", (limit[i] == "namespaces" ? "< 0" : "<= " most[limit[i]]) " "
	print ""
}

function print_limits(name,  i, value, given, bad)
{
	for (i = 1; i <= limits; i++) {
		value = judged(name, limit[i])
		if (value == "") {
			printf " %9s", "- "
			continue
		}
		given = 1
		bad += !held(limit[i], value)
		printf " %+8.2f%s", value, held(limit[i], value) ? " " : "!"
	}
	missed += bad
	print "  " (bad ? "missed" : given ? "held" : "")
}

function print_rows(  i, j)
{
	name_limits()
	for (i = 1; i <= rows; i++) {
		printf "%-46s", row[i]
		for (j = 1; j <= columns_shown; j++)
			if ((row[i], shown[j]) in cost)
				printf " %10.0f", cost[row[i], shown[j]]
			else
				printf " %10s", "-"
		print_limits(row[i])
	}
	print "-: the row does not have this limit.  A context is to cost less than namespaces" \
		" where these add over\n" touch " % to the plain kernel, and in walks over" \
		" processes: there are fewer in namespaces.\nWho walks has 9 others of his own;" \
		" the system has 100 besides the foreign\nones, and process 1 is listed in /proc: of a" \
		" container its own, in a context the machine's."
}

# What is judged of a life is in value[], what it may be in at_most[].  Returns how much is.
function judge_life(name, what, value, at_most,  n)
{
	delete what
	if (name !~ /^a context/)
		return 0
	# to make and to enter one are two calls
	if (name !~ /handle/) {
		what[++n] = "enter"
		value[n] = enter[name]
		at_most[n] = most_enter
	}
	if ("all six" in whole) {
		what[++n] = "whole life"
		value[n] = whole[name]
		at_most[n] = whole["all six"] / lives_in
	}
	if (name == "a context") {
		what[++n] = "bytes"
		value[n] = bytes[name]
		at_most[n] = most_bytes
	}
	return n
}

function print_lives(  i, j, n, name, what, value, at_most, text, bad)
{
	printf "\n%-46s %10s %10s %10s %10s %10s %10s  limits\n", "made, in use and ended", "enter",
		"whole life", "slab", "percpu", "tables", "bytes"
	for (i = 1; i <= lives; i++) {
		name = life[i]
		n = judge_life(name, what, value, at_most)
		text = ""
		bad = 0
		for (j = 1; j <= n; j++) {
			text = text (j > 1 ? ", " : "") what[j] " <= " sprintf("%.0f", at_most[j]) \
				(value[j] > at_most[j] ? "!" : "")
			bad += value[j] > at_most[j]
		}
		missed += bad
		printf "%-46s %10.0f %10.0f %10.0f %10.0f %10.0f %10.0f%s\n", name, enter[name],
			whole[name], slab[name], percpu[name], tables[name], bytes[name],
			n ? "  " text (bad ? ": missed" : ": held") : ""
	}
	print "enter: the calls alone; whole life: what it adds to a process (at most 1/" \
		lives_in "\nof all six namespaces); both in instructions.  Memory in bytes, with" \
		" one processor;\ntables: of pages."
}

function print_json(  i, j, name, value, comma)
{
	printf "{\n\"operations\": ["
	for (i = 1; i <= rows; i++) {
		name = row[i]
		printf "%s\n  { \"operation\": \"%s\"", (i > 1 ? "," : ""), name
		for (j = 1; j <= columns_shown; j++)
			if ((name, shown[j]) in cost)
				printf ", \"%s\": %.2f", shown[j], cost[name, shown[j]]
		printf ", \"limits\": ["
		comma = ""
		for (j = 1; j <= limits; j++) {
			value = judged(name, limit[j])
			if (value == "")
				continue
			printf "%s\n    { \"limit\": \"%s\", \"percent\": %.3f, ", comma,
				limit[j], value
			printf "\"%s\": %s, \"held\": %s }",
				limit[j] == "namespaces" ? "below" : "most", most[limit[j]],
				held(limit[j], value) ? "true" : "false"
			missed += !held(limit[j], value)
			comma = ","
		}
		printf "] }"
	}
	printf "\n],\n\"lives\": ["
	print_json_lives()
	printf "\n],\n\"missed\": %d\n}\n", missed
}

function print_json_lives(  i, j, n, name, what, value, at_most)
{
	for (i = 1; i <= lives; i++) {
		name = life[i]
		printf "%s\n  { \"of\": \"%s\", \"enter\": %.0f, \"life\": %.0f, \"slab\": %.0f, " \
			"\"percpu\": %.0f, \"page_tables\": %.0f, \"bytes\": %.0f, \"limits\": [",
			(i > 1 ? "," : ""), name, enter[name], whole[name], slab[name],
			percpu[name], tables[name], bytes[name]
		n = judge_life(name, what, value, at_most)
		for (j = 1; j <= n; j++) {
			printf "%s\n    { \"limit\": \"%s\", \"most\": %.0f, \"held\": %s }",
				(j > 1 ? "," : ""), what[j], at_most[j],
				value[j] > at_most[j] ? "false" : "true"
			missed += value[j] > at_most[j]
		}
		printf "] }"
	}
}

END {
	if (format == "json") {
		print_json()
	} else {
		if (rows)
			print_rows()
		if (lives)
			print_lives()
		print missed ? missed " limits are missed." : "All limits are held."
	}
	exit missed > 0
}
