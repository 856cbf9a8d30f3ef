// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "program.h"
#include "service_check.h"

/* What a path of the tree is at the end of all links, seen from outside; -1: there is none. */
static int open_in(int tree, const char *path)
{
	return program_open(tree, path, O_PATH, RESOLVE_IN_ROOT);
}

/* Whatever /sbin/init is called itself. */
static bool is_systemd(int tree)
{
	auto_fd int init = open_in(tree, service_name(SERVICE_INIT));
	char link[32], path[PATH_MAX];
	const char *name;
	ssize_t length;

	if (init < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", init);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return false;

	path[length] = '\0';
	name = strrchr(path, '/');
	return name && strcmp(name + 1, "systemd") == 0;
}

static int check_init(int tree, const struct vctl_conf *conf, const char *path,
		      struct vctl_error **err)
{
	char what[PATH_MAX];

	if ((conf->caps & (1ULL << CAP_SYS_ADMIN)) || !is_systemd(tree))
		return 0;

	snprintf(what, sizeof(what), "%s%s", path, service_name(SERVICE_INIT));
	return vctl_error_set(err, VCTL_BAD_TREE, EPERM, what,
			      "this is systemd, which ends at once where it can't mount anything",
			      "take fakeinit out of S_FLAGS, so that scripts for services are run "
			      "without an init, or install another one, as sysvinit-core");
}

/* One that was switched off by its mode, or has lost it on the way here. */
static void warn_spoilt(int tree, const char *path, enum service service,
			const struct vctl_watch *watch)
{
	auto_fd int rc = open_in(tree, service_name(service));
	vctl_auto_error struct vctl_error *err = NULL;
	char what[PATH_MAX];
	struct stat node;

	if (rc < 0 || fstat(rc, &node) < 0 || !S_ISREG(node.st_mode) || (node.st_mode & 0111))
		return;

	snprintf(what, sizeof(what), "%s%s", path, service_name(service));
	vctl_error_set(&err, VCTL_BAD_TREE, EACCES, what,
		       "it is not executable, and is not run",
		       "make it so with chmod 755, or move it away");
	tell_warn(watch, err);
}

int service_check(int tree, const struct vctl_conf *conf, const char *path,
		  const struct vctl_watch *watch, struct vctl_error **err)
{
	if (conf->flags & VCONTEXT_FAKEINIT)
		return check_init(tree, conf, path, err);

	for (enum service service = SERVICE_RC_D; service <= SERVICE_RCS; service++)
		warn_spoilt(tree, path, service, watch);
	return 0;
}
