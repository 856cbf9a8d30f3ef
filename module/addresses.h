/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of addresses.
 *
 * A process has at most one, for good; its children share it, and so do the sockets that they make.
 * A set never changes.  IPv4 addresses are in it as mapped ones (::ffff:10.0.0.1).
 */
#ifndef VCONTEXT_ADDRESSES_H
#define VCONTEXT_ADDRESSES_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/refcount.h>
#include <net/ipv6.h>

#include "context.h"

struct address {
	struct in6_addr	address;
	u8		prefix;		/* in bits of the whole, from 96 on of IPv4 */
	__be32		mask;		/* the same of IPv4 */
	__be32		broadcast;	/* 0: none */
};

struct addresses {
	refcount_t	refs;
	u32		loopback;	/* number of its private loopback; 0: none */
	u32		count;
	u32		ipv4;		/* how many of them are IPv4, which come first */
	bool		plain;		/* there are some, and no loopback */
	struct address	list[] __counted_by(count);
};

/*
 * A private loopback is one of these, by number, which only its own set uses.  What users know as
 * ::1 is an address of IPv4 too, because the machine has a single one of IPv6.
 */
#define LOOPBACKS	0x7f400000	/* 127.64.0.0/10 */
#define LOOPBACKS6	0x7f800000	/* 127.128.0.0/10 */
#define LOOPBACK_NR	0x003fffff

/* Is this the private loopback of any set? */
static inline bool is_private(__be32 address)
{
	u32 range = ntohl(address) & ~LOOPBACK_NR;

	return range == LOOPBACKS || range == LOOPBACKS6;
}

static inline __be32 loopback4(const struct addresses *set)
{
	return htonl(LOOPBACKS | set->loopback);
}

static inline __be32 loopback6(const struct addresses *set)
{
	return htonl(LOOPBACKS6 | set->loopback);
}

static inline bool is_loopback_of(const struct addresses *set, __be32 address)
{
	return set->loopback && is_private(address) &&
	       (ntohl(address) & LOOPBACK_NR) == set->loopback;
}

/* One address of IPv4, and no other with it: sockets of IPv4 can be bound to it for good. */
static inline bool has_one_ipv4(const struct addresses *set)
{
	return set->ipv4 == 1 && set->plain;
}

/* Those of IPv6 come behind those of IPv4. */
static inline bool has_ipv6(const struct addresses *set)
{
	return set->count > set->ipv4;
}

/* The first address of IPv4, if there is one. */
static inline __be32 first_ipv4(const struct addresses *set)
{
	return set->list[0].address.s6_addr32[3];
}

/*
 * What forget_routes() adds to the number that a network namespace gives to its routes, and that
 * goes up by one whenever something in it changes.
 */
#define FORGOTTEN	0x40000001

static inline struct in6_addr mapped(__be32 address)
{
	struct in6_addr in6;

	ipv6_addr_set_v4mapped(address, &in6);
	return in6;
}

static inline struct addresses *addresses_get(struct addresses *set)
{
	if (set)
		refcount_inc(&set->refs);
	return set;
}

DECLARE_STATIC_KEY_FALSE(addresses_used);
DECLARE_STATIC_KEY_FALSE(loopbacks_used);

/* Has anybody been tied to addresses since the module was loaded? */
static inline bool addresses_in_use(void)
{
	return static_branch_unlikely(&addresses_used);
}

/* Has a set had a private loopback since the module was loaded? */
static inline bool loopbacks_in_use(void)
{
	return static_branch_unlikely(&loopbacks_used);
}

static inline struct addresses *current_addresses(void)
{
	struct addresses *own = task_blob(current)->addresses;

	return likely(!own) || kernel_acts() ? NULL : own;
}

void addresses_put(struct addresses *set);
bool addresses_have(const struct addresses *set, const struct in6_addr *address);
bool addresses_have_ipv4(const struct addresses *set, __be32 address);
bool addresses_have_broadcast(const struct addresses *set, __be32 broadcast);
bool addresses_equal(const struct addresses *one, const struct addresses *other);
__be32 addresses_source(const struct addresses *set, __be32 to);
struct in6_addr addresses_source6(const struct addresses *set, const struct in6_addr *to);

#endif /* VCONTEXT_ADDRESSES_H */
