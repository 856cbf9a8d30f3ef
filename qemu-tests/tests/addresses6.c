// SPDX-License-Identifier: GPL-2.0-only
/* IPv6: of sets that have none of its addresses, that have some, and that have nothing else. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7300
#define MAPPED	"::ffff:"
#define AB	A "/24 " B "/24"
#define MIXED	A "/24 " A6 "/64 " E6 "/64"

static struct end serve6_only(struct party *at, enum kind kind, int port)
{
	struct end end = end_new(at, kind, AF_INET6);

	expect_errno(end_option(end, SOL_IPV6, IPV6_V6ONLY, 1), 0);
	expect_errno(end_bind(end, "::", port), 0);
	if (kind == TCP)
		expect_errno(end_listen(end), 0);
	return end;
}

/* A case for each kind of socket and each set. */
struct set_case {
	enum kind kind;
	const char *set;
};

/* @server hears what is sent to addresses of its set, of the families that it has, and no more. */
static void expect_own(struct end server, const char *set, int port, bool ipv4, bool ipv6)
{
	static const char *const all[] = {
		A, B, C, E, ONE, "127.0.0.1", A6, B6, C6, E6, ONE6, "::1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool its = strchr(all[i], ':') ? ipv6 : ipv4;

		if (its && has(set, all[i]))
			expect_reached(NULL, server, all[i], port, NULL);
		else
			expect_refused(NULL, server.kind, all[i], port);
	}
}

static void run_dual(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end server = serve(tied, test->kind, "::", PORT);

	if (!strcmp(test->set, A "/24"))
		expect_name(server, MAPPED A, "bound to any");
	else if (!strcmp(test->set, A6 "/64"))
		expect_name(server, A6, "bound to any");
	else
		expect_name(server, "::", "bound to any");
	expect_own(server, test->set, PORT, true, true);
}

static void run_listen(const void *data)
{
	const struct set_case *test = data;
	struct end server = end_new(party_new(test->set, 0), TCP, AF_INET6);

	expect_errno(end_listen(server), 0);
	expect_own(server, test->set, end_port(server), true, true);
}

/* As nginx does it. */
static void run_separate(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0), *other = party_new(C "/24 " C6 "/64", 0);
	struct end server = serve(tied, test->kind, "0.0.0.0", PORT);
	struct end server6 = serve6_only(tied, test->kind, PORT);
	struct end other6 = serve6_only(other, test->kind, PORT);
	struct end other4 = serve(other, test->kind, "0.0.0.0", PORT);
	static const char *const own[] = { A, B, A6, E6 };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (has(test->set, own[i]))
			expect_reached(NULL, i < 2 ? server : server6, own[i], PORT, NULL);
		else
			expect_refused(NULL, test->kind, own[i], PORT);
	expect_reached(NULL, other4, C, PORT, NULL);
	expect_reached(NULL, other6, C6, PORT, NULL);
	expect_refused(NULL, test->kind, ONE, PORT);
	expect_refused(NULL, test->kind, ONE6, PORT);
	expect_refused(NULL, test->kind, "::1", PORT);
	expect_refused(NULL, test->kind, "127.0.0.1", PORT);
}

static void run_alone(const void *data)
{
	const struct set_case *test = data;
	struct end server = serve6_only(party_new(test->set, 0), test->kind, PORT);

	expect_own(server, test->set, PORT, false, true);
}

/* Bind */

