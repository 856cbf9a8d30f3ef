#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_reboot.sh: vservers that restart or stop themselves, and those that boot with the machine.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/vserver_common.sh"

log=/tmp/rebootmgr.log

# logged PATTERN: is it in the log of the reboot manager?
logged()
{
	grep -qE "$1" $log
}

# manage: the reboot manager in the background, until it is ready.
manage()
{
	rebootmgr 2>$log &
	manager=$!
	soon logged '^rebootmgr: ready$'
	ktap_result $? "the reboot manager starts" "$(cat $log)"
}

# seen NAME PATTERN: does it come to have a line in the list that matches?
seen()
{
	for _ in 1 2 3 4 5 6; do
		soon sh -c "vserver list | grep -qE '^$1 +$2'" && return
	done
	vserver list >"$ktap_file"
	return 1
}

# case_seen WHAT NAME PATTERN: one case.
case_seen()
{
	seen "$2" "$3"
	ktap_result $? "$1" "$(cat "$ktap_file" $log)"
}

# anew NAME: has it been started anew?  Its rc counts the starts.
anew()
{
	starts=$((starts + 1))
	for _ in 1 2 3 4 5 6; do
		soon sh -c "[ \$(cat /vservers/$1/root/starts) = $starts ] && vserver $1 running" && return
	done
	return 1
}

make_tree v1
tree_script v1 /etc/init.d/rc <<-'END'
	[ "$1" = 3 ] || exit 0
	echo $(($(cat /root/starts) + 1)) >/root/starts
	sleep 1000 &
END
cp /vservers/v1/etc/init.d/rc /vservers/v1/etc/init.d/rcS
sed -i 's/^\[.*//' /vservers/v1/etc/init.d/rcS
printf '::sysinit:/etc/init.d/rcS\n' >/vservers/v1/etc/inittab
cp -a /vservers/v1 /vservers/v2
echo 0 >/vservers/v1/root/starts
echo 0 >/vservers/v2/root/starts
conf v1
conf v2
remember

# Without a manager
vserver v1 start --silent
vserver v2 start --silent
starts=1
run "vreboot with no manager" 1 '^vreboot: /dev/reboot: the reboot manager does not listen \(.+\)$' \
	vserver v1 exec vreboot
run "vhalt with no manager" 1 '^vhalt: /dev/reboot: the reboot manager does not listen' \
	vserver v1 exec vhalt

# With one, that finds those that run.
manage
run "a second one" 1 '^vctl: .*\(.+\)$' rebootmgr
run "vreboot as user" 1 '^vreboot: .*only root may ask' vserver v1 suexec user vreboot
run "nor has a user's program the socket" 1 "" vserver v1 suexec user test -w /dev/reboot
run "neither is restarted" 0 '^1 1 $' sh -c 'cat /vservers/v?/root/starts | tr "\n" " "; echo'
run "vreboot" 0 '' vserver v1 exec vreboot
anew v1
ktap_result $? "restarts it" "$(cat /vservers/v1/root/starts $log)"
soon logged 'v1: the restart is done'
ktap_result $? "that is in the log" "$(cat $log)"
run "and not another one" 0 '^1$' cat /vservers/v2/root/starts

# What is printed inside is not for the machine's log, where it could say anything.
cp /vservers/v1/etc/init.d/rc /tmp/rc
tree_script v1 /etc/init.d/rc <<-'END'
	for _ in $(seq 500); do
		echo "rebootmgr: v2: forged, runlevel $1"
		echo "rebootmgr: v2: forged, runlevel $1" >&2
	done
	[ "$1" = 3 ] || exit 4
	echo $(($(cat /root/starts) + 1)) >/root/starts
	exit 5
END
host_script v1 <<-'END'
	echo "$1 of $2"
END
run "vreboot of one that prints much" 0 '' vserver v1 exec vreboot
anew v1
ktap_result $? "restarts it" "$(cat /vservers/v1/root/starts $log)"
soon logged '^vctl: /etc/init.d/rc of vserver v1: it failed with exit status 5'
ktap_result $? "the log has what vctl says" "$(cat $log)"
soon logged '^post-start of v1$'
ktap_result $? "and what the administrator's script says" "$(cat $log)"
run "but nothing of what is said inside" 0 '!forged' cat $log
rm /etc/vservers/v1.sh
cp /tmp/rc /vservers/v1/etc/init.d/rc
echo 2 >/vservers/v1/root/starts

# What is sent along may be such that to close it takes for ever.
cp "$(dirname "$0")/linger" /vservers/v2/bin/
for _ in 1 2; do
	vserver v2 exec linger /dev/reboot 12 >/tmp/linger &
	soon grep -q sent /tmp/linger
	ktap_result $? "descriptors are sent" "$(cat /tmp/linger $log)"
	run "vreboot beside them" 0 '' vserver v1 exec vreboot
	starts=2
	anew v1
	ktap_result $? "restarts it" "$(cat /vservers/v1/root/starts $log)"
	echo 2 >/vservers/v1/root/starts
done
kill $manager
soon sh -c "! kill -0 $manager 2>/dev/null"
ktap_result $? "it ends in spite of them" "$(cat $log)"
vserver v2 exec killall linger
wait
rm /vservers/v2/bin/linger
manage

