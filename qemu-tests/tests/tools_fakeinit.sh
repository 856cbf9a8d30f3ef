#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# tools_fakeinit.sh: chcontext with the flag fakeinit: what it does, says and leaves behind.

# shellcheck disable=SC1091,SC2016,SC2154 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

said='^New security context is [0-9]+$'
why='^vctl: flag fakeinit: it takes CAP_SYS_ADMIN: .* /proc .*\(run it as root .*\)$'

# init ARG...: with the flag.
init()
{
	chcontext --silent --flag fakeinit "$@"
}

none_left()
{
	soon sh -c 'vctl info | grep -q "^Contexts besides 0: 0$" && ! pgrep -x "sleep|chcontext"'
}

run "the id is told" 0 "$said" chcontext --flag fakeinit true
run "and before the command's own output" 0 '^1$' \
	sh -c 'chcontext --flag fakeinit sh -c "echo \$\$" | sed -n 2p'
run "the command's exit status is chcontext's" 7 "" init sh -c 'exit 7'
run "the command is process 1" 0 '^1$' init sh -c 'echo $$'
run "ps sees it and itself" 0 '^1 sh 2 ps $' init sh -c \
	'ps -e -o pid=,comm= >/tmp/seen; tr -s " \n" " " </tmp/seen | sed "s/^ //"'
run "the machine's /proc is not below the new one" 0 '^0$' init sh -c \
	'umount /proc; ls /proc | wc -l'
run "mounts stay inside" 0 '^0$' sh -c \
	'chcontext --silent --flag fakeinit mount -t tmpfs none /mnt; grep -c " /mnt " /proc/mounts || true'
run "the machine's /proc stays" 0 's_context:.0$' cat /proc/self/status
run "the machine's mounts arrive" 0 '^1$' sh -c \
	'mount --make-shared /mnt 2>/dev/null || { mount -t tmpfs none /mnt; mount --make-shared /mnt; }
	mkdir -p /mnt/a
	chcontext --silent --flag fakeinit sh -c "echo >/tmp/inside; while [ ! -e /tmp/mounted ]; do sleep 0.1; done
		grep -c \" /mnt/a \" /proc/mounts" &
	while [ ! -e /tmp/inside ]; do sleep 0.1; done
	mount -t tmpfs none /mnt/a
	echo >/tmp/mounted
	wait
	umount /mnt/a /mnt'
run "its lines in /proc" 0 'ctxflags:.lock,fakeinit$' init --flag lock cat /proc/self/status
run "with --secure" 0 'CapBnd:.00000000b00c05fb$' init --secure cat /proc/self/status
run "with a host name" 0 '^web$' init --hostname web hostname
run "inside of another context" 0 '^1$' chcontext --silent sh -c \
	'chcontext --silent --flag fakeinit sh -c "echo \$\$"'
run "one inside another" 0 '^1$' init sh -c \
	'chcontext --silent --flag fakeinit sh -c "echo \$\$"; true'
run "no such program" 1 '^vctl: /nonexistent: .*\(.+\)$' init /nonexistent
run "as user" 1 "$why" as_user chcontext --flag fakeinit true
run "as user in the background" 1 "$why" as_user chcontext --disconnect --flag fakeinit true
run "as root with --secure" 1 "$why" chcontext --silent --secure chcontext --flag fakeinit true
run "as user by number" 1 'only root in context 0 may name a context' \
	as_user chcontext --ctx 800 --flag fakeinit true

# By number, from outside.
chcontext --silent --ctx 800 --flag fakeinit sh -c 'sleep 1000; true' &
outer=$!
soon chcontext --silent --ctx 800 pgrep -x sleep
ktap_result $? "a named one" "it did not come"
run "who enters sees process 1" 0 '^1 sh$' chcontext --silent --ctx 800 \
	sh -c 'ps -o pid=,comm= -p 1 | sed "s/^ *//"'
run "and itself by a number of there" 0 '^same$' chcontext --silent --ctx 800 \
	sh -c '[ $$ -lt 60 ] && [ -e /proc/$$/status ] && [ "$(sed -n "s/^Pid:.//p" /proc/$$/status)" = $$ ] && echo same'
