/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An act in steps, each with its undo. */
#ifndef VCTL_STEP_H
#define VCTL_STEP_H

#include <stddef.h>

#include <vctl_vserver.h>

/**
 * struct step - one of them
 * @what: what a watcher is told that it does; NULL: nothing to speak of
 * @act: do it: 0, or a negative errno value with @err set
 * @undo: undo it, or as much of it as has been done; NULL: there is nothing to be undone
 */
struct step {
	const char *what;
	int (*act)(void *data, struct vctl_error **err);
	void (*undo)(void *data);
};

/**
 * steps_run() - Do one after another; when one fails, undo that and those before it, the last first
 * @steps: the list
 * @count: how many
 * @data: handed to them
 * @watch: or NULL
 * @err: out: the error of the one that failed
 *
 * Return: 0, or what the one that failed returned.
 */
int steps_run(const struct step *steps, size_t count, void *data, const struct vctl_watch *watch,
	      struct vctl_error **err);

#endif /* VCTL_STEP_H */
