/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_CLOCK_H
#define VCTL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of the clock that deadlines are of. */
static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif /* VCTL_CLOCK_H */
