#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# unify_moments.sh [COUNT]: unify of two Debians and its undo are killed at so many moments, and
# nothing of the trees is lost or another.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
here=$(dirname "$0")
. "$here/ktap.sh"
. "$here/vserver_common.sh"
. "$here/unify_trees.sh"

count=${1-50}

# milliseconds COMMAND...
milliseconds()
{
	local begin

	begin=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - begin) / 1000000))
}

# Both processes that it has, or the one alone that was called; what is left then ends on its own.
# killed AFTER BOTH ARGUMENT...
killed()
{
	local after=$1 both=$2 job
	shift 2

	vctl unify "$@" >/dev/null 2>&1 &
	job=$!
	sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
	# shellcheck disable=SC2046 # several words
	if [ "$both" = 1 ]; then
		kill -KILL "$job" $(pgrep -P "$job") 2>/dev/null
	else
		kill -KILL "$job" 2>/dev/null
	fi
	wait "$job" 2>/dev/null
	for _ in $(seq 200); do
		pgrep -x vctl >/dev/null || return
		sleep 0.05
	done
}

# Of a process that is killed in a directory nobody puts back the time of that: not compared then.
# whole WHAT NAME...
whole()
{
	local what=$1 name
	shift

	state /tmp/now "$@"
	for name in "$@"; do
		diff <(without_times "/tmp/before/$name") <(without_times "/tmp/now/$name") \
			>"$ktap_file"
		ktap_result $? "$what: $name is as before" "$(head -n 20 "$ktap_file")"
		cp "/tmp/now/$name" /tmp/before/
	done
}

without_times()
{
	sed -E 's/ (4[0-7]{4} [0-9]+ [0-9]+ 0) [0-9.]+ / \1 /' "$1"
}

# Others want them, too.
cp -a /trees/a1 /trees/d2 /vservers/
machine_rpm a1
own a1 10.0.0.11
own d2 10.0.0.12
state /tmp/before a1 d2
unify=$(milliseconds vctl unify a1 d2)
unchanged "unify" /tmp/before a1 d2
undo=$(milliseconds vctl unify --undo a1)
unchanged "undo" /tmp/before a1 d2
echo "# unify $unify ms, undo $undo ms"

RANDOM=1
for n in $(seq "$count"); do
	if [ $((n % 2)) = 1 ]; then
		after=$((RANDOM * unify / 32768))
		killed $after $((n / 2 % 2)) a1 d2
		what="unify killed after $after ms"
	else
		after=$((RANDOM * undo / 32768))
		killed $after $((n / 2 % 2)) --undo a1
		what="undo killed after $after ms"
	fi
	if [ $((n / 2 % 2)) = 1 ]; then
		whole "$n: $what, both" a1 d2
	else
		unchanged "$n: $what" /tmp/before a1 d2
	fi
	# What is left to do there differs from moment to moment.
	[ $((n % 10)) != 0 ] || vctl unify --undo a1 >/dev/null
done
run "the same command goes on" 0 'Linked' vctl unify a1 d2
run "and undoes all" 0 'Copied' vctl unify --undo a1
unchanged "in the end" /tmp/before a1 d2
tree_state --own /vservers/a1 | head -n 1 >/tmp/own
run "nothing of a1 has a name elsewhere" 0 '^same$' sh -c \
	'read -r _ files _ own _ <"$0" && [ $files = $own ] && echo same' /tmp/own
find /vservers -maxdepth 1 ! -name a1 ! -name d2 ! -name vservers >"$ktap_file"
! [ -s "$ktap_file" ]
ktap_result $? "and nothing else is left" "$(cat "$ktap_file")"
ktap_end
