// SPDX-License-Identifier: LGPL-2.1-or-later
/* Addresses: reading them as people write them, and writing them so. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"

#define ADVICE_FORMS \
	"write it as 10.0.0.1, 10.0.0.1/24 or 2001:db8::1/64, or name a device or a host"

/* The network of an address is the one that the machine has it in. */
#define ANY_PREFIX (-1)

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

void vctl_address_what(const char *text, char what[ADDRESS_ROOM])
{
	snprintf(what, ADDRESS_ROOM, "address %.*s", ADDRESS_NAME, *text ? text : "(empty)");
}

const char *vctl_address_text(const struct vcontext_address *address, char text[INET6_ADDRSTRLEN])
{
	if (!inet_ntop(address->family, address->address, text, INET6_ADDRSTRLEN))
		snprintf(text, INET6_ADDRSTRLEN, "of family %u", (unsigned int)address->family);
	return text;
}

char *vctl_address_format(const struct vcontext_address *address)
{
	char text[INET6_ADDRSTRLEN];

	return strdup(vctl_address_text(address, text));
}

uint32_t vctl_address_ipv4(const struct vcontext_address *address)
{
	uint32_t ipv4;

	memcpy(&ipv4, address->address, sizeof(ipv4));
	return ipv4;
}

bool vctl_address_same(const struct vcontext_address *one, const struct vcontext_address *other)
{
	return one->family == other->family &&
	       memcmp(one->address, other->address, sizeof(one->address)) == 0;
}

