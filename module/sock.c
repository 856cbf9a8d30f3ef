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
#include <net/sock.h>

#include "context.h"

static u64 *serial_of(const struct sock *sk)
{
	return sk->sk_security + vcontext_blob_sizes.lbs_sock;
}

/* Netlink that tells about the machine, and every process of it, whoever listens. */
static int socket_create(int family, int type, int protocol, int kern)
{
	if (kern || family != PF_NETLINK)
		return 0;
	switch (protocol) {
	case NETLINK_CONNECTOR:
		return task_may_hear_all(CAP_NET_ADMIN) ? 0 : -EPERM;
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
	return kernel_acts() ? 0 : context_serial(current_context());
}

bool sock_sees(const struct sock *sk, bool own)
{
	if (*serial_of(sk) == context_serial(current_context()))
		return true;
	return !own && (kernel_acts() || is_watcher());
}

static int sk_alloc_security(struct sock *sk, int family, gfp_t priority)
{
	*serial_of(sk) = current_serial();
	return 0;
}

static int socket_bind(struct socket *sock, struct sockaddr *address, int addrlen)
{
	if (sock->sk->sk_family == AF_UNIX)
		*serial_of(sock->sk) = current_serial();
	return 0;
}

/* What a listener accepts is its own, not the caller's. */
static int unix_stream_connect(struct sock *sk, struct sock *other, struct sock *newsk)
{
	*serial_of(newsk) = *serial_of(other);
	return 0;
}

const struct vcontext_hook sock_hooks[] = {
	VCONTEXT_HOOK(socket_create, socket_create),
	VCONTEXT_HOOK(sk_alloc_security, sk_alloc_security),
	VCONTEXT_HOOK(socket_bind, socket_bind),
	VCONTEXT_HOOK(unix_stream_connect, unix_stream_connect),
	{ }
};
