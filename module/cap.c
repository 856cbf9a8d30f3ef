// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ceilings: what capabilities a process can ever get.
 *
 * The ceiling is the kernel's own bounding set, lowered here without the right that prctl() asks
 * for, and together with the other sets.  What was dropped in this way is kept besides, in the task
 * and in the context: a bounding set would be full again in a new user namespace, so these are
 * closed to whoever has a ceiling.
 */

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include "context.h"

#define CAPABILITIES	(BIT_ULL(CAP_LAST_CAP + 1) - 1)

bool ceiling_valid(u64 drop)
{
	return !(drop & ~CAPABILITIES);
}

/**
 * ceiling_prepare - get ready what ceiling_lower() does
 * @drop: what to take out of current's ceiling
 * @anyway: also if that is nothing
 * @new: out: credentials, for ceiling_lower() or abort_creds(); NULL if there is nothing to do
 *
 * Returns 0 or ENOMEM.
 */
int ceiling_prepare(u64 drop, bool anyway, struct cred **new)
{
	*new = NULL;
	if (!anyway && !(drop & ~task_blob(current)->dropped))
		return 0;
	*new = prepare_creds();
	return *new ? 0 : -ENOMEM;
}

void ceiling_lower_sets(u64 drop, struct cred *new)
{
	cap_clear_bits(&new->cap_bset, drop);
	cap_clear_bits(&new->cap_permitted, drop);
	cap_clear_bits(&new->cap_effective, drop);
	cap_clear_bits(&new->cap_inheritable, drop);
	cap_clear_bits(&new->cap_ambient, drop);
}

/*
 * Current's ceiling lacks @drop from now on.  A process in context 0 may have one, too: without us
 * ptrace and user namespaces would lead out of it, so we stay as long as there is one.
 */
void ceiling_remember(u64 drop)
{
	struct task_blob *blob = task_blob(current);

	if (drop && !blob->dropped)
		__module_get(THIS_MODULE);
	WRITE_ONCE(blob->dropped, blob->dropped | drop);
}

/* Cannot fail; takes over @new, which may be NULL if @drop is no news. */
void ceiling_lower(u64 drop, struct cred *new)
{
	if (!new)
		return;
	/* who can't give up its rights must not get new ones by a setuid program either */
	if (drop & cap_bits(new->cap_bset) & VCONTEXT_SECURE_KEEPS &&
	    !ns_capable(new->user_ns, CAP_SETPCAP))
		task_set_no_new_privs(current);
	if (drop)
		ceiling_lower_sets(drop, new);
	limit_commit(new);
	/* not before: others take it to have no more than this says */
	ceiling_remember(drop);
}

/**
 * ceiling_lower_current - lower current's ceiling
 * @drop: what to take out of it
 *
 * Returns 0; EINVAL (more than one thread, each of which has credentials of its own), ENOMEM.
 */
int ceiling_lower_current(u64 drop)
{
	struct cred *new;
	int err;

	if (!thread_group_empty(current))
		return -EINVAL;
	err = ceiling_prepare(drop, false, &new);
	if (!err)
		ceiling_lower(drop, new);
	return err;
}

/* A new user namespace is a new set of capabilities. */
static bool userns_closed(void)
{
	struct context *own = current_context();

	if (kernel_acts() || context_flags(own) & VCONTEXT_USERNS)
		return false;
	return own || task_blob(current)->dropped;
}

static int userns_create(const struct cred *cred)
{
	return userns_closed() ? -EPERM : 0;
}

/* These numbers in 32 bits are the same with all who run such programs besides their own. */
#define REBOOT_32		88
#define FANOTIFY_INIT_32	338
#define USERFAULTFD_32		374

/* Is current in the system call @nr, or @nr_32 in 32 bits? */
bool in_syscall(int nr, int nr_32)
{
	int now = syscall_get_nr(current, task_pt_regs(current));

#ifdef CONFIG_X86_X32_ABI
	if (in_x32_syscall())
		return (now & ~__X32_SYSCALL_BIT) == nr;
#endif
	return now == (in_compat_syscall() ? nr_32 : nr);
}

/*
 * Where reboot() ends process 1 of a PID namespace a ceiling may leave CAP_SYS_BOOT, which is the
 * right to load and unload the machine's next kernel, too.
 */
static bool is_reboot(void)
{
	return in_syscall(__NR_reboot, REBOOT_32);
}

/*
 * Rights to be told of what all processes of the machine do, whoever they are: the accounting of
 * their ends, and the kind of fanotify that tells the numbers of others, and of whole mounts.
 */
static bool tells_of_all(int cap)
{
	if (likely(cap != CAP_SYS_ADMIN && cap != CAP_SYS_PACCT) || !current_context() ||
	    kernel_acts() || is_watcher())
		return false;
	if (cap == CAP_SYS_PACCT)
		return task_active_pid_ns(current) == &init_pid_ns;
	return in_syscall(__NR_fanotify_init, FANOTIFY_INIT_32);
}

/*
 * The right to say when the kernel may go on that has run into a page of one's own, and to let it
 * wait without end with what it has locked: the machine's network devices, a directory.
 */
static bool holds_up_kernel(int cap)
{
	return unlikely(cap == CAP_SYS_PTRACE) && confined() &&
	       in_syscall(__NR_userfaultfd, USERFAULTFD_32);
}

/*
 * Who has made a user namespace has every right over it from outside, and is known by number alone:
 * is it one of current's context, or of one around it?  Context 0 is around none.
 */
static bool made_here(const struct user_namespace *ns)
{
	const struct context *context = current_context();
	u64 maker = ns->ucounts->context;

	if (!context || context == CONTEXT_GONE)
		return true;
	while (context && context->serial != maker)
		context = context->parent;
	return context;
}

/* To join a user namespace takes a right over it, which is then neither ours nor the first. */
static int capable_hook(const struct cred *cred, struct user_namespace *ns, int cap,
			unsigned int opts)
{
	if (unlikely(cap == CAP_SYS_BOOT) && confined() && !is_reboot())
		return -EPERM;
	if (tells_of_all(cap) || holds_up_kernel(cap))
		return -EPERM;
	if (likely(ns == cred->user_ns || ns == &init_user_ns))
		return 0;
	if (cap == CAP_SYS_PTRACE && is_watcher())
		return 0;	/* which is for looking, there */
	return userns_closed() || !(kernel_acts() || made_here(ns)) ? -EPERM : 0;
}

/*
 * Credentials that were registered with an io_uring while the ceiling was higher, or in another
 * context.  Asked about what is submitted from now on.
 */
static int uring_override_creds(const struct cred *new)
{
	return cap_bits(new->cap_bset) & task_blob(current)->dropped ||
	       new->ucounts->context != context_serial(current_context()) ? -EPERM : 0;
}

const struct vcontext_hook ceiling_hooks[] = {
	VCONTEXT_HOOK(capable, capable_hook),
	VCONTEXT_HOOK(userns_create, userns_create),
	VCONTEXT_HOOK(uring_override_creds, uring_override_creds),
	{ }
};
