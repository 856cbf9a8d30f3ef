// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of socket calls by processes that are tied to addresses.
 *
 * Three things are looked at.  The name of every socket after every call.  By somebody who is not
 * tied, every packet that comes from where one of the ports is called or served.  And what is
 * received: somebody sends to all addresses of the machine all the time, and every message has in
 * it where it was sent to.  None of that may ever be an address that isn't in the set.
 */
#include "stress.h"
#include "tie.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SOCKETS		8
#define PORT		7100	/* and the next three */
#define PORTS		4
#define SENDER		7200	/* ports of the one who sends to all */
#define SENDERS		100
#define PROCESSES	2
#define MPTCP		262
#define MAGIC		0x76637873

static unsigned long calls = 1000000;
static unsigned long seed = 20261124;

static struct shared {
	_Atomic unsigned long made, packets, received, sent;
	_Atomic unsigned int over;
} *shared;

/* What the two can be tied to; nobody else has any of these. */
static const struct {
	const char *sets[PROCESSES];
	uint32_t flags;
} ties[] = {
	{ { "10.78.0.2", "10.78.0.5/24" }, 0 },
	{ { "10.78.0.2/24 10.78.0.4/24", "10.78.0.5 10.78.0.6" }, 0 },
	{ { "10.78.0.2/24 fd78::2/64", "10.78.0.5/24 fd78::5/64" }, 0 },
	{ { "10.78.0.2/24 10.78.0.4 fd78::2/64 fd78::4", "fd78::6 fd78::5 10.78.0.6 10.78.0.5" },
	  0 },
	{ { "fd78::2/64", "fd78::5/64 fd78::6/64" }, 0 },
	{ { "10.78.0.2/24", "10.78.0.5" }, VCONTEXT_BIND_LOOPBACK },
	{ { "10.78.0.2/24 fd78::2/64", "fd78::5" }, VCONTEXT_BIND_LOOPBACK },
	{ { "10.78.0.2/24 10.78.0.4", "10.78.0.5 10.78.0.6 fd78::6" }, VCONTEXT_BIND_LOOPBACK },
};

static const char *const all_own[] = {
	"10.78.0.2", "10.78.0.4", "10.78.0.5", "10.78.0.6", "fd78::2", "fd78::4", "fd78::5",
	"fd78::6",
};

static const char *const addresses[] = {
	"10.78.0.1", "10.78.0.2", "10.78.0.3", "10.78.0.4", "10.78.0.5", "10.78.0.6", "fd78::1",
	"fd78::2", "fd78::3", "fd78::4", "fd78::5", "fd78::6", "0.0.0.0", "::", "127.0.0.1", "::1",
	"127.0.0.2", "255.255.255.255", "10.78.0.255", "224.0.0.5", "ff02::5", "10.99.1.1",
	"127.64.0.1", "127.64.0.2", "127.64.0.3", "127.128.0.1", "127.128.0.2", "127.128.0.3",
};

/* All addresses are kept as of IPv6, those of IPv4 mapped. */
static struct in6_addr spots[ARRAY_SIZE(addresses)], owns[ARRAY_SIZE(all_own)];

/* Addresses */

static struct in6_addr map(uint32_t address)
{
	struct in6_addr in6 = { 0 };

	in6.s6_addr32[2] = htonl(0xffff);
	in6.s6_addr32[3] = address;
	return in6;
}

static struct in6_addr read_spot(const char *text)
{
	struct in6_addr in6;

	if (!strchr(text, ':'))
		return map(inet_addr(text));
	inet_pton(AF_INET6, text, &in6);
	return in6;
}

static const char *print_spot(const struct in6_addr *spot)
{
	static char texts[2][64];
	static int at;

	at = !at;
	return inet_ntop(AF_INET6, spot, texts[at], sizeof(texts[at]));
}

static bool is_ipv4(const struct in6_addr *spot)
{
	return IN6_IS_ADDR_V4MAPPED(spot);
}

static uint32_t host_ipv4(const struct in6_addr *spot)
{
	return is_ipv4(spot) ? ntohl(spot->s6_addr32[3]) : 0;
}

static bool is_any(const struct in6_addr *spot)
{
	return IN6_IS_ADDR_UNSPECIFIED(spot) || (is_ipv4(spot) && !spot->s6_addr32[3]);
}

static bool is_loopback(const struct in6_addr *spot)
{
	return IN6_IS_ADDR_LOOPBACK(spot) || host_ipv4(spot) >> 24 == 127;
}

