# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC2016,SC2086 # what the others have; words for another shell
#
# unify_inside.sh: what root does in a1, which shares its files with others.  To be sourced by
# unify_debian.sh.

# Of packages that are installed in all, newer versions.
inside_packages()
{
	tar=$(inside a1 dpkg-query -W -f '${Version}' tar)
	perl=$(inside a1 dpkg-query -W -f '${Version}' perl-base)
	$make again tar "$tar"
	$make again tar "$tar+new"
	$make again passwd 99:1.0
	$make again nano 99.0
	$make again perl-base "$perl"
	$make package thing 1.0
	$make package thing 2.0
	$make package extra 1.0
	$make index
	run "dpkg -i, an upgrade" 0 'Setting up thing .2\.0' \
		inside a1 dpkg -i /srv/archive/thing_2.0.deb
	run "it is the new one" 0 '^thing 2\.0$' inside a1 thing
	new "dpkg -i" /usr/share/thing/text
	new "dpkg -i" /usr/share/thing/data 2
	run "its hard links are there" 0 '^2$' links a1 /usr/share/thing/data
	run "dpkg -i, a downgrade" 0 'Setting up thing .1\.0' \
		inside a1 dpkg -i /srv/archive/thing_1.0.deb
	run "it is the old one" 0 '^thing 1\.0$' inside a1 thing
	run "dpkg -i of one with hard links, again" 0 'Setting up perl-base' \
		inside a1 dpkg -i "/srv/archive/perl-base_$perl.deb"
	new "perl-base" /usr/bin/perl 2
	run "perl works" 0 '^36$' inside a1 perl -e 'print $^V =~ /(36)/, "\n"'

	run "apt-get update" 0 '!^[EW]:' inside a1 apt-get -q update
	run "apt-get install" 0 'Setting up extra .1\.0' inside a1 apt-get -q -y install extra
	run "apt-get upgrade" 0 'Setting up tar .*\+new' inside a1 apt-get -q -y upgrade
	run "nothing is left to upgrade" 0 '^0 upgraded' inside a1 apt-get -q -s upgrade
	for path in /usr/bin/tar /usr/bin/nano /usr/bin/passwd /usr/share/thing/text; do
		new "apt-get upgrade" $path
	done
	run "tar is the new one" 0 '[+]new$' tail -c 40 /vservers/a1/usr/bin/tar
	run "passwd: mode 4755 is there" 0 '^4755 root$' inside a1 stat -c '%a %U' /usr/bin/passwd
	run "apt-get install, a downgrade" 0 'Setting up tar' inside a1 \
		apt-get -q -y install --allow-downgrades "tar=$tar"
	run "apt-get install --reinstall" 0 'Setting up nano' \
		inside a1 apt-get -q -y install --reinstall nano
	run "apt-get remove, of one that all have" 0 'Removing bc' inside a1 apt-get -q -y remove bc
	run "apt-get purge" 0 'Purging configuration files for thing' \
		inside a1 apt-get -q -y purge thing
	run "apt-get autoremove" 0 '!^E:' inside a1 apt-get -q -y autoremove
	run "what is removed is gone" 2 'No such file' inside a1 ls /usr/bin/bc /usr/share/thing
	run "dpkg --audit" 0 '' inside a1 dpkg --audit
	run "dpkg --verify" 0 '' inside a1 dpkg --verify tar nano passwd perl-base extra
}

inside_rpm()
{
	$make rpm rthing 1.0
	$make rpm rthing 2.0
	cp /vservers/a1/srv/archive/rthing-1.0.rpm /vservers/d2/srv/archive/
	run "rpm -U" 0 '!error' inside a1 rpm -U /srv/archive/rthing-2.0.rpm
	run "it is the new one" 0 '^rthing 2\.0$' inside a1 rthing
	new "rpm -U" /usr/share/rthing/text
	new "rpm -U" /usr/share/rthing/data 2
	run "rpm -V" 0 '' inside a1 rpm -V rthing
	run "rpm -U --oldpackage" 0 '!error' \
		inside a1 rpm -U --oldpackage /srv/archive/rthing-1.0.rpm
	run "it is the old one" 0 '^rthing 1\.0$' inside a1 rthing
	run "rpm -e" 0 '!error' inside a1 rpm -e rthing
	run "it is gone" 2 'No such file' inside a1 ls /usr/share/rthing/data
	run "rpm -i" 0 '!error' inside a1 rpm -i /srv/archive/rthing-2.0.rpm
	run "it is there" 0 '^rthing 2\.0$' inside a1 rthing
	run "d2: rpm -e, while others have it" 0 '!error' inside d2 rpm -e rthing
	run "d2: rpm -i brings it again" 0 '!error' inside d2 rpm -i /srv/archive/rthing-1.0.rpm
	run "d2: rpm -V" 0 '' inside d2 rpm -V rthing
	unchanged "packages, rpm" /tmp/before b1 c1 e2
	state /tmp/before d2
}

