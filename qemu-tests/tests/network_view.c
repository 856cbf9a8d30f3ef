// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process that is tied sees of the network in /proc/net, by ioctl(), and by the programs and
 * the library that people use: its addresses, the devices that carry them, and its sockets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7900
#define LOCAL	VCONTEXT_BIND_LOOPBACK

static void do_enter(void *data)
{
	(void)data;
	enter_new(0);
}

static struct party *inside(const char *set)
{
	struct party *party = party_new(NULL, 0);

	tell(party, do_enter, NULL, 0);
	if (set)
		party_tie(party, set, 0);
	return party;
}

/* Files */

struct reading {
	int directory, error;
	char path[300];
	char text[15000];
};

static void do_read(void *data)
{
	struct reading *what = data;
	int fd = openat(what->directory, what->path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;

	what->text[0] = '\0';
	what->error = fd < 0 ? errno : 0;
	while (fd >= 0 && length < sizeof(what->text) - 1) {
		n = read(fd, what->text + length, sizeof(what->text) - 1 - length);
		if (n <= 0)
			break;
		length += n;
	}
	what->text[length] = '\0';
	if (n < 0)
		what->error = errno;
	if (fd >= 0)
		close(fd);
}

static struct reading *read_at(struct party *at, int directory, const char *path)
{
	static struct reading what;

	what.directory = directory;
	snprintf(what.path, sizeof(what.path), "%s", path);
	tell(at, do_read, &what, sizeof(what));
	return &what;
}

/* What tells of other addresses, of routes to them, of devices without own ones, of who listens. */
static const char *const closed[] = {
	"route", "fib_trie", "fib_triestat", "rt_cache", "arp", "if_inet6", "ipv6_route", "igmp",
	"igmp6", "mcfilter", "mcfilter6", "anycast6", "raw", "raw6", "icmp", "icmp6", "packet",
	"netlink", "ptype", "dev_mcast", "ip6_flowlabel", "rt6_stats", "sctp/eps", "sctp/assocs",
	"sctp/remaddr", "dev_snmp6/dummy2",
};

/* The same file by different ways: those that are processes' go by process 1 and by itself. */
static const char *const ways[] = {
	"/proc/net/%s", "/proc/self/net/%s", "/proc/thread-self/net/%s", "/proc/1/net/%s",
	"/proc/1/task/1/net/%s", "/proc/self/../net/%s", "/proc/%d/net/%s",
};

static const char *by_way(size_t way, const char *name)
{
	/* the last is the test's own, which isn't tied */
	if (way == ARRAY_SIZE(ways) - 1)
		return ktap_text("/proc/%d/net/%s", (int)getpid(), name);
	if (way == 4)
		return ktap_text("/proc/1/task/1/net/%s", name);
	return ktap_text("%.*s%s", (int)strlen(ways[way]) - 2, ways[way], name);
}

static void run_closed(const void *data)
{
	const char *name = data;
	struct party *at[2] = { party_new(A "/24 " A6 "/64", 0), inside(A "/24") };
	int directory, who, opened = 0;

	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		const char *path = by_way(way, name);

		if (access(path, R_OK))
			continue;
		opened++;
		for (who = 0; who < 2; who++) {
			int error = read_at(at[who], AT_FDCWD, path)->error;

			/* other contexts' processes are not there at all */
			ktap_expect(error == EACCES || (who && error == ENOENT),
				    "%s: expected EACCES, came %s", path, errno_name(error));
		}
	}
	if (!opened)
		ktap_skip("this kernel has no such file");
	directory = open("/proc/1/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ktap_need(directory >= 0, "/proc/1/net: %s", errno_name(errno));
	for (who = 0; who < 2; who++) {
		int error = read_at(at[who], party_pass(NULL, directory, at[who]), name)->error;

		ktap_expect(error == EACCES, "by a passed directory: expected EACCES, came %s",
			    errno_name(error));
	}
}

/* Another way to the same files: proc mounted elsewhere, and one file of it. */
static void run_mounted(const void *data)
{
	struct party *tied = party_new(A "/24", 0);
	int proc, file;

	(void)data;
	mkdir("/tmp/vc-proc", 0755);
	close(open("/tmp/vc-route", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	ktap_need(!mount("proc", "/tmp/vc-proc", "proc", 0, NULL), "mount: %s", errno_name(errno));
	ktap_need(!mount("/proc/1/net/route", "/tmp/vc-route", NULL, MS_BIND, NULL), "mount: %s",
		  errno_name(errno));
	proc = read_at(tied, AT_FDCWD, "/tmp/vc-proc/net/route")->error;
	file = read_at(tied, AT_FDCWD, "/tmp/vc-route")->error;
	umount("/tmp/vc-proc");
	umount("/tmp/vc-route");
	ktap_expect(proc == EACCES, "proc elsewhere: expected EACCES, came %s", errno_name(proc));
	ktap_expect(file == EACCES, "a file elsewhere: expected EACCES, came %s", errno_name(file));
}

/* Texts by which foreign addresses and devices show, as files have them. */
static const char *const foreign[] = {
	"10.81.2.", "10.81.1.2", "10.81.1.100", "02510A:", "0201510A", "6401510A", "6402510A",
	"fd810002", "020081FD", "dummy2", "dummy3",
};

static void expect_nothing_foreign(const char *path, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		ktap_expect(!strstr(text, foreign[i]), "%s tells of %s", path, foreign[i]);
}

static void look_into(struct party *at, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[300];

	ktap_need(dir, "%s: %s", directory, errno_name(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (entry->d_type == DT_DIR) {
			look_into(at, path);
		} else {
			struct reading *what = read_at(at, AT_FDCWD, path);

			if (!what->error)
				expect_nothing_foreign(path, what->text);
		}
	}
	closedir(dir);
}

/* Whatever files there are, now or later. */
static void run_all(const void *set)
{
	struct party *tied = party_new(set, 0);
	static const char *const all[] = { "10.81.2.2", "10.81.1.2", "10.81.1.100", "127.0.0.1" };
	static const enum kind kinds[] = { TCP, UDP, UDP_LITE };
	struct end end;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			serve(NULL, kinds[k], all[i], PORT + 1);
	end = end_new(NULL, TCP, AF_INET6);
	expect_errno(end_bind(end, TWO6, PORT + 2), 0);
	expect_errno(end_listen(end), 0);
	look_into(tied, "/proc/net");
}

/* Names are told too. */

struct listing {
	char path[100];
	int error;
	char names[4000];
};

static void do_list(void *data)
{
	struct listing *what = data;
	DIR *dir = opendir(what->path);
	struct dirent *entry;

	what->error = dir ? 0 : errno;
	while (dir && (entry = readdir(dir)))
		if (strlen(what->names) + strlen(entry->d_name) + 2 < sizeof(what->names))
			strcat(strcat(what->names, entry->d_name), " ");
	if (dir)
		closedir(dir);
}

static void run_names(const void *data)
{
	struct listing what = { .path = "/proc/net/dev_snmp6" };

	(void)data;
	tell(party_new(A "/24 " A6 "/64", 0), do_list, &what, sizeof(what));
	expect_nothing_foreign(what.path, what.names);
}

static void expect_devices(struct party *at, const char *const *want)
{
	static const char *const all[] = { "lo", "dummy1", "dummy2", "dummy3" };
	struct reading *what = read_at(at, AT_FDCWD, "/proc/net/dev");

	ktap_expect(!what->error, "expected to read /proc/net/dev, came %s",
		    errno_name(what->error));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool seen = strstr(what->text, ktap_text("%s:", all[i])), own = false;

		for (int j = 0; want[j]; j++)
			own |= !strcmp(want[j], all[i]);
		ktap_expect(seen == own, "/proc/net/dev: %s is %s", all[i],
			    seen ? "listed" : "missing");
	}
}

static void run_dev(const void *data)
{
	static const char *const one[] = { "dummy1", NULL }, *const none[] = { NULL };
	static const char *const two[] = { "dummy1", "dummy3", NULL };
	static const char *const local[] = { "lo", "dummy1", NULL };
	static const char *const all[] = { "lo", "dummy1", "dummy2", "dummy3", NULL };

	(void)data;
	expect_devices(party_new(A "/24", 0), one);
	expect_devices(party_new(A6 "/64", 0), one);
	expect_devices(party_new(A "/24 fd81:3::1/64", 0), two);
	expect_devices(party_new(A "/24", LOCAL), local);
	expect_devices(party_new("127.0.0.1 " A "/24", 0), local);
	expect_devices(party_new("10.99.1.1/24", 0), none);
	expect_devices(inside(NULL), all);
	expect_devices(NULL, all);
}

/* By ioctl() */

struct control {
	int request, error, count;
	char name[16];
	char address[64], names[400];
};

static void do_control(void *data)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct control *what = data;
	struct ifreq request = { 0 };

	strcpy(request.ifr_name, what->name);
	request.ifr_addr.sa_family = AF_INET;
	what->error = ioctl(fd, what->request, &request) ? errno : 0;
	inet_ntop(AF_INET, &((struct sockaddr_in *)&request.ifr_addr)->sin_addr, what->address, 64);
	close(fd);
}

static void do_list_control(void *data)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct control *what = data;
	struct ifreq requests[64];
	struct ifconf list = { .ifc_len = 0 };
	int i, size;

	what->error = ioctl(fd, SIOCGIFCONF, &list) ? errno : 0;
	size = list.ifc_len;
	list = (struct ifconf){ .ifc_len = sizeof(requests), .ifc_req = requests };
	what->error = what->error ?: ioctl(fd, SIOCGIFCONF, &list) ? errno : 0;
	what->count = list.ifc_len == size ? list.ifc_len / (int)sizeof(*requests) : -1;
	for (i = 0; i < what->count && i < 12; i++) {
		struct sockaddr_in *in = (void *)&requests[i].ifr_addr;

		sprintf(what->names + strlen(what->names), "%s %s, ", requests[i].ifr_name,
			inet_ntop(AF_INET, &in->sin_addr, what->address, 64));
	}
	close(fd);
}

static void expect_list(struct party *at, const char *want)
{
	struct control what = { 0 };

	tell(at, do_list_control, &what, sizeof(what));
	ktap_expect(!what.error, "SIOCGIFCONF: %s", errno_name(what.error));
	ktap_expect(what.count >= 0, "SIOCGIFCONF: the size is another one than told");
	ktap_expect(!strcmp(what.names, want), "SIOCGIFCONF: expected %s came %s", want,
		    what.names);
}

static void run_gifconf(const void *data)
{
	(void)data;
	expect_list(party_new(A "/24", 0), "dummy1 " A ", ");
	expect_list(party_new(A "/24 " E "/24", 0), "dummy1 " A ", dummy2 " E ", ");
	expect_list(party_new(A "/24", LOCAL), "lo 127.0.0.1, dummy1 " A ", ");
	expect_list(party_new(A6 "/64", 0), "");
	expect_list(party_new("10.99.1.1", 0), "");
	expect_list(inside(A "/24"), "dummy1 " A ", ");
}

static void expect_control(struct party *at, int request, const char *device, int error,
			   const char *address)
{
	struct control what = { .request = request };

	strcpy(what.name, device);
	tell(at, do_control, &what, sizeof(what));
	ktap_expect(what.error == error, "%#x of %s: expected %s, came %s", request, device,
		    errno_name(error), errno_name(what.error));
	ktap_expect(error || !strcmp(what.address, address), "%#x of %s: expected %s, came %s",
		    request, device, address, what.address);
}

static void run_gifaddr(const void *data)
{
	struct party *at[2] = { party_new(A "/24", 0), inside(A "/24") };

	(void)data;
	for (int i = 0; i < 2; i++) {
		expect_control(at[i], SIOCGIFADDR, "dummy1", 0, A);
		expect_control(at[i], SIOCGIFBRDADDR, "dummy1", 0, "10.81.1.255");
		expect_control(at[i], SIOCGIFNETMASK, "dummy1", 0, "255.255.255.0");
		expect_control(at[i], SIOCGIFADDR, "dummy2", EADDRNOTAVAIL, NULL);
		expect_control(at[i], SIOCGIFBRDADDR, "dummy2", EADDRNOTAVAIL, NULL);
		expect_control(at[i], SIOCGIFDSTADDR, "dummy2", EADDRNOTAVAIL, NULL);
		expect_control(at[i], SIOCGIFNETMASK, "dummy2", EADDRNOTAVAIL, NULL);
		expect_control(at[i], SIOCGIFADDR, "lo", EADDRNOTAVAIL, NULL);
	}
	expect_control(party_new(A "/24", LOCAL), SIOCGIFADDR, "lo", 0, "127.0.0.1");
	expect_control(party_new(A "/24 " E "/24", 0), SIOCGIFADDR, "dummy2", 0, E);
	expect_control(inside(NULL), SIOCGIFADDR, "dummy2", 0, TWO);
}

/* The C library */

struct library {
	int error;
	char told[1000];
};

static void do_getifaddrs(void *data)
{
	struct library *what = data;
	struct ifaddrs *list, *at;
	char text[64];

	what->error = getifaddrs(&list) ? errno : 0;
	for (at = what->error ? NULL : list; at; at = at->ifa_next) {
		const void *address = NULL;

		if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET)
			address = &((struct sockaddr_in *)at->ifa_addr)->sin_addr;
		else if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET6)
			address = &((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr;
		snprintf(what->told + strlen(what->told), sizeof(what->told) - strlen(what->told),
			 "%s %s, ", at->ifa_name, !address ? "link" :
			 inet_ntop(at->ifa_addr->sa_family, address, text, sizeof(text)));
	}
	if (!what->error)
		freeifaddrs(list);
}

static void do_nameindex(void *data)
{
	struct if_nameindex *list = if_nameindex(), *at;
	struct library *what = data;

	what->error = list ? 0 : errno;
	for (at = list; at && at->if_index; at++)
		snprintf(what->told + strlen(what->told), sizeof(what->told) - strlen(what->told),
			 "%s, ", at->if_name);
	if (list)
		if_freenameindex(list);
}

static void expect_told(struct party *at, void (*how)(void *data), const char *want)
{
	struct library what = { 0 };

	tell(at, how, &what, sizeof(what));
	ktap_expect(!what.error, "expected an answer, came %s", errno_name(what.error));
	ktap_expect(!strcmp(what.told, want), "expected %s came %s", want, what.told);
}

static void run_getifaddrs(const void *data)
{
	(void)data;
	expect_told(party_new(A "/24", 0), do_getifaddrs, "dummy1 link, dummy1 " A ", ");
	expect_told(party_new(A "/24 " A6 "/64 " E "/24", 0), do_getifaddrs,
		    "dummy1 link, dummy2 link, dummy1 " A ", dummy2 " E ", dummy1 " A6 ", ");
	expect_told(party_new(A "/24", LOCAL), do_getifaddrs,
		    "lo link, dummy1 link, lo 127.0.0.1, dummy1 " A ", lo ::1, ");
	expect_told(inside(A6 "/64"), do_getifaddrs, "dummy1 link, dummy1 " A6 ", ");
	expect_told(party_new("10.99.1.1", 0), do_getifaddrs, "");
}

static void run_nameindex(const void *data)
{
	(void)data;
	expect_told(party_new(A "/24", 0), do_nameindex, "dummy1, ");
	expect_told(party_new(A "/24", LOCAL), do_nameindex, "lo, dummy1, ");
	expect_told(inside(E "/24"), do_nameindex, "dummy2, ");
}

/* Programs */

static struct program {
	const char *command;
	int status;
	const char *has, *has_also, *has_not;
} programs[] = {
	{ "ip addr", 0, "inet " A "/24", "dummy1", "10.81.2." },
	{ "ip addr", 0, "inet6 " A6 "/64", "inet " A, ONE "/" },
	{ "ip -o -4 addr show", 0, A "/24", NULL, B "/" },
	{ "ip -6 addr show dev dummy1", 0, A6 "/64", NULL, B6 "/" },
	{ "ip addr show dev dummy2", -1, "No such device", NULL, "10.81." },
	{ "ip addr show to " TWO, 0, NULL, NULL, TWO "/" },
	{ "ip link", 0, "dummy1: <", NULL, "dummy2" },
	{ "ip -s -d link", 0, "dummy1: <", "mtu 1500", "lo:" },
	{ "ip link show dev dummy1", 0, "dummy1: <", NULL, NULL },
	{ "ip link show dev dummy2", 1, "No such device", NULL, "mtu" },
	{ "ip -j addr", 0, "\"" A "\"", NULL, "10.81.2." },
	{ "ip route", -1, NULL, NULL, "10.81.2." },
	{ "ip route show table all", -1, NULL, NULL, "10.81.2." },
	{ "ip -6 route", -1, NULL, NULL, "fd81:2:" },
	{ "ip route get " TWO, -1, NULL, NULL, "src " E },
	{ "ip neigh", -1, NULL, NULL, "10.81.2." },
	{ "ip maddr", -1, NULL, NULL, "dummy2" },
	{ "ip netconf", -1, NULL, NULL, "dummy2" },
	{ "ss -tuln", 0, A ":7900", "7901", "7902" },
	{ "ss -tuln", 0, "[" A6 "]:7903", "LISTEN", "10.81.2." },
	{ "ss -tan", 0, A ":7900", NULL, "7902" },
	{ "ss -4 -tln sport = 7902", 0, "State", NULL, "7902" },
	{ "ss -s", 0, "TCP:", NULL, NULL },
	{ "ss -wan", 0, NULL, NULL, "10.81." },
	{ "ss -0an", -1, NULL, NULL, "dummy2" },
	{ "ss -K dst " TWO, -1, NULL, NULL, TWO },
	{ "busybox ifconfig", 0, "inet addr:" A, "dummy1", "dummy2" },
	{ "busybox ifconfig -a", 0, "inet addr:" A, "dummy1", "10.81.2." },
	{ "busybox netstat -tuln", 0, A ":7900", "7901", "7902" },
	{ "busybox netstat -rn", -1, NULL, NULL, "10.81.2." },
	{ "busybox arp -an", -1, NULL, NULL, "10.81.2." },
	{ "getent ahosts localhost", 0, "127.0.0.1", "STREAM", NULL },
	{ "getent ahostsv4 guest", 0, "10.0.0.1", NULL, NULL },
	{ "hostname -I", 0, A, NULL, "10.81.2." },
};

struct output {
	char command[100];
	int status;
	char text[15000];
};

static void do_program(void *data)
{
	struct output *what = data;
	FILE *pipe = popen(ktap_text("PATH=/usr/sbin:/usr/bin timeout %u %s 2>&1",
				     ktap_seconds(1) * 10, what->command), "re");
	size_t n = pipe ? fread(what->text, 1, sizeof(what->text) - 1, pipe) : 0;
	int status = pipe ? pclose(pipe) : -1;

	what->text[n] = '\0';
	what->status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static struct output *run_in(struct party *at, const char *command)
{
	static struct output what;

	snprintf(what.command, sizeof(what.command), "%s", command);
	tell(at, do_program, &what, sizeof(what));
	ktap_expect(what.status != 124, "%s: it does not end", command);
	ktap_need(what.status != 127, "%s: %s", command, what.text);
	return &what;
}

/* Without line ends, and not longer than a case's line. */
static const char *on_a_line(const char *text)
{
	char *line = strdup(text), *at;

	for (at = line; *at; at++)
		if (*at == '\n' || *at == '#')
			*at = ' ';
	if (strlen(line) > 200)
		line[200] = '\0';
	return line;
}

static void expect_output(struct party *at, const struct program *program)
{
	struct output *what = run_in(at, program->command);

	ktap_expect(program->status < 0 || what->status == program->status,
		    "expected exit status %d, came %d: %s", program->status, what->status,
		    on_a_line(what->text));
	ktap_expect(!program->has || strstr(what->text, program->has), "expected %s, came: %s",
		    program->has, on_a_line(what->text));
	ktap_expect(!program->has_also || strstr(what->text, program->has_also),
		    "expected %s, came: %s", program->has_also, on_a_line(what->text));
	ktap_expect(!program->has_not || !strstr(what->text, program->has_not),
		    "expected no %s, came: %s", program->has_not, on_a_line(what->text));
}

/* Sockets of others, of all kinds; one that is connected is returned. */
static struct end make_others(void)
{
	struct sockaddr_ll on = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
				  .sll_ifindex = if_nametoindex("dummy2") };
	struct end end = end_new(NULL, TCP, AF_INET), raw, look = sniffer();

	serve(NULL, TCP, ONE, PORT + 2);
	serve(NULL, TCP, TWO, PORT + 2);
	serve(NULL, UDP, TWO, PORT + 2);
	expect_errno(end_connect(end, TWO, PORT + 2), 0);
	ktap_need(!bind(look.fd, (struct sockaddr *)&on, sizeof(on)), "AF_PACKET: %s",
		  errno_name(errno));
	raw = (struct end){ NULL, socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDPLITE), UDP };
	expect_errno(end_bind(raw, TWO, 0), 0);
	return end;
}