static void run_bind(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	static const char *const all[] = {
		MAPPED A, MAPPED B, MAPPED C, MAPPED "127.0.0.1", A6, B6, C6, E6, ONE6, "::1",
		"fd00::1", "::2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct end end = end_new(tied, test->kind, AF_INET6);
		const char *address = strncmp(all[i], MAPPED, 7) ? all[i] : all[i] + 7;
		int error, want = has(test->set, address) ? 0 : EADDRNOTAVAIL;

		if (test->kind == PING && address != all[i])
			continue;
		error = end_bind(end, all[i], PORT);
		ktap_expect(error == want, "bind to %s: expected %s, came %s", all[i],
			    errno_name(want), errno_name(error));
		if (!error)
			expect_name(end, all[i], "bound");
		if (!error && test->kind == TCP)
			expect_errno(end_listen(end), 0);
		if (!error && test->kind != PING)
			expect_reached(NULL, end, address, PORT, NULL);
		end_close(end);
		end = end_new(tied, test->kind, AF_INET6);
		end_option(end, SOL_IPV6, IPV6_FREEBIND, 1);
		end_option(end, SOL_IPV6, IPV6_TRANSPARENT, 1);
		error = end_bind(end, all[i], PORT);
		ktap_expect(error == want, "free bind to %s: expected %s, came %s", all[i],
			    errno_name(want), errno_name(error));
		end_close(end);
	}
}

/* Two sets, one port */

struct two {
	enum kind kind;
	const char *one, *other;
	bool reuse;
	int error;
};

static const struct two twos[] = {
	{ TCP, A6 " " B6, C6, false, 0 }, { TCP, A6 " " B6, C6, true, 0 },
	{ TCP, A " " A6, B " " B6, false, 0 }, { TCP, A6, A, false, 0 },
	{ TCP, A6, B6, true, 0 }, { TCP, A, B " " C, true, 0 },
	{ TCP, A6 " " B6, B6, false, EADDRINUSE }, { TCP, A " " A6, A " " B6, false, EADDRINUSE },
	{ TCP, A6, NULL, false, EADDRINUSE }, { TCP, NULL, A " " A6, false, EADDRINUSE },
	{ UDP, A6 " " B6, C6, false, 0 }, { UDP, A6 " " B6, C6, true, 0 },
	{ UDP, A " " A6, B " " B6, false, 0 }, { UDP, A6, A, false, 0 },
	{ UDP, A6, B6, true, 0 }, { UDP, A, B " " C, true, 0 },
	{ UDP, A6 " " B6, B6, false, EADDRINUSE }, { UDP, A " " A6, A " " B6, false, EADDRINUSE },
	{ UDP, A6, NULL, false, EADDRINUSE }, { UDP, NULL, A " " A6, false, EADDRINUSE },
};

static void run_two(const void *data)
{
	const struct two *two = data;
	struct party *at[2] = {
		two->one ? party_new(two->one, 0) : NULL,
		two->other ? party_new(two->other, 0) : NULL,
	};
	static const char *const all[] = { A, B, C, A6, B6, C6 };
	struct end servers[2];
	int error, i, round;

	for (i = 0; i < 2; i++) {
		servers[i] = end_new(at[i], two->kind, AF_INET6);
		if (two->reuse)
			end_option(servers[i], SOL_SOCKET, SO_REUSEPORT, 1);
		error = end_bind(servers[i], "::", PORT);
		ktap_expect(error == (i ? two->error : 0), "bind: expected %s, came %s",
			    errno_name(i ? two->error : 0), errno_name(error));
		if (two->kind == TCP && !error)
			expect_errno(end_listen(servers[i]), 0);
	}
	for (round = 0; round < 6 && !two->error; round++)
		for (i = 0; i < (int)ARRAY_SIZE(all); i++)
			if (has(two->one, all[i]))
				expect_reached(NULL, servers[0], all[i], PORT, NULL);
			else if (has(two->other, all[i]))
				expect_reached(NULL, servers[1], all[i], PORT, NULL);
			else
				expect_refused(NULL, two->kind, all[i], PORT);
}

/* By mapped addresses to IPv4 */

