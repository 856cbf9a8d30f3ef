// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are tied to an address: what others see of them is that address, or nothing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "tie.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define OWN	"10.77.0.1"
#define OTHER	"10.77.0.2"
#define THIRD	"10.77.0.3"

/* Who is asked: an address, and what to expect of a socket. */

static struct sockaddr_in address(const char *text, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &in.sin_addr);
	return in;
}

static void tie(void)
{
	int err = ktap_plain() ? 0 : tie_to(context_device(), OWN, 0);

	ktap_expect(!err, "VCONTEXT_BIND: %s", errno_name(-err));
}

static int make(int type, int protocol)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	ktap_expect(fd >= 0, "socket: %s", errno_name(errno));
	return fd;
}

static int bind_to(int fd, const char *text, int port)
{
	struct sockaddr_in in = address(text, port);

	return bind(fd, (struct sockaddr *)&in, sizeof(in)) ? errno : 0;
}

static int connect_to(int fd, const char *text, int port)
{
	struct sockaddr_in in = address(text, port);

	return connect(fd, (struct sockaddr *)&in, sizeof(in)) ? errno : 0;
}

static int disconnect(int fd)
{
	struct sockaddr in = { .sa_family = AF_UNSPEC };

	return connect(fd, &in, sizeof(in)) ? errno : 0;
}

static int port_of(int fd)
{
	struct sockaddr_in in = { 0 };
	socklen_t length = sizeof(in);

	getsockname(fd, (struct sockaddr *)&in, &length);
	return ntohs(in.sin_port);
}

static void expect_name(int fd, const char *when)
{
	struct sockaddr_in in = { 0 };
	socklen_t length = sizeof(in);
	char text[64] = "";

	getsockname(fd, (struct sockaddr *)&in, &length);
	inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
	ktap_expect(!strcmp(text, OWN), "%s: expected %s, came %s", when, OWN, text);
}

#define expect_errno(value, want)						\
	do {									\
		int value_ = (value);						\
		ktap_expect(value_ == (want), "%s: expected %s, came %s", #value,	\
			    errno_name(want), errno_name(value_));		\
	} while (0)

/* Somebody who is not tied, and tells from where it was called. */

static int listener(int type)
{
	int fd = make(type, 0);

	expect_errno(bind_to(fd, "0.0.0.0", 0), 0);
	if (type == SOCK_STREAM)
		listen(fd, 5);
	return fd;
}

static void expect_caller(int fd, int type, const char *when)
{
	unsigned int patience = 3000;

	do {
		struct sockaddr_in in = { 0 };
		socklen_t length = sizeof(in);
		char text[64] = "", byte;

		ktap_expect(wait_readable(fd, patience), "%s: expected to be called, came nothing",
			    when);
		if (type == SOCK_STREAM)
			close(accept(fd, (struct sockaddr *)&in, &length));
		else
			recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&in, &length);
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		ktap_expect(!strcmp(text, OWN), "%s: expected to be called from %s, came %s", when,
			    OWN, text);
		patience = 100;
	} while (wait_readable(fd, patience));
}

/* Kinds of sockets */

struct kind {
	const char *name;
	int type, protocol;
};

static const struct kind kinds[] = {
	{ "TCP", SOCK_STREAM, 0 },
	{ "UDP", SOCK_DGRAM, 0 },
	{ "UDP-Lite", SOCK_DGRAM, IPPROTO_UDPLITE },
	{ "ping", SOCK_DGRAM, IPPROTO_ICMP },
};

static void run_bind(const void *data)
{
	const struct kind *kind = data;
	int fd;

	if (kind->protocol == IPPROTO_ICMP)
		write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	tie();
	fd = make(kind->type, kind->protocol);
	expect_errno(bind_to(fd, "0.0.0.0", 0), 0);
	expect_name(fd, "bound to any");
	fd = make(kind->type, kind->protocol);
	expect_errno(bind_to(fd, OTHER, 0), EADDRNOTAVAIL);
	expect_errno(bind_to(fd, "127.0.0.1", 0), EADDRNOTAVAIL);
	expect_errno(bind_to(fd, "10.99.0.1", 0), EADDRNOTAVAIL);
	expect_errno(bind_to(fd, OWN, 0), 0);
	expect_name(fd, "bound to the own");
	fd = make(kind->type, kind->protocol);
	expect_name(fd, "not bound");
}

