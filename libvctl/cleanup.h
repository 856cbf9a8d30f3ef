/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables that free what they hold at the end of their block: error paths need no goto. */
#ifndef VCTL_CLEANUP_H
#define VCTL_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define auto_fd		__attribute__((cleanup(cleanup_close)))
#define auto_free	__attribute__((cleanup(cleanup_freep)))
#define auto_file	__attribute__((cleanup(cleanup_fclose)))

#endif /* VCTL_CLEANUP_H */
