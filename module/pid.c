// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers that become tasks, and walks over numbers: who is not seen has none.
 *
 * A blanket filter would break what a shell does with jobs that changed context, and a parent with
 * its children; these look up in ways of their own.
 */

#include <linux/capability.h>
#include <linux/idr.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>

#include "context.h"

static struct pid *find_raw(pid_t nr)
{
	return idr_find(&task_active_pid_ns(current)->idr, nr);
}

static bool sees_member(struct pid *pid, enum pid_type type)
{
	struct task_struct *task;

	do_each_pid_task(pid, type, task) {
		if (task_sees(task))
			return true;
	} while_each_pid_task(pid, type, task);
	return false;
}

/* As pid_task(): the task of this number, in an RCU reader of whatever kind. */
static inline struct task_struct *number_task(struct pid *pid)
{
	struct hlist_node *node = rcu_dereference_check(hlist_first_rcu(&pid->tasks[PIDTYPE_PID]),
							rcu_read_lock_any_held());

	return node ? hlist_entry(node, struct task_struct, pid_links[PIDTYPE_PID]) : NULL;
}

/*
 * A number that is a task's is known by that task.  One whose task is gone, but which still names
 * a process group or session, is known by the members of these; and one that names nothing (not
 * yet or not any more) by nobody.
 */
static bool sees_pid(struct pid *pid)
{
	struct task_struct *task = number_task(pid);

	if (task)
		return task_sees(task);
	return sees_member(pid, PIDTYPE_PGID) || sees_member(pid, PIDTYPE_SID);
}

static noinline struct pid *pid_see_other(struct pid *pid)
{
	guard(rcu)();
	return sees_pid(pid) ? pid : NULL;
}

/* Whatever is done to a process or is read of it begins here, most of it within a context. */
struct pid *pid_see(struct pid *pid)
{
	struct task_struct *task;
	bool own;

	if (!pid)
		return NULL;
	rcu_read_lock_sched();	/* three instructions, where rcu_read_lock() is two calls */
	task = number_task(pid);
	own = task && in_own_context(task);
	rcu_read_unlock_sched();
	return likely(own) ? pid : pid_see_other(pid);
}

bool pid_reads(struct pid *pid)
{
	struct task_struct *task;

	guard(rcu)();
	task = pid_task(pid, PIDTYPE_PID);
	return !task || task_may_read(task);
}

bool pid_hides_nr(pid_t nr)
{
	struct pid *pid;

	guard(rcu)();
	pid = idr_find(&init_pid_ns.idr, nr);
	/* a lock may outlive who has taken it, and the number be somebody else's some day */
	return pid ? !sees_pid(pid) : current_context() && !is_watcher();
}

struct pid *pid_find_group(pid_t nr, enum vcontext_job job)
{
	struct task_struct *task;
	struct pid *group;

	guard(rcu)();
	group = find_raw(nr);
	if (!group || sees_member(group, PIDTYPE_PGID))
		return group;
	if (job == VCONTEXT_JOB_NONE)
		return NULL;
	do_each_pid_task(group, PIDTYPE_PGID, task) {
		if (task_is_job(task, job))
			return group;
	} while_each_pid_task(group, PIDTYPE_PGID, task);
	return NULL;
}

/*
 * A terminal stops groups as a whole, when one of them reads in the background: nobody inside joins
 * a job that is outside.
 */
bool pid_may_join_group(pid_t nr)
{
	struct context *own = current_context();
	struct task_struct *member;
	struct pid *group;
	bool any = false;

	if (likely(!own))
		return true;
	guard(rcu)();
	group = find_raw(nr);
	do_each_pid_task(group, PIDTYPE_PGID, member) {
		if (task_sees(member) || context_inside(task_context(member), own))
			return true;
		any = true;
	} while_each_pid_task(group, PIDTYPE_PGID, member);
	return !any;
}

/* Waiting is for children only, so that a number tells no more than who is one. */
struct pid *pid_get_child(pid_t nr)
{
	guard(rcu)();
	return get_pid(find_raw(nr));
}

/*
 * From which number on the walk of who is in @own goes on.  Only the initial PID namespace has an
 * index; elsewhere all numbers are walked, and each is asked for.
 */
static noinline int next_nr(struct context *own, const struct idr *idr, int nr)
{
	if (idr != &init_pid_ns.idr || context_id(own) == VCONTEXT_ID_WATCHER)
		return nr;
	if (own == CONTEXT_GONE)
		return INT_MAX;
	if (nr <= 1)
		return 1;	/* process 1 is visible, unless current has another one */
	return index_next(own, nr);
}

/* The caller is in an RCU reader. */
struct pid *pid_next(struct idr *idr, int *nr)
{
	struct context *own = current_context();
	struct pid *pid;

	for (;; ++*nr) {
		if (unlikely(own))
			*nr = next_nr(own, idr, *nr);
		pid = idr_get_next(idr, nr);
		if (!pid || sees_pid(pid))
			return pid;
	}
}

/* @task, or the first behind it that is seen; &init_task is by all who get there. */
static noinline struct task_struct *seen_from(struct task_struct *task)
{
	while (!task_sees(task))
		task = next_task(task);
	return task;
}

/*
 * Who is in a context walks its index, by numbers that no process changes, and without process 1,
 * on which it may not act anyway.
 */
static noinline struct task_struct *next_inside(struct context *own, struct task_struct *task)
{
	int nr = task == &init_task ? 1 : task_tgid_nr(task);

	if (context_id(own) == VCONTEXT_ID_WATCHER)
		return seen_from(next_task(task));
	guard(rcu)();
	do {
		nr = own == CONTEXT_GONE ? INT_MAX : index_next(own, nr + 1);
		task = nr == INT_MAX ? &init_task :
		       pid_task(idr_find(&init_pid_ns.idr, nr), PIDTYPE_TGID);
	} while (!task);
	return task;
}

/*
 * The next of current's walk over processes, &init_task behind the last one.  The caller is in an
 * RCU reader or has tasklist_lock.
 */
struct task_struct *pid_next_process(struct task_struct *task)
{
	struct context *own = current_context();

	if (unlikely(own))
		return next_inside(own, task);
	task = next_task(task);
	return likely(!rcu_access_pointer(task_place(task))) ? task : seen_from(task);
}

/*
 * The files of control groups count everybody in context 0, where a service manager counts its
 * units, and there root may move everybody.
 */
bool cgroup_sees(struct task_struct *task)
{
	return !current_context() || task_sees(task);
}

bool cgroup_sees_nr(pid_t nr)
{
	struct task_struct *task;

	guard(rcu)();
	task = pid_task(find_raw(nr), PIDTYPE_PID);
	return task && cgroup_sees(task);
}

struct task_struct *cgroup_find_task(pid_t nr)
{
	struct task_struct *task = pid_task(find_raw(nr), PIDTYPE_PID);

	if (!task || task_may_touch(task))
		return task;
	if (!current_context() &&
	    (task_sees(task) || ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN)))
		return task;
	return NULL;
}