static void run_unspecified(const void *unused)
{
	struct sockaddr_in in = address("0.0.0.0", 0);
	int fd;

	(void)unused;
	tie();
	fd = make(SOCK_STREAM, 0);
	in.sin_family = AF_UNSPEC;
	ktap_expect(!bind(fd, (struct sockaddr *)&in, sizeof(in)), "bind: %s", errno_name(errno));
	expect_name(fd, "bound to any of no family");
}

static void run_listen(const void *unused)
{
	int fd;

	(void)unused;
	tie();
	fd = make(SOCK_STREAM, 0);
	ktap_expect(!listen(fd, 1), "listen: %s", errno_name(errno));
	expect_name(fd, "listening");
	expect_errno(connect_to(make(SOCK_STREAM, 0), OWN, port_of(fd)), 0);
	expect_errno(connect_to(make(SOCK_STREAM, 0), OTHER, port_of(fd)), ECONNREFUSED);
	expect_errno(connect_to(make(SOCK_STREAM, 0), "127.0.0.1", port_of(fd)), ECONNREFUSED);
}

/* A server outside, and somebody tied who calls it. */

struct call {
	const char *name;
	int type;
	void (*call)(int fd, int port);
};

static void just_connect(int fd, int port)
{
	expect_errno(connect_to(fd, OTHER, port), 0);
	ktap_expect(send(fd, "x", 1, MSG_NOSIGNAL) == 1, "send: %s", errno_name(errno));
}

static void connect_loopback(int fd, int port)
{
	expect_errno(connect_to(fd, "127.0.0.1", port), 0);
	ktap_expect(send(fd, "x", 1, MSG_NOSIGNAL) == 1, "send: %s", errno_name(errno));
}

static void again(int fd, int port)
{
	expect_errno(connect_to(fd, THIRD, port), 0);
	expect_errno(disconnect(fd), 0);
	expect_name(fd, "disconnected");
	just_connect(fd, port);
}

static void after_failed_bind(int fd, int port)
{
	int holder = make(SOCK_STREAM, 0), holder2 = make(SOCK_DGRAM, 0);
	int type = 0;
	socklen_t length = sizeof(type);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
	expect_errno(bind_to(holder, OWN, 7777), 0);
	listen(holder, 1);
	expect_errno(bind_to(holder2, OWN, 7777), 0);
	expect_errno(bind_to(fd, "0.0.0.0", 7777), EADDRINUSE);
	expect_name(fd, "after a failed bind");
	just_connect(fd, port);
}

static void no_port(int fd, int port)
{
	int one = 1;

	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	expect_errno(bind_to(fd, "0.0.0.0", 0), 0);
	just_connect(fd, port);
}

static void fast_open(int fd, int port)
{
	struct sockaddr_in in = address(OTHER, port);

	write_text("/proc/sys/net/ipv4/tcp_fastopen", "3");
	ktap_expect(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&in,
			   sizeof(in)) >= 0, "sendto: %s", errno_name(errno));
}

static void send_only(int fd, int port)
{
	struct sockaddr_in in = address(OTHER, port);

	ktap_expect(sendto(fd, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)) == 1, "sendto: %s",
		    errno_name(errno));
}

static int send_from(int fd, int port, const char *source)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct sockaddr_in in = address(OTHER, port);
	struct iovec part = { "x", 1 };
	struct msghdr message = { &in, sizeof(in), &part, 1, control, sizeof(control), 0 };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	struct in_pktinfo *info = (void *)CMSG_DATA(cmsg);

	cmsg->cmsg_level = SOL_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*info));
	info->ipi_spec_dst = address(source, 0).sin_addr;
	return sendmsg(fd, &message, 0) == 1 ? 0 : errno;
}

static void send_from_any(int fd, int port)
{
	(void)!send_from(fd, port, OTHER);
}

static void send_from_none(int fd, int port)
{
	expect_errno(send_from(fd, port, "0.0.0.0"), 0);
}

/* Of several messages in one call to one place, leave is asked for the first. */
static void send_many(int fd, int port)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct sockaddr_in in = address(OTHER, port);
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
	info->ipi_spec_dst = address(OTHER, 0).sin_addr;
	ktap_expect(sendmmsg(fd, messages, 2, 0) == 2, "sendmmsg: %s", errno_name(errno));
}

