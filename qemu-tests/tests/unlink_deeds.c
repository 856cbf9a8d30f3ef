// SPDX-License-Identifier: GPL-2.0-only
/* What root of one tree can do to a file that another tree has, too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sys/xattr.h>

#include "unlink.h"

#define EXT4_IOC_SETVERSION	_IOW('f', 4, long)
#define EXT4_IOC_MIGRATE	_IO('f', 9)

/* All act on "file" in the working directory, which is a/. */
struct deed {
	const char *name;
	int (*run)(void);
	int want;
	const char *anywhere;	/* why it holds without contexts */
};

#define IMMUTABLE	"every kernel refuses that for an immutable file"
#define READ_ONLY	"it was opened for reading"
#define ALLOWED		"it changes nothing"

static int value_of(long value)
{
	return value < 0 ? errno : 0;
}

static int reading(void)
{
	return open("file", O_RDONLY | O_CLOEXEC);
}

static int opened(int flags)
{
	return value_of(open("file", flags | O_CLOEXEC, 0644));
}

static int open_write(void) { return opened(O_WRONLY); }
static int open_both(void) { return opened(O_RDWR); }
static int open_append(void) { return opened(O_WRONLY | O_APPEND); }
static int open_truncate(void) { return opened(O_RDONLY | O_TRUNC); }
static int open_create(void) { return opened(O_WRONLY | O_CREAT | O_TRUNC); }

static int open_again(void)
{
	return value_of(open(ktap_text("/proc/self/fd/%d", reading()), O_WRONLY));
}

static int truncate_path(void) { return value_of(truncate("file", 0)); }
static int truncate_open(void) { return value_of(ftruncate(reading(), 0)); }
static int change_mode(void) { return value_of(chmod("file", 04777)); }
static int change_mode_open(void) { return value_of(fchmod(reading(), 04777)); }
static int change_owner(void) { return value_of(chown("file", USER, USER)); }
static int touch_now(void) { return value_of(utimensat(AT_FDCWD, "file", NULL, 0)); }

static int set_times(void)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	return value_of(utimensat(AT_FDCWD, "file", times, 0));
}

static int set_attribute(void) { return value_of(setxattr("file", "user.x", "y", 1, 0)); }
static int remove_mark(void) { return value_of(removexattr("file", MARK)); }
static int set_mark(void) { return value_of(setxattr("file", MARK, "2", 1, 0)); }
static int mark_other(void) { return value_of(setxattr("other", MARK, "1", 1, 0)); }

static int set_capability(void)
{
	static const unsigned char value[20] = { 0, 0, 0, 2, 0xff };

	return value_of(setxattr("file", "security.capability", value, sizeof(value), 0));
}

static int set_acl(void)
{
	static const unsigned char value[] = {
		2, 0, 0, 0, 1, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
		0x20, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
	};

	return value_of(setxattr("file", "system.posix_acl_access", value, sizeof(value), 0));
}

/* ioctl() */

static int flags_of(int fd, int clear, int set)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return errno;
	flags = (flags & ~clear) | set;
	return value_of(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int clear_immutable(void) { return flags_of(reading(), FS_IMMUTABLE_FL, 0); }
static int set_nodump(void) { return flags_of(reading(), 0, FS_NODUMP_FL); }
static int set_append(void) { return flags_of(reading(), FS_IMMUTABLE_FL, FS_APPEND_FL); }

static int set_project(void)
{
	struct fsxattr attributes = { 0 };
	int fd = reading();

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes))
		return errno;
	attributes.fsx_xflags |= FS_XFLAG_NODUMP;
	attributes.fsx_projid = 7;
	return value_of(ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
}

static int set_version(void)
{
	long version = 7;

	return value_of(ioctl(reading(), EXT4_IOC_SETVERSION, &version));
}

static int migrate(void) { return value_of(ioctl(reading(), EXT4_IOC_MIGRATE)); }

static int enable_verity(void)
{
	struct fsverity_enable_arg argument = {
		.version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096,
	};

	return value_of(ioctl(reading(), FS_IOC_ENABLE_VERITY, &argument));
}

