// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private loopbacks and what sockets have from before there was one: from before /dev/vcontext was
 * first opened, when nobody asked the module where they send to, and from before anybody was tied,
 * when nobody asked what they are bound to.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7500
#define LOCAL	VCONTEXT_BIND_LOOPBACK
#define TRIED	8		/* the first private loopback is one of so many */

static const char *private_loopback(int i)
{
	return ktap_text("127.64.0.%d", i + 1);
}

struct what {
	enum kind kind;
	bool opened;	/* somebody has opened the device */
};

/* It begins with the module as it is when nobody has been tied. */
static void begin(const struct what *what)
{
	if (ktap_plain())
		return;
	ktap_need(!system("modprobe -r vcontext && modprobe vcontext first_loopback=1"),
		  "the module's end");
	if (what->opened)
		close(context_device());
}

/* What @before sends now, and once more, is heard by no @server. */
static void expect_sent_unheard(const struct end *before, void (*send)(struct end before))
{
	struct end server = serve(party_new(A "/24", LOCAL), UDP, "127.0.0.1", PORT);

	for (int i = 0; i < TRIED; i++) {
		send(before[i]);
		end_option(before[i], SOL_SOCKET, SO_PRIORITY, 0);	/* looks for its route */
		end_send(before[i]);
		end_send(before[i]);
	}
	ktap_expect(!end_hears(server, ktap_seconds(1) * 100), "expected nothing, came a packet");
	expect_unheard(NULL, server, "127.0.0.1", PORT);
}

static void send_one(struct end before)
{
	end_send(before);
}

static void run_route(const void *data)
{
	struct end before[TRIED];

	begin(data);
	for (int i = 0; i < TRIED; i++) {
		struct ip_mreqn from = {
			.imr_address.s_addr = inet_addr(private_loopback(i)),
			.imr_ifindex = if_nametoindex("lo"),
		};

		before[i] = end_new(NULL, UDP, AF_INET);
		ktap_need(!setsockopt(before[i].fd, SOL_IP, IP_MULTICAST_IF, &from, sizeof(from)),
			  "IP_MULTICAST_IF: %s", errno_name(errno));
		if (end_connect(before[i], "224.0.0.1", PORT) ||
		    end_connect(before[i], private_loopback(i), PORT))
			end_disconnect(before[i]);
	}
	expect_sent_unheard(before, send_one);
}

static void send_what_is_there(struct end before)
{
	end_option(before, IPPROTO_UDP, UDP_CORK, 0);
}

static void run_piece(const void *data)
{
	struct end before[TRIED];

	begin(data);
	for (int i = 0; i < TRIED; i++) {
		const char *address = private_loopback(i);

		before[i] = end_new(NULL, UDP, AF_INET);
		expect_errno(end_option(before[i], IPPROTO_UDP, UDP_CORK, 1), 0);
		expect_errno(end_send_from(before[i], address, address, PORT), 0);
	}
	expect_sent_unheard(before, send_what_is_there);
}

/* By a socket of the kernel's: the first part of a connection of MPTCP is one of TCP. */
static void run_parts(const void *data)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct end server;
	int before[TRIED];

	begin(data);
	for (int i = 0; i < TRIED; i++) {
		before[i] = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
		if (before[i] < 0)
			ktap_skip("MPTCP: %s", errno_name(errno));
		own.sin_addr.s_addr = inet_addr(private_loopback(i));
		ktap_need(!bind(before[i], (struct sockaddr *)&own, sizeof(own)), "bind: %s",
			  errno_name(errno));
	}
	server = serve(party_new(A "/24", LOCAL), TCP, "127.0.0.1", PORT);
	for (int i = 0; i < TRIED; i++) {
		struct end end = { NULL, before[i], TCP };

		end_not_wait(end);
		end_connect(end, private_loopback(i), PORT);
	}
	ktap_expect(!end_hears(server, ktap_seconds(1) * 100), "expected nothing, came a call");
	expect_unheard(NULL, server, "127.0.0.1", PORT);
}

