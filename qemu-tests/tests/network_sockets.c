// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of the internet in lists: a process that is tied sees those of its set and context, one
 * that is in a context those of that, and the watcher and context 0 see all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "netlink.h"

#define PORT	7800
#define SYN_RECV	3	/* <linux/tcp.h> and <netinet/tcp.h> don't agree */
#define TIME_WAIT	6
#define MPTCP		262
#define REQ_PROTOCOL	3	/* added after the headers of Debian 11 */

/* One socket that somebody was told of. */
struct found {
	__u32 inode;
	int port, state;
	struct inet_diag_sockid id;
};

/* A question to sock_diag, and the answer. */
struct diag {
	int type, family, protocol;
	bool exact;
	struct inet_diag_sockid id;
	int error, count;
	struct found list[150];
};

static __u32 inode_of(const struct nlmsghdr *message, int family)
{
	const void *body = NLMSG_DATA(message);

	switch (family) {
	case AF_INET:
	case AF_INET6:
		return ((const struct inet_diag_msg *)body)->idiag_inode;
	case AF_UNIX:
		return ((const struct unix_diag_msg *)body)->udiag_ino;
	case AF_NETLINK:
		return ((const struct netlink_diag_msg *)body)->ndiag_ino;
	case AF_PACKET:
		return ((const struct packet_diag_msg *)body)->pdiag_ino;
	}
	return 0;
}

static void found_one(const struct nlmsghdr *message, void *data)
{
	const struct inet_diag_msg *told = NLMSG_DATA(message);
	struct diag *diag = data;
	struct found *found = &diag->list[diag->count];

	if (diag->count == (int)ARRAY_SIZE(diag->list))
		return;
	memset(found, 0, sizeof(*found));
	found->inode = inode_of(message, diag->family);
	if (diag->family == AF_INET || diag->family == AF_INET6) {
		found->port = ntohs(told->id.idiag_sport);
		found->state = told->idiag_state;
		found->id = told->id;
	}
	diag->count++;
}

/* Everything that there is to ask, by family. */
static void begin(struct netlink_question *question, const struct diag *diag)
{
	struct inet_diag_req_v2 inet = {
		.sdiag_family = diag->family, .sdiag_protocol = diag->protocol,
		.idiag_states = ~0U, .id = diag->id,
	};
	struct inet_diag_req old = {
		.idiag_family = diag->family, .idiag_states = ~0U, .id = diag->id,
	};
	struct unix_diag_req others = {
		.sdiag_family = diag->family, .sdiag_protocol = diag->protocol, .udiag_states = ~0U,
	};
	struct netlink_diag_req netlink = {
		.sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL,
	};
	int flags = diag->exact ? 0 : NLM_F_DUMP, protocol = diag->protocol;

	if (diag->type == SOCK_DESTROY)
		flags = NLM_F_ACK;
	if (diag->type == TCPDIAG_GETSOCK)
		netlink_begin(question, diag->type, flags, &old, sizeof(old));
	else if (diag->family == AF_INET || diag->family == AF_INET6)
		netlink_begin(question, diag->type, flags, &inet, sizeof(inet));
	else if (diag->family == AF_NETLINK)
		netlink_begin(question, diag->type, flags, &netlink, sizeof(netlink));
	else
		netlink_begin(question, diag->type, flags, &others, sizeof(others));
	if (protocol == MPTCP)
		netlink_add(question, REQ_PROTOCOL, &protocol, sizeof(protocol));
}

static void do_diag(void *data)
{
	struct netlink_question question;
	struct diag *diag = data;
	int fd = netlink_open(NETLINK_SOCK_DIAG, 0);

	if (fd < 0) {
		diag->error = -fd;
		return;
	}
	begin(&question, diag);
	diag->count = 0;
	diag->error = netlink_ask(fd, &question, found_one, diag);
	close(fd);
}

static int protocol_of(enum kind kind)
{
	return kind == TCP ? IPPROTO_TCP : kind == UDP ? IPPROTO_UDP : IPPROTO_UDPLITE;
}

static struct diag *dump(struct party *at, int type, int family, int protocol)
{
	static struct diag diag;

	memset(&diag, 0, sizeof(diag));
	diag.type = type;
	diag.family = family;
	diag.protocol = protocol;
	diag.id.idiag_cookie[0] = diag.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	tell(at, do_diag, &diag, sizeof(diag));
	return &diag;
}

