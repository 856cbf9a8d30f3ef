// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "tree.h"

/* Columns and cells are those of the line as it came. */
struct tree_node {
	size_t start;			/* column in which its label begins */
	const struct map_context *context;	/* NULL: nobody knows */
	size_t at;			/* and that in which it is changed: */
	size_t cells;			/* so many there, */
	size_t now;			/* so many now */
};

/* The part of a label that has the number: "(12)", "(12,user)", or ",12". */
struct part {
	const char *begin;
	const char *end;
	const char *rest;		/* behind the number, up to @end */
	pid_t pid;
	bool doubtful;			/* more than one may be it; it is none, and behind them */
};

#define TAG_MAX (VCTL_NAME_MAX + 24)

/* So long is what a process can call itself. */
#define COMMAND_MAX 15

static size_t cells_of(const char *text, size_t count)
{
	size_t cells = 0;

	for (size_t at = 0; at < count;) {
		size_t escape = tree_escape(text + at);

		if (!escape && ((unsigned char)text[at] & 0xc0) != 0x80)
			cells++;
		at += escape ? escape : 1;
	}

	return cells;
}

/* NULL if there is none. */
static const char *branch_at(const char *text)
{
	if (strncmp(text, "---", 3) == 0)
		return "---";

	return strncmp(text, "-+-", 3) == 0 ? "-+-" : NULL;
}

/* With what makes it bold or coloured. */
static const char *skip_escapes(const char *text)
{
	size_t length;

	while ((length = tree_escape(text)) > 0)
		text += length;
	return text;
}

static const char *read_number(const char *text, struct part *part)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	part->pid = (pid_t)strtol(text, &end, 10);
	part->rest = end;
	part->doubtful = false;
	return end;
}

static const struct map_context *host_of(const struct tree *tree)
{
	size_t count;

	return map_contexts(tree->map, &count)[0];
}

/* "(12...)" with the end of the label behind it: names can have parentheses of their own. */
static bool find_in_tree(const char *label, struct part *part)
{
	for (const char *at = strchr(label, '('); at; at = strchr(at + 1, '(')) {
		const char *end = read_number(at + 1, part);

		if (!end || (*end != ',' && *end != ')'))
			continue;
		end = strchr(end, ')');
		if (!end)
			return false;
		part->begin = at;
		part->end = end + 1;
		end = skip_escapes(end + 1);
		if (!*end || branch_at(end))
			return true;
	}

	return false;
}

/* The first from @at on that looks like ",12"; returns its end, or NULL. */
static const char *next_number(const char *at, struct part *part)
{
	for (at = strchr(at, ','); at; at = strchr(at + 1, ',')) {
		const char *end = read_number(at + 1, part);

		if (!end || (*end && *end != ',' && *end != ' ' && *end != '\033'))
			continue;
		part->begin = at;
		part->end = end;
		return end;
	}

	return NULL;
}

static bool is_octal(const char *text, const char *end)
{
	return end - text >= 3 && strspn(text, "01234567") >= 3;
}

/* The name that a label begins with, without pstree's escapes; false: no process is called so. */
static bool read_name(const char *label, const char *end, char *name)
{
	size_t used = 0;

	label = skip_escapes(label);
	if (label < end && *label == '{' && end[-1] == '}') {
		label++;
		end--;
	}
	while (label < end && used < COMMAND_MAX) {
		char byte = *label++;

		if (byte == '\\' && is_octal(label, end)) {
			byte = (char)((label[0] - '0') * 64 + (label[1] - '0') * 8 + label[2] - '0');
			label += 3;
		} else if (byte == '\\' && label < end && *label == '\\') {
			label++;
		}
		name[used++] = byte;
	}
	name[used] = '\0';

	return label >= end;
}

static bool is_called(pid_t pid, const char *name)
{
	auto_free char *line = NULL;
	auto_file FILE *file = NULL;
	char path[32];
	size_t room = 0;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file || getline(&line, &room, file) < 0)
		return false;
	line[strcspn(line, "\n")] = '\0';

	return strcmp(line, name) == 0;
}

/*
 * A name can have the number of another process in it, and so can arguments.  That of the machine's
 * process is not believed behind a name that it hasn't, and its name is nothing that a context can
 * change.  What is left is in doubt if it is more than one.
 */
static bool find_in_arguments(const struct tree *tree, const char *label, struct part *part)
{
	const struct map_context *context = NULL;
	char name[COMMAND_MAX + 1];
	bool found = false;
	struct part next;

	if (!next_number(label, part))
		return false;

	for (const char *at = next_number(label, &next); at && read_name(label, next.begin, name);
	     at = next_number(at, &next)) {
		const struct map_context *other = map_find(tree->map, next.pid);

		if (other == host_of(tree) && !is_called(next.pid, name))
			continue;
		/* Of a group or user. */
		if (found && tree->more && !other && next.begin == part->end)
			continue;
		if (!found) {
			*part = next;
			context = other;
			found = true;
		} else if (other != context) {
			*part = (struct part){ .begin = at, .end = at, .rest = at,
					       .doubtful = true };
		}
	}

	return true;
}

