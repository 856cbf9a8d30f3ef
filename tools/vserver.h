/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VSERVER_H
#define VSERVER_H

#include <stdbool.h>

#include <vctl_vserver.h>

#include "command.h"

/**
 * vserver_open() - vctl_vserver_open(), with the failure told
 * @name: as it was written
 * @vs: out: to be closed with vctl_vserver_close()
 *
 * Return: STATUS_DONE; STATUS_USAGE for what is no name; STATUS_FAILED.
 */
enum status vserver_open(const char *name, struct vctl_vserver **vs);

/** vserver_exists() - Has it a configuration, or does it run?  If that can't be told, yes */
bool vserver_exists(const char *name);

/** vserver_missing() - Tell that there is no such vserver, and of the nearest; STATUS_FAILED */
enum status vserver_missing(const char *name);

/** vserver_fail() - message_fail() for what was done to a vserver; tells of the nearest name */
enum status vserver_fail(const char *name, const struct vctl_error *err);

#endif /* VSERVER_H */
