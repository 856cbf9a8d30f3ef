/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_ADDRESS_H
#define VCTL_ADDRESS_H

#include <arpa/inet.h>
#include <stdbool.h>

#include <vctl.h>

#include "error.h"

#define ADDRESS_NAME	253	/* of the longest host name */
#define ADDRESS_ROOM	(ADDRESS_NAME + sizeof("address "))

#define ADVICE_DEVICES	"ip addr lists the devices and their addresses"

/** vctl_address_what() - What to call an address, or what was written for one, in an error */
void vctl_address_what(const char *text, char what[ADDRESS_ROOM]);

/** vctl_address_text() - vctl_address_format() into a buffer; returns @text */
const char *vctl_address_text(const struct vcontext_address *address, char text[INET6_ADDRSTRLEN]);

/** vctl_address_ipv4() - An IPv4 address as the system has it, in network order */
uint32_t vctl_address_ipv4(const struct vcontext_address *address);

/** vctl_address_same() - Are they the same address, whatever their networks? */
bool vctl_address_same(const struct vcontext_address *one, const struct vcontext_address *other);

/** vctl_address_loopback() - Is it one of the machine itself, 127.0.0.0/8 or ::1? */
bool vctl_address_loopback(const struct vcontext_address *address);

/** vctl_address_digits() - Read an address in digits, without a mask; false: it is none */
bool vctl_address_digits(const char *text, struct vcontext_address *address);

/**
 * vctl_address_mask() - Read the mask of an address, which is there and knows no network
 * @text: a prefix length; for IPv4 also a dotted mask, whose ones are all in front
 * @address: its prefix is set
 *
 * Return: true, or false if it is none.
 */
bool vctl_address_mask(const char *text, struct vcontext_address *address);

/** vctl_address_last() - The usual broadcast address of its network, network order; 0: none */
uint32_t vctl_address_last(const struct vcontext_address *address);

/** vctl_address_fault() - Why the kernel ties nobody to this address; NULL: it does */
const struct vctl_reason *vctl_address_fault(const struct vcontext_address *address);

#endif /* VCTL_ADDRESS_H */
