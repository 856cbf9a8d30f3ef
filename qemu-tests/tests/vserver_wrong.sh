#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_wrong.sh: wrong input and trouble: one clear sentence, and nothing is left.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/vserver_common.sh"

ip link add eth0 type dummy
ip address add 10.5.0.1/24 dev eth0
ip link set eth0 up
make_tree v1
tree_script v1 /etc/init.d/rc <<-'END'
	[ "$1" != 3 ] || sleep 1000 &
END
conf v1
remember

# bad_line LINE KEY WORDS: line 3 of the configuration is wrong, and the complaint has the words.
bad_line()
{
	conf v1 'S_HOSTNAME=x' '# a comment' "$1" 'ONBOOT=yes'
	run "the line $1" 1 "^vctl: /etc/vservers/v1\\.conf:3: ${2:+$2: }.*$3.*\$" vserver v1 start
}

bad_line 'IPROT=10.5.0.2' '' 'IPROOT'
bad_line 'iproot=10.5.0.2' '' 'IPROOT'
bad_line 'NONSENSE=1' '' 'NONSENSE'
bad_line 'IPROOT = 10.5.0.2' '' 'blank in front of the = of IPROOT \(write KEY=value'
bad_line 'IPROOT=10.5.0.300' IPROOT '10.5.0.300: .*\(write it as'
bad_line 'IPROOT=10.5.0.2/33' IPROOT 'what is behind the slash is no mask \(.*32'
bad_line 'IPROOT="10.5.0.2 10.5.0.2"' IPROOT 'twice \(keep one'
bad_line 'IPROOTDEV=eth/0' IPROOTDEV 'name of a device'
bad_line 'S_HOSTNAME=y' S_HOSTNAME 'in line 1 already \(keep one'
bad_line 'LOOPBACK=maybe' LOOPBACK 'yes'
bad_line 'S_CAPS="NET_ROW"' S_CAPS 'NET_RAW'
bad_line 'S_FLAGS="lock fakinit"' S_FLAGS 'fakeinit'
bad_line 'S_CONTEXT=1' S_CONTEXT '2 to 65535|65535'
bad_line 'S_NICE=20' S_NICE '19'
bad_line 'ULIMIT="-H -Q 5"' ULIMIT 'no letter -Q'
bad_line 'S_DOMAINNAME=$(hostname)' S_DOMAINNAME 'shell would expand'
bad_line "S_DOMAINNAME='v1" S_DOMAINNAME 'single quote .* has no end'
bad_line 'MEMORY=lots' MEMORY 'lots'
bad_line 'PIDS=-1' PIDS '-1 is not a number from 1'
bad_line 'export PIDS=5' '' 'export is a command'
conf v1
clean "wrong lines"
run "list and status don't mind" 0 '^v1 ' sh -c 'echo nonsense >/etc/vservers/v1.conf; vserver list'

# Something is missing.
conf v1
conf v2
wrong "no tree" '/vservers/v2: there is no such tree' vserver v2 start
rm /etc/vservers/v2.conf
wrong "no configuration" 'vserver v2: there is no such vserver' vserver v2 start
wrong "stop of what is not there" 'vserver v2: there is no such vserver' vserver v2 stop
wrong "exec in what is not there" 'vserver v2: .*' vserver v2 exec true
for name in ../v1 -v .v1 v/1 '' "$(printf %065d 1)"; do
	run "the name '$name'" 2 '^vctl: .*\)$' vctl start -- "$name"
done
run "no word" 2 '^vctl: .*\)$' vserver v1
run "a wrong word" 2 'did you mean start\?' vserver v1 strat
run "as user" 1 '^vctl: .*root.*\)$' as_user vserver v1 start
run "in a context" 1 '^vctl: .*\(.+\)$' chcontext --silent vserver v1 start
run "without capabilities" 1 '^vctl: .*\(.+\)$' reducecap --secure vserver v1 start
clean "who may not"

# Addresses
conf v1 'IPROOT=eth9:10.5.0.2'
wrong "no such device" '/?.*eth9.*' vserver v1 start
conf v1 'IPROOT=10.5.0.1/24' 'IPROOTDEV=eth0'
wrong "an address of the machine" 'address 10.5.0.1.*: this machine has it on eth0' vserver v1 start
conf v1 'IPROOT=10.5.0.9'
run "an address that nobody has" 0 '^vctl: address 10.5.0.9: this machine doesn.t have it.* \(.+\)$' \
	vserver v1 start
