// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that are tied to several addresses: what they send comes from the one in whose network
 * the destination is, else from the first, and never from any that isn't theirs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "uring.h"

#define PORT	7200
#define SET	A "/24 " E "/24"

/* Everywhere there is a server, and from there calls have to come. */
static const char *const places[] = { ONE, TWO, THREE }, *const sources[] = { A, E, A };

struct way {
	const char *name;
	enum kind kind;
	void (*call)(struct end end, const char *to, const char *elsewhere);
	/* any of its own will do: the socket has been used elsewhere before */
	bool either;
	/* a socket of somebody who isn't tied yet, or of another process */
	bool before, passed;
};

static struct sockaddr_in address(const char *text, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &in.sin_addr);
	return in;
}

static void just_connect(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_connect(end, to, PORT), 0);
	expect_errno(end_send(end), 0);
}

static void bound_to_any(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_bind(end, "0.0.0.0", 0), 0);
	just_connect(end, to, elsewhere);
}

static void no_port(struct end end, const char *to, const char *elsewhere)
{
	end_option(end, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	bound_to_any(end, to, elsewhere);
}

static void after_failed_bind(struct end end, const char *to, const char *elsewhere)
{
	struct end holder = serve(end.at, end.kind, "0.0.0.0", PORT + 1);

	expect_errno(end_bind(end, TWO, 0), EADDRNOTAVAIL);
	expect_errno(end_bind(end, "0.0.0.0", PORT + 1), EADDRINUSE);
	expect_errno(end_bind(end, E, PORT + 1), EADDRINUSE);
	end_close(holder);
	just_connect(end, to, elsewhere);
}

static void free_to_bind(struct end end, const char *to, const char *elsewhere)
{
	end_option(end, SOL_IP, IP_FREEBIND, 1);
	end_option(end, SOL_IP, IP_TRANSPARENT, 1);
	expect_errno(end_bind(end, TWO, 0), EADDRNOTAVAIL);
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
	expect_errno(end_bind(end, "0.0.0.0", 0), 0);
	reconnect(end, to, elsewhere);
}

static void send_only(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_send_to(end, to, PORT), 0);
}

static void send_bound(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_bind(end, "0.0.0.0", 0), 0);
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
	expect_errno(end_send_from(end, "0.0.0.0", to, PORT), 0);
}

/* Refused or not, it may not be seen. */
static void send_from_foreign(struct end end, const char *to, const char *elsewhere)
{
	end_send_from(end, ONE, to, PORT);
	end_send_from(end, B, to, PORT);
	end_send_from(end, "127.0.0.1", to, PORT);
	send_only(end, to, elsewhere);
}

struct message {
	int fd, error;
	char to[64];
	enum uring_way way;
};

static void do_fast_open(void *data)
{
	struct message *what = data;
	struct sockaddr_in in = address(what->to, PORT);

	what->error = sendto(what->fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&in,
			     sizeof(in)) < 0 ? errno : 0;
}

static int told(struct end end, void (*act)(void *data), const char *to, enum uring_way way)
{
	struct message what = { .fd = end.fd, .way = way };

	strcpy(what.to, to);
	tell(end.at, act, &what, sizeof(what));
	return what.error;
}

/* The second has a cookie, and data in its SYN. */
static void fast_open(struct end end, const char *to, const char *elsewhere)
{
	struct end first = end_new(end.at, TCP, AF_INET);

	(void)elsewhere;
	expect_errno(told(first, do_fast_open, to, 0), 0);
	expect_errno(told(end, do_fast_open, to, 0), 0);
}

static void fast_connect(struct end end, const char *to, const char *elsewhere)
{
	expect_errno(end_option(end, SOL_TCP, TCP_FASTOPEN_CONNECT, 1), 0);
	just_connect(end, to, elsewhere);
}

/* Leave is asked for the first of several messages to one place alone. */
static void do_send_many(void *data)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct message *what = data;
	struct sockaddr_in in = address(what->to, PORT);
	struct iovec part = { "x", 1 };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { &in, sizeof(in), &part, 1, NULL, 0, 0 } },
		{ .msg_hdr = { &in, sizeof(in), &part, 1, control, sizeof(control), 0 } },
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&messages[1].msg_hdr);
	struct in_pktinfo *info = (void *)CMSG_DATA(cmsg);

	cmsg->cmsg_level = SOL_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*info));
	info->ipi_spec_dst = address(TWO, 0).sin_addr;
	what->error = sendmmsg(what->fd, messages, 2, 0) < 1 ? errno : 0;
}

