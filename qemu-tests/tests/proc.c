// SPDX-License-Identifier: GPL-2.0-only
/* /proc/PID by lookup, listing, and every handle that was opened when it could be seen. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static const char *path_of(struct pair *pair, const char *rest)
{
	return ktap_text("/proc/%d%s", pair->target, rest);
}

static const char *const names[] = {
	"", "/status", "/stat", "/cmdline", "/task", "/fd", "/ns", "/root", "/exe", "/mem", "/maps",
	"/environ", "/net", "/oom_score_adj", "/attr", "/map_files", "/timers", "/cwd", "/comm",
};

static int do_stat(struct pair *pair)
{
	struct stat st;

	return result(lstat(path_of(pair, names[pair_argument]), &st));
}

static int do_open(struct pair *pair)
{
	return result(open(path_of(pair, names[pair_argument]), O_RDONLY | O_CLOEXEC));
}

static int do_open_path(struct pair *pair)
{
	return result(open(path_of(pair, names[pair_argument]), O_PATH | O_CLOEXEC));
}

static int do_readlink(struct pair *pair)
{
	char text[256];

	return result(readlink(path_of(pair, names[pair_argument]), text, sizeof(text)));
}

static int do_thread(struct pair *pair)
{
	struct stat st;

	return result(stat(ktap_text("/proc/%d/task/%d/status", pair->target, pair->thread), &st));
}

static int do_thread_alone(struct pair *pair)
{
	struct stat st;

	return result(stat(ktap_text("/proc/%d/status", pair->thread), &st));
}

static int do_list(struct pair *pair)
{
	return lists("/proc", pair->target) ? 0 : ENOENT;
}

static int do_children(struct pair *pair)
{
	char text[4096], *word;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return errno;
	text[n] = '\0';
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		if (atoi(word) == pair->target)
			return 0;
	return ENOENT;
}

/* Kept or passed handles. */

