/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TOP_H
#define TOP_H

#include "command.h"
#include "map.h"
#include "watcher.h"

/**
 * top_interactive() - Run top in context 1 on a terminal of its own, and show that on ours
 * @argv: it and its arguments
 * @map: who is in which context
 *
 * A signal that would end this process does, with the terminal as it was; top ends with it.
 *
 * Return: its exit status, or 128 + N if signal N ended it.
 */
enum status top_interactive(const struct watcher *watcher, char **argv, struct map *map);

#endif /* TOP_H */
