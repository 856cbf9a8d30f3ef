// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process that is tied to addresses sees of the network: these, the devices that carry them,
 * and sockets that have them.  What can't be cut down to that isn't shown.
 */

#include <linux/capability.h>
#include <linux/dcache.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/inet_diag.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/string.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/netlink.h>

#include "addresses.h"

static bool set_has(const struct addresses *set, const struct in6_addr *address)
{
	if (addresses_have(set, address))
		return true;
	return set->loopback && (ipv6_addr_loopback(address) ||
				 (ipv6_addr_v4mapped(address) &&
				  address->s6_addr32[3] == htonl(INADDR_LOOPBACK)));
}

bool view_ipv4(__be32 address)
{
	const struct addresses *own = current_addresses();
	struct in6_addr in6;

	if (likely(!own))
		return true;
	in6 = mapped(address);
	return set_has(own, &in6);
}

static bool carries_ipv4(const struct net_device *device, const struct addresses *set)
{
	const struct in_device *in_dev = __in_dev_get_rcu(device);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		struct in6_addr address = mapped(ifa->ifa_local);

		if (set_has(set, &address))
			return true;
	}
	return false;
}

static bool carries_ipv6(const struct net_device *device, const struct addresses *set)
{
	struct inet6_dev *in6_dev = __in6_dev_get(device);
	const struct inet6_ifaddr *ifa;

	if (!in6_dev)
		return false;
	list_for_each_entry_rcu(ifa, &in6_dev->addr_list, if_list)
		if (set_has(set, &ifa->addr))
			return true;
	return false;
}

static bool carries(const struct net_device *device, const struct addresses *set)
{
	guard(rcu)();
	return carries_ipv4(device, set) || carries_ipv6(device, set);
}

bool view_device(const struct net_device *device)
{
	const struct addresses *own = current_addresses();

	return likely(!own) || carries(device, own);
}

/* Of /proc/net: what has been cut down, and counters of the whole machine. */
static const char *const proc_net_readable[] = {
	"dev", "netstat", "protocols", "snmp", "snmp6", "sockstat", "sockstat6", "tcp", "tcp6",
	"udp", "udp6", "udplite", "udplite6", "unix"
};

bool view_proc_net(const struct dentry *dentry)
{
	return !current_addresses() || !strcmp(dentry->d_name.name, "net") ||
	       match_string(proc_net_readable, ARRAY_SIZE(proc_net_readable),
			    dentry->d_name.name) >= 0;
}

/* Lists of sockets by netlink: of those whose sockets can be told apart. */

static bool may_ask(const struct nlmsghdr *message)
{
	const struct sock_diag_req *about = nlmsg_data(message);

	if (is_watcher() && !current_addresses())
		return message->nlmsg_type != SOCK_DESTROY;
	if (message->nlmsg_type == TCPDIAG_GETSOCK)
		return !nlmsg_find_attr(message, sizeof(struct inet_diag_req),
					INET_DIAG_REQ_PROTOCOL);
	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY && message->nlmsg_type != SOCK_DESTROY)
		return message->nlmsg_type < NLMSG_MIN_TYPE;
	if (nlmsg_len(message) < (int)sizeof(*about))
		return true;	/* an error of the kernel's */
	switch (about->sdiag_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
	case AF_INET6:
		if (nlmsg_find_attr(message, sizeof(struct inet_diag_req_v2),
				    INET_DIAG_REQ_PROTOCOL))
			return false;	/* which would be another protocol */
		return about->sdiag_protocol == IPPROTO_TCP ||
		       about->sdiag_protocol == IPPROTO_UDP ||
		       about->sdiag_protocol == IPPROTO_UDPLITE;
	}
	return false;
}

/*
 * Families of generic netlink tell of the machine (what it has measured of everybody's connections
 * is one), but for the one that says which there are.
 */
static bool may_ask_family(const struct sock *sk, const struct nlmsghdr *message)
{
	return message->nlmsg_type <= GENL_ID_CTRL || (is_watcher() && !current_addresses()) ||
	       ns_capable_noaudit(sock_net(sk)->user_ns, CAP_NET_ADMIN);
}

static int netlink_send(struct sock *sk, struct sk_buff *skb)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)skb->data;
	bool generic = sk->sk_protocol == NETLINK_GENERIC;
	int left = skb->len;

	if ((!generic && sk->sk_protocol != NETLINK_SOCK_DIAG) ||
	    (!current_addresses() && !current_context()))
		return 0;
	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
		if (!(generic ? may_ask_family(sk, message) : may_ask(message)))
			return generic ? -EPERM : -ENOENT;	/* as if there were no such list */
	return 0;
}

const struct vcontext_hook view_hooks[] = {
	VCONTEXT_HOOK(netlink_send, netlink_send),
	{ }
};

