/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CEILING_H
#define CEILING_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"

/**
 * struct ceiling - what a command line says about a capability ceiling, in whatever order
 * @secure: all is to be dropped but what "secure" keeps
 * @kept: mask of the capabilities that are to be kept nevertheless
 * @dropped: mask of the capabilities that are to be dropped besides
 */
struct ceiling {
	bool secure;
	uint64_t kept;
	uint64_t dropped;
};

/* For commands that have something to say about a ceiling. */
#define CEILING_OPTION_ENTRIES								\
	{ "secure", NULL, OPTION_SECURE, "drop all that a server hardly needs, see above" },	\
	{ "cap", "CAP|!CAP", OPTION_CAP, "keep CAP though --secure drops it; !CAP: drop it" }

/* For the text of their help. */
#define CEILING_TEXT									\
	"--secure keeps CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP\n"	\
	"NET_BIND_SERVICE SYS_CHROOT SYS_PTRACE LEASE AUDIT_WRITE SETFCAP and drops all\n"	\
	"others.  Who drops one of these without having SETPCAP gets no_new_privs too:\n"	\
	"setuid programs don't get their owner's rights then.  User namespaces are closed\n"	\
	"to processes with a lowered ceiling, but for contexts with the flag userns."

/**
 * ceiling_take() - Take one of CEILING_OPTION_ENTRIES
 * @ceiling: in and out
 * @value: the option's
 * @argument: the option's
 *
 * Return: 0, or -1 for a capability that isn't there, told.
 */
int ceiling_take(struct ceiling *ceiling, int value, const char *argument);

/**
 * ceiling_drop() - What is to be dropped, all in all
 * @command: whose command line it was
 * @ceiling: what it said
 * @drop: out: mask of the capabilities
 *
 * Return: 0, or -1 if one is to be both dropped and kept, told.
 */
int ceiling_drop(const struct command *command, const struct ceiling *ceiling, uint64_t *drop);

/** ceiling_own() - Mask of the capabilities in the ceiling of this process */
uint64_t ceiling_own(void);

#endif /* CEILING_H */
