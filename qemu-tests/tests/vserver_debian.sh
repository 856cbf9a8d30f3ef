#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_debian.sh: a Debian in a vserver, from an empty machine on: built, started, entered, a
# package installed, restarted from inside, stopped, built again from an archive of it.
#
# usage: vserver_debian.sh [leave|arrive]
#	leave   no more than build, installation and stop; then its two parts, tree and configuration, as
#		an archive on standard output, and KTAP on standard error
#	arrive  that archive is /share/moved.tar, and it starts here

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
exec 3>&1
[ "${1-}" != leave ] || exec >&2
. "$(dirname "$0")/ktap.sh"

export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# make_package DIRECTORY VERSION: a server that greets at port 80 of any address, with a script for
# runlevels, as packages have them.
make_package()
{
	tree=$1/tree
	rm -rf "$tree"
	mkdir -p "$tree/DEBIAN" "$tree/usr/sbin" "$tree/etc/init.d"
	cat >"$tree/DEBIAN/control" <<-EOF
	Package: greeter
	Version: $2
	Architecture: all
	Maintainer: nobody <nobody@localhost>
	Depends: perl-base
	Description: says hello
	EOF
	cat >"$tree/DEBIAN/postinst" <<-'EOF'
	#!/bin/sh
	set -e
	update-rc.d greeter defaults >/dev/null
	invoke-rc.d greeter restart
	EOF
	cat >"$tree/usr/sbin/greeter" <<-EOF
	#!/usr/bin/perl
	use IO::Socket::INET;
	my \$socket = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die \$!;
	chomp(my \$name = \`hostname\`);
	while (my \$client = \$socket->accept) {
		print \$client "greeter $2 on \$name at " . \$client->sockhost . "\n";
		close \$client;
	}
	EOF
	cat >"$tree/etc/init.d/greeter" <<-'EOF'
	#!/bin/sh
	### BEGIN INIT INFO
	# Provides:          greeter
	# Required-Start:    $network
	# Required-Stop:     $network
	# Default-Start:     2 3 4 5
	# Default-Stop:      0 1 6
	# Short-Description: says hello
	### END INIT INFO
	start()
	{
		start-stop-daemon --start --background --make-pidfile --pidfile /run/greeter.pid \
			--exec /usr/bin/perl --startas /usr/sbin/greeter && echo greeter is up
	}
	stop()
	{
		start-stop-daemon --stop --oknodo --retry 5 --remove-pidfile \
			--pidfile /run/greeter.pid && echo greeter is down
	}
	case $1 in
	start) start ;;
	stop) stop ;;
	restart) stop; start ;;
	esac
	EOF
	chmod 755 "$tree/DEBIAN/postinst" "$tree/usr/sbin/greeter" "$tree/etc/init.d/greeter"
	dpkg-deb --root-owner-group -Znone --build "$tree" "$1/greeter_$2_all.deb"
}

# make_archive DIRECTORY: what apt reads of the packages in it.
make_archive()
{
	for file in "$1"/*.deb; do
		dpkg-deb -f "$file"
		echo "Filename: ./${file##*/}"
		echo "Size: $(stat -c %s "$file")"
		echo "SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)"
		echo
	done >"$1/Packages"
}

# ask ADDRESS: what a client outside is told.
ask()
{
	timeout 10 bash -c 'exec 3<>"/dev/tcp/$0/80" && cat <&3' "$1"
}

# greets NAME ADDRESS VERSION
greets()
{
	soon ask "$2"
	run "$1 greets at its address" 0 "^greeter $3 on $1 at $2\$" ask "$2"
}

context_of()
{
	vserver list | awk -v name="$1" '$1 == name && $2 == "running" { print $3 }'
}

restarted()
{
	came=$(context_of "$1")
	[ -n "$came" ] && [ "$came" != "$2" ]
}

build_and_install()
{
	run "no vserver at first" 0 '!^[a-z]' vserver list
	run "deb1: build, a copy of this machine" 0 '^vserver deb1: built in /vservers/deb1: ' \
		vserver deb1 build --ip dummy0:10.0.0.11
	run "deb1: a second build is refused" 1 'there is such a vserver already' vserver deb1 build
	run "deb1: start" 0 '^deb1: started$' vserver deb1 start
	run "deb1: a second start is refused" 1 'it is running already' vserver deb1 start
	run "deb1: is a Debian" 0 '^ID=debian$' vserver deb1 exec cat /etc/os-release
	run "deb1: enter, a login shell" 0 '^deb1 /root$' \
		sh -c 'echo "echo \$(hostname) \$PWD" | vserver deb1 enter'
	run "deb1: enter, on a terminal of its own" 0 '/dev/pts/0' \
		script -qec 'vserver deb1 exec tty' /dev/null
	run "deb1: the machine's processes are not there" 0 '!kthreadd' vserver deb1 exec ps -e

	mkdir -p /vservers/deb1/srv/archive
	make_package /vservers/deb1/srv/archive 1.0 >/dev/null
	run "deb1: apt-get installs a package that is a file" 0 'Setting up greeter .1\.0' \
		vserver deb1 exec apt-get -qq install /srv/archive/greeter_1.0_all.deb
	greets deb1 10.0.0.11 1.0
	make_package /vservers/deb1/srv/archive 1.1 >/dev/null
	make_archive /vservers/deb1/srv/archive
	echo 'deb [trusted=yes] file:/srv/archive ./' >/vservers/deb1/etc/apt/sources.list
	run "deb1: apt-get reads a local archive" 0 '!^[EW]:' vserver deb1 exec apt-get -q update
	run "deb1: apt-get upgrades from it" 0 'Setting up greeter .1\.1' \
		vserver deb1 exec apt-get -q -y upgrade
	greets deb1 10.0.0.11 1.1
	has_greeter 1.1
	run "the machine has it not" 1 'no packages found' dpkg-query -W greeter
}

# has_greeter VERSION
has_greeter()
{
	run "deb1: dpkg has it" 0 "^install ok installed $1\$" vserver deb1 exec \
		dpkg-query -W -f '${Status} ${Version}\n' greeter
}

restart_and_stop()
{
	run "rebootmgr" 0 'ready' rebootmgr --daemon
	old=$(context_of deb1)
	run "deb1: vreboot inside" 0 "" vserver deb1 exec vreboot
	soon restarted deb1 "$old" || soon restarted deb1 "$old"
	ktap_result $? "deb1: is restarted in a new context" "$(vserver list)"
	greets deb1 10.0.0.11 1.1
	run "deb1: stop" 0 '^deb1: stopped$' vserver deb1 stop
	run "deb1: nobody answers" 0 '^silence$' sh -c \
		'timeout 3 bash -c "exec 3<>/dev/tcp/10.0.0.11/80" || echo silence'
	nothing_left
}

no_context()
{
	vctl info | grep -q '^Contexts besides 0: 0$'
}

nothing_left()
{
	soon no_context
	ktap_result $? "no context is left" "$(vctl info)"
	run "no address is left" 1 "" sh -c 'ip -o address | grep 10.0.0.1[12]'
	run "no state is left" 0 "" ls /run/vservers
	run "no mount is left" 1 "" grep vservers /proc/mounts
	run "no control group is left" 0 "" sh -c 'ls -d /sys/fs/cgroup/vserver/*/ 2>/dev/null; true'
}

# A second one of the first one's files, beside it.
build_from_tar()
{
	run "deb2: build from an archive of the first" 0 '^vserver deb2: built' sh -c \
		'tar -C /vservers/deb1 -c . |
		vserver deb2 build --from - --ip dummy0:10.0.0.12 --set MEMORY=300M'
	run "both start" 0 '^deb2: started$' vctl start deb1 deb2
	greets deb1 10.0.0.11 1.1
	greets deb2 10.0.0.12 1.1
	make_package /tmp 1.2 >/dev/null
	run "vapt installs a package of the machine's in both" 0 '^deb2 +done' \
		vapt deb1 deb2 -- -qq install /tmp/greeter_1.2_all.deb
	greets deb1 10.0.0.11 1.2
	greets deb2 10.0.0.12 1.2
	run "deb2: vhalt inside" 0 "" vserver deb2 exec vhalt
	soon vserver_stopped deb2 || soon vserver_stopped deb2
	ktap_result $? "deb2: is stopped" "$(vserver list)"
	make_package /tmp 1.3 >/dev/null
	run "vapt installs in one that is stopped, without starting its service" 0 \
		'!greeter is up|failed' vapt deb2 -- -qq install /tmp/greeter_1.3_all.deb
	run "deb2: is stopped again" 1 '^deb2: stopped$' vserver deb2 running
	run "deb2: dpkg has it" 0 '1\.3$' chroot /vservers/deb2 dpkg-query -W greeter
	run "vapt: a package that there is not" 1 '^deb1 +failed .*E: Unable to locate package nosuch' \
		vapt deb1 deb2 -- -qq install nosuch
	run "no package is left in /tmp" 0 '' \
		sh -c '! ls -d /vservers/deb1/tmp/vctl.* /vservers/deb2/tmp/vctl.* 2>/dev/null'
	greets deb1 10.0.0.11 1.2
	run "both stop" 0 '^deb1: stopped$' vctl stop --all
	run "deb2: delete" 0 '^vserver deb2: deleted$' vserver deb2 delete --yes
	run "deb2: its files are gone" 2 'No such file' ls /vservers/deb2 /etc/vservers/deb2.conf
	nothing_left
}

vserver_stopped()
{
	vserver list | grep -q "^$1 *stopped"
}

arrive()
{
	run "the second machine has no vserver" 0 '!^[a-z]' vserver list
	tar -C / -x --acls --xattrs --xattrs-include='*' --numeric-owner -f /share/moved.tar
	ktap_result $? "tree and configuration are unpacked"
	run "with capabilities of files" 0 'cap_net_bind_service=ep' getcap /vservers/deb1/srv/capable
	run "and access lists" 0 '^user:daemon:r--' getfacl -p /vservers/deb1/srv/capable
	run "deb1: start" 0 '^deb1: started$' vserver deb1 start
	greets deb1 10.0.0.11 1.0
	has_greeter 1.0
	run "deb1: and can be removed" 0 'greeter is down|Removing greeter' \
		vserver deb1 exec dpkg --purge greeter
	run "deb1: stop" 0 '^deb1: stopped$' vserver deb1 stop
	nothing_left
}

leave()
{
	run "deb1: build" 0 '^vserver deb1: built' vserver deb1 build --ip dummy0:10.0.0.11
	run "deb1: start" 0 '^deb1: started$' vserver deb1 start
	make_package /vservers/deb1/srv 1.0 >/dev/null
	run "deb1: dpkg installs a package" 0 'greeter is up' \
		vserver deb1 exec dpkg -i /srv/greeter_1.0_all.deb
	greets deb1 10.0.0.11 1.0
	run "deb1: stop" 0 '^deb1: stopped$' vserver deb1 stop
	nothing_left
	cp /vservers/deb1/bin/true /vservers/deb1/srv/capable
	setcap cap_net_bind_service+ep /vservers/deb1/srv/capable
	setfacl -m u:daemon:r /vservers/deb1/srv/capable
	tar -C / -c --acls --xattrs --numeric-owner etc/vservers/deb1.conf vservers/deb1 >&3
	ktap_result $? "the archive to move is written"
}

case ${1-} in
arrive|leave) "$1" ;;
*)
	build_and_install
	restart_and_stop
	build_from_tar
	;;
esac
ktap_end
