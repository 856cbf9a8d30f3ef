// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts whose first process is process 1: the flag fakeinit.
 *
 * Such a context remembers the PID namespace that its first process is process 1 of, and whoever
 * enters later must be in it.  All that process 1 is about the kernel does itself then: that its
 * number is 1 everywhere, that orphans are its children, that reboot() ends it, and that with it
 * all others end.
 *
 * Contexts made inside have the same process 1, or one in a PID namespace below, though not the
 * flag.
 */

#include <linux/idr.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

#include "context.h"

/* The PID namespace in which the processes of @context are, or NULL if there is no rule. */
static struct pid_namespace *pid_ns_of(const struct context *context)
{
	struct pid_namespace *ns = NULL;

	for (; context && !ns; context = context->parent)
		ns = READ_ONCE(context->pid_ns);
	return ns;
}

static bool is_inside(const struct pid_namespace *inner, const struct pid_namespace *outer)
{
	while (inner->level > outer->level)
		inner = inner->parent;
	return inner == outer;
}

/* Is current process 1 of @ns, which is its own, with nobody else there? */
static bool is_first(const struct pid_namespace *ns)
{
	return ns != &init_pid_ns && is_child_reaper(task_pid(current)) &&
	       READ_ONCE(ns->pid_allocated) == (PIDNS_ADDING | 1);
}

/*
 * Is current where the processes of @context have to be?  If it will be the first of one with the
 * flag it makes that place; it must not fail to enter then.  @context->lock is held.
 */
bool fakeinit_claim(struct context *context)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct pid_namespace *around = pid_ns_of(context->parent);

	if (context->pid_ns)
		return ns == context->pid_ns;
	if (around && !is_inside(ns, around))
		return false;
	if (!(context->flags & VCONTEXT_FAKEINIT))
		return true;
	if (!is_first(ns))
		return false;
	WRITE_ONCE(context->pid_ns, get_pid_ns(ns));
	return true;
}

/* The number of process 1 of @context as @reader counts, or 0; under RCU. */
pid_t fakeinit_nr(const struct context *context, struct pid_namespace *reader)
{
	struct pid_namespace *ns = pid_ns_of(context);

	return ns ? pid_nr_ns(idr_find(&ns->idr, 1), reader) : 0;
}

/* Is it process 1 of @context? */
bool fakeinit_is_first(const struct context *context, const struct pid *pid)
{
	const struct pid_namespace *ns = READ_ONCE(context->pid_ns);

	return ns && ns->level == pid->level && pid->numbers[pid->level].ns == ns &&
	       pid->numbers[pid->level].nr == 1;
}

static struct ns_common *get_ns(struct ns_common *ns)
{
	get_pid_ns(container_of(ns, struct pid_namespace, ns));
	return ns;
}

/**
 * fakeinit_open_ns - the way into the PID namespace of a context
 * @context: of which the caller holds a user
 *
 * Returns a descriptor for setns(); EPERM (see VCONTEXT_PID_NS), ENOENT (there is none yet, or
 * its process 1 has ended), EMFILE, ENFILE, ENOMEM.
 */
int fakeinit_open_ns(struct context *context)
{
	struct pid_namespace *ns = pid_ns_of(context);
	int err = context_may_enter(context);

	if (err)
		return err;
	if (!ns || !(READ_ONCE(ns->pid_allocated) & PIDNS_ADDING))
		return -ENOENT;
	return open_related_ns(&ns->ns, get_ns);
}

/* How process 1 of @context is, as VCONTEXT_STAT tells it. */
u32 fakeinit_state(const struct context *context)
{
	const struct pid_namespace *ns = READ_ONCE(context->pid_ns);

	if (!ns || READ_ONCE(ns->pid_allocated) & PIDNS_ADDING)
		return 0;
	/* reboot_pid_ns() leaves how it was called for */
	switch (READ_ONCE(ns->reboot)) {
	case SIGHUP:
		return VCONTEXT_IS_OVER | VCONTEXT_IS_REBOOTED;
	case SIGINT:
		return VCONTEXT_IS_OVER | VCONTEXT_IS_HALTED;
	}
	return VCONTEXT_IS_OVER;
}

/**
 * fakeinit_kill - signal process 1 of a context, which takes SIGKILL from nobody inside
 * @context: of which the caller holds a user
 * @sig: the signal
 *
 * Returns 0; EINVAL (no signal), EPERM (see VCONTEXT_KILL), ENOENT (it has none of its own, or that
 * is gone).
 */
int fakeinit_kill(struct context *context, unsigned long sig)
{
	struct pid_namespace *ns = READ_ONCE(context->pid_ns);
	int err = context_may_enter(context);
	struct pid *pid;

	if (!valid_signal(sig))
		return -EINVAL;
	if (err)
		return err;
	if (!ns)
		return -ENOENT;
	rcu_read_lock();
	pid = get_pid(idr_find(&ns->idr, 1));
	rcu_read_unlock();
	err = pid ? kill_pid(pid, sig, 1) : -ESRCH;
	put_pid(pid);
	return err ? -ENOENT : 0;
}
