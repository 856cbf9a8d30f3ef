/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written down about a vserver that is there, in /run/vservers/NAME.
 *
 * It is a journal: before anything is done that outlives the process that does it, it is written
 * down, and the file goes when nothing of the vserver is left.
 */
#ifndef VCTL_STATE_H
#define VCTL_STATE_H

#include <vctl_vserver.h>

#include "alias.h"
#include "service.h"

enum state_phase {
	STATE_STARTING = 1,
	STATE_SERVICES,		/* it can be entered, but whoever starts it is not done */
	STATE_RUNNING,
	STATE_STOPPING,
};

struct state {
	enum state_phase phase;
	uint32_t context;	/* VCONTEXT_ID_ANY: none (yet) */
	uint64_t created;	/* of that context: a later one may have the same id */
	bool fakeinit;
	bool cgroup;		/* it has a control group */
	bool again;		/* it is being restarted, and is to run in the end */
	bool bare;		/* it has been started without its services */
	int64_t started;	/* seconds since 1970; 0: not yet */
	enum service service;	/* what runs inside */
	bool has_nice;
	int nice;
	struct vctl_conf_limit *limits;
	size_t limit_count;
	struct alias *aliases;	/* that the machine has got for it */
	size_t alias_count;
	char *addresses;	/* that it is tied to, with spaces between; NULL: not tied */
};

#define STATE_NONE	{ .context = VCONTEXT_ID_ANY }

/**
 * state_dir() - Open /run/vservers
 * @make: make it if it isn't there; else -ENOENT comes without an error
 */
int state_dir(bool make, struct vctl_error **err);

/**
 * state_read() - Read a state
 * @dir: the directory
 * @name: of the vserver
 * @state: out: to be freed with state_free(), also on failure
 *
 * Return: 0, -ENOENT without an error if there is none, -EINVAL (it makes no sense), -EPERM ...
 */
int state_read(int dir, const char *name, struct state *state, struct vctl_error **err);

/** state_write() - Write it as a whole, or leave what was there */
int state_write(int dir, const char *name, const struct state *state, struct vctl_error **err);

/** state_remove() - Remove it; one that isn't there is fine */
int state_remove(int dir, const char *name, struct vctl_error **err);

/** state_parse() - The same of text, which is changed; 0, -EINVAL or -ENOMEM */
int state_parse(char *text, struct state *state);

/** state_format() - The text of a state, to be freed; NULL: no memory */
char *state_format(const struct state *state);

/** state_free() - Free what is in it */
void state_free(struct state *state);

#define auto_state	__attribute__((cleanup(state_free)))

#endif /* VCTL_STATE_H */