/* Ask for one socket, or for its end: 0 or an errno. */
static int exact(struct party *at, int type, int family, enum kind kind, struct inet_diag_sockid id)
{
	struct diag diag = { type, family, protocol_of(kind), true, id };

	/* this alone is as it is for historical reasons */
	if (kind != TCP && type == SOCK_DIAG_BY_FAMILY) {
		memcpy(diag.id.idiag_src, id.idiag_dst, sizeof(id.idiag_dst));
		memcpy(diag.id.idiag_dst, id.idiag_src, sizeof(id.idiag_src));
		diag.id.idiag_sport = id.idiag_dport;
		diag.id.idiag_dport = id.idiag_sport;
	}
	tell(at, do_diag, &diag, sizeof(diag));
	return diag.error ?: !diag.count && type != SOCK_DESTROY ? ENOENT : 0;
}

static struct inet_diag_sockid any_cookie(struct inet_diag_sockid id)
{
	id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return id;
}

/* The socket that @at sees with this local port, of any state (0) or one. */
static const struct found *find(struct party *at, int family, enum kind kind, int port, int state)
{
	struct diag *diag = dump(at, SOCK_DIAG_BY_FAMILY, family, protocol_of(kind));
	int i;

	ktap_expect(!diag->error, "expected a list of %s, came %s", kind_names[kind],
		    errno_name(diag->error));
	for (i = 0; i < diag->count; i++)
		if (diag->list[i].port == port && (!state || diag->list[i].state == state))
			return &diag->list[i];
	return NULL;
}

/* Files of /proc/net */

struct reading {
	char path[64];
	int port, state, count;
};

static void do_read(void *data)
{
	struct reading *what = data;
	unsigned int port, state;
	char line[512];
	FILE *file = fopen(what->path, "re");

	what->count = file ? 0 : -errno;
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*[0-9A-F]:%4x %*[0-9A-F]:%*4x %2x", &port, &state) == 2 &&
		    (int)port == what->port && (!what->state || (int)state == what->state))
			what->count++;
	if (file)
		fclose(file);
}

static const char *table_of(int family, enum kind kind)
{
	static const char *const tables[] = { "tcp", "udp", "udplite" };

	return ktap_text("/proc/net/%s%s", tables[kind], family == AF_INET6 ? "6" : "");
}

static bool lists_port(struct party *at, int family, enum kind kind, int port, int state)
{
	struct reading what = { .port = port, .state = state };

	strcpy(what.path, table_of(family, kind));
	tell(at, do_read, &what, sizeof(what));
	ktap_expect(what.count >= 0, "%s: %s", what.path, errno_name(-what.count));
	return what.count;
}

/* Who is there */

enum { TIED, SAME, FOREIGN, MANY, INSIDE, TIED_INSIDE, HOST, WATCHER, PEOPLE };

static const struct person {
	const char *name, *set, *address, *address6;	/* what a server names */
	bool inside;
} people[PEOPLE] = {
	[TIED]		= { "tied", A "/24 " A6 "/64", "0.0.0.0", "::" },
	[SAME]		= { "tied to the same", A "/24 " A6 "/64", A, A6 },
	[FOREIGN]	= { "tied to another", B "/24 " B6 "/64", "0.0.0.0", "::" },
	[MANY]		= { "tied to several", C "/24 " E "/24 " C6 "/64 " E6 "/64", "0.0.0.0",
			    "::" },
	[INSIDE]	= { "in a context", NULL, "127.0.0.1", "::1", true },
	[TIED_INSIDE]	= { "tied in a context", A "/24 " A6 "/64", "0.0.0.0", "::", true },
	[HOST]		= { "in context 0", NULL, ONE, ONE6 },
	[WATCHER]	= { "the watcher", NULL, TWO, TWO6 },
};

static bool sees(int who, int whose)
{
	if (who == HOST || who == WATCHER || who == whose)
		return true;
	return (who == TIED && whose == SAME) || (who == SAME && whose == TIED);
}

static void do_enter(void *data)
{
	(void)data;
	enter_new(0);
}

static void do_watch(void *data)
{
	(void)data;
	enter_id(VCONTEXT_ID_WATCHER);
}