static void freebind(int fd, int port)
{
	int one = 1;

	setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof(one));
	setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one));
	expect_errno(bind_to(fd, OTHER, 0), EADDRNOTAVAIL);
	just_connect(fd, port);
}

static const struct call calls[] = {
	{ "TCP connect", SOCK_STREAM, just_connect },
	{ "TCP connect to the loopback", SOCK_STREAM, connect_loopback },
	{ "TCP connect after a failed bind", SOCK_STREAM, after_failed_bind },
	{ "TCP connect after a bind without port", SOCK_STREAM, no_port },
	{ "TCP connect with IP_FREEBIND and IP_TRANSPARENT", SOCK_STREAM, freebind },
	{ "TCP fast open", SOCK_STREAM, fast_open },
	{ "UDP connect", SOCK_DGRAM, just_connect },
	{ "UDP connect to the loopback", SOCK_DGRAM, connect_loopback },
	{ "UDP connect, disconnect, connect", SOCK_DGRAM, again },
	{ "UDP connect after a failed bind", SOCK_DGRAM, after_failed_bind },
	{ "UDP sendto", SOCK_DGRAM, send_only },
	{ "UDP sendmsg from another address", SOCK_DGRAM, send_from_any },
	{ "UDP sendmsg from any address", SOCK_DGRAM, send_from_none },
	{ "UDP sendmmsg from another address", SOCK_DGRAM, send_many },
	{ "UDP connect with IP_FREEBIND and IP_TRANSPARENT", SOCK_DGRAM, freebind },
};

static void run_call(const void *data)
{
	const struct call *call = data;
	int server = listener(call->type);
	pid_t pid = fork_or_fail();

	if (!pid) {
		tie();
		call->call(make(call->type, 0), port_of(server));
		pause();
	}
	expect_caller(server, call->type, call->name);
	kill(pid, SIGKILL);
	wait_status(pid);
}

/* An accepted connection that is cut, and used to call somebody. */
static void run_accepted(const void *unused)
{
	int server = listener(SOCK_STREAM), own, peer, fd;

	(void)unused;
	tie();
	own = make(SOCK_STREAM, 0);
	expect_errno(bind_to(own, "0.0.0.0", 0), 0);
	listen(own, 1);
	peer = make(SOCK_STREAM, 0);
	expect_errno(connect_to(peer, OWN, port_of(own)), 0);
	fd = accept(own, NULL, NULL);
	expect_name(fd, "accepted");
	expect_errno(disconnect(fd), 0);
	expect_name(fd, "cut");
	expect_errno(connect_to(fd, OTHER, port_of(server)), 0);
	expect_name(fd, "connected");
}

/* What can't be had */

struct refused {
	const char *name;
	int family, type, protocol, error;
};

