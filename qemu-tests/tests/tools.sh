#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# tools.sh: vctl and chcontext on a running kernel: what they do, say and exit with.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

said='^New security context is [0-9]+$'

# A new context, for everybody.
run "chcontext as root" 0 "$said" chcontext true
run "chcontext as user" 0 "$said" as_user chcontext true
run "vctl context is the same" 0 "$said" vctl context true
run "the id is told before the command's own output" 0 '^first$' \
	sh -c 'chcontext echo hello | sed -n "1s/New security context is .*/first/p"'
run "ids of new contexts begin at 65536" 0 '^yes$' \
	sh -c 'id=$(chcontext true | sed "s/.* //"); [ $id -ge 65536 ] && echo yes'
run "chcontext --silent" 0 "" chcontext --silent true
run "the command's exit status is chcontext's" 7 "$said" chcontext sh -c 'exit 7'
# Each once, and nothing but these.
run "only own processes and process 1 are there" 0 '^1 others=0 own=2$' \
	as_user chcontext --silent sh -c \
	'ps -e -o pid=,ppid=,comm= >/tmp/seen.$$
	while read -r pid parent comm; do
		case $pid,$parent,$comm in
		1,*) first=$((first + 1)) ;;
		$$,*,sh|*,$$,ps) own=$((own + 1)) ;;
		*) others=$((others + 1)) ;;
		esac
	done </tmp/seen.$$
	echo "$first others=$((others)) own=$own"'
run "process 1 is there" 0 '^ +1 ' as_user chcontext --silent ps -e
run "the context is where the message says" 0 '^same$' chcontext sh -c \
	'[ "$(sed -n "s/s_context:.//p" /proc/self/status)" -ge 65536 ] && echo same'

# The ceiling, with a flag: in a context that has it.
run "reducecap --flag as user" 1 'New contexts are closed|locked|\(.+\)$' \
	as_user reducecap --secure --flag lock chcontext true
run "reducecap --flag is a new context with that flag and ceiling" 0 \
	'^s_context:.[0-9]{5,} ctxflags:.lock CapBnd:.00000000b00c05fb $' \
	sh -c 'reducecap --secure --flag lock grep -E "^(s_context|ctxflags|CapBnd)" /proc/self/status |
		sort -r | tr "\n" " "; echo'

# Who logs in inside could not set one, if it were there.
login='echo 1000 >/proc/self/loginuid; exec'
run "a login uid from outside is forgotten" 0 '^4294967295$' \
	sh -c "$login chcontext --silent --secure cat /proc/self/loginuid"
run "a user keeps it" 0 '^1000$' \
	sh -c "$login su user -c 'chcontext --silent cat /proc/self/loginuid'"

# Named ones.
run "chcontext --ctx as root" 0 '^New security context is 700$' chcontext --ctx 700 true
run "chcontext --ctx is where it says" 0 's_context:.700$' \
	chcontext --ctx 700 cat /proc/self/status
run "chcontext --ctx as user" 1 'vctl: context 700: only root in context 0 may .*\(.+\)$' \
	as_user chcontext --ctx 700 true
run "chcontext --ctx as root inside" 1 'only root in context 0 may' \
	chcontext chcontext --ctx 700 true
run "chcontext --ctx of an allotted id not in use" 1 'there is no such context \(.+\)$' \
	chcontext --ctx 7000000 true
run "chcontext --ctx 0" 2 'nobody can enter context 0 \(.+\)$' chcontext --ctx 0 true
run "chcontext --ctx without a number" 2 'not the id of a context' chcontext --ctx x true
run "chcontext --ctx without an argument" 2 'needs an argument' chcontext --ctx
run "chcontext --ctx 1 sees all" 0 ' 2 .*kthreadd' chcontext --silent --ctx 1 ps -e

chcontext --silent --ctx 701 sleep 100 &
sleeper=$!
soon chcontext --silent --ctx 1 grep -q 's_context:.701$' /proc/$sleeper/status
ktap_result $? "a process in context 701" "it did not come"
run "context 0 does not see it" 1 'No such process' kill -0 $sleeper
run "the watcher does not kill it" 1 'not permitted' chcontext --silent --ctx 1 kill $sleeper
run "context 701 kills it" 0 "" chcontext --silent --ctx 701 kill $sleeper
wait $sleeper
[ $? = 143 ]
ktap_result $? "its parent outside gets its end" "another status"

# Flags.
run "chcontext --flag lock" 1 'flag lock' chcontext --flag lock chcontext true
run "chcontext --flag lock,private" 0 'ctxflags:.lock,private$' \
	chcontext --flag lock,private cat /proc/self/status
run "chcontext --flag twice" 0 'ctxflags:.lock,private$' \
	chcontext --flag lock --flag private cat /proc/self/status
run "chcontext --flag hideinfo" 0 '!s_context|ctxflags' \
	chcontext --flag hideinfo cat /proc/self/status
