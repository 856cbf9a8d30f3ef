// SPDX-License-Identifier: GPL-2.0-only
/* vctl du: how much space vservers take, and how much of it they alone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "below.h"
#include "cleanup.h"
#include "json_text.h"
#include "message.h"
#include "table.h"
#include "usage.h"
#include "vserver.h"

enum {
	OPTION_BYTES = OPTION_FIRST,
};

static const struct option_entry options[] = {
	{ "bytes", NULL, OPTION_BYTES, "print the lengths of files, in bytes" },
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "name", "NAME", COLUMN_PLAIN },
	{ "own", "OWN", COLUMN_NUMBER },
	{ "shared", "SHARED", COLUMN_NUMBER },
	{ "total", "TOTAL", COLUMN_NUMBER },
	{ "percent", "SHARED%", COLUMN_NUMBER },
	{ "files", "FILES", COLUMN_NUMBER },
	{ 0 },
};

struct du {
	bool bytes;
	bool kib;
	bool json;
	const char *name;		/* what is being counted */
	struct progress progress;
	struct json_object *rows;
	enum status worst;
};

static int take_option(int value, const char *argument, void *data)
{
	struct du *du = data;

	(void)argument;
	if (value == OPTION_JSON)
		du->json = true;
	else
		du->bytes = true;
	return 0;
}

/* Letters of du, which everybody types; they are taken out of the line. */
static void take_letters(struct du *du, int *argc, char **argv)
{
	int to = 1, i = 1;

	for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		const char *letter = argv[i] + 1;

		if (argv[i][0] != '-' || !*letter || letter[strspn(letter, "bhks")]) {
			argv[to++] = argv[i];
			continue;
		}
		for (; *letter; letter++) {
			du->bytes = *letter == 'b' || (*letter == 's' && du->bytes);
			du->kib = *letter == 'k' || (*letter == 's' && du->kib);
		}
	}
	while (i < *argc)
		argv[to++] = argv[i++];
	argv[to] = NULL;
	*argc = to;
}

static void on_unread(void *data, const char *name, int number)
{
	struct du *du = data;
	auto_free char *what = NULL;

	progress_end(&du->progress);
	if (asprintf(&what, "%s: directory %s", du->name, name) < 0)
		what = NULL;
	message_error(what ? what : name, number == ENAMETOOLONG ? "it is nested too deep" :
		      strerror(number), "it is not counted");
	du->worst = STATUS_FAILED;
}

static void add_number(struct json_object *row, const char *key, uint64_t number)
{
	json_object_object_add(row, key, json_object_new_uint64(number));
}

/* Everything, for programs. */
static struct json_object *row_for_programs(const char *name, const struct usage *usage)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_text(name));
	add_number(row, "disk_own", usage->own.disk + usage->other);
	add_number(row, "disk_shared", usage->all.disk - usage->own.disk);
	add_number(row, "disk_all", usage->all.disk + usage->other);
	add_number(row, "bytes_one_link", usage->one_link.bytes);
	add_number(row, "bytes_own", usage->own.bytes);
	add_number(row, "bytes_shared", usage->all.bytes - usage->own.bytes);
	add_number(row, "bytes_all", usage->all.bytes);
	add_number(row, "files", usage->files);
	add_number(row, "files_shared", usage->shared);
	json_object_object_add(row, "complete",
			       json_object_new_boolean(!usage->changed && usage->unread == 0));
	return row;
}

static void add_size(struct json_object *row, const char *key, uint64_t size, const struct du *du)
{
	char text[SIZE_TEXT];

	if (du->bytes || du->kib)
		add_number(row, key, du->bytes ? size : (size + 1023) / 1024);
	else
		json_object_object_add(row, key, json_object_new_string(size_text(text, size)));
}

