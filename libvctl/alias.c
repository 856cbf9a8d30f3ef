// SPDX-License-Identifier: LGPL-2.1-or-later
/* Addresses of vservers on devices: what they are, whether they are there, made and taken away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "address.h"
#include "alias.h"
#include "announce.h"
#include "cleanup.h"
#include "netlink.h"

#define CONF "/proc/sys/net/ipv4/conf/"

static void cleanup_names(struct if_nameindex **names)
{
	if (*names)
		if_freenameindex(*names);
}

#define auto_names	__attribute__((cleanup(cleanup_names)))

/*
 * The kernel's list
 */

static bool put_bytes(const struct rtattr *attribute, size_t size, void *to)
{
	if (!attribute || RTA_PAYLOAD(attribute) < size)
		return false;

	memcpy(to, RTA_DATA(attribute), size);
	return true;
}

bool alias_read(const struct nlmsghdr *message, struct alias_on_device *read)
{
	const struct rtattr *found[IFA_PROTO + 1];
	const struct ifaddrmsg *body = NLMSG_DATA(message);
	uint8_t mark = 0;
	size_t size;

	*read = (struct alias_on_device){ 0 };
	if (message->nlmsg_type != RTM_NEWADDR ||
	    !netlink_attributes(message, sizeof(*body), found, IFA_PROTO + 1) ||
	    (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return false;

	size = body->ifa_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	/* Where there are both, one is that of the other end. */
	if (!put_bytes(found[IFA_LOCAL], size, read->address.address) &&
	    !put_bytes(found[IFA_ADDRESS], size, read->address.address))
		return false;

	read->index = body->ifa_index;
	read->address.family = body->ifa_family;
	read->address.prefix = body->ifa_prefixlen;
	if (body->ifa_family == AF_INET)
		put_bytes(found[IFA_BROADCAST], size, &read->address.broadcast);
	read->flags = body->ifa_flags;
	put_bytes(found[IFA_FLAGS], sizeof(read->flags), &read->flags);
	put_bytes(found[IFA_PROTO], sizeof(mark), &mark);
	read->ours = mark == ALIAS_PROTO;
	return true;
}

/* All of a family, of a device or (0) of all of them. */
static int list_addresses(int family, unsigned int index, struct netlink_answer *answer)
{
	struct ifaddrmsg body = { .ifa_family = (unsigned char)family, .ifa_index = index };
	struct netlink_request request;

	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	return netlink_ask(&request, answer);
}

static void name_address(const struct vcontext_address *address, char what[ADDRESS_ROOM])
{
	char text[INET6_ADDRSTRLEN];

	vctl_address_what(vctl_address_text(address, text), what);
}

/* What the kernel has refused: by the table, else in its own words. */
static int explain(const struct vctl_reason *reasons, int number,
		   const struct vcontext_address *address, const struct netlink_answer *answer,
		   struct vctl_error **err)
{
	char what[ADDRESS_ROOM];

	name_address(address, what);
	for (; reasons->number; reasons++) {
		if (reasons->number == number)
			return vctl_error_set(err, reasons->code, number, what, reasons->why,
					      reasons->advice);
	}

	return vctl_error_set(err, VCTL_SYSTEM, number, what, *answer->why ? answer->why : NULL,
			      NULL);
}

static const struct vctl_reason no_reasons[] = { { 0 } };

/*
 * What an address of a configuration comes to
 */

static int no_device(const char *name, struct vctl_error **err)
{
	auto_names struct if_nameindex *all = if_nameindex();
	const char *names[32], *near;
	char advice[256] = "", what[64];
	size_t count = 0, used = 0;

	for (; all && all[count].if_name && count < 31; count++)
		names[count] = all[count].if_name;
	names[count] = NULL;

	near = vctl_nearest(name, names);
	if (near)
		used = (size_t)snprintf(advice, sizeof(advice), "did you mean %s? ", near);
	for (size_t i = 0; i < count && used < sizeof(advice) - IFNAMSIZ - 32; i++)
		used += (size_t)snprintf(advice + used, sizeof(advice) - used, "%s%s",
					 i ? ", " : "this machine has: ", names[i]);

	snprintf(what, sizeof(what), "device %.40s", *name ? name : "(empty)");
	return vctl_error_set(err, VCTL_BAD_ADDRESS, ENODEV, what,
			      "there is no such network device", advice);
}

/* Its number, and by what name the kernel knows it: it may have others. */
static int find_device(const char *name, char device[IFNAMSIZ], struct vctl_error **err)
{
	unsigned int index = if_nametoindex(name);

	if (index && if_indextoname(index, device))
		return (int)index;
	if (errno == ENODEV || errno == ENXIO)
		return no_device(name, err);

	return vctl_error_set(err, VCTL_SYSTEM, errno, "list of network devices", NULL, NULL);
}

static short device_flags(const char *device)
{
	struct ifreq request = { 0 };
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	return fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? request.ifr_flags : 0;
}

static bool in_network(const struct vcontext_address *address,
		       const struct vcontext_address *network)
{
	size_t bytes = network->prefix / 8;
	unsigned int rest = network->prefix % 8;

	if (address->family != network->family || bytes > sizeof(network->address) ||
	    memcmp(address->address, network->address, bytes) != 0)
		return false;

	return rest == 0 || (address->address[bytes] ^ network->address[bytes]) >> (8 - rest) == 0;
}

static bool is_link_local(const struct vcontext_address *address)
{
	struct in6_addr ipv6;

	memcpy(&ipv6, address->address, sizeof(ipv6));
	return address->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ipv6);
}

/* That address of a device which tells most about the network of another one. */
struct network {
	const struct vcontext_address *wanted;
	unsigned int index;
	unsigned int rank;
	struct vcontext_address best;
};

enum { RANK_NONE, RANK_FIRST, RANK_INSIDE, RANK_SAME = 256 };

static void look_at_network(const struct nlmsghdr *message, void *data)
{
	struct network *network = data;
	struct alias_on_device read;
	unsigned int rank = RANK_FIRST;

	if (!alias_read(message, &read) || read.index != network->index ||
	    is_link_local(&read.address) != is_link_local(network->wanted))
		return;

	if (vctl_address_same(&read.address, network->wanted))
		rank = RANK_SAME;
	else if (in_network(network->wanted, &read.address))
		rank = RANK_INSIDE + read.address.prefix;
	if (rank > network->rank) {
		network->rank = rank;
		network->best = read.address;
	}
}

static uint8_t prefix_of(const struct vctl_conf_address *from, uint8_t otherwise)
{
	if (from->prefix < 0)
		return otherwise;

	return from->prefix > UINT8_MAX ? UINT8_MAX : (uint8_t)from->prefix;
}

/* Complete an address that gets made on a device. */
static int complete(const struct vctl_conf_address *from, unsigned int index, const char *device,
		    struct vcontext_address *address, struct vctl_error **err)
{
	uint8_t alone = address->family == AF_INET ? 32 : 128;
	struct network network = { .wanted = address, .index = index };
	struct netlink_answer answer = { .each = look_at_network, .data = &network };
	short flags = device_flags(device);
	int result = 0;

	if (!(flags & IFF_LOOPBACK))
		result = list_addresses(address->family, index, &answer);
	if (result < 0)
		return explain(no_reasons, -result, address, &answer, err);

	address->prefix = prefix_of(from, network.rank ? network.best.prefix : alone);
	address->broadcast = flags & IFF_BROADCAST ? vctl_address_last(address) : 0;
	if (network.rank >= RANK_INSIDE && network.best.prefix == address->prefix &&
	    network.best.broadcast)
		address->broadcast = network.best.broadcast;
	return 0;
}

/*
 * Digits come first: of a name that is no device's the kernel asks modprobe, which takes ten times
 * as long as all the rest.
 */
static int resolve_text(const char *text, struct vcontext_address *address,
			struct vctl_error **err)
{
	char what[ADDRESS_ROOM];

	if (vctl_address_digits(text, address))
		return 0;
	if (!if_nametoindex(text))
		return vctl_address_parse(text, address, err);

	vctl_address_what(text, what);
	return vctl_error_set(err, VCTL_BAD_ADDRESS, EINVAL, what,
			      "this is a device, whose address is there already",
			      "leave out the device on which it is to be made");
}

static int resolve_on_device(const struct vctl_conf_address *from, struct alias *to,
			     struct vctl_error **err)
{
	int index = find_device(from->device, to->device, err);
	int result;

	if (index < 0)
		return index;

	result = resolve_text(from->text, &to->address, err);
	if (result < 0)
		return result;

	return complete(from, (unsigned int)index, to->device, &to->address, err);
}

static int resolve_as_it_is(const struct vctl_conf_address *from, struct alias *to,
			    struct vctl_error **err)
{
	int result = vctl_address_parse(from->text, &to->address, err);
	uint8_t had = to->address.prefix;

	if (result < 0)
		return result;

	to->address.prefix = prefix_of(from, had);
	if (to->address.prefix != had)
		to->address.broadcast = vctl_address_last(&to->address);
	return 0;
}

int alias_resolve(const struct vctl_conf_address *from, struct alias *to, struct vctl_error **err)
{
	struct alias new = { 0 };
	int result = from->device ? resolve_on_device(from, &new, err) :
				    resolve_as_it_is(from, &new, err);
	const struct vctl_reason *fault;
	char what[ADDRESS_ROOM];

	if (result < 0)
		return result;

	/* One for all addresses may be told; IPv6 has none. */
	if (from->has_broadcast && new.address.family == AF_INET)
		new.address.broadcast = from->broadcast;
	new.prefix = new.address.prefix;
	new.broadcast = new.address.broadcast;
	new.has_broadcast = new.broadcast != 0;

	fault = vctl_address_fault(&new.address);
	if (fault) {
		name_address(&new.address, what);
		return vctl_error_set(err, fault->code, fault->number, what, fault->why,
				      fault->advice);
	}
	*to = new;
	return 0;
}

/*
 * Is it there?
 */

struct search {
	const struct vcontext_address *wanted;
	bool found;
	struct alias_on_device at;
};

static bool is_loopback4(const struct vcontext_address *address)
{
	return address->family == AF_INET && address->address[0] == IN_LOOPBACKNET;
}

static void look_for(const struct nlmsghdr *message, void *data)
{
	struct search *search = data;
	struct alias_on_device read;

	if (!alias_read(message, &read) || (search->found && (!search->at.ours || read.ours)))
		return;
	/* A network there is the machine's with all its addresses. */
	if (!vctl_address_same(&read.address, search->wanted) &&
	    !(is_loopback4(&read.address) && in_network(search->wanted, &read.address)))
		return;

	search->found = true;
	search->at = read;
}

int alias_find(const struct vcontext_address *address, char device[IFNAMSIZ], bool *ours,
	       struct vctl_error **err)
{
	struct search search = { .wanted = address };
	struct netlink_answer answer = { .each = look_for, .data = &search };
	int result = list_addresses(address->family, 0, &answer);

	if (result < 0)
		return explain(no_reasons, -result, address, &answer, err);
	/* A device that has gone since has taken its addresses with it. */
	if (!search.found || !if_indextoname(search.at.index, device))
		return 0;

	*ours = search.at.ours;
	return 1;
}

/*
 * Made and taken away
 */

static size_t address_size(const struct alias *alias)
{
	return alias->address.family == AF_INET ? sizeof(struct in_addr) :
						  sizeof(struct in6_addr);
}

/* The device's name comes first, or nothing finds it; with no room behind it there is none. */
static void put_label(struct netlink_request *request, const struct alias *alias,
		      const char *name)
{
	char label[IFNAMSIZ + VCTL_NAME_MAX + 1];

	snprintf(label, sizeof(label), "%s:%s", alias->device, name);
	label[IFNAMSIZ - 1] = '\0';
	if (strlen(label) <= strlen(alias->device) + 1)
		return;

	netlink_put(request, IFA_LABEL, label, strlen(label) + 1);
}

/* What adding and removing have in common: no other than just this address is meant. */
static void begin_change(struct netlink_request *request, uint16_t type, uint16_t flags,
			 const struct alias *alias, unsigned int index)
{
	struct ifaddrmsg body = { .ifa_family = (unsigned char)alias->address.family,
				  .ifa_prefixlen = (unsigned char)alias->prefix,
				  .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = index };

	/* Without waiting for others who have it: until then nobody could bind to it. */
	if (alias->address.family == AF_INET6)
		body.ifa_flags = IFA_F_NODAD;
	netlink_begin(request, type, flags, &body, sizeof(body));
	netlink_put(request, IFA_LOCAL, alias->address.address, address_size(alias));
	netlink_put(request, IFA_ADDRESS, alias->address.address, address_size(alias));
}

static bool is_on(const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char first = '0';

	return fd >= 0 && read(fd, &first, 1) == 1 && first != '0';
}

/*
 * With the first address of a network that leaves a device Linux takes away all others of that
 * network, those of other vservers and the machine's own, unless it is told to promote the next
 * one.  So it is told, and stays so: to put them back would come too late for their connections,
 * and never if we are killed.
 */
static int keep_others(const char *device, struct vctl_error **err)
{
	char path[sizeof(CONF "/promote_secondaries") + IFNAMSIZ];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), CONF "%s/promote_secondaries", device);
	if (is_on(CONF "all/promote_secondaries") || is_on(path))
		return 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) == 1)
		return 0;

	return vctl_error_set(err, VCTL_SYSTEM, errno, path, NULL,
			      "without a 1 there other addresses would go along with the one "
			      "that is removed");
}

