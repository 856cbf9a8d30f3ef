// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "conf_value.h"
#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The configuration that this text is; fails the test if it is none. */
static struct vctl_conf *conf_of(const char *text)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_conf *conf;
	int result = vctl_conf_parse("web1.conf", text, strlen(text), &conf, &err);

	ck_assert_msg(result == 0, "%s: %s", vctl_error_what(err), vctl_error_why(err));
	ck_assert_ptr_null(err);
	ck_assert_str_eq(conf->path, "web1.conf");
	return conf;
}

START_TEST(nothing_is_all_defaults)
{
	static const char *const texts[] = {
		"", "\n\n", "# IPROOT=1\n", "  #no end of line", " \t\\\n \n",
		"IPROOT= IPROOTDEV='' IPROOTMASK=\"\" IPROOTBCAST=\\\n\nS_HOSTNAME=;S_DOMAINNAME=\n"
		"S_CONTEXT= S_FLAGS=' ' S_CAPS=, S_NICE= ULIMIT=' \n' MEMORY= CPUS=; CPUWEIGHT=\n"
		"IOWEIGHT=\nPIDS= LOOPBACK=yes\nONBOOT=no",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		vctl_auto_conf struct vctl_conf *conf = conf_of(texts[i]);

		ck_assert_uint_eq(conf->address_count, 0);
		ck_assert_uint_eq(conf->limit_count, 0);
		ck_assert(conf->loopback && !conf->onboot && !conf->has_nice);
		ck_assert_uint_eq(conf->caps, 0);
		ck_assert_uint_eq(conf->flags, 0);
		ck_assert_uint_eq(conf->context, VCONTEXT_ID_ANY);
		ck_assert_ptr_null(conf->hostname);
		ck_assert_ptr_null(conf->domainname);
		ck_assert_uint_eq(conf->memory, 0);
		ck_assert_uint_eq(conf->cpus + conf->cpu_weight + conf->io_weight + conf->pids, 0);
	}
}
END_TEST

