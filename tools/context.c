// SPDX-License-Identifier: GPL-2.0-only
/* vctl context, chcontext: move into a context and become the command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <vctl.h>

#include "become.h"
#include "ceiling.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"
#include "report.h"

#define HOST_NAME_LENGTH 64
#define ADVICE_IDS "ids are decimal numbers: 1 is the watcher, 2 to 65535 are free to use"

enum {
	OPTION_CTX = OPTION_FIRST,
	OPTION_FLAG,
	OPTION_HOSTNAME,
	OPTION_DOMAINNAME,
	OPTION_DISCONNECT,
	OPTION_SILENT,
};

static const struct option_entry options[] = {
	{ "ctx", "N", OPTION_CTX, "the context's id; it is entered if it exists (root only)" },
	{ "flag", "F[,F...]", OPTION_FLAG,
	  "a flag: lock, nproc, private, hideinfo, userns (root only)" },
	CEILING_OPTION_ENTRIES,
	{ "hostname", "H", OPTION_HOSTNAME, "let CMD see this host name (root only)" },
	{ "domainname", "D", OPTION_DOMAINNAME, "let CMD see this NIS domain name (root only)" },
	{ "disconnect", NULL, OPTION_DISCONNECT, "run CMD in the background, off the terminal" },
	{ "silent", NULL, OPTION_SILENT, "don't tell the id of the context" },
	{ 0 },
};

/* What the command line asks for. */
struct plan {
	uint32_t id;		/* VCONTEXT_ID_ANY: a new one */
	uint32_t flags;
	struct ceiling ceiling;
	uint64_t drop;		/* what @ceiling comes to */
	const char *hostname;
	const char *domainname;
	bool disconnect;
	bool silent;
	char **argv;
};

static int take_name(const char *option, const char *name, const char **place)
{
	if (!*name || strlen(name) > HOST_NAME_LENGTH) {
		message_usage(&command_context, option, "a name has 1 to 64 bytes");
		return -1;
	}

	*place = name;
	return 0;
}

static int take_id(const char *text, uint32_t *id)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *what = NULL;

	if (vctl_id_parse(text, id, &err) == 0 && *id != VCONTEXT_ID_HOST)
		return 0;

	if (asprintf(&what, "--ctx %s", *text ? text : "(empty)") < 0)
		what = NULL;
	message_error(what ? what : "--ctx",
		      err ? vctl_error_why(err) : "nobody can enter context 0",
		      err ? ADVICE_IDS : "leave the other context's shell to be back in it");
	return -1;
}

static int take_option(int value, const char *argument, void *data)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct plan *plan = data;

	switch (value) {
	case OPTION_CTX:
		return take_id(argument, &plan->id);
	case OPTION_FLAG:
		if (vctl_flags_parse(argument, &plan->flags, &err) == 0)
			return 0;
		message_fail(err);
		return -1;
	case OPTION_SECURE:
	case OPTION_CAP:
		return ceiling_take(&plan->ceiling, value, argument);
	case OPTION_HOSTNAME:
		return take_name("--hostname", argument, &plan->hostname);
	case OPTION_DOMAINNAME:
		return take_name("--domainname", argument, &plan->domainname);
	case OPTION_DISCONNECT:
		plan->disconnect = true;
		return 0;
	default:
		plan->silent = true;
		return 0;
	}
}

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

static int enter_named(struct vctl_device *dev, const struct plan *plan)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_context struct vctl_context *ctx = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	bool made = plan->id <= VCONTEXT_ID_NAMED_MAX;

	open.how = made ? VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL : 0;
	open.id = plan->id;
	open.flags = plan->flags;
	open.drop = plan->drop;
	/* Alone the one who makes it gives it flags and ceiling at once. */
	if (vctl_context_open(dev, &open, &ctx, &err) < 0 && vctl_error_code(err) == VCTL_EXISTS) {
		made = false;
		open.how = VCONTEXT_OPEN_CREATE;
		vctl_context_open(dev, &open, &ctx, &err);
	}
	if (!ctx)
		return refuse(plan, err);

	if ((plan->flags || plan->drop) && !made)
		return enter_and_restrict(dev, ctx, plan);

	return vctl_context_enter(ctx, &err) < 0 ? refuse(plan, err) : 0;
}

