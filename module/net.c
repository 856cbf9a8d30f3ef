// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of processes that are tied to addresses: they have no others to serve on or to call from.
 *
 * A socket keeps the set of who makes it.  Where it can have only one address it is bound to that:
 * when it is made, and instead of to any.  Where it can have several, a socket that is bound to any
 * is asked for each packet whether it hears it, see hear.c.  Whatever a socket sends gets its
 * source, if that is not one of its own, where the route is looked up.  Sockets from before, or
 * from elsewhere, get the set when they are used and still have no address, or can't be used to
 * serve or to call.
 */

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <net/dst_metadata.h>
#include <net/flow.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/transp_v6.h>
#include <net/udp.h>

#include "net.h"

/* Which sockets can't have an address that we don't know of? */

static int may_create_inet(int family, int type, int protocol)
{
	switch (type) {
	case SOCK_STREAM:
		return !protocol || protocol == IPPROTO_TCP ? 0 : -EPROTONOSUPPORT;
	case SOCK_DGRAM:
		if (protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
			return 0;
		return !protocol || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ?
		       0 : -EPROTONOSUPPORT;
	case SOCK_RAW:
		return -EPERM;
	}
	return -ESOCKTNOSUPPORT;
}

static int may_create(int family, int type, int protocol)
{
	switch (family) {
	case AF_UNIX:
	case AF_ALG:
	case AF_KEY:
		return 0;
	case AF_NETLINK:	/* these tell of all addresses */
		return protocol == NETLINK_FIB_LOOKUP || protocol == NETLINK_GENERIC ?
		       -EPROTONOSUPPORT : 0;
	case AF_INET:
	case AF_INET6:
		return may_create_inet(family, type, protocol);
	}
	return -EAFNOSUPPORT;
}

int net_may_create(int family, int type, int protocol)
{
	return likely(!current_addresses()) ? 0 : may_create(family, type, protocol);
}

/* Where packets come from. */

static noinline void set_source(struct flowi4 *flow, const struct addresses *set,
				const struct sock *sk)
{
	__be32 bound = sk->sk_rcv_saddr;

	/* redirect() has been passed by: that of the machine is nobody's who has one */
	if (set->loopback && ipv4_is_loopback(flow->daddr) && !is_loopback_of(set, flow->daddr))
		flow->saddr = htonl(INADDR_BROADCAST);
	else if (is_loopback_of(set, flow->daddr))
		flow->saddr = !bound || is_loopback_of(set, bound) ? flow->daddr :
			      htonl(INADDR_BROADCAST);
	else if (is_loopback_of(set, bound))	/* nobody else hears it */
		flow->saddr = htonl(INADDR_BROADCAST);
	else if (!addresses_have_ipv4(set, flow->saddr))
		flow->saddr = addresses_have_ipv4(set, bound) ? bound :
			      addresses_source(set, flow->daddr);
}

/*
 * Who has no set calls from nobody's private loopback; but the kernel, by sockets of its own that
 * are bound to nothing, answers from where it was called.  A connected socket remembers its source.
 */
static noinline void set_no_private(struct flowi4 *flow, const struct sock *sk)
{
	struct flowi4 *kept;

	if (is_private(flow->saddr) && (!sk->sk_kern_sock || sk->sk_rcv_saddr))
		flow->saddr = 0;
	if (!is_inet(sk->sk_family))
		return;
	kept = (struct flowi4 *)&inet_sk(sk)->cork.fl.u.ip4;
	if (kept != flow && is_private(READ_ONCE(kept->saddr)))
		WRITE_ONCE(kept->saddr, 0);
}

struct flowi4 *net_source(struct flowi4 *flow, const struct sock *sk)
{
	const struct addresses *set;

	if (!sk || !sk_fullsock(sk))
		return flow;
	set = READ_ONCE(sock_blob(sk)->addresses);
	if (likely(!set)) {
		if (loopbacks_in_use())
			set_no_private(flow, sk);
	} else if (!set->plain || flow->saddr != first_ipv4(set)) {
		set_source(flow, set, sk);
	}
	return flow;
}

void net_source6(struct flowi6 *flow, const struct sock *sk)
{
	const struct addresses *set = sk ? addresses_of(sk) : NULL;

	if (likely(!set))
		return;
	/* what is bound to an address of IPv4 can't send there, which the kernel sees by this */
	if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
		flow->saddr = sk->sk_v6_rcv_saddr;
	else if (set->loopback && ipv6_addr_loopback(&flow->daddr))
		flow->saddr = mapped(htonl(INADDR_BROADCAST));
	else if (!addresses_have(set, &flow->saddr))
		flow->saddr = addresses_have(set, &sk->sk_v6_rcv_saddr) ?
			      sk->sk_v6_rcv_saddr : addresses_source6(set, &flow->daddr);
}

/* As users of @set know an address: their private loopback; and any where that is a single one. */

static void show_ipv4(const struct addresses *set, __be32 *address)
{
	if (is_loopback_of(set, *address))
		*address = htonl(INADDR_LOOPBACK);
	else if (!*address && has_one_ipv4(set))
		*address = first_ipv4(set);
	else if (*address == htonl(INADDR_BROADCAST) && !set->ipv4)
		*address = 0;	/* see ping_address() */
}

static void show_ipv6(const struct addresses *set, struct in6_addr *address, bool ipv6_only)
{
	if (ipv6_addr_any(address) && set->count == 1 && !set->loopback &&
	    !(ipv6_only && set->ipv4))
		*address = set->list[0].address;
	if (!ipv6_addr_v4mapped(address))
		return;
	if (set->loopback && address->s6_addr32[3] == loopback6(set))
		*address = in6addr_loopback;
	else
		show_ipv4(set, &address->s6_addr32[3]);
}

void net_show_address(const struct sock *sk, void *address)
{
	const struct addresses *set = addresses_of(sk);
	struct sockaddr_in6 *in6 = address;
	struct sockaddr_in *in = address;

	if (likely(!set) || !address)
		return;
	if (in->sin_family == AF_INET)
		show_ipv4(set, &in->sin_addr.s_addr);
	else if (in6->sin6_family == AF_INET6)
		show_ipv6(set, &in6->sin6_addr, ipv6_only_sock(sk));
}

/*
 * Of the sockets of the internet context 0 sees all, because their ports are taken for it too; who
 * is in another context or tied only its own.
 */
bool net_sees(const struct sock *sk)
{
	const struct addresses *own = current_addresses();
	struct context *context = current_context();
	struct in6_addr address = bound_to(sk);

	if (sk->sk_state == TCP_NEW_SYN_RECV)
		sk = inet_reqsk(sk)->rsk_listener;
	if ((!own && !context) || kernel_acts() || is_watcher())
		return true;
	if (sk_fullsock(sk)) {
		if (sock_blob(sk)->serial != context_serial(context))
			return false;
		if (!own || addresses_equal(addresses_of(sk), own))
			return true;
	}
	return own && addresses_have(own, &address);
}

/* How a socket gets its set. */

/* Bind it for good to the one address that it can have; it is locked, or nobody knows it yet. */
static void tie(struct sock *sk, __be32 ipv4)
{
	inet_sk(sk)->inet_saddr = ipv4;
	inet_sk(sk)->inet_rcv_saddr = ipv4;
	if (sk->sk_family == AF_INET6) {
		inet6_sk(sk)->saddr = mapped(ipv4);
		sk->sk_v6_rcv_saddr = mapped(ipv4);
	}
	sk->sk_userlocks |= SOCK_BINDADDR_LOCK;
}

/* Answers are looked up by a number that others can have too: this must be bound to one address. */

static bool is_udp(const struct sock *sk)
{
	return is_inet(sk->sk_family) && sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_protocol == IPPROTO_UDP || sk->sk_protocol == IPPROTO_UDPLITE);
}

