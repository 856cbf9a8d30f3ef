// SPDX-License-Identifier: GPL-2.0-only
/* vctl bind, chbind: tie the process to an address and become the command. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <vctl.h>

#include "become.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"

enum {
	OPTION_IP = OPTION_FIRST,
	OPTION_SILENT,
};

static const struct option_entry options[] = {
	{ "ip", "ADDR", OPTION_IP, "the address: in digits, a device (eth0), or a host's name" },
	{ "silent", NULL, OPTION_SILENT, "don't tell the address" },
	{ 0 },
};

/* What the command line asks for. */
struct plan {
	const char *address;	/* as it was written */
	bool silent;
};

static int take_option(int value, const char *argument, void *data)
{
	struct plan *plan = data;
	auto_free char *what = NULL;

	if (value == OPTION_SILENT) {
		plan->silent = true;
		return 0;
	}
	if (!plan->address) {
		plan->address = argument;
		return 0;
	}

	if (asprintf(&what, "--ip %s", argument) < 0)
		what = NULL;
	message_usage(&command_bind, what ? what : "--ip", "a process is tied to one address");
	return -1;
}

/* What cannot be an address is wrong usage; one that isn't there, or not now, is not. */
static enum status find(const char *text, uint32_t *ipv4)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int result = vctl_address_parse(text, ipv4, &err);

	if (result == 0)
		return STATUS_DONE;

	message_fail(err);
	return result == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

static int tie(uint32_t ipv4)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_device_open(&dev, &err) == 0 && vctl_bind(dev, ipv4, &err) == 0)
		return 0;

	message_fail(err);
	return -1;
}

static int announce(const struct plan *plan, uint32_t ipv4)
{
	char text[INET_ADDRSTRLEN];

	if (plan->silent)
		return 0;

	printf("ipv4root is now %s\n", inet_ntop(AF_INET, &ipv4, text, sizeof(text)));
	return message_flush();
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct plan plan = { 0 };
	enum status status;
	uint32_t ipv4;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &plan, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (!plan.address)
		return message_usage(self, self->name, "which address is missing: --ip ADDR");
	if (first == argc)
		return message_usage(self, self->name, "which command to run is missing");

	/* A name may have to be asked for over the network, which we can't do as well once tied. */
	status = find(plan.address, &ipv4);
	if (status != STATUS_DONE)
		return status;
	if (tie(ipv4) < 0 || announce(&plan, ipv4) < 0)
		return STATUS_FAILED;

	return become(argv + first);
}

const struct command command_bind = {
	.name = "bind",
	.classic = "chbind",
	.usage = "--ip ADDR[/MASK]|DEVICE|NAME [--silent] CMD [ARG...]",
	.summary = "run a command that is tied to one IPv4 address",
	.text = "Tie CMD and its children to one IPv4 address of this machine, which any user\n"
		"may and nobody can undo.  What they bind to any address is bound to this one, a\n"
		"bind to another fails, and what they send comes from it.  There is no IPv6, and\n"
		"there are no raw sockets (ping does without).  Sockets that were made before and\n"
		"have another address are of no use.\n\n"
		"ADDR can be an address in digits, where a mask (/24, /255.255.255.0) is accepted\n"
		"and not used; a network device or the label of an address (eth0, eth0:1), which\n"
		"stands for its first IPv4 address; or a host's name.  The first of these that\n"
		"it can be counts.  Options end at CMD.",
	.status = "1 failed, 2 wrong usage; else CMD's own",
	.options = options,
	.run = run,
};
