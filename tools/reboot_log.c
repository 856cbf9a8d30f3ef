// SPDX-License-Identifier: GPL-2.0-only
/* What the reboot manager tells about what happens. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "reboot_log.h"

#define LINE_ROOM 512

void reboot_log(const char *name, const char *format, ...)
{
	char text[LINE_ROOM - 100];
	char line[LINE_ROOM];
	int number = errno;
	va_list list;
	int length;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	message_defuse(text);

	length = snprintf(line, sizeof(line), "rebootmgr: %.80s%s%s\n", name ? name : "",
			  name ? ": " : "", text);
	/* One write for one line; there is nobody to tell if it fails. */
	while (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0 && errno == EINTR)
		;
	errno = number;
}
