/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include <vctl.h>

#include "option.h"

/* Exit status of every command. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

/**
 * struct command - one subcommand
 * @name: as in "vctl NAME"
 * @classic: the name under which it is called without vctl, or NULL
 * @vserver: what follows "vserver" to do the same, or NULL
 * @usage: what follows the name
 * @summary: one line, for the list of subcommands
 * @text: what it does, for --help
 * @status: what the exit status tells, for --help; NULL: what it always does
 * @options: its options, ending with a nameless one; --help and --version are added to them
 * @anywhere: options may stand behind arguments too, up to "--"; for who runs no command that has
 *	options of its own
 * @run: does it; @argv[0] is the name, all errors have been told when it returns a status
 * @take_word: for options that are not in @options: called with the word behind the dashes and the
 *	data that @run gave option_parse(); returns 0, or a negative value and an error with advice
 *	for whoever wrote it.  NULL: there are no others
 */
struct command {
	const char *name;
	const char *classic;
	const char *vserver;
	const char *usage;
	const char *summary;
	const char *text;
	const char *status;
	const struct option_entry *options;
	bool anywhere;
	enum status (*run)(const struct command *self, int argc, char **argv);
	int (*take_word)(const char *word, void *data, struct vctl_error **err);
};

extern const struct command command_context;
extern const struct command command_bind;
extern const struct command command_reducecap;
extern const struct command command_info;
extern const struct command command_check;
extern const struct command command_vserver;
extern const struct command command_build;
extern const struct command command_start;
extern const struct command command_stop;
extern const struct command command_restart;
extern const struct command command_condrestart;
extern const struct command command_enter;
extern const struct command command_exec;
extern const struct command command_suexec;
extern const struct command command_service;
extern const struct command command_running;
extern const struct command command_status;
extern const struct command command_list;
extern const struct command command_delete;
extern const struct command command_kill;
extern const struct command command_ps;
extern const struct command command_pstree;
extern const struct command command_stat;
extern const struct command command_top;
extern const struct command command_attr;
extern const struct command command_unify;
extern const struct command command_get;
extern const struct command command_set;
extern const struct command command_du;
extern const struct command command_rpm;
extern const struct command command_apt;
extern const struct command command_new;
extern const struct command command_rebootmgr;

#endif /* COMMAND_H */
