// SPDX-License-Identifier: GPL-2.0-only
/*
 * TEMPORARY: a stand-in for four functions of <vctl_vserver.h>, to be removed with its line in the
 * Makefile when the library has them.  The state file is "CONTEXT [fakeinit]"; a vserver with
 * fakeinit whose context is empty has ended.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <vctl_vserver.h>

#include "cleanup.h"

struct vctl_vserver {
	char path[200];
};

int vctl_vserver_open(const char *name, struct vctl_vserver **vs, struct vctl_error **err)
{
	(void)err;
	*vs = calloc(1, sizeof(**vs));
	if (!*vs)
		return -ENOMEM;
	snprintf((*vs)->path, sizeof((*vs)->path), VCTL_STATE_DIR "/%s", name);
	return 0;
}

void vctl_vserver_close(struct vctl_vserver *vs)
{
	free(vs);
}

static void read_context(struct vctl_vserver_status *status)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);

	open.id = status->context;
	if (vctl_device_open(&dev, NULL) < 0 || vctl_context_open(dev, &open, &ctx, NULL) < 0 ||
	    vctl_context_stat(ctx, &stat, NULL) < 0)
		return;

	status->processes = stat.processes;
	status->wish = stat.state & VCONTEXT_IS_REBOOTED ? VCTL_WISH_REBOOT :
		       stat.state & VCONTEXT_IS_HALTED ? VCTL_WISH_HALT : VCTL_WISH_NONE;
}

int vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			struct vctl_error **err)
{
	auto_file FILE *file = fopen(vs->path, "re");
	char word[20] = "";

	(void)err;
	*status = (struct vctl_vserver_status){ .state = VCTL_STOPPED, .context = VCONTEXT_ID_ANY };
	if (!file || fscanf(file, "%u %19s", &status->context, word) < 1)
		return 0;

	status->fakeinit = *word != '\0';
	read_context(status);
	status->state = status->fakeinit && status->processes == 0 ? VCTL_ENDED : VCTL_RUNNING;
	return 0;
}

void vctl_vserver_status_free(struct vctl_vserver_status *status)
{
	free(status->addresses);
}
