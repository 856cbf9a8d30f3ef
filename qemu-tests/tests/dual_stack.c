// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server as a Java machine makes one: an IPv6 socket that takes IPv4 too, bound to any address.
 *
 * dual_stack PORT TEXT: answer each HTTP request with TEXT and the two ends of the connection,
 * until SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "dual_stack: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listener(unsigned short port)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
		.sin6_port = htons(port),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int off = 0, on = 1;

	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		fail("IPV6_V6ONLY");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		fail("SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		fail("bind");
	if (listen(fd, 16))
		fail("listen");
	return fd;
}

typedef int name_of_end(int fd, struct sockaddr *address, socklen_t *size);

/* One end of a connection, in the form that the socket gives it. */
static const char *end_of(int fd, name_of_end *get, char text[INET6_ADDRSTRLEN])
{
	struct sockaddr_in6 address = { 0 };
	socklen_t size = sizeof(address);

	if (get(fd, (struct sockaddr *)&address, &size) || address.sin6_family != AF_INET6)
		return "unknown";
	return inet_ntop(AF_INET6, &address.sin6_addr, text, INET6_ADDRSTRLEN);
}

/* The request is as short as curl's: one read has it all. */
static void answer(int fd, const char *text)
{
	char request[4096], local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];

	if (read(fd, request, sizeof(request)) > 0)
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
			"%s\nlocal %s\npeer %s\n", text, end_of(fd, getsockname, local),
			end_of(fd, getpeername, peer));
	close(fd);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: dual_stack PORT TEXT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, end);
	fd = listener(atoi(argv[1]));
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			answer(client, argv[2]);
		else if (errno != EINTR && errno != ECONNABORTED)
			fail("accept");
	}
}
