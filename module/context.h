/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a context.
 *
 * A context lives, that is its id is its own, while it has @users: each of its processes and each
 * open handle is one, who will enter it at exec is, and that it keeps something is another.  Its
 * memory lives while it has @refs: its users together are one, each context that was made inside it
 * another, because limits and ancestry of those go through it.
 *
 * Who points to a context:
 *   - tasks (task_place()), without a reference: a task that has numbers belongs to a process that
 *     is a user.  The pointer changes only by the task itself (entering) and when the
 *     task loses its numbers; others read it under RCU;
 *   - handles (file->private_data), as a user;
 *   - tasks that will enter it at exec, as a user;
 *   - contexts made inside it (parent), with a reference;
 *   - the table of contexts, without one.
 */
#ifndef VCONTEXT_CONTEXT_H
#define VCONTEXT_CONTEXT_H

#include <linux/pid_namespace.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/vcontext.h>
#include <linux/vcontext_module.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "compat.h"

#define FLAGS_KNOWN	(VCONTEXT_LOCK | VCONTEXT_SCHED | VCONTEXT_NPROC | VCONTEXT_PRIVATE | \
			 VCONTEXT_FAKEINIT | VCONTEXT_HIDEINFO | VCONTEXT_USERNS)

/* Those that contexts made inside don't have by that. */
#define FLAGS_OWN	VCONTEXT_FAKEINIT

struct context {
	refcount_t		users;
	refcount_t		refs;
	struct rb_node		node;		/* see table.c */
	u32			id;		/* constant once in the table */
	u32			flags;		/* under @lock; only ever added to */
	u64			digits;		/* of @id, once asked for; see proc.c */
	u64			dropped;	/* as @flags; what the ceiling lacks */
	u64			serial;		/* constant; never used again, unlike @id */
	struct context		*parent;	/* constant; NULL: made in context 0 */
	u32			depth;		/* constant; 1: made in context 0 */
	kuid_t			uid;		/* constant; who made it */
	u64			created;	/* constant; ktime_get_boottime_ns() */

	spinlock_t		lock;		/* inside tasklist_lock, which interrupts take */
	struct rb_root		processes;	/* under @lock; by number, see index.c */
	u32			nr_processes;	/* under @lock; read without */
	bool			claimed;	/* under @lock; its first process is known */
	bool			entered;	/* under @lock; somebody came, or died before */
	u32			coming;		/* under @lock; in execve(), to enter */

	wait_queue_head_t	empty;		/* woken when the last process has gone */

	atomic_t		tasks;		/* in it and in those made inside it, see limit.c */
	bool			has_ipc;	/* there is, or was, an object of System V IPC */

	struct key		*user_keyrings;	/* their register; NULL: none yet */
	struct ipc_namespace	*queues;	/* with its message queues; NULL: none yet */
	struct weight		*weight;	/* constant; NULL: without flag sched */
	struct pid_namespace	*pid_ns;	/* set once under @lock, see fakeinit.c; or NULL */
	struct kept		*kept;		/* under @lock, see kept.c; or NULL */
	struct work_struct	ending;		/* see ipc.c */
	struct rcu_head		rcu;
};

/*
 * What the module has in the security blob of a task.  Zero, which is context 0, for tasks born
 * before the module was loaded.
 */
struct task_blob {
	struct rb_node		node;		/* in context->processes, if @nr */
	pid_t			nr;		/* of the process in the initial PID namespace */
	bool			charged;	/* it counts in context->tasks; by the task alone */
	bool			entering;	/* see context_traced() in context.c */
	bool			watched;	/* maybe, until it execs; see exec.c */
	u64			dropped;	/* only ever added to, by the task; see cap.c */
	struct addresses	*addresses;	/* set once, by the task */
	struct weight		*weight;	/* changed by the task; see weight.c */
	struct context		*counted;	/* whose counters it asks for; NULL: its own */
	struct at_exec		*at_exec;	/* what it will enter, by the task alone; or NULL */
};

/* Of a task that has lost its numbers: it is nobody's. */
#define CONTEXT_GONE	((struct context *)1)

static inline struct task_blob *task_blob(const struct task_struct *task)
{
	return task->security + vcontext_blob_sizes.lbs_task;
}

/*
 * Where its context is: a field, because nothing is looked at more often.  A child has its parent's
 * from when it is copied, before task_alloc().
 */
#define task_place(task)	(*(struct context __rcu **)&(task)->vcontext)

/* The context of @task, NULL for context 0.  Only @task may look into it without RCU. */
static inline struct context *task_context(const struct task_struct *task)
{
	return rcu_dereference_check(task_place(task), task == current);
}

/* Nobody else changes it, so that what it is compared with can be compared with it in memory. */
static inline struct context *current_context(void)
{
	return rcu_dereference_protected(task_place(current), true);
}