run "vhalt" 0 '' vserver v1 exec vhalt
case_seen "stops it" v1 stopped
run "and not the other" 0 '^v2: running$' vserver v2 running
run "a wrong argument" 2 '^vreboot: now: it takes no arguments' vserver v2 exec vreboot now

# It may come and go while they run.
kill -9 $manager
wait $manager
vserver v1 start --silent
starts=2
run "vreboot after its end" 1 'does not listen' vserver v1 exec vreboot
run "any user reads its number" 0 '^[0-9]+$' as_user cat /run/rebootmgr.pid
as_user flock /run/rebootmgr.pid sleep 1000 &
as_user flock /run/rebootmgr.lock sleep 1000 &
sleep 0.5
manage
pkill -x sleep
soon logged .
run "vreboot with a new one" 0 '' vserver v1 exec vreboot
starts=3
anew v1
ktap_result $? "restarts it" "$(cat /vservers/v1/root/starts $log)"
kill $manager
wait $manager
run "it ends well" 0 '^0$' echo $?
run "the vservers run on" 0 '^2$' sh -c 'vserver list | grep -c running'
vctl stop --all --silent
rm -f /vservers/v?/dev/reboot
clean "all are stopped"

# With an init of their own
conf v1 'S_FLAGS=fakeinit'
manage
vserver v1 start --silent
starts=4
anew v1
ktap_result $? "an init" "$(cat /vservers/v1/root/starts)"
run "reboot" 0 '' sh -c 'vserver v1 exec reboot; true'
anew v1
ktap_result $? "restarts it" "$(cat $log; vctl status)"
run "reboot by force" 0 '!vctl' sh -c 'vserver v1 exec reboot -f; true'
anew v1
ktap_result $? "restarts it" "$(cat $log; vctl status)"
run "vreboot" 0 '' vserver v1 exec vreboot
anew v1
ktap_result $? "restarts it" "$(cat $log; vctl status)"
for program in halt poweroff 'halt -f'; do
	seen v1 running
	# shellcheck disable=SC2086 # words
	vserver v1 exec $program
	case_seen "$program stops it" v1 stopped
	vserver v1 start --silent
done
seen v1 running
echo 1 >/sys/fs/cgroup/vserver/v1/cgroup.kill
case_seen "one whose init is killed is stopped" v1 stopped

# While there is no manager it ends; a new one sees to it.
kill $manager
wait $manager
vserver v1 start --silent
seen v1 running
vserver v1 exec poweroff
case_seen "halted with no manager it has ended" v1 ended
run "status tells how" 0 '^v1 +ended +halt ' vserver v1 status
manage
case_seen "a new one tidies up" v1 stopped

# One that can't stay.
cat >/vservers/v1/etc/init.d/rcS <<-'END'
	#!/bin/sh
	reboot -f
END
vserver v1 start --silent
for _ in 1 2 3 4 5 6; do
	soon logged 'too often' && break
done
case_seen "one that reboots all the time is stopped" v1 stopped
run "that is in the log" 0 'v1: rebooted inside, too often: it is stopped$' cat $log
run "the other is not touched" 0 '^1$' cat /vservers/v2/root/starts
kill $manager
wait $manager
rm -f /vservers/v?/dev/reboot
cp /vservers/v2/etc/init.d/rcS /vservers/v1/etc/init.d/rcS
clean "all have ended"

# With the machine
conf v1 'ONBOOT=yes' 'S_FLAGS=fakeinit'
conf v2 'ONBOOT=no'
run "status of none" 3 '^vservers: none is running$' /etc/init.d/vservers status
run "at boot" 0 '^v1: ' /etc/init.d/vservers start
run "the one starts that is to" 0 '^vservers: running: v1$' /etc/init.d/vservers status
run "a second time" 0 '' /etc/init.d/vservers start
conf v2 'ONBOOT=yes' 'IPROT=1'
run "what can't be read is told of" 1 '/v2.conf:2: there is no key IPROT ' /etc/init.d/vservers start
conf v2 'ONBOOT=no'
run "the manager" 0 '^rebootmgr: ready$' /etc/init.d/rebootmgr start
run "its status" 0 '^rebootmgr: running as process [0-9]+$' /etc/init.d/rebootmgr status
vserver v2 start --silent
run "restart" 0 'v1: ' /etc/init.d/vservers restart
run "starts those alone that are to" 0 '^vservers: running: v1$' /etc/init.d/vservers status
vserver v2 start --silent
run "the manager's restart" 0 '^rebootmgr: ready$' /etc/init.d/rebootmgr restart
run "leaves vservers alone" 0 '^vservers: running: v1 v2$' /etc/init.d/vservers status
run "the manager's end" 0 '' /etc/init.d/rebootmgr stop
run "its status after that" 3 '^rebootmgr: not running$' /etc/init.d/rebootmgr status
run "at shutdown" 0 'v2: stopped' /etc/init.d/vservers stop
run "all are stopped" 3 '^vservers: none is running$' /etc/init.d/vservers status
run "as user" 4 'only root' as_user /etc/init.d/vservers start
run "wrong usage" 2 '^usage: ' /etc/init.d/vservers begin
rm -f /vservers/v?/dev/reboot
clean "shutdown"
run "the module can go" 0 "" rmmod vcontext
modprobe vcontext
ktap_end
