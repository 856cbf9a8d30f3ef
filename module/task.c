// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who knows of whom, and who may act on whom.
 *
 * Two questions decide everything: does a process see another (else it does not exist for it:
 * ESRCH, ENOENT, passed over in walks), and may it touch it (else EPERM).  The stub asks the first
 * where numbers become tasks, the LSM hooks ask the second for every act, also where a task was
 * reached in another way: by a descriptor, a relation, or an earlier look.
 */

#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>

#include "addresses.h"

/* Is @task process 1 as current counts, which inside of a PID namespace is that one's? */
static bool is_init(const struct task_struct *task)
{
	const struct pid_namespace *ns = task_active_pid_ns(current);
	struct task_struct *reaper;

	guard(rcu)();
	/* none yet, if the first process of a namespace is being made, and others are there */
	reaper = ns ? READ_ONCE(ns->child_reaper) : NULL;
	return reaper && same_thread_group((struct task_struct *)task, reaper);
}

/* These are asked about tasks of other contexts alone. */

bool task_sees_other(const struct task_struct *task)
{
	return kernel_acts() || is_watcher() || is_init(task);
}

bool task_may_read_other(void)
{
	return kernel_acts() || is_watcher();
}

bool task_may_touch_other(void)
{
	return kernel_acts();
}

/* Only to compare: it may be joining another one. */

static const struct pid *group_of(const struct task_struct *task)
{
	return READ_ONCE(task->signal->pids[PIDTYPE_PGID]);
}

static const struct pid *session_of(const struct task_struct *task)
{
	return READ_ONCE(task->signal->pids[PIDTYPE_SID]);
}

static bool same_job(const struct task_struct *task)
{
	return group_of(task) == group_of(current);
}

/*
 * Is @task, which is in another context, part of a job of current's?  A job is started outside and
 * may go into a context, never the other way round.
 */
static bool is_job_inside(const struct task_struct *task, bool session)
{
	return context_inside(task_context(task), current_context()) &&
	       (same_job(task) ||
		(session && session_of(task) == session_of(current)));
}

/*
 * A shell must be able to name the process group of a job that went into a context, and a shell
 * inside the group that had the terminal before it, to give that back.  What the kernel allows with
 * these is within one session.
 */
bool task_is_job(const struct task_struct *member, enum vcontext_job job)
{
	if (job == VCONTEXT_JOB_TERMINAL)
		return session_of(member) == session_of(current);
	return same_job(member) || is_job_inside(member, true);
}

/* Will nobody enter at exec?  Who was about to before is seen inside by what follows. */
static inline bool nobody_is_armed(void)
{
	smp_rmb();	/* pairs with commit_creds(): who has become a user by now is armed */
	if (unlikely(atomic_read(&nr_armed)))
		return false;
	smp_rmb();	/* pairs with exec_disarm(): who isn't armed any more has come */
	return true;
}

/*
 * Who is on its way in may be a user already, by a number that somebody outside has, too.  To that
 * one it belongs as little as it will inside.
 */
static noinline bool is_on_its_way(struct task_struct *task)
{
	bool armed = READ_ONCE(task_blob(task)->at_exec);

	smp_rmb();	/* pairs with exec_disarm(), as above */
	return armed && !same_thread_group(task, current) && !kernel_acts() && !root_of_host();
}

static inline bool in_reach(struct task_struct *task)
{
	return nobody_is_armed() || !is_on_its_way(task);
}

/*
 * Signals to a process outside get here only by way of a process group; by number there is nobody.
 * The job as a whole can be ended by who is part of it (timeout(1) does), and continued by who
 * shares its session (fg does), as the terminal can.  Nobody reaches out of a context.
 */
static int task_kill_other(struct task_struct *task, int sig)
{
	guard(rcu)();
	if (!is_job_inside(task, sig == SIGCONT))
		return -EPERM;
	return sig != SIGCONT && context_flags(task_context(task)) & VCONTEXT_PRIVATE ? -EPERM : 0;
}

static noinline int task_kill_slowly(struct task_struct *task, struct kernel_siginfo *info, int sig,
				     const struct cred *cred)
{
	/* the kernel's: PR_SET_PDEATHSIG; asked for by the receiver: USB requests with @cred */
	if (info == SEND_SIG_NOINFO || cred)
		return 0;
	if (!in_reach(task))
		return -EPERM;
	return task_may_touch(task) ? 0 : task_kill_other(task, sig);
}

