// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts that are entered at exec.
 *
 * A process that enters while it runs a program from outside is in reach of those inside with all
 * that it has: memory, descriptors, the program's file.  One that enters at exec is outside until
 * none of these is left, and fails to exec if it can't enter.
 *
 * What can fail is done before the point of no return, with the credentials that the new program
 * will have.  From prepare_bprm_creds() to the end execve() holds cred_guard_mutex, and nobody can
 * begin to trace the process.
 */

#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>

#include "context.h"

/* May be called with interrupts off. */
void exec_disarm(struct task_struct *task)
{
	struct context *context = task_blob(task)->at_exec;

	if (likely(!context))
		return;
	task_blob(task)->at_exec = NULL;
	context_put(context);
}

/**
 * exec_arm - let the calling process enter a context when it next execs
 * @context: of which the caller holds a user
 *
 * Returns 0; EPERM (see VCONTEXT_ENTER_AT_EXEC), EINVAL (more than one thread).
 */
int exec_arm(struct context *context)
{
	int err;

	if (!root_of_host())
		return -EPERM;
	err = context_may_enter(context);
	if (err)
		return err;
	if (!thread_group_empty(current))
		return -EINVAL;
	refcount_inc(&context->users);
	exec_disarm(current);
	task_blob(current)->at_exec = context;
	return 0;
}

static int creds_for_exec(struct linux_binprm *bprm)
{
	struct context *context = task_blob(current)->at_exec;
	u64 dropped;
	int err;

	if (likely(!context))
		return 0;
	if (!thread_group_empty(current))
		return -EINVAL;
	err = context_traced() ? -EBUSY : context_ready(context, bprm->cred, true, &dropped);
	/* and with success nobody asks to be traced until it is inside */
	if (err)
		smp_store_release(&task_blob(current)->entering, false);
	return err;
}

/*
 * What the program's file gives is in the credentials by now.  From here on execve() doesn't return
 * any more, whatever fails; it will find out once more where they are counted.
 */
static int creds_from_file(struct linux_binprm *bprm, const struct file *file)
{
	struct context *context = task_blob(current)->at_exec;

	if (likely(!context))
		return 0;
	ceiling_lower_sets(context_dropped(context), bprm->cred);
	task_blob(current)->counted = context;
	return 0;
}

static void committing_creds(const struct linux_binprm *bprm)
{
	if (unlikely(task_blob(current)->at_exec))
		limit_move(bprm->cred);
}

static void committed_creds(const struct linux_binprm *bprm)
{
	struct context *context = task_blob(current)->at_exec;
	struct task_blob *blob = task_blob(current);

	if (likely(!context))
		return;
	blob->counted = NULL;
	WRITE_ONCE(blob->dropped, blob->dropped | context_dropped(context));
	context_move_current(context);
	smp_store_release(&blob->entering, false);	/* after the context */
	exec_disarm(current);
}

const struct vcontext_hook exec_hooks[] = {
	VCONTEXT_HOOK(bprm_creds_for_exec, creds_for_exec),
	VCONTEXT_HOOK(bprm_creds_from_file, creds_from_file),
	VCONTEXT_HOOK(bprm_committing_creds, committing_creds),
	VCONTEXT_HOOK(bprm_committed_creds, committed_creds),
	{ }
};
