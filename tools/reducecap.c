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
#include "plan.h"

enum {
	OPTION_SHOW = OPTION_FIRST,
	OPTION_FLAG,
};

static const struct option_entry options[] = {
	CEILING_OPTION_ENTRIES,
	{ "flag", "F[,F...]", OPTION_FLAG, "run CMD in a new context with this flag, see chcontext" },
	{ "show", NULL, OPTION_SHOW, "print the ceiling that results; CMD may be left out then" },
	{ 0 },
};

/* What the command line asks for. */
struct request {
	struct plan plan;
	bool show;
};

static int take_option(int value, const char *argument, void *data)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct request *request = data;

	switch (value) {
	case OPTION_SHOW:
		request->show = true;
		return 0;
	case OPTION_FLAG:
		if (vctl_flags_parse(argument, &request->plan.flags, &err) == 0)
			return 0;
		message_fail(err);
		return -1;
	default:
		return ceiling_take(&request->plan.ceiling, value, argument);
	}
}

/* --NET_RAW and its like. */
static int take_word(const char *word, void *data, struct vctl_error **err)
{
	struct request *request = data;

	return vctl_cap_parse(word, &request->plan.ceiling.dropped, err);
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
	struct request request = { .plan = { .id = VCONTEXT_ID_ANY, .silent = true } };
	struct plan *plan = &request.plan;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &request, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (ceiling_drop(self, &plan->ceiling, &plan->drop) < 0)
		return STATUS_USAGE;
	if (first == argc && (!request.show || plan->flags))
		return message_usage(self, self->name, "which command to run is missing");

	if (lower(plan->drop) < 0 || (request.show && show() < 0))
		return STATUS_FAILED;
	if (first == argc)
		return STATUS_DONE;

	plan->argv = argv + first;
	return plan->flags ? plan_run(plan) : become(plan->argv);
}

const struct command command_reducecap = {
	.name = "reducecap",
	.classic = "reducecap",
	.usage = "[--secure] [--cap CAP|!CAP]... [--CAPNAME]...\n"
		 "           [--flag F]... [--show] CMD [ARG...]",
	.summary = "run a command that can never get certain capabilities",
	.text = "Lower the capability ceiling, which anybody may, and run CMD: whatever is taken\n"
		"out of it neither CMD nor its children can ever get, not by a setuid program\n"
		"either, and there is no way back.  --CAPNAME takes one capability out, as in\n"
		"--NET_RAW; so does --cap '!NET_RAW'.  capabilities(7) tells what they are.\n"
		"Flags belong to contexts: with one CMD is in a new context.  Options end at CMD.\n\n"
		CEILING_TEXT,
	.status = "1 failed, 2 wrong usage; else CMD's own",
	.options = options,
	.run = run,
	.take_word = take_word,
};
