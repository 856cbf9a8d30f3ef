// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "message.h"
#include "trouble.h"

/* What the system says too briefly. */
static const struct {
	int number;
	const char *why;
	const char *advice;
} reasons[] = {
	{ ENOSPC, "the disk is full", "make room there and try again" },
	{ EDQUOT, "the disk quota is used up", "make room or raise it, and try again" },
	{ EROFS, "the file system is read-only", "mount it read-write and try again" },
	{ ENAMETOOLONG, "its directories are nested too deep", NULL },
	{ EINTR, "interrupted", NULL },
	{ ETXTBSY, "a file that it shares with others is open for writing",
	  "stop the vservers that have it and try again" },
	{ EXDEV, "something is mounted in it", "umount that first" },
	{ EIO, "the disk can't read or write it", "the kernel's log tells more" },
	{ ENOMEM, "out of memory", NULL },
};

int trouble_set(struct trouble *trouble, const char *what, const char *why, const char *advice)
{
	if (trouble->why)
		return -1;

	trouble->what = strdup(what);
	trouble->why = strdup(why);
	trouble->advice = advice ? strdup(advice) : NULL;
	return -1;
}

int trouble_setf(struct trouble *trouble, const char *what, const char *advice,
		 const char *format, ...)
{
	auto_free char *why = NULL;
	va_list list;
	int length;

	va_start(list, format);
	length = vasprintf(&why, format, list);
	va_end(list);
	if (length < 0)
		why = NULL;

	return trouble_set(trouble, what, why ? why : "out of memory", advice);
}

int trouble_system(struct trouble *trouble, const char *what, int number)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].number == number)
			return trouble_set(trouble, what, reasons[i].why, reasons[i].advice);
	}

	return trouble_set(trouble, what, strerror(number), NULL);
}

int trouble_error(struct trouble *trouble, const struct vctl_error *err)
{
	return trouble_set(trouble, vctl_error_what(err), vctl_error_why(err),
			   vctl_error_advice(err));
}

enum status trouble_tell(struct trouble *trouble, const char *command, const char *left)
{
	bool advised = trouble->advice && *trouble->advice;
	auto_free char *what = NULL;
	auto_free char *advice = NULL;

	if (trouble->what && *trouble->what &&
	    asprintf(&what, "%s: %s", command, trouble->what) < 0)
		what = NULL;
	if (asprintf(&advice, "%s%s%s", advised ? trouble->advice : "",
		     advised && left ? "; " : "", left ? left : "") < 0)
		advice = NULL;
	message_error(what ? what : command, trouble->why ? trouble->why : "out of memory",
		      advice);

	trouble_forget(trouble);
	return STATUS_FAILED;
}

void trouble_forget(struct trouble *trouble)
{
	free(trouble->what);
	free(trouble->why);
	free(trouble->advice);
	memset(trouble, 0, sizeof(*trouble));
}