static void run_mapped(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end server = serve(NULL, test->kind, ONE, PORT), end;

	expect_reached(tied, server, MAPPED ONE, PORT, A);
	end = end_new(tied, test->kind, AF_INET6);
	expect_errno(end_bind(end, "::", 0), 0);
	expect_errno(end_connect(end, MAPPED ONE, PORT), 0);
	expect_name(end, MAPPED A, "connected");
	if (test->kind != TCP)
		expect_errno(end_send(end), 0);
	expect_caller(server, A, "connect after a bind");
	if (test->kind == TCP)
		return;
	expect_errno(end_send_to(end_new(tied, test->kind, AF_INET6), MAPPED ONE, PORT), 0);
	expect_caller(server, A, "sendto");
	end = end_new(tied, test->kind, AF_INET6);
	expect_errno(end_bind(end, "::", 0), 0);
	expect_errno(end_send_to(end, MAPPED ONE, PORT), 0);
	expect_caller(server, A, "sendto after a bind");
	end_send_from(end, MAPPED B, MAPPED ONE, PORT);
	end_send_from(end, ONE, MAPPED ONE, PORT);
	while (end_hears(server, 50))
		expect_caller(server, has(test->set, B) ? NULL : A, "sendmsg");
	expect_errno(end_send_to(end, ONE, PORT), 0);
	expect_caller(server, A, "sendto by the address as it is");
}

static void run_unreachable6(const void *data)
{
	const struct set_case *test = data;
	static const char *const all[] = { ONE6, A6, "::1", OFF6, "fe80::1%dummy1", "2001:db8::1" };
	struct party *tied = party_new(test->set, 0);
	struct end end, trap = serve6_only(NULL, test->kind, PORT);

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int error = end_connect(end_new(tied, test->kind, AF_INET6), all[i], PORT);

		ktap_expect(error == ENETUNREACH, "connect to %s: expected ENETUNREACH, came %s",
			    all[i], errno_name(error));
		if (test->kind == TCP)
			continue;
		end = end_new(tied, test->kind, AF_INET6);
		error = end_send_to(end, all[i], PORT);
		ktap_expect(error == ENETUNREACH, "sendto %s: expected ENETUNREACH, came %s",
			    all[i], errno_name(error));
		error = end_send_from(end, ONE6, all[i], PORT);
		ktap_expect(error, "sendmsg to %s: expected an error", all[i]);
	}
	expect_unheard(tied, trap, "::", PORT);
}

static void run_unreachable4(const void *data)
{
	const struct set_case *test = data;
	static const char *const all[] = {
		ONE, A, "127.0.0.1", OFF, MAPPED ONE, MAPPED "127.0.0.1",
	};
	struct party *tied = party_new(test->set, 0);
	struct end trap = serve(NULL, test->kind, "0.0.0.0", PORT), server;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int family = strchr(all[i], ':') ? AF_INET6 : AF_INET;
		int error = end_connect(end_new(tied, test->kind, family), all[i], PORT);

		ktap_expect(error == ENETUNREACH, "connect to %s: expected ENETUNREACH, came %s",
			    all[i], errno_name(error));
		if (test->kind == TCP)
			continue;
		error = end_send_to(end_new(tied, test->kind, family), all[i], PORT);
		ktap_expect(error == ENETUNREACH, "sendto %s: expected ENETUNREACH, came %s",
			    all[i], errno_name(error));
	}
	expect_unheard(tied, trap, "0.0.0.0", PORT);
	end_close(trap);
	/* it may be there, but nobody comes */
	server = end_new(tied, test->kind, AF_INET);
	if (!end_bind(server, "0.0.0.0", PORT) && test->kind == TCP)
		end_listen(server);
	expect_unheard(NULL, server, "127.0.0.1", PORT);
	expect_unheard(NULL, server, A, PORT);
	expect_errno(end_bind(end_new(tied, test->kind, AF_INET), A, 0), EADDRNOTAVAIL);
}

/* IPv4 for good: IPV6_ADDRFORM */
static void run_form(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end server = serve(NULL, test->kind, ONE, PORT), end;
	struct end server2 = serve(NULL, test->kind, TWO, PORT);
	int bound;

	for (bound = 0; bound < 2; bound++) {
		end = end_new(tied, test->kind, AF_INET6);
		if (bound)
			expect_errno(end_bind(end, "::", 0), 0);
		expect_errno(end_connect(end, MAPPED ONE, PORT), 0);
		expect_errno(end_option(end, SOL_IPV6, IPV6_ADDRFORM, AF_INET), 0);
		expect_name(end, A, "connected");
		expect_errno(end_send(end), 0);
		expect_caller(server, A, "connect");
		expect_errno(end_disconnect(end), 0);
		expect_errno(end_connect(end, TWO, PORT), 0);
		expect_name(end, A, "connected again");
		expect_errno(end_send(end), 0);
		expect_caller(server2, A, "connect again");
		expect_errno(end_disconnect(end), 0);
		expect_errno(end_bind(end, ONE, 0), EADDRNOTAVAIL);
	}
}

