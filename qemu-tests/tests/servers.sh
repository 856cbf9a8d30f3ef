#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# servers.sh: Debian's servers as they are packaged, each twice side by side with one and the same
# configuration, in two locked contexts that have an address each: 10.0.0.2 and 10.0.0.3.

# shellcheck disable=SC1091,SC2016 # the file beside this one; words for another shell
. "$(dirname "$0")/ktap.sh"

bin=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
cd /
loopback=''	# --loopback: locked gives a loopback of its own

# place N: a mount namespace in which /run and what is written below /var are its own, since the two
# would write the same files.  A process keeps it, number in keeper_N.
place()
{
	mkfifo "$tmp/made"
	# shellcheck disable=SC2154 # set by ktap.sh
	unshare --mount sh -e -c '
		mount -t tmpfs -o mode=755 tmpfs /run
		mkdir -m 1777 /run/lock
		echo "place $1" >/run/place
		mount -t tmpfs tmpfs /mnt
		mkdir /mnt/upper /mnt/work
		mount -t overlay -o lowerdir=/var,upperdir=/mnt/upper,workdir=/mnt/work \
			overlay /var
		umount /mnt
		cp /run/place /var/www/html/index.html
		echo made >"$2"
		exec sleep 10000' sh "$1" "$tmp/made" >"$ktap_file" 2>&1 &
	eval "keeper_$1=$!"
	[ "$(timeout 10 cat "$tmp/made")" = made ]
	ktap_result $? "place $1 is made" "$(cat "$ktap_file")"
	rm "$tmp/made"
}

# in_place N COMMAND...: in context 0.
in_place()
{
	eval "in_keeper=\$keeper_$1"
	shift
	# shellcheck disable=SC2154 # set by eval
	nsenter --target "$in_keeper" --mount -- "$@"
}

# locked N COMMAND...: in the context of place N.  The two get there in the two orders.
# shellcheck disable=SC2086 # an option or none
locked()
{
	locked_number=$1
	shift
	case $locked_number in
	2) in_place 2 chcontext --silent --ctx 802 --secure --flag lock \
		chbind --silent --ip 10.0.0.2 $loopback "$@" ;;
	3) in_place 3 chbind --silent --ip 10.0.0.3 $loopback \
		chcontext --silent --ctx 803 --secure --flag lock "$@" ;;
	esac
}

get()
{
	curl --silent --show-error --max-time 20 "http://$1/"
}

# refuses WHO ADDRESS PORT: a connection from context 0.
refuses()
{
	run "$1: $2:$3 refuses" 7 'Couldn.t connect|refused' get "$2:$3"
}

# only_there WHO PORT: nobody answers at other addresses of the machine.
only_there()
{
	for address in 127.0.0.1 10.0.0.1 '[::1]'; do
		refuses "$1" "$address" "$2"
	done
}

inhabited()
{
	# the watcher's shell sees their names, this one doesn't
	chcontext --silent --ctx 1 sh -c 'grep -qsx "s_context:.80$1" /proc/[0-9]*/status' sh "$1"
}

uninhabited()
{
	! inhabited "$1"
}

# ended NAME N: the context is empty.
ended()
{
	soon uninhabited "$2"
	ktap_result $? "$1 $2: its context ends" "$(chcontext --silent --ctx 1 ps ax)"
}

# service NAME N start|stop: what Debian has for it.
service()
{
	run "$1 $2: $3" 0 '!fail|error|Error' locked "$2" "/etc/init.d/$1" "$3"
}

run "nothing listens at first" 0 "" ss -Htln
ip link set dummy0 down
ip link set dummy0 name eth0
ip link set eth0 up
run "a second address" 0 "" ip addr add 10.0.0.2/24 dev eth0 label eth0:1
run "a third address" 0 "" ip addr add 10.0.0.3/24 dev eth0 label eth0:2
place 2
place 3

