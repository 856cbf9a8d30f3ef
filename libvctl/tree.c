// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utmp.h>

#include "cleanup.h"
#include "error.h"
#include "program.h"
#include "tree.h"
#include "user.h"

#define TTY_GROUP	5	/* everywhere */

#define WHY_NOT_READY	"the vserver's tree lacks it, and can't be written to"
#define QUIET		(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* In the parent */

static int refuse(const char *path, int number, struct vctl_error **err)
{
	static const struct vctl_reason reasons[] = {
		{ ENOENT, VCTL_NO_VSERVER, "there is no such tree", "vctl build makes one" },
		{ ENOTDIR, VCTL_BAD_TREE, "it is not a directory", "move what is there away" },
		{ ELOOP, VCTL_BAD_TREE, "it is a symbolic link",
		  "move the directory itself there, or mount it" },
		{ 0 },
	};

	return vctl_error_explain(err, reasons, number, path);
}

static int close_to_others(int all, struct vctl_error **err)
{
	struct stat node;

	if (fstat(all, &node) < 0 || ((node.st_mode & 077) && fchmod(all, 0700) < 0))
		return vctl_error_set(err, VCTL_SYSTEM, errno, VCTL_TREE_DIR, NULL, NULL);
	if (node.st_uid != 0)
		return vctl_error_set(err, VCTL_BAD_TREE, EPERM, VCTL_TREE_DIR,
				      "it isn't root's", "run chown root " VCTL_TREE_DIR);

	return 0;
}

int tree_open(const char *path, const char *name, struct vctl_error **err)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	auto_fd int all = open(VCTL_TREE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int tree = -1;
	auto_fd int mount = -1;
	int opened;

	if (all < 0)
		return refuse(VCTL_TREE_DIR, errno, err);
	if (close_to_others(all, err) < 0)
		return -EPERM;
	tree = program_open(all, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (tree < 0)
		return refuse(path, -tree, err);

	mount = open_tree(tree, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE |
					    OPEN_TREE_CLOEXEC);
	if (mount < 0 || mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
				       sizeof(attributes)) < 0)
		return vctl_error_set(err, errno == EPERM ? VCTL_NOT_ROOT : VCTL_SYSTEM, errno,
				      path, NULL, NULL);

	opened = mount;
	mount = -1;
	return opened;
}

/* In the child */

