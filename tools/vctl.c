// SPDX-License-Identifier: GPL-2.0-only
/* vctl: one program, a subcommand for each thing to do, classic names for some of them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <vctl.h>

#include "cleanup.h"
#include "command.h"
#include "message.h"

static const struct command *const commands[] = {
	&command_context,
	&command_bind,
	&command_reducecap,
	&command_info,
	&command_check,
	&command_build,
	&command_start,
	&command_stop,
	&command_restart,
	&command_condrestart,
	&command_enter,
	&command_exec,
	&command_suexec,
	&command_service,
	&command_running,
	&command_status,
	&command_list,
	&command_delete,
	&command_ps,
	&command_pstree,
	&command_top,
	&command_stat,
	&command_kill,
	&command_unify,
	&command_attr,
	&command_get,
	&command_set,
	&command_du,
	&command_rpm,
	&command_apt,
	&command_new,
	&command_vserver,
	&command_rebootmgr,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}

	return NULL;
}

static const struct command *find_classic(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i]->classic && strcmp(commands[i]->classic, name) == 0)
			return commands[i];
	}

	return NULL;
}

static void print_help(FILE *out)
{
	fprintf(out, "Usage: vctl SUBCOMMAND [ARG...]\n"
		     "       vctl help [SUBCOMMAND]\n"
		     "       vctl --help | --version\n\n"
		     "Security contexts: independent Linux servers side by side on one kernel.\n\n"
		     "Subcommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-11s  %-12s  %s\n", commands[i]->name,
			commands[i]->classic ? commands[i]->classic : "", commands[i]->summary);
	fprintf(out, "  %-11s  %-12s  %s\n", "help", "", "print this text, or a subcommand's");
	fprintf(out, "\nThe second column is the classic name: the same program under that name.\n"
		     "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

/* The list of all subcommands that can be run from here, for whoever mistyped one. */
static enum status complain_unknown(const char *name)
{
	const char *names[COMMANDS + 2] = { NULL };
	auto_free char *why = NULL;
	const char *near;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	names[COMMANDS] = "help";

	near = vctl_nearest(name, names);
	if (!near || asprintf(&why, "there is no such subcommand; did you mean %s?", near) < 0)
		why = NULL;
	return message_usage(NULL, name, why ? why : "there is no such subcommand");
}

static enum status run_help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2)
		return message_usage(NULL, "help", "one subcommand at a time");
	if (argc < 2) {
		print_help(stdout);
		return STATUS_DONE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return STATUS_DONE;
	}

	command = find_command(argv[1]);
	if (!command)
		command = find_classic(argv[1]);
	if (!command)
		return complain_unknown(argv[1]);

	option_print_help(stdout, command);
	return STATUS_DONE;
}

static enum status run_version(int argc, char **argv)
{
	if (argc > 1)
		return message_usage(NULL, argv[1], "--version takes no arguments");

	option_print_version();
	return STATUS_DONE;
}

static enum status run(int argc, char **argv)
{
	const struct command *command = find_classic(argc > 0 ? argv[0] : "");

	if (command)
		return command->run(command, argc, argv);

	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return run_help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0)
		return run_version(argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return message_usage(NULL, argv[1],
				     "options follow the subcommand; here only --help, --version");

	command = find_command(argv[1]);
	if (!command)
		return complain_unknown(argv[1]);

	return command->run(command, argc - 1, argv + 1);
}

/*
 * A standard descriptor that is closed would be given to the next file opened, and messages would
 * be written into that.  What we put there fails like a closed one, and CMD finds it closed.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	enum status status;

	fill_standard_descriptors();
	status = run(argc, argv);
	if (message_flush() < 0 && status == STATUS_DONE)
		status = STATUS_FAILED;

	return status;
}
