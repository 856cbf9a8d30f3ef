// SPDX-License-Identifier: LGPL-2.1-or-later
/* Contexts: make, open, enter, flag, ask about and wait for them. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ceiling.h"
#include "cleanup.h"
#include "clock.h"
#include "device.h"
#include "error.h"

/* Owned by its caller, never changed after vctl_context_open(). */
struct vctl_context {
	const struct vctl_transport *transport;
	int fd;
	uint32_t id;
};

#define WHY_LOCKED	"this process is in a context with the flag lock and cannot leave it"
#define ADVICE_LOCKED	"start from outside of that context"
#define WHY_TRACED	"a process that is being traced, or traces another, cannot change context"
#define ADVICE_TRACED	"run it without strace, gdb and the like around it, or trace it from inside"
#define WHY_THREADS	"a process with more than one thread cannot change context"
#define WHY_USERNS	"only root in context 0 may give a context the flag userns"
#define ADVICE_USERNS	"run as root outside of any context, or leave the flag out"
#define WHY_FIRST	"the first process of a context with the flag fakeinit must be process 1 " \
			"of a new PID namespace, alone and with one thread"
#define ADVICE_FIRST	"make one with unshare(CLONE_NEWPID) and fork(), or leave the flag out"
#define WHY_FULL	"contexts are too deep inside each other, or no id is free"
#define ADVICE_FULL	"start from outside, or end contexts that are not needed"

#define PROCESSES_ROOM	1024	/* of one call */

/* A caller that was compiled before it had been added has no @drop. */
#define DROP_OF(arg)									\
	((arg)->size >= offsetof(__typeof__(*(arg)), drop) + sizeof((arg)->drop) ?	\
	 (arg)->drop : 0)

struct context_name {
	char text[32];
};

static struct context_name name_of(uint32_t id)
{
	struct context_name name = { "new context" };

	if (id != VCONTEXT_ID_ANY)
		snprintf(name.text, sizeof(name.text), "context %u", id);

	return name;
}

