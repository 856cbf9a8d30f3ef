// SPDX-License-Identifier: GPL-2.0-only
/* Contexts: made, found, entered, ended. */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
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
	struct context *context = container_of(rcu, struct context, rcu);

	if (context->pid_ns)
		put_pid_ns(context->pid_ns);
	kmem_cache_free(context_cache, context);
}

static void put_ref(struct context *context)
{
	while (context && refcount_dec_and_test(&context->refs)) {
		struct context *parent = context->parent;

		weight_put(context->weight);
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
	if (!ipc_end(context))
		context_end(context);
}

/* Nothing of @context is left. */
void context_end(struct context *context)
{
	put_ref(context);
	module_put(THIS_MODULE);
}

/**
 * context_new - make a context, inside the caller's
 * @id: its id, or VCONTEXT_ID_ANY
 * @flags: its flags, besides those that it inherits
 * @drop: what its ceiling lacks, besides what it inherits
 * @claimed: the caller will be the first in it
 *
 * Who may is for the caller to check.  Returns the context with one user, which is to be given back
 * with context_put(); EPERM (flag userns, and not root of context 0), ENOSPC (too deep, or no id
 * free), EBUSY (id in use), ENOMEM.
 */
struct context *context_new(u32 id, u32 flags, u64 drop, bool claimed)
{
	struct context *parent = current_context();
	struct context *context;
	int err;

	if (flags & VCONTEXT_USERNS && !root_of_host())
		return ERR_PTR(-EPERM);
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
	context->dropped = drop | task_blob(current)->dropped;
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
	if (flags & VCONTEXT_SCHED) {
		context->weight = weight_new();
		if (IS_ERR(context->weight)) {
			err = PTR_ERR(context->weight);
			context->weight = NULL;
			put_ref(context);
			return ERR_PTR(err);
		}
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
 * The flags of @context: its own, and those of all in which it was made, whenever they got them,
 * but for those that are nobody else's.  NULL is context 0, which has none.
 */
u32 context_flags(const struct context *context)
{
	u32 flags;

	if (!context || context == CONTEXT_GONE)
		return 0;
	flags = READ_ONCE(context->flags);
	while ((context = context->parent))
		flags |= READ_ONCE(context->flags) & ~FLAGS_OWN;
	return flags;
}

/* What the ceiling of @context lacks, in the same way. */
u64 context_dropped(const struct context *context)
{
	u64 dropped = 0;

	if (context == CONTEXT_GONE)
		return 0;
	for (; context; context = context->parent)
		dropped |= READ_ONCE(context->dropped);
	return dropped;
}

/* Of current's context; or of that in which it is about to be counted. */
u64 context_current_serial(void)
{
	const struct context *counted = task_blob(current)->counted;

	return context_serial(counted ? counted : current_context());
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

/* Who comes into a context, and when. */
enum coming {
	COMING_MAKER,		/* who made it, now */
	COMING_OWN,		/* who is just making it, now */
	COMING_ROOT,		/* root of context 0, now */
	COMING_AT_EXEC,		/* the same, when execve() ends, or it dies in there */
};

/*
 * May current change or enter @context?  Root of context 0 always; until a process has been in it
 * also those in the context where it was made, but for the watcher.  @context->lock is held.
 */
static bool is_maker(const struct context *context, bool root)
{
	return root || (!context->claimed && context->id != VCONTEXT_ID_WATCHER &&
			context->parent == current_context());
}

/* May current enter @context?  @context->lock is held. */
static bool may_enter(const struct context *context, bool root)
{
	return is_maker(context, root) &&
	       !(context->claimed && context_flags(context) & VCONTEXT_PRIVATE);
}

static bool may_enter_now(struct context *context, bool root)
{
	bool may;

	spin_lock_irq(&context->lock);
	may = may_enter(context, root);
	spin_unlock_irq(&context->lock);
	return may;
}

/* The same of who holds @context.  Returns 0 or EPERM. */
int context_may_enter(struct context *context)
{
	if (context_flags(current_context()) & VCONTEXT_LOCK)
		return -EPERM;
	return may_enter_now(context, root_of_host()) ? 0 : -EPERM;
}

/* Who is process 1 is settled when the first process enters. */
static bool comes_late(const struct context *context, u32 flags)
{
	return flags & ~context->flags & VCONTEXT_FAKEINIT && context->claimed;
}

/* Add to @context what is set in @flags and @drop.  Returns 0, EPERM or EINVAL. */
static int restrict_context(struct context *context, u32 flags, u64 drop)
{
	bool root = root_of_host();
	int err = -EPERM;

	spin_lock_irq(&context->lock);
	if (is_maker(context, root) && (root || !(flags & VCONTEXT_USERNS)))
		err = comes_late(context, flags) ? -EINVAL : 0;
	if (!err) {
		WRITE_ONCE(context->flags, context->flags | flags);
		WRITE_ONCE(context->dropped, context->dropped | drop);
	}
	spin_unlock_irq(&context->lock);
	return err;
}

/*
 * Add flags to @context.  Returns 0, EPERM, EINVAL (sched, which it has from the beginning or not;
 * fakeinit, and it has had a process).
 */
int context_add_flags(struct context *context, u32 flags)
{
	if (flags & ~context_flags(context) & VCONTEXT_SCHED)
		return -EINVAL;
	return restrict_context(context, flags, 0);
}

/* Lower the ceiling of those who will enter @context.  Returns 0 or EPERM. */
int context_lower(struct context *context, u64 drop)
{
	return restrict_context(context, 0, drop);
}

/*
 * Claim the right to enter @context with a ceiling that lacks @dropped; for those without it this
 * is only once there.  At exec its end is not told before index_came().  Returns 0, EPERM, EAGAIN
 * (the ceiling has been lowered meanwhile), EINVAL (current is not in the context's PID namespace).
 */
static int claim(struct context *context, enum coming coming, u64 dropped)
{
	int err = -EPERM;

	spin_lock_irq(&context->lock);
	if (coming == COMING_OWN || may_enter(context, coming != COMING_MAKER))
		err = context_dropped(context) & ~dropped ? -EAGAIN : 0;
	if (!err && !fakeinit_claim(context))
		err = -EINVAL;
	if (!err) {
		context->claimed = true;
		if (coming == COMING_AT_EXEC)
			context->coming++;
	}
	spin_unlock_irq(&context->lock);
	return err;
}

/* Claim @context for who will have the credentials @new, whose ceiling is to lack @dropped. */
static int get_ready(struct context *context, struct kept *kept, struct cred *new,
		     enum coming coming, u64 *dropped)
{
	int err;

	if (kept && !kept_fits(kept))
		return -EPERM;
	err = limit_count_in(context, new);
	if (err)
		return err;
	do {
		*dropped = context_dropped(context);
		err = claim(context, coming, *dropped);
	} while (err == -EAGAIN);
	if (!err)
		keys_leave(new);
	return err;
}

/**
 * context_ready - get all ready that can fail, before current moves into a context at exec
 * @context: which
 * @kept: what it keeps
 * @new: credentials that current will have then; it was root of context 0 when it could be asked
 * @dropped: out: what to take out of their ceiling
 *
 * Returns 0, and then its end waits for index_came(); EPERM (see VCONTEXT_ENTER), EINVAL (the wrong
 * PID namespace), ENOMEM.
 */
int context_ready(struct context *context, struct kept *kept, struct cred *new, u64 *dropped)
{
	return get_ready(context, kept, new, COMING_AT_EXEC, dropped);
}

/* Current becomes a process of @to, with all that @to has for its processes. */
void context_move_current(struct context *to, struct kept *kept)
{
	struct context *from = current_context();

	refcount_inc(&to->users);
	if (from) {
		index_remove(from, current);
		limit_leave(from, current);
	}
	rcu_assign_pointer(task_place(current), to);
	task_blob(current)->watched = true;
	limit_enter(to);
	index_add(to, current);
	if (kept)
		kept_tie_current(kept);
	weight_enter(to);
	if (from)
		context_put(from);
}

/*
 * Does current trace, or is it traced?  Then a tracer would hold on to a process that it must not
 * know.  No other can attach to it: that takes cred_guard_mutex, which the caller holds; and no
 * child can ask to be traced by it from here on: ptrace_traceme() asks for leave under
 * tasklist_lock, that is in an RCU reader, and is refused while the parent is @entering.
 */
bool context_traced(void)
{
	WRITE_ONCE(task_blob(current)->entering, true);
	smp_mb();	/* whoever becomes a child after the next line sees it */
	if (!list_empty(&current->children))
		synchronize_rcu();
	/* a tracer may be about to end */
	return READ_ONCE(current->ptrace) || !list_empty(&current->ptraced);
}

/* Its root and working directory are those of another process, too: it could go by that one's. */
static bool shares_directories(void)
{
	/* a process alone with them can only make it more by clone() */
	return READ_ONCE(current->fs->users) > 1;
}

static int enter_with(struct context *context, struct kept *kept, enum coming coming)
{
	struct cred *new;
	u64 dropped;
	int err;

	err = context_traced() ? -EBUSY : ceiling_prepare(0, true, &new);
	if (err)
		return err;
	err = get_ready(context, kept, new, coming, &dropped);
	if (err) {
		abort_creds(new);
		return err;
	}
	if (task_blob(current)->at_exec)
		exec_disarm(current);
	ceiling_lower(dropped, new);
	context_move_current(context, kept);
	return 0;
}

/*
 * Move the calling process into @context, which must be claimed unless it is the caller's own new
 * one.
 */
static int enter(struct context *context, enum coming coming)
{
	struct kept *kept;
	int err;

	if (context_flags(current_context()) & VCONTEXT_LOCK)
		return -EPERM;
	if (!thread_group_empty(current) || shares_directories())
		return -EINVAL;
	kept = READ_ONCE(context->kept) ? kept_get(context) : NULL;
	if (mutex_lock_interruptible(&current->signal->cred_guard_mutex)) {
		kept_put(kept);
		return -EINTR;
	}
	err = enter_with(context, kept, coming);
	smp_store_release(&task_blob(current)->entering, false);	/* after the context */
	mutex_unlock(&current->signal->cred_guard_mutex);
	if (kept)
		kept_put(kept);
	return err;
}

/**
 * context_enter - move the calling process into a context
 * @context: of which the caller holds a user
 *
 * Returns 0; EPERM (see VCONTEXT_ENTER), EINVAL (more than one thread, shared directories, or the
 * wrong PID namespace), EBUSY (traces or is traced), EINTR, ENOMEM.
 */
int context_enter(struct context *context)
{
	return enter(context, root_of_host() ? COMING_ROOT : COMING_MAKER);
}

/* The same with one that the caller has just made for itself. */
int context_enter_own(struct context *context)
{
	return enter(context, COMING_OWN);
}

/*
 * Signal the process @nr, in case it still is one of @context's, and may be meant.  If it has come
 * meanwhile, current may have lost the right to.
 */
static bool kill_process(struct context *context, int nr, int sig, bool first_too)
{
	struct task_struct *task;
	struct pid *pid;

	guard(rcu)();
	pid = idr_find(&init_pid_ns.idr, nr);
	task = pid_task(pid, PIDTYPE_TGID);
	return task && task_context(task) == context &&
	       (first_too || !fakeinit_is_first(context, pid)) &&
	       may_enter_now(context, root_of_host()) && !kill_pid(pid, sig, 1);
}

/**
 * context_kill - signal all processes of a context but its process 1
 * @context: of which the caller holds a user
 * @sig: the signal
 *
 * From outside: nobody has to go where they are.  Returns 0; EINVAL (no signal), EPERM (see
 * VCONTEXT_KILL), ENOENT (there was none).
 */
int context_kill(struct context *context, unsigned long sig)
{
	int err = context_may_enter(context);
	bool any = false;
	int nr;

	if (!valid_signal(sig))
		return -EINVAL;
	if (err)
		return err;
	for (nr = index_next(context, 1); nr != INT_MAX; nr = index_next(context, nr + 1)) {
		any |= kill_process(context, nr, sig, false);
		cond_resched();
	}
	return any ? 0 : -ENOENT;
}

/**
 * context_signal - signal one process of a context
 * @context: of which the caller holds a user
 * @nr: its number in the initial PID namespace
 * @sig: the signal
 *
 * Returns 0; EINVAL (no signal), EPERM (see VCONTEXT_SIGNAL), ENOENT (it has none of this number).
 */
int context_signal(struct context *context, u32 nr, u32 sig)
{
	int err = context_may_enter(context);

	if (!valid_signal(sig))
		return -EINVAL;
	if (err)
		return err;
	return nr <= INT_MAX && kill_process(context, nr, sig, true) ? 0 : -ENOENT;
}

int contexts_init(void)
{
	BUILD_BUG_ON(sizeof(struct context) > 512);
	BUILD_BUG_ON(sizeof(struct task_blob) > VCONTEXT_TASK_BLOB);
	/* files keep what they got from an earlier load */
	load_serial = ktime_get_boottime_ns();	/* no clock that is ever set back */
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
