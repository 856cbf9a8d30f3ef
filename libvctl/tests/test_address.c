// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A device or host of that name; without @ipv4 it has an address of another family, or none. */
struct named {
	const char *name;
	const char *ipv4;
	int family;
};

/* In the order in which the kernel tells: links, then IPv4 addresses, then IPv6. */
static const struct named device_table[] = {
	{ "eth0", NULL, AF_PACKET },
	{ "eth1", NULL, AF_PACKET },
	{ "tun0", NULL, AF_UNSPEC },
	{ "eth0", "10.0.0.1", AF_INET },
	{ "eth0", "10.0.0.9", AF_INET },
	{ "eth0:1", "10.0.0.2", AF_INET },
	{ "both", "10.0.0.4", AF_INET },
	{ "127", "10.0.0.5", AF_INET },
	{ "eth1", NULL, AF_INET6 },
};

static const struct named host_table[] = {
	{ "both", "10.0.1.4", AF_INET },
	{ "web1.example", "10.0.1.1", AF_INET },
	{ "web1.example", "10.0.1.2", AF_INET },
};

static const struct {
	const char *name;
	int answer;
} host_failures[] = {
	{ "ipv6.example", EAI_NODATA },	  { "ipv6.local", EAI_ADDRFAMILY },
	{ "slow.example", EAI_AGAIN },	  { "broken.example", EAI_FAIL },
	{ "memory.example", EAI_MEMORY }, { "system.example", EAI_SYSTEM },
};

static struct ifaddrs devices[LENGTH(device_table)];
static struct addrinfo answers[LENGTH(host_table)];
static struct sockaddr_in addresses[LENGTH(device_table) + LENGTH(host_table)];
static int devices_errno;
static unsigned int lent, hosts_asked;

int __wrap_getifaddrs(struct ifaddrs **list);
void __wrap_freeifaddrs(struct ifaddrs *list);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
		       struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);

static struct sockaddr *address_of(const struct named *named, struct sockaddr_in *place)
{
	if (named->family == AF_UNSPEC)
		return NULL;

	*place = (struct sockaddr_in){ .sin_family = (sa_family_t)named->family };
	if (named->ipv4 && inet_pton(AF_INET, named->ipv4, &place->sin_addr) != 1)
		abort();
	return (struct sockaddr *)place;
}

