// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/vcontext: open it or tell why not, and what can be asked of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "device.h"
#include "error.h"

#define LIST_ROOM 1024U

const char *vctl_version(void)
{
	return VCTL_VERSION;
}

/* The device isn't there: find out which part of the whole is missing. */
static int explain_missing(const struct vctl_transport *transport, struct vctl_error **err)
{
	int stub = vctl_stub_present_by(transport);
	int module = vctl_module_loaded_by(transport);

	if (stub == 0)
		return vctl_error_set(err, VCTL_NO_STUB, ENOENT, VCONTEXT_DEVICE,
				      "this kernel does not carry the vcontext stub",
				      "boot a kernel built with the stub patch, see the README");
	if (module == 0)
		return vctl_error_set(err, VCTL_NO_MODULE, ENOENT, VCONTEXT_DEVICE,
				      stub > 0 ? "the kernel carries the stub, but the module "
						 "vcontext is not loaded" :
						 "the module vcontext is not loaded",
				      stub > 0 ? "run modprobe vcontext as root" :
						 "run modprobe vcontext as root; if that fails, "
						 "the kernel may lack the stub, see the README");
	if (module > 0)
		return vctl_error_set(err, VCTL_NO_DEVICE, ENOENT, VCONTEXT_DEVICE,
				      "the module is loaded, but there is no device file",
				      "mount a devtmpfs on /dev, or have mknod make the file with "
				      "the numbers in /sys/class/misc/vcontext/dev and mode 0666");

	return vctl_error_set(err, VCTL_NO_DEVICE, ENOENT, VCONTEXT_DEVICE,
			      "there is no such file, and without /sys it is not to be seen "
			      "whether stub or module are missing",
			      "mount sysfs on /sys and devtmpfs on /dev, and try again");
}

/* The file's mode never gives EPERM; and who may not even look at the file is kept out by more. */
static bool mode_keeps_out(const struct vctl_transport *transport, int number)
{
	struct stat node;

	return number == EACCES && transport->stat(VCONTEXT_DEVICE, &node) == 0 &&
	       (node.st_mode & 0006) != 0006;
}

static int explain_refused(const struct vctl_transport *transport, int number,
			   struct vctl_error **err)
{
	if (mode_keeps_out(transport, number))
		return vctl_error_set(err, VCTL_NO_ACCESS, number, VCONTEXT_DEVICE,
				      "its mode does not let everybody use it",
				      "run chmod 0666 " VCONTEXT_DEVICE " as root");

	return vctl_error_set(err, VCTL_NO_ACCESS, number, VCONTEXT_DEVICE,
			      "a security policy keeps this process from opening it",
			      "look at the device policy of its control group, the container, "
			      "AppArmor or other sandbox around it, and for a nodev mount of /dev");
}

static int explain_open(const struct vctl_transport *transport, int number, struct vctl_error **err)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return explain_missing(transport, err);
	case EACCES:
	case EPERM:
		return explain_refused(transport, number, err);
	default:
		return vctl_error_set(err, VCTL_SYSTEM, number, VCONTEXT_DEVICE, NULL, NULL);
	}
}

static const struct vctl_reason info_reasons[] = {
	{ ENOTTY, VCTL_OLD_KERNEL, "this device is not the one of the module vcontext",
	  ADVICE_OLD_MODULE },
	{ E2BIG, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ EACCES, VCTL_NO_ACCESS, "a security policy keeps this process from using it",
	  "look for a sandbox (Landlock, AppArmor, SELinux, seccomp) around it" },
	{ EPERM, VCTL_NO_ACCESS, "a security policy keeps this process from using it",
	  "look for a sandbox (Landlock, AppArmor, SELinux, seccomp) around it" },
	{ 0 },
};

static int device_info(const struct vctl_transport *transport, int fd, struct vcontext_info *info,
		       struct vctl_error **err)
{
	int result = vctl_transport_ioctl(transport, fd, VCONTEXT_INFO, info);

	if (result < 0)
		return vctl_error_explain(err, info_reasons, -result, VCONTEXT_DEVICE);

	return 0;
}

