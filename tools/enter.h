/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ENTER_H
#define ENTER_H

#include <stdbool.h>

#include <vctl.h>

#include "plan.h"

/* A context on the way to which a process is. */
struct entry {
	struct vctl_device *dev;
	struct vctl_context *ctx;	/* NULL: it will be made and entered at once */
	bool made;			/* @ctx has been made for this plan */
	bool first;			/* who enters must be process 1 of a PID namespace */
	int pid_ns;			/* or be in this one; -1: it may be in any */
};

#define ENTRY_NONE { .pid_ns = -1 }

/**
 * entry_open() - Find the context of a plan, or make it, and see what it takes to enter
 * @entry: ENTRY_NONE; to be closed with entry_close(), also on failure
 * @plan: what is asked for
 *
 * Nothing outlives this process if it ends here.
 *
 * Return: 0, or -1 and told.
 */
int entry_open(struct entry *entry, const struct plan *plan);

/**
 * entry_go() - Enter it, for good
 * @entry: from entry_open(), in the PID namespace that it asks for
 * @plan: the same
 * @id: out: of the context
 *
 * Return: 0, or -1 and told.
 */
int entry_go(struct entry *entry, const struct plan *plan, uint32_t *id);

/** entry_close() - Close what entry_open() opened */
void entry_close(struct entry *entry);

#define auto_entry __attribute__((cleanup(entry_close)))

#endif /* ENTER_H */
