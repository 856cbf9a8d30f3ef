// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of a context: with the flag nproc how many tasks it has at most, those of the contexts
 * made inside it included.
 *
 * The number is RLIMIT_NPROC of who forks, which counts threads too, as the kernel does with it.
 * A task is charged when it is about to be made, before it can have any use, and given back when it
 * loses its numbers or the fork has failed.
 */

#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "context.h"

static void uncharge_upto(struct context *context, const struct context *end)
{
	for (; context != end; context = context->parent)
		atomic_dec(&context->tasks);
}

/* Charge @context, and those around it.  With @most no more than that may be in one with nproc. */
static int charge(struct context *context, unsigned long most)
{
	struct context *at;

	for (at = context; at; at = at->parent) {
		unsigned long now = atomic_inc_return(&at->tasks);

		if (now > most && context_flags(at) & VCONTEXT_NPROC) {
			uncharge_upto(context, at->parent);
			return -EAGAIN;
		}
	}
	return 0;
}

/* Current is about to make @task in @context.  Returns 0 or EAGAIN. */
int limit_fork(struct context *context, struct task_struct *task)
{
	int err = charge(context, rlimit(RLIMIT_NPROC));

	if (!err)
		task_blob(task)->charged = true;
	return err;
}

/* Current has moved into @context; who may enter it is not kept out by its being full. */
void limit_enter(struct context *context)
{
	charge(context, ULONG_MAX);
	task_blob(current)->charged = true;
}

/* @task is in @context no longer. */
void limit_leave(struct context *context, struct task_struct *task)
{
	if (!task_blob(task)->charged)
		return;
	task_blob(task)->charged = false;
	uncharge_upto(context, NULL);
}
