/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdarg.h>

#include <vctl.h>

#include "command.h"

/*
 * Why something did not work, kept until what was done of it has been undone: only then can be
 * told what is left.  The first trouble counts; zeroed, there is none.
 */
struct trouble {
	char *what;
	char *why;
	char *advice;
};

/** trouble_set() - There is trouble: @what, @why and @advice as in message_error(); returns -1 */
int trouble_set(struct trouble *trouble, const char *what, const char *why, const char *advice);

/** trouble_setf() - The same with a @why that is printed by @format; returns -1 */
__attribute__((format(printf, 4, 5)))
int trouble_setf(struct trouble *trouble, const char *what, const char *advice,
		 const char *format, ...);

/** trouble_system() - By an errno value, what a full disk and the like mean is said; returns -1 */
int trouble_system(struct trouble *trouble, const char *what, int number);

/** trouble_error() - By a library's error; returns -1 */
int trouble_error(struct trouble *trouble, const struct vctl_error *err);

/**
 * trouble_tell() - Tell it, and forget it
 * @trouble: it
 * @command: in front of @what, e.g. "build web1"
 * @left: told behind the advice, e.g. "nothing was left"; or NULL
 *
 * Return: STATUS_FAILED.
 */
enum status trouble_tell(struct trouble *trouble, const char *command, const char *left);

/** trouble_forget() - Free what it has */
void trouble_forget(struct trouble *trouble);

#endif /* TROUBLE_H */
