/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program inside prints, until it ends or the time is over. */
#ifndef VCTL_RELAY_H
#define VCTL_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include <vctl_vserver.h>

/**
 * relay_output() - Hand on what comes from a pipe
 * @output: its end, which doesn't block from now on; -1: there is none
 * @pidfd: of the program; -1: wait for @ctx alone
 * @ctx: a handle, whose last process ends it, too; NULL: it isn't waited for
 * @deadline: when to give up; negative: never
 * @watch: who wants it, or NULL
 *
 * Return: true if the program has ended, or the context has no process; false: the time is over.
 */
bool relay_output(int output, int pidfd, struct vctl_context *ctx, int64_t deadline,
	   const struct vctl_watch *watch);

#endif /* VCTL_RELAY_H */
