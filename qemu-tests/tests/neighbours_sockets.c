// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbours: sockets of every family in the lists of /proc/net and of sock_diag, and messages of
 * netlink from one process to another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/in6.h>		/* which has to know of the one before it */
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp_metrics.h>
#include <linux/unix_diag.h>
#include <linux/vm_sockets.h>
#include <linux/vm_sockets_diag.h>
#include <linux/xdp_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "confined.h"
#include "guest.h"
#include "netlink.h"

/* A kind of sockets, and where they are listed. */
static const struct kind {
	const char *name;
	int family, type, protocol;
	const char *list;	/* in /proc/net; the word in a line that is the inode's number */
	int word;
	bool own;		/* one's own are listed; else there are no lists in contexts */
} kinds[] = {
	{ "TCP", AF_INET, SOCK_STREAM, IPPROTO_TCP, "tcp", 9, true },
	{ "TCP of IPv6", AF_INET6, SOCK_STREAM, IPPROTO_TCP, "tcp6", 9, true },
	{ "UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP, "udp", 9, true },
	{ "UDP of IPv6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, "udp6", 9, true },
	{ "UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, "udplite", 9, true },
	{ "UDP-Lite of IPv6", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE, "udplite6", 9, true },
	{ "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, "icmp", 9 },
	{ "ping of IPv6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, "icmp6", 9 },
	{ "unix", AF_UNIX, SOCK_STREAM, 0, "unix", 6, true },
	{ "netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "netlink", 9 },
	{ "SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP, "sctp/eps", 7 },
	{ "vsock", AF_VSOCK, SOCK_STREAM, 0, NULL },
	{ "XDP", AF_XDP, SOCK_RAW, 0, NULL },
	/* these take a right to make, but none to list */
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_EGP, "raw", 9 },
	{ "raw of IPv6", AF_INET6, SOCK_RAW, IPPROTO_EGP, "raw6", 9 },
	{ "packet", AF_PACKET, SOCK_RAW, 0, "packet", 8 },
};

static const struct kind *kind(void)
{
	return &kinds[pair_argument];
}

static int bind_to_any(int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_nl netlink = { .nl_family = AF_NETLINK };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY,
				  .svm_port = VMADDR_PORT_ANY };

	switch (kind()->family) {
	case AF_INET:
		return bind(fd, (struct sockaddr *)&in, sizeof(in));
	case AF_INET6:
		return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	case AF_NETLINK:
		return bind(fd, (struct sockaddr *)&netlink, sizeof(netlink));
	case AF_UNIX:
		return bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t));
	case AF_VSOCK:
		return bind(fd, (struct sockaddr *)&vm, sizeof(vm));
	}
	return 0;
}

/* A socket of the kind in question that stays open: a memfd with its inode's number. */
static int give_inode(void)
{
	int fd = socket(kind()->family, kind()->type | SOCK_CLOEXEC, kind()->protocol);
	int memory = memfd_create("inode", MFD_CLOEXEC);
	struct stat st;

	if (fd < 0 || bind_to_any(fd) || fstat(fd, &st))
		return -1;
	if (kind()->type == SOCK_STREAM && listen(fd, 1))
		return -1;
	return pwrite(memory, &st.st_ino, sizeof(st.st_ino), 0) == sizeof(st.st_ino) ? memory : -1;
}

static ino_t inode_of(struct pair *pair)
{
	ino_t inode;

	ktap_need(pread(pair->fd, &inode, sizeof(inode), 0) == sizeof(inode), "memfd: %s",
		  errno_name(errno));
	return inode;
}

/* Has a line of @list @number as its word @word? */
static bool has_word(FILE *list, int word, unsigned long number)
{
	char line[512], *at;
	bool found = false;
	int i;

	while (fgets(line, sizeof(line), list)) {
		at = strtok(line, " \t\n");
		for (i = 0; at && i < word; i++)
			at = strtok(NULL, " \t\n");
		found = found || (at && strtoul(at, NULL, 10) == number);
	}
	return found;
}

/* Who may not read a list is not told by it. */
static int do_list(struct pair *pair)
{
	FILE *list = fopen(ktap_text("/proc/net/%s", kind()->list), "re");

	if (!list)
		return errno == EPERM || errno == EACCES ? ENOENT : errno;
	return has_word(list, kind()->word, inode_of(pair)) ? 0 : ENOENT;
}

/* sock_diag */

struct search {
	size_t offset;
	ino_t inode;
	bool found;
};

static void compare(const struct nlmsghdr *message, void *data)
{
	struct search *search = data;
	__u32 inode;

	if (message->nlmsg_len < NLMSG_LENGTH(search->offset + sizeof(inode)))
		return;
	memcpy(&inode, (char *)NLMSG_DATA(message) + search->offset, sizeof(inode));
	search->found = search->found || inode == search->inode;
}

union request {
	struct inet_diag_req_v2 inet;
	struct unix_diag_req unix_;
	struct netlink_diag_req netlink;
	struct packet_diag_req packet;
	struct vsock_diag_req vsock;
	struct xdp_diag_req xdp;
};

/* The question about all, how long it is, and where in the answers the inode's number is. */
static size_t question(union request *request, size_t *offset)
{
	memset(request, 0, sizeof(*request));
	request->inet.sdiag_family = kind()->family;
	request->inet.sdiag_protocol = kind()->type == SOCK_RAW ? IPPROTO_RAW : kind()->protocol;
	switch (kind()->family) {
	case AF_UNIX:
		request->unix_.udiag_states = ~0U;
		*offset = offsetof(struct unix_diag_msg, udiag_ino);
		return sizeof(request->unix_);
	case AF_NETLINK:
		request->netlink.sdiag_protocol = NDIAG_PROTO_ALL;
		*offset = offsetof(struct netlink_diag_msg, ndiag_ino);
		return sizeof(request->netlink);
	case AF_PACKET:
		request->packet.sdiag_protocol = 0;
		*offset = offsetof(struct packet_diag_msg, pdiag_ino);
		return sizeof(request->packet);
	case AF_VSOCK:
		request->vsock.vdiag_states = ~0U;
		*offset = offsetof(struct vsock_diag_msg, vdiag_ino);
		return sizeof(request->vsock);
	case AF_XDP:
		request->xdp.sdiag_protocol = 0;
		*offset = offsetof(struct xdp_diag_msg, xdiag_ino);
		return sizeof(request->xdp);
	}
	request->inet.idiag_states = ~0U;
	if (kind()->type == SOCK_RAW)
		request->inet.pad = kind()->protocol;
	*offset = offsetof(struct inet_diag_msg, idiag_inode);
	return sizeof(request->inet);
}

static int do_diag(struct pair *pair)
{
	struct search search = { .inode = inode_of(pair) };
	struct netlink_question message;
	union request request;
	size_t size = question(&request, &search.offset);
	int error, fd = netlink_open(NETLINK_SOCK_DIAG, 0);

	ktap_need(fd >= 0, "NETLINK_SOCK_DIAG: %s", errno_name(-fd));
	netlink_begin(&message, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, size);
	error = netlink_ask(fd, &message, compare, &search);
	return search.found ? 0 : error ?: ENOENT;
}

/* Messages of netlink that users send each other.  The target has a port and hears a group. */

static struct board {
	__u32 port;
	int got;
} *board;

static int listener;

static int listen_to(int protocol, unsigned int group)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(name);

	listener = netlink_open(protocol, group);
	if (listener < 0 || getsockname(listener, (struct sockaddr *)&name, &size))
		return -1;
	board->port = name.nl_pid;
	board->got = 0;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int give_port(void)
{
	return listen_to(NETLINK_USERSOCK, 0);
}

/* Groups are for root to join. */
static int give_group(void)
{
	return listen_to(NETLINK_USERSOCK, 1);
}

static int give_uevents(void)
{
	return listen_to(NETLINK_KOBJECT_UEVENT, 2);
}

static void hear(void)
{
	char byte;

	board->got = recv(listener, &byte, 1, MSG_DONTWAIT) > 0;
}

static int send_to(struct pair *pair, int protocol, __u32 port, unsigned int group)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = group };
	struct { struct nlmsghdr header; char text[8]; } message = {
		.header.nlmsg_len = sizeof(message), .text = "hello",
	};
	int error, fd = netlink_open(protocol, 0);

	if (fd < 0)
		return -fd;
	error = result(sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&name,
			      sizeof(name)));
	pair_let(pair, hear);
	return board->got ? 0 : error ?: ENOENT;
}

