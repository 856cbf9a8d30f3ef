/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <termios.h>

#include <vctl_vserver.h>

#include "command.h"

/**
 * relay_take_terminal() - If we have a terminal, to read from and to write to, the command gets a
 *	pseudo-terminal like it
 * @command: in and out; without a terminal nothing of it is changed
 *
 * Return: true with a terminal.
 */
bool relay_take_terminal(struct vctl_command *command);

/* What else is to be heard meanwhile. */
struct relay_also {
	int fd;				/* when it can be read from ... */
	void (*call)(void *data);	/* ... this is called */
	void *data;
};

/**
 * relay_run() - Pass on all bytes between the standard descriptors and a command inside, until it
 *	has ended
 * @inside: the command; its descriptors are closed, and it is waited for
 * @modes: those of the terminal on standard input, if the command is on a pseudo-terminal too: ours
 *	is raw meanwhile, and its size is passed on; else NULL
 * @also: or NULL.  With it the caller's own handlers of signals stay, and without our terminal it is
 *	as with SIGTERM, and the command's end is waited for.
 *
 * What the command has written when it ends is passed on, but nobody waits for what it has left in
 * the background.  A signal that would end this process does, with the terminal as it was; the
 * command ends with it.
 *
 * Return: the command's exit status, or 128 and the number of the signal that ended it.
 */
enum status relay_run(struct vctl_inside *inside, const struct termios *modes,
		      const struct relay_also *also);

#endif /* RELAY_H */
