// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rtnetlink tells a process that is tied: its addresses, the devices that carry them, and
 * nothing of what else there is.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "netlink.h"

#define LOCAL	VCONTEXT_BIND_LOOPBACK

/* Whose view is looked at, and what it is to be. */
struct view {
	const char *name, *set;
	__u32 flags;
	bool inside;			/* in a context of its own */
	const char *addresses[5];
	const char *devices[4];
};

static const struct view views[] = {
	{ "one of IPv4", A "/24", .addresses = { A }, .devices = { "dummy1" } },
	{ "one of IPv4 in a context", A "/24", .inside = true, .addresses = { A },
	  .devices = { "dummy1" } },
	{ "one of IPv6", A6 "/64", .addresses = { A6 }, .devices = { "dummy1" } },
	{ "several", A "/24 10.81.3.1/24 " A6 "/64", .addresses = { A, "10.81.3.1", A6 },
	  .devices = { "dummy1", "dummy3" } },
	{ "a loopback", A "/24", LOCAL, .addresses = { A, "127.0.0.1", "::1" },
	  .devices = { "dummy1", "lo" } },
	{ "what the machine hasn't", "10.99.1.1/24 fd99::1/64" },
};

static void do_enter(void *data)
{
	(void)data;
	enter_new(0);
}

static struct party *viewer(const struct view *view)
{
	struct party *party = party_new(NULL, 0);

	if (view->inside)
		tell(party, do_enter, NULL, 0);
	party_tie(party, view->set, view->flags);
	return party;
}

static bool is_one_of(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count && list[i]; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

/* Who asks, and what it was told, as words */
struct asking {
	int fd, error, messages;
	struct netlink_question question;
	char words[8000];
};

static void tell_word(struct asking *asking, const char *word)
{
	size_t length = strlen(asking->words);

	if (length + strlen(word) + 2 < sizeof(asking->words))
		sprintf(asking->words + length, "%s ", word);
}

static void tell_address(struct asking *asking, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *about = NLMSG_DATA(message);
	const struct nlattr *attribute = netlink_find(message, sizeof(*about), IFA_LOCAL) ?:
					 netlink_find(message, sizeof(*about), IFA_ADDRESS);
	char text[64] = "?";

	if (attribute)
		inet_ntop(about->ifa_family, (const char *)attribute + NLA_HDRLEN, text,
			  sizeof(text));
	tell_word(asking, text);
}

static void tell_link(struct asking *asking, const struct nlmsghdr *message)
{
	const struct nlattr *attribute = netlink_find(message, sizeof(struct ifinfomsg),
						      IFLA_IFNAME);

	tell_word(asking, attribute ? (const char *)attribute + NLA_HDRLEN : "?");
}

/* What nobody of those here may be told of, wherever it is in a message. */
static void tell_foreign(struct asking *asking, const struct nlmsghdr *message)
{
	static const char *const foreign[] = {
		ONE, B, C, TWO, E, F, OFF2, "10.81.2.0", "10.81.2.255", ONE6, B6, TWO6, E6,
		"10.97.0.0", "fd97::", "fd81:2::",
	};
	static const unsigned char station[6] = { 2, 0x97, 0x97, 0x97, 0x97, 0x97 };
	char bytes[16];

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		bool ipv6 = strchr(foreign[i], ':');

		inet_pton(ipv6 ? AF_INET6 : AF_INET, foreign[i], bytes);
		if (netlink_has(message, bytes, ipv6 ? 16 : 4))
			tell_word(asking, foreign[i]);
	}
	if (netlink_has(message, "dummy2", 6))
		tell_word(asking, "dummy2");
	if (netlink_has(message, station, sizeof(station)))
		tell_word(asking, "a neighbour");
}

static void tell_all(const struct nlmsghdr *message, void *data)
{
	struct asking *asking = data;

	asking->messages++;
	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR)
		tell_address(asking, message);
	else if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK)
		tell_link(asking, message);
	else
		tell_word(asking, "?");
}

static void look_for_foreign(const struct nlmsghdr *message, void *data)
{
	((struct asking *)data)->messages++;
	tell_foreign(data, message);
}

static void do_ask(void *data)
{
	struct asking *asking = data;
	int fd = netlink_open(NETLINK_ROUTE, 0);

	asking->error = fd < 0 ? -fd : netlink_ask(fd, &asking->question, tell_all, asking);
	close(fd);
}

static void do_ask_foreign(void *data)
{
	struct asking *asking = data;
	int fd = netlink_open(NETLINK_ROUTE, 0);

	asking->error = fd < 0 ? -fd : netlink_ask(fd, &asking->question, look_for_foreign, asking);
	close(fd);
}

