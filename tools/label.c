// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "label.h"

static const char id_title[] = "CTX";
static const char name_title[] = "VSERVER";

const char *label_name(const struct map_context *context)
{
	if (context->id == VCONTEXT_ID_HOST)
		return "MAIN";

	return *context->name ? context->name : "-";
}

static int larger(int one, int other)
{
	return one > other ? one : other;
}

struct label label_measure(const struct map *map)
{
	struct label label = { .ids = (int)strlen(id_title), .names = (int)strlen(name_title) };
	const struct map_context *const *contexts;
	size_t count;

	contexts = map_contexts(map, &count);
	for (size_t i = 0; i < count; i++) {
		if (!contexts[i]->is)
			continue;
		label.ids = larger(label.ids, snprintf(NULL, 0, "%u", contexts[i]->id));
		label.names = larger(label.names, (int)strlen(label_name(contexts[i])));
	}

	return label;
}

int label_width(struct label label)
{
	return label.ids + 1 + label.names + 1;
}

static const char *write_both(struct label label, const char *id, const char *name, char *text)
{
	snprintf(text, LABEL_MAX, "%*s %-*s ", label.ids, id, label.names, name);
	return text;
}

const char *label_title(struct label label, char *text)
{
	return write_both(label, id_title, name_title, text);
}

const char *label_of(struct label label, const struct map_context *context, char *text)
{
	char id[16] = "?";

	if (context)
		snprintf(id, sizeof(id), "%u", context->id);
	return write_both(label, id, context ? label_name(context) : "?", text);
}

const char *label_none(struct label label, char *text)
{
	return write_both(label, "", "", text);
}

/* Of the terminal that lines are printed on; 0: they aren't. */
static int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;

	return size.ws_col;
}

void label_make_room(struct label label, int less)
{
	const char *wanted = getenv("COLUMNS");
	int width = wanted ? atoi(wanted) : 0;
	char text[16];

	if (width <= 0)
		width = terminal_width();
	if (width <= 0)
		return;

	width -= label_width(label);
	snprintf(text, sizeof(text), "%d", (width < 1 ? 1 : width) + less);
	setenv("COLUMNS", text, 1);
}
