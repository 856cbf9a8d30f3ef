#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# unify_make.sh: make packages, inside a Debian, in /srv/archive; for the tests of unification.
#
# usage: unify_make.sh package NAME VERSION
#	a package with a program, one that is setuid, hard links of its own and configuration
#	outside of /etc
#    unify_make.sh again PACKAGE VERSION
#	an installed package once more, as another version: its programs and its copyright say so
#    unify_make.sh rpm NAME VERSION
#	as the first, for rpm
#    unify_make.sh index
#	what apt reads of the packages there

set -e
export LC_ALL=C
archive=/srv/archive
tree=/srv/make
mkdir -p $archive

# One time for all, as if they were made somewhere else and long ago.
build()
{
	(cd $tree && find . -path ./DEBIAN -prune -o -type f -print | sed 's|^\./||' |
		sort >/srv/files)
	if [ -e $tree/DEBIAN/conffiles ]; then
		grep -vxF "$(sed 's|^/||' $tree/DEBIAN/conffiles)" /srv/files >/srv/files.some
		mv /srv/files.some /srv/files
	fi
	(cd $tree && xargs -d '\n' md5sum </srv/files >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -Znone --build $tree "$archive/$1_$2.deb" >/dev/null
	rm -r $tree
}

# What a package has: things DIRECTORY NAME VERSION
things()
{
	mkdir -p "$1/usr/bin" "$1/usr/lib/$2" "$1/usr/share/$2"
	printf '#!/bin/sh\necho %s %s\n' "$2" "$3" >"$1/usr/bin/$2"
	cp /usr/bin/dash "$1/usr/lib/$2/as-root"
	echo "$2 $3" >>"$1/usr/lib/$2/as-root"
	seq 20000 | sed "s/\$/ $2/" >"$1/usr/share/$2/data"
	ln "$1/usr/share/$2/data" "$1/usr/share/$2/data.too"
	echo "text $3" >"$1/usr/share/$2/text"
	echo "configuration of $2" >"$1/usr/share/$2/conf"
	chmod 755 "$1/usr/bin/$2"
	chmod 4755 "$1/usr/lib/$2/as-root"
	chmod 640 "$1/usr/share/$2/text"
	find "$1" -exec touch -d '2020-01-01 UTC' {} +
}

make_package()
{
	things $tree "$1" "$2"
	mkdir $tree/DEBIAN
	echo "/usr/share/$1/conf" >$tree/DEBIAN/conffiles
	cat >$tree/DEBIAN/control <<-END
	Package: $1
	Version: $2
	Architecture: all
	Maintainer: nobody <nobody@localhost>
	Description: made for a test
	END
	build "$1" "$2"
}

# What is configuration is left as it is, so that nobody is asked.
make_again()
{
	info=/var/lib/dpkg/info/$1
	mkdir -p $tree/DEBIAN
	dpkg-query -L "$1" | while IFS= read -r file; do
		[ -d "$file" ] || echo "${file#/}"
	done >/srv/files
	tar -C / -c -T /srv/files | tar -C $tree -x
	for file in conffiles preinst postinst prerm postrm triggers; do
		[ ! -e "$info.$file" ] || cp "$info.$file" "$tree/DEBIAN/$file"
	done
	dpkg-query -s "$1" | sed -e '/^Status:/d' -e '/^Conffiles:/d' -e '/^ \//d' \
		-e "s/^Version:.*/Version: $2/" >$tree/DEBIAN/control
	find $tree/bin $tree/usr/bin $tree/usr/share/doc -type f -links 1 \
		\( -perm /100 -o -name copyright \) 2>/dev/null | while IFS= read -r file; do
		mode=$(stat -c %a "$file")
		echo "$1 $2" >>"$file"
		chmod "$mode" "$file"
		touch -d '2021-01-01 UTC' "$file"
	done
	build "$1" "${2#*:}"
}

make_rpm()
{
	rm -rf /srv/rpm
	things /srv/rpm/tree "$1" "$2"
	cat >/srv/rpm/spec <<-END
	Name: $1
	Version: $2
	Release: 1
	Summary: made for a test
	License: none
	BuildArch: noarch
	AutoReqProv: no
	%description
	Made for a test.
	%install
	cp -a /srv/rpm/tree/usr %{buildroot}/usr
	%define __os_install_post %{nil}
	%files
	%defattr(-,root,root)
	/usr/bin/$1
	/usr/lib/$1/as-root
	/usr/share/$1/data
	/usr/share/$1/data.too
	%attr(640,root,root) /usr/share/$1/text
	%config(noreplace) /usr/share/$1/conf
	END
	rpmbuild --quiet -bb --define '_topdir /srv/rpm' --define "_rpmdir $archive" \
		--define '_rpmfilename %{NAME}-%{VERSION}.rpm' \
		--define '_binaries_in_noarch_packages_terminate_build 0' \
		/srv/rpm/spec >/srv/rpm/log 2>&1 || {
		cat /srv/rpm/log
		return 1
	}
	rm -r /srv/rpm
}

make_index()
{
	for file in "$archive"/*.deb; do
		dpkg-deb -f "$file"
		echo "Filename: ./${file##*/}"
		echo "Size: $(stat -c %s "$file")"
		echo "SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)"
		echo
	done >$archive/Packages
}

make=$1
shift
"make_$make" "$@"
