// SPDX-License-Identifier: GPL-2.0-only
/* vctl start, stop, restart, condrestart: vservers come and go. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "message.h"
#include "report.h"
#include "vserver.h"
#include "watch.h"

/* How many are started or stopped at the same time. */
#define AT_ONCE 8

/*
 * How long one that is started among all of them is waited for: no vserver may keep the others, or
 * the machine's boot, from going on.
 */
#define ONBOOT_SECONDS 180

#define SECONDS_MAX 86400

enum {
	OPTION_ALL = OPTION_FIRST,
	OPTION_IF_RUNNING,
	OPTION_ONBOOT,
	OPTION_SILENT,
	OPTION_TIMEOUT,
	OPTION_WAIT,
};

#define ENTRY_SILENT { "silent", NULL, OPTION_SILENT, "print nothing but what goes wrong" }
#define ENTRY_TIMEOUT \
	{ "timeout", "SECONDS", OPTION_TIMEOUT, "how long its own shutdown may take (60)" }

static const struct option_entry start_options[] = {
	{ "onboot", NULL, OPTION_ONBOOT, "all that have ONBOOT=yes, instead of NAMEs" },
	{ "wait", "SECONDS", OPTION_WAIT,
	  "how long its services are waited for (for ever; 180 with --onboot)" },
	ENTRY_SILENT,
	{ 0 },
};

static const struct option_entry stop_options[] = {
	{ "all", NULL, OPTION_ALL, "all that run, instead of NAMEs" },
	ENTRY_TIMEOUT,
	ENTRY_SILENT,
	{ 0 },
};

static const struct option_entry restart_options[] = {
	{ "if-running", NULL, OPTION_IF_RUNNING, "leave those alone that don't run" },
	ENTRY_TIMEOUT,
	ENTRY_SILENT,
	{ 0 },
};

static const struct option_entry condrestart_options[] = {
	ENTRY_TIMEOUT,
	ENTRY_SILENT,
	{ 0 },
};

/* What is to be done. */
struct plan {
	const struct command *command;
	bool every;		/* not to those that are named, but to all that fit */
	bool only_running;
	bool silent;
	int timeout_ms;
	int wait_ms;		/* for the services of one; negative: for ever */
};

/* How an act ended, as told to who waits for it. */
struct end {
	enum status status;
	bool late;		/* or rather: it has not, and who acts goes on alone */
};

/* The line to who waits for us. */
static const struct report *waiting;

static int take_seconds(const struct plan *plan, const char *option, const char *text,
			int *milliseconds)
{
	auto_free char *what = NULL;
	int seconds = -1;

	if (*text && strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text))
		seconds = atoi(text);
	if (seconds >= 0 && seconds <= SECONDS_MAX) {
		*milliseconds = seconds * 1000;
		return 0;
	}

	if (asprintf(&what, "%s %s", option, *text ? text : "(empty)") < 0)
		what = NULL;
	message_usage(plan->command, what ? what : option,
		      "it is a number of seconds, at most a day (86400)");
	return -1;
}

static int take_option(int value, const char *argument, void *data)
{
	struct plan *plan = data;

	switch (value) {
	case OPTION_ALL:
	case OPTION_ONBOOT:
		plan->every = true;
		return 0;
	case OPTION_IF_RUNNING:
		plan->only_running = true;
		return 0;
	case OPTION_TIMEOUT:
		return take_seconds(plan, "--timeout", argument, &plan->timeout_ms);
	case OPTION_WAIT:
		return take_seconds(plan, "--wait", argument, &plan->wait_ms);
	default:
		plan->silent = true;
		return 0;
	}
}

/*
 * Who waits is told to go, and nothing of his is kept: he may be somebody's boot.  What is left to
 * do is to take what services print, and to finish the start when they are done.
 */
static void on_late(void *data)
{
	const struct end end = { .status = STATUS_DONE, .late = true };
	struct watch *watch = data;
	auto_free char *what = NULL;
	auto_free char *why = NULL;
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	watch_end(watch);
	if (asprintf(&what, "vserver %s", watch->name) < 0)
		what = NULL;
	if (asprintf(&why, "after %d seconds its services are still being started",
		     watch->calls.late_ms / 1000) < 0)
		why = NULL;
	message_error(what ? what : watch->name, why ? why : "its services take too long",
		      "that goes on in the background; it can be entered and stopped as usual");
	message_flush();

	/* He may be gone already. */
	signal(SIGPIPE, SIG_IGN);
	setsid();
	(void)!chdir("/");
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	watch->calls.output = NULL;
	report_write(waiting, &end, sizeof(end));
	waiting = NULL;
}

/* 0 if it has been done, 1 if there was nothing to do, or the library's error. */
static int act(const struct plan *plan, struct vctl_vserver *vs, struct vctl_error **err)
{
	struct watch watch;
	int result;

	watch_begin(&watch, vctl_vserver_name(vs), plan->silent, plan->every);
	if (waiting) {
		watch.calls.late = on_late;
		watch.calls.late_ms = plan->wait_ms;
	}
	if (plan->command == &command_start)
		result = vctl_vserver_start(vs, &watch.calls, err);
	else if (plan->command == &command_stop)
		result = vctl_vserver_stop(vs, plan->timeout_ms, &watch.calls, err);
	else
		result = vctl_vserver_restart(vs, plan->only_running, plan->timeout_ms,
					      &watch.calls, err);
	watch_end(&watch);

	return result;
}