static int open_directory(struct pair *pair)
{
	return open(path_of(pair, ""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_path(struct pair *pair)
{
	return open(path_of(pair, ""), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_task(struct pair *pair)
{
	return open(path_of(pair, "/task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_fd(struct pair *pair)
{
	return open(path_of(pair, "/fd"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_ns(struct pair *pair)
{
	return open(path_of(pair, "/ns"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_status(struct pair *pair)
{
	return open(path_of(pair, "/status"), O_RDONLY | O_CLOEXEC);
}

static int open_stat(struct pair *pair)
{
	return open(path_of(pair, "/stat"), O_RDONLY | O_CLOEXEC);
}

static int open_cmdline(struct pair *pair)
{
	return open(path_of(pair, "/cmdline"), O_RDONLY | O_CLOEXEC);
}

static int change_directory(struct pair *pair)
{
	return chdir(path_of(pair, "")) ? -errno : 0;
}

/* /proc/self is the one who asks, at the moment of asking; here that is the target. */
static int give_directory(void)
{
	return open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int give_path(void)
{
	return open("/proc/self/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int give_task(void)
{
	return open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int give_fd(void)
{
	return open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int give_ns(void)
{
	return open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int give_status(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static int give_stat(void)
{
	return open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
}

static int give_cmdline(void)
{
	return open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
}

static const char *const below[] = { "status", "task", "fd", "exe", "cwd", "90", "uts" };

static int do_open_below(struct pair *pair)
{
	const char *name = below[pair_argument];
	struct stat st;

	if (fstatat(pair->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno;
	return result(openat(pair->fd, name, O_RDONLY | O_CLOEXEC));
}

static int do_open_thread_below(struct pair *pair)
{
	return result(openat(pair->fd, ktap_text("%d/status", pair->thread), O_RDONLY | O_CLOEXEC));
}

static int do_open_own_directory(struct pair *pair)
{
	(void)pair;
	return result(open("status", O_RDONLY | O_CLOEXEC));
}

/* A listing with nothing but . and .. tells nothing. */
static int do_list_below(struct pair *pair)
{
	DIR *dir = fdopendir(pair->fd);
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return errno;
	errno = 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (!count && !errno)
		return ENOENT;
	return count ? 0 : errno;
}

static int do_read(struct pair *pair)
{
	char text[512];
	ssize_t n = pread(pair->fd, text, sizeof(text), 0);

	if (n < 0)
		return errno;
	return n ? 0 : ENOENT;
}

/* What can be written for another process: no ptrace() is asked, only the file's mode. */

static const struct {
	const char *name, *text;
} written[] = {
	{ "oom_score_adj", "100" }, { "coredump_filter", "0x33" }, { "clear_refs", "1" },
	{ "timerslack_ns", "60000" }, { "autogroup", "5" }, { "sched", "0" },
};

static int do_write(struct pair *pair)
{
	return write_text(ktap_text("/proc/%d/%s", pair->target, written[pair_argument].name),
			  written[pair_argument].text);
}

static int do_write_below(struct pair *pair)
{
	const char *text = written[pair_argument].text;
	int fd = openat(pair->fd, written[pair_argument].name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? errno : result(write(fd, text, strlen(text)));
}

static int open_oom(struct pair *pair)
{
	return open(path_of(pair, "/oom_score_adj"), O_WRONLY | O_CLOEXEC);
}

static int do_write_kept(struct pair *pair)
{
	return result(write(pair->fd, "100", 3));
}

/*
 * The name has been looked up, so that the kernel remembers it, by one who may see it and is then
 * looked up by one who may not; and after that failed, the other again.
 */
static int look_up(struct pair *pair)
{
	struct stat st;

	return stat(path_of(pair, "/status"), &st) ? -errno : 0;
}

#define LOOK(text, function, number)						\
	{ text, .run = function, .argument = number, .hidden = { ENOENT }, .watcher = 0 }
#define HANDLE(text, function, number, how)					\
	{ text " kept", .prepare = open_##how, .run = function, .argument = number, \
	  .hidden = { ESRCH, ENOENT, EPERM, EACCES }, .watcher = 0 },		\
	{ text " passed", .give = give_##how, .run = function, .argument = number, \
	  .hidden = { ESRCH, ENOENT, EPERM, EACCES }, .watcher = 0 }

#define WRITE(name, number)							\
	{ "write to /proc/PID/" name, .run = do_write, .argument = number, .hidden = { ENOENT }, \
	  .watcher = EPERM, .flags = ROOT_ONLY }

static const struct act acts[] = {
	LOOK("stat of /proc/PID", do_stat, 0),
	LOOK("stat of /proc/PID/status", do_stat, 1),
	LOOK("stat of /proc/PID/exe", do_stat, 8),
	LOOK("open of /proc/PID", do_open, 0),
	LOOK("open of /proc/PID/status", do_open, 1),
	LOOK("open of /proc/PID/stat", do_open, 2),
	LOOK("open of /proc/PID/cmdline", do_open, 3),
	LOOK("open of /proc/PID/task", do_open, 4),
	LOOK("open of /proc/PID/fd", do_open, 5),
	LOOK("open of /proc/PID/maps", do_open, 10),
	LOOK("open of /proc/PID/environ", do_open, 11),
	LOOK("open of /proc/PID/comm", do_open, 18),
	LOOK("O_PATH of /proc/PID", do_open_path, 0),
	LOOK("O_PATH of /proc/PID/ns", do_open_path, 6),
	LOOK("readlink of /proc/PID/exe", do_readlink, 8),
	LOOK("readlink of /proc/PID/root", do_readlink, 7),
	LOOK("readlink of /proc/PID/cwd", do_readlink, 17),
	{ "open of /proc/PID/mem", .run = do_open, .argument = 9, .hidden = { ENOENT },
	  .watcher = EPERM },
	LOOK("stat of /proc/PID/task/TID", do_thread, 0),
	LOOK("stat of /proc/TID", do_thread_alone, 0),
	LOOK("list of /proc", do_list, 0),
	LOOK("list of own children", do_children, 0),
	{ "open of a name looked up before", .prepare = look_up, .run = do_open, .argument = 1,
	  .hidden = { ENOENT }, .watcher = 0 },
	{ "stat of a name looked up before", .prepare = look_up, .run = do_stat, .argument = 1,
	  .hidden = { ENOENT }, .watcher = 0 },
	{ "list after a name was looked up", .prepare = look_up, .run = do_list,
	  .hidden = { ENOENT }, .watcher = 0 },
	{ "open in a working directory", .prepare = change_directory,
	  .run = do_open_own_directory, .hidden = { ENOENT, ESRCH }, .watcher = 0 },
	WRITE("oom_score_adj", 0), WRITE("coredump_filter", 1), WRITE("clear_refs", 2),
	WRITE("timerslack_ns", 3), WRITE("autogroup", 4), WRITE("sched", 5),
	{ "write to oom_score_adj by a kept /proc/PID", .prepare = open_directory,
	  .run = do_write_below, .argument = 0, .hidden = { ESRCH, ENOENT, EPERM, EACCES },
	  .watcher = EPERM },
	/* what somebody opened before becoming the watcher was opened by right, and stays open */
	{ "write to oom_score_adj kept open", .prepare = open_oom, .run = do_write_kept,
	  .hidden = { ESRCH }, .flags = NOT_WATCHER },
	HANDLE("open of status by /proc/PID", do_open_below, 0, directory),
	HANDLE("open of task by /proc/PID", do_open_below, 1, directory),
	HANDLE("open of fd by /proc/PID", do_open_below, 2, directory),
	HANDLE("open of exe by /proc/PID", do_open_below, 3, directory),
	HANDLE("open of status by an O_PATH of /proc/PID", do_open_below, 0, path),
	HANDLE("list of /proc/PID", do_list_below, 0, directory),
	HANDLE("list of /proc/PID/task", do_list_below, 0, task),
	HANDLE("open of a thread by /proc/PID/task", do_open_thread_below, 0, task),
	HANDLE("list of /proc/PID/fd", do_list_below, 0, fd),
	HANDLE("open of a file by /proc/PID/fd", do_open_below, 5, fd),
	HANDLE("list of /proc/PID/ns", do_list_below, 0, ns),
	HANDLE("open of uts by /proc/PID/ns", do_open_below, 6, ns),
	HANDLE("read of /proc/PID/status", do_read, 0, status),
	HANDLE("read of /proc/PID/stat", do_read, 0, stat),
	HANDLE("read of /proc/PID/cmdline", do_read, 0, cmdline),
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	return ktap_main(argc, argv);
}