static void run_program(const void *data)
{
	struct party *at[2] = { party_new(A "/24 " A6 "/64", 0), inside(A "/24 " A6 "/64") };
	struct end other = make_others();

	for (int i = 0; i < 2; i++) {
		struct end ends[] = {
			serve(at[i], TCP, "0.0.0.0", PORT), serve(at[i], UDP, "0.0.0.0", PORT + 1),
			serve(at[i], TCP, A6, PORT + 3),
		};

		expect_output(at[i], data);
		for (size_t j = 0; j < ARRAY_SIZE(ends); j++)
			end_close(ends[j]);
	}
	expect_errno(end_send(other), 0);
}

/* With a private loopback, that is seen. */
static void run_loopback(const void *data)
{
	static const struct program loopback[] = {
		{ "ip addr show dev lo", 0, "inet 127.0.0.1/8", "inet6 ::1/128", NULL },
		{ "ip addr", 0, A "/24", "127.0.0.1/8", "10.81.2." },
		{ "ip link", 0, "lo: <LOOPBACK", "dummy1: <", "dummy2" },
		{ "busybox ifconfig lo", 0, "127.0.0.1", NULL, NULL },
		{ "getent ahosts localhost", 0, "127.0.0.1", NULL, NULL },
		{ "ss -tln", 0, ":7901", NULL, "7902" },
	};
	struct party *tied = party_new(A "/24", LOCAL);

	(void)data;
	serve(NULL, TCP, "127.0.0.1", PORT + 2);
	serve(tied, TCP, "127.0.0.1", PORT + 1);
	serve(tied, TCP, "::1", PORT + 1);
	for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
		expect_output(tied, &loopback[i]);
}

