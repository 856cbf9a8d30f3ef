# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# line.sh: for the tests of command lines to source behind tap.sh.
# shellcheck disable=SC2154 # what tap.sh has

# on_fake CMD...: CMD with the made-up kernel; settings come as FAKE_X=Y in front of it.
on_fake() {
	env "FAKE=$work/log" "$@"
}

# expect NAME STATUS OUT ERR CMD...: OUT and ERR are extended regular expressions that a line has to
# match; '' stands for no output at all, '-' for any.
expect() {
	name=$1 status=$2 out=$3 err=$4
	shift 4
	: >"$work/log"
	"$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	good=0
	[ $got = "$status" ] || { good=1; echo "# status $got, not $status"; }
	matches "$work/out" "$out" || { good=1; echo "# standard output is not: $out"; }
	matches "$work/err" "$err" || { good=1; echo "# standard error is not: $err"; }
	result $good "$name"
}

matches() {
	case $2 in
	-) return 0 ;;
	'') [ ! -s "$1" ] ;;
	*) grep -Eq -e "$2" "$1" ;;
	esac
}

is() {	# is NAME FILE TEXT: FILE of the last expect is TEXT
	printf '%s' "$3" >"$work/wanted"
	diff "$work/wanted" "$work/$2" | sed 's/^/# /'
	cmp -s "$work/wanted" "$work/$2"
	result $? "$1"
}

logged() {	# logged NAME TEXT: what was asked in the last expect
	is "$1" log "$2"
}

one_line() {	# one_line NAME: the last standard error is one line
	[ "$(wc -l <"$work/err")" = 1 ]
	result $? "$1"
}

json() {	# json NAME: the last output is JSON
	if command -v jq >/dev/null; then
		jq . "$work/out" >/dev/null 2>>"$work/err"
	elif command -v python3 >/dev/null; then
		python3 -m json.tool "$work/out" >/dev/null 2>>"$work/err"
	else
		skip "$1" "neither jq nor python3 here"
		return
	fi
	result $? "$1"
}