static int task_kill(struct task_struct *task, struct kernel_siginfo *info, int sig,
		     const struct cred *cred)
{
	if (nobody_is_armed() && likely(in_own_context(task)))
		return 0;
	return task_kill_slowly(task, info, sig, cred);
}

static int task_alloc(struct task_struct *task, unsigned long clone_flags)
{
	struct context *own = current_context();

	/* a child of the parent, which may be outside and would not know what it has to wait for */
	if ((clone_flags & (CLONE_PARENT | CLONE_THREAD)) == CLONE_PARENT) {
		guard(rcu)();
		if (!in_own_context(rcu_dereference(current->real_parent)))
			return -EINVAL;
	}
	if (own) {
		int err = limit_fork(own, task);

		if (err)
			return err;
	}
	RCU_INIT_POINTER(task_place(task), own);
	task_blob(task)->dropped = task_blob(current)->dropped;
	if (unlikely(task_blob(task)->dropped))
		__module_get(THIS_MODULE);	/* see ceiling_remember() */
	task_blob(task)->watched = task_blob(current)->watched;
	addresses_inherit(task);
	weight_inherit(task);
	return 0;
}

/* Also of one that never was: the fork has failed, in the one who forks. */
static void task_free(struct task_struct *task)
{
	if (task_blob(task)->charged)
		limit_leave(rcu_access_pointer(task_place(task)), task);
	addresses_free(task);
	weight_leave(task);
	if (unlikely(task_blob(task)->dropped))
		module_put(THIS_MODULE);
}

/* These two have tasklist_lock, for writing. */

void task_join(struct task_struct *task)
{
	struct context *context = rcu_access_pointer(task_place(task));

	if (!context || !thread_group_leader(task))
		return;
	refcount_inc(&context->users);
	index_add(context, task);
}

void task_leave(struct task_struct *task)
{
	struct context *context = rcu_access_pointer(task_place(task));
	bool gone;

	exec_disarm(task);
	if (!context)
		return;
	gone = index_remove(context, task);
	limit_leave(context, task);
	RCU_INIT_POINTER(task_place(task), CONTEXT_GONE);
	if (gone)
		context_put(context);
}

static int touch(struct task_struct *task)
{
	return in_reach(task) && task_may_touch(task) ? 0 : -EPERM;
}

static int see(struct task_struct *task)
{
	return task_sees(task) ? 0 : -EPERM;
}

/* CAP_SYS_PTRACE must not be the way to a ceiling that is wider than the own. */
static bool is_wider(const struct task_struct *task, const struct task_struct *than)
{
	return READ_ONCE(task_blob(than)->dropped) & ~READ_ONCE(task_blob(task)->dropped);
}

/* Nor to addresses: who is tied could let another one serve and call. */
static bool has_others(const struct task_struct *task, const struct task_struct *than)
{
	const struct addresses *set, *others;

	set = smp_load_acquire(&task_blob(than)->addresses);	/* pairs with addresses_take() */
	others = smp_load_acquire(&task_blob(task)->addresses);	/* the same */
	return set && !addresses_equal(others, set);
}

static int ptrace_access_check(struct task_struct *child, unsigned int mode)
{
	bool may = mode & PTRACE_MODE_ATTACH ? !touch(child) : task_may_read(child);

	if (is_wider(child, current) || (mode & PTRACE_MODE_ATTACH && has_others(child, current)))
		may = kernel_acts();
	return may ? 0 : -EPERM;
}

static int ptrace_traceme(struct task_struct *parent)
{
	/* pairs with enter(): no longer entering, but in the new context */
	if (smp_load_acquire(&task_blob(parent)->entering) || is_wider(current, parent) ||
	    has_others(current, parent))
		return -EPERM;
	return touch(parent);
}

static int task_setpgid(struct task_struct *task, pid_t pgid)
{
	return task_may_touch(task) && pid_may_join_group(pgid) ? 0 : -EPERM;
}

/* Walks by user come to tasks that are just being released: to these it is all the same. */
static int touch_in_walk(struct task_struct *task)
{
	/* in this order: there is no way back */
	if (!touch(task) || rcu_access_pointer(task_place(task)) == CONTEXT_GONE)
		return 0;
	return -EPERM;
}

static int task_setnice(struct task_struct *task, int nice)
{
	return touch_in_walk(task);
}

static int task_setioprio(struct task_struct *task, int ioprio)
{
	return touch_in_walk(task);
}

static int task_setrlimit(struct task_struct *task, unsigned int resource,
			  struct rlimit *new_rlim)
{
	return touch(task);
}

