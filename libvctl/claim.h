/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a vserver wants for itself alone: addresses and a context. */
#ifndef VCTL_CLAIM_H
#define VCTL_CLAIM_H

#include "vserver.h"

/**
 * struct claim - the addresses of a configuration, as they are on this machine
 * @aliases: all of them, those without a device included
 * @addresses: the same as vctl_bind() takes them
 * @count: how many
 */
struct claim {
	struct alias aliases[VCONTEXT_ADDRESSES_MAX];
	struct vcontext_address addresses[VCONTEXT_ADDRESSES_MAX];
	size_t count;
};

/** claim_read() - Find out what a configuration wants; 0 or a negative errno value */
int claim_read(const struct vctl_conf *conf, struct claim *claim, struct vctl_error **err);

/** claim_text() - The addresses with spaces between, to be freed; NULL: no memory */
char *claim_text(const struct claim *claim);

/**
 * claim_look() - Is any of it somebody else's?
 * @vs: for whom
 *
 * Return: 0, -EADDRINUSE (VCTL_IN_USE) ...
 */
int claim_look(const struct vctl_vserver *vs, const struct claim *claim, struct vctl_error **err);

/**
 * claim_take() - Look again, write down which addresses are going to be made, and make them
 * @state: its aliases are those that have been made, or tried to
 */
int claim_take(struct vctl_vserver *vs, const struct claim *claim, struct state *state,
	       struct vctl_error **err);

/** claim_warn() - Tell of those that nobody makes, and that the machine doesn't have */
void claim_warn(const struct claim *claim, const struct vctl_watch *watch);

/** claim_drop() - Take away those of a state; those that aren't there any more are fine */
int claim_drop(struct vctl_vserver *vs, const struct state *state, struct vctl_error **err);

/** claim_context_owner() - Which other vserver has this context?  "" if none has */
void claim_context_owner(const struct vctl_vserver *vs, uint32_t id,
			 char owner[VCTL_NAME_MAX + 1]);

#endif /* VCTL_CLAIM_H */