/* It goes back to being a listener on any. */
static void run_form_listen(const void *data)
{
	const struct set_case *test = data;
	struct end server = serve(NULL, TCP, ONE, PORT), end;

	(void)server;
	end = end_new(party_new(test->set, 0), TCP, AF_INET6);
	expect_errno(end_connect(end, MAPPED ONE, PORT), 0);
	expect_errno(end_option(end, SOL_IPV6, IPV6_ADDRFORM, AF_INET), 0);
	expect_errno(end_disconnect(end), 0);
	expect_errno(end_listen(end), 0);
	expect_own(end, test->set, end_port(end), true, false);
}

static void run_ping(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end end, look = sniffer();
	const char *from;

	if (has(test->set, A)) {
		end = end_new(tied, PING, AF_INET);
		expect_errno(end_send_to(end, ONE, 0), 0);
		expect_errno(end_receive(end, NULL, NULL), 0);
		from = sniff(look, ONE);
		ktap_expect(!strcmp(from, A), "expected an echo request from %s, came %s", A, from);
	} else {
		expect_errno(end_send_to(end_new(tied, PING, AF_INET), ONE, 0), ENETUNREACH);
	}
	if (has(test->set, A6)) {
		end = end_new(tied, PING, AF_INET6);
		expect_errno(end_send_to(end, ONE6, 0), 0);
		expect_errno(end_receive(end, NULL, NULL), 0);
		from = sniff(look, ONE6);
		ktap_expect(!strcmp(from, A6), "expected an echo request from %s, came %s", A6,
			    from);
	} else {
		expect_errno(end_send_to(end_new(tied, PING, AF_INET6), ONE6, 0), ENETUNREACH);
		expect_errno(end_connect(end_new(tied, PING, AF_INET6), ONE6, 0), ENETUNREACH);
	}
}

/* Bound to any of IPv4, by its name in IPv6 */
static void run_mapped_any(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0), *local;
	struct end server = end_new(tied, test->kind, AF_INET6);

	if (!end_bind(server, MAPPED "0.0.0.0", PORT)) {
		if (test->kind == TCP)
			expect_errno(end_listen(server), 0);
		expect_own(server, test->set, PORT, true, false);
	}
	party_end(tied);
	local = party_new(test->set, VCONTEXT_BIND_LOOPBACK);
	server = serve(local, test->kind, MAPPED "0.0.0.0", PORT + 1);
	expect_own(server, test->set, PORT + 1, true, false);
	expect_reached(local, server, "127.0.0.1", PORT + 1, "127.0.0.1");
}

/* All that is seen to go to @to has to come from an own address. */
static void expect_sources(struct end look, const char *to, const char *set, const char *when)
{
	const char *from;

	while (end_hears(look, 50)) {
		from = sniff(look, to);
		ktap_expect(!*from || has(set, from), "%s: a packet from %s", when, from);
	}
}

/* A source that is asked for by who is connected, and has a route already */
static void run_asked(const void *data)
{
	static const char *const sources[] = {
		B6, ONE6, "::1", MAPPED A, MAPPED ONE, MAPPED "255.255.255.255", "fd99::1",
	};
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end server = serve(NULL, test->kind, ONE6, PORT), look = sniffer(), end;

	(void)server;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		for (int how = 0; how < 2; how++) {
			end = end_new(tied, test->kind, AF_INET6);
			if (how)
				expect_errno(end_bind(end, A6, 0), 0);
			expect_errno(end_connect(end, ONE6, PORT), 0);
			expect_errno(end_send(end), 0);
			end_send_from(end, sources[i], ONE6, PORT);
			expect_sources(look, ONE6, test->set, sources[i]);
		}
}

