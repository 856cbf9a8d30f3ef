#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vserver.sh: vservers from day to day: they start and stop, are asked and entered.

# shellcheck disable=SC1091,SC2016,SC2154 # the files beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/vserver_common.sh"

# in_terminal COMMAND: on a pseudo-terminal, which gets what is read here; lines become words.
in_terminal()
{
	script -qec "$1" /dev/null | tr -d '\000\r' | sed 's/\^@//g' | tr '\n' ' '
	echo
}

# words COMMAND...: its lines as words.
words()
{
	"$@" 2>&1 | tr '\n' ' '
	echo
}

# Is there one inside of v1: inside PROGRAM
inside()
{
	chcontext --silent --ctx 1 pgrep -x "$1"
}

ip link add eth0 type dummy
ip address add 10.5.0.1/24 dev eth0
ip link set eth0 up
make_tree v1
tree_script v1 /etc/init.d/rc <<-'END'
	echo "rc $*, runlevel $RUNLEVEL from $PREVLEVEL"
	echo "rc complains" >&2
	cat /proc/self/loginuid >/root/loginuid
	cat /proc/self/oom_score_adj >/root/score
	cat >/root/input
	[ "$1" != 3 ] || sleep 1000 &
END
tree_script v1 /etc/init.d/web <<-'END'
	echo "web $*"
	[ "$1" != status ] || exit 3
END
conf v1 'IPROOT=10.5.0.2/24' 'IPROOTDEV=eth0' 'ONBOOT=yes'
remember

# Starting, asking, stopping.
run "none is running" 1 '^v1: stopped$' vserver v1 running
run "the list has it" 0 '^v1 +stopped +- +- +yes +-$' vserver list
run "exec in none" 1 '^vctl: vserver v1: it is not running \(vctl start starts it,' \
	vserver v1 exec true
run "stop of none" 0 '^v1: not running$' vserver v1 stop
run "condrestart of none" 0 '^v1: not running$' vserver v1 condrestart
run "start shows what services print, and complain" 0 \
	'^rc 3, runlevel 3 from N rc complains v1: started $' words vserver v1 start
run "running" 0 '^v1: running$' vserver v1 running
run "quietly" 0 "" vserver v1 running --quiet
run "status" 0 "^v1 +running +- +$(context_of v1) +1 +no +20[^ ]+ +yes +10.5.0.2\$" \
	vserver v1 status
run "list" 0 "^v1 +running +$(context_of v1) +1 +yes +10.5.0.2\$" vserver list
for asked in list 'v1 status'; do
	# shellcheck disable=SC2086 # words
	vserver $asked --json >/tmp/json
	run "$asked --json" 0 "^1 v1 running True \\['10.5.0.2'\\] $(context_of v1) 1$" python3 -c '
rows = eval(open("/tmp/json").read(), {"null": None, "true": True, "false": False})
row = rows[0]
print(len(rows), row["name"], row["state"], row["onboot"], row["addresses"], row["context"], row["processes"])'
done
run "a second start" 1 '^vctl: vserver v1: it is running already \(vctl restart starts it anew\)$' \
	vserver v1 start
run "services have no input" 0 "" vserver v1 exec cat /root/input
run "what a watcher sees" 0 ' sleep 1000$' chcontext --silent --ctx 1 ps ax
run "context 0 sees none of it" 0 '!sleep 1000' ps ax
run "restart" 0 '^rc 6, runlevel 6 from 3$' vserver v1 restart
run "condrestart of one that runs" 0 '^v1: restarted$' vserver v1 condrestart
run "start and stop without a word" 0 '!started' sh -c \
	'vserver v1 stop --silent; vserver v1 start --silent; vserver v1 running --quiet'

# exec
run "exec" 0 '^hello$' vserver v1 exec echo hello
run "its exit status" 7 "" vserver v1 exec sh -c 'exit 7'
run "its end by a signal" 143 "" vserver v1 exec sh -c 'kill $$'
run "no such program" 1 '^vctl: nosuch: there is no such program in the vserver' \
	vserver v1 exec nosuch
run "no program" 1 '^vctl: /etc/passwd: it is not a program' vserver v1 exec /etc/passwd
head -c 1048576 /dev/urandom >/tmp/data
run "a MiB in and out" 0 "" sh -c 'vserver v1 exec cat </tmp/data | cmp - /tmp/data'
run "output and errors are apart" 0 '^out-err-$' sh -c \
	'vserver v1 exec sh -c "echo out; echo err >&2" 2>/tmp/err | tr "\n" -; tr "\n" - </tmp/err; echo'
run "in a loop over lines" 0 '^a b c $' sh -c 'printf "a\nb\nc\n" |
	while read -r word; do vserver v1 exec echo "$word" </dev/null; done | tr "\n" " "; echo'
