/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that are run in a vserver from outside. */
#ifndef VCTL_INSIDE_H
#define VCTL_INSIDE_H

#include "vserver.h"

/**
 * inside_open() - The context of a vserver that runs
 * @vs: the vserver
 * @state: what is written down
 * @dev: out
 * @ctx: out
 * @err: out: the error
 *
 * Return: 0, or -ESRCH (VCTL_RUNS_NOT), -EPERM (VCTL_PRIVATE) ...
 */
int inside_open(const struct vctl_vserver *vs, const struct state *state,
		struct vctl_device **dev, struct vctl_context **ctx, struct vctl_error **err);

/**
 * inside_run() - Run a program in it
 * @vs: the vserver
 * @state: what is written down
 * @ctx: its context
 * @command: what
 * @environment: what it gets besides the usual, ending with NULL; NULL: it is somebody's command,
 *	with pipes of its own.  Else it reads nothing, and all that it prints comes from
 *	@inside->out
 * @inside: out: see vctl_vserver_exec().  On failure its pid may be that of a child that has ended,
 *	but could not be waited for yet
 * @err: out: the error
 */
int inside_run(const struct vctl_vserver *vs, const struct state *state, struct vctl_context *ctx,
	       const struct vctl_command *command, const char *const *environment,
	       struct vctl_inside *inside, struct vctl_error **err);

#endif /* VCTL_INSIDE_H */
