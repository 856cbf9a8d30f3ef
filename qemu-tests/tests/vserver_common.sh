# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # what ktap.sh has
#
# vserver_common.sh: what the tests of vservers share.  To be sourced behind ktap.sh.

# Another may have been in this guest before: each begins with nothing of it.
modprobe vcontext
rm -rf /vservers /etc/vservers /run/vservers
find /tmp -mindepth 1 -maxdepth 1 ! -name 'tmp.*' -exec rm -rf {} +
mkdir /vservers

# One in which busybox is all there is: make_tree NAME
make_tree()
{
	mkdir -p "/vservers/$1/bin" "/vservers/$1/sbin" "/vservers/$1/etc" "/vservers/$1/root" \
		"/vservers/$1/run" "/vservers/$1/tmp" "/vservers/$1/proc" "/vservers/$1/dev"
	cp /bin/busybox "/vservers/$1/bin/"
	chroot "/vservers/$1" /bin/busybox --install -s /bin
	for link in init reboot halt poweroff; do
		ln -s ../bin/busybox "/vservers/$1/sbin/$link"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:u:/tmp:/bin/sh\n' \
		>"/vservers/$1/etc/passwd"
	printf 'root:x:0:\nutmp:x:43:\nuser:x:1000:\nmore:x:50:user\n' >"/vservers/$1/etc/group"
}

# A script in the tree, its text from standard input: tree_script NAME /PATH
tree_script()
{
	mkdir -p "/vservers/$1${2%/*}"
	{ echo '#!/bin/sh'; cat; } >"/vservers/$1$2"
	chmod 755 "/vservers/$1$2"
}

# The configuration: conf NAME LINE...
conf()
{
	conf_name=$1
	shift
	mkdir -p /etc/vservers
	printf '%s\n' "$@" >"/etc/vservers/$conf_name.conf"
}

# A script of the administrator's, its text from standard input: host_script NAME
host_script()
{
	{ echo '#!/bin/sh'; cat; } >"/etc/vservers/$1.sh"
	chmod 755 "/etc/vservers/$1.sh"
}

# The id of its context: context_of NAME
context_of()
{
	sed -n 's/^context=//p' "/run/vservers/$1"
}

# All that a vserver could leave on the machine.
machine()
{
	vctl info | grep '^Contexts besides 0'
	ip -o address | sed 's/valid_lft.*//'
	cat /proc/mounts
	find /sys/fs/cgroup -name 'vserver*'
	ls /run/vservers 2>/dev/null
	for process in $(pgrep '^(vctl|vserver)'); do
		tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null && echo
	done
	# Of what is made in a tree these stay: where something is mounted, and programs.
	find /vservers /etc/vservers ! -path '/etc/vservers/*.conf' ! -path '/vservers/*/sbin/vreboot' \
		! -path '/vservers/*/sbin/vhalt' ! -path '/vservers/*/proc' \
		! -path '/vservers/*/dev' -print 2>/dev/null | sort
}

# Wait until it is so for at most ten seconds, then a little more: when COMMAND...
when()
{
	soon "$@" || soon "$@"
	sleep 0.2
}

# From here on it may not become more.
remember()
{
	machine >/tmp/machine
}

is_as_before()
{
	machine >/tmp/machine.now
	diff /tmp/machine /tmp/machine.now
}

# One case, that the machine is as remembered: clean WHAT
clean()
{
	for _ in 1 2 3 4 5 6; do
		if is_as_before >"$ktap_file"; then
			ktap_result 0 "$1: nothing is left"
			return
		fi
		sleep 0.5
	done
	ktap_result 1 "$1: nothing is left" "$(cat "$ktap_file")"
}

# A complaint of the form that all have; then what belongs to nothing else: wrong NAME PATTERN COMMAND...
wrong()
{
	wrong_name=$1 wrong_pattern=$2
	shift 2
	run "$wrong_name" 1 "^vctl: $wrong_pattern \\(.+\\)\$" "$@"
	[ "$(grep -c . "$ktap_file")" = 1 ] || ktap_result 1 "$wrong_name: one sentence" \
		"$(cat "$ktap_file")"
	clean "$wrong_name"
}