# Web servers.
for name in apache2 nginx; do
	for n in 2 3; do
		service $name $n start
		soon get 10.0.0.$n
		run "$name $n: answers at its address" 0 "^place $n\$" get 10.0.0.$n
	done
	run "$name 2: answers inside" 0 '^place 2$' locked 2 curl -sS http://10.0.0.2/
	run "$name 3: answers the other context" 0 '^place 3$' locked 2 curl -sS http://10.0.0.3/
	run "$name 3: that call came from the other address" 0 '^10\.0\.0\.2 .*GET /' \
		in_place 3 cat /var/log/$name/access.log
	run "$name 2: 127.0.0.1 refuses inside" 7 'Couldn.t connect|refused' \
		locked 2 curl -sS http://127.0.0.1/
	only_there $name 80
	run "$name: listens at no other address" 0 "!(0\.0\.0\.0|\*):80 " ss -Htln
	service $name 2 stop
	ended $name 2
	refuses "$name 2, stopped" 10.0.0.2 80
	run "$name 3: still answers" 0 '^place 3$' get 10.0.0.3
	service $name 3 stop
	ended $name 3
	refuses "$name 3, stopped" 10.0.0.3 80
done

# Logins with a key.
ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
install -d -m 700 -o user -g user /home/user/.ssh
install -m 600 -o user -g user "$tmp/key.pub" /home/user/.ssh/authorized_keys
cat >"$tmp/login" <<END
#!/bin/sh
exec ssh -p 22 -i $tmp/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=$tmp/hosts \
	-o LogLevel=ERROR -o BatchMode=yes -o ConnectTimeout=30 "\$@"
END
chmod 755 "$tmp/login"
for n in 2 3; do
	service ssh $n start
	soon "$tmp/login" user@10.0.0.$n true
	run "ssh $n: login from outside" 0 "" "$tmp/login" user@10.0.0.$n true
	run "ssh $n: it leads to its place" 0 "^place $n\$" \
		"$tmp/login" user@10.0.0.$n cat /run/place
	run "ssh $n: it leads into its context" 0 "^s_context:.80$n\$" \
		"$tmp/login" user@10.0.0.$n cat /proc/self/status
	run "ssh $n: login from inside, at its own address" 0 "^10.0.0.$n [0-9]+ 10.0.0.$n 22" \
		locked $n "$tmp/login" user@10.0.0.$n 'echo $SSH_CONNECTION'
	run "ssh $n: a terminal" 0 '^/dev/pts/[0-9]' "$tmp/login" -tt user@10.0.0.$n tty
done
run "ssh 3: login from the other context" 0 '^place 3$' \
	locked 2 "$tmp/login" user@10.0.0.3 cat /run/place
run "ssh 2: a login cannot leave the context" 1 'lock' \
	"$tmp/login" user@10.0.0.2 /usr/sbin/chcontext true
run "ssh 2: a login cannot take another address" 1 'tied to addresses already' \
	"$tmp/login" user@10.0.0.2 /usr/sbin/chbind --ip 10.0.0.3 true
only_there ssh 22
run "ssh: listens at no other address" 0 "!(0\.0\.0\.0|\*):22 " ss -Htln
service ssh 2 stop
ended ssh 2
refuses "ssh 2, stopped" 10.0.0.2 22
run "ssh 3: still there" 0 '^place 3$' "$tmp/login" user@10.0.0.3 cat /run/place
service ssh 3 stop
ended ssh 3
refuses "ssh 3, stopped" 10.0.0.3 22

# What a Java machine does.
for n in 2 3; do
	locked $n "$bin/dual_stack" 8080 "place $n" >"$tmp/dual_stack.$n" 2>&1 &
	soon get 10.0.0.$n:8080
	run "dual_stack $n: answers at its address" 0 "^place $n\$" get 10.0.0.$n:8080
	run "dual_stack $n: its address is written the IPv6 way" 0 "^local ::ffff:10.0.0.$n\$" \
		get 10.0.0.$n:8080
	run "dual_stack $n: says no word" 0 "" cat "$tmp/dual_stack.$n"
done
run "dual_stack 3: answers the other context" 0 '^peer ::ffff:10.0.0.2$' \
	locked 2 curl -sS http://10.0.0.3:8080/
only_there dual_stack 8080
run "dual_stack: listens at no other address" 0 "!(0\.0\.0\.0|\*):8080 " ss -Htln
for n in 2 3; do
	run "dual_stack $n: stop" 0 "" locked $n pkill -x dual_stack
	ended dual_stack $n
	refuses "dual_stack $n, stopped" 10.0.0.$n 8080
done

