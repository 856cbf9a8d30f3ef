/* SPDX-License-Identifier: GPL-2.0-only */
/* The two columns in front of those of ps and top: context and vserver. */
#ifndef LABEL_H
#define LABEL_H

#include <stddef.h>

#include "map.h"

#define LABEL_MAX 128

struct label {
	int ids;	/* columns of the one */
	int names;	/* and the other, without the space behind each */
};

/** label_measure() - As wide as the contexts of @map, as they are now, need it */
struct label label_measure(const struct map *map);

/** label_width() - How many columns both take, with the spaces behind them */
int label_width(struct label label);

/** label_title() - Write their titles to @text of LABEL_MAX; @text */
const char *label_title(struct label label, char *text);

/** label_of() - Write them of a process, NULL for one that is not known; @text */
const char *label_of(struct label label, const struct map_context *context, char *text);

/** label_none() - Write as many spaces; @text */
const char *label_none(struct label label, char *text);

/** label_name() - The name of its vserver, "MAIN" for context 0, "-" for none */
const char *label_name(const struct map_context *context);

/**
 * label_make_room() - Let programs that are run make their lines shorter by it, by COLUMNS
 * @less: so many columns of theirs are cut off
 *
 * Only where their lines are as wide as a terminal, or as COLUMNS says.
 */
void label_make_room(struct label label, int less);

#endif /* LABEL_H */
