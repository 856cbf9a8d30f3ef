// SPDX-License-Identifier: GPL-2.0-only
/* A set's private loopback: 127.0.0.1 and ::1 are its own, and nobody else's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7500
#define LOCAL	VCONTEXT_BIND_LOOPBACK
#define MAPPED	"::ffff:"

static const char *const names[] = { "127.0.0.1", "::1" };

/* The address of IPv4 that a socket bound to @port really has; "" if there is none. */
static const char *real_address(const char *table, int port)
{
	char path[64], line[512];
	static char text[64];
	struct in_addr in;
	unsigned int at[4];
	FILE *file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/net/%s", table);
	file = fopen(path, "r");
	ktap_need(file, "%s: %s", path, errno_name(errno));
	while (fgets(line, sizeof(line), file)) {
		unsigned int got;

		if (sscanf(line, " %*d: %8x:%4x ", &at[0], &got) == 2) {
			in.s_addr = at[0];
		} else if (sscanf(line, " %*d: %8x%8x%8x%8x:%4x ", &at[0], &at[1], &at[2], &at[3],
				  &got) == 5) {
			in.s_addr = at[3];
		} else {
			continue;
		}
		if ((int)got == port && in.s_addr)
			inet_ntop(AF_INET, &in, text, sizeof(text));
	}
	fclose(file);
	return text;
}

static const char *table_of(enum kind kind, const char *name)
{
	if (kind == TCP)
		return strchr(name, ':') ? "tcp6" : "tcp";
	return strchr(name, ':') ? "udp6" : "udp";
}

/* Two sets, and both of their addresses, at once. */
static void run_two(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *at[2] = { party_new(A "/24", LOCAL), party_new(B "/24", LOCAL) };
	struct end servers[2][2];
	int i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++) {
			servers[i][j] = serve(at[i], kind, names[j], PORT);
			expect_name(servers[i][j], names[j], "bound");
		}
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
			expect_reached(at[i], servers[i][j], names[j], PORT, names[j]);
	for (j = 0; j < 2; j++)
		expect_refused(NULL, kind, names[j], PORT);
}

static void run_in_the_way(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(A "/24", LOCAL);
	static const struct {
		const char *one, *other;
		int error;
	} pairs[] = {
		{ "127.0.0.1", "127.0.0.1", EADDRINUSE },
		{ "127.0.0.1", "0.0.0.0", EADDRINUSE },
		{ "0.0.0.0", "127.0.0.1", EADDRINUSE },
		{ "::1", "::1", EADDRINUSE },
		{ "::", "127.0.0.1", EADDRINUSE },
		{ "::", "::1", EADDRINUSE },
		{ "::1", "::", EADDRINUSE },
		{ "0.0.0.0", "::1", 0 },
		{ "::1", "0.0.0.0", 0 },
		{ "127.0.0.1", "::1", 0 },
		{ "127.0.0.1", A, 0 },
		{ "::1", A, 0 },
		{ "::1", MAPPED A, 0 },
		{ "::1", MAPPED "127.0.0.1", 0 },
	};
	struct end one, other;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		int error, port = PORT + i;

		one = serve(tied, kind, pairs[i].one, port);
		other = end_new(tied, kind, strchr(pairs[i].other, ':') ? AF_INET6 : AF_INET);
		error = end_bind(other, pairs[i].other, port);
		ktap_expect(error == pairs[i].error, "%s, then %s: expected %s, came %s",
			    pairs[i].one, pairs[i].other, errno_name(pairs[i].error),
			    errno_name(error));
		end_close(one);
		end_close(other);
	}
	serve(NULL, kind, "127.0.0.1", PORT);
	serve(tied, kind, "127.0.0.1", PORT);
}

