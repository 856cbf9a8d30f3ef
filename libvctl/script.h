/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The administrator's script of a vserver, /etc/vservers/NAME.sh. */
#ifndef VCTL_SCRIPT_H
#define VCTL_SCRIPT_H

#include <vctl_vserver.h>

/**
 * script_run() - Run it
 * @vs: the vserver
 * @when: "pre-start", "post-start", "pre-stop" or "post-stop"
 * @err: out: the error
 *
 * Return: 0 if it did well, or there is none; -ECANCELED (VCTL_SCRIPT): it failed; -EPERM
 * (VCTL_SCRIPT): others than root could have written it.
 */
int script_run(const struct vctl_vserver *vs, const char *when, struct vctl_error **err);

#endif /* VCTL_SCRIPT_H */