static int reflink_onto(void)
{
	return value_of(ioctl(reading(), FICLONE, open("other", O_RDONLY)));
}

/* Each file is the one asked in turn. */
static int dedupe(const char *from, const char *to)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info;
	} argument = { .range = { .src_length = 12, .dest_count = 1 } };
	int fd = open(from, O_RDONLY);

	argument.range.info[0].dest_fd = open(to, O_RDONLY);
	if (ioctl(fd, FIDEDUPERANGE, &argument))
		return errno;
	return argument.range.info[0].status < 0 ? -argument.range.info[0].status : 0;
}

static int dedupe_from(void) { return dedupe("file", "other"); }

static int dedupe_to(void)
{
	int error = dedupe("other", "file");

	return error ? EPERM : 0;	/* by this kernel or by its file system */
}

static int read_flags(void)
{
	int flags;

	return value_of(ioctl(reading(), FS_IOC_GETFLAGS, &flags));
}

static int ask_terminal(void) { return isatty(reading()) ? 0 : errno; }

/* Writing */

static int write_reading(void) { return value_of(write(reading(), "x", 1)); }
static int allocate(void) { return value_of(fallocate(reading(), 0, 0, 4096)); }

static int punch(void)
{
	return value_of(fallocate(reading(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4));
}

static int copy_range(void)
{
	return value_of(copy_file_range(open("other", O_RDONLY), NULL, reading(), NULL, 4, 0));
}

static int map_shared(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reading(), 0);

	return map == MAP_FAILED ? errno : 0;
}

static int protect_shared(void)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reading(), 0);

	return value_of(mprotect(map, 4096, PROT_READ | PROT_WRITE));
}

/* A debugger may write where the program may not: into a copy. */
static int write_memory(int flags)
{
	char *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, reading(), 0);
	int fd = open("/proc/self/mem", O_RDWR);

	if (map == MAP_FAILED || fd < 0)
		return errno;
	return pwrite(fd, "X", 1, (off_t)(unsigned long)map) == 1 ? 0 : errno;
}

static int poke_private(void) { return write_memory(MAP_PRIVATE); }
static int poke_shared(void) { return write_memory(MAP_SHARED); }

static int poke_traced(void)
{
	char *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, reading(), 0);
	pid_t pid = fork_or_fail();
	int error;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(map[0] == 'X' ? 0 : 1);
	}
	waitpid(pid, NULL, 0);
	error = value_of(ptrace(PTRACE_POKETEXT, pid, map, 0x58585858L));
	ptrace(PTRACE_CONT, pid, 0, 0);
	wait_exit(pid, 0);
	return error;
}

static int advise_remove(void)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reading(), 0);

	return value_of(madvise(map, 4096, MADV_REMOVE));
}

/* Other ways to the file */

static int by_handle(void)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} file = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	if (name_to_handle_at(AT_FDCWD, "file", &file.handle, &mount, 0))
		return errno;
	return value_of(open_by_handle_at(AT_FDCWD, &file.handle, O_RDONLY));
}

static int loop_device(void) { return value_of(open("/dev/loop-control", O_RDWR)); }
static int loop_used(void) { return value_of(open("/dev/loop0", O_RDWR)); }
static int swap_on(void) { return value_of(swapon("file", 0)); }
static int account(void) { return value_of(syscall(SYS_acct, "file")); }

static int bind_mount(void)
{
	int error = value_of(mount("other", "file", NULL, MS_BIND, NULL));

	if (!error)
		umount2("file", MNT_DETACH);
	return error;
}

/* What others would have to wait for, or would be heard by */

static int lock_exclusive(void) { return value_of(flock(reading(), LOCK_EX | LOCK_NB)); }
static int lock_shared(void) { return value_of(flock(reading(), LOCK_SH | LOCK_NB)); }
static int lease_write(void) { return value_of(fcntl(reading(), F_SETLEASE, F_WRLCK)); }

static int lock_range(void)
{
	struct flock lock = { .l_type = F_WRLCK };

	return value_of(fcntl(reading(), F_OFD_SETLK, &lock));
}

static int watch(void)
{
	return value_of(inotify_add_watch(inotify_init1(IN_CLOEXEC), "file", IN_ALL_EVENTS));
}

