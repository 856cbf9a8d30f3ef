// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody has already: a port can't be taken from him with the help of a process that is tied
 * to other addresses; and what a socket from before has found out, or was told, counts no more.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PORT	7600
#define SET	A "/24 " E "/24"
#define OTHERS	B "/24 " F "/24"
#define GROUP6	"ff02::7600"

/* Ports */

static struct end sharing(struct party *at, enum kind kind)
{
	struct end end = end_new(at, kind, AF_INET);

	end_option(end, SOL_SOCKET, SO_REUSEPORT, 1);
	return end;
}

/* The tied one gets in nobody's way, and is the first that the kernel finds. */
static void expect_kept(enum kind kind, struct party *victim, const char *where)
{
	struct party *helper = party_new(OTHERS, 0);
	struct end server = serve(victim, kind, where, PORT), between = sharing(helper, kind);

	expect_errno(end_bind(between, "0.0.0.0", PORT), 0);
	expect_errno(end_bind(sharing(NULL, kind), "0.0.0.0", PORT), EADDRINUSE);
	if (!victim)
		expect_errno(end_bind(sharing(NULL, kind), where, PORT), EADDRINUSE);
	party_end(helper);
	expect_errno(end_bind(sharing(NULL, kind), "0.0.0.0", PORT), EADDRINUSE);
	end_close(server);
}

static void run_kept_own(const void *kind)
{
	expect_kept(*(const enum kind *)kind, NULL, "127.0.0.1");
}

static void run_kept_tied(const void *kind)
{
	expect_kept(*(const enum kind *)kind, party_new(SET, 0), "0.0.0.0");
}

/* Sockets of netlink with a filter, which would see what its user is not told */

struct filtered {
	int fd, error;
};

static void make_netlink(void *data)
{
	struct filtered *what = data;

	what->fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static void attach(void *data)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 40);
	struct sock_fprog program = { .len = 1, .filter = &code };
	struct filtered *what = data;

	what->error = setsockopt(what->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				 sizeof(program)) ? errno : 0;
}

static void ask(void *data)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg about;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETADDR,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	struct filtered *what = data;

	what->error = send(what->fd, &request, sizeof(request), 0) < 0 ? errno : 0;
}

static void run_filter(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct filtered what = { 0 };

	(void)unused;
	tell(tied, make_netlink, &what, sizeof(what));
	tell(tied, attach, &what, sizeof(what));
	expect_errno(what.error, EPERM);
	tell(tied, ask, &what, sizeof(what));
	expect_errno(what.error, 0);
}

static void run_filter_before(const void *unused)
{
	struct party *tied = party_new(NULL, 0);
	struct filtered what = { 0 };

	(void)unused;
	tell(tied, make_netlink, &what, sizeof(what));
	tell(tied, attach, &what, sizeof(what));
	expect_errno(what.error, 0);
	party_tie(tied, SET, 0);
	tell(tied, ask, &what, sizeof(what));
	expect_errno(what.error, EADDRNOTAVAIL);
}

/* Datagrams that are sent piece by piece, whose source the socket remembers */

struct piece {
	int fd, error;
};

/* From F, which is nobody's here. */
static void begin_piece(void *data)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(header);
	struct piece *piece = data;

	header->cmsg_level = SOL_IP;
	header->cmsg_type = IP_PKTINFO;
	header->cmsg_len = CMSG_LEN(sizeof(*info));
	inet_pton(AF_INET, F, &info->ipi_spec_dst);
	piece->error = sendmsg(piece->fd, &message, MSG_MORE) < 0 ? errno : 0;
}

static void end_piece(void *data)
{
	struct piece *piece = data;

	piece->error = send(piece->fd, "", 0, 0) < 0 ? errno : 0;
}

static struct end begun(struct party *party, bool finish)
{
	struct end end = serve(party, UDP, A, PORT);
	struct piece piece = { .fd = end.fd };

