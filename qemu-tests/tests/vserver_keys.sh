#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver_keys.sh: what each key of a vserver's configuration does, as seen from inside.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/vserver_common.sh"

ip link add eth0 type dummy
ip address add 10.5.0.1/24 dev eth0
ip link set eth0 up
ip link add eth1 type dummy
ip link set eth1 up
make_tree v1
conf v1
remember

# started NAME LINE...: stopped if it runs, started with this configuration.
started()
{
	vserver "$1" stop --silent
	conf "$@"
	vserver "$1" start --silent >"$ktap_file" 2>&1 ||
		ktap_result 1 "start with $*" "$(cat "$ktap_file")"
}

# inside NAME STATUS PATTERN COMMAND: a case of what a shell finds in v1.
inside()
{
	run "$1" "$2" "$3" vserver v1 exec sh -c "$4"
}

# on_device DEVICE: the addresses that vservers have there
on_device()
{
	ip -o address show dev "$1" | grep -E ':v1|proto|10.5.1|fd00:' | sed 's/.*inet/inet/; s/ *\\.*//'
}

# Addresses
started v1 'IPROOT="10.5.0.2/24 10.5.0.3/255.255.255.0 eth1:10.5.1.4/28 fd00::5/64"' 'IPROOTDEV=eth0'
run "an address is an alias, with mask and broadcast" 0 \
	'inet 10.5.0.2/24 brd 10.5.0.255 scope global secondary .*eth0:v1$' on_device eth0
run "a mask in the old way" 0 'inet 10.5.0.3/24 brd 10.5.0.255 ' on_device eth0
run "IPv6" 0 'inet6 fd00::5/64 scope global' on_device eth0
run "another device" 0 'inet 10.5.1.4/28 brd 10.5.1.15 .*eth1:v1$' on_device eth1
inside "it is tied to them" 0 '^ipv4root:.10.5.0.2 10.5.0.3 10.5.1.4 fd00::5$' \
	'grep ipv4root: /proc/self/status'
inside "it sees no other" 0 '!10\.5\.0\.1/' 'ip address'
inside "a server may use them" 0 '' 'httpd -p 10.5.0.3:80'
inside "but not the machine's" 1 'Cannot assign requested address' 'httpd -p 10.5.0.1:80'
vserver v1 stop --silent
clean "addresses"
started v1 'IPROOT=10.5.0.2' 'IPROOTDEV=eth0' 'IPROOTMASK=255.255.255.240' 'IPROOTBCAST=10.5.0.9'
run "IPROOTMASK and IPROOTBCAST" 0 'inet 10.5.0.2/28 brd 10.5.0.9 ' on_device eth0
started v1 'IPROOT=10.5.0.2' 'IPROOTDEV=eth0'
run "without a mask that of the device" 0 'inet 10.5.0.2/24 brd 10.5.0.255 ' on_device eth0
started v1 'IPROOT=10.5.0.1'
run "an address of the machine is shared" 0 '!10.5.0.1/32' on_device eth0
inside "and is its own" 0 '^ipv4root:.10.5.0.1$' 'grep ipv4root: /proc/self/status'
vserver v1 stop --silent
run "and stays" 0 'inet 10.5.0.1/24 ' ip address show eth0
started v1 'IPROOT=0.0.0.0'
inside "not tied" 0 'eth1' 'ip address'

# The private loopback
cp -a /vservers/v1 /vservers/v2
echo first >/vservers/v1/tmp/page
echo second >/vservers/v2/tmp/page
conf v2
page='wget -q -O - http://127.0.0.1:8000/page'
started v1 'IPROOT=eth0:10.5.0.2/24'
started v2 'IPROOT=eth0:10.5.0.3/24'
inside "a server on localhost is reached" 0 '^first$' "httpd -p 127.0.0.1:8000 -h /tmp; $page"
run "but not from another" 1 'refused' vserver v2 exec sh -c "$page"
# shellcheck disable=SC2086 # words
run "nor from the machine" 1 'refused' busybox $page
run "the other has one of its own" 0 '^second$' vserver v2 exec sh -c \
	"httpd -p 127.0.0.1:8000 -h /tmp; $page"