static void send_many(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(told(end, do_send_many, to, 0), 0);
}

static void send_corked(struct end end, const char *to, const char *elsewhere)
{
	(void)elsewhere;
	expect_errno(end_option(end, SOL_UDP, UDP_CORK, 1), 0);
	expect_errno(end_send_to(end, to, PORT), 0);
	expect_errno(end_send_to(end, to, PORT), 0);
	expect_errno(end_option(end, SOL_UDP, UDP_CORK, 0), 0);
}

/* io_uring */

static void do_uring_connect(void *data)
{
	struct message *what = data;
	struct sockaddr_in in = address(what->to, PORT);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_CONNECT, .fd = what->fd, .addr = (unsigned long)&in,
		.off = sizeof(in),
	};
	int ring = uring_open(what->way);

	what->error = ring < 0 ? -ring : -uring_do(what->way, &request);
	close(ring);
}

static void do_uring_send(void *data)
{
	struct message *what = data;
	struct sockaddr_in in = address(what->to, PORT);
	struct iovec part = { "x", 1 };
	struct msghdr message = { &in, sizeof(in), &part, 1, NULL, 0, 0 };
	struct io_uring_sqe request = {
		.opcode = IORING_OP_SENDMSG, .fd = what->fd, .addr = (unsigned long)&message,
		.len = 1,
	};
	int ring = uring_open(what->way), sent;

	sent = ring < 0 ? ring : uring_do(what->way, &request);
	what->error = sent < 0 ? -sent : 0;
	close(ring);
}

/* Linux before 6.11 doesn't. */
static void need_uring_bind(void)
{
	struct io_uring_sqe nothing = { .opcode = URING_OP_BIND, .fd = -1 };
	int ring = uring_open(AT_ONCE);

	if (ring >= 0 && uring_do(AT_ONCE, &nothing) == -EINVAL)
		ktap_skip("this kernel's io_uring binds nothing");
	close(ring);
}

static void do_uring_bind(void *data)
{
	struct message *what = data;
	struct sockaddr_in in = address(what->to, PORT + 2);
	struct io_uring_sqe request = {
		.opcode = URING_OP_BIND, .fd = what->fd, .addr = (unsigned long)&in,
		.off = sizeof(in),
	};
	int ring;

	need_uring_bind();
	ring = uring_open(what->way);
	what->error = ring < 0 ? -ring : -uring_do(what->way, &request);
	close(ring);
}

#define uring_way(name, way)							\
	static void name(struct end end, const char *to, const char *elsewhere)	\
	{									\
		(void)elsewhere;						\
		expect_errno(told(end, do_uring_bind, TWO, way), EADDRNOTAVAIL);	\
		if (end.kind == TCP)						\
			expect_errno(told(end, do_uring_connect, to, way), 0);	\
		else								\
			expect_errno(told(end, do_uring_send, to, way), 0);	\
	}

uring_way(uring_at_once, AT_ONCE)
uring_way(uring_by_worker, BY_WORKER)
uring_way(uring_by_poller, BY_POLLER)