static inline u32 context_id(const struct context *context)
{
	if (context == CONTEXT_GONE)
		return VCONTEXT_ID_ANY;
	return context ? context->id : VCONTEXT_ID_HOST;
}

/* Only a comparison: the context of @task need not be there any more. */
static inline bool in_own_context(const struct task_struct *task)
{
	return rcu_access_pointer(task_place(task)) == current_context();
}

/* The kernel acts for itself: in an interrupt, or in a thread of its own. */
static inline bool kernel_acts(void)
{
	return !in_task() || current->flags & PF_KTHREAD;
}

static inline bool is_watcher(void)
{
	return context_id(current_context()) == VCONTEXT_ID_WATCHER;
}

static inline u64 context_serial(const struct context *context)
{
	return context && context != CONTEXT_GONE ? context->serial : 0;
}

/* context.c */
struct context *context_new(u32 id, u32 flags, u64 drop, bool claimed);
void context_put(struct context *context);
void context_end(struct context *context);
int context_enter(struct context *context);
int context_may_enter(struct context *context);
int context_enter_own(struct context *context);
int context_kill(struct context *context, unsigned long sig);
int context_signal(struct context *context, u32 nr, u32 sig);
int context_add_flags(struct context *context, u32 flags);
u32 context_flags(const struct context *context);
u64 context_dropped(const struct context *context);
int context_lower(struct context *context, u64 drop);
u64 context_current_serial(void);
int context_ready(struct context *context, struct kept *kept, struct cred *new, u64 *dropped);
bool context_traced(void);
void context_move_current(struct context *to, struct kept *kept);
bool context_inside(const struct context *inner, const struct context *outer);
bool root_of_host(void);
int contexts_init(void);
void contexts_exit(void);

/* Of this load of the module: no context has it for its serial number, nor had one earlier. */
extern u64 load_serial;

/* table.c */
int table_add(struct context *context, u32 id);
void table_remove(struct context *context);
struct context *table_get(u32 id);
u32 table_next_id(u32 id);
u32 table_size(void);

/* exec.c */
extern atomic_t nr_armed;	/* of who will enter at exec: hardly ever one, nor for long */
int exec_arm(struct context *context);
void exec_disarm(struct task_struct *task);
bool exec_may_open(const struct file *file);
bool exec_may_open_confined(const struct file *file);
extern const struct vcontext_hook exec_hooks[];

/* kept.c */
int kept_keep(struct context *context, int mounts, int names);
int kept_open(struct context *context, unsigned long type);
int kept_forget(struct context *context);
struct kept *kept_get(struct context *context);
void kept_put(struct kept *kept);
bool kept_fits(const struct kept *kept);
void kept_tie_current(const struct kept *kept);

/* index.c */
void index_add(struct context *context, struct task_struct *task);
bool index_remove(struct context *context, struct task_struct *task);
void index_came(struct context *context);
bool index_ended(struct context *context);
int index_next(struct context *context, int nr);

/* cap.c */
bool ceiling_valid(u64 drop);
int ceiling_prepare(u64 drop, bool anyway, struct cred **new);
void ceiling_lower_sets(u64 drop, struct cred *new);
void ceiling_lower(u64 drop, struct cred *new);
void ceiling_remember(u64 drop);
bool in_syscall(int nr, int nr_32);
int ceiling_lower_current(u64 drop);
extern const struct vcontext_hook ceiling_hooks[];

/* task.c; the first line of each is what is asked thousands of times in a walk */
bool task_sees_other(const struct task_struct *task);
bool task_may_read_other(void);
bool task_may_touch_other(void);

static inline bool task_sees(const struct task_struct *task)
{
	return likely(in_own_context(task)) || task_sees_other(task);
}

/* May current look into @task, beyond what /proc tells everybody who sees it? */
static inline bool task_may_read(const struct task_struct *task)
{
	return likely(in_own_context(task)) || task_may_read_other();
}

/* May current act on @task? */
static inline bool task_may_touch(const struct task_struct *task)
{
	return likely(in_own_context(task)) || task_may_touch_other();
}

bool task_is_job(const struct task_struct *member, enum vcontext_job job);
bool task_may_hear_all(int cap);
void task_join(struct task_struct *task);
void task_leave(struct task_struct *task);
extern const struct vcontext_hook task_hooks[];

/* pid.c */
struct pid *pid_see(struct pid *pid);
bool pid_reads(struct pid *pid);
bool pid_hides_nr(pid_t nr);
struct pid *pid_find_group(pid_t nr, enum vcontext_job job);
bool pid_may_join_group(pid_t nr);
struct pid *pid_get_child(pid_t nr);
struct pid *pid_next(struct idr *idr, int *nr);
struct task_struct *pid_next_process(struct task_struct *task);
bool cgroup_sees(struct task_struct *task);
bool cgroup_sees_nr(pid_t nr);
struct task_struct *cgroup_find_task(pid_t nr);

/* proc.c */
void proc_status(struct seq_file *m, struct task_struct *task);