/* The number of a private loopback, of either kind; 0: it is none. */
static uint32_t private_number(const struct in6_addr *spot)
{
	uint32_t address = host_ipv4(spot);

	if (address >> 22 != 0x7f40 >> 6 && address >> 22 != 0x7f80 >> 6)
		return 0;
	return address & 0x3fffff;
}

static bool is_group(const struct in6_addr *spot)
{
	uint32_t address = host_ipv4(spot);

	return IN6_IS_ADDR_MULTICAST(spot) || address >> 28 == 14 || address == 0xffffffff;
}

struct name {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t length;
};

static struct name name_of(const struct in6_addr *spot, int port, bool ipv6)
{
	struct name name = { .length = sizeof(name.in6) };

	if (ipv6 || !is_ipv4(spot)) {
		name.in6.sin6_family = AF_INET6;
		name.in6.sin6_addr = *spot;
		name.in6.sin6_port = htons(port);
	} else {
		name.in.sin_family = AF_INET;
		name.in.sin_addr.s_addr = spot->s6_addr32[3];
		name.in.sin_port = htons(port);
		name.length = sizeof(name.in);
	}
	return name;
}

static struct in6_addr spot_of(const struct name *name)
{
	return name->any.sa_family == AF_INET ? map(name->in.sin_addr.s_addr) : name->in6.sin6_addr;
}

/* What is sent: an echo request, where that counts, who sends it, and where to. */
struct message {
	uint8_t type, code, zero[6];
	uint32_t magic, sender;
	struct in6_addr goal;
};

/* The one who is tied */

static int sockets[SOCKETS];
static int self;			/* number of the process, from 1; 0 is the one who sends */
static bool local;
static struct in6_addr set[8];
static struct vcontext_address set_of[8];
static int set_size, set_ipv4;

static void tie_self(int device, const char *text, uint32_t flags)
{
	const char *at;
	int err;

	local = flags & VCONTEXT_BIND_LOOPBACK;
	set_size = set_ipv4 = 0;
	for (at = text; *at; at += strspn(at, " ")) {
		set_of[set_size] = tie_address(at);
		if (set_of[set_size].family == AF_INET)
			set[set_size] = map(*(uint32_t *)set_of[set_size].address);
		else
			memcpy(&set[set_size], set_of[set_size].address, 16);
		set_ipv4 += set_of[set_size].family == AF_INET;
		set_size++;
		at += strcspn(at, " ");
	}
	err = tie_to(device, text, flags);
	errno = -err;
	if (err)
		die("VCONTEXT_BIND");
}

static bool has(const struct in6_addr *spot)
{
	int i;

	for (i = 0; i < set_size; i++)
		if (IN6_ARE_ADDR_EQUAL(&set[i], spot) ||
		    (set_of[i].broadcast && is_ipv4(spot) &&
		     set_of[i].broadcast == spot->s6_addr32[3]))
			return true;
	return false;
}

static struct name random_name(struct random *r)
{
	const struct in6_addr *spot = &spots[random_below(r, ARRAY_SIZE(spots))];
	int port = random_below(r, 4) ? PORT + random_below(r, PORTS) : 0;
	struct name name;

	/* one's own more often than others' */
	if (random_below(r, 2))
		spot = &set[random_below(r, set_size)];
	name = name_of(spot, port, random_below(r, 2));
	if (!random_below(r, 16))
		name.any.sa_family = random_below(r, 2) ? AF_UNSPEC : AF_INET6;
	if (!random_below(r, 64))
		name.length = random_below(r, name.length + 1);
	return name;
}

