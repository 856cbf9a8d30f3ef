/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is run inside a vserver at its start and stop, by what its tree has. */
#ifndef VCTL_SERVICE_H
#define VCTL_SERVICE_H

#include <stdbool.h>

enum service {
	SERVICE_NONE,		/* nothing: it lives without a process */
	SERVICE_INIT,		/* /sbin/init, as process 1 */
	SERVICE_RC_D,		/* /etc/rc.d/rc, of Red Hat */
	SERVICE_INIT_D,		/* /etc/init.d/rc, of Debian */
	SERVICE_RCS,		/* /etc/init.d/rcS and rcK, of busybox */
	SERVICE_LINKS,		/* no such program, but the links in /etc/rc3.d */
};

/** service_name() - How it is called in a state */
const char *service_name(enum service service);

/** service_by_name() - The other way round; 0, or -EINVAL */
int service_by_name(const char *name, enum service *service);

/**
 * service_find() - What has the tree that is the root of this process?
 * @fakeinit: the first process is process 1
 *
 * Return: it; SERVICE_NONE with @fakeinit if there is no init.
 */
enum service service_find(bool fakeinit);

/** service_start() - The command that starts it, ending with NULL; NULL for SERVICE_NONE */
const char *const *service_start(enum service service);

/**
 * service_stop() - The command that stops it, ending with NULL
 * @again: it will be started again at once
 * @attempt: 0 for the first to try, 1 for the one to try if the tree lacks that, ...
 *
 * Return: the command; NULL if there is none (left).
 */
const char *const *service_stop(enum service service, bool again, unsigned int attempt);

#endif /* VCTL_SERVICE_H */