# By hand, with files that are shared.  What writes in place says so and changes nothing.
inside_files()
{
	inside a1 sh -ec '
		for package in less nano findutils; do
			mkdir -p /srv/hand/usr/share/doc/$package
			echo new >/srv/hand/usr/share/doc/$package/copyright
		done
		cd /srv/hand
		tar -c -f /srv/hand.tar usr/share/doc/*/copyright'
	by_hand "tar -x" /usr/share/doc/less/copyright 'tar -C / -x -f /srv/hand.tar ${0#/}'
	by_hand "tar -x --unlink-first" /usr/share/doc/sudo/copyright 'cd /srv/hand
		mv usr/share/doc/nano usr/share/doc/sudo
		tar -c usr/share/doc/sudo/copyright | tar -C / -x --unlink-first'
	by_hand sed-i /usr/share/doc/bash/copyright 'sed -i "1s/^/edited /" $0'
	by_hand perl-i /usr/share/doc/login/copyright 'perl -pi -e "s/a/b/" $0'
	by_hand install /usr/share/doc/procps/copyright 'install -m 644 /srv/hand.tar $0'
	by_hand cp /usr/share/doc/grep/copyright 'cp --remove-destination /srv/hand.tar $0'
	by_hand mv /usr/share/doc/sed/copyright 'echo new >/usr/new && mv -f /usr/new $0'
	by_hand ln /usr/share/doc/gzip/copyright 'ln -f /etc/hostname $0' 2
	by_hand rm-and-write /usr/share/doc/dash/copyright 'rm $0 && echo new >$0'
	by_hand gzip /usr/share/doc/hostname/copyright 'gzip -fn $0 && gunzip $0'
	run "a link to one has the same contents" 0 '^ok$' inside a1 sh -c '
		ln /usr/bin/less /usr/bin/lesser && cmp /usr/bin/less /usr/bin/lesser &&
		rm /usr/bin/lesser && echo ok'
	for deed in 'echo more >>$0' ': >$0' 'chmod 600 $0' 'chown 1 $0' 'touch $0' \
		'cp /etc/hostname $0' 'setfattr -n user.a -v b $0' 'truncate -s 0 $0' \
		'dd if=/dev/zero of=$0 conv=notrunc' \
		'tar -C / --overwrite -x -f /srv/hand.tar ${0#/}'; do
		refused "$deed"
	done
}

# by_hand NAME PATH COMMAND [LINKS]
by_hand()
{
	is_shared a1 "$2" || ktap_result 1 "$1: $2 was shared"
	run "$1" 0 '' inside a1 sh -ec "$3" "$2"
	new "$1" "$2" "${4-1}"
}

refused()
{
	! inside a1 sh -c "$1" /usr/share/doc/findutils/copyright >"$ktap_file" 2>&1 &&
		grep -qiE 'not permitted|cannot (open|create)' "$ktap_file"
	ktap_result $? "in place it is refused: $1" "$(cat "$ktap_file")"
}

# Programs of the administrator's, and what packages' scripts call.
inside_others()
{
	run "ldconfig" 0 '' inside a1 ldconfig
	run "update-alternatives --set" 0 '' inside a1 \
		update-alternatives --quiet --set editor /usr/bin/vim.tiny
	run "it is set" 0 'vim.tiny$' inside a1 readlink -f /usr/bin/editor
	run "compileall" 0 '' inside a1 python3 -m compileall -q -f /usr/lib/python3.11/json
	new compileall /usr/lib/python3.11/json/__pycache__/decoder.cpython-311.pyc
	run "what it compiled works" 0 '^\[1\]$' inside a1 \
		python3 -c 'import json; print(json.loads("[1]"))'
	run "adduser" 0 'Adding (new )?user' inside a1 \
		adduser --disabled-password --gecos '' somebody
	run "chpasswd" 0 '' inside a1 sh -c 'echo somebody:secret | chpasswd'
	run "passwd" 0 'password (expiry information )?changed' inside a1 passwd -x 90 somebody
	run "su" 0 '^somebody$' inside a1 su -l somebody -c whoami
	run "deluser" 0 'Removing user' inside a1 deluser somebody
	run "mandb" 0 '!rror' inside a1 mandb -q
	run "update-info-dir" 0 '!rror' inside a1 update-info-dir
	run "install-info writes its directory" 0 '' inside a1 \
		install-info --quiet /usr/share/info/sed.info.gz /usr/share/info/dir
	run "dpkg-divert" 0 'Adding' inside a1 dpkg-divert --rename --add /usr/share/doc/sed/NEWS.gz
	run "dpkg-divert --remove" 0 'Removing' inside a1 \
		dpkg-divert --rename --remove /usr/share/doc/sed/NEWS.gz
	run "dpkg-statoverride is refused" 2 'not permitted' inside a1 dpkg-statoverride --update \
		--add root root 0700 /usr/bin/less
	run "but not of what is made a1's own" 0 '' inside a1 sh -ec '
		cp -a /usr/bin/less /usr/bin/less.new && mv /usr/bin/less.new /usr/bin/less
		dpkg-statoverride --update --add root root 0700 /usr/bin/less'
	run "dpkg-reconfigure" 0 '' inside a1 dpkg-reconfigure -f noninteractive openssh-client
	unchanged "files by hand, programs" /tmp/before $others
}
