// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts that are entered at exec.
 *
 * A process that enters while it runs a program from outside is in reach of those inside with all
 * that it has: memory, descriptors, the program's file.  One that enters at exec is outside until
 * none of these is left, and fails to exec if it can't enter.
 *
 * All of it is done at the last moment at which execve() can fail, with the credentials that the
 * new program will have.  From prepare_bprm_creds() to the end execve() holds cred_guard_mutex, and
 * nobody can begin to trace the process.
 *
 * What is executed has been opened by then, from outside and with the rights that are there, by
 * names that those inside have written into their files: of a script's or a program's interpreter.
 * So it has to be below the root directory that they have, too: they must not get hold of a file
 * of the machine, as the program of a process of their own, that /proc led to.
 */

#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "context.h"

struct at_exec {
	struct context	*context;	/* as a user */
	struct kept	*kept;		/* what it kept then, with a reference; or NULL */
	u64		dropped;	/* what the ceiling lacks, from creds_from_file() on */
	bool		expected;	/* @context waits for it, from there on */
};

atomic_t nr_armed __read_mostly;

/* May be called with interrupts off. */
void exec_disarm(struct task_struct *task)
{
	struct at_exec *at = task_blob(task)->at_exec;

	if (likely(!at))
		return;
	smp_store_release(&task_blob(task)->at_exec, NULL);	/* after the context */
	atomic_dec_return_release(&nr_armed);
	task_blob(task)->counted = NULL;
	if (at->expected)
		index_came(at->context);
	kept_put(at->kept);
	context_put(at->context);
	kfree(at);
}

/**
 * exec_arm - let the calling process enter a context when it next execs
 * @context: of which the caller holds a user
 *
 * Returns 0; EPERM (see VCONTEXT_ENTER_AT_EXEC), EINVAL (more than one thread), ENOMEM.
 */
int exec_arm(struct context *context)
{
	struct at_exec *at;
	int err;

	if (!root_of_host())
		return -EPERM;
	err = context_may_enter(context);
	if (err)
		return err;
	if (!thread_group_empty(current))
		return -EINVAL;
	at = kzalloc(sizeof(*at), GFP_KERNEL_ACCOUNT);
	if (!at)
		return -ENOMEM;
	refcount_inc(&context->users);
	at->context = context;
	at->kept = READ_ONCE(context->kept) ? kept_get(context) : NULL;
	exec_disarm(current);
	WRITE_ONCE(task_blob(current)->at_exec, at);
	atomic_inc(&nr_armed);
	return 0;
}

static bool is_below_root(const struct file *file)
{
	struct path root;
	bool below;

	get_fs_root(current->fs, &root);
	below = path_is_under(&file->f_path, &root);
	path_put(&root);
	return below;
}

/* May current, which will enter at exec, execute @file? */
bool exec_may_open(const struct file *file)
{
	/* of a file on an overlay it has asked for the one that it names */
	return !(file->f_flags & __FMODE_EXEC) || file->f_mode & FMODE_BACKING ||
	       is_below_root(file);
}

/*
 * May current, which is confined, execute @file?  What binfmt_misc has opened (its flag F) was
 * below the root directory of who has registered it.  Files that are nowhere, as memfds, are of
 * those who made them, and so are the file systems of a user namespace.
 */
bool exec_may_open_confined(const struct file *file)
{
	return exec_may_open(file) || file->f_path.mnt->mnt_flags & MNT_INTERNAL ||
	       file_inode(file)->i_sb->s_user_ns != &init_user_ns;
}

/* Another thread's execve() would end the one that is to enter, and go on outside. */
static bool is_other_thread(void)
{
	return !thread_group_leader(current) &&
	       READ_ONCE(task_blob(current->group_leader)->at_exec);
}

/* What the program's file gives is in the credentials by now; and this is the last module asked. */
static int creds_from_file(struct linux_binprm *bprm, const struct file *file)
{
	struct at_exec *at = task_blob(current)->at_exec;
	int err;

	if (likely(!at))
		return is_other_thread() ? -EINVAL : 0;
	/* shared root and working directories are a way out, or in */
	if (!thread_group_empty(current) || bprm->unsafe & LSM_UNSAFE_SHARE)
		return -EINVAL;
	if (READ_ONCE(at->context->kept) != at->kept)
		return -EPERM;
	err = context_traced() ? -EBUSY : context_ready(at->context, at->kept, bprm->cred,
							&at->dropped);
	if (err) {
		/* before others see that it does not enter any more */
		smp_store_release(&task_blob(current)->entering, false);
		return err;
	}
	/* execve() does not return any more; it will find out once more where they are counted */
	at->expected = true;
	ceiling_lower_sets(at->dropped, bprm->cred);
	task_blob(current)->counted = at->context;
	return 0;
}

static void enter(struct at_exec *at)
{
	struct task_blob *blob = task_blob(current);

	blob->counted = NULL;
	ceiling_remember(at->dropped);
	context_move_current(at->context, at->kept);
	smp_store_release(&blob->entering, false);	/* after the context */
	exec_disarm(current);
}

/*
 * What counts performance outside goes on inside, with the children as well, until execve() takes
 * it away from a program that nobody may look into.  Between these two hooks that is any.
 */
#define DUMPABLE_NONE	3	/* as none of SUID_DUMP_*; what commit_creds() sets stays */

static void set_dumpability(unsigned long value)
{
	set_mask_bits(&current->mm->flags, MMF_DUMPABLE_MASK, value);
}

static void committing_creds(const struct linux_binprm *bprm)
{
	const struct task_blob *blob = task_blob(current);

	if (likely(!blob->at_exec && !blob->watched))
		return;
	if (blob->at_exec)
		limit_move(bprm->cred);
	if (get_dumpable(current->mm) == SUID_DUMP_USER)
		set_dumpability(DUMPABLE_NONE);
}

static void committed_creds(const struct linux_binprm *bprm)
{
	struct task_blob *blob = task_blob(current);
	struct at_exec *at = blob->at_exec;

	if (likely(!at && !blob->watched))
		return;
	if (get_dumpable(current->mm) == DUMPABLE_NONE)
		set_dumpability(SUID_DUMP_USER);
	if (at)
		enter(at);
	blob->watched = false;
}

const struct vcontext_hook exec_hooks[] = {
	VCONTEXT_HOOK(bprm_creds_from_file, creds_from_file),
	VCONTEXT_HOOK(bprm_committing_creds, committing_creds),
	VCONTEXT_HOOK(bprm_committed_creds, committed_creds),
	{ }
};