static const struct way ways[] = {
	{ "connect", TCP, just_connect },
	{ "connect after a bind to any", TCP, bound_to_any },
	{ "connect after a bind without port", TCP, no_port },
	{ "connect after a failed bind", TCP, after_failed_bind },
	{ "connect with IP_FREEBIND and IP_TRANSPARENT", TCP, free_to_bind },
	{ "connect, disconnect, connect", TCP, reconnect },
	{ "bind, connect, disconnect, connect", TCP, reconnect_bound },
	{ "fast open", TCP, fast_open },
	{ "TCP_FASTOPEN_CONNECT", TCP, fast_connect },
	{ "io_uring at once", TCP, uring_at_once },
	{ "io_uring by a worker", TCP, uring_by_worker },
	{ "io_uring by a poller", TCP, uring_by_poller },
	{ "connect by one from before", TCP, just_connect, .before = true },
	{ "connect by one that is passed on", TCP, just_connect, .passed = true },
	{ "connect", UDP, just_connect },
	{ "connect after a bind to any", UDP, bound_to_any },
	{ "connect after a bind without port", UDP, no_port },
	{ "connect after a failed bind", UDP, after_failed_bind },
	{ "connect with IP_FREEBIND and IP_TRANSPARENT", UDP, free_to_bind },
	{ "connect, disconnect, connect", UDP, reconnect },
	{ "bind, connect, disconnect, connect", UDP, reconnect_bound },
	{ "sendto", UDP, send_only },
	{ "sendto after a bind to any", UDP, send_bound },
	{ "connect, sendto elsewhere", UDP, send_elsewhere, .either = true },
	{ "sendmsg from any", UDP, send_from_any },
	{ "sendmsg from foreign addresses", UDP, send_from_foreign },
	{ "sendmmsg from a foreign address", UDP, send_many },
	{ "sendto with a cork", UDP, send_corked },
	{ "io_uring at once", UDP, uring_at_once },
	{ "io_uring by a worker", UDP, uring_by_worker },
	{ "io_uring by a poller", UDP, uring_by_poller },
	{ "sendto by one from before", UDP, send_only, .before = true },
	{ "sendto by one that is passed on", UDP, send_only, .passed = true },
	{ "connect by one from before", UDP, just_connect, .before = true },
	{ "connect", UDP_LITE, just_connect },
	{ "sendto", UDP_LITE, send_only },
	{ "sendmsg from foreign addresses", UDP_LITE, send_from_foreign },
	{ "sendto by one from before", UDP_LITE, send_only, .before = true },
};

static bool is_own(const char *address)
{
	return !strcmp(address, A) || !strcmp(address, E);
}

/* All that has come to a server; something has to have come to the one that is wanted. */
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
	struct end end;

	if (way->before) {
		*tied = party_new(NULL, 0);
		end = end_new(*tied, way->kind, AF_INET);
		party_tie(*tied, SET, 0);
		return end;
	}
	*tied = party_new(SET, 0);
	if (way->passed)
		return (struct end){ *tied, party_pass(NULL, end_new(NULL, way->kind, AF_INET).fd,
						       *tied), way->kind };
	return end_new(*tied, way->kind, AF_INET);
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
	{ SET, OFF, A }, { SET, OFF2, E }, { SET, "10.81.3.77", A },
	{ E "/24 " A "/24", OFF, A }, { E "/24 " A "/24", "10.81.3.77", E },
	{ E " " B "/24 " A "/24", OFF, B }, { A " " E, OFF2, A }, { A "/8 " E "/24", OFF2, A },
};

