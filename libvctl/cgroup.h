/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups (v2) of vservers: /sys/fs/cgroup/vserver/NAME.  All names are those of vservers,
 * which have been looked at already.  A machine without control groups v2 does without them.
 */
#ifndef VCTL_CGROUP_H
#define VCTL_CGROUP_H

#include <stdbool.h>

#include <vctl_vserver.h>

/**
 * cgroup_make() - Make the group of a vserver, with the limits that its configuration asks for
 * @name: of the vserver
 * @conf: its configuration
 * @err: out: the error
 *
 * One that is left from before and has no process is made anew.
 *
 * Return: a descriptor of its directory, for CLONE_INTO_CGROUP, or
 *	-ENOENT		no error object: the machine has no control groups v2, and no limit is
 *			asked for; go on without
 *	-EBUSY		VCTL_SYSTEM: there is one with processes in it
 *	-EOPNOTSUPP	VCTL_SYSTEM: a limit that the machine can't enforce
 *	-EACCES, ...	VCTL_SYSTEM
 * and then nothing is left of it.
 */
int cgroup_make(const char *name, const struct vctl_conf *conf, struct vctl_error **err);

/** cgroup_open() - A descriptor of the group's directory, or -1 and errno (ENOENT: none) */
int cgroup_open(const char *name);

/** cgroup_kill() - SIGKILL to all in it and in groups below it; -1 and errno (ENOENT: none)
 *
 * For what is left of their lives there is no limit of processors.
 */
int cgroup_kill(const char *name);

/** cgroup_empty() - Is there no process in it or below it?  One that doesn't exist is empty. */
bool cgroup_empty(const char *name);

/**
 * cgroup_wait_empty() - Wait until it is
 * @timeout_ms: how long at most, in milliseconds; negative: for ever
 *
 * Return: 0 or -ETIMEDOUT.
 */
int cgroup_wait_empty(const char *name, int timeout_ms);

/**
 * cgroup_remove() - Remove the group and all groups below it
 *
 * No error if there is none.  Processes that have been killed may still be on their way out; they
 * are given a second.
 *
 * Return: 0, or -EBUSY, ... (VCTL_SYSTEM).
 */
int cgroup_remove(const char *name, struct vctl_error **err);

#endif /* VCTL_CGROUP_H */
