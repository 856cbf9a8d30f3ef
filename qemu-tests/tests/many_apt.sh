#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# many_apt.sh: vctl apt and rpm in ten small vservers whose package managers are scripts: the report,
# packages that are files of the machine, vservers that are stopped, and that nothing is left.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/vserver_common.sh"

export LC_ALL=C

# One whose apt-get writes down what it is asked and what it reads, and whose services say that they
# were started: make_one NAME [SETTING]
make_one()
{
	one=$1
	shift
	make_tree "$one"
	chmod 1777 "/vservers/$one/tmp"
	conf "$one" "${1:-S_FLAGS=lock}"
	tree_script "$one" /usr/bin/apt-get <<-'END'
	{
		echo "asked $*"
		echo "frontend ${DEBIAN_FRONTEND-none}, reads '$(cat)'"
		for file; do
			case $file in
			*.deb) echo "file $file is $(stat -c '%a %u' "$file"): $(cat "$file")" ;;
			esac
		done
	} >>/log
	echo "Setting up"
	case $1 in
	wait) exec sleep 1000 ;;
	# A shell heeds SIGINT no earlier than what it waits for ends.
	stubborn) sleep 1000 ;;
	esac
	END
	cp "/vservers/$one/usr/bin/apt-get" "/vservers/$one/usr/bin/rpm"
	tree_script "$one" /etc/init.d/rc <<-'END'
	echo "$1" >>/services
	END
}

log_of()
{
	cat "/vservers/$1/log"
}

forget()
{
	rm -f /vservers/*/log /vservers/*/services
}

make_ten()
{
	for number in 0 1 2 3 4 5 6 7 8 9; do
		make_one v$number
	done
	# Two that fail, in different ways; and one is stopped.
	tree_script v3 /usr/bin/apt-get <<-'END'
	echo "E: Unable to locate package x" >&2
	exit 100
	END
	rm /vservers/v7/usr/bin/apt-get
	vctl start --silent v0 v1 v2 v3 v4 v6 v7 v8 v9
	forget
	mkdir /tmp/packages
	echo "package one" >/tmp/packages/one.deb
	echo "package two" >/tmp/packages/two.deb
	chmod 600 /tmp/packages/two.deb
}

report()
{
	remember
	run "ten of which two fail: exit status 1" 1 '^v0 +done' \
		vapt v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 -- install x
	cp "$ktap_file" /tmp/out
	run "the other eight are done" 0 '^8$' grep -cE '^v[0-9] +done +-$' /tmp/out
	run "the two, and why: exit status" 0 . \
		grep -E '^v3 +failed +apt-get: exit status 100: E: Unable to locate package x$' /tmp/out
	run "the two, and why: no program" 0 . grep -E '^v7 +failed .*apt-get' /tmp/out
	run "the two by name" 0 . grep '^vctl: apt: failed in 2 of 10 vservers: v3, v7$' /tmp/out
	run "it was done there" 0 '^asked install x$' log_of v9
	run "nothing is to be read, and nobody to be asked" 0 "^frontend noninteractive, reads ''\$" \
		log_of v9
	run "in the one that is stopped it was done too" 0 '^asked install x$' log_of v5
	run "without its services" 1 'No such file' cat /vservers/v5/services
	run "it is stopped again" 1 '^v5: stopped$' vserver v5 running
	rm -f /vservers/*/log
	clean "ten of which two fail"

	run "ALL, at the same time, as JSON" 1 '"exit_status": 100,' \
		vapt --json --parallel 10 ALL -- install x
	run "rpm" 0 '^v1 +done' vrpm v1 v5 -- -Uvh x
	run "rpm: it was done there" 0 '^frontend none' log_of v1
	rm -f /vservers/*/log
	clean "ALL"
}

packages()
{
	run "files of the machine" 0 '^v5 +done' \
		vapt v0 v5 -- install /tmp/packages/one.deb ./none.deb /tmp/packages/two.deb
	run "files: their names are those inside" 0 '^asked install /tmp/vctl\.[0-9a-f]*/one.deb ./none.deb' \
		log_of v0
	run "files: they can be read by everybody" 0 '/two.deb is 644 0: package two$' log_of v5
	rm -f /vservers/*/log
	clean "files of the machine"

	# As root inside may have it.
	rm -rf /vservers/v1/tmp /vservers/v2/tmp /vservers/v4/tmp
	ln -s /../../../../../../etc /vservers/v1/tmp
	ln -s /proc/1/root/tmp /vservers/v2/tmp
	remember
	run "a /tmp that leads elsewhere, leads elsewhere inside" 0 '^v1 +done' \
		vapt v1 -- install /tmp/packages/one.deb
	run "a /tmp that leads out" 1 '^v2 +failed +its /tmp' vapt v2 -- install /tmp/packages/one.deb
	run "no /tmp" 1 '^v4 +failed +its /tmp: No such file' \
		vapt v4 -- install /tmp/packages/one.deb
	run "nothing was made on the machine" 0 '' sh -c '! ls -d /tmp/vctl.* /etc/vctl.* 2>/dev/null'
	rm -f /vservers/*/log
	clean "a /tmp that leads elsewhere"
	for number in 1 2 4; do
		rm -f /vservers/v$number/tmp
		mkdir -m 1777 /vservers/v$number/tmp
	done
}

