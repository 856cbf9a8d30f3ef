// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses: a process that is tied to one has no other to serve on or to call from.
 *
 * Sockets get the address when they are made, locked as if they had been bound to it: what the
 * kernel binds by itself (connect, listen, sendto) is that address then, and disconnecting keeps
 * it.  A bind to any becomes a bind to it.  Sockets from before, or from elsewhere, get it when
 * they are used and still have none, or are of no use.  All that could have another address at the
 * same time is refused.
 */

#include <linux/in.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "context.h"

/* Shared by all processes that have it from one; never changes. */
struct addresses {
	refcount_t	refs;
	__be32		ipv4;
};

static struct addresses *current_addresses(void)
{
	return kernel_acts() ? NULL : task_blob(current)->addresses;
}

__be32 addresses_ipv4(const struct task_struct *task)
{
	/* pairs with addresses_take() */
	const struct addresses *addresses = smp_load_acquire(&task_blob(task)->addresses);

	return addresses ? addresses->ipv4 : 0;
}

/**
 * addresses_take - tie current to an address, for good
 * @ipv4: in network order
 *
 * Returns 0; EPERM (it is tied to one already), EINVAL (no address of a host; more than one
 * thread), ENOMEM.
 */
int addresses_take(__be32 ipv4)
{
	struct addresses *addresses;

	if (task_blob(current)->addresses)
		return -EPERM;
	if (!thread_group_empty(current) || ipv4_is_zeronet(ipv4) || ipv4_is_multicast(ipv4) ||
	    ipv4_is_lbcast(ipv4))
		return -EINVAL;
	addresses = kmalloc(sizeof(*addresses), GFP_KERNEL_ACCOUNT);
	if (!addresses)
		return -ENOMEM;
	refcount_set(&addresses->refs, 1);
	addresses->ipv4 = ipv4;
	__module_get(THIS_MODULE);	/* its hooks sleep */
	smp_store_release(&task_blob(current)->addresses, addresses);	/* all of it is there */
	return 0;
}

/* @task is about to be made by current. */
void addresses_inherit(struct task_struct *task)
{
	struct addresses *addresses = task_blob(current)->addresses;

	if (addresses)
		refcount_inc(&addresses->refs);
	task_blob(task)->addresses = addresses;
}

/* Nobody looks at @task any more. */
void addresses_free(struct task_struct *task)
{
	struct addresses *addresses = task_blob(task)->addresses;

	task_blob(task)->addresses = NULL;
	if (!addresses || !refcount_dec_and_test(&addresses->refs))
		return;
	kfree(addresses);
	module_put(THIS_MODULE);
}

__be32 net_own_address(const struct sock *sk)
{
	return sock_blob(sk)->ipv4;
}

/* Which sockets can't have another address? */

static int may_create_ipv4(int type, int protocol)
{
	switch (type) {
	case SOCK_STREAM:
		return !protocol || protocol == IPPROTO_TCP ? 0 : -EPROTONOSUPPORT;
	case SOCK_DGRAM:
		return !protocol || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
		       protocol == IPPROTO_ICMP ? 0 : -EPROTONOSUPPORT;
	case SOCK_RAW:
		return -EPERM;
	}
	return -ESOCKTNOSUPPORT;
}

int net_may_create(int family, int type, int protocol)
{
	if (likely(!current_addresses()))
		return 0;
	switch (family) {
	case AF_UNIX:
	case AF_NETLINK:
	case AF_ALG:
	case AF_KEY:
		return 0;
	case AF_INET:
		return may_create_ipv4(type, protocol);
	}
	return -EAFNOSUPPORT;
}

static void tie(struct sock *sk, __be32 ipv4)
{
	inet_sk(sk)->inet_saddr = ipv4;
	inet_sk(sk)->inet_rcv_saddr = ipv4;
	sk->sk_userlocks |= SOCK_BINDADDR_LOCK;
	sock_blob(sk)->ipv4 = ipv4;
}

static int socket_post_create(struct socket *sock, int family, int type, int protocol, int kern)
{
	struct addresses *own = current_addresses();

	if (own && !kern && family == AF_INET)
		tie(sock->sk, own->ipv4);
	return 0;
}

/* A socket that current uses has its address, gets it now, or is of no use to it. */
static int use(struct sock *sk)
{
	struct addresses *own = current_addresses();
	struct inet_sock *inet = inet_sk(sk);
	int err = 0;

	/* those of the kernel, or that it was given: disks are read by who needs them */
	if (likely(!own) || sk->sk_kern_sock || sk->sk_allocation != GFP_KERNEL)
		return 0;
	if (sk->sk_family != AF_INET)
		return net_may_create(sk->sk_family, sk->sk_type, sk->sk_protocol) ?
		       -EADDRNOTAVAIL : 0;
	if (likely(sock_blob(sk)->ipv4 == own->ipv4))
		return 0;
	if (sock_blob(sk)->ipv4 || may_create_ipv4(sk->sk_type, sk->sk_protocol))
		return -EADDRNOTAVAIL;
	lock_sock(sk);
	if ((!inet->inet_num && !inet->inet_saddr) ||
	    (inet->inet_saddr == own->ipv4 && inet->inet_rcv_saddr == own->ipv4))
		tie(sk, own->ipv4);
	else
		err = -EADDRNOTAVAIL;
	release_sock(sk);
	return err;
}

/* What counts is to what the socket is tied, if it is, whoever binds it. */
static int socket_bind(struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sock *sk = sock->sk;
	__be32 ipv4;
	int err;

	sock_bound(sk);
	err = use(sk);
	if (err || sk->sk_family != AF_INET || addrlen < (int)sizeof(*in))
		return err;
	ipv4 = sock_blob(sk)->ipv4;
	if (!ipv4 || (in->sin_family != AF_INET && in->sin_family != AF_UNSPEC))
		return 0;	/* free, or an error of the kernel's */
	if (in->sin_addr.s_addr == htonl(INADDR_ANY)) {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = ipv4;
	}
	return in->sin_addr.s_addr == ipv4 ? 0 : -EADDRNOTAVAIL;
}

static int socket_connect(struct socket *sock, struct sockaddr *address, int addrlen)
{
	return use(sock->sk);
}

static int socket_listen(struct socket *sock, int backlog)
{
	return use(sock->sk);
}

static int socket_accept(struct socket *sock, struct socket *newsock)
{
	return use(sock->sk);
}

/* A source address told with a datagram is overruled by the kernel, see net_own_address(). */
static int socket_sendmsg(struct socket *sock, struct msghdr *msg, int size)
{
	return use(sock->sk);
}

const struct vcontext_hook net_hooks[] = {
	VCONTEXT_HOOK(socket_post_create, socket_post_create),
	VCONTEXT_HOOK(socket_bind, socket_bind),
	VCONTEXT_HOOK(socket_connect, socket_connect),
	VCONTEXT_HOOK(socket_listen, socket_listen),
	VCONTEXT_HOOK(socket_accept, socket_accept),
	VCONTEXT_HOOK(socket_sendmsg, socket_sendmsg),
	{ }
};
