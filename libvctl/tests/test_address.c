// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* An address of a device, or a host; without @text it is of another family, or there is none. */
struct named {
	const char *name;
	int family;
	const char *text;
	const char *mask;
	const char *other;	/* the broadcast address, or the other end */
	unsigned int flags;
};

/* In the order in which the kernel tells: links, then IPv4 addresses, then IPv6. */
static const struct named device_table[] = {
	{ "eth0", AF_PACKET, NULL, NULL, NULL, IFF_BROADCAST },
	{ "eth1", AF_PACKET, NULL, NULL, NULL, IFF_BROADCAST },
	{ "tun0", AF_UNSPEC, NULL, NULL, NULL, 0 },
	{ "lo", AF_INET, "127.0.0.1", "255.0.0.0", "127.0.0.1", IFF_LOOPBACK },
	{ "eth0", AF_INET, "10.0.0.1", "255.255.255.0", "10.0.0.255", IFF_BROADCAST },
	{ "eth0", AF_INET, "10.0.0.9", "255.255.255.0", "10.0.0.255", IFF_BROADCAST },
	/* It has got no broadcast address: the C library tells the address itself. */
	{ "eth0:1", AF_INET, "10.0.0.2", "255.255.255.0", "10.0.0.2", IFF_BROADCAST },
	{ "eth2", AF_INET, "10.2.0.1", "255.255.255.0", "10.2.0.127", IFF_BROADCAST },
	{ "eth2:1", AF_INET, "10.2.0.1", "255.255.0.0", "10.2.255.254", IFF_BROADCAST },
	{ "eth5", AF_INET, "10.5.0.1", "255.255.255.0", NULL, IFF_BROADCAST },
	{ "both", AF_INET, "10.0.0.4", "255.255.255.255", "10.0.0.4", IFF_BROADCAST },
	{ "127", AF_INET, "10.0.0.5", NULL, NULL, IFF_BROADCAST },
	{ "ppp0", AF_INET, "10.9.0.1", "255.255.255.255", "10.9.0.2", IFF_POINTOPOINT },
	{ "eth7", AF_INET, "10.7.0.0", "255.255.255.254", "10.7.0.3", IFF_BROADCAST },
	{ "any0", AF_INET, "0.0.0.0", "255.0.0.0", NULL, IFF_BROADCAST },
	{ "lo", AF_INET6, "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, IFF_LOOPBACK },
	{ "eth0", AF_INET6, "2001:db8::1", "ffff:ffff:ffff:ffff::", NULL, IFF_BROADCAST },
	{ "eth1", AF_INET6, "fe80::1", "ffff:ffff:ffff:ffff::", NULL, IFF_BROADCAST },
	{ "eth3", AF_INET6, "fe80::3", "ffff:ffff:ffff:ffff::", NULL, IFF_BROADCAST },
	{ "eth3", AF_INET6, "2001:db8:3::1", "ffff:ffff:ffff:fff0::", NULL, IFF_BROADCAST },
	{ "eth3", AF_INET6, "2001:db8:3::2", "ffff:ffff:ffff:ffff::", NULL, IFF_BROADCAST },
	{ "dummy0", AF_INET6, "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, 0 },
	{ "late", AF_INET6, "2001:db8:4::1", "ffff:ffff:ffff:ffff::", NULL, IFF_BROADCAST },
	{ "late", AF_INET, "10.4.0.1", "255.255.0.0", "10.4.255.255", IFF_BROADCAST },
};

static const struct named host_table[] = {
	{ "both", AF_INET, "10.0.1.4", NULL, NULL, 0 },
	{ "web1.example", AF_INET, "10.0.1.1", NULL, NULL, 0 },
	{ "web1.example", AF_INET, "10.0.1.2", NULL, NULL, 0 },
	{ "own.example", AF_INET, "10.0.0.1", NULL, NULL, 0 },
	{ "mixed.example", AF_INET6, "2001:db8::5", NULL, NULL, 0 },
	{ "mixed.example", AF_INET, "10.0.1.5", NULL, NULL, 0 },
	{ "ipv6.example", AF_INET6, "fe80::5", NULL, NULL, 0 },
	{ "ipv6.example", AF_INET6, "2001:db8::1", NULL, NULL, 0 },
	{ "ipv6.example", AF_INET6, "2001:db8::2", NULL, NULL, 0 },
	{ "localhost6", AF_INET6, "::1", NULL, NULL, 0 },
	{ "blocked.example", AF_INET, "0.0.0.0", NULL, NULL, 0 },
	{ "blocked.example", AF_INET6, "::", NULL, NULL, 0 },
	{ "blocked.example", AF_INET6, "::ffff:10.0.0.1", NULL, NULL, 0 },
	{ "near.local", AF_INET6, "fe80::9", NULL, NULL, 0 },
	{ "other.example", AF_UNIX, NULL, NULL, NULL, 0 },
};

static const struct {
	const char *name;
	int answer;
} host_failures[] = {
	{ "none.example", EAI_NODATA },	  { "none.local", EAI_ADDRFAMILY },
	{ "slow.example", EAI_AGAIN },	  { "broken.example", EAI_FAIL },
	{ "memory.example", EAI_MEMORY }, { "system.example", EAI_SYSTEM },
};

static struct ifaddrs devices[LENGTH(device_table)];
static struct addrinfo answers[LENGTH(host_table)];
static struct sockaddr_storage addresses[3 * LENGTH(device_table) + LENGTH(host_table)];
static int devices_errno;
static unsigned int lent, hosts_asked;

int __wrap_getifaddrs(struct ifaddrs **list);
void __wrap_freeifaddrs(struct ifaddrs *list);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
		       struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);

static struct sockaddr *place(int family, const char *text, struct sockaddr_storage *at)
{
	void *where = &((struct sockaddr_in *)at)->sin_addr;

	if (family == AF_UNSPEC || (!text && (family == AF_INET || family == AF_INET6)))
		return NULL;

	memset(at, 0, sizeof(*at));
	at->ss_family = (sa_family_t)family;
	if (family == AF_INET6)
		where = &((struct sockaddr_in6 *)at)->sin6_addr;
	if (text && inet_pton(family, text, where) != 1)
		abort();
	return (struct sockaddr *)at;
}

int __wrap_getifaddrs(struct ifaddrs **list)
{
	errno = devices_errno;
	if (errno)
		return -1;

	for (size_t i = 0; i < LENGTH(device_table); i++) {
		const struct named *named = &device_table[i];

		devices[i].ifa_name = (char *)named->name;
		devices[i].ifa_flags = named->flags;
		devices[i].ifa_addr = place(named->family, named->text, &addresses[3 * i]);
		devices[i].ifa_netmask = place(named->family, named->mask, &addresses[3 * i + 1]);
		devices[i].ifa_broadaddr = place(named->family, named->other,
						 &addresses[3 * i + 2]);
		devices[i].ifa_next = i + 1 < LENGTH(device_table) ? &devices[i + 1] : NULL;
	}
	*list = devices;
	lent++;
	return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *list)
{
	ck_assert_ptr_eq(list, devices);
	lent--;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
		       struct addrinfo **list)
{
	struct addrinfo *first = NULL;

	hosts_asked++;
	if (service || wanted->ai_family != AF_UNSPEC)
		abort();
	for (size_t i = 0; i < LENGTH(host_failures); i++) {
		errno = EMFILE;
		if (strcmp(host_failures[i].name, name) == 0)
			return host_failures[i].answer;
	}
	/* From behind: the first of that name is the first of the list. */
	for (size_t i = LENGTH(host_table); i-- > 0;) {
		const struct named *host = &host_table[i];
		struct sockaddr_storage *at = &addresses[3 * LENGTH(device_table) + i];

		if (strcmp(host->name, name) != 0)
			continue;
		answers[i] = (struct addrinfo){ .ai_next = first,
						.ai_addr = place(host->family, host->text, at) };
		first = &answers[i];
	}
	*list = first;
	lent += first != NULL;
	return first ? 0 : EAI_NONAME;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	ck_assert_ptr_nonnull(list);
	lent--;
}

static void set_up(void)
{
	fake_reset();
	devices_errno = 0;
	lent = 0;
	hosts_asked = 0;
}

/* What an address is to be, field by field, and how it reads. */
static void assert_address(const struct vcontext_address *address, const char *text,
			   unsigned int prefix, const char *broadcast)
{
	struct vcontext_address wanted = { .prefix = (uint8_t)prefix };
	char *read = vctl_address_format(address);

	wanted.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	wanted.broadcast = broadcast ? inet_addr(broadcast) : 0;
	ck_assert_int_eq(inet_pton(wanted.family, text, wanted.address), 1);
	ck_assert_str_eq(read, text);
	ck_assert_uint_eq(address->prefix, prefix);
	ck_assert_uint_eq(address->broadcast, wanted.broadcast);
	ck_assert_mem_eq(address, &wanted, sizeof(wanted));
	ck_assert_ptr_null(vctl_address_fault(address));
	free(read);
}

static const struct {
	const char *text;
	const char *address;
	unsigned int prefix;
	const char *broadcast;
	unsigned int hosts_asked;
} readable[] = {
	/* Nobody has it. */
	{ "10.0.1.1", "10.0.1.1", 32, NULL, 0 },
	{ "10.0.1.1/24", "10.0.1.1", 24, "10.0.1.255", 0 },
	{ "10.0.1.1/255.255.255.0", "10.0.1.1", 24, "10.0.1.255", 0 },
	{ "10.0.1.1/255.254.0.0", "10.0.1.1", 15, "10.1.255.255", 0 },
	{ "10.0.1.1/30", "10.0.1.1", 30, "10.0.1.3", 0 },
	{ "10.0.1.1/1", "10.0.1.1", 1, "127.255.255.255", 0 },
	{ "10.0.1.1/0", "10.0.1.1", 0, NULL, 0 },
	{ "10.0.1.1/0.0.0.0", "10.0.1.1", 0, NULL, 0 },
	{ "10.0.1.1/31", "10.0.1.1", 31, NULL, 0 },
	{ "10.0.1.1/32", "10.0.1.1", 32, NULL, 0 },
	{ "10.0.1.1/255.255.255.255", "10.0.1.1", 32, NULL, 0 },
	{ "127.0.0.2", "127.0.0.2", 32, NULL, 0 },
	{ "240.0.0.1", "240.0.0.1", 32, NULL, 0 },
	{ "2001:db8::9", "2001:db8::9", 128, NULL, 0 },
	{ "2001:DB8:0::9/64", "2001:db8::9", 64, NULL, 0 },
	{ "2001:db8::9/0", "2001:db8::9", 0, NULL, 0 },
	{ "2001:db8::9/128", "2001:db8::9", 128, NULL, 0 },
	{ "fe80::9", "fe80::9", 128, NULL, 0 },
	/* This machine has it. */
	{ "10.0.0.1", "10.0.0.1", 24, "10.0.0.255", 0 },
	{ "10.0.0.9", "10.0.0.9", 24, "10.0.0.255", 0 },
	{ "10.0.0.2", "10.0.0.2", 24, "10.0.0.255", 0 },
	{ "10.2.0.1", "10.2.0.1", 24, "10.2.0.127", 0 },
	{ "10.5.0.1", "10.5.0.1", 24, "10.5.0.255", 0 },
	{ "10.9.0.1", "10.9.0.1", 32, NULL, 0 },
	{ "10.7.0.0", "10.7.0.0", 31, NULL, 0 },
	{ "127.0.0.1", "127.0.0.1", 8, NULL, 0 },
	{ "::1", "::1", 128, NULL, 0 },
	{ "2001:db8::1", "2001:db8::1", 64, NULL, 0 },
	{ "fe80::1", "fe80::1", 64, NULL, 0 },
	/* With this mask, or with another one. */
	{ "10.2.0.1/24", "10.2.0.1", 24, "10.2.0.127", 0 },
	{ "10.2.0.1/255.255.0.0", "10.2.0.1", 16, "10.2.255.254", 0 },
	{ "10.2.0.1/20", "10.2.0.1", 20, "10.2.15.255", 0 },
	{ "10.0.0.1/32", "10.0.0.1", 32, NULL, 0 },
	{ "127.0.0.1/8", "127.0.0.1", 8, NULL, 0 },
	{ "127.0.0.1/16", "127.0.0.1", 16, "127.0.255.255", 0 },
	{ "2001:db8::1/48", "2001:db8::1", 48, NULL, 0 },
	/* The first IPv4 address of a device, else the first that others can reach. */
	{ "eth0", "10.0.0.1", 24, "10.0.0.255", 0 },
	{ "eth0:1", "10.0.0.2", 24, "10.0.0.255", 0 },
	{ "eth2", "10.2.0.1", 24, "10.2.0.127", 0 },
	{ "eth2:1", "10.2.0.1", 16, "10.2.255.254", 0 },
	{ "eth3", "2001:db8:3::1", 60, NULL, 0 },
	{ "late", "10.4.0.1", 16, "10.4.255.255", 0 },
	{ "lo", "127.0.0.1", 8, NULL, 0 },
	/* A device goes before a host, and before what is no address in digits. */
	{ "both", "10.0.0.4", 32, NULL, 0 },
	{ "127", "10.0.0.5", 32, NULL, 0 },
	{ "web1.example", "10.0.1.1", 32, NULL, 1 },
	{ "own.example", "10.0.0.1", 24, "10.0.0.255", 1 },
	{ "mixed.example", "10.0.1.5", 32, NULL, 1 },
	{ "ipv6.example", "2001:db8::1", 64, NULL, 1 },
	{ "localhost6", "::1", 128, NULL, 1 },
};

START_TEST(addresses_are_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address;

	memset(&address, 0x55, sizeof(address));
	ck_assert_int_eq(vctl_address_parse(readable[_i].text, &address, &err), 0);
	ck_assert_ptr_null(err);
	assert_address(&address, readable[_i].address, readable[_i].prefix,
		       readable[_i].broadcast);
	ck_assert_uint_eq(hosts_asked, readable[_i].hosts_asked);
	ck_assert_uint_eq(lent, 0);
}
END_TEST

static const struct {
	const char *text;
	int number;
	const char *why;
	unsigned int hosts_asked;
} refused[] = {
	{ "", EINVAL, "not an IPv4 address", 0 },
	{ "10.0.0.256", EINVAL, "not an IPv4 address", 0 },
	{ "10.1", EINVAL, "not an IPv4 address", 0 },
	{ "0x7f.1", EINVAL, "not an IPv4 address", 0 },
	{ "10.0.0.1 ", EINVAL, "not an IPv4 address", 0 },
	{ "2001:db8::g", EINVAL, "not an IPv6 address", 0 },
	{ "2001:db8::1::", EINVAL, "not an IPv6 address", 0 },
	{ "[2001:db8::1]", EINVAL, "not an IPv6 address", 0 },
	{ "fe80::1%eth0", EINVAL, "not an IPv6 address", 0 },
	{ "0.0.0.0", EINVAL, "not the address of a host", 0 },
	{ "0.1.2.3", EINVAL, "not the address of a host", 0 },
	{ "0.0.0.0/0", EINVAL, "not the address of a host", 0 },
	{ "224.0.0.1", EINVAL, "not the address of a host", 0 },
	{ "239.255.255.255/24", EINVAL, "not the address of a host", 0 },
	{ "255.255.255.255", EINVAL, "not the address of a host", 0 },
	{ "10.0.1.255/24", EINVAL, "the broadcast address of its network", 0 },
	{ "any0", EINVAL, "not the address of a host", 0 },
	{ "::", EINVAL, "not the address of a host", 0 },
	{ "ff02::1", EINVAL, "not the address of a host", 0 },
	{ "::ffff:10.0.0.1", EINVAL, "an IPv4 address, written", 0 },
	{ "::ffff:10.0.0.1/128", EINVAL, "an IPv4 address, written", 0 },
	{ "10.0.0.1/", EINVAL, "no mask", 0 },
	{ "10.0.0.1/33", EINVAL, "no mask", 0 },
	{ "10.0.0.1/024", EINVAL, "no mask", 0 },
	{ "10.0.0.1/00", EINVAL, "no mask", 0 },
	{ "10.0.0.1/-1", EINVAL, "no mask", 0 },
	{ "10.0.0.1/4294967304", EINVAL, "no mask", 0 },
	{ "10.0.0.1/24/24", EINVAL, "no mask", 0 },
	{ "10.0.0.1/255.0.255.0", EINVAL, "no mask", 0 },
	{ "10.0.0.1/0.0.0.255", EINVAL, "no mask", 0 },
	{ "10.0.0.1/ffff::", EINVAL, "no mask", 0 },
	{ "2001:db8::1/", EINVAL, "no mask", 0 },
	{ "2001:db8::1/129", EINVAL, "no mask", 0 },
	{ "2001:db8::1/064", EINVAL, "no mask", 0 },
	{ "2001:db8::1/ffff::", EINVAL, "no mask", 0 },
	{ "2001:db8::1/255.255.0.0", EINVAL, "no mask", 0 },
	{ "eth0/24", EINVAL, "can have a mask", 0 },
	{ "/24", EINVAL, "can have a mask", 0 },
	{ "eth1", EADDRNOTAVAIL, "this device has no", 0 },
	{ "tun0", EADDRNOTAVAIL, "this device has no", 0 },
	{ "dummy0", EADDRNOTAVAIL, "this device has no", 0 },
	{ "eth9", ENODEV, "no such device or host", 1 },
	{ "eth0:2", ENODEV, "no such device or host", 1 },
	{ "none.example", EADDRNOTAVAIL, "this host has", 1 },
	{ "none.local", EADDRNOTAVAIL, "this host has", 1 },
	{ "near.local", EADDRNOTAVAIL, "this host has", 1 },
	{ "blocked.example", EADDRNOTAVAIL, "this host has", 1 },
	{ "other.example", EADDRNOTAVAIL, "this host has", 1 },
	{ "slow.example", EAGAIN, "no name server", 1 },
	{ "broken.example", EIO, "failure", 1 },
	{ "memory.example", ENOMEM, "memory", 1 },
	{ "system.example", EMFILE, "open files", 1 },
};

START_TEST(or_not)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address, before;
	int number = refused[_i].number;
	char what[80];

	memset(&address, 0x55, sizeof(address));
	before = address;
	ck_assert_int_eq(vctl_address_parse(refused[_i].text, &address, &err), -number);
	assert_error(err, number == ENOMEM || number == EMFILE ? VCTL_SYSTEM : VCTL_BAD_ADDRESS,
		     number);
	snprintf(what, sizeof(what), "address %s",
		 *refused[_i].text ? refused[_i].text : "(empty)");
	ck_assert_str_eq(vctl_error_what(err), what);
	ck_assert_msg(strstr(vctl_error_why(err), refused[_i].why), "%s", vctl_error_why(err));
	ck_assert_mem_eq(&address, &before, sizeof(address));
	ck_assert_uint_eq(hosts_asked, refused[_i].hosts_asked);
	ck_assert_uint_eq(lent, 0);
	ck_assert_int_lt(vctl_address_parse(refused[_i].text, &address, NULL), 0);
}
END_TEST

