/* SPDX-License-Identifier: GPL-2.0-only */
/* The module: loaded and unloaded by a test. */
#ifndef MODULE_H
#define MODULE_H

#include "stress.h"

#include <ftw.h>
#include <sys/utsname.h>

static char module_path[512];

static inline int module_found(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_F || strcmp(path + ftw->base, "vcontext.ko"))
		return 0;
	snprintf(module_path, sizeof(module_path), "%s", path);
	return 1;
}

static inline MAYBE_UNUSED void module_find(void)
{
	char directory[300];
	struct utsname name;

	uname(&name);
	snprintf(directory, sizeof(directory), "/lib/modules/%s", name.release);
	if (nftw(directory, module_found, 8, FTW_PHYS) == 1)
		return;
	errno = ENOENT;
	die("%s: vcontext.ko", directory);
}

/* 0 or a negative errno, also of the following. */
static inline MAYBE_UNUSED int module_load(void)
{
	int fd = open(module_path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		die("%s", module_path);
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

static inline MAYBE_UNUSED int module_unload(void)
{
	return syscall(SYS_delete_module, "vcontext", O_NONBLOCK) ? -errno : 0;
}

/* The same, with some time for what still holds it. */
static inline MAYBE_UNUSED int module_unload_soon(void)
{
	int err, tries = 500;

	while ((err = module_unload()) == -EWOULDBLOCK && tries--)
		nap(20000);
	return err;
}

#endif /* MODULE_H */
