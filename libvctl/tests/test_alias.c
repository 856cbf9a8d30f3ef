// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel says of its addresses, in bytes (little-endian machines).  What it does is tried
 * in a guest, by host_parts.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "fake.h"
#include "netlink.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* 10.0.0.5/24 on device 3, broadcast 10.0.0.255, label eth0:web1, ours; as part of a list. */
static const unsigned char ipv4[] __attribute__((aligned(4))) = {
	88, 0, 0, 0, 20, 0, 2, 0, 1, 0, 0, 0, 9, 0, 0, 0,
	2, 24, 0x81, 0, 3, 0, 0, 0,
	8, 0, 1, 0, 10, 0, 0, 5,
	8, 0, 2, 0, 10, 0, 0, 5,
	8, 0, 4, 0, 10, 0, 0, 255,
	14, 0, 3, 0, 'e', 't', 'h', '0', ':', 'w', 'e', 'b', '1', 0, 0, 0,
	8, 0, 8, 0, 0x81, 2, 0, 0,
	5, 0, 11, 0, 0xbc, 0, 0, 0,
	/* of a later kernel */
	8, 0, 99, 0, 1, 2, 3, 4,
};

/* 2001:db8::5/64 on device 3; the other end of a tunnel comes first. */
static const unsigned char ipv6[] __attribute__((aligned(4))) = {
	64, 0, 0, 0, 20, 0, 2, 0, 1, 0, 0, 0, 9, 0, 0, 0,
	10, 64, 0x80, 0, 3, 0, 0, 0,
	20, 0, 1, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6,
	20, 0, 2, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
};

static const unsigned char done[] __attribute__((aligned(4))) = {
	20, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
};

/* EPERM in the kernel's own words, the question not repeated. */
static const unsigned char refused[] __attribute__((aligned(4))) = {
	48, 0, 0, 0, 2, 0, 0, 3, 1, 0, 0, 0, 9, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 24, 0, 0, 0, 20, 0, 5, 6, 1, 0, 0, 0, 0, 0, 0, 0,
	11, 0, 1, 0, 'n', 'o', ' ', 'w', 'a', 'y', 0, 0,
};

/* ENODEV, with the question and no words. */
static const unsigned char repeated[] __attribute__((aligned(4))) = {
	44, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0,
	0xed, 0xff, 0xff, 0xff, 24, 0, 0, 0, 20, 0, 5, 6, 1, 0, 0, 0, 0, 0, 0, 0,
	2, 24, 0, 0, 3, 0, 0, 0,
};

static const unsigned char good[] __attribute__((aligned(4))) = {
	36, 0, 0, 0, 2, 0, 0, 1, 1, 0, 0, 0, 9, 0, 0, 0,
	0, 0, 0, 0, 24, 0, 0, 0, 20, 0, 5, 6, 1, 0, 0, 0, 0, 0, 0, 0,
};

static unsigned int seen;
static struct alias_on_device last;

static void look(const struct nlmsghdr *message, void *data)
{
	ck_assert_ptr_eq(data, &last);
	ck_assert(alias_read(message, data));
	seen++;
}

static struct netlink_answer answer;

static void set_up(void)
{
	seen = 0;
	answer = (struct netlink_answer){ .each = look, .data = &last, .sequence = 1 };
}

static void assert_last(int family, const char *text, unsigned int prefix, const char *broadcast)
{
	struct vcontext_address wanted = { .family = (uint16_t)family, .prefix = (uint8_t)prefix };

	wanted.broadcast = broadcast ? inet_addr(broadcast) : 0;
	ck_assert_int_eq(inet_pton(family, text, wanted.address), 1);
	ck_assert_mem_eq(&last.address, &wanted, sizeof(wanted));
	ck_assert_uint_eq(last.index, 3);
}

START_TEST(addresses_are_read)
{
	ck_assert_int_eq(netlink_read(&answer, ipv4, sizeof(ipv4)), 1);
	assert_last(AF_INET, "10.0.0.5", 24, "10.0.0.255");
	ck_assert(last.ours);
	ck_assert_uint_eq(last.flags, 0x281);

	ck_assert_int_eq(netlink_read(&answer, ipv6, sizeof(ipv6)), 1);
	assert_last(AF_INET6, "2001:db8::5", 64, NULL);
	ck_assert(!last.ours);
	ck_assert_uint_eq(last.flags, 0x80);
	ck_assert_uint_eq(seen, 2);
}
END_TEST

START_TEST(a_list_has_an_end)
{
	unsigned char all[sizeof(ipv4) + sizeof(ipv6) + sizeof(done)] __attribute__((aligned(4)));
	int error = -EMSGSIZE;

	memcpy(all, ipv4, sizeof(ipv4));
	memcpy(all + sizeof(ipv4), ipv6, sizeof(ipv6));
	memcpy(all + sizeof(ipv4) + sizeof(ipv6), done, sizeof(done));
	ck_assert_int_eq(netlink_read(&answer, all, sizeof(all)), 0);
	ck_assert_uint_eq(seen, 2);
	ck_assert(!answer.changed);

	/* It changed meanwhile, and could not be told to its end. */
	all[6] = NLM_F_MULTI | NLM_F_DUMP_INTR;
	memcpy(all + sizeof(all) - sizeof(error), &error, sizeof(error));
	ck_assert_int_eq(netlink_read(&answer, all, sizeof(all)), -EMSGSIZE);
	ck_assert(answer.changed);

	/* To another question. */
	answer.sequence = 2;
	ck_assert_int_eq(netlink_read(&answer, all, sizeof(all)), 1);
	ck_assert_uint_eq(seen, 4);
}
END_TEST