run "input closed" 0 '^x$' sh -c 'vserver v1 exec sh -c "cat; echo x" <&-'
run "output closed on it" 0 '^y$' sh -c 'vserver v1 exec yes | head -n 1'
run "it has no descriptor of ours" 0 '^0 1 2 3 $' sh -c \
	'vserver v1 exec sh -c "ls /proc/self/fd | tr \"\\n\" \" \"; echo" 7</etc/passwd 8<>/tmp/data'
run "it is in no group of ours" 0 '^0$' setpriv --groups 7,8 vserver v1 exec id -G
run "it ends with vctl" 0 '![0-9]+:[0-9]+ sleep 777$' sh -c 'vserver v1 exec sleep 777 & sleep 0.5
	kill -9 $!; sleep 0.5; chcontext --silent --ctx 1 ps ax'
run "suexec" 0 '^uid=1000\(user\) gid=1000\(user\) groups=50\(more\),1000\(user\)$' \
	vserver v1 suexec user id
run "by number" 0 '^1000$' vserver v1 suexec 1000 id -u
run "no such user" 1 '^vctl: user nosuch: there is no such user in the vserver \(.+\)$' \
	vserver v1 suexec nosuch id
run "service" 0 '^web start a b$' vserver v1 service web start a b
run "its exit status" 3 '^web status$' vserver v1 service web status
run "no such service" 1 '^vctl: service nosuch: there is no such service' \
	vserver v1 service nosuch start
run "a service by a path" 2 'this is not the name of a service' vserver v1 service ../x start
run "exec through the name of the subcommand" 0 '^hello$' vctl exec v1 echo hello

# enter
run "enter without a terminal" 4 '^/root -sh root /root /bin/sh -$' sh -c \
	'echo "echo \$PWD \$0 \$USER \$HOME \$SHELL \${TERM--}; exit 4" | env -u TERM vserver v1 enter'
run "its environment is ours in nothing" 0 '!SECRET' sh -c \
	'echo env | SECRET=1 vserver v1 enter'
run "and is told what it is" 0 '^container=vcontext$' sh -c 'echo env | vserver v1 enter'
run "loginuid of the administrator" 0 '^4294967295$' sh -c \
	'echo 1000 >/proc/self/loginuid; vserver v1 exec cat /proc/self/loginuid'
run "and of services" 0 '^4294967295$' sh -c 'echo 1000 >/proc/self/loginuid
	vserver v1 restart --silent >/dev/null; vserver v1 exec cat /root/loginuid'
for score in -900 500; do
	run "score $score of the administrator for who runs out of memory" 0 '^0 0 $' sh -c \
		'echo $1 >/proc/self/oom_score_adj
		vserver v1 exec cat /proc/self/oom_score_adj | tr "\n" " "
		echo cat /proc/self/oom_score_adj | vserver v1 enter | tr "\n" " "; echo' - $score
	run "score $score: and of services" 0 '^0$' sh -c 'echo $1 >/proc/self/oom_score_adj
		vserver v1 restart --silent >/dev/null
		vserver v1 exec cat /root/score' - $score
done

# Terminals
run "the terminal is inside" 0 '/dev/pts/0 $' in_terminal 'vserver v1 exec tty' </dev/null
run "its size, and as it changes" 0 '33 99 44 55 $' in_terminal 'stty rows 33 cols 99
	vserver v1 exec sh -c "stty size; until [ -e /tmp/go ]; do sleep 0.1; done; stty size" </dev/tty &
	until [ -e /vservers/v1/tmp/ready ]; do sleep 0.1; done
	stty rows 44 cols 55; sleep 0.3; touch /vservers/v1/tmp/go; wait' </dev/null &
when inside sh; touch /vservers/v1/tmp/ready; wait $!
ktap_number=$((ktap_number + 1))
run "its modes, and TERM" 0 ' -echo .*vt220 $' in_terminal \
	'stty -echo; TERM=vt220 vserver v1 exec sh -c "stty -a; echo \$TERM"' </dev/null
run "afterwards all is as it was" 0 'same $' in_terminal 'a=$(stty -g)
	vserver v1 exec stty raw -echo; [ "$a" = "$(stty -g)" ] && echo same' </dev/null
{ when inside sleep; printf '\003'; sleep 1; } |
	in_terminal 'vserver v1 exec sh -c "trap \"echo caught\" INT; sleep 2; echo on"' >/tmp/out
# Where the terminal's echo comes in between is open.
run "^C reaches who is inside, and goes on" 0 'caught on $' sed 's/\^C//' /tmp/out
{ sleep 1; printf 'sleep 100\n'; sleep 1; printf '\032'; sleep 0.5
	printf 'jobs\nkill -9 %%1\nwait\nexit 5\nexit 5\n'; sleep 0.5; } |
	in_terminal 'vserver v1 enter; echo status $?' >/tmp/out