inside "and each stays by itself" 0 '^first$' "$page"
started v1 'IPROOT=eth0:10.5.0.2/24' 'LOOPBACK=no'
inside "LOOPBACK=no" 1 'refused|unreachable|assign' "$page"
rm /vservers/v1/tmp/page
vserver v2 stop --silent
rm -r /vservers/v2 /etc/vservers/v2.conf

# Rights and names
started v1
inside "without S_CAPS" 0 '^CapBnd:.00000000b00c05fb$' 'grep CapBnd /proc/self/status'
inside "no raw sockets" 1 'permission denied' 'ping -c 1 -W 1 10.5.0.1'
inside "its name is its host name" 0 '^v1$' 'hostname'
inside "its id is one of many" 0 '^s_context:.[0-9]{5}$' 'grep s_context: /proc/self/status'
inside "nice" 0 '^0$' 'cut -d " " -f 19 /proc/self/stat'
inside "flags" 0 '^ctxflags:.none$' 'grep ctxflags: /proc/self/status'
started v1 'S_CAPS="NET_RAW CAP_SYS_CHROOT"' 'S_CONTEXT=555' 'S_HOSTNAME=web.example.org' \
	'S_DOMAINNAME=nis' 'S_NICE=7' 'S_FLAGS="lock sched nproc hideinfo"'
inside "S_CAPS" 0 '^CapBnd:.00000000b00c25fb$' 'grep CapBnd /proc/self/status'
inside "gives what it says" 0 ' 0% packet loss' 'ping -c 1 -W 1 10.5.0.1'
run "S_CONTEXT" 0 '^v1 +running +555 ' vserver list
inside "S_HOSTNAME" 0 '^web.example.org$' 'hostname'
inside "S_DOMAINNAME" 0 '^nis$' 'cat /proc/sys/kernel/domainname'
inside "S_NICE" 0 '^7$' 'cut -d " " -f 19 /proc/self/stat'
run "S_FLAGS" 0 '^ctxflags:.lock,sched,nproc,hideinfo$' chcontext --silent --ctx 1 sh -c \
	'cat /proc/$(sort -n /sys/fs/cgroup/vserver/v1/cgroup.procs | head -n 1)/status' &
vserver v1 exec sleep 2
wait
ktap_number=$((ktap_number + 1))
started v1 'S_FLAGS=userns'
inside "the flag userns" 0 '^0$' 'unshare -U -r id -u'
started v1
inside "without it" 1 'unshare' 'unshare -U -r id -u'
started v1 'S_FLAGS=fakeinit'
inside "the flag fakeinit" 0 '^1 init$' 'read -r pid name rest </proc/1/stat; echo $pid $(cat /proc/1/comm)'
started v1 'S_FLAGS=private'
inside "the flag private" 1 '^vctl: .*private.*\(.+\)$' true
run "it can be stopped" 0 '^v1: stopped$' vserver v1 stop

# Limits
started v1 'ULIMIT="-H -n 123 -u 20"' 'S_FLAGS=nproc'
inside "ULIMIT -H" 0 '^123$' 'ulimit -H -n'
inside "lowers the soft one, too" 0 '^123$' 'ulimit -S -n'
inside "nproc: all its processes count" 2 'fork: Resource temporarily' \
	'for i in $(seq 30); do sleep 3 & done'
started v1 'ULIMIT="-S -n 100"'
inside "ULIMIT -S" 0 '^100$' 'ulimit -S -n'
started v1 'MEMORY=64M' 'PIDS=77' 'CPUWEIGHT=55' 'CPUS=0.5' 'IOWEIGHT=200'
run "MEMORY, PIDS, CPUWEIGHT, CPUS, IOWEIGHT" 0 '^67108864 77 55 50000 100000 default 200 $' sh -c \
	'cd /sys/fs/cgroup/vserver/v1 && cat memory.max pids.max cpu.weight cpu.max io.weight | tr "\n" " "; echo'
inside "they hold who enters" 0 '^0::/vserver/v1$' 'cat /proc/self/cgroup'
inside "no more processes than PIDS" 2 'fork: Resource temporarily' \
	'for i in $(seq 99); do sleep 3 & done'
inside "no more memory than MEMORY" 137 '' 'exec dd if=/dev/zero of=/dev/null bs=200M count=1'

vserver v1 stop --silent
clean "at the end"
ktap_end
