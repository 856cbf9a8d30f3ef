// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "signal_name.h"

#define SIGNAL_MAX (NSIG - 1)

/* "+2" behind RTMIN, "-2" behind RTMAX, or nothing; -1: neither. */
static int real_time(const char *rest, int from, int direction)
{
	char *end;
	long steps;

	if (!*rest)
		return from;
	if (*rest != (direction > 0 ? '+' : '-') || !isdigit((unsigned char)rest[1]))
		return -1;

	steps = strtol(rest + 1, &end, 10);
	if (*end || steps > SIGRTMAX - SIGRTMIN)
		return -1;
	return from + direction * (int)steps;
}

int signal_number(const char *text)
{
	char *end;
	long number;

	if (isdigit((unsigned char)*text)) {
		number = strtol(text, &end, 10);
		return *end || number > SIGNAL_MAX ? -1 : (int)number;
	}

	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return real_time(text + 5, SIGRTMIN, 1);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return real_time(text + 5, SIGRTMAX, -1);
	for (int i = 1; i <= SIGNAL_MAX; i++) {
		const char *name = sigabbrev_np(i);

		if (name && strcasecmp(name, text) == 0)
			return i;
	}

	return -1;
}

void signal_print_all(void)
{
	for (int i = 1; i <= SIGNAL_MAX; i++) {
		if (sigabbrev_np(i))
			printf("%2d %s\n", i, sigabbrev_np(i));
		else if (i == SIGRTMIN)
			printf("%2d RTMIN\n", i);
		else if (i == SIGRTMAX)
			printf("%2d RTMAX\n", i);
	}
}
