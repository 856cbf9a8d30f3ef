// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport.h"

/* Headers older than Linux 6.8 lack it; the number is the same on all architectures but alpha. */
#ifndef SYS_lsm_list_modules
#ifdef __alpha__
#define SYS_lsm_list_modules 571
#else
#define SYS_lsm_list_modules 461
#endif
#endif

static int kernel_open(const char *path, int flags)
{
	return open(path, flags);
}

static int kernel_ioctl(int fd, unsigned long command, void *argument)
{
	return ioctl(fd, command, argument);
}

static int kernel_poll(int fd, int timeout_ms)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	return poll(&wanted, 1, timeout_ms);
}

static long kernel_lsm_list(uint64_t *ids, uint32_t *size)
{
	return syscall(SYS_lsm_list_modules, ids, size, 0);
}

const struct vctl_transport vctl_transport_kernel = {
	.open = kernel_open,
	.close = close,
	.stat = stat,
	.ioctl = kernel_ioctl,
	.poll = kernel_poll,
	.lsm_list = kernel_lsm_list,
};

int vctl_transport_ioctl(const struct vctl_transport *transport, int fd, unsigned long command,
			 void *argument)
{
	int result;

	do {
		result = transport->ioctl(fd, command, argument);
	} while (result < 0 && errno == EINTR);

	return result < 0 ? -errno : result;
}