static struct party *person(int who)
{
	struct party *party;

	if (who == HOST)
		return NULL;
	party = party_new(NULL, 0);
	if (people[who].inside)
		tell(party, do_enter, NULL, 0);
	if (who == WATCHER)
		tell(party, do_watch, NULL, 0);
	if (people[who].set)
		party_tie(party, people[who].set, 0);
	return party;
}

/* For each kind and family, as the data of cases. */
struct sort {
	enum kind kind;
	int family;
};

static const struct sort sorts[] = {
	{ TCP, AF_INET }, { TCP, AF_INET6 }, { UDP, AF_INET }, { UDP, AF_INET6 },
	{ UDP_LITE, AF_INET }, { UDP_LITE, AF_INET6 },
};

static void expect_seen(const struct sort *sort, struct party *at, int who, int whose,
			struct inet_diag_sockid id, int port)
{
	bool want = sees(who, whose);
	const char *text = ktap_text("%s: one of who is %s", people[who].name, people[whose].name);
	int error, cookies;

	ktap_expect(lists_port(at, sort->family, sort->kind, port, 0) == want, "%s: expected it %s",
		    text, want ? "in /proc/net" : "not in /proc/net");
	ktap_expect(!!find(at, sort->family, sort->kind, port, 0) == want, "%s: expected it %s",
		    text, want ? "in a dump" : "not in a dump");
	for (cookies = 0; cookies < 2; cookies++) {
		if (!cookies)
			id = any_cookie(id);
		error = exact(at, SOCK_DIAG_BY_FAMILY, sort->family, sort->kind, id);
		ktap_expect(error == (want ? 0 : ENOENT), "%s: by its id: expected %s, came %s",
			    text, errno_name(want ? 0 : ENOENT), errno_name(error));
		if (want)
			continue;
		error = exact(at, SOCK_DESTROY, sort->family, sort->kind, id);
		ktap_expect(error == ENOENT, "%s: its end: expected ENOENT, came %s", text,
			    errno_name(error));
	}
}

/* Servers: all ask about all. */
static void run_servers(const void *data)
{
	const struct sort *sort = data;
	struct inet_diag_sockid ids[PEOPLE];
	struct party *at[PEOPLE];
	struct end servers[PEOPLE];
	int who, whose;

	for (who = 0; who < PEOPLE; who++) {
		const struct found *found;

		at[who] = person(who);
		servers[who] = serve(at[who], sort->kind, sort->family == AF_INET ?
				     people[who].address : people[who].address6, PORT + who);
		found = find(NULL, sort->family, sort->kind, PORT + who, 0);
		ktap_need(found, "expected the server of who is %s in a dump", people[who].name);
		ids[who] = found->id;
	}
	for (who = 0; who < PEOPLE; who++)
		for (whose = 0; whose < PEOPLE; whose++)
			expect_seen(sort, at[who], who, whose, ids[whose], PORT + whose);
	/* they are there yet */
	for (who = 0; who < PEOPLE; who++)
		ktap_expect(end_port(servers[who]) == PORT + who, "expected a server to go on");
	expect_reached(NULL, servers[TIED], sort->family == AF_INET ? A : A6, PORT, NULL);
	expect_reached(NULL, servers[FOREIGN], sort->family == AF_INET ? B : B6, PORT + FOREIGN,
		       NULL);
	expect_reached(NULL, servers[MANY], sort->family == AF_INET ? E : E6, PORT + MANY, NULL);
}