/* The steps in the order in which they happen; nothing outlives this process if one fails. */
static int enter(const struct plan *plan, uint32_t *id)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	*id = plan->id;
	if (vctl_device_open(&dev, &err) < 0)
		return refuse(plan, err);
	if (set_names(plan) < 0)
		return -1;

	return plan->id == VCONTEXT_ID_ANY ? enter_new(dev, plan, id) :
					     enter_named(dev, plan);
}

static int announce(const struct plan *plan, uint32_t id)
{
	if (plan->silent)
		return 0;

	printf("New security context is %u\n", id);
	return message_flush();
}

static int leave_terminal(void)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (null < 0 || setsid() < 0) {
		message_system(null < 0 ? "/dev/null" : "new session", NULL);
		return -1;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(null, fd) < 0) {
			message_system("/dev/null", NULL);
			return -1;
		}
	}

	return 0;
}

/*
 * What the child tells before it becomes the command; then it waits until the parent has told the
 * id.  A message, here or behind it, says that it failed.
 */
struct started {
	char mark;		/* 0, no message begins with that */
	uint32_t id;
};

static void run_disconnected(const struct plan *plan, const struct report *report)
{
	struct started started = { 0 };
	uint32_t id;

	message_to(report->fd);
	if (enter(plan, &id) < 0 || leave_terminal() < 0)
		_exit(STATUS_FAILED);

	/* A parent that was killed meanwhile, or could not tell the id, has nobody started. */
	started.id = id;
	if (report_write(report, &started, sizeof(started)) < 0 || report_wait(report) < 0)
		_exit(STATUS_FAILED);
	_exit(become(plan->argv));
}

static enum status disconnect(const struct plan *plan)
{
	enum status status = STATUS_FAILED;
	struct started started;
	struct report report;
	char told[PIPE_BUF];
	bool heard = false;
	size_t length;

	if (report_fork(&report) < 0)
		return message_system("process in the background", NULL);
	if (report.child == 0)
		run_disconnected(plan, &report);

	length = report_take(&report, told, sizeof(started));
	if (length == sizeof(started) && told[0] == '\0') {
		memcpy(&started, told, sizeof(started));
		if (announce(plan, started.id) == 0)
			status = STATUS_DONE;
		heard = report_go(&report, status == STATUS_DONE) == 0;
		length = 0;
	}

	report_read(&report, told + length, sizeof(told) - length);
	if (*told)
		message_relay(told);
	else if (!heard)
		message_error(plan->argv[0], "it was killed before it had started", NULL);
	else if (status == STATUS_DONE)
		return STATUS_DONE;
	report_reap(&report);
	return STATUS_FAILED;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct plan plan = { .id = VCONTEXT_ID_ANY };
	uint32_t id;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &plan, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (ceiling_drop(self, &plan.ceiling, &plan.drop) < 0)
		return STATUS_USAGE;
	if (first == argc)
		return message_usage(self, self->name, "which command to run there is missing");

	plan.argv = argv + first;
	if (plan.disconnect)
		return disconnect(&plan);
	if (enter(&plan, &id) < 0 || announce(&plan, id) < 0)
		return STATUS_FAILED;

	return become(plan.argv);
}

const struct command command_context = {
	.name = "context",
	.classic = "chcontext",
	.usage = "[--ctx N] [--flag F]... [--secure] [--cap CAP|!CAP]...\n"
		 "           [--hostname H] [--domainname D] [--disconnect] [--silent]\n"
		 "           CMD [ARG...]",
	.summary = "run a command in a security context of its own",
	.text = "Move into a new security context, which anybody may, and run CMD there: it sees\n"
		"and reaches process 1 and the processes of its own context, no others, and there\n"
		"is no way back.  With --ctx root outside of any context names the context: 1 is\n"
		"the watcher, which sees all processes and can act on its own alone, 2 to 65535\n"
		"are free to use.  Options end at CMD.\n\n"
		"Flags: lock (its processes cannot change context again), nproc (ulimit -u is of\n"
		"the whole context), private (nobody can enter it, not even root), hideinfo (its\n"
		"processes are not told their context), userns (they may use user namespaces,\n"
		"otherwise closed to them).\n\n"
		"The context remembers its capability ceiling: who enters it later gets it too.\n"
		CEILING_TEXT,
	.status = "1 failed, 2 wrong usage; else CMD's own, or 0 with --disconnect",
	.options = options,
	.run = run,
};