/* By what names the own loopback is reached from inside. */
static void run_inside(const void *data)
{
	enum kind kind = *(enum kind *)data;
	static const char *const ways[] = {
		"127.0.0.1", MAPPED "127.0.0.1", "0.0.0.0", "127.0.0.53", "127.1.2.3",
	}, *const ways6[] = { "::1", "::" };
	struct party *tied = party_new(A "/24", LOCAL), *other = party_new(B "/24", LOCAL);
	struct end trap = serve(NULL, kind, "127.0.0.1", PORT);
	struct end trap6 = serve(NULL, kind, "::1", PORT);
	struct end trap53 = serve(NULL, kind, "127.0.0.53", PORT);
	struct end server, server6;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		expect_refused(tied, kind, ways[i], PORT);
	for (i = 0; i < ARRAY_SIZE(ways6); i++)
		expect_refused(tied, kind, ways6[i], PORT);
	server = serve(tied, kind, "127.0.0.1", PORT);
	server6 = serve(tied, kind, "::1", PORT);
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		expect_reached(tied, server, ways[i], PORT, "127.0.0.1");
	for (i = 0; i < ARRAY_SIZE(ways6); i++)
		expect_reached(tied, server6, ways6[i], PORT, "::1");
	for (i = 0; i < 2; i++)
		expect_refused(other, kind, names[i], PORT);
	ktap_expect(!end_hears(trap, 0) && !end_hears(trap6, 0) && !end_hears(trap53, 0),
		    "expected the machine's loopback not to be reached");
}

/* The machine's own loopback can't be reached from inside. */

struct letter {
	int fd, error, family, mode;
	char to[64];
};

enum { SENDTO, SENDMMSG, FAST_OPEN, CONNECT };

static void do_write(void *data)
{
	struct letter *what = data;
	struct sockaddr_in in = { what->family, htons(PORT) };
	struct iovec part = { "x", 1 };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { &in, sizeof(in), &part, 1 } },
		{ .msg_hdr = { &in, sizeof(in), &part, 1 } },
	};
	int done;

	inet_pton(AF_INET, what->to, &in.sin_addr);
	if (what->mode == SENDMMSG)
		done = sendmmsg(what->fd, messages, 2, MSG_NOSIGNAL);
	else if (what->mode == CONNECT)
		done = connect(what->fd, (struct sockaddr *)&in, sizeof(in));
	else
		done = sendto(what->fd, "x", 1, MSG_NOSIGNAL |
			      (what->mode == FAST_OPEN ? MSG_FASTOPEN : 0), (struct sockaddr *)&in,
			      sizeof(in));
	what->error = done < 0 ? errno : 0;
	if (what->mode == CONNECT && !done)
		send(what->fd, "x", 1, MSG_NOSIGNAL);
}

static int write_to(struct end end, const char *to, int family, int mode)
{
	struct letter what = { .fd = end.fd, .family = family, .mode = mode };

	strcpy(what.to, to);
	tell(end.at, do_write, &what, sizeof(what));
	return what.error;
}

static void run_outwards(const void *unused)
{
	static const char *const all[] = { "127.0.0.1", "0.0.0.0", "127.0.0.53" };
	static const int sockets[] = { AF_INET, AF_INET6 }, families[] = { AF_INET, AF_UNSPEC };
	struct party *tied = party_new(A "/24", LOCAL);
	struct end trap = serve(NULL, UDP, "0.0.0.0", PORT);
	struct end stream = serve(NULL, TCP, "0.0.0.0", PORT);
	struct end trap6 = end_new(NULL, UDP, AF_INET6);
	size_t i, s, f;
	int mode;

	(void)unused;
	end_option(trap6, SOL_IPV6, IPV6_V6ONLY, 1);
	expect_errno(end_bind(trap6, "::", PORT), 0);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		for (s = 0; s < 2; s++)
			for (f = 0; f < 2; f++) {
				for (mode = 0; mode <= CONNECT; mode++)
					if (mode != FAST_OPEN)
						write_to(end_new(tied, UDP, sockets[s]), all[i],
							 families[f], mode);
				write_to(end_new(tied, TCP, sockets[s]), all[i], families[f],
					 FAST_OPEN);
			}
	end_send_to(end_new(tied, UDP, AF_INET6), "::1", PORT);
	end_send_to(end_new(tied, UDP, AF_INET6), "::", PORT);
	end_send_to(end_new(tied, UDP, AF_INET6), MAPPED "127.0.0.1", PORT);
	end_send_from(end_new(tied, UDP, AF_INET6), "::1", "::1", PORT);
	end_send_from(end_new(tied, UDP, AF_INET), "127.0.0.1", "127.0.0.1", PORT);
	ktap_expect(!end_hears(trap, 100) && !end_hears(trap6, 0), "expected no datagram outside");
	ktap_expect(!end_hears(stream, 0), "expected no connection outside");
	/* but the machine's other addresses can */
	expect_reached(tied, stream, ONE, PORT, A);
	expect_reached(tied, trap, ONE, PORT, A);
}

