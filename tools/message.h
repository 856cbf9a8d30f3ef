/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stdio.h>

#include <vctl.h>

#include "command.h"

/** message_colour() - May there be colour on @stream?  Only on a terminal, never with NO_COLOR */
bool message_colour(FILE *stream);

/**
 * message_defuse() - Replace what would steer the reader's terminal by question marks
 * @text: names from anybody, inside of contexts too, can be in it.  Of each byte a control
 *	character has, or that is no UTF-8, one is made.
 */
void message_defuse(char *text);

/**
 * message_to() - Send all further messages to a descriptor instead of standard error
 * @fd: it; belongs to the caller
 */
void message_to(int fd);

/**
 * message_error() - Tell that something failed, as "vctl: WHAT: WHY (ADVICE)"
 * @what: what failed; control characters in it are replaced, and '' stands for nothing
 * @why: the reason
 * @advice: what to do; NULL or "": nothing to say
 */
void message_error(const char *what, const char *why, const char *advice);

/** message_fail() - Tell about a library's error; returns STATUS_FAILED */
enum status message_fail(const struct vctl_error *err);

/** message_system() - Tell about a system call's error, by errno; returns STATUS_FAILED */
enum status message_system(const char *what, const char *advice);

/** message_relay() - Pass on a message that a child process wrote, as it is */
void message_relay(const char *line);

/**
 * message_called() - Say how the running command is called, if not as "vctl NAME"
 * @form: as in "see FORM --help"; belongs to the caller
 */
void message_called(const char *form);

/** message_usage() - Tell about wrong usage and where to read more; returns STATUS_USAGE */
enum status message_usage(const struct command *command, const char *what, const char *why);

/** message_flush() - Make sure that standard output got everything; 0, or -1 and told */
int message_flush(void);

#endif /* MESSAGE_H */
