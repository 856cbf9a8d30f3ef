#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# tools_missing.sh: what the tools say where something is missing: the module, or the stub too.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

if grep -q vcontext /sys/kernel/security/lsm; then
	why='the module vcontext is not loaded \(run modprobe vcontext as root\)$'
	stub='^ok .*stub in the kernel' yes=true
else
	why='this kernel does not carry the vcontext stub \(.+\)$'
	stub='^FAILED .*stub in the kernel' yes=false
fi

run "chcontext as root" 1 "^vctl: .*$why" chcontext true
run "chcontext as user" 1 "^vctl: .*$why" as_user chcontext true
run "chcontext --ctx" 1 "^vctl: .*$why" chcontext --ctx 5 true
run "chcontext --disconnect" 1 "^vctl: .*$why" chcontext --disconnect true
run "chcontext with wrong usage" 2 'no such option' chcontext --nosuch
run "chcontext --help" 0 'Usage:' chcontext --help
run "vctl info" 1 "^vctl: .*$why" vctl info
run "vctl info --json" 1 "\"stub\": $yes" vctl info --json
run "vctl info --json tells of the module" 1 '"module": false' vctl info --json
run "vctl check" 1 "$stub" vctl check
run "vctl check as user" 1 'FAILED .*module' as_user vctl check
run "vctl check advises" 1 '-> ' vctl check
run "vctl check --json" 1 '"status": "failed"' vctl check --json
mkdir -p /etc/vservers /vservers/v1
: >/etc/vservers/v1.conf
for word in start restart 'exec true' enter; do
	# shellcheck disable=SC2086 # words
	run "vserver $word" 1 "^vctl: .*($why|it is not running \\(.+\\)\$)" vserver v1 $word
done
run "vserver start as user" 1 '^vctl: .*\(.+\)$' as_user vserver v1 start
run "vserver start leaves nothing" 1 '' test -e /run/vservers/v1
run "rebootmgr" 1 "^vctl: .*$why" rebootmgr
run "the command is not run" 1 '!ran' chcontext echo ran
if $yes; then
	run "modprobe" 0 "" modprobe vcontext
	run "chcontext after it" 0 'New security context' as_user chcontext true
	run "vctl check after it" 0 '!FAILED' vctl check
else
	run "modprobe" 1 'vcontext' modprobe vcontext
fi
ktap_end
