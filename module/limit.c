// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of a context.  What the kernel counts by user, it counts by context and user.  With the
 * flag nproc there is a limit to how many tasks the context has, those of the contexts made inside
 * it included.
 *
 * The number is RLIMIT_NPROC of who forks, which counts threads too, as the kernel does with it.
 * A task is charged when it is about to be made, before it can have any use, and given back when it
 * loses its numbers or the fork has failed.
 */

#include <linux/cred.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

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

/*
 * What the kernel counts by user, current will have counted in @context, with these credentials.
 * Returns 0 or ENOMEM.
 */
int limit_count_in(struct context *context, struct cred *new)
{
	int err;

	task_blob(current)->counted = context;
	err = set_cred_ucounts(new);
	task_blob(current)->counted = NULL;
	return err ? -ENOMEM : 0;
}

/* What commit_creds() of the same user leaves: current is counted elsewhere from then on. */
void limit_move(const struct cred *new)
{
	const struct cred *old = current_cred();

	if (new->ucounts == old->ucounts)
		return;
	inc_rlimit_ucounts(new->ucounts, UCOUNT_RLIMIT_NPROC, 1);
	dec_rlimit_ucounts(old->ucounts, UCOUNT_RLIMIT_NPROC, 1);
}

void limit_commit(struct cred *new)
{
	limit_move(new);
	commit_creds(new);
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
