// SPDX-License-Identifier: GPL-2.0-only
/* Sets of addresses: taken by processes, and what is in them. */

#include <linux/idr.h>
#include <linux/inetdevice.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/net_namespace.h>

#include "addresses.h"

static DEFINE_IDA(loopbacks);
DEFINE_STATIC_KEY_FALSE(addresses_used);
DEFINE_STATIC_KEY_FALSE(loopbacks_used);

static unsigned int first_loopback;
module_param(first_loopback, uint, 0);
MODULE_PARM_DESC(first_loopback, "number of the first private loopback, for tests (random)");

/* Routes that sockets keep from when nobody asked net_source() are looked for again. */
static void forget_routes(void)
{
	struct net *net;

	guard(rcu)();
	for_each_net_rcu(net)
		atomic_add(FORGOTTEN, &net->ipv4.rt_genid);
}

/*
 * Before there is a private loopback anybody can bind to its address, and connect from there:
 * nobody is to know which that will be.
 */
static void loopbacks_begin(void)
{
	static DEFINE_MUTEX(mutex);
	static bool begun;

	/* pairs with the store below */
	if (smp_load_acquire(&begun))
		return;
	guard(mutex)(&mutex);
	if (begun)
		return;
	if (!first_loopback || first_loopback >= LOOPBACK_NR)
		first_loopback = 1 + get_random_u32() % (LOOPBACK_NR - 1);
	static_branch_enable(&loopbacks_used);
	forget_routes();
	smp_store_release(&begun, true);	/* the number is known, and routes are forgotten */
}

static int loopback_take(struct addresses *set)
{
	int nr;

	loopbacks_begin();
	nr = ida_alloc_range(&loopbacks, first_loopback, LOOPBACK_NR - 1, GFP_KERNEL);
	if (nr == -ENOSPC)
		nr = ida_alloc_range(&loopbacks, 1, first_loopback, GFP_KERNEL);
	if (nr < 0)
		return nr;
	set->loopback = nr;
	return 0;
}

/* May be called with interrupts off. */
void addresses_put(struct addresses *set)
{
	if (!set || !refcount_dec_and_test(&set->refs))
		return;
	if (set->loopback)
		ida_free(&loopbacks, set->loopback);
	kfree(set);
	module_put(THIS_MODULE);
}

/* What is in a set. */

bool addresses_have(const struct addresses *set, const struct in6_addr *address)
{
	u32 at;

	for (at = 0; at < set->count; at++)
		if (ipv6_addr_equal(&set->list[at].address, address))
			return true;
	return false;
}

bool addresses_have_ipv4(const struct addresses *set, __be32 address)
{
	u32 at;

	for (at = 0; at < set->ipv4; at++)
		if (set->list[at].address.s6_addr32[3] == address)
			return true;
	return false;
}

bool addresses_have_broadcast(const struct addresses *set, __be32 broadcast)
{
	u32 at;

	for (at = 0; at < set->ipv4; at++)
		if (set->list[at].broadcast == broadcast)
			return true;
	return false;
}

bool addresses_equal(const struct addresses *one, const struct addresses *other)
{
	u32 at;

	if (one == other)
		return true;
	if (!one || !other || one->loopback || other->loopback || one->count != other->count)
		return false;
	for (at = 0; at < one->count; at++)
		if (!addresses_have(other, &one->list[at].address))
			return false;
	return true;
}

/*
 * From where to send to @to: from the address in whose network that is, else from the first.
 * Without an address of IPv4 this is 255.255.255.255, which can't send.
 */
__be32 addresses_source(const struct addresses *set, __be32 to)
{
	u32 at;

	if (!set->ipv4)
		return htonl(INADDR_BROADCAST);
	for (at = 0; at < set->ipv4; at++) {
		const struct address *own = &set->list[at];

		if (!((own->address.s6_addr32[3] ^ to) & own->mask))
			return own->address.s6_addr32[3];
	}
	return first_ipv4(set);
}

/* The same of IPv6; without one it is a mapped address, which can't send there. */
struct in6_addr addresses_source6(const struct addresses *set, const struct in6_addr *to)
{
	u32 at;

	if (set->ipv4 == set->count)
		return mapped(htonl(INADDR_BROADCAST));
	for (at = set->ipv4; at < set->count; at++)
		if (ipv6_prefix_equal(&set->list[at].address, to, set->list[at].prefix))
			return set->list[at].address;
	return set->list[set->ipv4].address;
}

/* Taking one. */

static bool is_host_ipv4(__be32 address, bool loopback)
{
	return !ipv4_is_zeronet(address) && !ipv4_is_multicast(address) &&
	       !ipv4_is_lbcast(address) && !is_private(address) &&
	       !(loopback && ipv4_is_loopback(address));
}

static bool is_host_ipv6(const struct in6_addr *address, bool loopback)
{
	return !ipv6_addr_any(address) && !ipv6_addr_is_multicast(address) &&
	       !ipv6_addr_v4mapped(address) && !(loopback && ipv6_addr_loopback(address));
}

