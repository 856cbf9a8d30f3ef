// SPDX-License-Identifier: GPL-2.0-only
/* The way into a context: found or made, and entered. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vctl.h>

#include "cleanup.h"
#include "enter.h"
#include "message.h"
#include "report.h"

/* The library's words, but for what this command can say better. */
static int refuse(const struct plan *plan, const struct vctl_error *err)
{
	const char *advice = vctl_error_advice(err);

	switch (vctl_error_code(err)) {
	case VCTL_NOT_ROOT:
		if (plan->id != VCONTEXT_ID_ANY)
			advice = "run chcontext as root outside of any context, or leave --ctx out "
				 "to get a new one";
		break;
	case VCTL_NO_CONTEXT:
		advice = "ids over 65535 can only be entered while they are in use; choose one up "
			 "to 65535, or leave --ctx out to get a new one";
		break;
	case VCTL_LOCKED:
		advice = "run it from outside of that context";
		break;
	case VCTL_TRACED:
		advice = "run chcontext without strace or gdb around it, and strace inside: "
			 "chcontext strace CMD";
		break;
	default:
		break;
	}

	message_error(vctl_error_what(err), vctl_error_why(err), advice);
	return -1;
}

/*
 * Who logs in inside (sshd, cron, login) sets a login uid of its own, and can do so only if there is
 * none from the session in which this was started.  Root may undo it; to others it stays, and with
 * it who they are to the audit log.
 */
static void forget_login(void)
{
	auto_fd int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "4294967295", 10);
}

static int refuse_name(const char *what, const char *name)
{
	auto_free char *text = NULL;
	int number = errno;

	if (asprintf(&text, "%s %s", what, name) < 0)
		text = NULL;
	errno = number;
	if (number == EPERM)
		message_error(text ? text : what, "only root may give a context a name of its own",
			      "run it as root, or leave --hostname and --domainname out");
	else
		message_system(text ? text : what, NULL);
	return -1;
}

static int set_names(const struct plan *plan)
{
	if (!plan->hostname && !plan->domainname)
		return 0;

	if (unshare(CLONE_NEWUTS) < 0)
		return refuse_name(plan->hostname ? "host name" : "domain name",
				   plan->hostname ? plan->hostname : plan->domainname);
	if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return refuse_name("host name", plan->hostname);
	if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
		return refuse_name("domain name", plan->domainname);

	return 0;
}

/*
 * A context that is in use gets its new flags and its lower ceiling after we have entered it:
 * should entering fail, it has not been changed, and with private we would lock out ourselves.
 * From inside we may not do it, so a child does that stays behind in context 0 and is gone before
 * the command runs.
 *
 * Neither is done without the other: when the handle was opened the kernel looked at both masks,
 * and who may do the one may do the other.
 */
static void restrict_from_outside(struct vctl_context *ctx, const struct plan *plan,
				  const struct report *report)
{
	vctl_auto_error struct vctl_error *err = NULL;

	/* We were not let in, or have been killed. */
	if (report_wait(report) < 0)
		_exit(STATUS_FAILED);

	message_to(report->fd);
	if ((plan->drop && vctl_context_lower(ctx, plan->drop, &err) < 0) ||
	    (plan->flags && vctl_context_add_flags(ctx, plan->flags, &err) < 0))
		refuse(plan, err);
	else
		report_write(report, "", 1);
	_exit(STATUS_DONE);
}

/* The own ceiling before the context's: it is gone with this process should the rest fail. */
static int enter_first(struct vctl_device *dev, struct vctl_context *ctx, const struct plan *plan,
		       const struct report *report)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_context_enter(ctx, &err) < 0 ||
	    (plan->drop && vctl_lower(dev, plan->drop, &err) < 0)) {
		report_go(report, false);
		return refuse(plan, err);
	}
	if (report_go(report, true) < 0) {
		message_system("flags and ceiling of the context", NULL);
		return -1;
	}

	return 0;
}

