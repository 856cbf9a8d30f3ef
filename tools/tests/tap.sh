# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# tap.sh: for the tests to source.  Counts, prints TAP, and has a directory $work that is gone at
# the end; what a failed test has left in its files out, err and log is shown.

work=$(mktemp -d) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

number=0
failed=0

result() {	# result STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		printf '%s\n' "ok $number - $2"
		return
	fi
	failed=$((failed + 1))
	printf '%s\n' "not ok $number - $2"
	for said in out err log; do
		[ ! -s "$work/$said" ] || sed "s/^/# $said: /" "$work/$said"
	done
}

skip() {	# skip NAME WHY
	number=$((number + 1))
	printf '%s\n' "ok $number - $1 # SKIP $2"
}

tap_end() {
	echo "1..$number"
	[ "$failed" = 0 ]
}
