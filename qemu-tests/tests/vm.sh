#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vm.sh: the guest runner itself, on the host: what it says, what it ends with, and whether it ends.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

vm=$(dirname "$(dirname "$(readlink -f "$0")")")/vm
work=$(mktemp -d)
# shellcheck disable=SC2154 # set by ktap.sh
trap 'rm -rf "$work" "$ktap_file"' EXIT
export vm work

# Wrong usage, and what is no place for a guest: one sentence, without a guest.
run "no command" 2 '^vm: no command' "$vm"
run "an unknown option" 2 'no such option' "$vm" --nosuch -- true
run "more processors than the kernel has" 2 'has at most [0-9]+' "$vm" --cpus 1000 -- true
run "a kernel series that there is none of" 2 "no kernel series '5.5'" "$vm" --kernel 5.5 -- true
run "TMPDIR names no directory" 126 '^vm: /nonexistent: no directory' \
	env TMPDIR=/nonexistent "$vm" -- true
run "only one sentence of that" 0 '^1$' sh -c 'TMPDIR=/nonexistent "$vm" -- true 2>&1 | wc -l'
run "a cache that can't be" 126 '^kernel: /proc/nonexistent.*: ' \
	env XDG_CACHE_HOME=/proc/nonexistent "$vm" -- true
run "no HOME" 2 '^vm: no command' env -u HOME "$vm"

# Names that QEMU would take apart, by way of a link, and from elsewhere.
mkdir "$work/a,b c" "$work/a,b"
ln -s "$vm" "$work/link"
ln -s "${XDG_CACHE_HOME:-${HOME-/root}/.cache}/vcontext" "$work/a,b/vcontext"
run "odd names, through a link" 3 '^here$' sh -c 'cd / &&
	TMPDIR="$work/a,b c" XDG_CACHE_HOME=$work/a,b \
	exec "$work/link" --share "$work/a,b c" -- sh -c "echo here; exit 3"'
run "nothing of it is left" 0 "" ls -A "$work/a,b c"
run "blanks, of which make knows nothing" 126 "^kernel: .*a,b c/vcontext: make can't have blanks" \
	env XDG_CACHE_HOME="$work/a,b c" "$vm" -- true

# Output.
run "stdout and stderr are the command's alone" 0 '^out, err$' sh -c \
	'"$vm" -- sh -c "echo out; echo err >&2" 2>"$work/err" >"$work/out"
	echo "$(cat "$work/out"), $(cat "$work/err")"'
run "who reads stdout may go, and the command ends of that" 0 '^141$' timeout 120 sh -c \
	'{ "$vm" -- yes; echo $? >"$work/status"; } | head -n 1; cat "$work/status"'
run "who reads stderr may go" 0 '^y$' timeout 120 sh -c '"$vm" -- sh -c "yes >&2" 2>&1 >/dev/null |
	head -n 1'
run "a full disk is told of" 126 'could not be written: No space left' \
	sh -c '"$vm" -- echo lost >/dev/full'

# Ends that are not the command's.
run "a time-out" 124 '^vm: time-out' "$vm" --timeout 3 -- sleep 100

# guest: one that waits, once it is up.
guest()
{
	"$vm" -- sh -c 'echo up; exec sleep 100' >"$work/out" 2>"$work/err" &
	pid=$!
	for _ in $(seq 600); do
		! grep -q up "$work/out" || return
		sleep 0.1
	done
}

# ended NAME STATUS PATTERN: as run, of that guest.
ended()
{
	wait $pid
	run "$1" "$2" "$3" sh -c "cat \"\$work/err\"; exit $?"
}

guest
kill $pid
ended "interrupted, it says nothing" 143 ""
guest
kill -KILL "$(pgrep -P "$(pgrep -P $pid -x timeout)")"
ended "QEMU killed is no time-out" 126 '^vm: somebody killed QEMU \(signal 9\)'
ktap_end
