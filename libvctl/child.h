/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child that is to become a program inside, and is still outside: root of the host with a hostile
 * tree as its root.  What it may not do: allocate memory (it is the child of a process that may
 * have threads), look up names, open anything in the tree but by program.h.
 */
#ifndef VCTL_CHILD_H
#define VCTL_CHILD_H

#include <sys/types.h>

#include <vctl_vserver.h>

#include "complaint.h"

struct child {
	pid_t pid;
	int pidfd;
	int line;	/* to the other of the two; close-on-exec, so that it ends with exec */
};

#define CHILD_NONE { .pid = -1, .pidfd = -1, .line = -1 }

/* Descriptors 0, 1 and 2 as far as the caller has none; see auto_reserve. */
struct child_reserve {
	int fds[3];
	size_t count;
};

/** child_reserve() - Take those that are free, so that nothing else is opened there */
void child_reserve(struct child_reserve *reserve);

/** child_unreserve() - Give them back */
void child_unreserve(struct child_reserve *reserve);

#define auto_reserve	__attribute__((cleanup(child_unreserve)))

enum child_word {
	CHILD_READY = 1,	/* with a value */
	CHILD_GO,
	CHILD_TERMINAL,		/* with a descriptor */
	CHILD_FAILED,		/* with a complaint */
};

struct child_message {
	enum child_word word;
	int value;
	struct complaint complaint;
};

/**
 * child_fork() - Make one
 * @child: out: in the parent the child, in the child the line to the parent
 * @flags: CLONE_NEW*
 * @cgroup: descriptor of the control group that it is born into; -1: the caller's
 * @pid_ns: of the PID namespace likewise
 *
 * Signals that are handled do in it what they do by default.
 *
 * Return: 1 in the parent, 0 in the child, or a negative errno value.
 */
int child_fork(struct child *child, uint64_t flags, int cgroup, int pid_ns);

/**
 * child_hand_over() - In a child, make one of its own, for which the machine's init will wait
 * @flags: CLONE_NEW*
 * @cgroup: as above
 *
 * The line is handed over, too.  The old one lives until the new one has become a program, and that
 * is all of its life: it doesn't return.
 *
 * Return: 0 in the new child, or a negative errno value in the old one.
 */
int child_hand_over(uint64_t flags, int cgroup);

/** child_hear() - Wait for what the other has to say; 1, 0 if it has hung up, or -errno
 *
 * @fd: out: the descriptor that came with it, or -1; NULL: none is expected
 */
int child_hear(int line, struct child_message *message, int *fd);

/** child_say() - Say something; @fd: a descriptor to go with it, or -1 */
int child_say(int line, enum child_word word, int value, int fd);

/** child_fail() - Tell the parent why, and end */
_Noreturn void child_fail(int line, const struct complaint *complaint);

/** child_close() - Close what belongs to a child, which is not waited for; NULL is not fine */
void child_close(struct child *child);

/**
 * child_reap() - Wait for the end of a child
 *
 * Return: its status as of waitpid(), or a negative errno value: -ETIMEDOUT if it has ended, but
 * somebody inside who traces it keeps that from us.
 */
int child_reap(const struct child *child);

/** child_end() - Both, for one that doesn't go on without its line; -ESRCH: there is none */
int child_end(struct child *child);

/* In the child: */

/**
 * child_attach() - End with the parent, and leave the caller's signals; 0 or a negative errno value
 * @line: to the parent: it doesn't return if that has ended already
 */
int child_attach(int line);

/** child_settle() - The same, and leave the caller's session, login and score of the OOM killer's,
 *	while /proc is the machine's
 */
int child_settle(int line, struct complaint *complaint);

/** child_limit() - Take limits and priority over; by what the state or configuration says */
int child_limit(const struct vctl_conf_limit *limits, size_t count, bool has_nice, int nice,
		struct complaint *complaint);

/** child_become() - Take over who it is, for good; @line: as above */
int child_become(int line, uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/** child_is_orphan() - Has the parent ended, which may have been too early for it to end us? */
bool child_is_orphan(int line);

/** child_seal() - No descriptor but 0, 1 and 2 outlives exec */
int child_seal(void);

#endif /* VCTL_CHILD_H */
