/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef POLICY_RPM_H
#define POLICY_RPM_H

#include "policy.h"
#include "trouble.h"

/**
 * policy_add_rpm() - Hear from rpm which files of a tree are configuration
 * @tree: its root, which may be anybody's
 * @name: what to call it
 *
 * The database is read by the rpm of this machine, which sees nothing but a copy of it and has no
 * rights: whoever has written it may have written it for that.
 *
 * Return: 0, also if there is no such database; or -1 with trouble.
 */
int policy_add_rpm(struct policy *policy, int tree, const char *name, struct trouble *trouble);

#endif /* POLICY_RPM_H */