/* A text and the host name that it gives. */
static const struct {
	const char *text;
	const char *name;
} grammar[] = {
	{ "S_HOSTNAME=web1", "web1" },
	{ " \tS_HOSTNAME=web1 \t# a comment", "web1" },
	{ "ONBOOT=no S_HOSTNAME=web1;LOOPBACK=no ; S_NICE=1;\n", "web1" },
	{ "S_HOSTNAME=web1#2", "web1#2" },
	{ "S_HOSTNAME=#2", "#2" },
	{ "S_HOSTNAME='web1'", "web1" },
	{ "S_HOSTNAME=\"web1\"", "web1" },
	{ "S_HOSTNAME=w'e'\"b\"\\1", "web1" },
	{ "S_HOSTNAME='a\\$`\"b'", "a\\$`\"b" },
	{ "S_HOSTNAME=\"\\$\\`\\\"\\\\\\n'\"", "$`\"\\\\n'" },
	{ "S_HOSTNAME=\\$\\'\\;\\#\\~", "$';#~" },
	{ "S_HOSTNAME=a~", "a~" },
	{ "S_HOSTNAME=''~", "~" },
	{ "S_HOSTNAME='~':\"~\"", "~:~" },
	{ "S_HOSTNAME=a*?[b]{c,d}!^%+@=e", "a*?[b]{c,d}!^%+@=e" },
	{ "S_HOST\\\nNAME=we\\\nb\"1\\\n2\"", "web12" },
	{ "S_HOSTNAME=\\\nweb1", "web1" },
	{ "# a comment goes on with no backslash \\\nS_HOSTNAME=web1", "web1" },
	{ "S_HOSTNAME='(<>&|);'\"(<>&|);#\"\\&\\|", "(<>&|);(<>&|);#&|" },
	{ "S_HOSTNAME=\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7'\xc3\xa9'",
	  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7\xc3\xa9" },
	{ "# \xff\x01 is fine here\nS_HOSTNAME=web1", "web1" },
	{ "S_HOSTNAME=\nS_NICE=1", NULL },
};

START_TEST(the_grammar_is_the_shells)
{
	vctl_auto_conf struct vctl_conf *conf = conf_of(grammar[_i].text);

	ck_assert_pstr_eq(conf->hostname, grammar[_i].name);
}
END_TEST

/* Nothing that is wrong gets by, and it is told where it is. */
static const struct {
	const char *text;
	const char *message;	/* behind "web1.conf" */
} refused[] = {
	/* The grammar. */
	{ "\nS_NICE=$X", ":2: S_NICE: a shell would expand what begins with $ here "
	  "(write it in single quotes if it is meant as it is)" },
	{ "S_NICE=\"\n`date`\"", ":2: S_NICE: a shell would expand what begins with ` here "
	  "(write it in single quotes if it is meant as it is)" },
	{ "S_NICE=$'1'", ":1: S_NICE: a shell would expand what begins with $ here "
	  "(write it in single quotes if it is meant as it is)" },
	{ "$A=1", ":1: a shell would expand what begins with $ here "
	  "(write it in single quotes if it is meant as it is)" },
	{ "S_HOSTNAME=~root", ":1: S_HOSTNAME: a shell would expand ~ here "
	  "(put the value in quotes if it is meant as it is)" },
	{ "S_HOSTNAME=a:~", ":1: S_HOSTNAME: a shell would expand ~ here "
	  "(put the value in quotes if it is meant as it is)" },
	{ "S_CAPS=(KILL CHOWN)", ":1: S_CAPS: there are no arrays "
	  "(write lists as KEY=\"one two\")" },
	{ "S_HOSTNAME=a&", ":1: S_HOSTNAME: & is a command's, and here nothing is run "
	  "(put the value in quotes if it is meant as it is)" },
	{ "(S_HOSTNAME=a)", ":1: there are no arrays (write lists as KEY=\"one two\")" },
	{ "\n\nS_FLAGS='lock\n\nnproc", ":3: S_FLAGS: the single quote that begins here has no end "
	  "(write a ' at its end)" },
	{ "S_FLAGS=\"lock\n'nproc\n", ":1: S_FLAGS: the double quote that begins here has no end "
	  "(write a \" at its end)" },
	{ "S_HOSTNAME=a\\", ":1: S_HOSTNAME: there is nothing behind the backslash (take it out)" },
	{ "S_HOSTNAME = a", ":1: there is a blank in front of the = of S_HOSTNAME "
	  "(write KEY=value without blanks)" },
	{ "S_HOSTNAME\\\n =a", ":2: there is a blank in front of the = of S_HOSTNAME "
	  "(write KEY=value without blanks)" },
	{ "S_HOSTNAME= a", ":1: there is a blank behind the = of S_HOSTNAME "
	  "(write KEY=value without blanks)" },
	{ "S_CAPS=KILL CHOWN", ":1: behind the value of S_CAPS there is CHOWN "
	  "(write S_CAPS=\"...\")" },
	{ "S_CAPS+=KILL", ":1: nothing is added to a value by += "
	  "(write all of the value behind one KEY=)" },
	{ "=a", ":1: there is no key in front of the = "
	  "(a line is KEY=value, or begins with # for a comment)" },
	{ "'S_CAPS'=KILL", ":1: in front of a = there are no quotes "
	  "(a line is KEY=value, or begins with # for a comment)" },
	{ "IPROOT", ":1: IPROOT is not of the form KEY=value "
	  "(a line is KEY=value, or begins with # for a comment)" },
	{ "export S_NICE=1", ":1: export is a command, and here nothing is run "
	  "(leave it out: KEY=value is enough)" },
	{ ". /etc/other.conf", ":1: no other file is read (write here what is in it)" },
	{ "S_NICE=1;;", ":1: there is nothing in front of the ; (take it out)" },
	{ "\n;S_NICE=1", ":2: there is nothing in front of the ; (take it out)" },
	{ "S_NICE=1\n\nS_NICE=2", ":3: S_NICE: it is in line 1 already (keep one of them)" },
	{ "S_NICE=1 S_NICE=1", ":1: S_NICE: it is in line 1 already (keep one of them)" },
	/* Bytes. */
	{ "# a\r\nS_NICE=1\r\n", ":1: the line has the end of a Windows line "
	  "(save it with those of Unix: dos2unix does it)" },
	{ "S_NICE=1\n#\r", ":2: the line has the end of a Windows line "
	  "(save it with those of Unix: dos2unix does it)" },
	{ "S_NICE='\r1'", ":1: S_NICE: there is a control character (0x0d) (take it out)" },
	{ "S_NICE=\x1b[1m", ":1: S_NICE: there is a control character (0x1b) (take it out)" },
	{ "S_NICE='\x7f'", ":1: S_NICE: there is a control character (0x7f) (take it out)" },
	{ "S_NICE=\xc2\x9b", ":1: S_NICE: there is a control character (0x9b) (take it out)" },
	{ "S_HOSTNAME=\xe9t\xe9", ":1: S_HOSTNAME: the byte 0xe9 is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "S_HOSTNAME='\xc0\xaf'", ":1: S_HOSTNAME: the byte 0xc0 is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "S_HOSTNAME=\"\xed\xa0\x80\"", ":1: S_HOSTNAME: the byte 0xed is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "S_HOSTNAME=\xf4\x90\x80\x80", ":1: S_HOSTNAME: the byte 0xf4 is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "S_HOSTNAME=\xe2\x82", ":1: S_HOSTNAME: the byte 0xe2 is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "S_HOSTNAME=\x80", ":1: S_HOSTNAME: the byte 0x80 is none of UTF-8 "
	  "(save the file as UTF-8)" },
	{ "\xef\xbb\xbfS_NICE=1", ":1: it begins with a byte order mark (save it without)" },
	/* Keys. */
	{ "IPROTO=10.0.0.1", ":1: there is no key IPROTO (did you mean IPROOT?)" },
	{ "iproot=10.0.0.1", ":1: there is no key iproot (did you mean IPROOT?)" },
	{ "s-caps=KILL", ":1: there is no key s-caps (did you mean S_CAPS?)" },
	{ "HOSTNAME=a", ":1: there is no key HOSTNAME (did you mean S_HOSTNAME?)" },
	{ "S_NICE[0]=a", ":1: there is no key S_NICE[0] (known keys: IPROOT, IPROOTDEV, "
	  "IPROOTMASK, IPROOTBCAST, LOOPBACK, ONBOOT, S_HOSTNAME, S_DOMAINNAME, S_CONTEXT, "
	  "S_FLAGS, S_CAPS, S_NICE, ULIMIT, MEMORY, CPUS, CPUWEIGHT, IOWEIGHT, PIDS)" },
	/* Values. */
	{ "ONBOOT=true", ":1: ONBOOT: true is neither yes nor no (did you mean yes?)" },
	{ "LOOPBACK=0", ":1: LOOPBACK: 0 is neither yes nor no (did you mean no?)" },
	{ "ONBOOT=", ":1: ONBOOT: \"\" is neither yes nor no (write yes or no)" },
	{ "ONBOOT='yes\n'", ":1: ONBOOT: yes? is neither yes nor no (write yes or no)" },
	{ "S_CAPS='KILL NET_RAV'", ":1: S_CAPS: this kernel has no capability of the name NET_RAV "
	  "(did you mean NET_RAW?)" },
	{ "S_CAPS=!KILL", ":1: S_CAPS: !KILL would take a capability, and here they are given "
	  "(name only those that it is to have besides)" },
	{ "S_FLAGS='lock lokc'", ":1: S_FLAGS: lokc is no flag (did you mean lock?)" },
	{ "S_FLAGS=HIDEINFO", ":1: S_FLAGS: HIDEINFO is no flag (did you mean hideinfo?)" },
	{ "S_FLAGS=x", ":1: S_FLAGS: x is no flag (known flags: lock, sched, nproc, private, "
	  "fakeinit, hideinfo, userns)" },
	{ "S_CONTEXT=1", ":1: S_CONTEXT: 1 is not a number from 2 to 65535" },
	{ "S_CONTEXT=65536", ":1: S_CONTEXT: 65536 is not a number from 2 to 65535" },
	{ "S_CONTEXT=0x10", ":1: S_CONTEXT: 0x10 is not a number from 2 to 65535" },
	{ "S_CONTEXT=18446744073709551618",
	  ":1: S_CONTEXT: 18446744073709551618 is not a number from 2 to 65535" },
	{ "S_CONTEXT=-", ":1: S_CONTEXT: - is not a number from 2 to 65535" },
	{ "S_CONTEXT=' 5'", ":1: S_CONTEXT:  5 is not a number from 2 to 65535" },
	{ "S_NICE=-21", ":1: S_NICE: -21 is not a number from -20 to 19" },
	{ "S_NICE=20", ":1: S_NICE: 20 is not a number from -20 to 19" },
	{ "S_NICE=+5", ":1: S_NICE: +5 is not a number from -20 to 19" },
	{ "S_NICE=--5", ":1: S_NICE: --5 is not a number from -20 to 19" },
	{ "S_HOSTNAME='a b'", ":1: S_HOSTNAME: it has a blank or control character in it "
	  "(write one word)" },
	{ "S_DOMAINNAME='a\nb'", ":1: S_DOMAINNAME: it has a blank or control character in it "
	  "(write one word)" },
	{ "S_HOSTNAME=a23456789012345678901234567890123456789012345678901234567890123456789",
	  ":1: S_HOSTNAME: it has 69 bytes, more than 64 (shorten it)" },
	{ "MEMORY=0", ":1: MEMORY: with no memory nothing runs (leave it empty for no limit)" },
	{ "MEMORY=1.5G", ":1: MEMORY: 1.5G is not a number of bytes "
	  "(write it as 1073741824, 1024M or 1G)" },
	{ "MEMORY=1GB", ":1: MEMORY: 1GB is not a number of bytes "
	  "(write it as 1073741824, 1024M or 1G)" },
	{ "MEMORY=G", ":1: MEMORY: G is not a number of bytes "
	  "(write it as 1073741824, 1024M or 1G)" },
	{ "MEMORY=8388608T", ":1: MEMORY: 8388608T is more than any machine has" },
	{ "MEMORY=18446744073709551617",
	  ":1: MEMORY: 18446744073709551617 is more than any machine has" },
	{ "CPUS=0", ":1: CPUS: 0 is not a number of processors from 0.001 to 10000 "
	  "(write it as 2, 1.5 or 0.25, with a point)" },
	{ "CPUS=1,5", ":1: CPUS: 1,5 is not a number of processors from 0.001 to 10000 "
	  "(write it as 2, 1.5 or 0.25, with a point)" },
	{ "CPUS=.0001", ":1: CPUS: .0001 is not a number of processors from 0.001 to 10000 "
	  "(write it as 2, 1.5 or 0.25, with a point)" },
	{ "CPUS=10000.001", ":1: CPUS: 10000.001 is not a number of processors from 0.001 to 10000 "
	  "(write it as 2, 1.5 or 0.25, with a point)" },
	{ "CPUS=4294967296", ":1: CPUS: 4294967296 is not a number of processors from 0.001 to "
	  "10000 (write it as 2, 1.5 or 0.25, with a point)" },
	{ "CPUWEIGHT=0", ":1: CPUWEIGHT: 0 is not a number from 1 to 10000" },
	{ "IOWEIGHT=10001", ":1: IOWEIGHT: 10001 is not a number from 1 to 10000" },
	{ "PIDS=4194305", ":1: PIDS: 4194305 is not a number from 1 to 4194304" },
	{ "S_HOSTNAME=a\nULIMIT='-n 5 6'", ":2: ULIMIT: 6 belongs to no letter "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT=-nu5", ":1: ULIMIT: u5, behind -n, is not a limit "
	  "(a limit is a number, unlimited, hard or soft)" },
	{ "ULIMIT='-n'", ":1: ULIMIT: there is no value behind -n "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT='-n -u 5'", ":1: ULIMIT: there is no value behind -n "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT='-n 5 -n 6'", ":1: ULIMIT: -n is there twice "
	  "(keep one: -H and -S are for all letters)" },
	{ "ULIMIT=-H", ":1: ULIMIT: there is no limit in it "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT='-b 5'", ":1: ULIMIT: Linux has no limit for -b (leave it out)" },
	{ "ULIMIT='-p 5'", ":1: ULIMIT: -p, the size of pipes, can't be changed (leave it out)" },
	{ "ULIMIT='-a'", ":1: ULIMIT: -a shows limits, and here they are set (leave it out)" },
	{ "ULIMIT='-z 5'", ":1: ULIMIT: there is no letter -z "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT='-\xc3\xa9 5'", ":1: ULIMIT: there is no letter of that kind "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	{ "ULIMIT='-c 18014398509481984'", ":1: ULIMIT: 18014398509481984, behind -c, is too great "
	  "(write unlimited for no limit)" },
	{ "ULIMIT='-n 18446744073709551615'",
	  ":1: ULIMIT: 18446744073709551615, behind -n, is too great "
	  "(write unlimited for no limit)" },
	{ "ULIMIT='- 5'", ":1: ULIMIT: - belongs to no letter "
	  "(write it as -H -u 1000; help ulimit in bash tells the letters)" },
	/* Addresses. */
	{ "\nIPROOT=10.0.0.256", ":2: IPROOT: 10.0.0.256: this is not an IPv4 address "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=0x7f.1", ":1: IPROOT: 0x7f.1: this is not an IPv4 address "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=2001:db8:::1", ":1: IPROOT: 2001:db8:::1: this is not an IPv6 address "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=:10.0.0.1", ":1: IPROOT: :10.0.0.1: the part before the colon can't be the name "
	  "of a device (write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=a234567890123456:10.0.0.1", ":1: IPROOT: a234567890123456:10.0.0.1: the part "
	  "before the colon can't be the name of a device "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=eth0:", ":1: IPROOT: eth0:: there is no address in it "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=/24", ":1: IPROOT: /24: there is no address in it "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=10.0.0.1,10.0.0.2", ":1: IPROOT: 10.0.0.1,10.0.0.2 is not an address "
	  "(put blanks between addresses)" },
	{ "IPROOT=-a.b", ":1: IPROOT: -a.b: this is neither an address nor the name of a host "
	  "(write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=eth0:a_b", ":1: IPROOT: eth0:a_b: this is neither an address nor the name of a "
	  "host (write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=a..b.long-enough", ":1: IPROOT: a..b.long-enough: this is neither an address nor "
	  "the name of a host (write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24)" },
	{ "IPROOT=10.0.0.1/33", ":1: IPROOT: 10.0.0.1/33: what is behind the slash is no mask "
	  "(a mask is a number from 0 to 32 or like 255.255.255.0, and may be left out)" },
	{ "IPROOT=10.0.0.1/255.0.255.0", ":1: IPROOT: 10.0.0.1/255.0.255.0: what is behind the "
	  "slash is no mask (a mask is a number from 0 to 32 or like 255.255.255.0, and may be "
	  "left out)" },
	{ "IPROOT=10.0.0.1/", ":1: IPROOT: 10.0.0.1/: what is behind the slash is no mask "
	  "(a mask is a number from 0 to 32 or like 255.255.255.0, and may be left out)" },
	{ "IPROOT=web1/64", ":1: IPROOT: web1/64: what is behind the slash is no mask "
	  "(a mask is a number from 0 to 32 or like 255.255.255.0, and may be left out)" },
	{ "IPROOT=::2/129", ":1: IPROOT: ::2/129: what is behind the slash is no mask "
	  "(the mask of an IPv6 address is a number from 0 to 128, and may be left out)" },
	{ "IPROOT='0.0.0.0 10.0.0.1'", ":1: IPROOT: 0.0.0.0 is for a vserver that is not tied "
	  "(leave it out, or the others)" },
	{ "IPROOT='10.0.0.1 0.0.0.0'", ":1: IPROOT: 0.0.0.0 is for a vserver that is not tied "
	  "(leave it out, or the others)" },
	{ "IPROOT=eth0:0.0.0.0", ":1: IPROOT: eth0:0.0.0.0: this is not the address of a host "
	  "(take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=::", ":1: IPROOT: ::: this is not the address of a host "
	  "(take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=224.0.0.1", ":1: IPROOT: 224.0.0.1: this is not the address of a host "
	  "(take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=255.255.255.255", ":1: IPROOT: 255.255.255.255: this is not the address of a "
	  "host (take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=10.0.0.255/24", ":1: IPROOT: 10.0.0.255/24: this is the broadcast address of its "
	  "network (take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=10.0.0.255 IPROOTMASK=24", ":1: IPROOT: 10.0.0.255: this is the broadcast "
	  "address of its network "
	  "(take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=10.0.0.1\nIPROOTBCAST=10.0.0.1", ":1: IPROOT: 10.0.0.1: this is the broadcast "
	  "address of its network "
	  "(take one of this machine's; ip addr lists the devices and their addresses)" },
	{ "IPROOT=::ffff:10.0.0.1", ":1: IPROOT: ::ffff:10.0.0.1: this is an IPv4 address, written "
	  "as one of IPv6 (write it as 10.0.0.1)" },
	{ "IPROOT=eth0:127.0.0.1/8", ":1: IPROOT: eth0:127.0.0.1/8: it belongs to the private "
	  "loopback (leave it out, or write LOOPBACK=no)" },
	{ "IPROOT='10.0.0.1 ::1' LOOPBACK=yes", ":1: IPROOT: ::1: it belongs to the private "
	  "loopback (leave it out, or write LOOPBACK=no)" },
	{ "IPROOT='10.0.0.1 eth0:10.0.0.1/8'", ":1: IPROOT: 10.0.0.1 is there twice "
	  "(keep one of them)" },
	{ "IPROOT='2001:db8::1 2001:DB8:0::1'", ":1: IPROOT: 2001:DB8:0::1 is there twice "
	  "(keep one of them)" },
	{ "IPROOT='web1 WEB1'", ":1: IPROOT: WEB1 is there twice (keep one of them)" },
	{ "IPROOTDEV=eth0:1", ":1: IPROOTDEV: eth0:1 can't be the name of a device "
	  "(ip link lists the devices)" },
	{ "IPROOTDEV='eth0 eth1'", ":1: IPROOTDEV: eth0 eth1 can't be the name of a device "
	  "(ip link lists the devices)" },
	{ "IPROOTDEV=..", ":1: IPROOTDEV: .. can't be the name of a device "
	  "(ip link lists the devices)" },
	{ "IPROOTDEV=a/b", ":1: IPROOTDEV: a/b can't be the name of a device "
	  "(ip link lists the devices)" },
	{ "IPROOTMASK=/24", ":1: IPROOTMASK: /24 is no mask "
	  "(a mask is a number from 0 to 32 or like 255.255.255.0)" },
	{ "IPROOTMASK=024", ":1: IPROOTMASK: 024 is no mask "
	  "(a mask is a number from 0 to 32 or like 255.255.255.0)" },
	{ "IPROOTBCAST=10.0.0", ":1: IPROOTBCAST: 10.0.0 is no broadcast address "
	  "(leave it out for that of the network)" },
	{ "IPROOTBCAST=0.0.0.0", ":1: IPROOTBCAST: 0.0.0.0 is no broadcast address "
	  "(leave it out for that of the network)" },
	{ "IPROOTBCAST=224.0.0.1", ":1: IPROOTBCAST: 224.0.0.1 is no broadcast address "
	  "(leave it out for that of the network)" },
	{ "S_FLAGS=123456789012345678901234567890123456789012345678901234567890",
	  ":1: S_FLAGS: 12345678901234567890123456789012345678901234... is no flag (known flags: "
	  "lock, sched, nproc, private, fakeinit, hideinfo, userns)" },
};

START_TEST(what_is_wrong_is_told)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_conf *conf = (struct vctl_conf *)"";
	const char *text = refused[_i].text;
	char message[512];

	ck_assert_int_eq(vctl_conf_parse("web1.conf", text, strlen(text), &conf, &err), -EINVAL);
	ck_assert_ptr_null(conf);
	assert_error(err, VCTL_BAD_CONF, EINVAL);
	snprintf(message, sizeof(message), "%s: %s%s%s%s", vctl_error_what(err),
		 vctl_error_why(err), *vctl_error_advice(err) ? " (" : "", vctl_error_advice(err),
		 *vctl_error_advice(err) ? ")" : "");
	ck_assert_int_eq(strncmp(message, "web1.conf", 9), 0);
	ck_assert_str_eq(message + 9, refused[_i].message);
	ck_assert_int_eq(vctl_conf_parse("web1.conf", text, strlen(text), &conf, NULL), -EINVAL);
}
END_TEST

START_TEST(bytes_that_no_text_has)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_conf *conf;
	auto_free char *big = malloc(CONF_SIZE_MAX + 1);

	ck_assert_int_eq(vctl_conf_parse("x", "#\n#\0\n", 5, &conf, &err), -EINVAL);
	ck_assert_str_eq(vctl_error_what(err), "x:2");
	ck_assert_str_eq(vctl_error_why(err), "there is a NUL byte");
	ck_assert_int_eq(vctl_conf_parse("x", NULL, 0, &conf, &err), 0);
	vctl_conf_free(conf);
	vctl_conf_free(NULL);

	memset(big, '\n', CONF_SIZE_MAX + 1);
	ck_assert_int_eq(vctl_conf_parse("x", big, CONF_SIZE_MAX, &conf, &err), 0);
	vctl_conf_free(conf);
	ck_assert_int_eq(vctl_conf_parse("x", big, CONF_SIZE_MAX + 1, &conf, &err), -EINVAL);
	ck_assert_str_eq(vctl_error_what(err), "x");
	ck_assert_str_eq(vctl_error_why(err), "it has more than one MiB");
}
END_TEST

