// SPDX-License-Identifier: GPL-2.0-only
/*
 * vserver: the classic name, "vserver NAME WORD", for subcommands that are about one vserver; and
 * what these have in common.
 */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "message.h"
#include "vserver.h"

static const struct command *const words[] = {
	&command_build,	      &command_start, &command_stop,	&command_restart,
	&command_condrestart, &command_enter, &command_exec,	&command_suexec,
	&command_service,     &command_running, &command_status, &command_delete,
	&command_get,	      &command_set,   &command_du,	&command_unify,
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct option_entry options[] = {
	{ 0 },
};

enum status vserver_open(const char *name, struct vctl_vserver **vs)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_vserver_open(name, vs, &err) == 0)
		return STATUS_DONE;

	message_fail(err);
	return vctl_error_code(err) == VCTL_BAD_NAME ? STATUS_USAGE : STATUS_FAILED;
}

bool vserver_exists(const char *name)
{
	char **names;
	bool found = false;

	if (vctl_vserver_list(&names, NULL) < 0)
		return true;

	for (size_t i = 0; names[i]; i++)
		found = found || strcmp(names[i], name) == 0;
	vctl_names_free(names);
	return found;
}

/* @why: of the library's, or ours. */
static void tell_missing(const char *name, const char *what, const char *why, const char *advice)
{
	auto_free char *better = NULL;
	const char *near = NULL;
	char **names;

	if (vctl_vserver_list(&names, NULL) == 0) {
		near = vctl_nearest(name, (const char *const *)names);
		if (near && strcmp(near, name) == 0)
			near = NULL;
		if (near && asprintf(&better, "did you mean %s?", near) < 0)
			better = NULL;
		vctl_names_free(names);
	}
	message_error(what, why, better ? better : advice);
}

enum status vserver_missing(const char *name)
{
	auto_free char *what = NULL;

	if (asprintf(&what, "vserver %s", name) < 0)
		what = NULL;
	tell_missing(name, what ? what : name, "there is no such vserver",
		     "vctl list shows all");
	return STATUS_FAILED;
}

enum status vserver_fail(const char *name, const struct vctl_error *err)
{
	if (vctl_error_code(err) != VCTL_NO_VSERVER)
		return message_fail(err);

	tell_missing(name, vctl_error_what(err), vctl_error_why(err), vctl_error_advice(err));
	return STATUS_FAILED;
}

static const struct command *find_word(const char *word)
{
	for (size_t i = 0; word && i < WORDS; i++) {
		if (strcmp(words[i]->name, word) == 0)
			return words[i];
	}

	return NULL;
}

static enum status complain_unknown(const struct command *self, const char *name, const char *word)
{
	const char *names[WORDS + 1] = { NULL };
	auto_free char *why = NULL;
	const char *near;
	int done;

	for (size_t i = 0; i < WORDS; i++)
		names[i] = words[i]->name;

	near = vctl_nearest(word, names);
	if (find_word(name))
		done = asprintf(&why, "the name comes first; did you mean vserver %s %s?", word,
				name);
	else
		done = asprintf(&why, "there is no such word%s%s%s",
				near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	if (done < 0)
		why = NULL;
	return message_usage(self, word, why ? why : "there is no such word");
}

/*
 * "NAME exec ls -l" is "exec NAME ls -l".  Options, which may be in front of NAME or behind the
 * word, come first, if they can't be anywhere.
 */
static enum status run_word(const struct command *word, const char *name, char **front,
			    int front_count, char **behind, int behind_count)
{
	auto_free char **argv = calloc((size_t)(front_count + behind_count) + 3, sizeof(*argv));
	auto_free char *form = NULL;
	int argc = 0;

	if (!argv || asprintf(&form, "vserver %s %s", name, word->name) < 0) {
		form = NULL;
		return message_system(name, NULL);
	}

	argv[argc++] = (char *)word->name;
	for (int i = 0; i < front_count; i++)
		argv[argc++] = front[i];
	for (; !word->anywhere && behind_count > 0 && **behind == '-'; behind_count--)
		argv[argc++] = *behind++;
	argv[argc++] = (char *)name;
	for (int i = 0; i < behind_count; i++)
		argv[argc++] = behind[i];

	message_called(form);
	return word->run(word, argc, argv);
}

/*
 * What can be said of all of them: "vserver [OPTION...] list|status [OPTION...]", if that is not the
 * name of one to do something to.
 */
static const struct command *find_overall(const char *name, const char *next)
{
	if (strcmp(name, "list") == 0)
		return &command_list;
	if (strcmp(name, "status") == 0 && (!next || *next == '-'))
		return &command_status;

	return NULL;
}

static enum status run_overall(const struct command *overall, int argc, char **argv, int at)
{
	auto_free char *form = NULL;

	if (asprintf(&form, "vserver %s", overall->name) < 0) {
		form = NULL;
		return message_system(overall->name, NULL);
	}

	/* The word moves to where its name has to be. */
	memmove(argv + 1, argv, (size_t)at * sizeof(*argv));
	argv[1] = (char *)overall->name;
	message_called(form);
	return overall->run(overall, argc - 1, argv + 1);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	const struct command *word, *overall;
	int first = 1;

	message_called("vserver");
	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0) {
			option_print_help(stdout, self);
			return STATUS_DONE;
		}
		if (strcmp(argv[first], "--version") == 0) {
			option_print_version();
			return STATUS_DONE;
		}
	}

	if (first == argc)
		return message_usage(self, self->name, "which vserver is missing");
	word = find_word(argv[first + 1]);
	overall = word ? NULL : find_overall(argv[first], argv[first + 1]);
	if (overall)
		return run_overall(overall, argc, argv, first);
	if (first + 1 == argc)
		return message_usage(self, argv[first], "what to do with it is missing");
	if (!word)
		return complain_unknown(self, argv[first], argv[first + 1]);

	return run_word(word, argv[first], argv + 1, first - 1, argv + first + 2,
			argc - first - 2);
}

const struct command command_vserver = {
	.name = "vserver",
	.classic = "vserver",
	.usage = "[OPTION...] NAME WORD [ARG...]",
	.vserver = "list|status",
	.summary = "all that can be done to one vserver, by its classic name",
	.text = "Do to the vserver NAME what WORD says:\n\n"
		"  build        make one                  start    start it\n"
		"  delete       remove it                 stop     stop it\n"
		"  enter        a login shell inside      restart  stop and start it\n"
		"  exec         run a command inside      condrestart  the same, if it runs\n"
		"  suexec       the same as another user  running  does it run?\n"
		"  service      start, stop, ask ... one  status   what is it doing?\n"
		"               of its services        du       disk space it takes\n"
		"  get          its configuration        set      change that\n"
		"  unify        share its files with others\n\n"
		"Each is a subcommand of vctl as well: vserver NAME WORD ARG is vctl WORD NAME\n"
		"ARG, and vserver NAME WORD --help tells more about it.",
	.options = options,
	.run = run,
};
