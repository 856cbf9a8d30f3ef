#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_escape.sh: hostile root of a vserver, and what it can leave in its tree, against start, stop,
# enter, exec, suexec and status of root outside.
#
# usage: vserver_escape.sh doors|trees|ends

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
here=$(dirname "$0")
. "$here/ktap.sh"

tree=/vservers/p
conf=/etc/vservers/p.conf
found=$tree/found

# fresh [LINE OF THE CONFIGURATION]...: it has been stopped, and its tree is as new.
fresh()
{
	vserver p stop --silent >/dev/null 2>&1
	rm -rf "$tree"
	mkdir -p /etc/vservers "$tree/bin" "$tree/sbin" "$tree/etc/init.d" "$tree/root" "$tree/tmp" \
		"$tree/run"
	cp /bin/busybox "$here/prisoner" "$tree/bin/"
	chroot "$tree" /bin/busybox --install -s /bin
	echo 'root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/tmp:/bin/sh' >"$tree/etc/passwd"
	echo 'root:x:0:' >"$tree/etc/group"
	: >"$found"
	printf '%s\n' '# p' "$@" >"$conf"
}

# begun [LINE]...: and it runs.
begun()
{
	fresh "$@"
	vserver p start --silent
}

inside()
{
	vserver p exec "$@" </dev/null
}

# inside_too COMMAND...: in the background, until it is stopped.
inside_too()
{
	vserver p exec sh -c 'setsid "$@" >>/found 2>&1 </dev/null & exit 0' sh "$@" </dev/null
}

# Nothing of it is left on the machine: no process of its program or shell, context, group, state.
nothing_left()
{
	vctl info | grep -q '^Contexts besides 0: 0$' || { vctl info; return 1; }
	[ ! -e /sys/fs/cgroup/vserver/p ] || { echo "control group"; return 1; }
	[ ! -e /run/vservers/p ] || { echo "state"; return 1; }
	! chcontext --silent --ctx 1 pgrep -x prisoner || return 1
}

# ends NAME SECONDS: it is stopped in that time, and there is nothing left.
ends()
{
	ends_began=$(date +%s)
	vserver p stop --silent --timeout 2 >/tmp/stop.out 2>&1
	ends_status=$?
	ends_time=$(($(date +%s) - ends_began))
	ends_why=$(cat /tmp/stop.out; nothing_left 2>&1) && [ $ends_status = 0 ] &&
		[ $ends_time -le "$2" ]
	ktap_result $? "$1" "status $ends_status after $ends_time s: $ends_why"
}

# no_doors NAME: nobody inside has found one.
no_doors()
{
	! grep -q DOOR "$found"
	ktap_result $? "$1" "$(sort "$found" | uniq -c | head -n 5)"
}

# rc 'SCRIPT': services are started and stopped by that.
rc()
{
	fresh
	printf '#!/bin/sh\n%s\n' "$1" >$tree/etc/init.d/rc
	chmod 755 $tree/etc/init.d/rc
}

