// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of the sockets of a port hear what is sent there, where some are tied to addresses, and
 * which of them get in each other's way.
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/inet_sock.h>
#include <net/route.h>
#include <net/transp_v6.h>

#include "net.h"

/* Does a socket with @set that is bound to any hear what is sent to this address? */

static bool any_is_ipv4(const struct sock *sk, const struct addresses *set, __be32 address)
{
	bool ipv6_only = ipv6_only_sock(sk) || READ_ONCE(sock_blob(sk)->ipv6_only);

	if (is_loopback_of(set, address))
		return address == loopback4(set) ? !ipv6_only : sk->sk_family == AF_INET6;
	return !ipv6_only && addresses_have_ipv4(set, address);
}

static bool any_is(const struct sock *sk, const struct addresses *set,
		   const struct in6_addr *address)
{
	if (ipv6_addr_v4mapped(address))
		return any_is_ipv4(sk, set, address->s6_addr32[3]);
	return sk->sk_family == AF_INET6 && addresses_have(set, address);
}

/* Can two sockets that are bound to any hear the same? */
static bool both_hear(const struct sock *sk, const struct addresses *set,
		      const struct sock *sk2, const struct addresses *set2)
{
	struct in6_addr address;
	u32 at;

	for (at = 0; at < set->count; at++)
		if (any_is(sk, set, &set->list[at].address) &&
		    any_is(sk2, set2, &set->list[at].address))
			return true;
	if (!set->loopback || set != set2)
		return false;
	address = mapped(loopback4(set));
	if (any_is(sk, set, &address) && any_is(sk2, set2, &address))
		return true;
	address = mapped(loopback6(set));
	return any_is(sk, set, &address) && any_is(sk2, set2, &address);
}

static bool overlap(const struct sock *sk, const struct addresses *set,
		    const struct sock *sk2, const struct addresses *set2)
{
	bool any = is_bound_to_any(sk), any2 = is_bound_to_any(sk2);
	struct in6_addr address;

	if (any && any2)
		return !set || !set2 || both_hear(sk, set, sk2, set2);
	if (any && set) {
		address = bound_to(sk2);
		return any_is(sk, set, &address);
	}
	if (any2 && set2) {
		address = bound_to(sk);
		return any_is(sk2, set2, &address);
	}
	return true;
}

/* It was bound to what is a private loopback before there was one, and hears nothing. */
static bool is_deaf(const struct sock *sk, const struct addresses *set)
{
	return !set && sk_fullsock(sk) && is_private(sk->sk_rcv_saddr);
}

/*
 * For UDP the first socket that shares the port with @sk speaks for all that have it, wrongly so if
 * that is one of another set: the kernel goes on to the others.
 */
static bool is_passed_over(const struct sock *sk, const struct addresses *set,
			   const struct sock *sk2, const struct addresses *set2)
{
	return sk->sk_type == SOCK_DGRAM && sk->sk_reuseport && sk2->sk_reuseport &&
	       !rcu_access_pointer(sk->sk_reuseport_cb) && !addresses_equal(set, set2) &&
	       uid_eq(sock_i_uid((struct sock *)sk), sock_i_uid((struct sock *)sk2));
}

bool net_share_address(const struct sock *sk, const struct sock *sk2, bool any)
{
	const struct addresses *set = addresses_of(sk), *set2 = addresses_of(sk2);

	if (likely(!set && !set2))
		return true;
	if (is_deaf(sk, set) || is_deaf(sk2, set2))
		return false;
	if (any)
		return !is_passed_over(sk, set, sk2, set2) && overlap(sk, set, sk2, set2);
	return !is_bound_to_any(sk) || addresses_equal(set, set2);
}

/*
 * Was the route of this packet, which comes from the loopback device, chosen before
 * forget_routes()?  A datagram that is sent piece by piece keeps the one that it began with.
 */
static bool is_from_before(const struct sk_buff *skb)
{
	const struct rtable *route = skb_valid_dst(skb) ? skb_rtable(skb) : NULL;

	return route &&
	       (u32)(rt_genid_ipv4(dev_net(route->dst.dev)) - route->rt_genid) >= FORGOTTEN;
}

/*
 * Errors are looked up without a packet: who is bound to any gets none.  So are sockets that
 * somebody wants to know of.  What is sent to a private loopback reaches the set's own sockets,
 * from its own sockets.
 */
static noinline bool hears(const struct sock *sk, const struct sk_buff *skb,
			   const struct addresses *set)
{
	bool any = set && is_bound_to_any(sk);

	if (!skb)
		return kernel_acts() ? !any && !is_deaf(sk, set) : net_sees(sk);
	if (skb->protocol == htons(ETH_P_IPV6))
		return !any || any_is(sk, set, &ipv6_hdr(skb)->daddr);
	if (set && sk->sk_rcv_saddr == LOOPBACK4_IPV6)
		return false;	/* what has an address of IPv6 is at 127.0.0.6, for the kernel */
	if (is_private(ip_hdr(skb)->daddr) &&
	    !(set && is_loopback_of(set, ip_hdr(skb)->daddr) &&
	      is_loopback_of(set, ip_hdr(skb)->saddr) && !is_from_before(skb)))
		return false;
	return !any || any_is_ipv4(sk, set, ip_hdr(skb)->daddr);
}

/* Each packet that has no connection comes here. */
bool net_hears(const struct sock *sk, const struct sk_buff *skb)
{
	const struct addresses *set = READ_ONCE(sock_blob(sk)->addresses);

	if (likely(!set) ? !loopbacks_in_use() :
			   set->plain && sk->sk_rcv_saddr && sk->sk_rcv_saddr != LOOPBACK4_IPV6)
		return true;
	return hears(sk, skb, set);
}

/* Broadcasts are heard by who wanted to bind to any address. */
bool net_hears_group(const struct sock *sk, __be32 own, __be32 group)
{
	const struct addresses *set = addresses_of(sk);

	if (likely(!set) || (own && !READ_ONCE(sock_blob(sk)->any)))
		return !own || own == group;
	if (!set->ipv4 || READ_ONCE(sock_blob(sk)->ipv6_only))
		return false;
	return ipv4_is_multicast(group) || ipv4_is_lbcast(group) ||
	       addresses_have_broadcast(set, group);
}
