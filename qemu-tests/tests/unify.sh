#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# unify.sh: vctl unify, vctl attr, clones, and what root inside of a unified vserver can do.

# shellcheck disable=SC1091,SC2016,SC2154 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

check()
{
	local name=$1

	shift
	"$@" >"$ktap_file" 2>&1
	ktap_result $? "$name" "$(cat "$ktap_file")"
}

# All that can be told of a tree but which files others have, too.
picture()
{
	(cd "$1" && find . -printf '%p %y %m %U:%G %s %T@ %l\n' -type f -exec cksum {} + | sort
		getfattr -R -d -m '^(user|security|system)' . 2>/dev/null)
}

as_it_was()
{
	picture "/vservers/$1" | diff "$tmp/$1.picture" -
}

one_file()
{
	[ "/vservers/$1/$3" -ef "/vservers/$2/$3" ]
}

tmp=$(mktemp -d /root/unify.XXXXXX)
rm -rf /vservers /etc/vservers
mkdir -p /vservers /etc/vservers
truncate -s 400M "$tmp/image"
mkfs.ext4 -q "$tmp/image"
mount -o loop "$tmp/image" /vservers
rmdir /vservers/lost+found

# Three that were built of the same packages, each with files of its own.
make_vserver()
{
	local tree=/vservers/$1 i

	vctl build --method skeleton "$1" >/dev/null
	mkdir -p "$tree"/{usr/share/doc,var/lib/dpkg/info,var/lib/data,srv}
	for i in {1..60}; do
		seq $((i * 100)) >"$tree/usr/share/doc/$i"
	done
	cp /bin/busybox "$tree/usr/bin/busybox"
	ln "$tree/usr/bin/busybox" "$tree/usr/bin/sh"
	ln -s usr/bin "$tree/bin"
	cp "$tree/usr/share/doc/3" "$tree/usr/bin/setuid"
	chmod 4755 "$tree/usr/bin/setuid"
	chown 1000:1000 "$tree/usr/share/doc/7"
	setfattr -n user.note -v x "$tree/usr/share/doc/8"
	setfacl -m u:1000:rw "$tree/usr/share/doc/9"
	: >"$tree/var/lib/dpkg/status"
	echo /usr/share/doc/10 >"$tree/var/lib/dpkg/info/p.conffiles"
	echo same >"$tree/var/lib/data/file"
	find "$tree" -exec touch -h -d '2005-05-05' {} +
}
for name in one two three; do
	make_vserver $name
done
echo own >/vservers/three/usr/share/doc/own
picture /vservers/one >"$tmp/one.picture"
picture /vservers/two >"$tmp/two.picture"
picture /vservers/three >"$tmp/three.picture"

run "--dry-run" 0 '^Would be linked: 1[0-9][0-9] files' vctl unify --dry-run --all
check "it changes nothing" as_it_was one
check "nor marks anything" sh -c '! lsattr -R /vservers | grep "^....i"'
run "vserver NAME unify" 0 '^Linked: 6[0-9] files' vserver one unify two
check "one and two are one" one_file one two usr/share/doc/1
check "three isn't" test ! /vservers/one/usr/share/doc/1 -ef /vservers/three/usr/share/doc/1
run "all" 0 '^Linked: 6[0-9] files' vunify --all
check "what is setuid isn't" test ! /vservers/one/usr/bin/setuid -ef /vservers/three/usr/bin/setuid
check "three is" one_file one three usr/share/doc/1
check "names of one file are those of one" one_file one three usr/bin/sh
check "files with attributes, too" one_file one three usr/share/doc/8
check "and with ACLs" one_file one three usr/share/doc/9
run "as many as there are" 0 '^6$' stat -c %h /vservers/two/usr/bin/sh
check "a conffile isn't" test ! /vservers/one/usr/share/doc/10 -ef /vservers/two/usr/share/doc/10
for name in one two three; do
	check "nothing is to be seen of it in $name" as_it_was $name
done
run "marked" 0 '^iu ' vctl attr /vservers/one/usr/share/doc/1
run "again, there is nothing to do" 0 '^Linked: 0 files' vunify --all
check "nothing is left" test ! -e /vservers/.vunify

