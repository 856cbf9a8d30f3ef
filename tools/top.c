// SPDX-License-Identifier: GPL-2.0-only
/* vctl top, vtop: the system's top in context 1, with context and vserver in its tables. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "columns.h"
#include "label.h"
#include "message.h"
#include "ps.h"
#include "top.h"

/* A stream of screens. */
struct screens {
	struct map *map;
	struct label label;
	struct columns columns;
	bool table;		/* lines are those of a table */
	bool defuse;		/* standard output is a terminal, which no process steers */
};

static void print_line(struct screens *screens, const char *line)
{
	char text[LABEL_MAX];
	/* A process can be called as the column is. */
	pid_t number = screens->table ? columns_number(&screens->columns, line) : 0;

	if (number == 0 && columns_read(line, &screens->columns)) {
		screens->table = true;
		map_look(screens->map, NULL);
		printf("%s%s\n", label_title(screens->label, text), line);
		return;
	}

	screens->table = screens->table && *line;
	if (number > 0)
		printf("%s%s\n", label_of(screens->label, map_find(screens->map, number), text),
		       line);
	else
		puts(line);
}

static enum status take_lines(void *data, FILE *in)
{
	struct screens *screens = data;
	auto_free char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (screens->defuse)
			message_defuse(line);
		print_line(screens, line);
		/* Each screen is to be read when it comes. */
		if (!*line)
			fflush(stdout);
	}

	return STATUS_DONE;
}

/* Letters of which the rest of the word, or the next one, is the argument. */
static const char letters_take[] = "dEnopuUw";

/* Is it asked to print one screen after the other? */
static bool is_batch(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *letters = argv[i] + (argv[i][0] == '-');
		size_t end = strcspn(letters, letters_take);

		if (strncmp(argv[i], "--", 2) == 0) {
			if (strcmp(argv[i], "--batch-mode") == 0 || strcmp(argv[i], "--batch") == 0)
				return true;
			continue;
		}
		if (strcspn(letters, "b") < end)
			return true;
		if (letters[end] && !letters[end + 1])
			i++;
	}

	return false;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	auto_watcher struct watcher watcher = WATCHER_NONE;
	auto_map struct map *map = NULL;
	struct screens screens;

	if (ps_own_option(self, argc, argv))
		return STATUS_DONE;
	if (watcher_open(&watcher, self->name) < 0 || map_open(watcher.dev, &map) < 0)
		return STATUS_FAILED;

	argv[0] = (char *)"top";
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !is_batch(argc, argv))
		return top_interactive(&watcher, argv, map);

	screens = (struct screens){ .map = map, .label = label_measure(map),
				    .defuse = isatty(STDOUT_FILENO) };
	label_make_room(screens.label, 0);
	return ps_run(&watcher, argv, take_lines, &screens);
}

static const struct option_entry options[] = {
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.classic = "vtop",
	.usage = "[TOP-OPTION...]",
	.summary = "processes of all contexts, as top shows them",
	.text = "Run the system's top in context 1, where it sees all processes, and put two\n"
		"columns in front of its tables, as vctl ps does: CTX, the number of the context,\n"
		"and VSERVER, the name of the vserver.  All options and keys are those of top,\n"
		"but those that act on processes can't do it from there: use vctl kill.  --help and\n"
		"--version are this command's if they are the only ones.\n\n"
		"Takes root outside of any context.",
	.status = "that of top; 1 it could not be run",
	.options = options,
	.run = run,
};
