/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_VSERVER_INTERNAL_H
#define VCTL_VSERVER_INTERNAL_H

#include <vctl_vserver.h>

#include "state.h"

/* Used by one thread at a time. */
struct vctl_vserver {
	char name[VCTL_NAME_MAX + 1];
	char *conf, *script, *tree;	/* paths */
	int lock_fd;			/* the file of locks; -1: not open */
	unsigned int locks;		/* how many times it has been locked */
	pid_t child;			/* ours that is inside, and to be waited for; 0: none */
	bool bare;			/* it is started without its services */
};

/* vctl_vserver_lock(); who has to wait for long is told for whom. */
int vs_lock(struct vctl_vserver *vs, const struct vctl_watch *watch, struct vctl_error **err);

/* Give back one lock of vctl_vserver_lock(). */
void vs_unlock(struct vctl_vserver *vs);

/*
 * Let others have it as long as services are being started, all locks of the caller's callers
 * included; and wait for it again.
 */
void vs_yield(struct vctl_vserver *vs);
void vs_retake(struct vctl_vserver *vs);

/* Is a process that starts or stops it still there, besides the caller? */
bool vs_is_locked(const struct vctl_vserver *vs);

static inline void vs_unlockp(struct vctl_vserver **vs)
{
	if (*vs)
		vs_unlock(*vs);
}

#define auto_unlock	__attribute__((cleanup(vs_unlockp)))

/* True if text is the name of a vserver. */
bool vs_name_is_good(const char *name);

/**
 * vs_state() - What is written down about it; only with a state 0 is returned
 * @state: out: to be freed with state_free()
 *
 * Return: 0, -ENOENT without an error, or a negative errno value with one.
 */
int vs_state(const struct vctl_vserver *vs, struct state *state, struct vctl_error **err);

/** vs_write() - Write its state down */
int vs_write(const struct vctl_vserver *vs, const struct state *state,
		  struct vctl_error **err);

/**
 * vs_context() - Open the context that a state tells of
 * @dev: out: the device, to be closed
 * @ctx: out: the handle, to be closed
 * @stat: out: what the kernel says of it
 *
 * Return: 0, -ENOENT without an error if it has gone (or was never there, or another has its id),
 * or a negative errno value with an error.
 */
int vs_context(const struct state *state, struct vctl_device **dev,
		    struct vctl_context **ctx, struct vcontext_stat *stat,
		    struct vctl_error **err);

/** vs_contexts() - vctl_vserver_contexts() of the states in @dir, which is read to its end */
int vs_contexts(int dir, struct vctl_vserver_context **all, size_t *count,
		struct vctl_error **err);

/* "vserver NAME", for messages. */
struct vs_what {
	char text[VCTL_NAME_MAX + 16];
};

struct vs_what vs_what(const struct vctl_vserver *vs);

/* Tell a watcher, if there is one. */
void tell_step(const struct vctl_watch *watch, const char *what);
void tell_warn(const struct vctl_watch *watch, const struct vctl_error *err);
void tell_output(const struct vctl_watch *watch, const char *bytes, size_t count);

/**
 * vs_release() - Take away all that is there of it: processes, what its context keeps, control
 *	group, addresses
 * @state: what was written down
 *
 * Return: 0 with nothing left but what is written down, or a negative errno value.
 */
int vs_release(struct vctl_vserver *vs, const struct state *state, struct vctl_error **err);

/** vs_forget() - The very last: nothing is written down about it any more */
int vs_forget(const struct vctl_vserver *vs, struct vctl_error **err);

/**
 * vs_stop() - vctl_vserver_stop() of one that is locked
 * @again: it is going to be started again: what is written down about it stays
 */
int vs_stop(struct vctl_vserver *vs, int timeout_ms, bool again, const struct vctl_watch *watch,
	    struct vctl_error **err);

/**
 * vs_start() - vctl_vserver_start() of one that is locked, and has nothing that is left
 * @again: it has been stopped for that
 */
int vs_start(struct vctl_vserver *vs, const struct vctl_conf *conf, bool again,
	     const struct vctl_watch *watch, struct vctl_error **err);

#endif /* VCTL_VSERVER_INTERNAL_H */
