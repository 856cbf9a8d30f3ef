/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * What a command prints for people as a table and for programs as JSON, from the same data:
 * strings, numbers, booleans (yes, no), arrays of strings (with commas between, or none) and null
 * (-).
 */

enum column_kind {
	COLUMN_PLAIN,
	COLUMN_NUMBER,		/* to the right */
	COLUMN_STATUS,		/* ok, failed or skipped, with words for people, and coloured */
	COLUMN_BELOW,		/* on a line of its own under the row, where it is not null */
};

/**
 * struct column - one column of a table, or one line of a record
 * @key: the member of the JSON object
 * @title: what people read
 * @kind: how it is shown
 */
struct column {
	const char *key;
	const char *title;
	enum column_kind kind;
};

/**
 * table_print() - Print rows on standard output
 * @columns: ending with one without a key
 * @rows: array of objects
 * @json: print @rows as they are
 */
void table_print(const struct column *columns, struct json_object *rows, bool json);

/** table_print_record() - The same for one object: a line for each column */
void table_print_record(const struct column *columns, struct json_object *record, bool json);

/** table_flags() - Flags of a context as an array of names */
struct json_object *table_flags(uint32_t flags);

#endif /* TABLE_H */