static const struct vctl_reason change_reasons[] = {
	{ EACCES, VCTL_BAD_ADDRESS, "IPv6 is switched off on the device",
	  "set net.ipv6.conf.DEVICE.disable_ipv6 to 0 with sysctl" },
	{ ENODEV, VCTL_BAD_ADDRESS, "the device is gone", ADVICE_DEVICES },
	{ EPERM, VCTL_NOT_ROOT, "only root of context 0 may change addresses", "run it as root" },
	{ 0 },
};

static int in_use(const struct alias *alias, struct vctl_error **err)
{
	char what[ADDRESS_ROOM], why[IFNAMSIZ + 32];

	name_address(&alias->address, what);
	snprintf(why, sizeof(why), "%s has it already", alias->device);
	return vctl_error_set(err, VCTL_IN_USE, EADDRINUSE, what, why,
			      "choose another address, or leave out the device (IPROOTDEV) to use "
			      "this one as it is");
}

int alias_add(const struct alias *alias, const char *name, struct vctl_error **err)
{
	static const uint8_t mark = ALIAS_PROTO;
	struct netlink_answer answer = { 0 };
	struct netlink_request request;
	unsigned int index = if_nametoindex(alias->device);
	int result;

	if (!index)
		return explain(change_reasons, ENODEV, &alias->address, &answer, err);

	begin_change(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, alias, index);
	netlink_put(&request, IFA_PROTO, &mark, sizeof(mark));
	if (alias->address.family == AF_INET)
		put_label(&request, alias, name);
	if (alias->has_broadcast)
		netlink_put(&request, IFA_BROADCAST, &alias->broadcast, sizeof(alias->broadcast));
	/* For when somebody removes one of the machine's own; it is no failure of ours. */
	if (alias->address.family == AF_INET)
		keep_others(alias->device, NULL);

	result = netlink_ask(&request, &answer);
	if (result == -EEXIST)
		return in_use(alias, err);
	if (result < 0)
		return explain(change_reasons, -result, &alias->address, &answer, err);

	announce_address(alias->device, index, &alias->address);
	return 0;
}