static const struct refused refusals[] = {
	{ "MPTCP", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT },
	{ "SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP, EPROTONOSUPPORT },
	{ "SCTP one to many", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, ESOCKTNOSUPPORT },
	{ "DCCP", AF_INET, SOCK_DCCP, IPPROTO_DCCP, ESOCKTNOSUPPORT },
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_RAW, EPERM },
	{ "raw ICMP", AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM },
	{ "MPTCP of IPv6", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT },
	{ "raw of IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, EPERM },
	{ "packet", AF_PACKET, SOCK_RAW, 0, EAFNOSUPPORT },
	{ "vsock", AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT },
};

static void run_refused(const void *data)
{
	const struct refused *refused = data;
	int fd = socket(refused->family, refused->type, refused->protocol);

	ktap_expect(fd >= 0, "expected it outside, came %s", errno_name(errno));
	close(fd);
	tie();
	fd = socket(refused->family, refused->type, refused->protocol);
	ktap_expect(fd < 0 && errno == refused->error, "expected %s, came %s",
		    errno_name(refused->error), fd < 0 ? errno_name(errno) : "a socket");
}

/* Sockets from before */

static void run_before_unbound(const void *unused)
{
	int stream = make(SOCK_STREAM, 0), datagram = make(SOCK_DGRAM, 0), fd = make(SOCK_STREAM, 0);
	int server = listener(SOCK_DGRAM);

	(void)unused;
	tie();
	ktap_expect(!listen(stream, 1), "listen: %s", errno_name(errno));
	expect_name(stream, "listening");
	send_only(datagram, port_of(server));
	expect_name(datagram, "sending");
	expect_errno(bind_to(fd, "0.0.0.0", 0), 0);
	expect_name(fd, "bound");
}

static void run_before_bound(const void *where)
{
	int stream = make(SOCK_STREAM, 0), datagram = make(SOCK_DGRAM, 0), fd = make(SOCK_STREAM, 0);
	int server = listener(SOCK_STREAM);
	struct sockaddr_in in = address(OTHER, 7);

	expect_errno(bind_to(stream, where, 0), 0);
	expect_errno(bind_to(datagram, where, 0), 0);
	expect_errno(bind_to(fd, where, 0), 0);
	listen(fd, 1);
	tie();
	ktap_expect(listen(stream, 1) && errno == EADDRNOTAVAIL, "listen: came %s",
		    errno_name(errno));
	expect_errno(connect_to(stream, OTHER, port_of(server)), EADDRNOTAVAIL);
	ktap_expect(sendto(datagram, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)) < 0 &&
		    errno == EADDRNOTAVAIL, "sendto: came %s", errno_name(errno));
	ktap_expect(accept4(fd, NULL, NULL, SOCK_NONBLOCK) < 0 && errno == EADDRNOTAVAIL,
		    "accept: came %s", errno_name(errno));
}

static void run_before_connected(const void *unused)
{
	int server = listener(SOCK_STREAM), fd = make(SOCK_STREAM, 0);

	(void)unused;
	expect_errno(connect_to(fd, "127.0.0.1", port_of(server)), 0);
	tie();
	ktap_expect(send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno == EADDRNOTAVAIL, "send: came %s",
		    errno_name(errno));
	ktap_expect(write(fd, "x", 1) < 0 && errno == EADDRNOTAVAIL, "write: came %s",
		    errno_name(errno));
}

static void run_passed(const void *unused)
{
	int line[2], fd;
	pid_t pid;

	(void)unused;
	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		fd = make(SOCK_STREAM, 0);
		expect_errno(bind_to(fd, OTHER, 0), 0);
		send_fd(line[1], fd);
		send_fd(line[1], socket(AF_INET6, SOCK_STREAM, 0));
		send_fd(line[1], socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
		_exit(0);
	}
	tie();
	fd = receive_fd(line[0]);
	ktap_expect(listen(fd, 1) && errno == EADDRNOTAVAIL, "listen: came %s", errno_name(errno));
	fd = receive_fd(line[0]);
	ktap_expect(!listen(fd, 1), "of IPv6: listen: %s", errno_name(errno));
	expect_errno(connect_to(make(SOCK_STREAM, 0), OWN, port_of(fd)), 0);
	expect_errno(connect_to(make(SOCK_STREAM, 0), OTHER, port_of(fd)), ECONNREFUSED);
	fd = receive_fd(line[0]);
	ktap_expect(listen(fd, 1) && errno == EADDRNOTAVAIL, "MPTCP: listen: came %s",
		    errno_name(errno));
	wait_exit(pid, 0);
}

/* For good, and for all */

static void run_once(const void *unused)
{
	pid_t pid;

	(void)unused;
	become(USER);
	expect_errno(-tie_to(context_device(), "0.0.0.0", 0), EINVAL);
	expect_errno(-tie_to(context_device(), "224.0.0.1", 0), EINVAL);
	expect_errno(-tie_to(context_device(), "255.255.255.255", 0), EINVAL);
	expect_errno(-tie_to(context_device(), OWN, 0), 0);
	expect_errno(-tie_to(context_device(), OTHER, 0), EPERM);
	expect_errno(-tie_to(context_device(), OWN, 0), EPERM);
	ktap_expect(line_in("/proc/self/status", "ipv4root:\t" OWN), "expected ipv4root: " OWN);
	pid = fork_or_fail();
	if (!pid) {
		expect_errno(-tie_to(context_device(), OTHER, 0), EPERM);
		enter_new(0);
		expect_errno(-tie_to(context_device(), OTHER, 0), EPERM);
		expect_errno(bind_to(make(SOCK_STREAM, 0), OTHER, 0), EADDRNOTAVAIL);
		_exit(0);
	}
	wait_exit(pid, 0);
}

