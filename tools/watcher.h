/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WATCHER_H
#define WATCHER_H

#include <sys/types.h>

#include <vctl.h>

#include "command.h"

/* The way into context 1, which sees all processes and may act on none. */
struct watcher {
	struct vctl_device *dev;
	struct vctl_context *ctx;
};

#define WATCHER_NONE { .dev = NULL }

/**
 * watcher_open() - Get ready to have something done in context 1
 * @watcher: WATCHER_NONE; to be closed with watcher_close(), also on failure
 * @name: of the command, for messages
 *
 * Return: 0, or -1 and told: it takes root of context 0.
 */
int watcher_open(struct watcher *watcher, const char *name);

/** watcher_close() - Close what watcher_open() opened */
void watcher_close(struct watcher *watcher);

/**
 * watcher_fork() - fork(), with a child in context 1
 *
 * Return: as fork(); -1 and told.  A child that can't get there tells it and ends.
 */
pid_t watcher_fork(const struct watcher *watcher);

/**
 * watcher_run() - Run a program in context 1
 * @argv: it and its arguments, ending with NULL
 * @out: its standard output
 *
 * Return: its number; -1 and told.
 */
pid_t watcher_run(const struct watcher *watcher, char **argv, int out);

/** watcher_wait() - Wait for its end; its exit status, or 128 + N if signal N ended it */
enum status watcher_wait(pid_t child);

#define auto_watcher __attribute__((cleanup(watcher_close)))

#endif /* WATCHER_H */