int __wrap_getifaddrs(struct ifaddrs **list)
{
	errno = devices_errno;
	if (errno)
		return -1;

	for (size_t i = 0; i < LENGTH(device_table); i++) {
		devices[i].ifa_name = (char *)device_table[i].name;
		devices[i].ifa_addr = address_of(&device_table[i], &addresses[i]);
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
	if (service || wanted->ai_family != AF_INET)
		abort();
	for (size_t i = 0; i < LENGTH(host_failures); i++) {
		errno = EMFILE;
		if (strcmp(host_failures[i].name, name) == 0)
			return host_failures[i].answer;
	}
	/* From behind: the first of that name is the first of the list. */
	for (size_t i = LENGTH(host_table); i-- > 0;) {
		struct sockaddr_in *place = &addresses[LENGTH(device_table) + i];

		if (strcmp(host_table[i].name, name) != 0)
			continue;
		answers[i] = (struct addrinfo){ .ai_next = first,
						.ai_addr = address_of(&host_table[i], place) };
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

static const struct {
	const char *text;
	const char *ipv4;
	unsigned int hosts_asked;
} readable[] = {
	{ "10.0.0.1", "10.0.0.1", 0 },
	{ "0.0.0.0", "0.0.0.0", 0 },
	{ "255.255.255.255", "255.255.255.255", 0 },
	{ "10.0.0.1/24", "10.0.0.1", 0 },
	{ "10.0.0.1/0", "10.0.0.1", 0 },
	{ "10.0.0.1/32", "10.0.0.1", 0 },
	{ "10.0.0.1/255.255.255.0", "10.0.0.1", 0 },
	{ "10.0.0.1/255.255.255.255", "10.0.0.1", 0 },
	{ "10.0.0.1/0.0.0.0", "10.0.0.1", 0 },
	{ "eth0", "10.0.0.1", 0 },
	{ "eth0:1", "10.0.0.2", 0 },
	/* A device goes before a host, and before what is no address in digits. */
	{ "both", "10.0.0.4", 0 },
	{ "127", "10.0.0.5", 0 },
	{ "web1.example", "10.0.1.1", 1 },
};

START_TEST(addresses_are_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t ipv4 = 0;

	ck_assert_int_eq(vctl_address_parse(readable[_i].text, &ipv4, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(ipv4, inet_addr(readable[_i].ipv4));
	ck_assert_uint_eq(hosts_asked, readable[_i].hosts_asked);
	ck_assert_uint_eq(lent, 0);
}
END_TEST

static const struct {
	const char *text;
	enum vctl_code code;
	int number;
	const char *what;
	const char *why;
	unsigned int hosts_asked;
} refused[] = {
	{ "", VCTL_BAD_ADDRESS, EINVAL, "address (empty)", "not an IPv4 address", 0 },
	{ "10.0.0.256", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.256", "not an IPv4 address", 0 },
	{ "10.1", VCTL_BAD_ADDRESS, EINVAL, "address 10.1", "not an IPv4 address", 0 },
	{ "0x7f.1", VCTL_BAD_ADDRESS, EINVAL, "address 0x7f.1", "not an IPv4 address", 0 },
	{ "10.0.0.1 ", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1 ", "not an IPv4 address", 0 },
	{ "::1", VCTL_BAD_ADDRESS, EINVAL, "address ::1", "IPv6", 0 },
	{ "::ffff:10.0.0.1", VCTL_BAD_ADDRESS, EINVAL, "address ::ffff:10.0.0.1", "IPv6", 0 },
	{ "10.0.0.1/", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/", "no mask", 0 },
	{ "10.0.0.1/33", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/33", "no mask", 0 },
	{ "10.0.0.1/024", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/024", "no mask", 0 },
	{ "10.0.0.1/-1", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/-1", "no mask", 0 },
	{ "10.0.0.1/24/24", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/24/24", "no mask", 0 },
	{ "10.0.0.1/255.0.255.0", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/255.0.255.0",
	  "no mask", 0 },
	{ "10.0.0.1/0.0.0.255", VCTL_BAD_ADDRESS, EINVAL, "address 10.0.0.1/0.0.0.255", "no mask",
	  0 },
	{ "eth0/24", VCTL_BAD_ADDRESS, EINVAL, "address eth0/24", "can have a mask", 0 },
	{ "/24", VCTL_BAD_ADDRESS, EINVAL, "address /24", "can have a mask", 0 },
	{ "eth1", VCTL_BAD_ADDRESS, EADDRNOTAVAIL, "address eth1", "this device has no", 0 },
	{ "tun0", VCTL_BAD_ADDRESS, EADDRNOTAVAIL, "address tun0", "this device has no", 0 },
	{ "eth9", VCTL_BAD_ADDRESS, ENODEV, "address eth9", "no such device or host", 1 },
	{ "eth0:2", VCTL_BAD_ADDRESS, ENODEV, "address eth0:2", "no such device or host", 1 },
	{ "ipv6.example", VCTL_BAD_ADDRESS, EADDRNOTAVAIL, "address ipv6.example", "this host has",
	  1 },
	{ "ipv6.local", VCTL_BAD_ADDRESS, EADDRNOTAVAIL, "address ipv6.local", "this host has", 1 },
	{ "slow.example", VCTL_BAD_ADDRESS, EAGAIN, "address slow.example", "no name server", 1 },
	{ "broken.example", VCTL_BAD_ADDRESS, EIO, "address broken.example", "failure", 1 },
	{ "memory.example", VCTL_SYSTEM, ENOMEM, "address memory.example", "memory", 1 },
	{ "system.example", VCTL_SYSTEM, EMFILE, "address system.example", "open files", 1 },
};

START_TEST(or_not)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t ipv4 = 99;

	ck_assert_int_eq(vctl_address_parse(refused[_i].text, &ipv4, &err), -refused[_i].number);
	assert_error(err, refused[_i].code, refused[_i].number);
	ck_assert_str_eq(vctl_error_what(err), refused[_i].what);
	ck_assert_msg(strstr(vctl_error_why(err), refused[_i].why), "%s", vctl_error_why(err));
	ck_assert_uint_eq(ipv4, 99);
	ck_assert_uint_eq(hosts_asked, refused[_i].hosts_asked);
	ck_assert_uint_eq(lent, 0);
	ck_assert_int_lt(vctl_address_parse(refused[_i].text, &ipv4, NULL), 0);
}
END_TEST

START_TEST(without_a_list_of_devices)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t ipv4;

	devices_errno = EMFILE;
	ck_assert_int_eq(vctl_address_parse("10.0.0.1", &ipv4, &err), 0);
	ck_assert_int_eq(vctl_address_parse("eth0", &ipv4, &err), -EMFILE);
	assert_error(err, VCTL_SYSTEM, EMFILE);
	ck_assert_str_eq(vctl_error_what(err), "list of network devices");
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char name[1000];
	uint32_t ipv4;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(vctl_address_parse(name, &ipv4, &err), -ENODEV);
	ck_assert_uint_eq(strlen(vctl_error_what(err)), strlen("address ") + 253);
}
END_TEST

static const struct {
	int number;
	const char *ipv4;
	enum vctl_code code;
	const char *why;
} bind_errors[] = {
	{ EPERM, "10.0.0.1", VCTL_TIED, "tied to an address already" },
	{ EPERM, "0.0.0.0", VCTL_TIED, "tied to an address already" },
	{ EINVAL, "10.0.0.1", VCTL_THREADS, "more than one thread" },
	{ EINVAL, "240.0.0.1", VCTL_THREADS, "more than one thread" },
	{ EINVAL, "0.0.0.0", VCTL_BAD_ADDRESS, "not the address of a host" },
	{ EINVAL, "0.1.2.3", VCTL_BAD_ADDRESS, "not the address of a host" },
	{ EINVAL, "224.0.0.1", VCTL_BAD_ADDRESS, "not the address of a host" },
	{ EINVAL, "239.255.255.255", VCTL_BAD_ADDRESS, "not the address of a host" },
	{ EINVAL, "255.255.255.255", VCTL_BAD_ADDRESS, "not the address of a host" },
	{ ENOTTY, "10.0.0.1", VCTL_OLD_KERNEL, "older" },
	{ ENOMEM, "10.0.0.1", VCTL_SYSTEM, "" },
};

START_TEST(bind_says_why_not)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t ipv4 = inet_addr(bind_errors[_i].ipv4);
	const char *what;

	fake.bind_errno = bind_errors[_i].number;
	ck_assert_int_eq(vctl_bind(dev, ipv4, &err), -bind_errors[_i].number);
	assert_error(err, bind_errors[_i].code, bind_errors[_i].number);
	what = vctl_error_what(err);
	ck_assert_int_eq(strncmp(what, "address ", 8), 0);
	ck_assert_str_eq(what + 8, bind_errors[_i].ipv4);
	ck_assert_msg(strstr(vctl_error_why(err), bind_errors[_i].why), "%s", vctl_error_why(err));
}
END_TEST

START_TEST(bind_asks_in_network_order)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_bind(dev, htonl(0x0a000001), &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(fake.bind.size, sizeof(fake.bind));
	ck_assert_mem_eq(&fake.bind.ipv4, "\x0a\0\0\x01", 4);
}
END_TEST

Suite *suite_address(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_loop_test(tests, addresses_are_read, 0, LENGTH(readable));
	tcase_add_loop_test(tests, or_not, 0, LENGTH(refused));
	tcase_add_test(tests, without_a_list_of_devices);
	tcase_add_test(tests, a_long_name_is_cut);
	tcase_add_loop_test(tests, bind_says_why_not, 0, LENGTH(bind_errors));
	tcase_add_test(tests, bind_asks_in_network_order);
	suite_add_tcase(suite, tests);
	return suite;
}
