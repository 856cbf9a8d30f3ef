// SPDX-License-Identifier: GPL-2.0-only
/* vctl context, chcontext: move into a context and become the command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <vctl.h>

#include "become.h"
#include "ceiling.h"
#include "cleanup.h"
#include "command.h"
#include "enter.h"
#include "message.h"
#include "pidns.h"
#include "plan.h"
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
	  "a flag: lock, sched, nproc, private, fakeinit, hideinfo, userns" },
	CEILING_OPTION_ENTRIES,
	{ "hostname", "H", OPTION_HOSTNAME, "let CMD see this host name (root only)" },
	{ "domainname", "D", OPTION_DOMAINNAME, "let CMD see this NIS domain name (root only)" },
	{ "disconnect", NULL, OPTION_DISCONNECT, "run CMD in the background, off the terminal" },
	{ "silent", NULL, OPTION_SILENT, "don't tell the id of the context" },
	{ 0 },
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

/*
 * What a process does that is where the context wants it.  @report: it tells its parent instead of
 * the user.  Returns only on failure.
 */
static enum status begin(const struct plan *plan, struct entry *entry, const struct report *report)
{
	struct started started = { 0 };
	uint32_t id;

	if (entry_go(entry, plan, &id) < 0)
		return STATUS_FAILED;
	if (!report)
		return announce(plan, id) < 0 ? STATUS_FAILED : become(plan->argv);

	/* A parent that was killed meanwhile, or could not tell the id, has nobody started. */
	started.id = id;
	if (leave_terminal() < 0 || report_write(report, &started, sizeof(started)) < 0 ||
	    report_wait(report) < 0)
		return STATUS_FAILED;
	return become(plan->argv);
}

/* With a process between, which stays outside; off the terminal, too, if the command has to be. */
static enum status begin_in_pid_ns(const struct plan *plan, struct entry *entry,
				   const struct report *report)
{
	struct pidns pidns;
	int parent;

	if (report && leave_terminal() < 0)
		return STATUS_FAILED;
	parent = pidns_fork(&pidns, entry->pid_ns);
	if (parent <= 0)
		return parent < 0 ? STATUS_FAILED : begin(plan, entry, report);

	if (report)
		close(report->fd);
	return pidns_wait(&pidns, entry->first ? entry->ctx : NULL);
}

static enum status start(const struct plan *plan, const struct report *report)
{
	auto_entry struct entry entry = ENTRY_NONE;

	if (entry_open(&entry, plan) < 0)
		return STATUS_FAILED;
	if (entry.first || entry.pid_ns >= 0)
		return begin_in_pid_ns(plan, &entry, report);

	return begin(plan, &entry, report);
}

enum status plan_run(const struct plan *plan)
{
	return start(plan, NULL);
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
	if (report.child == 0) {
		message_to(report.fd);
		_exit(start(plan, &report));
	}

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

	return plan_run(&plan);
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
		"Flags: lock (its processes cannot change context again), sched (all of them\n"
		"together get as much of the processors as one process; only when it is made),\n"
		"nproc (ulimit -u is of the whole context), private (nobody can enter it, not even\n"
		"root), fakeinit (CMD is its process 1, and when it ends, so do all others; root\n"
		"only), hideinfo (its processes are not told their context), userns (they may use\n"
		"user namespaces, otherwise closed to them; root only).\n\n"
		"Process 1 has a /proc of its own, with numbers that begin at 1; to mount that\n"
		"takes root.  chcontext waits outside for CMD: to kill it is to kill the context,\n"
		"whose process 1 no signal reaches that it does not catch, neither ^C nor SIGKILL\n"
		"from inside.  Who enters later with --ctx gets such a /proc too.\n\n"
		"The context remembers its capability ceiling: who enters it later gets it too.\n"
		CEILING_TEXT,
	.status = "1 failed, 2 wrong usage; else CMD's own, or 0 with --disconnect",
	.options = options,
	.run = run,
};