START_TEST(simple_values)
{
	vctl_auto_conf struct vctl_conf *conf = conf_of(
		"ONBOOT=YES LOOPBACK=No S_CAPS='NET_RAW, cap_sys_time\nCAP_KILL'\n"
		"S_CONTEXT=65535 S_DOMAINNAME=nis.example S_HOSTNAME=web1.example S_NICE=-20\n"
		"S_FLAGS=lock,nproc'\n userns,' MEMORY=3g CPUS=1.05 CPUWEIGHT=10000 IOWEIGHT=1\n"
		"PIDS=4194304");

	ck_assert(conf->onboot && !conf->loopback && conf->has_nice);
	ck_assert_uint_eq(conf->caps, 1U << 13 | 1U << 25 | 1U << 5);
	ck_assert_uint_eq(conf->context, 65535);
	ck_assert_str_eq(conf->domainname, "nis.example");
	ck_assert_str_eq(conf->hostname, "web1.example");
	ck_assert_int_eq(conf->nice, -20);
	ck_assert_uint_eq(conf->flags, VCONTEXT_LOCK | VCONTEXT_NPROC | VCONTEXT_USERNS);
	ck_assert_uint_eq(conf->memory, 3ULL << 30);
	ck_assert_uint_eq(conf->cpus, 1050);
	ck_assert_uint_eq(conf->cpu_weight, 10000);
	ck_assert_uint_eq(conf->io_weight, 1);
	ck_assert_uint_eq(conf->pids, 4194304);
}
END_TEST

