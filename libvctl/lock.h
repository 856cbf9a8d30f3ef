/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks by name, which a process that is killed gives back: a byte each of one file, so that no
 * file is left for each vserver that has ever been.  Two names may share a byte; they wait for each
 * other then, no more.
 */
#ifndef VCTL_LOCK_H
#define VCTL_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include <vctl.h>

/** lock_open() - Open the file of locks, which is made, in a directory; a descriptor */
int lock_open(int dir, struct vctl_error **err);

/**
 * lock_take() - Lock a name
 * @fd: of lock_open(); the lock is its, and of its copies in children
 * @name: the name; "" is that of a lock for all
 * @wait: false: don't wait
 *
 * Return: 0, -EBUSY, or another negative errno value.
 */
int lock_take(int fd, const char *name, bool wait);

/** lock_give() - Give it back */
void lock_give(int fd, const char *name);

/** lock_is_taken() - Has another descriptor locked it? */
bool lock_is_taken(int fd, const char *name);

/* As long as the system keeps a program's name. */
#define LOCK_PROGRAM	16

/**
 * lock_holder() - Which process has locked it with another descriptor?
 * @program: out: what it runs
 *
 * Return: its number; 0: nobody knows.
 */
pid_t lock_holder(int fd, const char *name, char program[LOCK_PROGRAM]);

#endif /* VCTL_LOCK_H */