struct removal {
	const struct alias *alias;
	unsigned int index;
	bool found;
};

static void look_for_ours(const struct nlmsghdr *message, void *data)
{
	struct removal *removal = data;
	struct alias_on_device read;

	if (alias_read(message, &read) && read.index == removal->index && read.ours &&
	    read.address.prefix == removal->alias->prefix &&
	    vctl_address_same(&read.address, &removal->alias->address))
		removal->found = true;
}

int alias_remove(const struct alias *alias, struct vctl_error **err)
{
	struct removal removal = { .alias = alias, .index = if_nametoindex(alias->device) };
	struct netlink_answer answer = { .each = look_for_ours, .data = &removal };
	struct netlink_request request;
	int result;

	if (!removal.index)
		return 0;

	result = list_addresses(alias->address.family, removal.index, &answer);
	if (result == 0 && removal.found) {
		result = alias->address.family == AF_INET ? keep_others(alias->device, err) : 0;
		if (result < 0)
			return result;
		answer = (struct netlink_answer){ 0 };
		begin_change(&request, RTM_DELADDR, 0, alias, removal.index);
		result = netlink_ask(&request, &answer);
	}

	/* Somebody was faster. */
	if (result == 0 || result == -EADDRNOTAVAIL || result == -ENODEV)
		return 0;

	return explain(change_reasons, -result, &alias->address, &answer, err);
}
