#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# seen.sh: vps, vpstree, vtop, vserver-stat and vkill: what they show of processes in all contexts, and
# do to them.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

vserver_tree.sh prepare

# The context of a process as the kernel has it: context_of PID
context_of()
{
	chcontext --silent --ctx 1 sed -n 's/^s_context:.//p' "/proc/$1/status"
}

# What the kernel says of all, as "PID CTX" a line.
contexts()
{
	chcontext --silent --ctx 1 sh -c 'grep "^s_context:" /proc/[0-9]*/status' 2>/dev/null |
		sed 's|^/proc/\([0-9]*\)/status:s_context:.|\1 |'
}

# Is each process in a list, "CTX VSERVER PID ..." a line, where the kernel has it?  Those that have
# ended meanwhile, as ps itself, are passed over.
right()
{
	contexts >/tmp/contexts
	awk -v web="$web" -v init="$init" '
		FNR == NR { really[$1] = $2; next }
		$1 == "CTX" || !($3 in really) { next }
		{ name = "-"; seen++ }
		really[$3] == 0 { name = "MAIN" }
		really[$3] == web { name = "w1" }
		really[$3] == init { name = "w2" }
		$1 != really[$3] || $2 != name { print "not " really[$3], name ": " $0 }
		END { if (seen < 20) print "only " seen }' /tmp/contexts "$1" >/tmp/wrong
	! [ -s /tmp/wrong ]
	ktap_result $? "$2: each is where it is" "$(head -n 3 /tmp/wrong)"
}

