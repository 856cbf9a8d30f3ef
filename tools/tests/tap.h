/* SPDX-License-Identifier: GPL-2.0-only */
/* tap: what the tests of one program print, as TAP. */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_number, tap_failures;

__attribute__((format(printf, 2, 3)))
static void result(bool good, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	printf("%sok %d - ", good ? "" : "not ", ++tap_number);
	vprintf(format, list);
	putchar('\n');
	va_end(list);
	tap_failures += !good;
}

/* What can't be tested here, and why. */
static inline void left_out(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_number, what, why);
}

/* Without this no test is of use; errno says what is wrong. */
static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The last line.  Returns the program's exit status. */
static int tap_end(void)
{
	printf("1..%d\n", tap_number);
	return tap_failures ? 1 : 0;
}

#endif
