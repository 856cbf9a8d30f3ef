/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stdio.h>

struct command;

/* How many options a command can have, --help and --version included. */
#define OPTION_MAX 32

/**
 * struct option_entry - one long option
 * @name: without the dashes
 * @argument: what to call its argument in the help text; NULL if it takes none
 * @value: by which the command knows it, greater than 255
 * @help: one line
 */
struct option_entry {
	const char *name;
	const char *argument;
	int value;
	const char *help;
};

enum {
	OPTION_FIRST = 256,
	OPTION_SECURE = 0x7ffc,
	OPTION_CAP = 0x7ffd,
	OPTION_JSON = 0x7ffe,
	OPTION_HELP = 0x7fff,
	OPTION_VERSION = 0x8000,
};

/* For commands that print a table. */
#define OPTION_ENTRY_JSON { "json", NULL, OPTION_JSON, "print it as JSON" }

/**
 * option_parse() - Read the options in front of the first argument that is none, or all of them
 * @command: whose options
 * @argc: as in main()
 * @argv: as in main(); if they may be anywhere, what is no option is moved to the end
 * @take: called with each option's value and argument; returns 0, or -1 when it has complained
 * @data: handed to @take, and to @command->take_word
 * @first: out: index of the first argument behind the options
 *
 * Return: 1 to go on; 0 when help or version was asked for and printed; -1 for wrong usage, told.
 */
int option_parse(const struct command *command, int argc, char **argv,
		 int (*take)(int value, const char *argument, void *data), void *data, int *first);

/**
 * option_parse_json() - option_parse() for a command that has the option --json and no arguments
 * @json: out: was it given?
 *
 * Return: as option_parse().
 */
int option_parse_json(const struct command *command, int argc, char **argv, bool *json);

/** option_print_version() - Print what --version prints */
void option_print_version(void);

/** option_print_help() - Print what --help prints */
void option_print_help(FILE *out, const struct command *command);

#endif /* OPTION_H */
