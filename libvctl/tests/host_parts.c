// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a guest, as root: what the library does to the machine for a vserver, its addresses on devices
 * and its control group.  Built by qemu-tests/tests/Makefile, with the objects of the library and
 * the harness of the guests' tests.
 *
 * Each case of addresses has a network of its own, with the devices host_a and host_b, the two ends
 * of one cable, and 10.9.0.1/24 and 2001:db8:9::1/64 on host_a.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/sched.h>

#include "alias.h"
#include "cgroup.h"
#include "ktap.h"

#define PROMOTE		"/proc/sys/net/ipv4/conf/host_a/promote_secondaries"
#define GROUPS		"/sys/fs/cgroup/vserver"

/* There are no names here; and the static C library would warn that it has to load others. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
		struct addrinfo **list)
{
	(void)name, (void)service, (void)wanted, (void)list;
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

static struct vctl_error *error;

#define must(call)								\
	ktap_expect((call) >= 0, "%s: %s: %s (%s)", #call, vctl_error_what(error),	\
		    vctl_error_why(error), vctl_error_advice(error))

/* It fails with this number and code, and says something like this. */
#define refuses(call, number, wanted_code, like)					\
	do {									\
		int result_ = (call);						\
										\
		ktap_expect(result_ == -(number), "%s: expected -%d, came %d (%s)", #call,	\
			    (number), result_, vctl_error_why(error));		\
		ktap_expect(vctl_error_code(error) == (wanted_code), "%s: code %d", #call,	\
			    vctl_error_code(error));				\
		ktap_expect(strstr(vctl_error_why(error), like) ||		\
			    strstr(vctl_error_advice(error), like), "%s: said %s (%s)",	\
			    #call, vctl_error_why(error), vctl_error_advice(error));	\
	} while (0)

#define shell(...) (system(ktap_text(__VA_ARGS__)) == 0)

/* What a file has to say, without its newline; "" if nothing. */
static const char *text_of(const char *path)
{
	static char text[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[count > 0 ? count : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/*
 * Addresses
 */

static void network(void)
{
	ktap_need(unshare(CLONE_NEWNET) == 0, "unshare: %s", strerror(errno));
	ktap_need(shell("ip link set lo up && ip link add host_a type veth peer name host_b && "
			"ip link set host_b up && ip link set host_a up && "
			"ip addr add 10.9.0.1/24 brd 10.9.0.255 dev host_a && "
			"ip addr add 2001:db8:9::1/64 dev host_a nodad"), "ip");
	ktap_need(shell("echo 0 >/proc/sys/net/ipv4/conf/all/promote_secondaries; "
			"echo 0 >" PROMOTE), "promote_secondaries");
}

/* As vctl_conf_read() has it of host_a:TEXT. */
static struct alias resolved(const char *text, int prefix)
{
	struct vctl_conf_address from = { .device = (char *)"host_a", .text = (char *)text,
					  .prefix = prefix };
	struct alias to;

	must(alias_resolve(&from, &to, &error));
	return to;
}

static bool shown(const char *text)
{
	return shell("ip -o addr show dev host_a | grep -qE '%s'", text);
}

static int found(const char *text, char device[IFNAMSIZ], bool *ours)
{
	struct vcontext_address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	int result;

	inet_pton(address.family, text, address.address);
	must(result = alias_find(&address, device, ours, &error));
	return result;
}

static void run_add(const void *data)
{
	const char *text = data;
	bool ipv6 = strchr(text, ':'), ours = false;
	char device[IFNAMSIZ];
	struct alias alias;

	network();
	alias = resolved(text, -1);
	ktap_expect(alias.prefix == (ipv6 ? 64 : 24), "prefix %d", alias.prefix);
	ktap_expect(alias.broadcast == (ipv6 ? 0 : inet_addr("10.9.0.255")), "its broadcast");
	ktap_expect(found(text, device, &ours) == 0, "found before it is there");
	must(alias_add(&alias, "web1", &error));
	ktap_expect(found(text, device, &ours) == 1 && ours && strcmp(device, "host_a") == 0,
		    "not found, or not as ours");
	/* Older programs show no mark. */
	ktap_expect(shown(ipv6 ? "inet6 2001:db8:9::5/64 scope global (proto [^ ]+ )?nodad" :
			  "inet 10.9.0.5/24 brd 10.9.0.255 scope global (proto [^ ]+ )?secondary "
			  "(proto [^ ]+ )?host_a:web1"), "not shown as it should");
	refuses(alias_add(&alias, "web2", &error), EADDRINUSE, VCTL_IN_USE, "host_a has it");
	must(alias_remove(&alias, &error));
	ktap_expect(found(text, device, &ours) == 0, "found after it was removed");
	must(alias_remove(&alias, &error));
}

/* A socket can have it at once. */
static void run_bind(const void *data)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6 };
	struct alias alias;
	int fd;

	(void)data;
	network();
	alias = resolved("2001:db8:9::5", -1);
	must(alias_add(&alias, "web1", &error));
	memcpy(&own.sin6_addr, alias.address.address, sizeof(own.sin6_addr));
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	ktap_expect(bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0, "bind: %s",
		    strerror(errno));
}

/* The mark is looked at: what the administrator has made stays. */
static void run_others(const void *data)
{
	struct alias alias;
	char device[IFNAMSIZ];
	bool ours = true;

	(void)data;
	network();
	alias = resolved("10.9.0.1", -1);
	ktap_expect(found("10.9.0.1", device, &ours) == 1 && !ours, "it isn't ours");
	must(alias_remove(&alias, &error));
	ktap_expect(shown("inet 10.9.0.1/24"), "it is gone");

	/* Another prefix is another address. */
	alias = resolved("10.9.0.5", 25);
	must(alias_add(&alias, "web1", &error));
	alias.prefix = 24;
	must(alias_remove(&alias, &error));
	ktap_expect(shown("inet 10.9.0.5/25 brd 10.9.0.127"), "another one was removed");

	/* One of ours and one of somebody else: the latter counts. */
	ktap_need(shell("ip addr add 10.9.0.5/32 dev host_b"), "ip");
	ktap_expect(found("10.9.0.5", device, &ours) == 1 && !ours &&
		    strcmp(device, "host_b") == 0, "found at %s", device);
	ktap_expect(found("127.3.2.1", device, &ours) == 1 && !ours &&
		    strcmp(device, "lo") == 0, "127.3.2.1 is the machine's");
	ktap_expect(found("128.0.0.1", device, &ours) == 0, "128.0.0.1 is not");
}

/* Three of ours in a network that the machine isn't in: the first holds the others. */
static void run_secondaries(const void *data)
{
	struct alias aliases[3];

	(void)data;
	network();
	for (int i = 0; i < 3; i++) {
		aliases[i] = resolved(ktap_text("10.8.0.%d", i + 1), 24);
		must(alias_add(&aliases[i], ktap_text("web%d", i + 1), &error));
	}
	ktap_expect(strcmp(text_of(PROMOTE), "1") == 0, "others are not kept");
	/* Somebody has put it back. */
	ktap_need(shell("echo 0 >" PROMOTE), "promote_secondaries");
	must(alias_remove(&aliases[0], &error));
	ktap_expect(!shown("inet 10.8.0.1/"), "it is still there");
	ktap_expect(shown("inet 10.8.0.2/24 brd 10.8.0.255 .*host_a:web2") &&
		    shown("inet 10.8.0.3/24 brd 10.8.0.255 .*host_a:web3"), "others have gone");
	must(alias_remove(&aliases[2], &error));
	ktap_expect(shown("inet 10.8.0.2/24"), "the other has gone");
	must(alias_remove(&aliases[1], &error));
	ktap_expect(shown("inet 10.9.0.1/24") && !shown("inet 10.8"), "not as before");
}

static void run_label(const void *data)
{
	struct vctl_conf_address from = { .device = (char *)"host_long_name",
					  .text = (char *)"10.9.1.5", .prefix = -1 };
	struct alias alias;

	(void)data;
	network();
	alias = resolved("10.9.0.5", -1);
	must(alias_add(&alias, "a-name-that-is-too-long", &error));
	ktap_expect(shown("host_a:a-name-t\\\\"), "not cut as it should");

	ktap_need(shell("ip link add host_long_name type dummy && ip link property add dev "
			"host_long_name altname host_other"), "ip");
	must(alias_resolve(&from, &alias, &error));
	ktap_expect(alias.prefix == 32 && !alias.broadcast, "it knows no network");
	must(alias_add(&alias, "web1", &error));
	ktap_expect(shell("ip -o addr show dev host_long_name | grep -q 'global host_long_name'"),
		    "no label but the device's");
	from.device = (char *)"host_other";
	must(alias_resolve(&from, &alias, &error));
	ktap_expect(strcmp(alias.device, "host_long_name") == 0, "device %s", alias.device);
}

static void run_networks(const void *data)
{
	struct vctl_conf_address from = { .device = (char *)"lo", .text = (char *)"10.7.0.1",
					  .prefix = -1 };
	struct alias alias;

	(void)data;
	network();
	ktap_need(shell("ip addr add 10.9.0.129/25 brd 10.9.0.254 dev host_a"), "ip");
	alias = resolved("10.9.0.200", -1);
	ktap_expect(alias.prefix == 25 && alias.broadcast == inet_addr("10.9.0.254"),
		    "the smaller network: /%d", alias.prefix);
	alias = resolved("10.9.0.200", 24);
	ktap_expect(alias.prefix == 24 && alias.broadcast == inet_addr("10.9.0.255"), "own /24");
	alias = resolved("10.9.0.200", 31);
	ktap_expect(alias.prefix == 31 && !alias.has_broadcast, "a pair has no broadcast");
	alias = resolved("172.16.0.1", -1);
	ktap_expect(alias.prefix == 24 && alias.broadcast == inet_addr("172.16.0.255"),
		    "the first one's prefix: /%d", alias.prefix);
	alias = resolved("fd00::1", 48);
	ktap_expect(alias.prefix == 48 && !alias.has_broadcast, "IPv6");

	/* All of its network would be the machine's. */
	must(alias_resolve(&from, &alias, &error));
	ktap_expect(alias.prefix == 32, "on loopback: /%d", alias.prefix);
	from.text = (char *)"host_a";
	refuses(alias_resolve(&from, &alias, &error), EINVAL, VCTL_BAD_ADDRESS, "is a device");
	from.device = NULL;
	must(alias_resolve(&from, &alias, &error));
	ktap_expect(alias.prefix == 24 && !*alias.device, "as the device has it");
}

static void run_missing(const void *data)
{
	struct vctl_conf_address from = { .device = (char *)"host_c", .text = (char *)"10.9.0.5",
					  .prefix = -1 };
	struct alias alias;

	(void)data;
	network();
	refuses(alias_resolve(&from, &alias, &error), ENODEV, VCTL_BAD_ADDRESS,
		"this machine has: lo, host_b, host_a");
	from.device = (char *)"a-name-that-is-too-long-for-a-device";
	refuses(alias_resolve(&from, &alias, &error), ENODEV, VCTL_BAD_ADDRESS, "no such");
	alias = resolved("10.9.0.5", -1);
	must(alias_add(&alias, "web1", &error));
	ktap_need(shell("ip link del host_a"), "ip");
	must(alias_remove(&alias, &error));
	refuses(alias_add(&alias, "web1", &error), ENODEV, VCTL_BAD_ADDRESS, "gone");
}

static void run_refused(const void *data)
{
	struct alias alias;

	(void)data;
	network();
	alias = resolved("2001:db8:9::5", -1);
	ktap_need(shell("echo 1 >/proc/sys/net/ipv6/conf/host_a/disable_ipv6"), "disable_ipv6");
	refuses(alias_add(&alias, "web1", &error), EACCES, VCTL_BAD_ADDRESS, "IPv6 is switched");
	/* The kernel's own words. */
	alias.address = resolved("10.9.0.5", -1).address;
	alias.prefix = 33;
	refuses(alias_add(&alias, "web1", &error), EINVAL, VCTL_SYSTEM, "prefix length");
	alias.prefix = 24;
	ktap_need(setresuid(65534, 65534, 65534) == 0, "setresuid");
	refuses(alias_add(&alias, "web1", &error), EPERM, VCTL_NOT_ROOT, "root");
}

/* Who is at the other end of the cable hears of it. */
static void run_announce(const void *data)
{
	const char *text = data;
	unsigned int protocol = strchr(text, ':') ? ETH_P_IPV6 : ETH_P_ARP;
	struct sockaddr_ll from = { .sll_family = AF_PACKET };
	unsigned char packet[256];
	struct alias alias;
	int fd;

	network();
	alias = resolved(text, -1);
	from.sll_ifindex = (int)if_nametoindex("host_b");
	from.sll_protocol = htons((uint16_t)protocol);
	fd = socket(AF_PACKET, SOCK_DGRAM, from.sll_protocol);
	ktap_need(bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0, "bind");
	must(alias_add(&alias, "web1", &error));

	for (;;) {
		struct pollfd heard = { .fd = fd, .events = POLLIN };
		ssize_t count;

		ktap_expect(poll(&heard, 1, 2000) == 1, "nothing was heard");
		count = recv(fd, packet, sizeof(packet), 0);
		/* ARP's sender and target; the target of an advertisement, 136. */
		if (protocol == ETH_P_ARP && count >= 28 && packet[7] == 1 &&
		    memcmp(packet + 14, alias.address.address, 4) == 0 &&
		    memcmp(packet + 24, alias.address.address, 4) == 0)
			return;
		if (protocol == ETH_P_IPV6 && count >= 72 && packet[7] == 255 &&
		    packet[40] == 136 && packet[44] == 0x20 && packet[64] == 2 &&
		    memcmp(packet + 8, alias.address.address, 16) == 0 &&
		    memcmp(packet + 48, alias.address.address, 16) == 0)
			return;
	}
}

/*
 * Control groups
 */

static const struct vctl_conf no_limits;

/* A process that waits there until it is killed. */
static pid_t process_in(int group)
{
	struct clone_args how = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
				  .cgroup = (uint64_t)group };
	pid_t pid = (pid_t)syscall(SYS_clone3, &how, sizeof(how));

	if (pid == 0) {
		for (;;)
			pause();
	}
	ktap_expect(pid > 0, "clone3: %s", strerror(errno));
	return pid;
}

static int made(const char *name, const struct vctl_conf *conf)
{
	int fd;

	must(fd = cgroup_make(name, conf, &error));
	return fd;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void run_group(const void *data)
{
	int fd, other;

	(void)data;
	ktap_expect(cgroup_open("one") == -1 && errno == ENOENT && cgroup_kill("one") == -1 &&
		    errno == ENOENT && cgroup_empty("one"), "there is one already");
	must(cgroup_remove("one", &error));
	fd = made("one", &no_limits);
	other = made("two", &no_limits);
	ktap_expect(exists(GROUPS "/one/cgroup.procs"), "it isn't there");
	ktap_expect(fcntl(fd, F_GETFD) == FD_CLOEXEC, "it is not closed on exec");
	must(cgroup_remove("one", &error));
	ktap_expect(!exists(GROUPS "/one") && exists(GROUPS "/two"), "removed");
	must(cgroup_remove("two", &error));
	ktap_expect(!exists(GROUPS), "the parent is left");
	close(fd);
	close(other);
}

static void run_kill(const void *data)
{
	int fd = made("one", &no_limits), below;
	pid_t pids[3];

	(void)data;
	pids[0] = process_in(fd);
	ktap_need(shell("mkdir -p " GROUPS "/one/a/b " GROUPS "/one/c"), "mkdir");
	below = open(GROUPS "/one/a/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pids[1] = process_in(below);
	pids[2] = process_in(below);
	ktap_expect(!cgroup_empty("one") && cgroup_wait_empty("one", 50) == -ETIMEDOUT,
		    "it is empty");
	refuses(cgroup_make("one", &no_limits, &error), EBUSY, VCTL_SYSTEM, "processes in it");
	refuses(cgroup_remove("one", &error), EBUSY, VCTL_SYSTEM, "don't end");
	ktap_expect(exists(GROUPS "/one/c"), "something was removed");

	ktap_expect(cgroup_kill("one") == 0, "kill: %s", strerror(errno));
	ktap_expect(cgroup_wait_empty("one", -1) == 0 && cgroup_empty("one"), "not empty");
	must(cgroup_remove("one", &error));
	ktap_expect(!exists(GROUPS), "something is left");
	for (int i = 0; i < 3; i++)
		waitpid(pids[i], NULL, 0);
}

/* Not waited for: they are killed and go while it is removed. */
static void run_kill_remove(const void *data)
{
	(void)data;
	for (int i = 0; i < 20; i++) {
		int fd = made("one", &no_limits);
		pid_t pids[10];

		for (int j = 0; j < 10; j++)
			pids[j] = process_in(fd);
		close(fd);
		ktap_expect(cgroup_kill("one") == 0, "kill: %s", strerror(errno));
		must(cgroup_remove("one", &error));
		for (int j = 0; j < 10; j++)
			waitpid(pids[j], NULL, 0);
	}
}

static void run_limits(const void *data)
{
	static const struct vctl_conf conf = {
		.memory = 64 << 20, .cpus = 1500, .cpu_weight = 250, .io_weight = 300, .pids = 2,
	};
	static const struct vctl_conf little = { .cpus = 2 };
	int fd;

	(void)data;
	/* As on a machine where nobody wanted them yet. */
	ktap_need(shell("echo -memory -cpu -io -pids >/sys/fs/cgroup/cgroup.subtree_control"),
		  "subtree_control");
	fd = made("one", &conf);
	ktap_expect(!strcmp(text_of(GROUPS "/one/memory.max"), "67108864"), "memory.max");
	ktap_expect(!strcmp(text_of(GROUPS "/one/cpu.max"), "150000 100000"), "cpu.max");
	ktap_expect(!strcmp(text_of(GROUPS "/one/cpu.weight"), "250"), "cpu.weight");
	ktap_expect(!strcmp(text_of(GROUPS "/one/io.weight"), "default 300"), "io.weight");
	ktap_expect(!strcmp(text_of(GROUPS "/one/pids.max"), "2"), "pids.max");
	process_in(fd);
	process_in(fd);
	ktap_expect(syscall(SYS_clone3, &(struct clone_args){ .flags = CLONE_INTO_CGROUP,
		    .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd }, sizeof(struct clone_args)) ==
		    -1 && errno == EAGAIN, "a third process");
	ktap_expect(cgroup_kill("one") == 0 && cgroup_wait_empty("one", 5000) == 0, "kill");
	close(fd);

	/* Made anew: the old limits have gone. */
	close(made("one", &little));
	ktap_expect(!strcmp(text_of(GROUPS "/one/cpu.max"), "2000 1000000"), "cpu.max");
	ktap_expect(!strcmp(text_of(GROUPS "/one/memory.max"), "max"), "memory.max is left");
	ktap_need(shell("mkdir " GROUPS "/one/below && echo +pids >" GROUPS
			"/one/cgroup.subtree_control"), "mkdir");
	fd = made("one", &no_limits);
	process_in(fd);
	ktap_expect(cgroup_kill("one") == 0, "kill");
	must(cgroup_remove("one", &error));
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* In a mount tree of its own, what is at /sys/fs/cgroup is other. */
static void run_without(const void *data)
{
	static const struct vctl_conf conf = { .io_weight = 300 };

	(void)data;
	ktap_need(unshare(CLONE_NEWNS) == 0, "unshare");
	ktap_need(shell("mount --make-rprivate / && umount /sys/fs/cgroup"), "umount");
	ktap_expect(cgroup_make("one", &no_limits, &error) == -ENOENT && !error, "made");
	refuses(cgroup_make("one", &conf, &error), EOPNOTSUPP, VCTL_SYSTEM, "no control groups");
	ktap_expect(cgroup_open("one") == -1 && errno == ENOENT && cgroup_empty("one"), "open");
	must(cgroup_remove("one", &error));

	/* Beside those of v1, where they have few controllers. */
	ktap_need(shell("mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/unified && "
			"mount -t cgroup2 none /sys/fs/cgroup/unified"), "mount");
	close(made("one", &no_limits));
	ktap_expect(exists("/sys/fs/cgroup/unified/vserver/one"), "not where they are");
	must(cgroup_remove("one", &error));
	ktap_need(shell("echo -io >/sys/fs/cgroup/unified/cgroup.subtree_control && "
			"mkdir /sys/fs/cgroup/blkio && mount -t cgroup -o blkio none "
			"/sys/fs/cgroup/blkio"), "controllers of v1");
	refuses(cgroup_make("one", &conf, &error), EOPNOTSUPP, VCTL_SYSTEM,
		"lack the controller io");
	ktap_expect(!exists("/sys/fs/cgroup/unified/vserver"), "something is left");
	/* The controller comes back when the kernel has got round to it. */
	ktap_need(shell("umount /sys/fs/cgroup/blkio; cd /sys/fs/cgroup/unified; "
			"for i in 1 2 3 4 5 6 7 8 9; do grep -q io cgroup.controllers && break; "
			"sleep 0.2; done; echo +io >cgroup.subtree_control"), "controllers of v2");
}

static void run_deep(const void *data)
{
	int depth = 0, fd;

	(void)data;
	fd = made("one", &no_limits);
	while (depth < 100 && mkdirat(fd, "x", 0755) == 0) {
		int below = openat(fd, "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(fd);
		fd = below;
		depth++;
	}
	close(fd);
	ktap_need(depth == 100, "only %d deep", depth);
	must(cgroup_remove("one", &error));
	ktap_expect(!exists(GROUPS), "something is left");
}

/* Twenty at once, each a vserver of its own, which share but the parent. */
static void run_race(const void *data)
{
	int status = 0, bad = 0;

	(void)data;
	for (int i = 0; i < 20; i++) {
		if (fork())
			continue;
		for (int j = 0; j < 30; j++) {
			const char *name = ktap_text("race%d", i);
			int fd = made(name, &no_limits);
			pid_t pid = process_in(fd);

			close(fd);
			ktap_expect(cgroup_kill(name) == 0, "kill: %s", strerror(errno));
			must(cgroup_remove(name, &error));
			waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	ktap_expect(!bad && !exists(GROUPS), "%d failed", bad);
}

static const struct ktap_case cases[] = {
	{ "an IPv4 address comes and goes", run_add, "10.9.0.5" },
	{ "an IPv6 address comes and goes", run_add, "2001:db8:9::5" },
	{ "an IPv6 address can be bound to at once", run_bind },
	{ "addresses of others stay, and count", run_others },
	{ "other addresses of the network stay", run_secondaries },
	{ "labels are as long as they may be", run_label },
	{ "prefix and broadcast address fit the device", run_networks },
	{ "a device that isn't there", run_missing },
	{ "what the kernel refuses", run_refused },
	{ "an IPv4 address is announced", run_announce, "10.9.0.5" },
	{ "an IPv6 address is announced", run_announce, "2001:db8:9::5" },
	{ "a control group comes and goes", run_group },
	{ "all in a control group is killed", run_kill },
	{ "a control group of dying processes is removed", run_kill_remove },
	{ "limits of a control group", run_limits },
	{ "a machine without control groups v2", run_without },
	{ "groups in groups are removed", run_deep },
	{ "control groups of many vservers at once", run_race, .seconds = 30 },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
