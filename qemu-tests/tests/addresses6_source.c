// SPDX-License-Identifier: GPL-2.0-only
/* Where packets of IPv6 come from that processes send who are tied to some of its addresses. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/in6.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "uring.h"

#define PORT	7400
#define SET	"fd81:1::1/64 fd81:2::1/64"

#ifndef IPV6_FLOWLABEL_MGR
#define IPV6_FLOWLABEL_MGR	32
#define IPV6_FLOWINFO_SEND	33
#endif

static const char *const places[] = { ONE6, TWO6, THREE6 }, *const sources[] = { A6, E6, A6 };

struct way {
	const char *name;
	enum kind kind;
	void (*call)(struct end end, const char *to, const char *elsewhere);
	bool either;			/* any of its own will do */
	bool before, passed;
	const char *set;
};

struct message {
	int fd, error;
	enum uring_way way;
	char to[64];
};

static int told(struct end end, void (*act)(void *data), const char *to, enum uring_way way)
{
	struct message what = { .fd = end.fd, .way = way };

	strcpy(what.to, to);
	tell(end.at, act, &what, sizeof(what));
	return what.error;
}

static struct sockaddr_in6 address(const char *text, int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, text, &in6.sin6_addr);
	return in6;
}

static void just_connect(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_connect(end, to, PORT), 0);
	expect_errno(end_send(end), 0);
}

static void bound_to_any(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_bind(end, "::", 0), 0);
	just_connect(end, to, elsewhere);
}

static void after_failed_bind(struct end end, const char *to, const char *elsewhere)
{
	struct end holder = serve(end.at, end.kind, "::", PORT + 1);

	expect_errno(end_bind(end, TWO6, 0), EADDRNOTAVAIL);
	expect_errno(end_bind(end, "::", PORT + 1), EADDRINUSE);
	expect_errno(end_bind(end, E6, PORT + 1), EADDRINUSE);
	end_close(holder);
	just_connect(end, to, elsewhere);
}

static void free_to_bind(struct end end, const char *to, const char *elsewhere)
{
	end_option(end, SOL_IPV6, IPV6_FREEBIND, 1);
	end_option(end, SOL_IPV6, IPV6_TRANSPARENT, 1);
	expect_errno(end_bind(end, TWO6, 0), EADDRNOTAVAIL);
	just_connect(end, to, elsewhere);
}

static void reconnect(struct end end, const char *to, const char *elsewhere)
{
	just_connect(end, elsewhere, NULL);
	expect_errno(end_disconnect(end), 0);
	just_connect(end, to, NULL);
}

static void reconnect_bound(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_bind(end, "::", 0), 0);
	reconnect(end, to, elsewhere);
}

static void send_only(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_send_to(end, to, PORT), 0);
}

static void send_bound(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_bind(end, "::", 0), 0);
	send_only(end, elsewhere, NULL);
	send_only(end, to, NULL);
}

static void send_elsewhere(struct end end, const char *to, const char *elsewhere)
{
	just_connect(end, elsewhere, NULL);
	send_only(end, to, NULL);
}

static void send_from_any(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_send_from(end, "::", to, PORT), 0);
}

static void send_from_foreign(struct end end, const char *to, const char *elsewhere)
{
	end_send_from(end, ONE6, to, PORT);
	end_send_from(end, B6, to, PORT);
	end_send_from(end, "::1", to, PORT);
	send_only(end, to, elsewhere);
}

/* What all packets of the socket shall have as their source. */
static void do_sticky(void *data)
{
	struct message *what = data;
	struct in6_pktinfo info = { .ipi6_addr = address(what->to, 0).sin6_addr };

	what->error = setsockopt(what->fd, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info)) ? errno : 0;
}

static void sticky_foreign(struct end end, const char *to, const char *elsewhere)
{
	told(end, do_sticky, TWO6, 0);
	told(end, do_sticky, B6, 0);
	if (end.kind == TCP)
		just_connect(end, to, elsewhere);
	else
		send_bound(end, to, elsewhere);
}

/* A label that was asked for, for one destination. */
static void do_label(void *data)
{
	struct message *what = data;
	struct in6_flowlabel_req request = {
		.flr_dst = address(what->to, 0).sin6_addr, .flr_action = IPV6_FL_A_GET,
		.flr_share = IPV6_FL_S_ANY, .flr_flags = IPV6_FL_F_CREATE,
	};
	struct sockaddr_in6 in6 = address(what->to, PORT);
	int one = 1;

	setsockopt(what->fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof(request));
	setsockopt(what->fd, SOL_IPV6, IPV6_FLOWINFO_SEND, &one, sizeof(one));
	in6.sin6_flowinfo = request.flr_label;
	what->error = request.flr_label ? 0 : EINVAL;
	if (!what->error && connect(what->fd, (struct sockaddr *)&in6, sizeof(in6)))
		what->error = errno;
	if (!what->error && send(what->fd, "x", 1, MSG_NOSIGNAL) != 1)
		what->error = errno;
}