vserver v1 stop --silent
conf v1 'IPROOT=no-such-host.invalid'
wrong "a name that nobody knows" '.*no-such-host.invalid.*' vserver v1 start
cp -a /vservers/v1 /vservers/v2
conf v1 'IPROOT=10.5.0.2/24' 'IPROOTDEV=eth0' 'S_CONTEXT=500'
conf v2 'IPROOT=10.5.0.2/24' 'IPROOTDEV=eth0'
vserver v1 start --silent
remember
wrong "an address of another" 'address 10.5.0.2.*: vserver v1 has it' vserver v2 start
conf v2 'S_CONTEXT=500'
wrong "a context of another" 'context 500: it is in use by vserver v1' vserver v2 start
wrong "no such command" 'nosuch: there is no such program in the vserver' vserver v1 exec nosuch
vserver v1 stop --silent
rm -r /vservers/v2 /etc/vservers/v2.conf
conf v1 'S_CONTEXT=500'
chcontext --silent --ctx 500 sleep 1000 &
other=$!
soon chcontext --silent --ctx 500 pgrep -x sleep
remember
wrong "a context of somebody" 'context 500: it is in use by somebody' vserver v1 start
chcontext --silent --ctx 500 pkill -x sleep; wait $other

# Scripts of the administrator's
conf v1
host_script v1 <<-'END'
	echo "$1" >>/tmp/called
	[ "$1" != "$(cat /tmp/fails)" ] || exit 3
END
echo pre-start >/tmp/fails
remember
wrong "pre-start fails" '/etc/vservers/v1.sh pre-start: it failed with exit status 3' vserver v1 start
run "it is the only one called" 0 '^pre-start $' sh -c 'tr "\n" " " </tmp/called; echo'
for when in post-start pre-stop post-stop; do
	echo $when >/tmp/fails
	run "$when fails" 0 "^vctl: /etc/vservers/v1.sh $when: it failed with exit status 3 \\(.+\\)\$" \
		sh -c 'vserver v1 start && vserver v1 stop'
done
echo none >/tmp/fails
rm /tmp/called
conf v1 'S_FLAGS=fakeinit'
rm /vservers/v1/sbin/init
remember
wrong "post-stop undoes pre-start" '/vservers/v1/sbin/init: there is none.*' vserver v1 start
run "it is called" 0 '^pre-start post-stop $' sh -c 'tr "\n" " " </tmp/called; echo'
ln -s ../bin/busybox /vservers/v1/sbin/init
conf v1
chmod 777 /etc/vservers/v1.sh
remember
wrong "a script others may write to" '/etc/vservers/v1.sh: .*others than root may change it' \
	vserver v1 start
chmod 755 /etc/vservers/v1.sh
chown 1000 /etc/vservers/v1.sh
wrong "a script of somebody else's" '/etc/vservers/v1.sh: .*others than root may change it' \
	vserver v1 start
chown 0 /etc/vservers/v1.sh
printf '#!/nonexistent\n' >/etc/vservers/v1.sh
wrong "a script that nothing runs" '/etc/vservers/v1.sh pre-start: .*' vserver v1 start
rm /etc/vservers/v1.sh

# File systems
mount -t tmpfs -o size=4k none /run/vservers
: >/run/vservers/.lock
dd if=/dev/zero of=/run/vservers/.full bs=4k 2>/dev/null
remember
wrong "/run is full" '/run/vservers/v1: .*No space left on device' vserver v1 start
umount /run/vservers
mount --bind /vservers/v1 /vservers/v1
mount -o remount,bind,ro /vservers/v1
remember
run "a tree that is read-only" 0 '^v1: started$' vserver v1 start
run "which it is inside, too" 1 'Read-only' vserver v1 exec touch /root/x
run "and stops" 0 '^v1: stopped$' vserver v1 stop
clean "a tree that is read-only"
umount /vservers/v1
rmdir /vservers/v1/dev
mount --bind /vservers/v1 /vservers/v1
mount -o remount,bind,ro /vservers/v1
remember
wrong "a tree that is read-only and lacks /dev" '/vservers/v1/dev: .*' vserver v1 start
umount /vservers/v1
mount --bind /vservers /vservers
mount -o remount,bind,noexec /vservers
remember
wrong "/vservers may execute nothing" '.*noexec.*' vserver v1 start
umount /vservers
mount --bind /etc /etc
mount -o remount,bind,ro /etc
remember
run "/etc is read-only" 0 '^v1: stopped$' sh -c 'vserver v1 start; vserver v1 stop'
umount /etc
mv /vservers /vservers.away
remember
wrong "no /vservers" '/vservers: .*' vserver v1 start
ln -s /vservers.away /vservers
run "it may be a link" 0 '^v1: stopped$' sh -c 'vserver v1 start; vserver v1 stop'
rm /vservers
mv /vservers.away /vservers
chmod 755 /vservers
run "/vservers is closed to others" 0 '^700$' sh -c 'vserver v1 start; vserver v1 stop; stat -c %a /vservers' \
	'|' tail -n 1
