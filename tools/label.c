// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

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
