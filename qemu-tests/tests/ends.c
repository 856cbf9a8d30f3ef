// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of parties. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

const char *const kind_names[KINDS] = { "TCP", "UDP", "UDP-Lite", "ping" };

/* One act on a socket, as it is told to the party that has it. */
struct act_on {
	int fd, error, milliseconds, option[3], port;
	char address[64], source[64];
};

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_ll ll;
};

static socklen_t read_name(union name *name, const char *text, int port)
{
	char digits[64];
	char *scope;

	memset(name, 0, sizeof(*name));
	if (!strchr(text, ':')) {
		name->in.sin_family = AF_INET;
		name->in.sin_port = htons(port);
		ktap_need(inet_pton(AF_INET, text, &name->in.sin_addr) == 1, "no address: %s",
			  text);
		return sizeof(name->in);
	}
	name->in6.sin6_family = AF_INET6;
	name->in6.sin6_port = htons(port);
	snprintf(digits, sizeof(digits), "%s", text);
	scope = strchr(digits, '%');
	if (scope) {
		*scope = '\0';
		name->in6.sin6_scope_id = if_nametoindex(scope + 1);
	}
	ktap_need(inet_pton(AF_INET6, digits, &name->in6.sin6_addr) == 1, "no address: %s", text);
	return sizeof(name->in6);
}

static void print_name(const union name *name, char *text, int *port)
{
	text[0] = '\0';
	*port = ntohs(name->in.sin_port);
	if (name->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &name->in.sin_addr, text, 64);
	else if (name->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &name->in6.sin6_addr, text, 64);
}

static struct act_on act_on(struct end end, void (*act)(void *data), const char *address, int port)
{
	struct act_on what = { .fd = end.fd, .port = port };

	snprintf(what.address, sizeof(what.address), "%s", address ?: "");
	tell(end.at, act, &what, sizeof(what));
	return what;
}

/* Making */

