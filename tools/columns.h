/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the number of the process is in lines of ps and top. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The column called PID of a table, by its header. */
struct columns {
	size_t end;	/* how many bytes are in front of the end of its title */
	size_t field;	/* how many words are in front of it */
};

/**
 * columns_read() - Find the column in a header
 * @line: the header
 * @columns: out
 *
 * Return: false if the line is no header that has it.
 */
bool columns_read(const char *line, struct columns *columns);

/**
 * columns_number() - The number in a line
 *
 * Numbers end where the title does, unless one in front of them was too long.
 *
 * Return: the number; 0 if the line has none there.
 */
pid_t columns_number(const struct columns *columns, const char *line);

#endif /* COLUMNS_H */