int tree_enter(int tree, const char *path, struct complaint *complaint)
{
	/*
	 * What is mounted here concerns nobody else.  The tree goes over the directory of all
	 * trees, the machine's root to below it, and from there away.
	 */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    move_mount(tree, "", AT_FDCWD, VCTL_TREE_DIR,
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0 ||
	    fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return complain_system(complaint, errno, "%s as a root directory", path);

	return 0;
}

struct option {
	const char *key, *value;
};

/* A new file system, which is yet to be attached; its options end with an empty one. */
static int make(const char *type, const struct option *options, unsigned int attributes)
{
	auto_fd int made = fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (made < 0)
		return -errno;
	/* It is what is shown as the device. */
	fsconfig(made, FSCONFIG_SET_STRING, "source", type, 0);
	for (; options->key; options++) {
		if (fsconfig(made, FSCONFIG_SET_STRING, options->key, options->value, 0) < 0)
			return -errno;
	}
	if (fsconfig(made, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;

	fd = fsmount(made, FSMOUNT_CLOEXEC, attributes);
	return fd < 0 ? -errno : fd;
}

static int attach(int mount, int directory)
{
	int result = move_mount(mount, "", directory, "",
				MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return result < 0 ? -errno : 0;
}

/* Open a directory that may not be reached by a link; -ENOENT if it isn't there. */
static int open_directory(int at, const char *name)
{
	return program_open(at, name, O_PATH | O_DIRECTORY,
			    RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

static int complain_directory(struct complaint *complaint, int number, const char *path,
			      const char *name)
{
	if (number == ELOOP || number == ENOTDIR)
		return complain(complaint, VCTL_BAD_TREE, number,
				number == ELOOP ? "it is a symbolic link" : "it is not a directory",
				"make it a directory", "%s/%s", path, name);
	if (number == EROFS)
		return complain(complaint, VCTL_BAD_TREE, number, WHY_NOT_READY,
				"make it as a directory", "%s/%s", path, name);

	return complain_system(complaint, number, "%s/%s", path, name);
}

/* The same, and it is made if it isn't there. */
static int need_directory(int root, const char *path, const char *name,
			  struct complaint *complaint)
{
	int fd = open_directory(root, name);

	if (fd == -ENOENT) {
		if (mkdirat(root, name, 0755) < 0)
			return complain_directory(complaint, errno, path, name);
		fd = open_directory(root, name);
	}

	return fd < 0 ? complain_directory(complaint, -fd, path, name) : fd;
}

static int mount_proc(int root, const char *path, struct complaint *complaint)
{
	static const struct option none[] = { { 0 } };
	auto_fd int directory = need_directory(root, path, "proc", complaint);
	auto_fd int proc = -1;
	int result;

	if (directory < 0)
		return directory;
	proc = make("proc", none, QUIET);
	result = proc < 0 ? proc : attach(proc, directory);

	return result < 0 ? complain_system(complaint, -result, "%s/proc", path) : 0;
}

/* A directory of a file system of ours, and what is mounted there. */
static int mount_below(int at, const char *name, int mount)
{
	auto_fd int directory = -1;

	if (mount < 0)
		return mount;
	if (mkdirat(at, name, 0755) < 0)
		return -errno;
	directory = open_directory(at, name);

	return directory < 0 ? directory : attach(mount, directory);
}

static int make_nodes(int dev)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = {
		{ "null", 1, 3 },   { "zero", 1, 5 },	 { "full", 1, 7 },
		{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
	};
	static const struct {
		const char *name, *to;
	} links[] = {
		{ "ptmx", "pts/ptmx" },
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
		{ "reboot", ".host/reboot" },
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (mknodat(dev, nodes[i].name, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor)) < 0)
			return -errno;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i].to, dev, links[i].name) < 0)
			return -errno;
	}

	return fchownat(dev, "tty", 0, TTY_GROUP, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/*
 * The tree's own /dev, in which the reboot manager has its socket: read-only, for nobody in the
 * machine is to find there what somebody inside has made.
 */
static int clone_dev(int directory)
{
	struct mount_attr attributes = { .attr_set = QUIET | MOUNT_ATTR_RDONLY };
	auto_fd int clone = open_tree(directory, "", AT_EMPTY_PATH | OPEN_TREE_CLONE |
							     OPEN_TREE_CLOEXEC);
	int fd = clone;

	if (clone < 0 || mount_setattr(clone, "", AT_EMPTY_PATH, &attributes,
				       sizeof(attributes)) < 0)
		return -errno;

	clone = -1;
	return fd;
}

static int fill_dev(int directory)
{
	static const struct option dev_options[] = {
		{ "mode", "755" }, { "size", "1m" }, { "nr_inodes", "1k" }, { 0 }
	};
	static const struct option pts_options[] = {
		{ "gid", "5" }, { "mode", "620" }, { "ptmxmode", "666" },
		{ "max", "512" },	/* all of a machine have a few thousand */
		{ 0 }
	};
	static const struct option shm_options[] = {
		{ "mode", "1777" }, { "size", "64m" }, { 0 }
	};
	auto_fd int host = clone_dev(directory);
	auto_fd int dev = make("tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	auto_fd int pts = make("devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	auto_fd int shm = make("tmpfs", shm_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int result = dev < 0 ? dev : attach(dev, directory);

	if (result == 0)
		result = make_nodes(dev);
	if (result == 0)
		result = mount_below(dev, ".host", host);
	if (result == 0)
		result = mount_below(dev, "pts", pts);
	if (result == 0)
		result = mount_below(dev, "shm", shm);

	return result;
}

static int mount_dev(int root, const char *path, struct complaint *complaint)
{
	auto_fd int directory = need_directory(root, path, "dev", complaint);
	int result = directory;

	if (directory < 0)
		return directory;
	result = fill_dev(directory);

	return result < 0 ? complain_system(complaint, -result, "%s/dev", path) : 0;
}

/* Packages start their services only if it says that this is runlevel 3. */
static int fill_utmp(int run)
{
	const struct utmp level = {
		.ut_type = RUN_LVL, .ut_pid = 'N' << 8 | '3',
		.ut_line = "~", .ut_id = "~~", .ut_user = "runlevel",
	};
	auto_fd int utmp = openat(run, "utmp", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					       O_CLOEXEC, 0664);
	gid_t gid;

	if (utmp < 0 || write(utmp, &level, sizeof(level)) != sizeof(level))
		return -errno;

	/* It is of use without, too. */
	if (user_find_group("utmp", &gid) == 0)
		(void)!fchown(utmp, 0, gid);
	return 0;
}

static int fill_run(int directory, bool services)
{
	static const struct option options[] = { { "mode", "755" }, { "size", "32m" }, { 0 } };
	auto_fd int run = make("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int result = run < 0 ? run : attach(run, directory);

	if (result < 0)
		return result;
	if (mkdirat(run, "lock", 01777) < 0)
		return -errno;

	return services ? fill_utmp(run) : 0;
}

/* Trees from before 2011 have none, and are fine without. */
static int mount_run(int root, const char *path, bool services, struct complaint *complaint)
{
	auto_fd int directory = open_directory(root, "run");
	int result;

	if (directory == -ENOENT)
		return 0;
	if (directory < 0)
		return complain_directory(complaint, -directory, path, "run");
	result = fill_run(directory, services);

	return result < 0 ? complain_system(complaint, -result, "%s/run", path) : 0;
}

int tree_furnish(const char *path, bool services, struct complaint *complaint)
{
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mode_t mask = umask(0);
	int result;

	if (root < 0)
		return complain_system(complaint, errno, "%s", path);
	result = mount_proc(root, path, complaint);
	if (result == 0)
		result = mount_dev(root, path, complaint);
	if (result == 0)
		result = mount_run(root, path, services, complaint);

	umask(mask);
	return result;
}

/* True if what is there is the program already, or isn't ours. */
static bool is_to_stay(int directory, const char *name, const struct stat *program)
{
	struct stat node;

	if (fstatat(directory, name, &node, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT;

	/* One of ours from before has the same size, or is somebody else's by now. */
	return !S_ISREG(node.st_mode) || node.st_size != program->st_size ||
	       node.st_mtime == program->st_mtime;
}

static int copy(int from, int to, const struct stat *program)
{
	struct timespec times[2] = { program->st_atim, program->st_mtim };
	off_t place = 0;

	while (place < program->st_size) {
		ssize_t count = sendfile(to, from, &place, (size_t)(program->st_size - place));

		if (count <= 0)
			return -EIO;
	}

	return fchmod(to, 0755) < 0 || futimens(to, times) < 0 ? -errno : 0;
}

void tree_put(int program, const char *name)
{
	auto_fd int directory = program_open(AT_FDCWD, "/sbin", O_RDONLY | O_DIRECTORY, 0);
	auto_fd int to = -1;
	char new[NAME_MAX];
	struct stat node;

	if (directory < 0 || fstat(program, &node) < 0 || is_to_stay(directory, name, &node))
		return;

	snprintf(new, sizeof(new), ".%s.new", name);
	unlinkat(directory, new, 0);
	to = openat(directory, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return;
	if (copy(program, to, &node) < 0 || renameat(directory, new, directory, name) < 0)
		unlinkat(directory, new, 0);
}
