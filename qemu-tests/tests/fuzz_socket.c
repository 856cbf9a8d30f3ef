// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of socket calls by a process that is tied to an address.
 *
 * Two things are looked at: the name of every socket after every call, and, by somebody who is not
 * tied, every packet that goes to one of the ports that are called.  Neither may ever show another
 * address.
 */
#include "stress.h"
#include "tie.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define OWN		"10.78.0.2"
#define SOCKETS	8
#define PORT		7100	/* and the next three */
#define PORTS		4

static unsigned long calls = 1000000;
static struct in_addr own;

static struct shared {
	_Atomic unsigned long made, failed, packets;
	_Atomic unsigned int wrong, over;
	char text[200];
} *shared;

static const char *const addresses[] = {
	OWN, "10.78.0.1", "10.78.0.3", "0.0.0.0", "127.0.0.1", "127.0.0.2", "255.255.255.255",
	"10.78.0.255", "224.0.0.5", "10.99.1.1",
};

static void __attribute__((format(printf, 1, 2))) wrong(const char *what, ...)
{
	va_list args;

	if (shared->wrong++)
		return;
	va_start(args, what);
	vsnprintf(shared->text, sizeof(shared->text), what, args);
	va_end(args);
}

/* The one who is tied */

static int sockets[SOCKETS];

static struct sockaddr_in random_address(struct random *r)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	inet_pton(AF_INET, addresses[random_below(r, ARRAY_SIZE(addresses))], &in.sin_addr);
	in.sin_port = htons(random_below(r, 4) ? PORT + random_below(r, PORTS) : 0);
	if (!random_below(r, 16))
		in.sin_family = random_below(r, 2) ? AF_UNSPEC : AF_INET6;
	return in;
}

static void random_socket(struct random *r, int *fd)
{
	static const int kinds[][3] = {
		{ AF_INET, SOCK_STREAM, 0 }, { AF_INET, SOCK_STREAM, 0 },
		{ AF_INET, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, 0 },
		{ AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE }, { AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
		{ AF_INET, SOCK_STREAM, 262 /* MPTCP */ }, { AF_INET, SOCK_STREAM, IPPROTO_SCTP },
		{ AF_INET6, SOCK_STREAM, 0 }, { AF_INET6, SOCK_DGRAM, 0 },
		{ AF_INET, SOCK_RAW, IPPROTO_UDP }, { AF_PACKET, SOCK_RAW, 0 },
	};
	const int *kind = kinds[random_below(r, ARRAY_SIZE(kinds))];
	int new = socket(kind[0], kind[1] | SOCK_NONBLOCK | SOCK_CLOEXEC, kind[2]);

	if (new < 0)
		return;
	if (kind[0] != AF_INET || kind[1] == SOCK_RAW || kind[2] == 262 || kind[2] == IPPROTO_SCTP)
		wrong("a socket of family %d, type %d, protocol %d", kind[0], kind[1], kind[2]);
	close(*fd);
	*fd = new;
}

static void random_option(struct random *r, int fd)
{
	static const int options[][2] = {
		{ SOL_IP, IP_FREEBIND }, { SOL_IP, IP_TRANSPARENT },
		{ SOL_IP, IP_BIND_ADDRESS_NO_PORT }, { SOL_SOCKET, SO_REUSEADDR },
		{ SOL_SOCKET, SO_REUSEPORT }, { SOL_SOCKET, SO_BROADCAST }, { SOL_IP, IP_PKTINFO },
		{ SOL_TCP, TCP_FASTOPEN_CONNECT }, { SOL_TCP, TCP_FASTOPEN }, { SOL_TCP, TCP_REPAIR },
		{ SOL_SOCKET, SO_BINDTODEVICE }, { SOL_IP, IP_MULTICAST_IF }, { SOL_IP, IP_UNICAST_IF },
	};
	const int *option = options[random_below(r, ARRAY_SIZE(options))];
	struct in_addr in = random_address(r).sin_addr;
	int value = random_below(r, 2);

	if (option[1] == SO_BINDTODEVICE && option[0] == SOL_SOCKET)
		setsockopt(fd, option[0], option[1], value ? "dummy0" : "", 7);
	else if (option[1] == IP_MULTICAST_IF && option[0] == SOL_IP)
		setsockopt(fd, option[0], option[1], &in, sizeof(in));
	else
		setsockopt(fd, option[0], option[1], &value, sizeof(value));
}

static void random_message(struct random *r, int fd)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct sockaddr_in in = random_address(r);
	char text[8] = "\10\0";		/* an echo request, where that counts */
	struct iovec part = { text, sizeof(text) };
	struct msghdr message = { &in, sizeof(in), &part, 1, control, sizeof(control), 0 };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	struct in_pktinfo *info = (void *)CMSG_DATA(cmsg);

	cmsg->cmsg_level = SOL_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*info));
	info->ipi_spec_dst = random_address(r).sin_addr;
	info->ipi_ifindex = random_below(r, 3);
	if (random_below(r, 2))
		message.msg_controllen = 0;
	if (!random_below(r, 4))
		message.msg_name = NULL, message.msg_namelen = 0;
	sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT |
		(random_below(r, 4) ? 0 : MSG_FASTOPEN));
}

