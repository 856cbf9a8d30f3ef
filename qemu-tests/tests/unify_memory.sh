#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# unify_memory.sh [COUNT]: as many vservers run the same daemon.  While each has a copy of its
# program the memory has as many; unified, it has one.

# shellcheck disable=SC1091,SC2016 # the files beside this one; words for another shell
here=$(dirname "$0")
. "$here/ktap.sh"
. "$here/vserver_common.sh"

count=${1-20}
program=/usr/bin/perl

# On a disk: what is on tmpfs is in memory anyway.
umount /vservers 2>/dev/null
mkdir -p /vservers
image=$(mktemp /root/memory.XXXXXX)
truncate -s 400M "$image"
mkfs.ext4 -q "$image"
run "a disk for vservers" 0 '' mount -o loop "$image" /vservers
rmdir /vservers/lost+found

# In memory all of the time, with all that the program has: mlockall().
make_first()
{
	make_tree m1
	tree=/vservers/m1
	mkdir -p "$tree/usr/bin" "$tree/etc/rc3.d"
	cp "$program" "$tree$program"
	ldd "$program" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' |
	while IFS= read -r library; do
		mkdir -p "$tree${library%/*}"
		cp -L "$library" "$tree$library"
	done
	tree_script m1 /etc/rc3.d/S01daemon <<-END
	ulimit -l unlimited
	$program -e '\$0 = "reader"; syscall(151, 1) == 0 or die "mlockall: \$!";
		open my \$file, ">", "/run/ready"; close \$file; sleep 1000 while 1' &
	END
}

make_others()
{
	for n in $(seq 2 "$count"); do
		cp -a /vservers/m1 "/vservers/m$n"
	done
	for n in $(seq "$count"); do
		conf "m$n" "ULIMIT=\"-H -l 100000\""
	done
}

# How many daemons, and kilobytes: what they have of files, each its part of what several have.
shares()
{
	chcontext --silent --ctx 1 sh -c '
		for process in $(pgrep -x reader); do
			echo "process $process"
			cat /proc/$process/smaps_rollup
		done' | awk '
		$1 == "process" { processes++ }
		$1 == "Pss_File:" { sum += $2 }
		END { printf "%d %d\n", processes, sum }'
}

cached()
{
	awk '$1 == "Cached:" { print $2 }' /proc/meminfo
}

# All have all of it in memory.
all_ready()
{
	[ "$(chcontext --silent --ctx 1 sh -c '
		for process in $(pgrep -x reader); do
			cat /proc/$process/status
		done' | awk '$1 == "VmLck:" && $2 > 1000' | wc -l)" = "$count" ]
}

# round WHAT: sets the numbers of processes, of kilobytes of theirs, and of the page cache
round()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cached_before=$(cached)
	# shellcheck disable=SC2046 # names
	run "$1: $count start" 0 'started' vctl start $(seq -f m%.0f "$count")
	# Under load twenty take their time.
	for _ in 1 2 3 4 5 6; do
		! soon all_ready || break
	done
	cached=$(($(cached) - cached_before))
	shares >/tmp/shares
	read -r processes sum </tmp/shares
	[ "$processes" = "$count" ]
	ktap_result $? "$1: $count daemons run" "$(cat /tmp/shares)"
	echo "# $1: of files $sum KiB in all, page cache $cached KiB more"
	vctl stop --all >/dev/null
}

make_first
make_others
size=$(($(stat -c %s "/vservers/m1$program") / 1024))
echo "# $program: $size KiB"
round "copies"
copies=$sum copies_cached=$cached
[ "$copies" -gt $((count * size * 8 / 10)) ]
ktap_result $? "copies: each has the program for itself" "$copies KiB, $size KiB is one"
run "unify" 0 'Linked' vctl unify --all
round "unified"
# Beside the program there are libraries, of which nobody knows so well what they take.
one=$((copies / count))
[ "$sum" -le $((one * 12 / 10)) ]
ktap_result $? "unified: the memory of one does for all" "$sum KiB, one is $one KiB"
[ "$cached" -lt $((copies_cached - (count - 2) * size)) ]
ktap_result $? "unified: the page cache has it once" "$cached KiB, $copies_cached KiB before"
ktap_end