static void *sit(void *unused)
{
	pause();
	return unused;
}

static void run_threads(const void *unused)
{
	pthread_t thread;

	(void)unused;
	pthread_create(&thread, NULL, sit, NULL);
	expect_errno(-tie_to(context_device(), OWN, 0), EINVAL);
}

/* One configuration, two servers. */
static void run_two(const void *unused)
{
	const char *const where[] = { OWN, OTHER };
	int i, fd;

	(void)unused;
	for (i = 0; i < 2; i++) {
		if (fork_or_fail())
			continue;
		if (!ktap_plain())
			expect_errno(-tie_to(context_device(), where[i], 0), 0);
		fd = make(SOCK_STREAM, 0);
		expect_errno(bind_to(fd, "0.0.0.0", 7070), 0);
		listen(fd, 1);
		fd = accept(fd, NULL, NULL);
		(void)!write(fd, i ? "b" : "a", 1);
		pause();
	}
	nap(ktap_seconds(1) * 200);
	for (i = 0; i < 2; i++) {
		char byte = 0;

		fd = make(SOCK_STREAM, 0);
		expect_errno(connect_to(fd, where[i], 7070), 0);
		ktap_expect(read(fd, &byte, 1) == 1 && byte == "ab"[i],
			    "expected the one at %s to answer", where[i]);
	}
}

/* A failed bind by one thread while another connects: never another address. */

static int contested = -1, taken;
static volatile bool over;

static void *bind_badly(void *unused)
{
	while (!over)
		bind_to(contested, "0.0.0.0", taken);
	return unused;
}

static void run_race(const void *unused)
{
	int server = listener(SOCK_DGRAM), holder, i;
	unsigned int rounds = 3000 / ktap_seconds(1);
	pthread_t thread;

	(void)unused;
	tie();
	holder = make(SOCK_DGRAM, 0);
	expect_errno(bind_to(holder, "0.0.0.0", 0), 0);
	taken = port_of(holder);
	contested = make(SOCK_DGRAM, 0);
	pthread_create(&thread, NULL, bind_badly, NULL);
	for (i = 0; i < (int)rounds; i++) {
		int fd = make(SOCK_DGRAM, 0);

		dup2(fd, contested);
		close(fd);
		connect_to(contested, OTHER, port_of(server));
		expect_name(contested, "in a race");
	}
	over = true;
	pthread_join(thread, NULL);
}

static const struct ktap_case cases[] = {
	{ "bind to any of no family", run_unspecified },
	{ "listen without bind", run_listen },
	{ "an accepted one that is cut and connects", run_accepted },
	{ "one from before, not bound", run_before_unbound },
	{ "one from before, bound to any", run_before_bound, "0.0.0.0" },
	{ "one from before, bound to another", run_before_bound, OTHER },
	{ "one from before, connected", run_before_connected },
	{ "one that is passed on", run_passed },
	{ "once and for all", run_once },
	{ "not with several threads", run_threads },
	{ "two servers of one configuration", run_two },
	{ "a bind that fails while another thread connects", run_race, .seconds = 60 },
};

static const char *named(const char *format, const char *name)
{
	return ktap_text(format, name);
}

#define add_each(array, format, function)					\
	for (size_t i = 0; i < ARRAY_SIZE(array); i++) {			\
		struct ktap_case *test = calloc(1, sizeof(*test));		\
										\
		test->name = named(format, (array)[i].name);			\
		test->run = function;						\
		test->data = &(array)[i];					\
		ktap_add(test);							\
	}

int main(int argc, char **argv)
{
	/* the first is what the kernel calls from when left alone */
	(void)!system("ip addr add " THIRD "/24 dev dummy0 2>/dev/null; "
		      "ip addr add " OTHER "/24 dev dummy0 2>/dev/null; "
		      "ip addr add " OWN "/24 dev dummy0 2>/dev/null; ip link set dummy0 up");
	add_each(kinds, "bind of %s", run_bind);
	add_each(calls, "%s", run_call);
	add_each(refusals, "no socket of %s", run_refused);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