static const struct {
	const char *text;
	uint64_t memory;
	uint32_t cpus;
} sizes[] = {
	{ "MEMORY=1", 1, 0 },
	{ "MEMORY=64K", 65536, 0 },
	{ "MEMORY=512m", 512 << 20, 0 },
	{ "MEMORY=8388607T", 8388607ULL << 40, 0 },
	{ "MEMORY=9223372036854775807", INT64_MAX, 0 },
	{ "CPUS=2", 0, 2000 },
	{ "CPUS=0.001", 0, 1 },
	{ "CPUS=.5", 0, 500 },
	{ "CPUS=10000.000", 0, 10000000 },
};

START_TEST(sizes_are_read)
{
	vctl_auto_conf struct vctl_conf *conf = conf_of(sizes[_i].text);

	ck_assert_uint_eq(conf->memory, sizes[_i].memory);
	ck_assert_uint_eq(conf->cpus, sizes[_i].cpus);
}
END_TEST

/* The last of ULIMIT. */
static const struct {
	const char *text;
	size_t count;
	struct vctl_conf_limit last;
} ulimits[] = {
	{ "-H -u 1000", 1, { RLIMIT_NPROC, false, true, 1000 } },
	{ "-S -n 512", 1, { RLIMIT_NOFILE, true, false, 512 } },
	{ "-n 512", 1, { RLIMIT_NOFILE, true, true, 512 } },
	{ "-HSn 512", 1, { RLIMIT_NOFILE, true, true, 512 } },
	{ "-Hn512", 1, { RLIMIT_NOFILE, false, true, 512 } },
	{ "-n 0100 -H", 1, { RLIMIT_NOFILE, false, true, 100 } },
	{ "-H -u 1000 -S -n 512", 2, { RLIMIT_NOFILE, true, true, 512 } },
	{ "100", 1, { RLIMIT_FSIZE, true, true, 102400 } },
	{ "-S 100", 1, { RLIMIT_FSIZE, true, false, 102400 } },
	{ "\t-u\n10 -c unlimited", 2, { RLIMIT_CORE, true, true, RLIM_INFINITY } },
	{ "-c 18014398509481983", 1, { RLIMIT_CORE, true, true, 18446744073709550592ULL } },
	{ "-n 18446744073709551614", 1, { RLIMIT_NOFILE, true, true, RLIM_INFINITY - 1 } },
	{ "-d 1 -e 2 -f 3", 3, { RLIMIT_FSIZE, true, true, 3072 } },
	{ "-d 1", 1, { RLIMIT_DATA, true, true, 1024 } },
	{ "-e 1", 1, { RLIMIT_NICE, true, true, 1 } },
	{ "-i 1", 1, { RLIMIT_SIGPENDING, true, true, 1 } },
	{ "-l 1", 1, { RLIMIT_MEMLOCK, true, true, 1024 } },
	{ "-m 1", 1, { RLIMIT_RSS, true, true, 1024 } },
	{ "-q 1", 1, { RLIMIT_MSGQUEUE, true, true, 1 } },
	{ "-r 1", 1, { RLIMIT_RTPRIO, true, true, 1 } },
	{ "-s 1", 1, { RLIMIT_STACK, true, true, 1024 } },
	{ "-t 1", 1, { RLIMIT_CPU, true, true, 1 } },
	{ "-v 1", 1, { RLIMIT_AS, true, true, 1024 } },
	{ "-x 1", 1, { RLIMIT_LOCKS, true, true, 1 } },
	{ "-R 1", 1, { RLIMIT_RTTIME, true, true, 1 } },
};