/* The same of connections, which are not in the way of anybody's destroying them. */
static void run_clients(const void *data)
{
	const struct sort *sort = data;
	struct end servers[2], clients[PEOPLE];
	struct inet_diag_sockid ids[PEOPLE];
	struct party *at[PEOPLE];
	int who, whose, ports[PEOPLE];

	servers[0] = serve(NULL, sort->kind, sort->family == AF_INET ? ONE : ONE6, PORT + 20);
	servers[1] = serve(NULL, sort->kind, sort->family == AF_INET ? "127.0.0.1" : "::1",
			   PORT + 20);
	for (who = 0; who < PEOPLE; who++) {
		bool local = who == INSIDE;

		at[who] = person(who);
		clients[who] = end_new(at[who], sort->kind, sort->family);
		/* The kernel may choose one port for several, who call different addresses. */
		ports[who] = PORT + 100 + 10 * (int)(sort - sorts) + who;
		expect_errno(end_bind(clients[who], sort->family == AF_INET ? "0.0.0.0" : "::",
				      ports[who]), 0);
		expect_errno(end_connect(clients[who], sort->family == AF_INET ?
					 local ? "127.0.0.1" : ONE : local ? "::1" : ONE6,
					 PORT + 20), 0);
		ids[who] = find(NULL, sort->family, sort->kind, ports[who], 0)->id;
	}
	for (who = 0; who < PEOPLE; who++)
		for (whose = 0; whose < PEOPLE; whose++)
			expect_seen(sort, at[who], who, whose, ids[whose], ports[whose]);
	for (who = 0; who < PEOPLE; who++)
		expect_errno(end_send(clients[who]), 0);
	expect_caller(servers[0], NULL, "after that");
	expect_caller(servers[1], NULL, "after that");
}

/* One port, two sets, both bound to any: each finds its own. */
static void run_any(const void *data)
{
	const struct sort *sort = data;
	struct party *at[2] = { party_new(A "/24 " E "/24 " A6 "/64 " E6 "/64", 0),
				party_new(B "/24 " F "/24 " B6 "/64 fd81:2::2/64", 0) };
	const char *any = sort->family == AF_INET ? "0.0.0.0" : "::";
	struct inet_diag_sockid ids[2];
	int i, error;

	for (i = 0; i < 2; i++)
		serve(at[i], sort->kind, any, PORT);
	for (i = 0; i < 2; i++) {
		const struct found *found = find(at[i], sort->family, sort->kind, PORT, 0);

		ktap_expect(found, "expected the own one in a dump");
		ids[i] = found->id;
	}
	for (i = 0; i < 2; i++) {
		error = exact(at[i], SOCK_DIAG_BY_FAMILY, sort->family, sort->kind, ids[i]);
		ktap_expect(!error, "the own one by its id: %s", errno_name(error));
		error = exact(at[i], SOCK_DIAG_BY_FAMILY, sort->family, sort->kind,
			      any_cookie(ids[i]));
		ktap_expect(!error, "the own one by its name: %s", errno_name(error));
		error = exact(at[i], SOCK_DIAG_BY_FAMILY, sort->family, sort->kind, ids[!i]);
		ktap_expect(error, "the other one by its id: expected an error");
		error = exact(at[i], SOCK_DESTROY, sort->family, sort->kind, ids[!i]);
		ktap_expect(error, "the end of the other one: expected an error");
	}
	if (sort->kind == UDP_LITE)	/* these can't be ended so */
		return;
	error = exact(at[0], SOCK_DESTROY, sort->family, sort->kind, any_cookie(ids[0]));
	ktap_expect(!error, "the own end: %s", errno_name(error));
	ktap_expect(find(at[1], sort->family, sort->kind, PORT, 0),
		    "expected the other one to be left");
}

/* What the kernel alone has: connections that are over, and that are not made yet */

struct waiting {
	const char *set, *address;
	int state, port;		/* which is taken for a minute */
};

static const struct waiting waitings[] = {
	{ B "/24", B, TIME_WAIT, PORT + 30 }, { B "/24 " E "/24", "0.0.0.0", TIME_WAIT, PORT + 31 },
	{ NULL, ONE, TIME_WAIT, PORT + 32 }, { NULL, "0.0.0.0", TIME_WAIT, PORT + 33 },
	{ B "/24", B, SYN_RECV, PORT + 34 }, { B "/24 " E "/24", "0.0.0.0", SYN_RECV, PORT + 35 },
	{ NULL, ONE, SYN_RECV, PORT + 36 }, { NULL, "0.0.0.0", SYN_RECV, PORT + 37 },
};

static void do_shut(void *data)
{
	shutdown(*(int *)data, SHUT_WR);
}

/* The server's side of a connection that has come to @state, without anybody's socket. */
static struct inet_diag_sockid let_wait(struct end server, const char *address, int state,
					struct end *client)
{
	const struct found *found = NULL;
	struct end accepted;
	int port = end_port(server);