# Inside.
cat >"$tmp/inside" <<-'SH'
	cd /usr/share/doc || exit 1
	for deed in 'echo x >>1' ': >1' 'chmod 600 1' 'chown 5 1' 'touch 1' 'dd if=/dev/zero of=1 conv=notrunc' \
		'ln 10 1x && cat 1x >1'; do
	    sh -c "$deed" 2>/dev/null && echo "not refused: $deed"
	done
	ln 1 linked && rm linked || echo "no link"
	echo new >fresh && mv -f fresh 2 || echo "no rename over"
	rm 3 || echo "no unlink"
	mv 4 moved && mv moved 4 || echo "no rename"
	echo done
SH
cp "$tmp/inside" /vservers/one/srv/inside
run "what root of a context does inside" 0 '^done$' \
	chcontext --secure --silent -- chroot /vservers/one sh /srv/inside
run "nothing else was said" 0 '!not refused|^no ' cat "$ktap_file"
check "two has it as it was" as_it_was two
run "one has its own" 0 '^new$' cat /vservers/one/usr/share/doc/2
run "the rest is one file again" 0 '^Linked: 0 files' vunify --all

# Clones.
run "a clone is unified from the start" 0 '^Shared with one: [5-9][0-9] files' \
	vctl build --method clone --from one four
check "with what others have, too" one_file two four usr/share/doc/1
check "its conffiles are its own" test ! /vservers/one/usr/share/doc/10 -ef \
	/vservers/four/usr/share/doc/10
run "delete" 0 'deleted' vctl delete --yes four
check "others have what they had" as_it_was two
check "marked" sh -c 'vctl attr /vservers/two/usr/share/doc/1 | grep ^iu'

# forge DIRECTORY FILE: a stage as of one who was killed, which is to put what it has there
forge()
{
	mkdir -m 700 "$1/.vunify"
	echo evil >"$1/.vunify/new"
	perl -e 'print pack("L x4 Q Q a4096 a4096", 1, 1, @ARGV)' "$(stat -c %i "$2/$3")" "$2" "$3" \
		>"$1/.vunify/record"
}

# By paths below trees, where root inside can make whatever he likes.
forge /vservers/one /vservers/two usr/share/doc/2
forge /vservers/one/usr /vservers/two usr/share/doc/3
cp -a /vservers/one/.vunify "$tmp/forged"
run "directories of vservers" 0 '^Linked: 0 files' \
	vunify --exclude 10 /vservers/one/usr /vservers/three/usr
run "deeper" 0 '^Linked: 0 files' \
	vunify --exclude 10 /vservers/one/usr/share /vservers/three/usr/share
run "undo of one" 0 '^Copied: [1-9]' vunify --undo /vservers/one/usr/share
check "what root inside has made there is not heeded" as_it_was two
check "nor touched" diff -r "$tmp/forged" /vservers/one/.vunify
check "nothing is left beside the trees" test ! -e /vservers/.vunify
rm -r /vservers/one/.vunify /vservers/one/usr/.vunify
run "unified again" 0 '^Linked: [5-9][0-9] files' vunify --all

# Who has a vserver locked.
cat >/etc/vservers/one.sh <<-'SH'
	#!/bin/sh
	[ "$1" != pre-start ] || { echo >/root/locked; sleep 12; exit 1; }
SH
chmod 755 /etc/vservers/one.sh
vserver one start >/dev/null 2>&1 &
while [ ! -e /root/locked ]; do
	sleep 0.1
done
run "a directory of one that is locked" 1 'vserver one: another process' \
	vunify /vservers/one/usr /vservers/three/usr
run "but a dry run waits for nobody" 0 '^Would be linked: 0 files' \
	vunify --dry-run --exclude 10 /vservers/one/usr /vservers/three/usr
run "who waits for it says so" 0 '^vctl: vserver one: process [0-9]+ .v[a-z]+. has it locked \(it is' \
	vserver one stop
wait
rm /etc/vservers/one.sh /root/locked
run "two directories of one vserver" 0 '^Copied: 0 files' \
	vunify --undo /vservers/one/etc /vservers/one/home

# By a path that leads out of a tree.
ln -s /vservers/two/usr/share/doc /vservers/one/srv/way
run "attr goes by no link out of a tree" 1 'srv/way/1: No such file' \
	vctl attr --clear immutable,invert /vservers/one/srv/way/1
check "two's is marked still" sh -c 'vctl attr /vservers/two/usr/share/doc/1 | grep ^iu'
run "nor does unify" 1 'srv/way: No such file' \
	vunify --undo /vservers/one/srv/way /vservers/three/usr/share/doc