START_TEST(limits_are_as_bash_reads_them)
{
	char text[64];

	snprintf(text, sizeof(text), "ULIMIT='%s'", ulimits[_i].text);
	vctl_auto_conf struct vctl_conf *conf = conf_of(text);
	const struct vctl_conf_limit *last = &conf->limits[ulimits[_i].count - 1];

	ck_assert_uint_eq(conf->limit_count, ulimits[_i].count);
	ck_assert_int_eq(last->resource, ulimits[_i].last.resource);
	ck_assert_int_eq(last->soft, ulimits[_i].last.soft);
	ck_assert_int_eq(last->hard, ulimits[_i].last.hard);
	ck_assert_uint_eq(last->value, ulimits[_i].last.value);
}
END_TEST

START_TEST(limits_may_be_those_of_the_process)
{
	const struct rlimit limit = { 0, 4096 };

	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &limit), 0);
	vctl_auto_conf struct vctl_conf *conf = conf_of("ULIMIT='-Sc hard'");
	vctl_auto_conf struct vctl_conf *other = conf_of("ULIMIT='-Hc soft'");

	ck_assert_uint_eq(conf->limits[0].value, 4096);
	ck_assert_uint_eq(other->limits[0].value, 0);
}
END_TEST

static void assert_address(const struct vctl_conf_address *address, const char *device,
			   const char *text, int prefix, const char *broadcast)
{
	ck_assert_pstr_eq(address->device, device);
	ck_assert_str_eq(address->text, text);
	ck_assert_int_eq(address->prefix, prefix);
	ck_assert_int_eq(address->has_broadcast, broadcast ? 1 : 0);
	ck_assert_uint_eq(address->broadcast, broadcast ? inet_addr(broadcast) : 0);
	ck_assert_int_eq(address->line, 1);
}