static bool is_ping(const struct sock *sk)
{
	return sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_protocol == IPPROTO_ICMP || sk->sk_protocol == IPPROTO_ICMPV6);
}

/* Where the set has none of the family it is one that can't send, and hears nothing. */
static struct in6_addr ping_address(const struct sock *sk, const struct addresses *set)
{
	if (sk->sk_family == AF_INET6 && has_ipv6(set))
		return set->list[set->ipv4].address;
	return mapped(set->ipv4 ? first_ipv4(set) : htonl(INADDR_BROADCAST));
}

static void tie_ping(struct sock *sk, const struct addresses *set)
{
	struct in6_addr address = ping_address(sk, set);

	if (sk->sk_family == AF_INET) {
		tie(sk, address.s6_addr32[3]);
		return;
	}
	inet6_sk(sk)->saddr = address;
	sk->sk_v6_rcv_saddr = address;
	sk->sk_userlocks |= SOCK_BINDADDR_LOCK;
}

/* The same address for a socket that is bound to none yet. */
static void adopt(struct sock *sk, struct addresses *set)
{
	bool ipv4_alone = has_one_ipv4(set) && (sk->sk_family == AF_INET || set->count == 1);

	if (sk->sk_family == AF_INET6 && !has_ipv6(set))
		inet6_leave_others_groups(sk);
	if (is_inet(sk->sk_family) && !inet_sk(sk)->inet_num && is_bound_to_any(sk)) {
		if (is_ping(sk))
			tie_ping(sk, set);
		else if (ipv4_alone)
			tie(sk, first_ipv4(set));
	}
	sock_blob(sk)->mark = sock_mark(sk);
	/* all of it is there, for who looks at the socket alone */
	smp_store_release(&sock_blob(sk)->addresses, addresses_get(set));
}

