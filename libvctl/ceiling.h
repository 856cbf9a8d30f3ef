/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_CEILING_H
#define VCTL_CEILING_H

#include <vctl.h>

/**
 * vctl_ceiling_explain() - EINVAL has many causes: is it a bit that is no capability?
 * @drop: what was to be taken out of a ceiling
 * @what: what failed
 * @err: out: VCTL_BAD_CAP, if it is
 *
 * Return: -EINVAL if it is, 0 if it must be something else.
 */
int vctl_ceiling_explain(uint64_t drop, const char *what, struct vctl_error **err);

#endif /* VCTL_CEILING_H */