rm /vservers/one/srv/way
printf x >$'/vservers/one/srv/\302\233'
run "attr --json defuses names" 0 '"path":"/vservers/one/srv/[?]+"' \
	vctl attr --json $'/vservers/one/srv/\302\233'
rm $'/vservers/one/srv/\302\233'

# In use.
exec 7>>/vservers/three/usr/share/doc/own
cp -a /vservers/three/usr/share/doc/own /vservers/two/usr/share/doc/own
run "what is open for writing is left alone" 0 'open for writing' vunify two three
check "it is" sh -c '! lsattr /vservers/three/usr/share/doc/own | grep ^....i'
exec 7>&-
run "and shared later" 0 '^Linked: 1 file,' vunify two three
exec 7</vservers/two/usr/share/doc/10
flock -x 7
check "a locked file" sh -c 'sed -i d /vservers/*/var/lib/dpkg/info/p.conffiles; vunify --all'
check "stays" test ! /vservers/two/usr/share/doc/10 -ef /vservers/three/usr/share/doc/10
exec 7>&-

# As one leaves it that was killed once it had marked a file, before it had looked who writes to it.
echo held >/vservers/one/usr/share/doc/held
cp -a /vservers/one/usr/share/doc/held /vservers/two/usr/share/doc/held
setfattr -n trusted.vcontext.invert -v 1 /vservers/one/usr/share/doc/held
exec 7>>/vservers/one/usr/share/doc/held
chattr +i /vservers/one/usr/share/doc/held
run "what is marked and open for writing is left alone" 0 'open for writing' vunify one two
check "it is" test ! /vservers/one/usr/share/doc/held -ef /vservers/two/usr/share/doc/held
run "a clone" 0 '^Shared with one: [5-9][0-9] files' vctl build --method clone --from one four
check "has a copy" test ! /vservers/one/usr/share/doc/held -ef /vservers/four/usr/share/doc/held
exec 7>&-
run "delete that one" 0 'deleted' vctl delete --yes four
run "and both share it later" 0 '^Linked: 1 file,' vunify one two
run "another clone" 0 '^Shared with one: [5-9][0-9] files' \
	vctl build --method clone --from one four
check "has it, too" one_file one four usr/share/doc/held
run "delete that one, too" 0 'deleted' vctl delete --yes four

# Attributes of its own that leave no room for the mark.
echo full >/vservers/one/usr/share/doc/full
many=0
for size in 2000 1000 500 200 100 50 20 10 5 1; do
	while setfattr -n "user.$many" -v "$(printf "%0${size}d" 0)" \
		/vservers/one/usr/share/doc/full 2>/dev/null; do
		many=$((many + 1))
	done
done
cp -a /vservers/one/usr/share/doc/full /vservers/two/usr/share/doc/full
run "a full one is left alone" 0 'no room for the mark' vunify one two
run "a clone where one is full" 0 '^Shared with one: [5-9][0-9] files' \
	vctl build --method clone --from one four
check "has a copy of it" test ! /vservers/one/usr/share/doc/full -ef /vservers/four/usr/share/doc/full
run "delete the clone" 0 'deleted' vctl delete --yes four

# Undo.
run "undo" 0 '^Copied: [0-9]+ files' vunify --undo two
check "its files are its own" sh -c '! find /vservers/two/usr/share -type f -links +1 | grep .'
check "and writable" sh -c 'echo >>/vservers/two/usr/share/doc/1'
run "undo of all" 0 'Writable again: [0-9]+ files' vunify --undo --all
check "nothing is immutable" sh -c '! lsattr -R /vservers | grep "^....i"'
run "names of one file are still that" 0 '^2$' stat -c %h /vservers/three/usr/bin/sh

# What is said to be wrong.
run "as user" 1 'only root' as_user vunify one two
run "no such vserver" 1 'no such vserver' vunify one nosuch
run "other file systems" 1 'another file system' vunify /vservers/one /root/
run "inside of a context" 1 'vctl: unify: ' chcontext --silent vunify one two
# The second one waits for some seconds, and says so if that is not enough.
check "two at once" sh -c 'vunify --all >/dev/null & vunify --all >/dev/null 2>"$0" ||
	grep -q "wait until that is done" "$0" || exit 1; wait $!' "$tmp/second"
for name in one two three; do
	vctl delete --yes $name >/dev/null
done
check "nothing is left at the end" sh -c '[ -z "$(ls -A /vservers)" ]'
umount /vservers
rm -rf "$tmp"
ktap_end
