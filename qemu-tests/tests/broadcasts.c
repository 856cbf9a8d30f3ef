// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broadcasts and groups: a socket that is bound to any address hears those of its set's own
 * networks and 255.255.255.255, and what it sends there comes from an own address.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7700
#define BCAST	"10.81.1.255"	/* of the network of A and ONE */
#define BCAST2	"10.81.2.255"	/* of that of E and TWO */
#define OTHER	"10.82.1.255"	/* another network on the device of A and ONE */
#define ALL	"255.255.255.255"
#define GROUP	"239.81.2.3"
#define GROUP6	"ff05::8123"
#define NEAR	"10.88.1.1"	/* on a device at whose other end somebody else is */
#define NEAR_ALL "10.88.1.255"
#define FAR	"10.88.1.100"
#define FAR_OTHER "10.88.2.100"
#define BOTH	A "/24 " E "/24"

/* What is sent from this port is not to be heard, and what from the next one is. */
#define UNWANTED	(PORT + 50)
#define WANTED		(PORT + 51)

/* Who listens */
struct listener {
	enum kind kind;
	int family;
	const char *set;
	__u32 flags;
	bool second;		/* its second address is in the second network */
};

static const struct listener listeners[] = {
	{ UDP, AF_INET, A "/24" },
	{ UDP, AF_INET, BOTH, .second = true },
	{ UDP, AF_INET, A "/24 " A6 "/64" },
	{ UDP, AF_INET, A "/24", VCONTEXT_BIND_LOOPBACK },
	{ UDP, AF_INET6, A "/24" },
	{ UDP, AF_INET6, BOTH, .second = true },
	{ UDP, AF_INET6, A "/24 " A6 "/64" },
	{ UDP, AF_INET6, A "/24", VCONTEXT_BIND_LOOPBACK },
	{ UDP_LITE, AF_INET, A "/24" },
	{ UDP_LITE, AF_INET, BOTH, .second = true },
};

static struct end listen_to(struct party *at, enum kind kind, int family, const char *address)
{
	struct end end = end_new(at, kind, family);

