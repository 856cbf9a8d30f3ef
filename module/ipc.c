// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V IPC and POSIX message queues.
 *
 * The context is part of the key: each object has the serial number of the context in which it was
 * made, and to others but the watcher it does not exist.  Message queues have no such place; a
 * context has them in an IPC namespace of its own, of which nothing else is used.
 */

#include <linux/fs.h>
#include <linux/ipc.h>
#include <linux/ipc_namespace.h>
#include <linux/key.h>
#include <linux/mount.h>
#include <linux/msg.h>
#include <linux/sem.h>
#include <uapi/linux/shm.h>
#include <linux/workqueue.h>

#include "context.h"

static struct workqueue_struct *ending;
static struct ipc_namespace *no_queues;

static bool is_own(const struct kern_ipc_perm *perm)
{
	return perm->context == context_serial(current_context());
}

bool ipc_sees(const struct kern_ipc_perm *perm, bool own)
{
	if (is_own(perm))
		return true;
	return !own && (kernel_acts() || is_watcher());
}

struct kern_ipc_perm *ipc_next(struct idr *idr, int *index)
{
	struct kern_ipc_perm *perm;
	int at = *index;

	for (; (perm = idr_get_next(idr, &at)); at++) {
		if (!ipc_sees(perm, false))
			continue;
		*index = at;
		break;
	}
	return perm;
}

/*
 * A new object; also the hooks of semaphores and queues.  At the end of the context it is looked
 * for in the initial IPC namespace alone, so there is none in others.
 */
static int alloc(struct kern_ipc_perm *perm)
{
	struct context *own = current_context();

	if (own && current->nsproxy->ipc_ns != &init_ipc_ns)
		return -EPERM;
	if (own && !READ_ONCE(own->has_ipc))
		WRITE_ONCE(own->has_ipc, true);
	return 0;
}

static int touch(const struct kern_ipc_perm *perm)
{
	return is_own(perm) || kernel_acts() ? 0 : -EPERM;
}

/* The watcher may look; commands that are about no object have none. */

static int shmctl(struct kern_ipc_perm *perm, int cmd)
{
	if (!perm || cmd == IPC_STAT || cmd == SHM_STAT || cmd == SHM_STAT_ANY)
		return 0;
	return touch(perm);
}

static int msgctl(struct kern_ipc_perm *perm, int cmd)
{
	if (!perm || cmd == IPC_STAT || cmd == MSG_STAT || cmd == MSG_STAT_ANY)
		return 0;
	return touch(perm);
}

static int semctl(struct kern_ipc_perm *perm, int cmd)
{
	if (!perm)
		return 0;
	switch (cmd) {
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
	case GETVAL:
	case GETALL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return 0;
	}
	return touch(perm);
}

static int shmat(struct kern_ipc_perm *perm, char __user *shmaddr, int shmflg)
{
	return touch(perm);
}

static int semop(struct kern_ipc_perm *perm, struct sembuf *sops, unsigned int nsops, int alter)
{
	return touch(perm);
}

static int msgsnd(struct kern_ipc_perm *perm, struct msg_msg *msg, int msqflg)
{
	return touch(perm);
}

/* @target is who gets it: current, or who waits for what current sends. */
static int msgrcv(struct kern_ipc_perm *perm, struct msg_msg *msg, struct task_struct *target,
		  long type, int mode)
{
	guard(rcu)();
	return perm->context == context_serial(task_context(target)) ? 0 : -EPERM;
}

/*
 * Those of current's context, which the first need makes.  Without memory for them these are
 * others, and whatever is done with those gives ENOMEM.
 */
struct ipc_namespace *ipc_queues(struct ipc_namespace *ns)
{
	struct context *own = current_context();
	struct ipc_namespace *new;

	if (likely(!own) || own == CONTEXT_GONE)
		return ns;
	if (!smp_load_acquire(&own->queues)) {	/* pairs with cmpxchg() */
		new = copy_ipcs(CLONE_NEWIPC, &init_user_ns, ns);
		if (IS_ERR(new))
			return no_queues;
		if (cmpxchg(&own->queues, NULL, new))
			put_ipc_ns(new);
	}
	return READ_ONCE(own->queues);
}

static int make_no_queues(void)
{
	no_queues = copy_ipcs(CLONE_NEWIPC, &init_user_ns, &init_ipc_ns);
	return PTR_ERR_OR_ZERO(no_queues);
}

static bool has_no_queues(const struct super_block *sb)
{
	return sb->s_fs_info == no_queues;	/* which is in no other file system */
}

static int mount_queues(mounted_super_block *sb)
{
	return has_no_queues(sb) ? -ENOMEM : 0;
}

/*
 * A mounted file system of message queues is the same to all who have it before their eyes: of
 * others the watcher may list the names, and nobody else anything.
 */
int ipc_enter_queues(const struct inode *inode, int mask)
{
	const struct ipc_namespace *queues;

	if (kernel_acts())
		return 0;
	queues = READ_ONCE(current_context()->queues);
	if (queues && inode->i_sb->s_fs_info == queues)
		return 0;
	if (has_no_queues(inode->i_sb))
		return -ENOMEM;
	return is_watcher() && S_ISDIR(inode->i_mode) && !(mask & MAY_WRITE) ? 0 : -EACCES;
}

/* The end of a context's objects, after that of its last process and handle. */

static bool has_ended(const struct kern_ipc_perm *perm, const void *context)
{
	return perm->context == context_serial(context);
}

static void end(struct work_struct *work)
{
	struct context *context = container_of(work, struct context, ending);

	if (context->has_ipc)
		vcontext_remove_ipc(has_ended, context);
	if (context->queues)
		put_ipc_ns(context->queues);
	key_put(context->user_keyrings);
	context_end(context);
}

/* Has @context objects that have to end first?  context_end() is called then when they have. */
bool ipc_end(struct context *context)
{
	if (!context->has_ipc && !context->queues && !context->user_keyrings)
		return false;
	INIT_WORK(&context->ending, end);
	queue_work(ending, &context->ending);
	return true;
}

int ipc_init(void)
{
	int err = make_no_queues();

	if (err)
		return err;
	ending = alloc_workqueue("vcontext", WQ_UNBOUND, 0);
	if (!ending) {
		put_ipc_ns(no_queues);
		return -ENOMEM;
	}
	return 0;
}

void ipc_exit(void)
{
	destroy_workqueue(ending);
	put_ipc_ns(no_queues);
}

const struct vcontext_hook ipc_hooks[] = {
	VCONTEXT_HOOK(shm_alloc_security, alloc),
	VCONTEXT_HOOK(shm_shmctl, shmctl),
	VCONTEXT_HOOK(shm_shmat, shmat),
	VCONTEXT_HOOK(sem_alloc_security, alloc),
	VCONTEXT_HOOK(sem_semctl, semctl),
	VCONTEXT_HOOK(sem_semop, semop),
	VCONTEXT_HOOK(msg_queue_alloc_security, alloc),
	VCONTEXT_HOOK(msg_queue_msgctl, msgctl),
	VCONTEXT_HOOK(msg_queue_msgsnd, msgsnd),
	VCONTEXT_HOOK(msg_queue_msgrcv, msgrcv),
	VCONTEXT_HOOK(sb_kern_mount, mount_queues),
	{ }
};