static int watch_unprivileged(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);

	return value_of(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "file"));
}

static int watch_directory(void)
{
	return value_of(inotify_add_watch(inotify_init1(IN_CLOEXEC), ".", IN_ALL_EVENTS));
}

/* What package managers do */

static int remove_name(void) { return value_of(unlink("file")); }
static int move(void) { return value_of(rename("file", "name")); }
static int replace(void) { return value_of(rename("other", "file")); }
static int move_onto(void) { return value_of(rename("file", "other")); }
static int add_name(void) { return value_of(link("file", "name")); }

static int exchange(void)
{
	return value_of(renameat2(AT_FDCWD, "file", AT_FDCWD, "other", RENAME_EXCHANGE));
}

static int add_name_open(void)
{
	return value_of(linkat(AT_FDCWD, ktap_text("/proc/self/fd/%d", reading()), AT_FDCWD,
			       "name", AT_SYMLINK_FOLLOW));
}

static int remove_second(void)
{
	return link("file", "name") || link("name", "second") || unlink("name") ? errno : 0;
}

/* As dpkg: a second name for the old one, the new one over it. */
static int upgrade(void)
{
	if (link("file", "name") || rename("other", "file") || unlink("name"))
		return errno;
	return opened(O_RDWR);
}

#define HOLDS(name, function, want, why) { name, function, want, why }

static const struct deed deeds[] = {
	HOLDS("open for writing", open_write, EPERM, IMMUTABLE),
	HOLDS("open for reading and writing", open_both, EPERM, IMMUTABLE),
	HOLDS("open for appending", open_append, EPERM, IMMUTABLE),
	HOLDS("open with O_TRUNC", open_truncate, EPERM, IMMUTABLE),
	HOLDS("open as a shell redirects", open_create, EPERM, IMMUTABLE),
	HOLDS("open through /proc/self/fd", open_again, EPERM, IMMUTABLE),
	HOLDS("truncate", truncate_path, EPERM, IMMUTABLE),
	HOLDS("ftruncate", truncate_open, EINVAL, READ_ONLY),
	HOLDS("chmod", change_mode, EPERM, IMMUTABLE),
	HOLDS("fchmod", change_mode_open, EPERM, IMMUTABLE),
	HOLDS("chown", change_owner, EPERM, IMMUTABLE),
	HOLDS("set the times", set_times, EPERM, IMMUTABLE),
	HOLDS("touch", touch_now, EPERM, IMMUTABLE),
	HOLDS("set an attribute", set_attribute, EPERM, IMMUTABLE),
	HOLDS("set file capabilities", set_capability, EPERM, IMMUTABLE),
	HOLDS("set an access control list", set_acl, EPERM, IMMUTABLE),
	HOLDS("change the mark", set_mark, EPERM, IMMUTABLE),
	HOLDS("remove the mark", remove_mark, EPERM, IMMUTABLE),
	HOLDS("mark another file", mark_other, EPERM, NULL),
	HOLDS("clear the flag immutable", clear_immutable, EPERM, NULL),
	HOLDS("make it append-only instead", set_append, EPERM, NULL),
	HOLDS("set another flag", set_nodump, EPERM, "file systems refuse that, or do not"),
	HOLDS("set the project", set_project, EPERM, "file systems refuse that, or do not"),
	HOLDS("set the generation", set_version, EPERM, "it is of ext4 alone"),
	HOLDS("change the layout", migrate, EPERM, "it is of ext4 alone"),
	HOLDS("enable verity", enable_verity, EPERM, "this kernel may not have it"),
	HOLDS("reflink onto it", reflink_onto, EPERM, READ_ONLY),
	HOLDS("dedupe from it", dedupe_from, EPERM, "file systems may not have it"),
	HOLDS("dedupe onto it", dedupe_to, EPERM, "file systems may not have it"),
	HOLDS("read the flags", read_flags, 0, ALLOWED),
	HOLDS("is it a terminal", ask_terminal, ENOTTY, ALLOWED),
	HOLDS("write", write_reading, EBADF, READ_ONLY),
	HOLDS("fallocate", allocate, EBADF, READ_ONLY),
	HOLDS("punch a hole", punch, EBADF, READ_ONLY),
	HOLDS("copy_file_range onto it", copy_range, EBADF, READ_ONLY),
	HOLDS("map it shared to write", map_shared, EACCES, READ_ONLY),
	HOLDS("make a shared mapping writable", protect_shared, EACCES, READ_ONLY),
	HOLDS("write to a private mapping by /proc/self/mem", poke_private, 0, ALLOWED),
	HOLDS("write to a shared mapping by /proc/self/mem", poke_shared, EIO, READ_ONLY),
	HOLDS("poke into a traced process' text", poke_traced, 0, ALLOWED),
	HOLDS("madvise to remove", advise_remove, EACCES, READ_ONLY),
	HOLDS("open by handle", by_handle, EPERM, NULL),
	HOLDS("open the control of loop devices", loop_device, EPERM, NULL),
	HOLDS("open a loop device", loop_used, EPERM, NULL),
	HOLDS("mount over it", bind_mount, EPERM, NULL),
	HOLDS("swap to it", swap_on, EPERM, IMMUTABLE),
	HOLDS("account to it", account, EPERM, IMMUTABLE),
	HOLDS("lock it exclusively", lock_exclusive, EPERM, NULL),
	HOLDS("lock it as a reader", lock_shared, 0, ALLOWED),
	HOLDS("lock a range to write", lock_range, EBADF, READ_ONLY),
	HOLDS("take a lease to write", lease_write, EPERM, NULL),
	HOLDS("watch it", watch, EACCES, NULL),
	HOLDS("watch it by fanotify", watch_unprivileged, EACCES, NULL),
	HOLDS("watch the directory", watch_directory, 0, ALLOWED),
	HOLDS("unlink", remove_name, 0, NULL),
	HOLDS("rename", move, 0, NULL),
	HOLDS("rename over it", replace, 0, NULL),
	HOLDS("rename it over another", move_onto, 0, NULL),
	HOLDS("exchange", exchange, 0, NULL),
	HOLDS("link", add_name, 0, NULL),
	HOLDS("link an open one", add_name_open, 0, NULL),
	HOLDS("link twice and unlink", remove_second, 0, NULL),
	HOLDS("upgrade as a package manager does", upgrade, 0, NULL),
};