run "job control" 0 'Stopped +sleep 100.* status 5 $' cat /tmp/out
{ sleep 1; printf '\004'; sleep 0.5; } | in_terminal 'vserver v1 enter; echo status $?' >/tmp/out
run "^D ends the shell" 0 ' status 0 $' cat /tmp/out
run "only the input is a terminal" 0 '^not a tty$' sh -c \
	'script -qec "vserver v1 exec tty >/tmp/tty" /dev/null </dev/null; cat /tmp/tty'
vserver v1 stop --silent >/dev/null
{ when vserver v1 running; sleep 1; printf '\003'; sleep 1; } | in_terminal \
	'trap : INT; vserver v1 start; sleep 2; vserver v1 exec pidof sleep; vserver v1 running' >/tmp/out
run "^C after the start ends nothing" 0 'v1: started \^C[0-9]+ v1: running $' cat /tmp/out

# What it finds inside.
run "/dev" 0 '^fd full null ptmx pts random reboot shm stderr stdin stdout tty urandom zero $' \
	vserver v1 exec sh -c 'ls /dev | tr "\n" " "; echo'
run "no other can be made" 0 'Operation not permitted' vserver v1 exec sh -c \
	'mknod /dev/sda b 8 0 2>&1; true'
run "file systems" 0 '^/ /dev /dev/.host /dev/pts /dev/shm /proc /run $' sh -c \
	'vserver v1 exec cut -d " " -f 2 /proc/mounts | LC_ALL=C sort | tr "\n" " "; echo'
run "/run is new and empty" 0 '^lock utmp $' vserver v1 exec sh -c 'ls /run | tr "\n" " "; echo'
run "utmp belongs to its group" 0 '^664 43$' vserver v1 exec stat -c '%a %g' /run/utmp
run "umask" 0 '^0022$' sh -c 'umask 077; vserver v1 exec sh -c umask'
run "a root that is its own" 0 '^bin dev etc proc root run sbin tmp $' words vserver v1 exec sh -c \
	'cd /; cd ../../..; ls'
run "tools for the reboot manager" 0 '^755 /sbin/vhalt 755 /sbin/vreboot $' vserver v1 exec sh -c \
	'stat -c "%a %n" /sbin/vhalt /sbin/vreboot | tr "\n" " "; echo'

# Nothing of before.
vserver v1 exec sh -c 'sleep 2000 >/dev/null 2>&1 </dev/null & touch /run/old /dev/shm/old /dev/old'
run "what is left running inside stays" 0 'sleep 2000' vserver v1 exec ps
run "restart" 0 '^v1: restarted$' vserver v1 restart
run "has nothing of before" 0 '^v1 0 $' words vserver v1 exec sh -c \
	'hostname; { ls /run/old /dev/shm/old /dev/old; ps | grep "[s]leep 2000"; } 2>/dev/null | wc -l'
run "nor processes" 0 '!:[0-9]+ sleep 2000' chcontext --silent --ctx 1 ps ax
id=$(context_of v1)
run "who is in other mounts can't enter" 1 'get hold of this process.* \(use vserver NAME exec, or vkill\)$' \
	chcontext --silent --ctx "$id" true
vkill -s KILL --ctx "$id" >/dev/null
run "all processes are killed: it runs still" 0 "^v1 +running +$id +0 " vserver list
run "and takes commands" 0 '^hello$' vserver v1 exec echo hello
# Outside of its control group, and not among the first that there are.
"$(dirname "$0")/hold" contexts 300 >/tmp/held &
held=$!
soon grep -q contexts /tmp/held
chcontext --silent --ctx "$id" chcontext --silent sleep 3000 &
soon chcontext --silent --ctx 1 pgrep -x sleep
run "stop, with one in a context made inside, beside many" 0 '^v1: stopped$' \
	sh -c 'ulimit -n 100; vserver v1 stop'
