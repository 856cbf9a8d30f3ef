// SPDX-License-Identifier: LGPL-2.1-or-later
/* Addresses: reading them as people write them, and tying the own process to one. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "device.h"
#include "error.h"

#define NAME_LENGTH	253	/* of the longest host name */
#define WHAT_ROOM	(NAME_LENGTH + 16)

#define ADVICE_FORMS	"write it as 10.0.0.1 or 10.0.0.1/24, or name a device or a host"
#define ADVICE_DEVICES	"ip addr lists the devices and their addresses"

static void cleanup_devices(struct ifaddrs **devices)
{
	if (*devices)
		freeifaddrs(*devices);
}

static void cleanup_answers(struct addrinfo **answers)
{
	if (*answers)
		freeaddrinfo(*answers);
}

#define auto_devices	__attribute__((cleanup(cleanup_devices)))
#define auto_answers	__attribute__((cleanup(cleanup_answers)))

static void name_address(const char *text, char what[WHAT_ROOM])
{
	snprintf(what, WHAT_ROOM, "address %.*s", NAME_LENGTH, *text ? text : "(empty)");
}

static int bad_address(const char *what, int number, const char *why, const char *advice,
		       struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_BAD_ADDRESS, number, what, why, advice);
}

/* A prefix length or a dotted mask, whose ones are all in front. */
static bool is_mask(const char *text)
{
	size_t length = strlen(text);
	struct in_addr mask;
	uint32_t zeros;

	if (length > 0 && length <= 2 && strspn(text, "0123456789") == length)
		return atoi(text) <= 32;
	if (inet_pton(AF_INET, text, &mask) != 1)
		return false;

	zeros = ~ntohl(mask.s_addr);
	return (zeros & (zeros + 1)) == 0;
}

static int parse_masked(const char *text, const char *slash, const char *what, uint32_t *ipv4,
			struct vctl_error **err)
{
	auto_free char *address = strndup(text, (size_t)(slash - text));
	struct in_addr read;

	if (!address)
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, what, NULL, NULL);
	if (inet_pton(AF_INET, address, &read) != 1)
		return bad_address(what, EINVAL, "only an IPv4 address in digits can have a mask",
				   ADVICE_FORMS, err);
	if (!is_mask(slash + 1))
		return bad_address(what, EINVAL, "what is behind the slash is no mask",
				   "a mask is a number from 0 to 32 or like 255.255.255.0, and may "
				   "be left out", err);

	*ipv4 = read.s_addr;
	return 0;
}

/* 1: it is a device, and has this address; 0: there is no device of that name. */
static int parse_device(const char *text, const char *what, uint32_t *ipv4, struct vctl_error **err)
{
	auto_devices struct ifaddrs *devices = NULL;
	bool exists = false;

	if (getifaddrs(&devices) < 0)
		return vctl_error_set(err, VCTL_SYSTEM, errno, "list of network devices", NULL,
				      NULL);

	for (const struct ifaddrs *device = devices; device; device = device->ifa_next) {
		if (strcmp(device->ifa_name, text) != 0)
			continue;
		exists = true;
		if (device->ifa_addr && device->ifa_addr->sa_family == AF_INET) {
			*ipv4 = ((struct sockaddr_in *)device->ifa_addr)->sin_addr.s_addr;
			return 1;
		}
	}

	if (exists)
		return bad_address(what, EADDRNOTAVAIL, "this device has no IPv4 address",
				   ADVICE_DEVICES, err);
	return 0;
}

/*
 * What getaddrinfo() would take for an address although it is none as people write them: 10.1 is
 * 10.0.0.1 to it.  And what it would ask a name server for in vain, as 10.0.0.256.
 */
static int refuse_numbers(const char *text, const char *what, struct vctl_error **err)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (inet_pton(AF_INET6, text, &ipv6) == 1)
		return bad_address(what, EINVAL, "a process cannot be tied to an IPv6 address",
				   ADVICE_FORMS, err);
	if (strspn(text, "0123456789.") == strlen(text) || inet_aton(text, &ipv4))
		return bad_address(what, EINVAL, "this is not an IPv4 address", ADVICE_FORMS, err);

	return 0;
}

static int explain_name(int answer, const char *what, struct vctl_error **err)
{
	int number = errno;

	switch (answer) {
	case EAI_NONAME:
		return bad_address(what, ENODEV, "there is no such device or host", ADVICE_DEVICES,
				   err);
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return bad_address(what, EADDRNOTAVAIL, "this host has no IPv4 address", NULL, err);
	case EAI_AGAIN:
		return bad_address(what, EAGAIN,
				   "there is no such device, and no name server tells of a host",
				   ADVICE_DEVICES "; try again if it is a host", err);
	case EAI_MEMORY:
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, what, NULL, NULL);
	case EAI_SYSTEM:
		return vctl_error_set(err, VCTL_SYSTEM, number ? number : EIO, what, NULL, NULL);
	default:
		return bad_address(what, EIO, gai_strerror(answer), NULL, err);
	}
}

static int parse_name(const char *text, const char *what, uint32_t *ipv4, struct vctl_error **err)
{
	/* One answer for each address is enough. */
	static const struct addrinfo wanted = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	auto_answers struct addrinfo *answers = NULL;
	int answer = getaddrinfo(text, NULL, &wanted, &answers);

	if (answer != 0)
		return explain_name(answer, what, err);

	*ipv4 = ((struct sockaddr_in *)answers->ai_addr)->sin_addr.s_addr;
	return 0;
}

int vctl_address_parse(const char *text, uint32_t *ipv4, struct vctl_error **err)
{
	const char *slash = strchr(text, '/');
	char what[WHAT_ROOM];
	struct in_addr read;
	int result;

	if (inet_pton(AF_INET, text, &read) == 1) {
		*ipv4 = read.s_addr;
		return 0;
	}

	name_address(text, what);
	if (slash)
		return parse_masked(text, slash, what, ipv4, err);

	result = parse_device(text, what, ipv4, err);
	if (result != 0)
		return result < 0 ? result : 0;

	result = refuse_numbers(text, what, err);
	return result < 0 ? result : parse_name(text, what, ipv4, err);
}

/* The kernel's own rule. */
static bool is_of_host(uint32_t ipv4)
{
	uint32_t address = ntohl(ipv4);

	return address >> IN_CLASSA_NSHIFT != 0 && !IN_MULTICAST(address) &&
	       address != INADDR_BROADCAST;
}

static const struct vctl_reason bind_reasons[] = {
	{ EPERM, VCTL_TIED, "the process is tied to an address already, and that is for good",
	  "run it from a process that is not tied to one" },
	{ EINVAL, VCTL_THREADS, "a process with more than one thread cannot be tied to an address",
	  ADVICE_THREADS },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

int vctl_bind(struct vctl_device *dev, uint32_t ipv4, struct vctl_error **err)
{
	struct vcontext_bind tie = VCTL_SIZED(struct vcontext_bind);
	char text[INET_ADDRSTRLEN];
	char what[WHAT_ROOM];
	int result;

	tie.ipv4 = ipv4;
	result = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_BIND, &tie);
	if (result >= 0)
		return 0;

	inet_ntop(AF_INET, &ipv4, text, sizeof(text));
	name_address(text, what);
	if (result == -EINVAL && !is_of_host(ipv4))
		return bad_address(what, EINVAL, "this is not the address of a host",
				   "take one of this machine's; " ADVICE_DEVICES, err);
	return vctl_error_explain(err, bind_reasons, -result, what);
}
