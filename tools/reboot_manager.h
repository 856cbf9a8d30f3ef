/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_MANAGER_H
#define REBOOT_MANAGER_H

#include "reboot_server.h"

/**
 * reboot_manager_run() - Listen to all vservers and do what they ask for
 * @host: where they are, and what is done for them
 * @ready: called once all that are there have been looked at; may be NULL
 *
 * SIGTERM and SIGINT end it, with no socket left; who restarts or stops a vserver then is left to
 * do so.  SIGHUP makes it look at all of them again.  These and SIGCHLD are blocked meanwhile, and
 * in processes that are begun by then.
 *
 * Return: 0 when it has been told to end, -1 when it could not begin, and has complained.
 */
int reboot_manager_run(const struct reboot_host *host, void (*ready)(void));

#endif /* REBOOT_MANAGER_H */