static const struct vctl_reason new_reasons[] = {
	{ EINVAL, VCTL_THREADS, WHY_THREADS, ADVICE_THREADS },
	{ EBUSY, VCTL_TRACED, WHY_TRACED, ADVICE_TRACED },
	{ ENOSPC, VCTL_FULL, WHY_FULL, ADVICE_FULL },
	{ E2BIG, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

/* EINVAL has many causes; a flag that the kernel doesn't know is the one to be seen from here. */
static int explain_unknown_flags(struct vcontext_info kernel, uint32_t flags, const char *what,
				 struct vctl_error **err)
{
	uint32_t unknown = flags & ~kernel.flags;
	char why[160];
	char *names;

	if (!unknown)
		return 0;

	names = vctl_flags_format(unknown);
	snprintf(why, sizeof(why), "this kernel does not know the flag %s",
		 names ? names : "asked for");
	free(names);
	return vctl_error_set(err, VCTL_BAD_FLAG, EINVAL, what, why,
			      "load a newer vcontext module, or leave the flag out");
}

/* Who knows more about the flags or the ceiling asked for than that the kernel refuses them? */
static int explain_unknown(struct vctl_device *dev, uint32_t flags, uint64_t drop,
			   const char *what, struct vctl_error **err)
{
	int result = explain_unknown_flags(vctl_device_caller(dev), flags, what, err);

	return result < 0 ? result : vctl_ceiling_explain(drop, what, err);
}

/* A new context that nobody has named is refused for the flag lock here, or userns there. */
static int explain_new_refused(struct vctl_device *dev, uint32_t flags, struct vctl_error **err)
{
	struct context_name what = name_of(VCONTEXT_ID_ANY);

	if ((flags & VCONTEXT_USERNS) && !(vctl_device_caller(dev).own_flags & VCONTEXT_LOCK))
		return vctl_error_set(err, VCTL_NOT_ROOT, EPERM, what.text, WHY_USERNS,
				      ADVICE_USERNS);

	return vctl_error_set(err, VCTL_LOCKED, EPERM, what.text, WHY_LOCKED, ADVICE_LOCKED);
}

int vctl_new(struct vctl_device *dev, struct vcontext_new *made, struct vctl_error **err)
{
	int result = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_NEW, made);
	struct context_name what = name_of(VCONTEXT_ID_ANY);

	if (result >= 0)
		return 0;
	if (result == -EPERM)
		return explain_new_refused(dev, made->flags, err);

	if (result == -EINVAL && explain_unknown(dev, made->flags, DROP_OF(made), what.text,
						 err) < 0)
		return -EINVAL;
	if (result == -EINVAL && (made->flags & VCONTEXT_FAKEINIT))
		return vctl_error_set(err, VCTL_OTHER_PID_NS, EINVAL, what.text, WHY_FIRST,
				      ADVICE_FIRST);
	return vctl_error_explain(err, new_reasons, -result, what.text);
}

static const struct vctl_reason open_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT, "only root in context 0 may name a context",
	  "run as root outside of any context, or ask for a new context without naming it" },
	{ ENOENT, VCTL_NO_CONTEXT, "there is no such context",
	  "see the s_context lines in /proc/PID/status, from context 1, for those there are" },
	{ EEXIST, VCTL_EXISTS, "there is such a context already",
	  "choose another id, or enter that one" },
	{ ENOSPC, VCTL_FULL, WHY_FULL, ADVICE_FULL },
	{ EINVAL, VCTL_BAD_ID, "the kernel refuses this id or these flags", NULL },
	{ E2BIG, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

static int explain_open(struct vctl_device *dev, const struct vcontext_open *open, int number,
			struct vctl_error **err)
{
	struct context_name what = name_of(open->id);

	if (number == EPERM && open->id == VCONTEXT_ID_ANY)
		return explain_new_refused(dev, open->flags, err);
	if (number == EPERM && (vctl_device_caller(dev).own_flags & VCONTEXT_LOCK))
		return vctl_error_set(err, VCTL_LOCKED, number, what.text, WHY_LOCKED,
				      ADVICE_LOCKED);

	if (number == EINVAL) {
		if (open->id == VCONTEXT_ID_HOST)
			return vctl_error_set(err, VCTL_BAD_ID, number, what.text,
					      "nobody can go back to context 0",
					      "leave the shell or program that was started in the "
					      "other context");
		if (explain_unknown(dev, open->flags, DROP_OF(open), what.text, err) < 0)
			return -EINVAL;
		if ((open->how & VCONTEXT_OPEN_CREATE) && open->id > VCONTEXT_ID_NAMED_MAX &&
		    open->id != VCONTEXT_ID_ANY)
			return vctl_error_set(err, VCTL_BAD_ID, number, what.text,
					      "ids over 65535 are given out by the kernel",
					      "choose one from 2 to 65535");
	}

	return vctl_error_explain(err, open_reasons, number, what.text);
}

int vctl_context_open(struct vctl_device *dev, struct vcontext_open *open,
		      struct vctl_context **ctx, struct vctl_error **err)
{
	struct vctl_context *new = malloc(sizeof(*new));

	*ctx = NULL;
	if (!new)
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, name_of(open->id).text, NULL,
				      NULL);

	new->transport = dev->transport;
	new->fd = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_OPEN, open);
	if (new->fd < 0) {
		int number = -new->fd;

		free(new);
		return explain_open(dev, open, number, err);
	}

	new->id = open->id;
	*ctx = new;
	return 0;
}

void vctl_context_close(struct vctl_context *ctx)
{
	if (!ctx)
		return;

	ctx->transport->close(ctx->fd);
	free(ctx);
}

int vctl_context_fd(const struct vctl_context *ctx)
{
	return ctx->fd;
}

uint32_t vctl_context_id(const struct vctl_context *ctx)
{
	return ctx->id;
}

static const struct vctl_reason enter_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT, "only root in context 0 may enter a context that is in use",
	  "run as root outside of any context, or make a new context" },
	{ EINVAL, VCTL_THREADS, WHY_THREADS, ADVICE_THREADS },
	{ EBUSY, VCTL_TRACED, WHY_TRACED, ADVICE_TRACED },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