bool vctl_address_loopback(const struct vcontext_address *address)
{
	if (address->family == AF_INET)
		return address->address[0] == IN_LOOPBACKNET;

	return memcmp(address->address, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

static const struct vctl_reason not_a_family = {
	EINVAL, VCTL_BAD_ADDRESS, "it is neither of IPv4 nor of IPv6", NULL
};

static const struct vctl_reason not_a_prefix = {
	EINVAL, VCTL_BAD_ADDRESS, "its prefix is longer than the address", NULL
};

static const struct vctl_reason not_zero = {
	EINVAL, VCTL_BAD_ADDRESS, "a field that has to be 0 is not", NULL
};

static const struct vctl_reason not_of_host = {
	EINVAL, VCTL_BAD_ADDRESS, "this is not the address of a host",
	"take one of this machine's; " ADVICE_DEVICES
};

static const struct vctl_reason is_broadcast = {
	EINVAL, VCTL_BAD_ADDRESS, "this is the broadcast address of its network",
	"take one of this machine's; " ADVICE_DEVICES
};

static const struct vctl_reason is_mapped = {
	EINVAL, VCTL_BAD_ADDRESS, "this is an IPv4 address, written as one of IPv6",
	"write it as 10.0.0.1"
};

static const struct vctl_reason *ipv4_fault(const struct vcontext_address *address)
{
	static const uint8_t zero[sizeof(address->address) - sizeof(struct in_addr)];
	uint32_t ipv4 = ntohl(vctl_address_ipv4(address));

	if (memcmp(address->address + sizeof(struct in_addr), zero, sizeof(zero)) != 0)
		return &not_zero;
	if (ipv4 >> IN_CLASSA_NSHIFT == 0 || IN_MULTICAST(ipv4) || ipv4 == INADDR_BROADCAST)
		return &not_of_host;

	return address->broadcast == htonl(ipv4) ? &is_broadcast : NULL;
}

static const struct vctl_reason *ipv6_fault(const struct vcontext_address *address)
{
	struct in6_addr ipv6;

	memcpy(&ipv6, address->address, sizeof(ipv6));
	if (IN6_IS_ADDR_UNSPECIFIED(&ipv6) || IN6_IS_ADDR_MULTICAST(&ipv6))
		return &not_of_host;
	if (IN6_IS_ADDR_V4MAPPED(&ipv6))
		return &is_mapped;

	return address->broadcast ? &not_zero : NULL;
}

const struct vctl_reason *vctl_address_fault(const struct vcontext_address *address)
{
	if (address->family != AF_INET && address->family != AF_INET6)
		return &not_a_family;
	if (address->prefix > (address->family == AF_INET ? 32 : 128))
		return &not_a_prefix;
	if (address->pad)
		return &not_zero;

	return address->family == AF_INET ? ipv4_fault(address) : ipv6_fault(address);
}

static int bad_address(const char *what, int number, const char *why, const char *advice,
		       struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_BAD_ADDRESS, number, what, why, advice);
}

/* An address that knows no network; false: it is of another family. */
static bool from_socket(const struct sockaddr *name, struct vcontext_address *address)
{
	*address = (struct vcontext_address){ 0 };
	if (!name || (name->sa_family != AF_INET && name->sa_family != AF_INET6))
		return false;

	address->family = name->sa_family;
	if (name->sa_family == AF_INET) {
		memcpy(address->address, &((const struct sockaddr_in *)name)->sin_addr,
		       sizeof(struct in_addr));
		address->prefix = 32;
	} else {
		memcpy(address->address, &((const struct sockaddr_in6 *)name)->sin6_addr,
		       sizeof(struct in6_addr));
		address->prefix = 128;
	}
	return true;
}

uint32_t vctl_address_last(const struct vcontext_address *address)
{
	if (address->family != AF_INET || address->prefix == 0 || address->prefix >= 31)
		return 0;

	return vctl_address_ipv4(address) | htonl(UINT32_MAX >> address->prefix);
}

/*
 * That of the network, if the device has none of its own: the kernel takes it for one as well.
 * getifaddrs() then tells the address itself.
 */
static uint32_t device_broadcast(const struct ifaddrs *device,
				 const struct vcontext_address *address)
{
	struct vcontext_address told;
	uint32_t usual = vctl_address_last(address);

	if (!usual || !(device->ifa_flags & IFF_BROADCAST))
		return 0;
	if (!from_socket(device->ifa_broadaddr, &told) || told.family != AF_INET ||
	    vctl_address_same(&told, address))
		return usual;

	return vctl_address_ipv4(&told);
}

/* An address of this machine, in its network; false: it is of another family. */
static bool from_device(const struct ifaddrs *device, struct vcontext_address *address)
{
	struct vcontext_address mask;

	if (!from_socket(device->ifa_addr, address))
		return false;

	if (from_socket(device->ifa_netmask, &mask) && mask.family == address->family) {
		address->prefix = 0;
		for (size_t i = 0; i < sizeof(mask.address); i++)
			address->prefix += (uint8_t)__builtin_popcount(mask.address[i]);
	}
	address->broadcast = device_broadcast(device, address);
	return true;
}

static int list_devices(struct ifaddrs **devices, struct vctl_error **err)
{
	if (getifaddrs(devices) == 0)
		return 0;

	*devices = NULL;
	return vctl_error_set(err, VCTL_SYSTEM, errno, "list of network devices", NULL,
			      "an address with a mask behind it (10.0.0.1/24) needs no list");
}

/* What the machine has of this address, with this prefix if one is given; false: nothing. */
static bool find_network(const struct ifaddrs *devices, int prefix,
			 struct vcontext_address *address)
{
	struct vcontext_address own;

	for (; devices; devices = devices->ifa_next) {
		if (!from_device(devices, &own) || !vctl_address_same(&own, address))
			continue;
		if (prefix != ANY_PREFIX && prefix != own.prefix)
			continue;
		*address = own;
		return true;
	}

	return false;
}

static int complete(struct vcontext_address *address, struct vctl_error **err)
{
	auto_devices struct ifaddrs *devices = NULL;
	int result = list_devices(&devices, err);

	if (result == 0)
		find_network(devices, ANY_PREFIX, address);
	return result;
}

/* Without a list of devices it is as if the machine didn't have the address. */
static void complete_masked(struct vcontext_address *address)
{
	auto_devices struct ifaddrs *devices = NULL;

	list_devices(&devices, NULL);
	if (!find_network(devices, address->prefix, address))
		address->broadcast = vctl_address_last(address);
}

bool vctl_address_digits(const char *text, struct vcontext_address *address)
{
	bool ipv6 = strchr(text, ':');

	*address = (struct vcontext_address){ 0 };
	address->family = ipv6 ? AF_INET6 : AF_INET;
	address->prefix = ipv6 ? 128 : 32;
	return inet_pton(address->family, text, address->address) == 1;
}

bool vctl_address_mask(const char *text, struct vcontext_address *address)
{
	bool number = *text && strspn(text, "0123456789") == strlen(text);
	struct in_addr mask;
	uint32_t zeros;

	if (number && (strlen(text) > 3 || (*text == '0' && text[1]) ||
		       atoi(text) > address->prefix))
		return false;
	if (number) {
		address->prefix = (uint8_t)atoi(text);
		return true;
	}
	if (address->family != AF_INET || inet_pton(AF_INET, text, &mask) != 1)
		return false;

	zeros = ~ntohl(mask.s_addr);
	address->prefix = (uint8_t)__builtin_popcount(~zeros);
	return (zeros & (zeros + 1)) == 0;
}

static int parse_masked(const char *text, const char *slash, const char *what,
			struct vcontext_address *address, struct vctl_error **err)
{
	auto_free char *digits = strndup(text, (size_t)(slash - text));

	if (!digits)
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, what, NULL, NULL);
	if (!vctl_address_digits(digits, address))
		return bad_address(what, EINVAL, "only an address in digits can have a mask",
				   ADVICE_FORMS, err);
	if (!vctl_address_mask(slash + 1, address))
		return bad_address(what, EINVAL, "what is behind the slash is no mask",
				   address->family == AF_INET ?
					   "a mask is a number from 0 to 32 or like 255.255.255.0, "
					   "and may be left out" :
					   "the mask of an IPv6 address is a number from 0 to 128, "
					   "and may be left out", err);

	complete_masked(address);
	return 0;
}