	*client = end_new(NULL, TCP, AF_INET);
	if (state == SYN_RECV)
		expect_errno(end_option(server, SOL_TCP, TCP_DEFER_ACCEPT, 60), 0);
	expect_errno(end_connect(*client, address, port), 0);
	if (state == TIME_WAIT) {
		accepted = end_accept(server, NULL);
		tell(server.at, do_shut, &accepted.fd, sizeof(accepted.fd));
		nap(20);
		shutdown(client->fd, SHUT_WR);
		nap(20);
		end_close(accepted);
	}
	for (int tries = 0; tries < 50 && !found; tries++) {
		found = find(NULL, AF_INET, TCP, port, state);
		nap(20);
	}
	ktap_need(found, "expected a connection in state %d", state);
	return found->id;
}

/* @at doesn't know of it, and can't end it. */
static void expect_unknown(struct party *at, struct inet_diag_sockid id, int port, int state,
			   const char *who)
{
	int error, cookies;

	ktap_expect(!lists_port(at, AF_INET, TCP, port, state), "%s: it is in /proc/net/tcp", who);
	ktap_expect(!find(at, AF_INET, TCP, port, state), "%s: it is in a dump", who);
	for (cookies = 0; cookies < 2; cookies++) {
		if (!cookies)
			id = any_cookie(id);
		error = exact(at, SOCK_DIAG_BY_FAMILY, AF_INET, TCP, id);
		ktap_expect(error == ENOENT, "%s: by its id: expected ENOENT, came %s", who,
			    errno_name(error));
		error = exact(at, TCPDIAG_GETSOCK, AF_INET, TCP, id);
		ktap_expect(error == ENOENT, "%s: asked as of old: expected ENOENT, came %s", who,
			    errno_name(error));
		error = exact(at, SOCK_DESTROY, AF_INET, TCP, id);
		ktap_expect(error == ENOENT, "%s: its end: expected ENOENT, came %s", who,
			    errno_name(error));
	}
	ktap_expect(find(NULL, AF_INET, TCP, port, state), "%s: it has ended", who);
}

static void run_waiting(const void *data)
{
	const struct waiting *waiting = data;
	static const int others[] = { TIED, MANY, INSIDE, TIED_INSIDE };
	struct party *owner = waiting->set ? party_new(waiting->set, 0) : NULL;
	const char *to = strcmp(waiting->address, "0.0.0.0") ? waiting->address :
			 waiting->set ? E : ONE;
	struct end server = serve(owner, TCP, waiting->address, waiting->port), client, accepted;
	struct inet_diag_sockid id = let_wait(server, to, waiting->state, &client);
	int error;

	if (waiting->state == TIME_WAIT)
		end_close(server);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] != MANY || strcmp(to, E))
			expect_unknown(person(others[i]), id, waiting->port, waiting->state,
				       people[others[i]].name);
	ktap_expect(lists_port(owner, AF_INET, TCP, waiting->port, waiting->state),
		    "expected the owner to have it in /proc/net/tcp");
	ktap_expect(find(owner, AF_INET, TCP, waiting->port, waiting->state),
		    "expected the owner to have it in a dump");
	error = exact(owner, SOCK_DIAG_BY_FAMILY, AF_INET, TCP, id);
	ktap_expect(!error, "the owner, by its id: %s", errno_name(error));
	if (waiting->state == TIME_WAIT)
		return;
	expect_errno(end_send(client), 0);
	accepted = end_accept(server, NULL);
	ktap_expect(accepted.fd >= 0, "expected the connection to be made, came %s",
		    errno_name(-accepted.fd));
}

/* Its own connections a process can see and end, made, in the making, and over. */
static void run_own(const void *data)
{
	int error, state = *(const int *)data, port = PORT + 40 + state;
	struct party *tied = party_new(B "/24", 0);
	struct end server = serve(tied, TCP, "0.0.0.0", port), client, accepted;
	struct inet_diag_sockid id;

	if (state) {
		id = let_wait(server, B, state, &client);
	} else {
		client = end_new(NULL, TCP, AF_INET);
		expect_errno(end_connect(client, B, port), 0);
		accepted = end_accept(server, NULL);
		ktap_expect(accepted.fd >= 0, "accept: %s", errno_name(-accepted.fd));
		id = find(tied, AF_INET, TCP, port, 1)->id;
	}
	error = exact(tied, SOCK_DESTROY, AF_INET, TCP, id);
	ktap_expect(!error, "expected to end the own one, came %s", errno_name(error));
	ktap_expect(!find(NULL, AF_INET, TCP, port, state ?: 1), "expected its end");
	/* not on a kernel where they had one port together */
	serve(NULL, TCP, ONE, port);
}