/* The same calls reach what is inside. */
static void run_inwards(const void *unused)
{
	static const int sockets[] = { AF_INET, AF_INET6 };
	struct party *tied = party_new(A "/24", LOCAL);
	struct end server = serve(tied, UDP, "127.0.0.1", PORT);
	struct end stream = serve(tied, TCP, "127.0.0.1", PORT);
	int s, mode;

	(void)unused;
	for (s = 0; s < 2; s++)
		for (mode = 0; mode <= CONNECT; mode++) {
			enum kind kind = mode == FAST_OPEN ? TCP : UDP;

			if (kind == TCP && sockets[s] == AF_INET6)
				continue;
			expect_errno(write_to(end_new(tied, kind, sockets[s]), "127.0.0.1", AF_INET,
					      mode), 0);
			expect_caller(kind == TCP ? stream : server, "127.0.0.1", "own loopback");
			if (mode == SENDMMSG)
				expect_caller(server, "127.0.0.1", "own loopback again");
		}
	expect_errno(write_to(end_new(tied, UDP, AF_INET), "127.0.0.1", AF_UNSPEC, SENDTO), 0);
	expect_caller(server, "127.0.0.1", "of no family");
	expect_errno(end_send_from(end_new(tied, UDP, AF_INET), "127.0.0.1", "127.0.0.1", PORT), 0);
	expect_caller(server, "127.0.0.1", "with a source");
	expect_refused(NULL, UDP, "127.0.0.1", PORT);
}

/* From outside */

static void run_outside(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(A "/24", LOCAL), *with = party_new(B "/24", LOCAL);
	struct party *others[] = { NULL, with, party_new(C "/24", 0), party_new(A "/24", 0) };
	struct end end, servers[4];
	const char *real;
	char reals[2][64];
	size_t i, j, o;

	for (i = 0; i < 2; i++) {
		servers[i] = serve(tied, kind, names[i], PORT);
		servers[i + 2] = serve(tied, kind, i ? "::" : "0.0.0.0", PORT + 1);
		if (!i)
			end_close(servers[2]);
		real = real_address(table_of(kind, names[i]), PORT);
		ktap_expect(*real && strcmp(real, "127.0.0.1"),
			    "expected a private address, came %s", real);
		strcpy(reals[i], real);
	}
	for (o = 0; o < ARRAY_SIZE(others); o++) {
		for (i = 0; i < 2; i++)
			for (j = 0; j < 2; j++) {
				expect_unheard(others[o], servers[i], names[j], PORT + i);
				expect_unheard(others[o], servers[i], reals[j], PORT);
				expect_unheard(others[o], servers[3], reals[j], PORT + 1);
			}
		/* to who has one itself, it is another name for that */
		for (i = 0; i < 2 && others[o] != with; i++) {
			end = end_new(others[o], kind, AF_INET);
			end_option(end, SOL_IP, IP_FREEBIND, 1);
			end_option(end, SOL_IP, IP_TRANSPARENT, 1);
			expect_errno(end_bind(end, reals[i], PORT + 2), EADDRNOTAVAIL);
			expect_errno(end_bind(end_new(others[o], kind, AF_INET6),
					      ktap_text(MAPPED "%s", reals[i]), PORT + 2),
				     EADDRNOTAVAIL);
		}
	}
	expect_reached(tied, servers[0], "127.0.0.1", PORT, "127.0.0.1");
}

