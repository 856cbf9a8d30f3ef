#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# unify_debian.sh [undo]: five Debians as virtual servers, of two installs made independently, share
# their files: how much, that nothing changes, and that in one everything of packages works as ever.
# undo: what comes after that, instead: own files again, a clone, one is deleted.

# The files beside this one, and what they share; words for another shell; names.
# shellcheck disable=SC1091,SC2016,SC2034,SC2086,SC2154
here=$(dirname "$0")
. "$here/ktap.sh"
. "$here/vserver_common.sh"
. "$here/unify_trees.sh"

all="a1 b1 c1 d2 e2"
others="b1 c1 d2 e2"

# Packages of all, and some of each one's own; for dpkg and for rpm.
set_up()
{
	address=11
	for name in $all; do
		mv "/trees/$name" "/vservers/$name"
		own "$name" "10.0.0.$address"
		address=$((address + 1))
	done
	machine_rpm a1
	run "all start" 0 '^e2: started$' vctl start a1 b1 c1 d2 e2
	make="inside a1 sh /srv/make.sh"
	$make package thing 1.0
	$make rpm rthing 1.0
	for name in $all; do
		$make package "only-$name" 1.0
		[ "$name" = a1 ] || mv "/vservers/a1/srv/archive/only-$name"* \
			"/vservers/$name/srv/archive/"
		[ "$name" = a1 ] || cp /vservers/a1/srv/archive/thing_1.0.deb \
			/vservers/a1/srv/archive/rthing-1.0.rpm "/vservers/$name/srv/archive/"
		run "$name: dpkg installs packages of its own and of all" 0 'Setting up thing' \
			inside "$name" dpkg -i /srv/archive/thing_1.0.deb \
			"/srv/archive/only-${name}_1.0.deb"
		run "$name: rpm installs one" 0 '!error' inside "$name" \
			rpm -i /srv/archive/rthing-1.0.rpm
	done
	run "two stop" 0 '^c1: stopped$' vctl stop b1 c1
}

places()
{
	find /vservers -type f -printf '%p %i %n %C@\n'
}

