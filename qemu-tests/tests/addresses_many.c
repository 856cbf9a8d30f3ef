// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are tied to several addresses: they serve on all of them and on nothing else. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "tie.h"

#define PORT	7100

/* The address number @number of a set, or NULL. */
static const char *address_of(const char *set, int number)
{
	static char text[4][64];
	static int at;

	for (; number && set; number--) {
		set = strchr(set, ' ');
		set = set ? set + 1 : NULL;
	}
	if (!set)
		return NULL;
	at = (at + 1) % 4;
	snprintf(text[at], sizeof(text[at]), "%.*s", (int)strcspn(set, "/ "), set);
	return text[at];
}

/* Bind */

static void run_bind(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(A "/24 " E "/24 " F, 0);
	static const char *const own[] = { A, E, F }, *const others[] = {
		B, ONE, TWO, "127.0.0.1", "127.0.0.2", "10.99.0.1", "10.81.3.255", "224.0.0.5",
		"255.255.255.255",
	};
	struct end end;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		end = end_new(tied, kind, AF_INET);
		expect_errno(end_bind(end, own[i], PORT), 0);
		expect_name(end, own[i], "bound");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int error;

		end = end_new(tied, kind, AF_INET);
		end_option(end, SOL_IP, IP_FREEBIND, i % 2);
		end_option(end, SOL_IP, IP_TRANSPARENT, i % 2);
		error = end_bind(end, others[i], PORT);
		ktap_expect(error == EADDRNOTAVAIL, "bind to %s: expected EADDRNOTAVAIL, came %s",
			    others[i], errno_name(error));
		expect_errno(end_bind(end, E, PORT + 1), 0);
		end_close(end);
	}
}

/* Any */

static void run_hears(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(A "/24 " B "/24 " E "/24", 0);
	struct end server = serve(tied, kind, "0.0.0.0", PORT);

	expect_name(server, "0.0.0.0", "bound to any");
	expect_reached(NULL, server, A, PORT, NULL);
	expect_reached(NULL, server, B, PORT, NULL);
	expect_reached(NULL, server, E, PORT, NULL);
	expect_reached(tied, server, E, PORT, NULL);
	expect_refused(NULL, kind, C, PORT);
	expect_refused(NULL, kind, ONE, PORT);
	expect_refused(NULL, kind, "127.0.0.1", PORT);
	expect_refused(tied, kind, "127.0.0.1", PORT);
	expect_refused(tied, kind, F, PORT);
}

static void run_listen(const void *unused)
{
	struct party *tied = party_new(A "/24 " E "/24", 0);
	struct end server = end_new(tied, TCP, AF_INET);
	int port;

	(void)unused;
	expect_errno(end_listen(server), 0);
	port = end_port(server);
	expect_reached(NULL, server, A, port, NULL);
	expect_reached(NULL, server, E, port, NULL);
	expect_refused(NULL, TCP, B, port);
	expect_refused(NULL, TCP, "127.0.0.1", port);
}

/* What is accepted has the address that was called, and answers from there. */
static void run_accept(const void *unused)
{
	struct party *tied = party_new(A "/24 " E "/24", 0);
	struct end server = serve(tied, TCP, "0.0.0.0", PORT);
	static const char *const own[] = { A, E };
	struct end end, accepted;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		end = end_new(NULL, TCP, AF_INET);
		expect_errno(end_connect(end, own[i], PORT), 0);
		accepted = end_accept(server, NULL);
		ktap_expect(accepted.fd >= 0, "accept: %s", errno_name(-accepted.fd));
		expect_name(accepted, own[i], "accepted");
		expect_errno(end_send(accepted), 0);
		expect_errno(end_receive(end, NULL, NULL), 0);
	}
	expect_refused(NULL, TCP, B, PORT);
}

static void run_cookies(const void *unused)
{
	struct party *tied = party_new(A "/24 " E "/24", 0);
	struct end server = serve(tied, TCP, "0.0.0.0", PORT);

	(void)unused;
	ktap_need(!write_text("/proc/sys/net/ipv4/tcp_syncookies", "2"), "tcp_syncookies");
	expect_reached(NULL, server, A, PORT, NULL);
	expect_reached(NULL, server, E, PORT, NULL);
	write_text("/proc/sys/net/ipv4/tcp_syncookies", "1");
	expect_refused(NULL, TCP, B, PORT);
}