# With a loopback of their own: a database that listens at "localhost", and nginx once more.  Who is
# to reach them there has to be tied as they are, so one shell starts all of a context.
query='select number, inet_server_addr() from places'
echo '*:*:postgres:visitor:secret' >"$tmp/pgpass"
chmod 600 "$tmp/pgpass"
export PGPASSFILE="$tmp/pgpass"
# Such a shell: runs each file of commands that it is told to, until there is none.
cat >"$tmp/attendant" <<'END'
while read -r file <"$1" && [ -n "$file" ]; do
	sh "$file" >"$file.said" 2>&1 </dev/null
	echo $? >"$2"
done
END

attend()
{
	mkfifo "$tmp/todo.$1" "$tmp/done.$1"
	locked "$1" sh "$tmp/attendant" "$tmp/todo.$1" "$tmp/done.$1" >"$tmp/attend.$1" 2>&1 &
	soon inhabited "$1"
	ktap_result $? "place $1 has a context with a loopback" "$(cat "$tmp/attend.$1")"
}

# tell N FILE: fails if nobody listens.
tell()
{
	timeout 20 sh -c 'echo "$1" >"$2"' sh "$2" "$tmp/todo.$1"
}

# inside N COMMAND...: by the shell of place N.
inside()
{
	inside_file=$tmp/command.$1
	inside_number=$1
	shift
	for argument in "$@"; do
		printf "'%s' " "$(printf %s "$argument" | sed "s/'/'\\\\''/g")"
	done >"$inside_file"
	tell "$inside_number" "$inside_file" || return 125
	read -r inside_status <"$tmp/done.$inside_number"
	cat "$inside_file.said"
	return "$inside_status"
}

# ask inside|locked N HOST: as a client with a password.
ask()
{
	"$1" "$2" psql -qAt -h "$3" -U visitor -d postgres -c "$query"
}

loopback=--loopback
for n in 2 3; do
	attend $n
	for name in nginx postgresql; do
		run "$name $n, with a loopback: start" 0 '!fail|error|Error' \
			inside $n /etc/init.d/$name start
	done
	run "postgresql $n: is filled by the socket of its place" 0 "" \
		inside $n setpriv --reuid postgres --regid postgres --init-groups psql -qAt \
		-c "create role visitor login password 'secret'" \
		-c "create table places as select 'place $n' as number" \
		-c 'grant select on places to visitor'
done
for n in 2 3; do
	run "postgresql $n: localhost is its own" 0 "^place $n\|(127\.0\.0\.1|::1)(/[0-9]+)?\$" \
		ask inside $n localhost
	run "postgresql $n: 127.0.0.1 is its own" 0 "^place $n\|127\.0\.0\.1(/32)?\$" \
		ask inside $n 127.0.0.1
	run "postgresql $n: ::1 is its own" 0 "^place $n\|::1(/128)?\$" ask inside $n ::1
	run "postgresql $n: does not listen at its address" 2 'Connection refused' \
		ask inside $n 10.0.0.$n
	refuses "postgresql $n" 10.0.0.$n 5432
	run "nginx $n, with a loopback: localhost is its own" 0 "^place $n\$" \
		inside $n curl -sS http://localhost/
	run "nginx $n, with a loopback: answers at its address" 0 "^place $n\$" get 10.0.0.$n
done
only_there "postgresql" 5432
only_there "nginx, with a loopback" 80
run "postgresql: the machine's localhost refuses a client" 2 'Connection refused' \
	psql -qAt -h localhost -U visitor -d postgres -c "$query"
loopback=''
run "postgresql: so it does one that has no loopback" 2 'Connection refused' \
	ask locked 2 localhost
for n in 2 3; do
	for name in nginx postgresql; do
		run "$name $n, with a loopback: stop" 0 '!fail|error|Error' \
			inside $n /etc/init.d/$name stop
	done
	run "postgresql $n: nobody answers then" 2 'Connection refused' ask inside $n localhost
	[ $n = 3 ] || run "postgresql 3: still answers" 0 '^place 3\|' ask inside 3 localhost
	tell $n ''
	ended postgresql $n
done
run "no context is left" 0 '^Contexts besides 0: 0$' vctl info

# shellcheck disable=SC2154 # set by eval
kill "$keeper_2" "$keeper_3"
rm -rf "$tmp" /home/user/.ssh
ktap_end
