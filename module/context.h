/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a context.
 *
 * A context lives, that is its id is its own, while it has @users: each of its processes and each
 * open handle is one.  Its memory lives while it has @refs: its users together are one, each
 * context that was made inside it another, because limits and ancestry of those go through it.
 *
 * Who points to a context:
 *   - tasks, through struct task_blob, without a reference: a task that has numbers belongs to a
 *     process that is a user.  The pointer changes only by the task itself (entering) and when the
 *     task loses its numbers; others read it under RCU;
 *   - handles (file->private_data), as a user;
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
#include <linux/vcontext_stub.h>
#include <linux/wait.h>

#define FLAGS_KNOWN	(VCONTEXT_LOCK | VCONTEXT_PRIVATE | VCONTEXT_HIDEINFO)

struct context {
	refcount_t		users;
	refcount_t		refs;
	struct rb_node		node;		/* see table.c */
	u32			id;		/* constant once in the table */
	u32			flags;		/* under @lock; only ever added to; see context_flags() */
	u64			serial;		/* constant; never used again, unlike @id */
	struct context		*parent;	/* constant; NULL: made in context 0 */
	u32			depth;		/* constant; 1: made in context 0 */
	kuid_t			uid;		/* constant; who made it */
	u64			created;	/* constant; ktime_get_boottime_ns() */

	spinlock_t		lock;		/* inside tasklist_lock, which interrupts take */
	struct rb_root		processes;	/* under @lock; by number, see index.c */
	u32			nr_processes;	/* under @lock; read without */
	bool			claimed;	/* under @lock; its first process is known */
	bool			entered;	/* under @lock; a process is in it, or was */

	wait_queue_head_t	empty;		/* woken when the last process has gone */
	struct rcu_head		rcu;
};

/*
 * What the module has in the security blob of a task.  Zero, which is context 0, for tasks born
 * before the module was loaded.
 */
struct task_blob {
	struct context __rcu	*context;
	struct rb_node		node;		/* in context->processes, if @nr */
	pid_t			nr;		/* of the process in the initial PID namespace */
	bool			entering;	/* the task enters a context; no child may ask it to trace */
};

/* Of a task that has lost its numbers: it is nobody's. */
#define CONTEXT_GONE	((struct context *)1)

static inline struct task_blob *task_blob(const struct task_struct *task)
{
	return vcontext_task_blob(task);
}

/* The context of @task, NULL for context 0.  Only @task may look into it without RCU. */
static inline struct context *task_context(const struct task_struct *task)
{
	return rcu_dereference_check(task_blob(task)->context, task == current);
}

static inline struct context *current_context(void)
{
	return task_context(current);
}

static inline u32 context_id(const struct context *context)
{
	if (context == CONTEXT_GONE)
		return VCONTEXT_ID_ANY;
	return context ? context->id : VCONTEXT_ID_HOST;
}

static inline u64 context_serial(const struct context *context)
{
	return context && context != CONTEXT_GONE ? context->serial : 0;
}

/* context.c */
struct context *context_new(u32 id, u32 flags, bool claimed);
void context_put(struct context *context);
int context_enter(struct context *context);
int context_enter_new(u32 flags, u32 *id);
int context_add_flags(struct context *context, u32 flags);
u32 context_flags(const struct context *context);
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

/* index.c */
void index_add(struct context *context, struct task_struct *task);
bool index_remove(struct context *context, struct task_struct *task);
int index_next(struct context *context, int nr);

/* task.c, proc.c */
extern const struct vcontext_ops task_ops;
int proc_next_nr(int nr, const struct pid_namespace *ns);
void proc_status(struct seq_file *m, struct task_struct *task);
bool task_sees(const struct task_struct *task);
bool task_may_read(const struct task_struct *task);
bool task_may_touch(const struct task_struct *task);

/* file.c */
int file_open(struct file *file);

/* dev.c, handle.c */
int device_init(void);
void device_exit(void);
struct file *handle_file(struct context *context);
int copy_struct_in(void *to, const void __user *from, size_t size, size_t least);
int copy_struct_out(void __user *to, const void *from, size_t size);

#endif /* VCONTEXT_CONTEXT_H */