START_TEST(addresses_are_read)
{
	vctl_auto_conf struct vctl_conf *conf = conf_of(
		"IPROOT='10.0.0.1 eth1:10.0.1.1/16\n10.0.0.2/255.255.255.128 2001:db8::1\n"
		"eth1:2001:db8::2/64 fe80:1::2 web1.example. eth2:own-host/25 br_lan\n"
		"10.0.0.255/32'\n");

	ck_assert_uint_eq(conf->address_count, 10);
	assert_address(&conf->addresses[0], NULL, "10.0.0.1", -1, NULL);
	assert_address(&conf->addresses[1], "eth1", "10.0.1.1", 16, NULL);
	assert_address(&conf->addresses[2], NULL, "10.0.0.2", 25, NULL);
	assert_address(&conf->addresses[3], NULL, "2001:db8::1", -1, NULL);
	assert_address(&conf->addresses[4], "eth1", "2001:db8::2", 64, NULL);
	assert_address(&conf->addresses[5], NULL, "fe80:1::2", -1, NULL);
	assert_address(&conf->addresses[6], NULL, "web1.example.", -1, NULL);
	assert_address(&conf->addresses[7], "eth2", "own-host", 25, NULL);
	assert_address(&conf->addresses[8], NULL, "br_lan", -1, NULL);
	assert_address(&conf->addresses[9], NULL, "10.0.0.255", 32, NULL);
}
END_TEST