run "it has ended, too" 1 '' chcontext --silent --ctx 1 pgrep -x sleep
kill $held
wait
rm /vservers/v1/root/input /vservers/v1/root/loginuid /vservers/v1/root/score /vservers/v1/tmp/*
clean "stop"

# Scripts of the administrator's.
host_script v1 <<-'END'
	echo "$# $*" >>/tmp/called
	vserver v1 running >>/tmp/called 2>&1
	cat >>/tmp/called
	true
END
remember
run "scripts" 0 '^v1: stopped$' sh -c 'vserver v1 start; vserver v1 stop'
run "are called in order, with arguments" 0 '^2 pre-start v1 v1: starting 2 post-start v1 v1: running 2 pre-stop v1 v1: running 2 post-stop v1 v1: starting $' \
	sh -c 'tr "\n" " " </tmp/called; echo'
chmod 644 /etc/vservers/v1.sh
run "one that isn't executable is the shell's" 0 '^2 post-stop v1$' sh -c \
	'rm /tmp/called; vserver v1 start; vserver v1 stop; cat /tmp/called'
printf 'echo none >/tmp/called\n' >/etc/vservers/v1.sh
chmod 755 /etc/vservers/v1.sh
run "and one without a first line" 0 '^none$' sh -c \
	'rm /tmp/called; vserver v1 start; vserver v1 stop; cat /tmp/called'
rm /etc/vservers/v1.sh
remember

# Where services are.
mv /vservers/v1/etc/init.d /vservers/v1/etc/old
run "no services" 0 '^v1: started$' vserver v1 start
run "it runs all the same" 0 "^v1 +running +$(context_of v1) +0 " vserver list
run "and stops" 0 '^v1: stopped$' vserver v1 stop
tree_script v1 /etc/rc3.d/S02b <<-'END'
	echo "S02b $*"
END
tree_script v1 /etc/rc3.d/S01a <<-'END'
	echo "S01a $*"
END
tree_script v1 /etc/rc0.d/K01b <<-'END'
	echo "K01b $*"
END
run "/etc/rc3.d" 0 '^S01a start S02b start v1: started K01b stop v1: stopped $' sh -c \
	'{ vserver v1 start; vserver v1 stop; } | tr "\n" " "; echo'
tree_script v1 /etc/init.d/rcS <<-'END'
	echo "rcS $# $*"
END
run "/etc/init.d/rcS" 0 '^rcS 0  v1: started v1: stopped $' sh -c \
	'{ vserver v1 start; vserver v1 stop; } | tr "\n" " "; echo'
tree_script v1 /etc/init.d/rc <<-'END'
	echo "init.d $*"
END
run "/etc/init.d/rc" 0 '^init.d 3 v1: started init.d 0 v1: stopped $' sh -c \
	'{ vserver v1 start; vserver v1 stop; } | tr "\n" " "; echo'
tree_script v1 /etc/rc.d/rc <<-'END'
	echo "rc.d $*"
	exit 5
END
run "/etc/rc.d/rc" 0 '^rc.d 3 vctl: /etc/rc.d/rc of vserver v1: it failed with exit status 5 \(see what it has printed\) v1: started rc.d 0 v1: stopped $' \
	sh -c '{ vserver v1 start; vserver v1 stop; } 2>&1 | tr "\n" " "; echo'
rm -r /vservers/v1/etc/rc* /vservers/v1/etc/init.d
mv /vservers/v1/etc/old /vservers/v1/etc/init.d

# With an init.
conf v1 'S_FLAGS=fakeinit'
tree_script v1 /etc/init.d/rcS <<-'END'
	echo started >/root/started
END
remember
run "with an init" 0 '^v1: started$' vserver v1 start
run "which is process 1" 0 '^1 root +init$' vserver v1 exec sh -c 'ps | sed "s/^ *//"'
soon test -s /vservers/v1/root/started
ktap_result $? "it does what it is told to" "it does not"
run "status tells" 0 '^v1 +running +- +[0-9]+ +[0-9]+ +yes ' vserver v1 status
run "its exec has a status" 9 "" vserver v1 exec sh -c 'exit 9'
echo 1 >/sys/fs/cgroup/vserver/v1/cgroup.kill
soon sh -c 'vserver list | grep -q "^v1 *ended"'
ktap_result $? "one whose init is killed has ended" "$(vserver list)"
run "that is told by running" 1 '^v1: ended$' vserver v1 running
run "it starts again" 0 '^v1: started$' vserver v1 start
run "restart" 0 '^v1: restarted$' vserver v1 restart
run "stop" 0 '^v1: stopped$' vserver v1 stop
rm /vservers/v1/root/started
rm /vservers/v1/etc/init.d/rcS
conf v1 'IPROOT=eth0:10.5.0.2/24'

# Elsewhere, and twice.
vserver v1 start --silent >/dev/null
vserver v1 stop --silent >/dev/null
mv /vservers/v1 /vservers/v9
mv /etc/vservers/v1.conf /etc/vservers/v9.conf
run "under another name" 0 '^v9: started$' vserver v9 start
run "that is its host name" 0 '^v9$' vserver v9 exec hostname
cp -a /vservers/v9 /vservers/v1
conf v1 'IPROOT=eth0:10.5.0.3/24'
run "a copy of one that runs" 0 '^v1: started$' vserver v1 start
run "sees none of the other" 0 '^1$' vserver v1 exec sh -c 'ps | grep -c "[s]leep 1000"'
run "both stop" 0 '^v1: stopped$' vctl stop v1 v9
rm -r /vservers/v9 /etc/vservers/v9.conf
ktap_end