/* The kernel says how many contexts there are to root of context 0 alone. */
static bool is_root_of_host(const struct vcontext_info *caller)
{
	return caller->id == VCONTEXT_ID_HOST && caller->contexts != VCONTEXT_ID_ANY;
}

/* EPERM has several causes, most of which show in flags. */
static int explain_enter_refused(struct vctl_context *ctx, struct vctl_error **err)
{
	struct vcontext_info caller = vctl_device_caller_anew(ctx->transport);
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	struct context_name what = name_of(ctx->id);

	if (caller.own_flags & VCONTEXT_LOCK)
		return vctl_error_set(err, VCTL_LOCKED, EPERM, what.text, WHY_LOCKED,
				      ADVICE_LOCKED);

	if (vctl_context_stat(ctx, &stat, NULL) == 0 && (stat.flags & VCONTEXT_PRIVATE))
		return vctl_error_set(err, VCTL_PRIVATE, EPERM, what.text,
				      "it is private: nobody can enter it, not even root",
				      "look at it from context 1");
	if (stat.state & VCONTEXT_IS_KEPT && is_root_of_host(&caller))
		return vctl_error_set(err, VCTL_OTHER_MOUNTS, EPERM, what.text,
				      "it is a virtual server's: those inside would get hold of "
				      "this process's root directory",
				      "use vserver NAME exec, or vkill");

	return vctl_error_explain(err, enter_reasons, EPERM, what.text);
}

static int ask_pid_ns(const struct vctl_context *ctx)
{
	return vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_PID_NS, NULL);
}

/* EINVAL is for threads, unless there is a PID namespace to be in. */
static int explain_other_pid_ns(struct vctl_context *ctx, struct vctl_error **err)
{
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	struct context_name what = name_of(ctx->id);
	int fd = ask_pid_ns(ctx);

	if (fd >= 0) {
		ctx->transport->close(fd);
		return vctl_error_set(err, VCTL_OTHER_PID_NS, EINVAL, what.text,
				      "its processes have a PID namespace of their own, and this "
				      "one is not in it, or has more than one thread",
				      "join that with setns() and fork() first");
	}
	if (vctl_context_stat(ctx, &stat, NULL) == 0 && (stat.flags & VCONTEXT_FAKEINIT))
		return vctl_error_set(err, VCTL_OTHER_PID_NS, EINVAL, what.text, WHY_FIRST,
				      ADVICE_FIRST);

	return 0;
}

static int enter_by(struct vctl_context *ctx, unsigned long command, struct vctl_error **err)
{
	int result = vctl_transport_ioctl(ctx->transport, ctx->fd, command, NULL);

	if (result >= 0)
		return 0;
	if (result == -EPERM)
		return explain_enter_refused(ctx, err);
	if (result == -EINVAL && explain_other_pid_ns(ctx, err) < 0)
		return -EINVAL;

	return vctl_error_explain(err, enter_reasons, -result, name_of(ctx->id).text);
}

int vctl_context_enter(struct vctl_context *ctx, struct vctl_error **err)
{
	return enter_by(ctx, VCONTEXT_ENTER, err);
}

int vctl_context_enter_at_exec(struct vctl_context *ctx, struct vctl_error **err)
{
	return enter_by(ctx, VCONTEXT_ENTER_AT_EXEC, err);
}

/* The answer to a command that is for those who may enter, and for contexts with process 1. */
static int explain_init(struct vctl_context *ctx, int result, struct vctl_error **err)
{
	static const struct vctl_reason reasons[] = {
		{ ENOENT, VCTL_NO_INIT, "it has no process 1 of its own",
		  "it gets one by the flag fakeinit and the first process that enters" },
		{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
		{ 0 },
	};

	if (result >= 0)
		return result;
	if (result == -EPERM)
		return explain_enter_refused(ctx, err);

	return vctl_error_explain(err, reasons, -result, name_of(ctx->id).text);
}

int vctl_context_pid_ns(struct vctl_context *ctx, struct vctl_error **err)
{
	return explain_init(ctx, ask_pid_ns(ctx), err);
}

int vctl_context_kill(struct vctl_context *ctx, int signal, struct vctl_error **err)
{
	int result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_KILL,
					  (void *)(intptr_t)signal);

	if (result == -ENOENT && (signal & VCONTEXT_KILL_ALL))
		return vctl_error_set(err, VCTL_NO_PROCESS, ENOENT, name_of(ctx->id).text,
				      "there is no process to signal", NULL);
	return explain_init(ctx, result, err);
}

