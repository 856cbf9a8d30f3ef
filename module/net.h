/* SPDX-License-Identifier: GPL-2.0-only */
/* What a socket that may be tied to addresses has. */
#ifndef VCONTEXT_NET_H
#define VCONTEXT_NET_H

#include <net/ipv6.h>
#include <net/sock.h>

#include "addresses.h"

static inline struct addresses *addresses_of(const struct sock *sk)
{
	return sk_fullsock(sk) ? READ_ONCE(sock_blob(sk)->addresses) : NULL;
}

static inline bool is_inet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

static inline struct in6_addr bound_to(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? sk->sk_v6_rcv_saddr : mapped(sk->sk_rcv_saddr);
}

/* ::ffff:0.0.0.0 is any address of IPv4, too. */
static inline bool is_bound_to_any(const struct sock *sk)
{
	if (sk->sk_family == AF_INET6)
		return ipv6_addr_any(&sk->sk_v6_rcv_saddr) ||
		       (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr) &&
			!sk->sk_v6_rcv_saddr.s6_addr32[3]);
	return !sk->sk_rcv_saddr;
}

#endif /* VCONTEXT_NET_H */
