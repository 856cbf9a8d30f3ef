#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# transcript_ceiling.sh: the session with reducecap that the description of the system shows, word
# for word but for the names of the ceiling's line and of the device.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

session=$(mktemp)
chmod 666 "$session"
before=$(grep ^CapBnd: /proc/self/status)
secure=00000000b00c05fb		# VCONTEXT_SECURE_KEEPS
tab=$(printf '\t')

# Only root reads it.
messages=/var/log/messages
echo 'guest kernel: the machine is up' >>$messages
chown root:root $messages
chmod 600 $messages

# seen NAME LINE / unseen NAME LINE: does what the session printed have such a line?
seen()
{
	grep -qE -e "$2" "$session"
	ktap_result $? "$1" "expected '$2', came: $(cat "$session")"
}

unseen()
{
	! grep -qE -e "$2" "$session"
	ktap_result $? "$1" "expected no '$2', came: $(cat "$session")"
}

# You are not root now.
as_user /bin/sh >"$session" 2>&1 <<-'EOS'
	cat /proc/self/status | sed 's/^/user: /'
	tail /var/log/messages | sed 's/^/user: /'
	/usr/sbin/reducecap --secure /bin/sh <<-'END'
		cat /proc/self/status | sed 's/^/reduced: /'
		tail /var/log/messages | sed 's/^/reduced: /'
		su <<-'ROOT'
			id -u | sed 's/^/root: uid /'
			cat /proc/self/status | sed 's/^/root: /'
			tail /var/log/messages | sed 's/^/root: /'
			/sbin/ifconfig lo | sed 's/^/root: /'
			/sbin/ifconfig lo down; echo "root: ifconfig: $?"
			ip link set lo down 2>&1 | sed 's/^/root: ip: /'
			/usr/sbin/reducecap --cap NET_ADMIN /sbin/ip link set lo down 2>&1 |
				sed 's/^/root: again: /'
			unshare --user --map-root-user true 2>&1 | sed 's/^/root: unshare: /'
			cat /proc/self/status | sed 's/^/root at last: /'
			exit 5
		ROOT
		echo "su: $?"
		exit
	END
	cat /proc/self/status | sed 's/^/back: /'
EOS
ktap_result $? "the session ends well" "$(cat "$session")"

seen "at first the ceiling is full" "^user: $before\$"
seen "at first there is no capability" "^user: CapEff:${tab}0000000000000000\$"
seen "at first the log can't be read" 'tail: .*messages.*Permission denied'
seen "reducecap: the ceiling is the secure set" "^reduced: CapBnd:${tab}$secure\$"
seen "reducecap: still no capability" "^reduced: CapEff:${tab}0000000000000000\$"
seen "reducecap: setuid programs still work" "^reduced: NoNewPrivs:${tab}0\$"
unseen "reducecap: the log can't be read" '^reduced: guest kernel'
seen "su: we are root" '^root: uid 0$'
seen "su: CapEff is much better now" "^root: CapEff:${tab}$secure\$"
seen "su: but there are still zeros" "^root: CapPrm:${tab}$secure\$"
seen "su: the ceiling has not moved" "^root: CapBnd:${tab}$secure\$"
seen "su: no other context" "^root: s_context:${tab}0\$"
seen "su: the log is read" '^root: guest kernel: the machine is up$'
seen "su: ifconfig shows the interface" '^root: .*127.0.0.1'
seen "su: ifconfig lo down is not permitted" 'ifconfig: .*Operation not permitted'
seen "su: ifconfig fails" '^root: ifconfig: 1$'
seen "su: ip link set lo down is not permitted" '^root: ip: .*Operation not permitted'
seen "su: reducecap --cap gives nothing back" '^root: again: .*Operation not permitted'
seen "su: no user namespace gives it back" '^root: unshare: .*Operation not permitted'
seen "su: the ceiling has not moved by all that" "^root at last: CapBnd:${tab}$secure\$"
seen "su: ends with the status of its shell" '^su: 5$'
seen "back outside the ceiling is full" "^back: $before\$"
run "the interface is up" 0 'LOOPBACK,UP' ip link show lo
run "root outside reads the log" 0 'the machine is up' tail $messages

rm -f "$session" $messages
ktap_end