/* Whatever their order is. */
START_TEST(addresses_have_defaults)
{
	vctl_auto_conf struct vctl_conf *conf = conf_of(
		"IPROOT='10.0.0.1 eth1:10.0.0.2/16 2001:db8::1 web1' IPROOTBCAST=10.0.0.63\n"
		"IPROOTDEV=eth0 IPROOTMASK=255.255.255.0");

	ck_assert_uint_eq(conf->address_count, 4);
	assert_address(&conf->addresses[0], "eth0", "10.0.0.1", 24, "10.0.0.63");
	assert_address(&conf->addresses[1], "eth1", "10.0.0.2", 16, "10.0.0.63");
	assert_address(&conf->addresses[2], "eth0", "2001:db8::1", -1, NULL);
	assert_address(&conf->addresses[3], "eth0", "web1", 24, "10.0.0.63");
}
END_TEST

START_TEST(not_tied)
{
	vctl_auto_conf struct vctl_conf *any = conf_of("IPROOT=' 0.0.0.0\n' IPROOTDEV=eth0");
	vctl_auto_conf struct vctl_conf *none = conf_of("IPROOTDEV=eth0 IPROOTMASK=24");
	vctl_auto_conf struct vctl_conf *real = conf_of("IPROOT='127.0.0.1 ::1' LOOPBACK=no");

	ck_assert_uint_eq(any->address_count, 0);
	ck_assert_uint_eq(none->address_count, 0);
	ck_assert_uint_eq(real->address_count, 2);
}
END_TEST

