// SPDX-License-Identifier: GPL-2.0-only
/* The options of a command: getopt_long() and the help text from the same table. */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <vctl.h>

#include "cleanup.h"
#include "command.h"
#include "message.h"

static const struct option_entry help_entry = {
	"help", NULL, OPTION_HELP, "print this text",
};

/* The command's own options, then --help; returns how many. */
static size_t entries_of(const struct command *command, const struct option_entry **entries)
{
	size_t count = 0;

	for (const struct option_entry *entry = command->options; entry->name; entry++) {
		assert(count < OPTION_MAX - 1);
		entries[count++] = entry;
	}
	entries[count++] = &help_entry;

	return count;
}

/* @err: what the command itself says to it, or NULL. */
static void complain_unknown(const struct command *command, const char *written,
			     const struct vctl_error *err)
{
	const struct option_entry *entries[OPTION_MAX];
	const char *names[OPTION_MAX + 1] = { NULL };
	size_t count = entries_of(command, entries);
	auto_free char *what = NULL;
	auto_free char *why = NULL;
	const char *near;

	for (size_t i = 0; i < count; i++)
		names[i] = entries[i]->name;

	near = vctl_nearest(written + strspn(written, "-"), names);
	if (asprintf(&what, "%s: %s", command->name, written) < 0)
		what = NULL;
	if (!near && err) {
		message_error(what ? what : written, "there is no such option",
			      vctl_error_advice(err));
		return;
	}
	if (!near || asprintf(&why, "there is no such option; did you mean --%s?", near) < 0)
		why = NULL;
	message_usage(command, what ? what : written, why ? why : "there is no such option");
}

static void complain(const struct command *command, int kind, char **argv,
		     const struct vctl_error *err)
{
	char letters[] = { '-', (char)optopt, '\0' };
	/* A long option is a word of its own; letters can share one that getopt isn't done with. */
	bool letter = kind == '?' && optopt > 0 && optopt < OPTION_FIRST;
	const char *written = letter ? letters : argv[optind - 1];
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

int option_parse(const struct command *command, int argc, char **argv,
		 int (*take)(int value, const char *argument, void *data), void *data, int *first)
{
	const struct option_entry *entries[OPTION_MAX];
	struct option longs[OPTION_MAX + 1] = { { 0 } };
	size_t count = entries_of(command, entries);
	vctl_auto_error struct vctl_error *err = NULL;
	int value;

	for (size_t i = 0; i < count; i++) {
		longs[i].name = entries[i]->name;
		longs[i].has_arg = entries[i]->argument ? required_argument : no_argument;
		longs[i].val = entries[i]->value;
	}

	opterr = 0;
	optind = 1;
	/* '+': the options of the program that is to be run are not ours. */
	while ((value = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
		if (value == 'h' || value == OPTION_HELP) {
			option_print_help(stdout, command);
			return 0;
		}
		/* A long option that getopt doesn't know may be one of the command's own. */
		if (value == '?' && optopt == 0 && command->take_word &&
		    command->take_word(argv[optind - 1] + 2, data, &err) == 0)
			continue;
		if (value == '?' || value == ':') {
			complain(command, value, argv, err);
			return -1;
		}
		if (take(value, optarg, data) < 0)
			return -1;
	}

	*first = optind;
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
	fprintf(out, "\n%s\n\nOptions:\n", command->text);
	for (size_t i = 0; i < count; i++) {
		snprintf(label, sizeof(label), "--%s%s%s", entries[i]->name,
			 entries[i]->argument ? " " : "",
			 entries[i]->argument ? entries[i]->argument : "");
		fprintf(out, "  %-18s  %s\n", label, entries[i]->help);
	}
	fprintf(out, "\nExit status: 0 done, 1 failed, 2 wrong usage.\n");
}