chown 1000 /vservers
remember
wrong "/vservers is somebody else's" '/vservers: it isn.t root.s' vserver v1 start
chown 0 /vservers
mv /vservers/v1 /vservers/v1.away
ln -s /vservers/v1.away /vservers/v1
remember
wrong "the tree is a link" '/vservers/v1: it is a symbolic link' vserver v1 start
rm /vservers/v1
: >/vservers/v1
remember
wrong "the tree is a file" '/vservers/v1: it is not a directory' vserver v1 start
rm /vservers/v1
mv /vservers/v1.away /vservers/v1

# What is in the tree.
for name in proc dev; do
	rmdir "/vservers/v1/$name" 2>/dev/null
	run "no /$name" 0 '^v1: stopped$' sh -c 'vserver v1 start; vserver v1 stop'
	rmdir "/vservers/v1/$name"
	ln -s /tmp "/vservers/v1/$name"
	remember
	wrong "/$name is a link" "/vservers/v1/$name: it is a symbolic link" vserver v1 start
	rm "/vservers/v1/$name"
	: >"/vservers/v1/$name"
	remember
	wrong "/$name is a file" "/vservers/v1/$name: it is not a directory" vserver v1 start
	rm "/vservers/v1/$name"
	mkdir "/vservers/v1/$name"
done
chmod 644 /vservers/v1/etc/init.d/rc
remember
run "rc is not executable" 0 '^vctl: /vservers/v1/etc/init.d/rc: it is not executable, and is not run \(.+\)$' \
	vserver v1 start
vserver v1 stop --silent
clean "rc is not executable"
printf '#!/nonexistent\n' >/vservers/v1/etc/init.d/rc
chmod 755 /vservers/v1/etc/init.d/rc
wrong "rc that nothing runs" '/vservers/v1/etc/init.d/rc: .*' vserver v1 start
conf v1 'S_FLAGS=fakeinit'
rm /vservers/v1/sbin/init
: >/vservers/v1/sbin/init
remember
wrong "init is not executable" '/vservers/v1/sbin/init: .*' vserver v1 start
chmod 755 /vservers/v1/sbin/init
mkdir -p /vservers/v1/lib/systemd
cp /bin/busybox /vservers/v1/lib/systemd/systemd
ln -sf /lib/systemd/systemd /vservers/v1/sbin/init
remember
wrong "systemd for an init" '/vservers/v1/sbin/init: this is systemd, which .*' vserver v1 start
conf v1
rm /vservers/v1/etc/init.d/rc
run "without fakeinit it is not asked for" 0 '^v1: stopped$' sh -c 'vserver v1 start; vserver v1 stop'
rm -r /vservers/v1/lib
ln -sf ../bin/busybox /vservers/v1/sbin/init

# Limits
conf v1 'MEMORY=64M'
umount /sys/fs/cgroup
remember
wrong "no control groups" '.*no control groups v2 are mounted.*' vserver v1 start
mount -t cgroup2 cgroup2 /sys/fs/cgroup
conf v1 'MEMORY=4096'
remember
run "a limit too small to live with" 1 '^vctl: .*\(.+\)$' vserver v1 start
clean "a limit too small to live with"
conf v1 'ULIMIT="-H -n 5 -S -n 6"'
wrong "a soft limit above the hard one" '.*ULIMIT.*' vserver v1 start
conf v1 'PIDS=1'
run "only one process" 0 '^v1: started$' vserver v1 start
vserver v1 stop --silent
clean "only one process"
conf v1
run "after all that it starts" 0 '^v1: started$' vserver v1 start
run "and stops" 0 '^v1: stopped$' vserver v1 stop
run "the module can go" 0 "" rmmod vcontext
modprobe vcontext
ktap_end