static struct json_object *row_for_people(const char *name, const struct usage *usage,
					  const struct du *du)
{
	bool bytes = du->bytes;
	struct json_object *row = json_object_new_object();
	uint64_t own = bytes ? usage->own.bytes : usage->own.disk + usage->other;
	uint64_t all = bytes ? usage->all.bytes : usage->all.disk + usage->other;
	uint64_t tenths = all ? (all - own) * 1000 / all : 0;
	char percent[32];

	snprintf(percent, sizeof(percent), "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	json_object_object_add(row, "name", json_text(name));
	add_size(row, "own", own, du);
	add_size(row, "shared", all - own, du);
	add_size(row, "total", all, du);
	json_object_object_add(row, "percent", json_object_new_string(percent));
	add_number(row, "files", usage->files);
	return row;
}

static void count(struct du *du, const char *name, int tree)
{
	struct usage usage;
	int result;

	du->name = name;
	progress_start(&du->progress, name);
	result = usage_of(tree, &usage, &du->progress, on_unread, du);
	progress_end(&du->progress);
	if (result < 0) {
		du->worst = message_system(name, errno == EACCES ? "be root" : NULL);
		return;
	}

	if (usage.changed)
		message_error(name, "it changed while it was counted",
			      "the figures are about right; count again for better ones");
	json_object_array_add(du->rows, du->json ? row_for_programs(name, &usage) :
						   row_for_people(name, &usage, du));
}

static void count_path(struct du *du, const char *path)
{
	auto_fd int tree = below_open_path(path, O_RDONLY | O_DIRECTORY);

	if (tree < 0)
		du->worst = message_system(path, errno == EACCES ? "be root" : NULL);
	else
		count(du, path, tree);
}

static void count_vserver(struct du *du, const char *name)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	auto_fd int tree = -1;

	if (vserver_open(name, &vs) != STATUS_DONE) {
		du->worst = STATUS_FAILED;
		return;
	}

	tree = open(vctl_vserver_tree(vs), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree >= 0)
		count(du, name, tree);
	else if (errno == ENOENT && !vserver_exists(name))
		du->worst = vserver_missing(name);
	else
		du->worst = message_system(vctl_vserver_tree(vs),
					   errno == EACCES ? "be root" : NULL);
}

static enum status count_all(struct du *du)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char **names;

	if (vctl_vserver_list(&names, &err) < 0)
		return message_fail(err);

	for (size_t i = 0; names[i]; i++)
		count_vserver(du, names[i]);
	vctl_names_free(names);
	return STATUS_DONE;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct du du = { .worst = STATUS_DONE };
	enum status status = STATUS_DONE;
	int first, go_on;

	take_letters(&du, &argc, argv);
	go_on = option_parse(self, argc, argv, take_option, &du, &first);
	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	for (int i = first; i < argc; i++) {
		vctl_auto_vserver struct vctl_vserver *vs = NULL;

		if (!strchr(argv[i], '/') && vserver_open(argv[i], &vs) != STATUS_DONE)
			return STATUS_USAGE;
	}

	du.rows = json_object_new_array();
	if (first == argc)
		status = count_all(&du);
	for (int i = first; i < argc; i++) {
		if (strchr(argv[i], '/'))
			count_path(&du, argv[i]);
		else
			count_vserver(&du, argv[i]);
	}
	if (status == STATUS_DONE && (du.json || du.worst == STATUS_DONE ||
				      json_object_array_length(du.rows) > 0))
		table_print(columns, du.rows, du.json);
	json_object_put(du.rows);

	return status == STATUS_DONE ? du.worst : status;
}

const struct command command_du = {
	.name = "du",
	.classic = "vdu",
	.vserver = "NAME du [-bhks] [--bytes] [--json]",
	.usage = "[-bhks] [--bytes] [--json] [NAME|PATH...]",
	.summary = "disk space that vservers take on their own",
	.text = "Tell how much space vservers take; all of them, if none is named.  What has a\n"
		"slash in it is the path of a directory.\n\n"
		"OWN is what would be free without it: files that have no name outside of the\n"
		"tree.  SHARED are those that have, as unification makes them.  Each file counts\n"
		"once, however many names it has.  No link is followed and no other file system\n"
		"entered.\n\n"
		"The table tells of room on the disk, directories included; with --bytes, of the\n"
		"lengths of regular files.  --json has both, and in bytes_one_link what is in files\n"
		"with a single name.\n\n"
		"Of du's letters there are, alone or together: -s, a figure for all of each, and -h,\n"
		"with units, which it does anyway; -k in units of 1024 bytes; -b as --bytes.",
	.options = options,
	.anywhere = true,
	.run = run,
};