static int do_unicast(struct pair *pair)
{
	return send_to(pair, NETLINK_USERSOCK, board->port, 0);
}

static int do_group(struct pair *pair)
{
	return send_to(pair, NETLINK_USERSOCK, 0, 1);
}

static int do_uevent(struct pair *pair)
{
	return send_to(pair, NETLINK_KOBJECT_UEVENT, 0, 2);
}

/* A port that the kernel chooses is the number of its process; nobody has to be asked for it. */

static int give_own_port(void)
{
	return listen_to(NETLINK_ROUTE, 0);
}

static int bind_port(__u32 port)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_pid = port };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error = result(bind(fd, (struct sockaddr *)&name, sizeof(name)));

	close(fd);
	return error;
}

#define MOST_PIDS	(1 << 22)	/* of 64 bits, see include/linux/threads.h */

/* Is there a difference to a number that no process has? */
static int do_bind_port(struct pair *pair)
{
	(void)pair;
	return bind_port(board->port) != bind_port(MOST_PIDS - 2) ? 0 : ENOENT;
}

/* Labels of flows that are a process's alone are listed with its number. */

static int give_label(void)
{
	struct in6_flowlabel_req request = {
		.flr_action = IPV6_FL_A_GET,
		.flr_share = IPV6_FL_S_PROCESS, .flr_flags = IPV6_FL_F_CREATE,
		.flr_dst = IN6ADDR_LOOPBACK_INIT, .flr_linger = 6, .flr_expires = 6,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.flr_label = htonl(0x10000 + getpid() % 0xffff);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof(request)))
		return -1;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int do_label(struct pair *pair)
{
	FILE *list = fopen("/proc/net/ip6_flowlabel", "re");

	if (!list)
		return errno == EPERM || errno == EACCES ? ENOENT : errno;
	return has_word(list, 2, pair->target) ? 0 : ENOENT;
}