/* As it was asked before there were families. */
static void run_of_old(const void *data)
{
	int family = *(const int *)data, i, port;
	struct party *tied = party_new(A "/24 " A6 "/64", 0);
	struct diag *diag;

	serve(tied, TCP, family == AF_INET ? A : A6, PORT);
	serve(NULL, TCP, family == AF_INET ? ONE : ONE6, PORT + 1);
	for (port = PORT; port < PORT + 2; port++) {
		const struct found *found = find(NULL, family, TCP, port, 0);
		int error;

		ktap_need(found, "expected a listener");
		error = exact(tied, TCPDIAG_GETSOCK, family, TCP, found->id);
		ktap_expect(error == (port == PORT ? 0 : ENOENT), "listener %d: came %s",
			    port - PORT, errno_name(error));
	}
	diag = dump(tied, TCPDIAG_GETSOCK, family, 0);
	ktap_expect(!diag->error, "expected a list, came %s", errno_name(diag->error));
	for (i = port = 0; i < diag->count; i++) {
		ktap_expect(diag->list[i].port != PORT + 1, "the other one is listed");
		port += diag->list[i].port == PORT;
	}
	ktap_expect(port == 1, "expected the own one in the list, came %d", port);
}

/* Other families, and protocols that tied processes have no sockets of */

static const struct other {
	const char *name;
	int family, type, protocol;	/* of the socket */
	int asked;			/* the protocol that is asked for */
} others[] = {
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_UDP, IPPROTO_RAW },
	{ "raw IPv6", AF_INET6, SOCK_RAW, IPPROTO_UDP, IPPROTO_RAW },
	{ "MPTCP", AF_INET, SOCK_STREAM, MPTCP, MPTCP },
	{ "SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP, IPPROTO_SCTP },
	{ "packet", AF_PACKET, SOCK_DGRAM, 0, 0 },
	{ "netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, 0 },
	{ "unix", AF_UNIX, SOCK_DGRAM, 0, 0 },
};

static bool is_listed(struct party *at, const struct other *other, __u32 inode)
{
	struct diag *diag = dump(at, SOCK_DIAG_BY_FAMILY, other->family, other->asked);

	for (int i = 0; i < diag->count; i++)
		if (diag->list[i].inode == inode)
			return true;
	return false;
}

static void run_other(const void *data)
{
	static const int who[] = { TIED, INSIDE, TIED_INSIDE };
	const struct other *other = data;
	char text[200] = "";
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_nl netlink = { .nl_family = AF_NETLINK };
	struct sockaddr_un { short family; char name[12]; } local = { AF_UNIX, "\0vc-tests" };
	int fd = socket(other->family, other->type | SOCK_CLOEXEC, other->protocol);
	struct stat stat;

	if (fd < 0)
		ktap_skip("no such sockets: %s", errno_name(errno));
	inet_pton(AF_INET, TWO, &in.sin_addr);
	if (other->family == AF_INET)
		ktap_need(!bind(fd, (void *)&in, sizeof(in)), "bind: %s", errno_name(errno));
	if (other->family == AF_NETLINK)
		ktap_need(!bind(fd, (void *)&netlink, sizeof(netlink)), "bind: %s",
			  errno_name(errno));
	if (other->family == AF_UNIX)
		ktap_need(!bind(fd, (void *)&local, sizeof(local)), "bind: %s", errno_name(errno));
	if (other->family == AF_INET && other->type == SOCK_STREAM)
		ktap_need(!listen(fd, 1), "listen: %s", errno_name(errno));
	ktap_need(!fstat(fd, &stat), "fstat: %s", errno_name(errno));
	if (!is_listed(NULL, other, stat.st_ino))
		ktap_skip("context 0 has no list of them");
	ktap_expect(is_listed(person(WATCHER), other, stat.st_ino),
		    "expected the watcher to have it in its list");
	for (size_t i = 0; i < ARRAY_SIZE(who); i++)
		if ((other->family != AF_UNIX || people[who[i]].inside) &&
		    is_listed(person(who[i]), other, stat.st_ino))
			sprintf(text + strlen(text), "%s%s", *text ? ", and who is " : "who is ",
				people[who[i]].name);
	ktap_expect(!*text, "it is in the list of %s", text);
}

/* The ends of sockets are told to who asked for that. */

struct hearing {
	int fd, port;
	bool told;
};

static void do_hearing(void *data)
{
	struct hearing *what = data;

	what->fd = netlink_open(NETLINK_SOCK_DIAG, ~0U >> 28);
}

static void hear_end(const struct nlmsghdr *message, void *data)
{
	const struct inet_diag_msg *told = NLMSG_DATA(message);
	struct hearing *what = data;

	what->told |= ntohs(told->id.idiag_sport) == what->port;
}

static void do_hear_end(void *data)
{
	struct hearing *what = data;

	what->told = false;
	netlink_listen(what->fd, ktap_seconds(1) * 300, hear_end, what);
}

static void run_ends(const void *data)
{
	const struct sort *sort = data;
	static const int who[] = { HOST, TIED, INSIDE, TIED_INSIDE };
	struct hearing hearings[ARRAY_SIZE(who)];
	struct party *at[ARRAY_SIZE(who)];
	struct end server, end;
	char text[200] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(who); i++) {
		at[i] = person(who[i]);
		memset(&hearings[i], 0, sizeof(hearings[i]));
		tell(at[i], do_hearing, &hearings[i], sizeof(hearings[i]));
		ktap_need(hearings[i].fd >= 0 || i, "netlink: %s", errno_name(-hearings[i].fd));
	}
	server = serve(NULL, sort->kind, sort->family == AF_INET ? TWO : TWO6, PORT);
	end = end_new(NULL, sort->kind, sort->family);
	expect_errno(end_connect(end, sort->family == AF_INET ? TWO : TWO6, PORT), 0);
	hearings[0].port = end_port(end);
	end_close(end);
	end_close(server);
	for (i = 0; i < ARRAY_SIZE(who); i++) {
		hearings[i].port = hearings[0].port;
		if (hearings[i].fd >= 0)
			tell(at[i], do_hear_end, &hearings[i], sizeof(hearings[i]));
		if (i && hearings[i].told)
			sprintf(text + strlen(text), "%s%s", *text ? ", and who is " : "who is ",
				people[who[i]].name);
	}
	ktap_expect(hearings[0].told, "expected context 0 to be told");
	ktap_expect(!*text, "%s is told", text);
}

