// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flag sched: all processes of a context, and of those made inside it, weigh as one process
 * against the rest, whatever sessions they start.
 *
 * They are in a group of the scheduler beside those of the control groups, in the group that the
 * maker of the context was in.  A task is scheduled until after its context has gone, so that the
 * group is held by the tasks themselves.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "context.h"

struct weight {
	refcount_t		refs;
	struct weight		*outer;	/* with a reference; NULL: a control group */
	const struct cred	*maker;	/* among whose processes it counts */
	struct task_group	*group;
	struct rcu_work		end;
};

static struct workqueue_struct *ends;

/* It takes memory, of every processor: as a limit to that it counts like a process of its maker. */
static int charge(struct weight *weight)
{
	weight->maker = get_current_cred();
	if (inc_rlimit_ucounts(weight->maker->ucounts, UCOUNT_RLIMIT_NPROC, 1) <=
	    rlimit(RLIMIT_NPROC) || capable(CAP_SYS_RESOURCE))
		return 0;
	return -ENOSPC;
}

static void uncharge(struct weight *weight)
{
	dec_rlimit_ucounts(weight->maker->ucounts, UCOUNT_RLIMIT_NPROC, 1);
	put_cred(weight->maker);
}

static void end(struct work_struct *work)
{
	struct weight *weight = container_of(to_rcu_work(work), struct weight, end);

	vcontext_free_group(weight->group);
	uncharge(weight);
	weight_put(weight->outer);
	kfree(weight);
	module_put(THIS_MODULE);
}

/**
 * weight_new - for a context that current makes
 * Returns it, with a reference for weight_put(); ENOSPC (RLIMIT_NPROC), ENOMEM.
 */
struct weight *weight_new(void)
{
	struct weight *weight = kzalloc(sizeof(*weight), GFP_KERNEL_ACCOUNT);
	struct weight *outer = task_blob(current)->weight;
	int err;

	if (!weight)
		return ERR_PTR(-ENOMEM);
	err = charge(weight);
	if (!err) {
		weight->group = vcontext_new_group(outer ? outer->group : NULL);
		err = PTR_ERR_OR_ZERO(weight->group);
	}
	if (err) {
		uncharge(weight);
		kfree(weight);
		return ERR_PTR(err);
	}
	refcount_set(&weight->refs, 1);
	if (outer)
		refcount_inc(&outer->refs);
	weight->outer = outer;
	INIT_RCU_WORK(&weight->end, end);
	__module_get(THIS_MODULE);
	return weight;
}

/* May be called with interrupts off. */
void weight_put(struct weight *weight)
{
	if (weight && refcount_dec_and_test(&weight->refs))
		queue_rcu_work(ends, &weight->end);
}

/* The scheduler asks, with a lock that keeps RCU from going on. */
struct task_group *weight_group(const struct task_struct *task, struct task_group *group)
{
	const struct weight *weight = READ_ONCE(task_blob(task)->weight);

	return likely(!weight) ? group : weight->group;
}

static struct weight *weight_of(const struct context *context)
{
	while (context && !context->weight)
		context = context->parent;
	return context ? context->weight : NULL;
}

/* Current has moved into @context. */
void weight_enter(const struct context *context)
{
	struct weight *from = task_blob(current)->weight, *to = weight_of(context);

	if (likely(from == to))
		return;
	if (to)
		refcount_inc(&to->refs);
	WRITE_ONCE(task_blob(current)->weight, to);
	vcontext_join_group();
	weight_put(from);
}

/* @task is about to be made by current. */
void weight_inherit(struct task_struct *task)
{
	struct weight *weight = task_blob(current)->weight;

	if (weight)
		refcount_inc(&weight->refs);
	task_blob(task)->weight = weight;
}

/* @task runs no more. */
void weight_leave(struct task_struct *task)
{
	weight_put(task_blob(task)->weight);
	task_blob(task)->weight = NULL;
}

int weight_init(void)
{
	ends = alloc_workqueue("vcontext_weight", WQ_UNBOUND, 0);
	return ends ? 0 : -ENOMEM;
}

/* None is left, or the module could not be unloaded. */
void weight_exit(void)
{
	destroy_workqueue(ends);
}