share()
{
	rm /vservers/*/srv/archive/*.deb /vservers/*/srv/archive/*.rpm
	state /tmp/before $all
	places >/tmp/places
	vctl unify --dry-run --json --all >/tmp/dry 2>&1
	ktap_result $? "a dry run" "$(head -n 5 /tmp/dry)"
	places | diff /tmp/places - >"$ktap_file"
	ktap_result $? "it changes nothing" "$(head "$ktap_file")"
	begin=$(date +%s%N)
	vctl unify --json --all >/tmp/real 2>&1
	ktap_result $? "all are unified, some of them running" "$(head -n 5 /tmp/real)"
	took=$((($(date +%s%N) - begin) / 1000000))
	trees_of /tmp/dry >/tmp/dry.trees
	trees_of /tmp/real | diff /tmp/dry.trees - >"$ktap_file"
	ktap_result $? "the dry run has told the figures" "$(diff -U 1 /tmp/dry /tmp/real)"
	own_figures 190 $all
	unchanged unified /tmp/before $all

	begin=$(date +%s%N)
	vctl unify --json --all >/tmp/again 2>&1
	again=$(($(date +%s%N) - begin))
	again=$((again / 1000000))
	[ "$(tally /tmp/again linked files)" = 0 ]
	ktap_result $? "a second time nothing is left to do" "$(cat /tmp/again)"
	[ $again -lt $((took / 4)) ]
	ktap_result $? "and that is quick" "$again ms, $took ms the first time"
	echo "# unify: $took ms; again: $again ms"
}

# What is shared and what is not, by what the files are.
kinds()
{
	for path in /usr/bin/perl /usr/bin/nano /usr/bin/ping /usr/lib/python3.11/os.py \
		/usr/share/thing/data /usr/share/rthing/text \
		/var/lib/dpkg/info/thing.md5sums; do
		is_shared a1 "$path"
		ktap_result $? "$path is shared" "$(links a1 "$path") names"
	done
	for path in /etc/ssh/sshd_config /usr/share/thing/conf /usr/share/rthing/conf \
		/var/lib/dpkg/status /var/cache/debconf/templates.dat /home/user-a1/data \
		/usr/lib/thing/as-root; do
		run "$path is not" 0 '^1$' links a1 "$path"
	done
	run "hard links of a package's own are there" 0 '^ok$' inside a1 sh -c '
		[ /usr/bin/perl -ef /usr/bin/perl5.36.0 ] &&
		[ /usr/share/thing/data -ef /usr/share/thing/data.too ] && echo ok'
	run "file capabilities are there" 0 'cap_net_raw=ep' inside a1 getcap /usr/bin/ping
	run "mode 4755 is there" 0 '^4755 root$' inside a1 stat -c '%a %U' /usr/bin/passwd
}

# a1's file is its own: new NAME PATH
new()
{
	[ "$(stat -c %i "/vservers/a1$2")" != "$(stat -c %i "/vservers/b1$2")" ] &&
		[ "$(links a1 "$2")" -le "${3:-1}" ]
	ktap_result $? "$1: $2 is a1's own" "$(links a1 "$2") names"
}

. "$here/unify_inside.sh"

undo()
{
	state /tmp/before $all
	vctl unify --undo --dry-run --json b1 >/tmp/dry 2>&1
	ktap_result $? "a dry run of an undo" "$(head -n 5 /tmp/dry)"
	begin=$(date +%s%N)
	run "b1 gets its own files again" 0 '^Copied: ' vctl unify --undo b1
	echo "# undo: $((($(date +%s%N) - begin) / 1000000)) ms"
	unchanged "undo of b1" /tmp/before $all
	run "b1: no file of it has another name elsewhere" 0 '^b1 .* ([0-9]+) ([0-9]+) \1 \2$' \
		sh -c 'tree_state --own /vservers/b1 | head -n 1 |
		while read -r name files bytes own own_bytes; do
			echo "$name . $files $bytes $own $own_bytes"; done'
	run "b1: its files can be written to" 0 '' inside_stopped b1 \
		'echo more >>/usr/share/thing/text && chmod 755 /usr/bin/nano'
}

# No process of it is needed for that: inside_stopped NAME SCRIPT
inside_stopped()
{
	vserver "$1" start >/dev/null && inside "$1" sh -c "$2"
}

clone()
{
	chroot /vservers/c1 localedef --quiet --add-to-archive /usr/lib/locale/C.utf8
	state /tmp/before c1
	run "f1: a clone of c1" 0 '^vserver f1: built' vserver f1 build --method clone \
		--from c1 --ip dummy0:10.0.0.16
	own_figures 190 f1
	run "f1: start" 0 'started' vserver f1 start
	$make package thing 2.0
	cp /vservers/a1/srv/archive/thing_2.0.deb /vservers/f1/srv/archive/
	run "f1: dpkg -i upgrades in the clone" 0 'Setting up thing .2\.0' \
		inside f1 dpkg -i /srv/archive/thing_2.0.deb
	run "f1: it is the new one" 0 '^thing 2\.0$' inside f1 thing
	run "c1: it is the old one" 0 '^text 1\.0$' cat /vservers/c1/usr/share/thing/text
	run "f1: localedef writes its archive" 0 '' inside f1 \
		localedef --quiet --replace --add-to-archive /usr/lib/locale/C.utf8
	run "f1: stop" 0 'stopped' vserver f1 stop
	unchanged "b1 is written to, and c1's clone upgraded" /tmp/before a1 c1 d2 e2
}

delete()
{
	run "c1: delete" 0 'deleted' vserver c1 delete --yes
	run "c1: is gone" 2 'No such file' ls /vservers/c1
	unchanged "c1 is deleted" /tmp/before a1 d2 e2
	run "all stop" 0 'stopped' vctl stop --all
}

set_up
share
if [ "${1-}" = undo ]; then
	undo
	clone
	delete
else
	kinds
	inside_packages
	inside_rpm
	inside_files
	inside_others
	vctl stop --all >/dev/null
fi
ktap_end