static void add(const char *name, void (*run)(const void *data), const void *data)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->seconds = 30;
	ktap_add(test);
}

static void add_sort(const struct sort *sort)
{
	const char *text = ktap_text("%s, %s", kind_names[sort->kind],
				     sort->family == AF_INET ? "IPv4" : "IPv6");

	add(ktap_text("servers: %s", text), run_servers, sort);
	add(ktap_text("clients: %s", text), run_clients, sort);
	add(ktap_text("one port of two sets: %s", text), run_any, sort);
	if (sort->kind != UDP_LITE)
		add(ktap_text("who is told of ends: %s", text), run_ends, sort);
}

int main(int argc, char **argv)
{
	static const int families[] = { AF_INET, AF_INET6 }, states[] = { 0, SYN_RECV, TIME_WAIT };
	size_t i;

	net_up();
	for (i = 0; i < ARRAY_SIZE(sorts); i++)
		add_sort(&sorts[i]);
	for (i = 0; i < ARRAY_SIZE(waitings); i++)
		add(ktap_text("%s, of %s at %s", waitings[i].state == TIME_WAIT ? "TIME_WAIT" :
			      "SYN_RECV", waitings[i].set ?: "nobody", waitings[i].address),
		    run_waiting, &waitings[i]);
	for (i = 0; i < ARRAY_SIZE(states); i++)
		add(ktap_text("an own one is ended, in state %d", states[i]), run_own, &states[i]);
	for (i = 0; i < ARRAY_SIZE(families); i++)
		add(ktap_text("asked as of old: IPv%d", i ? 6 : 4), run_of_old, &families[i]);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		add(ktap_text("sockets of other kinds: %s", others[i].name), run_other, &others[i]);
	return ktap_main(argc, argv);
}
