// SPDX-License-Identifier: GPL-2.0-only
/*
 * ticks: print the frequency of this machine's time stamp counter in kHz.
 *
 * An emulated processor shows its host's counter.  A guest that measures it on a busy host gets it
 * wrong and falls back to a clock of 4 ms, so it is told.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define SPAN_MS	50

static double now(unsigned long long *ticks)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	*ticks = __rdtsc();
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(void)
{
	unsigned long long first, last;
	double start = now(&first), end;

	do
		end = now(&last);
	while (end - start < SPAN_MS);
	printf("%.0f\n", (last - first) / (end - start));
	return 0;
}
