#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_wait.sh: hostile root of a vserver who keeps root outside waiting.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
here=$(dirname "$0")
. "$here/ktap.sh"
. "$here/vserver_common.sh"

# within SECONDS NAME STATUS PATTERN COMMAND...: as run, and it has to end in that time.
within()
{
	within_limit=$1
	shift
	within_name=$1 within_status=$2 within_pattern=$3
	shift 3
	run "$within_name" "$within_status" "$within_pattern" timeout -s KILL "$within_limit" "$@"
}

# anew [LINE OF THE CONFIGURATION]...: a tree and configuration as new.
anew()
{
	vserver p stop --silent >/dev/null 2>&1
	rm -rf /vservers/p
	make_tree p
	cp "$here/prisoner" /vservers/p/bin/
	conf p '# p' "$@"
	remember
}

# Whoever traces a process has its end for himself.
ends_that_are_kept()
{
	anew
	tree_script p /etc/init.d/rc <<-'END'
		[ "$1" = 3 ] || exec prisoner kept
	END
	remember
	vserver p start --silent
	within 30 "stop: its own shutdown is traced inside" 0 \
		'^vctl: vserver p: its own shutdown takes too long \(its processes are killed now\)$' \
		vserver p stop --timeout 3
	clean "stop"
	vserver p start --silent
	within 30 "restart likewise" 0 '^p: restarted$' vserver p restart --timeout 1
	within 20 "exec: its command is traced inside" 1 \
		'^vctl: end of the command: a process inside traces it, and keeps how it ended \(.+\)$' \
		vserver p exec prisoner kept 3
	within 30 "and it can be stopped" 0 '^p: stopped$' vserver p stop --timeout 1
	clean "exec"

	anew
	tree_script p /etc/init.d/rc <<-'END'
		[ "$1" != 3 ] || exec prisoner kept
	END
	remember
	within 20 "start: its rc is traced inside" 0 \
		'^vctl: /etc/init.d/rc of vserver p: a process inside traces it, and keeps how it ended \(' \
		vserver p start
	run "then it runs" 0 '^p: running$' vserver p running
	within 30 "and can be stopped" 0 '^p: stopped$' vserver p stop
	clean "start"

	anew 'S_FLAGS=fakeinit'
	rm /vservers/p/sbin/*
	printf '#!/bin/prisoner ignore\n' >/vservers/p/sbin/init
	chmod 755 /vservers/p/sbin/init
	for program in poweroff halt shutdown; do
		tree_script p /sbin/$program <<-'END'
			exec prisoner kept
		END
	done
	remember
	vserver p start --silent
	within 30 "stop of one with an init: its shutdown is traced inside" 0 '^p: stopped$' \
		vserver p stop --timeout 3
	clean "stop of one with an init"
}

# To end takes the processor, too, of which a vserver may have next to nothing.
small_shares()
{
	anew 'CPUS=1'
	vserver p start --silent
	vserver p exec sh -c 'trap "" TERM
		for _ in $(seq 500); do sleep 1000 </dev/null >/dev/null 2>&1 & done'
	run "a vserver of 500 processes" 0 '^p +running +[0-9]+ +500 ' vserver list
	# As CPUS=0.001 has it, with which they would not have begun yet.
	echo '1000 1000000' >/sys/fs/cgroup/vserver/p/cpu.max
	within 60 "with a thousandth of a processor it is stopped" 0 '^p: stopped$' \
		vserver p stop --timeout 0
	clean "with a thousandth of a processor"
}

# Who is left alone with a start: how many of them?
left_alone()
{
	pgrep -x 'vctl|vserver' | wc -l
}

# Nine whose services don't end, and behind them one as usual.
late_services()
{
	anew 'ONBOOT=yes'
	tree_script p /etc/init.d/rc <<-'END'
		[ "$1" = 3 ] || exit 0
		until [ -e /root/go ]; do
			echo waiting
			sleep 0.1
		done
		echo >/root/done
	END
	for number in 1 2 3 4 5 6 7 8; do
		cp -a /vservers/p "/vservers/p$number"
		conf "p$number" 'ONBOOT=yes'
	done
	cp -a /vservers/p /vservers/z
	echo >/vservers/z/root/go
	conf z 'ONBOOT=yes'
	host_script p <<-'END'
		echo "$1" >>/tmp/called
	END
	remember

	within 60 "start --onboot: eight are late, and one more" 0 \
		'^vctl: vserver p8: after 2 seconds its services are still being started \(.+\)$' \
		sh -c 'vctl start --onboot --wait 2 2>&1 | tee /tmp/late'
	run "each is told of once" 0 '^9$' grep -c 'after 2 seconds' /tmp/late
	run "all of them run" 0 '^10$' sh -c 'vserver list | grep -c " running "'
	run "and can be entered" 0 '^in$' vserver p exec echo in
	run "none is started once more" 0 '' vctl start --onboot
	[ "$(left_alone)" = 9 ]
	ktap_result $? "who starts it stays for each that is late" "$(ps ax)"
	run "its start is not done" 0 '^pre-start $' sh -c 'tr "\n" " " </tmp/called; echo'
	touch /vservers/p/root/go
	soon grep -q post-start /tmp/called
	ktap_result $? "one whose services come to an end is started" "$(cat /tmp/called)"
	soon test -e /vservers/p/root/done
	ktap_result $? "and they did all that they had to" ""
	within 30 "one that is late is stopped" 0 '^p1: stopped$' vserver p1 stop
	within 30 "and restarted" 0 '^vctl: vserver p2: after 1 seconds' sh -c \
		'vserver p2 stop && vserver p2 start --wait 1'
	sleep 1
	[ "$(left_alone)" = 7 ]
	ktap_result $? "who started them ends then" "$(ps ax)"
	pkill -9 -x 'vctl|vserver'
	run "without who starts it one is unfinished" 0 '^7$' sh -c \
		'sleep 1; vserver list | grep -c " unfinished "'
	within 90 "all are stopped" 0 '^z: stopped$' vctl stop --all
	rm /vservers/p/root/go /vservers/p/root/done /vservers/z/root/done
	clean "late services"
	rm -rf /vservers/p? /vservers/z /etc/vservers/p?.conf /etc/vservers/z.conf /etc/vservers/p.sh
}

ends_that_are_kept
small_shares
late_services
ktap_end
