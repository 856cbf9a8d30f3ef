# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# ktap.sh: KTAP for shell scripts that run in a guest.  To be sourced; end with ktap_end.

ktap_number=0
ktap_bad=0
ktap_file=$(mktemp)
trap 'rm -f "$ktap_file"' EXIT
echo "KTAP version 1"

# ktap_result STATUS NAME [WHY]: one case, that is ok if the status is 0.
ktap_result()
{
	ktap_number=$((ktap_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $ktap_number $2"
	else
		ktap_bad=$((ktap_bad + 1))
		echo "not ok $ktap_number $2 # $(echo "$3" | tr '\n' ' ')"
	fi
}

# run NAME STATUS PATTERN COMMAND...: the command has to end with this status, and what it prints,
# errors included, to have a line that matches the extended expression.  No pattern: nothing at all.
# A pattern that begins with "!" must not be matched.
run()
{
	ktap_name=$1 ktap_want=$2 ktap_pattern=$3
	shift 3
	"$@" >"$ktap_file" 2>&1
	ktap_came=$?
	if [ $ktap_came != "$ktap_want" ]; then
		ktap_result 1 "$ktap_name" "expected status $ktap_want, came $ktap_came: $(cat "$ktap_file")"
		return
	fi
	case $ktap_pattern in
	"") ! [ -s "$ktap_file" ] ;;
	!*) ! grep -qE -e "${ktap_pattern#!}" "$ktap_file" ;;
	*) grep -qE -e "$ktap_pattern" "$ktap_file" ;;
	esac
	ktap_result $? "$ktap_name" "expected '$ktap_pattern', came: $(cat "$ktap_file")"
}

# as_user COMMAND...
as_user()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}

# soon COMMAND...: does it succeed within five seconds?
soon()
{
	for _ in $(seq 100); do
		"$@" >"$ktap_file" 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

ktap_end()
{
	echo "1..$ktap_number"
	[ $ktap_bad = 0 ]
	exit
}
