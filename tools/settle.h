/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SETTLE_H
#define SETTLE_H

#include "build.h"

/**
 * settle() - Make a tree that has been filled fit for a vserver, as its method wants it
 * @build: whose; everybody has a host name of its own, and no machine's identity
 *
 * Return: 0, or -1 with trouble.
 */
int settle(struct build *build);

/**
 * settle_services() - Disable what is of use on a machine alone: for init's scripts and systemd
 *
 * Return: 0, or -1 with errno set.
 */
int settle_services(int tree);

#endif /* SETTLE_H */
