/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HINTS_H
#define HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What packages say about the texts of their files.  Nobody need believe it, but files of which they
 * say that they differ need not be read.
 */
struct hints;

/**
 * hints_read() - What the packages of several trees say differently
 * @trees: their roots
 *
 * Only that is remembered: it is little in trees that have much in common.  Of each tree 64 MB are
 * read; what is beyond is as if it said nothing.
 *
 * Return: 0 with *@hints to be freed with hints_free(), or -1 with errno set, EINTR after a signal.
 */
int hints_read(struct hints **hints, const int *trees, unsigned int count);

/** hints_differ() - Do they say that the file of this path has different texts in two trees? */
bool hints_differ(const struct hints *hints, const char *path, unsigned int one,
		  unsigned int other);

/** hints_free() - Free it; NULL is fine */
void hints_free(struct hints *hints);

#endif /* HINTS_H */
