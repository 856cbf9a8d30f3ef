#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_tree.sh: in a guest, make small vservers of busybox for the tests of vctl start and stop.
#
# usage: vserver_tree.sh prepare              their directories in memory, and a device for addresses
#        vserver_tree.sh KIND NAME [ADDRESS]  one of them, with an alias on that device
# Kinds: none  no services
#        rc    /etc/init.d/rc, which starts a daemon and writes to /log of the tree
#        init  the flag fakeinit, and an init that has one process more
# The scripts of one that has /etc/vservers/NAME.sh (which is the caller's to write) are run.

set -e

seed=/vservers/.seed

# Those of a tree are hard links to it, which is as small and quick as it gets.
make_seed()
{
	mkdir -p "$1/bin" "$1/sbin" "$1/etc/init.d" "$1/proc" "$1/dev" "$1/run" "$1/tmp" "$1/root"
	cp /bin/busybox "$1/bin/"
	for name in sh true echo sleep cat ps setsid; do
		ln "$1/bin/busybox" "$1/bin/$name"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'user:x:1000:1000:user:/:/bin/sh' >>"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
}

# What another test has made goes.
prepare()
{
	mkdir -p /vservers /etc/vservers
	umount /vservers /etc/vservers 2>/dev/null || true
	ip link del vs0 2>/dev/null || true
	mount -t tmpfs -o size=256m,nr_inodes=1m,mode=700 tmpfs /vservers
	mount -t tmpfs tmpfs /etc/vservers
	make_seed $seed
	ip link add vs0 type dummy
	ip addr add 10.9.0.1/16 dev vs0
	ip link set vs0 up
}

add_rc()
{
	cat >"$1/etc/init.d/rc" <<-'END'
	#!/bin/sh
	case $1 in
	3) setsid sleep 86400 </dev/null >/dev/null 2>&1 & ;;
	esac
	echo "runlevel $1"
	END
	chmod 755 "$1/etc/init.d/rc"
}

add_init()
{
	for name in init poweroff halt reboot; do
		ln $seed/bin/busybox "$1/sbin/$name"
	done
	echo '::respawn:/bin/sleep 86400' >"$1/etc/inittab"
}

case $1 in
prepare) prepare; exit ;;
none|rc|init) ;;
*) echo "vserver_tree.sh: no such kind: $1" >&2; exit 2 ;;
esac
tree=/vservers/$2
cp -al $seed "$tree"
flags=lock
case $1 in
rc) add_rc "$tree" ;;
init) add_init "$tree"; flags='lock fakeinit' ;;
esac
{
	echo "S_HOSTNAME=$2"
	echo "S_FLAGS=\"$flags\""
	[ -z "$3" ] || printf 'IPROOT=%s/16\nIPROOTDEV=vs0\n' "$3"
} >"/etc/vservers/$2.conf"
