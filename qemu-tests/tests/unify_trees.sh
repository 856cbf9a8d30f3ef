# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # what ktap.sh has
#
# unify_trees.sh: Debians as virtual servers, for the tests of unification.  To be sourced behind
# ktap.sh and vserver_common.sh, in a guest that has them in /trees.

export LC_ALL=C DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)

# inside NAME COMMAND...
inside()
{
	inside_name=$1
	shift
	vserver "$inside_name" exec "$@"
}

# What each has for itself: own NAME ADDRESS
own()
{
	own_tree=/vservers/$1
	conf "$1" "IPROOT=dummy0:$2" 'S_FLAGS="lock nproc"' 'ULIMIT="-H -u 1000"'
	echo "$1" >"$own_tree/etc/hostname"
	printf '127.0.0.1\tlocalhost\n%s\t%s\n' "$2" "$1" >"$own_tree/etc/hosts"
	echo "user-$1:x:2000:2000:of $1:/home/user-$1:/bin/sh" >>"$own_tree/etc/passwd"
	echo "user-$1:x:2000:" >>"$own_tree/etc/group"
	echo "user-$1:*:20000:0:99999:7:::" >>"$own_tree/etc/shadow"
	rm "$own_tree"/etc/ssh/ssh_host_*
	mknod -m 666 "$own_tree/dev/null" c 1 3
	chroot "$own_tree" ssh-keygen -q -t ed25519 -N '' -C "$1" -f /etc/ssh/ssh_host_ed25519_key
	rm "$own_tree/dev/null"
	mkdir -p "$own_tree/home/user-$1" "$own_tree/srv/archive" "$own_tree/var/www" \
		"$own_tree/etc/rpm"
	seq 1000 | sed "s/$/ $1/" >"$own_tree/home/user-$1/data"
	cp "$own_tree/home/user-$1/data" "$own_tree/var/www/data"
	echo 'deb [trusted=yes] file:/srv/archive ./' >"$own_tree/etc/apt/sources.list"
	echo '%_dbpath /var/lib/rpm' >"$own_tree/etc/rpm/macros"
	cp "$here/unify_make.sh" "$own_tree/srv/make.sh"
}

# vunify asks the machine's rpm; here it is that of a tree: machine_rpm NAME
machine_rpm()
{
	chroot "/vservers/$1" /lib64/ld-linux-x86-64.so.2 --list /usr/bin/rpm |
	sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' |
	while IFS= read -r library; do
		[ -e "$library" ] || cp -L "/vservers/$1$library" "$library"
	done
	cp -a "/vservers/$1/usr/lib/rpm" /usr/lib/
	cp --remove-destination "/vservers/$1/usr/bin/rpm" /usr/bin/
}

# state DIRECTORY NAME...: all that these trees are, but for what their daemons write meanwhile
state()
{
	state_directory=$1
	shift
	mkdir -p "$state_directory"
	for state_name in "$@"; do
		set -- "$@" "/vservers/$state_name"
		shift
	done
	tree_state "$state_directory" "$@" || return 1
	for state_name in "$@"; do
		state_file=$state_directory/${state_name##*/}
		grep -vE '^/(var/log|var/tmp|var/spool/cron|run|tmp|dev|proc|root)[ /]' \
			"$state_file" >"$state_file.part"
		mv "$state_file.part" "$state_file"
	done
}

# unchanged WHAT DIRECTORY NAME...: they are still what that directory says
unchanged()
{
	unchanged_what=$1 unchanged_before=$2
	shift 2
	state /tmp/now "$@"
	for unchanged_name in "$@"; do
		diff "$unchanged_before/$unchanged_name" "/tmp/now/$unchanged_name" >"$ktap_file"
		ktap_result $? "$unchanged_what: $unchanged_name is as before" \
			"$(grep -c '^>' "$ktap_file") differ: $(head -n 20 "$ktap_file")"
	done
}

# links NAME PATH: how many names the file has, in all trees
links()
{
	stat -c %h "/vservers/$1$2"
}

is_shared()
{
	[ "$(links "$1" "$2")" -gt "${3:-1}" ]
}

# What a report in JSON says of each tree: trees_of FILE
trees_of()
{
	sed -n '/"trees"/,$p' "$1"
}

# A number in a report, of a tally: tally FILE KEY files|bytes
tally()
{
	sed -n "/\"$2\":{/,/}/s/.*\"$3\":\([0-9]*\).*/\1/p" "$1" | head -n 1
}

# Where own bytes of all trees may be at most this many in ten thousand; told by directory.
# own_figures MOST NAME...
own_figures()
{
	own_most=$1
	shift
	for own_name in "$@"; do
		tree_state --own "/vservers/$own_name" >/tmp/own
		read -r _ own_files own_bytes own_alone own_alone_bytes </tmp/own
		echo "# $own_name: $own_files files, $own_bytes bytes; its own: $own_alone files," \
			"$own_alone_bytes bytes"
		awk 'NR > 1 && NR < 12 { printf "#\t%9d  %s\n", $3, $2 }' /tmp/own
		own_part=$((own_alone_bytes * 10000 / own_bytes + 1))
		[ $own_part -le "$own_most" ]
		ktap_result $? "$own_name: shares at least $(hundredths $((10000 - own_most))) %" \
			"$(hundredths $((10000 - own_part))) %"
		echo "# $own_name: $(hundredths $((10000 - own_part))) % shared"
	done
}

hundredths()
{
	printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}