/* The number changes only when old and new no longer fit; growing shows in sizes and flags. */
static int check_abi(uint32_t abi, struct vctl_error **err)
{
	enum vctl_code code = abi < VCONTEXT_ABI ? VCTL_OLD_KERNEL : VCTL_NEW_KERNEL;
	char why[100];

	if (abi == VCONTEXT_ABI)
		return 0;

	snprintf(why, sizeof(why), "the module speaks version %u of the interface, this library %u",
		 abi, VCONTEXT_ABI);
	return vctl_error_set(err, code, EPROTO, VCONTEXT_DEVICE, why,
			      code == VCTL_OLD_KERNEL ?
				      ADVICE_OLD_MODULE :
				      "install the programs that came with the module");
}

int vctl_device_open_by(const struct vctl_transport *transport, struct vctl_device **dev,
			struct vctl_error **err)
{
	vctl_auto_device struct vctl_device *new = NULL;
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);
	int result;

	*dev = NULL;
	new = malloc(sizeof(*new));
	if (!new)
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, VCONTEXT_DEVICE, NULL, NULL);

	new->transport = transport;
	new->fd = transport->open(VCONTEXT_DEVICE, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (new->fd < 0)
		return explain_open(transport, errno, err);

	result = device_info(transport, new->fd, &info, err);
	if (result == 0)
		result = check_abi(info.abi, err);
	if (result < 0)
		return result;

	*dev = new;
	new = NULL;
	return 0;
}

int vctl_device_open(struct vctl_device **dev, struct vctl_error **err)
{
	return vctl_device_open_by(&vctl_transport_kernel, dev, err);
}

void vctl_device_close(struct vctl_device *dev)
{
	if (!dev)
		return;

	if (dev->fd >= 0)
		dev->transport->close(dev->fd);
	free(dev);
}

int vctl_device_fd(const struct vctl_device *dev)
{
	return dev->fd;
}

int vctl_info(struct vctl_device *dev, struct vcontext_info *info, struct vctl_error **err)
{
	return device_info(dev->transport, dev->fd, info, err);
}

struct vcontext_info vctl_device_caller(const struct vctl_device *dev)
{
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);

	if (dev->fd < 0 || device_info(dev->transport, dev->fd, &info, NULL) < 0) {
		info = VCTL_SIZED(struct vcontext_info);
		info.flags = UINT32_MAX;
	}

	return info;
}

struct vcontext_info vctl_device_caller_anew(const struct vctl_transport *transport)
{
	struct vctl_device dev = { .transport = transport };
	struct vcontext_info info;

	dev.fd = transport->open(VCONTEXT_DEVICE, O_RDWR | O_CLOEXEC | O_NOCTTY);
	info = vctl_device_caller(&dev);
	if (dev.fd >= 0)
		transport->close(dev.fd);

	return info;
}

/* One call of the kernel for the ids from @first on; the number of them, or a negative errno. */
static int list_part(struct vctl_device *dev, uint32_t first, uint32_t *ids, uint32_t room)
{
	struct vcontext_list list = VCTL_SIZED(struct vcontext_list);
	int result;

	list.first = first;
	list.count = room;
	list.ids = (uintptr_t)ids;
	result = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_LIST, &list);
	if (result < 0)
		return result;
	if (list.count > room)
		return -EPROTO;

	/* Ids that don't rise would have us ask for ever. */
	for (uint32_t i = 0; i < list.count; i++) {
		if (ids[i] < first || ids[i] > VCONTEXT_ID_MAX)
			return -EPROTO;
		first = ids[i] + 1;
	}

	return (int)list.count;
}

int vctl_list(struct vctl_device *dev, uint32_t **ids, size_t *count, struct vctl_error **err)
{
	auto_free uint32_t *all = NULL;
	uint32_t first = 0;
	size_t used = 0;
	int part;

	*ids = NULL;
	*count = 0;
	do {
		uint32_t *more = reallocarray(all, used + LIST_ROOM, sizeof(*all));

		if (!more)
			return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, "list of contexts", NULL,
					      NULL);
		all = more;
		part = list_part(dev, first, all + used, LIST_ROOM);
		if (part < 0)
			return vctl_error_set(err, VCTL_SYSTEM, -part, "list of contexts", NULL,
					      NULL);
		if (part > 0) {
			used += (size_t)part;
			first = all[used - 1] + 1;
		}
	} while (part > 0);

	if (used > 0) {
		*ids = all;
		*count = used;
		all = NULL;
	}
	return 0;
}
