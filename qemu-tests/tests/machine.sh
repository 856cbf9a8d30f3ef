#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# machine.sh: the guest has what a machine has, so that what is tried there does not fail for want
# of it.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

work=$(mktemp -d)
export work

# A file system in a file.
truncate -s 8M "$work/image"
mkdir "$work/mounted"
run "an ext4 file system is made" 0 "" mkfs.ext4 -q "$work/image"
run "it is mounted" 0 "" mount -o loop "$work/image" "$work/mounted"
run "it is written to" 0 '^text$' sh -c 'echo text >"$work/mounted/file"; cat "$work/mounted/file"'
run "it is unmounted" 0 "" umount "$work/mounted"
run "it is mounted read-only" 0 "" mount -o loop,ro "$work/image" "$work/mounted"
run "what was written is there" 0 '^text$' cat "$work/mounted/file"
run "no more is written" 1 'Read-only file system' touch "$work/mounted/other"
run "it is unmounted again" 0 "" umount "$work/mounted"

# File systems keep who may what.
touch "$work/file"
run "an access control list" 0 '^user:daemon:r--$' \
	sh -c 'setfacl -m u:daemon:r "$work/file" && getfacl -p "$work/file"'
run "an extended attribute" 0 '^user.name="value"$' sh -c \
	'cd /root && touch file && setfattr -n user.name -v value file && getfattr -d file; rm file'

run "as many open files as a machine allows" 0 '^1024 524288$' sh -c 'echo $(ulimit -n; ulimit -Hn)'

# The kernel tells how it was made, and has what a Debian kernel has.
run "the kernel's configuration" 0 '^CONFIG_IKCONFIG_PROC=y$' zcat /proc/config.gz
run "it has what could be attacked" 0 '^9$' sh -c \
	'zcat /proc/config.gz | grep -cE "^CONFIG_(BRIDGE|IP_DCCP|IP_SCTP|TUN|VETH|PACKET|XDP_SOCKETS|\
USERFAULTFD|IO_URING)=y"'
run "a bridge" 0 "" sh -c 'ip link add br0 type bridge && ip link del br0'
run "a socket of DCCP" 0 "" as_user python3 -c 'import socket; socket.socket(2, 6, 33)'
run "a socket of ICMP for anybody" 0 "" as_user python3 -c 'import socket; socket.socket(2, 2, 1)'
run "a tunnel" 0 "" sh -c 'ip tuntap add tun0 mode tun && ip link del tun0'

# Programs.
run "perl" 0 '^6 A$' perl -Mstrict -MPOSIX -e 'print POSIX::floor(6.5), " A\n"'
run "python3" 0 '^6 a$' python3 -c 'import os, re, socket, struct; print(6, re.sub("A", "a", "A"))'
run "strace" 0 'execve' strace -e trace=execve true
rm -rf "$work"
ktap_end
