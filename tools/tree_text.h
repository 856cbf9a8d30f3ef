/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line of text that is put together cell by cell, and cut at the width of the terminal as pstree
 * does it.
 */
#ifndef TREE_TEXT_H
#define TREE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How the branches of a tree look. */
enum tree_style {
	TREE_ASCII,
	TREE_UTF8,
	TREE_VT100,
};

struct tree_text {
	enum tree_style style;
	size_t width;		/* 0: as long as it gets */
	char *bytes;
	size_t used, room;
	size_t cells;
	size_t last;		/* where the last cell that fits begins */
	bool escapes;		/* there are some in it */
	bool failed;		/* no memory */
};

/** tree_text_begin() - The next line */
void tree_text_begin(struct tree_text *text);

/** tree_text_add() - Add bytes, of which escape sequences and parts of characters are no cells */
void tree_text_add(struct tree_text *text, const char *bytes, size_t count);

/** tree_text_spaces() - Add spaces */
void tree_text_spaces(struct tree_text *text, size_t count);

/**
 * tree_text_branch() - Add a piece of a branch in the line's own style
 * @piece: what it is in ASCII: one of "|", "|-", "`-", "---", "-+-"
 */
void tree_text_branch(struct tree_text *text, const char *piece);

/** tree_text_print() - Print the line; 0, or -1: no memory */
int tree_text_print(struct tree_text *text, FILE *out);

/** tree_escape() - How many bytes of @text are an escape sequence; 0: it begins with none */
size_t tree_escape(const char *text);

#endif /* TREE_TEXT_H */