static void do_new(void *data)
{
	static const int kinds[KINDS][2] = {
		[TCP] = { SOCK_STREAM, 0 },
		[UDP] = { SOCK_DGRAM, 0 },
		[UDP_LITE] = { SOCK_DGRAM, IPPROTO_UDPLITE },
		[PING] = { SOCK_DGRAM, IPPROTO_ICMP },
	};
	struct timeval patience = { ktap_seconds(2), 0 };
	struct linger linger = { 1, 0 };	/* no connection is in the next case's way */
	struct act_on *what = data;
	const int *kind = kinds[what->option[1]];
	int protocol = kind[1], family = what->option[0];

	if (protocol == IPPROTO_ICMP && family == AF_INET6)
		protocol = IPPROTO_ICMPV6;
	what->fd = socket(family, kind[0] | SOCK_CLOEXEC, protocol);
	what->error = errno;
	setsockopt(what->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(what->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

struct end end_new(struct party *at, enum kind kind, int family)
{
	struct act_on what = { .option = { family, kind } };

	tell(at, do_new, &what, sizeof(what));
	ktap_expect(what.fd >= 0, "expected a socket for %s, came %s", kind_names[kind],
		    errno_name(what.error));
	return (struct end){ at, what.fd, kind };
}

static void do_close(void *data)
{
	struct act_on *what = data;

	close(what->fd);
}

void end_close(struct end end)
{
	act_on(end, do_close, NULL, 0);
}

/* Naming */

static void do_bind(void *data)
{
	struct act_on *what = data;
	union name name;
	socklen_t length = read_name(&name, what->address, what->port);

	what->error = bind(what->fd, &name.any, length) ? errno : 0;
}

int end_bind(struct end end, const char *address, int port)
{
	return act_on(end, do_bind, address, port).error;
}

static void do_listen(void *data)
{
	struct act_on *what = data;

	what->error = listen(what->fd, 50) ? errno : 0;
}

int end_listen(struct end end)
{
	return act_on(end, do_listen, NULL, 0).error;
}

static void do_connect(void *data)
{
	struct act_on *what = data;
	union name name;
	socklen_t length = read_name(&name, what->address, what->port);

	what->error = connect(what->fd, &name.any, length) ? errno : 0;
}

int end_connect(struct end end, const char *address, int port)
{
	return act_on(end, do_connect, address, port).error;
}

static void do_not_wait(void *data)
{
	struct act_on *what = data;

	fcntl(what->fd, F_SETFL, O_NONBLOCK);
}

void end_not_wait(struct end end)
{
	act_on(end, do_not_wait, NULL, 0);
}

static void do_disconnect(void *data)
{
	struct sockaddr_in6 nothing = { .sin6_family = AF_UNSPEC };
	struct act_on *what = data;

	what->error = connect(what->fd, (struct sockaddr *)&nothing, sizeof(nothing)) ? errno : 0;
}

int end_disconnect(struct end end)
{
	return act_on(end, do_disconnect, NULL, 0).error;
}

static void do_option(void *data)
{
	struct act_on *what = data;

	what->error = setsockopt(what->fd, what->option[0], what->option[1], &what->option[2],
				 sizeof(int)) ? errno : 0;
}

int end_option(struct end end, int level, int name, int value)
{
	struct act_on what = { .fd = end.fd, .option = { level, name, value } };

	tell(end.at, do_option, &what, sizeof(what));
	return what.error;
}

static void do_name(void *data)
{
	struct act_on *what = data;
	union name name = { 0 };
	socklen_t length = sizeof(name);

	if (what->port)
		what->error = getpeername(what->fd, &name.any, &length) ? errno : 0;
	else
		what->error = getsockname(what->fd, &name.any, &length) ? errno : 0;
	print_name(&name, what->address, &what->port);
}

/* Texts that live until eight more are made. */
static const char *short_lived(const char *text)
{
	static char texts[8][64];
	static int at;

	at = (at + 1) % 8;
	return strcpy(texts[at], text);
}

const char *end_name(struct end end)
{
	return short_lived(act_on(end, do_name, NULL, 0).address);
}

const char *end_peer(struct end end)
{
	return short_lived(act_on(end, do_name, NULL, 1).address);
}

int end_port(struct end end)
{
	return act_on(end, do_name, NULL, 0).port;
}

/* Sending; an echo request where that counts. */

static const char packet[16] = { 8 };
static const char packet6[16] = { (char)128 };

static const char *packet_for(int fd)
{
	socklen_t length = sizeof(int);
	int protocol = 0;

	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
	return protocol == IPPROTO_ICMPV6 ? packet6 : packet;
}

static void do_send(void *data)
{
	struct act_on *what = data;

	what->error = send(what->fd, packet_for(what->fd), sizeof(packet), MSG_NOSIGNAL) < 0 ?
		      errno : 0;
}

int end_send(struct end end)
{
	return act_on(end, do_send, NULL, 0).error;
}

static void do_send_to(void *data)
{
	struct act_on *what = data;
	union name name;
	socklen_t length = read_name(&name, what->address, what->port);

	what->error = sendto(what->fd, packet_for(what->fd), sizeof(packet), MSG_NOSIGNAL,
			     &name.any, length) < 0 ? errno : 0;
}

int end_send_to(struct end end, const char *address, int port)
{
	return act_on(end, do_send_to, address, port).error;
}

static void do_send_from(void *data)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
	struct act_on *what = data;
	union name name, source;
	socklen_t length = read_name(&name, what->address, what->port);
	struct iovec part = { (void *)packet_for(what->fd), sizeof(packet) };
	struct msghdr message = { &name, length, &part, 1, control, sizeof(control), 0 };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	struct in_pktinfo *info = (void *)CMSG_DATA(cmsg);
	struct in6_pktinfo *info6 = (void *)info;

	read_name(&source, what->source, 0);
	if (source.any.sa_family == AF_INET) {
		cmsg->cmsg_level = SOL_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(*info));
		info->ipi_spec_dst = source.in.sin_addr;
		message.msg_controllen = CMSG_SPACE(sizeof(*info));
	} else {
		cmsg->cmsg_level = SOL_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(*info6));
		info6->ipi6_addr = source.in6.sin6_addr;
	}
	what->error = sendmsg(what->fd, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

int end_send_from(struct end end, const char *source, const char *address, int port)
{
	struct act_on what = { .fd = end.fd, .port = port };

	snprintf(what.address, sizeof(what.address), "%s", address);
	snprintf(what.source, sizeof(what.source), "%s", source);
	tell(end.at, do_send_from, &what, sizeof(what));
	return what.error;
}

/* Hearing */

static void do_receive(void *data)
{
	struct act_on *what = data;
	union name name = { 0 };
	socklen_t length = sizeof(name);
	char room[64];

	what->error = EAGAIN;
	if (wait_readable(what->fd, what->port))
		what->error = recvfrom(what->fd, room, sizeof(room), MSG_DONTWAIT, &name.any,
				       &length) < 0 ? errno : 0;
	print_name(&name, what->address, &what->port);
}

int end_receive(struct end end, char from[64], int *port)
{
	struct act_on what = act_on(end, do_receive, NULL, ktap_seconds(1) * 2000);

	if (from)
		strcpy(from, what.address);
	if (port)
		*port = what.port;
	return what.error;
}

static void do_accept(void *data)
{
	struct act_on *what = data;
	union name name = { 0 };
	socklen_t length = sizeof(name);

	if (!wait_readable(what->fd, what->port)) {
		what->fd = -EAGAIN;
		return;
	}
	what->fd = accept4(what->fd, &name.any, &length, SOCK_CLOEXEC);
	if (what->fd < 0)
		what->fd = -errno;
	print_name(&name, what->address, &what->port);
}

struct end end_accept(struct end end, char from[64])
{
	struct act_on what = act_on(end, do_accept, NULL, ktap_seconds(1) * 2000);

	if (from)
		strcpy(from, what.address);
	return (struct end){ end.at, what.fd, end.kind };
}

static void do_hear(void *data)
{
	struct act_on *what = data;

	what->error = wait_readable(what->fd, what->port);
}

bool end_hears(struct end end, unsigned int milliseconds)
{
	return act_on(end, do_hear, NULL, milliseconds).error;
}

/* What is expected */

static int family_of(const char *address)
{
	return strchr(address, ':') ? AF_INET6 : AF_INET;
}

struct end serve(struct party *at, enum kind kind, const char *address, int port)
{
	struct end end = end_new(at, kind, family_of(address));
	int error = end_bind(end, address, port);

	ktap_expect(!error, "expected to serve %s on %s port %d, came %s", kind_names[kind],
		    address, port, errno_name(error));
	if (kind == TCP)
		expect_errno(end_listen(end), 0);
	return end;
}

/* Sockets of IPv6 show IPv4 in their own way. */
static const char *shown(const char *address)
{
	return strncmp(address, "::ffff:", 7) ? address : address + 7;
}

void expect_caller(struct end server, const char *source, const char *when)
{
	char from[64] = "";
	struct end accepted;
	int error;

	if (server.kind == TCP) {
		accepted = end_accept(server, from);
		error = accepted.fd < 0 ? -accepted.fd : 0;
		if (!error)
			end_close(accepted);
	} else {
		error = end_receive(server, from, NULL);
	}
	ktap_expect(!error, "%s: expected to be called, came %s", when, errno_name(error));
	ktap_expect(!source || !strcmp(shown(from), shown(source)),
		    "%s: expected to be called from %s, came %s", when, source, from);
}

void expect_name(struct end end, const char *want, const char *when)
{
	const char *name = end_name(end);

	ktap_expect(!strcmp(name, want), "%s: expected the name %s, came %s", when, want, name);
}

void expect_reached(struct party *from, struct end server, const char *address, int port,
		    const char *source)
{
	struct end end = end_new(from, server.kind, family_of(address));
	int error = end_connect(end, address, port);

	if (!error && server.kind != TCP)
		error = end_send(end);
	ktap_expect(!error, "expected to reach %s port %d by %s, came %s", address, port,
		    kind_names[server.kind], errno_name(error));
	expect_caller(server, source, ktap_text("%s to %s", kind_names[server.kind], address));
	end_close(end);
}

static int try_call(struct party *from, enum kind kind, const char *address, int port,
		    unsigned int milliseconds)
{
	struct end end = end_new(from, kind, family_of(address));
	int error = end_connect(end, address, port);

	if (!error && kind != TCP) {
		error = end_send(end);
		if (!error && end_hears(end, milliseconds))
			error = end_receive(end, NULL, NULL);
	}
	end_close(end);
	return error;
}

void expect_refused(struct party *from, enum kind kind, const char *address, int port)
{
	int error = try_call(from, kind, address, port, ktap_seconds(1) * 1000);

	ktap_expect(error == ECONNREFUSED, "expected nobody at %s port %d by %s, came %s", address,
		    port, kind_names[kind], errno_name(error));
}

void expect_unheard(struct party *from, struct end server, const char *address, int port)
{
	int error = try_call(from, server.kind, address, port, 30);

	ktap_expect(!end_hears(server, 30), "expected not to reach %s at %s port %d by %s, came %s",
		    end_name(server), address, port, kind_names[server.kind], errno_name(error));
}

/* Who looks on */

struct end sniffer(void)
{
	struct end end = { NULL, socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL)) };

	ktap_need(end.fd >= 0, "AF_PACKET: %s", errno_name(errno));
	return end;
}