static int socket_post_create(struct socket *sock, int family, int type, int protocol, int kern)
{
	struct addresses *own = current_addresses();

	if (unlikely(own) && !kern && (is_inet(family) || family == AF_NETLINK))
		adopt(sock->sk, own);
	return 0;
}

/* May a socket from elsewhere, which is locked, become one of @own's? */
static bool may_adopt(const struct sock *sk, const struct addresses *own)
{
	struct in6_addr address = bound_to(sk);

	if (is_udp(sk) && udp_sk(sk)->pending)
		return false;	/* a datagram that has a source already */
	if (sock_blob(sk)->addresses || is_bound_to_any(sk))
		return !sock_blob(sk)->addresses && !inet_sk(sk)->inet_num &&
		       !inet_sk(sk)->inet_saddr;
	return addresses_have(own, &address) &&
	       (sk->sk_family == AF_INET6 || inet_sk(sk)->inet_saddr == sk->sk_rcv_saddr);
}

static int use_inet(struct sock *sk, struct addresses *own)
{
	int err = 0;

	if (addresses_equal(READ_ONCE(sock_blob(sk)->addresses), own))
		return 0;
	lock_sock(sk);
	if (may_adopt(sk, own)) {
		sk_dst_reset(sk);	/* found with another source */
		adopt(sk, own);
	} else if (!addresses_equal(sock_blob(sk)->addresses, own)) {	/* another thread did */
		err = -EADDRNOTAVAIL;
	}
	release_sock(sk);
	return err;
}

static noinline int use_other(struct sock *sk, struct addresses *own)
{
	/* those of the kernel, or that it was given: disks are read by who needs them */
	if (kernel_acts() || sk->sk_kern_sock || sk->sk_allocation & __GFP_MEMALLOC)
		return 0;
	if (may_create(sk->sk_family, sk->sk_type, sk->sk_protocol))
		return -EADDRNOTAVAIL;
	if (is_inet(sk->sk_family))
		return use_inet(sk, own);
	if (sk->sk_family == AF_NETLINK && !READ_ONCE(sock_blob(sk)->addresses)) {
		if (rcu_access_pointer(sk->sk_filter))
			return -EADDRNOTAVAIL;	/* see may_set() */
		lock_sock(sk);
		if (!sock_blob(sk)->addresses)
			adopt(sk, own);
		release_sock(sk);
	}
	return 0;
}