run "chcontext with an unknown flag" 2 'no such flag \(known flags: .*\)$' \
	chcontext --flag nosuch true
# There until it is let go.
mkfifo /tmp/hold
exec 3<>/tmp/hold
chcontext --silent --ctx 702 --flag private sh -c 'read -r word </tmp/hold' &
held=$!
soon chcontext --silent --ctx 1 grep -q 's_context:.702$' /proc/$held/status
ktap_result $? "a process in a private context" "it did not come"
run "a private context is not entered" 1 'private' chcontext --ctx 702 true
echo go >&3
wait $held
exec 3>&-

# Names.
run "chcontext --hostname" 0 '^web$' chcontext --hostname web hostname
run "chcontext --domainname" 0 '^place$' chcontext --domainname place domainname
run "the machine keeps its name" 0 '^guest$' hostname
run "chcontext --hostname as user" 1 'vctl: host name web: only root may .*\(.+\)$' \
	as_user chcontext --hostname web true

# In the background.
run "chcontext --disconnect" 0 "$said" chcontext --disconnect sh -c 'echo done >/tmp/disconnected'
soon test -s /tmp/disconnected
ktap_result $? "the command runs in the background" "it did not come to its end"
run "chcontext --disconnect of no program" 1 'vctl: /nonexistent: .*\(.+\)$' \
	chcontext --disconnect /nonexistent
run "chcontext --disconnect in a new session" 0 "" chcontext --silent --disconnect sh -c \
	'ps -o sid= -p $$ >/tmp/session.new; mv /tmp/session.new /tmp/session'
soon test -e /tmp/session
ktap_result $? "it tells its session" "it did not"
run "chcontext --disconnect is off the session" 0 '^other$' sh -c \
	'session=$(tr -d " " </tmp/session)
	[ "$session" -gt 1 ] && [ "$session" != "$(ps -o sid= -p $$ | tr -d " ")" ] && echo other'

# Wrong usage, and what cannot be run.
run "chcontext without a command" 2 'vctl: .*missing \(see .* --help\)$' chcontext
run "chcontext with an unknown option" 2 'no such option' chcontext --nosuch true
run "chcontext --help" 0 'Usage:.*--ctx' chcontext --help
run "chcontext of no program" 1 'vctl: /nonexistent: .*\(.+\)$' chcontext /nonexistent
run "chcontext of no executable" 1 'vctl: /etc/passwd: Permission denied' chcontext /etc/passwd
run "options end at the command" 0 '^--silent$' chcontext echo --silent
run "no context is left by failures" 0 '^Contexts besides 0: 0$' vctl info

# vctl
run "vctl alone" 2 'Usage: vctl' vctl
run "vctl --help" 0 'context +chcontext' vctl --help
run "vctl --version" 0 '^vctl [0-9]' vctl --version
run "vctl with an unknown subcommand" 2 'no such subcommand' vctl nosuch
run "vctl info" 0 '^Own context: +0$' vctl info
run "vctl info as user does not count contexts" 0 '^Contexts besides 0: +-$' as_user vctl info
run "vctl info inside" 0 '^Own context: +703$' chcontext --silent --ctx 703 vctl info
run "vctl info under hideinfo" 0 '^Own context: +-$' chcontext --silent --flag hideinfo vctl info
run "vctl info --json" 0 '"context": 0,' vctl info --json
run "vctl info --json inside" 0 '"context": 703,' chcontext --silent --ctx 703 vctl info --json
run "vctl info with an argument" 2 'no arguments' vctl info x
run "vctl check" 0 '^ok .*making a context' vctl check
run "vctl check finds nothing wrong" 0 '!FAILED|not tested' vctl check
run "vctl check as user" 0 '!FAILED|not tested' as_user vctl check
run "vctl check --json" 0 '"status": "ok"' vctl check --json
run "vctl check inside" 0 '^ok .*making a context' chcontext --silent vctl check
run "no colour where there is no terminal" 0 "!$(printf '\033')" vctl check

# The module.
chcontext --silent --ctx 704 sleep 100 &
sleeper=$!
soon chcontext --silent --ctx 1 grep -q 's_context:.704$' /proc/$sleeper/status
run "rmmod while there is a context" 1 'in use' rmmod vcontext
chcontext --silent --ctx 704 kill $sleeper
wait $sleeper
soon rmmod vcontext
# shellcheck disable=SC2154 # set by ktap.sh
ktap_result $? "rmmod when there is none" "$(cat "$ktap_file")"
run "chcontext without the module" 1 'vctl: .*not loaded \(run modprobe vcontext as root\)$' \
	chcontext true
run "no line is left in /proc/PID/status" 0 '!s_context' cat /proc/self/status
run "modprobe" 0 "" modprobe vcontext
run "chcontext after it" 0 "$said" as_user chcontext true
ktap_end
