// SPDX-License-Identifier: GPL-2.0-only
/* Contexts: made, found, entered, ended. */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "context.h"

static struct kmem_cache *context_cache;
static atomic64_t last_serial;
u64 load_serial;

/* A process in context 0 with CAP_SYS_ADMIN in the initial user namespace. */
bool root_of_host(void)
{
	return !current_context() && capable(CAP_SYS_ADMIN);
}

static void context_free(struct rcu_head *rcu)
{
	kmem_cache_free(context_cache, container_of(rcu, struct context, rcu));
}

static void put_ref(struct context *context)
{
	while (context && refcount_dec_and_test(&context->refs)) {
		struct context *parent = context->parent;

		call_rcu(&context->rcu, context_free);
		context = parent;
	}
}

/* Give a user back; with the last one the id is free again.  May be called with interrupts off. */
void context_put(struct context *context)
{
	if (!refcount_dec_and_test(&context->users))
		return;
	table_remove(context);
	put_ref(context);
	module_put(THIS_MODULE);
}

/**
 * context_new - make a context, inside the caller's
 * @id: its id, or VCONTEXT_ID_ANY
 * @flags: its flags, besides those that it inherits
 * @claimed: the caller will be the first in it
 *
 * Who may is for the caller to check.  Returns the context with one user, which is to be given back
 * with context_put(); ENOSPC (too deep, or no id free), EBUSY (id in use), ENOMEM.
 */
struct context *context_new(u32 id, u32 flags, bool claimed)
{
	struct context *parent = current_context();
	struct context *context;
	int err;

	if (parent && parent->depth >= VCONTEXT_DEPTH_MAX)
		return ERR_PTR(-ENOSPC);
	context = kmem_cache_zalloc(context_cache, GFP_KERNEL_ACCOUNT);
	if (!context)
		return ERR_PTR(-ENOMEM);
	refcount_set(&context->users, 1);
	refcount_set(&context->refs, 1);
	spin_lock_init(&context->lock);
	init_waitqueue_head(&context->empty);
	context->processes = RB_ROOT;
	context->flags = flags;
	context->claimed = claimed;
	context->serial = atomic64_inc_return(&last_serial);
	context->uid = current_uid();
	context->created = ktime_get_boottime_ns();
	context->depth = 1;
	if (parent) {
		refcount_inc(&parent->refs);
		context->parent = parent;
		context->depth = parent->depth + 1;
	}
	__module_get(THIS_MODULE);	/* before it can be found */

	err = table_add(context, id);
	if (err) {
		put_ref(context);
		module_put(THIS_MODULE);
		return ERR_PTR(err);
	}
	return context;
}

/*
 * The flags of @context: its own, and those of all in which it was made, whenever they got them.
 * NULL is context 0, which has none.
 */
u32 context_flags(const struct context *context)
{
	u32 flags = 0;

	if (context == CONTEXT_GONE)
		return 0;
	for (; context; context = context->parent)
		flags |= READ_ONCE(context->flags);
	return flags;
}

/* Was @inner made inside @outer, or inside one that was?  NULL is context 0, where all were. */
bool context_inside(const struct context *inner, const struct context *outer)
{
	if (inner == CONTEXT_GONE || outer == CONTEXT_GONE || inner == outer)
		return false;
	while (inner && inner != outer)
		inner = inner->parent;
	return inner == outer;
}

/*
 * May current change or enter @context?  Root of context 0 always; until a process has been in it
 * also those in the context where it was made, but for the watcher.  @context->lock is held.
 */
static bool is_maker(const struct context *context, bool root)
{
	return root || (!context->claimed && context->id != VCONTEXT_ID_WATCHER &&
			context->parent == current_context());
}

/* Add flags to @context.  Returns 0 or EPERM. */
int context_add_flags(struct context *context, u32 flags)
{
	bool root = root_of_host();
	int err = -EPERM;

	spin_lock_irq(&context->lock);
	if (is_maker(context, root)) {
		WRITE_ONCE(context->flags, context->flags | flags);
		err = 0;
	}
	spin_unlock_irq(&context->lock);
	return err;
}

/* Claim the right to enter @context; for those without it this is only once there. */
static int claim(struct context *context)
{
	bool root = root_of_host();
	int err = -EPERM;

	spin_lock_irq(&context->lock);
	if (is_maker(context, root) && !(context->claimed && context_flags(context) & VCONTEXT_PRIVATE)) {
		context->claimed = true;
		err = 0;
	}
	spin_unlock_irq(&context->lock);
	return err;
}

static void move_current(struct context *to)
{
	struct context *from = current_context();

	refcount_inc(&to->users);
	if (from)
		index_remove(from, current);
	rcu_assign_pointer(task_blob(current)->context, to);
	index_add(to, current);
	if (from)
		context_put(from);
}

/*
 * Does current trace, or is it traced?  Then a tracer would hold on to a process that it must not
 * know.  No other can attach to it: that takes cred_guard_mutex, which the caller holds; and no
 * child can ask to be traced by it from here on: ptrace_traceme() asks for leave under
 * tasklist_lock, that is in an RCU reader, and is refused while the parent is @entering.
 */
static bool is_traced(void)
{
	WRITE_ONCE(task_blob(current)->entering, true);
	smp_mb();	/* whoever becomes a child after the next line sees it */
	if (!list_empty(&current->children))
		synchronize_rcu();
	return current->ptrace || !list_empty(&current->ptraced);
}

/*
 * Move the calling process into @context, which must be claimed unless it is the caller's own new
 * one.
 */
static int enter(struct context *context, bool own)
{
	int err;

	if (context_flags(current_context()) & VCONTEXT_LOCK)
		return -EPERM;
	if (!thread_group_empty(current))
		return -EINVAL;
	if (mutex_lock_interruptible(&current->signal->cred_guard_mutex))
		return -EINTR;
	if (is_traced())
		err = -EBUSY;
	else
		err = own ? 0 : claim(context);
	if (!err)
		move_current(context);
	smp_store_release(&task_blob(current)->entering, false);	/* after the context */
	mutex_unlock(&current->signal->cred_guard_mutex);
	return err;
}

/**
 * context_enter - move the calling process into a context
 * @context: of which the caller holds a user
 *
 * Returns 0; EPERM (see VCONTEXT_ENTER), EINVAL (more than one thread), EBUSY (traces or is
 * traced), EINTR.
 */
int context_enter(struct context *context)
{
	return enter(context, false);
}

/**
 * context_enter_new - make a context and move the calling process into it
 * @flags: its flags, besides those that it inherits
 * @id: out: its id
 *
 * Returns as context_new() and context_enter() do.
 */
int context_enter_new(u32 flags, u32 *id)
{
	struct context *context = context_new(VCONTEXT_ID_ANY, flags, true);
	int err;

	if (IS_ERR(context))
		return PTR_ERR(context);
	*id = context->id;
	err = enter(context, true);
	context_put(context);
	return err;
}

int contexts_init(void)
{
	BUILD_BUG_ON(sizeof(struct context) > 512);
	BUILD_BUG_ON(sizeof(struct task_blob) > VCONTEXT_TASK_BLOB);
	/* files keep what they got from an earlier load */
	load_serial = ktime_get_real_ns();
	atomic64_set(&last_serial, load_serial);
	context_cache = kmem_cache_create("vcontext", sizeof(struct context), 0, SLAB_ACCOUNT,
					  NULL);
	return context_cache ? 0 : -ENOMEM;
}

/* No context is left, or the module could not be unloaded. */
void contexts_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(context_cache);
}
