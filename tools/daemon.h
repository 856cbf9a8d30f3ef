/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAEMON_H
#define DAEMON_H

/**
 * daemon_lock() - Be the only one
 * @path: of the file that is locked, in a directory of root's
 * @advice: for who finds that another one is there
 *
 * Return: its descriptor, or -1 when it has complained.
 */
int daemon_lock(const char *path, const char *advice);

/**
 * daemon_unlock() - Remove the files and give the lock back
 * @path: of the file that is locked
 * @fd: its descriptor
 * @number: the file of daemon_ready()
 */
void daemon_unlock(const char *path, int fd, const char *number);

/**
 * daemon_fork() - Go on in the background
 *
 * The process that was called waits until daemon_ready(), and ends then, with the status 0; or, if
 * that doesn't happen, with 1.
 *
 * Return: in the background a descriptor for daemon_ready(), or -1 when it has complained.
 */
int daemon_fork(void);

/**
 * daemon_ready() - Say that it works: in the file, to systemd, and to who waits for it
 * @number: the file that the number of the process is written to, for all to read
 * @waiting: that of daemon_fork(), whose terminal is left then and all that is written goes to the
 *	system's log; or -1
 */
void daemon_ready(const char *number, int waiting);

#endif /* DAEMON_H */