/*
 * In context 0 whoever is not seen is found by nobody but control groups, whose root moves all, and
 * whose processors are set for all.
 */
static int task_setscheduler(struct task_struct *task)
{
	if (current_context())
		return touch(task);
	return in_reach(task) ? 0 : -EPERM;
}

/*
 * SIGIO and SIGURG are the owner's own wish, carried out by whoever happens to cause them: what
 * counts is the context of the one who wished.  Wishes for oneself, @load_serial, are free.  Those
 * from before this load of the module are context 0's: nobody was in another when it was unloaded.
 */
static void file_set_fowner(struct file *file)
{
	struct fown_struct *fown = file_f_owner(file);
	struct task_struct *task;
	bool self;

	guard(rcu)();
	task = pid_task(fown->pid, fown->pid_type);
	self = task && fown->pid_type != PIDTYPE_PGID && same_thread_group(task, current);
	fown->context = self ? load_serial : context_serial(current_context());
}

static int file_send_sigiotask(struct task_struct *task, struct fown_struct *fown, int sig)
{
	u64 wisher = fown->context;

	if (wisher == load_serial)
		return 0;
	if (wisher < load_serial)
		wisher = 0;
	if (!nobody_is_armed() && READ_ONCE(task_blob(task)->at_exec) &&
	    !uid_eq(fown->euid, GLOBAL_ROOT_UID))
		return -EPERM;
	smp_rmb();	/* as in is_on_its_way() */
	guard(rcu)();
	return wisher == context_serial(task_context(task)) ? 0 : -EPERM;
}

/* May current hear of all processes of the machine: the watcher, and in context 0 who has @cap? */
bool task_may_hear_all(int cap)
{
	struct context *own = current_context();

	return kernel_acts() || context_id(own) == VCONTEXT_ID_WATCHER || (!own && capable(cap));
}

/* Cookies of core scheduling ask for no more than to see. */
static int task_prctl(int option, unsigned long command, unsigned long pid, unsigned long scope,
		      unsigned long arg5)
{
	bool changes = command == PR_SCHED_CORE_CREATE || command == PR_SCHED_CORE_SHARE_TO;

	if (option != PR_SCHED_CORE || !changes || !is_watcher())
		return prctl_go_on();
	return pid || scope == PR_SCHED_CORE_SCOPE_PROCESS_GROUP ? -EPERM : prctl_go_on();
}

/* Events of a CPU count everybody who runs on it; those of a task can send it a signal. */
static int perf_event_alloc(struct perf_event *event)
{
	struct task_struct *task = event->hw.target;
	bool may;

	if (!task)
		may = task_may_hear_all(CAP_PERFMON) || task_may_hear_all(CAP_SYS_ADMIN);
	else if (event->attr.sigtrap)
		may = task_may_touch(task);
	else
		may = task_may_read(task);
	return may ? 0 : -EPERM;
}

/* The kernel's log, and programs in the kernel, are about everybody. */

static int syslog(int type)
{
	return confined() ? -EPERM : 0;
}

static int bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return confined() ? -EPERM : 0;
}

const struct vcontext_hook task_hooks[] = {
	VCONTEXT_HOOK(task_alloc, task_alloc),
	VCONTEXT_HOOK(task_free, task_free),
	VCONTEXT_HOOK(task_kill, task_kill),
	VCONTEXT_HOOK(ptrace_access_check, ptrace_access_check),
	VCONTEXT_HOOK(ptrace_traceme, ptrace_traceme),
	VCONTEXT_HOOK(task_setpgid, task_setpgid),
	VCONTEXT_HOOK(task_setnice, task_setnice),
	VCONTEXT_HOOK(task_setioprio, task_setioprio),
	VCONTEXT_HOOK(task_getioprio, see),
	VCONTEXT_HOOK(task_setrlimit, task_setrlimit),
	VCONTEXT_HOOK(task_setscheduler, task_setscheduler),
	VCONTEXT_HOOK(task_movememory, touch),
	VCONTEXT_HOOK(file_send_sigiotask, file_send_sigiotask),
	VCONTEXT_HOOK(file_set_fowner, file_set_fowner),
	VCONTEXT_HOOK(task_prctl, task_prctl),
	VCONTEXT_HOOK(syslog, syslog),
	VCONTEXT_HOOK(bpf, bpf),
	VCONTEXT_HOOK(perf_event_alloc, perf_event_alloc),
	{ }
};