/* A socket that current uses has its addresses, gets them now, or is of no use to it. */
static inline int use(struct sock *sk)
{
	struct addresses *own = task_blob(current)->addresses;

	return likely(!own || READ_ONCE(sock_blob(sk)->addresses) == own) ? 0 :
									    use_other(sk, own);
}

/* Any and the loopback, as users name them, become what they are to @sk. */

static void leave_ipv6_only(struct sock *sk)
{
	lock_sock(sk);
	if (sk->sk_ipv6only && !inet_sk(sk)->inet_num)
		sk->sk_ipv6only = 0;
	release_sock(sk);
}

static int bind_ipv4(struct sock *sk, const struct addresses *set, __be32 *address)
{
	if (!*address) {
		WRITE_ONCE(sock_blob(sk)->any, true);
		if (is_ping(sk))
			*address = ping_address(sk, set).s6_addr32[3];
		else if (has_one_ipv4(set))
			*address = first_ipv4(set);
		return 0;
	}
	if (set->loopback && ipv4_is_loopback(*address))
		*address = loopback4(set);
	if (is_loopback_of(set, *address) || addresses_have_ipv4(set, *address))
		return 0;
	/* if it is one: what a set calls by that name may be somebody's address */
	return addresses_have_broadcast(set, *address) &&
	       inet_addr_type(sock_net(sk), *address) == RTN_BROADCAST ? 0 : -EADDRNOTAVAIL;
}

static void bind_any6(struct sock *sk, const struct addresses *set, struct in6_addr *address)
{
	u32 first = ipv6_only_sock(sk) ? set->ipv4 : 0;

	WRITE_ONCE(sock_blob(sk)->any, true);
	if (is_ping(sk)) {
		*address = ping_address(sk, set);
		return;
	}
	/* datagrams to groups of IPv6 are for sockets that are bound to any */
	if (!set->loopback && set->count - first == 1 &&
	    (first < set->ipv4 || sk->sk_type == SOCK_STREAM)) {
		*address = set->list[first].address;
	} else if (set->loopback && ipv6_only_sock(sk)) {
		WRITE_ONCE(sock_blob(sk)->ipv6_only, true);
		leave_ipv6_only(sk);
	}
}

static int bind_ipv6(struct sock *sk, const struct addresses *set, struct in6_addr *address)
{
	if (ipv6_addr_v4mapped(address))
		return bind_ipv4(sk, set, &address->s6_addr32[3]);
	if (ipv6_addr_any(address)) {
		bind_any6(sk, set, address);
		return 0;
	}
	if (set->loopback && ipv6_addr_loopback(address)) {
		leave_ipv6_only(sk);
		*address = mapped(loopback6(set));
		return 0;
	}
	return addresses_have(set, address) ? 0 : -EADDRNOTAVAIL;
}

/* To nobody's private loopback, whatever set it is of. */
static inline int bind_free(const struct sockaddr *address, int addrlen)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	if (addrlen >= SIN6_LEN_RFC2133 && in6->sin6_family == AF_INET6)
		return ipv6_addr_v4mapped(&in6->sin6_addr) &&
		       is_private(in6->sin6_addr.s6_addr32[3]) ? -EADDRNOTAVAIL : 0;
	return addrlen >= (int)sizeof(*in) && is_private(in->sin_addr.s_addr) ? -EADDRNOTAVAIL : 0;
}

/* What counts is to what the socket is tied, whoever binds it. */
static noinline int bind_tied(struct sock *sk, struct sockaddr *address, int addrlen)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	const struct addresses *set;
	int err = use(sk);

	if (err || !is_inet(sk->sk_family))
		return err;
	set = addresses_of(sk);
	if (!set)	/* one of the kernel's */
		return bind_free(address, addrlen);
	/* what has another family, or is too short, is an error of the kernel's */
	if (in6->sin6_family == AF_INET6)
		return addrlen >= SIN6_LEN_RFC2133 ? bind_ipv6(sk, set, &in6->sin6_addr) : 0;
	if (addrlen < (int)sizeof(*in) ||
	    (in->sin_family != AF_INET && in->sin_family != AF_UNSPEC))
		return 0;
	if (in->sin_family == AF_UNSPEC && !in->sin_addr.s_addr)
		in->sin_family = AF_INET;
	return bind_ipv4(sk, set, &in->sin_addr.s_addr);
}

