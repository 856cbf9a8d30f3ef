// SPDX-License-Identifier: GPL-2.0-only
/* Contexts by raw ioctls. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"

int context_device(void)
{
	int fd = open(VCONTEXT_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A command on the device, by a descriptor that is gone afterwards. */
static int command(unsigned long number, void *argument)
{
	int fd = context_device();
	int value;

	if (fd < 0 && ktap_plain())
		ktap_skip("needs %s", VCONTEXT_DEVICE);
	if (fd < 0)
		return fd;
	value = ioctl(fd, number, argument);
	value = value < 0 ? -errno : value;
	close(fd);
	return value;
}

static int make(__u32 flags, __u64 drop, __u32 *id)
{
	struct vcontext_new argument = {
		.size = sizeof(argument), .flags = flags, .drop = drop,
	};
	int value = command(VCONTEXT_NEW, &argument);

	if (id)
		*id = argument.id;
	return value;
}

int context_new(__u32 flags, __u32 *id)
{
	return make(flags, 0, id);
}

int context_new_lower(__u64 drop)
{
	return make(0, drop, NULL);
}

static int get(__u32 id, __u32 how, __u32 flags, __u64 drop, __u32 *got)
{
	struct vcontext_open argument = {
		.size = sizeof(argument), .id = id, .how = how, .flags = flags, .drop = drop,
	};
	int value = command(VCONTEXT_OPEN, &argument);

	if (got)
		*got = argument.id;
	return value;
}

int context_open(__u32 id, __u32 how, __u32 flags, __u32 *got)
{
	return get(id, how, flags, 0, got);
}

int context_open_lower(__u32 id, __u64 drop)
{
	return get(id, VCONTEXT_OPEN_CREATE, 0, drop, NULL);
}

int context_lower(__u64 drop)
{
	struct vcontext_lower argument = { .size = sizeof(argument), .drop = drop };

	return command(VCONTEXT_LOWER, &argument);
}

int context_lower_others(int handle, __u64 drop)
{
	struct vcontext_lower argument = { .size = sizeof(argument), .drop = drop };

	return ioctl(handle, VCONTEXT_LOWER_CONTEXT, &argument) < 0 ? -errno : 0;
}

int context_enter(int handle)
{
	return ioctl(handle, VCONTEXT_ENTER) < 0 ? -errno : 0;
}

int context_add_flags(int handle, __u32 flags)
{
	struct vcontext_flags argument = { .size = sizeof(argument), .flags = flags };

	return ioctl(handle, VCONTEXT_ADD_FLAGS, &argument) < 0 ? -errno : 0;
}

int context_stat(int handle, struct vcontext_stat *stat)
{
	memset(stat, 0xff, sizeof(*stat));
	stat->size = sizeof(*stat);
	return ioctl(handle, VCONTEXT_STAT, stat) < 0 ? -errno : 0;
}

int context_info(struct vcontext_info *info)
{
	memset(info, 0xff, sizeof(*info));
	info->size = sizeof(*info);
	return command(VCONTEXT_INFO, info);
}

int context_list(__u32 first, __u32 *ids, __u32 room)
{
	struct vcontext_list argument = {
		.size = sizeof(argument), .first = first, .count = room,
		.ids = (unsigned long)ids,
	};
	int value = command(VCONTEXT_LIST, &argument);

	return value < 0 ? value : (int)argument.count;
}

__u32 enter_new(__u32 flags)
{
	__u32 id = 0;
	int value;

	if (ktap_plain())
		return 0;
	value = context_new(flags, &id);
	ktap_expect(!value, "expected a new context, came %s", errno_name(-value));
	return id;
}

void lower(__u64 drop)
{
	int value;

	if (ktap_plain())
		return;
	value = context_lower(drop);
	ktap_expect(!value, "expected a lower ceiling, came %s", errno_name(-value));
}

int open_new(__u32 *id)
{
	int handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0, id);

	ktap_expect(handle >= 0, "expected a handle on a new context, came %s", errno_name(-handle));
	return handle;
}

int open_id(__u32 id)
{
	int handle = context_open(id, VCONTEXT_OPEN_CREATE, 0, NULL);

	ktap_expect(handle >= 0, "expected a handle on context %u, came %s", id,
		    errno_name(-handle));
	return handle;
}

void enter_id(__u32 id)
{
	int handle, value;

	if (ktap_plain())
		return;
	handle = open_id(id);
	value = context_enter(handle);
	ktap_expect(!value, "expected to enter context %u, came %s", id, errno_name(-value));
	close(handle);
}

__u32 free_id(void)
{
	/* cases run one after the other, each in a process of its own */
	return VCONTEXT_ID_NAMED_MIN + 100 + getpid() % 60000;
}
