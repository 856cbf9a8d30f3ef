// SPDX-License-Identifier: GPL-2.0-only
/* vctl enter, exec, suexec, service: a command inside of a vserver that is running. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "message.h"
#include "relay.h"
#include "vserver.h"

static const struct option_entry options[] = {
	{ 0 },
};

/* Not reached: there are no options. */
static int take_option(int value, const char *argument, void *data)
{
	(void)value;
	(void)argument;
	(void)data;
	return 0;
}

static enum status run_inside(const char *name, struct vctl_command *command)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_inside inside = VCTL_INSIDE_NONE;
	enum status status = vserver_open(name, &vs);
	bool terminal;

	if (status != STATUS_DONE)
		return status;

	/* If it is ignored, how a child ends is not to be known. */
	signal(SIGCHLD, SIG_DFL);
	terminal = relay_take_terminal(command);
	if (vctl_vserver_exec(vs, command, &inside, &err) < 0)
		return vserver_fail(name, err);

	return relay_run(&inside, terminal ? &command->modes : NULL, NULL);
}

/*
 * 1 to go on, with @argv at the first argument, of which there are at least as many as @missing
 * has words for; or else as option_parse().
 */
static int begin(const struct command *self, int argc, char ***argv, const char *const *missing)
{
	int first;
	int go_on = option_parse(self, argc, *argv, take_option, NULL, &first);

	if (go_on <= 0)
		return go_on;

	*argv += first;
	for (int i = 0; missing[i]; i++) {
		if (!(*argv)[i]) {
			message_usage(self, self->name, missing[i]);
			return -1;
		}
	}

	return 1;
}

#define MISSING_NAME "which vserver is missing"
#define MISSING_COMMAND "which command to run is missing"

static enum status run_enter(const struct command *self, int argc, char **argv)
{
	static const char *const missing[] = { MISSING_NAME, NULL };
	struct vctl_command command = { .login = true };
	int go_on = begin(self, argc, &argv, missing);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (argv[1])
		return message_usage(self, argv[1], "no command is taken; exec runs one");

	return run_inside(argv[0], &command);
}

static enum status run_exec(const struct command *self, int argc, char **argv)
{
	static const char *const missing[] = { MISSING_NAME, MISSING_COMMAND, NULL };
	struct vctl_command command = { 0 };
	int go_on = begin(self, argc, &argv, missing);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	command.argv = argv + 1;
	return run_inside(argv[0], &command);
}

static enum status run_suexec(const struct command *self, int argc, char **argv)
{
	static const char *const missing[] = {
		MISSING_NAME, "as which user is missing", MISSING_COMMAND, NULL
	};
	struct vctl_command command = { 0 };
	int go_on = begin(self, argc, &argv, missing);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	command.user = argv[1];
	command.argv = argv + 2;
	return run_inside(argv[0], &command);
}

/* Inside, where it is not known before which of them there is. */
#define SERVICE_SCRIPT \
	"for script in \"/etc/init.d/$1\" \"/etc/rc.d/init.d/$1\"; do\n" \
	"	if [ -x \"$script\" ]; then shift; exec \"$script\" \"$@\"; fi\n" \
	"done\n" \
	"if [ -x /usr/sbin/service ]; then exec /usr/sbin/service \"$@\"; fi\n" \
	"echo \"vctl: service $1: there is no such service in the vserver\" >&2\n" \
	"exit 1\n"

static bool is_service_name(const char *name)
{
	return *name && *name != '.' && *name != '-' && !strchr(name, '/');
}

static enum status run_service(const struct command *self, int argc, char **argv)
{
	static const char *const missing[] = {
		MISSING_NAME, "which service is missing",
		"what to do with the service is missing, as start, stop, restart, status", NULL
	};
	struct vctl_command command = { 0 };
	auto_free char **shell = NULL;
	int go_on = begin(self, argc, &argv, missing);
	size_t count = 0;

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (!is_service_name(argv[1]))
		return message_usage(self, argv[1], "this is not the name of a service");

	shell = calloc((size_t)argc + 5, sizeof(*shell));
	if (!shell)
		return message_system(self->name, NULL);
	shell[count++] = (char *)"/bin/sh";
	shell[count++] = (char *)"-c";
	shell[count++] = (char *)SERVICE_SCRIPT;
	shell[count++] = (char *)"vctl";
	for (char **arg = argv + 1; *arg; arg++)
		shell[count++] = *arg;

	command.argv = shell;
	return run_inside(argv[0], &command);
}

#define TEXT_TERMINAL \
	"On a terminal it gets a pseudo-terminal of the vserver's own, else pipes: it has no\n" \
	"descriptor of the outside.  It ends when vctl is ended.\n\n"
#define TEXT_STDIN \
	"Its standard input is read from ours in advance; give it </dev/null where something\n" \
	"else is to read that, as in a loop over the lines of a file.\n"
#define STATUS_OWN "1 failed, 2 wrong usage; else CMD's own, 128 and N after a signal N"

const struct command command_enter = {
	.name = "enter",
	.vserver = "NAME enter",
	.usage = "NAME",
	.summary = "a login shell inside of a vserver",
	.text = "Run root's login shell inside of a vserver that is running.\n\n"
		TEXT_TERMINAL
		"Without a terminal the shell reads its commands from standard input.",
	.status = "1 failed, 2 wrong usage; else the shell's own",
	.options = options,
	.run = run_enter,
};

const struct command command_exec = {
	.name = "exec",
	.vserver = "NAME exec CMD [ARG...]",
	.usage = "NAME CMD [ARG...]",
	.summary = "run a command inside of a vserver",
	.text = "Run CMD as root inside of a vserver that is running; it is looked for in the\n"
		"PATH there.\n\n" TEXT_TERMINAL
		TEXT_STDIN
		"Options end at NAME.",
	.status = STATUS_OWN,
	.options = options,
	.run = run_exec,
};

const struct command command_suexec = {
	.name = "suexec",
	.vserver = "NAME suexec USER CMD [ARG...]",
	.usage = "NAME USER CMD [ARG...]",
	.summary = "run a command inside of a vserver as another user",
	.text = "Run CMD inside of a vserver that is running, as USER, by name or number of the\n"
		"vserver's own.\n\n" TEXT_TERMINAL
		TEXT_STDIN
		"Options end at NAME.",
	.status = STATUS_OWN,
	.options = options,
	.run = run_suexec,
};

const struct command command_service = {
	.name = "service",
	.vserver = "NAME service SERVICE start|stop|restart|status|...",
	.usage = "NAME SERVICE start|stop|restart|status|... [ARG...]",
	.summary = "start, stop or ask a service of a vserver",
	.text = "Run, inside of a vserver that is running, the first of these that it has:\n"
		"/etc/init.d/SERVICE, /etc/rc.d/init.d/SERVICE, /usr/sbin/service SERVICE; with\n"
		"what follows as arguments.  Options end at NAME.",
	.status = "1 failed, 2 wrong usage; else that of the service's script",
	.options = options,
	.run = run_service,
};