static noinline int may_bind(struct sock *sk, struct sockaddr *address, int addrlen)
{
	if (unlikely(task_blob(current)->addresses || READ_ONCE(sock_blob(sk)->addresses)))
		return bind_tied(sk, address, addrlen);
	return is_inet(sk->sk_family) ? bind_free(address, addrlen) : 0;
}

static int bind_unix(struct sock *sk, struct sockaddr *address, int addrlen)
{
	int err = sock_bind(sk);

	return err || !addresses_in_use() ? err : may_bind(sk, address, addrlen);
}

/*
 * A netlink port that the kernel chooses is its process's number: one that is taken would tell of a
 * process.  Libraries choose one with that number in its lower bits.
 */
static bool takes_number(struct socket *sock, const struct sockaddr_nl *address, int addrlen)
{
	struct sockaddr_nl own;

	if (!current_context() || is_watcher() || addrlen < (int)sizeof(*address) ||
	    !address->nl_pid ||
	    !((address->nl_pid ^ (u32)task_tgid_vnr(current)) & (PID_MAX_LIMIT - 1)))
		return false;
	return kernel_getsockname(sock, (struct sockaddr *)&own) < 0 ||
	       own.nl_pid != address->nl_pid;
}

static noinline int bind_other(struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct sock *sk = sock->sk;

	if (sk->sk_family == AF_UNIX)
		return bind_unix(sk, address, addrlen);
	if (sk->sk_family == AF_NETLINK && takes_number(sock, (void *)address, addrlen))
		return -EADDRINUSE;
	return addresses_in_use() ? may_bind(sk, address, addrlen) : 0;
}

static int socket_bind(struct socket *sock, struct sockaddr *address, int addrlen)
{
	if (unlikely(!is_inet(sock->sk->sk_family)))
		return bind_other(sock, address, addrlen);
	return addresses_in_use() ? may_bind(sock->sk, address, addrlen) : 0;
}

static int send_ipv4(const struct addresses *set, __be32 *address)
{
	if (is_loopback_of(set, *address))
		return 0;
	if (set->loopback && (ipv4_is_loopback(*address) || !*address)) {
		*address = loopback4(set);
		return 0;
	}
	return set->ipv4 ? 0 : -ENETUNREACH;
}

static int send_ipv6(struct sock *sk, const struct addresses *set, struct in6_addr *address)
{
	if (ipv6_addr_v4mapped(address))
		return send_ipv4(set, &address->s6_addr32[3]);
	if (set->loopback && (ipv6_addr_loopback(address) || ipv6_addr_any(address))) {
		leave_ipv6_only(sk);
		*address = mapped(loopback6(set));
		return 0;
	}
	if (has_ipv6(set))
		return 0;
	if (!ipv6_addr_any(address) || ipv6_only_sock(sk))
		return -ENETUNREACH;
	*address = mapped(htonl(INADDR_LOOPBACK));
	return 0;
}

/* Where @sk is about to send to: what of the machine it can reach, and its own loopback. */
static noinline int redirect(struct sock *sk, const struct addresses *set,
			     struct sockaddr *address, int addrlen)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *in = (struct sockaddr_in *)address;

	if (!is_inet(sk->sk_family))
		return 0;
	if (in6->sin6_family == AF_INET6)
		return addrlen >= SIN6_LEN_RFC2133 ? send_ipv6(sk, set, &in6->sin6_addr) : 0;
	/* UDP takes an unspecified family for IPv4 */
	if (addrlen >= (int)sizeof(*in) &&
	    (in->sin_family == AF_INET || in->sin_family == AF_UNSPEC))
		return send_ipv4(set, &in->sin_addr.s_addr);
	return 0;
}

static int send_tied(struct sock *sk, struct sockaddr *address, int addrlen)
{
	const struct addresses *set;
	int err = use(sk);

	if (err)
		return err;
	set = READ_ONCE(sock_blob(sk)->addresses);
	return set && address ? redirect(sk, set, address, addrlen) : 0;
}

