// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "ps_arguments.h"

#define TEXT(number) #number
#define NUMBER_COLUMN(width) "pid:" TEXT(width) "="

/* Letters with an argument, which is the rest of the word or the next one. */
static const char dashed_takes[] = "CGOUgknopqstu";
static const char bare_takes[] = "NOUkopqt";

static const char *const long_takes[] = {
	"Group", "User", "cols", "columns", "format", "group", "lines", "pid", "ppid",
	"quick-pid", "rows", "sid", "sort", "tty", "user", "width",
};

/* Whatever of these ps knows. */
static const char *const long_headless[] = {
	"no-header", "no-headers", "no-heading", "no-headings",
	"noheader", "noheaders", "noheading", "noheadings",
};

struct reader {
	struct ps_arguments *to;
	size_t count;		/* of to->argv */
	size_t owned;		/* of to->owned */
};

static bool is_one_of(const char *word, size_t length, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	}

	return false;
}

#define IS_ONE_OF(word, length, words) \
	is_one_of(word, length, words, sizeof(words) / sizeof((words)[0]))

static void add(struct reader *reader, const char *word)
{
	reader->to->argv[reader->count++] = (char *)word;
}

/* Returns true if the next word belongs to it. */
static bool read_long(struct reader *reader, const char *word)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");

	if (IS_ONE_OF(name, length, long_headless)) {
		reader->to->headless = true;
		return false;
	}

	add(reader, word);
	if (length == strlen("format") && memcmp(name, "format", length) == 0)
		reader->to->numbered = true;
	return !name[length] && IS_ONE_OF(name, length, long_takes);
}

static bool read_dashed(struct reader *reader, const char *word)
{
	size_t letter = strcspn(word + 1, dashed_takes) + 1;

	add(reader, word);
	if (word[letter] == 'o')
		reader->to->numbered = true;
	return word[letter] && !word[letter + 1];
}

/*
 * Without its "h", which is one of the letters.  A word has to stay, because ps has another usual
 * format when it gets any of this kind: wider lines are what no other letter asks less than.
 */
static int add_without_header(struct reader *reader, const char *word, size_t letter)
{
	char *copy = strdup(word);

	if (!copy)
		return -1;
	reader->to->owned[reader->owned++] = copy;
	if (copy[1])
		memmove(copy + letter, copy + letter + 1, strlen(copy + letter));
	else
		*copy = 'w';
	reader->to->headless = true;
	add(reader, copy);
	return 0;
}

/* As read_long(), or -1: no memory. */
static int read_bare(struct reader *reader, const char *word)
{
	size_t letter = strcspn(word, bare_takes);
	size_t header = strcspn(word, "h");

	if (header < letter) {
		if (add_without_header(reader, word, header) < 0)
			return -1;
	} else {
		add(reader, word);
	}
	if (word[letter] == 'o')
		reader->to->numbered = true;
	return word[letter] && !word[letter + 1];
}

static int read_all(struct reader *reader, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int takes;

		if (strncmp(argv[i], "--", 2) == 0)
			takes = read_long(reader, argv[i]);
		else if (*argv[i] == '-')
			takes = read_dashed(reader, argv[i]);
		else
			takes = read_bare(reader, argv[i]);
		if (takes < 0)
			return -1;
		if (takes && i + 1 < argc)
			add(reader, argv[++i]);
	}

	return 0;
}

int ps_arguments_read(int argc, char **argv, struct ps_arguments *arguments)
{
	struct reader reader = { .to = arguments, .count = 3 };
	size_t room = (size_t)argc + 4;

	*arguments = (struct ps_arguments){
		.argv = calloc(room, sizeof(char *)),
		.owned = calloc(room, sizeof(char *)),
	};
	if (!arguments->argv || !arguments->owned || read_all(&reader, argc, argv) < 0) {
		message_system("ps", NULL);
		return -1;
	}

	if (arguments->numbered) {
		arguments->argv[1] = (char *)"-o";
		arguments->argv[2] = (char *)NUMBER_COLUMN(PS_NUMBER_WIDTH);
	} else {
		memmove(arguments->argv + 1, arguments->argv + 3,
			(room - 3) * sizeof(char *));
	}
	arguments->argv[0] = (char *)"ps";
	return 0;
}

void ps_arguments_free(struct ps_arguments *arguments)
{
	for (size_t i = 0; arguments->owned && arguments->owned[i]; i++)
		free(arguments->owned[i]);
	free(arguments->owned);
	free(arguments->argv);
}