static void add(const char *name, void (*run)(const void *data), const void *data,
		const char *anywhere)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->anywhere = anywhere;
	test->seconds = 40;
	ktap_add(test);
}

int main(int argc, char **argv)
{
	static const char *const sets[] = { A "/24", "10.81.1.1/24 fd81:1::1/64", A6 "/64" };
	size_t i;

	net_up();
	ip_batch("neigh add " OFF2 " lladdr 02:97:97:97:97:97 dev dummy2\n");
	for (i = 0; i < ARRAY_SIZE(closed); i++)
		add(ktap_text("/proc/net/%s", closed[i]), run_closed, closed[i], NULL);
	for (i = 0; i < ARRAY_SIZE(sets); i++)
		add(ktap_text("all files: %s", sets[i]), run_all, sets[i], NULL);
	add("proc elsewhere", run_mounted, NULL, NULL);
	add("names of files", run_names, NULL, NULL);
	add("/proc/net/dev", run_dev, NULL, NULL);
	add("SIOCGIFCONF", run_gifconf, NULL, NULL);
	add("SIOCGIFADDR", run_gifaddr, NULL, NULL);
	add("getifaddrs()", run_getifaddrs, NULL, NULL);
	add("if_nameindex()", run_nameindex, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		add(ktap_text("%s: %s", programs[i].command,
			      programs[i].has ?: programs[i].has_not ?: ""),
		    run_program, &programs[i],
		    programs[i].has_not ? NULL : "it is right there too");
	add("programs with a private loopback", run_loopback, NULL, NULL);
	return ktap_main(argc, argv);
}
