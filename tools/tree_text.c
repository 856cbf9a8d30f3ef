// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tree_text.h"

#define ESCAPE '\033'

static const struct {
	const char *ascii;
	const char *utf8;
	const char *vt100;
} branches[] = {
	{ "|", "│", "x" },
	{ "|-", "├─", "tq" },
	{ "`-", "└─", "mq" },
	{ "---", "───", "qqq" },
	{ "-+-", "─┬─", "qwq" },
};

/* Into the terminal's set of line-drawing characters, and out of it. */
static const char vt100_in[] = "\033(0";
static const char vt100_out[] = "\033(B";

void tree_text_begin(struct tree_text *text)
{
	text->used = 0;
	text->cells = 0;
	text->escapes = false;
}

static void put(struct tree_text *text, const char *bytes, size_t count)
{
	if (text->used + count > text->room) {
		size_t room = 2 * (text->used + count);
		char *more = realloc(text->bytes, room);

		if (!more) {
			text->failed = true;
			return;
		}
		text->bytes = more;
		text->room = room;
	}

	memcpy(text->bytes + text->used, bytes, count);
	text->used += count;
}

static void put_cell(struct tree_text *text, const char *bytes, size_t count)
{
	text->cells++;
	if (text->width > 0 && text->cells > text->width)
		return;
	if (text->cells == text->width)
		text->last = text->used;
	put(text, bytes, count);
}

static void put_escape(struct tree_text *text, const char *bytes, size_t count)
{
	text->escapes = true;
	put(text, bytes, count);
}

size_t tree_escape(const char *text)
{
	size_t length = 2;

	if (text[0] != ESCAPE || text[1] != '[')
		return 0;

	length += strspn(text + length, "0123456789;");
	return text[length] ? length + 1 : length;
}

/* How many bytes the character has that begins there. */
static size_t character(const char *bytes, size_t count)
{
	size_t length = 1;

	while (length < count && ((unsigned char)bytes[length] & 0xc0) == 0x80)
		length++;
	return length;
}

void tree_text_add(struct tree_text *text, const char *bytes, size_t count)
{
	for (size_t at = 0; at < count;) {
		size_t length = tree_escape(bytes + at);

		if (length > 0 && length <= count - at) {
			put_escape(text, bytes + at, length);
		} else {
			length = character(bytes + at, count - at);
			put_cell(text, bytes + at, length);
		}
		at += length;
	}
}

void tree_text_spaces(struct tree_text *text, size_t count)
{
	while (count-- > 0)
		put_cell(text, " ", 1);
}

void tree_text_branch(struct tree_text *text, const char *piece)
{
	size_t i = 0;

	while (strcmp(branches[i].ascii, piece) != 0)
		i++;
	switch (text->style) {
	case TREE_ASCII:
		tree_text_add(text, piece, strlen(piece));
		break;
	case TREE_UTF8:
		tree_text_add(text, branches[i].utf8, strlen(branches[i].utf8));
		break;
	case TREE_VT100:
		put(text, vt100_in, strlen(vt100_in));
		tree_text_add(text, branches[i].vt100, strlen(branches[i].vt100));
		put(text, vt100_out, strlen(vt100_out));
		break;
	}
}

int tree_text_print(struct tree_text *text, FILE *out)
{
	static const char reset[] = "\033[0m";

	if (text->width > 0 && text->cells > text->width) {
		text->used = text->last;
		put(text, "+", 1);
		if (text->style == TREE_VT100)
			put(text, vt100_out, strlen(vt100_out));
		if (text->escapes)
			put(text, reset, strlen(reset));
	}
	if (text->failed)
		return -1;

	fwrite(text->bytes, 1, text->used, out);
	putc('\n', out);
	return 0;
}
