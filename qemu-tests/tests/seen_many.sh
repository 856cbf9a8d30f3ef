#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# seen_many.sh [VSERVERS [PROCESSES]]: how long vps, vtop and vserver-stat take to see many vservers with
# many processes, beside what ps and top take that see context 0 alone.  With vm --icount, whose
# clock counts instructions, a second is a thousand million of them.

# shellcheck disable=SC1091 # the file beside this one
. "$(dirname "$0")/ktap.sh"

vservers=${1-100}
processes=${2-5000}
each=$((processes / vservers))
most=1000000000
hold=$(dirname "$0")/hold

# taken COMMAND...: the least of three times, in nanoseconds.
taken()
{
	for _ in 1 2 3; do
		"$hold" time "$@" || return
	done | sort -n | head -n 1
}

# beside NAME AS-THAT COMMAND...: both are measured.
beside()
{
	local name=$1 alone=$2 seen

	shift 2
	seen=$(taken "$@")
	[ -n "$seen" ] && [ $((seen - alone)) -lt $most ]
	ktap_result $? "$name: less than $((most / 1000000000)) s beside" "$seen ns, and $alone ns alone"
	echo "# $name: $((seen / 1000000)) ms, $((alone / 1000000)) ms in context 0 alone"
}

PATH="$PATH:$(dirname "$0")"
vserver_tree.sh prepare
cp "$hold" /vservers/.seed/bin/
ulimit -u unlimited
for n in $(seq "$vservers"); do
	vserver_tree.sh none "s$n"
	vserver "s$n" start >/dev/null
	vserver "s$n" exec /bin/hold "$each" </dev/null >/dev/null &
done
soon sh -c "[ \$(vps axo comm= | grep -c 'hold\$') = $((each * vservers)) ]" ||
	soon sh -c "[ \$(vps axo comm= | grep -c 'hold\$') = $((each * vservers)) ]"
ktap_result $? "$vservers vservers, $((each * vservers)) processes" "$(vps axo comm= | grep -c 'hold$')"

vps axo comm= >/tmp/seen
for n in 1 "$vservers"; do
	[ "$(grep -cE "^ *[0-9]+ s$n +hold\$" /tmp/seen)" = "$each" ]
	ktap_result $? "vserver s$n has $each" "$(grep -c " s$n " /tmp/seen)"
	vserver-stat | grep -qE "^ *[0-9]+ +$each .* s$n\$"
	ktap_result $? "and so it is counted" "$(vserver-stat | grep " s$n\$")"
done
! grep -q '?' /tmp/seen
ktap_result $? "all are known" "$(grep '?' /tmp/seen | head -n 3)"

echo "# the system's ps ax in context 1: $(($(taken chcontext --silent --ctx 1 ps ax) / 1000000)) ms"
for options in ax aux -ef "axo pid,comm"; do
	# shellcheck disable=SC2086 # words
	beside "vps $options" "$(taken ps $options)" vps $options
done
beside "vps --json" "$(taken ps ax)" vps --json ax
beside "vtop -b -n 1" "$(taken top -b -n 1)" vtop -b -n 1
beside "vserver-stat" "$(taken ps ax)" vserver-stat
beside "vpstree" "$(taken pstree)" vpstree

# A user may have made so many.
most=2000000000
"$hold" contexts 20000 >/tmp/held &
held=$!
soon grep -q contexts /tmp/held
beside "vps ax beside 20000 contexts" "$(taken ps ax)" vps ax
beside "vserver-stat beside 20000 contexts" "$(taken ps ax)" vserver-stat
kill $held

for n in $(seq "$vservers"); do
	vserver "s$n" stop >/dev/null
done
wait
umount /vservers /etc/vservers
ktap_end
