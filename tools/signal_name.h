/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGNAL_NAME_H
#define SIGNAL_NAME_H

/** signal_number() - The number of a signal by number or name (KILL, SIGKILL, RTMIN+1); -1: none */
int signal_number(const char *text);

/** signal_print_all() - Print numbers and names, one a line */
void signal_print_all(void);

#endif /* SIGNAL_NAME_H */