run "status of who entered" 3 "" chcontext --silent --ctx 800 sh -c 'exit 3'
run "signal of who entered" 143 "" chcontext --silent --ctx 800 sh -c 'kill $$'
run "entering with the flag" 0 "^New security context is 800$" \
	chcontext --ctx 800 --flag fakeinit true
run "entering with more flags" 0 'ctxflags:.fakeinit,hideinfo$' sh -c \
	'chcontext --silent --ctx 800 --flag hideinfo true
	chcontext --silent --ctx 1 cat /proc/$(chcontext --silent --ctx 1 pgrep -x -n sleep)/status'
run "no signal from inside ends it" 0 '^1 sh$' chcontext --silent --ctx 800 \
	sh -c 'kill -9 1; kill 1; ps -o pid=,comm= -p 1 | sed "s/^ *//"'
chcontext --silent --ctx 800 sleep 999 &
entered=$!
soon chcontext --silent --ctx 800 pgrep -f 'sleep 999'
ktap_result $? "somebody enters and stays" "it did not"
kill $outer
wait $outer
run "to kill the chcontext outside is to kill it" 0 '^137$' echo $?
wait $entered
run "and with it who had entered" 0 '^137$' echo $?
none_left
ktap_result $? "nothing is left" "$(cat "$ktap_file")"

# One that has had a process can't get the flag, and nothing of the kind is started there.
chcontext --silent --ctx 801 sleep 1000 &
soon chcontext --silent --ctx 801 pgrep -x sleep
run "not for one in use" 1 '^vctl: context 801: the flag fakeinit is for its first process' \
	chcontext --ctx 801 --flag fakeinit,lock true
run "which has not been changed" 0 'ctxflags:.none$' \
	chcontext --silent --ctx 801 cat /proc/self/status
chcontext --silent --ctx 801 pkill -x sleep

# In the background.
run "in the background" 0 '^New security context is 802$' \
	chcontext --disconnect --ctx 802 --flag fakeinit sh -c 'sleep 1000; true'
run "with a session of its own" 0 '^1 1 \?$' chcontext --silent --ctx 802 \
	sh -c 'ps -o pid=,sid=,tty= -p 1 | tr -s " " | sed "s/^ //"'
run "entering it in the background" 0 "" \
	chcontext --silent --disconnect --ctx 802 sh -c 'echo $$ >/tmp/entered'
soon test -s /tmp/entered
ktap_result $? "which happens" "it did not"
chcontext --silent --ctx 1 ps ax -o pid,args | grep -q '[c]hcontext --disconnect --ctx 802'
ktap_result $? "a chcontext waits outside" "it does not"
pkill -x chcontext
none_left
ktap_result $? "without it nothing is left" "$(cat "$ktap_file")"

# Nobody may signal a private one, but the kernel does it when its parent ends.
chcontext --silent --ctx 803 --flag fakeinit,private sleep 1000 &
private=$!
soon chcontext --silent --ctx 1 pgrep -x sleep
kill $private
wait $private
run "kill of a private one's chcontext" 0 '^143$' echo $?
# It does not for one that has changed its user, but the chcontext that waits does.
chcontext --silent --flag fakeinit setpriv --reuid 1000 --regid 1000 --clear-groups sleep 1000 &
other=$!
soon chcontext --silent --ctx 1 pgrep -u 1000 -x sleep
kill $other
wait $other
run "kill of one that has changed its user" 0 '^137$' echo $?
none_left
ktap_result $? "of both nothing is left" "$(cat "$ktap_file")"

# Killed at any step.
for step in $(seq -w 1 3 99); do
	timeout -s KILL "0.0$step" chcontext --silent --flag fakeinit sleep 1000
	timeout -s TERM "0.0$step" chcontext --silent --flag fakeinit sleep 1000
	timeout -s KILL "0.0$step" chcontext --silent --disconnect --flag fakeinit sleep 0.1
done >/dev/null 2>&1
none_left
ktap_result $? "killed at any step it leaves nothing" "$(cat "$ktap_file"; chcontext --ctx 1 ps axf)"
run "the module can go" 0 "" rmmod vcontext
run "and come" 0 "" modprobe vcontext
ktap_end