START_TEST(errors_come_with_words)
{
	ck_assert_int_eq(netlink_read(&answer, refused, sizeof(refused)), -EPERM);
	ck_assert_str_eq(answer.why, "no way");
	answer.why[0] = '\0';
	ck_assert_int_eq(netlink_read(&answer, repeated, sizeof(repeated)), -ENODEV);
	ck_assert_str_eq(answer.why, "");
	ck_assert_int_eq(netlink_read(&answer, good, sizeof(good)), 0);
	ck_assert_uint_eq(seen, 0);
}
END_TEST

/* Cut anywhere, whatever the lengths: an error or nothing, and no byte behind it is looked at. */
START_TEST(what_is_cut_is_no_answer)
{
	static const struct {
		const unsigned char *bytes;
		size_t count;
	} whole[] = { { ipv4, sizeof(ipv4) }, { refused, sizeof(refused) },
		      { repeated, sizeof(repeated) } };
	struct alias_on_device read;

	answer.each = NULL;
	for (size_t i = 0; i < LENGTH(whole); i++) {
		for (size_t count = 1; count < whole[i].count; count++) {
			unsigned char *cut = malloc(count);

			memcpy(cut, whole[i].bytes, count);
			ck_assert_int_eq(netlink_read(&answer, cut, count), -EPROTO);
			if (count >= sizeof(struct nlmsghdr)) {
				memcpy(cut, &(uint32_t){ (uint32_t)count }, sizeof(uint32_t));
				netlink_read(&answer, cut, count);
				alias_read((struct nlmsghdr *)cut, &read);
			}
			free(cut);
		}
	}
}
END_TEST

START_TEST(a_link_is_no_address)
{
	unsigned char other[sizeof(ipv4)] __attribute__((aligned(4)));
	struct alias_on_device read;

	memcpy(other, ipv4, sizeof(ipv4));
	other[4] = RTM_NEWLINK;
	ck_assert(!alias_read((struct nlmsghdr *)other, &read));
	other[4] = RTM_NEWADDR;
	other[sizeof(struct nlmsghdr)] = AF_UNIX;
	ck_assert(!alias_read((struct nlmsghdr *)other, &read));
}
END_TEST

/* What is not made is not looked for on a device. */
START_TEST(it_is_resolved_as_it_is)
{
	struct vctl_conf_address from = { .text = (char *)"10.0.0.1", .prefix = -1 };
	vctl_auto_error struct vctl_error *err = NULL;
	struct alias to;

	ck_assert_int_eq(alias_resolve(&from, &to, &err), 0);
	ck_assert_str_eq(to.device, "");
	ck_assert_int_eq(to.prefix, 24);
	ck_assert_uint_eq(to.address.broadcast, inet_addr("10.0.0.255"));

	from.prefix = 16;
	ck_assert_int_eq(alias_resolve(&from, &to, &err), 0);
	ck_assert_int_eq(to.address.prefix, 16);
	ck_assert_uint_eq(to.broadcast, inet_addr("10.0.255.255"));

	from.has_broadcast = true;
	ck_assert_int_eq(alias_resolve(&from, &to, &err), 0);
	ck_assert_uint_eq(to.address.broadcast, 0);
	ck_assert(!to.has_broadcast);

	from.broadcast = inet_addr("10.0.0.1");
	ck_assert_int_eq(alias_resolve(&from, &to, &err), -EINVAL);
	assert_error(err, VCTL_BAD_ADDRESS, EINVAL);
	from.prefix = 1000;
	ck_assert_int_eq(alias_resolve(&from, &to, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(vctl_error_why(err), "prefix"));

	from.device = (char *)"ether0";
	ck_assert_int_eq(alias_resolve(&from, &to, &err), -ENODEV);
	assert_error(err, VCTL_BAD_ADDRESS, ENODEV);
	ck_assert_str_eq(vctl_error_what(err), "device ether0");
}
END_TEST

Suite *suite_alias(void)
{
	Suite *suite = suite_create("alias");
	TCase *tests = tcase_create("alias");

	tcase_add_checked_fixture(tests, set_up, NULL);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	tcase_add_test(tests, addresses_are_read);
	tcase_add_test(tests, a_list_has_an_end);
	tcase_add_test(tests, errors_come_with_words);
	tcase_add_test(tests, what_is_cut_is_no_answer);
	tcase_add_test(tests, a_link_is_no_address);
#endif
	tcase_add_test(tests, it_is_resolved_as_it_is);
	suite_add_tcase(suite, tests);
	return suite;
}
