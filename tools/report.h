/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A child process that tells its parent how it went, over a pair of sockets that an exec closes,
 * and that can wait for the parent's word in between.
 */
struct report {
	pid_t child;
	int fd;			/* the parent's end, or the child's */
};

/**
 * report_fork() - fork(), with a pair of sockets between parent and child
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
 * report_wait() - Wait until the parent lets the child go on
 * @report: the child's
 *
 * Return: 0, or -1 if the parent has said that it must not, or is no more.
 */
int report_wait(const struct report *report);

/**
 * report_go() - Say whether the child that waits may go on
 * @report: the parent's
 * @on: may it?
 *
 * Return: 0, or -1 with errno set if the child is no more.
 */
int report_go(const struct report *report, bool on);

/**
 * report_take() - The next bytes that the child tells
 * @report: the parent's
 * @data: out
 * @length: how many are wanted
 *
 * Return: how many there were; fewer than @length only if the child has closed its end.
 */
size_t report_take(const struct report *report, void *data, size_t length);

/**
 * report_read() - Everything else that the child told, until it closed its end
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