/* A source that was asked for. */
static void run_sources(const void *unused)
{
	struct party *tied = party_new(A "/24", LOCAL), *with = party_new(B "/24", LOCAL);
	struct party *others[] = { NULL, with, party_new(C "/24", 0) };
	struct end server = serve(tied, UDP, "127.0.0.1", PORT), trap, end;
	struct end own = serve(tied, UDP, "0.0.0.0", PORT + 1);
	struct end server6 = serve(tied, UDP, "::1", PORT + 3);
	char real[64], real6[64], from[64];

	(void)unused;
	strcpy(real, real_address("udp", PORT));
	strcpy(real6, real_address("udp6", PORT + 3));
	ktap_expect(strcmp(real, "127.0.0.1"), "expected a private address, came %s", real);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		end = end_new(others[i], UDP, AF_INET);
		end_option(end, SOL_IP, IP_FREEBIND, 1);
		end_option(end, SOL_IP, IP_TRANSPARENT, 1);
		end_send_from(end, real, real, PORT);
		end_send_from(end, real6, real6, PORT + 3);
		end_send_from(end, "127.0.0.1", real, PORT);
		end_send_to(end, real, PORT);
		end_send_from(end, real, A, PORT + 1);
		ktap_expect(!end_hears(server, 50) && !end_hears(server6, 0),
			    "expected no packet from outside");
		while (end_hears(own, 20)) {
			end_receive(own, from, NULL);
			ktap_expect(strncmp(from, "127.", 4), "a packet came as if from %s", from);
		}
	}
	/* nor is it seen outside when asked for inside */
	trap = serve(NULL, UDP, "0.0.0.0", PORT + 2);
	end = end_new(tied, UDP, AF_INET);
	end_send_from(end, "127.0.0.1", ONE, PORT + 2);
	end_send_from(end, real, ONE, PORT + 2);
	end = serve(tied, UDP, "127.0.0.1", 0);
	end_send_to(end, ONE, PORT + 2);
	end_send_to(end, C, PORT + 2);
	while (end_hears(trap, 50)) {
		end_receive(trap, from, NULL);
		ktap_expect(!strcmp(from, A), "expected packets from %s, came %s", A, from);
	}
}

/* What names are shown */

static void expect_peer(struct end end, const char *want, const char *when)
{
	const char *peer = end_peer(end);

	ktap_expect(!strcmp(peer, want), "%s: expected the peer %s, came %s", when, want, peer);
}

struct naming {
	const char *bound, *called;
	const char *name;		/* what the server sees of itself and its peer */
};

static const struct naming namings[] = {
	{ "127.0.0.1", "127.0.0.1", "127.0.0.1" },
	{ "::1", "::1", "::1" },
	{ "0.0.0.0", "127.0.0.1", "127.0.0.1" },
	{ "::", "127.0.0.1", MAPPED "127.0.0.1" },
	{ "::", "::1", "::1" },
	{ MAPPED "127.0.0.1", "127.0.0.1", MAPPED "127.0.0.1" },
	{ "::", MAPPED "127.0.0.1", MAPPED "127.0.0.1" },
};

static void expect_naming(struct party *tied, const struct naming *naming, int port)
{
	struct end server = serve(tied, TCP, naming->bound, port), accepted, end;
	struct end datagram = serve(tied, UDP, naming->bound, port);
	const char *when = ktap_text("%s by %s", naming->bound, naming->called);
	int family = strchr(naming->called, ':') ? AF_INET6 : AF_INET;
	char from[64];

	end = end_new(tied, TCP, family);
	expect_errno(end_connect(end, naming->called, port), 0);
	accepted = end_accept(server, from);
	ktap_expect(accepted.fd >= 0 && !strcmp(from, naming->name),
		    "%s: expected to be called from %s, came %s", when, naming->name, from);
	expect_name(accepted, naming->name, when);
	expect_peer(accepted, naming->name, when);
	expect_name(end, naming->called, when);
	expect_peer(end, naming->called, when);
	end = end_new(tied, UDP, family);
	expect_errno(end_connect(end, naming->called, port), 0);
	expect_name(end, naming->called, when);
	expect_peer(end, naming->called, when);
	expect_errno(end_send(end), 0);
	expect_errno(end_receive(datagram, from, NULL), 0);
	ktap_expect(!strcmp(from, naming->name), "%s: expected a datagram from %s, came %s", when,
		    naming->name, from);
}

static void run_names(const void *unused)
{
	struct party *tied = party_new(A "/24", LOCAL), *other = party_new(B "/24", LOCAL);

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(namings); i++)
		expect_naming(tied, &namings[i], PORT + i);
	/* not a kernel that has one loopback for all */
	serve(tied, TCP, "127.0.0.1", PORT + 20);
	serve(other, TCP, "127.0.0.1", PORT + 20);
}

/* As name servers do: the answer comes from where the request went to, which a message tells. */

struct echo {
	int fd, error;
};

