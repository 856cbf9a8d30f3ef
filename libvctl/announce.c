// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "announce.h"
#include "cleanup.h"

/* An Ethernet device that is up and asks for neighbours: its hardware address. */
static bool hardware_address(const char *device, uint8_t hardware[ETH_ALEN])
{
	struct ifreq request = { 0 };
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;

	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	if (ioctl(fd, SIOCGIFFLAGS, &request) ||
	    (request.ifr_flags & (IFF_UP | IFF_NOARP | IFF_LOOPBACK)) != IFF_UP ||
	    ioctl(fd, SIOCGIFHWADDR, &request) || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return false;

	memcpy(hardware, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return true;
}

/* A question of ARP for one's own address, as RFC 5227 has it. */
static void announce_ipv4(unsigned int index, const uint8_t hardware[ETH_ALEN],
			  const uint8_t address[sizeof(struct in_addr)])
{
	struct sockaddr_ll everybody = { .sll_family = AF_PACKET,
					 .sll_protocol = htons(ETH_P_ARP),
					 .sll_ifindex = (int)index, .sll_halen = ETH_ALEN };
	struct ether_arp arp = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
					     .ar_pro = htons(ETH_P_IP), .ar_hln = ETH_ALEN,
					     .ar_pln = sizeof(struct in_addr),
					     .ar_op = htons(ARPOP_REQUEST) } };
	/* Protocol 0: nothing is to be received. */
	auto_fd int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;

	memset(everybody.sll_addr, 0xff, ETH_ALEN);
	memcpy(arp.arp_sha, hardware, ETH_ALEN);
	memcpy(arp.arp_spa, address, sizeof(arp.arp_spa));
	memcpy(arp.arp_tpa, address, sizeof(arp.arp_tpa));
	(void)!sendto(fd, &arp, sizeof(arp), MSG_DONTWAIT, (struct sockaddr *)&everybody,
		      sizeof(everybody));
}

/* An advertisement that nobody has asked for, RFC 4861; only one that no router has sent counts. */
static void announce_ipv6(unsigned int index, const uint8_t hardware[ETH_ALEN],
			  const uint8_t address[sizeof(struct in6_addr)])
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6, .sin6_scope_id = index };
	struct sockaddr_in6 everybody = own;
	struct {
		struct nd_neighbor_advert advert;
		struct nd_opt_hdr option;
		uint8_t hardware[ETH_ALEN];
	} message = {
		.advert = { .nd_na_type = ND_NEIGHBOR_ADVERT,
			    .nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE },
		.option = { .nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1 },
	};
	auto_fd int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (fd < 0)
		return;

	memcpy(&own.sin6_addr, address, sizeof(own.sin6_addr));
	inet_pton(AF_INET6, "ff02::1", &everybody.sin6_addr);
	memcpy(&message.advert.nd_na_target, address, sizeof(message.advert.nd_na_target));
	memcpy(message.hardware, hardware, ETH_ALEN);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &(int){ 255 }, sizeof(int)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &(int){ 0 }, sizeof(int)) ||
	    bind(fd, (struct sockaddr *)&own, sizeof(own)))
		return;

	(void)!sendto(fd, &message, sizeof(message), MSG_DONTWAIT,
		      (struct sockaddr *)&everybody, sizeof(everybody));
}

void announce_address(const char *device, unsigned int index,
		      const struct vcontext_address *address)
{
	uint8_t hardware[ETH_ALEN];

	if (!hardware_address(device, hardware))
		return;

	if (address->family == AF_INET)
		announce_ipv4(index, hardware, address->address);
	else
		announce_ipv6(index, hardware, address->address);
}