/* file.c */
bool confined(void);
bool file_may_watch(const struct dentry *dentry);
bool file_may_lock(const struct file *file);
extern const struct vcontext_hook file_hooks[];

/* unlink.c */
bool unlink_allowed(struct dentry *dentry);
int unlink_may_set(struct inode *inode, bool remove);
bool unlink_may_open(const struct file *file);
bool unlink_may_change(const struct inode *inode, const struct iattr *attr);
int unlink_may_ioctl(const struct file *file, unsigned int cmd);
extern const struct vcontext_hook unlink_hooks[];

/* fakeinit.c */
bool fakeinit_claim(struct context *context);
pid_t fakeinit_nr(const struct context *context, struct pid_namespace *reader);
bool fakeinit_is_first(const struct context *context, const struct pid *pid);
int fakeinit_open_ns(struct context *context);
int fakeinit_kill(struct context *context, unsigned long sig);
u32 fakeinit_state(const struct context *context);

/* limit.c */
int limit_fork(struct context *context, struct task_struct *task);
void limit_enter(struct context *context);
int limit_count_in(struct context *context, struct cred *new);
void limit_move(const struct cred *new);
void limit_commit(struct cred *new);
void limit_leave(struct context *context, struct task_struct *task);

/* ipc.c */
bool ipc_sees(const struct kern_ipc_perm *perm, bool own);
struct kern_ipc_perm *ipc_next(struct idr *idr, int *index);
struct ipc_namespace *ipc_queues(struct ipc_namespace *ns);
int ipc_enter_queues(const struct inode *inode, int mask);
bool ipc_end(struct context *context);
int ipc_init(void);
void ipc_exit(void);
extern const struct vcontext_hook ipc_hooks[];

/* key.c */
struct key **key_place(struct key **place);
void keys_leave(struct cred *new);
extern const struct vcontext_hook key_hooks[];

/* sock.c */
bool sock_sees(const struct sock *sk, bool own);
int sock_bind(struct sock *sk);
extern const struct vcontext_hook sock_hooks[];

/* What the module has in a socket: zero at birth, copied with it. */
struct sock_blob {
	u64			serial;		/* of the context that it belongs to */
	struct addresses	*addresses;	/* it is tied to; set once, with a reference */
	bool			any;		/* it was bound to any address */
	bool			ipv6_only;	/* and to none of IPv4, but for the loopback */
	bool			claimed;	/* of AF_UNIX: somebody has tried to bind it */
	u32			mark;		/* sock_mark(), if it has a set */
};

static inline struct sock_blob *sock_blob(const struct sock *sk)
{
	return (struct sock_blob *)sk->sk_vcontext;
}

/* Tells a socket's own set from what its memory held before. */
static inline u32 sock_mark(const struct sock *sk)
{
	return (u32)(unsigned long)sk | 1;
}

/* addresses.c */
int addresses_take(const struct vcontext_address *from, u32 count, bool loopback);
void addresses_inherit(struct task_struct *task);
void addresses_free(struct task_struct *task);
void addresses_print(struct seq_file *m, const struct task_struct *task);

/* net.c */
int net_may_create(int family, int type, int protocol);
bool net_share_address(const struct sock *sk, const struct sock *sk2, bool any);
bool net_hears(const struct sock *sk, const struct sk_buff *skb);
bool net_hears_group(const struct sock *sk, __be32 own, __be32 group);
struct flowi4 *net_source(struct flowi4 *flow, const struct sock *sk);
void net_source6(struct flowi6 *flow, const struct sock *sk);
void net_show_address(const struct sock *sk, void *address);
bool net_sees(const struct sock *sk);
extern const struct vcontext_hook net_hooks[];
extern const struct vcontext_hook tied_hooks[];

/* view.c */
bool view_ipv4(__be32 address);
bool view_device(const struct net_device *device);
bool view_proc_net(const struct dentry *dentry);
bool view_message(struct sock *sk, struct sk_buff *skb);
extern const struct vcontext_hook view_hooks[];

/* weight.c */
struct weight *weight_new(void);
void weight_put(struct weight *weight);
void weight_enter(const struct context *context);
void weight_inherit(struct task_struct *task);
void weight_leave(struct task_struct *task);
struct task_group *weight_group(const struct task_struct *task, struct task_group *group);
int weight_init(void);
void weight_exit(void);

/*
 * main.c: from now on the module is asked and its hooks are called; and those for who is tied to
 * addresses, which is before anybody is.  They may sleep, and be called again.
 */
void hooks_begin(void);
void hooks_tied(void);

/* dev.c, handle.c */
dev_t device_number(void);
int device_init(void);
void device_exit(void);
bool sees_all(void);
struct file *handle_file(struct context *context);
int copy_lower_in(struct vcontext_lower *arg, const void __user *user);

#endif /* VCONTEXT_CONTEXT_H */
