// SPDX-License-Identifier: GPL-2.0-only
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <vctl.h>

#include "cleanup.h"
#include "message.h"
#include "table.h"

#define COLUMNS_MAX 16
#define CELL_MAX 512

struct cell {
	char text[CELL_MAX];
	const char *colour;	/* NULL: none */
};

/* A status as programs read it, and as people see it. */
static const struct {
	const char *word;
	const char *shown;
	const char *colour;
} statuses[] = {
	{ "ok", "ok", "\033[32m" },
	{ "failed", "FAILED", "\033[1;31m" },
	{ "skipped", "not tested", "\033[2m" },
};

static void append(struct cell *cell, const char *text)
{
	size_t used = strlen(cell->text);

	snprintf(cell->text + used, sizeof(cell->text) - used, "%s", text);
}

static struct cell cell_of_status(const char *word)
{
	struct cell cell = { "", NULL };

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (strcmp(statuses[i].word, word) == 0) {
			append(&cell, statuses[i].shown);
			cell.colour = statuses[i].colour;
		}
	}

	return cell;
}

static struct cell cell_of(struct json_object *row, const struct column *column)
{
	struct json_object *value = json_object_object_get(row, column->key);
	struct cell cell = { "", NULL };

	if (column->kind == COLUMN_STATUS)
		return cell_of_status(json_object_get_string(value));

	switch (json_object_get_type(value)) {
	case json_type_null:
		append(&cell, "-");
		break;
	case json_type_boolean:
		append(&cell, json_object_get_boolean(value) ? "yes" : "no");
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			append(&cell, i ? ", " : "");
			append(&cell, json_object_get_string(json_object_array_get_idx(value, i)));
		}
		if (!*cell.text)
			append(&cell, "none");
		break;
	default:
		append(&cell, json_object_get_string(value));
		break;
	}

	message_defuse(cell.text);
	return cell;
}

/* Of characters that are not ASCII.  It reads files, so only where there is a table to print. */
static void know_widths(void)
{
	setlocale(LC_CTYPE, "");
}

static int width_of(const char *text)
{
	wchar_t wide[CELL_MAX];
	size_t length = mbstowcs(wide, text, CELL_MAX);
	int width = length < CELL_MAX ? wcswidth(wide, length) : -1;

	return width >= 0 ? width : (int)strlen(text);
}

static void print_json(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void spaces(int count)
{
	printf("%*s", count > 0 ? count : 0, "");
}

static void print_cell(const struct cell *cell, enum column_kind kind, int width, bool last)
{
	int gap = width - width_of(cell->text);

	if (kind == COLUMN_NUMBER)
		spaces(gap);
	if (cell->colour && message_colour(stdout))
		printf("%s%s\033[0m", cell->colour, cell->text);
	else
		fputs(cell->text, stdout);
	if (last)
		return;
	if (kind != COLUMN_NUMBER)
		spaces(gap);
	spaces(2);
}

/* Is there another column in the same line behind this one? */
static bool is_last(const struct column *column)
{
	for (column++; column->key; column++) {
		if (column->kind != COLUMN_BELOW)
			return false;
	}

	return true;
}

static void measure(const struct column *columns, struct json_object *rows, int *widths)
{
	for (size_t c = 0; columns[c].key; c++) {
		widths[c] = width_of(columns[c].title);
		for (size_t r = 0; r < json_object_array_length(rows); r++) {
			struct json_object *row = json_object_array_get_idx(rows, r);
			int width = width_of(cell_of(row, &columns[c]).text);

			if (width > widths[c])
				widths[c] = width;
		}
	}
}

static void print_row(const struct column *columns, struct json_object *row, const int *widths)
{
	for (size_t c = 0; columns[c].key; c++) {
		struct cell cell = cell_of(row, &columns[c]);

		if (columns[c].kind != COLUMN_BELOW)
			print_cell(&cell, columns[c].kind, widths[c], is_last(&columns[c]));
	}
	putchar('\n');

	for (size_t c = 0; columns[c].key; c++) {
		if (columns[c].kind == COLUMN_BELOW && json_object_object_get(row, columns[c].key))
			printf("%*s%s %s\n", widths[0] + 2, "", columns[c].title,
			       cell_of(row, &columns[c]).text);
	}
}

void table_print(const struct column *columns, struct json_object *rows, bool json)
{
	int widths[COLUMNS_MAX];

	if (json) {
		print_json(rows);
		return;
	}

	know_widths();
	measure(columns, rows, widths);
	for (size_t c = 0; columns[c].key; c++) {
		struct cell title = { "", NULL };

		append(&title, columns[c].title);
		if (columns[c].kind != COLUMN_BELOW)
			print_cell(&title, columns[c].kind, widths[c], is_last(&columns[c]));
	}
	putchar('\n');
	for (size_t r = 0; r < json_object_array_length(rows); r++)
		print_row(columns, json_object_array_get_idx(rows, r), widths);
}

void table_print_record(const struct column *columns, struct json_object *record, bool json)
{
	int widest = 0;

	if (json) {
		print_json(record);
		return;
	}

	know_widths();
	for (size_t c = 0; columns[c].key; c++) {
		if (width_of(columns[c].title) > widest)
			widest = width_of(columns[c].title);
	}
	for (size_t c = 0; columns[c].key; c++) {
		printf("%s:", columns[c].title);
		spaces(widest - width_of(columns[c].title) + 1);
		puts(cell_of(record, &columns[c]).text);
	}
}

struct json_object *table_flags(uint32_t flags)
{
	struct json_object *names = json_object_new_array();
	auto_free char *list = vctl_flags_format(flags);
	char *rest = NULL;

	for (char *name = list ? strtok_r(list, ",", &rest) : NULL; name;
	     name = strtok_r(NULL, ",", &rest))
		json_object_array_add(names, json_object_new_string(name));

	return names;
}
