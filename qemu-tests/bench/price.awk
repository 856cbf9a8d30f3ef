# SPDX-License-Identifier: GPL-2.0-only
#
# price.awk: the table, or JSON, of what price has measured, with the limits that are missed.
#
# awk -F '\t' -v format=table|json -v columns="NAME..." -f price.awk COLUMN... [lives.KIND...]
# Each file has lines of a name, a tab and a number; those of lives have five numbers.  Exit status
# 1 if a limit is missed.

BEGIN {
	count = split(columns, column, " ")
	for (i = 1; i <= count; i++)
		if (column[i] != "lives")
			shown[++columns_shown] = column[i]
	# in percent of the plain kernel
	most["patched"] = 0.2
	most["loaded"] = 0.5
	most["context"] = 1
	most_enter = 3000
	most_bytes = 512
	# how much more a walk may take among many, in percent: their numbers have more digits, and the
	# kernel's table of numbers is deeper
	same = 10
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

function has(name, where)
{
	return (name, where) in cost
}

function percent(value, of)
{
	return (value / of - 1) * 100
}

# @about: what JSON calls it; the text is for people.
function miss(about, text)
{
	missed++
	wrong = wrong (wrong == "" ? "" : "; ") text
	wrong_json = wrong_json (wrong_json == "" ? "" : ", ") about
}

function compare(name, where,  over)
{
	if (!has(name, where) || !has(name, "plain"))
		return
	over = percent(cost[name, where], cost[name, "plain"])
	if (over > most[where] + 1e-6)
		miss(sprintf("{ \"column\": \"%s\", \"percent\": %.3f, \"most\": %s }", where, over,
			     most[where]),
		     sprintf("%s %+.2f %% (at most %s)", where, over, most[where]))
}

# Namespaces touch a row if it costs more there than on the kernel alone.
function below_namespaces(name,  ours, theirs)
{
	if (!has(name, "context") || !has(name, "namespaces") || !has(name, "plain"))
		return
	ours = cost[name, "context"]
	theirs = cost[name, "namespaces"]
	if (percent(theirs, cost[name, "plain"]) > most["patched"] && ours >= theirs)
		miss(sprintf("{ \"column\": \"context\", \"below\": \"namespaces\", \"percent\": %.3f }",
			     percent(ours, theirs)),
		     sprintf("context %+.2f %% beside namespaces (less)", percent(ours, theirs)))
}

# A walk in a context must not cost more when others have more processes.
function as_alone(name,  alone, over)
{
	alone = name
	if (!sub(/, 10+ foreign/, ", 10 foreign", alone) || !has(name, "context"))
		return
	over = percent(cost[name, "context"], cost[alone, "context"])
	if (over > same)
		miss(sprintf("{ \"column\": \"context\", \"among\": \"10\", \"percent\": %.3f }", over),
		     sprintf("context %+.2f %% beside 10 foreign (the same)", over))
}

function judge_row(name)
{
	wrong = wrong_json = ""
	compare(name, "patched")
	compare(name, "loaded")
	compare(name, "context")
	below_namespaces(name)
	as_alone(name)
}

function above(what, value, limit)
{
	if (value > limit)
		miss(sprintf("{ \"of\": \"%s\", \"value\": %.0f, \"most\": %.0f }", what, value, limit),
		     sprintf("%s %.0f (at most %.0f)", what, value, limit))
}

function judge_life(name)
{
	wrong = wrong_json = ""
	if (name != "a context")
		return
	above("enter", enter[name], most_enter)
	if ("all six" in whole)
		above("life", whole[name], whole["all six"] / 100)
	above("bytes", bytes[name], most_bytes)
}

function print_rows(  i, j)
{
	printf "%-46s", "instructions"
	for (j = 1; j <= columns_shown; j++)
		printf " %10s", shown[j]
	print "  limits"
	for (i = 1; i <= rows; i++) {
		judge_row(row[i])
		printf "%-46s", row[i]
		for (j = 1; j <= columns_shown; j++)
			if (has(row[i], shown[j]))
				printf " %10.0f", cost[row[i], shown[j]]
			else
				printf " %10s", "-"
		print "  " (wrong == "" ? "held" : wrong)
	}
}

function print_lives(  i, name)
{
	printf "\n%-46s %10s %10s %10s %10s %10s %10s  limits\n", "made, in use and ended", "enter",
		"whole life", "slab", "percpu", "tables", "bytes"
	for (i = 1; i <= lives; i++) {
		name = life[i]
		judge_life(name)
		printf "%-46s %10.0f %10.0f %10.0f %10.0f %10.0f %10.0f  %s\n", name, enter[name],
			whole[name], slab[name], percpu[name], tables[name], bytes[name],
			wrong != "" ? wrong : name == "a context" ? "held" : ""
	}
	print "enter: the calls alone; whole life: what it adds to a process that ends; both in" \
		" instructions.\nMemory in bytes, with one processor; tables: of pages."
}

function print_json(  i, j, name)
{
	printf "{\n\"operations\": ["
	for (i = 1; i <= rows; i++) {
		judge_row(row[i])
		printf "%s\n  { \"operation\": \"%s\"", (i > 1 ? "," : ""), row[i]
		for (j = 1; j <= columns_shown; j++)
			if (has(row[i], shown[j]))
				printf ", \"%s\": %.2f", shown[j], cost[row[i], shown[j]]
		printf ", \"misses\": [%s] }", wrong_json
	}
	printf "\n],\n\"lives\": ["
	for (i = 1; i <= lives; i++) {
		name = life[i]
		judge_life(name)
		printf "%s\n  { \"of\": \"%s\", \"enter\": %.0f, \"life\": %.0f, \"slab\": %.0f, " \
			"\"percpu\": %.0f, \"page_tables\": %.0f, \"bytes\": %.0f, \"misses\": [%s] }",
			(i > 1 ? "," : ""), name, enter[name], whole[name], slab[name], percpu[name],
			tables[name], bytes[name], wrong_json
	}
	printf "\n],\n\"missed\": %d\n}\n", missed
}

END {
	if (format == "json") {
		print_json()
	} else {
		print_rows()
		if (lives)
			print_lives()
		print missed ? missed " limits are missed." : "All limits are held."
	}
	exit missed > 0
}