/* Who is bound to IPv4 doesn't reach IPv6 from there. */
static void run_crossing(const void *data)
{
	static const char *const bound[] = { MAPPED A, MAPPED "10.81.1.255", MAPPED "0.0.0.0" };
	const struct set_case *test = data;
	struct end look = sniffer(), end;
	struct party *tied;

	for (size_t i = 0; i < ARRAY_SIZE(bound); i++)
		for (__u32 flags = 0; flags <= VCONTEXT_BIND_LOOPBACK; flags++) {
			tied = party_new(test->set, flags);
			end = end_new(tied, test->kind, AF_INET6);
			end_bind(end, bound[i], 0);
			end_not_wait(end);
			if (!end_connect(end, ONE6, PORT))
				end_send(end);
			if (test->kind != TCP)
				end_send_to(end, ONE6, PORT);
			expect_sources(look, ONE6, test->set, bound[i]);
			party_end(tied);
		}
	/* but who isn't does */
	end = end_new(party_new(test->set, 0), UDP, AF_INET6);
	expect_errno(end_send_to(end, ONE6, PORT), 0);
	ktap_expect(!strcmp(sniff(look, ONE6), A6), "expected a packet from %s", A6);
}

/* From IPv6 to IPv4, where the kernel would take 127.0.0.6 for the own address */
static void run_form_crossed(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end end = end_new(tied, test->kind, AF_INET6);
	struct end peer = serve(NULL, test->kind, ONE, PORT);

	expect_errno(end_connect(end, ONE6, PORT), 0);
	expect_errno(end_connect(end, ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_connect(end, MAPPED ONE, PORT), EADDRNOTAVAIL);
	expect_errno(end_send_to(peer, "127.0.0.6", end_port(end)), 0);
	ktap_expect(!end_hears(end, 50), "heard at 127.0.0.6");
	expect_errno(end_disconnect(end), 0);
	expect_errno(end_connect(end, MAPPED ONE, PORT), 0);
	expect_errno(end_send(end), 0);
	expect_caller(peer, A, "connected again");
}

/* A bind that fails takes nothing away. */
static void run_failed(const void *data)
{
	const struct set_case *test = data;
	struct party *tied = party_new(test->set, 0);
	struct end holder = serve(tied, test->kind, A, PORT), end;

	(void)holder;
	end = end_new(tied, test->kind, AF_INET6);
	expect_errno(end_bind(end, MAPPED A, PORT), EADDRINUSE);
	expect_errno(end_bind(end, "::", PORT), EADDRINUSE);
	if (test->kind == TCP)
		expect_errno(end_listen(end), 0);
	else
		expect_errno(end_send_to(end, MAPPED ONE, PORT + 1), 0);
	expect_name(end, MAPPED A, "after a bind that failed");
	expect_own(end, test->set, end_port(end), true, false);
}

/* Sockets that have an address already */

static void run_before(const void *data)
{
	const struct set_case *test = data;
	static const char *const where[] = { "::", ONE6, MAPPED ONE, "::1" };
	struct party *tied = party_new(NULL, 0);
	struct end ends[ARRAY_SIZE(where)], unbound = end_new(tied, TCP, AF_INET6), foreign;
	bool ipv4 = has(test->set, A);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(where); i++) {
		ends[i] = end_new(tied, test->kind, AF_INET6);
		expect_errno(end_bind(ends[i], where[i], 0), 0);
	}
	party_tie(tied, test->set, 0);
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		if (test->kind == TCP)
			expect_errno(end_listen(ends[i]), EADDRNOTAVAIL);
		expect_errno(end_connect(ends[i], ipv4 ? MAPPED ONE : ONE6, PORT), EADDRNOTAVAIL);
	}
	expect_errno(end_listen(unbound), 0);
	expect_own(unbound, test->set, end_port(unbound), true, true);
	foreign = end_new(NULL, TCP, AF_INET6);
	expect_errno(end_bind(foreign, ONE6, 0), 0);
	foreign = (struct end){ tied, party_pass(NULL, foreign.fd, tied), TCP };
	expect_errno(end_listen(foreign), EADDRNOTAVAIL);
}

