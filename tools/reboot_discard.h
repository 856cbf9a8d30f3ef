/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_DISCARD_H
#define REBOOT_DISCARD_H

/**
 * reboot_discard() - Close a socket to which a stranger may have sent descriptors
 * @fd: it; no other process may go on with it
 *
 * This never takes longer than a fork() does, and leaves a child to be waited for; @fd stays open
 * if there is none to be had.
 */
void reboot_discard(int fd);

#endif /* REBOOT_DISCARD_H */