# What is open to who is inside.
what_is_open()
{
	begun
	run "descriptors of exec: none leads out" 0 "!DOOR" sh -c \
		'exec 7</ 8</etc/passwd 9<>/dev/tty0; vserver p exec prisoner look </dev/null' </dev/null
	run "descriptors of exec: three and no more" 0 '^3$' sh -c \
		'exec 7</ 8</etc/passwd; vserver p exec sh -c "sleep 9 & ls /proc/\$!/fd | wc -l; kill \$!"' </dev/null
	run "descriptors of enter: none leads out" 0 "!DOOR" sh -c \
		'exec 7</ 8</etc/passwd; echo prisoner look | vserver p enter' </dev/null
	run "descriptors of suexec: none leads out" 0 "!DOOR" sh -c \
		'exec 7</ 8</etc/passwd; vserver p suexec user prisoner look' </dev/null
	run "environment: nothing of the caller's" 0 "!SECRET" \
		env SECRET=1 LD_PRELOAD=/x/SECRET ENV=/x/SECRET vserver p exec env
	run "terminal: none without one outside" 1 "" inside sh -c '[ -t 0 ] || (: </dev/tty) 2>/dev/null'
	run "terminal: neither TIOCSTI nor TIOCLINUX, no nodes" 0 "!DOOR" inside prisoner terminal
	run "terminal: the same on one of its own" 0 "!DOOR" script -qec \
		'vserver p exec prisoner terminal' /dev/null
	run "terminal: it is the vserver's own" 0 '/dev/pts/0' script -qec 'vserver p exec tty' /dev/null
	run "chroot tricks end at its root directory" 0 "!DOOR" inside prisoner chroot
	run "files by handle" 0 "!DOOR" inside prisoner handle
	run "/proc: the machine's mounts are not told" 1 "" inside \
		sh -c 'cat /proc/*/mountinfo /proc/*/mounts /proc/*/mountstats 2>/dev/null | grep -F /sys/fs/cgroup'
	run "/proc: root, cwd and exe lead nowhere else" 0 '^/ / /bin/busybox $' inside sh -c \
		'for l in root cwd exe; do readlink /proc/self/$l; done | tr "\n" " "'
	run "/proc: of process 1 nothing is opened" 1 "" inside sh -c \
		'for f in root cwd exe environ mem maps fd/0 ns/mnt; do
			{ : </proc/1/$f; } 2>/dev/null && exit 0; done; exit 1'
	run "/proc: nothing of the machine's is written" 1 "" inside sh -c \
		'for f in sys/kernel/core_pattern sys/kernel/hostname sysrq-trigger sys/kernel/modprobe 1/oom_score_adj; do
			{ : >>/proc/$f; } 2>/dev/null && exit 0; done; exit 1'
	run "/dev/.host: nothing can be made, linked or changed" 1 "" inside sh -c \
		'(touch /dev/.host/x || mkdir /dev/.host/x || ln /bin/busybox /dev/.host/x ||
			mv /dev/.host /dev/there || chmod 777 /dev/.host) 2>/dev/null'
	run "/dev/.host: what is above it is /dev" 0 '^0$' inside sh -c \
		'cd /dev/.host && cd .. && [ "$(pwd -P)" = /dev ] && ls -A .. | grep -c vservers || true'
	mkdir -p $tree/mnt && mount -t tmpfs none $tree/mnt && touch $tree/mnt/outside
	run "mounts: what is mounted outside later stays there" 0 '!outside' inside ls /mnt
	umount $tree/mnt
	run "signals: a process group outside is not reached" 0 '^alive$' sh -c \
		'vserver p exec sh -c "kill -STOP -1; kill -KILL -1; kill -KILL 0; kill -KILL \$PPID" 2>/dev/null
		echo alive'
	run "setuid programs are out of reach of users outside" 1 "" sh -c \
		'chmod 4755 /vservers/p/bin/busybox
		setpriv --reuid 1000 --regid 1000 --clear-groups test -e /vservers/p/bin/busybox'
}

who_enters_is_watched()
{
	begun
	inside_too prisoner watch
	inside_too prisoner hunt
	inside_too prisoner swap /bin/one /bin/other
	for _ in $(seq 8); do
		inside true
		echo exit | vserver p enter
		vserver p suexec user true </dev/null
	done
	no_doors "exec, enter, suexec: nobody who watches gets hold of what is outside"
	inside_too prisoner answer 150
	sleep 1
	vserver p stop --silent
	no_doors "stop: nobody who is told to end gets hold of who says so"
	run "stop: and nothing is left" 0 "" nothing_left
}