struct suite {
	const char *name;
	void (*run)(const void *data);
	unsigned int kinds;		/* bits */
	const char *const *sets;
};

static const char *const ipv4_sets[] = { A "/24", AB, NULL };
static const char *const ipv6_sets[] = { A6 "/64", A6 "/64 " E6 "/64", NULL };
static const char *const all_sets[] = {
	A "/24", AB, A "/24 " A6 "/64", MIXED, A6 "/64", A6 "/64 " E6 "/64", NULL,
};
static const char *const with_ipv4[] = { A "/24", AB, A "/24 " A6 "/64", MIXED, NULL };

static const char *const with_ipv6[] = {
	A "/24 " A6 "/64", MIXED, A6 "/64", A6 "/64 " E6 "/64", NULL,
};
static const char *const with_both[] = { A "/24 " A6 "/64", MIXED, NULL };
static const char *const one_ipv4[] = { A "/24", NULL };

#define STREAM		(1 << TCP)
#define STREAM_DATA	(1 << TCP | 1 << UDP)
#define ALL_BUT_PING	(1 << TCP | 1 << UDP | 1 << UDP_LITE)

static const struct suite suites[] = {
	{ "bound to ::", run_dual, ALL_BUT_PING, all_sets },
	{ "listen without bind", run_listen, STREAM, all_sets },
	{ ":: of IPv6 alone", run_alone, STREAM_DATA, all_sets },
	{ "0.0.0.0 and :: of IPv6 alone", run_separate, STREAM_DATA, all_sets },
	{ "bind", run_bind, ALL_BUT_PING | 1 << PING, all_sets },
	{ "mapped destinations", run_mapped, ALL_BUT_PING, with_ipv4 },
	{ "no way to IPv6", run_unreachable6, ALL_BUT_PING, ipv4_sets },
	{ "no way to IPv4", run_unreachable4, ALL_BUT_PING, ipv6_sets },
	{ "IPV6_ADDRFORM", run_form, STREAM_DATA, with_ipv4 },
	{ "IPV6_ADDRFORM and listen", run_form_listen, STREAM, with_ipv4 },
	{ "bound to any of IPv4 by its mapped name", run_mapped_any, ALL_BUT_PING, with_ipv4 },
	{ "a source that is asked for", run_asked, 1 << UDP | 1 << UDP_LITE, with_ipv6 },
	{ "bound to IPv4, to IPv6", run_crossing, STREAM_DATA, with_both },
	{ "IPV6_ADDRFORM after IPv6", run_form_crossed, 1 << UDP | 1 << UDP_LITE, with_both },
	{ "a bind that fails", run_failed, STREAM_DATA, one_ipv4 },
	{ "sockets from before", run_before, STREAM_DATA, all_sets },
	{ "echo requests", run_ping, 1 << PING, all_sets },
};

static void add(const char *name, void (*run)(const void *data), const void *data,
		const char *anywhere)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->anywhere = anywhere;
	test->seconds = 20;
	ktap_add(test);
}

static void add_suite(const struct suite *suite)
{
	const char *const *set;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		for (set = suite->sets; *set && suite->kinds & 1 << kind; set++) {
			struct set_case *data = calloc(1, sizeof(*data));

			data->kind = kind;
			data->set = *set;
			add(ktap_text("%s: %s of %s", kind_names[kind], suite->name, *set),
			    suite->run, data, NULL);
		}
}

int main(int argc, char **argv)
{
	size_t i;

	net_up();
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		add_suite(&suites[i]);
	for (i = 0; i < ARRAY_SIZE(twos); i++)
		add(ktap_text("%s: %s and %s%s", kind_names[twos[i].kind], twos[i].one ?: "nobody",
			      twos[i].other ?: "nobody", twos[i].reuse ? " with SO_REUSEPORT" :
			      twos[i].error ? ", in each other's way" : ""), run_two, &twos[i],
		    twos[i].error ? "the kernel has such conflicts of its own" : NULL);
	return ktap_main(argc, argv);
}