static void random_socket(struct random *r, int *fd)
{
	static const struct {
		int family, type, protocol;
		bool refused;
	} kinds[] = {
		{ AF_INET, SOCK_STREAM, 0 }, { AF_INET, SOCK_STREAM, 0 },
		{ AF_INET, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, 0 },
		{ AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE }, { AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
		{ AF_INET6, SOCK_STREAM, 0 }, { AF_INET6, SOCK_STREAM, 0 },
		{ AF_INET6, SOCK_DGRAM, 0 }, { AF_INET6, SOCK_DGRAM, 0 },
		{ AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE }, { AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
		{ AF_INET, SOCK_STREAM, MPTCP, true }, { AF_INET, SOCK_STREAM, IPPROTO_SCTP, true },
		{ AF_INET6, SOCK_STREAM, MPTCP, true }, { AF_INET6, SOCK_SEQPACKET, 0, true },
		{ AF_INET, SOCK_RAW, IPPROTO_UDP, true }, { AF_INET6, SOCK_RAW, IPPROTO_UDP, true },
		{ AF_PACKET, SOCK_RAW, 0, true },
	};
	int at = random_below(r, ARRAY_SIZE(kinds)), off = random_below(r, 2), new;

	new = socket(kinds[at].family, kinds[at].type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		     kinds[at].protocol);
	if (new < 0)
		return;
	if (kinds[at].refused)
		wrong("a socket of family %d, type %d, protocol %d", kinds[at].family,
		      kinds[at].type, kinds[at].protocol);
	if (kinds[at].family == AF_INET6)
		setsockopt(new, SOL_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	close(*fd);
	*fd = new;
}

static void random_group(struct random *r, int fd)
{
	struct ip_mreq join = { .imr_interface.s_addr =
				spots[random_below(r, 6)].s6_addr32[3] };
	struct ipv6_mreq join6 = { .ipv6mr_interface = random_below(r, 3) };

	join.imr_multiaddr.s_addr = inet_addr("224.0.0.5");
	inet_pton(AF_INET6, "ff02::5", &join6.ipv6mr_multiaddr);
	if (random_below(r, 2))
		setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join));
	else
		setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &join6, sizeof(join6));
}

static void random_option(struct random *r, int fd)
{
	static const int options[][2] = {
		{ SOL_IP, IP_FREEBIND }, { SOL_IP, IP_TRANSPARENT },
		{ SOL_IP, IP_BIND_ADDRESS_NO_PORT }, { SOL_SOCKET, SO_REUSEADDR },
		{ SOL_SOCKET, SO_REUSEPORT }, { SOL_SOCKET, SO_BROADCAST }, { SOL_IP, IP_PKTINFO },
		{ SOL_TCP, TCP_FASTOPEN_CONNECT }, { SOL_TCP, TCP_FASTOPEN },
		{ SOL_TCP, TCP_REPAIR }, { SOL_TCP, TCP_DEFER_ACCEPT },
		{ SOL_SOCKET, SO_BINDTODEVICE },
		{ SOL_IP, IP_MULTICAST_IF }, { SOL_IP, IP_UNICAST_IF }, { SOL_IPV6, IPV6_V6ONLY },
		{ SOL_IPV6, IPV6_FREEBIND }, { SOL_IPV6, IPV6_TRANSPARENT },
		{ SOL_IPV6, IPV6_ADDRFORM }, { SOL_IPV6, IPV6_UNICAST_IF },
		{ SOL_IPV6, IPV6_MULTICAST_IF }, { SOL_IPV6, IPV6_RECVPKTINFO },
		{ SOL_IP, IP_ADD_MEMBERSHIP },
	};
	const int *option = options[random_below(r, ARRAY_SIZE(options))];
	struct in_addr in = { spots[random_below(r, 6)].s6_addr32[3] };
	int value = random_below(r, 2);

	if (option[1] == SO_BINDTODEVICE && option[0] == SOL_SOCKET)
		setsockopt(fd, option[0], option[1], value ? "dummy0" : "", 7);
	else if (option[1] == IP_MULTICAST_IF && option[0] == SOL_IP)
		setsockopt(fd, option[0], option[1], &in, sizeof(in));
	else if (option[1] == IP_ADD_MEMBERSHIP && option[0] == SOL_IP)
		random_group(r, fd);
	else if (option[1] == IPV6_ADDRFORM && option[0] == SOL_IPV6)
		setsockopt(fd, option[0], option[1], &(int){ AF_INET }, sizeof(int));
	else
		setsockopt(fd, option[0], option[1], &value, sizeof(value));
}

static int option_of(int fd, int option)
{
	socklen_t length = sizeof(int);
	int value = 0;

	getsockopt(fd, SOL_SOCKET, option, &value, &length);
	return value;
}

/* Put a control message that asks for the source @from; returns its length. */
static size_t ask_for_source(void *control, const struct in6_addr *from, bool ipv6, int device)
{
	struct cmsghdr *cmsg = control;
	struct in_pktinfo *info = (void *)CMSG_DATA(cmsg);
	struct in6_pktinfo *info6 = (void *)info;

	if (ipv6) {
		cmsg->cmsg_level = SOL_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(*info6));
		info6->ipi6_addr = *from;
		info6->ipi6_ifindex = device;
		return CMSG_SPACE(sizeof(*info6));
	}
	cmsg->cmsg_level = SOL_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*info));
	info->ipi_spec_dst.s_addr = from->s6_addr32[3];
	info->ipi_ifindex = device;
	return CMSG_SPACE(sizeof(*info));
}