	expect_errno(end_option(end, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	expect_errno(end_bind(end, address ?: family == AF_INET6 ? "::" : "0.0.0.0", PORT), 0);
	return end;
}

static void shout(struct party *at, enum kind kind, const char *from, const char *to, int port)
{
	struct end end = end_new(at, kind, AF_INET);

	expect_errno(end_option(end, SOL_SOCKET, SO_BROADCAST, 1), 0);
	expect_errno(end_bind(end, from, port), 0);
	expect_errno(end_send_to(end, to, PORT), 0);
	end_close(end);
}

/* One packet comes, and it is the wanted one. */
static void expect_wanted(struct end end, const char *what)
{
	int port, error = end_receive(end, NULL, &port);

	ktap_expect(!error, "%s: expected it to be heard, came %s", what, errno_name(error));
	ktap_expect(port == WANTED, "%s: something else was heard before", what);
	ktap_expect(!end_hears(end, 20), "%s: expected to hear once, came more", what);
}

static void run_hears(const void *data)
{
	const struct listener *listener = data;
	enum kind kind = listener->kind;
	struct party *tied = party_new(listener->set, listener->flags);
	struct end end = listen_to(tied, kind, listener->family, NULL);

	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	if (!listener->second)
		shout(NULL, kind, TWO, BCAST2, UNWANTED);
	shout(NULL, kind, "10.81.3.100", "10.81.3.255", UNWANTED);
	shout(NULL, kind, ONE, BCAST, WANTED);
	expect_wanted(end, "to the own network");
	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	shout(NULL, kind, ONE, ALL, WANTED);
	expect_wanted(end, "to all");
	if (!listener->second)
		return;
	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	shout(NULL, kind, TWO, BCAST2, WANTED);
	expect_wanted(end, "to the second own network");
}

/* From another machine, which is another network namespace */

static void do_leave(void *data)
{
	ktap_need(!unshare(CLONE_NEWNET), "unshare: %s", errno_name(errno));
	(void)data;
}

static void do_set_up(void *data)
{
	(void)data;
	ip_batch("link set far8 up\naddr add " FAR "/24 brd + dev far8\n"
		 "addr add " FAR_OTHER "/24 brd + dev far8\n");
}

static struct party *far_away(void)
{
	struct party *far = party_new(NULL, 0);

	tell(far, do_leave, NULL, 0);
	ip_batch(ktap_text("link del near8\nlink add near8 type veth peer name far8\n"
			   "link set near8 up\naddr add 10.88.1.50/24 brd + dev near8\n"
			   "addr add " NEAR "/24 brd + dev near8\n"
			   "addr add 10.88.2.1/24 brd + dev near8\nlink set far8 netns %d\n",
			   far->pid));
	tell(far, do_set_up, NULL, 0);
	return far;
}

/* What comes in from a device, and what goes out. */
static void run_far(const void *data)
{
	const struct listener *listener = data;
	struct party *far = far_away(), *tied = party_new(NEAR "/24", listener->flags);
	struct end end = listen_to(tied, listener->kind, listener->family, NULL), there;
	enum kind kind = listener->kind;
	char from[64];
	int port;

	shout(far, kind, FAR_OTHER, "10.88.2.255", UNWANTED);
	shout(far, kind, FAR, NEAR_ALL, WANTED);
	expect_wanted(end, "to the own network");
	shout(far, kind, FAR_OTHER, "10.88.2.255", UNWANTED);
	shout(far, kind, FAR, ALL, WANTED);
	expect_wanted(end, "to all");
	/* its answer */
	there = serve(far, kind, FAR, PORT + 1);
	expect_errno(end_option(there, SOL_SOCKET, SO_BROADCAST, 1), 0);
	expect_errno(end_send_to(there, NEAR_ALL, PORT), 0);
	expect_errno(end_receive(end, from, &port), 0);
	expect_errno(end_send_to(end, from, port), 0);
	expect_caller(there, NEAR, "an answer");
	/* and its own */
	expect_errno(end_option(end, SOL_SOCKET, SO_BROADCAST, 1), 0);
	there = serve(far, kind, "0.0.0.0", PORT + 2);
	if (listener->family == AF_INET) {
		expect_errno(end_send_to(end, NEAR_ALL, PORT + 2), 0);
		expect_caller(there, NEAR, "to the own network");
		expect_errno(end_send_to(end, ALL, PORT + 2), 0);
		expect_caller(there, NEAR, "to all");
	}
}

/* Many sockets of one port, which the kernel finds by address then */

#define MANY	24

static void run_many_others(const void *data)
{
	const struct listener *listener = data;
	enum kind kind = listener->kind;
	struct party *tied = party_new(listener->set, listener->flags);
	struct end end, others[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		others[i] = listen_to(NULL, kind, AF_INET, ktap_text("127.0.9.%d", i + 1));
	end = listen_to(tied, kind, listener->family, NULL);
	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	shout(NULL, kind, ONE, BCAST, WANTED);
	expect_wanted(end, "to the own network");
	shout(NULL, kind, ONE, ALL, WANTED);
	expect_wanted(end, "to all");
	expect_reached(NULL, end, A, PORT, NULL);
	for (i = 0; i < MANY; i++)
		ktap_expect(!end_hears(others[i], 0), "expected other sockets to hear nothing");
}

static void run_many_own(const void *data)
{
	const struct listener *listener = data;
	enum kind kind = listener->kind;
	struct party *tied = party_new(listener->set, listener->flags);
	struct end ends[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		ends[i] = listen_to(tied, kind, listener->family, NULL);
	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	shout(NULL, kind, ONE, BCAST, WANTED);
	for (i = 0; i < MANY; i++)
		expect_wanted(ends[i], ktap_text("to the own network, socket %d", i));
}

/* Two in one network, and one in another */
static void run_two(const void *data)
{
	enum kind kind = *(enum kind *)data;
	static const char *const sets[] = { A "/24", B "/24", B "/24 " E "/24", E "/24", D };
	struct end ends[ARRAY_SIZE(sets)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		struct party *tied = party_new(sets[i], 0);

		ends[i] = end_new(tied, kind, AF_INET);
		if (i == 1 || i == 2)
			expect_errno(end_option(ends[i], SOL_SOCKET, SO_REUSEADDR, 1), 0);
		expect_errno(end_bind(ends[i], "0.0.0.0", PORT), i == 3 ? EADDRINUSE : 0);
		if (i == 3) {
			expect_errno(end_option(ends[2], SOL_SOCKET, SO_REUSEADDR, 1), 0);
			expect_errno(end_option(ends[3], SOL_SOCKET, SO_REUSEADDR, 1), 0);
			expect_errno(end_bind(ends[i], "0.0.0.0", PORT), 0);
		}
	}
	shout(NULL, kind, ONE, BCAST, WANTED);
	for (i = 0; i < 3; i++)
		expect_wanted(ends[i], sets[i]);
	ktap_expect(!end_hears(ends[3], 20), "heard by who is not in that network");
	ktap_expect(!end_hears(ends[4], 0), "heard by who knows no network");
	shout(NULL, kind, TWO, BCAST2, WANTED);
	expect_wanted(ends[2], sets[2]);
	expect_wanted(ends[3], sets[3]);
	for (i = 0; i < 2; i++)
		ktap_expect(!end_hears(ends[i], 0), "heard by who is not in that network");
}

/* A request and its answer */
static void run_answer(const void *data)
{
	const struct listener *listener = data;
	static const char *const callers[] = { ONE, TWO, ONE }, *const goals[] = {
		BCAST, BCAST2, ALL,
	}, *const own[] = { A, E, A };
	struct party *tied = party_new(listener->set, listener->flags);
	struct end server = listen_to(tied, listener->kind, listener->family, NULL), end;
	char from[64];
	int i, port;

	for (i = 0; i < 3; i++) {
		if (i == 1 && !listener->second)
			continue;
		end = serve(NULL, listener->kind, callers[i], 0);
		expect_errno(end_option(end, SOL_SOCKET, SO_BROADCAST, 1), 0);
		expect_errno(end_send_to(end, goals[i], PORT), 0);
		expect_errno(end_receive(server, from, &port), 0);
		expect_errno(end_send_to(server, from, port), 0);
		expect_caller(end, own[i], ktap_text("answer to a call of %s", goals[i]));
	}
}

/* What tied processes broadcast */
static void run_source(const void *data)
{
	enum kind kind = *(enum kind *)data;
	static const char *const goals[] = { BCAST, BCAST2, ALL, OTHER }, *const sources[] = {
		A, E, A, A,
	};
	struct party *tied = party_new(BOTH, 0);
	struct end server = listen_to(NULL, kind, AF_INET, NULL), look = sniffer(), end;
	const char *from;

	for (size_t i = 0; i < ARRAY_SIZE(goals); i++)
		for (int how = 0; how < 3; how++) {
			end = end_new(tied, kind, AF_INET);
			expect_errno(end_option(end, SOL_SOCKET, SO_BROADCAST, 1), 0);
			if (how == 1)
				expect_errno(end_bind(end, "0.0.0.0", 0), 0);
			if (how == 2 && strcmp(goals[i], ALL)) {	/* that is no place */
				expect_errno(end_connect(end, goals[i], PORT), 0);
				expect_name(end, sources[i], goals[i]);
			}
			expect_errno(end_send_to(end, goals[i], PORT), 0);
			expect_caller(server, sources[i], goals[i]);
			from = sniff(look, goals[i]);
			ktap_expect(!strcmp(from, sources[i]), "to %s: expected %s, came %s",
				    goals[i], sources[i], from);
		}
	expect_errno(end_send_to(end_new(tied, kind, AF_INET), BCAST, PORT), EACCES);
	/* as long as it is an own one, any may be asked for */
	end = end_new(tied, kind, AF_INET);
	expect_errno(end_option(end, SOL_SOCKET, SO_BROADCAST, 1), 0);
	expect_errno(end_bind(end, E, 0), 0);
	expect_errno(end_send_to(end, ALL, PORT), 0);
	expect_caller(server, E, "to all by who is bound to the second");
	end_send_from(end, ONE, BCAST, PORT);
	end_send_from(end, TWO, ALL, PORT);
	while (end_hears(server, 50))
		expect_caller(server, E, "from a foreign address");
}

/* Who is bound to an address hears what is sent to that, and a connected one its peer. */
static void run_unheard(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(BOTH, 0);
	struct end bound = listen_to(tied, kind, AF_INET, A);
	struct end connected = listen_to(tied, kind, AF_INET, NULL);

	expect_errno(end_connect(connected, TWO, PORT + 1), 0);
	shout(NULL, kind, ONE, BCAST, UNWANTED);
	shout(NULL, kind, ONE, ALL, UNWANTED);
	ktap_expect(!end_hears(bound, 50), "heard by who is bound to an address");
	ktap_expect(!end_hears(connected, 0), "heard by who is connected elsewhere");
}

/* Bound to a broadcast address */
static void run_bind(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(A "/24", 0), *alone = party_new(A, 0);
	static const char *const others[] = { BCAST2, OTHER, "10.81.3.255", "10.81.255.255", ALL };
	struct end end, server = listen_to(NULL, kind, AF_INET, ONE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		int error = end_bind(end_new(tied, kind, AF_INET), others[i], PORT);

		ktap_expect(error == EADDRNOTAVAIL, "bind to %s: expected EADDRNOTAVAIL, came %s",
			    others[i], errno_name(error));
	}
	expect_errno(end_bind(end_new(alone, kind, AF_INET), BCAST, PORT), EADDRNOTAVAIL);
	end = listen_to(tied, kind, AF_INET, BCAST);
	shout(NULL, kind, "10.82.1.100", OTHER, UNWANTED);
	shout(NULL, kind, ONE, BCAST, WANTED);
	expect_wanted(end, "to the own network");
	expect_unheard(NULL, end, A, PORT);
	expect_errno(end_send_to(end, ONE, PORT), 0);
	expect_caller(server, A, "from who is bound to the broadcast address");
	expect_errno(end_connect(end, ONE, PORT), 0);
	expect_errno(end_send(end), 0);
	expect_caller(server, A, "connected by who is bound to the broadcast address");
}

/* Groups */

struct joining {
	int fd, error;
	bool ipv6;
	char at[64];
};

static void do_join(void *data)
{
	struct ipv6_mreq join6 = { .ipv6mr_interface = if_nametoindex("dummy1") };
	struct joining *what = data;
	struct ip_mreq join;

	if (what->ipv6) {
		inet_pton(AF_INET6, GROUP6, &join6.ipv6mr_multiaddr);
		what->error = setsockopt(what->fd, SOL_IPV6, IPV6_JOIN_GROUP, &join6,
					 sizeof(join6)) ? errno : 0;
		return;
	}
	inet_pton(AF_INET, GROUP, &join.imr_multiaddr);
	inet_pton(AF_INET, what->at, &join.imr_interface);
	what->error = setsockopt(what->fd, SOL_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) ?
		      errno : 0;
}

static void join(struct end end, bool ipv6)
{
	struct joining what = { .fd = end.fd, .ipv6 = ipv6, .at = A };

	tell(end.at, do_join, &what, sizeof(what));
	ktap_expect(!what.error, "expected to join, came %s", errno_name(what.error));
}

/* What a socket has joined it hears, and it answers from an own address. */
static void run_group(const void *data)
{
	const struct listener *listener = data;
	struct party *tied = party_new(listener->set, listener->flags);
	struct end server = listen_to(tied, listener->kind, listener->family, NULL), end;
	struct in_addr device;
	char from[64];
	int port;

	join(server, false);
	inet_pton(AF_INET, ONE, &device);
	end = serve(NULL, listener->kind, ONE, 0);
	expect_errno(end_option(end, SOL_IP, IP_MULTICAST_IF, device.s_addr), 0);
	expect_errno(end_send_to(end, GROUP, PORT), 0);
	expect_errno(end_receive(server, from, &port), 0);
	ktap_expect(!end_hears(server, 20), "expected to hear once, came more");
	expect_errno(end_send_to(server, from, port), 0);
	expect_caller(end, A, "an answer to a call of a group");
	expect_errno(end_bind(end_new(tied, listener->kind, AF_INET), GROUP, PORT), EADDRNOTAVAIL);
}

static const char *const sets6[] = {
	A6 "/64", A6 "/64 " B6 "/64", A "/24 " A6 "/64", "fd81:1::1/64 10.81.1.1/24 10.81.2.1/24",
};

static void run_group6(const void *data)
{
	struct party *tied = party_new(*(const char **)data, 0);
	struct end server = listen_to(tied, UDP, AF_INET6, NULL), end;
	char from[64];
	int port;

	join(server, true);
	end = serve(NULL, UDP, ONE6, 0);
	expect_errno(end_option(end, SOL_IPV6, IPV6_MULTICAST_IF, if_nametoindex("dummy1")), 0);
	expect_errno(end_send_to(end, GROUP6, PORT), 0);
	ktap_expect(!end_receive(server, from, &port), "expected to hear what was joined");
	ktap_expect(!end_hears(server, 20), "expected to hear once, came more");
	expect_errno(end_send_to(server, from, port), 0);
	expect_caller(end, A6, "an answer to a call of a group");
}

/* What tied processes send to a group */
static void run_group_source(const void *unused)
{
	struct party *tied = party_new(BOTH, 0);
	struct end server = listen_to(NULL, UDP, AF_INET, NULL), end = end_new(tied, UDP, AF_INET);
	struct in_addr device;

	(void)unused;
	join(server, false);
	inet_pton(AF_INET, ONE, &device);
	expect_errno(end_send_to(end, GROUP, PORT), 0);
	expect_caller(server, A, "to a group");
	end_option(end, SOL_IP, IP_MULTICAST_IF, device.s_addr);
	expect_errno(end_send_to(end, GROUP, PORT), 0);
	expect_caller(server, A, "to a group by a device");
}

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

static void add_listener(const struct listener *listener)
{
	const char *text = ktap_text("%s of %s, %s%s", kind_names[listener->kind],
				     listener->family == AF_INET ? "IPv4" : "IPv6", listener->set,
				     listener->flags ? " with a loopback" : "");

	add(ktap_text("own ones are heard: %s", text), run_hears, listener, NULL);
	add(ktap_text("others have the port too: %s", text), run_many_others, listener, NULL);
	add(ktap_text("many own have the port: %s", text), run_many_own, listener, NULL);
	add(ktap_text("answers: %s", text), run_answer, listener, NULL);
	add(ktap_text("what was joined: %s", text), run_group, listener, NULL);
	if (!listener->second)
		add(ktap_text("from another machine: %s", text), run_far, listener, NULL);
}

int main(int argc, char **argv)
{
	static const enum kind kinds[] = { UDP, UDP_LITE };
	size_t i;

	net_up();
	ip_batch("addr add 10.82.1.100/24 brd + dev dummy1\n"
		 "addr add 10.82.1.1/24 brd + dev dummy1\n"
		 "link set dummy1 multicast on\nlink set dummy2 multicast on\n");
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		add_listener(&listeners[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *kind = kind_names[kinds[i]];

		add(ktap_text("%s: several sets at once", kind), run_two, &kinds[i], NULL);
		add(ktap_text("%s: from where they come", kind), run_source, &kinds[i], NULL);
		add(ktap_text("%s: who hears none", kind), run_unheard, &kinds[i],
		    "the kernel has it so for all");
		add(ktap_text("%s: bind to one", kind), run_bind, &kinds[i], NULL);
	}
	for (i = 0; i < ARRAY_SIZE(sets6); i++)
		add(ktap_text("what was joined of IPv6: %s", sets6[i]), run_group6, &sets6[i],
		    NULL);
	add("from where packets to a group come", run_group_source, NULL, NULL);
	return ktap_main(argc, argv);
}
