// SPDX-License-Identifier: GPL-2.0-only
/* vctl ps, vps: the system's ps in context 1, with context and vserver in front of each line. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "columns.h"
#include "label.h"
#include "map.h"
#include "message.h"
#include "ps.h"
#include "ps_arguments.h"
#include "watcher.h"

struct lines {
	struct map *map;
	struct label label;
	const struct ps_arguments *arguments;
	struct columns columns;
	char *header;			/* NULL: there was none yet */
	bool plain;			/* there is none, lines stay as they are */
	const struct map_context *last;	/* of the process before */
};

bool ps_own_option(const struct command *self, int argc, char **argv)
{
	if (argc != 2)
		return false;
	if (strcmp(argv[1], "--help") == 0)
		option_print_help(stdout, self);
	else if (strcmp(argv[1], "--version") == 0)
		option_print_version();
	else
		return false;

	return true;
}

static void print_title(const struct lines *lines, const char *rest)
{
	char text[LABEL_MAX];

	if (!lines->arguments->headless)
		printf("%s%s\n", label_title(lines->label, text), rest);
}

/* What has no number of its own is a thread of the process above. */
static void print_labelled(struct lines *lines, pid_t number, const char *rest)
{
	char text[LABEL_MAX];

	if (number > 0)
		lines->last = map_find(lines->map, number);
	printf("%s%s\n", label_of(lines->label, lines->last, text), rest);
}

/* The number is in front, and nothing is in front of the header. */
static void print_numbered(struct lines *lines, const char *line)
{
	size_t length = strlen(line);
	const char *rest = line + (length > PS_NUMBER_WIDTH ? PS_NUMBER_WIDTH + 1 : length);

	if (strspn(line, " ") >= PS_NUMBER_WIDTH)
		print_title(lines, rest);
	else
		print_labelled(lines, (pid_t)atoi(line), rest);
}

static int print_line(struct lines *lines, const char *line)
{
	if (lines->arguments->numbered) {
		print_numbered(lines, line);
	} else if (lines->plain) {
		puts(line);
	} else if (!lines->header) {
		lines->plain = !columns_read(line, &lines->columns);
		lines->header = strdup(line);
		if (!lines->header)
			return message_system("ps", NULL);
		if (lines->plain)
			puts(line);
		else
			print_title(lines, line);
	} else if (strcmp(line, lines->header) == 0) {
		print_title(lines, line);
	} else {
		print_labelled(lines, columns_number(&lines->columns, line), line);
	}

	return STATUS_DONE;
}

static enum status print_lines(struct lines *lines, FILE *in)
{
	auto_free char *line = NULL;
	enum status status = STATUS_DONE;
	size_t room = 0;

	while (status == STATUS_DONE && getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		status = print_line(lines, line);
	}

	return status;
}

enum status ps_run(const struct watcher *watcher, char **argv, ps_take *take, void *data)
{
	auto_file FILE *in = NULL;
	enum status taken, status;
	pid_t child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return message_system(argv[0], NULL);
	in = fdopen(ends[0], "r");
	child = in ? watcher_run(watcher, argv, ends[1]) : -1;
	close(ends[1]);
	if (!in)
		close(ends[0]);
	if (child < 0)
		return STATUS_FAILED;

	taken = take(data, in);
	fclose(in);
	in = NULL;
	status = watcher_wait(child);
	return taken == STATUS_DONE ? status : taken;
}

static enum status take_lines(void *data, FILE *in)
{
	return print_lines(data, in);
}

static enum status run_labelled(const struct watcher *watcher,
				const struct ps_arguments *arguments)
{
	struct lines lines = { .arguments = arguments };
	auto_map struct map *map = NULL;
	enum status status;

	if (map_open(watcher->dev, &map) < 0)
		return STATUS_FAILED;
	lines.map = map;
	lines.label = label_measure(map);
	label_make_room(lines.label, arguments->numbered ? PS_NUMBER_WIDTH + 1 : 0);
	status = ps_run(watcher, arguments->argv, take_lines, &lines);
	free(lines.header);
	if (lines.plain && status == STATUS_DONE && getenv("PS_FORMAT"))
		message_error("PS_FORMAT", "it has no column for the number of a process",
			      "add pid to it, or give the format by -o");

	return status;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	auto_watcher struct watcher watcher = WATCHER_NONE;
	struct ps_arguments arguments;
	enum status status = STATUS_FAILED;

	if (ps_own_option(self, argc, argv))
		return STATUS_DONE;
	if (watcher_open(&watcher, self->name) < 0)
		return STATUS_FAILED;
	if (argc > 1 && strcmp(argv[1], "--json") == 0)
		return ps_json(&watcher, argc - 2, argv + 2);

	if (ps_arguments_read(argc - 1, argv + 1, &arguments) == 0)
		status = run_labelled(&watcher, &arguments);
	ps_arguments_free(&arguments);
	return status;
}

static const struct option_entry options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

const struct command command_ps = {
	.name = "ps",
	.classic = "vps",
	.usage = "[PS-OPTION...]\n"
		 "       vctl ps --json [PS-SELECTION...]",
	.summary = "processes of all contexts, as ps shows them",
	.text = "Run the system's ps in context 1, where it sees all processes, and put two\n"
		"columns in front of its lines: CTX, the number of the context, and VSERVER, the\n"
		"name of the vserver, which is MAIN for context 0 and - for contexts of nobody's.\n"
		"What is shown as ? has ended meanwhile.  All options are those of ps, see ps\n"
		"--help simple; --help and --version are if they are the only ones.\n\n"
		"With --json as the first option it is an array of objects with the members\n"
		"context, vserver, pid, ppid, user, tty, stat, nice, threads, vsz_kib, rss_kib,\n"
		"cpu_seconds, elapsed_seconds and command; all other options say which processes\n"
		"are wanted.\n\n"
		"Takes root outside of any context.",
	.status = "that of ps; 1 it could not be run",
	.options = options,
	.run = run,
};