# Programs that are run when somebody enters.
programs_outside()
{
	# The first line of a script says what runs it.
	for by in /proc/self/exe /proc/1/root/bin/busybox /proc/self/fd/3/bin/busybox \
		  /proc/self/fd/9/bin/busybox /proc/thread-self/exe; do
		begun
		printf '#!%s sh\n' "$by" >$tree/bin/hostile
		chmod 755 $tree/bin/hostile
		run "exec: a script of $by" 1 '^vctl: hostile: ' sh -c \
			'exec 9</; vserver p exec hostile </dev/null'
		ln -sf "$by" $tree/bin/hostile
		run "exec: a link to $by" 1 '^vctl: hostile: ' sh -c \
			'exec 9</; vserver p exec hostile </dev/null'
		ln -sf "$by" $tree/bin/sh
		run "enter: a shell that is a link to $by" 1 '^vctl: /bin/sh: ' sh -c \
			'exec 9</; echo | vserver p enter'
		printf '#!%s sh\n' "$by" >$tree/etc/init.d/rc
		chmod 755 $tree/etc/init.d/rc
		run "stop: while there" 0 "" vserver p stop --silent
		run "start: services of $by" 1 '^vctl: .*/rc: ' vserver p start
		run "start: and nothing is left" 0 "" nothing_left
	done
}

