/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PS_H
#define PS_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"
#include "watcher.h"

/**
 * ps_own_option() - For commands whose options are another program's: is it asked for our own help?
 *
 * Return: true if it has been printed; so has the version.
 */
bool ps_own_option(const struct command *self, int argc, char **argv);

/* Reads what a program prints, to its end. */
typedef enum status ps_take(void *data, FILE *in);

/**
 * ps_run() - Run a program in context 1, and read what it prints
 * @argv: it and its arguments
 * @take: reads it, while it runs
 * @data: handed to @take
 *
 * Return: the program's exit status, or 128 + N if signal N ended it; what @take returns if it
 * failed.
 */
enum status ps_run(const struct watcher *watcher, char **argv, ps_take *take, void *data);

/** ps_json() - What "vctl ps --json" does; @argv: the options behind it */
enum status ps_json(const struct watcher *watcher, int argc, char **argv);

#endif /* PS_H */