int vctl_context_signal(struct vctl_context *ctx, pid_t pid, int signal, struct vctl_error **err)
{
	struct vcontext_signal one = VCTL_SIZED(struct vcontext_signal);
	char what[48];
	int result;

	one.process = (uint32_t)pid;
	one.signal = (uint32_t)signal;
	result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_SIGNAL, &one);
	if (result != -ENOENT)
		return explain_init(ctx, result, err);

	snprintf(what, sizeof(what), "process %d", (int)pid);
	return vctl_error_set(err, VCTL_NO_PROCESS, ENOENT, what,
			      "it is not in the context, or has ended", NULL);
}

static const struct vctl_reason kept_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT, "only root in context 0 may let it keep namespaces or forget them",
	  "run as root outside of any context" },
	{ EEXIST, VCTL_EXISTS, "it keeps namespaces already", "let it forget those first" },
	{ ENOENT, VCTL_KEEPS_NONE, "it keeps no namespaces", NULL },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

int vctl_context_keep(struct vctl_context *ctx, int mounts_fd, int names_fd,
		      struct vctl_error **err)
{
	struct vcontext_keep keep = VCTL_SIZED(struct vcontext_keep);
	int result;

	keep.mounts = mounts_fd;
	keep.names = names_fd;
	result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_KEEP, &keep);
	if (result >= 0)
		return 0;

	return vctl_error_explain(err, kept_reasons, -result, name_of(ctx->id).text);
}

int vctl_context_kept(struct vctl_context *ctx, int kind, struct vctl_error **err)
{
	int result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_KEPT,
					  (void *)(intptr_t)kind);

	if (result >= 0)
		return result;
	if (result == -EPERM)
		return explain_enter_refused(ctx, err);

	return vctl_error_explain(err, kept_reasons, -result, name_of(ctx->id).text);
}

int vctl_context_forget(struct vctl_context *ctx, struct vctl_error **err)
{
	int result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_FORGET, NULL);

	if (result >= 0)
		return 0;

	return vctl_error_explain(err, kept_reasons, -result, name_of(ctx->id).text);
}

static const struct vctl_reason flag_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT, "only root in context 0 may add flags to a context that is in use",
	  "run as root outside of any context, or give the flags when the context is made" },
	{ EINVAL, VCTL_BAD_FLAG, "the kernel refuses these flags", NULL },
	{ 0 },
};

int vctl_context_add_flags(struct vctl_context *ctx, uint32_t flags, struct vctl_error **err)
{
	struct vcontext_flags add = VCTL_SIZED(struct vcontext_flags);
	struct context_name what = name_of(ctx->id);
	int result;

	add.flags = flags;
	result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_ADD_FLAGS, &add);
	if (result >= 0)
		return 0;

	if (result == -EPERM && (flags & VCONTEXT_USERNS))
		return vctl_error_set(err, VCTL_NOT_ROOT, EPERM, what.text, WHY_USERNS,
				      ADVICE_USERNS);
	if (result == -EINVAL &&
	    explain_unknown_flags(vctl_device_caller_anew(ctx->transport), flags, what.text,
				  err) < 0)
		return -EINVAL;
	if (result == -EINVAL && (flags & (VCONTEXT_FAKEINIT | VCONTEXT_SCHED)))
		return vctl_error_set(err, VCTL_BAD_FLAG, EINVAL, what.text,
				      flags & VCONTEXT_FAKEINIT ?
					      "the flag fakeinit is for its first process, and it "
					      "has had that" :
					      "the flag sched is for a context that is being made",
				      "make a new context with the flag");
	return vctl_error_explain(err, flag_reasons, -result, what.text);
}