const char *sniff(struct end sniffer, const char *to)
{
	union { struct iphdr ip; struct ip6_hdr ip6; char room[2048]; } seen;
	char from[64], goal[64];
	ssize_t size;

	while (wait_readable(sniffer.fd, ktap_seconds(1) * 1000)) {
		size = recv(sniffer.fd, &seen, sizeof(seen), 0);
		if (size >= (ssize_t)sizeof(seen.ip) && seen.ip.version == 4) {
			inet_ntop(AF_INET, &seen.ip.saddr, from, sizeof(from));
			inet_ntop(AF_INET, &seen.ip.daddr, goal, sizeof(goal));
		} else if (size >= (ssize_t)sizeof(seen.ip6) && seen.ip.version == 6) {
			inet_ntop(AF_INET6, &seen.ip6.ip6_src, from, sizeof(from));
			inet_ntop(AF_INET6, &seen.ip6.ip6_dst, goal, sizeof(goal));
		} else {
			continue;
		}
		if (!strcmp(goal, to))
			return short_lived(from);
	}
	return "";
}

bool has(const char *set, const char *address)
{
	size_t length = strlen(address);
	const char *at;

	for (at = strstr(set, address); at; at = strstr(at + 1, address))
		if ((at == set || at[-1] == ' ') && strchr("/ ", at[length]))
			return true;
	return false;
}
