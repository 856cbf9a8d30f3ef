// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tying the own process to a set of addresses. */
#include <errno.h>
#include <string.h>

#include "address.h"
#include "device.h"

#define SET "set of addresses"

static const struct vctl_reason in_loopback = {
	EINVAL, VCTL_BAD_ADDRESS, "it belongs to the private loopback", "leave it out"
};

static const struct vctl_reason given_twice = {
	EINVAL, VCTL_BAD_ADDRESS, "it is in the set twice", NULL
};

static const struct vctl_reason bind_reasons[] = {
	{ EPERM, VCTL_TIED, "the process is tied to addresses already, and that is for good",
	  "run it from a process that is not tied" },
	{ EINVAL, VCTL_THREADS, "a process with more than one thread cannot be tied to addresses",
	  ADVICE_THREADS },
	{ ENOSPC, VCTL_FULL, "no private loopback is left",
	  "try again when a process that has one has ended, or do without" },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ E2BIG, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

/* Why the kernel takes no set with the last of these addresses in it; NULL: it does. */
static const struct vctl_reason *fault_of_last(const struct vcontext_address *addresses,
					       size_t count, uint32_t flags)
{
	const struct vcontext_address *last = &addresses[count - 1];
	const struct vctl_reason *fault = vctl_address_fault(last);

	if (fault)
		return fault;
	if ((flags & VCONTEXT_BIND_LOOPBACK) && vctl_address_loopback(last))
		return &in_loopback;
	for (size_t i = 0; i < count - 1; i++) {
		if (vctl_address_same(&addresses[i], last))
			return &given_twice;
	}

	return NULL;
}

/* The kernel has one answer to all that is wrong with a set, and to threads. */
static int explain_invalid(const struct vcontext_address *addresses, size_t count, uint32_t flags,
			   const char *what, struct vctl_error **err)
{
	char one[ADDRESS_ROOM], text[INET6_ADDRSTRLEN];

	if (flags & ~VCONTEXT_BIND_LOOPBACK)
		return vctl_error_set(err, VCTL_BAD_FLAG, EINVAL, what, "there is no such flag",
				      NULL);
	if (count == 0)
		return vctl_error_set(err, VCTL_BAD_ADDRESS, EINVAL, what, "it is empty", NULL);
	if (count > VCONTEXT_ADDRESSES_MAX)
		return vctl_error_set(err, VCTL_BAD_ADDRESS, EINVAL, what,
				      "it has too many addresses", NULL);

	for (size_t i = 1; i <= count; i++) {
		const struct vctl_reason *fault = fault_of_last(addresses, i, flags);

		if (!fault)
			continue;
		vctl_address_what(vctl_address_text(&addresses[i - 1], text), one);
		return vctl_error_set(err, fault->code, fault->number, one, fault->why,
				      fault->advice);
	}

	return vctl_error_explain(err, bind_reasons, EINVAL, what);
}

int vctl_bind(struct vctl_device *dev, const struct vcontext_address *addresses, size_t count,
	      uint32_t flags, struct vctl_error **err)
{
	struct vcontext_bind tie = VCTL_SIZED(struct vcontext_bind);
	char what[ADDRESS_ROOM] = SET, text[INET6_ADDRSTRLEN];
	int result;

	tie.flags = flags;
	tie.count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	tie.addresses = (uintptr_t)addresses;
	result = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_BIND, &tie);
	if (result >= 0)
		return 0;

	if (count == 1)
		vctl_address_what(vctl_address_text(addresses, text), what);
	if (result == -EINVAL)
		return explain_invalid(addresses, count, flags, what, err);
	return vctl_error_explain(err, bind_reasons, -result, what);
}