static void do_echo(void *data)
{
	char control[128], room[16];
	struct sockaddr_in6 name;
	struct iovec part = { room, sizeof(room) };
	struct msghdr message = { &name, sizeof(name), &part, 1, control, sizeof(control), 0 };
	struct echo *what = data;
	ssize_t size;

	what->error = EAGAIN;
	if (!wait_readable(what->fd, ktap_seconds(1) * 1000))
		return;
	size = recvmsg(what->fd, &message, 0);
	part.iov_len = size;
	what->error = size < 0 || sendmsg(what->fd, &message, 0) < 0 ? errno : 0;
}

static void run_echo(const void *unused)
{
	static const char *const all[] = { "127.0.0.1", "::1", MAPPED "127.0.0.1", A };
	struct party *tied = party_new(A "/24", LOCAL);
	struct end server = serve(tied, UDP, "0.0.0.0", PORT);
	struct end server6 = end_new(tied, UDP, AF_INET6);
	struct echo what;
	struct end end;

	(void)unused;
	expect_errno(end_option(server, SOL_IP, IP_PKTINFO, 1), 0);
	expect_errno(end_bind(server6, "::", PORT + 1), 0);
	expect_errno(end_option(server6, SOL_IPV6, IPV6_RECVPKTINFO, 1), 0);
	for (int i = 0; i < 8; i++) {
		const char *to = all[i / 2];

		if (!(i % 2) && !strcmp(to, "::1"))
			continue;
		end = end_new(tied, UDP, strchr(to, ':') ? AF_INET6 : AF_INET);
		expect_errno(end_connect(end, to, PORT + i % 2), 0);
		expect_errno(end_send(end), 0);
		what.fd = i % 2 ? server6.fd : server.fd;
		tell(tied, do_echo, &what, sizeof(what));
		ktap_expect(!what.error, "%s: answer: %s", to, errno_name(what.error));
		ktap_expect(!end_receive(end, NULL, NULL), "%s: expected an answer, came none", to);
	}
	expect_refused(NULL, UDP, "127.0.0.1", PORT);
}

/* Any: the own addresses and the own loopback */

struct hearing {
	const char *set, *bound;
	bool ipv6_only, local4, local6, own4, own6;
};

#define BOTH	A "/24 " A6 "/64"

static const struct hearing hearings[] = {
	{ A "/24", "0.0.0.0", false, true, false, true, false },
	{ A "/24", "::", false, true, true, true, false },
	{ A "/24", "::", true, false, true, false, false },
	{ BOTH, "0.0.0.0", false, true, false, true, false },
	{ BOTH, "::", false, true, true, true, true },
	{ BOTH, "::", true, false, true, false, true },
	{ A6 "/64", "::", false, true, true, false, true },
	{ A6 "/64", "::", true, false, true, false, true },
	{ A6 "/64", "0.0.0.0", false, true, false, false, false },
};

static void expect_hearing(struct party *from, struct end server, const char *address, bool heard,
			   int port)
{
	if (heard)
		expect_reached(from, server, address, port, NULL);
	else
		expect_unheard(from, server, address, port);
}

static void run_hears(const void *data)
{
	enum kind kind = *(enum kind *)data;
	const struct hearing *hearing;

	for (hearing = hearings; hearing < hearings + ARRAY_SIZE(hearings); hearing++) {
		struct party *tied = party_new(hearing->set, LOCAL);
		struct end server = end_new(tied, kind, strchr(hearing->bound, ':') ? AF_INET6 :
					    AF_INET);
		int port = PORT + (hearing - hearings);

		if (hearing->ipv6_only)
			end_option(server, SOL_IPV6, IPV6_V6ONLY, 1);
		expect_errno(end_bind(server, hearing->bound, port), 0);
		if (kind == TCP)
			expect_errno(end_listen(server), 0);
		expect_name(server, hearing->bound, "bound to any");
		expect_hearing(tied, server, "127.0.0.1", hearing->local4, port);
		expect_hearing(tied, server, "::1", hearing->local6, port);
		expect_hearing(NULL, server, A, hearing->own4, port);
		expect_hearing(NULL, server, A6, hearing->own6, port);
		expect_unheard(NULL, server, B, port);
		expect_unheard(NULL, server, "127.0.0.1", port);
		expect_unheard(NULL, server, "::1", port);
		party_end(tied);
	}
}

