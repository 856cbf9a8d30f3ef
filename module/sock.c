// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: to which context they belong.
 *
 * A socket is of the context of who makes it; an abstract name is of the context of who binds it,
 * and the same name in two contexts is two.
 */

#include <linux/capability.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <net/af_unix.h>
#include <net/sock.h>

#include "addresses.h"

/* Names, lists and neighbours of other families are the machine's, and not asked for. */
static bool is_known(int family)
{
	switch (family) {
	case AF_UNIX:
	case AF_INET:
	case AF_INET6:
	case AF_NETLINK:
	case AF_ALG:
	case AF_KEY:
	case AF_PACKET:		/* for who has the right to it */
		return true;
	}
	return false;
}

/* Netlink that tells about the machine, and every process of it, whoever listens. */
static int socket_create(int family, int type, int protocol, int kern)
{
	int err;

	if (kern)
		return 0;
	if (unlikely(!is_known(family)) && confined())
		return -EAFNOSUPPORT;
	err = net_may_create(family, type, protocol);
	if (err || family != PF_NETLINK)
		return err;
	switch (protocol) {
	case NETLINK_CONNECTOR:
		return task_may_hear_all(CAP_NET_ADMIN) ? 0 : -EPERM;
	case NETLINK_RDMA:	/* which tells the numbers of who has queues */
		return current_context() && !is_watcher() ? -EPERM : 0;
	case NETLINK_KOBJECT_UEVENT:
	case NETLINK_SELINUX:
		return confined() ? -EPERM : 0;
	case NETLINK_AUDIT:	/* as if the kernel had none: logins go on then */
		return confined() ? -EPROTONOSUPPORT : 0;
	}
	return 0;
}

static u64 current_serial(void)
{
	struct context *own = current_context();

	return likely(!own) || kernel_acts() ? 0 : context_serial(own);
}

bool sock_sees(const struct sock *sk, bool own)
{
	if (sk->sk_family == AF_INET || sk->sk_family == AF_INET6)
		return net_sees(sk);
	if (READ_ONCE(sock_blob(sk)->serial) == context_serial(current_context()))
		return true;
	return !own && (kernel_acts() || is_watcher());
}

static int sk_alloc_security(struct sock *sk, int family, gfp_t priority)
{
	BUILD_BUG_ON(sizeof(struct sock_blob) > sizeof(sk->sk_vcontext));
	*sock_blob(sk) = (struct sock_blob){ .serial = current_serial() };
	return 0;
}

/*
 * @sk, of AF_UNIX, is about to be bound: it is of current's context from now on, by the first try
 * and for good.  Its name is looked for and given later, by when nobody must have made it one of
 * another context, where the name may be somebody's.  Returns 0 or EINVAL, as if it were bound.
 */
int sock_bind(struct sock *sk)
{
	struct sock_blob *blob = sock_blob(sk);
	u64 own = current_serial();
	int err;

	unix_state_lock(sk);
	if (!blob->claimed && !unix_sk(sk)->addr) {
		WRITE_ONCE(blob->serial, own);
		blob->claimed = true;
	}
	err = blob->serial == own ? 0 : -EINVAL;
	unix_state_unlock(sk);
	return err;
}

/* A connection that comes in is its listener's, whoever is current by then. */
static void sk_clone_security(const struct sock *sk, struct sock *newsk)
{
	if (addresses_get(sock_blob(newsk)->addresses))
		sock_blob(newsk)->mark = sock_mark(newsk);
}

/*
 * It comes here, too, when another security module has refused a socket that was to be a copy: its
 * memory is what the last one there has left, or anybody.
 */
static void sk_free_security(struct sock *sk)
{
	struct sock_blob *blob = sock_blob(sk);

	if (likely(blob->mark != sock_mark(sk)))
		return;
	addresses_put(blob->addresses);
	blob->mark = 0;
}

/* What a listener accepts is its own, not the caller's. */
static int unix_stream_connect(struct sock *sk, struct sock *other, struct sock *newsk)
{
	sock_blob(newsk)->serial = READ_ONCE(sock_blob(other)->serial);
	return 0;
}

const struct vcontext_hook sock_hooks[] = {
	VCONTEXT_HOOK(socket_create, socket_create),
	VCONTEXT_HOOK(sk_alloc_security, sk_alloc_security),
	VCONTEXT_HOOK(sk_clone_security, sk_clone_security),
	VCONTEXT_HOOK(sk_free_security, sk_free_security),
	VCONTEXT_HOOK(unix_stream_connect, unix_stream_connect),
	{ }
};