/* Translate what a user gave.  Returns 0 or EINVAL. */
static int read_address(struct address *to, const struct vcontext_address *from, bool loopback)
{
	struct in6_addr in6;

	memcpy(&in6, from->address, sizeof(in6));
	if (from->pad)
		return -EINVAL;
	to->broadcast = from->broadcast;
	switch (from->family) {
	case AF_INET:
		if (from->prefix > 32 || !is_host_ipv4(in6.s6_addr32[0], loopback) ||
		    in6.s6_addr32[1] || in6.s6_addr32[2] || in6.s6_addr32[3])
			return -EINVAL;
		to->address = mapped(in6.s6_addr32[0]);
		to->prefix = 96 + from->prefix;
		to->mask = inet_make_mask(from->prefix);
		return from->broadcast && (from->broadcast ^ in6.s6_addr32[0]) & to->mask ?
		       -EINVAL : 0;
	case AF_INET6:
		if (from->prefix > 128 || from->broadcast || !is_host_ipv6(&in6, loopback))
			return -EINVAL;
		to->address = in6;
		to->prefix = from->prefix;
		return 0;
	}
	return -EINVAL;
}

/* Those of one family, in their order, behind what is in @set.  Returns 0 or EINVAL. */
static int add_family(struct addresses *set, const struct vcontext_address *from, u32 count,
		      u16 family, bool loopback)
{
	u32 at;

	for (at = 0; at < count; at++) {
		struct address new = { };

		if (from[at].family != family)
			continue;
		if (read_address(&new, &from[at], loopback) || addresses_have(set, &new.address))
			return -EINVAL;
		set->count++;
		set->list[set->count - 1] = new;
	}
	return 0;
}

static struct addresses *read_set(const struct vcontext_address *from, u32 count, bool loopback)
{
	struct addresses *set = kzalloc(struct_size(set, list, count), GFP_KERNEL_ACCOUNT);

	if (!set)
		return ERR_PTR(-ENOMEM);
	refcount_set(&set->refs, 1);
	if (add_family(set, from, count, AF_INET, loopback))
		goto invalid;
	set->ipv4 = set->count;
	if (add_family(set, from, count, AF_INET6, loopback) || set->count != count)
		goto invalid;
	return set;

invalid:
	kfree(set);
	return ERR_PTR(-EINVAL);
}

/*
 * Somebody is going to be tied: all places in the kernel ask from here on.  The key itself does not
 * say that they do, which is switched on at one place after the other.
 */
static void ties_begin(void)
{
	static bool begun;

	/* pairs with the store below */
	if (smp_load_acquire(&begun))
		return;
	hooks_tied();
	static_branch_enable(&addresses_used);	/* waits for who is at it */
	smp_store_release(&begun, true);	/* they all ask */
}

/**
 * addresses_take - tie current to a set of addresses, for good
 * @from: what is to be in it, see VCONTEXT_BIND
 * @count: how many these are, 1 ... VCONTEXT_ADDRESSES_MAX
 * @loopback: it is to have a private loopback
 *
 * Returns 0; EPERM (current is tied already), EINVAL (see VCONTEXT_BIND; more than one thread),
 * ENOSPC (no loopback is left), ENOMEM.
 */
int addresses_take(const struct vcontext_address *from, u32 count, bool loopback)
{
	struct addresses *set;
	int err;

	if (task_blob(current)->addresses)
		return -EPERM;
	if (!thread_group_empty(current))
		return -EINVAL;
	set = read_set(from, count, loopback);
	if (IS_ERR(set))
		return PTR_ERR(set);
	ties_begin();
	set->plain = set->ipv4 && !loopback;
	err = loopback ? loopback_take(set) : 0;
	if (err) {
		kfree(set);
		return err;
	}
	__module_get(THIS_MODULE);	/* its hooks sleep */
	smp_store_release(&task_blob(current)->addresses, set);	/* all of it is there */
	return 0;
}

/* @task is about to be made by current. */
void addresses_inherit(struct task_struct *task)
{
	task_blob(task)->addresses = addresses_get(task_blob(current)->addresses);
}

/* Nobody looks at @task any more. */
void addresses_free(struct task_struct *task)
{
	addresses_put(task_blob(task)->addresses);
	task_blob(task)->addresses = NULL;
}

/* For the line ipv4root: of /proc/PID/status. */
void addresses_print(struct seq_file *m, const struct task_struct *task)
{
	/* pairs with addresses_take() */
	const struct addresses *set = smp_load_acquire(&task_blob(task)->addresses);
	const char *separator = "";
	u32 at;

	if (!set)
		seq_puts(m, "0.0.0.0");
	for (at = 0; set && at < set->count; at++) {
		if (at < set->ipv4)
			seq_printf(m, "%s%pI4", separator, &set->list[at].address.s6_addr32[3]);
		else
			seq_printf(m, "%s%pI6c", separator, &set->list[at].address);
		separator = " ";
	}
}