static void run_off(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct end look = sniffer(), end;
	struct party *tied;
	const char *from;

	for (size_t i = 0; i < ARRAY_SIZE(goals); i++) {
		tied = party_new(goals[i].set, 0);
		end = end_new(tied, kind, AF_INET);
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

/* Devices that are asked for, and groups. */
static void run_devices(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct end look = sniffer(), end = end_new(tied, UDP, AF_INET);
	const char *from;

	(void)unused;
	expect_errno(end_option(end, SOL_IP, IP_MULTICAST_IF, address(TWO, 0).sin_addr.s_addr), 0);
	expect_errno(end_send_to(end, "239.1.2.3", PORT), 0);
	from = sniff(look, "239.1.2.3");
	ktap_expect(is_own(from), "to a group: expected an own address, came %s", from);
	end = end_new(tied, UDP, AF_INET);
	expect_errno(end_send_to(end, "239.1.2.4", PORT), 0);
	from = sniff(look, "239.1.2.4");
	ktap_expect(is_own(from), "to a group: expected an own address, came %s", from);
	end = end_new(tied, UDP, AF_INET);
	end_option(end, SOL_IP, IP_MULTICAST_IF, address(THREE, 0).sin_addr.s_addr);
	expect_errno(end_connect(end, "239.1.2.5", PORT), 0);
	expect_errno(end_send(end), 0);
	from = sniff(look, "239.1.2.5");
	ktap_expect(is_own(from), "connected to a group: expected an own address, came %s", from);
}

/* One's own, as long as it is that. */
static void run_own(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct end server = serve(NULL, UDP, ONE, PORT), end = end_new(tied, UDP, AF_INET);
	struct end stream = serve(NULL, TCP, ONE, PORT);

	(void)unused;
	expect_errno(end_send_from(end, E, ONE, PORT), 0);
	expect_caller(server, E, "sendmsg from the second");
	end_send_from(end, THREE, ONE, PORT);
	while (end_hears(server, 50))
		expect_caller(server, A, "sendmsg from a foreign one");
	end = end_new(tied, UDP, AF_INET);
	expect_errno(end_bind(end, E, 0), 0);
	expect_errno(end_send_to(end, ONE, PORT), 0);
	expect_caller(server, E, "sendto by who is bound to the second");
	end_send_from(end, ONE, ONE, PORT);
	while (end_hears(server, 50))
		expect_caller(server, E, "sendmsg from a foreign one by who is bound");
	end = end_new(tied, TCP, AF_INET);
	expect_errno(end_bind(end, E, 0), 0);
	expect_errno(end_connect(end, ONE, PORT), 0);
	expect_caller(stream, E, "connect by who is bound to the second");
	expect_errno(end_disconnect(end), 0);
	expect_errno(end_connect(end, ONE, PORT), 0);
	expect_caller(stream, E, "connect again by who is bound to the second");
}

/* A request and its answer. */
static void run_answer(const void *unused)
{
	static const char *const callers[] = { ONE, TWO }, *const own[] = { A, E };
	struct party *tied = party_new(SET, 0);
	struct end server = serve(tied, UDP, "0.0.0.0", PORT + 3), end;
	char from[64];
	int port;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		end = serve(NULL, UDP, callers[i], 0);
		expect_errno(end_connect(end, own[i], PORT + 3), 0);
		expect_errno(end_send(end), 0);
		expect_errno(end_receive(server, from, &port), 0);
		expect_errno(end_send_to(server, from, port), 0);
		ktap_expect(!end_receive(end, from, NULL), "expected an answer from %s", own[i]);
	}
	expect_refused(NULL, UDP, ONE, PORT + 3);
}

/* A connection that was accepted is cut, and calls somebody. */
static void run_accepted(const void *unused)
{
	struct end servers[3], server, end, accepted;
	struct party *tied = party_new(SET, 0);
	char from[64];

	(void)unused;
	server = serve(tied, TCP, "0.0.0.0", PORT + 4);
	for (int i = 0; i < 3; i++) {
		servers[i] = serve(NULL, TCP, places[i], PORT);
		end = end_new(NULL, TCP, AF_INET);
		expect_errno(end_connect(end, E, PORT + 4), 0);
		accepted = end_accept(server, NULL);
		ktap_expect(accepted.fd >= 0, "accept: %s", errno_name(-accepted.fd));
		expect_errno(end_disconnect(accepted), 0);
		expect_errno(end_connect(accepted, places[i], PORT), 0);
		end = end_accept(servers[i], from);
		ktap_expect(end.fd >= 0 && is_own(from), "cut: expected an own address, came %s",
			    from);
	}
}

/* Sockets that have an address already */

static void expect_useless(struct end stream, struct end datagram)
{
	expect_errno(end_listen(stream), EADDRNOTAVAIL);
	expect_errno(end_connect(stream, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_send_to(datagram, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_connect(datagram, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_bind(stream, A, PORT), EADDRNOTAVAIL);
}

static void run_before_bound(const void *where)
{
	struct party *tied = party_new(NULL, 0);
	struct end stream = end_new(tied, TCP, AF_INET), datagram = end_new(tied, UDP, AF_INET);
	struct end listener = serve(tied, TCP, where, 0);

	expect_errno(end_bind(stream, where, 0), 0);
	expect_errno(end_bind(datagram, where, 0), 0);
	party_tie(tied, SET, 0);
	expect_useless(stream, datagram);
	expect_errno(end_connect(end_new(NULL, TCP, AF_INET),
				 strcmp(where, "0.0.0.0") ? where : ONE, end_port(listener)), 0);
	expect_errno(-end_accept(listener, NULL).fd, EADDRNOTAVAIL);
}

/* One that has another address sends nothing more, connected or not; it may go on receiving. */
static void run_before_sends(const void *unused)
{
	struct party *tied = party_new(NULL, 0);
	struct end datagram = serve(tied, UDP, TWO, PORT), stream = end_new(tied, TCP, AF_INET);
	struct end connected = serve(tied, UDP, TWO, PORT + 7);
	struct end server = serve(NULL, TCP, TWO, PORT), accepted;
	struct end trap = serve(NULL, UDP, ONE, PORT);

	(void)unused;
	expect_errno(end_connect(stream, TWO, PORT), 0);
	expect_errno(end_connect(connected, ONE, PORT), 0);
	accepted = end_accept(server, NULL);
	party_tie(tied, SET, 0);
	expect_errno(end_send(stream), EADDRNOTAVAIL);
	expect_errno(end_send(connected), EADDRNOTAVAIL);
	expect_errno(end_send_to(datagram, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_send_from(datagram, A, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_connect(datagram, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_disconnect(stream), EADDRNOTAVAIL);
	ktap_expect(!end_hears(trap, 50) && !end_hears(accepted, 0),
		    "expected nothing to be heard");
}

static void run_before_own(const void *unused)
{
	struct party *tied = party_new(NULL, 0);
	struct end stream = end_new(tied, TCP, AF_INET), datagram = end_new(tied, UDP, AF_INET);
	struct end server = serve(NULL, UDP, ONE, PORT), other = end_new(tied, UDP, AF_INET);

	(void)unused;
	expect_errno(end_bind(stream, E, PORT + 5), 0);
	expect_errno(end_bind(datagram, E, PORT + 5), 0);
	expect_errno(end_bind(other, B, PORT + 5), 0);
	party_tie(tied, SET, 0);
	expect_errno(end_listen(stream), 0);
	expect_reached(NULL, stream, E, PORT + 5, NULL);
	expect_errno(end_send_to(datagram, ONE, PORT), 0);
	expect_caller(server, E, "sendto by one that was bound to an own address");
	expect_errno(end_send_to(other, ONE, PORT), EADDRNOTAVAIL);
}

static struct end passed(struct end end, struct party *to)
{
	struct end there = { to, party_pass(end.at, end.fd, to), end.kind };

	ktap_expect(there.fd >= 0, "expected to be passed a socket, came %s",
		    errno_name(-there.fd));
	return there;
}

static void run_passed(const void *where)
{
	struct party *tied = party_new(SET, 0), *other = party_new(C "/24 " D "/24", 0);
	struct end stream = end_new(where ? NULL : other, TCP, AF_INET);
	struct end datagram = end_new(where ? NULL : other, UDP, AF_INET);

	expect_errno(end_bind(stream, where ?: "0.0.0.0", 0), 0);
	expect_errno(end_bind(datagram, where ?: "0.0.0.0", 0), 0);
	expect_useless(passed(stream, tied), passed(datagram, tied));
}

/* To another process of the same set, as servers do with their listeners. */
static void run_passed_same(const void *unused)
{
	struct party *tied = party_new(SET, 0), *same = party_new(SET, 0);
	struct end server = passed(serve(tied, TCP, "0.0.0.0", PORT + 6), same);
	struct end datagram = passed(serve(tied, UDP, "0.0.0.0", PORT + 6), same);

	(void)unused;
	expect_reached(NULL, server, E, PORT + 6, NULL);
	expect_reached(NULL, datagram, A, PORT + 6, NULL);
	expect_refused(NULL, TCP, B, PORT + 6);
	expect_refused(NULL, UDP, B, PORT + 6);
}

static const struct ktap_case cases[] = {
	{ "devices and groups that are asked for", run_devices },
	{ "an own address that is asked for", run_own },
	{ "a request and its answer", run_answer },
	{ "an accepted one that is cut and connects", run_accepted },
	{ "one from before, bound to any", run_before_bound, "0.0.0.0" },
	{ "one from before, bound to another", run_before_bound, B },
	{ "one from before, connected and bound, sends nothing more", run_before_sends },
	{ "one from before, bound to an own address", run_before_own },
	{ "one that is passed on, bound to any", run_passed, "0.0.0.0" },
	{ "one that is passed on, bound to another", run_passed, B },
	{ "one that is passed on by another set", run_passed },
	{ "one that is passed on in the same set", run_passed_same },
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