/* 0.0.0.0 and :: of IPv6 alone in one process, in two sets at once */
static void run_separate(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *at[2] = { party_new(BOTH, LOCAL), party_new(B "/24 " B6 "/64", LOCAL) };
	struct end servers[2][2];
	int i;

	for (i = 0; i < 2; i++) {
		servers[i][0] = serve(at[i], kind, "0.0.0.0", PORT);
		servers[i][1] = end_new(at[i], kind, AF_INET6);
		expect_errno(end_option(servers[i][1], SOL_IPV6, IPV6_V6ONLY, 1), 0);
		expect_errno(end_bind(servers[i][1], "::", PORT), 0);
		if (kind == TCP)
			expect_errno(end_listen(servers[i][1]), 0);
	}
	for (i = 0; i < 2; i++) {
		expect_reached(at[i], servers[i][0], "127.0.0.1", PORT, "127.0.0.1");
		expect_reached(at[i], servers[i][1], "::1", PORT, "::1");
		expect_reached(NULL, servers[i][0], i ? B : A, PORT, NULL);
		expect_reached(at[!i], servers[i][0], i ? B : A, PORT, i ? A : B);
		expect_reached(NULL, servers[i][1], i ? B6 : A6, PORT, NULL);
		expect_reached(at[!i], servers[i][1], i ? B6 : A6, PORT, i ? A6 : B6);
	}
}

/* Many */

#define SETS	300

static void run_many(const void *unused)
{
	static struct party *at[SETS];
	static char seen[SETS][64];
	struct end servers[SETS];
	int i, round, fresh, sets = ktap_seconds(1) > 1 ? SETS / 10 : SETS;

	(void)unused;
	for (round = 0; round < 3; round++) {
		fresh = 0;
		for (i = 0; i < sets; i++) {
			at[i] = party_new(A "/24", LOCAL);
			servers[i] = serve(at[i], TCP, "127.0.0.1", PORT + round);
		}
		for (i = 0; i < sets; i += 7)
			expect_reached(at[i], servers[i], "127.0.0.1", PORT + round, "127.0.0.1");
		for (i = 0; i < sets; i++) {
			const char *real;
			int j, port = 20000 + round * sets + i;

			serve(at[i], TCP, "127.0.0.1", port);
			real = real_address("tcp", port);
			for (j = 0; round && j < sets && strcmp(seen[j], real); j++)
				;
			fresh += j == sets;
			if (!round)
				strcpy(seen[i], real);
		}
		ktap_expect(fresh < sets / 2, "expected freed loopbacks, came %d fresh ones",
			    fresh);
		for (i = 0; i < sets; i++)
			party_end(at[i]);
		nap(ktap_seconds(1) * 100);
	}
}

/* A process that isn't tied, or has no private loopback, has the machine's. */
static void run_without(const void *unused)
{
	struct party *with = party_new(A "/24", LOCAL), *without = party_new(B "/24", 0);
	struct end server = serve(NULL, TCP, "127.0.0.1", PORT);
	struct end own = serve(with, TCP, "127.0.0.1", PORT);

	(void)unused;
	expect_reached(without, server, "127.0.0.1", PORT, B);
	expect_reached(NULL, server, "127.0.0.1", PORT, "127.0.0.1");
	expect_reached(with, own, "127.0.0.1", PORT, "127.0.0.1");
}

static const struct ktap_case cases[] = {
	{ "the machine's can't be reached from inside", run_outwards },
	{ "all calls reach the own one", run_inwards },
	{ "sources that are asked for", run_sources },
	{ "what names are shown", run_names },
	{ "answers from where the request went to", run_echo },
	{ "sets without one have the machine's", run_without },
	{ "many of them, and what is freed", run_many, .seconds = 60 },
};

static const struct {
	const char *name;
	void (*run)(const void *data);
} suites[] = {
	{ "in two sets at once", run_two },
	{ "who is in whose way", run_in_the_way },
	{ "reached from inside", run_inside },
	{ "not reached from outside", run_outside },
	{ "what any hears", run_hears },
	{ "0.0.0.0 and :: of IPv6 alone", run_separate },
};

int main(int argc, char **argv)
{
	static const enum kind kinds[] = { TCP, UDP };

	net_up();
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct ktap_case *test = calloc(1, sizeof(*test));

			test->name = ktap_text("%s: %s", kind_names[k], suites[i].name);
			test->run = suites[i].run;
			test->data = &kinds[k];
			test->seconds = 20;
			ktap_add(test);
		}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
