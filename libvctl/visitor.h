/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that comes from outside into a vserver that runs, and becomes a program of its. */
#ifndef VCTL_VISITOR_H
#define VCTL_VISITOR_H

#include "child.h"
#include "state.h"

struct visitor {
	const char *name;			/* of the vserver */
	const struct vctl_command *command;
	const char *const *environment;		/* besides the usual; NULL: nothing */
	const struct state *state;
	struct vctl_context *ctx;
	int mounts, names;			/* namespaces */
	int in, out, err;			/* -1: /dev/null of the vserver's */
};

/**
 * visitor_run() - The whole life of it, in a child
 * @visitor: what it needs
 * @line: to the parent: a terminal comes with CHILD_TERMINAL; that the line ends then means that
 *	the program runs
 */
_Noreturn void visitor_run(const struct visitor *visitor, int line);

#endif /* VCTL_VISITOR_H */