static void send_message(int fd, struct name *to, struct message *text, void *control,
			 size_t controls, int flags)
{
	struct iovec part = { text, sizeof(*text) };
	struct msghdr message = { to, to ? to->length : 0, &part, 1, controls ? control : NULL,
				  controls, 0 };

	sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
}

static void random_message(struct random *r, int fd)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = { 0 };
	int domain = option_of(fd, SO_DOMAIN);
	struct message text = { .type = domain == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO };
	struct name name = random_name(r), *to = random_below(r, 4) ? &name : NULL;
	struct in6_addr from = spots[random_below(r, ARRAY_SIZE(spots))];
	size_t controls = 0;

	/* what has a name goes there, but on connections */
	if (to && option_of(fd, SO_TYPE) == SOCK_DGRAM && name.any.sa_family != AF_UNSPEC) {
		text.magic = MAGIC;
		text.sender = self;
		text.goal = spot_of(to);
	}
	if (random_below(r, 2))
		controls = ask_for_source(control, &from, domain == AF_INET6 && random_below(r, 4),
					  random_below(r, 3));
	send_message(fd, to, &text, control, controls, random_below(r, 4) ? 0 : MSG_FASTOPEN);
}

/* May we hear what @message says? */
static bool is_ours(const struct message *message)
{
	const struct in6_addr *goal = &message->goal;

	/* any is where a source is that was asked for */
	if (is_any(goal) || has(goal) || is_group(goal))
		return true;
	return local && (int)message->sender == self && is_loopback(goal);
}

static void random_receive(int fd)
{
	struct message message;
	int i;

	for (i = 0; i < 4; i++) {
		ssize_t size = recv(fd, &message, sizeof(message), MSG_DONTWAIT);

		if (size < 0)
			return;
		/* an answer to an echo request has what was asked in it */
		if (size < (ssize_t)sizeof(message) || message.magic != MAGIC ||
		    (message.type != ICMP_ECHO && message.type != ICMP6_ECHO_REQUEST))
			continue;
		shared->received++;
		if (!is_ours(&message))
			wrong("number %d received what %u sent to %s", self, message.sender,
			      print_spot(&message.goal));
	}
}

static void look(int number)
{
	struct name name = { .length = sizeof(name.in6) };
	struct in6_addr spot;

	if (sockets[number] < 0 || getsockname(sockets[number], &name.any, &name.length))
		return;
	if (name.any.sa_family != AF_INET && name.any.sa_family != AF_INET6)
		return;
	spot = spot_of(&name);
	if (has(&spot))
		return;
	/* any, where it isn't a single one for good */
	if (is_any(&spot) && (local || set_ipv4 != 1 || name.any.sa_family == AF_INET6))
		return;
	if (local && (IN6_IS_ADDR_LOOPBACK(&spot) || host_ipv4(&spot) == INADDR_LOOPBACK))
		return;
	wrong("a socket has the name %s, port %d", print_spot(&spot), ntohs(name.in.sin_port));
}

