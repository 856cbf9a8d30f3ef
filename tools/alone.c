// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the program that is linked statically: in the place of what the C library has, for newt.  It
 * would load a library for writing from right to left, which belongs to another C library maybe,
 * and where nothing is to be loaded; and a mouse needs a name for a socket.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "cleanup.h"

void *__wrap_dlopen(const char *file, int mode);
char *__wrap_tempnam(const char *directory, const char *prefix);

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

/* Nobody can guess it, and it is only bound to, which fails if there is anything. */
char *__wrap_tempnam(const char *directory, const char *prefix)
{
	uint64_t number;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    asprintf(&name, "%s/%s%016" PRIx64, directory ? directory : "/tmp", prefix,
		     number) < 0)
		return NULL;

	return name;
}