/* As many as there can be; the machine has all of its loopback's network. */
static void run_full(const void *unused)
{
	char set[64 * 16] = "", address[32];
	struct party *tied;
	struct end stream, datagram;
	int i;

	(void)unused;
	for (i = 1; i <= VCONTEXT_ADDRESSES_MAX; i++)
		sprintf(set + strlen(set), "127.0.7.%d%s", i,
			i < VCONTEXT_ADDRESSES_MAX ? " " : "");
	tied = party_new(set, 0);
	stream = serve(tied, TCP, "0.0.0.0", PORT);
	datagram = serve(tied, UDP, "0.0.0.0", PORT);
	for (i = 1; i <= VCONTEXT_ADDRESSES_MAX; i++) {
		sprintf(address, "127.0.7.%d", i);
		expect_reached(NULL, stream, address, PORT, NULL);
		expect_reached(NULL, datagram, address, PORT, NULL);
	}
	expect_refused(NULL, TCP, "127.0.7.65", PORT);
	expect_refused(NULL, UDP, "127.0.7.65", PORT);
	expect_refused(NULL, TCP, "127.0.0.1", PORT);
}

/* A connected datagram socket that was bound to any hears its peer at one address alone. */
static void run_connected(const void *unused)
{
	struct party *tied = party_new(A "/24 " E "/24", 0);
	struct end server = serve(tied, UDP, "0.0.0.0", PORT);
	struct end peer = serve(NULL, UDP, ONE, PORT + 1);

	(void)unused;
	expect_errno(end_connect(server, ONE, PORT + 1), 0);
	expect_name(server, A, "connected");
	expect_errno(end_send_to(peer, A, PORT), 0);
	expect_caller(server, ONE, "called at the first");
	expect_errno(end_send_to(peer, E, PORT), 0);
	ktap_expect(!end_hears(server, 50), "heard at another address than connected from");
}

/* Two servers of one port */

struct two {
	enum kind kind;
	const char *one, *other;
	bool reuse;
};

#define AB	A "/24 " B "/24"
#define BC	B "/24 " C "/24"
#define CD	C "/24 " D "/24"

static const struct two twos[] = {
	{ TCP, AB, CD, false }, { TCP, AB, CD, true },
	{ TCP, A "/24", BC, false }, { TCP, A "/24", BC, true },
	{ TCP, BC, A "/24", false }, { TCP, AB, E "/24 " F, true },
	{ UDP, AB, CD, false }, { UDP, AB, CD, true },
	{ UDP, A "/24", BC, false }, { UDP, A "/24", BC, true },
	{ UDP, BC, A "/24", false }, { UDP, AB, E "/24 " F, true },
	{ UDP_LITE, AB, CD, false },
};

static struct end reusable(struct party *at, enum kind kind, bool reuse)
{
	struct end end = end_new(at, kind, AF_INET);

	if (reuse)
		expect_errno(end_option(end, SOL_SOCKET, SO_REUSEPORT, 1), 0);
	expect_errno(end_bind(end, "0.0.0.0", PORT), 0);
	if (kind == TCP)
		expect_errno(end_listen(end), 0);
	return end;
}

static void run_two(const void *data)
{
	const struct two *two = data;
	struct party *one = party_new(two->one, 0), *other = party_new(two->other, 0);
	struct end server = reusable(one, two->kind, two->reuse);
	struct end server2 = reusable(other, two->kind, two->reuse);
	const char *address;
	int round, i;

	for (round = 0; round < 8; round++) {
		for (i = 0; (address = address_of(two->one, i)); i++)
			expect_reached(round % 2 ? NULL : other, server, address, PORT, NULL);
		for (i = 0; (address = address_of(two->other, i)); i++)
			expect_reached(round % 2 ? NULL : one, server2, address, PORT, NULL);
	}
	expect_refused(NULL, two->kind, ONE, PORT);
	expect_refused(NULL, two->kind, "127.0.0.1", PORT);
}