static void label(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(told(end, do_label, to, 0), 0);
}

static void do_fast_open(void *data)
{
	struct message *what = data;
	struct sockaddr_in6 in6 = address(what->to, PORT);

	what->error = sendto(what->fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&in6,
			     sizeof(in6)) < 0 ? errno : 0;
}

static void fast_open(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(told(end_new(end.at, TCP, AF_INET6), do_fast_open, to, 0), 0);
	expect_errno(told(end, do_fast_open, to, 0), 0);
}

static void send_corked(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_option(end, SOL_UDP, UDP_CORK, 1), 0);
	expect_errno(end_send_to(end, to, PORT), 0);
	expect_errno(end_send_to(end, to, PORT), 0);
	expect_errno(end_option(end, SOL_UDP, UDP_CORK, 0), 0);
}

static void do_uring(void *data)
{
	struct message *what = data;
	struct sockaddr_in6 in6 = address(what->to, PORT);
	struct iovec part = { "x", 1 };
	struct msghdr message = { &in6, sizeof(in6), &part, 1, NULL, 0, 0 };
	struct io_uring_sqe connect = {
		.opcode = IORING_OP_CONNECT, .fd = what->fd, .addr = (unsigned long)&in6,
		.off = sizeof(in6),
	}, send = {
		.opcode = IORING_OP_SENDMSG, .fd = what->fd, .addr = (unsigned long)&message,
		.len = 1,
	};
	int ring = uring_open(what->way), done, type = 0;
	socklen_t length = sizeof(type);

	getsockopt(what->fd, SOL_SOCKET, SO_TYPE, &type, &length);
	done = ring < 0 ? ring : uring_do(what->way, type == SOCK_STREAM ? &connect : &send);
	what->error = done < 0 ? -done : 0;
	close(ring);
}

static void uring_by_worker(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(told(end, do_uring, to, BY_WORKER), 0);
}

static void uring_by_poller(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(told(end, do_uring, to, BY_POLLER), 0);
}

/* With addresses of IPv4 besides, a socket has been there before. */
static void after_ipv4(struct end end, const char *to, const char *elsewhere)
{
	struct end server = serve(NULL, end.kind, ONE, PORT);

	(void)elsewhere;
	expect_errno(end_connect(end, "::ffff:" ONE, PORT), 0);
	expect_errno(end_send(end), 0);
	expect_caller(server, A, "connect to IPv4");
	expect_errno(end_disconnect(end), 0);
	just_connect(end, to, NULL);
	end_close(server);
}

#define MIXED	A "/24 " SET

static const struct way ways[] = {
	{ "connect", TCP, just_connect },
	{ "connect after a bind to any", TCP, bound_to_any },
	{ "connect after a failed bind", TCP, after_failed_bind },
	{ "connect with IPV6_FREEBIND and IPV6_TRANSPARENT", TCP, free_to_bind },
	{ "connect, disconnect, connect", TCP, reconnect },
	{ "bind, connect, disconnect, connect", TCP, reconnect_bound },
	{ "connect with foreign IPV6_PKTINFO", TCP, sticky_foreign },
	{ "connect with a flow label", TCP, label },
	{ "fast open", TCP, fast_open },
	{ "io_uring by a worker", TCP, uring_by_worker },
	{ "io_uring by a poller", TCP, uring_by_poller },
	{ "connect by one from before", TCP, just_connect, .before = true },
	{ "connect by one that is passed on", TCP, just_connect, .passed = true },
	{ "connect with IPv4 in the set", TCP, just_connect, .set = MIXED },
	{ "connect", UDP, just_connect },
	{ "connect after a bind to any", UDP, bound_to_any },
	{ "connect after a failed bind", UDP, after_failed_bind },
	{ "connect with IPV6_FREEBIND and IPV6_TRANSPARENT", UDP, free_to_bind },
	{ "connect, disconnect, connect", UDP, reconnect },
	{ "bind, connect, disconnect, connect", UDP, reconnect_bound },
	{ "sendto", UDP, send_only },
	{ "sendto after a bind to any", UDP, send_bound },
	{ "connect, sendto elsewhere", UDP, send_elsewhere, .either = true },
	{ "sendmsg from any", UDP, send_from_any },
	{ "sendmsg from foreign addresses", UDP, send_from_foreign },
	{ "sendto with foreign IPV6_PKTINFO", UDP, sticky_foreign },
	{ "connect with a flow label", UDP, label },
	{ "sendto with a cork", UDP, send_corked },
	{ "io_uring by a worker", UDP, uring_by_worker },
	{ "io_uring by a poller", UDP, uring_by_poller },
	{ "sendto by one from before", UDP, send_only, .before = true },
	{ "sendto by one that is passed on", UDP, send_only, .passed = true },
	{ "sendto with IPv4 in the set", UDP, send_only, .set = MIXED },
	{ "connect after IPv4", UDP, after_ipv4, .set = MIXED },
	{ "connect", UDP_LITE, just_connect },
	{ "sendto", UDP_LITE, send_only },
	{ "sendmsg from foreign addresses", UDP_LITE, send_from_foreign },
};