static void ask(struct party *at, struct asking *asking, void (*how)(void *data))
{
	asking->messages = 0;
	asking->words[0] = '\0';
	tell(at, how, asking, sizeof(*asking));
}

/* The words that came are those of @list that @fits takes, in any order. */
static void expect_words(const struct asking *asking, const char *const *list, size_t count,
			 bool (*fits)(const char *word, int family), int family)
{
	char words[8000], *word, *rest;
	size_t i, told = 0, want = 0;

	strcpy(words, asking->words);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		ktap_expect(is_one_of(list, count, word), "family %d: told of %s", family, word);
		told++;
	}
	for (i = 0; i < count && list[i]; i++)
		want += fits(list[i], family);
	ktap_expect(told == want, "family %d: expected %zu, came: %s", family, want, asking->words);
}

static bool is_of_family(const char *word, int family)
{
	return family == AF_UNSPEC || family == (strchr(word, ':') ? AF_INET6 : AF_INET);
}

static bool is_any(const char *word, int family)
{
	(void)word;
	(void)family;
	return true;
}

static void run_addresses(const void *data)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	const struct view *view = data;
	struct party *at = viewer(view);
	static struct asking asking;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct ifaddrmsg about = { .ifa_family = families[i] };

		netlink_begin(&asking.question, RTM_GETADDR, NLM_F_DUMP, &about, sizeof(about));
		ask(at, &asking, do_ask);
		expect_errno(asking.error, 0);
		expect_words(&asking, view->addresses, ARRAY_SIZE(view->addresses), is_of_family,
			     families[i]);
	}
}

static void run_links(const void *data)
{
	const struct view *view = data;
	struct party *at = viewer(view);
	static struct asking asking;

	for (__u32 extended = 0; extended < 2; extended++) {
		struct ifinfomsg about = { .ifi_family = AF_UNSPEC };

		netlink_begin(&asking.question, RTM_GETLINK, NLM_F_DUMP, &about, sizeof(about));
		if (extended)
			netlink_add(&asking.question, IFLA_EXT_MASK, &extended, sizeof(extended));
		ask(at, &asking, do_ask);
		expect_errno(asking.error, 0);
		expect_words(&asking, view->devices, ARRAY_SIZE(view->devices), is_any, AF_UNSPEC);
	}
}

/* One device, by number or name */
static void run_link(const void *data)
{
	static const char *const all[] = { "lo", "dummy1", "dummy2", "dummy3", "nobody" };
	const struct view *view = data;
	struct party *at = viewer(view);
	static struct asking asking;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (int by_name = 0; by_name < 3; by_name++) {
			bool own = is_one_of(view->devices, ARRAY_SIZE(view->devices), all[i]);
			struct ifinfomsg about = { .ifi_family = AF_UNSPEC };

			if (!by_name)
				about.ifi_index = if_nametoindex(all[i]) ?: 12345;
			netlink_begin(&asking.question, RTM_GETLINK, 0, &about, sizeof(about));
			if (by_name)
				netlink_add(&asking.question, by_name == 1 ? IFLA_IFNAME :
					    IFLA_ALT_IFNAME, all[i], strlen(all[i]) + 1);
			ask(at, &asking, do_ask);
			ktap_expect(asking.error == (own ? 0 : ENODEV),
				    "%s: expected %s, came %s", all[i],
				    errno_name(own ? 0 : ENODEV), errno_name(asking.error));
			ktap_expect(asking.messages == own, "%s: came %d messages", all[i],
				    asking.messages);
		}
}

/* One address; only IPv6 has that. */
static void run_address(const void *data)
{
	static const char *const all[] = { A6, B6, ONE6, E6, "::1", "fd97::1" };
	const struct view *view = data;
	struct party *at = viewer(view);
	static struct asking asking;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool own = is_one_of(view->addresses, ARRAY_SIZE(view->addresses), all[i]);
		struct ifaddrmsg about = { .ifa_family = AF_INET6, .ifa_prefixlen = 128 };
		struct in6_addr in6;

		inet_pton(AF_INET6, all[i], &in6);
		netlink_begin(&asking.question, RTM_GETADDR, 0, &about, sizeof(about));
		netlink_add(&asking.question, IFA_ADDRESS, &in6, sizeof(in6));
		ask(at, &asking, do_ask);
		ktap_expect(!asking.error == own && asking.error != ETIME && asking.messages == own,
			    "%s: came %s and %d messages", all[i], errno_name(asking.error),
			    asking.messages);
	}
}