/* Can it be meant by a name alone?  One that needs to be told the device as well can't. */
static bool is_global(const struct vcontext_address *address)
{
	struct in6_addr ipv6;

	memcpy(&ipv6, address->address, sizeof(ipv6));
	return address->family == AF_INET6 && !vctl_address_fault(address) &&
	       !IN6_IS_ADDR_LINKLOCAL(&ipv6) && !IN6_IS_ADDR_SITELOCAL(&ipv6);
}

/* 1: it is a device, and has this address; 0: there is no device of that name. */
static int parse_device(const char *text, const char *what, struct vcontext_address *address,
			struct vctl_error **err)
{
	auto_devices struct ifaddrs *devices = NULL;
	struct vcontext_address own;
	bool exists = false, found = false;
	int result = list_devices(&devices, err);

	if (result < 0)
		return result;

	for (const struct ifaddrs *device = devices; device; device = device->ifa_next) {
		if (strcmp(device->ifa_name, text) != 0)
			continue;
		exists = true;
		if (!from_device(device, &own))
			continue;
		if (own.family == AF_INET) {
			*address = own;
			return 1;
		}
		if (!found && is_global(&own) && !vctl_address_loopback(&own)) {
			*address = own;
			found = true;
		}
	}

	if (exists && !found)
		return bad_address(what, EADDRNOTAVAIL,
				   "this device has no IPv4 address, and no global one of IPv6",
				   ADVICE_DEVICES, err);
	return found;
}

/*
 * What getaddrinfo() would take for an address although it is none as people write them: 10.1 is
 * 10.0.0.1 to it.  And what it would ask a name server for in vain, as 10.0.0.256.
 */
static int refuse_numbers(const char *text, const char *what, struct vctl_error **err)
{
	const char *colon = strchr(text, ':');
	struct in_addr ipv4;

	if (colon && strchr(colon + 1, ':'))
		return bad_address(what, EINVAL, "this is not an IPv6 address", ADVICE_FORMS, err);
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
		return bad_address(what, EADDRNOTAVAIL,
				   "this host has no address to be tied to", NULL, err);
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

static int parse_name(const char *text, const char *what, struct vcontext_address *address,
		      struct vctl_error **err)
{
	/* One answer for each address is enough. */
	static const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	auto_answers struct addrinfo *answers = NULL;
	struct vcontext_address read;
	bool found = false;
	int answer = getaddrinfo(text, NULL, &wanted, &answers);

	if (answer != 0)
		return explain_name(answer, what, err);

	for (const struct addrinfo *next = answers; next; next = next->ai_next) {
		if (!from_socket(next->ai_addr, &read))
			continue;
		if (read.family == AF_INET && !vctl_address_fault(&read)) {
			*address = read;
			found = true;
			break;
		}
		if (!found && is_global(&read)) {
			*address = read;
			found = true;
		}
	}

	return found ? complete(address, err) : explain_name(EAI_NODATA, what, err);
}

static int parse(const char *text, const char *what, struct vcontext_address *address,
		 struct vctl_error **err)
{
	const char *slash = strchr(text, '/');
	int result;

	if (slash)
		return parse_masked(text, slash, what, address, err);
	if (vctl_address_digits(text, address))
		return complete(address, err);

	result = parse_device(text, what, address, err);
	if (result != 0)
		return result < 0 ? result : 0;

	result = refuse_numbers(text, what, err);
	return result < 0 ? result : parse_name(text, what, address, err);
}

int vctl_address_parse(const char *text, struct vcontext_address *address, struct vctl_error **err)
{
	const struct vctl_reason *fault;
	struct vcontext_address read;
	char what[ADDRESS_ROOM];
	int result;

	vctl_address_what(text, what);
	result = parse(text, what, &read, err);
	if (result < 0)
		return result;

	fault = vctl_address_fault(&read);
	if (fault)
		return vctl_error_set(err, fault->code, fault->number, what, fault->why,
				      fault->advice);
	*address = read;
	return 0;
}