/* Messages of rtnetlink. */

static bool has_own_device(const struct net *net, const struct addresses *set, int index)
{
	const struct net_device *device;

	guard(rcu)();
	device = dev_get_by_index_rcu((struct net *)net, index);
	return device && carries(device, set);
}

static bool has_own_address(const struct nlmsghdr *message, const struct addresses *set)
{
	const struct ifaddrmsg *about = nlmsg_data(message);
	const struct nlattr *address;
	struct in6_addr in6;

	address = nlmsg_find_attr(message, sizeof(*about), IFA_LOCAL);
	if (!address)
		address = nlmsg_find_attr(message, sizeof(*about), IFA_ADDRESS);
	if (about->ifa_family == AF_INET && address && nla_len(address) == sizeof(__be32))
		in6 = mapped(nla_get_in_addr(address));
	else if (about->ifa_family == AF_INET6 && address && nla_len(address) == sizeof(in6))
		in6 = nla_get_in6_addr(address);
	else
		return false;
	return set_has(set, &in6);
}

static bool may_show(const struct net *net, const struct nlmsghdr *message,
		     const struct addresses *set)
{
	if (message->nlmsg_type < NLMSG_MIN_TYPE)
		return true;
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return nlmsg_len(message) >= (int)sizeof(struct ifinfomsg) &&
		       has_own_device(net, set,
				      ((struct ifinfomsg *)nlmsg_data(message))->ifi_index);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return nlmsg_len(message) >= (int)sizeof(struct ifaddrmsg) &&
		       has_own_address(message, set);
	}
	return false;
}

/* ip reads the attributes of an address before it looks whether it is one: one of no type. */
static void leave_attribute(struct nlmsghdr *message)
{
	struct nlattr *all = nlmsg_attrdata(message, sizeof(struct ifaddrmsg));
	int length = nlmsg_attrlen(message, sizeof(struct ifaddrmsg));

	if (length >= (int)sizeof(*all) && length <= U16_MAX)
		all->nla_len = length;
}

/* A part of a list is passed over; an answer becomes an error, or its reader would wait for it. */
static void blot_out(struct nlmsghdr *message)
{
	struct nlmsgerr *answer = nlmsg_data(message);
	bool address = message->nlmsg_type == RTM_NEWADDR;
	u32 length = message->nlmsg_len;

	if (message->nlmsg_flags & NLM_F_MULTI || length < nlmsg_msg_size(sizeof(*answer))) {
		message->nlmsg_type = NLMSG_NOOP;
	} else {
		answer->error = -ENODEV;
		answer->msg = *message;
		message->nlmsg_type = NLMSG_ERROR;
	}
	memset((char *)message + nlmsg_msg_size(message->nlmsg_type == NLMSG_NOOP ?
						0 : sizeof(*answer)), 0,
	       length - nlmsg_msg_size(message->nlmsg_type == NLMSG_NOOP ? 0 : sizeof(*answer)));
	if (address && message->nlmsg_type == NLMSG_NOOP)
		leave_attribute(message);
}

/*
 * Answers are the reader's alone and can be written to; news go to many, and to us as a whole or
 * not.
 */
static bool filter(const struct sock *sk, struct sk_buff *skb, const struct addresses *set)
{
	bool ours = !skb_cloned(skb) && !skb_shared(skb);
	struct nlmsghdr *message = (struct nlmsghdr *)skb->data;
	int left = skb->len;

	if (skb_is_nonlinear(skb))
		return false;
	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		if (may_show(sock_net(sk), message, set))
			continue;
		if (!ours)
			return false;
		blot_out(message);
	}
	return left <= 0;	/* no part of a message that has not been looked at */
}

/* All that comes to a netlink socket passes here before it is queued. */
bool view_message(struct sock *sk, struct sk_buff *skb)
{
	const struct addresses *set = READ_ONCE(sock_blob(sk)->addresses);
	bool may = true;

	/* what users send each other stays within a context; the kernel has no port */
	if (unlikely(NETLINK_CB(skb).portid) && !sock_sees(sk, true)) {
		kfree_skb(skb);
		return false;
	}
	if (likely(!set && !sock_blob(sk)->serial))
		return true;
	if (sk->sk_protocol == NETLINK_ROUTE && set)
		may = filter(sk, skb, set);
	else if (sk->sk_protocol == NETLINK_SOCK_DIAG)
		may = !NETLINK_CB(skb).dst_group;	/* news of the end of all sockets */
	else if (sk->sk_protocol == NETLINK_GENERIC && net_eq(sock_net(sk), &init_net))
		may = !NETLINK_CB(skb).dst_group;	/* of whose quota is exceeded, and others */
	if (!may)
		kfree_skb(skb);
	return may;
}