static const struct vctl_reason lower_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT,
	  "only root in context 0 may lower the ceiling of a context that is in use",
	  "run as root outside of any context, or say what to drop when the context is made" },
	{ EINVAL, VCTL_BAD_CAP, "the kernel refuses to drop these capabilities", NULL },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

int vctl_context_lower(struct vctl_context *ctx, uint64_t drop, struct vctl_error **err)
{
	struct vcontext_lower lower = VCTL_SIZED(struct vcontext_lower);
	struct context_name what = name_of(ctx->id);
	int result;

	lower.drop = drop;
	result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_LOWER_CONTEXT, &lower);
	if (result >= 0)
		return 0;

	if (result == -EINVAL && vctl_ceiling_explain(drop, what.text, err) < 0)
		return -EINVAL;
	return vctl_error_explain(err, lower_reasons, -result, what.text);
}

int vctl_context_stat(struct vctl_context *ctx, struct vcontext_stat *stat,
		      struct vctl_error **err)
{
	static const struct vctl_reason none[] = { { 0 } };
	int result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_STAT, stat);

	if (result < 0)
		return vctl_error_explain(err, none, -result, name_of(ctx->id).text);

	return 0;
}

/* One call of the kernel, as in vctl_list(). */
static int processes_part(struct vctl_context *ctx, uint32_t first, uint32_t *numbers,
			  uint32_t room)
{
	struct vcontext_processes processes = VCTL_SIZED(struct vcontext_processes);
	int result;

	processes.first = first;
	processes.count = room;
	processes.numbers = (uintptr_t)numbers;
	result = vctl_transport_ioctl(ctx->transport, ctx->fd, VCONTEXT_PROCESSES, &processes);
	if (result < 0)
		return result;
	if (processes.count > room)
		return -EPROTO;

	for (uint32_t i = 0; i < processes.count; i++) {
		if (numbers[i] < first || numbers[i] > INT32_MAX)
			return -EPROTO;
		first = numbers[i] + 1;
	}

	return (int)processes.count;
}

static const struct vctl_reason processes_reasons[] = {
	{ EPERM, VCTL_NOT_ROOT,
	  "only root in context 0 and the watcher are told which processes a context has",
	  "run as root outside of any context, or in context 1" },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

int vctl_context_processes(struct vctl_context *ctx, pid_t **numbers, size_t *count,
			   struct vctl_error **err)
{
	auto_free uint32_t *all = NULL;
	uint32_t first = 0;
	size_t used = 0;
	int part;

	*numbers = NULL;
	*count = 0;
	do {
		uint32_t *more = reallocarray(all, used + PROCESSES_ROOM, sizeof(*all));

		if (more) {
			all = more;
			part = processes_part(ctx, first, all + used, PROCESSES_ROOM);
		} else {
			part = -ENOMEM;
		}
		if (part < 0)
			return vctl_error_explain(err, processes_reasons, -part,
						  name_of(ctx->id).text);
		if (part > 0) {
			used += (size_t)part;
			first = all[used - 1] + 1;
		}
	} while (part > 0);

	/* The numbers fit, see above. */
	*numbers = (pid_t *)all;
	*count = used;
	all = NULL;
	return 0;
}

int vctl_context_wait(struct vctl_context *ctx, int timeout_ms, struct vctl_error **err)
{
	struct context_name what = name_of(ctx->id);
	int64_t end = now_ms() + timeout_ms;
	int left = timeout_ms;
	int result;

	for (;;) {
		result = ctx->transport->poll(ctx->fd, left);
		if (result >= 0 || errno != EINTR)
			break;
		if (timeout_ms >= 0) {
			int64_t rest = end - now_ms();

			left = rest > 0 ? (int)rest : 0;
		}
	}

	if (result > 0)
		return 0;
	if (result == 0)
		return vctl_error_set(err, VCTL_TIMEOUT, ETIMEDOUT, what.text,
				      "it still has processes", "wait longer, or end them");

	return vctl_error_set(err, VCTL_SYSTEM, errno, what.text, NULL, NULL);
}
