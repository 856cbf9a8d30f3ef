/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/**
 * struct progress - how far something is, as one line on a terminal that is written again and again
 * @what: what is being done
 * @note: instead of numbers, if there is any: what it is at
 * @files: so many files are done
 * @bytes: so many bytes of them
 * @done: of @total, in whatever unit
 * @total: 0: not known
 *
 * Nothing is shown where standard error is no terminal, and in the first half second.
 */
struct progress {
	const char *what;
	char note[120];
	uint64_t files;
	uint64_t bytes;
	uint64_t done;
	uint64_t total;
	/* Its own. */
	bool on;
	bool shown;
	struct timespec next;
};

/** progress_start() - The next thing begins: all numbers are zero again */
void progress_start(struct progress *progress, const char *what);

/** progress_tick() - Show it if it is time to; cheap enough for each file */
void progress_tick(struct progress *progress);

/** progress_end() - Take the line away, before anything else is written */
void progress_end(struct progress *progress);

#define SIZE_TEXT 32

/** size_text() - Write a number of bytes for people, e.g. "38 MB", to @text of SIZE_TEXT; @text */
const char *size_text(char *text, uint64_t bytes);

#endif /* PROGRESS_H */