links_in_the_tree()
{
	for link in proc dev; do
		fresh
		ln -s / "$tree/$link" 2>/dev/null || { rm -rf "${tree:?}/$link"; ln -s / "$tree/$link"; }
		run "start: $link is a link" 1 "^vctl: $tree/$link: it is a symbolic link" vserver p start
		run "start: nothing is left, $link a link" 0 "" nothing_left
	done
	fresh
	rm -rf $tree/run && ln -s ../../../tmp $tree/run
	run "start: run is a link" 1 "^vctl: $tree/run: it is a symbolic link" vserver p start

	fresh
	rm -rf $tree/sbin && ln -s ../../../sbin $tree/sbin
	before=$(stat -c '%n %s %Y %a' /sbin /sbin/* /etc /etc/* | cksum)
	run "start: sbin is a link out" 0 "" vserver p start --silent
	rm -f $tree/sbin && mkdir $tree/sbin && ln -s ../../../etc/passwd $tree/sbin/vreboot &&
		ln -s /etc/passwd $tree/sbin/.vreboot.new && ln -s /etc/passwd $tree/sbin/.vhalt.new
	run "start: sbin/vreboot is a link" 0 "" vserver p restart --silent
	[ "$before" = "$(stat -c '%n %s %Y %a' /sbin /sbin/* /etc /etc/* | cksum)" ]
	ktap_result $? "start: no file outside is changed by links in sbin" ""

	fresh
	rm -rf "${tree:?}/etc" && ln -s ../../../etc $tree/etc
	run "start: etc is a link out" 0 "" vserver p start --silent
	run "suexec: no user of the machine's" 1 "there is no such user in the vserver" \
		vserver p suexec daemon id
}

kinds_of_passwd()
{
	for kind in link fifo device huge directory none; do
		begun
		rm $tree/etc/passwd
		case $kind in
		link) ln -s /proc/1/root/etc/passwd $tree/etc/passwd ;;
		fifo) mkfifo $tree/etc/passwd ;;
		device) mknod $tree/etc/passwd c 1 5 ;;
		huge) truncate -s 8G $tree/etc/passwd ;;
		directory) mkdir $tree/etc/passwd ;;
		esac
		run "suexec: etc/passwd is of the kind $kind" 1 "there is no such user in the vserver" \
			timeout 20 vserver p suexec user true
		run "enter: etc/passwd is of the kind $kind" 0 "^in$" timeout 20 sh -c \
			'echo echo in | vserver p enter'
	done
}

users()
{
	begun
	{
		echo 'minus:x:-1:-1:::/bin/sh'
		echo 'max:x:4294967295:0:::/bin/sh'
		echo 'over:x:4294967296:0:::/bin/sh'
		echo 'hex:x:0x0:0:::/bin/sh'
		echo 'space:x: 0:0:::/bin/sh'
		echo 'empty:x::0:::/bin/sh'
		echo 'short:x:0'
		echo '+::0:0:::'
		echo '+@nis::0:0:::'
		printf 'long:x:0:0:%0100000d:/:/bin/sh\n' 0
		printf 'n\0ul:x:1:1:::/bin/sh\n'
	} >>$tree/etc/passwd
	for user in minus max over hex space empty short long n 4294967295 4294967296 ''; do
		run "suexec: user '$user'" 1 "there is no such user in the vserver" \
			vserver p suexec "$user" id -u
	done
	run "suexec: who comes after a long line" 0 '^1000$' vserver p suexec user id -u
	echo 'far:x:1001:1001::/proc/1/root:/proc/1/root/bin/sh' >>$tree/etc/passwd
	run "suexec: a home and shell outside are of no use" 0 '^/$' vserver p suexec far pwd
	sed -i 's,^root:.*,root:x:0:0::/proc/1/root/root:/proc/1/root/bin/sh,' $tree/etc/passwd
	run "enter: a shell outside isn't run" 1 '^vctl: ' sh -c 'echo id | vserver p enter'
	sed -i 's,^root:.*,root:x:0:0::/proc/1/root/root:/bin/sh,' $tree/etc/passwd
	run "enter: a home outside isn't gone to" 0 '^/$' sh -c 'echo pwd -P | vserver p enter'
}

# What is swapped while somebody comes in or goes.
swaps()
{
	fresh
	ln -s / $tree/evil
	mkdir $tree/proc $tree/dev
	(while :; do chroot $tree /bin/prisoner swap /evil /dev; done) &
	swapper=$!
	for _ in $(seq 10); do
		vserver p start --silent >/dev/null 2>&1 && inside true
		vserver p stop --silent >/dev/null 2>&1
	done
	kill $swapper
	pkill -x prisoner
	[ ! -e /.host ] && [ -c /dev/null ] && [ "$(stat -c %a /dev/null)" = 666 ]
	ktap_result $? "start: what becomes a link meanwhile leads nowhere" ""
	run "start: nothing is left of that" 0 "" nothing_left
}

processes()
{
	for mode in ignore litter bomb print exec; do
		begun 'ULIMIT="-H -u 300"' 'S_FLAGS=nproc'
		inside_too prisoner $mode
		sleep 1
		ends "stop: those inside: $mode" 15
	done

	for mode in ignore litter bomb print exec; do
		fresh 'S_FLAGS="fakeinit nproc"' 'ULIMIT="-H -u 300"'
		printf '#!/bin/prisoner %s\n' $mode >$tree/sbin/init
		for name in poweroff halt shutdown; do
			printf '#!/bin/prisoner %s\n' $mode >$tree/sbin/$name
		done
		chmod 755 $tree/sbin/*
		run "start: an init: $mode" 0 "" timeout 20 vserver p start --silent
		sleep 1
		ends "stop: an init: $mode" 20
	done
}

inits()
{
	fresh 'S_FLAGS="fakeinit"'
	printf '#!/bin/prisoner end\n' >$tree/sbin/init
	chmod 755 $tree/sbin/init
	run "start: an init that ends" 0 "" timeout 20 vserver p start --silent
	run "exec: an init that has ended" 1 "its init has ended" sh -c 'sleep 1; vserver p exec true'
	ends "stop: an init that has ended" 5
	for kind in directory fifo plain missing; do
		fresh 'S_FLAGS="fakeinit"'
		case $kind in
		directory) mkdir $tree/sbin/init ;;
		fifo) mkfifo $tree/sbin/init ;;
		plain) echo >$tree/sbin/init ;;
		missing) echo '#!/bin/nobody' >$tree/sbin/init ;;
		esac
		[ $kind = plain ] || chmod 755 $tree/sbin/init
		run "start: an init of the kind $kind" 1 '^vctl: .*/sbin/init: ' timeout 20 vserver p start
		run "start: nothing is left, an init of the kind $kind" 0 "" nothing_left
	done
}

services()
{
	rc 'kill -9 -1'
	run "start: an rc that kills all" 0 "" \
		sh -c 'timeout 20 vserver p start --silent >/dev/null 2>&1'
	ends "stop: an rc that kills all" 10
	rc 'kill -9 $$'
	run "start: an rc that kills itself" 0 "signal 9" timeout 20 vserver p start --silent
	ends "stop: an rc that kills itself" 10
	rc 'prisoner ignore & exit 0'
	run "start: an rc whose daemon has its output" 0 "" timeout 20 vserver p start --silent
	ends "stop: an rc whose daemon has its output" 20
	rc 'prisoner print & exit 0'
	run "start: an rc whose daemon prints without end" 0 "" \
		sh -c 'timeout 20 vserver p start --silent >/dev/null'
	ends "stop: an rc whose daemon prints without end" 20
	rc '[ $1 = 3 ] || prisoner ignore'
	run "start: an rc that hangs when stopped" 0 "" timeout 20 vserver p start --silent
	ends "stop: an rc that hangs when stopped" 20
	rc '[ $1 = 3 ] || prisoner print'
	run "start: an rc that prints without end when stopped" 0 "" timeout 20 vserver p start --silent
	ends "stop: an rc that prints without end when stopped" 20
	rc 'prisoner ignore'
	timeout 60 vserver p start --silent >/dev/null 2>&1 &
	starter=$!
	soon grep -q phase=services /run/vservers/p
	ends "stop: an rc that hangs when started, while somebody waits for it" 20
	wait $starter
	[ $? = 1 ]
	ktap_result $? "start: who has waited for it has an end, too" ""
	rc 'exit 0'
	vserver p start --silent
	inside_too prisoner lease /etc/init.d/rc /bin/sh /bin/busybox /dev/null /etc/passwd
	sleep 1
	ends "stop: files that are leased" 20
}

flags_and_rights()
{
	begun 'S_FLAGS="private lock nproc"' 'ULIMIT="-H -u 300"'
	run "exec: private" 1 "it has the flag private" vserver p exec true
	ends "stop: private, nothing runs" 10
	rc '[ $1 != 3 ] || prisoner bomb & exit 0'
	echo 'S_FLAGS="private lock nproc"
	ULIMIT="-H -u 300"' >$conf
	vserver p start --silent >/dev/null
	ends "stop: private, a fork bomb" 10

	# It may make nodes, and so reach the device of contexts.
	begun 'S_CAPS=MKNOD'
	cp "$(readlink -f "$(command -v vctl)")" $tree/bin/chcontext
	inside mknod /dev/vcontext c 10 "$(awk '$2 == "vcontext" { print $1 }' /proc/misc)"
	for flags in '' '--flag private' '--flag lock'; do
		# shellcheck disable=SC2086 # words
		inside_too chcontext --silent $flags prisoner ignore
	done
	soon sh -c '[ "$(vctl info | sed -n "s/^Contexts besides 0: //p")" = 4 ]'
	ktap_result $? "contexts can be made inside by who may make nodes" "$(vctl info; cat $found)"
	ends "stop: contexts made inside, private ones too" 10

	begun 'S_CAPS=SYS_ADMIN'
	mkdir $tree/mnt
	inside sh -c 'mount -t tmpfs none /mnt && touch /mnt/x'
	[ ! -e $tree/mnt/x ]
	ktap_result $? "mounts: what is mounted inside stays there" "$(ls $tree/mnt)"
	ends "stop: mounts of its own" 10

	fresh
	vserver p start --silent
	run "status: of one that runs" 0 "running" vserver p status
	vserver p stop --silent
}

case $1 in
doors) what_is_open; who_enters_is_watched; programs_outside ;;
trees) links_in_the_tree; kinds_of_passwd; users; swaps ;;
ends) processes; inits; services; flags_and_rights ;;
*) echo "usage: vserver_escape.sh doors|trees|ends" >&2; exit 2 ;;
esac
vserver p stop --silent >/dev/null 2>&1
ktap_end
