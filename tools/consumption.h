/* SPDX-License-Identifier: GPL-2.0-only */
/* What processes use of the machine. */
#ifndef CONSUMPTION_H
#define CONSUMPTION_H

#include <stdint.h>
#include <sys/types.h>

/* Of one process, or of many together. */
struct usage {
	uint64_t vsz;		/* bytes of address space */
	uint64_t rss;		/* bytes in memory */
	uint64_t user;		/* time of the processors, in ticks of sysconf(_SC_CLK_TCK) */
	uint64_t system;
};

/**
 * usage_each() - Call a function for each process that this one sees
 * @take: returns a negative value to end it
 * @data: handed to it
 *
 * From the two files of a process that cost the kernel least, because that of 5,000 is to be fast.
 *
 * Return: 0, the negative value, or -1 with errno set: there is no /proc.
 */
int usage_each(int (*take)(pid_t pid, const struct usage *usage, void *data), void *data);

#endif /* CONSUMPTION_H */
