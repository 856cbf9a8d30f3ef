// SPDX-License-Identifier: GPL-2.0-only
/* TEMPORARY */
#include <stdio.h>
#include <vctl_vserver.h>
#include "command.h"
#include "message.h"

static const struct option_entry options[] = {
	{ 0 },
};

static enum status run(const struct command *self, int argc, char **argv)
{
	int first;
	int go_on = option_parse(self, argc, argv, NULL, NULL, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return message_usage(self, self->name, "which vserver is missing");
	message_error(self->name, "not there yet", NULL);
	return STATUS_FAILED;
}

const struct command command_build = {
	.name = "build",
	.vserver = "NAME build",
	.usage = "NAME",
	.summary = "make a vserver",
	.text = "Not there yet.",
	.options = options,
	.anywhere = true,
	.run = run,
};

const struct command command_delete = {
	.name = "delete",
	.vserver = "NAME delete",
	.usage = "NAME",
	.summary = "remove a vserver",
	.text = "Not there yet.",
	.options = options,
	.anywhere = true,
	.run = run,
};