/* Of one set, they share what comes. */
static void run_shared(const void *data)
{
	enum kind kind = *(enum kind *)data;
	struct party *tied = party_new(AB, 0), *again = party_new(B "/24 " A "/24", 0);
	struct end servers[2] = { reusable(tied, kind, true), reusable(again, kind, true) };
	struct end end;
	int heard, i;

	for (i = 0; i < 16; i++) {
		end = end_new(NULL, kind, AF_INET);
		expect_errno(end_connect(end, i % 2 ? A : B, PORT), 0);
		if (kind != TCP)
			expect_errno(end_send(end), 0);
		heard = end_hears(servers[0], 0) ? 0 : 1;
		ktap_expect(end_hears(servers[heard], ktap_seconds(1) * 1000), "nobody heard");
		expect_caller(servers[heard], NULL, "shared");
	}
	expect_refused(NULL, kind, C, PORT);
}

/* Who is in whose way */

struct conflict {
	const char *one, *address, *other, *address2;
	int error;
};

#define ANY	"0.0.0.0"

static const struct conflict conflicts[] = {
	{ AB, ANY, BC, ANY, EADDRINUSE },
	{ AB, ANY, A "/24", ANY, EADDRINUSE },
	{ A "/24", ANY, AB, ANY, EADDRINUSE },
	{ AB, ANY, AB, A, EADDRINUSE },
	{ AB, A, AB, ANY, EADDRINUSE },
	{ AB, B, BC, ANY, EADDRINUSE },
	{ BC, ANY, AB, B, EADDRINUSE },
	{ NULL, ANY, AB, ANY, EADDRINUSE },
	{ AB, ANY, NULL, ANY, EADDRINUSE },
	{ NULL, ANY, AB, A, EADDRINUSE },
	{ AB, ANY, NULL, A, EADDRINUSE },
	{ NULL, B, AB, ANY, EADDRINUSE },
	{ AB, ANY, BC, C, 0 },
	{ AB, A, BC, ANY, 0 },
	{ AB, ANY, NULL, C, 0 },
	{ NULL, C, AB, ANY, 0 },
	{ AB, ANY, NULL, "127.0.0.1", 0 },
	{ NULL, "127.0.0.1", AB, ANY, 0 },
};

static void run_conflict_of(const struct conflict *conflict, enum kind kind)
{
	struct party *one = conflict->one ? party_new(conflict->one, 0) : NULL;
	struct party *other = conflict->other ? party_new(conflict->other, 0) : NULL;
	struct end server = serve(one, kind, conflict->address, PORT), server2;
	const char *address;
	int error;

	server2 = end_new(other, kind, AF_INET);
	error = end_bind(server2, conflict->address2, PORT);
	ktap_expect(error == conflict->error, "%s: bind: expected %s, came %s", kind_names[kind],
		    errno_name(conflict->error), errno_name(error));
	if (error)
		return;
	if (kind == TCP)
		expect_errno(end_listen(server2), 0);
	address = strcmp(conflict->address, ANY) ? conflict->address : A;
	expect_reached(NULL, server, address, PORT, NULL);
	address = strcmp(conflict->address2, ANY) ? conflict->address2 : B;
	expect_reached(NULL, server2, address, PORT, NULL);
}

static void run_conflict_tcp(const void *data)
{
	run_conflict_of(data, TCP);
}

static void run_conflict_udp(const void *data)
{
	run_conflict_of(data, UDP);
}

/* What is no set */

static int take(struct vcontext_address *list, __u32 count, __u32 flags, __u32 pad)
{
	struct vcontext_bind arg = {
		.size = sizeof(arg), .flags = flags, .count = count, .pad = pad,
		.addresses = (unsigned long)list,
	};
	int device = context_device(), value;

	if (device < 0 && ktap_plain())
		ktap_skip("needs %s", VCONTEXT_DEVICE);
	value = ioctl(device, VCONTEXT_BIND, &arg) ? -errno : 0;
	close(device);
	return value;
}

static int take_one(const char *text, __u32 flags)
{
	struct vcontext_address address = tie_address(text);

	return take(&address, 1, flags, 0);
}

