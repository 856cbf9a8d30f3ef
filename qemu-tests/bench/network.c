// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on the network, from the own address to the own address; who serves and who calls are
 * one.
 */

#include "ops.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define BLOCK	65536

static char block[BLOCK];

/* Of the operation that is measured: what is made before it, or by it. */
static int one = -1, other = -1;

static struct sockaddr_in place(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ADDRESS, &in.sin_addr);
	return in;
}

static int make_socket(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)))
		die("socket");
	return fd;
}

static void bind_any(int fd, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (bind(fd, (struct sockaddr *)&in, sizeof(in)))
		die("bind");
}

/* A socket that is bound to any address, at this port. */
static int server(int type, int port)
{
	int fd = make_socket(type);

	bind_any(fd, port);
	if (type == SOCK_STREAM && listen(fd, 10))
		die("listen");
	return fd;
}

static void connect_to(int fd, int port)
{
	struct sockaddr_in in = place(port);

	if (connect(fd, (struct sockaddr *)&in, sizeof(in)))
		die("connect");
}

static int call_to(int type, int port)
{
	int fd = make_socket(type);

	connect_to(fd, port);
	return fd;
}

static int take_call(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	return fd;
}

static void pass(int from, int to, size_t size)
{
	ssize_t n;

	if (send(from, block, size, 0) != (ssize_t)size)
		die("send");
	for (; size; size -= n) {
		n = recv(to, block, size, 0);
		if (n <= 0)
			die("recv");
	}
}

/* TCP, call by call. */

#define TCP_PORT	7005

static int listener = -1;

static void make_stream(void)
{
	one = make_socket(SOCK_STREAM);
}

static void bind_stream(void)
{
	bind_any(one, TCP_PORT + 1);
}

static void close_one(void)
{
	close(one);
}

static void make_caller(void)
{
	/* its end leaves nothing behind */
	struct linger at_once = { .l_onoff = 1 };

	if (listener < 0)
		listener = server(SOCK_STREAM, TCP_PORT);
	make_stream();
	if (setsockopt(one, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		die("SO_LINGER");
}

static void connect_stream(void)
{
	connect_to(one, TCP_PORT);
}

static void accept_stream(void)
{
	other = take_call(listener);
}

static void make_call(void)
{
	make_caller();
	connect_stream();
}

static void close_both(void)
{
	close(one);
	close(other);
}

static void end_call(void)
{
	accept_stream();
	close_both();
}

/* TCP, with what is sent. */

static void stream(void)
{
	static int from = -1, to;

	if (from < 0) {
		int server_fd = server(SOCK_STREAM, 7001);

		from = call_to(SOCK_STREAM, 7001);
		to = take_call(server_fd);
	}
	pass(from, to, BLOCK);
}

static void request(void)
{
	static int server_fd = -1;
	int from, to;

	if (server_fd < 0)
		server_fd = server(SOCK_STREAM, 7002);
	from = call_to(SOCK_STREAM, 7002);
	to = take_call(server_fd);
	pass(from, to, 100);
	pass(to, from, 1000);
	close(from);
	close(to);
}

/* UDP */

static void make_pair(void)
{
	static int from = -1, to;

	if (from < 0) {
		to = server(SOCK_DGRAM, 7003);
		from = make_socket(SOCK_DGRAM);
	}
	one = from;
	other = to;
}

static void send_datagram(void)
{
	struct sockaddr_in in = place(7003);

	if (sendto(one, block, 100, 0, (struct sockaddr *)&in, sizeof(in)) != 100)
		die("sendto");
}

static void take_datagram(void)
{
	if (recv(other, block, 100, 0) != 100)
		die("recv");
}

static void datagram(void)
{
	send_datagram();
	take_datagram();
}

static void connected(void)
{
	static int from = -1, to;

	if (from < 0) {
		to = server(SOCK_DGRAM, 7004);
		from = call_to(SOCK_DGRAM, 7004);
	}
	pass(from, to, 100);
}

const struct operation network_operations[] = {
	{ "TCP: bind", bind_stream, 200, 1, make_stream, close_one },
	{ "TCP: connect", connect_stream, 400, 1, make_caller, end_call },
	{ "TCP: accept", accept_stream, 200, 1, make_call, close_both },
	{ "TCP: 64 KiB", stream, 200, 1 },
	{ "TCP: connect, accept, answer, close", request, 200, 1 },
	{ "UDP: send", send_datagram, 400, 1, make_pair, take_datagram },
	{ "UDP: a datagram by sendto()", datagram, 200, 5, make_pair },
	{ "UDP: one of a connected socket", connected, 200, 5 },
	{ }
};