static void random_call(struct random *r)
{
	struct name name = random_name(r);
	int *fd = &sockets[random_below(r, SOCKETS)], new;

	switch (random_below(r, 14)) {
	case 0:
		random_socket(r, fd);
		break;
	case 1:
	case 2:
		bind(*fd, &name.any, name.length);
		break;
	case 3:
		listen(*fd, 4);
		break;
	case 4:
	case 5:
		connect(*fd, &name.any, name.length);
		break;
	case 6:
		name.any.sa_family = AF_UNSPEC;
		connect(*fd, &name.any, name.length);
		break;
	case 7:
		new = accept4(*fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (new >= 0) {
			close(*fd);
			*fd = new;
		}
		break;
	case 8:
	case 9:
		random_option(r, *fd);
		break;
	case 10:
	case 11:
		random_receive(*fd);
		break;
	case 12:
		if (random_below(r, 4))
			shutdown(*fd, random_below(r, 3));
		else
			random_socket(r, fd);
		break;
	default:
		random_message(r, *fd);
	}
}

/* One life: @made calls by one that is tied to one of the sets. */
static void run_tied(int process, unsigned int life, unsigned long made)
{
	struct random r = { seed + 1000 * life + process };
	int i, device = open_device();
	unsigned long n;

	self = process + 1;
	tie_self(device, ties[life % ARRAY_SIZE(ties)].sets[process],
		 ties[(life + life / ARRAY_SIZE(ties) * process) % ARRAY_SIZE(ties)].flags);
	close(device);
	for (i = 0; i < SOCKETS; i++) {
		sockets[i] = -1;
		random_socket(&r, &sockets[i]);
	}
	for (n = 0; n < made && !wrongs->count; n++) {
		random_call(&r);
		random_receive(sockets[n % SOCKETS]);
		for (i = 0; i < SOCKETS; i++)
			look(i);
		shared->made++;
	}
	_exit(0);
}

/* The one who sends to all */

static void call_stream(struct random *r, struct message *text)
{
	struct name to = name_of(&text->goal, PORT + random_below(r, PORTS), false);
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct linger linger = { 1, 0 };
	struct in6_addr any = to.any.sa_family == AF_INET ? map(0) : in6addr_any;
	struct name from = name_of(&any, SENDER + 1 + random_below(r, SENDERS - 1), false);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (fd >= 0 && !bind(fd, &from.any, from.length) &&
	    (!connect(fd, &to.any, to.length) || errno == EINPROGRESS)) {
		send(fd, text, sizeof(*text), MSG_NOSIGNAL | MSG_DONTWAIT);
		nap(random_below(r, 200));
	}
	close(fd);
}

static int datagrams(int family, int protocol)
{
	int on = 1, fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	struct in6_addr any = family == AF_INET ? map(0) : in6addr_any;
	struct name from = name_of(&any, SENDER, false);

	if (family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on));
	if (bind(fd, &from.any, from.length))
		die("bind");
	return fd;
}

static void run_sender(void)
{
	int fds[2][2] = {
		{ datagrams(AF_INET, 0), datagrams(AF_INET, IPPROTO_UDPLITE) },
		{ datagrams(AF_INET6, 0), datagrams(AF_INET6, IPPROTO_UDPLITE) },
	};
	struct random r = { seed };

	while (!shared->over) {
		char control[CMSG_SPACE(sizeof(struct in6_pktinfo))]
			__attribute__((aligned(8))) = { 0 };
		struct message text = { .type = ICMP_ECHO, .magic = MAGIC };
		struct in6_addr from = spots[random_below(&r, ARRAY_SIZE(spots))];
		size_t controls;
		struct name to;
		bool ipv6;
		int i;

		text.goal = random_below(&r, 2) ? spots[random_below(&r, ARRAY_SIZE(spots))] :
			    owns[random_below(&r, ARRAY_SIZE(owns))];
		ipv6 = !is_ipv4(&text.goal);
		controls = random_below(&r, 3) ? 0 : ask_for_source(control, &from, ipv6, 0);
		for (i = 0; i < 2 * PORTS; i++) {
			to = name_of(&text.goal, PORT + i / 2, ipv6);
			send_message(fds[ipv6][i % 2], &to, &text, control, controls, 0);
		}
		if (!random_below(&r, 8))
			call_stream(&r, &text);
		shared->sent += 2 * PORTS;
		if (!random_below(&r, 32))
			nap(50);
	}
	_exit(0);
}

/* The one who looks on */

/* A packet that has @from because somebody who is tied sent it, or is there. */
static void judge(const struct in6_addr *from, const struct in6_addr *to, const char *what)
{
	size_t i;

	shared->packets++;
	/* who is bound to a loopback calls from there; what is sent to one of others isn't heard */
	if (private_number(from)) {
		if (private_number(to) && private_number(from) != private_number(to))
			wrong("%s from %s to %s", what, print_spot(from), print_spot(to));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(owns); i++)
		if (IN6_ARE_ADDR_EQUAL(&owns[i], from))
			return;
	wrong("%s from %s to %s", what, print_spot(from), print_spot(to));
}

static bool is_called(int port)
{
	return port >= PORT && port < PORT + PORTS;
}

static void look_at_ports(const struct in6_addr *from, const struct in6_addr *to, int protocol,
			  const void *data, ssize_t size)
{
	const struct icmphdr *icmp = data;
	const struct tcphdr *tcp = data;
	const struct udphdr *udp = data;
	int source, goal;

	if (size < (ssize_t)(protocol == IPPROTO_TCP ? sizeof(*tcp) : sizeof(*udp)))
		return;
	if ((protocol == IPPROTO_ICMP && icmp->type == ICMP_ECHO) ||
	    (protocol == IPPROTO_ICMPV6 && icmp->type == ICMP6_ECHO_REQUEST)) {
		judge(from, to, "an echo request");
		return;
	}
	source = ntohs(udp->source);
	goal = ntohs(udp->dest);
	if (source >= SENDER && source < SENDER + SENDERS)
		return;
	if (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE) {
		if (is_called(goal))
			judge(from, to, "a datagram");
	} else if (protocol == IPPROTO_TCP && tcp->syn) {
		if (!tcp->ack && is_called(goal))
			judge(from, to, "a call");
		else if (tcp->ack && is_called(source))
			judge(from, to, "an answer to a call");
	}
}