	expect_errno(end_connect(end, ONE, PORT), 0);
	tell(party, begin_piece, &piece, sizeof(piece));
	expect_errno(piece.error, 0);
	if (finish) {
		tell(party, end_piece, &piece, sizeof(piece));
		expect_errno(piece.error, 0);
	}
	return end;
}

static void run_pieces(const void *unused)
{
	struct party *tied = party_new(NULL, 0);
	struct end server = serve(NULL, UDP, ONE, PORT), end = begun(tied, true);

	(void)unused;
	expect_caller(server, F, "before");
	party_tie(tied, SET, 0);
	expect_errno(end_send(end), 0);
	expect_caller(server, A, "one that had sent a datagram of two pieces");
}

static void run_pending(const void *unused)
{
	struct party *tied = party_new(NULL, 0);
	struct end server = serve(NULL, UDP, ONE, PORT), end = begun(tied, false);
	struct piece piece = { .fd = end.fd };

	(void)unused;
	party_tie(tied, SET, 0);
	tell(tied, end_piece, &piece, sizeof(piece));
	expect_errno(piece.error, EADDRNOTAVAIL);
	ktap_expect(!end_hears(server, 50), "expected nothing to be heard");
}

/* Groups of IPv6, for who has no such address */

static int join(int fd)
{
	struct ipv6_mreq group = { .ipv6mr_interface = if_nametoindex("dummy1") };

	inet_pton(AF_INET6, GROUP6, &group.ipv6mr_multiaddr);
	return setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)) ? errno : 0;
}

static void try_join(void *data)
{
	struct piece *piece = data;

	piece->error = join(piece->fd);
}

static void run_join(const void *unused)
{
	struct party *tied = party_new(SET, 0);
	struct piece piece = { .fd = end_new(tied, UDP, AF_INET6).fd };

	(void)unused;
	tell(tied, try_join, &piece, sizeof(piece));
	expect_errno(piece.error, EADDRNOTAVAIL);
}

/* By default a socket hears what others have joined. */
static void run_group(const void *unused)
{
	struct end joined = serve(NULL, UDP, "::", PORT), sender = end_new(NULL, UDP, AF_INET6);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(PORT),
				   .sin6_scope_id = if_nametoindex("dummy1") };
	struct end tied = serve(party_new(SET, 0), UDP, "::", PORT + 1);

	(void)unused;
	inet_pton(AF_INET6, GROUP6, &to.sin6_addr);
	expect_errno(join(joined.fd), 0);
	for (int i = 0; i < 2; i++) {
		to.sin6_port = htons(PORT + i);
		ktap_expect(sendto(sender.fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1,
			    "sendto: %s", errno_name(errno));
	}
	ktap_need(end_hears(joined, 1000), "the group isn't heard by who has joined it");
	ktap_expect(!end_hears(tied, 50), "expected nothing to be heard");
}

static const struct ktap_case cases[] = {
	{ "a filter of rtnetlink", run_filter },
	{ "a filter of rtnetlink, from before", run_filter_before },
	{ "the source of a datagram from before", run_pieces },
	{ "a datagram that is begun before", run_pending },
	{ "joining a group of IPv6 without such an address", run_join },
	{ "a group of IPv6 without such an address", run_group },
};

static const enum kind kinds[] = { TCP, UDP, UDP_LITE };
static const struct ktap_case kept[] = {
	{ "TCP: a port that is somebody's", run_kept_own, &kinds[0] },
	{ "TCP: a port that is somebody's who is tied", run_kept_tied, &kinds[0] },
	{ "UDP: a port that is somebody's", run_kept_own, &kinds[1] },
	{ "UDP: a port that is somebody's who is tied", run_kept_tied, &kinds[1] },
	{ "UDP-Lite: a port that is somebody's", run_kept_own, &kinds[2] },
};

int main(int argc, char **argv)
{
	net_up();
	ktap_add_all(kept);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
