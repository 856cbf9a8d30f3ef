// SPDX-License-Identifier: GPL-2.0-only
/* vctl reducecap, reducecap: lower the own capability ceiling and become the command. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <vctl.h>

#include "become.h"
#include "ceiling.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"

enum {
	OPTION_SHOW = OPTION_FIRST,
};

static const struct option_entry options[] = {
	CEILING_OPTION_ENTRIES,
	{ "show", NULL, OPTION_SHOW, "print the ceiling that results; CMD may be left out then" },
	{ 0 },
};

/* What the command line asks for. */
struct plan {
	struct ceiling ceiling;
	bool show;
};

static int take_option(int value, const char *argument, void *data)
{
	struct plan *plan = data;

	if (value != OPTION_SHOW)
		return ceiling_take(&plan->ceiling, value, argument);

	plan->show = true;
	return 0;
}

/* --NET_RAW and its like. */
static int take_word(const char *word, void *data, struct vctl_error **err)
{
	struct plan *plan = data;

	return vctl_cap_parse(word, &plan->ceiling.dropped, err);
}

static int lower(uint64_t drop)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	if (!drop)
		return 0;
	if (vctl_device_open(&dev, &err) == 0 && vctl_lower(dev, drop, &err) == 0)
		return 0;

	message_fail(err);
	return -1;
}

static int show(void)
{
	auto_free char *names = vctl_cap_format(ceiling_own());

	if (!names) {
		errno = ENOMEM;
		message_system("capability ceiling", NULL);
		return -1;
	}

	printf("Capability ceiling: %s\n", *names ? names : "none");
	return message_flush();
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct plan plan = { 0 };
	uint64_t drop;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &plan, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (ceiling_drop(self, &plan.ceiling, &drop) < 0)
		return STATUS_USAGE;
	if (first == argc && !plan.show)
		return message_usage(self, self->name, "which command to run is missing");

	if (lower(drop) < 0 || (plan.show && show() < 0))
		return STATUS_FAILED;

	return first == argc ? STATUS_DONE : become(argv + first);
}

const struct command command_reducecap = {
	.name = "reducecap",
	.classic = "reducecap",
	.usage = "[--secure] [--cap CAP|!CAP]... [--CAPNAME]... [--show]\n"
		 "           CMD [ARG...]",
	.summary = "run a command that can never get certain capabilities",
	.text = "Lower the capability ceiling, which anybody may, and run CMD: whatever is taken\n"
		"out of it neither CMD nor its children can ever get, not by a setuid program\n"
		"either, and there is no way back.  --CAPNAME takes one capability out, as in\n"
		"--NET_RAW; so does --cap '!NET_RAW'.  capabilities(7) tells what they are.\n"
		"Options end at CMD.\n\n"
		CEILING_TEXT,
	.status = "1 failed, 2 wrong usage; else CMD's own",
	.options = options,
	.run = run,
	.take_word = take_word,
};