static void look_at(const unsigned char *packet, ssize_t size)
{
	const struct ip6_hdr *ip6 = (const void *)packet;
	const struct iphdr *ip = (const void *)packet;
	struct in6_addr from, to;

	if (size >= (ssize_t)sizeof(*ip) && ip->version == 4) {
		from = map(ip->saddr);
		to = map(ip->daddr);
		look_at_ports(&from, &to, ip->protocol, packet + ip->ihl * 4, size - ip->ihl * 4);
	} else if (size >= (ssize_t)sizeof(*ip6) && ip->version == 6) {
		from = ip6->ip6_src;
		to = ip6->ip6_dst;
		look_at_ports(&from, &to, ip6->ip6_nxt, ip6 + 1, size - sizeof(*ip6));
	}
}

static void run_watch(void)
{
	int size = 8 << 20, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	unsigned char packet[2048];
	struct pollfd p = { fd, POLLIN, 0 };

	if (fd < 0)
		die("AF_PACKET");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	while (!shared->over || poll(&p, 1, 0) > 0) {
		if (poll(&p, 1, 100) > 0)
			look_at(packet, recv(fd, packet, sizeof(packet), 0));
	}
	_exit(0);
}

static void set_up(void)
{
	size_t i;
	int host;

	for (host = 1; host <= 6; host++) {
		char text[200];

		sprintf(text, "ip addr add 10.78.0.%d/24 brd + dev dummy0; "
			"ip addr add fd78::%d/64 dev dummy0 nodad", host, host);
		(void)!system(text);
	}
	(void)!system("ip link set dummy0 up");
	write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	write_text("/proc/sys/net/ipv4/tcp_fastopen", "3");
	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		spots[i] = read_spot(addresses[i]);
	for (i = 0; i < ARRAY_SIZE(all_own); i++)
		owns[i] = read_spot(all_own[i]);
	wrongs_begin();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
}

static unsigned long run_lives(void)
{
	unsigned int lives = 2 * ARRAY_SIZE(ties), life;
	unsigned long each = calls / PROCESSES / lives;
	pid_t pids[PROCESSES];
	int i;

	for (life = 0; life < lives && !wrongs->count; life++) {
		for (i = 0; i < PROCESSES; i++) {
			pids[i] = must_fork();
			if (!pids[i])
				run_tied(i, life, each);
		}
		for (i = 0; i < PROCESSES; i++)
			if (must_wait(pids[i]))
				wrong("one of those who call ended");
		if (wrongs->count)
			printf("# in life %u\n", life);
	}
	return each * PROCESSES * lives;
}

static void read_arguments(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:s:")) >= 0) {
		if (option == 'n')
			calls = strtoul(optarg, NULL, 0);
		else if (option == 's')
			seed = strtoul(optarg, NULL, 0);
		else
			calls = 0;
	}
	if (optind < argc || !calls) {
		fprintf(stderr, "usage: fuzz_socket [-n CALLS] [-s SEED]\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	double start = now();
	pid_t watch, sender;
	unsigned long made;

	read_arguments(argc, argv);
	plan(4);
	set_up();
	watch = must_fork();
	if (!watch)
		run_watch();
	nap(100000);
	sender = must_fork();
	if (!sender)
		run_sender();
	made = run_lives();
	shared->over = 1;
	if (must_wait(sender))
		wrong("the one who sends ended");
	must_wait(watch);
	printf("# %lu calls, %lu packets looked at, %lu sent to all, %lu received in %.0f s\n",
	       shared->made, shared->packets, shared->sent, shared->received, now() - start);
	result(wrongs->count || shared->made == made, "all calls were made", "%lu of %lu",
	       shared->made, made);
	result(!wrongs->count, "no foreign address is seen", "%u times, first: %s", wrongs->count,
	       wrongs->text);
	result(wrongs->count || shared->packets > calls / 1000, "packets were sent", "%lu",
	       shared->packets);
	result(wrongs->count || shared->received > calls / 5000, "packets were received", "%lu",
	       shared->received);
	return failures ? 1 : 0;
}