is_over()
{
	! vserver v5 running --quiet && ! ls -d /vservers/v[05]/tmp/vctl.*
}

# Begun, and under way in the vserver: begin wait|stubborn NAME...
begin()
{
	act=$1
	shift
	vapt --parallel 8 "$@" -- "$act" /tmp/packages/one.deb >/tmp/out 2>&1 &
	vapt=$!
	for name; do
		when grep -q '^asked' "/vservers/$name/log"
	done
}

kills()
{
	remember
	begin wait v0 v5
	kill -9 $vapt
	wait $vapt 2>/dev/null
	when is_over
	rm -f /vservers/*/log
	clean "SIGKILL in the middle"
	run "SIGKILL: the stopped one is stopped" 1 '^v5: stopped$' vserver v5 running
	run "SIGKILL: the other one runs" 0 '^v0: running$' vserver v0 running

	# What does not end when it is asked to has half a minute.
	begin stubborn v0 v5
	kill -9 $vapt
	wait $vapt 2>/dev/null
	sleep 30
	when is_over
	rm -f /vservers/*/log
	clean "SIGKILL, and what does not end by itself"

	begin wait v0 v5
	kill -TERM $vapt
	wait $vapt
	[ $? = 1 ]
	ktap_result $? "SIGTERM in the middle: exit status 1"
	run "SIGTERM: the report comes all the same" 0 '^v0 +failed +it was interrupted' cat /tmp/out
	rm -f /vservers/*/log
	clean "SIGTERM in the middle"

	# Whoever starts it with its services has it.
	begin wait v5
	run "one that is being used is stopped by somebody" 0 '^v5: stopped$' vctl stop v5
	run "and started" 0 '^v5: started$' vctl start v5
	wait $vapt
	run "what was done there has failed" 0 '^v5 +failed' cat /tmp/out
	run "it runs, and keeps running" 0 '^v5: running$' vserver v5 running
	run "it has its services" 0 '^3$' cat /vservers/v5/services
	vctl stop --silent v5
	forget
	clean "one that somebody stopped and started"
}

flags()
{
	make_one init S_FLAGS=fakeinit
	ln -s ../bin/busybox /vservers/init/sbin/telinit
	make_one private S_FLAGS=private
	remember
	run "fakeinit: no init is run" 0 '^init +done' vapt init -- install x
	run "private: nobody enters it" 1 '^private +failed .*it has the flag private' vapt private -- install x
	rm -f /vservers/*/log
	clean "flags"
}

# A package that brings the same file to both; the clock is that of the packages.
unified()
{
	for name in v0 v5; do
		tree_script $name /usr/bin/apt-get <<-'END'
		mkdir -p /usr/lib/new
		head -c 200000 /dev/zero >/usr/lib/new/file
		touch -d '2024-01-01 00:00:00' /usr/lib/new/file
		END
	done
	run "unify: of those in which it is done" 1 '^v3 +failed' vapt --unify v0 v3 v5 -- install x
	run "unify: what the package brings is shared" 0 '^2$' stat -c %h /vservers/v5/usr/lib/new/file
	[ "$(stat -c %i /vservers/v0/usr/lib/new/file)" = \
		"$(stat -c %i /vservers/v5/usr/lib/new/file)" ]
	ktap_result $? "unify: it is one file"
	run "unify: nothing of the one that failed" 0 '"files_shared": 0,' vctl du --json v3
}

others()
{
	run "du: all of them" 0 '^v0 .* MB' vctl du
	ln /vservers/v6/bin/busybox /vservers/v1/bin/shared
	run "du: a file that two have" 0 '"files_shared": 1,' vserver v1 du --json
	rm /vservers/v1/bin/shared
	run "set" 0 '^vserver v0: changed' vserver v0 set S_HOSTNAME=other
	run "get" 0 '^other$' vserver v0 get S_HOSTNAME
	vctl restart --silent v0
	run "what is set holds" 0 '^other$' vserver v0 exec hostname
	run "vserver status, of all" 0 '^v0 +running' vserver status
}

make_ten
report
packages
kills
flags
unified
others
vctl stop --all --silent
ktap_end