static void look(int number)
{
	struct sockaddr_in in = { 0 };
	socklen_t length = sizeof(in);
	char text[64];

	if (sockets[number] < 0 || getsockname(sockets[number], (struct sockaddr *)&in, &length))
		return;
	if (in.sin_addr.s_addr == own.s_addr)
		return;
	wrong("a socket has the name %s", inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text)));
}

static void random_call(struct random *r)
{
	struct sockaddr_in in = random_address(r);
	int *fd = &sockets[random_below(r, SOCKETS)], new;
	char text[64];

	switch (random_below(r, 12)) {
	case 0:
		random_socket(r, fd);
		break;
	case 1:
	case 2:
		bind(*fd, (struct sockaddr *)&in, sizeof(in));
		break;
	case 3:
		listen(*fd, 4);
		break;
	case 4:
	case 5:
		connect(*fd, (struct sockaddr *)&in, sizeof(in));
		break;
	case 6:
		in.sin_family = AF_UNSPEC;
		connect(*fd, (struct sockaddr *)&in, sizeof(in));
		break;
	case 7:
		new = accept4(*fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (new >= 0) {
			close(*fd);
			*fd = new;
		}
		break;
	case 8:
		random_option(r, *fd);
		break;
	case 9:
		recv(*fd, text, sizeof(text), MSG_DONTWAIT);
		break;
	case 10:
		if (random_below(r, 4))
			shutdown(*fd, random_below(r, 3));
		else
			random_socket(r, fd);
		break;
	default:
		random_message(r, *fd);
	}
}

static void run_tied(unsigned int seed)
{
	struct random r = { seed };
	unsigned long n;
	int i, device = open_device();

	if (tie_to(device, OWN, 0))
		die("VCONTEXT_BIND");
	close(device);
	for (i = 0; i < SOCKETS; i++)
		sockets[i] = -1;
	for (n = 0; n < calls / 2 && !shared->wrong; n++) {
		random_call(&r);
		for (i = 0; i < SOCKETS; i++)
			look(i);
		shared->made++;
	}
	_exit(0);
}

/* The one who looks on */

static void look_at(const unsigned char *packet, ssize_t size)
{
	const struct iphdr *ip = (void *)packet;
	const struct tcphdr *tcp = (void *)(packet + ip->ihl * 4);
	const struct udphdr *udp = (void *)tcp;
	char text[64];
	int port;

	if (size < (ssize_t)(sizeof(*ip) + sizeof(*udp)) || ip->version != 4)
		return;
	if (ip->protocol == IPPROTO_TCP && size >= (ssize_t)(sizeof(*ip) + sizeof(*tcp)) && tcp->syn &&
	    !tcp->ack)
		port = ntohs(tcp->dest);
	else if (ip->protocol == IPPROTO_UDP || ip->protocol == IPPROTO_UDPLITE)
		port = ntohs(udp->dest);
	else
		return;
	if (port < PORT || port >= PORT + PORTS)
		return;
	shared->packets++;
	if (ip->saddr != own.s_addr)
		wrong("a packet of protocol %d from %s", ip->protocol,
		      inet_ntop(AF_INET, &ip->saddr, text, sizeof(text)));
}

static void run_watch(void)
{
	int size = 8 << 20, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	unsigned char packet[2048];
	struct pollfd p = { fd, POLLIN, 0 };

	if (fd < 0)
		die("AF_PACKET");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	while (!shared->over || poll(&p, 1, 0) > 0) {
		if (poll(&p, 1, 100) > 0)
			look_at(packet, recv(fd, packet, sizeof(packet), 0));
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	double start = now();
	pid_t pids[2], watch;
	int i;

	if (argc > 1)
		calls = strtoul(argv[argc - 1], NULL, 0);
	if (argc > 3 || !calls) {
		fprintf(stderr, "usage: fuzz_socket [-n CALLS]\n");
		return 2;
	}
	plan(3);
	inet_pton(AF_INET, OWN, &own);
	(void)!system("ip addr add 10.78.0.1/24 dev dummy0; ip addr add 10.78.0.2/24 dev dummy0; "
		      "ip addr add 10.78.0.3/24 dev dummy0; ip link set dummy0 up");
	write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	write_text("/proc/sys/net/ipv4/tcp_fastopen", "3");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	watch = must_fork();
	if (!watch)
		run_watch();
	nap(100000);
	for (i = 0; i < 2; i++) {
		pids[i] = must_fork();
		if (!pids[i])
			run_tied(20261124 + i);
	}
	for (i = 0; i < 2; i++)
		if (must_wait(pids[i]))
			wrong("one of those who call ended");
	shared->over = 1;
	must_wait(watch);
	printf("# %lu calls, %lu packets in %.0f s\n", shared->made, shared->packets, now() - start);
	result(shared->wrong || shared->made == calls / 2 * 2, "all calls were made", "%lu of %lu",
	       shared->made, calls);
	result(!shared->wrong, "no foreign address is seen", "%u times, first: %s", shared->wrong,
	       shared->text);
	result(shared->packets > calls / 1000, "packets were sent", "%lu", shared->packets);
	return failures ? 1 : 0;
}
