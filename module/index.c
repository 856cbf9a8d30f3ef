// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes of a context by number, so that a walk over them costs what the context holds and
 * not what the machine holds.
 *
 * The entry of a process is in its leader's blob; what counts is the number in it, which stays when
 * another thread becomes the leader (in execve()).  It is added when the process gets its numbers
 * or enters, and removed when it loses them or leaves.
 */

#include <linux/key.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "context.h"

static struct task_blob *entry(struct rb_node *node)
{
	return rb_entry(node, struct task_blob, node);
}

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return entry(a)->nr < rb_entry(b, struct task_blob, node)->nr;
}

/* @task is a leader that is in no index. */
void index_add(struct context *context, struct task_struct *task)
{
	struct task_blob *blob = task_blob(task);
	unsigned long flags;

	blob->nr = task_pid_nr(task);
	spin_lock_irqsave(&context->lock, flags);
	rb_add(&blob->node, &context->processes, less);
	WRITE_ONCE(context->nr_processes, context->nr_processes + 1);
	context->entered = true;
	spin_unlock_irqrestore(&context->lock, flags);
}

/* Tell who waits for its end, if it has. */
static void tell_end(struct context *context)
{
	if (!context->nr_processes && !context->coming && wq_has_sleeper(&context->empty))
		wake_up_all(&context->empty);
}

/* Who was expected has come, or has died; then it was in it, to those who wait. */
void index_came(struct context *context)
{
	unsigned long flags;

	spin_lock_irqsave(&context->lock, flags);
	context->entered = true;
	context->coming--;
	tell_end(context);
	spin_unlock_irqrestore(&context->lock, flags);
}

/* Have there been processes, and are none there or coming? */
bool index_ended(struct context *context)
{
	bool ended;

	spin_lock_irq(&context->lock);	/* one may go while another comes */
	ended = context->entered && !context->coming && !context->nr_processes;
	spin_unlock_irq(&context->lock);
	return ended;
}

/* A thread has become the leader of @task's process and @task is about to be released. */
static void hand_over(struct context *context, struct task_blob *from, struct task_blob *to)
{
	to->nr = from->nr;
	rb_replace_node(&from->node, &to->node, &context->processes);
}

/*
 * Do users find their keyrings again, when they enter after the last process has gone?  These are
 * in a register, which is in root's quota, and of contexts without processes somebody can have as
 * many as he likes; so only in those that root has made in context 0.
 */
static bool keeps_keyrings(const struct context *context)
{
	return !context->parent && uid_eq(context->uid, GLOBAL_ROOT_UID);
}

/*
 * Remove @task, if it has the entry of its process.  True if the process is gone with it; then its
 * user is the caller's, to be given back.
 */
bool index_remove(struct context *context, struct task_struct *task)
{
	struct task_blob *blob = task_blob(task);
	struct key *keyrings = NULL;
	unsigned long flags;
	bool gone = false;

	if (!blob->nr)
		return false;
	spin_lock_irqsave(&context->lock, flags);
	if (task->group_leader != task) {
		hand_over(context, blob, task_blob(task->group_leader));
	} else {
		rb_erase(&blob->node, &context->processes);
		WRITE_ONCE(context->nr_processes, context->nr_processes - 1);
		if (!context->nr_processes && !keeps_keyrings(context))
			swap(keyrings, context->user_keyrings);
		tell_end(context);
		gone = true;
	}
	blob->nr = 0;
	spin_unlock_irqrestore(&context->lock, flags);
	key_put(keyrings);	/* which nobody else can be using */
	return gone;
}

/* The lowest number of a process in @context that is at least @nr, or INT_MAX. */
int index_next(struct context *context, int nr)
{
	struct rb_node *node;
	unsigned long flags;
	int next = INT_MAX;

	spin_lock_irqsave(&context->lock, flags);
	node = context->processes.rb_node;
	while (node) {
		if (entry(node)->nr < nr) {
			node = node->rb_right;
		} else {
			next = entry(node)->nr;
			node = node->rb_left;
		}
	}
	spin_unlock_irqrestore(&context->lock, flags);
	return next;
}