# The values of these members of all objects of an array, a line for each object: values MEMBER...
values()
{
	awk -v members="$*" '
		BEGIN { count = split(members, wanted, " ") }
		/^  [{]/ { split("", object) }
		match($0, /^    "[a-z_]*": /) {
			member = substr($0, 6, RLENGTH - 8)
			object[member] = substr($0, RLENGTH + 1)
			gsub(/[",]/, "", object[member])
		}
		/^  [}]/ {
			for (i = 1; i <= count; i++)
				printf "%s%s", object[wanted[i]], i < count ? " " : "\n"
		}'
}

# on_terminal KEYS COMMAND: what it shows on one of 24 rows and 100 columns; a key each second.
on_terminal()
{
	for key in start $1; do
		sleep 1.5
		[ "$key" = start ] || printf '%b' "$key"
	done | timeout 60 script -qec "stty rows 24 cols 100; $2; echo ended \$?" /dev/null
}

# A child has ended with this status: ended PID STATUS
ended()
{
	soon sh -c "! kill -0 $1 2>/dev/null" || return
	wait "$1"
	[ $? = "$2" ]
}

# In context 0, a named one, an allotted one with another made inside, vservers of both kinds.
sleep 1000 &
host=$!
chcontext --silent --ctx 300 sleep 1001 &
named=$!
chcontext --silent sh -c 'sleep 1002 & exec chcontext --silent sleep 1003' &
nested=$!
vserver_tree.sh none w1
vserver w1 start >/dev/null
vserver w1 exec sleep 1004 &
vserver_tree.sh init w2
vserver w2 start >/dev/null
# Which nobody can end from outside, so that it ends when it is let go.
mkfifo /tmp/hold
exec 3<>/tmp/hold
chcontext --silent --ctx 301 --flag private sh -c 'read -r word </tmp/hold' &
private=$!
web=$(sed -n 's/^context=//p' /run/vservers/w1)
init=$(sed -n 's/^context=//p' /run/vservers/w2)
number_of='chcontext --silent --ctx 1 pgrep -f'
soon sh -c "$number_of '^sleep 1004' && $number_of '^sleep 1003'"
ktap_result $? "all are there" "$(chcontext --silent --ctx 1 ps ax)"
inside=$($number_of '^sleep 1004')
outer=$($number_of '^sleep 1002')
first=$($number_of '^init|/sbin/init' | tail -n 1)

# vps
for options in ax aux -ef -el "axo pid,cmd" "axo comm,pid" "axo comm" -eL axf "axh" \
	"axo pid,comm --no-headers" "-C sleep,sh" "ajx"; do
	# shellcheck disable=SC2086 # words
	vps $options >/tmp/seen
	case $options in
	ax|"axo pid,cmd"|axh) right /tmp/seen "vps $options" ;;
	esac
	# shellcheck disable=SC2086
	for line in "0 MAIN .*sleep" "300 - .*sleep" "$web w1 .*sleep" "301 - .*sh"; do
		grep -qE "^ *$line" /tmp/seen
		ktap_result $? "vps $options: $line" "$(cat /tmp/seen)"
	done
done
run "vps of one" 0 "^ *$web w1 +$inside " vps -p "$inside"
run "vps of one in a context inside" 0 "^ *$(context_of "$nested") - +$nested " vps -p "$nested"
run "vps of a fakeinit's process 1" 0 "^ *$init w2 +$first " vps -p "$first"
run "vps of nobody" 1 'CTX VSERVER' vps -p 4000000
vps ax | head -n 1 >/tmp/seen 2>&1
grep -q 'CTX VSERVER' /tmp/seen && [ "$(grep -c . /tmp/seen)" = 1 ]
ktap_result $? "vps for head" "$(cat /tmp/seen)"
run "vps --json" 0 '"vserver": "w1",' vps --json ax
vps --json ax | values context vserver pid | sed 's/^0 null /0 MAIN /; s/ null / - /' >/tmp/seen
right /tmp/seen "vps --json"
run "vps as user" 1 '^vctl: ps: context 1: only root in context 0' as_user vps
run "vps inside" 1 '^vctl: ps: context 1: only root in context 0' chcontext --silent vps

# vpstree
run "vpstree" 0 "sleep\\[300\\]" vpstree
run "vpstree of a context inside" 0 "^sleep\\($nested\\)\\[$(context_of "$nested")\\]" \
	vpstree -p "$nested"
run "vpstree of a vserver" 0 "sleep\\[$web w1\\]" vpstree
vpstree -ap "$first" | sed "s/\\[$init w2\\]//" >/tmp/seen
chcontext --silent --ctx 1 pstree -apA "$first" | diff - /tmp/seen >/tmp/wrong
ktap_result $? "vpstree is pstree" "$(head -n 4 /tmp/wrong)"

# vtop
vtop -b -n 1 >/tmp/seen
for line in "0 MAIN +$host" "300 - +$named" "$web w1 +$inside" "$init w2 +$first"; do
	grep -qE "^ *$line " /tmp/seen
	ktap_result $? "vtop -b: $line" "$(cat /tmp/seen)"
done
TERM=linux
export TERM
on_terminal q "vtop -p $host,$named,$inside" >/tmp/seen 2>&1
for line in "CTX VSERVER +PID USER" "0 MAIN +$host " "300 - +$named " "$web w1 +$inside "; do
	grep -qE "$line" /tmp/seen
	ktap_result $? "vtop: $line" "$(cat -v /tmp/seen)"
done
grep -q '^ended 0' /tmp/seen
ktap_result $? "vtop ends" "$(tail -n 2 /tmp/seen)"

# vserver-stat
run "vserver-stat" 0 '^ *CTX +PROC +VSZ +RSS +userTIME +sysTIME +UPTIME +NAME$' vserver-stat
vserver-stat >/tmp/seen
for context in 300 "$web" "$init" "$(context_of "$outer")" "$(context_of "$nested")"; do
	count=$(contexts | grep -c " $context\$")
	grep -qE "^ *$context +$count " /tmp/seen
	ktap_result $? "vserver-stat counts" "$context: $count, $(cat /tmp/seen)"
done
vserver-stat --json | values context vsz_kib rss_kib >/tmp/sums
vps --json ax | values context vsz_kib rss_kib |
	awk '{ vsz[$1] += $2; rss[$1] += $3 } END { for (c in vsz) print c, vsz[c], rss[c] }' >/tmp/ps
for context in 300 301 "$web" "$(context_of "$nested")"; do
	grep -q "^$context " /tmp/ps &&
		[ "$(grep "^$context " /tmp/sums)" = "$(grep "^$context " /tmp/ps)" ]
	ktap_result $? "vserver-stat has the sums of ps" \
		"$(grep "^$context " /tmp/sums), $(grep "^$context " /tmp/ps)"
done

# vkill
run "vkill of nobody" 1 'process 4000000: there is no such process' vkill 4000000
run "vkill as user" 1 'only root in context 0' as_user vkill "$host"
run "vkill in a private context" 1 "process $private: its context is private" vkill "$private"
run "vkill, and two of three can" 1 'process 4000000' vkill "$host" 4000000 -s HUP "$named"
ended "$host" 129 && ended "$named" 129
ktap_result $? "vkill in context 0 and in a named one" "they are still there"
run "vkill in a vserver" 0 "" vkill -KILL "$inside"
soon sh -c "! vps -p $inside >/dev/null"
ktap_result $? "it is gone" "$(vps -p "$inside")"
run "vkill in a context inside" 0 "" vkill "$nested"
ended "$nested" 143
ktap_result $? "it is gone, too" "still there"
run "vkill of a fakeinit's child" 0 "" vkill -9 "$($number_of '/bin/sleep 86400')"
run "vkill of a fakeinit" 0 "" vkill -9 "$first"
soon sh -c "! vps -p $first >/dev/null"
ktap_result $? "it is gone with all others" "$(vps ax)"
outer_context=$(context_of "$outer")
run "vkill --ctx" 0 "" vkill --ctx "$outer_context" -s KILL
run "vkill --ctx of none" 1 'there is no such context \(see vctl stat' vkill --ctx "$outer_context"
run "vkill --ctx --forget of a vserver's" 1 "vserver's \\(vserver w1 stop" \
	vkill --ctx "$web" --forget
mv /run/vservers/w1 /tmp/w1
vserver-stat | grep -qE "^ *$web +0 .* -\$"
ktap_result $? "a vserver that nothing is written down of is still there" "$(vserver-stat)"
run "vkill --forget" 0 "" vkill --ctx "$web" --forget
soon sh -c "! vserver-stat | grep -q '^ *$web '"
ktap_result $? "it is gone now" "$(vserver-stat)"
vserver w2 stop >/dev/null
echo go >&3
exec 3>&-
wait
run "nothing is left" 0 '^Contexts besides 0: +0$' vctl info
umount /vservers /etc/vservers
ktap_end
