/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the arguments of the system's ps has to be known to find process numbers in its output. */
#ifndef PS_ARGUMENTS_H
#define PS_ARGUMENTS_H

#include <stdbool.h>

/* How wide the column is that is put in front. */
#define PS_NUMBER_WIDTH 10

/*
 * In a format of the user's own the number can be missing, or be any of the columns: it is asked
 * for as one more, the first, which is cut off again.  In all others there is a column PID; the
 * header, if it is not wanted, is asked for and cut off.
 */
struct ps_arguments {
	char **argv;		/* what to call ps with, ending with NULL */
	char **owned;		/* those of argv[] that are to be freed, likewise */
	bool numbered;		/* the number is in front of each line */
	bool headless;		/* no header is wanted */
};

/**
 * ps_arguments_read() - Read the arguments of ps
 * @argc: how many
 * @argv: without the name of the program, ending with NULL; they stay the caller's
 * @arguments: out: to be freed with ps_arguments_free(), also on failure
 *
 * Return: 0, or -1 and told: no memory.
 */
int ps_arguments_read(int argc, char **argv, struct ps_arguments *arguments);

/** ps_arguments_free() - Free it */
void ps_arguments_free(struct ps_arguments *arguments);

#endif /* PS_ARGUMENTS_H */
