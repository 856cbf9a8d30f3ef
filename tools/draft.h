/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DRAFT_H
#define DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include <vctl_vserver.h>

#include "form.h"

/* What forms are filled in with, and the command line that comes to the same. */

#define DRAFT_KEYS	24
#define DRAFT_OPTIONS	6

/* An option of a method of "vctl build". */
struct draft_option {
	enum field_kind kind;
	const char *option;	/* as on the command line */
	const char *label;
	const char *help;
	bool needed;
};

struct draft_method {
	const char *name;
	const char *summary;
	struct draft_option options[DRAFT_OPTIONS];	/* ending with one without a name */
};

/** draft_methods() - All methods, ending with one without a name */
const struct draft_method *draft_methods(void);

struct draft {
	char *name;			/* of the vserver */
	const struct draft_method *method;
	char *options[DRAFT_OPTIONS];	/* of the method; "" or "no": not given */
	char *values[DRAFT_KEYS];	/* of the configuration, in the order of vctl_conf_key_list() */
	char **before;			/* of one that is there: what it sets; else NULL */
};

/** draft_new() - One that is yet to be built; 0, or -1 for want of memory */
int draft_new(struct draft *draft);

/**
 * draft_choose() - Take a method, whose options are all empty then
 *
 * Return: 0, or -1 for want of memory.
 */
int draft_choose(struct draft *draft, const struct draft_method *method);

/**
 * draft_read() - The configuration of one that is there
 * @err: out: the error
 *
 * Return: 0, or a negative errno value.
 */
int draft_read(struct draft *draft, const char *name, struct vctl_error **err);

/** draft_free() - Free what it has */
void draft_free(struct draft *draft);

/** draft_value() - Where the value of a key is, which has to be one */
char **draft_value(struct draft *draft, const char *key);

/**
 * draft_check() - Is the configuration right?
 * @key: out: the index of the key that isn't, if there is one to blame
 * @why: out: to be freed, what is wrong; NULL: nothing
 */
void draft_check(const struct draft *draft, size_t *key, char **why);

/**
 * draft_line() - The command line: "build ... NAME" or "set NAME ..."
 *
 * Return: the words, ending with NULL, to be freed with vctl_names_free(); NULL: there is no memory.
 * With nothing to change there are no more than two.
 */
char **draft_line(const struct draft *draft);

/** draft_text() - A command line as it can be given to a shell, to be freed; NULL: no memory */
char *draft_text(char *const *line);

#endif /* DRAFT_H */
