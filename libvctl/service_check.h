/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be said of a vserver's services before anything is made for it. */
#ifndef VCTL_SERVICE_CHECK_H
#define VCTL_SERVICE_CHECK_H

#include "vserver.h"

/**
 * service_check() - Will what the tree has for services do?
 * @tree: the tree, open
 * @path: what it is called in messages
 * @watch: told of programs that can't be run
 *
 * Return: 0, or -EPERM (VCTL_BAD_TREE) for an init that can't be one.
 */
int service_check(int tree, const struct vctl_conf *conf, const char *path,
		  const struct vctl_watch *watch, struct vctl_error **err);

#endif /* VCTL_SERVICE_CHECK_H */
