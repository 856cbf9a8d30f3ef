/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of addresses for VCONTEXT_BIND, from text like "10.0.0.1/24 fd00::1/64". */
#ifndef TIE_H
#define TIE_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/vcontext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Without a prefix it is alone in its network; with one IPv4 has the last address to broadcast. */
static inline struct vcontext_address tie_address(const char *text)
{
	struct vcontext_address address = { .family = AF_INET, .prefix = 32 };
	char digits[64];
	const char *slash;
	uint32_t bits;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "/ "), text);
	if (strchr(digits, ':')) {
		address.family = AF_INET6;
		address.prefix = 128;
	}
	inet_pton(address.family, digits, address.address);
	slash = text + strcspn(text, "/ ");
	if (*slash != '/')
		return address;
	address.prefix = atoi(slash + 1);
	if (address.family == AF_INET && address.prefix && address.prefix < 31) {
		memcpy(&bits, address.address, sizeof(bits));
		address.broadcast = bits | htonl(0xffffffffU >> address.prefix);
	}
	return address;
}

/* Tie the caller to these addresses.  Returns 0 or a negative errno. */
static inline int tie_to(int device, const char *text, uint32_t flags)
{
	struct vcontext_address list[VCONTEXT_ADDRESSES_MAX];
	struct vcontext_bind arg = { .size = sizeof(arg), .flags = flags,
				     .addresses = (unsigned long)list };

	for (; *text && arg.count < VCONTEXT_ADDRESSES_MAX; text += strspn(text, " ")) {
		list[arg.count++] = tie_address(text);
		text += strcspn(text, " ");
	}
	return ioctl(device, VCONTEXT_BIND, &arg) ? -errno : 0;
}

#endif /* TIE_H */