/* Every list that there is, or may come */
static void run_lists(const void *data)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_BRIDGE, 28 /* MPLS */ };
	struct party *at = viewer(data);
	static struct asking asking;
	int type, told = 0;

	for (type = RTM_GETLINK; type <= RTM_GETLINK + 4 * 32; type += 4)
		for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
			char body[32] = { families[i] };

			netlink_begin(&asking.question, type, NLM_F_DUMP, body, sizeof(body));
			ask(NULL, &asking, do_ask_foreign);
			told += *asking.words;
			if (asking.error == ETIME)
				continue;
			ask(at, &asking, do_ask_foreign);
			ktap_expect(!*asking.words, "list %d of family %d tells of %s", type,
				    families[i], asking.words);
			ktap_expect(asking.error != ETIME, "list %d of family %d does not end",
				    type, families[i]);
		}
	ktap_need(told, "expected context 0 to be told");
}

struct single {
	const char *name;
	int type, family;
	const char *to;
	const char *device;
};

static const struct single singles[] = {
	{ "a foreign route", RTM_GETROUTE, AF_INET, TWO, NULL },
	{ "a route to elsewhere", RTM_GETROUTE, AF_INET, "10.97.1.1", NULL },
	{ "a route in the own network", RTM_GETROUTE, AF_INET, B, NULL },
	{ "a foreign route of IPv6", RTM_GETROUTE, AF_INET6, TWO6, NULL },
	{ "a route to elsewhere of IPv6", RTM_GETROUTE, AF_INET6, "fd97::1", NULL },
	{ "a foreign neighbour", RTM_GETNEIGH, AF_INET, OFF2, "dummy2" },
	{ "a foreign configuration", RTM_GETNETCONF, AF_INET, NULL, "dummy2" },
	{ "foreign numbers", RTM_GETSTATS, AF_UNSPEC, NULL, "dummy2" },
};

static void begin_single(struct netlink_question *question, const struct single *single)
{
	struct ndmsg neighbour = { .ndm_family = single->family };
	struct { __u8 family, pad[3]; __u32 index, mask; } stats = { .mask = 1 };
	struct rtmsg route = { .rtm_family = single->family };
	__u8 family = single->family;
	__u32 index = 0;
	char to[16];

	if (single->device)
		index = stats.index = neighbour.ndm_ifindex = if_nametoindex(single->device);
	if (single->to)
		inet_pton(single->family, single->to, to);
	if (single->type == RTM_GETROUTE) {
		route.rtm_dst_len = single->family == AF_INET ? 32 : 128;
		netlink_begin(question, single->type, 0, &route, sizeof(route));
		netlink_add(question, RTA_DST, to, single->family == AF_INET ? 4 : 16);
	} else if (single->type == RTM_GETNEIGH) {
		netlink_begin(question, single->type, 0, &neighbour, sizeof(neighbour));
		netlink_add(question, NDA_DST, to, 4);
	} else if (single->type == RTM_GETNETCONF) {
		netlink_begin(question, single->type, 0, &family, sizeof(family));
		netlink_add(question, 1 /* NETCONFA_IFINDEX */, &index, sizeof(index));
	} else {
		netlink_begin(question, single->type, 0, &stats, sizeof(stats));
	}
}

static void run_single(const void *data)
{
	static const struct view view = { "", A "/24 " A6 "/64" };
	const struct single *single = data;
	struct party *at = viewer(&view);
	static struct asking asking;

	begin_single(&asking.question, single);
	ask(NULL, &asking, do_ask);
	ktap_need(!asking.error && asking.messages == 1, "context 0 was told %s",
		  errno_name(asking.error));
	ask(at, &asking, do_ask);
	ktap_expect(asking.error != ETIME, "expected an answer, came none");
	ktap_expect(!asking.messages && asking.error, "expected an error, came %s",
		    errno_name(asking.error));
}

/* News */

