#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh: vctl build and vctl delete: all methods, what they leave, and what stops them.

# shellcheck disable=SC1091,SC2016,SC2154 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

# check NAME COMMAND...: has to succeed.
check()
{
	local name=$1

	shift
	"$@" >"$ktap_file" 2>&1
	ktap_result $? "$name" "$(cat "$ktap_file")"
}

# What is in a directory, hidden files too, in one line.
names()
{
	(cd "$1" 2>/dev/null && find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')
}

# has DIRECTORY NAME...: these and no others.
has()
{
	local directory=$1

	shift
	[ "$(names "$directory")" = "${*:+$* }" ] || { names "$directory"; return 1; }
}

# nothing_left NAME...: but these vservers there is nothing, not even hidden.
nothing_left()
{
	[ $# = 0 ] || { has /vservers "$@" && has /etc/vservers "${@/%/.conf}"; return; }
	[ -z "$(names /vservers; names /etc/vservers)" ]
}

# All that can be told of a tree, but what each vserver has for itself.
picture()
{
	(cd "$1" && find . \( -path ./etc/hostname -o -path ./etc/hosts \) -prune -o \
		-printf '%p %y %m %U:%G %l\n' -type f -exec cksum {} + | sort)
}

# same TREE TREE
same()
{
	diff <(picture "$1") <(picture "$2")
}

tmp=$(mktemp -d /root/build.XXXXXX)

# A system that is small, with all that a copy can get wrong.
make_source()
{
	local src=$1 i

	mkdir -p "$src"/{etc/{skel,ssh,rc2.d,systemd/system},usr/{bin,lib/systemd/system,share/doc}} \
		"$src"/var/{log/apt,lib/vservers,run,tmp} "$src"/opt
	ln -s usr/bin "$src/bin"
	mkdir "$src"/usr/share/doc/{0..5}
	for i in {1..90}; do
		printf "%$((i * 500))s" "$i" >"$src/usr/share/doc/$((i % 6))/$i"
	done
	cp /usr/bin/true "$src/usr/bin/true"
	ln "$src/usr/bin/true" "$src/usr/bin/same"
	cp /usr/bin/true "$src/usr/bin/setuid"
	chmod 4755 "$src/usr/bin/setuid"
	cp /usr/bin/true "$src/usr/bin/capable"
	setcap cap_net_raw+ep "$src/usr/bin/capable"
	echo text >"$src/etc/listed"
	setfacl -m u:1000:rw "$src/etc/listed"
	setfattr -n user.note -v kept "$src/etc/listed"
	chown 1000:1001 "$src/etc/listed"
	ln "$src/etc/listed" "$src/etc/also"
	touch -d '2001-02-03 04:05:06' "$src/etc/listed"
	mkfifo "$src/var/fifo"
	mknod "$src/var/node" c 1 3
	truncate -s 4M "$src/var/lib/sparse"
	ln -s /nowhere "$src/etc/dangling"
	echo oldname >"$src/etc/hostname"
	printf '127.0.0.1 localhost\n10.0.0.9 oldname # oldname\n' >"$src/etc/hosts"
	echo 0123456789 >"$src/etc/machine-id"
	echo key >"$src/etc/ssh/ssh_host_rsa_key"
	echo '/dev/sda1 / ext4' >"$src/etc/fstab"
	printf 'root:$6$secret:1:0:99999:7:::\nnobody:*:1::::::\n' >"$src/etc/shadow"
	chmod 640 "$src/etc/shadow"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$src/etc/passwd"
	printf 'id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\n' >"$src/etc/inittab"
	echo profile >"$src/etc/skel/.profile"
	: >"$src/etc/rc2.d/S10udev"
	: >"$src/etc/rc2.d/S20cron"
	: >"$src/usr/lib/systemd/system/systemd-udevd.service"
	echo log >"$src/var/log/apt/history.log"
	echo old >"$src/var/log/syslog.1"
	echo other >"$src/var/lib/vservers/x"
	echo gone >"$src/var/tmp/x"
}
make_source "$tmp/src"
rm -rf /vservers /etc/vservers

# Command lines.
run "build --help" 0 'Usage: vctl build ' vctl build --help
run "build without a name" 2 'name is missing' vctl build --method skeleton
for name in .x a/b .. -- 'a b' "$(printf '%065d' 0)"; do
	run "no such name is taken: $name" 2 'vctl: .*\(.+\)$' vctl build --method skeleton -- "$name"
done
run "build of two" 2 'one vserver at a time' vctl build a b
run "an unknown method" 2 'did you mean clone\?' vctl build --method clon a
run "an option of another method" 2 "--suite: .*doesn't have" \
	vctl build --method skeleton --suite x a
run "a host name that is none" 2 'not a host name' vctl build --hostname 'a b' a
run "a setting that is none" 2 'KEY=VALUE' vctl build --set X a
run "tar without an archive" 2 'archive is missing' vctl build --method tar a
run "clone without a vserver" 2 'missing' vctl build --method clone a
run "build as user" 1 'vctl: build a: ' as_user vctl build --method skeleton a
run "an unknown key" 1 'vctl: build a: .*NOSUCH' vctl build --method skeleton --set NOSUCH=1 a
check "nothing is left of all these" nothing_left

# skeleton
run "skeleton" 0 '^vserver a: built in /vservers/a: ' vctl build a --method skeleton \
	--set S_NICE=5 --onboot --hostname host.a --ip 10.0.0.5/24
check "its directories" has /vservers/a dev etc home proc root run sys tmp usr var
run "modes" 0 '^1777 700 755 $' sh -c 'stat -c %a /vservers/a/tmp /vservers/a/root /vservers/a |
	tr "\n" " "'
run "only root passes /vservers" 0 '^700 0$' stat -c '%a %u' /vservers
run "its configuration" 0 '^IPROOT="?10.0.0.5/24"?$' cat /etc/vservers/a.conf
run "more of it" 0 '^S_NICE="?5"?$' cat /etc/vservers/a.conf
run "and more" 0 '^S_HOSTNAME="?host.a"?$' cat /etc/vservers/a.conf
cp /etc/vservers/a.conf "$tmp/a.conf"
run "an existing vserver is not overwritten" 1 \
	'vctl: build a: /vservers/a: there is such a vserver already \(.*vserver a delete\)$' \
	vctl build --method skeleton a
check "nor its configuration" cmp /etc/vservers/a.conf "$tmp/a.conf"
rm -rf /vservers/a
run "an existing configuration is not overwritten" 1 '/etc/vservers/a.conf: .* already' \
	vctl build --method skeleton a
check "it is as it was" cmp /etc/vservers/a.conf "$tmp/a.conf"
run "delete without a terminal or --yes" 2 '--yes' vctl delete a
run "delete of what has no tree" 0 '^vserver a: deleted$' vctl delete a --yes
check "nothing is left" nothing_left

# copy
run "copy" 0 '^Next: vserver src start$' vctl build --from "$tmp/src" --ip 10.0.0.7 src
src=/vservers/src
check "its directories" has $src bin dev etc home mnt opt proc root run srv sys tmp usr var
check "programs are the same" same "$tmp/src/usr/share" $src/usr/share
run "a link stays a link" 0 '^usr/bin$' readlink $src/bin
run "inner links" 0 '^2 2$' sh -c "echo \$(stat -c %h $src/etc/also $src/usr/bin/same)"
run "owner, time" 0 '^1000:1001 2001-02-03 04:05:06' stat -c '%u:%g %y' $src/etc/listed
run "access list" 0 '^user:1000:rw-' getfacl -np $src/etc/listed
run "extended attribute" 0 '^user.note="kept"' getfattr -d --absolute-names $src/etc/listed
run "file capabilities" 0 'cap_net_raw=ep' getcap $src/usr/bin/capable
run "setuid" 0 '^4755$' stat -c %a $src/usr/bin/setuid
run "holes stay holes" 0 '^0 4194304$' stat -c '%b %s' $src/var/lib/sparse
check "no device node" test ! -e $src/var/node
check "a fifo" test -p $src/var/fifo
run "host name" 0 '^src$' cat $src/etc/hostname
run "hosts" 0 '^10.0.0.7.src$' cat $src/etc/hosts
run "no passwords" 0 '!secret' cat $src/etc/shadow
run "mode of shadow" 0 '^640$' stat -c %a $src/etc/shadow
check "no host keys" test ! -e $src/etc/ssh/ssh_host_rsa_key
run "no machine id" 0 '' cat $src/etc/machine-id
run "fstab has no file system" 0 '!^[^#]' cat $src/etc/fstab
run "mtab" 0 '^/proc/mounts$' readlink $src/etc/mtab
run "no getty" 0 '^#1:2345' cat $src/etc/inittab
run "services of a machine don't start" 0 '^K01udev S20cron $' \
	sh -c "ls $src/etc/rc2.d | tr '\n' ' '"
run "nor by systemd" 0 '^/dev/null$' readlink $src/etc/systemd/system/systemd-udevd.service
run "logs are empty" 0 '' cat $src/var/log/apt/history.log
check "old logs are not there" test ! -e $src/var/log/syslog.1
check "nor other vservers" test ! -e $src/var/lib/vservers
check "nor temporary files" has $src/var/tmp
run "root's home" 0 '^profile$' cat $src/root/.profile
check "nothing else is left" nothing_left src
run "copy from what is no system" 1 'not the root of a system' vctl build --from /usr b
run "copy from nowhere" 1 '/nowhere: No such file' vctl build --method copy --from /nowhere b

# clone
run "clone" 0 '^Shared with src: 9[0-9] files' vctl build --method clone --from src cl
check "it is the same" same /vservers/src /vservers/cl
run "files are shared" 0 '^same$' sh -c '[ /vservers/src/usr/share/doc/1/13 -ef \
	/vservers/cl/usr/share/doc/1/13 ] && echo same'
run "and immutable" 0 '^----i' lsattr /vservers/cl/usr/share/doc/1/13
run "nobody writes there" 2 'not permitted' sh -c 'echo >>/vservers/cl/usr/share/doc/1/13'
run "/etc is not shared" 0 '^2$' stat -c %h /vservers/cl/etc/listed
run "its host name" 0 '^cl$' cat /vservers/cl/etc/hostname
run "hosts are mended: it has no address of its own" 0 '^127.0.0.1.cl$' cat /vservers/cl/etc/hosts
run "marked" 0 '^iu ' vctl attr /vservers/cl/usr/share/doc/1/13
run "names of one file stay those of one file" 0 '^same$' sh -c '[ /vservers/cl/usr/bin/true -ef \
	/vservers/cl/usr/bin/same ] && echo same'
run "a second one" 0 '^Shared with src: 9[0-9] files' \
	vctl build --method clone --from src --ip 10.0.0.9 cl2
run "its name is its own address" 0 '^10.0.0.9.cl2$' cat /vservers/cl2/etc/hosts
run "no other is changed" 0 '^127.0.0.1.localhost' cat /vservers/cl2/etc/hosts
run "three have it" 0 '^3$' stat -c %h /vservers/cl/usr/share/doc/1/13
run "full copies" 0 '!Shared' vctl build --method clone --copy --from cl full
check "they are the same" same /vservers/cl /vservers/full
run "not shared" 0 '^1$' stat -c %h /vservers/full/usr/share/doc/1/13
run "a vserver that is not there" 1 'no such vserver' vctl build --method clone --from nosuch x
run "itself" 1 'a clone of itself' vctl build --method clone --from x x
run "delete of a clone" 0 '' sh -c 'vctl delete --yes cl2 >/dev/null'
run "others' files stay" 0 '^----i' lsattr /vservers/cl/usr/share/doc/1/13
exec 7>>/vservers/full/usr/share/doc/1/13
run "a file that is open for writing is not shared" 0 '3 files are copies' \
	vctl build --method clone --from full cl3
run "it is as it was" 0 '^-----' lsattr /vservers/full/usr/share/doc/1/13
exec 7>&-
vctl delete --yes full >/dev/null
run "the last one that has a file can't write to it" 2 'not permitted' \
	sh -c 'echo >>/vservers/cl3/usr/share/doc/2/14'
run "but put another in its place" 0 '^new$' sh -c 'cd /vservers/cl3/usr/share/doc/2 &&
	echo new >new && mv -f new 14 && cat 14'
vctl delete --yes cl3 >/dev/null
check "nothing else is left" nothing_left cl src

# Somebody inside who waits for a moment in which a shared file is not immutable.
cksum /vservers/cl/usr/bin/capable >"$tmp/cksum"
cat >"$tmp/attack" <<-'PYTHON'
	import os, sys
	path, wins = sys.argv[1], 0
	while not os.path.exists(sys.argv[2]):
	    for act in (lambda: os.chmod(path, 0o4777), lambda: os.truncate(path, 0)):
	        try:
	            act()
	        except OSError:
	            pass
	    try:
	        fd = os.open(path, os.O_WRONLY)
	    except OSError:
	        continue
	    try:
	        os.write(fd, b"owned")
	        wins += 1
	    except OSError:
	        pass
	    os.close(fd)
	print(wins)
PYTHON
python3 "$tmp/attack" /vservers/cl/usr/bin/capable "$tmp/stop" >"$tmp/wins" &
attacker=$!
sleep 0.3
bad=0
for _ in 1 2 3 4; do
	vctl build --method clone --from src at >/dev/null 2>&1 || bad=1
	vctl delete --yes at >/dev/null 2>&1 || bad=1
done
: >"$tmp/stop"
wait $attacker
ktap_result $bad "clones are made and removed while somebody attacks shared files"
run "nobody has written" 0 '^0$' cat "$tmp/wins"
run "the file is what it was" 0 '' sh -c "cksum /vservers/cl/usr/bin/capable | diff - $tmp/cksum"
run "its mode, too" 0 '^755$' stat -c %a /vservers/cl/usr/bin/capable

# tar
tar -C /vservers/src -cf "$tmp/good.tar" --xattrs --xattrs-include='*' --acls .
gzip -k "$tmp/good.tar"
mkdir "$tmp/one" && cp -a /vservers/cl "$tmp/one/rootfs"
tar -C "$tmp/one" -czf "$tmp/one.tar.gz" rootfs
run "tar" 0 '^vserver t: built' vctl build --from "$tmp/good.tar" t
check "it is the same" same /vservers/src /vservers/t
run "file capabilities" 0 'cap_net_raw=ep' getcap /vservers/t/usr/bin/capable
vctl delete --yes t >/dev/null
run "compressed, in a pipe" 0 '^vserver t: built' \
	sh -c "cat $tmp/good.tar.gz | vctl build --method tar --from - t"
check "it is the same" same /vservers/src /vservers/t
vctl delete --yes t >/dev/null
run "all in one directory" 0 '^vserver t: built' vctl build --from "$tmp/one.tar.gz" t
check "it is the same" same /vservers/cl /vservers/t
vctl delete --yes t >/dev/null

head -c 100000 "$tmp/good.tar" >"$tmp/short.tar"
head -c 9000 "$tmp/good.tar.gz" >"$tmp/short.tar.gz"
head -c 100000 /dev/urandom >"$tmp/noise"
mkdir "$tmp/files" && echo >"$tmp/files/x" && tar -C "$tmp/files" -cf "$tmp/files.tar" .
run "an archive that ends early" 1 'vctl: build t: .*short.tar: the archive ends too early \(.*; nothing was left\)$' \
	vctl build --from "$tmp/short.tar" t
run "the same compressed" 1 'too early' vctl build --from "$tmp/short.tar.gz" t
run "no archive" 1 'it is not a tar archive' vctl build --from "$tmp/noise" t
run "an empty one" 1 'vctl: ' vctl build --method tar --from /dev/null t
run "no root file system" 1 'not a root file system' vctl build --from "$tmp/files.tar" t
run "a URL" 1 'fetch it first' vctl build --method tar --from http://x/y.tar t
run "a directory" 1 'directory, not an archive' vctl build --method tar --from /tmp t
check "nothing is left" nothing_left cl src

# What somebody inside has put where an administrator looks for it.
vctl build --method skeleton h >/dev/null
mkdir -p /vservers/h/srv/own && cp -a /vservers/h/{etc,usr} /vservers/h/srv/own
echo its own >/vservers/h/etc/motd
ln -s / /vservers/h/srv/root
ln -s "$tmp/src" /vservers/h/srv/src
ln -s "$tmp" /vservers/h/srv/tmp
ln -s "$tmp/good.tar" /vservers/h/srv/away.tar
ln -s /srv/good.tar /vservers/h/srv/here.tar
cp "$tmp/good.tar" /vservers/h/srv/good.tar
mkfifo /vservers/h/srv/pipe.tar
run "a directory in a vserver" 0 'built' vctl build --from /vservers/h/srv/own t
vctl delete --yes t >/dev/null
run "a link to its root" 0 'built' vctl build --method copy --from /vservers/h/srv/root t
run "which is not the machine's" 0 '^its own$' cat /vservers/t/etc/motd
vctl delete --yes t >/dev/null
run "a link out of it to a system" 1 '/srv/src: No such file' \
	vctl build --method copy --from /vservers/h/srv/src t
run "a link on the way" 1 '/srv/tmp/src: No such file' \
	vctl build --method copy --from /vservers//h/srv/tmp/src t
run "a link out of it to an archive" 1 '/srv/away.tar: No such file' \
	vctl build --from /vservers/h/srv/away.tar t
run "by a relative path" 1 't: away.tar: No such file' \
	sh -c 'cd /vservers/h/srv && vctl build --from away.tar t'
run "a link to its own archive" 0 'built' vctl build --from /vservers/h/srv/here.tar t
check "it is the same" same /vservers/src /vservers/t
vctl delete --yes t >/dev/null
run "a pipe in it is not waited for" 1 '/srv/pipe.tar: neither a regular file nor a directory' \
	timeout 20 vctl build --from /vservers/h/srv/pipe.tar t
mkfifo "$tmp/pipe"
(sleep 1; exec cat "$tmp/good.tar.gz" >"$tmp/pipe") &
run "one of the machine's is" 0 'built' timeout 60 vctl build --from "$tmp/pipe" t
vctl delete --yes t >/dev/null
run "and one without a name" 0 'built' \
	bash -c 'vctl build --method tar --from <(sleep 1; cat "$1") t' - "$tmp/good.tar"
vctl delete --yes t >/dev/null
check "nothing is left" nothing_left cl h src

# Archives that are meant to do harm.
python3 - "$tmp" <<-'PYTHON'
	import sys
	kinds = {"file": "0", "hard": "1", "sym": "2", "dev": "3", "dir": "5", "long": "L"}
	def member(path, kind, target, data=b""):
	    size = len(data)
	    head = (path.encode().ljust(100, b"\0") + b"0000755\0" + b"0000000\0" * 2 +
	            b"%011o\0" % size + b"00000000000\0" + b" " * 8 + kinds[kind].encode() +
	            target.encode().ljust(100, b"\0") + b"ustar\0" + b"00" + b"\0" * 64 +
	            b"0000001\0" + b"0000003\0" + b"\0" * 167)
	    head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
	    return head + data + b"\0" * (-size % 512)
	def archive(name, members):
	    with open(f"{sys.argv[1]}/{name}.tar", "wb") as tar:
	        for path, kind, target in [("etc", "dir", ""), ("usr", "dir", "")] + members:
	            if len(path) > 99:
	                tar.write(member("././@LongLink", "long", "", path.encode() + b"\0"))
	            tar.write(member(path[:99], kind, target, b"owned\n" if kind == "file" else b""))
	        tar.write(b"\0" * 1024)
	archive("up", [("../../../tmp/harm/passwd", "file", "")])
	archive("absolute", [("/tmp/harm/passwd", "file", "")])
	archive("link", [("a", "sym", "/tmp/harm"), ("a/passwd", "file", "")])
	archive("twice", [("a", "sym", ".."), ("a/b", "sym", "../../../tmp/harm"),
	                  ("a/b/passwd", "file", "")])
	archive("hard", [("b", "hard", "/tmp/harm/passwd"), ("b", "file", "")])
	archive("settled", [("etc/hostname", "sym", "/tmp/harm/passwd"),
	                    ("etc/hosts", "sym", "../../../../tmp/harm/passwd"),
	                    ("etc/fstab", "sym", "/proc/self/root/tmp/harm/passwd"),
	                    ("tmp", "sym", "/tmp/harm"), ("var", "sym", "/tmp/harm")])
	archive("nodes", [("null", "dev", ""), ("dev", "dir", ""), ("dev/null", "dev", ""),
	                  ("usr/null", "dev", "")])
	archive("deep", [("/".join(["etc"] + ["d"] * 900), "dir", "")])
PYTHON
mkdir /tmp/harm
for name in up absolute link twice hard settled deep; do
	echo mine >/tmp/harm/passwd
	vctl build --from "$tmp/$name.tar" t >"$tmp/said" 2>&1
	status=$?
	[ "$(cat /tmp/harm/passwd)" = mine ] && has /tmp/harm passwd && [ $status -le 1 ]
	ktap_result $? "an archive that is meant to do harm: $name" "$(cat "$tmp/said")"
	[ $status = 1 ] || vctl delete --yes t >"$tmp/said" 2>&1
	[ "$(cat /tmp/harm/passwd)" = mine ] && nothing_left cl h src
	ktap_result $? "nothing is left of it: $name" "$(cat "$tmp/said"; ls -A /vservers)"
done
run "an archive with device nodes" 0 'built' vctl build --from "$tmp/nodes.tar" t
run "they are not there" 0 '' find /vservers/t -type c
vctl delete --yes t >/dev/null

# debootstrap, with programs that stand in for it.
mkdir -p "$tmp/bin" "$tmp/pack age/dists/bookworm" "$tmp/flat"
: >"$tmp/flat/Packages"
cat >"$tmp/bin/mmdebstrap" <<-'SCRIPT'
	#!/bin/sh
	printf '<%s>' "$@" >/tmp/arguments
	for target; do
		case $target in /vservers/*) break ;; esac
	done
	mount -t tmpfs none "$target" 2>/dev/null && mkdir -p "$target/x" && umount "$target"
	mkdir -p "$target/proc" "$target/etc/apt" "$target/usr/bin" "$target/dev"
	mount -t tmpfs none "$target/proc"
	mknod "$target/dev/sda" b 8 0
	: >"$target/etc/apt/sources.list"
	case $* in
	*FAIL*) echo "I: starting" >&2; echo "E: unable to find FAIL" >&2; echo "W: x" >&2; exit 1 ;;
	*FULL*) echo "cp: x: No space left on device" >&2; exit 1 ;;
	*WAIT*) (sleep 300) & sleep 300 ;;
	esac
	umount "$target/proc"
SCRIPT
chmod 755 "$tmp/bin/mmdebstrap"
usual=$PATH
run "debootstrap without the program" 1 'install mmdebstrap' vctl build --method debootstrap d
PATH=$tmp/bin:$usual
run "debootstrap" 0 '^vserver d: built' vctl build --method debootstrap --variant minbase \
	--include ssh,cron --suite trixie d
run "its arguments" 0 \
	'^<--mode=root><--format=directory><--variant=minbase><--include=ssh,cron><trixie></vservers/.d.building/root><http://deb.debian.org/debian>$' \
	cat /tmp/arguments
check "no device node" test ! -e /vservers/d/dev/sda
run "host name" 0 '^d$' cat /vservers/d/etc/hostname
vctl delete --yes d >/dev/null
run "from a mirror of our own" 0 'built' vctl build --method debootstrap --suite bookworm \
	--mirror "file://$tmp/pack age" d
run "its arguments" 0 "<deb \\[trusted=yes\\] copy:$tmp/pack%20age bookworm main>$" cat /tmp/arguments
run "which the new system doesn't see" 0 '^deb http://deb.debian.org/debian bookworm main$' \
	cat /vservers/d/etc/apt/sources.list
vctl delete --yes d >/dev/null
run "from a directory of packages" 0 'built' vctl build --method debootstrap \
	--mirror "$tmp/flat" d
run "its arguments: of any suite" 0 "<><[^<>]*><deb \\[trusted=yes\\] copy:$tmp/flat ./>$" cat /tmp/arguments
vctl delete --yes d >/dev/null
mkdir /vservers/h/srv/flat && : >/vservers/h/srv/flat/Packages
ln -s "$tmp/flat" /vservers/h/srv/away.flat
run "from packages in a vserver" 1 '/srv/flat: it is in the tree of a vserver, and not signed \(' \
	vctl build --method debootstrap --mirror /vservers/h/srv/flat d
run "by a link out of it" 1 '/srv/away.flat: No such file' \
	vctl build --method debootstrap --mirror file:///vservers/h/srv/away.flat d
: >/vservers/h/srv/flat/InRelease
run "if they are signed" 0 'built' vctl build --method debootstrap --mirror /vservers/h/srv/flat d
run "its arguments: they aren't trusted" 0 "<deb copy:/vservers/h/srv/flat ./>$" cat /tmp/arguments
vctl delete --yes d >/dev/null
mkdir -p "$tmp/packages/debootstrap"
tar -C "$tmp/packages" -cf /vservers/h/srv/packages.tar debootstrap
run "an archive of packages in a vserver" 1 'packages.tar: it has packages in it, and is in the tree' \
	vctl build --method debootstrap --from /vservers/h/srv/packages.tar d
run "in a pipe" 1 'packages in it, which debootstrap takes from files alone' \
	sh -c 'cat /vservers/h/srv/packages.tar | vctl build --method debootstrap --from - d'
vctl delete --yes h >/dev/null
run "from what is no mirror" 1 'it is no mirror' vctl build --method debootstrap --mirror /etc d
run "an error of its own" 1 '^vctl: build d: mmdebstrap: unable to find FAIL \(.*nothing was left\)$' \
	vctl build --method debootstrap --include FAIL d
run "a full disk" 1 '/vservers: the disk is full' vctl build --method debootstrap --include FULL d
run "no mount is left" 1 '' grep /vservers /proc/mounts
for signal in INT TERM HUP KILL; do
	vctl build --method debootstrap --include WAIT d >"$tmp/said" 2>&1 &
	builder=$!
	soon test -e /vservers/.d.building/root/dev/sda
	kill -$signal $builder
	{ wait $builder; } 2>/dev/null
	status=$?
	[ $status = 1 ] || [ $signal = KILL ]
	ktap_result $? "SIG$signal: status" "$status"
	gone()
	{
		! pgrep -f 'sleep 300'
	}
	check "SIG$signal: its processes are gone" soon gone
	[ $signal != KILL ] || vctl build --method debootstrap --include FAIL d >/dev/null 2>&1
	check "SIG$signal: nothing is left" nothing_left cl src
done
PATH=$usual
run "an archive" 0 'built' vctl build --method debootstrap --from "$tmp/good.tar.gz" d
vctl delete --yes d >/dev/null

# delete
run "delete of nothing" 1 'vctl: delete sr: there is no such vserver \(did you mean src\?\)$' \
	vctl delete --yes sr
vctl build --method clone --copy --from src d >/dev/null
mkdir -p "$tmp/outside/kept"
ln -s "$tmp/outside" /vservers/d/usr/outside
ln -s / /vservers/d/etc/root
echo x >/vservers/d/usr/share/immutable
chattr +i /vservers/d/usr/share/immutable
chattr +a /vservers/d/usr/share/doc
python3 -c 'import os
os.chdir("/vservers/d/tmp")
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")'
mkdir /vservers/d/mnt/x && mount -t tmpfs none /vservers/d/mnt/x
run "delete where something is mounted" 1 \
	'vctl: delete d: /vservers/d/mnt/x: something is mounted there \(' vctl delete --yes d
check "all is there" test -e /vservers/d/etc/passwd -a -e /etc/vservers/d.conf
umount /vservers/d/mnt/x
echo '#!/bin/sh' >/etc/vservers/d.sh
run "delete of links, immutable files and 3000 directories in each other" 0 '^vserver d: deleted$' \
	vctl delete --yes d
check "what they point to is there" test -d "$tmp/outside/kept"
check "nothing is left" nothing_left cl src

# A full disk, a small quota of names, and one that is read-only.
umount /vservers 2>/dev/null
mv /vservers /vservers.disk
mkdir /vservers
mount -t tmpfs -o size=1m none /vservers
mv /etc/vservers /etc/vservers.disk
mkdir /etc/vservers
full='^vctl: build f: /vservers: the disk is full \(make room there and try again; nothing was left\)$'
run "copy to a full disk" 1 "$full" vctl build --from "$tmp/src" f
check "nothing is left" nothing_left
run "tar to a full disk" 1 '^vctl: build f: /vservers: the disk is full' \
	vctl build --from "$tmp/good.tar" f
# Without extended attributes, which a tmpfs has since Linux 6.6 only.
tar -C /vservers.disk/src -czf "$tmp/bare.tar.gz" .
run "compressed" 1 "$full" vctl build --from "$tmp/bare.tar.gz" f
check "nothing is left" nothing_left
mount -o remount,size=0,nr_inodes=40 /vservers
run "no room for more files" 1 "$full" vctl build --from "$tmp/src" f
check "nothing is left" nothing_left
mount -o remount,ro /vservers
run "read-only" 1 '^vctl: build f: /vservers: the file system is read-only \(mount it read-write' \
	vctl build --method skeleton f
umount /vservers
check "nothing is left" nothing_left
mount -t tmpfs none /etc/vservers
mount -o remount,ro /etc/vservers
run "read-only configurations" 1 '^vctl: build f: /etc/vservers: the file system is read-only' \
	vctl build --method skeleton f
umount /etc/vservers
check "nothing is left" nothing_left
rmdir /vservers /etc/vservers
mv /vservers.disk /vservers
mv /etc/vservers.disk /etc/vservers

# SIGINT, in the midst of it.
for method in "--from $tmp/src" "--from $tmp/good.tar.gz" "--method clone --from src"; do
	# shellcheck disable=SC2086 # words
	vctl build $method k >"$tmp/said" 2>&1 &
	builder=$!
	soon test -e /vservers/.k.building
	kill -INT $builder
	{ wait $builder; } 2>/dev/null
	status=$?
	# It may have been too late.
	if [ $status = 0 ]; then
		vctl delete --yes k >"$tmp/said"
	else
		[ $status = 1 ] && grep -q '^vctl: build k: interrupted' "$tmp/said"
	fi && nothing_left cl src
	ktap_result $? "SIGINT: $method" "$status $(cat "$tmp/said"; ls -A /vservers)"
done

# SIGKILL at any moment, then the same command again.
RANDOM=${SEED:-$$}
echo "# seed ${SEED:-$$}"
# killed MILLISECONDS COMMAND...: at most so long after its start.
killed()
{
	local most=$1 job

	shift
	"$@" >/dev/null 2>&1 &
	job=$!
	sleep "$(printf '0.%03d' $((RANDOM % most)))"
	kill -KILL $job 2>/dev/null
	wait $job 2>/dev/null
}

# protected: nobody can write to a file that two vservers have.
protected()
{
	! find /vservers/cl/usr -type f -links +1 ! -name true ! -name same -exec lsattr {} + |
		grep -v '^....i'
}

picture /vservers/src >"$tmp/src.picture"
picture /vservers/cl >"$tmp/cl.picture"

bad='' half=0
for i in {1..20}; do
	case $((i % 3)) in
	0) method=(--from "$tmp/src") model=src ;;
	1) method=(--from "$tmp/good.tar.gz") model=src ;;
	2) method=(--method clone --from cl) model=cl ;;
	esac
	killed 700 vctl build "${method[@]}" k
	[ ! -e /vservers/.k.building ] || half=$((half + 1))
	done=false
	[ ! -e /vservers/k ] || done=true
	vctl build "${method[@]}" k >"$tmp/said" 2>&1 || $done || bad="$bad build $i: $(cat "$tmp/said")"
	nothing_left cl k src || bad="$bad left $i"
	picture /vservers/k | diff "$tmp/$model.picture" - >"$tmp/diff" || bad="$bad tree $i: $(head -n 3 "$tmp/diff")"
	killed 300 vctl delete --yes k
	done=false
	[ -e /vservers/k ] || [ -e /etc/vservers/k.conf ] || [ -e /vservers/.k.deleting ] || done=true
	vctl delete --yes k >"$tmp/said" 2>&1 || $done || bad="$bad delete $i: $(cat "$tmp/said")"
	nothing_left cl src || bad="$bad deleted $i"
	protected >"$tmp/said" || bad="$bad immutable $i: $(head -n 3 "$tmp/said")"
done
[ -z "$bad" ]
ktap_result $? "killed at 20 moments, built and deleted all the same" "$bad"
[ $half -gt 3 ]
ktap_result $? "of which there was something to tidy up" "only $half times"
run "a vserver in the way of a killed build's is not touched" 1 'already' \
	sh -c 'mkdir /vservers/.k.building && mkdir /vservers/k && vctl build --method skeleton k'
rmdir /vservers/k
vctl delete --yes cl >/dev/null
vctl delete --yes src >/dev/null
check "nothing is left at the end" nothing_left
rm -rf "$tmp" /tmp/harm
ktap_end
