// SPDX-License-Identifier: GPL-2.0-only
/* The options of a command: getopt_long() and the help text from the same table. */
#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vctl.h>

#include "cleanup.h"
#include "command.h"
#include "message.h"

/* What every command has. */
#define NO_OPTION "there is no such option"

static const struct option_entry common[] = {
	{ "help", NULL, OPTION_HELP, "print this text" },
	{ "version", NULL, OPTION_VERSION, "print the version" },
	{ 0 },
};

static size_t add_entries(const struct option_entry **entries, size_t count,
			  const struct option_entry *more)
{
	for (; more->name; more++) {
		assert(count < OPTION_MAX);
		entries[count++] = more;
	}

	return count;
}

/* The command's own options, then the common ones; returns how many. */
static size_t entries_of(const struct command *command, const struct option_entry **entries)
{
	return add_entries(entries, add_entries(entries, 0, command->options), common);
}

static const char *nearest(const struct command *command, const char *written)
{
	const struct option_entry *entries[OPTION_MAX];
	const char *names[OPTION_MAX + 1] = { NULL };
	size_t count = entries_of(command, entries);

	for (size_t i = 0; i < count; i++)
		names[i] = entries[i]->name;

	return vctl_nearest(written + strspn(written, "-"), names);
}

/* List the options that --WRITTEN can be short for; returns how many. */
static int candidates(const struct command *command, const char *written, char *list, size_t room)
{
	const struct option_entry *entries[OPTION_MAX];
	size_t count = entries_of(command, entries);
	int found = 0;
	size_t used;

	*list = '\0';
	for (size_t i = 0; strncmp(written, "--", 2) == 0 && i < count; i++) {
		if (strncmp(entries[i]->name, written + 2, strlen(written + 2)) != 0)
			continue;
		used = strlen(list);
		snprintf(list + used, room - used, "%s--%s", found ? ", " : "", entries[i]->name);
		found++;
	}

	return found;
}

/* @err: what the command itself says to it, or NULL. */
static void complain_unknown(const struct command *command, const char *written,
			     const struct vctl_error *err)
{
	const char *near = nearest(command, written);
	char why[256] = NO_OPTION;
	auto_free char *what = NULL;
	char list[160];

	if (candidates(command, written, list, sizeof(list)) > 1)
		snprintf(why, sizeof(why), "it can be short for %s", list);
	else if (near)
		snprintf(why, sizeof(why), NO_OPTION "; did you mean --%s?", near);

	if (asprintf(&what, "%s: %s", command->name, written) < 0)
		what = NULL;
	if (err && strcmp(why, NO_OPTION) == 0)
		message_error(what ? what : written, why, vctl_error_advice(err));
	else
		message_usage(command, what ? what : written, why);
}

/*
 * What getopt found wrong in @word: an option of its own, or letters, of which it knows one.  We
 * have no letters but -h; -ctx is --ctx with a dash too few, and those of other scripts have more
 * than the one byte that getopt gives.
 */
static void complain(const struct command *command, int kind, const char *word,
		     const struct vctl_error *err)
{
	char letters[] = { '-', (char)optopt, '\0' };
	bool letter = kind == '?' && optopt != 0 && optopt < OPTION_FIRST;
	bool whole = !letter || (unsigned char)optopt >= 0x80 || nearest(command, word);
	const char *written = whole ? word : letters;
	auto_free char *name = NULL;
	auto_free char *what = NULL;

	if (kind == '?' && (optopt == 0 || letter)) {
		name = strndup(written, strcspn(written, "="));
		complain_unknown(command, name ? name : written, err);
		return;
	}

	if (asprintf(&what, "%s: %s", command->name, written) < 0)
		what = NULL;
	message_usage(command, what ? what : written,
		      kind == ':' ? "it needs an argument" : "it takes no argument");
}

/*
 * What getopt went past, from 1 on, is put in front of what is behind the options; returns where it
 * begins then.
 */
static int put_together(char **argv, int passed)
{
	memmove(argv + optind - passed, argv + 1, (size_t)passed * sizeof(*argv));
	return optind - passed;
}

int option_parse(const struct command *command, int argc, char **argv,
		 int (*take)(int value, const char *argument, void *data), void *data, int *first)
{
	const struct option_entry *entries[OPTION_MAX];
	struct option longs[OPTION_MAX + 1] = { { 0 } };
	size_t count = entries_of(command, entries);
	vctl_auto_error struct vctl_error *err = NULL;
	/* '+': the options of the program that is to be run are not ours; '-': those are 1. */
	const char *letters = command->anywhere ? "-:h" : "+:h";
	int passed = 0;
	int word = 1;
	int value;

	for (size_t i = 0; i < count; i++) {
		longs[i].name = entries[i]->name;
		longs[i].has_arg = entries[i]->argument ? required_argument : no_argument;
		longs[i].val = entries[i]->value;
	}

	opterr = 0;
	/* 0 has it begin anew, whatever the letters were the last time. */
	optind = 0;
	for (; (value = getopt_long(argc, argv, letters, longs, NULL)) != -1; word = optind) {
		if (value == 1) {
			argv[++passed] = optarg;
			continue;
		}
		if (value == 'h' || value == OPTION_HELP) {
			option_print_help(stdout, command);
			return 0;
		}
		if (value == OPTION_VERSION) {
			option_print_version();
			return 0;
		}
		/* A long option that getopt doesn't know may be one of the command's own. */
		if (value == '?' && optopt == 0 && command->take_word &&
		    command->take_word(argv[word] + 2, data, &err) == 0)
			continue;
		if (value == '?' || value == ':') {
			complain(command, value, argv[word], err);
			return -1;
		}
		if (take(value, optarg, data) < 0)
			return -1;
	}

	*first = put_together(argv, passed);
	return 1;
}

static int take_json(int value, const char *argument, void *data)
{
	(void)argument;
	*(bool *)data = value == OPTION_JSON;
	return 0;
}

int option_parse_json(const struct command *command, int argc, char **argv, bool *json)
{
	auto_free char *why = NULL;
	int first;
	int go_on;

	*json = false;
	go_on = option_parse(command, argc, argv, take_json, json, &first);
	if (go_on <= 0 || first == argc)
		return go_on;

	if (asprintf(&why, "%s takes no arguments", command->name) < 0)
		why = NULL;
	message_usage(command, argv[first], why ? why : "no arguments are taken");
	return -1;
}

void option_print_version(void)
{
	printf("vctl %s\n", VCTL_VERSION);
}

void option_print_help(FILE *out, const struct command *command)
{
	const struct option_entry *entries[OPTION_MAX];
	size_t count = entries_of(command, entries);
	char label[64];

	fprintf(out, "Usage: vctl %s%s%s\n", command->name, *command->usage ? " " : "",
		command->usage);
	if (command->classic)
		fprintf(out, "       %s%s%s\n", command->classic, *command->usage ? " " : "",
			command->usage);
	if (command->vserver)
		fprintf(out, "       vserver %s\n", command->vserver);
	fprintf(out, "\n%s\n\nOptions:\n", command->text);
	for (size_t i = 0; i < count; i++) {
		snprintf(label, sizeof(label), "--%s%s%s", entries[i]->name,
			 entries[i]->argument ? " " : "",
			 entries[i]->argument ? entries[i]->argument : "");
		fprintf(out, "  %-18s  %s\n", label, entries[i]->help);
	}
	fprintf(out, "\nExit status: %s.\n",
		command->status ? command->status : "0 done, 1 failed, 2 wrong usage");
}