static int enter_and_restrict(struct vctl_device *dev, struct vctl_context *ctx,
			      const struct plan *plan)
{
	const char *what = "flags and ceiling of the context";
	struct report report;
	char told[PIPE_BUF];
	int entered;

	if (report_fork(&report) < 0) {
		message_system(what, NULL);
		return -1;
	}
	if (report.child == 0)
		restrict_from_outside(ctx, plan, &report);

	entered = enter_first(dev, ctx, plan, &report);
	/* A single zero byte says that it has been done; text why not. */
	if (report_read(&report, told, sizeof(told)) != 1 && entered == 0) {
		if (*told)
			message_relay(told);
		else
			message_error(what, "the child that changes them was killed", "try again");
		entered = -1;
	}
	report_reap(&report);

	return entered;
}

static int enter_new(struct vctl_device *dev, const struct plan *plan, uint32_t *id)
{
	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);
	vctl_auto_error struct vctl_error *err = NULL;

	made.flags = plan->flags;
	made.drop = plan->drop;
	if (vctl_new(dev, &made, &err) < 0)
		return refuse(plan, err);

	*id = made.id;
	return 0;
}

static int open_named(struct entry *entry, const struct plan *plan)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_error struct vctl_error *err = NULL;

	open.id = plan->id;
	open.flags = plan->flags;
	open.drop = plan->drop;
	entry->made = plan->id <= VCONTEXT_ID_NAMED_MAX || plan->id == VCONTEXT_ID_ANY;
	open.how = entry->made ? VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL : 0;
	/* Alone the one who makes it gives it flags and ceiling at once. */
	if (vctl_context_open(entry->dev, &open, &entry->ctx, &err) < 0 &&
	    vctl_error_code(err) == VCTL_EXISTS) {
		entry->made = false;
		open.how = VCONTEXT_OPEN_CREATE;
		vctl_context_open(entry->dev, &open, &entry->ctx, &err);
	}

	return entry->ctx ? 0 : refuse(plan, err);
}

/* Of one that nobody has entered yet, which is process 1's to do. */
static int restrict_before(struct entry *entry, const struct plan *plan)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if ((plan->flags && vctl_context_add_flags(entry->ctx, plan->flags, &err) < 0) ||
	    (plan->drop && vctl_context_lower(entry->ctx, plan->drop, &err) < 0))
		return refuse(plan, err);

	return 0;
}

/* In which PID namespace is an existing context?  Who may not know may not enter it either. */
static int find_pid_ns(struct entry *entry, const struct plan *plan)
{
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	vctl_auto_error struct vctl_error *err = NULL;

	entry->pid_ns = vctl_context_pid_ns(entry->ctx, &err);
	if (entry->pid_ns >= 0)
		return 0;
	entry->pid_ns = -1;
	if (vctl_error_code(err) != VCTL_NO_INIT)
		return vctl_error_code(err) == VCTL_SYSTEM ? refuse(plan, err) : 0;

	if (vctl_context_stat(entry->ctx, &stat, &err) < 0)
		return refuse(plan, err);
	entry->first = (plan->flags | stat.flags) & VCONTEXT_FAKEINIT;
	return entry->first ? restrict_before(entry, plan) : 0;
}

int entry_open(struct entry *entry, const struct plan *plan)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_device_open(&entry->dev, &err) < 0)
		return refuse(plan, err);
	/* Without a handle it is made and entered in one go. */
	if (plan->id == VCONTEXT_ID_ANY && !(plan->flags & VCONTEXT_FAKEINIT))
		return 0;
	if (open_named(entry, plan) < 0)
		return -1;
	if (!entry->made)
		return find_pid_ns(entry, plan);

	entry->first = plan->flags & VCONTEXT_FAKEINIT;
	return 0;
}

int entry_go(struct entry *entry, const struct plan *plan, uint32_t *id)
{
	vctl_auto_error struct vctl_error *err = NULL;

	forget_login();
	if (set_names(plan) < 0)
		return -1;
	if (!entry->ctx)
		return enter_new(entry->dev, plan, id);

	*id = vctl_context_id(entry->ctx);
	if ((plan->flags || plan->drop) && !entry->made && !entry->first)
		return enter_and_restrict(entry->dev, entry->ctx, plan);

	return vctl_context_enter(entry->ctx, &err) < 0 ? refuse(plan, err) : 0;
}

void entry_close(struct entry *entry)
{
	if (entry->pid_ns >= 0)
		close(entry->pid_ns);
	vctl_context_close(entry->ctx);
	vctl_device_close(entry->dev);
	*entry = (struct entry)ENTRY_NONE;
}
