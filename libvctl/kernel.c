// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the running kernel has of the project: the stub, the module. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "transport.h"

#define SECURITYFS	"/sys/kernel/security"
#define STUB_NAME	"vcontext"

static bool path_exists(const struct vctl_transport *transport, const char *path)
{
	int fd = transport->open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return false;

	transport->close(fd);
	return true;
}

/*
 * Is it in the list?  It is an early security module, and has a place there only if another one that
 * the kernel could have isn't active.
 */
static bool stub_by_system_call(const struct vctl_transport *transport)
{
	uint64_t ids[64];
	uint32_t size = sizeof(ids);
	long count = transport->lsm_list(ids, &size);

	if (count < 0 || count > (long)(sizeof(ids) / sizeof(ids[0])))
		return false;

	for (long i = 0; i < count; i++) {
		if (ids[i] == VCTL_LSM_ID)
			return true;
	}

	return false;
}

static bool list_has(char *list, const char *name)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",\n", &rest); item; item = strtok_r(NULL, ",\n", &rest)) {
		if (strcmp(item, name) == 0)
			return true;
	}

	return false;
}

static int stub_by_securityfs(const struct vctl_transport *transport)
{
	char list[1024];
	ssize_t length;
	int fd = transport->open(SECURITYFS "/lsm", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		/* The directory is there in every kernel with securityfs, even if not mounted. */
		bool possible = path_exists(transport, SECURITYFS) ||
				!path_exists(transport, "/sys/kernel");

		return possible ? -1 : 0;
	}

	do {
		length = read(fd, list, sizeof(list) - 1);
	} while (length < 0 && errno == EINTR);
	transport->close(fd);
	if (length < 0)
		return -1;

	list[length] = '\0';
	return list_has(list, STUB_NAME);
}

int vctl_stub_present_by(const struct vctl_transport *transport)
{
	return stub_by_system_call(transport) ? 1 : stub_by_securityfs(transport);
}

int vctl_module_loaded_by(const struct vctl_transport *transport)
{
	/* The directory alone could be the stub's; only loadable modules have an initstate. */
	if (path_exists(transport, "/sys/module/" STUB_NAME "/initstate"))
		return 1;

	return path_exists(transport, "/sys/module") ? 0 : -1;
}

int vctl_stub_present(void)
{
	return vctl_stub_present_by(&vctl_transport_kernel);
}

int vctl_module_loaded(void)
{
	return vctl_module_loaded_by(&vctl_transport_kernel);
}
