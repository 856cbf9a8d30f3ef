// SPDX-License-Identifier: GPL-2.0-only
/* How a unify went. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "table.h"
#include "unify.h"

/* For programs, and for people. */
static const struct {
	const char *key;
	const char *text;
} reasons[] = {
	[LEFT_DATA] = { "data", "where each has its own (/etc, /var, /home ...)" },
	[LEFT_CONFFILE] = { "conffile", "configuration of packages" },
	[LEFT_EXCLUDED] = { "excluded", "by --exclude" },
	[LEFT_SETUID] = { "setuid", "setuid, setgid or sticky" },
	[LEFT_ALONE] = { "alone", "no other has a file there" },
	[LEFT_TRAITS] = { "differ", "size, owner, mode, time or attributes differ" },
	[LEFT_PACKAGE] = { "package", "packages say that they differ" },
	[LEFT_CONTENT] = { "content", "only the contents differ" },
	[LEFT_SPARSE] = { "sparse", "mostly holes" },
	[LEFT_IN_USE] = { "in_use", "open for writing, locked or watched" },
	[LEFT_LINKS] = { "links", "other hard links than in the other" },
	[LEFT_IMMUTABLE] = { "immutable", "immutable or append-only already, not by us" },
	[LEFT_MODULE] = { "module", "the module is needed (see vctl check)" },
	[LEFT_ROOM] = { "room", "no room for the mark beside their attributes" },
	[LEFT_BOUND] = { "bound", "encrypted, or in a directory that lets none in or out" },
	[LEFT_CHANGED] = { "changed", "changed just now" },
	[LEFT_DEEP] = { "deep", "nested too deep" },
	[LEFT_MANY] = { "many", "files with several names: too many of one tree" },
};

static const struct column columns[] = {
	{ "name", "NAME", COLUMN_PLAIN },
	{ "files", "FILES", COLUMN_NUMBER },
	{ "bytes", "BYTES", COLUMN_NUMBER },
	{ "own_files", "OWN FILES", COLUMN_NUMBER },
	{ "own_bytes", "OWN BYTES", COLUMN_NUMBER },
	{ "own_percent", "OWN %", COLUMN_NUMBER },
	{ 0 },
};

/* Hundredths of a percent, rounded so that what is not nothing does not look like that. */
static struct json_object *percent(uint64_t part, uint64_t whole)
{
	uint64_t hundredths = whole ? (uint64_t)((double)part * 10000 / (double)whole + 0.9999) : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
	return json_object_new_double_s((double)hundredths / 100, text);
}

static void add_number(struct json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_uint64(number));
}

static void add_tally(struct json_object *to, const char *key, const struct tally *tally)
{
	struct json_object *both = json_object_new_object();

	add_number(both, "files", tally->files);
	add_number(both, "bytes", tally->bytes);
	json_object_object_add(to, key, both);
}

static struct json_object *trees_of(const struct unify *unify)
{
	struct json_object *rows = json_object_new_array();

	for (unsigned int i = 0; i < unify->count; i++) {
		const struct unify_tree *tree = &unify->trees[i];
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "name", json_object_new_string(tree->name));
		add_number(row, "files", tree->files);
		add_number(row, "bytes", tree->bytes);
		add_number(row, "own_files", tree->own_files);
		add_number(row, "own_bytes", tree->own_bytes);
		json_object_object_add(row, "own_percent", percent(tree->own_bytes, tree->bytes));
		json_object_array_add(rows, row);
	}

	return rows;
}

static void report_json(const struct unify *unify)
{
	struct json_object *all = json_object_new_object();
	struct json_object *left = json_object_new_object();

	json_object_object_add(all, "dry_run", json_object_new_boolean(unify->dry));
	if (unify->undo) {
		add_tally(all, "copied", &unify->copied);
		add_tally(all, "unmarked", &unify->freed);
	} else {
		add_tally(all, "linked", &unify->linked);
		add_tally(all, "saved", &unify->saved);
		add_tally(all, "already", &unify->already);
		add_tally(all, "marked", &unify->marked);
		add_number(all, "compared", unify->compared);
	}
	for (int i = 0; i < LEFT_COUNT; i++)
		add_tally(left, reasons[i].key, &unify->left[i]);
	json_object_object_add(all, "left", left);
	json_object_object_add(all, "trees", trees_of(unify));
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

static void print_tally(const char *text, const struct tally *tally)
{
	char size[SIZE_TEXT];

	printf("%s: %" PRIu64 " file%s, %s\n", text, tally->files, tally->files == 1 ? "" : "s",
	       size_text(size, tally->bytes));
}

static void print_left(const struct unify *unify)
{
	bool any = false;

	for (int i = 0; i < LEFT_COUNT; i++) {
		char size[SIZE_TEXT];

		if (!unify->left[i].files)
			continue;
		if (!any)
			printf("Left alone:\n");
		any = true;
		printf("  %8" PRIu64 "  %8s  %s\n", unify->left[i].files,
		       size_text(size, unify->left[i].bytes), reasons[i].text);
	}
}

void unify_report(const struct unify *unify)
{
	struct json_object *trees;

	if (unify->json) {
		report_json(unify);
		return;
	}

	if (unify->undo) {
		print_tally(unify->dry ? "Would be copied" : "Copied", &unify->copied);
		print_tally(unify->dry ? "Would be writable again" : "Writable again",
			    &unify->freed);
		print_left(unify);
	} else {
		print_tally(unify->dry ? "Would be linked" : "Linked", &unify->linked);
		print_tally(unify->dry ? "Would be saved" : "Saved", &unify->saved);
		print_tally("Shared already", &unify->already);
		if (unify->marked.files)
			print_tally(unify->dry ? "Would be protected" : "Protected",
				    &unify->marked);
		print_left(unify);
	}

	printf("\n");
	trees = trees_of(unify);
	table_print(columns, trees, false);
	json_object_put(trees);
}
