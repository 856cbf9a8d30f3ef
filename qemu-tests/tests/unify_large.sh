#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# unify_large.sh: four Debians of more than 1 GB, of two installs made independently: how much of
# them is shared, and that nothing changes.

# shellcheck disable=SC1091 # the files beside this one
here=$(dirname "$0")
. "$here/ktap.sh"
. "$here/vserver_common.sh"
. "$here/unify_trees.sh"

all="a1 b1 c2 d2"

address=11
for name in $all; do
	mv "/trees/$name" "/vservers/$name"
	own "$name" "10.0.0.$address"
	address=$((address + 1))
	tree_state --own "/vservers/$name" | head -n 1 >/tmp/own
	read -r _ _ bytes _ </tmp/own
	[ "$bytes" -ge 1000000000 ]
	ktap_result $? "$name has 1 GB" "$bytes"
done
machine_rpm a1
# shellcheck disable=SC2086 # names
state /tmp/before $all
begin=$(date +%s)
run "unify" 0 'Linked' vctl unify --all
echo "# $(($(date +%s) - begin)) s"
# shellcheck disable=SC2086 # names
own_figures 100 $all
# shellcheck disable=SC2086 # names
unchanged unified /tmp/before $all
ktap_end