static bool is_own(const char *text)
{
	return !strcmp(text, A6) || !strcmp(text, E6);
}

static void expect_calls(struct end server, const char *source, bool wanted, const struct way *way)
{
	while (wanted || end_hears(server, 20)) {
		char from[64];

		if (!way->either) {
			expect_caller(server, source, way->name);
		} else {
			ktap_expect(!end_receive(server, from, NULL), "expected to be called");
			ktap_expect(is_own(from), "expected an own address, came %s", from);
		}
		wanted = false;
	}
}

static struct end caller(const struct way *way, struct party **tied)
{
	const char *set = way->set ?: SET;
	struct end end;

	if (way->before) {
		*tied = party_new(NULL, 0);
		end = end_new(*tied, way->kind, AF_INET6);
		party_tie(*tied, set, 0);
		return end;
	}
	*tied = party_new(set, 0);
	if (way->passed)
		return (struct end){ *tied, party_pass(NULL, end_new(NULL, way->kind, AF_INET6).fd,
						       *tied), way->kind };
	return end_new(*tied, way->kind, AF_INET6);
}

static void run_way(const void *data)
{
	const struct way *way = data;
	struct party *tied;
	struct end servers[3], end;
	int i, j;

	for (i = 0; i < 3; i++)
		servers[i] = serve(NULL, way->kind, places[i], PORT);
	for (i = 0; i < 3; i++) {
		end = caller(way, &tied);
		way->call(end, places[i], places[(i + 1) % 3]);
		for (j = 0; j < 3; j++)
			expect_calls(servers[j], sources[j], i == j, way);
		party_end(tied);
	}
}

/* To where nobody is: what leaves the machine is looked at. */

struct goal {
	const char *set, *to, *source;
};

static const struct goal goals[] = {
	{ SET, OFF6, A6 }, { SET, "fd81:2::77", E6 }, { SET, "fd81:3::77", A6 },
	{ E6 "/64 " A6 "/64", OFF6, A6 }, { E6 "/64 " A6 "/64", "fd81:3::77", E6 },
	{ E6 " " B6 "/64 " A6 "/64", OFF6, B6 }, { A6 " " E6, "fd81:2::77", A6 },
	{ A "/24 " B6 "/64", OFF6, B6 },
};

static void run_off(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct end look = sniffer(), end;
	struct party *tied;
	const char *from;

	for (size_t i = 0; i < ARRAY_SIZE(goals); i++) {
		tied = party_new(goals[i].set, 0);
		end = end_new(tied, kind, AF_INET6);
		end_not_wait(end);
		if (kind == TCP)
			end_connect(end, goals[i].to, PORT);
		else
			expect_errno(end_send_to(end, goals[i].to, PORT), 0);
		from = sniff(look, goals[i].to);
		/* a ping socket has the first one */
		ktap_expect(kind == PING ? has(goals[i].set, from) : !strcmp(from, goals[i].source),
			    "%s to %s: expected %s, came %s", goals[i].set, goals[i].to,
			    goals[i].source, from);
		end_close(end);
		party_end(tied);
	}
}