static const char *const foreign_news[] = {
	"addr add 10.81.2.50/24 dev dummy2\n", "addr add fd81:2::50/64 dev dummy2 nodad\n",
	"addr add 10.81.1.50/24 dev dummy1\n", "addr add fd81:1::50/64 dev dummy1 nodad\n",
	"link set dummy2 mtu 1400\n", "route add 10.96.0.0/16 dev dummy2\n",
	"route add 10.95.0.0/16 dev dummy1\n", "route add fd96::/64 dev dummy2\n",
	"neigh add 10.81.2.88 lladdr 02:97:97:97:97:97 dev dummy2\n",
	"rule add from 10.81.2.2 lookup main\n", "addr del 10.81.2.50/24 dev dummy2\n",
	"addr del fd81:2::50/64 dev dummy2\n", "link set dummy2 mtu 1500\n",
	"rule del from 10.81.2.2 lookup main\n", "link add vc-news type dummy\n",
	"link del vc-news\n",
}, *const own_news[] = {
	"addr change " A "/24 brd 10.81.1.255 dev dummy1 valid_lft 5000 preferred_lft 5000\n",
	"addr change " A6 "/64 dev dummy1 valid_lft 5000 preferred_lft 5000 nodad\n",
	"link set dummy1 mtu 1450\n",
}, *const own_words[] = { A, A6, "dummy1" };

static void do_join(void *data)
{
	struct asking *asking = data;
	__u32 group;

	asking->fd = netlink_open(NETLINK_ROUTE, ~0U);
	for (group = 32; group < 40; group++)
		setsockopt(asking->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

static void do_listen(void *data)
{
	struct asking *asking = data;

	netlink_listen(asking->fd, ktap_seconds(1) * 200, tell_all, asking);
}

static void run_news(const void *data)
{
	static const struct view view = { "", A "/24 " A6 "/64" };
	struct party *at[2] = { viewer(&view), viewer(&views[1]) };
	static struct asking news[2];
	int i, j;

	(void)data;
	for (i = 0; i < 2; i++)
		ask(at[i], &news[i], do_join);
	for (i = 0; i < (int)ARRAY_SIZE(foreign_news); i++)
		ip_batch(foreign_news[i]);
	for (i = 0; i < 2; i++) {
		ask(at[i], &news[i], do_listen);
		ktap_expect(!news[i].messages, "told of: %s", news[i].words);
	}
	for (j = 0; j < (int)ARRAY_SIZE(own_news); j++) {
		ip_batch(own_news[j]);
		for (i = 0; i < 2; i++) {
			ask(at[i], &news[i], do_listen);
			if (i && j == 1)	/* that is not its own */
				ktap_expect(!news[i].messages, "told of: %s", news[i].words);
			else
				ktap_expect(strstr(news[i].words, own_words[j]),
					    "expected news of %s, came: %s", own_words[j],
					    news[i].words);
		}
	}
}

/* An own address goes and comes. */
static void run_comes(const void *data)
{
	static const struct view view = { "", "10.81.1.60/24 fd81:1::60/64" };
	struct party *at = viewer(&view);
	static struct asking news;
	static const char *const acts[] = {
		"addr add 10.81.1.60/24 dev dummy1\n", "addr add fd81:1::60/64 dev dummy1 nodad\n",
		"addr del 10.81.1.60/24 dev dummy1\n", "addr del fd81:1::60/64 dev dummy1\n",
	}, *const words[] = { "10.81.1.60", "fd81:1::60", "10.81.1.60", "fd81:1::60" };

	(void)data;
	ask(at, &news, do_join);
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		ip_batch(acts[i]);
		ask(at, &news, do_listen);
		ktap_expect(strstr(news.words, words[i]), "expected news of %s, came: %s", words[i],
			    news.words);
	}
	ip_batch("addr add 10.81.2.60/24 dev dummy2\n");
	ask(at, &news, do_listen);
	ktap_expect(!news.messages, "told of: %s", news.words);
}

/* Long lists end, and what is one's own is in them. */
static void run_long(const void *data)
{
	static char text[100000];
	struct ifaddrmsg about = { .ifa_family = AF_UNSPEC };
	const struct view *view = &views[3];
	static struct asking asking;
	struct party *at = viewer(view);
	int i, length = 0;

	(void)data;
	for (i = 0; i < 600; i++)
		length += sprintf(text + length, "addr add 10.98.%d.%d/32 dev dummy%d\n"
				  "addr add fd98::%x/128 dev dummy%d nodad\n", i / 250, i % 250 + 1,
				  i % 3 + 1, i + 1, i % 3 + 1);
	ip_batch(text);
	netlink_begin(&asking.question, RTM_GETADDR, NLM_F_DUMP, &about, sizeof(about));
	for (i = 0; i < 20; i++) {
		ask(at, &asking, do_ask);
		expect_errno(asking.error, 0);
		expect_words(&asking, view->addresses, ARRAY_SIZE(view->addresses), is_any,
			     AF_UNSPEC);
	}
}

/* Sockets */

struct opening {
	int protocol, value;
};

static void do_open(void *data)
{
	struct opening *what = data;

	what->value = netlink_open(what->protocol, 0);
}

static void run_refused(const void *data)
{
	static const int protocols[] = { NETLINK_GENERIC, NETLINK_FIB_LOOKUP };

	for (size_t v = 0; v < ARRAY_SIZE(views); v++)
		for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
			struct opening what = { protocols[i] };

			tell(viewer(&views[v]), do_open, &what, sizeof(what));
			ktap_expect(what.value == -EPROTONOSUPPORT,
				    "protocol %d: expected EPROTONOSUPPORT, came %s", protocols[i],
				    errno_name(what.value < 0 ? -what.value : 0));
		}
	(void)data;
}