struct trial {
	const struct deed *deed;
	const struct place *place;
};

static void try(const void *data)
{
	const struct trial *trial = data;
	int status;
	pid_t pid;

	shared_make(trial->place);
	pid = fork_or_fail();
	if (!pid) {
		if (chdir(ktap_text("%s/a", trial->place->directory)))
			ktap_fail("set-up: %s", strerror(errno));
		enter_secure();
		_exit(trial->deed->run());
	}
	status = wait_status(pid);
	if (ktap_over())
		_exit(1);
	shared_expect(trial->place);
	ktap_expect(WIFEXITED(status), "expected an exit, came signal %d", WTERMSIG(status));
	ktap_expect(WEXITSTATUS(status) == trial->deed->want, "expected %s, came %s",
		    errno_name(trial->deed->want), errno_name(WEXITSTATUS(status)));
}

/* What a kernel without contexts need not have: plain root may do it, or the file system not. */
static void add(const struct deed *deed, const struct place *place, struct trial *trial,
		struct ktap_case *test)
{
	trial->deed = deed;
	trial->place = place;
	*test = (struct ktap_case){
		ktap_text("%s: %s", place->name, deed->name), try, trial,
		.anywhere = deed->anywhere,
	};
	ktap_add(test);
}

int main(int argc, char **argv)
{
	static struct trial trials[ARRAY_SIZE(places)][ARRAY_SIZE(deeds)];
	static struct ktap_case cases[ARRAY_SIZE(places)][ARRAY_SIZE(deeds)];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (size_t j = 0; j < ARRAY_SIZE(deeds); j++)
			add(&deeds[j], &places[i], &trials[i][j], &cases[i][j]);
	places_begin();
	status = ktap_main(argc, argv);
	places_end();
	return status;
}