/* Threads, whose numbers are no process', are where their process is; {x} may be a process, too. */
static const struct map_context *context_of(struct tree *tree, pid_t pid,
					    const struct map_context *parent)
{
	const struct map_context *context = map_find(tree->map, pid);

	return context ? context : parent;
}

static const struct map_context *parent_of(const struct tree *tree)
{
	return tree->count > 0 ? tree->nodes[tree->count - 1].context : host_of(tree);
}

static void add_number(struct tree *tree, const struct part *part)
{
	struct tree_text *text = &tree->text;

	if (tree->numbers) {
		tree_text_add(text, part->begin, (size_t)(part->end - part->begin));
	} else if (*part->rest == ',' && part->end > part->rest) {
		tree_text_add(text, "(", 1);
		tree_text_add(text, part->rest + 1, (size_t)(part->end - part->rest - 1));
	}
}

static void add_tag(struct tree *tree, const struct map_context *context)
{
	char tag[TAG_MAX];

	if (!context)
		snprintf(tag, sizeof(tag), "[?]");
	else if (context->id == VCONTEXT_ID_HOST || *context->name)
		snprintf(tag, sizeof(tag), "[%u %s]", context->id,
			 *context->name ? context->name : "MAIN");
	else
		snprintf(tag, sizeof(tag), "[%u]", context->id);
	tree_text_add(&tree->text, tag, strlen(tag));
}

static struct tree_node *push(struct tree *tree)
{
	struct tree_node *more = reallocarray(tree->nodes, tree->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	tree->nodes = more;
	more[tree->count] = (struct tree_node){ .start = 0 };
	return &more[tree->count++];
}

/* Print a label, up to the end of its number; it becomes the last node. */
static int add_label(struct tree *tree, const char *label, size_t column, const struct part *part)
{
	const struct map_context *parent = parent_of(tree);
	struct tree_node *node = push(tree);
	size_t before;

	if (!node)
		return -1;
	node->start = column;
	node->context = part->doubtful ? NULL : context_of(tree, part->pid, parent);
	node->at = column + cells_of(label, (size_t)(part->begin - label));
	node->cells = cells_of(part->begin, (size_t)(part->end - part->begin));

	tree_text_add(&tree->text, label, (size_t)(part->begin - label));
	before = tree->text.cells;
	add_number(tree, part);
	if (part->doubtful || node->context != parent)
		add_tag(tree, node->context);
	node->now = tree->text.cells - before;
	/* There nothing is below that would have to be moved. */
	if (tree->arguments)
		node->cells = node->now = 0;

	return 0;
}

/* Bars and spaces, of which those below a label that is changed become more or fewer. */
static void add_prefix(struct tree *tree, const char *line, size_t count)
{
	size_t column = 0;

	for (size_t i = 0; i <= tree->count && column < count; i++) {
		const struct tree_node *node = i < tree->count ? &tree->nodes[i] : NULL;
		size_t end = node && node->at < count ? node->at : count;

		for (; column < end; column++) {
			if (line[column] == '|')
				tree_text_branch(&tree->text, "|");
			else
				tree_text_spaces(&tree->text, 1);
		}
		if (node && end == node->at) {
			tree_text_spaces(&tree->text, node->now);
			column += node->cells;
		}
	}
}

/* Where the piece of branch is that leads to the first label; the label itself without one. */
static size_t prefix_of(const char *line)
{
	size_t at = 0;

	while (line[at] == ' ' || (line[at] == '|' && line[at + 1] != '-'))
		at++;
	return at;
}

static int add_labels(struct tree *tree, const char *label, size_t column)
{
	struct part part;

	while (tree->arguments ? find_in_arguments(tree, label, &part) : find_in_tree(label, &part)) {
		const char *branch, *next;

		if (add_label(tree, label, column, &part) < 0)
			return -1;
		next = tree->arguments ? part.end : skip_escapes(part.end);
		column += cells_of(label, (size_t)(next - label));
		tree_text_add(&tree->text, part.end, (size_t)(next - part.end));
		label = next;
		branch = tree->arguments ? NULL : branch_at(label);
		if (!branch)
			break;

		tree_text_branch(&tree->text, branch);
		label += strlen(branch);
		column += strlen(branch);
	}

	tree_text_add(&tree->text, label, strlen(label));
	return 0;
}

int tree_line(struct tree *tree, const char *line)
{
	size_t at = prefix_of(line);
	const char *branch = NULL;
	size_t start;

	if (strncmp(line + at, "|-", 2) == 0 || strncmp(line + at, "`-", 2) == 0)
		branch = line[at] == '|' ? "|-" : "`-";
	start = at + (branch ? 2 : 0);
	while (tree->count > 0 && tree->nodes[tree->count - 1].start >= start)
		tree->count--;

	tree_text_begin(&tree->text);
	add_prefix(tree, line, at);
	if (branch)
		tree_text_branch(&tree->text, branch);
	if (add_labels(tree, line + start, start) < 0)
		return -1;
	return tree_text_print(&tree->text, stdout);
}

void tree_free(struct tree *tree)
{
	free(tree->nodes);
	free(tree->text.bytes);
}