static enum status act_on(const struct plan *plan, const char *name)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	const char *done = plan->command == &command_start ? "started" :
			   plan->command == &command_stop ? "stopped" : "restarted";
	enum status status = vserver_open(name, &vs);
	int result;

	if (status != STATUS_DONE)
		return status;

	result = act(plan, vs, &err);
	/* Somebody else was faster. */
	if (result < 0 && plan->every && vctl_error_code(err) == VCTL_RUNS)
		return STATUS_DONE;
	if (result < 0)
		return vserver_fail(name, err);
	if (result == 1 && !plan->every && !vserver_exists(name))
		return vserver_missing(name);
	if (plan->silent || (plan->every && result == 1))
		return STATUS_DONE;

	printf("%s: %s\n", name, result == 1 ? "not running" : done);
	return message_flush() < 0 ? STATUS_FAILED : STATUS_DONE;
}

static _Noreturn void act_apart(const struct plan *plan, const char *name,
				const struct report *report)
{
	struct end end;

	/* Of what the caller has open nothing is to stay so. */
	close_range(STDERR_FILENO + 1, (unsigned int)report->fd - 1, 0);
	close_range((unsigned int)report->fd + 1, UINT_MAX, 0);
	waiting = report;
	end = (struct end){ .status = act_on(plan, name) };
	if (message_flush() < 0)
		end.status = STATUS_FAILED;
	if (waiting)
		report_write(waiting, &end, sizeof(end));
	_exit(end.status);
}

static void tell_killed(int status)
{
	message_error("child process", strsignal(WTERMSIG(status)),
		      "vctl status tells which vserver is left unfinished");
}

/* In a child of its own, which is waited for as long as it is to be. */
static enum status act_in_time(const struct plan *plan, const char *name)
{
	struct report report;
	struct end end;
	size_t told;
	int status = 0;

	if (plan->wait_ms < 0)
		return act_on(plan, name);
	if (report_fork(&report) < 0)
		return message_system(name, NULL);
	if (report.child == 0)
		act_apart(plan, name, &report);

	told = report_take(&report, &end, sizeof(end));
	close(report.fd);
	if (told == sizeof(end) && end.late)
		return end.status;
	while (waitpid(report.child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		tell_killed(status);

	return told == sizeof(end) ? end.status : STATUS_FAILED;
}

/* All names before anything is done, so that a slip in the last one leaves nothing half done. */
static enum status act_on_named(const struct plan *plan, char **names)
{
	enum status worst = STATUS_DONE;

	for (char **name = names; *name; name++) {
		vctl_auto_vserver struct vctl_vserver *vs = NULL;
		enum status status = vserver_open(*name, &vs);

		if (status != STATUS_DONE)
			return status;
	}

	for (; *names; names++) {
		if (act_in_time(plan, *names) != STATUS_DONE)
			worst = STATUS_FAILED;
	}
	return worst;
}

/* A configuration that can't be read doesn't say that its vserver is not to be started. */
static int starts_at_boot(const struct vctl_vserver *vs, const struct vctl_vserver_status *status)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL;

	if (status->state == VCTL_RUNNING)
		return 0;
	/* There may be none: of what is left of a start, say. */
	if (status->onboot || vctl_conf_read(vctl_vserver_conf(vs), &conf, &err) == 0 ||
	    vctl_error_code(err) == VCTL_NO_VSERVER)
		return status->onboot;

	message_fail(err);
	return -1;
}

/* Is it one of all those meant?  -1 and told if that can't be found out. */
static int is_meant(const struct plan *plan, const char *name)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_vserver_status status;
	int meant;

	if (vserver_open(name, &vs) != STATUS_DONE)
		return -1;
	if (vctl_vserver_status(vs, &status, &err) < 0) {
		message_fail(err);
		return -1;
	}

	if (plan->command == &command_start)
		meant = starts_at_boot(vs, &status);
	else
		meant = status.state != VCTL_STOPPED;
	vctl_vserver_status_free(&status);
	return meant;
}

/* In a child of its own; false and told if there is none. */
static bool begin(const struct plan *plan, const char *name)
{
	enum status status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child != 0) {
		if (child < 0)
			message_system(name, NULL);
		return child > 0;
	}

	status = act_in_time(plan, name);
	if (message_flush() < 0)
		status = STATUS_FAILED;
	_exit(status);
}

