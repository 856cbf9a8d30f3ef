/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BECOME_H
#define BECOME_H

#include "command.h"

/**
 * become() - Become the command that was asked for
 * @argv: its name, looked for in PATH, and its arguments, ending with NULL
 *
 * Return: only on failure, which has been told: STATUS_FAILED.
 */
enum status become(char **argv);

#endif /* BECOME_H */
