/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Forms on a terminal.  Esc and F12 go back from wherever one is, F1 tells more of a field.
 */

/**
 * form_begin() - Take the terminal
 *
 * Return: NULL, or why there can be no forms; a constant.
 */
const char *form_begin(void);

/** form_end() - Give it back, as it was */
void form_end(void);

#define FORM_BACK (-1)

/**
 * form_menu() - Have one of several lines chosen
 * @title: of the window
 * @text: over the lines
 * @lines: ending with NULL
 * @chosen: which one is chosen at first
 *
 * Return: the index of the one chosen, or FORM_BACK.
 */
int form_menu(const char *title, const char *text, const char *const *lines, int chosen);

enum field_kind {
	FIELD_TEXT,
	FIELD_YES,		/* a box to tick */
};

/**
 * struct field - one thing to fill in
 * @label: in front of it
 * @help: what F1 tells
 * @value: in and out: to be freed; of FIELD_YES "yes" or "no"
 */
struct field {
	enum field_kind kind;
	const char *label;
	const char *help;
	char *value;
};

/**
 * form_fill() - Have fields filled in
 * @title: of the window
 * @text: over the fields
 * @fields: in and out; all of them are taken over whichever way the form is left
 * @count: how many
 * @buttons: ending with NULL, at most 3
 * @focus: in and out: the index of the field that one is at
 *
 * Return: the index of the button pressed, or FORM_BACK.
 */
int form_fill(const char *title, const char *text, struct field *fields, size_t count,
	      const char *const *buttons, size_t *focus);

/**
 * form_tell() - Show a text, of any length
 * @buttons: as above
 *
 * Return: the index of the button pressed, or FORM_BACK.
 */
int form_tell(const char *title, const char *text, const char *const *buttons);

#endif /* FORM_H */
