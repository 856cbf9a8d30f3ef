// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "first.h"
#include "program.h"
#include "service.h"
#include "tree.h"

static const char *const environments[2][8] = {
	{ "PATH=" PROGRAM_PATH, "HOME=/", "TERM=dumb", "container=vcontext", "RUNLEVEL=3",
	  "PREVLEVEL=N", NULL },
	{ "PATH=" PROGRAM_PATH, "HOME=/", "TERM=vt100", "container=vcontext", NULL },
};

static int make_surroundings(const struct first *first, struct complaint *complaint)
{
	int result = tree_enter(first->tree, first->path, complaint);

	if (result == 0)
		result = tree_furnish(first->path, !first->bare, complaint);
	if (result == 0 && first->reboot >= 0) {
		tree_put(first->reboot, "vreboot");
		tree_put(first->reboot, "vhalt");
	}

	return result;
}

static int set_names(const struct first *first, struct complaint *complaint)
{
	const char *host = first->conf->hostname ? first->conf->hostname : first->name;
	const char *domain = first->conf->domainname;

	if (sethostname(host, strlen(host)) < 0)
		return complain_system(complaint, errno, "S_HOSTNAME %s", host);
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return complain_system(complaint, errno, "S_DOMAINNAME %s", domain);

	return 0;
}

static int open_standard(const struct first *first, struct complaint *complaint)
{
	auto_fd int null = program_open(AT_FDCWD, "/dev/null", O_RDWR, 0);
	int output = first->output >= 0 ? first->output : null;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		return complain_system(complaint, null < 0 ? -null : errno, "%s/dev/null",
				       first->path);
	/* One that has been among them is close-on-exec no more, and not to be closed. */
	if (null <= STDERR_FILENO)
		null = -1;

	return 0;
}

static int tie(const struct first *first, struct complaint *complaint)
{
	uint32_t flags = first->conf->loopback ? VCONTEXT_BIND_LOOPBACK : 0;
	int result;

	if (first->address_count == 0)
		return 0;
	result = vctl_bind(first->dev, first->addresses, first->address_count, flags, NULL);
	if (result == -ENOSPC)
		return complain(complaint, VCTL_FULL, ENOSPC, "no private loopback is free",
				"stop another vserver, or set LOOPBACK=no", "addresses of %s",
				first->name);

	return result < 0 ? complain_system(complaint, -result, "addresses of %s", first->name) :
			    0;
}

static int keep(const struct first *first, struct complaint *complaint)
{
	auto_fd int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_fd int names = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int result;

	if (mounts < 0 || names < 0)
		return complain_system(complaint, errno, "%s/proc/self/ns", first->path);
	result = tie(first, complaint);
	if (result < 0)
		return result;

	result = vctl_context_keep(first->ctx, mounts, names, NULL);
	if (result == -ENOTTY)
		return complain(complaint, VCTL_OLD_KERNEL, ENOTTY,
				"the module is older than this program",
				"load the vcontext module that came with these programs",
				"context %u", vctl_context_id(first->ctx));

	return result < 0 ? complain_system(complaint, -result, "context %u",
					    vctl_context_id(first->ctx)) : 0;
}

static int find_service(const struct first *first, enum service *service,
			struct complaint *complaint)
{
	bool fakeinit = first->conf->flags & VCONTEXT_FAKEINIT;

	*service = first->bare ? SERVICE_NONE : service_find(fakeinit);
	if (fakeinit && *service == SERVICE_NONE)
		return complain(complaint, VCTL_BAD_TREE, ENOENT,
				"there is none, and the flag fakeinit asks for it",
				"install an init, or take fakeinit out of S_FLAGS",
				"%s/sbin/init", first->path);

	return 0;
}

static int prepare(const struct first *first, int line, enum service *service,
		   struct complaint *complaint)
{
	const struct vctl_conf *conf = first->conf;
	int result = child_settle(line, complaint);

	if (result == 0)
		result = make_surroundings(first, complaint);
	if (result == 0)
		result = set_names(first, complaint);
	if (result == 0)
		result = find_service(first, service, complaint);
	if (result == 0)
		result = open_standard(first, complaint);
	if (result == 0)
		result = keep(first, complaint);
	if (result == 0)
		result = child_limit(conf->limits, conf->limit_count, conf->has_nice, conf->nice,
				     complaint);

	return result;
}

/* From here on it lives on its own. */
static int become(const struct first *first, enum service service, struct complaint *complaint)
{
	int result = child_seal();

	umask(022);
	if (result < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return complain_system(complaint, errno, "process of %s", first->name);
	result = vctl_context_enter_at_exec(first->ctx, NULL);
	if (result < 0)
		return complain_system(complaint, -result, "context %u",
				       vctl_context_id(first->ctx));

	result = program_run(service_start(service), NULL, environments[service == SERVICE_INIT],
			     complaint);
	/* Something of the tree, and not a command of somebody's. */
	snprintf(complaint->what, sizeof(complaint->what), "%s%s", first->path,
		 service_start(service)[0]);
	if (complaint->code == VCTL_NO_COMMAND)
		complaint->code = VCTL_BAD_TREE;
	return result;
}

void first_run(const struct first *first, int line)
{
	struct child_message message;
	struct complaint complaint;
	enum service service = SERVICE_NONE;

	if (prepare(first, line, &service, &complaint) < 0)
		child_fail(line, &complaint);

	/* The parent may have ended before it could end us, too. */
	if (child_say(line, CHILD_READY, (int)service, -1) < 0 ||
	    child_hear(line, &message, NULL) != 1 || message.word != CHILD_GO)
		_exit(EXIT_FAILURE);
	if (service == SERVICE_NONE)
		_exit(EXIT_SUCCESS);

	become(first, service, &complaint);
	child_fail(line, &complaint);
}
