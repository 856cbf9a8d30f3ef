/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of capabilities, of processes and of programs. */
#ifndef CAPS_H
#define CAPS_H

#include <linux/capability.h>

#include "guest.h"

#define CAP(name)	(1ULL << CAP_##name)
#define CAPS_ALL	((1ULL << (CAP_LAST_CAP + 1)) - 1)

struct caps {
	__u64 inheritable, permitted, effective, bounding, ambient;
	int no_new_privs;
};

/* By /proc/PID/status; 0 is the caller. */
struct caps caps_of(pid_t pid);

/* By capset(): all but the bounding and the ambient set.  Returns 0 or an errno. */
int caps_set(const struct caps *caps);

/* Give the case up unless the caller's sets are those of @before without @drop. */
void caps_expect(const struct caps *before, __u64 drop);

/* Everything that root can have. */
void caps_raise_all(void);

/* A copy of this program where setuid works; caps_remove() takes it away. */
const char *caps_program(mode_t mode);
void caps_remove(const char *program);

/*
 * Run @program in a child, and tell which capabilities it has.  @error: why it can't be run, or 0.
 * Its main() calls caps_main() first, which does not return in such a run.
 */
struct caps caps_run(const char *program, int *error);
void caps_main(int argc, char **argv);

#endif /* CAPS_H */
