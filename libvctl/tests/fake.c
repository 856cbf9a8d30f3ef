// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

struct fake fake;
int strdup_budget = -1;

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

/* The linker sends every strdup() here: memory ends when a test wants it to. */
char *__wrap_strdup(const char *text)
{
	if (strdup_budget == 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (strdup_budget > 0)
		strdup_budget--;
	return __real_strdup(text);
}

static int fail_with(int number)
{
	errno = number;
	return number ? -1 : 0;
}

static int open_text(const char *text)
{
	int fd;

	if (!text)
		return fail_with(ENOENT);
	fd = memfd_create("fake", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int fake_open(const char *path, int flags)
{
	bool exists = (fake.sysfs && strcmp(path, "/sys/kernel") == 0) ||
		      (fake.sysfs && strcmp(path, "/sys/module") == 0) ||
		      (fake.initstate && strcmp(path, "/sys/module/vcontext/initstate") == 0) ||
		      (fake.securityfs_directory && strcmp(path, "/sys/kernel/security") == 0) ||
		      (fake.proc && strcmp(path, "/proc/self") == 0);

	/* Whatever the library opens must not reach the programs that it runs. */
	if (!(flags & O_CLOEXEC))
		abort();
	if (strcmp(path, VCONTEXT_DEVICE) == 0 && fake.device_errno)
		return fail_with(fake.device_errno);
	if (strcmp(path, VCONTEXT_DEVICE) == 0)
		exists = true;
	if (strcmp(path, "/sys/kernel/security/lsm") == 0)
		return open_text(fake.securityfs_lsm);
	if (strncmp(path, "/proc/", 6) == 0 && strstr(path, "/status"))
		return open_text(fake.status);
	return exists ? open("/dev/null", O_RDWR | O_CLOEXEC) : fail_with(ENOENT);
}

static int fake_stat(const char *path, struct stat *node)
{
	if (strcmp(path, VCONTEXT_DEVICE) != 0 || !fake.device_mode)
		return fail_with(EACCES);
	*node = (struct stat){ .st_mode = S_IFCHR | fake.device_mode };
	return 0;
}

/*
 * copy_struct_from_user(): what the kernel does with a structure of another size than its own, of
 * which the first version had @least bytes.
 */
static int copy_in(void *to, size_t to_size, size_t least, const void *from)
{
	uint32_t size = *(const uint32_t *)from;
	const char *bytes = from;

	if (size < least)
		return EINVAL;
	for (size_t i = to_size; i < size; i++) {
		if (bytes[i])
			return E2BIG;
	}
	memset(to, 0, to_size);
	memcpy(to, from, size < to_size ? size : to_size);
	return 0;
}

static int answer_info(void *argument)
{
	struct vcontext_info info;
	int number = copy_in(&info, sizeof(info), sizeof(info), argument);

	if (number || fake.info_errno)
		return fail_with(fake.info_errno ? fake.info_errno : number);
	fake.info.size = info.size;
	memcpy(argument, &fake.info, sizeof(fake.info));
	return 0;
}

static int answer_new(void *argument)
{
	int number = copy_in(&fake.new, sizeof(fake.new), offsetof(struct vcontext_new, drop),
			     argument);

	if (number || fake.new_errno)
		return fail_with(number ? number : fake.new_errno);
	((struct vcontext_new *)argument)->id = VCONTEXT_ID_ALLOT_MIN;
	return 0;
}

static int answer_open(void *argument)
{
	struct vcontext_open *open_argument = argument;
	int number = copy_in(&fake.open, sizeof(fake.open),
			     offsetof(struct vcontext_open, drop), argument);

	if (number || fake.open_errno)
		return fail_with(number ? number : fake.open_errno);
	if (open_argument->id == VCONTEXT_ID_ANY)
		open_argument->id = VCONTEXT_ID_ALLOT_MIN;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int answer_list(void *argument)
{
	struct vcontext_list *list = argument;
	uint32_t *ids = (uint32_t *)(uintptr_t)list->ids;
	uint32_t room = list->count;

	if (fake.list_errno)
		return fail_with(fake.list_errno);
	list->count = 0;
	for (uint32_t i = 0; i < fake.ids_count && list->count < room; i++) {
		if (fake.ids[i] >= list->first && list->count < fake.ids_at_once)
			ids[list->count++] = fake.ids[i];
	}
	if (fake.ids_too_many)
		list->count = room + 1;
	return 0;
}

static int answer_stat(void *argument)
{
	struct vcontext_stat stat;
	int number = copy_in(&stat, sizeof(stat), sizeof(stat), argument);

	if (number || fake.stat_errno)
		return fail_with(fake.stat_errno ? fake.stat_errno : number);
	fake.stat.size = stat.size;
	memcpy(argument, &fake.stat, sizeof(fake.stat));
	return 0;
}

static int answer_lower(void *argument)
{
	int number = copy_in(&fake.lower, sizeof(fake.lower), sizeof(fake.lower), argument);

	return fail_with(number ? number : fake.lower_errno);
}

static int answer_bind(void *argument)
{
	int number = copy_in(&fake.bind, sizeof(fake.bind), sizeof(fake.bind), argument);

	if (number || fake.bind_errno)
		return fail_with(number ? number : fake.bind_errno);
	if (fake.bind.count > VCONTEXT_ADDRESSES_MAX)
		return fail_with(EINVAL);
	memcpy(fake.addresses, (const void *)(uintptr_t)fake.bind.addresses,
	       fake.bind.count * sizeof(fake.addresses[0]));
	return 0;
}

static int answer_keep(void *argument)
{
	int number = copy_in(&fake.keep, sizeof(fake.keep), sizeof(fake.keep), argument);

	return fail_with(number ? number : fake.keep_errno);
}

static int answer_kept(void *argument)
{
	fake.kept_kind = (int)(intptr_t)argument;
	if (fake.kept_errno)
		return fail_with(fake.kept_errno);
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int fake_ioctl(int fd, unsigned long command, void *argument)
{
	if (fcntl(fd, F_GETFD) < 0)
		abort();
	if (fake.interrupts) {
		fake.interrupts--;
		return fail_with(EINTR);
	}
	fake.calls++;

	switch (command) {
	case VCONTEXT_INFO:
		return answer_info(argument);
	case VCONTEXT_NEW:
		return answer_new(argument);
	case VCONTEXT_OPEN:
		return answer_open(argument);
	case VCONTEXT_LIST:
		return answer_list(argument);
	case VCONTEXT_LOWER:
	case VCONTEXT_LOWER_CONTEXT:
		fake.lowered_context = command == VCONTEXT_LOWER_CONTEXT;
		return answer_lower(argument);
	case VCONTEXT_BIND:
		return answer_bind(argument);
	case VCONTEXT_KEEP:
		return answer_keep(argument);
	case VCONTEXT_KEPT:
		return answer_kept(argument);
	case VCONTEXT_FORGET:
		return fail_with(argument ? EFAULT : fake.forget_errno);
	case VCONTEXT_ENTER:
	case VCONTEXT_ENTER_AT_EXEC:
		fake.entered_at_exec = command == VCONTEXT_ENTER_AT_EXEC;
		return fail_with(argument ? EFAULT : fake.enter_errno);
	case VCONTEXT_PID_NS:
		if (argument || fake.pid_ns_errno)
			return fail_with(argument ? EFAULT : fake.pid_ns_errno);
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case VCONTEXT_KILL:
		fake.signal = (int)(intptr_t)argument;
		return fail_with(fake.kill_errno);
	case VCONTEXT_SIGNAL:
		memcpy(&fake.one, argument, sizeof(fake.one));
		return fail_with(fake.signal_errno);
	case VCONTEXT_PROCESSES:
		return fake.processes_errno ? fail_with(fake.processes_errno) :
					      answer_list(argument);
	case VCONTEXT_ADD_FLAGS:
		memcpy(&fake.flags, argument, sizeof(fake.flags));
		return fail_with(fake.add_errno);
	case VCONTEXT_STAT:
		return answer_stat(argument);
	default:
		return fail_with(ENOTTY);
	}
}

static int fake_poll(int fd, int timeout_ms)
{
	(void)fd;
	fake.poll_timeout = timeout_ms;
	if (fake.interrupts) {
		fake.interrupts--;
		usleep(2000);
		return fail_with(EINTR);
	}
	return fake.poll_answer < 0 ? fail_with(-fake.poll_answer) : fake.poll_answer;
}

static long fake_lsm_list(uint64_t *ids, uint32_t *size)
{
	if (fake.lsm_errno)
		return fail_with(fake.lsm_errno);
	if (*size < 3 * sizeof(*ids))
		return fail_with(E2BIG);
	ids[0] = 100;
	ids[1] = 105;
	ids[2] = VCTL_LSM_ID;
	return fake.lsm_stub ? 3 : 2;
}

const struct vctl_transport fake_transport = {
	.open = fake_open,
	.close = close,
	.stat = fake_stat,
	.ioctl = fake_ioctl,
	.poll = fake_poll,
	.lsm_list = fake_lsm_list,
};

void fake_reset(void)
{
	fake = (struct fake){
		.device_mode = 0666,
		.sysfs = true,
		.initstate = true,
		.securityfs_directory = true,
		.securityfs_lsm = "capability,yama,vcontext\n",
		.proc = true,
		.lsm_stub = true,
		.ids_at_once = UINT32_MAX,
		.poll_answer = 1,
		.pid_ns_errno = ENOENT,
		.kill_errno = ENOENT,
		.info = { .abi = VCONTEXT_ABI,
			  .flags = VCONTEXT_LOCK | VCONTEXT_NPROC | VCONTEXT_PRIVATE |
				   VCONTEXT_FAKEINIT | VCONTEXT_HIDEINFO | VCONTEXT_USERNS },
	};
	strdup_budget = -1;
}

unsigned int fake_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (!directory)
		abort();
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

struct vctl_device *fake_device(void)
{
	struct vctl_device *dev;

	ck_assert_int_eq(vctl_device_open_by(&fake_transport, &dev, NULL), 0);
	ck_assert_ptr_nonnull(dev);
	return dev;
}
