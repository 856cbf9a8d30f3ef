/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A child process that tells its parent how it went, over a pipe that an exec closes.
 */
struct report {
	pid_t child;
	int fd;			/* the parent's end to read, or the child's to write */
};

/**
 * report_fork() - fork(), with a pipe from the child to the parent
 * @report: out: @child is 0 in the child
 *
 * Return: 0, or -1 with errno set.
 */
int report_fork(struct report *report);

/**
 * report_write() - Tell the parent
 * @report: the child's
 * @data: what
 * @length: at most PIPE_BUF bytes
 *
 * Return: 0, or -1 if the parent is no more.
 */
int report_write(const struct report *report, const void *data, size_t length);

/**
 * report_read() - Everything that the child told, until it closed its end
 * @report: the parent's; its descriptor is closed
 * @data: out: followed by a zero byte
 * @room: bytes at @data; what doesn't fit is thrown away
 *
 * Return: how many bytes, without the zero.
 */
size_t report_read(struct report *report, char *data, size_t room);

/** report_reap() - Wait until the child is gone; it has reported all there is to know */
void report_reap(const struct report *report);

#endif /* REPORT_H */
