/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small KTAP harness for programs that run in a guest.
 *
 * Each case runs in a process of its own with a time-out, because most of them change for good what
 * the process is.  Whatever that process leaves behind is reported.
 */
#ifndef KTAP_H
#define KTAP_H

#include <stdbool.h>

struct ktap_case {
	const char *name;
	void (*run)(const void *data);
	const void *data;
	unsigned int seconds;		/* 0: ten */
	/*
	 * Why the case holds on a kernel without contexts too; NULL if it must fail there.  See
	 * ktap_plain().  It is not run there, but with KTAP_ALL in the environment.
	 */
	const char *anywhere;
};

/* Add a case.  Nothing of it is copied. */
void ktap_add(const struct ktap_case *test);

/* Add all of an array. */
#define ktap_add_all(cases)							\
	do {									\
		for (unsigned long i_ = 0; i_ < sizeof(cases) / sizeof((cases)[0]); i_++) \
			ktap_add(&(cases)[i_]);					\
	} while (0)

/* Text as printf() makes it, never freed: names of cases that are made from a table. */
const char *ktap_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Run what has been added, or those whose names contain one of the arguments; --list names them.
 * Returns the exit status of the program.
 */
int ktap_main(int argc, char **argv);

/*
 * Give up the case: failed or skipped.  From any process that descends from the case's; the first
 * word counts.
 */
void ktap_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void ktap_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Has a process of the case given up? */
bool ktap_over(void);

/* Tell on the case's line how it was, if it passes. */
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ktap_expect(condition, ...)						\
	do {									\
		if (!(condition))						\
			ktap_fail(__VA_ARGS__);					\
	} while (0)

/*
 * As ktap_expect(), of what the case needs before it can try anything, and of its end.  On a kernel
 * without contexts, where cases have to fail, to fail like this is an error.
 */
#define ktap_need(condition, format, ...)					\
	ktap_expect(condition, "set-up: " format, ##__VA_ARGS__)

/*
 * A kernel without contexts, and the environment has KTAP_PLAIN: to enter a context does nothing,
 * so that a case which finds isolation there can't be trusted.  A case that gives a command to the
 * device all the same is skipped.
 */
bool ktap_plain(void);

/* @seconds, or more of them where the guest is slow (KTAP_SLOW in the environment, a factor). */
unsigned int ktap_seconds(unsigned int seconds);

#endif /* KTAP_H */