static void run_invalid(const void *unused)
{
	static const char *const texts[] = {
		ANY, "224.0.0.1", "239.1.1.1", "255.255.255.255", "10.1.1.1/33", "::",
		"ff02::1", "::ffff:10.1.1.1", "fd00::1/129",
	};
	struct vcontext_address list[VCONTEXT_ADDRESSES_MAX + 1];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ktap_expect(take_one(texts[i], 0) == -EINVAL, "%s: expected EINVAL", texts[i]);
	for (int i = 0; i <= VCONTEXT_ADDRESSES_MAX; i++)
		list[i] = tie_address(ktap_text("10.1.1.%d", i + 1));
	expect_error(take(list, 0, 0, 0), EINVAL);
	expect_error(take(list, VCONTEXT_ADDRESSES_MAX + 1, 0, 0), EINVAL);
	expect_error(take(list, 2, VCONTEXT_BIND_LOOPBACK << 1, 0), EINVAL);
	expect_error(take(list, 2, 0, 1), EINVAL);
	list[1] = list[0];
	expect_error(take(list, 2, 0, 0), EINVAL);
	list[1].prefix = 8;
	expect_error(take(list, 2, 0, 0), EINVAL);
	list[1] = tie_address("10.1.1.2");
	list[1].pad = 1;
	expect_error(take(list, 2, 0, 0), EINVAL);
	list[1].pad = 0;
	list[1].address[15] = 1;
	expect_error(take(list, 2, 0, 0), EINVAL);
	list[1].address[15] = 0;
	list[1].family = AF_UNIX;
	expect_error(take(list, 2, 0, 0), EINVAL);
	list[1] = tie_address("fd00::1");
	list[1].broadcast = 1;
	expect_error(take(list, 2, 0, 0), EINVAL);
	expect_error(take(NULL, 2, 0, 0), EFAULT);
	expect_error(take_one("127.0.0.1", VCONTEXT_BIND_LOOPBACK), EINVAL);
	expect_error(take_one("127.1.2.3", VCONTEXT_BIND_LOOPBACK), EINVAL);
	expect_error(take_one("::1", VCONTEXT_BIND_LOOPBACK), EINVAL);
	/* nothing of this was taken */
	expect_error(take_one("127.0.0.1", 0), 0);
	expect_error(take_one("127.0.0.1", 0), EPERM);
}

static void run_status(const void *unused)
{
	(void)unused;
	ktap_expect(line_in("/proc/self/status", "ipv4root:\t0.0.0.0"), "expected it to be free");
	expect_error(tie_to(context_device(), A "/24 fd81:1::1/64 " E, VCONTEXT_BIND_LOOPBACK), 0);
	ktap_expect(line_in("/proc/self/status", "ipv4root:\t" A " " E " fd81:1::1"),
		    "expected ipv4root: to have all addresses");
}

static const struct ktap_case cases[] = {
	{ "listen without bind", run_listen },
	{ "the address of what is accepted", run_accept },
	{ "any with cookies for SYNs", run_cookies },
	{ "any of as many as there can be", run_full, .seconds = 30 },
	{ "a connected datagram socket", run_connected },
	{ "what is no set", run_invalid },
	{ "ipv4root: in /proc/PID/status", run_status },
};

static void add(const char *name, void (*run)(const void *data), const void *data,
		const char *anywhere)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->anywhere = anywhere;
	ktap_add(test);
}

static void add_conflict(const struct conflict *conflict)
{
	const char *anywhere = conflict->error ? "the kernel has such conflicts of its own" : NULL;
	const char *text = ktap_text("%s of %s, then %s of %s", conflict->address,
				     conflict->one ?: "nobody", conflict->address2,
				     conflict->other ?: "nobody");

	if (!conflict->error && conflict->one && conflict->other)
		anywhere = NULL;
	add(ktap_text("TCP: %s", text), run_conflict_tcp, conflict, anywhere);
	add(ktap_text("UDP: %s", text), run_conflict_udp, conflict, anywhere);
}

int main(int argc, char **argv)
{
	static const enum kind kinds[] = { TCP, UDP, UDP_LITE, PING };
	size_t i;

	net_up();
	for (i = 0; i < KINDS; i++)
		add(ktap_text("bind of %s", kind_names[i]), run_bind, &kinds[i], NULL);
	for (i = 0; i < PING; i++)
		add(ktap_text("any of %s", kind_names[i]), run_hears, &kinds[i], NULL);
	for (i = 0; i < ARRAY_SIZE(twos); i++)
		add(ktap_text("%s: %s and %s at once%s", kind_names[twos[i].kind], twos[i].one,
			      twos[i].other, twos[i].reuse ? " with SO_REUSEPORT" : ""),
		    run_two, &twos[i], NULL);
	for (i = 0; i < PING; i++)
		add(ktap_text("%s: one set twice with SO_REUSEPORT", kind_names[i]), run_shared,
		    &kinds[i], NULL);
	for (i = 0; i < ARRAY_SIZE(conflicts); i++)
		add_conflict(&conflicts[i]);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