/* To groups and to neighbours, whose own kind of address isn't in the set. */
static void run_groups(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct end look = sniffer(), end = end_new(tied, UDP, AF_INET6);
	const char *from;

	(void)unused;
	expect_errno(end_option(end, SOL_IPV6, IPV6_MULTICAST_IF, if_nametoindex("dummy3")), 0);
	expect_errno(end_send_to(end, "ff15::77", PORT), 0);
	from = sniff(look, "ff15::77");
	ktap_expect(is_own(from), "to a group: expected an own address, came %s", from);
	end = end_new(tied, UDP, AF_INET6);
	expect_errno(end_send_to(end, "ff02::77%dummy1", PORT), 0);
	from = sniff(look, "ff02::77");
	ktap_expect(is_own(from), "to a group of the link: expected an own address, came %s", from);
	end = end_new(tied, UDP, AF_INET6);
	if (!end_send_to(end, "fe80::77%dummy1", PORT)) {
		from = sniff(look, "fe80::77");
		ktap_expect(is_own(from), "to the link: expected an own address, came %s", from);
	}
	end = end_new(tied, TCP, AF_INET6);
	end_not_wait(end);
	if (end_connect(end, "fe80::78%dummy1", PORT) == EINPROGRESS) {
		from = sniff(look, "fe80::78");
		ktap_expect(is_own(from), "to the link: expected an own address, came %s", from);
	}
}

static void run_own(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct end server = serve(NULL, UDP, ONE6, PORT), end = end_new(tied, UDP, AF_INET6);
	struct end stream = serve(NULL, TCP, ONE6, PORT);

	(void)unused;
	expect_errno(end_send_from(end, E6, ONE6, PORT), 0);
	expect_caller(server, E6, "sendmsg from the second");
	end_send_from(end, THREE6, ONE6, PORT);
	while (end_hears(server, 50))
		expect_caller(server, A6, "sendmsg from a foreign one");
	end = end_new(tied, UDP, AF_INET6);
	expect_errno(end_bind(end, E6, 0), 0);
	expect_errno(end_send_to(end, ONE6, PORT), 0);
	expect_caller(server, E6, "sendto by who is bound to the second");
	end = end_new(tied, TCP, AF_INET6);
	expect_errno(end_bind(end, E6, 0), 0);
	expect_errno(end_connect(end, ONE6, PORT), 0);
	expect_caller(stream, E6, "connect by who is bound to the second");
	expect_errno(end_disconnect(end), 0);
	expect_errno(end_connect(end, ONE6, PORT), 0);
	expect_caller(stream, E6, "connect again by who is bound to the second");
}

static void run_accepted(const void *unused)
{
	struct end servers[3], server, end, accepted;
	struct party *tied = party_new(SET, 0);
	char from[64];

	(void)unused;
	server = serve(tied, TCP, "::", PORT + 4);
	for (int i = 0; i < 3; i++) {
		servers[i] = serve(NULL, TCP, places[i], PORT);
		end = end_new(NULL, TCP, AF_INET6);
		expect_errno(end_connect(end, E6, PORT + 4), 0);
		accepted = end_accept(server, NULL);
		ktap_expect(accepted.fd >= 0, "accept: %s", errno_name(-accepted.fd));
		expect_name(accepted, E6, "accepted");
		expect_errno(end_disconnect(accepted), 0);
		expect_errno(end_connect(accepted, places[i], PORT), 0);
		end = end_accept(servers[i], from);
		ktap_expect(end.fd >= 0 && is_own(from), "cut: expected an own address, came %s",
			    from);
	}
}

/* Linux sends IPv4 for ever from a TCP socket that did so once; to nobody, but from where? */
static void run_after_ipv4(const void *unused)
{
	struct party *tied = party_new(MIXED, 0);
	struct end look = sniffer(), server = serve(NULL, TCP, ONE, PORT), end;
	const char *from;

	(void)unused;
	end = end_new(tied, TCP, AF_INET6);
	expect_errno(end_connect(end, "::ffff:" ONE, PORT), 0);
	expect_caller(server, A, "connect to IPv4");
	expect_errno(end_disconnect(end), 0);
	end_not_wait(end);
	end_connect(end, TWO6, PORT);
	while (*(from = sniff(look, ONE)))
		ktap_expect(!strcmp(from, A), "expected packets from %s, came %s", A, from);
}

static const struct ktap_case cases[] = {
	{ "TCP connect after IPv4", run_after_ipv4 },
	{ "groups and the link", run_groups },
	{ "an own address that is asked for", run_own },
	{ "an accepted one that is cut and connects", run_accepted },
};

static void add(const char *name, void (*run)(const void *data), const void *data)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->seconds = 20;
	ktap_add(test);
}

int main(int argc, char **argv)
{
	static const enum kind kinds[] = { TCP, UDP, UDP_LITE, PING };
	size_t i;

	net_up();
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		add(ktap_text("%s %s", kind_names[ways[i].kind], ways[i].name), run_way, &ways[i]);
	for (i = 0; i < KINDS; i++)
		add(ktap_text("%s leaves the machine", kind_names[i]), run_off, &kinds[i]);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
