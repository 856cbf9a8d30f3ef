#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_many.sh [COUNT]: many vservers are started and stopped side by side, three times over, and
# leave nothing behind: mounts, addresses, contexts, control groups, processes.

# shellcheck disable=SC1091 # the file beside this one
. "$(dirname "$0")/ktap.sh"

count=${1-100}
tmp=$(mktemp -d)

# make N: of each kind some.
make()
{
	local kinds=(rc none rc rc)

	# Process 1 of a vserver takes its time to end.
	if [ $(($1 % 20)) = 0 ]; then
		vserver_tree.sh init "m$1" "10.9.2.$1"
	else
		vserver_tree.sh "${kinds[$(($1 % 4))]}" "m$1" "10.9.2.$1"
	fi
}

# each AT_ONCE WORD...: for every vserver; the names of those that failed are in the file "failed".
each()
{
	local at_once=$1
	shift

	: >"$tmp/failed"
	# shellcheck disable=SC2016 # for the other shell
	seq "$count" | xargs -P "$at_once" -I {} sh -c '
		name=$1 tmp=$2
		shift 2
		vserver "$name" "$@" </dev/null >"$tmp/$name.out" 2>&1 ||
			echo "$name: $(cat "$tmp/$name.out")" >>"$tmp/failed"' sh m{} "$tmp" "$@"
	! [ -s "$tmp/failed" ]
}

# What the machine has: contexts, addresses, mounts, control groups, files below /run.  Processes
# are those that context 0 sees.
machine()
{
	vctl info | grep -i 'contexts'
	ip -o -4 addr show
	cat /proc/self/mountinfo
	find /sys/fs/cgroup/vserver 2>/dev/null
	ls -A /run/vservers
}

# shellcheck disable=SC2009 # pgrep has no sorted names
programs()
{
	ps -e -o comm= | grep -E '^(vserver|vctl|sleep|init|rc|sh|busybox)$' | sort
}

mounts_inside()
{
	vserver m4 exec cat /proc/self/mountinfo
}

vserver_tree.sh prepare
for n in $(seq "$count"); do
	make "$n"
done
vserver m1 start >/dev/null && vserver m1 stop >/dev/null
machine >"$tmp/before"
programs >"$tmp/programs"

for at_once in 8 "$count" 8; do
	each "$at_once" start
	ktap_result $? "start $count, $at_once at once" "$(head -n 3 "$tmp/failed")"
	each 8 exec true
	ktap_result $? "each answers" "$(head -n 3 "$tmp/failed")"
	programs >"$tmp/now"
	cmp -s "$tmp/programs" "$tmp/now"
	ktap_result $? "nobody outside is there for them" "$(diff "$tmp/programs" "$tmp/now")"
	running=$(vserver list | grep -c ' running')
	[ "$running" = "$count" ]
	ktap_result $? "all are listed as running" "$running"

	mounts_inside >"$tmp/inside"
	cat /proc/self/mountinfo >"$tmp/outside"
	for _ in $(seq 20); do
		vserver m4 exec true
	done
	mounts_inside | cmp -s - "$tmp/inside" && cmp -s /proc/self/mountinfo "$tmp/outside"
	ktap_result $? "commands inside mount nothing" "$(mounts_inside | diff - "$tmp/inside")"

	each "$at_once" stop
	ktap_result $? "stop $count, $at_once at once" "$(head -n 3 "$tmp/failed")"
	machine >"$tmp/now"
	cmp -s "$tmp/before" "$tmp/now"
	ktap_result $? "nothing is left" "$(diff "$tmp/before" "$tmp/now" | head -n 5)"
	programs >"$tmp/now"
	cmp -s "$tmp/programs" "$tmp/now"
	ktap_result $? "no process is left" "$(diff "$tmp/programs" "$tmp/now")"
done
rmmod vcontext && modprobe vcontext
ktap_result $? "the module unloads" "$(lsmod)"
rm -rf "$tmp"
ktap_end