/* Nothing to do for most, nor for those that reach what others do. */
static inline bool may_send(const struct sock *sk)
{
	const struct addresses *set = READ_ONCE(sock_blob(sk)->addresses);

	return likely(task_blob(current)->addresses == set) &&
	       (likely(!set) || (set->plain && sk->sk_family == AF_INET));
}

/* From an address of IPv6 to one of IPv4, for which the kernel would take 127.0.0.6. */
static bool is_crossing(const struct sock *sk, const struct sockaddr *address, int addrlen)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	if (sk->sk_family != AF_INET6 || sk->sk_rcv_saddr != LOOPBACK4_IPV6)
		return false;
	return in6->sin6_family == AF_INET ||
	       (addrlen >= SIN6_LEN_RFC2133 && ipv6_addr_v4mapped(&in6->sin6_addr));
}

/* What has no family is no address, but the end of a connection. */
static int socket_connect(struct socket *sock, struct sockaddr *address, int addrlen)
{
	if (addrlen >= (int)sizeof(address->sa_family) && address->sa_family == AF_UNSPEC)
		return use(sock->sk);
	if (unlikely(sock_blob(sock->sk)->addresses) && is_crossing(sock->sk, address, addrlen))
		return -EADDRNOTAVAIL;
	return may_send(sock->sk) ? 0 : send_tied(sock->sk, address, addrlen);
}

/*
 * A filter sees messages before what they tell of others is taken out, and cuts them.  Groups of
 * IPv6 are for who has such an address.
 */
static int may_set(const struct sock *sk, const struct addresses *set, int level, int optname)
{
	if (sk->sk_family == AF_NETLINK)
		return level == SOL_SOCKET &&
		       (optname == SO_ATTACH_FILTER || optname == SO_ATTACH_BPF) ? -EPERM : 0;
	if (sk->sk_family != AF_INET6 || level != SOL_IPV6 || has_ipv6(set))
		return 0;
	switch (optname) {
	case IPV6_MULTICAST_ALL:
	case IPV6_ADD_MEMBERSHIP:
	case IPV6_JOIN_ANYCAST:
	case MCAST_JOIN_GROUP:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_MSFILTER:
		return -EADDRNOTAVAIL;
	}
	return 0;
}

/* One wish counts from the next bind on. */
static int socket_setsockopt(struct socket *sock, int level, int optname)
{
	const struct addresses *set = addresses_of(sock->sk) ?: current_addresses();

	if (level == SOL_IPV6 && optname == IPV6_V6ONLY && sock->sk->sk_family == AF_INET6 &&
	    !inet_sk(sock->sk)->inet_num)
		WRITE_ONCE(sock_blob(sock->sk)->ipv6_only, false);
	return unlikely(set) ? may_set(sock->sk, set, level, optname) : 0;
}

static int socket_listen(struct socket *sock, int backlog)
{
	return use(sock->sk);
}

static int socket_accept(struct socket *sock, struct socket *newsock)
{
	return use(sock->sk);
}

static noinline int send_message(struct sock *sk, const struct msghdr *msg)
{
	return send_tied(sk, msg->msg_name, msg->msg_namelen);
}

static int socket_sendmsg(struct socket *sock, struct msghdr *msg, int size)
{
	return may_send(sock->sk) ? 0 : send_message(sock->sk, msg);
}

const struct vcontext_hook net_hooks[] = {
	VCONTEXT_HOOK(socket_bind, socket_bind),
	{ }
};

/* All of these ask for the addresses of current or of the socket first. */
const struct vcontext_hook tied_hooks[] = {
	VCONTEXT_HOOK(socket_post_create, socket_post_create),
	VCONTEXT_HOOK(socket_connect, socket_connect),
	VCONTEXT_HOOK(socket_setsockopt, socket_setsockopt),
	VCONTEXT_HOOK(socket_listen, socket_listen),
	VCONTEXT_HOOK(socket_accept, socket_accept),
	VCONTEXT_HOOK(socket_sendmsg, socket_sendmsg),
	{ }
};