static int give_nothing(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Of these the module knows nothing: they may list anything. */
static int do_unlisted(struct pair *pair)
{
	static const char *const names[] = { "ptype", "connector", "netfilter", "ip_mr_vif" };
	int fd;

	(void)pair;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open(ktap_text("/proc/net/%s", names[i]), O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		close(fd);
		return 0;
	}
	return errno == EPERM ? ENOENT : errno;
}

static const struct act others[] = {
	{ "NETLINK_USERSOCK to a port", .give = give_port, .run = do_unicast,
	  .hidden = { ENOENT, ECONNREFUSED, EPERM } },
	{ "NETLINK_USERSOCK to a group", .give = give_group, .run = do_group,
	  .hidden = { ENOENT, ECONNREFUSED, ESRCH, EPERM }, .flags = ROOT_ONLY },
	{ "NETLINK_KOBJECT_UEVENT to a group", .give = give_uevents, .run = do_uevent,
	  .hidden = { ENOENT, ECONNREFUSED, ESRCH, EPERM }, .flags = ROOT_ONLY },
	{ "bind to a process's netlink port", .give = give_own_port, .run = do_bind_port,
	  .hidden = { ENOENT }, .together = ENOENT },
	{ "/proc/net/ip6_flowlabel", .give = give_label, .run = do_label, .hidden = { ENOENT },
	  .together = ENOENT },
	{ "/proc/net, what is not known to be harmless", .give = give_nothing, .run = do_unlisted,
	  .hidden = { ENOENT }, .together = ENOENT },
};

/* What was measured of the machine's connections is told by their far end. */

#define FAR_END		htonl(0x7f000707)

static void connect_once(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = FAR_END };
	socklen_t size = sizeof(name);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), end, fd;
	char byte;

	ktap_need(!bind(listener, (struct sockaddr *)&name, size) && !listen(listener, 1) &&
		  !getsockname(listener, (struct sockaddr *)&name, &size), "a listener");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ktap_need(!connect(fd, (struct sockaddr *)&name, size), "connect: %s", errno_name(errno));
	end = accept(listener, NULL, NULL);
	ktap_need(write(fd, "", 1) == 1 && read(end, &byte, 1) == 1, "a connection");
	close(end);
	ktap_need(!read(fd, &byte, 1), "its end");
	close(fd);
	close(listener);
}