/* What can't be delivered comes back with the error, to who has sent it. */
static void run_errors(const void *data)
{
	struct end before[TRIED], end;

	begin(data);
	for (int i = 0; i < TRIED; i++) {
		before[i] = end_new(NULL, UDP, AF_INET);
		expect_errno(end_option(before[i], SOL_IP, IP_RECVERR, 1), 0);
		expect_errno(end_bind(before[i], private_loopback(i), PORT), 0);
	}
	end = end_new(party_new(A "/24", LOCAL), UDP, AF_INET);
	end_bind(end, "0.0.0.0", PORT);
	for (int i = 0; i < 10; i++)
		end_send_to(end, "127.0.0.1", PORT + 1);
	for (int i = 0; i < TRIED; i++) {
		char room[64];

		ktap_expect(recv(before[i].fd, room, sizeof(room), MSG_ERRQUEUE | MSG_DONTWAIT) < 0,
			    "expected no error at %s, came one", private_loopback(i));
	}
}

/* Who is bound there from before is in nobody's way, and hears nothing. */
static void run_bound(const void *data)
{
	const struct what *what = data;
	struct end before[2][TRIED], server[2];
	struct party *party;

	begin(what);
	for (int shared = 0; shared < 2; shared++)
		for (int i = 0; i < TRIED; i++) {
			struct end end = end_new(NULL, what->kind, AF_INET);

			expect_errno(end_option(end, SOL_SOCKET, SO_REUSEPORT, shared), 0);
			expect_errno(end_bind(end, private_loopback(i), PORT + shared), 0);
			if (what->kind == TCP)
				expect_errno(end_listen(end), 0);
			before[shared][i] = end;
		}
	party = party_new(A "/24", LOCAL);
	for (int shared = 0; shared < 2; shared++) {
		server[shared] = end_new(party, what->kind, AF_INET);
		expect_errno(end_option(server[shared], SOL_SOCKET, SO_REUSEPORT, shared), 0);
		expect_errno(end_bind(server[shared], "127.0.0.1", PORT + shared), 0);
		if (what->kind == TCP)
			expect_errno(end_listen(server[shared]), 0);
		for (int i = 0; i < 10; i++)
			expect_reached(party, server[shared], "127.0.0.1", PORT + shared,
				       "127.0.0.1");
	}
	for (int shared = 0; shared < 2; shared++)
		for (int i = 0; i < TRIED; i++)
			ktap_expect(!end_hears(before[shared][i], 0),
				    "expected nothing at %s, came a packet", private_loopback(i));
}

#define OTHERS	"without contexts these are other addresses than 127.0.0.1"

static const struct what tcp = { TCP }, udp = { UDP };
static const struct what tcp_opened = { TCP, true }, udp_opened = { UDP, true };

static const struct ktap_case cases[] = {
	{ "a route", run_route, &udp },
	{ "a datagram that is sent piece by piece", run_piece, &udp },
	{ "a part of a connection", run_parts, &tcp },
	{ "errors", run_errors, &udp, .anywhere = OTHERS },
	{ "TCP: who is bound there", run_bound, &tcp, .anywhere = OTHERS },
	{ "UDP: who is bound there", run_bound, &udp, .anywhere = OTHERS },
	{ "the device was opened: a route", run_route, &udp_opened },
	{ "the device was opened: a datagram that is sent piece by piece", run_piece, &udp_opened },
	{ "the device was opened: a part of a connection", run_parts, &tcp_opened },
	{ "the device was opened: errors", run_errors, &udp_opened, .anywhere = OTHERS },
	{ "the device was opened: TCP: who is bound there", run_bound, &tcp_opened,
	  .anywhere = OTHERS },
	{ "the device was opened: UDP: who is bound there", run_bound, &udp_opened,
	  .anywhere = OTHERS },
};

int main(int argc, char **argv)
{
	net_up();
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