START_TEST(a_mask_needs_no_list_of_devices)
{
	static const char *const texts[] = { "10.0.0.1", "2001:db8::1", "eth0", "web1.example" };
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address;

	devices_errno = EMFILE;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		ck_assert_int_eq(vctl_address_parse(texts[i], &address, &err), -EMFILE);
		assert_error(err, VCTL_SYSTEM, EMFILE);
		ck_assert_str_eq(vctl_error_what(err), "list of network devices");
		ck_assert_ptr_nonnull(strstr(vctl_error_advice(err), "mask"));
	}
	ck_assert_int_eq(vctl_address_parse("10.2.0.1/24", &address, NULL), 0);
	assert_address(&address, "10.2.0.1", 24, "10.2.0.255");
	ck_assert_int_eq(vctl_address_parse("2001:db8::1/60", &address, NULL), 0);
	assert_address(&address, "2001:db8::1", 60, NULL);
	ck_assert_uint_eq(lent, 0);
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address;
	char name[1000];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(vctl_address_parse(name, &address, &err), -ENODEV);
	ck_assert_uint_eq(strlen(vctl_error_what(err)), strlen("address ") + 253);
}
END_TEST

START_TEST(whatever_the_family_it_can_be_written)
{
	struct vcontext_address address = { .family = AF_UNIX };
	char *text = vctl_address_format(&address);

	ck_assert_str_eq(text, "of family 1");
	free(text);
	strdup_budget = 0;
	ck_assert_ptr_null(vctl_address_format(&address));
}
END_TEST

Suite *suite_address(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_loop_test(tests, addresses_are_read, 0, LENGTH(readable));
	tcase_add_loop_test(tests, or_not, 0, LENGTH(refused));
	tcase_add_test(tests, a_mask_needs_no_list_of_devices);
	tcase_add_test(tests, a_long_name_is_cut);
	tcase_add_test(tests, whatever_the_family_it_can_be_written);
	suite_add_tcase(suite, tests);
	return suite;
}
