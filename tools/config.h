/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONFIG_H
#define CONFIG_H

#include <vctl_vserver.h>

#include "command.h"

/**
 * config_value() - The value of a key among settings
 * @settings: "KEY=value", ending with NULL
 *
 * Return: it, as a part of @settings; NULL: it is not set.
 */
const char *config_value(char *const *settings, const char *key);

/**
 * config_change() - Change the configuration of a vserver, as nobody else acts on it
 * @changes: as for vctl_conf_change()
 *
 * Return: STATUS_DONE, or STATUS_FAILED; both told.
 */
enum status config_change(struct vctl_vserver *vs, const char *const *changes);

#endif /* CONFIG_H */