/* Has the next child that ends done it? */
static bool await(void)
{
	int status = 0;

	while (wait(&status) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		tell_killed(status);

	return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_DONE;
}

static void show_count(const struct plan *plan, size_t ended, size_t count)
{
	char text[80];

	snprintf(text, sizeof(text), "%s: %zu of %zu done ...", plan->command->name, ended, count);
	if (!plan->silent)
		watch_show(ended < count ? text : NULL);
}

/* At the same time, but for those of many that wait until others are done. */
static enum status act_on_each(const struct plan *plan, char **names, size_t count)
{
	enum status worst = STATUS_DONE;
	size_t running = 0;
	size_t next = 0;

	while (next < count || running > 0) {
		show_count(plan, next - running, count);
		if (next < count && running < AT_ONCE) {
			/* One that could not be begun has ended. */
			if (begin(plan, names[next++]))
				running++;
			else
				worst = STATUS_FAILED;
			continue;
		}
		if (!await())
			worst = STATUS_FAILED;
		running--;
	}

	show_count(plan, count, count);
	return worst;
}

static enum status act_on_every(const struct plan *plan)
{
	vctl_auto_error struct vctl_error *err = NULL;
	enum status worst = STATUS_DONE;
	size_t count = 0;
	char **names;
	char **meant;

	if (vctl_vserver_list(&names, &err) < 0)
		return message_fail(err);

	for (count = 0; names[count]; count++)
		;
	meant = calloc(count + 1, sizeof(*meant));
	count = 0;
	for (size_t i = 0; meant && names[i]; i++) {
		int is = is_meant(plan, names[i]);

		if (is < 0)
			worst = STATUS_FAILED;
		else if (is)
			meant[count++] = names[i];
	}

	if (!meant || act_on_each(plan, meant, count) != STATUS_DONE)
		worst = STATUS_FAILED;
	free(meant);
	vctl_names_free(names);
	return worst;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct plan plan = { .command = self, .timeout_ms = -1, .wait_ms = -1 };
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &plan, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	/* If it is ignored, how children end is not to be known. */
	signal(SIGCHLD, SIG_DFL);
	if (self == &command_condrestart)
		plan.only_running = true;
	if (plan.every && first < argc)
		return message_usage(self, argv[first],
				     "no vserver is named with --onboot or --all");
	if (plan.every && self == &command_start && plan.wait_ms < 0)
		plan.wait_ms = ONBOOT_SECONDS * 1000;
	if (plan.every)
		return act_on_every(&plan);
	if (first == argc)
		return message_usage(self, self->name, "which vserver is missing");

	return act_on_named(&plan, argv + first);
}

#define TEXT_ORDER \
	"Several are done one after the other, also if one fails.\n\n"
#define TEXT_STOP \
	"Its own shutdown runs first, for as long as --timeout lets it; what is there\n" \
	"then gets SIGTERM, and a little later SIGKILL."

const struct command command_start = {
	.name = "start",
	.vserver = "NAME start [--wait SECONDS] [--silent]",
	.usage = "[--wait SECONDS] [--silent] NAME...|--onboot",
	.summary = "start vservers",
	.text = "Start vservers: the context, its addresses and file systems, then its services,\n"
		"whose output is passed on.  If a step fails, those before it are undone.\n"
		TEXT_ORDER
		"With --onboot those that don't run yet of all that have ONBOOT=yes in their\n"
		"configuration are started, up to 8 at the same time; each line says whose it is.\n"
		"\n"
		"One whose services take longer than --wait is told of, and left to go on in the\n"
		"background; vctl status, stop and exec work as with any that runs.",
	.status = "0 all are started or at it, 1 one failed or was running, 2 wrong usage",
	.options = start_options,
	.anywhere = true,
	.run = run,
};

const struct command command_stop = {
	.name = "stop",
	.vserver = "NAME stop [--timeout SECONDS] [--silent]",
	.usage = "[--timeout SECONDS] [--silent] NAME...|--all",
	.summary = "stop vservers",
	.text = "Stop vservers, or tidy up what is left of them.  To stop one that is stopped is\n"
		"no error.  " TEXT_ORDER
		TEXT_STOP "\n\n"
		"With --all up to 8 are stopped at the same time; each line says whose it is.",
	.status = "0 nothing of them is left, 1 one failed, 2 wrong usage",
	.options = stop_options,
	.anywhere = true,
	.run = run,
};

const struct command command_restart = {
	.name = "restart",
	.vserver = "NAME restart [--if-running] [--timeout SECONDS] [--silent]",
	.usage = "[--if-running] [--timeout SECONDS] [--silent] NAME...",
	.summary = "stop vservers and start them again",
	.text = "Stop vservers, if they run, and start them.  " TEXT_ORDER
		TEXT_STOP,
	.options = restart_options,
	.anywhere = true,
	.run = run,
};

const struct command command_condrestart = {
	.name = "condrestart",
	.vserver = "NAME condrestart [--timeout SECONDS] [--silent]",
	.usage = "[--timeout SECONDS] [--silent] NAME...",
	.summary = "restart those vservers that run",
	.text = "Stop and start vservers that run, and leave others alone, which is no error.\n"
		"It is restart --if-running.  " TEXT_ORDER
		TEXT_STOP,
	.options = condrestart_options,
	.anywhere = true,
	.run = run,
};
