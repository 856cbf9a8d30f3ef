/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of contexts share: contexts by raw ioctls (the interface itself is under test, not
 * the library), and pairs of an actor and a target.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/vcontext.h>

#include "ktap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define USER		1000
#define SPARE		90	/* a descriptor that every target has, on /dev/null */

/* context.c: every function returns 0 or more, or a negative errno. */
int context_device(void);
int context_new(__u32 flags, __u32 *id);
int context_open(__u32 id, __u32 how, __u32 flags, __u32 *got);
int context_enter(int handle);
int context_new_lower(__u64 drop);
int context_open_lower(__u32 id, __u64 drop);
int context_lower(__u64 drop);				/* the own ceiling */
int context_lower_others(int handle, __u64 drop);	/* that of who will enter */
int context_add_flags(int handle, __u32 flags);
int context_stat(int handle, struct vcontext_stat *stat);
int context_info(struct vcontext_info *info);
int context_list(__u32 first, __u32 *ids, __u32 room);

/* These give up the case if they fail; without contexts they do nothing. */
__u32 enter_new(__u32 flags);
void enter_id(__u32 id);
void lower(__u64 drop);
int open_new(__u32 *id);
int open_id(__u32 id);

/* An id from the named range that no other case uses at the same time. */
__u32 free_id(void);

/* guest.c */
const char *errno_name(int error);

/* @value is what a function of context.c returned: expect the errno @want, or 0. */
#define expect_error(value, want)						\
	do {									\
		int value_ = (value);						\
		ktap_expect(value_ == -(want), "%s: expected %s, came %s", #value,	\
			    errno_name(want), value_ > 0 ? "a descriptor" : errno_name(-value_)); \
	} while (0)

void become(uid_t uid);
pid_t fork_or_fail(void);

/* Wait for the end of @pid, which has to be exit status @status. */
void wait_exit(pid_t pid, int status);
int wait_status(pid_t pid);
void nap(unsigned int milliseconds);

/* Run @function in a child process, and wait for it; the case is over if that gave up. */
void in_child(void (*function)(void *), void *data);

/* A process that sits and waits until the other end of its line is closed. */
struct sitter {
	pid_t pid;
	int line;
};

/* @prepare is called in it first.  Returns once that is done. */
struct sitter sitter_start(void (*prepare)(void *), void *data);
void sitter_end(struct sitter *sitter);

/* Has the line @fd something to read within @milliseconds? */
bool wait_readable(int fd, unsigned int milliseconds);
void send_fd(int line, int fd);
int receive_fd(int line);

/* The number that follows @key in the file at @path (from @directory), or -errno. */
long number_in(int directory, const char *path, const char *key);
bool line_in(const char *path, const char *line);
bool lists(const char *directory, pid_t pid);
int write_text(const char *path, const char *text);

/*
 * Pairs (pair.c).  An actor does something to a target, once for every relation that their contexts
 * can have, as root and as user, and as root under "secure".  The actor is the target's parent, so that nothing but the context
 * is in its way.
 */
enum relation {
	TOGETHER,		/* in one context: the control, it must work */
	INSIDE_TO_OUTSIDE,
	OUTSIDE_TO_INSIDE,
	SIBLINGS,
	INNER_TO_OUTER,		/* from a context to the one in which it was made */
	OUTER_TO_INNER,
	BY_WATCHER,
	TO_WATCHER,
	RELATIONS
};

struct pair {
	/* shared by both processes */
	enum relation relation;
	volatile pid_t target;
	volatile pid_t thread;		/* another thread of the target */
	volatile int hits;		/* signals that the target has got */
	volatile int signal;		/* the last of them */
	volatile int nice;		/* of the target when it was last asked */
	volatile int ioprio;
	void (*volatile deed)(void);	/* what the target is to do when it is next asked */
	/* of the actor alone */
	int line;
	int fd;				/* what prepare() or give() came up with, or a negative errno */
};

#define ROOT_ONLY	(1 << 0)
#define USER_ONLY	(1 << 1)
#define SAME_SESSION	(1 << 2)	/* the target leads a group in the actor's session */
#define NOT_WATCHER	(1 << 3)	/* the watcher has rules of its own here */
#define SAME_GROUP	(1 << 4)	/* the target is in the actor's group */
#define HOST_MAY	(1 << 5)	/* from context 0 it is allowed */
#define WISHED		(1 << 6)	/* what was wished for before the actor moved is done */

struct act {
	const char *name;
	/* the actor's, before anybody has moved; the target's, once it is where it belongs */
	int (*prepare)(struct pair *pair);
	int (*give)(void);
	/* what came of it: 0 or an errno */
	int (*run)(struct pair *pair);
	long argument;			/* for run(), which finds it in pair_argument */
	/* what is expected between contexts, by the watcher (0: it may), and together */
	short hidden[5];
	short watcher;
	short together;
	short secure;			/* or this, if a right is missing that is asked for first */
	unsigned int flags;
};

extern long pair_argument;
extern char pair_room[64];	/* at one address in both, but each has its own */

/* Add a case for every relation of every act; with KTAP_BRIEF in the environment for one of each. */
void pair_add(const struct act *acts, size_t count);
#define pair_add_all(acts) pair_add(acts, ARRAY_SIZE(acts))

/*
 * Of neighbours: out of one context into another and into context 0, as the same user, as root, and
 * as root with the ceiling of "secure".
 */
void pair_add_neighbours(const struct act *acts, size_t count);
#define pair_add_all_neighbours(acts) pair_add_neighbours(acts, ARRAY_SIZE(acts))

/* Returns when the target has handled what it got so far: false if there is no target any more. */
bool pair_sync(struct pair *pair);

/* Have the target call @deed; the case is over if it can't. */
void pair_let(struct pair *pair, void (*deed)(void));

/* errno of a system call's result: 0 if that is not negative. */
int result(long value);

#endif /* GUEST_H */
