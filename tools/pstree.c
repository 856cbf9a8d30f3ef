// SPDX-License-Identifier: GPL-2.0-only
/* vctl pstree, vpstree: the system's pstree in context 1, with contexts in the labels. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "map.h"
#include "message.h"
#include "ps.h"
#include "tree.h"
#include "watcher.h"

#define WIDTH_UNKNOWN 132	/* what pstree takes then */

/* Of its options those that change how its lines are read, or that are done here instead. */
struct wanted {
	bool arguments;
	bool numbers;
	bool more;		/* with numbers of groups or users */
	bool whole;		/* lines are not cut */
	bool styled;
	enum tree_style style;
};

static const char letters_take[] = "CHN";

static const struct {
	char letter;
	const char *name;
	size_t least;		/* so much of the name tells it from the others */
} known[] = {
	{ 'a', "arguments", 2 },	{ 'A', "ascii", 2 },	{ 'G', "vt100", 2 },
	{ 'U', "unicode", 2 },		{ 'l', "long", 1 },	{ 'p', "show-pids", 7 },
	{ 'g', "show-pgids", 7 },	{ 'u', "uid-changes", 2 },
};

/* Returns false for one that is pstree's. */
static bool take(struct wanted *wanted, char letter)
{
	switch (letter) {
	case 'A':
	case 'G':
	case 'U':
		wanted->styled = true;
		wanted->style = letter == 'A' ? TREE_ASCII :
				letter == 'G' ? TREE_VT100 : TREE_UTF8;
		return true;
	case 'l':
		wanted->whole = true;
		return true;
	case 'p':
		wanted->numbers = true;
		return true;
	case 'a':
		wanted->arguments = true;
		return false;
	case 'g':
	case 'u':
		wanted->more = true;
		return false;
	default:
		return false;
	}
}

static bool take_long(struct wanted *wanted, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (length >= known[i].least && strncmp(known[i].name, name, length) == 0)
			return take(wanted, known[i].letter);
	}

	return false;
}

/*
 * The letters that stay, in the place of @word; an empty word is none.  Returns true if the next
 * word is the argument of the last.
 */
static bool take_letters(struct wanted *wanted, char *word)
{
	char *to = word + 1;

	for (const char *from = word + 1; *from; from++) {
		if (strchr(letters_take, *from)) {
			bool next = !from[1];

			memmove(to, from, strlen(from) + 1);
			return next;
		}
		if (!take(wanted, *from))
			*to++ = *from;
	}
	*to = '\0';
	if (to == word + 1)
		*word = '\0';

	return false;
}

/* What to call pstree with; @to has room for three more.  The words of @argv are changed. */
static void read_arguments(int argc, char **argv, char **to, struct wanted *wanted)
{
	static char must[] = "-Alp";
	bool value = false;
	int i = 1;

	*to++ = (char *)"pstree";
	*to++ = must;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (value) {
			value = false;
			*to++ = argv[i];
		} else if (strncmp(argv[i], "--", 2) == 0) {
			if (!take_long(wanted, argv[i] + 2))
				*to++ = argv[i];
		} else if (argv[i][0] == '-' && argv[i][1]) {
			value = take_letters(wanted, argv[i]);
			if (*argv[i])
				*to++ = argv[i];
		} else {
			*to++ = argv[i];
		}
	}
	while (i < argc)
		*to++ = argv[i++];
}

static enum tree_style usual_style(void)
{
	setlocale(LC_CTYPE, "");
	return isatty(STDOUT_FILENO) && strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? TREE_UTF8 :
										     TREE_ASCII;
}

static size_t usual_width(void)
{
	const char *wanted = getenv("COLUMNS");
	struct winsize size;

	if (wanted && atoi(wanted) > 0)
		return (size_t)atoi(wanted);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;

	return WIDTH_UNKNOWN;
}

static enum status take_lines(void *data, FILE *in)
{
	auto_free char *line = NULL;
	struct tree *tree = data;
	size_t room = 0;

	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (tree_line(tree, line) < 0)
			return message_system("pstree", NULL);
	}

	return STATUS_DONE;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	auto_free char **arguments = calloc((size_t)argc + 3, sizeof(*arguments));
	auto_watcher struct watcher watcher = WATCHER_NONE;
	struct wanted wanted = { .arguments = false };
	auto_map struct map *map = NULL;
	struct tree tree;
	enum status status;

	if (ps_own_option(self, argc, argv))
		return STATUS_DONE;
	if (!arguments)
		return message_system(self->name, NULL);
	if (watcher_open(&watcher, self->name) < 0 || map_open(watcher.dev, &map) < 0)
		return STATUS_FAILED;

	read_arguments(argc, argv, arguments, &wanted);
	tree = (struct tree){ .map = map, .arguments = wanted.arguments,
			      .numbers = wanted.numbers, .more = wanted.more };
	tree.text.style = wanted.styled ? wanted.style : usual_style();
	tree.text.width = wanted.whole ? 0 : usual_width();
	status = ps_run(&watcher, arguments, take_lines, &tree);
	tree_free(&tree);

	return status;
}

static const struct option_entry options[] = {
	{ 0 },
};

const struct command command_pstree = {
	.name = "pstree",
	.classic = "vpstree",
	.usage = "[PSTREE-OPTION...] [PID|USER]",
	.summary = "the tree of all processes, as pstree shows it",
	.text = "Run the system's pstree in context 1, where it sees all processes.  A process\n"
		"that is in another context than its parent has that behind its name, as [100 www1]\n"
		"with the name of the vserver, or as [65536]; [?] with -a, if it has given itself\n"
		"a name with the number of another one that is called like that.  All options are those of pstree;\n"
		"--help and --version are if they are the only ones.\n\n"
		"Branches that are alike are not shown as one: each of their processes may be in\n"
		"another context.  That is pstree -c.\n\n"
		"Takes root outside of any context.",
	.status = "that of pstree; 1 it could not be run",
	.options = options,
	.run = run,
};