static void do_ask_old(void *data)
{
	struct asking *asking = data;

	asking->error = netlink_ask(asking->fd, &asking->question, tell_all, asking);
}

/* Sockets from before, and from others, tell no more than new ones. */
static void run_before(const void *data)
{
	struct party *at[2] = { party_new(NULL, 0), party_new(NULL, 0) };
	struct ifaddrmsg about = { .ifa_family = AF_UNSPEC };
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	const struct view *view = &views[0];
	static struct asking asking;

	(void)data;
	for (int i = 0; i < 2; i++) {
		struct opening what = { NETLINK_ROUTE };

		tell(i ? NULL : at[0], do_open, &what, sizeof(what));
		ktap_need(what.value >= 0, "netlink: %s", errno_name(-what.value));
		party_tie(at[i], view->set, 0);
		asking.fd = i ? party_pass(NULL, what.value, at[1]) : what.value;
		netlink_begin(&asking.question, RTM_GETADDR, NLM_F_DUMP, &about, sizeof(about));
		ask(at[i], &asking, do_ask_old);
		expect_errno(asking.error, 0);
		expect_words(&asking, view->addresses, ARRAY_SIZE(view->addresses), is_any,
			     AF_UNSPEC);
		netlink_begin(&asking.question, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
		ask(at[i], &asking, do_ask_old);
		expect_errno(asking.error, 0);
		expect_words(&asking, view->devices, ARRAY_SIZE(view->devices), is_any, AF_UNSPEC);
	}
}

/* A process that is in a context and isn't tied is told of all. */
static void run_untied(const void *data)
{
	struct ifaddrmsg about = { .ifa_family = AF_UNSPEC };
	struct party *at = party_new(NULL, 0);
	static struct asking asking;

	(void)data;
	tell(at, do_enter, NULL, 0);
	netlink_begin(&asking.question, RTM_GETADDR, NLM_F_DUMP, &about, sizeof(about));
	ask(at, &asking, do_ask);
	expect_errno(asking.error, 0);
	ktap_expect(strstr(asking.words, TWO " ") && strstr(asking.words, ONE6 " ") &&
		    strstr(asking.words, "127.0.0.1 "), "expected all, came: %s", asking.words);
}

static const struct {
	const char *name;
	void (*run)(const void *data);
} suites[] = {
	{ "addresses", run_addresses },
	{ "devices", run_links },
	{ "a single device", run_link },
	{ "a single address", run_address },
};

static void add(const char *name, void (*run)(const void *data), const void *data,
		const char *anywhere)
{
	struct ktap_case *test = calloc(1, sizeof(*test));

	test->name = name;
	test->run = run;
	test->data = data;
	test->anywhere = anywhere;
	test->seconds = 30;
	ktap_add(test);
}

int main(int argc, char **argv)
{
	size_t i, j;

	net_up();
	ip_batch("route add 10.97.0.0/16 via " F " dev dummy2 src " E "\n"
		 "route add fd97::/64 dev dummy2\n"
		 "neigh add " OFF2 " lladdr 02:97:97:97:97:97 dev dummy2\n");
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (j = 0; j < ARRAY_SIZE(views); j++)
			add(ktap_text("%s: %s", suites[i].name, views[j].name), suites[i].run,
			    &views[j], NULL);
	add("all lists", run_lists, &views[0], NULL);
	add("all lists, in a context", run_lists, &views[1], NULL);
	for (i = 0; i < ARRAY_SIZE(singles); i++)
		add(singles[i].name, run_single, &singles[i], NULL);
	add("news", run_news, NULL, NULL);
	add("an own address goes and comes", run_comes, NULL, NULL);
	add("protocols that tell too much", run_refused, NULL, NULL);
	add("sockets from before and from others", run_before, NULL, NULL);
	add("who is in a context and not tied", run_untied, NULL, "it is told of all");
	add("long lists", run_long, NULL, NULL);
	return ktap_main(argc, argv);
}