static void note_family(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *id = netlink_find(message, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);

	if (id)
		memcpy(data, (const char *)id + NLA_HDRLEN, sizeof(__u16));
}

static void note_metrics(const struct nlmsghdr *message, void *data)
{
	if (netlink_find(message, GENL_HDRLEN, TCP_METRICS_ATTR_VALS))
		*(bool *)data = true;
}

/* Returns 0 if it was told, or an errno. */
static int ask_metrics(void)
{
	struct genlmsghdr body = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	int error, fd = netlink_open(NETLINK_GENERIC, 0);
	struct netlink_question message;
	__be32 far_end = FAR_END;
	bool told = false;
	__u16 family = 0;

	ktap_need(fd >= 0, "NETLINK_GENERIC: %s", errno_name(-fd));
	netlink_begin(&message, GENL_ID_CTRL, 0, &body, sizeof(body));
	netlink_add(&message, CTRL_ATTR_FAMILY_NAME, TCP_METRICS_GENL_NAME,
		    sizeof(TCP_METRICS_GENL_NAME));
	error = netlink_ask(fd, &message, note_family, &family);
	ktap_need(!error && family, "families: %s", errno_name(error));
	body.cmd = TCP_METRICS_CMD_GET;
	netlink_begin(&message, family, 0, &body, sizeof(body));
	netlink_add(&message, TCP_METRICS_ATTR_ADDR_IPV4, &far_end, sizeof(far_end));
	error = netlink_ask(fd, &message, note_metrics, &told);
	close(fd);
	return told ? 0 : error ?: ENOENT;
}

static void run_metrics_outside(const void *unused)
{
	int error;

	(void)unused;
	become(USER);
	connect_once();
	error = ask_metrics();
	ktap_expect(!error, "expected to be told, came %s", errno_name(error));
}

static void run_metrics_inside(const void *user)
{
	int error;

	connect_once();
	if (user) {
		become(USER);
		enter_new(0);
	} else {
		enter_secure();
	}
	error = ask_metrics();
	ktap_expect(error == EPERM, "expected EPERM, came %s", errno_name(error));
}

/* Root may open for writing as well what is there to be read; this one does not mind. */
static void run_unlisted_writing(const void *unused)
{
	int fd;

	(void)unused;
	enter_new(0);
	fd = open("/proc/net/sctp/snmp", O_RDWR | O_CLOEXEC);
	ktap_expect(fd < 0 && errno == EPERM, "expected EPERM, came %s",
		    fd < 0 ? errno_name(errno) : "a descriptor");
}

static const struct ktap_case cases[] = {
	{ "/proc/net, what is not known to be harmless, for writing", run_unlisted_writing },
	{ "tcp_metrics outside", run_metrics_outside, .anywhere = "context 0 may" },
	{ "tcp_metrics as user", run_metrics_inside, "user" },
	{ "tcp_metrics as root under secure", run_metrics_inside },
};

/* It takes a right to make a socket of such a kind, not to list it. */
static bool is_roots(const struct kind *kind)
{
	return kind->type == SOCK_RAW && kind->family != AF_NETLINK;
}

static struct act acts[2 * ARRAY_SIZE(kinds)];

int main(int argc, char **argv)
{
	size_t i, count = 0;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct act act = {
			.give = give_inode, .argument = i, .hidden = { ENOENT, ECONNREFUSED },
			.together = kinds[i].own ? 0 : ENOENT,
			.flags = is_roots(&kinds[i]) ? ROOT_ONLY : 0,
		};

		act.name = ktap_text("/proc/net/%s, %s", kinds[i].list, kinds[i].name);
		act.run = do_list;
		if (kinds[i].list)
			acts[count++] = act;
		act.name = ktap_text("sock_diag, %s", kinds[i].name);
		act.run = do_diag;
		/* the kernel has none of the others */
		if (kinds[i].protocol != IPPROTO_ICMP && kinds[i].protocol != IPPROTO_ICMPV6)
			acts[count++] = act;
	}
	pair_add_neighbours(acts, count);
	pair_add_all_neighbours(others);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
