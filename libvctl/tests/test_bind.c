// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* An address in digits, which knows no network. */
static struct vcontext_address address_of(const char *text)
{
	struct vcontext_address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	address.prefix = address.family == AF_INET ? 32 : 128;
	ck_assert_int_eq(inet_pton(address.family, text, address.address), 1);
	return address;
}

START_TEST(the_set_is_handed_over)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address set[] = { address_of("10.0.0.1"), address_of("2001:db8::1"),
					  address_of("10.0.0.2") };

	set[0].prefix = 24;
	set[0].broadcast = inet_addr("10.0.0.255");
	fake.interrupts = 1;
	ck_assert_int_eq(vctl_bind(dev, set, LENGTH(set), VCONTEXT_BIND_LOOPBACK, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(fake.bind.size, sizeof(fake.bind));
	ck_assert_uint_eq(fake.bind.flags, VCONTEXT_BIND_LOOPBACK);
	ck_assert_uint_eq(fake.bind.count, LENGTH(set));
	ck_assert_uint_eq(fake.bind.pad, 0);
	ck_assert_mem_eq(fake.addresses, set, sizeof(set));
	ck_assert_mem_eq(fake.addresses[0].address, "\x0a\0\0\x01", 4);
}
END_TEST

static const struct {
	const char *address;
	const char *second;	/* NULL: one is all */
	uint32_t flags;
	int number;
	enum vctl_code code;
	const char *what;
	const char *why;
} refused[] = {
	{ "10.0.0.1", NULL, 0, EPERM, VCTL_TIED, "address 10.0.0.1", "tied to addresses already" },
	{ "10.0.0.1", "::1", 0, EPERM, VCTL_TIED, "set of addresses", "tied to addresses" },
	{ "0.0.0.0", NULL, 0, EPERM, VCTL_TIED, "address 0.0.0.0", "tied to addresses already" },
	{ "10.0.0.1", NULL, 0, EINVAL, VCTL_THREADS, "address 10.0.0.1", "more than one thread" },
	{ "240.0.0.1", "fe80::1", 0, EINVAL, VCTL_THREADS, "set of addresses", "one thread" },
	{ "127.0.0.1", "::1", 0, EINVAL, VCTL_THREADS, "set of addresses", "one thread" },
	{ "::1", "::2", 0, EINVAL, VCTL_THREADS, "set of addresses", "one thread" },
	{ "10.0.0.1", "a00:1::", 0, EINVAL, VCTL_THREADS, "set of addresses", "one thread" },
	{ "0.0.0.0", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address 0.0.0.0", "not the address of" },
	{ "0.1.2.3", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address 0.1.2.3", "not the address of" },
	{ "10.0.0.1", "224.0.0.1", 0, EINVAL, VCTL_BAD_ADDRESS, "address 224.0.0.1",
	  "not the address of a host" },
	{ "239.255.255.255", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address 239.255.255.255",
	  "not the address of a host" },
	{ "255.255.255.255", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address 255.255.255.255",
	  "not the address of a host" },
	{ "10.0.0.1", "::", 0, EINVAL, VCTL_BAD_ADDRESS, "address ::", "not the address of" },
	{ "ff02::1", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address ff02::1", "not the address of" },
	{ "::ffff:10.0.0.1", NULL, 0, EINVAL, VCTL_BAD_ADDRESS, "address ::ffff:10.0.0.1",
	  "an IPv4 address, written" },
	{ "10.0.0.1", "10.0.0.1", 0, EINVAL, VCTL_BAD_ADDRESS, "address 10.0.0.1", "twice" },
	{ "::1", "::1", 0, EINVAL, VCTL_BAD_ADDRESS, "address ::1", "twice" },
	{ "127.0.0.1", NULL, VCONTEXT_BIND_LOOPBACK, EINVAL, VCTL_BAD_ADDRESS,
	  "address 127.0.0.1", "private loopback" },
	{ "::2", "127.1.2.3", VCONTEXT_BIND_LOOPBACK, EINVAL, VCTL_BAD_ADDRESS,
	  "address 127.1.2.3", "private loopback" },
	{ "10.0.0.1", "::1", VCONTEXT_BIND_LOOPBACK, EINVAL, VCTL_BAD_ADDRESS, "address ::1",
	  "private loopback" },
	{ "10.0.0.1", NULL, VCONTEXT_BIND_LOOPBACK, EINVAL, VCTL_THREADS, "address 10.0.0.1",
	  "more than one thread" },
	{ "10.0.0.1", NULL, 0x80000001, EINVAL, VCTL_BAD_FLAG, "address 10.0.0.1", "flag" },
	{ "10.0.0.1", NULL, VCONTEXT_BIND_LOOPBACK, ENOSPC, VCTL_FULL, "address 10.0.0.1",
	  "no private loopback" },
	{ "10.0.0.1", NULL, 0, ENOTTY, VCTL_OLD_KERNEL, "address 10.0.0.1", "older" },
	{ "10.0.0.1", NULL, 0, E2BIG, VCTL_OLD_KERNEL, "address 10.0.0.1", "older" },
	{ "10.0.0.1", "::1", 0, ENOMEM, VCTL_SYSTEM, "set of addresses", "" },
};

START_TEST(or_it_says_why_not)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	const char *second = refused[_i].second;
	struct vcontext_address set[2] = { address_of(refused[_i].address) };

	if (second)
		set[1] = address_of(second);
	fake.bind_errno = refused[_i].number;
	ck_assert_int_eq(vctl_bind(dev, set, second ? 2 : 1, refused[_i].flags, &err),
			 -refused[_i].number);
	assert_error(err, refused[_i].code, refused[_i].number);
	ck_assert_str_eq(vctl_error_what(err), refused[_i].what);
	ck_assert_msg(strstr(vctl_error_why(err), refused[_i].why), "%s", vctl_error_why(err));
}
END_TEST

/* One field of an address that is fine otherwise. */
static const struct {
	const char *address;
	size_t offset;
	uint8_t value;
	const char *what;
	const char *why;
} fields[] = {
	{ "10.0.0.1", offsetof(struct vcontext_address, prefix), 33, "address 10.0.0.1", "prefix" },
	{ "::1", offsetof(struct vcontext_address, prefix), 129, "address ::1", "prefix" },
	{ "10.0.0.1", offsetof(struct vcontext_address, pad), 1, "address 10.0.0.1", "field" },
	{ "10.0.0.1", offsetof(struct vcontext_address, address[4]), 1, "address 10.0.0.1",
	  "field" },
	{ "10.0.0.1", offsetof(struct vcontext_address, address[15]), 1, "address 10.0.0.1",
	  "field" },
	{ "::1", offsetof(struct vcontext_address, broadcast), 1, "address ::1", "field" },
	{ "::1", offsetof(struct vcontext_address, family), AF_UNIX, "address of family 1",
	  "neither" },
};

START_TEST(no_field_is_amiss)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address = address_of(fields[_i].address);

	/* The family is two bytes, and its value in the one or the other. */
	if (fields[_i].offset == offsetof(struct vcontext_address, family))
		address.family = fields[_i].value;
	else
		((uint8_t *)&address)[fields[_i].offset] = fields[_i].value;
	fake.bind_errno = EINVAL;
	ck_assert_int_eq(vctl_bind(dev, &address, 1, 0, &err), -EINVAL);
	assert_error(err, VCTL_BAD_ADDRESS, EINVAL);
	ck_assert_str_eq(vctl_error_what(err), fields[_i].what);
	ck_assert_msg(strstr(vctl_error_why(err), fields[_i].why), "%s", vctl_error_why(err));
}
END_TEST

START_TEST(its_own_broadcast_address_is_no_hosts)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address address = address_of("10.0.0.7");

	address.broadcast = inet_addr("10.0.0.7");
	fake.bind_errno = EINVAL;
	ck_assert_int_eq(vctl_bind(dev, &address, 1, 0, &err), -EINVAL);
	assert_error(err, VCTL_BAD_ADDRESS, EINVAL);
	ck_assert_ptr_nonnull(strstr(vctl_error_why(err), "broadcast"));
}
END_TEST

static const struct {
	size_t count;
	uint32_t asked;
	enum vctl_code code;
	const char *why;
} counts[] = {
	{ 0, 0, VCTL_BAD_ADDRESS, "empty" },
	{ VCONTEXT_ADDRESSES_MAX, VCONTEXT_ADDRESSES_MAX, VCTL_THREADS, "thread" },
	{ VCONTEXT_ADDRESSES_MAX + 1, VCONTEXT_ADDRESSES_MAX + 1, VCTL_BAD_ADDRESS, "too many" },
	{ SIZE_MAX, UINT32_MAX, VCTL_BAD_ADDRESS, "too many" },
#if SIZE_MAX > UINT32_MAX
	{ (size_t)UINT32_MAX + 2, UINT32_MAX, VCTL_BAD_ADDRESS, "too many" },
#endif
};

START_TEST(none_and_too_many)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_address set[VCONTEXT_ADDRESSES_MAX];

	for (unsigned int i = 0; i < LENGTH(set); i++) {
		set[i] = address_of("10.0.0.1");
		set[i].address[3] = (uint8_t)i;
	}
	fake.bind_errno = EINVAL;
	ck_assert_int_eq(vctl_bind(dev, set, counts[_i].count, 0, &err), -EINVAL);
	assert_error(err, counts[_i].code, EINVAL);
	ck_assert_uint_eq(fake.bind.count, counts[_i].asked);
	ck_assert_str_eq(vctl_error_what(err), "set of addresses");
	ck_assert_msg(strstr(vctl_error_why(err), counts[_i].why), "%s", vctl_error_why(err));
	ck_assert_int_eq(vctl_bind(dev, set, counts[_i].count, 0, NULL), -EINVAL);
}
END_TEST

Suite *suite_bind(void)
{
	Suite *suite = suite_create("bind");
	TCase *tests = tcase_create("bind");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, the_set_is_handed_over);
	tcase_add_loop_test(tests, or_it_says_why_not, 0, LENGTH(refused));
	tcase_add_loop_test(tests, no_field_is_amiss, 0, LENGTH(fields));
	tcase_add_test(tests, its_own_broadcast_address_is_no_hosts);
	tcase_add_loop_test(tests, none_and_too_many, 0, LENGTH(counts));
	suite_add_tcase(suite, tests);
	return suite;
}