START_TEST(as_many_addresses_as_a_set_has)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL;
	char text[2048] = "IPROOT='";

	for (int i = 0; i < VCONTEXT_ADDRESSES_MAX; i++)
		sprintf(text + strlen(text), "10.0.0.%d ", i);
	strcat(text, "'");
	conf = conf_of(text);
	ck_assert_uint_eq(conf->address_count, VCONTEXT_ADDRESSES_MAX);

	vctl_conf_free(conf);
	strcpy(strrchr(text, '\''), "web1'");
	ck_assert_int_eq(vctl_conf_parse("x", text, strlen(text), &conf, &err), -EINVAL);
	ck_assert_str_eq(vctl_error_why(err), "there are more than 64 addresses");
}
END_TEST

START_TEST(memory_ends)
{
	static const char text[] = "IPROOT='eth0:10.0.0.1 web1' IPROOTDEV=eth1 S_CAPS=KILL\n"
				   "S_FLAGS=lock S_HOSTNAME=a S_DOMAINNAME=b ULIMIT='-n 5'";
	struct vctl_conf *conf;
	int result = -ENOMEM, budget;

	for (budget = 0; result < 0; budget++) {
		vctl_auto_error struct vctl_error *err = NULL;

		strdup_budget = budget;
		result = vctl_conf_parse("x", text, strlen(text), &conf, &err);
		strdup_budget = -1;
		if (result == 0)
			break;
		ck_assert_int_eq(result, -ENOMEM);
		ck_assert_ptr_null(conf);
		assert_error(err, VCTL_SYSTEM, ENOMEM);
	}
	ck_assert_int_gt(budget, 10);
	vctl_conf_free(conf);
}
END_TEST

Suite *suite_conf(void)
{
	Suite *suite = suite_create("conf");
	TCase *tests = tcase_create("text");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, nothing_is_all_defaults);
	tcase_add_loop_test(tests, the_grammar_is_the_shells, 0, LENGTH(grammar));
	tcase_add_loop_test(tests, what_is_wrong_is_told, 0, LENGTH(refused));
	tcase_add_test(tests, bytes_that_no_text_has);
	tcase_add_test(tests, simple_values);
	tcase_add_loop_test(tests, sizes_are_read, 0, LENGTH(sizes));
	tcase_add_loop_test(tests, limits_are_as_bash_reads_them, 0, LENGTH(ulimits));
	tcase_add_test(tests, limits_may_be_those_of_the_process);
	tcase_add_test(tests, addresses_are_read);
	tcase_add_test(tests, addresses_have_defaults);
	tcase_add_test(tests, not_tied);
	tcase_add_test(tests, as_many_addresses_as_a_set_has);
	tcase_add_test(tests, memory_ends);
	suite_add_tcase(suite, tests);
	return suite;
}
