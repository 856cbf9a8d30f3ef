// SPDX-License-Identifier: GPL-2.0-only
/* vctl ps --json: the same with a format of our own, to be read by programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "map.h"
#include "message.h"
#include "ps.h"
#include "table.h"

/* In the order in which ps prints them; what has a name behind "command" can't be told apart. */
static const struct {
	const char *format;
	const char *key;
	bool number;
} fields[] = {
	{ "pid=", "pid", true },
	{ "ppid=", "ppid", true },
	{ "user:64=", "user", false },
	{ "tty=", "tty", false },
	{ "stat=", "stat", false },
	{ "ni=", "nice", true },
	{ "nlwp=", "threads", true },
	{ "vsz=", "vsz_kib", true },
	{ "rss=", "rss_kib", true },
	{ "cputimes=", "cpu_seconds", true },
	{ "etimes=", "elapsed_seconds", true },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define OPTIONS (2 * FIELDS + 4)

struct rows {
	struct map *map;
	struct json_object *all;
};

/* What there is not is "-" to ps, or "?" if it is a terminal. */
static struct json_object *value_of(const char *word, bool number)
{
	char *end;
	long long value;

	if (strcmp(word, "-") == 0 || strcmp(word, "?") == 0)
		return NULL;
	if (!number)
		return json_object_new_string(word);

	errno = 0;
	value = strtoll(word, &end, 10);
	return *end || errno ? NULL : json_object_new_int64(value);
}

static void add_context(struct json_object *row, const struct map_context *context)
{
	json_object_object_add(row, "context",
			       context ? json_object_new_int64(context->id) : NULL);
	json_object_object_add(row, "vserver", context && *context->name ?
					      json_object_new_string(context->name) : NULL);
}

/* NULL: that is no line of ours. */
static struct json_object *row_of(struct map *map, char *line)
{
	struct json_object *row = json_object_new_object();
	char *rest = line;
	char *word;

	message_defuse(line);
	rest += strspn(rest, " ");
	add_context(row, map_find(map, (pid_t)atoi(rest)));
	for (size_t i = 0; i < FIELDS; i++) {
		word = strsep(&rest, " ");
		if (!rest) {
			json_object_put(row);
			return NULL;
		}
		rest += strspn(rest, " ");
		json_object_object_add(row, fields[i].key, value_of(word, fields[i].number));
	}
	json_object_object_add(row, "command", json_object_new_string(rest));

	return row;
}

static enum status take_rows(void *data, FILE *in)
{
	auto_free char *line = NULL;
	struct rows *rows = data;
	struct json_object *row;
	size_t room = 0;

	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		row = row_of(rows->map, line);
		if (row)
			json_object_array_add(rows->all, row);
	}

	return STATUS_DONE;
}

/* The wanted fields in front: with options that choose others ps says that they don't fit. */
static void fill(char **to, int argc, char **argv)
{
	*to++ = (char *)"ps";
	for (size_t i = 0; i < FIELDS; i++) {
		*to++ = (char *)"-o";
		*to++ = (char *)fields[i].format;
	}
	*to++ = (char *)"-o";
	*to++ = (char *)"args=";
	*to++ = (char *)"-ww";
	memcpy(to, argv, (size_t)argc * sizeof(*argv));
}

enum status ps_json(const struct watcher *watcher, int argc, char **argv)
{
	auto_free char **arguments = calloc(OPTIONS + (size_t)argc + 1, sizeof(*arguments));
	static const struct column columns[] = { { 0 } };
	auto_map struct map *map = NULL;
	struct rows rows;
	enum status status;

	if (!arguments || setenv("LC_ALL", "C.UTF-8", 1) < 0)
		return message_system("ps", NULL);
	if (map_open(watcher->dev, &map) < 0)
		return STATUS_FAILED;

	fill(arguments, argc, argv);
	rows = (struct rows){ .map = map, .all = json_object_new_array() };
	status = ps_run(watcher, arguments, take_rows, &rows);
	table_print(columns, rows.all, true);
	json_object_put(rows.all);

	return status;
}
