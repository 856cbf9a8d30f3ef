// SPDX-License-Identifier: GPL-2.0-only
/* vctl bind, chbind: tie the process to a set of addresses and become the command. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vctl.h>

#include "become.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"

enum {
	OPTION_IP = OPTION_FIRST,
	OPTION_BCAST,
	OPTION_LOOPBACK,
	OPTION_SILENT,
};

static const struct option_entry options[] = {
	{ "ip", "ADDR", OPTION_IP, "an address, a device or a host's name; can be repeated" },
	{ "bcast", "ADDR", OPTION_BCAST, "the broadcast address of the --ip before it" },
	{ "loopback", NULL, OPTION_LOOPBACK, "have a loopback (127.0.0.1, ::1) of its own" },
	{ "silent", NULL, OPTION_SILENT, "don't tell the addresses" },
	{ 0 },
};

/* What the command line asks for; what was written belongs to it. */
struct plan {
	const char *ip[VCONTEXT_ADDRESSES_MAX];
	const char *bcast[VCONTEXT_ADDRESSES_MAX];	/* NULL: as the network has it */
	size_t count;
	uint32_t flags;
	bool silent;
};

static enum status complain(const char *option, const char *argument, const char *why)
{
	auto_free char *what = NULL;

	if (asprintf(&what, "%s %s", option, *argument ? argument : "(empty)") < 0)
		what = NULL;
	return message_usage(&command_bind, what ? what : option, why);
}

static int take_ip(struct plan *plan, const char *argument)
{
	if (plan->count == VCONTEXT_ADDRESSES_MAX) {
		complain("--ip", argument, "this is one address too many for a process");
		return -1;
	}

	plan->ip[plan->count++] = argument;
	return 0;
}

/* It belongs to the address before it, or to the first. */
static int take_bcast(struct plan *plan, const char *argument)
{
	size_t whose = plan->count > 0 ? plan->count - 1 : 0;
	struct in_addr broadcast;

	if (inet_pton(AF_INET, argument, &broadcast) != 1) {
		complain("--bcast", argument, "this is not an IPv4 address in digits");
		return -1;
	}
	if (plan->bcast[whose]) {
		complain("--bcast", argument, "the address has got a broadcast address already");
		return -1;
	}

	plan->bcast[whose] = argument;
	return 0;
}

static int take_option(int value, const char *argument, void *data)
{
	struct plan *plan = data;

	switch (value) {
	case OPTION_IP:
		return take_ip(plan, argument);
	case OPTION_BCAST:
		return take_bcast(plan, argument);
	case OPTION_LOOPBACK:
		plan->flags |= VCONTEXT_BIND_LOOPBACK;
		return 0;
	default:
		plan->silent = true;
		return 0;
	}
}

/* What cannot be an address is wrong usage; one that isn't there, or not now, is not. */
static enum status find(const char *text, struct vcontext_address *address)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int result = vctl_address_parse(text, address, &err);

	if (result == 0)
		return STATUS_DONE;

	message_fail(err);
	return result == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

static bool is_among(const struct vcontext_address *addresses, size_t count,
		     const struct vcontext_address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (addresses[i].family == address->family &&
		    memcmp(addresses[i].address, address->address, sizeof(address->address)) == 0)
			return true;
	}

	return false;
}

/* A name may have to be asked for over the network, which we can't do as well once tied. */
static enum status find_all(const struct plan *plan, struct vcontext_address *addresses)
{
	for (size_t i = 0; i < plan->count; i++) {
		enum status status = find(plan->ip[i], &addresses[i]);

		if (status != STATUS_DONE)
			return status;
		if (is_among(addresses, i, &addresses[i]))
			return complain("--ip", plan->ip[i], "this address is given twice");
		if (!plan->bcast[i])
			continue;
		if (addresses[i].family != AF_INET)
			return complain("--bcast", plan->bcast[i],
					"an IPv6 address has no broadcast address");
		inet_pton(AF_INET, plan->bcast[i], &addresses[i].broadcast);
	}

	return STATUS_DONE;
}

/* Addresses that don't go together are wrong usage as well. */
static enum status tie(const struct plan *plan, const struct vcontext_address *addresses)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_device_open(&dev, &err) == 0 &&
	    vctl_bind(dev, addresses, plan->count, plan->flags, &err) == 0)
		return STATUS_DONE;

	message_fail(err);
	return vctl_error_code(err) == VCTL_BAD_ADDRESS ? STATUS_USAGE : STATUS_FAILED;
}

static enum status announce(const struct plan *plan, const struct vcontext_address *addresses)
{
	if (plan->silent)
		return STATUS_DONE;

	printf("ipv4root is now");
	for (size_t i = 0; i < plan->count; i++) {
		auto_free char *text = vctl_address_format(&addresses[i]);

		if (!text)
			return message_system(plan->ip[i], NULL);
		printf(" %s", text);
	}
	printf("\n");
	return message_flush() < 0 ? STATUS_FAILED : STATUS_DONE;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct vcontext_address addresses[VCONTEXT_ADDRESSES_MAX];
	struct plan plan = { 0 };
	enum status status;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &plan, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (plan.count == 0)
		return message_usage(self, self->name, "which address is missing: --ip ADDR");
	if (first == argc)
		return message_usage(self, self->name, "which command to run is missing");

	status = find_all(&plan, addresses);
	if (status == STATUS_DONE)
		status = tie(&plan, addresses);
	if (status == STATUS_DONE)
		status = announce(&plan, addresses);
	return status == STATUS_DONE ? become(argv + first) : status;
}

const struct command command_bind = {
	.name = "bind",
	.classic = "chbind",
	.usage = "--ip ADDR[/MASK]|DEVICE|NAME [--ip ...] [--bcast ADDR]\n"
		 "           [--loopback] [--silent] CMD [ARG...]",
	.summary = "run a command that is tied to addresses",
	.text = "Tie CMD and its children to one or more addresses of this machine, which any\n"
		"user may and nobody can undo.  They serve on these addresses alone, a bind to\n"
		"another fails, and what they send comes from one of them.  Who has IPv4\n"
		"addresses alone reaches nothing of IPv6, but servers on its any address (::)\n"
		"serve IPv4 as usual.  There are no raw sockets (ping does without).  Sockets\n"
		"that were made before and have another address are of no use.\n\n"
		"ADDR can be an address in digits, with or without its mask (10.0.0.1,\n"
		"10.0.0.1/24, 10.0.0.1/255.255.255.0, 2001:db8::1/64); a network device or the\n"
		"label of an address (eth0, eth0:1), which stands for its first IPv4 address,\n"
		"else for its first global one of IPv6; or a host's name.  The first of these\n"
		"that it can be counts.\n\n"
		"Mask and broadcast address tell which network an address is in: what is sent\n"
		"there comes from that address, and broadcasts to it are received.  They are\n"
		"those that the machine has, where it has the address.  --bcast gives another\n"
		"broadcast address (0.0.0.0: none); in front of all --ip it is the first one's.\n\n"
		"127.0.0.1 and ::1 are the machine's: CMD serves there only if they are among\n"
		"its addresses.  With --loopback CMD and its children have 127.0.0.0/8 and ::1\n"
		"for themselves.\n\n"
		"Options end at CMD.",
	.status = "1 failed, 2 wrong usage; else CMD's own",
	.options = options,
	.run = run,
};
