#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# transcript.sh: the first sessions that the description of the system shows, word for word but for
# the programs' paths.  A copy of sleep(1) called xterm stands for the window.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

bin=$(mktemp -d)
chmod 755 "$bin"
cp "$(command -v sleep)" "$bin/xterm"
PATH=$bin:$PATH
export PATH

# seen NAME LINE / unseen NAME LINE: does what the session printed have such a line?
seen()
{
	grep -qE -e "$2" "$session"
	ktap_result $? "$1" "expected '$2', came: $(cat "$session")"
}

session=$(mktemp)

# Two windows of the same user: one starts xterm, the other one is in a context.
as_user xterm 100 &
xterm=$!
soon pgrep -x xterm
as_user chcontext /bin/sh >"$session" 2>&1 <<-'EOS'
	pstree -p | sed 's/^/tree: /'
	killall xterm; echo "killall: $?"
	exit 4
EOS
ktap_result $(($? != 4)) "two windows: the shell inside ends with its own status" "another status"
seen "two windows: the context is announced" '^New security context is [0-9]+$'
seen "two windows: pstree shows the shell" '^tree: .*sh\('
! grep -q '^tree: .*xterm' "$session"
ktap_result $? "two windows: pstree shows no xterm" "$(cat "$session")"
seen "two windows: killall finds none" 'xterm: no process found'
seen "two windows: killall fails" '^killall: 1$'
run "two windows: back outside xterm is there" 0 'xterm' pstree
run "two windows: and can be killed" 0 "" as_user killall xterm
wait $xterm

# One context inside another.
as_user chcontext /bin/sh >"$session" 2>&1 <<-'EOS'
	pstree | sed 's/^/first: /'
	xterm 100 &
	while ! pgrep -x xterm >/dev/null; do sleep 0.05; done
	pstree | sed 's/^/second: /'
	chcontext /bin/sh <<-'END'
		pstree | sed 's/^/third: /'
		killall xterm; echo "inner killall: $?"
		exit
	END
	pstree | sed 's/^/fourth: /'
	killall xterm; echo "outer killall: $?"
	while pgrep -x xterm >/dev/null; do sleep 0.05; done
	exit
EOS
ktap_result $? "one inside another: the shell ends well" "$(cat "$session")"
[ "$(grep -c '^New security context is' "$session")" = 2 ]
ktap_result $? "one inside another: two contexts" "$(cat "$session")"
! grep -q '^first: .*xterm' "$session"
ktap_result $? "one inside another: no xterm at first" "$(cat "$session")"
seen "one inside another: then it is seen" '^second: .*xterm'
! grep -q '^third: .*xterm' "$session"
ktap_result $? "one inside another: not in the inner context" "$(cat "$session")"
seen "one inside another: killall in the inner context fails" '^inner killall: 1$'
seen "one inside another: back in the outer one it is there" '^fourth: .*xterm'
seen "one inside another: killall there works" '^outer killall: 0$'
run "one inside another: it is gone" 1 "" chcontext --silent --ctx 1 pgrep -x xterm

# As root, with the watcher.
chcontext xterm 100 >"$session" &
xterm=$!
soon grep -q 'New security context' "$session"
soon chcontext --silent --ctx 1 pgrep -x xterm
run "as root: context 0 sees no xterm" 0 '!xterm' ps ax
run "as root: we are in context 0" 0 '^s_context:.0$' cat /proc/self/status
run "as root: context 1 sees it" 0 ' xterm 100$' chcontext --ctx 1 ps ax
run "as root: context 1 is announced" 0 '^New security context is 1$' chcontext --ctx 1 ps ax
run "as root: context 1 can't kill it" 1 'Operation not permitted' chcontext --ctx 1 killall xterm
pid=$(chcontext --silent --ctx 1 pgrep -x xterm)
[ "$pid" = $xterm ]
ktap_result $? "as root: its number" "expected $xterm, came $pid"
context=$(chcontext --silent --ctx 1 cat "/proc/$pid/status" | sed -n 's/^s_context:.//p')
[ "New security context is $context" = "$(cat "$session")" ]
ktap_result $? "as root: its context by /proc/PID/status" "expected $(cat "$session"), came $context"
run "as root: context 0 sees no /proc/PID/status" 1 'No such file' cat "/proc/$pid/status"
run "as root: its context can kill it" 0 "" chcontext --silent --ctx "$context" killall xterm
wait $xterm
[ $? = 143 ]
ktap_result $? "as root: it is gone" "another status"
run "as root: no context is left" 0 '^Contexts besides 0: 0$' vctl info

rm -rf "$bin" "$session"
ktap_end
