// SPDX-License-Identifier: GPL-2.0-only
/* TEMPORARY: stand-ins until the library and the other commands are there.  To be removed. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vctl_vserver.h>

#include "command.h"
#include "error.h"
#include "message.h"

struct vctl_vserver {
	char name[VCTL_NAME_MAX + 1];
};

static int not_yet(struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_SYSTEM, ENOSYS, "vserver", NULL, NULL);
}

int vctl_vserver_open(const char *name, struct vctl_vserver **vs, struct vctl_error **err)
{
	*vs = NULL;
	if (!isalnum((unsigned char)*name) || strlen(name) > VCTL_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    strlen(name))
		return vctl_error_set(err, VCTL_BAD_NAME, EINVAL, *name ? name : "''",
				      "this is not the name of a vserver", "letters and digits");
	*vs = calloc(1, sizeof(**vs));
	strcpy((*vs)->name, name);
	return 0;
}

void vctl_vserver_close(struct vctl_vserver *vs)
{
	free(vs);
}

const char *vctl_vserver_name(const struct vctl_vserver *vs)
{
	return vs->name;
}

int vctl_vserver_list(char ***names, struct vctl_error **err)
{
	*names = NULL;
	return not_yet(err);
}

void vctl_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

int vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			struct vctl_error **err)
{
	(void)vs;
	(void)status;
	return not_yet(err);
}

void vctl_vserver_status_free(struct vctl_vserver_status *status)
{
	free(status->addresses);
}

int vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
		       struct vctl_error **err)
{
	(void)vs;
	(void)watch;
	return not_yet(err);
}

int vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms, const struct vctl_watch *watch,
		      struct vctl_error **err)
{
	(void)timeout_ms;
	return vctl_vserver_start(vs, watch, err);
}

int vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
			 const struct vctl_watch *watch, struct vctl_error **err)
{
	(void)only_running;
	(void)timeout_ms;
	return vctl_vserver_start(vs, watch, err);
}

int vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
		      struct vctl_inside *inside, struct vctl_error **err)
{
	(void)vs;
	(void)command;
	(void)inside;
	return not_yet(err);
}

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
